//! What becomes of each seal, and why.

use super::answer::{KeyWord, NearAnswer, RuleAnswer, SealAnswer, SignatureAnswer, State};
use super::called::called;
use super::keys;
use crate::event::Reason;
use crate::serving::transaction::Obstacle;
use crate::signing::directory::matching;
use crate::signing::keyring::Looked;
use crate::signing::policy::{
    Addresses, Deciding, Outcome, Outcomes, author_by_macro, author_field,
};
use crate::signing::seal::{How, Requested};
use twinseal_config::{Action, Actions, Config, Found};
use twinseal_dkim::FIELD as DKIM_FIELD;
use twinseal_domainkeys::FIELD as DOMAINKEYS_FIELD;
use twinseal_keys::KeyKind;
use twinseal_message::{FieldName, HeaderBlock, Mailbox};
use twinseal_milter::Macros;

/// What the daemon says.
pub(crate) enum Verdict {
    /// The client is none of our business.
    Peer,
    /// Both seals are left out.
    Neither(Reason),
    /// The message is not signed, and what becomes of it then is said.
    Obstructed(Obstacle, Actions),
    /// What comes of each seal.
    Each(Outcomes),
}

impl Verdict {
    /// Whether mail of which that is said is verified, where mail is.
    pub(super) fn is_verified(&self) -> bool {
        match self {
            Self::Peer | Self::Obstructed(..) => false,
            Self::Neither(reason) => !reason.is_final(),
            Self::Each(outcomes) => {
                !outcomes.iter().any(|(_, outcome)| matches!(outcome, Ok(Some(_))))
            }
        }
    }
}

/// What is known when the seals are to be told of.
pub(super) struct Seals<'a> {
    pub(super) config: &'a Config,
    pub(super) header: &'a HeaderBlock,
    pub(super) deciding: &'a Deciding,
    pub(super) macros: &'a Macros,
    pub(super) addresses: Option<Addresses>,
    pub(super) looked: Vec<Looked<'a>>,
}

/// What keeps a seal from being made.
struct Obstruction {
    reason: &'static str,
    error: String,
    remedy: Option<String>,
}

