//! Signers that others wrote: each in its own hand, or a field that was written for it.

use crate::here;
use crate::judges::{Judge, Opendkim};
use crate::scratch::Scratch;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The pairs of canonicalizations that DKIM knows.
pub const PAIRS: [&str; 4] =
    ["simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed"];

/// A signer that runs as a script, for many messages at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Script {
    /// Mail::DKIM: RSA only, both kinds of seal.
    MailDkim,
    /// dkimpy: RSA and Ed25519.
    Dkimpy,
}

impl Script {
    /// Both.
    pub const ALL: [Self; 2] = [Self::MailDkim, Self::Dkimpy];

    /// Whether it can sign with a key of this name.
    pub fn can_sign(self, key: &str) -> bool {
        self == Self::Dkimpy || key.starts_with("rsa")
    }

    /// The same program on the other side: what it gets wrong there it gets wrong here.
    pub fn judge(self) -> Judge {
        match self {
            Self::MailDkim => Judge::MailDkim,
            Self::Dkimpy => Judge::Dkimpy,
        }
    }

    fn own_hand(self) -> &'static str {
        match self {
            Self::MailDkim => "sign-mail-dkim.pl",
            Self::Dkimpy => "sign-dkimpy.py",
        }
    }

    fn template(self) -> &'static str {
        match self {
            Self::MailDkim => "sign-template.pl",
            Self::Dkimpy => "sign-template.py",
        }
    }
}

/// Messages on which no judge is known to be wrong.
pub fn sources() -> Vec<PathBuf> {
    ["plain", "repeated-interleaved", "folded", "body-empty-lines", "body-trailing-blanks", "mime"]
        .map(|name| here(&format!("data/domainkeys/{name}.eml")))
        .into()
}

/// The messages signed by every independent under every pair, as `d=example.com`.
pub fn every_way(sources: &[PathBuf], scratch: &Scratch) -> Vec<PathBuf> {
    let mut signed = Vec::new();
    for pair in PAIRS {
        signed.extend(by_script(Script::MailDkim, "rsa2048", pair, sources, scratch));
        signed.extend(by_script(Script::Dkimpy, "rsa1024", pair, sources, scratch));
        signed.extend(by_script(Script::Dkimpy, "ed25519", pair, sources, scratch));
        signed.extend(by_opendkim(pair, sources, scratch));
    }
    signed
}

/// The messages signed in the script's own hand. `simple` or `nofws` as `method` asks Mail::DKIM
/// for a DomainKey-Signature.
pub fn by_script(
    script: Script,
    key: &str,
    method: &str,
    sources: &[PathBuf],
    scratch: &Scratch,
) -> Vec<PathBuf> {
    let name = script.own_hand();
    let targets: Vec<PathBuf> =
        sources.iter().map(|source| target(scratch, name, key, method, source)).collect();
    let lines: String = sources
        .iter()
        .zip(&targets)
        .map(|(source, target)| format!("{}\t{}\n", source.display(), target.display()))
        .collect();
    let pem = here(&format!("data/keys/{key}.pem"));
    let pem = pem.to_string_lossy();
    run(name, &[&pem, key, "example.com", method], lines.as_bytes(), scratch);
    targets
}

/// The messages signed by opendkim with an RSA key, and with an Ed25519 key where it can.
fn by_opendkim(method: &str, sources: &[PathBuf], scratch: &Scratch) -> Vec<PathBuf> {
    let mut signed = Vec::new();
    for (key, algorithm) in [("rsa2048", "rsa-sha256"), ("ed25519", "ed25519-sha256")] {
        // Its folding moves when the short `b=` is filled in: by its own verdict, too, what it
        // signs so does not hold (RFC 6376 §3.7 wants the field hashed as it is written).
        if key == "ed25519" && method.starts_with("simple/") {
            continue;
        }
        let filter = Opendkim::start_with(
            &format!(
                "Mode s\nDomain example.com\nSelector {key}\nKeyFile {}\n\
                 SignatureAlgorithm {algorithm}\nCanonicalization {method}\n",
                scratch.key(key).display()
            ),
            scratch,
        );
        for source in sources {
            let path = target(scratch, "opendkim", key, method, source);
            let octets = fs::read(source).unwrap_or_else(|e| panic!("{}: {e}", source.display()));
            let octets = filter.sign(&octets).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            fs::write(&path, octets).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            signed.push(path);
        }
    }
    signed
}

fn target(scratch: &Scratch, by: &str, key: &str, method: &str, source: &Path) -> PathBuf {
    let name = source.file_stem().unwrap_or_default().to_string_lossy();
    scratch.dir("signed").join(format!("{by}-{key}-{}-{name}.eml", method.replace('/', "-")))
}

/// A field to be signed as it stands, on top of one message.
#[derive(Debug, Clone)]
pub struct Order {
    /// Who signs.
    pub script: Script,
    /// The message, and where the signed one goes.
    pub paths: (PathBuf, PathBuf),
    /// The name of the key, as in `tests/data/keys`.
    pub key: &'static str,
    /// Name, colon and value without a last CRLF, `bh=` and `b=` empty.
    pub field: Vec<u8>,
}

/// Does all of them, in their order as far as one script is concerned.
pub fn by_template(orders: &[Order], scratch: &Scratch) {
    for script in Script::ALL {
        let orders = orders.iter().filter(|order| order.script == script);
        let lines: Vec<u8> = orders.flat_map(Order::line).collect();
        run(script.template(), &[], &lines, scratch);
    }
}

impl Order {
    /// As the scripts take it (`judges/README.md`).
    fn line(&self) -> Vec<u8> {
        let (source, target) = &self.paths;
        let key = here(&format!("data/keys/{}.pem", self.key));
        let paths = [source, target, &key].map(|path| format!("{}\t", path.display()));
        let mut line = paths.concat().into_bytes();
        for &octet in &self.field {
            match octet {
                b'\r' => line.extend_from_slice(b"\\r"),
                b'\n' => line.extend_from_slice(b"\\n"),
                b'\t' => line.extend_from_slice(b"\\t"),
                b'\\' => line.extend_from_slice(b"\\\\"),
                _ => line.push(octet),
            }
        }
        line.push(b'\n');
        line
    }
}

fn run(script: &str, arguments: &[&str], lines: &[u8], scratch: &Scratch) {
    let list = File::open(scratch.write(&format!("{script}.list"), lines));
    let output = Command::new(here("judges").join(script))
        .args(arguments)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(list.expect("the list just written"))
        .output()
        .unwrap_or_else(|e| panic!("{script}: {e}"));
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script} {arguments:?}: {}\n{complaints}", output.status);
}
