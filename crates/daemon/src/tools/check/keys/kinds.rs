//! The kinds of findings about keys.

use crate::tools::check::finding::{Area, Grade, Kind};

/// All of them.
pub(in crate::tools::check) static KINDS: &[&Kind] = &[
    &NO_USER,
    &MISSING,
    &BROKEN,
    &REFUSED,
    &EXPOSED,
    &NOT_FOR_USER,
    &ROOT_ONLY,
    &NOT_SEEN,
    &NO_RSA,
    &LARGE,
    &SMALL,
];

const fn kind(code: &'static str, grade: Grade, why: &'static str) -> Kind {
    Kind { code, area: Area::Keys, grade, why }
}

pub(super) static NO_USER: Kind =
    kind("key-no-user", Grade::Wrong, "the daemon cannot become that user, and does not start");

pub(super) static MISSING: Kind =
    kind("key-missing", Grade::Wrong, "the daemon does not start without a key that it is to use");

pub(super) static BROKEN: Kind = kind("key-broken", Grade::Wrong, "nothing can be signed with it");

pub(super) static REFUSED: Kind = kind(
    "key-refused",
    Grade::Wrong,
    "whoever has the key signs in your name; the daemon refuses one that strangers get at \
     (require-safe-keys)",
);

pub(super) static EXPOSED: Kind = kind(
    "key-exposed",
    Grade::Risk,
    "whoever has the key signs in your name; the daemon uses it with a warning",
);

pub(super) static NOT_FOR_USER: Kind = kind(
    "key-not-for-user",
    Grade::Risk,
    "a daemon that root starts reads the key before it gives root up, but no reload can take up a \
     changed one; a daemon that is started as that user does not start",
);

pub(super) static ROOT_ONLY: Kind = kind(
    "key-root-only",
    Grade::Note,
    "the daemon reads it before it gives root up, and keeps it; a key that has changed is taken up \
     by a restart, not by a reload",
);

pub(super) static NOT_SEEN: Kind =
    kind("key-not-seen", Grade::Note, "what you may not read cannot be checked");

pub(super) static NO_RSA: Kind = kind(
    "key-no-rsa",
    Grade::Risk,
    "DomainKeys knows RSA alone, so receivers that check it see mail without a seal",
);

pub(super) static LARGE: Kind = kind(
    "key-large",
    Grade::Note,
    "verifiers of DomainKeys need not take more than 2048 bits (RFC 4870 §3.2.4)",
);

pub(super) static SMALL: Kind = kind(
    "key-small",
    Grade::Note,
    "keys of 1024 bits are taken by all verifiers yet, and signers should use 2048 (RFC 8301 §3.2)",
);
