//! What is told, and its lines in each door.

use crate::event::dkim_filter::BAD_FORMAT;
use crate::event::{Reason, Tried, What};
use crate::forecast::{Cause, Foretold};
use crate::serving::transaction::Obstacle;
use crate::shadow::{Difference, Mark, Shadowed};
use crate::signing::directory::Unavailable;
use crate::verifying::action::Why;
use twinseal_config::Action;
use twinseal_dkim::{BadSignature, Claims, LookupFailure, Outcome, Verdict};
use twinseal_keys::SignError;
use twinseal_message::{Domain, HeaderTooLarge, Selector};
use twinseal_milter::ModificationError;

/// An event, and its lines natively, in place of dkim-filter and in place of dk-filter.
pub(super) struct Case {
    pub(super) what: What<'static>,
    pub(super) lines: [String; 3],
}

pub(super) fn keep<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// Lines with the queue id in front, where they do not say themselves that they have none.
fn case(what: What<'static>, lines: [&str; 3]) -> Case {
    let line = |line: &str| match line.strip_prefix('!') {
        Some(whole) => whole.to_owned(),
        None => format!("4AB12{line}"),
    };
    Case { what, lines: lines.map(line) }
}

/// A line that is the same everywhere.
fn same(what: What<'static>, line: &str) -> Case {
    case(what, [line, line, line])
}

pub(super) fn domain() -> Domain {
    Domain::parse("example.com").unwrap()
}

pub(super) fn too_large() -> HeaderTooLarge {
    HeaderTooLarge::Octets { limit: 65536 }
}

/// What is told of mail that is to be signed.
pub(super) fn of_signing() -> Vec<Case> {
    let added = |field| What::FieldAdded {
        field,
        selector: keep(Selector::parse("mail2").unwrap()),
        domain: keep(domain()),
    };
    let left_out =
        What::FieldNotAdded { field: "DomainKey-Signature", reason: keep(Reason::KeyNotRsa) };
    let why = "DomainKeys needs an RSA key, and the rule has none (reason=key-not-rsa)";
    vec![
        case(
            added("DKIM-Signature"),
            [
                ": DKIM-Signature field added (s=mail2, d=example.com)",
                " \"DKIM-Signature\" header added",
                " \"DKIM-Signature\" header added",
            ],
        ),
        case(
            added("DomainKey-Signature"),
            [
                ": DomainKey-Signature field added (s=mail2, d=example.com)",
                " \"DomainKey-Signature\" header added",
                " \"DomainKey-Signature\" header added",
            ],
        ),
        case(
            left_out,
            [
                &format!(": DomainKey-Signature not added: {why}"),
                &format!(" \"DomainKey-Signature\" header not added: {why}"),
                &format!(" \"DomainKey-Signature\" header not added: {why}"),
            ],
        ),
        same(What::Step("why: because"), ": why: because"),
    ]
}

/// What `dkim-filter` tried.
fn of_steps() -> Vec<Case> {
    [
        (Tried::NoDomain("joe@example.com"), "no signing domain match for `example.com'"),
        (Tried::NoKeyLine("joe@example.com"), "no signing keylist match for `joe@example.com'"),
        (Tried::NoDaemon, "no MTA name match"),
        (Tried::NoMacro, "no macros match"),
        (Tried::NotInternal, "not internal"),
        (Tried::NotAuthenticated, "not authenticated"),
        (Tried::Selected { signing: true }, "mode select: signing"),
        (Tried::Selected { signing: false }, "mode select: verifying"),
    ]
    .map(|(tried, line)| {
        let historic = format!(" {line}");
        case(What::Tried(tried), [&format!(": why: {line}"), &historic, &historic])
    })
    .into()
}

