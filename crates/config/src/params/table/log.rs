//! The log.

use super::{ROW, TRUTH, historic, parameter};
use crate::params::Instead::{Same, Value};
use crate::params::{Form, Historic, Kind, Letter, Param, Parameter, Reload, Sample, Unsaid};
use crate::raw::Setter;
use crate::value;

/// The letter that both programs have for it.
const TO_SYSLOG: Option<Letter> =
    Some(Letter { letter: 'l', means: Some("syslog"), told: Some("log to syslog"), commas: false });

/// The names that `dkim-filter` and `opendkim` have for it.
const SYSLOG: Historic = Historic {
    letter: TO_SYSLOG,
    parameter: Some(Parameter {
        name: "Syslog",
        form: Form::Truth { yes: "syslog", no: "stderr" },
    }),
};

pub(super) const ROWS: &[Param] = &[
    Param {
        name: "log.to",
        dk_filter: TO_SYSLOG,
        dkim_filter: SYSLOG,
        opendkim: SYSLOG,
        kind: Kind::Choice(&["stderr", "syslog", "journald"]),
        default: Some("stderr"),
        reload: Reload::Restart,
        summary: "where the log goes",
        manual: "systemd collects what goes to stderr, without its priority; journald gets that \
                 too.",
        sample: Sample::Value("syslog"),
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.log.to, report, value::log_to);
        }),
        ..ROW
    },
    Param {
        name: "log.format",
        kind: Kind::Choice(&["text", "json"]),
        default: Some("text"),
        reload: Reload::Restart,
        summary: "what a line of the log looks like",
        manual: "text is a sentence, with the queue id first; json is an object with the same in \
                 parts, which docs/log.md lists.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.log.format, report, value::log_format);
        }),
        ..ROW
    },
    Param {
        name: "log.facility",
        dkim_filter: parameter("SyslogFacility", Form::Word),
        opendkim: parameter("SyslogFacility", Form::Word),
        kind: Kind::Choice(&[
            "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron",
            "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
        ]),
        default: Some("mail"),
        reload: Reload::Restart,
        summary: "the facility that syslog files the log under",
        manual: "It has no effect on stderr. security is another word for auth.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.log.facility, report, value::facility);
        }),
        ..ROW
    },
    Param {
        name: "log.why",
        dkim_filter: historic('W', "LogWhy", TRUTH),
        opendkim: historic('W', "LogWhy", TRUTH),
        default: Some("no"),
        summary: "log the steps that led to each decision",
        manual: "Why a message was not signed is logged in any case.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.log.why, report, value::switch);
        }),
        ..ROW
    },
    Param {
        name: "log.success",
        dkim_filter: parameter("SyslogSuccess", TRUTH),
        opendkim: parameter("SyslogSuccess", TRUTH),
        default: Some("yes"),
        unsaid: Unsaid { dk_filter: Same, dkim_filter: Value("no"), opendkim: Value("no") },
        summary: "log signatures that pass",
        manual: "What does not pass is logged in any case, and so is what was signed, but in the place \
                 of dkim-filter.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.log.success, report, value::switch);
        }),
        ..ROW
    },
];
