//! What the log is told of a message.

use super::{Judged, Obstacle};
use crate::event::{Event, UNKNOWN_ID, What};
use crate::serving::service::Service;
use crate::shadow::Shadowed;
use crate::signing::seal::SealedField;
use twinseal_config::Door;

/// What is worth a log line when the answer has left.
#[derive(Debug)]
pub enum Told {
    /// The fields that were inserted.
    Sealed(Vec<SealedField>),
    /// What the signatures came to.
    Judged(Box<Judged>),
    /// In what another filter differs.
    Shadowed(Vec<Shadowed>),
    /// Nothing.
    Nothing,
}

impl Told {
    /// Counts it: the log may leave lines out.
    pub fn count(&self, service: &Service) {
        match self {
            Self::Sealed(fields) => service.tally.sealed(fields),
            Self::Judged(judged) => service.tally.judged(judged.verdicts(), service.clock.now()),
            Self::Shadowed(_) | Self::Nothing => {}
        }
    }

    /// Writes the lines.
    pub fn log(&self, service: &Service, queue_id: Option<&str>) {
        let (door, queue_id) = (service.door, queue_id.unwrap_or(UNKNOWN_ID));
        match self {
            // dkim-filter told of what it signed as of signatures that pass: where that was wanted.
            Self::Sealed(_)
                if matches!(door, Door::DkimFilter | Door::Opendkim) && !service.logs_success => {}
            Self::Sealed(fields) => {
                for SealedField { field, selector, domain, .. } in fields {
                    let what = What::FieldAdded { field: field.name, selector, domain };
                    Event { door, queue_id, what }.log();
                }
            }
            Self::Judged(judged) => judged.log(service, queue_id),
            Self::Shadowed(found) => {
                for one in found {
                    Event { door, queue_id, what: What::Shadowed(one) }.log();
                }
            }
            Self::Nothing => {}
        }
    }
}

/// Tells of a message that could not be dealt with at its end.
pub fn log_obstacle(service: &Service, queue_id: Option<&str>, obstacle: &Obstacle) {
    let action = obstacle.action(&service.actions, service.door);
    service.tell(queue_id.unwrap_or(UNKNOWN_ID), What::Obstructed { obstacle, action });
}