impl Seals<'_> {
    /// One answer for each seal, DKIM first.
    pub(super) fn answers(&self, verdict: Verdict) -> [SealAnswer; 2] {
        match verdict {
            Verdict::Each(outcomes) => {
                let mut outcomes = Vec::from(outcomes);
                let mut of = |field: &'static str| {
                    let at = outcomes.iter().position(|(name, _)| *name == field);
                    let outcome = at.map(|at| outcomes.swap_remove(at).1);
                    self.one(field, outcome.unwrap_or(Err(Reason::SealsOff)))
                };
                [of(DKIM_FIELD), of(DOMAINKEYS_FIELD)]
            }
            Verdict::Neither(reason) => [DKIM_FIELD, DOMAINKEYS_FIELD].map(|field| {
                // Who has no rule is another one for each seal.
                let reason = match (&reason, self.address(field)) {
                    (Reason::NoSigningRule { .. }, Some(address)) => {
                        Reason::NoSigningRule { address: address.to_string() }
                    }
                    _ => reason.clone(),
                };
                self.left_out(field, self.obstruction(&reason))
            }),
            Verdict::Obstructed(obstacle, actions) => [DKIM_FIELD, DOMAINKEYS_FIELD].map(|field| {
                let becomes = match obstacle.action(&actions, self.config.door) {
                    Action::Accept => "accepted",
                    Action::Reject => "rejected",
                    Action::TempFail => "deferred",
                    Action::Discard => "discarded",
                    Action::Quarantine => "quarantined",
                };
                self.left_out(
                    field,
                    Obstruction {
                        reason: obstacle.code(),
                        error: format!("{obstacle}; the message is {becomes}"),
                        remedy: None,
                    },
                )
            }),
            Verdict::Peer => [DKIM_FIELD, DOMAINKEYS_FIELD].map(|field| {
                let name = called("peers", self.config.door);
                self.left_out(
                    field,
                    Obstruction {
                        reason: "peer",
                        error: "mail of this client is none of our business".to_owned(),
                        remedy: Some(format!("take the client out of {name}")),
                    },
                )
            }),
        }
    }

    /// A seal of which the daemon says something of its own.
    fn one(&self, field: &'static str, outcome: Outcome) -> SealAnswer {
        let mut answer = match outcome {
            Err(reason) => self.left_out(field, self.obstruction(&reason)),
            Ok(seal) => {
                let mut answer = self.known(field);
                answer.state = if seal.is_some() { State::Signed } else { State::Off };
                let requests = seal.map(|seal| seal.requests()).unwrap_or_default();
                answer.signatures = requests.iter().map(signature).collect();
                answer
            }
        };
        let broken = answer.keys.iter().find(|key| key.state == KeyWord::Unusable);
        if let (State::Signed, Some(key)) = (answer.state, broken) {
            let error = key.error.as_deref().unwrap_or_default();
            answer.error = Some(format!("{}: {}: {error}", key.origin, key.file));
            answer.reason = Some("key-unusable");
            answer.state = State::NotSigned;
            answer.signatures.clear();
        }
        answer
    }

    /// A seal that is not made; nobody misses one that is switched off.
    fn left_out(&self, field: &'static str, why: Obstruction) -> SealAnswer {
        let mut answer = self.known(field);
        if !self.is_on(field) {
            answer.state = State::Off;
            return answer;
        }
        answer.reason = Some(why.reason);
        answer.error = Some(why.error);
        answer.remedy = why.remedy;
        answer
    }

    /// What is known before anything is decided.
    fn known(&self, field: &'static str) -> SealAnswer {
        let address = self.address(field);
        let found = self.found(field);
        let on = self.is_on(field);
        let nearest = address.filter(|_| on).and_then(|address| {
            let near = self.config.rules.nearest(address)?;
            Some(NearAnswer {
                origin: near.rule.origin.to_string(),
                pattern: near.pattern.to_string(),
                why: near.miss.to_string(),
            })
        });
        let rule = |found: &Found<'_>| RuleAnswer {
            origin: found.rule.origin.to_string(),
            pattern: address
                .and_then(|address| self.config.rules.pattern_of(found, address))
                .map(ToString::to_string)
                .unwrap_or_default(),
            domain: found.domain.to_string(),
        };
        SealAnswer {
            seal: if field == DKIM_FIELD { "DKIM" } else { "DomainKeys" },
            state: State::NotSigned,
            address: address.map(ToString::to_string),
            field: self.field(field),
            rules: found.iter().map(rule).collect(),
            nearest,
            keys: if on { keys::of_rules(&found, &self.looked) } else { Vec::new() },
            signatures: Vec::new(),
            reason: None,
            error: None,
            remedy: None,
        }
    }

    fn address(&self, field: &str) -> Option<&Mailbox> {
        let addresses = self.addresses.as_ref()?;
        if field == DKIM_FIELD { Some(&addresses.author) } else { addresses.sender.as_ref().ok() }
    }

    /// The header field that the address is in, or the macro.
    fn field(&self, field: &str) -> Option<String> {
        let by_macro = author_by_macro(self.deciding, self.macros);
        if let (Some((name, _)), DKIM_FIELD) = (by_macro, field) {
            return Some(format!("macro {name}"));
        }
        let name = if field == DKIM_FIELD {
            author_field(self.header, self.deciding).map(|field| field.name())
        } else {
            let sender = self.header.named("sender").next();
            sender.or_else(|| self.header.named("from").next()).map(|field| field.name())
        };
        name.map(|name| String::from_utf8_lossy(name).into_owned())
    }

    fn found(&self, field: &str) -> Vec<Found<'_>> {
        let every = self.config.leaving.multiple_signatures;
        let address = self.address(field);
        address.map(|address| matching(&self.config.rules, every, address)).unwrap_or_default()
    }

    /// Whether the rules that match want that seal; without any, whether it is made by default.
    fn is_on(&self, field: &str) -> bool {
        let (found, seals) = (self.found(field), &self.config.seals);
        let dkim = field == DKIM_FIELD;
        if found.is_empty() {
            return if dkim { seals.dkim.is_some() } else { seals.domainkeys.is_some() };
        }
        found.iter().any(|found| {
            if dkim { found.rule.dkim.is_some() } else { found.rule.domainkeys.is_some() }
        })
    }

    fn obstruction(&self, reason: &Reason) -> Obstruction {
        let remedy = self.remedy(reason);
        Obstruction { reason: reason.code(), error: reason.to_string(), remedy }
    }

    /// What would have to differ, as far as the nearest rule does not say it.
    fn remedy(&self, reason: &Reason) -> Option<String> {
        let called = |name| called(name, self.config.door);
        match reason {
            Reason::ExternalHost { .. } => Some(format!(
                "list the client in {}, or have it authenticate",
                called("internal-hosts")
            )),
            Reason::KeyNotRsa => Some(
                "name an RSA key in the rule, beside the one that it has, or switch DomainKeys off"
                    .to_owned(),
            ),
            Reason::ForeignDomain { address, .. } => {
                Some(format!("let {address} or a parent of it sign"))
            }
            Reason::SigningOff => Some(format!("let {} sign: s or sv", called("mode"))),
            Reason::RecipientExcluded { .. } => {
                Some(format!("take the recipient out of {}", called("unsigned-recipients")))
            }
            Reason::ExemptDomain { .. } => {
                Some(format!("take the domain out of {}", called("exempt-domains")))
            }
            Reason::IdentityOutside { .. } => Some("mend the identity of the rule".to_owned()),
            Reason::NoSigningRule { .. }
            | Reason::NoFrom
            | Reason::SeveralFrom { .. }
            | Reason::Unparsable { .. }
            | Reason::BadFormat
            | Reason::HeaderTooLarge(_)
            | Reason::TooManyFields { .. }
            | Reason::AlreadySealed
            | Reason::TooFewHeaders
            | Reason::SealsOff => None,
        }
    }
}

/// What one signature says.
fn signature(requested: &Requested) -> SignatureAnswer {
    let names = |names: &[FieldName]| Some(names.iter().map(ToString::to_string).collect());
    let (domain, selector) = (requested.domain.to_string(), requested.selector.to_string());
    match &requested.how {
        How::Dkim(settings) => SignatureAnswer {
            domain,
            selector,
            algorithm: match requested.key.kind() {
                KeyKind::Rsa { .. } => "rsa-sha256",
                KeyKind::Ed25519 => "ed25519-sha256",
            },
            canonicalization: settings.canonicalization.to_string(),
            identity: settings.identity.as_ref().map(ToString::to_string),
            expires_after: settings.expire_after.map(|after| after.as_secs()),
            signed_headers: names(settings.headers.signed()),
            oversigned_headers: names(settings.headers.oversigned()),
            omitted_headers: None,
        },
        How::DomainKeys(settings) => SignatureAnswer {
            domain,
            selector,
            algorithm: "rsa-sha1",
            canonicalization: settings.canonicalization.name().to_owned(),
            identity: None,
            expires_after: None,
            signed_headers: None,
            oversigned_headers: None,
            omitted_headers: names(&settings.omitted),
        },
    }
}
