//! What only a table of `opendkim` says about a rule.

use super::SigningDomain;
use std::collections::HashMap;
use std::sync::Arc;
use twinseal_dkim::Identity;
use twinseal_message::{Domain, Selector};

/// What stands for the sender's domain in a table.
pub(crate) const DOMAIN_MARK: &str = "%";

/// What a table says beside what every rule has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tabled {
    /// On whose behalf it signs, as it was written: a `%` in it is the sender's domain.
    pub signer: Option<Box<str>>,
    /// The key that depends on the sender, if it does: the rule has no other then.
    pub key: Option<SenderKey>,
}

/// A key that depends on the sender's domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SenderKey {
    /// In a file of which the path has a `%` for the domain.
    File {
        /// The path, as it was written.
        path: Box<str>,
        /// Where its public half is published.
        selector: Selector,
    },
    /// The one that has the name of the domain.
    Named(Arc<NamedKeys>),
}

/// The keys of a table that have the name of a domain.
#[derive(Debug, PartialEq, Eq)]
pub struct NamedKeys {
    pub(crate) rows: HashMap<Domain, NamedKey>,
    /// The index of the rule that has the keys themselves, and no sender.
    pub(crate) pool: usize,
}

/// A key that has the name of a domain.
#[derive(Debug, PartialEq, Eq)]
pub struct NamedKey {
    /// The domain that signs with it.
    pub domain: SigningDomain,
    /// Where it is.
    pub place: NamedPlace,
}

/// Where a key is that has the name of a domain.
#[derive(Debug, PartialEq, Eq)]
pub enum NamedPlace {
    /// In the pool, in that place.
    Pool(usize),
    /// In a file that depends on the sender, as [`SenderKey::File`].
    File(SenderKey),
}

impl NamedKeys {
    /// The key for a sender in that domain, and the index of the rule that has it.
    #[must_use]
    pub fn find(&self, sender: &Domain) -> Option<(&NamedKey, usize)> {
        Some((self.rows.get(sender)?, self.pool))
    }

    /// The domains that have a key here, with it.
    pub fn iter(&self) -> impl Iterator<Item = (&Domain, &NamedKey)> {
        self.rows.iter()
    }

    /// The index of the rule that has the keys, and no sender.
    #[must_use]
    pub const fn pool(&self) -> usize {
        self.pool
    }
}

impl NamedKey {
    /// The domain that signs for a sender in that one.
    #[must_use]
    pub fn signing_domain(&self, sender: &Domain) -> Domain {
        match &self.domain {
            SigningDomain::Fixed(domain) => domain.clone(),
            SigningDomain::Sender | SigningDomain::Listed => sender.clone(),
        }
    }
}

impl Tabled {
    /// On whose behalf that domain signs for a sender of that other one; `None` where the table
    /// does not say it, or says what the signature may not (RFC 6376 §3.5).
    #[must_use]
    pub fn identity(&self, domain: &Domain, sender: &Domain) -> Option<Identity> {
        let text = for_sender(self.signer.as_deref()?, sender);
        let identity = Identity::parse(&text).ok()?;
        identity.domain().is_at_or_under(domain).then_some(identity)
    }
}

impl SenderKey {
    /// The path of the key's file for that domain, if it is in one.
    #[must_use]
    pub fn path(&self, domain: &Domain) -> Option<String> {
        match self {
            Self::File { path, .. } => Some(for_sender(path, domain)),
            Self::Named(_) => None,
        }
    }
}

fn for_sender(text: &str, domain: &Domain) -> String {
    text.replace(DOMAIN_MARK, domain.as_str())
}

#[cfg(test)]
mod tests {
    use super::{SenderKey, Tabled};
    use twinseal_message::{Domain, Selector};

    #[test]
    fn a_mark_is_the_sender_s_domain() {
        let own = Domain::parse("mail.example.com").unwrap();
        let signing = Domain::parse("example.com").unwrap();
        for (signer, want) in [
            ("@%", Some("@mail.example.com")),
            ("joe@%", Some("joe@mail.example.com")),
            ("joe@example.com", Some("joe@example.com")),
            ("joe@example.org", None),
            ("", None),
        ] {
            let tabled = Tabled { signer: Some(signer.into()), key: None };
            let found = tabled.identity(&signing, &own).map(|identity| identity.to_string());
            assert_eq!(found.as_deref(), want, "{signer:?}");
        }
        assert_eq!(Tabled::default().identity(&signing, &own), None);
        let selector = Selector::parse("s").unwrap();
        let key = SenderKey::File { path: "/k/%/%.pem".into(), selector };
        assert_eq!(key.path(&own).unwrap(), "/k/mail.example.com/mail.example.com.pem");
    }
}
