//! The steps to a decision, as `dkim-filter` told them when it was asked why.

use super::{Facts, Obstacle};
use crate::event::{Reason, Tried, What};
use crate::serving::service::Service;
use crate::signing::policy::{Origin, Plan};

/// Tells them, in the order in which that program took them.
pub(super) fn tell(
    service: &Service,
    facts: &Facts<'_>,
    planned: &Result<Plan, Obstacle>,
    origin: &Origin,
) {
    let tell = |tried| facts.log(What::Tried(tried));
    let external = matches!(origin, Origin::External { .. });
    if let Ok(Plan::Ignore(Reason::NoSigningRule { address })) = planned {
        tell(Tried::NoDomain(address));
        // Of mail that is ours, the line that says why it is not signed tells this.
        if external {
            tell(Tried::NoKeyLine(address));
        }
    }
    let by_daemon = matches!(origin, Origin::Daemon(_));
    if !service.leaving.daemons.is_empty() && !by_daemon {
        tell(Tried::NoDaemon);
    }
    if !service.leaving.macros.is_empty() && !by_daemon && !matches!(origin, Origin::Macro(_)) {
        tell(Tried::NoMacro);
    }
    match origin {
        Origin::Daemon(_) | Origin::Macro(_) | Origin::Internal => {}
        Origin::Authenticated => tell(Tried::NotInternal),
        Origin::External { .. } => {
            tell(Tried::NotInternal);
            tell(Tried::NotAuthenticated);
        }
    }
    if let Ok(plan) = planned {
        let signing = matches!(plan, Plan::Sign { .. });
        tell(Tried::Selected { signing });
    }
}
