//! What became of a message, in the words of `dkim-filter`.

use crate::serving::service::Service;
use crate::serving::transaction::Told;
use std::fmt::Write as _;
use twinseal_dkim::{Outcome as SignatureOutcome, Verdict as SignatureVerdict};
use twinseal_message::text::{escaped, shown};
use twinseal_milter::client::{Modification, Outcome, Verdict};

/// Whose result is shown, and by whom.
pub(super) struct Shown<'s> {
    pub(super) program: &'static str,
    /// The message's file.
    pub(super) name: &'s str,
    pub(super) service: &'s Service,
}

impl Shown<'_> {
    /// One line for each signature that was verified, the fields that were added, or why there is
    /// neither.
    pub(super) fn result(&self, told: &[Told], outcome: &Outcome) -> String {
        let mut text = String::new();
        for one in told {
            match one {
                Told::Sealed(fields) => {
                    self.line("", &mut text);
                    for sealed in fields {
                        let value = sealed.field.value.replace("\r\n", "\n");
                        let _ = writeln!(text, "{}:{value}", sealed.field.name);
                    }
                }
                Told::Judged(judged) if judged.verdicts().is_empty() => {
                    self.line(" message not signed", &mut text);
                }
                Told::Judged(judged) => {
                    for verdict in judged.verdicts() {
                        self.line(&verified(verdict), &mut text);
                    }
                }
                Told::Shadowed(_) | Told::Nothing => {}
            }
        }
        if text.is_empty() {
            self.line(self.nothing(outcome), &mut text);
        }
        text
    }

    fn line(&self, what: &str, text: &mut String) {
        let _ = writeln!(text, "{}: {}:{what}", self.program, self.name);
    }

    fn nothing(&self, outcome: &Outcome) -> &'static str {
        match (&outcome.verdict, self.service.signs, &self.service.office) {
            (Verdict::Accept | Verdict::Continue, _, None) => " no action",
            (Verdict::Accept | Verdict::Continue, _, Some(_)) | (_, false, _) => {
                " message not signed"
            }
            (_, true, _) => " no signature added: the message could not be signed",
        }
    }

    /// What an MTA would be told, and what would be changed.
    pub(super) fn decision(&self, outcome: &Outcome) -> String {
        let mut text = String::new();
        for modification in &outcome.modifications {
            self.line(&changed(modification), &mut text);
        }
        self.line(&format!(" the message is {}", answered(&outcome.verdict)), &mut text);
        text
    }
}

fn verified(verdict: &SignatureVerdict) -> String {
    let SignatureVerdict { claims, outcome, key, .. } = verdict;
    let bits = key.and_then(|key| key.bits);
    let bits = bits.map(|bits| format!(", {bits}-bit key")).unwrap_or_default();
    let whose = claims.selector.as_ref().zip(claims.domain.as_ref());
    match (whose, outcome) {
        (Some((selector, domain)), SignatureOutcome::Pass) => {
            format!(" verification (s={selector}, d={domain}{bits}) succeeded")
        }
        // Without a comma, as it always was.
        (Some((selector, domain)), _) => {
            format!(" verification (s={selector} d={domain}{bits}) failed: {outcome}")
        }
        (None, _) => format!(" verification failed: {outcome}"),
    }
}

fn changed(modification: &Modification) -> String {
    // Whole, and in one line.
    let text = |octets: &[u8]| {
        let unfolded = String::from_utf8_lossy(octets).replace(['\r', '\n'], "");
        escaped(&unfolded.replace('\t', " "))
    };
    match modification {
        Modification::AddHeader { name, value } => {
            format!(" added at the end: {}:{}", text(name), text(value))
        }
        Modification::InsertHeader { index, name, value } => {
            format!(" added at {index}: {}:{}", text(name), text(value))
        }
        Modification::ChangeHeader { instance, name, value } if value.is_empty() => {
            format!(" removed: {} number {instance}", text(name))
        }
        Modification::ChangeHeader { instance, name, value } => {
            format!(" changed: {} number {instance} to {}", text(name), text(value))
        }
        Modification::Quarantine { reason } => format!(" held: {}", text(reason)),
        Modification::ReplaceBody(_)
        | Modification::AddRecipient { .. }
        | Modification::DeleteRecipient { .. }
        | Modification::ChangeSender { .. } => " changed otherwise".to_owned(),
    }
}

fn answered(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Continue | Verdict::Accept | Verdict::Skip => "accepted".to_owned(),
        Verdict::Reject => "rejected".to_owned(),
        Verdict::TempFail | Verdict::ConnectionFailure | Verdict::Shutdown => "deferred".to_owned(),
        Verdict::Discard => "discarded".to_owned(),
        Verdict::Refuse(reply) => {
            // On the wire, a percent sign is doubled.
            let reply = String::from_utf8_lossy(reply).replace("%%", "%");
            format!("refused: {}", shown(&reply))
        }
    }
}
