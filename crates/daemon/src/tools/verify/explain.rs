//! Why a signature fails: what was hashed, and which change in transit explains it.
//!
//! A cause is called likely only when undoing it brings the signed hash back. Whatever else is said
//! is known.
//!
//! | module | what is in it |
//! |---|---|
//! | `body` | the usual changes of a body, undone one by one |
//! | `header` | the same for a header |
//! | `encoding` | parts in quoted-printable, turned back |
//! | `wrapping` | lines that were broken for their length, joined |
//! | `escape` | octets, made visible |

mod body;
mod encoding;
mod escape;
mod header;
mod wrapping;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;
use std::fmt;
use twinseal_dkim::{
    Algorithm, FIELD, KeyQuery, Outcome, PublishedKey, Signature, TxtAnswer, Verdict,
};
use twinseal_keys::{KeyKind, Recovered, Sha256};
use twinseal_message::{Field, HeaderBlock};

/// The largest body that is held to be explained, in octets. Larger ones are judged as ever.
const MAX_HELD_OCTETS: usize = 16 * 1024 * 1024;

/// How much of a canonical body is shown unless all of it is asked for, in octets.
const SHOWN_BODY_OCTETS: usize = 4 * 1024;

/// What was hashed for a signature, and what there is to say about it.
#[derive(Debug, Serialize)]
pub(super) struct Explanation {
    /// What the entries of `h=` took, in their order.
    pub(super) fields: Vec<Taken>,
    /// The canonical header, escaped, line by line; the signature's own field comes last.
    pub(super) header: Vec<String>,
    pub(super) header_octets: usize,
    pub(super) header_hash: HeaderHash,
    /// The beginning of the canonical body, escaped, line by line.
    pub(super) body: Vec<String>,
    pub(super) body_octets: u64,
    /// What of the body is not shown.
    pub(super) body_note: Option<String>,
    /// SHA-256 in base64; `None` when the body was too large to be held.
    pub(super) body_hash: Option<String>,
    /// `bh=`
    pub(super) claimed_body_hash: String,
    pub(super) findings: Vec<Finding>,
}

/// An entry of `h=`.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) name: String,
    /// Which field it took, from 1 at the top; `None` when none was left.
    pub(super) number: Option<usize>,
}

/// SHA-256 over the canonical header, in base64.
#[derive(Debug, Serialize)]
pub(super) struct HeaderHash {
    computed: String,
    /// What the signature was made over, where the key tells.
    signed: Option<String>,
}

impl fmt::Display for HeaderHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; signed: {}", self.computed, self.signed.as_deref().unwrap_or("unknown"))
    }
}

/// Something that there is to say.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub(super) struct Finding {
    /// A stable code.
    code: &'static str,
    /// Whether it is the cause that undoing a change has found. What is not likely is known.
    likely: bool,
    text: String,
}

impl Finding {
    fn likely(code: &'static str, text: impl Into<String>) -> Self {
        Self { code, likely: true, text: text.into() }
    }

    fn known(code: &'static str, text: impl Into<String>) -> Self {
        Self { code, likely: false, text: text.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = if self.likely { "likely" } else { "known" };
        write!(f, "{how}: {} (cause={})", self.text, self.code)
    }
}

/// A body as it is on the wire, as long as it is not too large.
#[derive(Debug, Default)]
pub(super) struct HeldBody {
    octets: Vec<u8>,
    too_large: bool,
}

impl HeldBody {
    pub(super) fn feed(&mut self, chunk: &[u8]) {
        self.too_large |= self.octets.len() + chunk.len() > MAX_HELD_OCTETS;
        if self.too_large {
            self.octets = Vec::new();
        } else {
            self.octets.extend_from_slice(chunk);
        }
    }

    fn octets(&self) -> Option<&[u8]> {
        (!self.too_large).then_some(&self.octets)
    }
}

/// An explanation for each signature that can be read and does not pass.
pub(super) fn all(
    header: &HeaderBlock,
    body: &HeldBody,
    verdicts: &[Verdict],
    answers: &[(KeyQuery, TxtAnswer)],
    whole_body: bool,
) -> Vec<Option<Explanation>> {
    let message = Message { header, body, whole_body };
    let fields = header.fields().enumerate().filter(|(_, field)| field.is_named(FIELD));
    let explained = fields.zip(verdicts).map(|((own, field), verdict)| {
        if matches!(verdict.outcome, Outcome::Pass | Outcome::NotExamined { .. }) {
            return None;
        }
        let signature = Signature::parse(field).1.ok()?;
        let query = KeyQuery::new(&signature.selector, &signature.domain);
        let answer = answers.iter().find(|(asked, _)| *asked == query);
        let key = answer.and_then(|(_, answer)| published(answer));
        Some(message.explain(&signature, (own, field), key.as_ref()))
    });
    explained.collect()
}

fn published(answer: &TxtAnswer) -> Option<PublishedKey> {
    match answer {
        TxtAnswer::Records { texts, .. } => PublishedKey::first(texts).ok(),
        TxtAnswer::NoRecord | TxtAnswer::NoName | TxtAnswer::Failed(_) => None,
    }
}

struct Message<'m> {
    header: &'m HeaderBlock,
    body: &'m HeldBody,
    whole_body: bool,
}

