//! One message, from its first header field to what becomes of it.

mod arriving;
mod fields;
mod foretelling;
mod known;
mod obstacle;
mod opendkim;
mod planning;
mod shadowing;
mod steps;
mod told;

pub use arriving::{Judged, Provenance, held};
pub use known::{Ending, Facts};
pub use obstacle::Obstacle;
pub use told::{Told, log_obstacle};

pub(crate) use planning::{unless_excluded, weigh};

use fields::{insert_trace, place, remove_old};

use planning::{is_ours_to_sign, plan};
use shadowing::Shadowing;

use super::service::Service;
use crate::VERSION;
use crate::event::{Reason, UNKNOWN_ID, What};
use crate::forecast::Forecast;
use crate::monitoring::tally::Fate;
use crate::shadow::Shadowed;
use crate::signing::policy::{Origin, Plan};
use crate::signing::seal::{Seal, SealedField};
use crate::verifying::action::Why;
use crate::verifying::forgeries::{Forgeries, Guard};
use crate::verifying::office::Office;
use crate::verifying::verification::Verification;
use std::sync::Arc;
use std::time::Instant;
use twinseal_config::{Action, Door};
use twinseal_dkim::FIELD as DKIM_FIELD;
use twinseal_message::header::MAX_HEADER_OCTETS;
use twinseal_message::text::shown;
use twinseal_message::{HeaderBlock, HeaderTooLarge};
use twinseal_milter::{Disposition, HeadersReply, MessageReply, ModificationError};

/// One message.
pub struct Transaction {
    header: HeaderBlock,
    overflow: Option<HeaderTooLarge>,
    /// Fields that claim to be ours; only looked for where mail is verified.
    forgeries: Option<Forgeries>,
    role: Role,
    /// The product that the trace field names, if there is to be one.
    trace: Option<String>,
    /// A recipient for whom the message is not signed.
    excluded: Option<String>,
    /// Whether it is another filter's, and only compared.
    shadow: bool,
    /// Whether the signatures that it has are removed when it gets ours.
    removes_old: bool,
    /// Whether fields whose names hold a semicolon are passed over.
    skips_odd_names: bool,
    /// What becomes of it, as far as it is known.
    fate: Fate,
    /// How many DKIM signatures the message has; only counted where they are to be removed.
    old_signatures: u32,
    /// Whether it has no sender who could be told anything: a bounce (trap P7).
    from_nobody: bool,
    /// What is known of whether its seals will survive, where somebody asks.
    forecast: Option<Box<Forecast>>,
}

/// What is done with a message until it ends.
enum Role {
    /// Nothing.
    Passing,
    /// It is signed.
    Signing(Vec<Box<dyn Seal>>),
    /// Its signatures are verified.
    Verifying(Box<Verification>),
    /// The MTA is asked to hold it, which can be done at its end only.
    Held(Why),
    /// It cannot be read, which is written into it.
    Malformed,
    /// What another filter made of it is compared with what we would.
    Shadowing(Box<Shadowing>),
}

/// What becomes of a message at its end.
#[derive(Debug)]
pub struct Done {
    /// What the MTA is told.
    pub disposition: Disposition,
    /// What the log is told when that has left.
    pub told: Told,
    /// What became of it.
    pub(crate) fate: Fate,
}

impl Transaction {
    /// A message of which nothing is known yet. `guard` looks for forged fields.
    #[must_use]
    pub fn new(service: &Service, guard: Option<Arc<Guard>>) -> Self {
        Self {
            header: HeaderBlock::with_limit(service.header_limit.unwrap_or(MAX_HEADER_OCTETS)),
            overflow: None,
            forgeries: guard.map(Forgeries::new),
            role: Role::Passing,
            fate: Fate::Passed,
            from_nobody: false,
            trace: None,
            excluded: None,
            shadow: service.shadow,
            removes_old: service.signs && service.leaving.remove_old_signatures,
            old_signatures: 0,
            forecast: None,
            skips_odd_names: service.is_opendkim(),
        }
    }

