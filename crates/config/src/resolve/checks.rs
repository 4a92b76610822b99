//! What the rules of the file and those of the command line are checked for.

use super::seals::Seals;
use crate::caution::Caution;
use crate::mistake::Report;
use crate::origin::Origin;
use crate::pattern::Pattern;
use crate::raw::Set;
use crate::rules::SigningDomain;
use crate::wrong::{Quoted, Wrong};

/// Something has to be made.
pub(super) fn check_any(seals: &Seals, entry: &Origin, report: &mut Report) {
    if !seals.any {
        report.mistake(entry, "signing", Wrong::NoSeal);
    }
}

/// RFC 6376 §3.5: the identity has to be in the signing domain.
pub(super) fn check_identity(
    seals: &Seals,
    domain: Option<&SigningDomain>,
    entry: &Origin,
    report: &mut Report,
) {
    let (Some(identity), Some(SigningDomain::Fixed(domain))) = (&seals.identity, domain) else {
        return;
    };
    if !identity.value.domain().is_at_or_under(domain) {
        let (domain, entry) = (domain.to_string(), entry.to_string());
        let text = Quoted::new(&identity.value.to_string());
        let wrong = Wrong::IdentityOutside { identity: text, domain, entry };
        report.mistake(&identity.origin, "dkim.identity", wrong);
    }
}

/// Trap K3: DomainKeys needs the sender's domain or a parent of it, and DMARC counts nothing else.
pub(super) fn foreign(
    senders: &[Set<Pattern>],
    domain: &SigningDomain,
    entry: &Origin,
    report: &mut Report,
) {
    let SigningDomain::Fixed(domain) = domain else { return };
    let possible = |sender: &Set<Pattern>| sender.value.may_be_in(domain);
    if !senders.iter().any(possible) {
        let domain = domain.clone();
        return report.warn(entry, "signing.domain", Caution::ForeignDomain { domain });
    }
    for sender in senders {
        let named = || (Quoted::new(sender.value.as_str()), domain.clone());
        let caution = if !possible(sender) {
            let (pattern, domain) = named();
            Caution::ForeignSender { pattern, domain }
        } else if sender.value.is_of_every_domain() {
            let (pattern, domain) = named();
            Caution::EveryDomain { pattern, domain }
        } else {
            continue;
        };
        report.warn(&sender.origin, "signing.senders", caution);
    }
}

/// Patterns that match more than they seem to.
pub(super) fn strangers(senders: &[Set<Pattern>], key: &str, report: &mut Report) {
    for Set { value: pattern, origin } in senders {
        if let Some(stranger) = pattern.stranger() {
            let pattern = Quoted::new(pattern.as_str());
            report.warn(origin, key, Caution::Stranger { pattern, stranger });
        }
    }
}
