//! A message in the shadow of another filter: everything is worked out, nothing is done.

use super::planning::{is_ours_to_sign, plan, unless_excluded};
use super::{Done, Facts, Obstacle, Role, Told, Transaction};
use crate::event::{Reason, What};
use crate::monitoring::tally::Fate;
use crate::serving::service::Service;
use crate::shadow::{Mark, Proof, Shadowed, Signature, Theirs, compare};
use crate::signing::policy::{Origin, Plan};
use crate::signing::seal::{Requested, Seal, SealedField};
use crate::verifying::action::Why;
use twinseal_dkim::{
    Demands, FIELD as DKIM_FIELD, KeyQuery, Outcome, Security, TxtAnswer, Verifier,
};
use twinseal_keys::SignError;
use twinseal_message::HeaderBlock;
use twinseal_milter::{Disposition, HeadersReply};

/// What the other filter has made, and what we make on the way to the end of the message.
pub(super) struct Shadowing {
    theirs: Vec<Signature>,
    seals: Vec<Box<dyn Seal>>,
    /// Checks theirs with our keys, where they name those.
    verifier: Verifier,
}

impl Transaction {
    /// Takes the same decisions as for mail that is ours alone, over the message as the other filter
    /// was shown it.
    pub(super) async fn end_of_shown_header(
        &mut self,
        header: HeaderBlock,
        service: &Service,
        facts: &Facts<'_>,
    ) -> HeadersReply {
        let origin = service.origin(facts.client, facts.macros, facts.authenticated);
        let theirs = Theirs::of(&header);
        if let (Some(limit), Some(_)) = (self.overflow, service.header_limit) {
            facts.log(What::HeaderTooLarge(limit));
            let (action, why) = (service.actions.security, Why::HeaderTooLarge);
            return self.answer(action, why, service.door, facts);
        }
        let leaving = service.as_it_leaves(&theirs.rest);
        if let Some(reply) = self.beforehand(&leaving, &origin, service, facts) {
            return reply;
        }
        let planned = plan(service, facts, &leaving, self.overflow, &origin).await;
        drop(leaving);
        match planned.map(|plan| unless_excluded(plan, self.excluded.take())) {
            Ok(Plan::Sign { seals, left_out }) => {
                for (field, reason) in &left_out {
                    facts.log(What::FieldNotAdded { field, reason });
                }
                let now = service.clock.now();
                self.role = Role::Shadowing(Box::new(Shadowing::begin(theirs, seals, now)));
                HeadersReply::Continue
            }
            Ok(Plan::Ignore(reason)) => {
                let ours = is_ours_to_sign(&reason, &origin);
                if service.office.is_none() || reason.is_final() || ours {
                    self.not_signed(&reason, &origin, facts);
                }
                only_theirs(&theirs, &reason, &origin, facts);
                match &service.office {
                    Some(office) if !reason.is_final() => {
                        self.verify(header, office, service, facts)
                    }
                    _ => HeadersReply::Accept,
                }
            }
            Err(obstacle) => {
                facts.log(What::Shadowed(&obstructed(&obstacle, service)));
                HeadersReply::Accept
            }
        }
    }
}

/// Tells of signatures that the other filter has made and we would not. Of mail from elsewhere, only
/// one as a domain of ours is known to be that filter's.
fn only_theirs(theirs: &Theirs, reason: &Reason, origin: &Origin, facts: &Facts<'_>) {
    for Signature { mark, .. } in &theirs.signatures {
        let is_theirs = if let Reason::ExternalHost { domain, .. } = reason {
            mark.domain == domain.as_str()
        } else {
            origin.is_ours()
        };
        if is_theirs {
            facts.log(What::Shadowed(&Shadowed::OnlyTheirs { mark: mark.clone() }));
        }
    }
}

/// What would become of a message that cannot be signed.
fn obstructed(obstacle: &Obstacle, service: &Service) -> Shadowed {
    Shadowed::acting(
        obstacle.action(&service.actions, service.door),
        format_args!("{obstacle} ({})", obstacle.code()),
    )
}

