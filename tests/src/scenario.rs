//! Text files that say what is sent and what must come of it. Adding a case means adding a file.
//!
//! The format is described in `scenarios/README.md`.

use crate::here;
use crate::judges::Seal;
use crate::message::{find, with_crlf};
use crate::reasons;
use std::fs;
use std::path::{Path, PathBuf};

/// How a message gets to the MTA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// Over SMTP.
    Smtp,
    /// By the `sendmail` command.
    Sendmail,
}

/// One seal that must be there, and hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// Its kind.
    pub seal: Seal,
    /// The selector, which is the name of a test key.
    pub selector: String,
    /// The signing domain.
    pub domain: String,
    /// The canonicalization; empty when it is that of the set-up for this domain.
    pub canonicalization: String,
}

/// One file.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Its name without `.txt`.
    pub name: String,
    /// Both ways, unless it says otherwise.
    pub via: Vec<Via>,
    /// The set-ups that it is for; all when empty.
    pub setups: Vec<String>,
    /// The client that is pretended: name and address.
    pub client: Option<(String, String)>,
    /// The envelope sender.
    pub from: String,
    /// Whether the client asks for SMTPUTF8.
    pub utf8: bool,
    /// The seals that must be there.
    pub expected: Vec<Expected>,
    /// The reason why nothing is signed.
    pub unsigned: Option<String>,
    /// The seals that are left out of a message that is signed otherwise, with the reason.
    pub without: Vec<(Seal, String)>,
    /// What is sent, with CRLF.
    pub octets: Vec<u8>,
}

/// Reads all files of `scenarios/mail`.
pub fn mail_scenarios() -> Vec<Scenario> {
    scenarios("scenarios/mail")
}

/// Reads all files of `scenarios/sendmail`.
pub fn sendmail_scenarios() -> Vec<Scenario> {
    scenarios("scenarios/sendmail")
}

fn scenarios(directory: &str) -> Vec<Scenario> {
    files(directory).iter().map(|path| Scenario::read(path)).collect()
}

/// The text files of a directory of this package, in the order of their names.
pub fn files(relative: &str) -> Vec<PathBuf> {
    let directory = here(relative);
    let mut paths: Vec<PathBuf> = fs::read_dir(&directory)
        .unwrap_or_else(|e| panic!("{}: {e}", directory.display()))
        .map(|entry| entry.expect("a directory entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "{}: no scenario", directory.display());
    paths
}

impl Scenario {
    /// Reads one file, and fails when it says something unknown.
    pub fn read(path: &Path) -> Self {
        let octets = fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let split = find(&octets, b"\n---\n").unwrap_or_else(|| panic!("{path:?}: no ---"));
        let head = String::from_utf8(octets[..split].to_vec()).expect("the head is UTF-8");
        let mut scenario = Self {
            name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            via: vec![Via::Smtp, Via::Sendmail],
            setups: Vec::new(),
            client: None,
            from: "ann@example.com".to_owned(),
            utf8: false,
            expected: Vec::new(),
            unsigned: None,
            without: Vec::new(),
            octets: octets[split + 5..].to_vec(),
        };
        for line in head.lines().filter(|line| !line.starts_with('#')) {
            let (key, value) = line.split_once(':').unwrap_or_else(|| panic!("{path:?}: {line}"));
            scenario.set(key, value.trim(), path);
        }
        assert!(
            scenario.unsigned.is_some() == scenario.expected.is_empty(),
            "{path:?}: say what is expected, or why nothing is"
        );
        scenario.octets = with_crlf(&scenario.octets);
        scenario
    }

    fn set(&mut self, key: &str, value: &str, path: &Path) {
        let words: Vec<&str> = value.split_whitespace().collect();
        match (key, words.as_slice()) {
            ("about", _) => {}
            ("via", ["smtp"]) => self.via = vec![Via::Smtp],
            ("via", ["sendmail"]) => self.via = vec![Via::Sendmail],
            ("setup", setups) => self.setups = setups.iter().map(ToString::to_string).collect(),
            ("client", [name, address]) => {
                self.client = Some(((*name).to_owned(), (*address).to_owned()));
                self.via = vec![Via::Smtp];
            }
            ("from", []) => self.from.clear(),
            ("from", [address]) => (*address).clone_into(&mut self.from),
            ("smtputf8", ["yes"]) => self.utf8 = true,
            ("final-newline", ["no"]) => {
                self.octets.pop();
            }
            ("attachment", [size]) => self.attach(size.parse().expect("a number of octets")),
            ("expect", [seal, selector, domain, more @ ..]) if more.len() <= 1 => {
                let tag = more.first().map(|word| {
                    word.strip_prefix("c=").unwrap_or_else(|| panic!("{path:?}: {word}: unknown"))
                });
                self.expected.push(Expected {
                    seal: seal_named(seal),
                    selector: (*selector).to_owned(),
                    domain: (*domain).to_owned(),
                    canonicalization: tag.unwrap_or_default().to_owned(),
                });
            }
            ("unsigned", [code]) => self.unsigned = Some(known(code)),
            ("without", [seal, code]) => self.without.push((seal_named(seal), known(code))),
            _ => panic!("{}: {key}: {value}: unknown", path.display()),
        }
    }

    /// Puts that many octets of base64 at the end.
    fn attach(&mut self, size: usize) {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut state = 1_u64;
        let mut written = 0;
        while written < size {
            for _ in 0..76 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                self.octets.push(ALPHABET[(state >> 58) as usize]);
            }
            self.octets.push(b'\n');
            written += 77;
        }
    }
}

fn seal_named(word: &str) -> Seal {
    match word {
        "dkim" => Seal::Dkim,
        "domainkeys" => Seal::DomainKeys,
        _ => panic!("{word:?} is no seal"),
    }
}

fn known(code: &str) -> String {
    assert!(reasons::CODES.contains(&code), "{code:?} is no reason");
    code.to_owned()
}
