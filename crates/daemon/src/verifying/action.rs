//! What follows from a standing.

use super::standing::{Cause, Standing};
use twinseal_config::{Action, Actions, Door};
use twinseal_milter::{BadSmtpReply, SmtpReply};

/// What is done with a message, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// What is done.
    pub action: Action,
    /// Why, in words that the client may be told.
    pub why: Why,
}

/// Why something is done with a message.
///
/// Exhaustive on purpose: each has its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Why {
    /// It has a valid signature.
    Valid,
    /// It has no signature.
    Unsigned,
    /// None of its signatures is valid.
    Invalid(Cause),
    /// Its header is larger than what is looked at.
    HeaderTooLarge,
    /// We failed.
    Internal,
    /// Its author's domain says that all its mail is signed, and that other mail should be dropped.
    Adsp,
    /// Its author's domain does not exist.
    NoSuchDomain,
    /// It is ours, and cannot be signed.
    CannotSign,
    /// It is ours, and its signatures would not survive.
    Forecast,
}

/// What follows from what the signatures come to. One function, and one test of all of it.
#[must_use]
pub fn decide(standing: Standing<'_>, actions: &Actions, door: Door) -> Decision {
    let (action, why) = match standing {
        Standing::Valid => (Action::Accept, Why::Valid),
        Standing::Unsigned => (actions.no_signature, Why::Unsigned),
        Standing::Invalid(cause, _) => (of_cause(cause, actions, door), Why::Invalid(cause)),
    };
    // RFC 6376 §3.6.1: mail of a domain that is testing is treated as if it were not signed; that
    // it is accepted is what every door promises.
    let action = if standing.is_testing() { Action::Accept } else { action };
    Decision { action, why }
}

const fn of_cause(cause: Cause, actions: &Actions, door: Door) -> Action {
    match (cause, door) {
        (Cause::NoAnswer, _) => actions.dns_error,
        (Cause::NoKey, _) => actions.key_not_found,
        // No parameter of dkim-filter had a say in it.
        (Cause::Revoked, Door::DkimFilter) => Action::TempFail,
        (Cause::Revoked | Cause::Syntax | Cause::Unusable | Cause::Mismatch, _) => {
            actions.bad_signature
        }
    }
}

