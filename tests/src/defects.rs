//! Where judges are known to be wrong: `judges/known-defects/` about what we sign, and
//! `judges/known-differences/` about what others signed and the way has damaged.
//!
//! An entry is `NAME.eml`, a minimal message whose signature is right and which that judge refuses,
//! and `NAME.about`, five lines: `judge`, `seal`, `when` (words of `Defect::applies`),
//! `convicted-by` (the section that the judge breaks) and `says` (how). A sixth, `wrongly accepts`,
//! turns it round: the signature does not hold, and that judge takes it; `wrongly reads` is for one
//! that sees another message than the one that is there, so that it may err to either side.

use crate::here;
use crate::judges::{Judge, Seal};
use crate::message::{Field, Message, tag};
use std::fs;
use std::path::{Path, PathBuf};

/// More entries than this mean that the judges, or we, have gone astray.
pub const MOST: usize = 10;

/// One entry.
#[derive(Debug, Clone)]
pub struct Defect {
    /// The judge that is wrong.
    pub judge: Judge,
    /// About which seal.
    pub seal: Seal,
    /// To which side it errs.
    pub wrongly: Wrongly,
    /// On which messages: all of these words must hold.
    pub when: Vec<String>,
    /// The section that convicts it.
    pub convicted_by: String,
    /// The minimal message.
    pub message: PathBuf,
}

/// What a judge does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrongly {
    /// It says no to a signature that holds.
    Refuses,
    /// It says yes to one that does not.
    Accepts,
    /// It takes the message for another one, and may say anything.
    Reads,
}

impl Wrongly {
    /// Whether this makes it say yes where the right answer is no, or the reverse.
    pub fn explains(self, yes: bool) -> bool {
        self == Self::Reads || yes == (self == Self::Accepts)
    }
}

/// Reads all entries about what we sign.
pub fn known_defects() -> Vec<Defect> {
    entries("judges/known-defects")
}

/// Reads all entries about what arrives.
pub fn known_differences() -> Vec<Defect> {
    entries("judges/known-differences")
}