/// Every reason, and its lines.
pub(super) fn of_reasons() -> Vec<Case> {
    let client = "mx.example.net [192.0.2.1]".to_owned();
    let external =
        |expected| Reason::ExternalHost { client: client.clone(), domain: domain(), expected };
    let accused = "external host mx.example.net [192.0.2.1] attempted to send as example.com";
    let historic = [
        (external(false), accused, [format!(" {accused}"), format!(" {accused}")]),
        (
            Reason::NoSigningRule { address: "joe@example.com".to_owned() },
            "no signing rule matches joe@example.com",
            [
                " no signing keylist match for `joe@example.com'".to_owned(),
                " no signing domain match for `example.com'".to_owned(),
            ],
        ),
        (
            Reason::NoFrom,
            "it has no From field",
            [(); 2].map(|()| ": no sender header found; accepting".to_owned()),
        ),
        (
            Reason::Unparsable { field: "From".to_owned(), error: "no at sign".to_owned() },
            "its From field cannot be read: no at sign",
            [(); 2].map(|()| ": can't parse From: header value: no at sign".to_owned()),
        ),
        (
            Reason::RecipientExcluded { recipient: "bob@example.net".to_owned() },
            "mail to bob@example.net is left unsigned",
            [(); 2].map(|()| " skipping signing of mail to `bob@example.net'".to_owned()),
        ),
        (
            Reason::BadFormat,
            "its header has a field too many, or lacks one (RFC 5322 §3.6)",
            [(); 2].map(|()| format!(" {BAD_FORMAT}")),
        ),
        (
            Reason::HeaderTooLarge(too_large()),
            "its header is larger than 65536 octets",
            [(); 2].map(|()| {
                ": too much header data: its header is larger than 65536 octets".to_owned()
            }),
        ),
    ];
    let cases = historic.into_iter().map(|(reason, native, [dkim, dk])| {
        let code = format!(" (reason={})", reason.code());
        let native = format!(": not signed: {native}");
        let lines = [native, dkim, dk].map(|line| line + &code);
        case(What::NotSigned(keep(reason)), [&lines[0], &lines[1], &lines[2]])
    });
    cases.chain(of_our_reasons(external(true))).collect()
}

/// The reasons that neither program told, or had.
fn of_our_reasons(expected: Reason) -> impl Iterator<Item = Case> {
    [
        expected,
        Reason::SeveralFrom { count: 2 },
        Reason::TooManyFields { limit: 10 },
        Reason::AlreadySealed,
        Reason::KeyNotRsa,
        Reason::TooFewHeaders,
        Reason::ForeignDomain { domain: domain(), address: domain() },
        Reason::IdentityOutside { identity: "@example.net".to_owned(), domain: domain() },
        Reason::SealsOff,
        Reason::ExemptDomain { domain: domain() },
        Reason::SigningOff,
    ]
    .into_iter()
    .map(|reason| {
        let line = format!(": not signed: {reason} (reason={})", reason.code());
        same(What::NotSigned(keep(reason)), &line)
    })
}