    /// Takes whether the sender in the envelope is the null one.
    pub const fn sender_is_null(&mut self, is_null: bool) {
        self.from_nobody = is_null;
    }

    /// Takes a recipient as the MTA shows it.
    pub fn recipient(&mut self, address: &[u8], service: &Service) {
        if self.excluded.is_none() && service.leaving.leaves_unsigned(address) {
            self.excluded = Some(shown(&String::from_utf8_lossy(address)));
        }
    }

    /// Takes a header field as the MTA shows it.
    pub fn header(&mut self, name: &[u8], value: &[u8]) {
        if let Some(forgeries) = &mut self.forgeries {
            forgeries.look(name, value);
        }
        let is_old = || name.trim_ascii_end().eq_ignore_ascii_case(DKIM_FIELD.as_bytes());
        if self.removes_old && is_old() {
            self.old_signatures = self.old_signatures.saturating_add(1);
        }
        // opendkim neither signs nor sees such a field: in h=, it would be another tag.
        let ends_a_tag = self.skips_odd_names && name.contains(&b';');
        if self.overflow.is_some() || ends_a_tag {
            return;
        }
        self.overflow = self.header.push(name, value).err();
    }

    /// Decides what becomes of the message, and says so in the log unless that is for its end.
    pub async fn end_of_headers(&mut self, service: &Service, facts: &Facts<'_>) -> HeadersReply {
        let header = std::mem::take(&mut self.header);
        if self.shadow {
            return self.end_of_shown_header(header, service, facts).await;
        }
        // dkim-filter left what it neither signs nor verifies as it is.
        if !matches!(service.door, Door::DkimFilter | Door::Opendkim) {
            self.leave_trace(service);
        }
        let origin = service.origin(facts.client, facts.macros, facts.authenticated);
        if let (Some(limit), Some(_)) = (self.overflow, service.header_limit) {
            return self.too_large(limit, &origin, service, facts);
        }
        let leaving = service.as_it_leaves(&header);
        let early = self.lacks_from(&leaving, &origin, service, facts);
        if let Some(reply) = early.or_else(|| self.beforehand(&leaving, &origin, service, facts)) {
            return reply;
        }
        let planned = plan(service, facts, &leaving, self.overflow, &origin).await;
        if service.log_why && service.door == Door::DkimFilter {
            steps::tell(service, facts, &planned, &origin);
        }
        let planned = planned.map(|plan| unless_excluded(plan, self.excluded.take()));
        if Self::is_left_to_signers(&leaving, service, facts, &origin).await {
            return self.pass();
        }
        let objection = self.formally(&leaving, (&planned, &origin), service, facts);
        let objection = objection.or_else(|| self.foresee(&leaving, &planned, service, facts));
        if let Some(reply) = objection {
            return reply;
        }
        drop(leaving);
        self.begin((planned, origin), header, service, facts)
    }

    /// Begins to do what is planned.
    fn begin(
        &mut self,
        (planned, origin): (Result<Plan, Obstacle>, Origin),
        header: HeaderBlock,
        service: &Service,
        facts: &Facts<'_>,
    ) -> HeadersReply {
        match planned {
            Ok(Plan::Sign { seals, left_out }) => {
                self.leave_trace(service);
                for (field, reason) in &left_out {
                    facts.log(What::FieldNotAdded { field, reason });
                }
                self.fate = Fate::Signed;
                self.role = Role::Signing(seals);
                HeadersReply::Continue
            }
            // Mail of our own; and dkim-filter did nothing more about what is badly formed.
            Ok(Plan::Ignore(reason)) if reason.is_final() => {
                self.not_signed(&reason, &origin, facts);
                self.pass()
            }
            Ok(Plan::Ignore(reason)) => {
                if service.office.is_none() || is_ours_to_sign(&reason, &origin) {
                    self.not_signed(&reason, &origin, facts);
                }
                match &service.office {
                    Some(office) => self.verify(header, office, service, facts),
                    None => self.pass(),
                }
            }
            Err(obstacle) => {
                let action = obstacle.action(&service.actions, service.door);
                self.fate = Fate::Obstructed;
                facts.log(What::Obstructed { obstacle: &obstacle, action });
                self.answer(action, Why::CannotSign, service.door, facts)
            }
        }
    }

