//! What the program is as a whole.

use super::{Page, doors};
use crate::command;

/// What it is for, in a line.
pub const SUMMARY: &str = "seal the mail that leaves, verify what arrives";

/// What it is: paragraphs.
pub const ABOUT: &str = "\
Twinseal is a milter behind Postfix and Sendmail. It puts two seals on each message that leaves,
DKIM-Signature and DomainKey-Signature, from one key and one record in DNS; Ed25519 keys make a DKIM
seal. It verifies the DKIM signatures of what arrives, writes the result into an
Authentication-Results field, and does with bad ones what it is told.

It takes the place of dk-filter, dkim-filter and opendkim: under their names, or as a command of
twinseal, it takes their options, their files and their lists. The tools that came with them are there
under their names as well.";

/// The files of an installation.
pub const FILES: &[(&str, &str)] = &[
    ("/etc/twinseal/twinseal.yaml", "the configuration: see twinseal.yaml(5)"),
    ("/etc/twinseal/keys", "private keys, readable by root alone"),
    ("/var/spool/postfix/milter/twinseal/twinseal.sock", "the socket, inside Postfix's chroot"),
    ("/usr/share/twinseal/twinseal.schema.json", "what editors check the configuration with"),
];

/// How one gets from nothing to sealed mail.
pub const EXAMPLES: &[(&str, &str)] = &[
    (
        "Make a key, and print the record to publish:",
        "twinseal genkey --domain example.com --selector mail2 --directory /etc/twinseal/keys",
    ),
    ("Say whether it has arrived in DNS:", "twinseal testkey -d example.com -s mail2"),
    ("Look at everything that has to agree:", "twinseal check"),
    ("Send a message through the MTA, and look at what arrives:", "twinseal selftest --route"),
    ("Say why an address's mail is not signed:", "twinseal explain joe@example.com"),
];

/// Pages that tell more.
pub const SEE: &[&str] = &["twinseal.yaml(5)", "opendkim.conf(5)", "dkim-filter.conf(5)"];

/// The commands, in the order in which they are listed.
pub fn commands() -> impl Iterator<Item = &'static Page> {
    command::COMMANDS.iter().map(|command| command.page)
}

/// The tools of the old daemons, under their names.
pub fn tools() -> impl Iterator<Item = &'static Page> {
    crate::tools::former::TOOLS.iter().map(|tool| tool.page)
}

/// The programs in whose place it stands.
pub const DOORS: [&Page; 3] = [&doors::DK_FILTER, &doors::DKIM_FILTER, &doors::OPENDKIM];
