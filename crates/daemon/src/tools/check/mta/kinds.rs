//! The kinds of findings about the MTA.

use crate::tools::check::finding::{Area, Grade, Kind};

const fn kind(code: &'static str, grade: Grade, why: &'static str) -> Kind {
    Kind { code, area: Area::Mta, grade, why }
}

/// All of them.
pub(in crate::tools::check) static KINDS: &[&Kind] = &[
    &NONE,
    &UNREADABLE,
    &NO_FILTER,
    &NO_LOCAL_FILTER,
    &SERVICE,
    &UNSHOWN,
    &NO_MILTERS,
    &PATH,
    &SILENT,
    &DENIED,
    &NO_ANSWER,
    &NOT_TRIED,
    &ACCEPTS,
    &PROTOCOL,
    &BOUNCES,
    &CONVERSION,
    &CLIENTS,
    &MAPS,
    &ORDER,
    &SIGNERS,
    &BEHIND,
    &STRANGERS,
    &SENDMAIL_NO_FILTER,
    &SENDMAIL_NOT_USED,
    &SENDMAIL_FLAG,
    &SENDMAIL_STALE,
];

pub(super) static NONE: Kind =
    kind("mta-none", Grade::Note, "without an MTA nothing is signed or verified on this host");

pub(super) static UNREADABLE: Kind =
    kind("mta-unreadable", Grade::Wrong, "what cannot be read cannot be checked");

pub(super) static NO_FILTER: Kind = kind(
    "mta-no-filter",
    Grade::Wrong,
    "mail that comes by SMTP is not shown to the filter: it leaves unsigned, and what arrives is \
     not verified",
);

pub(super) static NO_LOCAL_FILTER: Kind = kind(
    "mta-no-local-filter",
    Grade::Wrong,
    "mail of programs on this host (cron, web servers, the sendmail command) leaves unsigned",
);

pub(super) static SERVICE: Kind = kind(
    "mta-service-override",
    Grade::Wrong,
    "an -o in master.cf beats main.cf: what this service takes is not shown to the filter",
);

pub(super) static UNSHOWN: Kind = kind(
    "mta-service-unshown",
    Grade::Note,
    "what it takes leaves unsigned; nothing is verified here, so that is right where it takes no mail \
     of our own",
);

pub(super) static NO_MILTERS: Kind = kind(
    "mta-no-milters",
    Grade::Wrong,
    "no_milters in receive_override_options beats every list of filters",
);

pub(super) static PATH: Kind = kind(
    "mta-socket-path",
    Grade::Wrong,
    "a service in the chroot sees the queue directory as /, so one socket has two names, and this \
     is the other one: Postfix finds nothing there",
);

pub(super) static SILENT: Kind = kind(
    "mta-socket-silent",
    Grade::Wrong,
    "nobody listens there: mail is deferred or passes unsigned, as milter_default_action has it",
);

pub(super) static DENIED: Kind = kind(
    "mta-socket-denied",
    Grade::Wrong,
    "Postfix may not use the socket: mail is deferred or passes unsigned, as milter_default_action \
     has it",
);

pub(super) static NO_ANSWER: Kind = kind(
    "mta-socket-no-filter",
    Grade::Wrong,
    "what listens there does not speak as a filter does",
);

pub(super) static NOT_TRIED: Kind =
    kind("mta-socket-not-tried", Grade::Note, "only root can try to connect as Postfix's user");

pub(super) static ACCEPTS: Kind = kind(
    "mta-default-action",
    Grade::Risk,
    "with accept, mail leaves unsigned and unnoticed whenever the filter is down",
);

pub(super) static PROTOCOL: Kind = kind(
    "mta-protocol",
    Grade::Risk,
    "below version 6 Postfix strips spaces that simple canonicalization signs, and asks more often",
);

pub(super) static BOUNCES: Kind =
    kind("mta-bounces", Grade::Note, "bounces and notifications of this host leave unsigned");

pub(super) static CONVERSION: Kind = kind(
    "mta-conversion",
    Grade::Note,
    "to a server without 8BITMIME Postfix re-encodes 8-bit mail, which breaks every seal on it",
);

pub(super) static CLIENTS: Kind = kind(
    "mta-clients",
    Grade::Note,
    "these clients may send to anybody through this host, and what they send is not signed, unless \
     they authenticate",
);

pub(super) static MAPS: Kind = kind(
    "mta-milter-maps",
    Grade::Note,
    "for clients that are in these tables they count, and not smtpd_milters; they are not looked \
     into",
);

pub(super) static ORDER: Kind = kind(
    "mta-order",
    Grade::Risk,
    "what changes mail behind us breaks the seals; what reads our results has to stand behind us",
);

pub(super) static SIGNERS: Kind = kind(
    "mta-two-signers",
    Grade::Risk,
    "two programs that sign put two seals of the same kind on each message, and keep two \
     configurations that have to agree",
);

pub(super) static BEHIND: Kind = kind(
    "mta-unknown-behind",
    Grade::Note,
    "whatever it changes breaks the seals; if it changes nothing, all is well",
);

pub(super) static STRANGERS: Kind = kind(
    "mta-strangers-signed",
    Grade::Wrong,
    "a content filter hands mail from outside back from 127.0.0.1, which counts as our own: forged \
     mail gets our seals",
);

pub(super) static SENDMAIL_NO_FILTER: Kind = kind(
    "mta-sendmail-no-filter",
    Grade::Wrong,
    "Sendmail does not know the filter: mail leaves unsigned",
);

pub(super) static SENDMAIL_NOT_USED: Kind = kind(
    "mta-sendmail-not-used",
    Grade::Wrong,
    "a filter that is defined and not in the list of those in use is never asked",
);

pub(super) static SENDMAIL_FLAG: Kind = kind(
    "mta-sendmail-flag",
    Grade::Risk,
    "without F=T or F=R mail leaves unsigned and unnoticed whenever the filter is down",
);

pub(super) static SENDMAIL_STALE: Kind = kind(
    "mta-sendmail-stale",
    Grade::Wrong,
    "Sendmail reads sendmail.cf alone, which has to be made anew after each change",
);
