//! The signing entries of our file.

use super::ROW;
use crate::params::{Kind, Param, Place, Sample};
use crate::pattern::Pattern;
use crate::raw::Setter;
use crate::rules::SigningDomain;
use crate::value;

pub(super) const ROWS: &[Param] = &[
    Param {
        name: "signing",
        kind: Kind::Entries("with senders, domain and keys"),
        place: Place::File,
        summary: "who signs for whom: the first entry that matches an address signs for it",
        manual: "An entry may override what the sections dkim and domainkeys say, and \"dkim: \
                 off\" or \"domainkeys: off\" leaves a seal out.",
        sample: Sample::Value(""),
        ..ROW
    },
    Param {
        name: "signing.senders",
        kind: Kind::List("a pattern of addresses such as *@example.com"),
        place: Place::File,
        summary: "the addresses that the entry signs for",
        manual: "A star stands for any characters, nothing else is special, and the whole address \
                 has to match. What begins with a star stands in quotes. DKIM asks for the address \
                 in From; DomainKeys for that in Sender, if there is one.",
        sample: Sample::Value(r#"["*@example.com", "*@*.example.com"]"#),
        setter: Setter::Rule(|rule, given, report| {
            given.put_all(&mut rule.senders, report, Pattern::parse);
        }),
        ..ROW
    },
    Param {
        name: "signing.domain",
        kind: Kind::Text("a domain, or \"*\" for the sender's own"),
        place: Place::File,
        summary: "the domain that signs",
        manual: "For DomainKeys it has to be the sender's domain or a parent of it.",
        sample: Sample::Value("example.com"),
        setter: Setter::Rule(|rule, given, report| {
            given.put(&mut rule.domain, report, |text| match text {
                "*" => Ok(SigningDomain::Sender),
                domain => value::domain(domain).map(SigningDomain::Fixed),
            });
        }),
        ..ROW
    },
    Param {
        name: "signing.keys",
        kind: Kind::Entries("with a file, and a selector if it is not the file's name"),
        place: Place::File,
        summary: "the keys of the entry: each of them signs",
        manual: "RSA keys make both seals, Ed25519 keys a DKIM seal only.",
        sample: Sample::Value(""),
        ..ROW
    },
    Param {
        name: "signing.keys.file",
        kind: Kind::Path,
        place: Place::File,
        summary: "the file with the private key",
        manual: "If there is no such file, its name with .pem or .private behind it is tried.",
        sample: Sample::Value("/etc/mail/dkim/keys/example.com/mail2"),
        setter: Setter::Key(|key, given, report| {
            given.put(&mut key.file, report, value::path);
        }),
        ..ROW
    },
    Param {
        name: "signing.keys.selector",
        kind: Kind::Text("a selector, as in SELECTOR._domainkey.example.com"),
        place: Place::File,
        summary: "where the public key is published; the file's name if it is left out",
        manual: "The name is taken as it is written in \"file\", ending included.",
        sample: Sample::Example("mail2"),
        setter: Setter::Key(|key, given, report| {
            given.put(&mut key.selector, report, value::selector);
        }),
        ..ROW
    },
];
