//! Life of the process: what starts it again, and what is left of it when it dies.

use super::{ROW, TRUTH, historic, letter, parameter};
use crate::params::Instead::{Same, Value};
use crate::params::{Acts, Form, Kind, Param, Place, Reload, Unsaid};
use crate::raw::Setter;
use crate::value;

/// Why two parameters have no effect.
const NO_FILES: &str = "nothing is written to temporary files";

pub(super) const ROWS: &[Param] = &[
    Param {
        name: "restart.auto",
        dk_filter: letter('A'),
        dkim_filter: historic('A', "AutoRestart", TRUTH),
        opendkim: historic('A', "AutoRestart", TRUTH),
        default: Some("no"),
        reload: Reload::Restart,
        summary: "start again when it dies",
        manual: "The process that was started waits for a second one, which serves, and starts it \
                 anew when it dies. The pid file has the number of the first, which passes signals \
                 on. Under systemd, Restart= does this better; nothing comes of it where sockets \
                 are passed to us.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.life.auto, report, value::switch);
        }),
        ..ROW
    },
    Param {
        name: "restart.count",
        dkim_filter: parameter("AutoRestartCount", Form::Word),
        opendkim: parameter("AutoRestartCount", Form::Word),
        kind: Kind::Number,
        default: Some("0"),
        reload: Reload::Restart,
        summary: "how often it is started again altogether",
        manual: "Then it is given up, with exit code 69. 0 is no limit.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.life.count, report, value::restart_count);
        }),
        ..ROW
    },
    Param {
        name: "restart.rate",
        dkim_filter: parameter("AutoRestartRate", Form::Word),
        opendkim: parameter("AutoRestartRate", Form::Word),
        kind: Kind::Text("restarts and a time, such as 10/1h, or none"),
        default: Some("10/1h"),
        // dk-filter had no limit, and a machine that did nothing else.
        unsaid: Unsaid { dk_filter: Same, dkim_filter: Value("none"), opendkim: Value("none") },
        reload: Reload::Restart,
        summary: "how often it is started again in some time",
        manual: "Restarts, a slash, and a time in s, m, h or d. When there are more than that in any \
                 span of that length, it is given up, with exit code 69.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.life.rate, report, value::restart_rate);
        }),
        ..ROW
    },
    Param {
        name: "core-dumps",
        dkim_filter: parameter("EnableCoredumps", TRUTH),
        opendkim: parameter("EnableCoredumps", TRUTH),
        default: Some("no"),
        reload: Reload::Restart,
        summary: "let the system keep its memory when it dies",
        manual: "For whoever looks for a mistake of ours. There are private keys in it.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.life.core_dumps, report, value::switch);
        }),
        ..ROW
    },
    Param {
        name: "base-directory",
        dkim_filter: parameter("BaseDirectory", Form::Word),
        opendkim: parameter("BaseDirectory", Form::Word),
        kind: Kind::Path,
        reload: Reload::Restart,
        place: Place::Historic,
        summary: "the directory in which other paths begin",
        manual: "It is entered before any file but the configuration is read.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.life.base, report, value::path);
        }),
        ..ROW
    },
    Param {
        name: "temporary-directory",
        dkim_filter: parameter("TemporaryDirectory", Form::Word),
        opendkim: parameter("TemporaryDirectory", Form::Word),
        kind: Kind::Path,
        place: Place::Historic,
        acts: Acts::No(NO_FILES),
        summary: "where temporary files go",
        manual: "Nothing is written to temporary files.",
        setter: Setter::Top(|_, _, _| {}),
        ..ROW
    },
    Param {
        name: "keep-temporary-files",
        dkim_filter: parameter("KeepTemporaryFiles", TRUTH),
        opendkim: parameter("KeepTemporaryFiles", TRUTH),
        place: Place::Historic,
        acts: Acts::No(NO_FILES),
        summary: "keep temporary files",
        manual: "Nothing is written to temporary files.",
        setter: Setter::Top(|_, _, _| {}),
        ..ROW
    },
];

/// What belongs to the section of the log.
pub(super) const LOG_ROWS: &[Param] = &[Param {
    name: "log.protocol",
    dkim_filter: parameter("MilterDebug", Form::Word),
    opendkim: parameter("MilterDebug", Form::Word),
    kind: Kind::Number,
    default: Some("0"),
    reload: Reload::Restart,
    summary: "log what is said on each connection",
    manual: "Above 0, there is a line for each command of the MTA and each answer: what it is \
                 and how long, never what is in it.",
    setter: Setter::Top(|raw, given, report| {
        given.put(&mut raw.life.protocol, report, value::level);
    }),
    ..ROW
}];
