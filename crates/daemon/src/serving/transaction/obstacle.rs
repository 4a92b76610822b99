//! What goes wrong here, and what it means for the message.

use crate::signing::directory::Unavailable;
use crate::verifying::action::Why;
use twinseal_config::{Action, Actions, Door};
use twinseal_keys::SignError;
use twinseal_milter::ModificationError;

/// What stands in the way of signing a message that should be signed, or of telling what was found
/// about another.
#[derive(Debug, thiserror::Error)]
pub enum Obstacle {
    /// Nobody can say now who signs, or the key is none.
    #[error(transparent)]
    Rules(#[from] Unavailable),
    /// Its domain is one that signs, and none of its keys is for this sender.
    #[error("no key selected for signing")]
    NoKey,
    /// A private key does not do its work.
    #[error(transparent)]
    Key(#[from] SignError),
    /// The MTA cannot be told to add the field.
    #[error("the MTA does not take the field: {0}")]
    Field(ModificationError),
    /// The MTA cannot be told what becomes of a message that is not signed here.
    #[error("the MTA does not take the result: {0}")]
    Result(ModificationError),
}

impl Obstacle {
    /// The one place that says what an error of ours means for the message. Unsigned mail is never
    /// the answer unless it was asked for: it would look forged.
    #[must_use]
    pub const fn action(&self, actions: &Actions, door: Door) -> Action {
        match (self, door) {
            // Its sender is one of us, and the configuration is to be mended.
            (Self::NoKey, _) | (Self::Rules(_), Door::Opendkim) => Action::TempFail,
            (Self::Rules(_) | Self::Key(_) | Self::Field(_), _) => actions.signature_error,
            (Self::Result(_), _) => actions.internal_error,
        }
    }

    /// The codes of all of them.
    pub const CODES: [&'static str; 6] = [
        "rules-unavailable",
        "key-unusable",
        "no-key-selected",
        "key-failed",
        "field-refused",
        "result-refused",
    ];

    /// The stable code that scripts look for.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Rules(Unavailable::Rules(_)) => "rules-unavailable",
            Self::Rules(Unavailable::Key { .. } | Unavailable::SenderKey { .. }) => "key-unusable",
            Self::Rules(Unavailable::NoKeyOf { .. }) => "no-key-selected",
            Self::NoKey => "no-key-selected",
            Self::Key(_) => "key-failed",
            Self::Field(_) => "field-refused",
            Self::Result(_) => "result-refused",
        }
    }

    /// Whether it keeps a message from being signed.
    #[must_use]
    pub const fn is_of_signing(&self) -> bool {
        match self {
            Self::Rules(_) | Self::NoKey | Self::Key(_) | Self::Field(_) => true,
            Self::Result(_) => false,
        }
    }

    /// What the client is told of it.
    #[must_use]
    pub const fn why(&self) -> Why {
        match self {
            Self::Rules(_) | Self::NoKey | Self::Key(_) | Self::Field(_) => Why::CannotSign,
            Self::Result(_) => Why::Internal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Obstacle;
    use crate::signing::directory::Unavailable;
    use twinseal_config::{Action, Actions, Door};
    use twinseal_keys::SignError;
    use twinseal_milter::ModificationError;

    #[test]
    fn an_error_of_ours_has_the_action_for_it() {
        let actions = Actions {
            bad_signature: Action::Accept,
            no_signature: Action::Accept,
            key_not_found: Action::Accept,
            dns_error: Action::Accept,
            internal_error: Action::Discard,
            security: Action::Accept,
            signature_error: Action::Reject,
        };
        let refused = || ModificationError::BadName { name: "a b".to_owned() };
        for (obstacle, action) in [
            (
                Obstacle::Rules(Unavailable::Rules("the store does not answer".to_owned())),
                Action::Reject,
            ),
            (Obstacle::NoKey, Action::TempFail),
            (Obstacle::Key(SignError::NotRsa), Action::Reject),
            (Obstacle::Field(refused()), Action::Reject),
            (Obstacle::Result(refused()), Action::Discard),
        ] {
            assert_eq!(obstacle.action(&actions, Door::Native), action, "{obstacle}");
        }
    }
}
