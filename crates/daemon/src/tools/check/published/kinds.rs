//! The kinds of findings about what is published.

use crate::tools::check::finding::{Area, Grade, Kind};

const fn kind(code: &'static str, grade: Grade, why: &'static str) -> Kind {
    Kind { code, area: Area::Dns, grade, why }
}

/// All of them.
pub(in crate::tools::check) static KINDS: &[&Kind] = &[
    &SILENT_RESOLVER,
    &NO_ANSWER,
    &NO_DOMAIN,
    &SILENT_SERVER,
    &LAME,
    &MISSING,
    &DOUBLED_NAME,
    &OTHER_KEY,
    &CUT,
    &QUOTES,
    &LETTERS,
    &SPLIT,
    &UNREADABLE,
    &REVOKED,
    &SEVERAL,
    &STALE,
    &TEST_MODE,
    &HASH,
    &DOMAINKEYS_HASH,
    &GRANULARITY,
    &STAR,
    &SERVICE,
    &STRICT,
    &NO_POLICY,
    &POLICY,
    &POLICY_TEST,
    &ADSP,
    &ADSP_DISCARDS,
    &NO_SPF,
    &SPF,
    &SPF_ALL,
    &NO_DMARC,
    &DMARC,
    &DMARC_TAG,
];

pub(super) static SILENT_RESOLVER: Kind = kind(
    "dns-no-resolver",
    Grade::Wrong,
    "nothing that arrives can be verified either, and what is published cannot be seen from here",
);

pub(super) static NO_ANSWER: Kind =
    kind("dns-no-answer", Grade::Risk, "receivers that get no answer defer or distrust the mail");

pub(super) static NO_DOMAIN: Kind = kind(
    "dns-no-domain",
    Grade::Wrong,
    "no receiver finds a key in a domain that does not exist, and most refuse such senders",
);

pub(super) static SILENT_SERVER: Kind = kind(
    "dns-silent-server",
    Grade::Risk,
    "each receiver that asks this server first waits, and some give up",
);

pub(super) static LAME: Kind = kind(
    "dns-lame-server",
    Grade::Risk,
    "the zone names this server, and it does not answer for the zone: receivers ask it in vain",
);

pub(crate) static MISSING: Kind =
    kind("dns-no-record", Grade::Wrong, "without the record every seal by this key fails");

pub(super) static DOUBLED_NAME: Kind = kind(
    "dns-doubled-name",
    Grade::Wrong,
    "a final dot is missing in the zone, so the domain stands twice in the name and nobody finds \
     the key",
);

pub(super) static OTHER_KEY: Kind =
    kind("dns-other-key", Grade::Wrong, "every seal by the key on disk fails against this record");

pub(crate) static CUT: Kind = kind(
    "dns-cut",
    Grade::Wrong,
    "a string holds 255 octets; a longer record needs several strings, and whoever cut it lost the \
     rest of the key",
);

pub(crate) static QUOTES: Kind = kind(
    "dns-quotes",
    Grade::Wrong,
    "quotes or backslashes of a zone file became part of the record, and verifiers find no key in \
     it",
);

pub(super) static LETTERS: Kind = kind(
    "dns-letters",
    Grade::Wrong,
    "capitals count in a key; something on the way made all letters small or large",
);

pub(crate) static SPLIT: Kind = kind(
    "dns-split-records",
    Grade::Wrong,
    "the parts have to be strings of one record; as records of their own none of them is a key",
);

pub(crate) static UNREADABLE: Kind =
    kind("dns-unreadable", Grade::Wrong, "verifiers find no key in it");

pub(crate) static REVOKED: Kind =
    kind("dns-revoked", Grade::Wrong, "an empty p= takes the key back: every seal by it fails");

pub(super) static SEVERAL: Kind = kind(
    "dns-several-records",
    Grade::Risk,
    "which of several records counts is left open (RFC 6376 §3.6.2.2): some verifiers take the \
     first, some the last, some none",
);

pub(super) static STALE: Kind = kind(
    "dns-stale",
    Grade::Note,
    "receivers that asked before the change still have what was there then",
);

pub(crate) static TEST_MODE: Kind = kind(
    "dns-test-mode",
    Grade::Risk,
    "t=y asks receivers to treat mail whose seal fails like any other, for both standards: the \
     seals protect nobody yet",
);

pub(super) static HASH: Kind =
    kind("dns-hash", Grade::Wrong, "h= leaves out sha256, by which every DKIM seal is made");

pub(super) static DOMAINKEYS_HASH: Kind = kind(
    "dns-domainkeys-hash",
    Grade::Wrong,
    "h= leaves out sha1, so verifiers that check DomainKeys refuse the key, and that seal fails",
);

pub(super) static GRANULARITY: Kind = kind(
    "dns-granularity",
    Grade::Risk,
    "g= limits the key to one local part, and an empty g= means everybody to DomainKeys and nobody \
     to old DKIM verifiers",
);

pub(super) static STAR: Kind = kind(
    "dns-star",
    Grade::Note,
    "g=* was given up by RFC 6376 and says nothing that its absence does not say",
);

pub(super) static SERVICE: Kind = kind(
    "dns-service",
    Grade::Wrong,
    "s= names other services than mail, so no mail is verified with it",
);

pub(super) static STRICT: Kind = kind(
    "dns-strict",
    Grade::Risk,
    "t=s asks for identities in the domain itself, and here identities below it are signed: such \
     seals fail",
);

pub(super) static NO_POLICY: Kind = kind(
    "dns-no-policy",
    Grade::Note,
    "without a DomainKeys policy its default counts, that some mail is signed (o=~)",
);

pub(super) static POLICY: Kind = kind(
    "dns-policy",
    Grade::Risk,
    "verifiers of DomainKeys cannot read what the domain says about its mail",
);

pub(super) static POLICY_TEST: Kind = kind(
    "dns-policy-test",
    Grade::Risk,
    "t=y in the policy asks receivers to ignore what DomainKeys says of this domain",
);

pub(super) static ADSP: Kind =
    kind("dns-adsp", Grade::Risk, "whoever still looks at ADSP cannot read what the domain says");

pub(super) static ADSP_DISCARDS: Kind = kind(
    "dns-adsp-discardable",
    Grade::Risk,
    "receivers may throw away mail that came through a mailing list, and nobody learns of it; with \
     all, such mail is rejected and the sender learns of it",
);

pub(super) static NO_SPF: Kind = kind(
    "dns-no-spf",
    Grade::Note,
    "many receivers want SPF beside DKIM before they take mail in quantity",
);

pub(super) static SPF: Kind =
    kind("dns-spf", Grade::Wrong, "a record that is wrong makes SPF fail for all mail (permerror)");

pub(super) static SPF_ALL: Kind =
    kind("dns-spf-all", Grade::Risk, "every host on earth may send in the name of this domain");

pub(super) static NO_DMARC: Kind = kind(
    "dns-no-dmarc",
    Grade::Note,
    "some large receivers want a DMARC record, if only p=none, from who sends mail in quantity",
);

pub(super) static DMARC: Kind = kind(
    "dns-dmarc",
    Grade::Wrong,
    "receivers ignore a record that is wrong, and send no reports either",
);

pub(super) static DMARC_TAG: Kind = kind(
    "dns-dmarc-tag",
    Grade::Risk,
    "receivers take the default in place of a value that means nothing",
);