/// What stands in the way.
fn of_obstacles() -> Vec<Case> {
    let refused = || ModificationError::BadName { name: "a b".to_owned() };
    let rules = Unavailable::Rules("the store is silent".to_owned());
    let field = "header field name \"a b\" is not printable ASCII without colon";
    let cases: [(Obstacle, Action, &str, &str, &str); 5] = [
        (
            Obstacle::NoKey,
            Action::TempFail,
            "deferred: no key selected for signing (reason=no-key-selected)",
            "",
            "no key selected for signing (reason=no-key-selected)",
        ),
        (
            Obstacle::Rules(rules),
            Action::Accept,
            "not signed: the signing rules cannot be asked now: the store is silent \
             (reason=rules-unavailable)",
            "resource unavailable",
            "the signing rules cannot be asked now: the store is silent (reason=rules-unavailable)",
        ),
        (
            Obstacle::Key(SignError::NotRsa),
            Action::Reject,
            "rejected: an Ed25519 key cannot make an rsa-sha1 signature (reason=key-failed)",
            "resource unavailable",
            "an Ed25519 key cannot make an rsa-sha1 signature (reason=key-failed)",
        ),
        (
            Obstacle::Field(refused()),
            Action::Quarantine,
            &format!(
                "quarantined: the MTA does not take the field: {field} (reason=field-refused)"
            ),
            "internal error",
            &format!("the MTA does not take the field: {field} (reason=field-refused)"),
        ),
        (
            Obstacle::Result(refused()),
            Action::Accept,
            &format!("accepted: the MTA does not take the result: {field} (reason=result-refused)"),
            "internal error",
            &format!("the MTA does not take the result: {field} (reason=result-refused)"),
        ),
    ];
    let lines = |(obstacle, action, native, kind, error): (Obstacle, _, &str, &str, &str)| {
        let native = format!(": {native}");
        let historic = |function| match kind {
            "" => format!(" {error}"),
            kind => format!(": {function}(): {kind}: {error}"),
        };
        let lines = [native, historic("dkim_eom"), historic("dk_eom")];
        let what = What::Obstructed { obstacle: keep(obstacle), action };
        case(what, [&lines[0], &lines[1], &lines[2]])
    };
    cases.into_iter().map(lines).collect()
}

pub(super) fn verdict(outcome: Outcome) -> &'static Verdict {
    let claims = Claims {
        selector: Some(Selector::parse("s1").unwrap()),
        domain: Some(Domain::parse("example.org").unwrap()),
        ..Claims::default()
    };
    keep(Verdict { claims, outcome, key: None, coverage: None })
}

/// What signatures come to. In the place of dk-filter, nobody looks at any.
fn of_verdicts() -> Vec<Case> {
    let names = "(s=s1, d=example.org)";
    let cases = [
        (Outcome::Pass, "DKIM verification successful", " DKIM verification successful"),
        (Outcome::NotTrusted, "ignoring signature", " ignoring signature from example.org"),
        (Outcome::NoKey, "key retrieval failed", ""),
        (Outcome::KeyUnavailable(LookupFailure::Timeout), "key retrieval failed", ""),
        (Outcome::KeyRevoked, "key revoked", ""),
        (Outcome::BodyChanged, "bad signature data", ""),
        (Outcome::Sha1, "signature verification failed", "at once"),
        (Outcome::Malformed(BadSignature::Missing { tag: "d" }), "syntax error", "at once"),
    ];
    let lines = |(outcome, word, historic): (Outcome, &str, &str)| {
        let code = outcome.code();
        let native = if outcome == Outcome::Pass {
            format!(": {word} {names}")
        } else {
            format!(": {word} {names}: {outcome} (reason={code})")
        };
        let historic = match (historic, &outcome) {
            ("", _) => native.clone(),
            ("at once", _) => format!(": {word}: {outcome} {names} (reason={code})"),
            (_, Outcome::Pass) => historic.to_owned(),
            _ => format!("{historic} (reason={code})"),
        };
        case(What::Verified(verdict(outcome)), [&native, &historic, &native])
    };
    let result = format!(": key retrieval failed {names}: {} (reason=no-key)", Outcome::NoKey);
    let result = same(What::ResultOf(verdict(Outcome::NoKey)), &result);
    cases.into_iter().map(lines).chain([result]).collect()
}

