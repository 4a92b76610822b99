//! What the signatures of a message come to, at its end.

use super::Ending;
use crate::event::{Event, What};
use crate::serving::service::Service;
use crate::verifying::action::{Decision, Why, decide};
use crate::verifying::report::Report;
use crate::verifying::standing::Standing;
use crate::verifying::verification::Finished;
use twinseal_config::{Action, Door};
use twinseal_dkim::{AdspResult, Outcome, Verdict};
use twinseal_milter::{Disposition, MessageReply, ModificationError};

/// Above everything, where readers of mail trust it (RFC 8601 §4.1, trap A2).
const ON_TOP: u32 = 0;

/// A message whose signatures were judged, and what follows.
#[derive(Debug)]
pub struct Judged {
    finished: Finished,
    decision: Decision,
    /// How many forged fields were removed.
    forged: usize,
    logs_success: bool,
    log_why: bool,
}

/// What the MTA writes beside a message that it holds.
pub(super) fn held(why: Why, door: Door) -> String {
    format!("{}: {}", door.program(), why.text())
}

impl Judged {
    pub(super) fn new(finished: Finished, forged: usize, service: &Service) -> Self {
        let decision = decision(&finished, service);
        let logs_success = service.office.as_ref().is_some_and(|office| office.logs_success);
        Self { finished, decision, forged, logs_success, log_why: service.log_why }
    }

    /// Writes the result into the answer, and says what becomes of the message.
    pub(super) fn conclude(
        &self,
        service: &Service,
        reply: &mut MessageReply,
        ending: &Ending<'_>,
    ) -> Result<Disposition, ModificationError> {
        let Some(office) = &service.office else { return Ok(Disposition::Accept) };
        let report = Report {
            door: service.door,
            authserv_id: office.authserv_id(ending.host),
            job_id: ending.queue_id.filter(|_| office.results.with_job_id),
            verdicts: &self.finished.verdicts,
            adsp: self.finished.adsp,
            well_formed: self.finished.well_formed,
            always: office.results.always,
        };
        if let Some(field) = report.field() {
            reply.insert_header(ON_TOP, field.name, field.value.as_bytes())?;
        }
        let Decision { action, why } = self.decision;
        Ok(match action {
            Action::Accept => Disposition::Accept,
            Action::Reject => {
                why.reject(service.door).map_or(Disposition::Reject, Disposition::Refuse)
            }
            Action::TempFail => why.defer().map_or(Disposition::TempFail, Disposition::Refuse),
            Action::Discard => Disposition::Discard,
            Action::Quarantine => {
                reply.quarantine(&held(why, service.door))?;
                Disposition::Accept
            }
        })
    }

    /// Writes what there is to say into the log.
    pub(super) fn log(&self, queue_id: &str) {
        let log = |what| Event { queue_id, what }.log();
        let examined = |one: &&Verdict| !matches!(one.outcome, Outcome::NotExamined { .. });
        let verdicts: Vec<&Verdict> = self.finished.verdicts.iter().filter(examined).collect();
        let ignored = self.finished.verdicts.len() - verdicts.len();
        if ignored > 0 {
            log(What::SignaturesIgnored(ignored));
        }
        if verdicts.len() > 1 {
            log(What::SeveralSignatures(&verdicts));
        }
        for verdict in &verdicts {
            if self.logs_success || verdict.outcome != Outcome::Pass {
                log(What::Verified(verdict));
            }
        }
        if self.forged > 0 {
            log(What::ForgedRemoved(self.forged));
        }
        let Decision { action, why } = self.decision;
        if self.finished.verdicts.is_empty() && (self.log_why || action != Action::Accept) {
            log(What::Unsigned);
        }
        if action != Action::Accept {
            log(What::Acted { action, why });
        }
    }
}

fn decision(finished: &Finished, service: &Service) -> Decision {
    // RFC 5617 §4.3: the author's domain is asked about what has no signature of its own.
    let adsp = service.office.as_ref().and_then(|office| office.adsp.as_ref());
    let rejects = |on: bool, why| on.then_some(Decision { action: Action::Reject, why });
    let by_author = adsp.zip(finished.adsp).and_then(|(adsp, result)| match result {
        AdspResult::Discard => rejects(adsp.discard, Why::Adsp),
        AdspResult::NoDomain => rejects(adsp.no_such_domain, Why::NoSuchDomain),
        AdspResult::NoRecord
        | AdspResult::Pass
        | AdspResult::Unknown
        | AdspResult::Fail
        | AdspResult::TempError
        | AdspResult::PermError => None,
    });
    if let Some(decision) = by_author {
        return decision;
    }
    // A header that is not what it should be is told, and nothing more.
    let standing = Standing::of(&finished.verdicts);
    let decision = decide(standing, &service.actions, service.door);
    let quarantines = service.office.as_ref().is_some_and(|office| office.quarantine);
    let is_bad = match standing {
        Standing::Invalid(..) => !standing.is_testing(),
        Standing::Valid | Standing::Unsigned => false,
    };
    if !finished.well_formed {
        return Decision { action: Action::Accept, ..decision };
    }
    if quarantines && is_bad && decision.action == Action::Accept {
        return Decision { action: Action::Quarantine, ..decision };
    }
    decision
}
