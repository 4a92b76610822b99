//! Which signatures of a message are looked at (RFC 6376 §6.1, trap H20).
//!
//! Only a signature that may still pass costs a question to DNS and an operation with a key, so only
//! those count. Otherwise whoever adds a few broken fields above a good one would hide it.

use super::{Author, Demands};
use crate::FIELD;
use crate::signature::{Algorithm, BadSignature, Claims, Signature};
use crate::verdict::Outcome;
use twinseal_message::{Domain, Field, FieldName, HeaderBlock};

/// How many signatures of a message are read, from the top: as many as anybody may ask for.
pub const MAX_SIGNATURES_READ: usize = 100;

/// A signature's field, and whether it is gone into.
pub(super) struct Choice {
    /// Which field of the header it is.
    pub(super) field: usize,
    pub(super) claims: Claims,
    /// What is to be checked, or what is known already.
    pub(super) fate: Result<Signature, Outcome>,
    turn: Turn,
}

/// How soon a signature's turn comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    /// Its domain is the author's, or one that is named as trusted.
    First,
    /// Any other.
    Then,
    /// It does not count here at all, whatever it is.
    Never,
}

/// The signatures of a header that are read, from top to bottom.
pub(super) fn choose(
    header: &HeaderBlock,
    author: &Author,
    demands: &Demands,
    now: u64,
) -> Vec<Choice> {
    let there = |name: &&FieldName| header.named(name.as_str()).next().is_some();
    let demanded: Vec<&FieldName> = demands.fields.iter().filter(there).collect();
    let fields = header.fields().enumerate().filter(|(_, field)| field.is_named(FIELD));
    let read = |(field, text): (usize, Field<'_>)| {
        let (claims, signature) = Signature::parse(text);
        let signature = signature.map_err(Outcome::Malformed);
        let fate =
            signature.and_then(|one| match objection(&one, &demanded, author, demands, now) {
                Some(outcome) => Err(outcome),
                None => Ok(one),
            });
        let turn = match &fate {
            Err(Outcome::NotTrusted) => Turn::Never,
            _ => turn(&claims, author, demands),
        };
        Choice { field, claims, fate, turn }
    };
    let mut choices: Vec<Choice> = fields.take(MAX_SIGNATURES_READ).map(read).collect();
    // What is told about those that cannot pass is limited too.
    for hopeful in [true, false] {
        leave(&mut choices, hopeful, demands.signatures);
    }
    choices
}

fn turn(claims: &Claims, author: &Author, demands: &Demands) -> Turn {
    let is_named =
        |domain: &Domain| demands.trusted.as_ref().is_some_and(|list| list.trusts(domain));
    let first = |domain: &&Domain| author.is_in(domain) || is_named(domain);
    claims.domain.as_ref().filter(first).map_or(Turn::Then, |_| Turn::First)
}

/// Leaves all but so many of those that may pass, or of those that cannot, to themselves.
fn leave(choices: &mut [Choice], hopeful: bool, limit: usize) {
    let of_that_kind = choices.iter().enumerate().filter(|(_, one)| one.fate.is_ok() == hopeful);
    let mut order: Vec<(Turn, usize)> = of_that_kind.map(|(at, one)| (one.turn, at)).collect();
    order.sort_unstable();
    for (_, at) in order.into_iter().skip(limit) {
        if let Some(choice) = choices.get_mut(at) {
            choice.fate = Err(Outcome::NotExamined { limit });
        }
    }
}

/// What can be said against a signature before its key is known.
fn objection(
    signature: &Signature,
    demanded: &[&FieldName],
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
    let missing = |name: &&&FieldName| signature.lists(name.as_str()) == 0;
    if let Some(&name) = demanded.iter().find(missing) {
        return Some(Outcome::FieldNotSigned { name: name.clone() });
    }
    let domain = &signature.domain;
    let trusted = demands.trusted.as_ref();
    let counts = author.is_in(domain) || trusted.is_none_or(|trusted| trusted.trusts(domain));
    (!counts).then_some(Outcome::NotTrusted)
}
