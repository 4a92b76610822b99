//! Keys, process and limits.

use super::{ROW, TRUTH, historic, letter, parameter};
use crate::params::Instead::{Same, Value};
use crate::params::{Form, Kind, Param, Reload, Sample, Unsaid};
use crate::raw::Setter;
use crate::value;

pub(super) const ROWS: &[Param] = &[
    Param {
        name: "require-safe-keys",
        opendkim: parameter("RequireSafeKeys", TRUTH),
        default: Some("yes"),
        // Neither program looked.
        unsaid: Unsaid { dk_filter: Value("no"), dkim_filter: Value("no"), opendkim: Same },
        summary: "refuse a key that strangers can read or replace",
        manual: "With no, it is only warned about. A key that its group may read is safe.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.require_safe_keys, report, value::switch);
        }),
        ..ROW
    },
    Param {
        name: "pid-file",
        dk_filter: letter('P'),
        dkim_filter: historic('P', "PidFile", Form::Word),
        opendkim: historic('P', "PidFile", Form::Word),
        kind: Kind::Path,
        reload: Reload::Restart,
        summary: "where to write the process's number",
        manual: "It is written when the sockets are there, and removed at the end.",
        sample: Sample::Example("/run/twinseal/twinseal.pid"),
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.pid_file, report, value::path);
        }),
        ..ROW
    },
    Param {
        name: "foreground",
        dk_filter: letter('f'),
        // Background is the opposite.
        dkim_filter: historic('f', "Background", Form::Truth { yes: "no", no: "yes" }),
        opendkim: historic('f', "Background", Form::Truth { yes: "no", no: "yes" }),
        default: Some("yes"),
        unsaid: Unsaid { dk_filter: Value("no"), dkim_filter: Value("no"), opendkim: Value("no") },
        reload: Reload::Restart,
        summary: "stay in the foreground",
        manual: "With no, it goes to the background once it listens and the pid file is there; \
                 whoever started it gets the exit code and every complaint before that.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.foreground, report, value::switch);
        }),
        ..ROW
    },
    Param {
        name: "limits.connections",
        kind: Kind::Number,
        default: Some("900"),
        reload: Reload::Restart,
        summary: "how many connections may be open at the same time",
        manual: "On all sockets together; more have to wait. Each takes a file descriptor, and the \
                 system's limit on those is raised where it lets us.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.limits.connections, report, value::connections);
        }),
        ..ROW
    },
    Param {
        name: "limits.idle",
        kind: Kind::Duration,
        default: Some("7210s"),
        summary: "how long an MTA may be silent between commands",
        manual: "Longer than the MTA's own time-outs, because a client of Postfix may pause for \
                 smtpd_timeout, 300s, between any two commands.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.limits.idle, report, value::duration);
        }),
        ..ROW
    },
    Param {
        name: "limits.read",
        kind: Kind::Duration,
        default: Some("30s"),
        summary: "how long a frame may take to arrive, once it has begun",
        manual: "It is also how long the first one may take to begin: an MTA connects when it has \
                 something to say, and writes frames whole.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.limits.read, report, value::duration);
        }),
        ..ROW
    },
    Param {
        name: "limits.write",
        kind: Kind::Duration,
        default: Some("60s"),
        summary: "how long an MTA may take to read an answer",
        manual: "Then the connection is given up.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.limits.write, report, value::duration);
        }),
        ..ROW
    },
];
