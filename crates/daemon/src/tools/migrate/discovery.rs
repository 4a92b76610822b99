//! What a host starts: from its unit, or from its start script and defaults, to a command line.

use super::programs::{PROGRAMS, Program};
use super::root::Root;
use super::shell::{self, NotUnderstood, Word};
use super::unit;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use twinseal_config::{Files as _, Origin};

/// A program that the host starts.
#[derive(Debug)]
pub(super) struct Started {
    pub(super) program: Program,
    /// The words behind its name.
    pub(super) words: Vec<Word>,
    /// Where relative paths begin.
    pub(super) directory: PathBuf,
    /// Who the service manager starts it as, if that is not root.
    pub(super) user: Option<Word>,
    /// What starts it.
    pub(super) by: String,
    /// Whether a script starts it again, to verify, when it has nothing to sign with.
    pub(super) verifies_without_key: bool,
}

/// All that was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) started: Vec<Started>,
    /// What is not understood, or not there.
    pub(super) unknown: Vec<NotUnderstood>,
    /// Programs that were asked for and are not there.
    pub(super) missing: Vec<&'static str>,
}

/// The programs that the host has, or those of that name.
pub(super) fn discover(root: &Root, named: &[Program]) -> Found {
    let mut found = Found::default();
    for program in PROGRAMS {
        let is_named = named.iter().any(|one| one.name == program.name);
        if !named.is_empty() && !is_named {
            continue;
        }
        root.begin_at(Path::new("/"));
        let started = match unit::find(root, program.name) {
            Some(unit) if unit.masked => {
                let (place, what) = (Origin::Default, format!("{} is masked", program.name));
                found.unknown.push(NotUnderstood { place, what });
                continue;
            }
            // Our own unit hands over to what does as the old start script did.
            Some(unit) if is_by_script(&unit, program) => {
                by_script(root, program, &mut found.unknown)
            }
            Some(unit) => by_unit(program, unit, &mut found.unknown),
            None => by_script(root, program, &mut found.unknown),
        };
        match started {
            Some(started) => found.started.push(started),
            None if is_named => found.missing.push(program.name),
            None => {}
        }
    }
    found
}

/// Whether the unit starts `/usr/lib/twinseal/start NAME run`.
fn is_by_script(unit: &unit::Unit, program: Program) -> bool {
    let words = unit.start.as_deref().unwrap_or_default();
    matches!(words, [first, second, ..] if first.text.ends_with("/lib/twinseal/start")
        && second.text == program.name)
}

fn by_unit(
    program: Program,
    mut unit: unit::Unit,
    unknown: &mut Vec<NotUnderstood>,
) -> Option<Started> {
    unknown.append(&mut unit.unknown);
    let words = unit.start?;
    let base = |word: &Word| {
        let name = Path::new(&word.text).file_name();
        name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    };
    let first = words.first()?;
    let by = first.place.to_string();
    // Where we stand in its place already, our own program has its name behind ours.
    let own =
        base(first) == "twinseal" && words.get(1).is_some_and(|second| second.text == program.name);
    if !own && base(first) != program.name {
        let what = format!("{:?} starts {} in its own way", first.text, program.name);
        unknown.push(NotUnderstood { place: first.place.clone(), what });
        return None;
    }
    let words = words.into_iter().skip(if own { 2 } else { 1 }).collect();
    let directory = unit.directory.unwrap_or_else(|| "/".into());
    let user = unit.user.filter(|user| user.text != "root");
    Some(Started { program, words, directory, user, by, verifies_without_key: false })
}

fn by_script(root: &Root, program: Program, unknown: &mut Vec<NotUnderstood>) -> Option<Started> {
    let (script, defaults) = (program.script(), program.defaults());
    let there = |path: &str| root.exists(Path::new(path));
    let file = program.file.filter(|file| there(file));
    if !there(&script) && !there(&defaults) && file.is_none() {
        return None;
    }
    let mut variables = program.variables();
    let mut text = |path: &str| match root.text(Path::new(path)) {
        Ok(text) => text,
        Err(error) => {
            let place = Origin::whole(&Arc::from(Path::new(path)));
            unknown.push(NotUnderstood { place, what: error.to_string() });
            None
        }
    };
    let (script_text, defaults_text) = (text(&script), text(&defaults));
    let file_text = file.and_then(&mut text);
    if let Some(text) = &script_text {
        shell::read_script(text, &Path::new(&script).into(), &mut variables);
    }
    if let Some(text) = &defaults_text {
        unknown.extend(shell::read(text, &Path::new(&defaults).into(), &mut variables));
    }
    Some(Started {
        program,
        words: program.words(&variables, file_text.as_deref()),
        directory: "/".into(),
        user: None,
        by: format!("{script} and {defaults}"),
        verifies_without_key: program.verifies_without_key,
    })
}

