//! What the signatures of a message come to, at its end.

use super::{Ending, UNKNOWN_ID};
use crate::event::What;
use crate::reporting::Case;
use crate::serving::service::Service;
use crate::shadow::Shadowed;
use crate::verifying::action::{Decision, Why, decide};
use crate::verifying::forgeries::Forgeries;
use crate::verifying::report::Report;
use crate::verifying::standing::Standing;
use crate::verifying::verification::Finished;
use std::net::IpAddr;
use std::sync::Arc;
use twinseal_config::{Action, Actions, Adsp, Door};
use twinseal_dkim::{AdspResult, Outcome, Verdict};
use twinseal_message::HeaderBlock;
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
    /// Its header, where a report may have to tell of it.
    header: Option<Arc<HeaderBlock>>,
    /// The value of the Authentication-Results field.
    results: Option<String>,
}

/// What a connection knows about a message that may have to be reported.
#[derive(Debug, Clone, Copy)]
pub struct Provenance<'a> {
    /// The MTA's queue id.
    pub queue_id: Option<&'a str>,
    /// The sender in the envelope, without angle brackets.
    pub sender: &'a [u8],
    /// The SMTP client.
    pub client: Option<IpAddr>,
}

/// What the MTA writes beside a message that it holds.
#[must_use]
pub fn held(why: Why, door: Door) -> String {
    format!("{}: {}", door.program(), why.text())
}

impl Judged {
    pub(super) fn new(
        finished: Finished,
        (forged, header): (usize, Option<Arc<HeaderBlock>>),
        service: &Service,
    ) -> Self {
        let office = service.office.as_ref();
        let adsp = office.and_then(|office| office.adsp.as_ref());
        let quarantines = office.is_some_and(|office| office.quarantine);
        let mut decision = decision(&finished, (&service.actions, service.door), adsp, quarantines);
        // opendkim asked nobody about mail of which it said that it is not signed.
        if service.is_opendkim() && service.results.always && decision.why == Why::Unsigned {
            decision.action = Action::Accept;
        }
        Self { finished, decision, forged, header, results: None }
    }

    /// What was found about each signature.
    #[must_use]
    pub fn verdicts(&self) -> &[Verdict] {
        &self.finished.verdicts
    }

    /// Writes the result into the answer, and says what becomes of the message.
    pub(super) fn conclude(
        &mut self,
        service: &Service,
        reply: &mut MessageReply,
        forgeries: Option<&Forgeries>,
        ending: &Ending<'_>,
    ) -> Result<Disposition, ModificationError> {
        let (Some(office), Some(forgeries)) = (&service.office, forgeries) else {
            return Ok(Disposition::Accept);
        };
        let unknown = service.is_opendkim().then_some(UNKNOWN_ID);
        let job_id = ending.queue_id.or(unknown);
        let report = Report {
            door: service.door,
            authserv_id: forgeries.name(),
            job_id: job_id.filter(|_| office.results.with_job_id),
            verdicts: &self.finished.verdicts,
            adsp: self.finished.adsp,
            well_formed: self.finished.well_formed,
            always: office.results.always,
            with_signature: !service.further.without_signature,
        };
        let Decision { action, why } = self.decision;
        // What is not delivered needs none, and nothing about it keeps the action from being taken.
        if matches!(action, Action::Accept | Action::Quarantine)
            && let Some(field) = report.field()
        {
            reply.insert_header(ON_TOP, field.name, field.value.as_bytes())?;
            self.results = Some(field.value).filter(|_| self.header.is_some());
        }
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

    /// Has what does not match reported, if that is asked for. Inside a runtime.
    pub fn report(&self, service: &Service, whence: &Provenance<'_>) {
        let (Some(desk), Some(header)) = (&service.desk, &self.header) else { return };
        let case = Case {
            queue_id: whence.queue_id.unwrap_or(UNKNOWN_ID).to_owned(),
            sender: whence.sender.to_vec(),
            client: whence.client,
            header: Arc::clone(header),
            results: self.results.clone(),
            now: service.clock.now(),
        };
        desk.consider(&case, &self.finished.verdicts, self.finished.adsp);
    }

    /// Writes what there is to say into the log.
    pub(super) fn log(&self, service: &Service, queue_id: &str) {
        let log = |what| service.tell(queue_id, what);
        let examined = |one: &&Verdict| !matches!(one.outcome, Outcome::NotExamined { .. });
        let verdicts: Vec<&Verdict> = self.finished.verdicts.iter().filter(examined).collect();
        let ignored = self.finished.verdicts.len() - verdicts.len();
        if ignored > 0 {
            log(What::SignaturesIgnored(ignored));
        }
        if !self.finished.well_formed {
            log(What::BadFormat);
        }
        if verdicts.len() > 1 {
            log(What::SeveralSignatures(&verdicts));
        }
        for verdict in &verdicts {
            if service.further.log_results {
                log(What::ResultOf(verdict));
            }
            if service.logs_success || verdict.outcome != Outcome::Pass {
                log(What::Verified(verdict));
            }
        }
        if self.forged > 0 {
            log(What::ForgedRemoved(self.forged));
        }
        let Decision { action, why } = self.decision;
        if self.finished.verdicts.is_empty() && service.tells_unsigned(action) {
            log(What::Unsigned);
        }
        if action != Action::Accept && service.shadow {
            log(What::Shadowed(&Shadowed::acting(action, why.text())));
        } else if action != Action::Accept {
            log(What::Acted { action, why });
        }
    }
}

/// What follows. One function, and one test of it, beside that of [`decide`].
fn decision(
    finished: &Finished,
    (actions, door): (&Actions, Door),
    adsp: Option<&Adsp>,
    quarantines: bool,
) -> Decision {
    if let Some(decision) = adsp.and_then(|adsp| by_author(finished, adsp)) {
        return decision;
    }
    let standing = Standing::of(&finished.verdicts);
    let decision = decide(standing, actions, door);
    // dkim-filter wrote that a header is not what it should be, and did nothing more about the
    // message, whatever its signatures came to.
    if !finished.well_formed && door == Door::DkimFilter {
        return Decision { action: Action::Accept, ..decision };
    }
    let is_bad = match standing {
        Standing::Invalid(..) => !standing.is_testing(),
        Standing::Valid | Standing::Unsigned => false,
    };
    if quarantines && is_bad && decision.action == Action::Accept {
        return Decision { action: Action::Quarantine, ..decision };
    }
    decision
}

/// What the author's domain wants of mail that it has not signed (RFC 5617 §4.3). Nothing is held
/// against mail of who is only testing (RFC 6376 §3.6.1).
fn by_author(finished: &Finished, adsp: &Adsp) -> Option<Decision> {
    let (rejects, why) = match finished.adsp? {
        AdspResult::Discard => (adsp.discard, Why::Adsp),
        AdspResult::NoDomain => (adsp.no_such_domain, Why::NoSuchDomain),
        AdspResult::NoRecord
        | AdspResult::Pass
        | AdspResult::Unknown
        | AdspResult::Fail
        | AdspResult::TempError
        | AdspResult::PermError => return None,
    };
    let rejects = rejects && !finished.author_is_testing;
    rejects.then_some(Decision { action: Action::Reject, why })
}

#[cfg(test)]
mod tests {
    use super::{decision, held};
    use crate::verifying::action::{Decision, Why};
    use crate::verifying::standing::Cause;
    use crate::verifying::verification::Finished;
    use twinseal_config::Action::{self, Accept, Quarantine, Reject, TempFail};
    use twinseal_config::{Actions, Adsp, Door, LocalPolicies};
    use twinseal_dkim::{AdspResult, Claims, KeyFacts, LookupFailure, Outcome, Security, Verdict};