    /// The header is larger than what is looked at.
    fn too_large(
        &mut self,
        limit: HeaderTooLarge,
        origin: &Origin,
        service: &Service,
        facts: &Facts<'_>,
    ) -> HeadersReply {
        let reason = Reason::HeaderTooLarge(limit);
        if service.signs && is_ours_to_sign(&reason, origin) {
            self.not_signed(&reason, origin, facts);
        } else {
            self.fate = Fate::Verified;
            facts.log(What::HeaderTooLarge(limit));
        }
        self.answer(service.actions.security, Why::HeaderTooLarge, service.door, facts)
    }

    /// Begins to verify, unless everything that would come of it is known already.
    fn verify(
        &mut self,
        header: HeaderBlock,
        office: &Office,
        service: &Service,
        facts: &Facts<'_>,
    ) -> HeadersReply {
        if let Some(witness) = &service.witness {
            witness.verifies();
        }
        self.fate = Fate::Verified;
        self.leave_trace(service);
        let verification = Verification::begin(header, &office.means(service.clock.now()));
        let unsigned = service.actions.no_signature;
        if verification.is_moot() && !office.results.always {
            if service.tells_unsigned(unsigned) {
                facts.log(What::Unsigned);
            }
            service.tally.judged(&[], service.clock.now());
            return self.answer(unsigned, Why::Unsigned, service.door, facts);
        }
        self.role = Role::Verifying(Box::new(verification));
        HeadersReply::Continue
    }

    /// The message is not signed. It counts where it could have been.
    fn not_signed(&mut self, reason: &Reason, origin: &Origin, facts: &Facts<'_>) {
        if is_ours_to_sign(reason, origin) && !self.shadow {
            self.fate = Fate::NotSigned;
            facts.tally.not_signed(reason);
        }
        facts.log(What::NotSigned(reason));
    }

    /// What becomes of it, as far as it is known.
    #[must_use]
    pub(crate) const fn fate(&self) -> Fate {
        self.fate
    }

    /// The message gets a field that says who has seen it, if that is wanted.
    fn leave_trace(&mut self, service: &Service) {
        self.trace = (service.trace_header && !self.shadow).then(|| service.door.product(VERSION));
    }

    /// Lets the message go on as it is, apart from what can be done at its end only.
    const fn pass(&self) -> HeadersReply {
        let forged = match &self.forgeries {
            Some(forgeries) => forgeries.count() > 0,
            None => false,
        };
        if forged || self.trace.is_some() { HeadersReply::Continue } else { HeadersReply::Accept }
    }

    fn answer(&mut self, action: Action, why: Why, door: Door, facts: &Facts<'_>) -> HeadersReply {
        if self.shadow {
            if action != Action::Accept {
                facts.log(What::Shadowed(&Shadowed::acting(action, why.text())));
            }
            return HeadersReply::Accept;
        }
        if action != Action::Accept && why != Why::CannotSign {
            facts.log(What::Acted { action, why });
        }
        match action {
            Action::Accept => self.pass(),
            Action::Quarantine => {
                self.role = Role::Held(why);
                HeadersReply::Continue
            }
            Action::Reject => why.reject(door).map_or(HeadersReply::Reject, HeadersReply::Refuse),
            Action::TempFail => why.defer().map_or(HeadersReply::TempFail, HeadersReply::Refuse),
            Action::Discard => HeadersReply::Discard,
        }
    }

    /// Takes the next octets of the body.
    pub fn body(&mut self, chunk: &[u8]) {
        if let Some(forecast) = &mut self.forecast {
            forecast.feed(chunk);
        }
        match &mut self.role {
            Role::Signing(seals) => seals.iter_mut().for_each(|seal| seal.feed(chunk)),
            Role::Verifying(verification) => verification.feed(chunk),
            Role::Shadowing(shadowing) => shadowing.feed(chunk),
            Role::Passing | Role::Held(_) | Role::Malformed => {}
        }
    }