impl Message<'_> {
    fn explain(
        &self,
        signature: &Signature,
        (own, field): (usize, Field<'_>),
        key: Option<&PublishedKey>,
    ) -> Explanation {
        let numbers = signature.taken(self.header, own);
        let all: Vec<Field<'_>> = self.header.fields().collect();
        let taken = numbers.iter().filter_map(|number| all.get((*number)?).copied());
        let signed = signature.signed_octets(taken, field);
        let state = header_state(signature, &signed, key);
        let mut findings = header_findings(self.header, own, signature, &state);
        let mut explanation = Explanation {
            fields: signature.fields.iter().map(AsRef::as_ref).zip(numbers).map(entry).collect(),
            header: escape::lines(&signed),
            header_octets: signed.len(),
            header_hash: HeaderHash {
                computed: BASE64.encode(sha256(&signed)),
                signed: state.digest(&signed).map(|digest| BASE64.encode(digest)),
            },
            body: Vec::new(),
            body_octets: 0,
            body_note: None,
            body_hash: None,
            claimed_body_hash: BASE64.encode(&signature.body_hash),
            findings: Vec::new(),
        };
        match self.body.octets() {
            Some(octets) => {
                findings.append(&mut self.add_body(octets, signature, &mut explanation))
            }
            None => {
                let note = format!("a body of more than {MAX_HELD_OCTETS} octets is not explained");
                explanation.body_note = Some(note);
            }
        }
        explanation.findings = findings;
        explanation
    }

    fn add_body(
        &self,
        octets: &[u8],
        signature: &Signature,
        explanation: &mut Explanation,
    ) -> Vec<Finding> {
        let case = body::Case::new(self.header, octets, signature);
        let canonical = case.canonical();
        explanation.body_octets = canonical.len() as u64;
        let limit = if self.whole_body { usize::MAX } else { SHOWN_BODY_OCTETS };
        explanation.body = escape::lines(canonical.get(..limit).unwrap_or(&canonical));
        explanation.body_note = (canonical.len() > limit).then(|| {
            format!("only the first {limit} octets are shown; --whole-body shows all of them")
        });
        explanation.body_hash = Some(BASE64.encode(sha256(&canonical)));
        // RFC 8301 §3.1: a hash of another kind is compared with nothing.
        if signature.algorithm == Algorithm::RsaSha1 { Vec::new() } else { vec![case.finding()] }
    }
}

fn entry((name, number): (&[u8], Option<usize>)) -> Taken {
    let name = escape::one_line(name);
    Taken { name, number: number.map(|number| number + 1) }
}

fn sha256(octets: &[u8]) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(octets);
    digest.finish()
}

/// How the signature, its key and the header go together.
enum HeaderState<'k> {
    /// There is no key that could tell.
    Unknown,
    /// The key made the signature over this header.
    Fits,
    /// The key made the signature, over something with another hash.
    Changed([u8; 32]),
    /// The key made the signature, over no SHA-256 hash.
    NotSha256,
    /// The key did not make the signature, or the signature is damaged.
    OtherKey,
    /// It is one or the other: the key does not tell (Ed25519).
    ChangedOrOtherKey(&'k PublishedKey),
}

impl HeaderState<'_> {
    /// What was signed, where that is known.
    fn digest(&self, signed: &[u8]) -> Option<[u8; 32]> {
        match self {
            Self::Fits => Some(sha256(signed)),
            Self::Changed(digest) => Some(*digest),
            Self::Unknown | Self::NotSha256 | Self::OtherKey | Self::ChangedOrOtherKey(_) => None,
        }
    }
}

fn header_state<'k>(
    signature: &Signature,
    signed: &[u8],
    published: Option<&'k PublishedKey>,
) -> HeaderState<'k> {
    let Some(published) = published else { return HeaderState::Unknown };
    let fits = matches!(
        (signature.algorithm, published.key.kind()),
        (Algorithm::RsaSha256, KeyKind::Rsa { .. }) | (Algorithm::Ed25519Sha256, KeyKind::Ed25519)
    );
    if !fits {
        return HeaderState::Unknown;
    }
    match published.key.recover(&signature.signature) {
        Recovered::Sha256(digest) if digest == sha256(signed) => HeaderState::Fits,
        Recovered::Sha256(digest) => HeaderState::Changed(digest),
        Recovered::Otherwise => HeaderState::NotSha256,
        Recovered::Nothing => HeaderState::OtherKey,
        Recovered::Untold if published.key.verifies(signed, &signature.signature) => {
            HeaderState::Fits
        }
        Recovered::Untold => HeaderState::ChangedOrOtherKey(published),
    }
}

fn header_findings(
    header: &HeaderBlock,
    own: usize,
    signature: &Signature,
    state: &HeaderState<'_>,
) -> Vec<Finding> {
    let search = |target| header::Case::new(header, own, signature, target).cause();
    let finding = match state {
        HeaderState::Unknown => return Vec::new(),
        HeaderState::Fits => {
            Finding::known("header-fits", "the published key made this signature over this header")
        }
        HeaderState::Changed(digest) => {
            search(header::Target::Digest(*digest)).unwrap_or_else(|| {
                Finding::known(
                    "header-changed",
                    "the published key made this signature over another header: a field that h= \
                     takes, or the signature itself, is not what it was; none of the usual changes \
                     explains it",
                )
            })
        }
        HeaderState::NotSha256 => {
            Finding::known("not-sha256", "what the published key signed is no SHA-256 hash")
        }
        HeaderState::OtherKey => Finding::known(
            "key-changed",
            "the published key did not make this signature: the key was changed, or b= is damaged",
        ),
        HeaderState::ChangedOrOtherKey(published) => search(header::Target::Key(&published.key))
            .unwrap_or_else(|| {
                Finding::known(
                    "header-or-key-changed",
                    "either the header or the key was changed, or b= is damaged; none of the usual \
                     changes of a header explains it",
                )
            }),
    };
    vec![finding]
}

#[cfg(test)]
mod tests;
