//! What arrived, held against what should have.

use super::arrived::Arrived;
use super::expected::{Expected, Seal};
use super::published::{Published, query};
use super::recomputed;
use super::step::{Code, Step, WayName};
use crate::tools::postfix::Instance;
use crate::tools::verify::causes;
use std::fmt::Display;
use twinseal_config::Door;
use twinseal_dkim::{
    Demands, KeyQuery, Outcome, PublishedKey, Security, Signature, TxtAnswer, Verdict, Verifier,
};
use twinseal_domainkeys::record::{BadSelectorRecord, MAX_BITS, SelectorRecord};
use twinseal_message::text::shown;
use twinseal_message::{Domain, Field, HeaderBlock, Selector, TagList};

/// What lets us see a key that is hidden from us.
const AS_ROOT: &str = "run this as root";

/// A message to be judged.
pub(super) struct Judging<'a> {
    pub(super) way: WayName,
    pub(super) arrived: &'a Arrived,
    pub(super) expected: &'a Expected,
    /// `None` where DNS is not to be asked.
    pub(super) published: Option<&'a Published>,
    pub(super) now: u64,
    /// Who is asked for its milters when a seal is missing.
    pub(super) postfix: &'a Instance,
}

impl Judging<'_> {
    /// All steps.
    pub(super) fn steps(&self) -> Vec<Step> {
        let mut steps = vec![self.received()];
        for seal in &self.expected.dkim {
            match self.find(twinseal_dkim::FIELD, seal) {
                Some(number) => {
                    steps.push(present(Code::DkimPresent, twinseal_dkim::FIELD, seal));
                    steps.push(self.place(Code::DkimPlace, number));
                    steps.push(self.dkim_by_key(seal, number));
                    steps.extend(self.published.map(|dns| self.dkim_by_dns(seal, number, dns)));
                }
                None => steps.push(self.missing(Code::DkimPresent, twinseal_dkim::FIELD, seal)),
            }
        }
        for seal in &self.expected.domainkeys {
            match self.find(twinseal_domainkeys::FIELD, seal) {
                Some(number) => {
                    let field = twinseal_domainkeys::FIELD;
                    steps.push(present(Code::DomainkeysPresent, field, seal));
                    steps.push(self.place(Code::DomainkeysPlace, number));
                    steps.push(self.domainkeys_by_key(seal, number));
                    steps.extend(self.published.map(|dns| domainkeys_by_dns(seal, dns)));
                }
                None => {
                    let (code, field) = (Code::DomainkeysPresent, twinseal_domainkeys::FIELD);
                    steps.push(match &seal.key {
                        Ok(_) => self.missing(code, field, seal),
                        // Trap K5: perhaps it is no RSA key.
                        Err(why) => {
                            let what = format!("whether s={} makes a {field}", seal.selector);
                            Step::not_seen(code, what).because(why).mend(AS_ROOT)
                        }
                    });
                }
            }
        }
        steps
    }

    const fn header(&self) -> &HeaderBlock {
        &self.arrived.header
    }

    fn received(&self) -> Step {
        let count = self.header().named("received").count();
        match self.header().named("received").next() {
            Some(top) => {
                let words = String::from_utf8_lossy(top.value()).into_owned();
                let words: Vec<&str> = words.split_whitespace().collect();
                let what = format!("{count} Received, on top: {}", shown(&words.join(" ")));
                Step::ok(Code::Received, what)
            }
            None => Step::not_seen(Code::Received, "no Received field: the MTA writes none"),
        }
    }

    /// The number of the field that is this seal.
    fn find(&self, name: &str, seal: &Seal) -> Option<usize> {
        let is = |field: Field<'_>| {
            let Ok(tags) = TagList::parse(field.value()) else { return false };
            let text =
                |name| tags.get(name).and_then(|tag| String::from_utf8(tag.value().to_vec()).ok());
            let domain = text("d").and_then(|text| Domain::parse(&text).ok());
            let selector = text("s").and_then(|text| Selector::parse(&text).ok());
            domain.as_ref() == Some(&seal.domain) && selector.as_ref() == Some(&seal.selector)
        };
        self.header().fields().position(|field| field.is_named(name) && is(field))
    }

    fn missing(&self, code: Code, name: &str, seal: &Seal) -> Step {
        let what = format!("no {name} of d={} s={}", seal.domain, seal.selector);
        let parameter = match self.way {
            WayName::Smtp => "smtpd_milters",
            WayName::Sendmail => "non_smtpd_milters",
        };
        let why = format!(
            "the MTA does not show this mail to the milter ({parameter} of Postfix, \
             INPUT_MAIL_FILTER of Sendmail), the milter does not answer, or it runs with another \
             configuration"
        );
        let ask = self.postfix.typed(&format!("postconf {parameter} milter_default_action"));
        let mend = format!("{ask}; then the milter's log");
        Step::failed(code, what).because(why).mend(mend)
    }

    /// Whether it stands below the MTA's own field, and DomainKeys below DKIM (traps O2, W8).
    fn place(&self, code: Code, number: usize) -> Step {
        let fields: Vec<Field<'_>> = self.header().fields().collect();
        let (above, below) = fields.split_at(number.min(fields.len()));
        let is_received = |field: &Field<'_>| field.is_named("received");
        let ours = |field: &Field<'_>| self.is_dkim_of_ours(*field);
        let is_seal = |field: &Field<'_>| {
            field.is_named(twinseal_dkim::FIELD) || field.is_named(twinseal_domainkeys::FIELD)
        };
        let names = |fields: &[Field<'_>]| {
            let others = fields.iter().filter(|field| !is_seal(field));
            let names = others.map(|field| String::from_utf8_lossy(field.name()).into_owned());
            let names: Vec<String> = names.collect();
            (!names.is_empty()).then(|| shown(&names.join(", ")))
        };
        let Some(received) = above.iter().rposition(is_received) else {
            if !below.iter().any(is_received) {
                return Step::not_seen(
                    code,
                    "its place: there is no Received field to stand below",
                );
            }
            // Trap W10: a filter that inserts at the top moves our place above the MTA's field. As no
            // seal of ours lists Received, it holds there as well.
            return match names(above) {
                Some(names) => Step::ok(code, format!("it stands at the top, behind {names}")),
                None if self.expected.door == Door::Opendkim => {
                    Step::ok(code, "it stands at the top, where opendkim puts it")
                }
                None => Step::failed(code, "it stands above the MTA's own Received field")
                    .because("what put it there is not this milter"),
            };
        };
        if code == Code::DomainkeysPlace && below.iter().any(ours) {
            return Step::failed(code, "it stands above the DKIM-Signature field")
                .because("a hop or another filter has moved one of them");
        }
        match names(above.get(received + 1..).unwrap_or_default()) {
            None => Step::ok(code, "it stands directly below the MTA's Received field"),
            Some(names) => {
                Step::ok(code, format!("it stands below the MTA's Received field, behind {names}"))
            }
        }
    }

    fn is_dkim_of_ours(&self, field: Field<'_>) -> bool {
        field.is_named(twinseal_dkim::FIELD)
            && self.expected.dkim.iter().any(|seal| {
                let claims = Signature::parse(field).0;
                claims.domain.as_ref() == Some(&seal.domain)
                    && claims.selector.as_ref() == Some(&seal.selector)
            })
    }

    fn dkim_by_key(&self, seal: &Seal, number: usize) -> Step {
        let code = Code::DkimKey;
        let record = match record(seal) {
            Ok(record) => record,
            Err(why) => {
                return Step::not_seen(code, "DKIM with the key on disk: it cannot be read")
                    .because(why)
                    .mend(AS_ROOT);
            }
        };
        let answer =
            TxtAnswer::Records { texts: vec![record.into_bytes()], security: Security::Unproved };
        match self.verified(number, &[(query(seal), answer)]) {
            (Outcome::Pass, _) => Step::ok(code, "DKIM verifies with the key on disk"),
            (outcome, causes) => {
                let what =
                    format!("DKIM with the key on disk: {outcome} (reason={})", outcome.code());
                let usual = "the message was changed behind the milter, or the daemon signs with \
                             another key than the file holds now";
                let causes = if causes.is_empty() { usual.to_owned() } else { causes.join("\n") };
                Step::failed(code, what).because(causes).mend(
                    "look for what runs behind the milter: header_checks, smtp_body_checks, \
                     content_filter, other milters; reload the daemon if the key is new",
                )
            }
        }
    }

    fn dkim_by_dns(&self, seal: &Seal, number: usize, dns: &Published) -> Step {
        let code = Code::DkimDns;
        let (outcome, _) = self.verified(number, dns.answers());
        let name = query(seal);
        if outcome == Outcome::Pass {
            return Step::ok(code, format!("DKIM verifies with what DNS has at {name}"));
        }
        if let Outcome::KeyUnavailable(failure) = &outcome {
            return late(code, &name, failure);
        }
        let reason = outcome.code();
        let what = format!("DKIM with what DNS has at {name}: {outcome} (reason={reason})");
        let changed = matches!(
            outcome,
            Outcome::BodyChanged | Outcome::BodyShorter { .. } | Outcome::SignatureWrong
        );
        published_differs(Step::failed(code, what), seal, (&dns.answer(seal), changed))
    }

    /// What becomes of the signature in the field of that number when keys are as `answers` say.
    fn verified(&self, number: usize, answers: &[(KeyQuery, TxtAnswer)]) -> (Outcome, Vec<String>) {
        let header = self.header();
        let mut verifier = Verifier::new(header.clone(), Demands::default(), self.now);
        for (index, asked) in verifier.queries().to_vec().iter().enumerate() {
            let known = answers.iter().find(|(query, _)| query == asked);
            verifier.answer(index, known.map_or(&TxtAnswer::NoName, |(_, answer)| answer));
        }
        verifier.feed(&self.arrived.body);
        let verdicts = verifier.finish();
        let signatures = header.fields().take(number);
        let place = signatures.filter(|field| field.is_named(twinseal_dkim::FIELD)).count();
        let said = causes(header, &self.arrived.body, &verdicts, answers);
        let outcome = verdicts.into_iter().nth(place).map(|Verdict { outcome, .. }| outcome);
        let said = said.into_iter().nth(place).unwrap_or_default();
        (outcome.unwrap_or(Outcome::NoKeyRecord), said)
    }

    fn domainkeys_by_key(&self, seal: &Seal, number: usize) -> Step {
        let code = Code::DomainkeysKey;
        let key = match &seal.key {
            Ok(key) => key,
            Err(why) => {
                return Step::not_seen(code, "DomainKeys with the key on disk: it cannot be read")
                    .because(why)
                    .mend(AS_ROOT);
            }
        };
        let wrong = |why: &dyn Display| {
            Step::failed(code, format!("the DomainKeys seal cannot be made again: {why}"))
        };
        let Some(field) = self.header().fields().nth(number) else { return wrong(&"it is gone") };
        let seal = match recomputed::Seal::parse(field) {
            Ok(seal) => seal,
            Err(error) => return wrong(&error),
        };
        match seal.is_made_by(key, (self.header(), number), &self.arrived.body) {
            Ok(true) => Step::ok(code, "the key on disk makes the same DomainKeys seal again"),
            Ok(false) => {
                let why = "the body, or a field that h= lists, was changed behind the milter, or \
                           the daemon signs with another key than the file holds now";
                Step::failed(code, "the key on disk makes another DomainKeys seal")
                    .because(why)
                    .mend("look for what runs behind the milter; DKIM above says more of it")
            }
            Err(error) => wrong(&error),
        }
    }
}

