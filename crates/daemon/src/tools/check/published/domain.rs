//! One domain: its keys, and what else it says about its mail.

use super::dmarc::Wrong;
use super::key::Subject;
use super::sightings::{Asking, Zone};
use super::{Task, dmarc, kinds, spf};
use crate::resolver::direct::Kind;
use crate::tools::check::finding::{Area, Mend, Sheet};
use crate::tools::dns::suggested;
use twinseal_dkim::Practice;
use twinseal_dkim::adsp::BadAdspRecord;
use twinseal_domainkeys::policy::Policy;
use twinseal_keys::KeyKind;
use twinseal_keys::record::txt_line;
use twinseal_message::text::shown;

/// Looks at all that is published for it.
pub(super) async fn look(task: &Task, asking: &Asking, sheet: &mut Sheet) {
    let domain = &task.domain;
    // What nobody can find a zone for, the resolver may know all the same.
    let zone = asking.zone_of(&format!("_domainkey.{domain}")).await.ok();
    if is_missing(task, zone.as_deref(), asking).await {
        let what = "there is no such domain";
        let advice = "have it delegated, or sign as a domain that exists";
        sheet.find(&kinds::NO_DOMAIN, domain, what, Mend::say(advice));
        return;
    }
    for (signer, key) in &task.signers {
        let (zone, below) = (zone.as_deref(), task.below);
        Subject { domain, signer, key, below, zone }.look(asking, sheet).await;
    }
    // Who does not answer about keys does not answer about the rest.
    if sheet.findings.iter().any(|finding| finding.kind == &kinds::NO_ANSWER) {
        return;
    }
    policy(task, asking, sheet).await;
    adsp(task, asking, sheet).await;
    spf(task, asking, sheet).await;
    dmarc(task, asking, sheet).await;
}

/// Whether there is no such domain: the zone that it is in is nobody's, or a country's, and says so.
async fn is_missing(task: &Task, zone: Option<&Zone>, asking: &Asking) -> bool {
    let domain = task.domain.as_str();
    let above =
        |zone: &Zone| zone.name.is_empty() || !zone.name.contains('.') && domain != zone.name;
    if !zone.is_some_and(above) {
        return false;
    }
    asking.resolve(domain, Kind::Authority).await.is_ok_and(|reply| !reply.exists)
}

/// The TXT records at a name, as far as the resolver has them; a failure is told.
async fn texts(name: &str, asking: &Asking, sheet: &mut Sheet) -> Option<Vec<Vec<u8>>> {
    match asking.resolve(name, Kind::Texts).await {
        Ok(reply) => Some(reply.joined()),
        Err(failure) => {
            let advice = "see whether the zone's name servers answer";
            sheet.find(
                &kinds::NO_ANSWER,
                format!("{name} at the resolver"),
                failure,
                Mend::say(advice),
            );
            None
        }
    }
}

/// The policy of DomainKeys (RFC 4870 §3.6, trap K12).
async fn policy(task: &Task, asking: &Asking, sheet: &mut Sheet) {
    let rsa = |kind: KeyKind| matches!(kind, KeyKind::Rsa { .. });
    let sealed = |(signer, key): &(crate::tools::signers::Signer, twinseal_keys::PublicKey)| {
        signer.seals.domainkeys && rsa(key.kind())
    };
    if !task.signers.iter().any(sealed) {
        return;
    }
    let name = Policy::name(&task.domain);
    let Some(texts) = texts(&name, asking, sheet).await else { return };
    let line = txt_line(&format!("{name}."), &Policy::default().to_string());
    match texts.as_slice() {
        [] => {
            let mend = Mend::publish("say it yourself, if anybody is to look", line);
            sheet.find(&kinds::NO_POLICY, name, "there is no DomainKeys policy", mend);
        }
        [text] => match Policy::parse(text) {
            Ok(policy) if policy.testing => {
                let calm = Policy { testing: false, ..policy };
                let line = txt_line(&format!("{name}."), &calm.to_string());
                let mend =
                    Mend::publish("when you trust your set-up, publish it without t=y", line);
                sheet.find(&kinds::POLICY_TEST, name, "the policy is in test mode (t=y)", mend);
            }
            Ok(policy) => sheet.pass(Area::Dns, name, format!("the DomainKeys policy is {policy}")),
            Err(error) => {
                let mend = Mend::publish("put this there instead", line);
                sheet.find(&kinds::POLICY, name, error, mend);
            }
        },
        several => {
            let what = format!("there are {} TXT records, and one is a policy", several.len());
            sheet.find(&kinds::POLICY, name, what, Mend::publish("leave one", line));
        }
    }
}

