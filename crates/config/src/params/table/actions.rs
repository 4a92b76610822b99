//! What happens to mail that something is the matter with.

use super::{ROW, TRUTH, historic, only_letter, parameter};
use crate::lists::actions;
use crate::params::Instead::{Nothing, Same, Value};
use crate::params::{Acts, Form, Kind, Param, Place, Sample, Unsaid};
use crate::raw::Setter;
use crate::value;

/// What can happen to it.
const ACTIONS: Kind = Kind::Choice(&["accept", "reject", "tempfail", "discard", "quarantine"]);

pub(super) const ROWS: &[Param] = &[
    Param {
        name: "actions.default",
        dkim_filter: parameter("On-Default", Form::Initial),
        opendkim: parameter("On-Default", Form::Initial),
        kind: ACTIONS,
        summary: "what happens to mail for every reason below that is not named",
        manual: "accept lets it pass, reject refuses it for good, with tempfail its sender tries again, \
                 discard throws it away without telling anybody, and quarantine has the MTA keep it. It also \
                 counts for dns-error, internal-error and signature-error, where reject loses mail \
                 for troubles that pass. What is said of one reason counts more, wherever it \
                 stands.",
        sample: Sample::Example("accept"),
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.actions.default, report, value::action);
        }),
        ..ROW
    },
    Param {
        name: "actions.bad-signature",
        dkim_filter: parameter("On-BadSignature", Form::Initial),
        opendkim: parameter("On-BadSignature", Form::Initial),
        kind: ACTIONS,
        default: Some("accept"),
        summary: "what happens to mail of which no signature passes",
        manual: "Mail that a mailing list has changed is such mail: it is not forged for that. \
                 A key that its owner is only testing never has mail refused.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.actions.bad_signature, report, value::action);
        }),
        ..ROW
    },
    Param {
        name: "actions.no-signature",
        dkim_filter: parameter("On-NoSignature", Form::Initial),
        opendkim: parameter("On-NoSignature", Form::Initial),
        kind: ACTIONS,
        default: Some("accept"),
        summary: "what happens to mail without a signature",
        manual: "Most honest mail is signed, and some is not.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.actions.no_signature, report, value::action);
        }),
        ..ROW
    },
    Param {
        name: "actions.key-not-found",
        dkim_filter: parameter("On-KeyNotFound", Form::Initial),
        opendkim: parameter("On-KeyNotFound", Form::Initial),
        kind: ACTIONS,
        default: Some("accept"),
        // It was a dns-error there.
        unsaid: Unsaid { dk_filter: Same, dkim_filter: Nothing, opendkim: Same },
        summary: "what happens to mail whose key does not exist",
        manual: "DNS says so; that there is no answer is a dns-error.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.actions.key_not_found, report, value::action);
        }),
        ..ROW
    },
    Param {
        name: "actions.dns-error",
        dkim_filter: parameter("On-DNSError", Form::Initial),
        opendkim: parameter("On-DNSError", Form::Initial),
        kind: ACTIONS,
        default: Some("tempfail"),
        summary: "what happens to mail whose keys cannot be asked for",
        manual: "No answer in time, or an error in its place.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.actions.dns_error, report, value::action);
        }),
        ..ROW
    },
    Param {
        name: "actions.internal-error",
        dkim_filter: parameter("On-InternalError", Form::Initial),
        opendkim: parameter("On-InternalError", Form::Initial),
        kind: ACTIONS,
        default: Some("tempfail"),
        summary: "what happens to mail when something fails here",
        manual: "It is a defect of this program or of the machine, and told in the log.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.actions.internal_error, report, value::action);
        }),
        ..ROW
    },
    Param {
        name: "actions.security",
        dkim_filter: parameter("On-Security", Form::Initial),
        opendkim: parameter("On-Security", Form::Initial),
        kind: ACTIONS,
        default: Some("tempfail"),
        summary: "what happens to mail that passes a limit",
        manual: "Such a limit is verify.maximum-header. With accept, such mail is passed on \
                 unverified, with everything in it but results forged in our name.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.actions.security, report, value::action);
        }),
        ..ROW
    },
    Param {
        name: "actions.signature-error",
        dkim_filter: parameter("On-SignatureError", Form::Initial),
        opendkim: parameter("On-SignatureError", Form::Initial),
        kind: ACTIONS,
        default: Some("tempfail"),
        unsaid: Unsaid { dk_filter: Same, dkim_filter: Same, opendkim: Value("reject") },
        summary: "what happens to mail that is to be signed and cannot be",
        manual: "opendkim has reject here, which gives mail of our own users back to them when \
                 a key is broken. With tempfail, it waits until the key is mended.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.actions.signature_error, report, value::action);
        }),
        ..ROW
    },
    Param {
        name: "action-list",
        dkim_filter: only_letter('C'),
        kind: Kind::Text("result=action, and more of them behind commas"),
        place: Place::Historic,
        summary: "what happens to mail, as pairs of result=action",
        manual: "Results are nosignature, badsignature, dnserror, internal, security and default, \
                 or no, bad, dns, int, sec and def; of actions, the first letter will do. It takes \
                 the place of all that the file says about actions.",
        setter: Setter::Top(|raw, given, report| actions::put(given, &mut raw.action_list, report)),
        ..ROW
    },
    Param {
        name: "signature-missing",
        dkim_filter: parameter("On-SignatureMissing", Form::Word),
        kind: ACTIONS,
        place: Place::Historic,
        summary: "what happened to mail that its author's domain should have signed",
        manual: "dkim-filter itself did not look at it any more.",
        acts: Acts::No("there has been no such thing since dkim-filter 2.6; see ADSPDiscard"),
        // Nobody ever looked at its value.
        setter: Setter::Top(|_, _, _| {}),
        ..ROW
    },
    Param {
        name: "reputation-error",
        dkim_filter: parameter("On-ReputationError", Form::Initial),
        opendkim: parameter("On-ReputationError", Form::Initial),
        kind: ACTIONS,
        place: Place::Historic,
        summary: "what happened to mail when a reputation service did not answer",
        manual: "It was there only in an opendkim that was built for such services.",
        acts: Acts::No("nobody is asked about anybody's reputation"),
        setter: Setter::Top(|_, given, report| {
            given.put(&mut None, report, value::action);
        }),
        ..ROW
    },
    Param {
        name: "quarantine",
        dkim_filter: historic('q', "Quarantine", TRUTH),
        opendkim: historic('q', "Quarantine", TRUTH),
        default: Some("no"),
        place: Place::Historic,
        summary: "have the MTA keep back mail of which no signature passes",
        manual: "Where an action says more than accept, that counts.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.quarantine, report, value::switch);
        }),
        ..ROW
    },
];
