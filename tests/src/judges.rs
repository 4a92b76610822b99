//! The verifiers that others wrote, and the second reference for DomainKeys.
//!
//! Each looks at many messages in one process and gives one verdict for each signature it finds.
//! Key records come from a file, or from a [`Nameserver`] on this host; no judge asks any other.

mod opendkim;

pub use opendkim::{Opendkim, verdicts_of_filter};

use crate::here;
use crate::nameserver::Nameserver;
use crate::scratch::Scratch;
use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Who judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Judge {
    /// Mail::DKIM: both seals, RSA only.
    MailDkim,
    /// dkimpy: DKIM with RSA and Ed25519.
    Dkimpy,
    /// opendkim over the milter protocol: DKIM with RSA and Ed25519.
    Opendkim,
    /// `domainkeys-reference.py`: DomainKeys.
    Reference,
}

/// A kind of seal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Seal {
    /// `DKIM-Signature`.
    Dkim,
    /// `DomainKey-Signature`.
    DomainKeys,
}

/// Where the judges get key records.
#[derive(Debug, Clone, Copy)]
pub enum Keys<'a> {
    /// From a file, `NAME RECORD` on each line.
    File(&'a Path),
    /// From a DNS server on this host.
    Dns(&'a Nameserver),
}

impl<'a> From<&'a Path> for Keys<'a> {
    fn from(records: &'a Path) -> Self {
        Self::File(records)
    }
}

impl<'a> From<&'a PathBuf> for Keys<'a> {
    fn from(records: &'a PathBuf) -> Self {
        Self::File(records)
    }
}

impl<'a> From<&'a Nameserver> for Keys<'a> {
    fn from(nameserver: &'a Nameserver) -> Self {
        Self::Dns(nameserver)
    }
}

impl Keys<'_> {
    /// As the scripts take it.
    fn for_script(self) -> OsString {
        match self {
            Self::File(path) => path.into(),
            Self::Dns(nameserver) => format!("dns:{}", nameserver.port()).into(),
        }
    }

    /// As opendkim's configuration says it.
    fn for_opendkim(self, scratch: &Scratch) -> String {
        match self {
            Self::File(path) => format!("TestPublicKeys {}\n", path.display()),
            Self::Dns(nameserver) => {
                let file = scratch.write("unbound.conf", nameserver.for_unbound());
                format!("ResolverConfiguration {}\n", file.display())
            }
        }
    }
}

/// What one judge says of one signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Which kind of signature.
    pub seal: Seal,
    /// Whether it holds.
    pub pass: bool,
    /// Its `d=`.
    pub domain: String,
    /// Its `s=`.
    pub selector: String,
    /// Its `a=`.
    pub algorithm: String,
    /// The judge's own words.
    pub words: String,
}

impl Judge {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::MailDkim, Self::Dkimpy, Self::Opendkim, Self::Reference];

    /// As it is called in files and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::MailDkim => "mail-dkim",
            Self::Dkimpy => "dkimpy",
            Self::Opendkim => "opendkim",
            Self::Reference => "domainkeys-reference",
        }
    }

    /// Whether it can say "pass" to such a seal with such a key.
    pub fn can_judge(self, seal: Seal, algorithm: &str) -> bool {
        match self {
            Self::MailDkim => algorithm.starts_with("rsa-"),
            Self::Dkimpy | Self::Opendkim => seal == Seal::Dkim,
            Self::Reference => seal == Seal::DomainKeys,
        }
    }

    fn script(self) -> Option<PathBuf> {
        match self {
            Self::MailDkim => Some(here("judges/mail-dkim.pl")),
            Self::Dkimpy => Some(here("judges/dkimpy.py")),
            Self::Reference => Some(here("judges/domainkeys-reference.py")),
            Self::Opendkim => None,
        }
    }

    /// Its verdicts on these messages, each list in the order of the paths.
    pub fn judge(
        self,
        keys: Keys<'_>,
        messages: &[PathBuf],
        scratch: &Scratch,
    ) -> Vec<Vec<Verdict>> {
        match self.script() {
            Some(script) => ask_script(&script, keys, messages, scratch),
            None => Opendkim::start(keys, scratch).judge(messages),
        }
    }
}

