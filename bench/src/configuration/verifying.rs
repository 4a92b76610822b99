//! The configuration files of filters that verify.

use crate::configuration::Opendkim;
use crate::mail::DOMAIN;
use crate::peer::Address;
use std::net::SocketAddr;
use std::path::Path;

/// Where a verifier finds keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// In a file that it reads at start.
    File,
    /// At a name server.
    Server(SocketAddr),
}

/// How a filter that verifies is to be configured.
#[derive(Clone, Debug)]
pub struct Verifier {
    /// As tables name it.
    pub name: String,
    /// Where it finds keys.
    pub keys: Source,
}

/// Where in DNS the key with that number is.
pub fn record_name(number: usize) -> String {
    format!("{}._domainkey.{DOMAIN}", Verifier::selector(number))
}

impl Verifier {
    /// The program of this tree, with keys from a file.
    pub fn ours() -> Self {
        Self { name: "twinseal".to_owned(), keys: Source::File }
    }

    /// The same, with keys from a name server; it knows those that it has asked for before.
    pub fn asking(server: SocketAddr) -> Self {
        Self { name: "twinseal, keys from its cache".to_owned(), keys: Source::Server(server) }
    }

    /// The selector of the key with that number.
    pub fn selector(number: usize) -> String {
        format!("s{number}")
    }

    /// The text of the configuration file of `twinseal serve`.
    pub fn to_yaml(&self, address: &Address, records: &Path) -> String {
        let keys = match self.keys {
            Source::File => format!("test-keys: {}", records.display()),
            Source::Server(server) => format!("servers: [\"{server}\"]"),
        };
        format!(
            "socket: {}\nmode: v\nlog: {{ to: stderr }}\ndns: {{ {keys} }}\n\
             results: {{ authserv-id: mail.example.com }}\n",
            address.to_config(),
        )
    }
}

impl Opendkim {
    /// The text of its configuration file where it verifies, every signature of ten, with keys
    /// from a file.
    pub fn to_verifying_conf(address: &Address, records: &Path) -> String {
        format!(
            "Mode v\nTestPublicKeys {}\nMaximumSignaturesToVerify 10\nAuthservID mail.example.com\n\
             Background no\nSyslog no\nSocket {}\n",
            records.display(),
            address.to_config(),
        )
    }
}
