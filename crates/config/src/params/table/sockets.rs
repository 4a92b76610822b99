//! Where it listens, and as whom.

use super::{ROW, historic, letter, parameter};
use crate::params::Instead::{Nothing, Same, Value};
use crate::params::{Form, Historic, Kind, Letter, Param, Parameter, Reload, Sample, Unsaid};
use crate::raw::Setter;
use crate::socket::SocketSpec;
use crate::value;

/// Both programs have but one socket, and a path may have commas in it.
const ONE_SOCKET: Option<Letter> =
    Some(Letter { letter: 'p', means: None, told: None, commas: false });

/// The names that both have for it.
const SOCKET: Historic = Historic {
    letter: ONE_SOCKET,
    parameter: Some(Parameter { name: "Socket", form: Form::Word }),
};

pub(super) const ROWS: &[Param] = &[
    Param {
        name: "socket",
        dk_filter: ONE_SOCKET,
        dkim_filter: SOCKET,
        opendkim: SOCKET,
        kind: Kind::List("unix:PATH, inet:PORT@HOST or inet6:PORT@HOST"),
        reload: Reload::Restart,
        summary: "where the MTA connects",
        manual: "A path alone is a unix socket too, and local: is another word for unix:. Without \
                 a host, inet: listens on all interfaces. In the file, it may be a list; behind \
                 --socket, commas separate several, and behind -p they belong to the path.",
        sample: Sample::Value("unix:/var/spool/postfix/milter/twinseal/twinseal.sock"),
        setter: Setter::Top(|raw, given, report| {
            given.put_all(&mut raw.sockets, report, SocketSpec::parse);
        }),
        ..ROW
    },
    Param {
        name: "user",
        dk_filter: letter('u'),
        dkim_filter: historic('u', "UserID", Form::Word),
        opendkim: historic('u', "UserID", Form::Word),
        kind: Kind::Text("a user, or a user and a group as in twinseal:postfix"),
        reload: Reload::Restart,
        summary: "whom to become once the keys are read, before sockets are made",
        manual: "Without a group, it is the groups of that user. Numbers are taken too.",
        sample: Sample::Value("twinseal:postfix"),
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.user, report, value::user);
        }),
        ..ROW
    },
    Param {
        name: "umask",
        dkim_filter: parameter("UMask", Form::Bits),
        opendkim: parameter("UMask", Form::Bits),
        kind: Kind::Octal,
        default: Some("007"),
        // Neither program touched it when nobody said so.
        unsaid: Unsaid { dk_filter: Nothing, dkim_filter: Nothing, opendkim: Nothing },
        reload: Reload::Restart,
        summary: "the permissions that sockets and files do not get",
        manual: "Octal, with or without quotes and leading zeros. With 007, the socket's group \
                 may connect and others may not.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.umask, report, value::umask);
        }),
        ..ROW
    },
    Param {
        name: "socket-mode",
        kind: Kind::Octal,
        // dk-filter has no umask, and its socket is for the group as well.
        unsaid: Unsaid { dk_filter: Value("660"), dkim_filter: Same, opendkim: Same },
        reload: Reload::Restart,
        summary: "the permissions of a unix socket's file",
        manual: "Octal, like umask, which decides without it. Whoever is to connect has to have \
                 write permission: 660 lets the socket's group connect.",
        sample: Sample::Example("\"660\""),
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.socket_mode, report, value::permissions);
        }),
        ..ROW
    },
    Param {
        name: "socket-group",
        kind: Kind::Text("a group"),
        reload: Reload::Restart,
        summary: "the group of a unix socket's file",
        manual: "Without it, it is that of user. The daemon becomes a member of it; where it is \
                 not started by root, it has to be one already. In a unit with PrivateUsers=, as \
                 twinseal.service has it, the file cannot be given away: there it gets the group \
                 of its directory, if that has the bit for it (chmod g+s).",
        sample: Sample::Example("postfix"),
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.socket_group, report, value::group);
        }),
        ..ROW
    },
];
