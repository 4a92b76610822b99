//! The usual changes of a header, undone one by one until the hash is the signed one.

use super::{Finding, sha256, wrapping};
use std::cell::Cell;
use twinseal_canon::dkim::Kind;
use twinseal_dkim::Signature;
use twinseal_keys::PublicKey;
use twinseal_message::text::shown;
use twinseal_message::{Field, HeaderBlock};

/// How many headers are hashed in search of a cause.
const MAX_TRIES: usize = 5_000;

/// How many octets are hashed in search of a cause.
const MAX_WORK_OCTETS: usize = 64 * 1024 * 1024;

/// The most words of a subject among which a tag is looked for.
const MAX_SUBJECT_WORDS: usize = 40;

/// What a header has to come to.
pub(super) enum Target<'k> {
    /// The hash that was signed.
    Digest([u8; 32]),
    /// Something that this key has signed.
    Key(&'k PublicKey),
}

/// A header, and what it should come to.
pub(super) struct Case<'a> {
    signature: &'a Signature,
    target: Target<'a>,
    /// The fields that could have been signed, from the top; all others do not matter.
    parts: Vec<Part>,
    tries: Cell<usize>,
    octets: Cell<usize>,
}

/// One field.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    octets: Vec<u8>,
    /// From 1 at the top of the message.
    number: usize,
    /// Whether it is the signature's own field.
    is_own: bool,
}

impl Part {
    fn field(&self) -> Option<Field<'_>> {
        Field::new(&self.octets)
    }

    fn is_named(&self, name: &str) -> bool {
        self.field().is_some_and(|field| field.is_named(name))
    }

    fn value(&self) -> &[u8] {
        self.field().map(Field::value).unwrap_or_default()
    }

    fn name(&self) -> String {
        shown(&String::from_utf8_lossy(self.field().map(Field::name).unwrap_or_default()))
    }

    /// The same field with another value.
    fn with(&self, value: &[u8]) -> Self {
        let before = self.octets.len() - self.value().len();
        let before = self.octets.get(..before).unwrap_or_default();
        Self { octets: [before, value].concat(), ..*self }
    }

    /// The same field with another name.
    fn renamed(&self, name: &[u8]) -> Self {
        Self { octets: [name, b":", self.value()].concat(), ..*self }
    }

    fn shown(&self) -> String {
        format!("{} (field {})", self.name(), self.number)
    }
}

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

impl<'a> Case<'a> {
    pub(super) fn new(
        header: &'a HeaderBlock,
        own: usize,
        signature: &'a Signature,
        target: Target<'a>,
    ) -> Self {
        let parts = header.fields().enumerate().filter_map(|(index, field)| {
            let is_own = index == own;
            let name = field.name();
            let listed = signature.fields.iter().any(|listed| listed.eq_ignore_ascii_case(name));
            // Fields that hold what another one was before are asked about too.
            let matters = is_own || listed || ORIGINALS.iter().any(|name| field.is_named(name));
            matters.then(|| Part { octets: field.octets().to_vec(), number: index + 1, is_own })
        });
        let (tries, octets) = (Cell::new(MAX_TRIES), Cell::new(MAX_WORK_OCTETS));
        Self { signature, target, parts: parts.collect(), tries, octets }
    }

    /// The first change that explains the header.
    pub(super) fn cause(&self) -> Option<Finding> {
        HYPOTHESES.iter().find_map(|undone| undone(self))
    }

    fn fits(&self, parts: &[Part]) -> bool {
        self.fits_as(self.signature, parts)
    }

    fn fits_as(&self, signature: &Signature, parts: &[Part]) -> bool {
        let octets: usize = parts.iter().map(|part| part.octets.len()).sum();
        let (Some(tries), Some(left)) =
            (self.tries.get().checked_sub(1), self.octets.get().checked_sub(octets))
        else {
            return false;
        };
        self.tries.set(tries);
        self.octets.set(left);
        let Some(signed) = signed_octets(signature, parts) else { return false };
        match &self.target {
            Target::Digest(digest) => sha256(&signed) == *digest,
            Target::Key(key) => key.verifies(&signed, &signature.signature),
        }
    }