#[cfg(test)]
mod tests {
    use super::{Found, discover};
    use crate::tools::migrate::programs::PROGRAMS;
    use crate::tools::migrate::root::Root;
    use std::fs;

    fn found(files: &[(&str, &str)], named: &[&str]) -> Found {
        let directory = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = directory.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let named = PROGRAMS.into_iter().filter(|program| named.contains(&program.name));
        discover(&Root::new(directory.path()), &named.collect::<Vec<_>>())
    }

    fn lines(found: &Found) -> Vec<String> {
        let line = |one: &super::Started| {
            let words: Vec<&str> = one.words.iter().map(|word| word.text.as_str()).collect();
            format!("{} {}", one.program.name, words.join(" "))
        };
        found.started.iter().map(line).collect()
    }

    #[test]
    fn a_program_is_there_when_anything_of_it_is() {
        assert!(found(&[], &[]).started.is_empty());
        assert_eq!(found(&[], &["dk-filter"]).missing, ["dk-filter"]);
        let defaults = ("etc/default/dk-filter", "DAEMON_OPTS=-l\nSOCKET=/s\n");
        let file = ("etc/dkim-filter.conf", "Syslog yes\n");
        let both = found(&[defaults, file], &[]);
        let run = "/var/run/dkim-filter/dkim-filter";
        let want = [
            format!(
                "dkim-filter -x /etc/dkim-filter.conf -u dkim-filter -P {run}.pid -p local:{run}.sock"
            ),
            "dk-filter -u dk-filter -P /var/run/dk-filter/dk-filter.pid -p /s -l".to_owned(),
        ];
        assert_eq!(lines(&both), want);
        assert_eq!(lines(&found(&[defaults, file], &["dk-filter"])), [want[1].clone()]);
    }

    #[test]
    fn a_unit_takes_the_place_of_the_start_script() {
        let defaults = ("etc/default/dk-filter", "DAEMON_OPTS=-l\n");
        let unit = |line: &str| format!("[Service]\nUser=milter\n{line}\n");
        let path = "lib/systemd/system/dk-filter.service";
        let own = unit("ExecStart=/usr/sbin/dk-filter -p /s");
        let started = found(&[defaults, (path, &own)], &[]);
        assert_eq!(lines(&started), ["dk-filter -p /s"]);
        assert_eq!(started.started[0].user.as_ref().unwrap().text, "milter");
        let ours = unit("ExecStart=/usr/bin/twinseal dk-filter -p /s");
        assert_eq!(lines(&found(&[defaults, (path, &ours)], &[])), ["dk-filter -p /s"]);
        // The unit of our package is one for what the defaults say.
        let packaged = "[Service]\nExecStart=/usr/lib/twinseal/start dk-filter run\n";
        let words = "-u dk-filter -P /var/run/dk-filter/dk-filter.pid \
                     -p /var/run/dk-filter/dk-filter.sock -l";
        let started = found(&[defaults, (path, packaged)], &[]);
        assert_eq!(lines(&started), [format!("dk-filter {words}")]);
        let wrapped = unit("ExecStart=/bin/sh -c 'exec dk-filter'");
        let unknown = found(&[(path, &wrapped)], &[]).unknown;
        assert!(unknown.len() == 1 && unknown[0].what.contains("in its own way"), "{unknown:?}");
        // As the package of opendkim has it.
        let unit = "[Service]\nType=forking\nPIDFile=/run/opendkim/opendkim.pid\n\
                    ExecStart=/usr/sbin/opendkim\nExecReload=/bin/kill -USR1 $MAINPID\n";
        let files = [
            ("usr/lib/systemd/system/opendkim.service", unit),
            ("etc/default/opendkim", "SOCKET=inet:1@localhost\n"),
            ("etc/opendkim.conf", "Socket inet:2@localhost\n"),
        ];
        assert_eq!(lines(&found(&files, &[])), ["opendkim "]);
    }
}
