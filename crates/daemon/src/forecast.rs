//! What a later hop is going to break of mail that is signed here.
//!
//! A cause is told when the seals that are made do not survive what a hop may have to do, and only
//! then: it is worth a line in the log, or a refusal, because it can be mended where the message
//! was written.
//! `docs/forecast.md` says of each what breaks it.
//!
//! | module | what is in it |
//! |---|---|
//! | `header` | what can be seen when the header is complete |
//! | `watcher` | what can be seen of a body that passes |
//! | `mime` | parts that say that they are 8-bit |

mod header;
mod mime;
mod watcher;

use crate::signing::seal::{How, Requested, Seal};
use crate::verifying::action::Why;
use header::Look;
use std::sync::Arc;
use twinseal_dkim::BodyLength;
use twinseal_domainkeys::Canonicalization;
use twinseal_message::{Domain, HeaderBlock};
use twinseal_milter::SmtpReply;
use watcher::Watcher;

/// The longest line, in octets and without its end (RFC 5322 §2.1.1).
const MAX_LINE: usize = 998;

/// What is going to break a seal, or the use that it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cause {
    /// A line of the body is too long (trap P9).
    LongLine,
    /// A line of the header is too long (trap P9).
    LongHeaderLine,
    /// A part says that it is 8-bit (trap P10).
    EightBit,
    /// A CR without LF (trap P8).
    BareCr,
    /// No Date, and a seal says that there is none (trap H14).
    MissingDate,
    /// No Message-ID, and a seal says that there is none (trap H14).
    MissingMessageId,
    /// No From (trap H15).
    MissingFrom,
    /// No DKIM seal is by the organization that From names.
    UnalignedFrom,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::LongLine,
        Self::LongHeaderLine,
        Self::EightBit,
        Self::BareCr,
        Self::MissingDate,
        Self::MissingMessageId,
        Self::MissingFrom,
        Self::UnalignedFrom,
    ];

    /// The stable code that scripts look for.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::LongLine => "long-line",
            Self::LongHeaderLine => "long-header-line",
            Self::EightBit => "eight-bit",
            Self::BareCr => "bare-cr",
            Self::MissingDate => "missing-date",
            Self::MissingMessageId => "missing-message-id",
            Self::MissingFrom => "missing-from",
            Self::UnalignedFrom => "unaligned-from",
        }
    }

    /// What there is, and what will come of it.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::LongLine => {
                "a line of the body has more than 998 octets, and will be broken on the way"
            }
            Self::LongHeaderLine => {
                "a line of the header has more than 998 octets, and will be broken on the way"
            }
            Self::EightBit => {
                "a part is declared as 8bit or binary, and will be encoded anew on the way to a \
                 hop without 8BITMIME"
            }
            Self::BareCr => "there is a CR without LF, of which a hop will make a space",
            Self::MissingDate => "there is no Date, which is signed, and a hop will add one",
            Self::MissingMessageId => {
                "there is no Message-ID, which is signed, and a hop will add one"
            }
            Self::MissingFrom => "there is no From: it is not signed, and a hop will add one",
            Self::UnalignedFrom => {
                "no DKIM signature is by the organization in From: to DMARC, it is not signed"
            }
        }
    }

    /// What its sender is told to change.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::LongLine => "break the lines of the body: 998 octets are the most",
            Self::LongHeaderLine => "fold the lines of the header: 998 octets are the most",
            Self::EightBit => "encode 8bit and binary parts as quoted-printable or base64",
            Self::BareCr => "end lines with CR LF, and use no CR elsewhere",
            Self::MissingDate => "add a Date field",
            Self::MissingMessageId => "add a Message-ID field",
            Self::MissingFrom => "add a From field",
            Self::UnalignedFrom => "use a From address in the domain that signs for you",
        }
    }
}

/// A cause, as it is told of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Foretold {
    /// Why.
    pub cause: Cause,
    /// The field of the one seal that breaks, where another one does not.
    pub only: Option<&'static str>,
}

impl std::fmt::Display for Foretold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.cause.text())?;
        if let Some(field) = self.only {
            write!(f, "; only {field} breaks")?;
        }
        write!(f, " (cause={})", self.cause.code())
    }
}

/// What the sender of a message is told that is refused for these causes.
#[must_use]
pub fn refusal(causes: &[Foretold]) -> Option<SmtpReply> {
    let advice =
        causes.iter().map(|one| format!("\n{} ({})", one.cause.advice(), one.cause.code()));
    let text = format!("{}:{}", Why::Forecast.text(), advice.collect::<String>());
    // RFC 3463 §3.7: it is about the content, and nothing more exact is said of it.
    SmtpReply::new(550, "5.6.0", &text).ok()
}

/// Which seals break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Broken {
    dkim: bool,
    domainkeys: bool,
}

impl Broken {
    const fn or(self, other: Self) -> Self {
        let (dkim, domainkeys) = (self.dkim || other.dkim, self.domainkeys || other.domainkeys);
        Self { dkim, domainkeys }
    }
}

/// The seals that will be made.
#[derive(Debug, Default)]
struct Made {
    domains: Vec<Domain>,
    dkim: Vec<Arc<twinseal_dkim::Settings>>,
    domainkeys: Vec<Arc<twinseal_domainkeys::Settings>>,
}

