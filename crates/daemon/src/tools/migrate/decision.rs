//! What was decided about a message, in a form that can be held against another one.

use crate::rehearsal::Seen;
use std::collections::BTreeMap;
use twinseal_message::text::shown;
use twinseal_milter::client::{Modification, Outcome, Verdict};

/// The fields that are seals.
const SEALS: [&str; 2] = [twinseal_dkim::FIELD, twinseal_domainkeys::FIELD];

/// What was decided about a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Decision {
    signed: bool,
    verified: bool,
    answer: Answer,
    seals: Vec<Seal>,
    /// What else was done to it, and how often.
    changes: BTreeMap<String, usize>,
}

/// What the MTA was told; of two, the later one here has its way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Answer {
    #[default]
    Accepted,
    Held,
    Deferred,
    Refused,
    Discarded,
}

/// A seal, without what differs from one second to the next.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Seal {
    field: &'static str,
    tags: BTreeMap<String, String>,
}

/// One thing that is not the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    /// What it is: of a seal, its field and the tag.
    pub(super) what: String,
    pub(super) old: String,
    pub(super) new: String,
}

impl Decision {
    pub(super) fn new(outcome: &Outcome, seen: &Seen) -> Self {
        let mut decision =
            Self { verified: seen.verified, answer: answer(&outcome.verdict), ..Self::default() };
        for modification in &outcome.modifications {
            decision.take(modification);
        }
        decision
    }

    fn take(&mut self, modification: &Modification) {
        let text = |octets: &[u8]| shown(&String::from_utf8_lossy(octets));
        let change = match modification {
            Modification::AddHeader { name, value }
            | Modification::InsertHeader { name, value, .. } => {
                let seal =
                    SEALS.into_iter().find(|seal| name.eq_ignore_ascii_case(seal.as_bytes()));
                if let Some(field) = seal {
                    self.signed = true;
                    self.seals.push(Seal { field, tags: tags(&String::from_utf8_lossy(value)) });
                    return;
                }
                format!("added {}", text(name))
            }
            Modification::ChangeHeader { name, value, .. } if value.is_empty() => {
                format!("removed {}", text(name))
            }
            Modification::ChangeHeader { name, .. } => format!("changed {}", text(name)),
            Modification::Quarantine { .. } => {
                self.answer = self.answer.max(Answer::Held);
                return;
            }
            Modification::ReplaceBody(_)
            | Modification::AddRecipient { .. }
            | Modification::DeleteRecipient { .. }
            | Modification::ChangeSender { .. } => "changed otherwise".to_owned(),
        };
        *self.changes.entry(change).or_default() += 1;
    }

    /// What two daemons made of the same message, one behind the other.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.signed |= other.signed;
        self.verified |= other.verified;
        self.answer = self.answer.max(other.answer);
        self.seals.extend(other.seals);
        for (change, count) in other.changes {
            *self.changes.entry(change).or_default() += count;
        }
        self
    }

    fn role(&self) -> &'static str {
        match (self.signed, self.verified) {
            (true, true) => "sign and verify",
            (true, false) => "sign",
            (false, true) => "verify",
            (false, false) => "ignore",
        }
    }

    /// All that is not the same in the new one.
    pub(super) fn against(mut self, mut new: Self) -> Vec<Difference> {
        let mut found = Vec::new();
        let mut compare = |what: &str, old: &str, new: &str| {
            if old != new {
                let (what, old, new) = (what.to_owned(), old.to_owned(), new.to_owned());
                found.push(Difference { what, old, new });
            }
        };
        compare("role", self.role(), new.role());
        compare("answer", self.answer.word(), new.answer.word());
        let names = || self.changes.keys().chain(new.changes.keys());
        let mut names: Vec<&String> = names().collect();
        names.sort();
        names.dedup();
        for name in names {
            let count = |changes: &BTreeMap<String, usize>| {
                changes.get(name).copied().unwrap_or_default().to_string()
            };
            compare(name, &count(&self.changes), &count(&new.changes));
        }
        for field in SEALS {
            let of = |seals: &mut Vec<Seal>| {
                let mut own: Vec<Seal> = seals.extract_if(.., |seal| seal.field == field).collect();
                own.sort_by_key(|seal| ["d", "s", "a"].map(|tag| seal.tags.get(tag).cloned()));
                own
            };
            seals(field, &of(&mut self.seals), &of(&mut new.seals), &mut compare);
        }
        found
    }
}

/// Holds the seals of one kind against each other.
fn seals(field: &str, old: &[Seal], new: &[Seal], compare: &mut impl FnMut(&str, &str, &str)) {
    for at in 0..old.len().max(new.len()) {
        match (old.get(at), new.get(at)) {
            (Some(old), Some(new)) => {
                let mut tags: Vec<&String> = old.tags.keys().chain(new.tags.keys()).collect();
                tags.sort();
                tags.dedup();
                for tag in tags {
                    let value = |seal: &Seal| {
                        seal.tags.get(tag).cloned().unwrap_or_else(|| "none".to_owned())
                    };
                    compare(&format!("{field} {tag}="), &value(old), &value(new));
                }
            }
            (old, new) => {
                let told = |seal: Option<&Seal>| seal.map_or_else(|| "none".to_owned(), Seal::name);
                compare(field, &told(old), &told(new));
            }
        }
    }
}

