//! What a later hop is going to break, told while the message is here.

use super::{Done, Ending, Facts, Obstacle, Told, Transaction};
use crate::event::{UNKNOWN_ID, What};
use crate::forecast::{Cause, Foretold};
use crate::monitoring::tally::Fate;
use crate::serving::service::Service;
use crate::signing::policy::{Origin, Plan};
use crate::verifying::action::Why;
use twinseal_config::{Action, Forecast as Asked};
use twinseal_message::HeaderBlock;
use twinseal_milter::{Disposition, HeadersReply, SmtpReply};

/// The one place by which every cause passes that is told of a message.
fn tell(service: &Service, queue_id: Option<&str>, causes: &[Foretold]) {
    for foretold in causes {
        service.tell(queue_id.unwrap_or(UNKNOWN_ID), What::Forecast(foretold));
    }
}

/// Tells the causes. With `reject`, gives the reply that tells the sender.
///
/// A bounce is never refused: nobody would be left to be told, and its sender is this host.
fn act(
    service: &Service,
    queue_id: Option<&str>,
    (causes, from_nobody): (&[Foretold], bool),
) -> Option<Option<SmtpReply>> {
    tell(service, queue_id, causes);
    match service.forecast {
        Asked::Reject if !causes.is_empty() && !from_nobody => {}
        Asked::Reject | Asked::Warn | Asked::Off => return None,
    }
    let what = What::Acted { action: Action::Reject, why: Why::Forecast };
    service.tell(queue_id.unwrap_or(UNKNOWN_ID), what);
    Some(crate::forecast::refusal(causes))
}

impl Transaction {
    /// The message is refused.
    fn refused(&mut self, reply: Option<SmtpReply>) -> HeadersReply {
        self.fate = Fate::Refused;
        reply.map_or(HeadersReply::Reject, HeadersReply::Refuse)
    }

    /// Mail of our own that nobody signs because it has no From, which somebody will add.
    pub(super) fn lacks_from(
        &mut self,
        header: &HeaderBlock,
        origin: &Origin,
        service: &Service,
        facts: &Facts<'_>,
    ) -> Option<HeadersReply> {
        let is_ours = service.signs && origin.is_ours();
        let is_ours = is_ours && self.overflow.is_none() && self.excluded.is_none();
        if service.forecast == Asked::Off || !is_ours || header.named("from").next().is_some() {
            return None;
        }
        let foretold = Foretold { cause: Cause::MissingFrom, only: None };
        let told = (&[foretold][..], self.from_nobody);
        act(service, facts.queue_id, told).map(|reply| self.refused(reply))
    }

    /// Looks at a header that is going to be signed, and begins to watch the body.
    pub(super) fn foresee(
        &mut self,
        header: &HeaderBlock,
        planned: &Result<Plan, Obstacle>,
        service: &Service,
        facts: &Facts<'_>,
    ) -> Option<HeadersReply> {
        let Ok(Plan::Sign { seals, .. }) = planned else { return None };
        if service.forecast == Asked::Off {
            return None;
        }
        let forecast = crate::forecast::Forecast::of_header(header, seals);
        let reply = act(service, facts.queue_id, (forecast.shown(), self.from_nobody));
        let reply = reply.map(|reply| self.refused(reply));
        self.forecast = Some(Box::new(forecast));
        reply
    }

    /// What the body has shown: the message ends here, where it is refused for it.
    pub(super) fn foreseen(&mut self, service: &Service, ending: &Ending<'_>) -> Option<Done> {
        let causes = self.forecast.take()?.finish();
        let reply = act(service, ending.queue_id, (&causes, self.from_nobody))?;
        let disposition = reply.map_or(Disposition::Reject, Disposition::Refuse);
        Some(Done { disposition, told: Told::Nothing, fate: Fate::Refused })
    }
}
