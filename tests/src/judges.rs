//! The verifiers that others wrote, and the second reference for DomainKeys.
//!
//! Each looks at many messages in one process and gives one verdict for each signature it finds.
//! Key records come from a file, or from a [`Nameserver`] on this host; no judge asks any other.

use crate::here;
use crate::message::{Message, with_crlf};
use crate::milter::Peer;
use crate::nameserver::Nameserver;
use crate::net::{Address, wait_for};
use crate::scratch::Scratch;
use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
use std::io::{Error, Result};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

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

/// opendkim as a verifying filter on a Unix socket.
#[derive(Debug)]
pub struct Opendkim {
    process: Child,
    address: Address,
}

impl Opendkim {
    /// Starts it as a verifier with these key records.
    pub fn start(keys: Keys<'_>, scratch: &Scratch) -> Self {
        let keys = keys.for_opendkim(scratch);
        let lines = format!("Mode v\nAuthservID judge\nAlwaysAddARHeader yes\n{keys}");
        Self::start_with(&lines, scratch)
    }

    /// Starts it with these lines of configuration.
    pub fn start_with(lines: &str, scratch: &Scratch) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let socket = scratch.join(&format!("od{number}.sock"));
        let configuration = scratch.write(
            &format!("od{number}.conf"),
            format!(
                "{lines}Background no\nSyslog no\nRequireSafeKeys no\nSocket local:{}\n",
                socket.display()
            ),
        );
        let process = Command::new("/usr/sbin/opendkim")
            .args(["-f", "-x"])
            .arg(configuration)
            .spawn()
            .expect("opendkim, of the Debian package opendkim");
        let address = Address::Unix(socket);
        wait_for(Duration::from_secs(10), || address.connect().ok()).expect("opendkim listens");
        Self { process, address }
    }

    /// Where it listens.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Signs a message, when it was configured to: the message below the new field.
    pub fn sign(&self, octets: &[u8]) -> Result<Vec<u8>> {
        let mut peer = Peer::connect(&self.address)?;
        peer.negotiate()?;
        peer.introduce("localhost", "127.0.0.1")?;
        let answers = peer.deliver("a@example.com", "b@example.net", &Message::parse(octets))?;
        let mut signed = b"DKIM-Signature:".to_vec();
        let value = answers.iter().find_map(|(letter, payload)| {
            (*letter == b'i').then(|| payload.get(4..)?.strip_prefix(b"DKIM-Signature\0")).flatten()
        });
        let value = value.ok_or_else(|| Error::other(format!("no signature in {answers:?}")))?;
        signed.extend(with_crlf(value.strip_suffix(b"\0").unwrap_or(value)));
        signed.extend_from_slice(b"\r\n");
        signed.extend_from_slice(octets);
        Ok(signed)
    }

    /// Its verdicts on these messages.
    pub fn judge(&self, messages: &[PathBuf]) -> Vec<Vec<Verdict>> {
        let mut peer = self.open().expect("opendkim takes a connection");
        messages
            .iter()
            .map(|path| {
                let octets = fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
                self.judge_one(&mut peer, &Message::parse(&octets))
                    .unwrap_or_else(|e| panic!("opendkim on {}: {e}", path.display()))
            })
            .collect()
    }

    fn open(&self) -> Result<Peer> {
        let mut peer = Peer::connect(&self.address)?;
        peer.negotiate()?;
        peer.introduce("outside.example.net", "192.0.2.1")?;
        Ok(peer)
    }

    fn judge_one(&self, peer: &mut Peer, message: &Message) -> Result<Vec<Verdict>> {
        let answers = peer.deliver("a@example.net", "b@example.net", message)?;
        // insert header: index, name, value
        let inserted = answers.iter().find_map(|(letter, payload)| {
            let value = payload.get(4..)?.strip_prefix(b"Authentication-Results\0")?;
            (*letter == b'i').then(|| String::from_utf8_lossy(value).into_owned())
        });
        // It gives up on some messages without a word: no result for any of their signatures.
        let silence =
            message.all("DKIM-Signature").map(|_| Verdict::parse("dkim fail (no result)"));
        Ok(inserted.map_or_else(|| silence.collect(), |value| results_of(&value)))
    }
}

impl Drop for Opendkim {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The DKIM results of an Authentication-Results field.
fn results_of(value: &str) -> Vec<Verdict> {
    let mut depth = 0;
    let without_comments: String = value
        .chars()
        .filter(|&c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            depth == 0 && c != ')'
        })
        .collect();
    without_comments
        .split(';')
        .map(|part| part.split_whitespace().collect::<Vec<_>>())
        .filter_map(|words| {
            let result = words.first()?.strip_prefix("dkim=")?.to_owned();
            let property = |name: &str| {
                let property = words.iter().find_map(|word| word.strip_prefix(name));
                property.unwrap_or("-").trim_matches('"').to_owned()
            };
            Some(Verdict {
                seal: Seal::Dkim,
                pass: result == "pass",
                domain: property("header.d="),
                selector: property("header.s="),
                algorithm: property("header.a="),
                words: words.join(" "),
            })
        })
        .filter(|verdict| verdict.words != "dkim=none")
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_result_of_the_field_is_read() {
        let value = " judge;\r\n\tdkim=pass (1024-bit key; unprotected) header.d=a.example \
                     header.a=rsa-sha256 header.s=x header.b=\"a/b\";\n\tdkim=fail reason=\"no key\" \
                     header.d=b.example;\n\tdkim-atps=neutral";
        let verdicts = results_of(value);
        assert_eq!(verdicts.len(), 2);
        assert!(verdicts[0].pass && verdicts[0].domain == "a.example");
        assert!(!verdicts[1].pass && verdicts[1].domain == "b.example");
        assert!(results_of(" judge; dkim=none").is_empty());
    }
}
