//! The command line.

use super::step::WayName;
use crate::tools::configured::Configured;
use crate::tools::explain::asked::macros;
use crate::tools::lookup::NAMESERVER;
use crate::tools::options::{Given, Takes, ToolOption, number};
use crate::tools::postfix::Instance;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use twinseal_config::name_server;
use twinseal_message::Mailbox;
use twinseal_milter::Macros;

pub(super) const OPTIONS: &[ToolOption] = &[
    ToolOption {
        name: "from",
        takes: Takes::Text("ADDRESS"),
        help: "whose mail it is; one in the first domain that signs if not given",
    },
    ToolOption {
        name: "to",
        takes: Takes::Text("ADDRESS"),
        help: "send to that address, not to a server that is opened for it",
    },
    ToolOption {
        name: "mailbox",
        takes: Takes::Text("PATH"),
        help: "with --to: the mbox file or Maildir that it arrives in",
    },
    ToolOption {
        name: "route",
        takes: Takes::Nothing,
        help: "add a route to Postfix's transport_maps for as long as this takes",
    },
    ToolOption {
        name: "routed",
        takes: Takes::Nothing,
        help: "do not ask Postfix: the MTA brings it to --sink-port by other means",
    },
    ToolOption {
        name: "sink-port",
        takes: Takes::Text("PORT"),
        help: "the port on 127.0.0.1 where it is to arrive",
    },
    ToolOption {
        name: "via",
        takes: Takes::Word("WAY", &["smtp", "sendmail", "both"]),
        help: "how to hand it to the MTA: smtp, sendmail, or both",
    },
    ToolOption {
        name: "smtp",
        takes: Takes::Text("HOST:PORT"),
        help: "the MTA's SMTP server; 127.0.0.1:25 if not given",
    },
    ToolOption {
        name: "sendmail",
        takes: Takes::Text("PROGRAM"),
        help: "the command of local programs; /usr/sbin/sendmail if not given",
    },
    ToolOption {
        name: "postfix",
        takes: Takes::Text("DIR"),
        help: "a Postfix's configuration directory, in place of the host's",
    },
    ToolOption {
        name: "daemon-name",
        takes: Takes::Text("NAME"),
        help: "the MTA's daemon that takes it, where that makes mail ours",
    },
    ToolOption {
        name: "macro",
        takes: Takes::Text("NAME=VALUE"),
        help: "another macro that makes mail ours; may be repeated",
    },
    NAMESERVER,
    ToolOption { name: "no-dns", takes: Takes::Nothing, help: "do not ask DNS" },
    ToolOption {
        name: "timeout",
        takes: Takes::Text("SECONDS"),
        help: "how long each message may take to arrive; 60 if not given",
    },
    ToolOption { name: "json", takes: Takes::Nothing, help: "print one JSON object" },
];

const SENDMAIL: &str = "/usr/sbin/sendmail";
const SMTP: (&str, u16) = ("127.0.0.1", 25);
const TIMEOUT: u64 = 60;
const MAX_TIMEOUT: u64 = 3600;

/// How it is to get to the sink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Routing {
    /// Postfix is asked whether it does.
    Asked,
    /// Postfix is told to.
    Added,
    /// Somebody knows that it does.
    Given,
}

/// Where it is to arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Destination {
    /// At a server that is opened for it.
    Sink { port: Option<u16>, routing: Routing },
    /// At an address, and perhaps in a mailbox that can be looked at.
    Address { to: String, mailbox: Option<PathBuf> },
}

/// What is to be done.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) configured: Configured,
    pub(super) from: Option<String>,
    /// What the MTA tells the filter, as far as it matters.
    pub(super) macros: Macros,
    pub(super) destination: Destination,
    pub(super) ways: Vec<WayName>,
    pub(super) smtp: (String, u16),
    pub(super) sendmail: PathBuf,
    pub(super) postfix: Instance,
    pub(super) dns: bool,
    pub(super) servers: Vec<SocketAddr>,
    pub(super) timeout: Duration,
    pub(super) json: bool,
}

impl Asked {
    /// Reads it; `None` when help is asked for.
    pub(super) fn read(words: Vec<OsString>) -> Result<Option<Self>, Vec<String>> {
        let (mut given, configured) = Configured::given(words, OPTIONS, 0);
        if given.help {
            return Ok(None);
        }
        let from = given.read("from", address);
        let macros = macros(&mut given);
        let destination = destination(&mut given);
        let ways = given.read("via", ways);
        let smtp = given.read("smtp", host_and_port);
        let servers = given.read_all(NAMESERVER.name, name_server);
        let timeout = given.read("timeout", number(1..=MAX_TIMEOUT)).unwrap_or(TIMEOUT);
        if given.has("no-dns") && given.has("nameserver") {
            given.mistakes.push("--no-dns asks nobody: --nameserver is too much".to_owned());
        }
        let path = |name: &str| given.all(name).last().map(PathBuf::from);
        let (sendmail, postfix) = (path("sendmail"), path("postfix"));
        match (configured, destination) {
            (Some(configured), Some(destination)) if given.mistakes.is_empty() => Ok(Some(Self {
                configured,
                from,
                macros,
                destination,
                ways: ways.unwrap_or_else(|| vec![WayName::Smtp, WayName::Sendmail]),
                smtp: smtp.unwrap_or_else(|| (SMTP.0.to_owned(), SMTP.1)),
                sendmail: sendmail.unwrap_or_else(|| SENDMAIL.into()),
                postfix: Instance::new(postfix.as_deref()),
                dns: !given.has("no-dns"),
                servers,
                timeout: Duration::from_secs(timeout),
                json: given.has("json"),
            })),
            _ => Err(given.mistakes),
        }
    }
}