    const ACTIONS: Actions = Actions {
        bad_signature: Reject,
        no_signature: Accept,
        key_not_found: Accept,
        dns_error: TempFail,
        internal_error: Accept,
        security: Accept,
        signature_error: Accept,
    };

    fn finished(outcomes: impl IntoIterator<Item = Outcome>) -> Finished {
        let verdict =
            |outcome| Verdict { claims: Claims::default(), outcome, key: None, coverage: None };
        let verdicts = outcomes.into_iter().map(verdict).collect();
        Finished { verdicts, adsp: None, author_is_testing: false, well_formed: true }
    }

    fn what(finished: &Finished, door: Door, quarantines: bool) -> (Action, Why) {
        let adsp = Adsp { discard: true, no_such_domain: true, local: LocalPolicies::default() };
        let Decision { action, why } =
            decision(finished, (&ACTIONS, door), Some(&adsp), quarantines);
        (action, why)
    }

    #[test]
    fn an_author_s_domain_has_a_say_where_its_own_signature_is_missing() {
        for (result, want) in [
            (AdspResult::Discard, (Reject, Why::Adsp)),
            (AdspResult::NoDomain, (Reject, Why::NoSuchDomain)),
            (AdspResult::Fail, (Accept, Why::Valid)),
            (AdspResult::TempError, (Accept, Why::Valid)),
            (AdspResult::PermError, (Accept, Why::Valid)),
            (AdspResult::Unknown, (Accept, Why::Valid)),
            (AdspResult::NoRecord, (Accept, Why::Valid)),
            (AdspResult::Pass, (Accept, Why::Valid)),
        ] {
            // Of somebody else, and valid.
            let signed = Finished { adsp: Some(result), ..finished([Outcome::Pass]) };
            assert_eq!(what(&signed, Door::Native, false), want, "{result:?}");
            let testing = Finished { author_is_testing: true, ..signed };
            assert_eq!(what(&testing, Door::Native, false), (Accept, Why::Valid), "{result:?}");
        }
    }

    #[test]
    fn a_header_that_is_not_what_it_should_be_excuses_nothing_but_in_the_historic_door() {
        let timeout = Outcome::KeyUnavailable(LookupFailure::Timeout);
        for (outcome, cause, action) in [
            (Outcome::BodyChanged, Cause::Mismatch, Reject),
            (timeout, Cause::NoAnswer, TempFail),
            (Outcome::NoKey, Cause::NoKey, Quarantine),
        ] {
            let bad = Finished { well_formed: false, ..finished([outcome]) };
            assert_eq!(what(&bad, Door::Native, true), (action, Why::Invalid(cause)));
            assert_eq!(what(&bad, Door::DkimFilter, true), (Accept, Why::Invalid(cause)));
        }
    }

    #[test]
    fn what_is_accepted_without_a_valid_signature_is_held_where_that_is_asked_for() {
        let no_key = || finished([Outcome::NoKey]);
        let invalid = Why::Invalid(Cause::NoKey);
        assert_eq!(what(&no_key(), Door::Native, false), (Accept, invalid));
        assert_eq!(what(&no_key(), Door::Native, true), (Quarantine, invalid));
        assert_eq!(what(&finished([]), Door::Native, true), (Accept, Why::Unsigned));
        assert_eq!(what(&finished([Outcome::Pass]), Door::Native, true), (Accept, Why::Valid));
        let mut testing = no_key();
        let key = KeyFacts { bits: Some(2048), testing: true, security: Security::Unproved };
        testing.verdicts.iter_mut().for_each(|verdict| verdict.key = Some(key));
        assert_eq!(what(&testing, Door::Native, true), (Accept, invalid));
        assert_eq!(held(invalid, Door::DkimFilter), "dkim-filter: DKIM key retrieval failed");
    }
}