/// Author domain signing practices (RFC 5617), where somebody still publishes them.
async fn adsp(task: &Task, asking: &Asking, sheet: &mut Sheet) {
    let name = format!("_adsp._domainkey.{}", task.domain);
    let Some(texts) = texts(&name, asking, sheet).await else { return };
    let line = txt_line(&format!("{name}."), "dkim=unknown");
    let mend = || Mend::publish("put this there instead, or take the record out", line.clone());
    // RFC 5617 §4.1: what does not begin with dkim= is no record of this kind.
    let texts: Vec<Vec<u8>> = texts
        .into_iter()
        .filter(|text| !matches!(Practice::published(text), Err(BadAdspRecord::NoPractice)))
        .collect();
    match texts.as_slice() {
        [] => {}
        [text] => match Practice::published(text) {
            Ok(Practice::Discardable) => {
                let line = line.replace("unknown", "all");
                let mend = Mend::publish("ask for rejecting, or take the record out", line);
                sheet.find(&kinds::ADSP_DISCARDS, name, "ADSP is discardable", mend);
            }
            Ok(practice) if known(text) => {
                sheet.pass(Area::Dns, name, format!("ADSP is {}", practice.as_str()));
            }
            Ok(_) => {
                let what = format!(
                    "{:?} is none of unknown, all, discardable",
                    shown(&String::from_utf8_lossy(text))
                );
                sheet.find(&kinds::ADSP, name, what, mend());
            }
            Err(error) => sheet.find(&kinds::ADSP, name, error, mend()),
        },
        several => {
            let what = format!("there are {} records, and one counts", several.len());
            sheet.find(&kinds::ADSP, name, what, mend());
        }
    }
}

/// Whether the record's practice is one that anybody knows.
fn known(text: &[u8]) -> bool {
    let tags = twinseal_message::TagList::parse(text).ok();
    let value = tags.and_then(|tags| tags.get("dkim")).map(|tag| tag.value().to_vec());
    let value = value.and_then(|value| String::from_utf8(value).ok());
    value.is_some_and(|value| Practice::parse(&value).is_ok())
}

async fn spf(task: &Task, asking: &Asking, sheet: &mut Sheet) {
    let name = task.domain.as_str();
    let Some(texts) = texts(name, asking, sheet).await else { return };
    let records: Vec<&Vec<u8>> = texts.iter().filter(|text| spf::is_one(text)).collect();
    let suggestion = txt_line(&format!("{name}."), suggested::SPF);
    match records.as_slice() {
        [] => {
            let advice = "list the hosts that send for the domain; this is a suggestion for one \
                          whose MX hosts do";
            let mend = Mend::publish(advice, suggestion);
            sheet.find(&kinds::NO_SPF, name, "there is no SPF record", mend);
        }
        [record] => match spf::parse(record) {
            Ok(found) if found.lookups > spf::MAX_LOOKUPS => {
                let what = format!(
                    "{} of its terms ask DNS, and at most {} may (RFC 7208 §4.6.4)",
                    found.lookups,
                    spf::MAX_LOOKUPS
                );
                let advice = "write addresses in place of names, or include less";
                sheet.find(&kinds::SPF, name, what, Mend::say(advice));
            }
            Ok(found) if found.passes_all => {
                let mend = Mend::say("end it with ~all while you try it out, then with -all");
                sheet.find(&kinds::SPF_ALL, name, "SPF lets every host pass (+all)", mend);
            }
            Ok(_) => sheet.pass(Area::Dns, name, "SPF can be read"),
            Err(why) => {
                sheet.find(&kinds::SPF, name, format!("SPF: {why}"), Mend::say("correct it"))
            }
        },
        several => {
            let what = format!("there are {} SPF records, and one may be there", several.len());
            sheet.find(&kinds::SPF, name, what, Mend::say("make one of them"));
        }
    }
}

/// The record of the domain, or the nearest above it that somebody can own.
async fn dmarc(task: &Task, asking: &Asking, sheet: &mut Sheet) {
    let above = task.domain.parents().filter(|parent| parent.as_str().contains('.'));
    let domains: Vec<_> = std::iter::once(task.domain.clone()).chain(above).collect();
    for domain in &domains {
        let name = format!("_dmarc.{domain}");
        let Some(texts) = texts(&name, asking, sheet).await else { return };
        let records: Vec<&Vec<u8>> = texts.iter().filter(|text| dmarc::is_one(text)).collect();
        match records.as_slice() {
            [] => {}
            [record] => {
                match dmarc::check(record) {
                    Ok(()) => sheet.pass(Area::Dns, name, "DMARC can be read"),
                    Err(Wrong::Record(why)) => {
                        sheet.find(&kinds::DMARC, name, why, Mend::say("correct it"));
                    }
                    Err(Wrong::Tag(why)) => {
                        sheet.find(&kinds::DMARC_TAG, name, why, Mend::say("correct it"));
                    }
                }
                return;
            }
            several => {
                let what =
                    format!("there are {} DMARC records, and one may be there", several.len());
                sheet.find(&kinds::DMARC, name, what, Mend::say("leave one"));
                return;
            }
        }
    }
    let name = format!("_dmarc.{}", task.domain);
    let line = txt_line(&format!("{name}."), suggested::DMARC);
    let mend = Mend::publish("a suggestion that changes nothing for anybody yet", line);
    sheet.find(&kinds::NO_DMARC, name, "there is no DMARC record", mend);
}