/// What else is told of mail that arrives.
fn of_arriving() -> Vec<Case> {
    let several = keep([verdict(Outcome::Pass), verdict(Outcome::NoKey)]);
    let signers = "message has signatures from example.org, example.org";
    let forged = "Authentication-Results fields that claim to be ours removed: 2";
    let adsp = "rejected due to DKIM ADSP evaluation";
    vec![
        case(
            What::SeveralSignatures(several),
            [&format!(": {signers}"), &format!("!{signers}"), &format!(": {signers}")],
        ),
        same(What::SignaturesIgnored(3), ": ignoring 3 signatures"),
        case(
            What::Unsigned,
            [": no DKIM signature data", ": no signature data", ": no DKIM signature data"],
        ),
        case(
            What::BadFormat,
            [": header requirement error", &format!(" {BAD_FORMAT}"), ": header requirement error"],
        ),
        case(
            What::HeaderTooLarge(too_large()),
            [
                ": too much header data: its header is larger than 65536 octets",
                "!too much header data",
                ": too much header data: its header is larger than 65536 octets",
            ],
        ),
        same(What::ForgedRemoved(2), &format!(": {forged}")),
        same(What::Reported { to: "post@a.example" }, ": report sent to post@a.example"),
        same(
            What::NotReported { to: "post@a.example", error: "/bin/false: exit status: 1" },
            ": no report to post@a.example: /bin/false: exit status: 1",
        ),
        case(
            What::Acted { action: Action::Reject, why: Why::Adsp },
            [
                &format!(": rejected: {adsp}"),
                " rejected per sender domain policy",
                &format!(": rejected: {adsp}"),
            ],
        ),
        same(
            What::Acted { action: Action::TempFail, why: Why::Unsigned },
            ": deferred: no DKIM signature data",
        ),
    ]
}

/// What is told in the shadow of another filter: the same in every door.
fn of_shadow() -> Vec<Case> {
    let mark = || Mark {
        field: "DKIM-Signature",
        selector: "mail2".to_owned(),
        domain: "example.com".to_owned(),
    };
    let names = "(s=mail2, d=example.com)";
    let lacks = vec![Difference::Lacks(vec!["x-mailer".to_owned()]), Difference::Body];
    let cases = [
        (
            Shadowed::Agrees { mark: mark(), reordered: false },
            format!("DKIM-Signature agrees {names} (reason=shadow-agrees)"),
        ),
        (
            Shadowed::Differs { mark: mark(), differences: lacks },
            format!(
                "DKIM-Signature differs: h= lacks \"x-mailer\"; bh= is another {names} \
                 (reason=shadow-differs)"
            ),
        ),
        (
            Shadowed::OnlyTheirs { mark: mark() },
            format!(
                "only the other filter signs: DKIM-Signature {names} (reason=shadow-only-theirs)"
            ),
        ),
        (
            Shadowed::OnlyOurs { mark: mark() },
            format!(
                "the other filter does not sign; ours would: DKIM-Signature {names} \
                 (reason=shadow-only-ours)"
            ),
        ),
        (
            Shadowed::Added { mark: mark() },
            format!("DKIM-Signature would be added {names} (reason=shadow-added)"),
        ),
        (
            Shadowed::acting(Action::TempFail, "no key selected for signing"),
            "would be deferred: no key selected for signing (reason=shadow-would-act)".to_owned(),
        ),
    ];
    let lines = |(shadowed, line): (Shadowed, String)| {
        same(What::Shadowed(keep(shadowed)), &format!(": shadow: {line}"))
    };
    cases.into_iter().map(lines).collect()
}

/// What is told of mail whose seals will not survive.
fn of_forecast() -> Vec<Case> {
    let only = Some("DKIM-Signature");
    vec![
        same(
            What::Forecast(keep(Foretold { cause: Cause::LongLine, only: None })),
            ": forecast: a line of the body has more than 998 octets, and will be broken on the way \
             (cause=long-line)",
        ),
        same(
            What::Forecast(keep(Foretold { cause: Cause::BareCr, only })),
            ": forecast: there is a CR without LF, of which a hop will make a space; only \
             DKIM-Signature breaks (cause=bare-cr)",
        ),
    ]
}

pub(super) fn cases() -> Vec<Case> {
    let parts = [
        of_forecast(),
        of_signing(),
        of_steps(),
        of_reasons(),
        of_obstacles(),
        of_verdicts(),
        of_arriving(),
        of_shadow(),
    ];
    parts.into_iter().flatten().collect()
}