impl Why {
    /// Its stable name.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Unsigned => "unsigned",
            Self::Invalid(Cause::NoAnswer) => "no-answer",
            Self::Invalid(Cause::NoKey) => "no-key",
            Self::Invalid(Cause::Revoked) => "revoked",
            Self::Invalid(Cause::Syntax) => "syntax",
            Self::Invalid(Cause::Unusable) => "unusable",
            Self::Invalid(Cause::Mismatch) => "mismatch",
            Self::HeaderTooLarge => "header-too-large",
            Self::Internal => "internal",
            Self::Adsp => "adsp",
            Self::NoSuchDomain => "no-such-domain",
            Self::CannotSign => "cannot-sign",
            Self::Forecast => "forecast",
        }
    }

    /// What the client is told.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Valid => "DKIM verification successful",
            Self::Unsigned => "no DKIM signature data",
            Self::Invalid(Cause::NoAnswer | Cause::NoKey) => "DKIM key retrieval failed",
            Self::Invalid(Cause::Revoked) => "DKIM key revoked",
            Self::Invalid(Cause::Syntax) => "DKIM signature syntax error",
            Self::Invalid(Cause::Unusable) => "DKIM signature verification failed",
            Self::Invalid(Cause::Mismatch) => "bad DKIM signature data",
            Self::HeaderTooLarge => "too much header data",
            Self::Internal => "internal DKIM error",
            Self::Adsp => "rejected due to DKIM ADSP evaluation",
            Self::NoSuchDomain => "sender domain does not exist",
            Self::CannotSign => "DKIM signing error",
            Self::Forecast => "it would not arrive as it is signed",
        }
    }

    /// The enhanced status code of a rejection (RFC 3463). Ours are those of RFC 7372 §3.1; the
    /// historic programs are older than that.
    const fn rejection(self, door: Door) -> &'static str {
        match (self, door) {
            (Self::Adsp | Self::NoSuchDomain, _) => "5.7.1",
            (Self::Forecast, _) => "5.6.0",
            (Self::Valid | Self::Unsigned | Self::Invalid(_), Door::Native) => "5.7.20",
            (
                Self::Valid
                | Self::Unsigned
                | Self::Invalid(_)
                | Self::HeaderTooLarge
                | Self::Internal
                | Self::CannotSign,
                _,
            ) => "5.7.0",
        }
    }

    const fn deferral(self) -> &'static str {
        match self {
            Self::Invalid(Cause::NoAnswer | Cause::NoKey | Cause::Revoked) => "4.7.5",
            Self::Valid
            | Self::Unsigned
            | Self::Invalid(Cause::Syntax | Cause::Unusable | Cause::Mismatch)
            | Self::HeaderTooLarge
            | Self::Internal
            | Self::Adsp
            | Self::NoSuchDomain
            | Self::CannotSign
            | Self::Forecast => "4.7.0",
        }
    }

    /// The reply of a rejection.
    ///
    /// # Errors
    /// [`BadSmtpReply`] never: a test makes all of them.
    pub fn reject(self, door: Door) -> Result<SmtpReply, BadSmtpReply> {
        SmtpReply::new(550, self.rejection(door), self.text())
    }

    /// The reply of a deferral.
    ///
    /// # Errors
    /// [`BadSmtpReply`] never: a test makes all of them.
    pub fn defer(self) -> Result<SmtpReply, BadSmtpReply> {
        SmtpReply::new(451, self.deferral(), self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::{Why, decide};
    use crate::verifying::standing::{Cause, Standing};
    use twinseal_config::Action::{Accept, Discard, Quarantine, Reject, TempFail};
    use twinseal_config::{Action, Actions, Door};
    use twinseal_dkim::{Claims, KeyFacts, Outcome, Security, Verdict};

    const CAUSES: [Cause; 6] = [
        Cause::NoAnswer,
        Cause::NoKey,
        Cause::Revoked,
        Cause::Syntax,
        Cause::Unusable,
        Cause::Mismatch,
    ];

    const ACTIONS: Actions = Actions {
        bad_signature: Reject,
        no_signature: Quarantine,
        key_not_found: Discard,
        dns_error: TempFail,
        internal_error: Accept,
        security: Accept,
        signature_error: Accept,
    };

    fn verdict(testing: bool) -> Verdict {
        let key = KeyFacts { bits: Some(1024), testing, security: Security::Unproved };
        Verdict {
            claims: Claims::default(),
            outcome: Outcome::SignatureWrong,
            key: Some(key),
            coverage: None,
        }
    }

    fn action(standing: Standing<'_>, door: Door) -> Action {
        decide(standing, &ACTIONS, door).action
    }

    #[test]
    fn each_standing_has_the_action_that_is_configured_for_it() {
        let verdict = verdict(false);
        let invalid = |cause| Standing::Invalid(cause, &verdict);
        for door in [Door::Native, Door::DkimFilter] {
            assert_eq!(action(Standing::Valid, door), Accept);
            assert_eq!(action(Standing::Unsigned, door), Quarantine);
            for (cause, want) in [
                // Trap H17: it reaches the action, whatever else there is.
                (Cause::NoAnswer, TempFail),
                (Cause::NoKey, Discard),
                (Cause::Syntax, Reject),
                (Cause::Unusable, Reject),
                (Cause::Mismatch, Reject),
            ] {
                assert_eq!(action(invalid(cause), door), want, "{cause:?}");
            }
        }
        assert_eq!(action(invalid(Cause::Revoked), Door::Native), Reject);
        assert_eq!(action(invalid(Cause::Revoked), Door::DkimFilter), TempFail);
    }

    #[test]
    fn nothing_is_held_against_mail_of_who_is_testing() {
        let verdict = verdict(true);
        for door in Door::ALL {
            for cause in CAUSES {
                assert_eq!(action(Standing::Invalid(cause, &verdict), door), Accept, "{cause:?}");
            }
        }
    }

    #[test]
    fn every_reply_can_be_sent() {
        let others = [
            Why::Valid,
            Why::Unsigned,
            Why::HeaderTooLarge,
            Why::Internal,
            Why::Adsp,
            Why::NoSuchDomain,
            Why::CannotSign,
            Why::Forecast,
        ];
        for why in CAUSES.map(Why::Invalid).into_iter().chain(others) {
            for door in Door::ALL {
                why.reject(door).unwrap();
            }
            why.defer().unwrap();
        }
    }
}
