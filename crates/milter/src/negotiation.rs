//! The negotiation: what we ask for, what the MTA offers, and the terms that follow.

use std::collections::BTreeMap;

use crate::macros::{MacroList, MacroStage};
use crate::session::ProtocolError;
use crate::wire::{Actions, CommandKind, FieldError, Fields, Limits, Steps, put_frame};

/// The oldest version of the protocol that we speak.
pub const OLDEST_VERSION: u32 = 2;

/// The newest version of the protocol that we speak.
pub const NEWEST_VERSION: u32 = 6;

/// What a filter wants of every MTA.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether the reply to connect is a decision, hence [`Event::Connect`](crate::Event::Connect)
    /// comes with a token. Costs a round trip per connection (trap W21).
    pub decide_at_connect: bool,
    /// The commands to be shown beyond connect, MAIL, header and body.
    pub stages: WantedStages,
    /// What the filter does to messages; an MTA that does not offer all of it is refused.
    pub needed: Actions,
    /// What the filter does to messages where it may.
    pub useful: Actions,
    /// The macros wanted, for MTAs that take such lists. With any list, Postfix sends no macros for
    /// the stages that have none; without, what its administrator configured.
    pub macros: BTreeMap<MacroStage, MacroList>,
    /// How much an MTA may send at once.
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            decide_at_connect: false,
            stages: WantedStages::default(),
            needed: Actions::ADD_HEADERS | Actions::CHANGE_HEADERS,
            useful: Actions::NONE,
            macros: BTreeMap::new(),
            limits: Limits::default(),
        }
    }
}

/// Commands that a signer can do without. Connect, MAIL, header and body always come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WantedStages {
    /// HELO and EHLO.
    pub helo: bool,
    /// RCPT.
    pub recipients: bool,
    /// DATA.
    pub data: bool,
    /// Commands that the MTA does not know.
    pub unknown: bool,
}

/// What an MTA offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The version of the protocol.
    pub version: u32,
    /// What a filter may do.
    pub actions: Actions,
    /// What the MTA can leave out, need not wait for, and preserve.
    pub steps: Steps,
}

impl Offer {
    /// What Postfix and Sendmail offer by default (trap W23).
    pub const USUAL: Self =
        Self { version: NEWEST_VERSION, actions: Actions::from_bits(0x1ff), steps: Steps::USUAL };

    /// What an MTA of version `version` offers that has all of it.
    #[must_use]
    pub fn of_version(version: u32) -> Self {
        Self {
            version,
            actions: Actions::known_to(version),
            steps: Steps::known_to(version).intersection(Steps::USUAL),
        }
    }

    pub(crate) fn decode(payload: &[u8]) -> Result<Self, FieldError> {
        Self::take(&mut Fields::new(payload))
        // What follows the twelve octets belongs to versions that we do not speak.
    }

    pub(crate) fn take(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            version: fields.long("version")?,
            actions: Actions::from_bits(fields.long("actions")?),
            steps: Steps::from_bits(fields.long("steps")?),
        })
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        put_negotiation(out, self.version, self.actions, self.steps, &[]);
    }
}

/// What a connection has agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The version of the protocol, 2 to 6.
    pub version: u32,
    /// What the filter may do.
    pub actions: Actions,
    /// What the MTA leaves out, does not wait for, and preserves.
    pub steps: Steps,
}

impl Terms {
    /// Whether header values are exact in both directions. If not, only relaxed header
    /// canonicalization can be used (trap W1).
    #[must_use]
    pub fn leading_space(&self) -> bool {
        self.steps.contains(Steps::LEADING_SPACE)
    }

    /// The no-reply flags that were granted, for logs.
    #[must_use]
    pub fn no_reply(&self) -> Steps {
        self.steps.intersection(Steps::NO_REPLY)
    }

    /// Whether the MTA waits for a reply to commands of this kind.
    #[must_use]
    pub fn awaits_reply(&self, command: CommandKind) -> bool {
        self.steps.awaits_reply(command)
    }

    /// Whether the MTA sends commands of this kind: not those that it agreed to leave out, nor
    /// those that are younger than the version.
    #[must_use]
    pub fn sends(&self, command: CommandKind) -> bool {
        let known = Steps::known_to(self.version);
        Steps::unsent(command).is_none_or(|bit| known.contains(bit) && !self.steps.contains(bit))
    }

    /// Trap W14: a version that both speak, only bits that were offered and that exist in that
    /// version, and a clear refusal otherwise.
    pub(crate) fn agree(options: &Options, offer: Offer) -> Result<Self, ProtocolError> {
        if offer.version < OLDEST_VERSION {
            return Err(ProtocolError::VersionTooOld { offered: offer.version });
        }
        let version = offer.version.min(NEWEST_VERSION);
        let offered = offer.actions.intersection(Actions::known_to(version));
        if !offered.contains(options.needed) {
            return Err(ProtocolError::ActionsMissing {
                needed: options.needed,
                offered: offer.actions,
                version,
            });
        }
        let actions = offered.intersection(wanted_actions(options));
        let steps = offer.steps.intersection(Steps::known_to(version));
        Ok(Self { version, actions, steps: steps.intersection(wanted_steps(options)) })
    }

