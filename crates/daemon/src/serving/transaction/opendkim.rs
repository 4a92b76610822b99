//! What `opendkim` does with a message before it asks who signs it, and with one that it cannot
//! read.

use super::{Ending, Facts, Obstacle, Role, Transaction};
use crate::event::{Reason, What};
use crate::serving::service::Service;
use crate::signing::policy::{self, Plan};
use twinseal_message::HeaderBlock;
use twinseal_message::results::{Layout, MethodResult, ResultsWriter};
use twinseal_milter::{HeadersReply, MessageReply, ModificationError};

/// What it writes about such a message.
const BAD_FORMAT: &str = "bad message/signature format";

/// Above everything: all that it inserts goes there.
const ON_TOP: u32 = 0;

impl Transaction {
    /// What becomes of the message before anything else is looked at, if that is known already.
    pub(super) fn beforehand(
        &mut self,
        header: &HeaderBlock,
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
                facts.log(What::NotSigned(&Reason::ExemptDomain { domain }));
                Some(self.pass())
            }
            Ok(_) => None,
            Err(_) if !service.is_opendkim() => None,
            // Who only verifies needs no author that can be read.
            Err(Reason::Unparsable { .. }) if !service.signs => None,
            Err(reason) => {
                facts.log(What::NotSigned(&reason));
                Some(self.malformed(service))
            }
        }
    }

    /// Whether the message is about to be signed or verified.
    pub(super) fn is_at_work(planned: &Result<Plan, Obstacle>, service: &Service) -> bool {
        match planned {
            Ok(Plan::Sign { .. }) => true,
            Ok(Plan::Ignore(reason)) => !reason.is_final() && service.office.is_some(),
            Err(_) => false,
        }
    }

    /// Whether the header is not what the configuration asks for, of a message that would be
    /// signed or verified.
    pub(super) fn lacks_form(header: &HeaderBlock, service: &Service) -> bool {
        service.is_opendkim()
            && (service.required_headers && !policy::has_required_fields(header)
                || service.further.strict_headers && policy::repeats_a_field(header))
    }

    /// The message passes, with a field that says that it cannot be read, unless nobody wants that.
    pub(super) fn malformed(&mut self, service: &Service) -> HeadersReply {
        if service.further.ignores_malformed {
            return HeadersReply::Accept;
        }
        self.forgeries = None;
        self.role = Role::Malformed;
        HeadersReply::Continue
    }
}

/// Inserts the field that says it.
pub(super) fn tell_malformed(
    service: &Service,
    reply: &mut MessageReply,
    ending: &Ending<'_>,
) -> Result<(), ModificationError> {
    let name = service.authserv_id(ending.host);
    let job_id = ending.queue_id.filter(|_| service.results.with_job_id);
    let mut writer = match job_id {
        Some(job_id) => ResultsWriter::with_job_id(name, job_id, Layout::Flowing),
        None => ResultsWriter::new(name, Layout::Flowing),
    };
    writer.result(&MethodResult::new("dkim", "permerror").comment(BAD_FORMAT));
    let field = writer.finish();
    reply.insert_header(ON_TOP, field.name, field.value.as_bytes())
}