fn destination(given: &mut Given) -> Option<Destination> {
    let to = given.read("to", address);
    let port = given.read("sink-port", number(1..=u16::MAX));
    let mailbox = given.all("mailbox").last().map(PathBuf::from);
    let (add, known) = (given.has("route"), given.has("routed"));
    if given.has("to") {
        for name in ["route", "routed", "sink-port"] {
            if given.has(name) {
                given.mistakes.push(format!("--to opens no server here: --{name} is too much"));
            }
        }
        return Some(Destination::Address { to: to?, mailbox });
    }
    if mailbox.is_some() {
        given.mistakes.push("--mailbox needs --to".to_owned());
    }
    if known && !given.has("sink-port") {
        given.mistakes.push("--routed needs --sink-port".to_owned());
    }
    if add && known {
        given.mistakes.push("--routed is there already: --route is too much".to_owned());
    }
    let routing = match (add, known) {
        (true, _) => Routing::Added,
        (false, true) => Routing::Given,
        (false, false) => Routing::Asked,
    };
    Some(Destination::Sink { port, routing })
}

/// A bare address, fit for a header, the envelope and a command line.
fn address(text: &str) -> Result<String, String> {
    let plain = |ch: char| ch.is_ascii_graphic() && !"<>()[],;:\\\"".contains(ch);
    let bare = text.chars().all(plain) && !text.starts_with('-') && text.matches('@').count() == 1;
    match Mailbox::first(text.as_bytes()) {
        Ok(_) if bare => Ok(text.to_owned()),
        Ok(_) => Err(format!("{text:?} is not written LOCAL@DOMAIN, without quotes")),
        Err(error) => Err(format!("{text:?} is no address: {error}")),
    }
}

fn ways(text: &str) -> Result<Vec<WayName>, String> {
    match text {
        "smtp" => Ok(vec![WayName::Smtp]),
        "sendmail" => Ok(vec![WayName::Sendmail]),
        "both" => Ok(vec![WayName::Smtp, WayName::Sendmail]),
        _ => Err(format!("found {text:?}, allowed: smtp, sendmail, both")),
    }
}

fn host_and_port(text: &str) -> Result<(String, u16), String> {
    let wrong = || format!("{text:?} is not written HOST:PORT, as 127.0.0.1:25 or [::1]:25");
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let whole = bracketed.is_some() || !host.contains(':');
    let host = bracketed.unwrap_or(host);
    let port = port.parse().ok().filter(|port| *port > 0 && whole && !host.is_empty());
    Ok((host.to_owned(), port.ok_or_else(wrong)?))
}

#[cfg(test)]
mod tests {
    use super::{Asked, Destination, OPTIONS, Routing};
    use crate::tools::configured::testing::assert_no_option_is_hidden_by;
    use crate::tools::selftest::step::WayName;

    fn read(words: &str) -> Result<Option<Asked>, Vec<String>> {
        Asked::read(words.split_whitespace().map(Into::into).collect())
    }

    #[test]
    fn no_option_of_the_configuration_has_the_name_of_one_of_ours() {
        assert_no_option_is_hidden_by(OPTIONS);
    }

    #[test]
    fn where_it_goes_and_how_is_read() {
        let asked = read("--config F --from a@b.example --via smtp --smtp [::1]:26").unwrap();
        let asked = asked.unwrap();
        assert_eq!(asked.configured.words, ["--config", "F"]);
        assert_eq!(asked.destination, Destination::Sink { port: None, routing: Routing::Asked });
        assert_eq!((asked.ways, asked.smtp), (vec![WayName::Smtp], ("::1".to_owned(), 26)));
        let asked = read("--route --sink-port 7 -- dk-filter -l").unwrap().unwrap();
        assert_eq!(asked.destination, Destination::Sink { port: Some(7), routing: Routing::Added });
        let asked = read("--to c@d.example --mailbox /m").unwrap().unwrap();
        let (to, mailbox) = ("c@d.example".to_owned(), Some("/m".into()));
        assert_eq!(asked.destination, Destination::Address { to, mailbox });
        assert!(read("--help").unwrap().is_none());
    }

    #[test]
    fn every_mistake_is_told() {
        for (words, want) in [
            ("--from joe", "\"joe\" is no address"),
            ("--from Joe<a@b.example>", "is not written LOCAL@DOMAIN"),
            ("--to -a@b.example", "is not written LOCAL@DOMAIN"),
            ("--mailbox /m", "--mailbox needs --to"),
            ("--to a@b.example --route", "--route is too much"),
            ("--routed", "--routed needs --sink-port"),
            ("--routed --sink-port 7 --route", "--route is too much"),
            ("--sink-port 0", "allowed: 1 to 65535"),
            ("--via both,smtp", "allowed: smtp, sendmail, both"),
            ("--smtp ::1", "is not written HOST:PORT"),
            ("--smtp host", "is not written HOST:PORT"),
            ("--no-dns --nameserver ::1", "--nameserver is too much"),
            ("--timeout 0", "allowed: 1 to 3600"),
            ("-- sendmail", "is no program"),
        ] {
            let mistakes = read(words).err().unwrap_or_default();
            assert!(mistakes.iter().any(|one| one.contains(want)), "{words}: {mistakes:?}");
        }
        assert_eq!(read("--from joe --timeout x").err().unwrap().len(), 2);
    }
}
