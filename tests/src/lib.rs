//! The harness of the end-to-end tests: the built program, a private Postfix, a receiving server,
//! and verifiers written by others.
//!
//! Nothing here leaves the loopback interface, and only processes started here are stopped, by
//! their number. What a test needs and does not find is a failure that names the Debian package.
//!
//! - [`scratch`]: a directory that the mail system may enter, gone when the test passes
//! - [`program`]: the program under test, once for a command line or as a [`program::Daemon`]
//! - [`postfix`]: a Postfix with directories, ports and a queue of its own
//! - [`sendmail`]: a Sendmail likewise
//! - [`sink`]: the server that receives what it delivers, octet by octet
//! - [`smtp`]: a client that sends exactly what it is told to
//! - [`milter`]: the MTA's side of the milter protocol, polite or not
//! - [`filter`]: another filter, before or behind the program
//! - [`nameserver`]: a DNS server that publishes key records
//! - [`resolver`]: a resolver that finds out what such servers have
//! - [`browser`]: pages as Chromium shows them, on a phone and on a desk
//! - [`checked`]: what `twinseal check` says, as data
//! - [`hostile_dns`]: one that answers late, never, wrongly or too much
//! - [`incoming`]: a host that mail arrives at, with all of it
//! - [`cutting`]: the same side, as free as an MTA is in how it cuts
//! - [`judges`]: Mail::DKIM, dkimpy, opendkim and the second reference
//! - [`signers`]: Mail::DKIM, dkimpy and opendkim again, on the other side
//! - [`claims`]: what they are asked to confirm
//! - [`defects`]: where those are known to be wrong
//! - [`message`]: fields and body of a message, as octets
//! - [`generator`]: random messages from a seed
//! - [`guide`]: pages of the documentation, followed as they are written
//! - [`templates`]: random signature fields, for other people's signers to sign
//! - [`conversations`]: what opendkim and the program in its place do when they are told the same
//! - [`corpus`]: everything in this checkout that may be a configuration
//! - [`damage`]: what may happen to a signed message
//! - [`scenario`]: the text files that say what is sent and what must come of it
//! - [`verifier`]: the program on the receiving side
//! - [`tools`]: the tools of the old daemons, ours and theirs
//! - [`users`]: the users of the historic packages
//! - [`observed`]: all that can be seen of a run, as text
//! - [`reasons`]: the words of the log, in one place
//! - [`root`]: a fresh Debian with its own systemd, in which packages are installed
//! - [`installed`]: a host in which the Debian packages are installed
//! - [`prometheus`]: a Prometheus server that asks the program for its figures

#![forbid(unsafe_code)]

pub mod browser;
pub mod checked;
pub mod claims;
pub mod conversations;
pub mod corpus;
pub mod cutting;
pub mod damage;
pub mod defects;
pub mod filter;
pub mod generator;
pub mod guide;
pub mod hostile_dns;
pub mod incoming;
pub mod installed;
pub mod judges;
pub mod message;
pub mod milter;
pub mod nameserver;
pub mod net;
pub mod observed;
pub mod postfix;
pub mod program;
pub mod prometheus;
pub mod reasons;
pub mod resolver;
pub mod root;
pub mod scenario;
pub mod scratch;
pub mod sendmail;
pub mod signers;
pub mod sink;
pub mod smtp;
pub mod templates;
pub mod tools;
pub mod users;
pub mod verifier;

use std::path::PathBuf;

/// A path inside this package.
pub fn here(relative: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(relative)
}