impl fmt::Display for Judge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The verdicts of all judges, asked side by side.
pub fn ask_all<'a>(
    keys: impl Into<Keys<'a>>,
    messages: &[PathBuf],
    scratch: &Scratch,
) -> HashMap<Judge, Vec<Vec<Verdict>>> {
    require_peers();
    let keys = keys.into();
    std::thread::scope(|scope| {
        let running: Vec<_> = Judge::ALL
            .map(|judge| (judge, scope.spawn(move || judge.judge(keys, messages, scratch))))
            .into();
        running
            .into_iter()
            .map(|(judge, thread)| {
                (judge, thread.join().unwrap_or_else(|_| panic!("{judge} broke")))
            })
            .collect()
    })
}

/// Fails with the names of the Debian packages when a judge is not installed.
pub fn require_peers() {
    let trials: [(&str, &[&str], &str); 6] = [
        ("perl", &["-MMail::DKIM::Verifier", "-MNet::DNS", "-e1"], "libmail-dkim-perl"),
        ("/usr/bin/python3", &["-c", "import dkim"], "python3-dkim"),
        ("/usr/bin/python3", &["-c", "import dns.resolver"], "python3-dnspython"),
        ("/usr/bin/python3", &["-c", "import nacl.signing"], "python3-nacl"),
        ("/usr/bin/python3", &["-c", "import cryptography"], "python3-cryptography"),
        ("/usr/sbin/opendkim", &["-V"], "opendkim"),
    ];
    let missing: Vec<&str> = trials
        .iter()
        .filter(|(program, args, _)| {
            let mut trial = Command::new(program);
            trial.args(*args).stdout(Stdio::null()).stderr(Stdio::null());
            !trial.status().is_ok_and(|status| status.success())
        })
        .map(|(_, _, package)| *package)
        .collect();
    assert!(missing.is_empty(), "a judge is missing: apt-get install {}", missing.join(" "));
}

/// Fails unless the tests run as root, which a private Postfix needs.
pub fn require_root() {
    let root = fs::metadata("/proc/self").is_ok_and(|meta| meta.uid() == 0);
    assert!(root, "the end-to-end tests start a private Postfix: run them as root");
}

fn ask_script(
    script: &Path,
    keys: Keys<'_>,
    messages: &[PathBuf],
    scratch: &Scratch,
) -> Vec<Vec<Verdict>> {
    let name = script.file_name().unwrap_or_default().to_string_lossy();
    let list: String = messages.iter().map(|path| format!("{}\n", path.display())).collect();
    let list = scratch.write(&format!("{name}.list"), list);
    let output = Command::new(script)
        .arg(keys.for_script())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(File::open(&list).expect("the list just written"))
        .output()
        .unwrap_or_else(|e| panic!("{}: {e}", script.display()));
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {}\n{complaints}", output.status);
    let mut found: HashMap<&str, Vec<Verdict>> = HashMap::new();
    let lines = String::from_utf8_lossy(&output.stdout);
    for line in lines.lines() {
        let (path, words) = line.split_once('\t').unwrap_or_else(|| panic!("{name}: {line:?}"));
        let verdicts = found.entry(path).or_default();
        if words != "none" {
            verdicts.push(Verdict::parse(words));
        }
    }
    messages
        .iter()
        .map(|path| {
            let path = path.to_string_lossy();
            found
                .remove(&*path)
                .unwrap_or_else(|| panic!("{name}: no word on {path}\n{complaints}"))
        })
        .collect()
}

impl Verdict {
    /// Reads what the scripts print: `dkim pass d=D s=S a=A c=C (WORDS)`. What is anything else,
    /// such as a message that the judge could not read at all, is a refusal.
    pub fn parse(line: &str) -> Self {
        let tag = |name: &str| {
            let tagged = line.split(' ').find_map(|word| word.strip_prefix(name));
            tagged.unwrap_or("-").to_owned()
        };
        Self {
            seal: if line.starts_with("domainkeys ") { Seal::DomainKeys } else { Seal::Dkim },
            pass: line.split(' ').nth(1) == Some("pass"),
            domain: tag("d="),
            selector: tag("s="),
            algorithm: tag("a="),
            words: line.to_owned(),
        }
    }
}