fn present(code: Code, name: &str, seal: &Seal) -> Step {
    Step::ok(code, format!("{name} of d={} s={}", seal.domain, seal.selector))
}

/// The record of the key on disk.
fn record(seal: &Seal) -> Result<String, String> {
    let record = seal.key.as_ref().map_err(Clone::clone)?.record();
    record.map(|record| record.to_string()).map_err(|error| error.to_string())
}

fn late(code: Code, name: &KeyQuery, why: &dyn Display) -> Step {
    Step::not_seen(code, format!("what DNS has at {name}: {why}"))
        .mend("try again, or name a server with --nameserver")
        .later()
}

/// Says whether the record is that of the key on disk, and what to publish; `changed` is whether the
/// signature is not that of the message.
fn published_differs(step: Step, seal: &Seal, (answer, changed): (&TxtAnswer, bool)) -> Step {
    let (Ok(key), TxtAnswer::Records { texts, .. }) = (&seal.key, answer) else {
        return to_publish(step, seal);
    };
    let same = match (PublishedKey::first(texts), key.public()) {
        (Ok(published), Ok(public)) => published.key == public,
        _ => false,
    };
    if same && changed {
        step.because("DNS has the key that is on disk: the message was changed behind the milter")
    } else if same {
        to_publish(
            step.because("DNS has the key that is on disk, and its record forbids this"),
            seal,
        )
    } else {
        to_publish(step.because("DNS has another key than the one on disk"), seal)
    }
}

