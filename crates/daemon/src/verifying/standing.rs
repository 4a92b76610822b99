//! What all verdicts about a message come to.

use twinseal_dkim::{Outcome, Verdict};

/// What is to be made of a message, as far as its signatures are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing<'v> {
    /// A signature is valid.
    Valid,
    /// There is none that counts.
    Unsigned,
    /// None is valid, and this is what stands for all of them.
    Invalid(Cause, &'v Verdict),
}

/// Why no signature is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// DNS did not say what the key is.
    NoAnswer,
    /// There is no key.
    NoKey,
    /// The key was revoked.
    Revoked,
    /// The signature's field cannot be read.
    Syntax,
    /// The signature cannot be used.
    Unusable,
    /// The message is not the one that was signed.
    Mismatch,
}

impl<'v> Standing<'v> {
    /// One valid signature is enough (RFC 6376 §6.1). Otherwise a signature that a later attempt
    /// may find valid decides, and else the topmost, which is the last that was made.
    #[must_use]
    pub fn of(verdicts: &'v [Verdict]) -> Self {
        if verdicts.iter().any(|verdict| verdict.outcome == Outcome::Pass) {
            return Self::Valid;
        }
        let causes = || {
            let cause = |verdict: &'v Verdict| Some((Cause::of(&verdict.outcome)?, verdict));
            verdicts.iter().filter_map(cause)
        };
        let unanswered = causes().find(|(cause, _)| *cause == Cause::NoAnswer);
        match unanswered.or_else(|| causes().next()) {
            Some((cause, verdict)) => Self::Invalid(cause, verdict),
            None => Self::Unsigned,
        }
    }

    /// Whether the owner of the key that decides is only testing: then nothing may be held against
    /// the message (RFC 6376 §3.6.1, `t=y`).
    #[must_use]
    pub fn is_testing(self) -> bool {
        match self {
            Self::Valid | Self::Unsigned => false,
            Self::Invalid(_, verdict) => verdict.key.is_some_and(|key| key.testing),
        }
    }
}

impl Cause {
    /// `None` for a valid signature, and for one that does not count here at all.
    #[must_use]
    pub const fn of(outcome: &Outcome) -> Option<Self> {
        match outcome {
            Outcome::Pass | Outcome::NotTrusted | Outcome::NotExamined { .. } => None,
            Outcome::KeyUnavailable(_) => Some(Self::NoAnswer),
            Outcome::NoKey | Outcome::NoKeyRecord => Some(Self::NoKey),
            Outcome::KeyRevoked => Some(Self::Revoked),
            Outcome::Malformed(_) => Some(Self::Syntax),
            Outcome::BodyChanged | Outcome::BodyShorter { .. } | Outcome::SignatureWrong => {
                Some(Self::Mismatch)
            }
            Outcome::Expired { .. }
            | Outcome::FromTheFuture { .. }
            | Outcome::BodyNotCovered(_)
            | Outcome::FieldNotSigned { .. }
            | Outcome::FromNotCovered { .. }
            | Outcome::KeyBelowMinimum { .. }
            | Outcome::Sha1
            | Outcome::KeyTooSmall { .. }
            | Outcome::BadKey(_)
            | Outcome::KeyOfAnotherKind
            | Outcome::HashNotAllowed
            | Outcome::NotForMail
            | Outcome::SubdomainNotAllowed => Some(Self::Unusable),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cause, Standing};
    use twinseal_dkim::{Claims, KeyFacts, LookupFailure, Outcome, Security, Verdict};

    fn verdict(outcome: Outcome) -> Verdict {
        Verdict { claims: Claims::default(), outcome, key: None, coverage: None }
    }

    fn cause(outcomes: &[Outcome]) -> Option<Cause> {
        let verdicts: Vec<Verdict> = outcomes.iter().cloned().map(verdict).collect();
        match Standing::of(&verdicts) {
            Standing::Valid | Standing::Unsigned => None,
            Standing::Invalid(cause, _) => Some(cause),
        }
    }

    #[test]
    fn one_valid_signature_is_enough() {
        let verdicts = [Outcome::BodyChanged, Outcome::Pass].map(verdict);
        assert_eq!(Standing::of(&verdicts), Standing::Valid);
    }

    #[test]
    fn what_dns_may_still_mend_decides_before_anything_else() {
        // Trap H17
        let timeout = Outcome::KeyUnavailable(LookupFailure::Timeout);
        assert_eq!(cause(&[Outcome::BodyChanged, timeout]), Some(Cause::NoAnswer));
        assert_eq!(cause(&[Outcome::NoKey, Outcome::BodyChanged]), Some(Cause::NoKey));
    }

    #[test]
    fn signatures_that_do_not_count_here_are_no_signatures() {
        let verdicts = [Outcome::NotTrusted, Outcome::NotExamined { limit: 1 }].map(verdict);
        assert_eq!(Standing::of(&verdicts), Standing::Unsigned);
        assert_eq!(Standing::of(&[]), Standing::Unsigned);
    }

    #[test]
    fn who_is_testing_is_known_by_the_key_that_decides() {
        let mut verdict = verdict(Outcome::SignatureWrong);
        let facts = KeyFacts { bits: Some(2048), testing: true, security: Security::Unproved };
        verdict.key = Some(facts);
        assert!(Standing::of(&[verdict.clone()]).is_testing());
        verdict.key = Some(KeyFacts { testing: false, ..facts });
        assert!(!Standing::of(&[verdict]).is_testing());
    }
}
