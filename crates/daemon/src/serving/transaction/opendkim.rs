//! What `opendkim` does with a message before it asks who signs it, and with one that it cannot
//! read.

use super::{Ending, Facts, Obstacle, Role, Transaction};
use crate::event::Reason;
use crate::monitoring::tally::Fate;
use crate::serving::service::Service;
use crate::signing::directory::Purpose;
use crate::signing::policy::{self, Origin, Plan};
use twinseal_message::HeaderBlock;
use twinseal_message::results::{Layout, MethodResult, ResultsWriter};
use twinseal_milter::{HeadersReply, MessageReply, ModificationError, SmtpReply};

/// What it writes about such a message.
const BAD_FORMAT: &str = "bad message/signature format";

/// Fields that a header has to have once, as it names them.
const ONCE: [&str; 2] = ["From", "Date"];

/// Fields that it may have once.
const AT_MOST_ONCE: [&str; 8] =
    ["Reply-To", "To", "Cc", "Bcc", "Message-Id", "In-Reply-To", "References", "Subject"];

/// Above everything: all that it inserts goes there.
const ON_TOP: u32 = 0;

impl Transaction {
    /// What becomes of the message before anything else is looked at, if that is known already.
    pub(super) fn beforehand(
        &mut self,
        header: &HeaderBlock,
        origin: &Origin,
        service: &Service,
        facts: &Facts<'_>,
    ) -> Option<HeadersReply> {
        let exempt = service.further.exempt.as_ref();
        if !service.is_opendkim() && exempt.is_none() {
            return None;
        }
        match policy::author(header, &service.deciding, facts.macros) {
            Ok(author) if exempt.is_some_and(|list| list.lists(author.domain())) => {
                let domain = author.domain().clone();
                self.not_signed(&Reason::ExemptDomain { domain }, origin, facts);
                Some(self.pass())
            }
            // Its library wants to sign From, and to know who vouches for it.
            Ok(_) if service.is_opendkim() && header.named("from").next().is_none() => {
                self.not_signed(&Reason::NoFrom, origin, facts);
                Some(self.malformed(service))
            }
            Ok(_) => None,
            Err(_) if !service.is_opendkim() => None,
            // Who only verifies needs no author that can be read.
            Err(Reason::Unparsable { .. }) if !service.signs => None,
            Err(reason) => {
                self.not_signed(&reason, origin, facts);
                Some(self.malformed(service))
            }
        }
    }

    /// Whether the message would be signed by a daemon with the same rules that signs: one that
    /// only verifies leaves it alone.
    pub(super) async fn is_left_to_signers(
        header: &HeaderBlock,
        service: &Service,
        facts: &Facts<'_>,
        origin: &Origin,
    ) -> bool {
        if !service.is_opendkim() || service.signs || !origin.is_ours() {
            return false;
        }
        let Ok(author) = policy::author(header, &service.deciding, facts.macros) else {
            return false;
        };
        matches!(service.directory.order(&author, Purpose::Tell).await, Ok(Some(_)))
    }

    /// Whether the message is about to be signed or verified.
    fn is_at_work(planned: &Result<Plan, Obstacle>, service: &Service) -> bool {
        match planned {
            Ok(Plan::Sign { .. }) => true,
            Ok(Plan::Ignore(reason)) => !reason.is_final() && service.office.is_some(),
            Err(_) => false,
        }
    }

    /// What becomes of a message that would be signed or verified, and whose header is not what the
    /// configuration asks for.
    pub(super) fn formally(
        &mut self,
        header: &HeaderBlock,
        (planned, origin): (&Result<Plan, Obstacle>, &Origin),
        service: &Service,
        facts: &Facts<'_>,
    ) -> Option<HeadersReply> {
        if !service.is_opendkim() || !Self::is_at_work(planned, service) {
            return None;
        }
        let objection = objection(header)?;
        if service.required_headers {
            self.not_signed(&Reason::BadFormat, origin, facts);
            self.fate = Fate::Refused;
            let reply = SmtpReply::new(550, "5.0.0", &objection);
            return Some(reply.map_or(HeadersReply::Reject, HeadersReply::Refuse));
        }
        service.further.strict_headers.then(|| {
            self.not_signed(&Reason::BadFormat, origin, facts);
            self.malformed(service)
        })
    }

    /// The message passes, with a field that says that it cannot be read, unless nobody wants that.
    pub(super) fn malformed(&mut self, service: &Service) -> HeadersReply {
        if service.further.ignores_malformed {
            return self.pass();
        }
        self.role = Role::Malformed;
        HeadersReply::Continue
    }
}

/// What is the matter with a header, in its words (RFC 5322 §3.6).
fn objection(header: &HeaderBlock) -> Option<String> {
    let count = |name: &str| header.named(name).count();
    let once = ONCE.iter().find(|name| count(name) != 1);
    let once = once.map(|name| format!("message does not have exactly one {name} field"));
    once.or_else(|| {
        let several = AT_MOST_ONCE.iter().find(|name| count(name) > 1);
        several.map(|name| format!("message has multiple {name} fields"))
    })
}

/// Inserts the field that says it.
pub(super) fn tell_malformed(
    service: &Service,
    reply: &mut MessageReply,
    ending: &Ending<'_>,
) -> Result<(), ModificationError> {
    let name = service.authserv_id(ending.host);
    let mut writer = ResultsWriter::new(name, Layout::OneLine);
    writer.result(&MethodResult::new("dkim", "permerror").comment(BAD_FORMAT));
    let field = writer.finish();
    reply.insert_header(ON_TOP, field.name, field.value.as_bytes())
}