    /// What has to be waited for before the message can end.
    pub fn waits(&mut self) -> Option<&mut Verification> {
        match &mut self.role {
            Role::Verifying(verification) => Some(&mut **verification).filter(|one| one.waits()),
            Role::Passing
            | Role::Signing(_)
            | Role::Held(_)
            | Role::Malformed
            | Role::Shadowing(_) => None,
        }
    }

    /// Makes the fields and puts them into the answer, in their order: all of them, or none.
    ///
    /// # Errors
    /// The first [`Obstacle`].
    pub fn end_of_message(
        mut self,
        service: &Service,
        reply: &mut MessageReply,
        ending: &Ending<'_>,
    ) -> Result<Done, Obstacle> {
        if let Some(done) = self.foreseen(service, ending) {
            return Ok(done);
        }
        let mut disposition = Disposition::Accept;
        let untold: fn(ModificationError) -> Obstacle = match self.role {
            Role::Signing(_) => Obstacle::Field,
            Role::Passing
            | Role::Verifying(_)
            | Role::Held(_)
            | Role::Malformed
            | Role::Shadowing(_) => Obstacle::Result,
        };
        // Trap W12: what is there is removed before anything is inserted.
        let forged = self.remove_forged(reply).map_err(untold)?;
        let mut judged = None;
        let mut fields = Vec::new();
        match self.role {
            Role::Signing(seals) => {
                fields = signed(seals, service)?;
                if fields.iter().any(|sealed| sealed.field.name == DKIM_FIELD) {
                    remove_old(self.old_signatures, reply).map_err(untold)?;
                }
                for SealedField { field, index, .. } in &fields {
                    let value = field.value.as_bytes();
                    let index = place(*index, service.door);
                    reply.insert_header(index, field.name, value).map_err(untold)?;
                }
            }
            Role::Verifying(verification) => {
                let header = service.desk.as_ref().map(|_| Arc::new(verification.header()));
                judged = Some(Judged::new(verification.finish(), (forged, header), service));
            }
            Role::Held(why) => reply.quarantine(&held(why, service.door)).map_err(untold)?,
            Role::Malformed => {
                opendkim::tell_malformed(service, reply, ending).map_err(untold)?;
            }
            Role::Shadowing(shadowing) => return Ok(shadowing.done(service)),
            Role::Passing => {}
        }
        // After the seals, and so above them (trap W8), which do not cover it.
        let trace = |reply: &mut MessageReply| {
            insert_trace(self.trace.as_deref(), (service, ending), reply).map_err(untold)
        };
        if !service.is_opendkim() {
            trace(reply)?;
        }
        // Last: it goes above the MTA's own field (trap W9).
        if let Some(judged) = &mut judged {
            let concluded = judged.conclude(service, reply, self.forgeries.as_ref(), ending);
            disposition = concluded.map_err(untold)?;
        }
        if service.is_opendkim() {
            trace(reply)?;
        }
        let told = match judged {
            Some(judged) => Told::Judged(Box::new(judged)),
            None if fields.is_empty() => Told::Nothing,
            None => Told::Sealed(fields),
        };
        Ok(Done { disposition, told, fate: self.fate })
    }

    fn remove_forged(&self, reply: &mut MessageReply) -> Result<usize, ModificationError> {
        // Mail that we sign is our own.
        let forgeries = match self.role {
            Role::Signing(_) => None,
            Role::Passing
            | Role::Verifying(_)
            | Role::Held(_)
            | Role::Malformed
            | Role::Shadowing(_) => self.forgeries.as_ref(),
        };
        let Some(forgeries) = forgeries else { return Ok(0) };
        forgeries.remove(reply)?;
        Ok(forgeries.count())
    }
}

/// Makes the signatures.
fn signed(seals: Vec<Box<dyn Seal>>, service: &Service) -> Result<Vec<SealedField>, Obstacle> {
    let begun = Instant::now();
    let mut fields = Vec::new();
    for seal in seals {
        fields.append(&mut seal.finish()?);
    }
    service.tally.signed_in(begun.elapsed());
    Ok(fields)
}
