//! What is asked: an address, and whom its mail comes from.

use crate::serving::service::Client;
use crate::tools::configured::Configured;
use crate::tools::options::{Given, Takes, ToolOption};
use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use twinseal_message::Mailbox;
use twinseal_milter::{ClientAddress, ConnectInfo, Macros};

/// The port that the client has; nobody looks at it.
const PORT: u16 = 0;

pub(super) const OPTIONS: &[ToolOption] = &[
    ToolOption {
        name: "client",
        takes: Takes::Text("IP"),
        help: "the client that hands the mail in; 127.0.0.1 if not given",
    },
    ToolOption { name: "host", takes: Takes::Text("NAME"), help: "the client's name in DNS" },
    ToolOption {
        name: "daemon-name",
        takes: Takes::Text("NAME"),
        help: "the MTA's daemon that takes it: the macro {daemon_name}",
    },
    ToolOption { name: "auth", takes: Takes::Text("USER"), help: "who has authenticated there" },
    ToolOption {
        name: "sender",
        takes: Takes::Text("ADDRESS"),
        help: "the address in the Sender field, where there is one",
    },
    ToolOption {
        name: "macro",
        takes: Takes::Text("NAME=VALUE"),
        help: "another macro of the MTA; may be repeated",
    },
    ToolOption {
        name: "recipient",
        takes: Takes::Text("ADDRESS"),
        help: "a recipient; may be repeated",
    },
    ToolOption { name: "json", takes: Takes::Nothing, help: "print one JSON object" },
];

/// The command line.
pub(super) struct Asked {
    pub(super) address: String,
    pub(super) sender: Option<String>,
    pub(super) client: Client,
    pub(super) macros: Macros,
    pub(super) recipients: Vec<String>,
    pub(super) json: bool,
    pub(super) configured: Configured,
}

impl Asked {
    /// Reads it; `None` when help is asked for.
    pub(super) fn read(words: Vec<OsString>) -> Result<Option<Self>, Vec<String>> {
        let (mut given, configured) = Configured::given(words, OPTIONS, 1);
        if given.help {
            return Ok(None);
        }
        let address = match given.operands.first() {
            Some(word) => mailbox(&word.to_string_lossy()),
            None => Err("the address is missing; it stands in front of other options".to_owned()),
        };
        let address = address.map_err(|why| given.mistakes.push(why)).ok();
        let sender = given.read("sender", mailbox);
        let client = given.read("client", |text| {
            text.parse::<IpAddr>().map_err(|_| format!("{text:?} is no address of a host"))
        });
        let client = client.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)).to_canonical();
        let host = given.read("host", |text| Ok::<_, String>(text.to_owned()));
        let recipients = given.read_all("recipient", |text| Ok::<_, String>(text.to_owned()));
        let macros = macros(&mut given);
        let json = given.has("json");
        match (address, configured) {
            (Some(address), Some(configured)) if given.mistakes.is_empty() => {
                let client = shown_by_an_mta(client, host.as_deref());
                Ok(Some(Self { address, sender, client, macros, recipients, json, configured }))
            }
            _ => Err(given.mistakes),
        }
    }
}

/// An address that can stand in a header field.
fn mailbox(text: &str) -> Result<String, String> {
    if text.contains(char::is_control) {
        return Err(format!("{text:?} is no address: it holds a control character"));
    }
    match Mailbox::first(text.as_bytes()) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("{text:?} is no address: {error}")),
    }
}

/// What the MTA would tell, by `--macro`, `--daemon-name` and `--auth`.
pub(crate) fn macros(given: &mut Given) -> Macros {
    let text = |text: &str| Ok::<_, String>(text.to_owned());
    let mut told = given.read_all("macro", |text| match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!("{text:?} is not written NAME=VALUE")),
    });
    if let Some(name) = given.read("daemon-name", text) {
        told.push(("{daemon_name}".to_owned(), name));
    }
    if let Some(user) = given.read("auth", text) {
        told.push(("{auth_authen}".to_owned(), user));
    }
    Macros::of_message(told.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

/// The client as an MTA would name it: without a name, its address stands in brackets.
pub(crate) fn shown_by_an_mta(address: IpAddr, host: Option<&str>) -> Client {
    let name = match host {
        Some(host) => host.to_owned(),
        None if address.is_loopback() => "localhost".to_owned(),
        None => format!("[{address}]"),
    };
    let address = ClientAddress::Inet(SocketAddr::new(address, PORT));
    Client::new(&ConnectInfo { hostname: name.as_bytes(), address })
}

#[cfg(test)]
mod tests {
    use super::{Asked, OPTIONS};
    use crate::tools::configured::testing::assert_no_option_is_hidden_by;
    use twinseal_config::Door;

    fn read(words: &str) -> Result<Option<Asked>, Vec<String>> {
        Asked::read(words.split_whitespace().map(Into::into).collect())
    }

    #[test]
    fn no_option_of_the_configuration_has_the_name_of_one_of_ours() {
        assert_no_option_is_hidden_by(OPTIONS);
    }

    #[test]
    fn the_configuration_is_named_in_three_ways() {
        for (words, door, want) in [
            ("a@b.example", Door::Native, "--config /etc/twinseal/twinseal.yaml"),
            (
                "--json a@b.example --client ::1",
                Door::Native,
                "--config /etc/twinseal/twinseal.yaml",
            ),
            ("a@b.example --config F --auth=joe", Door::Native, "--config F"),
            (
                "--auth joe a@b.example -d b.example -s k --json -S s",
                Door::Native,
                "-d b.example -s k -S s",
            ),
            ("a@b.example -- dkim-filter -x F", Door::DkimFilter, "-x F"),
            ("a@b.example --sender c@d.example -- /usr/bin/dk-filter -l", Door::DkFilter, "-l"),
            ("a@b.example -- twinseal serve -p /s", Door::Native, "-p /s"),
        ] {
            let asked = read(words).unwrap().unwrap();
            let found: Vec<_> =
                asked.configured.words.iter().map(|word| word.to_str().unwrap()).collect();
            let found = (asked.address.as_str(), asked.configured.door, found.join(" "));
            assert_eq!(found, ("a@b.example", door, want.to_owned()), "{words}");
        }
        assert!(read("--help").unwrap().is_none());
    }

    #[test]
    fn every_mistake_of_the_command_line_is_told() {
        for (words, want) in [
            ("", "the address is missing"),
            ("--config F", "the address is missing"),
            ("-d b.example a@b.example", "the address is missing"),
            ("joe", "\"joe\" is no address"),
            ("a@b.example --client here", "\"here\" is no address of a host"),
            ("a@b.example --sender x", "--sender: \"x\" is no address"),
            ("a@b.example --macro x", "--macro: \"x\" is not written"),
            ("a@b.example --auth", "--auth needs a value"),
            ("a@b.example --", "the program is missing"),
            ("a@b.example -- sendmail", "\"sendmail\" is no program"),
            ("a@b.example -d x -- dk-filter", "behind the program"),
        ] {
            let mistakes = read(words).err().unwrap_or_default();
            assert!(mistakes.iter().any(|one| one.contains(want)), "{words}: {mistakes:?}");
        }
        let twice = read("joe --client here").err().unwrap();
        assert_eq!(twice.len(), 2, "{twice:?}");
    }
}
