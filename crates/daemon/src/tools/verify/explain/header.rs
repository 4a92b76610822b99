//! The usual changes of a header, undone one by one until the hash is the signed one.

mod case;

pub(super) use case::{Case, Target};

use super::{Finding, wrapping};
use case::Part;
use std::collections::BTreeMap;
use twinseal_canon::dkim::Kind;
use twinseal_message::Field;
use twinseal_message::text::shown;

/// The most words of a subject among which a tag is looked for.
const MAX_SUBJECT_WORDS: usize = 40;

/// A change that may have happened: it says so when undoing it brings the signed header back.
type Hypothesis = fn(&Case<'_>) -> Option<Finding>;

/// All of them, the likely and the cheap ones first.
const HYPOTHESES: [Hypothesis; 9] = [
    other_canonicalization,
    field_added,
    subject_tagged,
    encoding_relabelled,
    from_rewritten,
    fields_reordered,
    lines_wrapped,
    white_space_changed,
    name_respelled,
];

impl Case<'_> {
    /// The first change that explains the header, among those that are tried before the work that
    /// is allowed is done.
    pub(super) fn cause(&self) -> Option<Finding> {
        HYPOTHESES.iter().find_map(|undone| undone(self))
    }
}

/// White space was changed in transit, which `relaxed` forgives, or the signer did not do what `c=`
/// says.
fn other_canonicalization(case: &Case<'_>) -> Option<Finding> {
    let mut signature = case.signature.clone();
    let (other, text) = match signature.canonicalization.header {
        Kind::Simple => {
            (Kind::Relaxed, "the signer hashed the header by relaxed, and c= says simple")
        }
        Kind::Relaxed => {
            (Kind::Simple, "the signer hashed the header by simple, and c= says relaxed")
        }
    };
    signature.canonicalization.header = other;
    case.fits_as(&signature)?.then(|| Finding::likely("header-canonicalization", text))
}

/// A field was added that `h=` takes, or says that there is no further one.
fn field_added(case: &Case<'_>) -> Option<Finding> {
    for (at, part) in case.parts.iter().enumerate().filter(|(_, part)| !part.is_own) {
        let without = |parts: &mut Vec<Part>| drop(parts.remove(at));
        if case.fits_when(without)? {
            let text = format!("the field {} was added", part.shown());
            return Some(Finding::likely("field-added", text));
        }
    }
    None
}

/// A list or a filter put words into the subject: `[list]`, `***SPAM***`.
fn subject_tagged(case: &Case<'_>) -> Option<Finding> {
    let mut parts = case.parts.iter().enumerate();
    let (at, subject) = parts.rfind(|(_, part)| part.is_named("Subject"))?;
    let value = subject.value();
    // Where words begin.
    let starts: Vec<usize> = (0..=value.len())
        .filter(|&at| {
            let before = at.checked_sub(1).and_then(|at| value.get(at));
            let blank = |octet: Option<&u8>| octet.is_none_or(u8::is_ascii_whitespace);
            at == value.len() || blank(before) && !blank(value.get(at))
        })
        .take(MAX_SUBJECT_WORDS)
        .collect();
    for (index, &from) in starts.iter().enumerate() {
        for &to in starts.get(index + 1..).unwrap_or_default() {
            let (before, words, after) =
                (value.get(..from)?, value.get(from..to)?, value.get(to..)?);
            let words = shown(&String::from_utf8_lossy(words.trim_ascii()));
            // Words may stand behind the others, and then the blank in front of them goes.
            for before in [before, before.trim_ascii_end()] {
                let without = subject.with(&[before, after].concat());
                if case.fits_with(at, without)? {
                    let text = format!("\"{words}\" was put into the subject");
                    return Some(Finding::likely("subject-tagged", text));
                }
            }
        }
    }
    None
}

/// What Content-Transfer-Encoding may have said.
const ENCODINGS: [&[u8]; 5] = [b" 8bit", b" 7bit", b" quoted-printable", b" base64", b" binary"];

/// The body was re-encoded, and the field that says how was changed or is new (trap P10).
fn encoding_relabelled(case: &Case<'_>) -> Option<Finding> {
    const NAME: &str = "Content-Transfer-Encoding";
    let text = |was: &[u8]| {
        let was = String::from_utf8_lossy(was.trim_ascii()).into_owned();
        Finding::likely("encoding-relabelled", format!("{NAME} was \"{was}\" when it was signed"))
    };
    let mut parts = case.parts.iter().enumerate();
    let found = parts.rfind(|(_, part)| part.is_named(NAME));
    for was in ENCODINGS {
        let fits = match found {
            Some((at, part)) => case.fits_with(at, part.with(was))?,
            None => {
                let octets = [NAME.as_bytes(), b":", was].concat();
                case.fits_when(|parts| parts.push(Part { octets, number: 0, is_own: false }))?
            }
        };
        if fits {
            return Some(text(was));
        }
    }
    None
}

/// Where those who rewrite From keep the author's address.
const ORIGINALS: [&str; 4] = ["X-Original-From", "Original-From", "X-Original-Sender", "Reply-To"];

/// A list put itself into From, and the author elsewhere.
fn from_rewritten(case: &Case<'_>) -> Option<Finding> {
    let mut parts = case.parts.iter().enumerate();
    let (at, from) = parts.rfind(|(_, part)| part.is_named("From"))?;
    let originals = case.parts.iter().filter(|part| ORIGINALS.iter().any(|one| part.is_named(one)));
    for original in originals {
        let restored = from.with(original.value());
        // The field itself may be new.
        let without = |parts: &mut Vec<Part>| {
            if let Some(part) = parts.get_mut(at) {
                *part = from.with(original.value());
            }
            parts.retain(|part| part != original);
        };
        if case.fits_with(at, restored)? || case.fits_when(without)? {
            let text = format!("From was rewritten; {} has what it was", original.shown());
            return Some(Finding::likely("from-rewritten", text));
        }
    }
    None
}

