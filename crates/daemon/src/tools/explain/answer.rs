//! The answer, as a value: its text and its JSON are two forms of it. The names of its members are
//! promises, which `docs/explain.md` makes.

use serde::Serialize;
use twinseal_config::ExitCode;

/// What would be done, and why.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    /// The address in From.
    pub(super) address: String,
    /// The client, as name and address.
    pub(super) client: String,
    /// The entry that makes the client none of our business.
    pub(super) peer: Option<Place>,
    /// Whether the mail counts as ours.
    pub(super) ours: bool,
    /// What was asked about that, until something said yes.
    pub(super) steps: Vec<Step>,
    /// DKIM first.
    pub(super) seals: [SealAnswer; 2],
    /// Whether signatures that the message has would be verified.
    pub(super) verified: bool,
}

/// Something that a configuration says, and where.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Place {
    /// What it says there.
    pub(super) entry: String,
    /// Where: file and line, option, or `default`.
    pub(super) origin: String,
}

/// A question on the way to whether the mail is ours.
#[derive(Debug, Serialize)]
pub(super) struct Step {
    /// About what.
    pub(super) asked: Asked,
    /// Whether that makes it ours.
    pub(super) ours: bool,
    /// The entry that says so, or that says no.
    pub(super) entry: Option<Place>,
    /// The answer in words.
    pub(super) text: String,
}

/// What may make mail ours, in the order in which it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Asked {
    /// The name of the MTA's daemon.
    DaemonName,
    /// Other macros of the MTA.
    Macro,
    /// The client.
    InternalHost,
    /// Whether it has authenticated.
    Authentication,
}

/// What becomes of a seal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum State {
    /// It is made.
    Signed,
    /// It is left out.
    NotSigned,
    /// Nobody wants it.
    Off,
}

/// One seal.
#[derive(Debug, Serialize)]
pub(super) struct SealAnswer {
    /// `DKIM` or `DomainKeys`.
    pub(super) seal: &'static str,
    /// What becomes of it.
    pub(super) state: State,
    /// The address that decides.
    pub(super) address: Option<String>,
    /// The header field that it is in.
    pub(super) field: Option<String>,
    /// The rules that match.
    pub(super) rules: Vec<RuleAnswer>,
    /// The nearest rule that does not.
    pub(super) nearest: Option<NearAnswer>,
    /// The keys of those rules.
    pub(super) keys: Vec<KeyAnswer>,
    /// The signatures that it consists of.
    pub(super) signatures: Vec<SignatureAnswer>,
    /// The code of what keeps it from being made, as the log has it.
    pub(super) reason: Option<&'static str>,
    /// The same in words.
    pub(super) error: Option<String>,
    /// What would have to differ.
    pub(super) remedy: Option<String>,
}

/// A rule that matches.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct RuleAnswer {
    /// Where it stands.
    pub(super) origin: String,
    /// The pattern of it that matches.
    pub(super) pattern: String,
    /// The domain that it signs as.
    pub(super) domain: String,
}

/// A rule that nearly matches.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct NearAnswer {
    /// Where it stands.
    pub(super) origin: String,
    /// Its nearest pattern.
    pub(super) pattern: String,
    /// What keeps that from matching.
    pub(super) why: String,
}

/// A key of a rule that matches.
#[derive(Debug, Clone, Serialize)]
pub(super) struct KeyAnswer {
    /// Its file.
    pub(super) file: String,
    /// Its selector.
    pub(super) selector: String,
    /// Where it is named.
    pub(super) origin: String,
    /// Whether it can be used.
    pub(super) state: KeyWord,
    /// What kind of key it is, where that is known.
    pub(super) kind: Option<&'static str>,
    /// The size of an RSA key.
    pub(super) bits: Option<u32>,
    /// What is wrong with it, or worth a warning.
    pub(super) error: Option<String>,
}

/// Whether a key can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum KeyWord {
    /// It can.
    Usable,
    /// Who asks may not look.
    Denied,
    /// It cannot.
    Unusable,
}

/// One signature.
#[derive(Debug, Serialize)]
pub(super) struct SignatureAnswer {
    pub(super) domain: String,
    pub(super) selector: String,
    pub(super) algorithm: &'static str,
    pub(super) canonicalization: String,
    /// The identity, where it is written.
    pub(super) identity: Option<String>,
    /// After how many seconds it expires, if it does.
    pub(super) expires_after: Option<u64>,
    /// The fields that are signed where they are there, in the words of the configuration. `None`
    /// for DomainKeys, which signs every field but some.
    pub(super) signed_headers: Option<Vec<String>>,
    /// Those of which no further one may be added.
    pub(super) oversigned_headers: Option<Vec<String>>,
    /// The fields that DomainKeys leaves out, beside those that it always does.
    pub(super) omitted_headers: Option<Vec<String>>,
}

impl SealAnswer {
    /// Whether the same rules and keys were found for it as for another one.
    pub(super) fn is_found_like(&self, other: &Self) -> bool {
        let keys = |seal: &Self| -> Vec<String> {
            seal.keys.iter().map(|key| format!("{} {}", key.file, key.selector)).collect()
        };
        self.rules == other.rules && self.nearest == other.nearest && keys(self) == keys(other)
    }
}

impl Answer {
    /// Yes when each seal that is switched on would be made.
    pub(super) fn exit_code(&self) -> ExitCode {
        let any = |state| self.seals.iter().any(|seal| seal.state == state);
        if any(State::NotSigned) || !any(State::Signed) { ExitCode::No } else { ExitCode::Ok }
    }
}
