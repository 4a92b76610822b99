//! The configuration files of the filters that are measured.

mod verifying;

pub use verifying::{Source, Verifier, record_name};

use crate::body::Body;
use crate::duty::Seals;
use crate::mail::{DOMAIN, Mail};
use crate::peer::Address;
use std::fmt::Write as _;
use std::path::Path;

/// The selector of every key.
pub const SELECTOR: &str = "mail2";

/// For whom is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// For one domain.
    One,
    /// For that many domains, each named, all with one key.
    Names(usize),
    /// For everything below that many domains, all with one key.
    Wildcards(usize),
    /// For that many domains, each with a key file of its own.
    KeyFiles(usize),
}

/// What carries the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// A socket in the file system.
    Unix,
    /// TCP on loopback.
    Tcp,
}

/// How a `twinseal serve` is to be configured.
#[derive(Clone, Debug)]
pub struct Twinseal {
    /// As tables name it.
    pub name: String,
    /// The canonicalization of the DKIM seal, or no such seal.
    pub dkim: Option<&'static str>,
    /// The canonicalization of the DomainKeys seal, or no such seal.
    pub domainkeys: Option<&'static str>,
    /// For whom it signs.
    pub rules: Rules,
    /// How it is reached.
    pub carrier: Carrier,
    /// Further lines of its file.
    pub more: String,
}

/// How an `opendkim` is to be configured.
#[derive(Clone, Debug)]
pub struct Opendkim {
    /// As tables name it.
    pub name: String,
    /// Its canonicalization.
    pub canonicalization: &'static str,
    /// For whom it signs.
    pub rules: Rules,
    /// How it is reached.
    pub carrier: Carrier,
}

impl Rules {
    /// A message that the last rule signs, so that who looks at one rule after the other looks at
    /// all of them.
    pub fn mail(self, body: Body, octets: usize) -> Mail {
        self.mail_of(self.count().saturating_sub(1), body, octets)
    }

    /// A message that the rule with this number signs.
    pub fn mail_of(self, number: usize, body: Body, octets: usize) -> Mail {
        let domain = self.domain(number);
        let below = if matches!(self, Self::Wildcards(_)) { "mail." } else { "" };
        Mail::new(&format!("joe@{below}{domain}"), &domain, body, octets)
    }

    /// The domain of the rule with this number.
    fn domain(self, number: usize) -> String {
        match self {
            Self::One => DOMAIN.to_owned(),
            Self::Names(_) | Self::Wildcards(_) | Self::KeyFiles(_) => {
                format!("d{number:06}.example")
            }
        }
    }

    fn count(self) -> usize {
        match self {
            Self::One => 1,
            Self::Names(count) | Self::Wildcards(count) | Self::KeyFiles(count) => count,
        }
    }

    /// Domain, sender pattern and key of each rule.
    fn entries(self, key: &Path) -> impl Iterator<Item = (String, String, String)> {
        (0..self.count()).map(move |number| {
            let domain = self.domain(number);
            let senders = match self {
                Self::Wildcards(_) => format!("*@*.{domain}"),
                Self::One | Self::Names(_) | Self::KeyFiles(_) => format!("*@{domain}"),
            };
            let key = match self {
                Self::KeyFiles(_) => format!("{}.d/{}", key.display(), key_copy(number)),
                Self::One | Self::Names(_) | Self::Wildcards(_) => key.display().to_string(),
            };
            (domain, senders, key)
        })
    }
}

/// Where below its directory the copy of the key with that number is: a thousand in each.
pub fn key_copy(number: usize) -> String {
    format!("{:03}/{number:06}", number / 1000)
}

impl Twinseal {
    /// Both seals as they are by default but with relaxed bodies, one rule, a unix socket.
    pub fn both() -> Self {
        Self {
            name: "twinseal, both seals".to_owned(),
            dkim: Some("relaxed/relaxed"),
            domainkeys: Some("nofws"),
            rules: Rules::One,
            carrier: Carrier::Unix,
            more: String::new(),
        }
    }

    /// The DKIM seal alone.
    pub fn dkim_only() -> Self {
        Self { name: "twinseal, DKIM only".to_owned(), domainkeys: None, ..Self::both() }
    }