impl Made {
    fn of(seals: &[Box<dyn Seal>]) -> Self {
        let mut made = Self::default();
        for Requested { domain, how, .. } in seals.iter().flat_map(|seal| seal.requests()) {
            match how {
                How::Dkim(settings) => {
                    made.domains.push(domain);
                    made.dkim.push(settings);
                }
                How::DomainKeys(settings) => made.domainkeys.push(settings),
            }
        }
        made
    }

    /// All that there are.
    fn all(&self) -> Broken {
        Broken { dkim: !self.dkim.is_empty(), domainkeys: !self.domainkeys.is_empty() }
    }

    /// Those that cover the octet of the body at `offset`. A relaxed body is not longer than what
    /// it is made of, so what is said is so.
    // LIMIT: where l= ends shortly behind that octet of a relaxed body, it is not seen.
    fn covering(&self, offset: u64) -> Broken {
        let covers = |length| match length {
            BodyLength::Unlimited | BodyLength::Whole => true,
            BodyLength::AtMost(most) => offset < most,
        };
        let dkim = self.dkim.iter().any(|settings| covers(settings.body_length));
        Broken { dkim, ..self.all() }
    }

    /// Those of which an octet that becomes white space is missed.
    fn minding_space(&self, covering: Broken) -> Broken {
        let simple = |one: &Arc<twinseal_domainkeys::Settings>| {
            one.canonicalization == Canonicalization::Simple
        };
        // What mends line ends signs what the hop will make of them.
        let dkim = covering.dkim && self.dkim.iter().any(|settings| !settings.mends_line_ends);
        Broken { dkim, domainkeys: self.domainkeys.iter().any(simple) }
    }

    /// What is told of a cause that breaks those; `None` where it breaks none.
    fn foretold(&self, cause: Cause, broken: Broken) -> Option<Foretold> {
        let Broken { dkim, domainkeys } = self.all();
        let only = match (broken.dkim, broken.domainkeys) {
            (false, false) => return None,
            (true, false) => domainkeys.then_some(twinseal_dkim::FIELD),
            (false, true) => dkim.then_some(twinseal_domainkeys::FIELD),
            (true, true) => None,
        };
        Some(Foretold { cause, only })
    }
}

/// What is known of one message that is being signed.
#[derive(Debug)]
pub struct Forecast {
    made: Made,
    of_header: Vec<Foretold>,
    /// Causes that the header has for some seals, while the body may have them for others.
    open: Look,
    watcher: Watcher,
}

impl Forecast {
    /// Looks at the header of a message that gets these seals.
    #[must_use]
    pub fn of_header(header: &HeaderBlock, seals: &[Box<dyn Seal>]) -> Self {
        let made = Made::of(seals);
        let mut look = Look::at(header, &made);
        let mut of_header = Vec::new();
        let mut tell = |cause, broken| of_header.extend(made.foretold(cause, broken));
        tell(Cause::LongHeaderLine, look.long_line);
        let all = made.all();
        for (cause, broken) in
            [(Cause::EightBit, &mut look.eight_bit), (Cause::BareCr, &mut look.bare_cr)]
        {
            if *broken == all {
                tell(cause, std::mem::take(broken));
            }
        }
        tell(Cause::MissingDate, look.missing_date);
        tell(Cause::MissingMessageId, look.missing_message_id);
        tell(Cause::UnalignedFrom, look.unaligned);
        let is_told = |cause| of_header.iter().any(|one| one.cause == cause);
        let mut watcher = Watcher::default();
        if is_told(Cause::BareCr) {
            watcher.pass_over_cr();
        }
        if !is_told(Cause::EightBit) {
            watcher.look_into(header, look.is_encoded_anew);
        }
        Self { made, of_header, open: look, watcher }
    }

    /// What the header shows.
    #[must_use]
    pub fn shown(&self) -> &[Foretold] {
        &self.of_header
    }

    /// Takes the next octets of the body.
    pub fn feed(&mut self, chunk: &[u8]) {
        self.watcher.feed(chunk);
    }

    /// Everything that there is to tell, when the body is over.
    #[must_use]
    pub fn all(mut self) -> Vec<Foretold> {
        let mut all = std::mem::take(&mut self.of_header);
        all.append(&mut self.finish());
        all
    }

    /// What the header had left open, and what the body shows.
    #[must_use]
    pub fn finish(self) -> Vec<Foretold> {
        let Self { made, open, watcher, .. } = self;
        let found = watcher.finish();
        let at = |place: Option<u64>| place.map_or_else(Broken::default, |at| made.covering(at));
        let cr = match found.bare_cr {
            Some(place) => made.minding_space(made.covering(place)),
            None => Broken::default(),
        };
        [
            (Cause::LongLine, at(found.long_line)),
            (Cause::EightBit, open.eight_bit.or(at(found.eight_bit))),
            (Cause::BareCr, open.bare_cr.or(cr)),
        ]
        .into_iter()
        .filter_map(|(cause, broken)| made.foretold(cause, broken))
        .collect()
    }
}

#[cfg(test)]
mod tests;
