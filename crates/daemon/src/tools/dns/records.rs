//! The records of each domain.

use super::asked::Asked;
use super::suggested;
use crate::signing::keyfile::Exposure;
use crate::signing::keyring;
use crate::tools::signers::{Signer, Signers};
use serde::Serialize;
use std::collections::HashMap;
use std::path::Path;
use twinseal_dkim::KeyQuery;
use twinseal_domainkeys::policy::Policy;
use twinseal_keys::record::{txt_line, txt_strings};
use twinseal_keys::{KeyKind, PublicKey};
use twinseal_message::text;

/// One record. Its names in JSON are promises: they are in `docs/dns.md`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Record {
    /// Whose it is.
    pub(super) domain: String,
    /// Where it is published, without a final dot.
    pub(super) name: String,
    r#type: &'static str,
    /// What it is for.
    pub(super) purpose: Purpose,
    /// The whole of it.
    pub(super) text: String,
    /// The same in the strings that DNS keeps it in.
    strings: Vec<String>,
    /// The same as a line of a zone file.
    pub(super) zone_line: String,
    /// Whether it is only a suggestion.
    pub(super) suggestion: bool,
    /// The file of the key that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_file: Option<String>,
}

/// What a record is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Purpose {
    /// The key, for both standards.
    Key,
    /// The DomainKeys policy.
    DomainkeysPolicy,
    Adsp,
    Spf,
    Dmarc,
}

impl Record {
    fn new(signer: &Signer, purpose: Purpose, name: String, text: String) -> Self {
        let key_file = (purpose == Purpose::Key).then(|| text::path(&signer.key.file));
        Self {
            domain: signer.domain.to_string(),
            r#type: "TXT",
            purpose,
            strings: txt_strings(&text),
            zone_line: txt_line(&format!("{name}."), &text),
            suggestion: matches!(purpose, Purpose::Spf | Purpose::Dmarc),
            key_file,
            name,
            text,
        }
    }
}

/// All records, domain by domain, and which keys could not be had.
pub(super) fn all(signers: &Signers, asked: &Asked, trusted: &[u32]) -> (Vec<Record>, Vec<String>) {
    let (mut records, mut mistakes) = (Vec::new(), Vec::new());
    let mut keys: HashMap<&Path, Option<PublicKey>> = HashMap::new();
    for (domain, of_domain) in signers.domains() {
        let mut seals_domainkeys = false;
        for signer in of_domain {
            let source = &signer.key;
            let key = keys.entry(&source.file).or_insert_with(|| {
                let read = public(signer, trusted);
                read.map_err(|error| {
                    let file = text::path(&source.file);
                    mistakes.push(format!("{}: {file}: {error}", source.origin));
                })
                .ok()
            });
            let Some(key) = key else { continue };
            let name = KeyQuery::new(&source.selector, domain).name().to_owned();
            let text = key.record().testing(asked.testing).to_string();
            records.push(Record::new(signer, Purpose::Key, name, text));
            seals_domainkeys |=
                signer.seals.domainkeys && matches!(key.kind(), KeyKind::Rsa { .. });
        }
        let Some(signer) = of_domain.first() else { continue };
        let mut put = |purpose, name: String, text: String| {
            records.push(Record::new(signer, purpose, name, text));
        };
        if let Some(policy) = asked.policy.as_ref().filter(|_| seals_domainkeys) {
            put(Purpose::DomainkeysPolicy, Policy::name(domain), policy.to_string());
        }
        if let Some(practice) = asked.adsp {
            let text = format!("dkim={}", practice.as_str());
            put(Purpose::Adsp, format!("_adsp._domainkey.{domain}"), text);
        }
        if asked.suggestions {
            put(Purpose::Spf, domain.to_string(), suggested::SPF.to_owned());
            put(Purpose::Dmarc, format!("_dmarc.{domain}"), suggested::DMARC.to_owned());
        }
    }
    (records, mistakes)
}

/// Its public half. Who reads the file is said by twinseal check.
fn public(signer: &Signer, trusted: &[u32]) -> Result<PublicKey, String> {
    let file = keyring::of_source(&signer.key, Exposure::Warned, trusted);
    let key = file.and_then(|file| Ok(file.key.parse()?)).map_err(|error| error.to_string())?;
    key.public().map_err(|error| error.to_string())
}