    /// Whether the header fits with that part changed so.
    fn fits_with(&self, at: usize, changed: Part) -> bool {
        let mut parts = self.parts.clone();
        if let Some(part) = parts.get_mut(at) {
            *part = changed;
        }
        self.fits(&parts)
    }

    /// The first part, with its place, for which one of the changed ones fits. The signature's own
    /// field is left as it is.
    fn part_that<I>(&self, change: impl Fn(&Part) -> I) -> Option<&Part>
    where
        I: IntoIterator<Item = Part>,
    {
        let mut parts = self.parts.iter().enumerate();
        parts.find_map(|(at, part)| {
            let fits = |changed: Part| changed != *part && self.fits_with(at, changed);
            change(part).into_iter().any(fits).then_some(part)
        })
    }
}

/// What the signature would have been made over.
fn signed_octets(signature: &Signature, parts: &[Part]) -> Option<Vec<u8>> {
    let mut header = HeaderBlock::with_limit(usize::MAX);
    for part in parts {
        let name = part.octets.len().checked_sub(part.value().len() + 1)?;
        header.push(part.octets.get(..name)?, part.value()).ok()?;
    }
    let own = parts.iter().position(|part| part.is_own)?;
    // Where b= lies is known again only once the field is read again.
    let mut changed = Signature::parse(header.fields().nth(own)?).1.ok()?;
    changed.canonicalization = signature.canonicalization;
    let fields: Vec<Field<'_>> = header.fields().collect();
    let numbers = changed.taken(&header, own);
    let taken = numbers.into_iter().filter_map(|number| fields.get(number?).copied());
    Some(changed.signed_octets(taken, *fields.get(own)?))
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
    let fits = case.fits_as(&signature, &case.parts);
    fits.then(|| Finding::likely("header-canonicalization", text))
}

/// A field was added that `h=` takes, or says that there is no further one.
fn field_added(case: &Case<'_>) -> Option<Finding> {
    let added = |at: &usize| {
        let mut parts = case.parts.clone();
        let part = parts.remove(*at);
        (!part.is_own && case.fits(&parts)).then_some(part)
    };
    let part = (0..case.parts.len()).find_map(|at| added(&at))?;
    let text = format!("the field {} was added", part.shown());
    Some(Finding::likely("field-added", text))
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
                if case.fits_with(at, without) {
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
            Some((at, part)) => case.fits_with(at, part.with(was)),
            None => {
                let octets = [NAME.as_bytes(), b":", was].concat();
                let part = Part { octets, number: 0, is_own: false };
                case.fits(&[case.parts.as_slice(), &[part]].concat())
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
        let mut parts = case.parts.clone();
        if let Some(part) = parts.get_mut(at) {
            *part = restored;
        }
        // The field itself may be new.
        let without: Vec<Part> = parts.iter().filter(|part| *part != original).cloned().collect();
        if case.fits(&parts) || case.fits(&without) {
            let text = format!("From was rewritten; {} has what it was", original.shown());
            return Some(Finding::likely("from-rewritten", text));
        }
    }
    None
}

/// Two fields of one name changed places.
fn fields_reordered(case: &Case<'_>) -> Option<Finding> {
    for (first, one) in case.parts.iter().enumerate() {
        for (second, other) in case.parts.iter().enumerate().skip(first + 1) {
            if one.is_own || other.is_own || !other.is_named(&one.name()) {
                continue;
            }
            let mut parts = case.parts.clone();
            parts.swap(first, second);
            if case.fits(&parts) {
                let text = format!("{} and {} changed places", one.shown(), other.shown());
                return Some(Finding::likely("fields-reordered", text));
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
    let everywhere = |respaced: &fn(&Part) -> Part| {
        let parts: Vec<Part> = case.parts.iter().map(respaced).collect();
        case.fits(&parts)
    };
    let text = "white space in the header was changed; c=relaxed would have passed";
    RESPACED.iter().any(everywhere).then(|| Finding::likely(code, text))
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
fn folded_once(part: &Part) -> Vec<Part> {
    let value = part.value();
    let blanks = value.iter().enumerate().filter(|(_, octet)| matches!(octet, b' ' | b'\t'));
    let fold = |(at, _)| {
        let (before, after) = value.split_at(at);
        part.with(&[before, b"\r\n", after].concat())
    };
    blanks.map(fold).collect()
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
