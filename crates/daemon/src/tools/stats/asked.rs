//! The command line of `twinseal stats`.

use super::pass::{Oid, Question};
use crate::tools::configured::Configured;
use crate::tools::options::{Takes, ToolOption};
use std::ffi::OsString;
use twinseal_config::HttpSocket;

pub(super) const OPTIONS: &[ToolOption] = &[
    ToolOption {
        name: "from",
        takes: Takes::Text("SOCKET"),
        help: "ask there (inet:PORT@HOST), whatever a configuration says",
    },
    ToolOption {
        name: "cacti",
        takes: Takes::Nothing,
        help: "one line of name:value, as Cacti reads it",
    },
    ToolOption { name: "json", takes: Takes::Nothing, help: "print one JSON object" },
    ToolOption {
        name: "snmp",
        takes: Takes::Text("NAME"),
        help: "only the number, for an extend line of snmpd.conf",
    },
    ToolOption {
        name: "snmp-pass",
        takes: Takes::Text("OID"),
        help: "answer -g OID and -n OID below this one, for a pass line",
    },
];

/// How many names may be given.
const MOST_NAMES: usize = 100;

/// What was typed.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) whom: Whom,
    pub(super) form: Form,
    /// Names of figures; with a `*` at the end, those that begin so. None means all.
    pub(super) names: Vec<String>,
}

/// Who is asked.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Whom {
    /// Who listens there.
    Socket(HttpSocket),
    /// The daemon with that configuration.
    Configured(Configured),
}

/// How the answer looks.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A line for each figure.
    Lines,
    /// All in one line.
    Cacti,
    /// One object.
    Json,
    /// The numbers.
    Value,
    /// What `pass` of snmpd reads.
    Pass(Question),
}

impl Asked {
    /// Reads it; nothing, where help is asked for.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub(super) fn read(mut words: Vec<OsString>) -> Result<Option<Self>, Vec<String>> {
        // The agent puts its question behind everything else.
        let question = Question::take(&mut words);
        let (mut given, configured) = Configured::given(words.clone(), OPTIONS, MOST_NAMES);
        if given.help {
            return Ok(None);
        }
        let socket = given.read("from", HttpSocket::parse);
        let below = given.read("snmp-pass", Oid::parse);
        let value = given.read("snmp", |text| Ok::<_, String>(text.to_owned()));
        let mut names: Vec<String> =
            given.operands.iter().map(|name| name.to_string_lossy().into_owned()).collect();
        names.extend(value);
        let forms = ["cacti", "json", "snmp", "snmp-pass"].map(|name| given.has(name));
        if forms.into_iter().filter(|is_asked| *is_asked).count() > 1 {
            let mistake = "--cacti, --json, --snmp and --snmp-pass exclude each other";
            given.mistakes.push(mistake.to_owned());
        }
        let [cacti, json, value, _] = forms;
        let form = match (below, question) {
            (Some(below), Some(question)) => Form::Pass(question.below(below)),
            (Some(_), None) => {
                given.mistakes.push("--snmp-pass needs -g OID or -n OID behind it".to_owned());
                Form::Lines
            }
            (None, Some(_)) => {
                given.mistakes.push("-g, -n and -s need --snmp-pass in front of them".to_owned());
                Form::Lines
            }
            (None, None) if cacti => Form::Cacti,
            (None, None) if json => Form::Json,
            (None, None) if value => Form::Value,
            (None, None) => Form::Lines,
        };
        match (given.mistakes.is_empty(), socket, configured) {
            (true, Some(socket), _) => Ok(Some(Self { whom: Whom::Socket(socket), form, names })),
            (true, None, Some(configured)) => {
                Ok(Some(Self { whom: Whom::Configured(configured), form, names }))
            }
            (_, _, _) => Err(given.mistakes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Asked, Form, OPTIONS, Whom};
    use crate::tools::configured::testing::assert_no_option_is_hidden_by;

    fn read(words: &str) -> Result<Asked, Vec<String>> {
        Asked::read(words.split_whitespace().map(Into::into).collect()).map(Option::unwrap)
    }

    #[test]
    fn no_option_is_hidden() {
        assert_no_option_is_hidden_by(OPTIONS);
    }

    #[test]
    fn forms_and_names_are_read() {
        for (words, form, names) in [
            ("", Form::Lines, vec![]),
            ("--cacti messages_* connections", Form::Cacti, vec!["messages_*", "connections"]),
            ("--json --config /x.yaml", Form::Json, vec![]),
            ("--snmp connections", Form::Value, vec!["connections"]),
        ] {
            let asked = read(words).unwrap();
            assert_eq!(
                (asked.form, asked.names),
                (form, names.iter().map(ToString::to_string).collect())
            );
        }
        let asked = read("--from inet:9171 connections").unwrap();
        assert!(
            matches!(&asked.whom, Whom::Socket(socket) if socket.to_string() == "inet:9171@127.0.0.1")
        );
        let asked = read("--from inet:9171 --snmp-pass .1.3.6.1 -n .1.3.6.1.1").unwrap();
        assert!(matches!(asked.form, Form::Pass(_)));
    }

    #[test]
    fn what_makes_no_sense_is_a_mistake() {
        for (words, want) in [
            ("--cacti --json", "--cacti, --json, --snmp and --snmp-pass exclude each other"),
            ("--snmp-pass .1.3", "--snmp-pass needs -g OID or -n OID behind it"),
            ("-g .1.3", "-g, -n and -s need --snmp-pass in front of them"),
            ("--snmp", "--snmp needs a value"),
        ] {
            assert_eq!(read(words).unwrap_err(), [want], "{words}");
        }
        assert_eq!(read("--from /run/x").unwrap_err().len(), 1);
    }
}
