//! The programs whose set-ups are read, and how their packages start them.

use super::shell::{Variables, Word};
use std::path::Path;
use std::sync::Arc;
use twinseal_config::{Door, Origin};

/// A program in whose place we stand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Program {
    pub(super) name: &'static str,
    /// Its configuration file, where its package has one.
    pub(super) file: Option<&'static str>,
    /// Where it listens when nothing says otherwise.
    socket: &'static str,
    /// Whether a socket in the file counts more than that of the defaults.
    file_has_socket: bool,
    /// Whether its script starts it a second time, to verify, when it has nothing to sign with.
    pub(super) verifies_without_key: bool,
}

/// All of them, in the order in which MTAs usually ask them.
pub(super) const PROGRAMS: [Program; 3] = [
    Program {
        name: "dkim-filter",
        file: Some("/etc/dkim-filter.conf"),
        socket: "local:/var/run/dkim-filter/dkim-filter.sock",
        file_has_socket: false,
        verifies_without_key: true,
    },
    Program {
        name: "opendkim",
        file: Some("/etc/opendkim.conf"),
        socket: "local:/var/run/opendkim/opendkim.sock",
        file_has_socket: true,
        verifies_without_key: true,
    },
    Program {
        name: "dk-filter",
        file: None,
        socket: "/var/run/dk-filter/dk-filter.sock",
        file_has_socket: false,
        verifies_without_key: false,
    },
];

impl Program {
    /// The front door that reads its configuration, if there is one.
    pub(super) fn door(&self) -> Option<Door> {
        Door::of_program(self.name)
    }

    /// The file of variables that its start script reads.
    pub(super) fn defaults(&self) -> String {
        format!("/etc/default/{}", self.name)
    }

    /// Its start script.
    pub(super) fn script(&self) -> String {
        format!("/etc/init.d/{}", self.name)
    }

    /// What its start script sets before it reads the defaults.
    pub(super) fn variables(&self) -> Variables {
        let script: Arc<Path> = Path::new(&self.script()).into();
        let (place, name) = (Origin::whole(&script), self.name);
        let mut variables = Variables::default();
        for (variable, value) in [
            ("NAME", name.to_owned()),
            ("DAEMON", format!("/usr/sbin/{name}")),
            ("RUNDIR", format!("/var/run/{name}")),
            ("USER", name.to_owned()),
            ("GROUP", name.to_owned()),
            ("SOCKET", self.socket.to_owned()),
            ("PIDFILE", format!("/var/run/{name}/{name}.pid")),
        ] {
            variables.set(variable, &value, &place);
        }
        variables
    }

    /// The words of the command that its start script makes of those. `text` is its configuration
    /// file's.
    pub(super) fn words(&self, variables: &Variables, text: Option<&str>) -> Vec<Word> {
        let script: Arc<Path> = Path::new(&self.script()).into();
        let place = Origin::whole(&script);
        let word = |text: &str| Word { text: text.to_owned(), place: place.clone() };
        let mut words = Vec::new();
        if let Some(file) = self.file {
            words.extend([word("-x"), word(file)]);
        }
        for (letter, variable) in [("-u", "USER"), ("-P", "PIDFILE"), ("-p", "SOCKET")] {
            let in_file = letter == "-p" && self.file_has_socket && text.is_some_and(has_socket);
            let value = variables.word(variable).filter(|_| !in_file);
            words.extend(value.into_iter().flat_map(|value| [word(letter), value]));
        }
        words.extend(variables.split("DAEMON_OPTS"));
        words
    }
}

/// Whether a configuration file says where to listen.
fn has_socket(text: &str) -> bool {
    let first = |line: &str| line.split_whitespace().next().map(str::to_ascii_lowercase);
    text.lines().any(|line| first(line).as_deref() == Some("socket"))
}

#[cfg(test)]
mod tests {
    use super::PROGRAMS;
    use twinseal_config::Origin;

    fn words(name: &str, file: &str) -> String {
        let program = PROGRAMS.iter().find(|program| program.name == name).unwrap();
        let mut variables = program.variables();
        variables.set("DAEMON_OPTS", "-l  -b s", &Origin::Default);
        let words = program.words(&variables, Some(file)).into_iter().map(|word| word.text);
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn each_script_makes_its_own_command() {
        let run = "/var/run/dk-filter/dk-filter";
        let want = format!("-u dk-filter -P {run}.pid -p {run}.sock -l -b s");
        assert_eq!(words("dk-filter", ""), want);
        let run = "/var/run/dkim-filter/dkim-filter";
        let want = format!(
            "-x /etc/dkim-filter.conf -u dkim-filter -P {run}.pid -p local:{run}.sock -l -b s"
        );
        assert_eq!(words("dkim-filter", "Socket inet:8891\n"), want);
        let start = "-x /etc/opendkim.conf -u opendkim -P /var/run/opendkim/opendkim.pid";
        assert_eq!(words("opendkim", "Syslog yes\nsocket inet:8891\n"), format!("{start} -l -b s"));
        let socket = "-p local:/var/run/opendkim/opendkim.sock";
        assert_eq!(words("opendkim", "#Socket x\n"), format!("{start} {socket} -l -b s"));
    }
}
