//! What `opendkim` has and its predecessor had not.

use super::{FIELDS, ROW, TRUTH, parameter};
use crate::params::{Form, Kind, Param, Place};
use crate::raw::Setter;
use crate::value;

/// A parameter of `opendkim` alone.
const fn row(name: &'static str, opendkim: &'static str, form: Form, kind: Kind) -> Param {
    let place = Place::Historic;
    Param { name, opendkim: parameter(opendkim, form), kind, place, ..ROW }
}

/// The same, if yes or no is all that it takes.
const fn switch(name: &'static str, opendkim: &'static str, setter: Setter) -> Param {
    Param { default: Some("no"), setter, ..row(name, opendkim, TRUTH, Kind::Switch) }
}

pub(super) const ROWS: &[Param] = &[
    Param {
        summary: "the keys by name: for each, a domain, a selector and the key",
        manual: "domain:selector:key, where a % as the domain is that of the sender. The key is the \
                 path of its file if it begins with /, ./ or ../, and a % in it is the domain; \
                 otherwise it is the key itself, in base64. It needs a SigningTable, and KeyFile, \
                 Selector and Domain count no more.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.opendkim.key_table, report, |text| Ok(text.to_owned()));
        }),
        ..row("key-table", "KeyTable", Form::Set, Kind::Text("a data set"))
    },
    Param {
        summary: "who signs for whom: for an address, the name of a key",
        manual: "In a refile, patterns of addresses, of which the first that matches counts. \
                 Otherwise user@host is looked up, then host, then user@.parent and .parent for \
                 each domain above it, user@* and *. Behind the name of the key, or a % for the \
                 sender's domain, a colon and an identity for i= may stand.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.opendkim.signing_table, report, |text| Ok(text.to_owned()));
        }),
        ..row("signing-table", "SigningTable", Form::Set, Kind::Text("a data set"))
    },
    Param {
        summary: "refuse to sign or verify mail whose header is not what RFC 5322 wants",
        manual: "Fields that it may have once are there once, and the author can be read. Such mail \
                 gets the result permerror.",
        ..switch(
            "strict-headers",
            "StrictHeaders",
            Setter::Top(|raw, given, report| {
                given.put(&mut raw.opendkim.strict_headers, report, value::switch);
            }),
        )
    },
    Param {
        summary: "let mail that cannot be read pass as it is",
        manual: "Without it, mail whose author cannot be read gets the result permerror.",
        ..switch(
            "ignore-malformed-mail",
            "IgnoreMalformedMail",
            Setter::Top(|raw, given, report| {
                given.put(&mut raw.opendkim.ignores_malformed, report, value::switch);
            }),
        )
    },
    Param {
        summary: "leave forged Authentication-Results where they are",
        manual: "Whoever believes them believes anybody: this is for hosts behind one that removes \
                 them.",
        ..switch(
            "keep-results",
            "KeepAuthResults",
            Setter::Top(|raw, given, report| {
                given.put(&mut raw.opendkim.keeps_results, report, value::switch);
            }),
        )
    },
    Param {
        summary: "have the MTA hold mail with which something fails here",
        manual: "As On-InternalError quarantine has it.",
        ..switch(
            "capture-unknown-errors",
            "CaptureUnknownErrors",
            Setter::Top(|raw, given, report| {
                given.put(&mut raw.opendkim.captures, report, value::switch);
            }),
        )
    },
    Param {
        summary: "leave header.b out of Authentication-Results",
        manual: "It tells several signatures of one domain apart.",
        ..switch(
            "results-without-signature",
            "NoHeaderB",
            Setter::Top(|raw, given, report| {
                given.put(&mut raw.opendkim.without_signature, report, value::switch);
            }),
        )
    },
    Param {
        summary: "log the result of each signature in a line of its own",
        manual: "What was found about a signature that does not pass is logged in any case.",
        ..switch(
            "log-results",
            "LogResults",
            Setter::Top(|raw, given, report| {
                given.put(&mut raw.opendkim.log_results, report, value::switch);
            }),
        )
    },
    Param {
        summary: "rules that turn header fields into what the MTA is going to make of them",
        manual: "A line each: a regular expression and what takes the place of what it matches, \
                 with a tab between them. What is signed is the field after all rules.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.opendkim.replace_rules, report, |text| Ok(text.to_owned()));
        }),
        dkim_filter: parameter("ReplaceRules", Form::Word),
        ..row("replace-rules", "ReplaceRules", Form::Word, Kind::Path)
    },
    Param {
        summary: "the header fields that those rules are for",
        manual: "Without it, all of them.",
        setter: Setter::Top(|raw, given, report| {
            given.put_all(&mut raw.opendkim.replace_headers, report, value::field_name);
        }),
        ..row("replace-headers", "ReplaceHeaders", Form::Set, Kind::List(FIELDS))
    },
    Param {
        summary: "the MTA's macro that says whose message it is",
        manual: "Where the MTA sets it, its address decides, and no field of the header.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.opendkim.sender_macro, report, value::macro_name);
        }),
        ..row("sender-macro", "SenderMacro", Form::Word, Kind::Text("the name of a macro"))
    },
    Param {
        summary: "the name that syslog files the log under",
        manual: "Without it, the program's own.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.opendkim.syslog_name, report, value::syslog_name);
        }),
        ..row("log.name", "SyslogName", Form::Word, Kind::Text("a word"))
    },
];
