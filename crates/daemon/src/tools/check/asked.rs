//! The command line.

use super::{kinds, mta};
use crate::tools::configured::Configured;
use crate::tools::lookup::NAMESERVER;
use crate::tools::options::{Takes, ToolOption};
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use twinseal_config::name_server;

pub(super) const OPTIONS: &[ToolOption] = &[
    ToolOption { name: "json", takes: Takes::Nothing, help: "print one JSON object" },
    ToolOption {
        name: "html",
        takes: Takes::Text("FILE"),
        help: "write a page that needs nothing else; - for standard output",
    },
    ToolOption {
        name: "all",
        takes: Takes::Nothing,
        help: "show everything that is in order, not only the first of each kind",
    },
    ToolOption {
        name: "quiet",
        takes: Takes::Nothing,
        help: "print what is wrong or at risk, and nothing where nothing is",
    },
    ToolOption {
        name: "fix",
        takes: Takes::Nothing,
        help: "mend owners and permissions of keys, asking before each change",
    },
    ToolOption { name: "yes", takes: Takes::Nothing, help: "with --fix: do not ask" },
    ToolOption {
        name: "ignore",
        takes: Takes::Text("CODE"),
        help: "leave findings with that code out; may be repeated",
    },
    ToolOption { name: "no-dns", takes: Takes::Nothing, help: "do not ask DNS" },
    NAMESERVER,
    ToolOption { name: "no-mta", takes: Takes::Nothing, help: "do not look at the MTA" },
    ToolOption {
        name: "postfix",
        takes: Takes::Text("DIR"),
        help: "a Postfix's configuration directory, in place of the host's",
    },
    ToolOption {
        name: "sendmail",
        takes: Takes::Text("FILE"),
        help: "a sendmail.mc or sendmail.cf to look at",
    },
    ToolOption {
        name: "message",
        takes: Takes::Text("FILE"),
        help: "look at nothing but this message of ours: what will break its seals on the way",
    },
];

/// What is to be done, and how it is to be shown.
pub(super) struct Asked {
    pub(super) configured: Configured,
    pub(super) json: bool,
    /// Where the page goes; `-` is standard output.
    pub(super) html: Option<PathBuf>,
    pub(super) all: bool,
    pub(super) quiet: bool,
    pub(super) fixing: Fixing,
    pub(super) ignore: Vec<&'static str>,
    pub(super) dns: bool,
    pub(super) servers: Vec<SocketAddr>,
    pub(super) mta: mta::Asked,
    /// A message, if only that is looked at; `-` is standard input.
    pub(super) message: Option<PathBuf>,
}

/// Whether what can be mended is mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fixing {
    /// It is only said how.
    No,
    /// Each time after a question.
    Asking,
    /// At once.
    Unasked,
}

/// What cannot be asked for at the same time.
const EXCLUSIVE: [(&str, &str); 15] = [
    ("json", "html"),
    ("json", "quiet"),
    ("all", "quiet"),
    ("no-mta", "postfix"),
    ("no-mta", "sendmail"),
    ("no-dns", "nameserver"),
    ("message", "json"),
    ("message", "html"),
    ("message", "fix"),
    ("message", "all"),
    ("message", "quiet"),
    ("message", "no-dns"),
    ("message", "no-mta"),
    ("message", "postfix"),
    ("message", "sendmail"),
];

impl Asked {
    /// Reads it; `None` when help is asked for.
    pub(super) fn read(words: Vec<OsString>) -> Result<Option<Self>, Vec<String>> {
        let (mut given, configured) = Configured::given(words, OPTIONS, 0);
        if given.help {
            return Ok(None);
        }
        let fixing = match (given.has("fix"), given.has("yes")) {
            (true, false) => Fixing::Asking,
            (true, true) => Fixing::Unasked,
            (false, _) => Fixing::No,
        };
        for (one, other) in EXCLUSIVE {
            if given.has(one) && given.has(other) {
                given.mistakes.push(format!("--{one} and --{other} exclude each other"));
            }
        }
        if given.has("yes") && !given.has("fix") {
            given.mistakes.push("--yes needs --fix".to_owned());
        }
        let ignore = given.read_all("ignore", |code| {
            let known = kinds().find(|kind| kind.code == code);
            known.map(|kind| kind.code).ok_or_else(|| {
                let allowed: Vec<&str> = kinds().map(|kind| kind.code).collect();
                format!("no finding has the code {code:?}, allowed: {}", allowed.join(", "))
            })
        });
        let servers = given.read_all(NAMESERVER.name, name_server);
        let path = |name| given.all(name).last().map(PathBuf::from);
        let mta = mta::Asked {
            postfix: path("postfix"),
            sendmail: path("sendmail"),
            mta: !given.has("no-mta"),
        };
        let (html, json, all) = (path("html"), given.has("json"), given.has("all"));
        let (quiet, dns) = (given.has("quiet"), !given.has("no-dns"));
        let message = path("message");
        match configured {
            Some(configured) if given.mistakes.is_empty() => Ok(Some(Self {
                configured,
                json,
                html,
                all,
                quiet,
                fixing,
                ignore,
                dns,
                servers,
                mta,
                message,
            })),
            _ => Err(given.mistakes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::OPTIONS;
    use crate::tools::configured::testing::assert_no_option_is_hidden_by;

    #[test]
    fn no_option_of_the_configuration_has_the_name_of_one_of_ours() {
        assert_no_option_is_hidden_by(OPTIONS);
    }
}