fn entries(directory: &str) -> Vec<Defect> {
    let directory = here(directory);
    let mut abouts: Vec<PathBuf> = fs::read_dir(&directory)
        .unwrap_or_else(|e| panic!("{}: {e}", directory.display()))
        .map(|entry| entry.expect("a directory entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "about"))
        .collect();
    abouts.sort();
    abouts.iter().map(|path| Defect::read(path)).collect()
}

impl Defect {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let value = |key: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' '));
            line.unwrap_or_else(|| panic!("{}: no {key:?}", path.display()))
        };
        let judge = Judge::ALL.into_iter().find(|judge| judge.name() == value("judge"));
        let seal = if value("seal") == "dkim" { Seal::Dkim } else { Seal::DomainKeys };
        assert!(!value("says").is_empty(), "{}: says nothing", path.display());
        Self {
            judge: judge.unwrap_or_else(|| panic!("{}: which judge?", path.display())),
            seal,
            wrongly: match text.lines().find_map(|line| line.strip_prefix("wrongly ")) {
                Some("accepts") => Wrongly::Accepts,
                Some("reads") => Wrongly::Reads,
                Some(word) => panic!("{}: wrongly {word:?}", path.display()),
                None => Wrongly::Refuses,
            },
            when: value("when").split(' ').map(str::to_owned).collect(),
            convicted_by: value("convicted-by").to_owned(),
            message: path.with_extension("eml"),
        }
    }

    /// Whether this judge's "no" to this signature is explained by the entry.
    pub fn excuses(&self, judge: Judge, seal: Seal, canonicalization: &str, octets: &[u8]) -> bool {
        let message = Message::parse(octets);
        self.judge == judge
            && self.seal == seal
            && self.when.iter().all(|word| Self::applies(word, canonicalization, &message, None))
    }

    /// The same for one DKIM-Signature field, whether it stands in the message already or is to.
    pub fn fits(&self, judge: Judge, signature: &Field, message: &Message) -> bool {
        let canonicalization = match tag(signature, "c").unwrap_or_default().as_str() {
            pair if pair.contains('/') => pair.to_owned(),
            header => format!("{header}/simple"),
        };
        let applies =
            |word: &String| Self::applies(word, &canonicalization, message, Some(signature));
        self.judge == judge && self.seal == Seal::Dkim && self.when.iter().all(applies)
    }

    /// What the words of `when` mean.
    fn applies(
        word: &str,
        canonicalization: &str,
        message: &Message,
        signature: Option<&Field>,
    ) -> bool {
        let body = message.body.as_slice();
        let tag = |name| signature.and_then(|field| tag(field, name));
        match word {
            "simple-body" => canonicalization.ends_with("/simple"),
            "relaxed-body" => canonicalization.ends_with("/relaxed"),
            "nofws" => canonicalization == "nofws",
            "body-unterminated" => !body.is_empty() && !body.ends_with(b"\r\n"),
            "body-unterminated-blanks" => body.ends_with(b" ") || body.ends_with(b"\t"),
            "bare-cr" => alone(body, b'\r'),
            "bare-lf" => alone(body, b'\n'),
            "folded-sender" => {
                let folded = |field: &Field| field.value().contains(&b'\n');
                message.all("From").any(folded) || message.all("Sender").any(folded)
            }
            "u-label-sender" => {
                let domain = |field: &Field| {
                    let at = field.value().iter().rposition(|&b| b == b'@').unwrap_or_default();
                    !field.value()[at..].is_ascii()
                };
                message.all("From").any(domain) || message.all("Sender").any(domain)
            }
            "no-field" => message.cut_short || message.fields.iter().any(|field| !is_named(field)),
            "control-in-header" => message.fields.iter().any(has_control),
            "blank-before-colon" => message.fields.iter().any(|field| {
                let before = field.octets.split(|&octet| octet == b':').next();
                before.is_some_and(|name| name.ends_with(b" ") || name.ends_with(b"\t"))
            }),
            "blanks-in-signature" => signature.is_some_and(|field| {
                let value = String::from_utf8_lossy(field.value());
                let mut tags = value.split(';');
                let tag = tags.find(|tag| tag.split('=').next().is_some_and(|n| n.trim() == "b"));
                let blank = |text: &str| text.ends_with([' ', '\t', '\n']);
                blank(&value) || tag.is_some_and(blank)
            }),
            "from-unlisted" => tag("h").is_some_and(|list| {
                let listed =
                    list.split(':').filter(|name| name.trim().eq_ignore_ascii_case("from"));
                listed.count() < message.all("From").count()
            }),
            "no-base64" => ["b", "bh"].into_iter().filter_map(tag).any(|value| !is_base64(&value)),
            "length-zero" => tag("l").is_some_and(|length| length == "0"),
            _ => panic!("{word:?} is no word of `when`"),
        }
    }
}

/// Whether it is base64 with nothing in it but white space and folds (RFC 6376 §2.10).
fn is_base64(value: &str) -> bool {
    let text = value.replace("\r\n ", "").replace("\r\n\t", "").replace([' ', '\t'], "");
    let data = text.trim_end_matches('=');
    let digits = data.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'));
    digits && text.len().is_multiple_of(4) && text.len() - data.len() <= 2
}

/// Whether what stands before the colon can be a field's name (RFC 5322 §3.6.8).
fn is_named(field: &Field) -> bool {
    let name = field.octets.split(|&octet| octet == b':').next().unwrap_or_default();
    let name = name.trim_ascii_end();
    !name.is_empty() && name.iter().all(u8::is_ascii_graphic)
}

/// Whether anything but CRLF and TAB is a control character.
fn has_control(field: &Field) -> bool {
    let text = String::from_utf8_lossy(&field.octets).replace("\r\n", "");
    text.bytes().any(|octet| octet.is_ascii_control() && octet != b'\t')
}

/// Whether a CR or LF stands there that is no part of CRLF.
fn alone(body: &[u8], octet: u8) -> bool {
    body.iter().enumerate().any(|(at, &b)| {
        b == octet
            && match octet {
                b'\r' => body.get(at + 1) != Some(&b'\n'),
                _ => at == 0 || body[at - 1] != b'\r',
            }
    })
}