    /// Which seals it makes.
    pub fn seals(&self) -> Seals {
        Seals { dkim: self.dkim.is_some(), domainkeys: self.domainkeys.is_some() }
    }

    /// The text of its configuration file.
    pub fn to_yaml(&self, address: &Address, key: &Path) -> String {
        let seal = |canonicalization: Option<&str>| match canonicalization {
            Some(canonicalization) => format!("{{ canonicalization: {canonicalization} }}"),
            None => "off".to_owned(),
        };
        let mut text = format!(
            "socket: {}\nmode: s\nrequire-safe-keys: no\nlog: {{ to: stderr }}\ndkim: {}\n\
             domainkeys: {}\n{}signing:\n",
            address.to_config(),
            seal(self.dkim),
            seal(self.domainkeys),
            self.more,
        );
        for (domain, senders, key) in self.rules.entries(key) {
            let _ = writeln!(text, "  - senders: [\"{senders}\"]\n    domain: {domain}");
            let _ = writeln!(text, "    keys: [{{ file: {key}, selector: {SELECTOR} }}]");
        }
        text
    }
}

impl Opendkim {
    /// relaxed/relaxed, one rule, a unix socket.
    pub fn relaxed() -> Self {
        Self {
            name: "opendkim".to_owned(),
            canonicalization: "relaxed/relaxed",
            rules: Rules::One,
            carrier: Carrier::Unix,
        }
    }

    /// The text of its configuration file. `tables` is the beginning of the paths of its tables.
    pub fn to_conf(&self, address: &Address, key: &Path, tables: &Path) -> String {
        let tables = tables.display();
        let signer = match self.rules {
            Rules::One => {
                format!("Domain {DOMAIN}\nSelector {SELECTOR}\nKeyFile {}", key.display())
            }
            Rules::Names(_) | Rules::KeyFiles(_) => {
                format!("KeyTable file:{tables}.keys\nSigningTable file:{tables}.senders")
            }
            Rules::Wildcards(_) => {
                format!("KeyTable file:{tables}.keys\nSigningTable refile:{tables}.senders")
            }
        };
        format!(
            "{signer}\nMode s\nCanonicalization {}\nSignatureAlgorithm rsa-sha256\nBackground no\n\
             Syslog no\nRequireSafeKeys no\nSocket {}\n",
            self.canonicalization,
            address.to_config(),
        )
    }

    /// The tables of keys and of senders; none for a single rule.
    pub fn tables(&self, key: &Path) -> Option<(String, String)> {
        if self.rules == Rules::One {
            return None;
        }
        let (mut keys, mut signers) = (String::new(), String::new());
        for (domain, senders, key) in self.rules.entries(key) {
            let _ = writeln!(keys, "{domain} {domain}:{SELECTOR}:{key}");
            // Without patterns, its table names domains as such.
            let sender = if matches!(self.rules, Rules::Wildcards(_)) { &senders } else { &domain };
            let _ = writeln!(signers, "{sender} {domain}");
        }
        Some((keys, signers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn each_rule_has_its_domain_and_the_last_one_signs() {
        let key = PathBuf::from("/k/key");
        let entries: Vec<_> = Rules::Wildcards(2).entries(&key).collect();
        let entry = |domain: &str| (domain.into(), format!("*@*.{domain}"), "/k/key".to_owned());
        assert_eq!(entries, [entry("d000000.example"), entry("d000001.example")]);
        assert_eq!(Rules::Wildcards(2).mail(Body::Text, 2048).domain, "d000001.example");
        let copies: Vec<_> = Rules::KeyFiles(1001).entries(&key).skip(999).collect();
        assert_eq!(copies[1].2, "/k/key.d/001/001000");
    }

    #[test]
    fn a_single_rule_needs_no_tables() {
        let key = PathBuf::from("/k/key");
        assert_eq!(Opendkim::relaxed().tables(&key), None);
        let many = Opendkim { rules: Rules::Names(1), ..Opendkim::relaxed() };
        let tables = many.tables(&key).unwrap();
        assert_eq!(tables.0, "d000000.example d000000.example:mail2:/k/key\n");
        assert_eq!(tables.1, "d000000.example d000000.example\n");
    }
}