impl Shadowing {
    fn begin(theirs: Theirs, seals: Vec<Box<dyn Seal>>, now: u64) -> Self {
        let demands = Demands { signatures: theirs.signatures.len(), ..Demands::default() };
        let mut verifier = Verifier::new(theirs.signed(), demands, now);
        let keys: Vec<Requested> = seals.iter().flat_map(|seal| seal.requests()).collect();
        let queries: Vec<KeyQuery> = verifier.queries().to_vec();
        for (number, query) in queries.iter().enumerate() {
            let named = |key: &&Requested| KeyQuery::new(&key.selector, &key.domain) == *query;
            let record = keys.iter().find(named).and_then(|key| key.key.record().ok());
            if let Some(record) = record {
                let texts = vec![record.to_string().into_bytes()];
                let answer = TxtAnswer::Records { texts, security: Security::Unproved };
                verifier.answer(number, &answer);
            }
        }
        Self { theirs: theirs.signatures, seals, verifier }
    }

    pub(super) fn feed(&mut self, chunk: &[u8]) {
        self.seals.iter_mut().for_each(|seal| seal.feed(chunk));
        self.verifier.feed(chunk);
    }

    /// Nothing is done, and what there is to say of it told.
    pub(super) fn done(self, service: &Service) -> Done {
        let told = self
            .compared()
            .unwrap_or_else(|error| vec![obstructed(&Obstacle::Key(error), service)]);
        Done { disposition: Disposition::Accept, told: Told::Shadowed(told), fate: Fate::Passed }
    }

    fn compared(self) -> Result<Vec<Shadowed>, SignError> {
        let mut proofs = self.verifier.finish().into_iter().map(|verdict| proof(&verdict.outcome));
        let mut theirs: Vec<(Signature, Proof)> = Vec::new();
        for signature in self.theirs {
            let is_dkim = signature.mark.field == DKIM_FIELD;
            let proof = if is_dkim { proofs.next() } else { None };
            theirs.push((signature, proof.unwrap_or(Proof::None)));
        }
        let signs = !theirs.is_empty();
        let mut ours = Vec::new();
        for seal in self.seals {
            ours.append(&mut seal.finish()?);
        }
        // Those with the same name first, so that no other one takes their place.
        ours.sort_by_key(|sealed| place(&theirs, sealed).map_or(3, |(far, _)| far));
        let mut told = Vec::new();
        for sealed in ours {
            let mark = mark(&sealed);
            told.push(match place(&theirs, &sealed) {
                Some((_, at)) => {
                    let (signature, proof) = theirs.remove(at);
                    compare(&mark, &signature.value, sealed.field.value.as_bytes(), proof)
                }
                None if signs => Shadowed::Added { mark },
                None => Shadowed::OnlyOurs { mark },
            });
        }
        let more = theirs.into_iter();
        told.extend(more.map(|(signature, _)| Shadowed::OnlyTheirs { mark: signature.mark }));
        Ok(told)
    }
}

/// A key that is not ours was not asked for.
fn proof(outcome: &Outcome) -> Proof {
    if *outcome == Outcome::Pass {
        Proof::Valid
    } else if matches!(outcome, Outcome::KeyUnavailable(_) | Outcome::NotExamined { .. }) {
        Proof::None
    } else {
        Proof::Invalid(outcome.to_string())
    }
}

fn mark(sealed: &SealedField) -> Mark {
    let (selector, domain) = (sealed.selector.to_string(), sealed.domain.to_string());
    Mark { field: sealed.field.name, selector, domain }
}

/// Which of theirs is the nearest to ours, and how far it is: they have both names in common, the
/// domain, or the kind of field.
fn place(theirs: &[(Signature, Proof)], sealed: &SealedField) -> Option<(u8, usize)> {
    let ours = mark(sealed);
    let far = |(Signature { mark, .. }, _): &(Signature, Proof)| {
        let same_selector = mark.selector.eq_ignore_ascii_case(&ours.selector);
        match (mark.field == ours.field, mark.domain == ours.domain) {
            (false, _) => None,
            (true, true) if same_selector => Some(0),
            (true, true) => Some(1),
            (true, false) => Some(2),
        }
    };
    let ranked = theirs.iter().enumerate().filter_map(|(at, one)| Some((far(one)?, at)));
    ranked.min()
}
