//! Beside another filter: which fields are its own, and in what its signatures differ from ours.
//!
//! | module | what is in it |
//! |---|---|
//! | `theirs` | the fields that another filter has inserted |
//! | `compare` | one signature of it, and ours |

mod compare;
mod theirs;

pub use compare::{Difference, Proof, compare};
pub use theirs::{Signature, Theirs};

use std::fmt;
use twinseal_config::Action;

/// A signature by what tells it from others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The name of its field.
    pub field: &'static str,
    /// The key's selector.
    pub selector: String,
    /// The signing domain.
    pub domain: String,
}

/// What came of a message in the shadow of another filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shadowed {
    /// Its signature says what ours would.
    Agrees {
        /// Which.
        mark: Mark,
        /// Whether it lists the same header fields in another order.
        reordered: bool,
    },
    /// It says something else.
    Differs {
        /// Which.
        mark: Mark,
        /// What.
        differences: Vec<Difference>,
    },
    /// The other filter signs, we would not.
    OnlyTheirs {
        /// Its signature.
        mark: Mark,
    },
    /// We would sign, the other filter does not at all.
    OnlyOurs {
        /// Our signature.
        mark: Mark,
    },
    /// The other filter signs, and this seal is one that it does not make.
    Added {
        /// Our signature.
        mark: Mark,
    },
    /// Something other than letting the message go on would be done.
    WouldAct {
        /// What.
        action: Action,
        /// Why.
        error: String,
    },
}

impl Shadowed {
    /// What would be done, and why.
    #[must_use]
    pub fn acting(action: Action, why: impl fmt::Display) -> Self {
        Self::WouldAct { action, error: why.to_string() }
    }

    /// The stable code that scripts look for.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Agrees { .. } => "shadow-agrees",
            Self::Differs { .. } => "shadow-differs",
            Self::OnlyTheirs { .. } => "shadow-only-theirs",
            Self::OnlyOurs { .. } => "shadow-only-ours",
            Self::Added { .. } => "shadow-added",
            Self::WouldAct { .. } => "shadow-would-act",
        }
    }

    /// The signature that it is about.
    #[must_use]
    pub const fn mark(&self) -> Option<&Mark> {
        match self {
            Self::Agrees { mark, .. }
            | Self::Differs { mark, .. }
            | Self::OnlyTheirs { mark }
            | Self::OnlyOurs { mark }
            | Self::Added { mark } => Some(mark),
            Self::WouldAct { .. } => None,
        }
    }

    /// Whether it has to be looked at before the other filter goes.
    #[must_use]
    pub const fn is_worth_a_look(&self) -> bool {
        match self {
            Self::Agrees { .. } | Self::Added { .. } => false,
            Self::Differs { .. }
            | Self::OnlyTheirs { .. }
            | Self::OnlyOurs { .. }
            | Self::WouldAct { .. } => true,
        }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "(s={}, d={})", self.selector, self.domain)
    }
}

/// In a sentence, without its reason code.
impl fmt::Display for Shadowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agrees { mark, reordered: false } => write!(f, "{} agrees {mark}", mark.field),
            Self::Agrees { mark, reordered: true } => {
                write!(f, "{} agrees, with h= in another order {mark}", mark.field)
            }
            Self::Differs { mark, differences } => {
                let texts: Vec<String> = differences.iter().map(ToString::to_string).collect();
                write!(f, "{} differs: {} {mark}", mark.field, texts.join("; "))
            }
            Self::OnlyTheirs { mark } => {
                write!(f, "only the other filter signs: {} {mark}", mark.field)
            }
            Self::OnlyOurs { mark } => {
                write!(f, "the other filter does not sign; ours would: {} {mark}", mark.field)
            }
            Self::Added { mark } => write!(f, "{} would be added {mark}", mark.field),
            Self::WouldAct { action, error } => {
                let done = match action {
                    Action::Accept => "accepted",
                    Action::Reject => "rejected",
                    Action::TempFail => "deferred",
                    Action::Discard => "discarded",
                    Action::Quarantine => "quarantined",
                };
                write!(f, "would be {done}: {error}")
            }
        }
    }
}