fn to_publish(step: Step, seal: &Seal) -> Step {
    match seal.key.as_ref().map(|key| key.record()) {
        Ok(Ok(record)) => {
            let line = record.zone_line(&format!("{}.", query(seal)));
            step.mend(format!("publish:\n{line}"))
        }
        _ => step,
    }
}

/// What DNS has is that key, and of use to a verifier of DomainKeys (trap K10).
fn domainkeys_by_dns(seal: &Seal, dns: &Published) -> Step {
    let (code, name) = (Code::DomainkeysDns, query(seal));
    let failed = |why: &dyn Display| {
        let what = format!("what DNS has at {name} is of no use to DomainKeys: {why}");
        to_publish(Step::failed(code, what), seal)
    };
    let texts = match dns.answer(seal) {
        TxtAnswer::Records { texts, .. } => texts,
        TxtAnswer::Failed(failure) => return late(code, &name, &failure),
        TxtAnswer::NoRecord | TxtAnswer::NoName => return failed(&"there is no record"),
    };
    let mut read = texts.iter().map(|text| SelectorRecord::parse(text));
    let first = read.next();
    let found = match first.map(|first| first.or_else(|bad| read.find_map(Result::ok).ok_or(bad))) {
        Some(Ok(found)) => found,
        // RFC 4870 §3.2.4: they need not take it, and some do. It is the key that is so large.
        Some(Err(BadSelectorRecord::Size { bits })) if bits > MAX_BITS => {
            let what = format!(
                "DNS has an RSA key of {bits} bits at {name}: verifiers of DomainKeys need not take \
                 more than {MAX_BITS}"
            );
            return Step::ok(code, what);
        }
        Some(Err(why)) => return failed(&why),
        None => return failed(&"there is no record"),
    };
    let public = match seal.key.as_ref().map(|key| key.public()) {
        Ok(Ok(public)) => public,
        Ok(Err(error)) => return failed(&error),
        Err(why) => {
            let what = format!("whether DNS has the DomainKeys key at {name}");
            return Step::not_seen(code, what).because(why);
        }
    };
    if found.key == public {
        Step::ok(code, format!("DNS has the key of the DomainKeys seal at {name}"))
    } else {
        failed(&"it is another key than the one on disk")
    }
}
