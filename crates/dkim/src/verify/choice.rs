//! Which signatures of a message are looked at (RFC 6376 §6.1, trap H20).
//!
//! Only a signature that may still pass costs a question to DNS and an operation with a key, so only
//! those count. Otherwise whoever adds a few broken fields above a good one would hide it.

use super::{Author, Demands};
use crate::FIELD;
use crate::signature::{Algorithm, BadSignature, Claims, Signature};
use crate::verdict::Outcome;
use twinseal_message::{Field, FieldName, HeaderBlock};

/// How many signatures of a message are read, from the top: as many as anybody may ask for.
pub const MAX_SIGNATURES_READ: usize = 100;

/// A signature's field, and whether it is gone into.
pub(super) struct Choice {
    /// Which field of the header it is.
    pub(super) field: usize,
    pub(super) claims: Claims,
    /// What is to be checked, or what is known already.
    pub(super) fate: Result<Signature, Outcome>,
}

/// How soon a signature's turn comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    /// Its domain is the author's, or one that is named as trusted.
    First,
    /// Any other.
    Then,
}

/// All signatures of a header, from top to bottom.
pub(super) fn choose(
    header: &HeaderBlock,
    author: &Author,
    demands: &Demands,
    now: u64,
) -> Vec<Choice> {
    let limit = demands.signatures;
    let fields = header.fields().enumerate().filter(|(_, field)| field.is_named(FIELD));
    let read = |(at, (field, text)): (usize, (usize, Field<'_>))| {
        if at >= MAX_SIGNATURES_READ {
            let fate = Err(Outcome::NotExamined { limit });
            return Choice { field, claims: Claims::default(), fate };
        }
        let (claims, signature) = Signature::parse(text);
        let signature = signature.map_err(Outcome::Malformed);
        let fate = signature.and_then(|one| match objection(&one, header, author, demands, now) {
            Some(outcome) => Err(outcome),
            None => Ok(one),
        });
        Choice { field, claims, fate }
    };
    let mut choices: Vec<Choice> = fields.enumerate().map(read).collect();
    let turn = |signature: &Signature| {
        let trusted = demands.trusted.as_ref();
        let named = trusted.is_some_and(|trusted| trusted.trusts(&signature.domain));
        if named || author.is_in(&signature.domain) { Turn::First } else { Turn::Then }
    };
    let hopeful = choices.iter().enumerate();
    let hopeful = hopeful.filter_map(|(at, choice)| Some((turn(choice.fate.as_ref().ok()?), at)));
    let mut hopeful: Vec<(Turn, usize)> = hopeful.collect();
    hopeful.sort_unstable();
    let left = hopeful.into_iter().skip(limit).map(|(_, at)| at);
    // What is told about a message is limited too.
    let hopeless = choices.iter().enumerate().filter(|(_, choice)| choice.fate.is_err());
    let left: Vec<usize> = hopeless.map(|(at, _)| at).skip(limit).chain(left).collect();
    for at in left {
        if let Some(choice) = choices.get_mut(at) {
            choice.claims = Claims::default();
            choice.fate = Err(Outcome::NotExamined { limit });
        }
    }
    choices
}

/// What can be said against a signature before its key is known.
fn objection(
    signature: &Signature,
    header: &HeaderBlock,
    author: &Author,
    demands: &Demands,
    now: u64,
) -> Option<Outcome> {
    // RFC 8301 §3.1 (trap H16)
    if signature.algorithm == Algorithm::RsaSha1 {
        return Some(Outcome::Sha1);
    }
    if author.fields == 0 {
        return Some(Outcome::Malformed(BadSignature::NoFrom));
    }
    let covered = signature.lists("from");
    if author.fields > covered {
        return Some(Outcome::FromNotCovered { fields: author.fields, covered });
    }
    let drift = demands.clock_drift.as_secs();
    if let Some(at) = signature.expires.filter(|at| at.saturating_add(drift) < now) {
        return Some(Outcome::Expired { at });
    }
    if let Some(at) = signature.signed_at.filter(|&at| at > now.saturating_add(drift)) {
        return Some(Outcome::FromTheFuture { at });
    }
    let missing = |name: &&FieldName| {
        signature.lists(name.as_str()) == 0 && header.named(name.as_str()).next().is_some()
    };
    if let Some(name) = demands.fields.iter().find(missing) {
        return Some(Outcome::FieldNotSigned { name: name.clone() });
    }
    let domain = &signature.domain;
    let trusted = demands.trusted.as_ref();
    let counts = author.is_in(domain) || trusted.is_none_or(|trusted| trusted.trusts(domain));
    (!counts).then_some(Outcome::NotTrusted)
}
