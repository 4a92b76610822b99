//! The lines in the place of opendkim.

use super::cases::{domain, keep, too_large, verdict};
use crate::event::{Event, Reason, Tried, What};
use crate::serving::transaction::Obstacle;
use crate::signing::directory::Unavailable;
use crate::verifying::action::Why;
use twinseal_config::{Action, Door};
use twinseal_dkim::{LookupFailure, Outcome};
use twinseal_keys::SignError;
use twinseal_message::Selector;
use twinseal_milter::ModificationError;

fn check(cases: Vec<(What<'static>, &str)>) {
    for (what, want) in cases {
        let event = Event { door: Door::Opendkim, queue_id: "4AB12", what };
        assert_eq!(event.to_string(), format!("4AB12: {want}"));
    }
}

#[test]
fn what_is_signed_is_told_as_opendkim_told_it() {
    let added = What::FieldAdded {
        field: "DKIM-Signature",
        selector: keep(Selector::parse("mail2").unwrap()),
        domain: keep(domain()),
    };
    let rules = Unavailable::Rules("silence".to_owned());
    let refused = || ModificationError::BadName { name: "a b".to_owned() };
    let obstructed =
        |obstacle| What::Obstructed { obstacle: keep(obstacle), action: Action::Reject };
    check(vec![
        (added, "DKIM-Signature field added (s=mail2, d=example.com)"),
        (What::Tried(Tried::NoKeyLine("a@b.c")), "no signing table match for 'a@b.c'"),
        (What::Tried(Tried::NoDomain("a@b.c")), "no signing domain match for `b.c'"),
        (What::Tried(Tried::NotInternal), "not internal"),
        (obstructed(Obstacle::NoKey), "no key selected for signing (reason=no-key-selected)"),
        (
            obstructed(Obstacle::Rules(rules)),
            "error reading signing table: the signing rules cannot be asked now: silence \
             (reason=rules-unavailable)",
        ),
        (
            obstructed(Obstacle::Key(SignError::NotRsa)),
            "signature generation error: an Ed25519 key cannot make an rsa-sha1 signature \
             (reason=key-failed)",
        ),
        (
            obstructed(Obstacle::Field(refused())),
            "DKIM-Signature header add failed: the MTA does not take the field: header field name \
             \"a b\" is not printable ASCII without colon (reason=field-refused)",
        ),
        (
            obstructed(Obstacle::Result(refused())),
            "Authentication-Results header add failed: the MTA does not take the result: header \
             field name \"a b\" is not printable ASCII without colon (reason=result-refused)",
        ),
    ]);
}

#[test]
fn what_is_not_signed_is_told_as_opendkim_told_it() {
    let not = |reason| What::NotSigned(keep(reason));
    let client = "mx.example.net [192.0.2.1]".to_owned();
    check(vec![
        (
            not(Reason::ExternalHost { client, domain: domain(), expected: false }),
            "external host mx.example.net [192.0.2.1] attempted to send as example.com \
             (reason=external-host)",
        ),
        (
            not(Reason::NoSigningRule { address: "a@b.c".to_owned() }),
            "no signing table match for 'a@b.c' (reason=no-signing-rule)",
        ),
        (not(Reason::NoFrom), "can't determine message sender; accepting (reason=no-from-field)"),
        (
            not(Reason::RecipientExcluded { recipient: "b@example.net".to_owned() }),
            "skipping signing of mail to 'b@example.net' (reason=recipient-excluded)",
        ),
        (
            not(Reason::BadFormat),
            concat!("RFC", "5322 header requirement error (reason=bad-format)"),
        ),
        (
            not(Reason::ExemptDomain { domain: domain() }),
            "not signed: mail from example.com is none of our business (reason=exempt-domain)",
        ),
        (
            not(Reason::SeveralFrom { count: 2 }),
            "not signed: it has 2 From fields (reason=several-from-fields)",
        ),
    ]);
}

#[test]
fn what_arrives_is_told_as_opendkim_told_it() {
    let timeout = || Outcome::KeyUnavailable(LookupFailure::Timeout);
    let signatures = keep([verdict(Outcome::Pass), verdict(Outcome::NoKey)]);
    let result = "signature= domain=example.org selector=s1 result=";
    let lines = [
        (Outcome::Pass, "no signature error"),
        (Outcome::BodyChanged, "signature verification failed"),
        (Outcome::KeyRevoked, "key revoked"),
        (timeout(), "key DNS query failed"),
    ];
    let lines = lines.map(|(outcome, text)| (outcome, format!("{result}{text:?}")));
    check(
        lines.iter().map(|(one, line)| (What::ResultOf(verdict(one.clone())), &**line)).collect(),
    );
    check(vec![
        (What::Verified(verdict(Outcome::Pass)), "DKIM verification successful"),
        (
            What::Verified(verdict(Outcome::KeyRevoked)),
            "key revoked (s=s1, d=example.org): the key was revoked (reason=key-revoked)",
        ),
        (
            What::SeveralSignatures(signatures),
            "message has signatures from example.org, example.org",
        ),
        (What::SignaturesIgnored(3), "ignoring 3 signatures"),
        (What::Unsigned, "no signature data"),
        (What::BadFormat, concat!("RFC", "5322 header requirement error")),
        (What::HeaderTooLarge(too_large()), "too much header data"),
        (
            What::Acted { action: Action::Reject, why: Why::Unsigned },
            "rejected: no DKIM signature data",
        ),
    ]);
}