/// Two fields of one name changed places.
fn fields_reordered(case: &Case<'_>) -> Option<Finding> {
    let mut named: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, part) in case.parts.iter().enumerate().filter(|(_, part)| !part.is_own) {
        named.entry(part.name().to_ascii_lowercase()).or_default().push(at);
    }
    for places in named.values() {
        for (index, &first) in places.iter().enumerate() {
            for &second in places.get(index + 1..).unwrap_or_default() {
                if case.fits_when(|parts| parts.swap(first, second))? {
                    let (one, other) = (case.parts.get(first)?, case.parts.get(second)?);
                    let text = format!("{} and {} changed places", one.shown(), other.shown());
                    return Some(Finding::likely("fields-reordered", text));
                }
            }
        }
    }
    None
}

/// A field with a line too long for SMTP was broken (trap P9).
fn lines_wrapped(case: &Case<'_>) -> Option<Finding> {
    let part = case.part_that(|part| {
        let joined = [wrapping::unwrapped(&part.octets), wrapping::without_marks(&part.octets)];
        joined.into_iter().flatten().map(|octets| Part { octets, ..*part }).collect::<Vec<_>>()
    })?;
    let text =
        format!("a line of {} that is too long for SMTP was broken in transit", part.shown());
    Some(Finding::likely("header-lines-wrapped", text))
}

/// Folds or blanks were changed, in one field or in all of them; only `simple` minds.
fn white_space_changed(case: &Case<'_>) -> Option<Finding> {
    if case.signature.canonicalization.header == Kind::Relaxed {
        return None;
    }
    let code = "header-white-space";
    let respaced = case.part_that(|part| RESPACED.map(|respaced| respaced(part)));
    if let Some(part) = respaced.or_else(|| case.part_that(folded_once)) {
        let text =
            format!("white space in {} was changed; c=relaxed would have passed", part.shown());
        return Some(Finding::likely(code, text));
    }
    for respaced in RESPACED {
        let everywhere =
            |parts: &mut Vec<Part>| parts.iter_mut().for_each(|part| *part = respaced(part));
        if case.fits_when(everywhere)? {
            let text = "white space in the header was changed; c=relaxed would have passed";
            return Some(Finding::likely(code, text));
        }
    }
    None
}

/// The ways in which white space usually differs.
const RESPACED: [fn(&Part) -> Part; 7] = [
    |part| part.with(&folded(part.value(), b"")),
    |part| part.with(&folded(part.value(), b" ")),
    |part| part.with(&folded(part.value(), b"\r\n ")),
    |part| part.with(&folded(part.value(), b"\r\n\t")),
    // Trap W1
    |part| part.with(part.value().strip_prefix(b" ").unwrap_or(part.value())),
    |part| part.with(&[b" ", part.value()].concat()),
    |part| part.with(part.value().trim_ascii_end()),
];

/// The field with a fold at each of its blanks in turn: somebody unfolded it.
fn folded_once(part: &Part) -> impl Iterator<Item = Part> {
    let value = part.value();
    let blanks = value.iter().enumerate().filter(|(_, octet)| matches!(octet, b' ' | b'\t'));
    blanks.map(move |(at, _)| {
        let (before, after) = value.split_at(at);
        part.with(&[before, b"\r\n", after].concat())
    })
}

/// The value with every fold, and the white space around it, turned into that; where the fold is to
/// vanish, the white space behind it stays.
fn folded(value: &[u8], fold: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.windows(2).position(|pair| pair == b"\r\n") {
        let (line, after) = rest.split_at(at);
        let after = after.get(2..).unwrap_or_default();
        if fold.is_empty() {
            out.extend_from_slice(line);
            rest = after;
        } else {
            out.extend_from_slice(line.trim_ascii_end());
            out.extend_from_slice(fold);
            rest = after.trim_ascii_start();
        }
    }
    out.extend_from_slice(rest);
    out
}

/// The spellings of names that programs disagree about.
const SPELLINGS: [&str; 6] =
    ["Message-ID", "Message-Id", "MIME-Version", "Mime-Version", "CC", "Cc"];

/// A name was spelled anew; only `simple` minds.
fn name_respelled(case: &Case<'_>) -> Option<Finding> {
    if case.signature.canonicalization.header == Kind::Relaxed {
        return None;
    }
    let part = case.part_that(|part| {
        let known = SPELLINGS.iter().filter(|name| part.is_named(name));
        let mut names: Vec<Vec<u8>> = known.map(|name| name.as_bytes().to_vec()).collect();
        let name = part.field().map(Field::name).unwrap_or_default();
        names.push(name.to_ascii_lowercase());
        names.push(name.to_ascii_uppercase());
        names.push(capitalized(name));
        names.iter().map(|name| part.renamed(name)).collect::<Vec<_>>()
    })?;
    let text =
        format!("the name of {} was spelled otherwise; c=relaxed would have passed", part.shown());
    Some(Finding::likely("name-respelled", text))
}

fn capitalized(name: &[u8]) -> Vec<u8> {
    let mut after_hyphen = true;
    let letter = |octet: &u8| {
        let first = std::mem::replace(&mut after_hyphen, *octet == b'-');
        if first { octet.to_ascii_uppercase() } else { octet.to_ascii_lowercase() }
    };
    name.iter().map(letter).collect()
}
