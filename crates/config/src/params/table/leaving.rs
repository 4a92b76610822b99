//! Whose mail is signed beside that of internal hosts, and what is done with mail that is.

use super::{ROW, TRUTH, historic, letter, parameter};
use crate::params::{Form, Kind, Param, Place, Sample};
use crate::raw::Setter;
use crate::settings::{MacroTest, RecipientPattern};
use crate::value;

pub(super) const ROWS: &[Param] = &[
    Param {
        name: "internal-daemons",
        dk_filter: letter('m'),
        dkim_filter: historic('m', "MTA", Form::Words),
        opendkim: parameter("MTA", Form::Set),
        kind: Kind::List("the name of a daemon, as the MTA has it"),
        summary: "the MTA's daemons whose mail is signed, whoever the client is",
        manual: "The MTA tells the name in its macro {daemon_name}: milter_macro_daemon_name in \
                 Postfix, Name= in Sendmail's DaemonPortOptions. Capitals and small letters are \
                 the same.",
        sample: Sample::Example("[MSA]"),
        setter: Setter::Top(|raw, given, report| {
            given.put_all(&mut raw.leaving.daemons, report, value::daemon_name);
        }),
        ..ROW
    },
    Param {
        name: "internal-macros",
        dk_filter: letter('M'),
        dkim_filter: historic('M', "MacroList", Form::Words),
        opendkim: parameter("MacroList", Form::Set),
        kind: Kind::List("the name of a macro, or macro=value|value"),
        summary: "macros of the MTA that say that mail is to be signed",
        manual: "Whoever the client is. A macro by itself says so if it has any value, and one \
                 with values if it has one of them. Names are written without braces; capitals \
                 and small letters of values are the same. The MTA is asked for these macros if \
                 it lets itself be asked.",
        sample: Sample::Example(r#"["auth_authen", "client_name=mx1|mx2"]"#),
        setter: Setter::Top(|raw, given, report| {
            given.put_all(&mut raw.leaving.macros, report, MacroTest::parse);
        }),
        ..ROW
    },
    Param {
        name: "unsigned-recipients",
        dkim_filter: parameter("DontSignMailTo", Form::Words),
        opendkim: parameter("DontSignMailTo", Form::Set),
        kind: Kind::List("a recipient, or a pattern such as *@example.net"),
        summary: "recipients whose mail is not signed",
        manual: "One such recipient is enough, whoever else gets the message. It goes on as it \
                 came, and is not verified either. A star stands for any characters.",
        sample: Sample::Example(r#"["*@example.net"]"#),
        setter: Setter::Top(|raw, given, report| {
            given.put_all(&mut raw.leaving.unsigned_recipients, report, RecipientPattern::parse);
        }),
        ..ROW
    },
    Param {
        name: "remove-old-signatures",
        dkim_filter: parameter("RemoveOldSignatures", TRUTH),
        opendkim: parameter("RemoveOldSignatures", TRUTH),
        default: Some("no"),
        summary: "remove the DKIM signatures that a message has when it gets ours",
        manual: "Without it they stay, and each of them says what it says. Mail that is not \
                 signed keeps them in any case.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.leaving.remove_old, report, value::switch);
        }),
        ..ROW
    },
    Param {
        name: "multiple-signatures",
        dkim_filter: parameter("MultipleSignatures", TRUTH),
        opendkim: parameter("MultipleSignatures", TRUTH),
        default: Some("no"),
        summary: "sign for every entry that matches the address",
        manual: "Or for every line of a key list. Without it, the first one signs alone. The \
                 first ten that match sign: more signatures of a message are not looked at by \
                 verifiers.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.leaving.multiple, report, value::switch);
        }),
        ..ROW
    },
    Param {
        name: "signature-algorithm",
        dkim_filter: historic('S', "SignatureAlgorithm", Form::Word),
        opendkim: historic('S', "SignatureAlgorithm", Form::Word),
        kind: Kind::Choice(&["rsa-sha256", "rsa-sha1", "ed25519-sha256"]),
        place: Place::Historic,
        summary: "how DKIM signatures are made",
        manual: "As the key has it, whatever stands here: with rsa-sha256, or ed25519-sha256. With \
                 rsa-sha1, no verifier of today would let a signature pass.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.leaving.algorithm, report, value::algorithm);
        }),
        ..ROW
    },
];