impl Seal {
    fn name(&self) -> String {
        let tag = |tag: &str| self.tags.get(tag).map(String::as_str).unwrap_or_default();
        format!("s={}, d={}", tag("s"), tag("d"))
    }
}

impl Answer {
    const fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Held => "held",
            Self::Deferred => "deferred",
            Self::Refused => "refused",
            Self::Discarded => "discarded",
        }
    }
}

fn answer(verdict: &Verdict) -> Answer {
    match verdict {
        Verdict::Continue | Verdict::Accept | Verdict::Skip => Answer::Accepted,
        Verdict::Reject => Answer::Refused,
        Verdict::TempFail | Verdict::ConnectionFailure | Verdict::Shutdown => Answer::Deferred,
        Verdict::Discard => Answer::Discarded,
        Verdict::Refuse(reply) if reply.starts_with(b"4") => Answer::Deferred,
        Verdict::Refuse(_) => Answer::Refused,
    }
}

/// The tags of a seal: without the time and the signature, and with how long it is valid in place
/// of until when.
fn tags(value: &str) -> BTreeMap<String, String> {
    let tag = |tag: &str| {
        let (name, value) = tag.split_once('=')?;
        let mut value: String = value.split_ascii_whitespace().collect();
        // RFC 6376 §5.4: names of fields are compared without regard to case.
        if name.trim() == "h" {
            value.make_ascii_lowercase();
        }
        Some((name.trim().to_owned(), value))
    };
    let mut tags: BTreeMap<String, String> = value.split(';').filter_map(tag).collect();
    tags.remove("b");
    let seconds = |text: Option<String>| text.and_then(|text| text.parse::<u64>().ok());
    let signed = seconds(tags.remove("t"));
    if let (Some(signed), Some(expires)) = (signed, seconds(tags.remove("x"))) {
        tags.insert("x-t".to_owned(), format!("{}s", expires.saturating_sub(signed)));
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::Decision;
    use crate::rehearsal::Seen;
    use twinseal_milter::CommandKind;
    use twinseal_milter::client::{Modification, Outcome, Verdict};

    fn decision(verdict: Verdict, fields: &[(&str, &str)]) -> Decision {
        let insert = |(name, value): &(&str, &str)| Modification::InsertHeader {
            index: 1,
            name: name.as_bytes().to_vec(),
            value: value.as_bytes().to_vec(),
        };
        let modifications = fields.iter().map(insert).collect();
        let outcome = Outcome { verdict, decided_at: CommandKind::EndOfBody, modifications };
        Decision::new(&outcome, &Seen::default())
    }

    fn differences(old: Decision, new: Decision) -> Vec<String> {
        let one = |one: super::Difference| format!("{}: {}, {}", one.what, one.old, one.new);
        old.against(new).into_iter().map(one).collect()
    }

    const DKIM: &str =
        " v=1; a=rsa-sha256; d=a.example; s=m;\r\n\tt=100; x=160; h=from:\r\n\t to; b=AA";
    const OTHER: &str = " a=rsa-sha1; s=m; d=a.example; b=BB";

    #[test]
    fn two_daemons_and_one_that_does_the_same_are_no_difference() {
        let later = DKIM.replace("100", "107").replace("160", "167").replace("AA", "CC");
        let old = decision(Verdict::Accept, &[("DKIM-Signature", DKIM)])
            .and(decision(Verdict::Continue, &[("DomainKey-Signature", OTHER)]));
        let both = [("DomainKey-Signature", OTHER), ("dkim-signature", later.as_str())];
        assert_eq!(differences(old, decision(Verdict::Accept, &both)), [""; 0]);
    }

    #[test]
    fn each_difference_is_told() {
        let old = || decision(Verdict::Accept, &[("DKIM-Signature", DKIM)]);
        let other = DKIM.replace(":\r\n\t to", "").replace("x=160; ", "");
        let new = decision(
            Verdict::TempFail,
            &[("DKIM-Signature", &other), ("DomainKey-Signature", OTHER), ("X-DKIM", "x")],
        );
        let want = [
            "answer: accepted, deferred",
            "added X-DKIM: 0, 1",
            "DKIM-Signature h=: from:to, from",
            "DKIM-Signature x-t=: 60s, none",
            "DomainKey-Signature: none, s=m, d=a.example",
        ];
        assert_eq!(differences(old(), new), want);
        let none = decision(Verdict::Refuse(b"550 5.7.1 no".to_vec()), &[]);
        let want = [
            "role: sign, ignore",
            "answer: accepted, refused",
            "DKIM-Signature: s=m, d=a.example, none",
        ];
        assert_eq!(differences(old(), none), want);
    }
}