    /// Writes the terms, and the lists of wanted macros where the MTA takes them.
    pub(crate) fn encode(&self, options: &Options, out: &mut Vec<u8>) {
        let mut lists = Vec::new();
        if self.actions.contains(Actions::SET_MACRO_LISTS) {
            for (stage, list) in &options.macros {
                lists.extend_from_slice(&stage.number().to_be_bytes());
                lists.extend_from_slice(list.text().as_bytes());
                lists.push(0);
            }
        }
        put_negotiation(out, self.version, self.actions, self.steps, &lists);
    }
}

fn wanted_actions(options: &Options) -> Actions {
    let lists = if options.macros.is_empty() { Actions::NONE } else { Actions::SET_MACRO_LISTS };
    options.needed | options.useful | lists
}

/// Trap W21: no command that is not looked at, and no reply where there is nothing to decide. Trap
/// W22: never SKIP.
fn wanted_steps(options: &Options) -> Steps {
    let unsent = [
        (options.stages.helo, Steps::NO_HELO),
        (options.stages.recipients, Steps::NO_RECIPIENT),
        (options.stages.data, Steps::NO_DATA),
        (options.stages.unknown, Steps::NO_UNKNOWN),
    ];
    let mut decided = Steps::NO_REPLY_END_OF_HEADERS;
    if options.decide_at_connect {
        decided = decided | Steps::NO_REPLY_CONNECT;
    }
    unsent
        .iter()
        .filter(|(wanted, _)| !wanted)
        .fold(Steps::LEADING_SPACE | Steps::NO_REPLY.without(decided), |all, (_, bit)| all | *bit)
}

fn put_negotiation(out: &mut Vec<u8>, version: u32, actions: Actions, steps: Steps, lists: &[u8]) {
    let numbers = [version, actions.bits(), steps.bits()].map(u32::to_be_bytes);
    put_frame(out, CommandKind::Negotiate.letter(), &[numbers.as_flattened(), lists]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agree(offer: Offer) -> Result<Terms, ProtocolError> {
        Terms::agree(&Options::default(), offer)
    }

    #[test]
    fn trap_w14_the_answer_holds_only_what_was_offered() {
        for version in [2, 3, 4, 5, 6, 7, u32::MAX] {
            let offer = Offer { version, ..Offer::USUAL };
            let terms = agree(offer).unwrap();
            assert_eq!(terms.version, version.min(6));
            let known = Steps::known_to(version.min(6));
            assert!(known.contains(terms.steps), "version {version}: {}", terms.steps);
        }
        for bit in 0..32 {
            let steps = Steps::from_bits(1 << bit);
            let terms = agree(Offer { steps, ..Offer::USUAL }).unwrap();
            assert!(steps.contains(terms.steps), "only {steps} was offered: {}", terms.steps);
            assert!(!terms.steps.contains(Steps::SKIP), "SKIP was asked for");
        }
    }

    #[test]
    fn trap_w21_one_round_trip_is_left_beside_end_of_message() {
        let terms = agree(Offer::USUAL).unwrap();
        assert_eq!(terms.steps.bits(), 0x1b_f38a);
        let silent =
            [CommandKind::Connect, CommandKind::Mail, CommandKind::Header, CommandKind::Body];
        for command in silent {
            assert!(terms.sends(command) && !terms.awaits_reply(command), "{command}");
        }
        assert!(terms.awaits_reply(CommandKind::EndOfHeaders));
        let unsent =
            [CommandKind::Helo, CommandKind::Recipient, CommandKind::Data, CommandKind::Unknown];
        for command in unsent {
            assert!(!terms.sends(command), "{command}");
        }
        let options = Options { decide_at_connect: true, ..Options::default() };
        let deciding = Terms::agree(&options, Offer::USUAL).unwrap();
        assert!(deciding.awaits_reply(CommandKind::Connect));
    }

    #[test]
    fn trap_w14_missing_actions_are_named() {
        let actions = Actions::ADD_HEADERS | Actions::CHANGE_BODY;
        let error = agree(Offer { actions, ..Offer::USUAL }).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the MTA does not allow what is needed: needed 0x11 (add headers, change headers), offered 0x3 \
             (add headers, change body) with version 6"
        );
        let options = Options { needed: Actions::CHANGE_SENDER, ..Options::default() };
        let old = Terms::agree(&options, Offer { version: 2, ..Offer::USUAL });
        assert!(matches!(old, Err(ProtocolError::ActionsMissing { version: 2, .. })));
    }

    #[test]
    fn versions_before_two_are_refused() {
        for version in [0, 1] {
            let error = agree(Offer { version, ..Offer::USUAL }).unwrap_err();
            assert_eq!(error, ProtocolError::VersionTooOld { offered: version });
        }
    }

    #[test]
    fn macro_lists_are_sent_where_they_are_taken() {
        let list = MacroList::new(["i", "{auth_type}"]).unwrap();
        let macros = BTreeMap::from([(MacroStage::EndOfHeaders, list)]);
        let options = Options { macros, ..Options::default() };
        let mut written = Vec::new();
        Terms::agree(&options, Offer::USUAL).unwrap().encode(&options, &mut written);
        assert!(written.ends_with(b"\0\0\0\x06i {auth_type}\0"), "{written:?}");
        written.clear();
        Terms::agree(&options, Offer::of_version(2)).unwrap().encode(&options, &mut written);
        assert_eq!(written.len(), 17);
    }
}
