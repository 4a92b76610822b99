//! What each code in the counts means, and what to do about it.

/// A code, in words for who has not read docs/log.md.
#[derive(Debug)]
pub(crate) struct Explained {
    /// The code.
    pub(crate) code: &'static str,
    /// What it means.
    pub(crate) means: &'static str,
    /// What to do; nothing, where all is as it should be. Commands stand between backquotes.
    pub(crate) advice: &'static str,
}

const fn one(code: &'static str, means: &'static str, advice: &'static str) -> Explained {
    Explained { code, means, advice }
}

/// The words for a code; one that this table lacks is its own name.
pub(crate) fn explained(table: &'static [Explained], code: &str) -> Option<&'static Explained> {
    table.iter().find(|one| one.code == code)
}

/// What becomes of messages.
pub(crate) const OUTCOMES: &[Explained] = &[
    one("signed", "got a seal", ""),
    one("not-signed", "could have been signed and went on as they came", "see below why"),
    one("verified", "came from elsewhere and had their signatures looked at", ""),
    one("passed", "are none of our business, and went on as they came", ""),
    one("obstructed", "something here kept from being dealt with", "see below what"),
    one("refused", "were not accepted", "the log says why for each"),
];

/// Why a message, or one seal of it, is not made.
pub(crate) const REASONS: &[Explained] = &[
    one(
        "external-host",
        "the client is none of ours, and uses a domain of ours",
        "if it is one of yours, name it in internal-hosts; a forger is told nothing. \
         `twinseal explain ADDRESS --client IP` says how it is decided",
    ),
    one(
        "no-signing-rule",
        "no rule is for the address",
        "if it should be signed, add a rule for its domain; \
         `twinseal explain ADDRESS` names the rule that comes nearest",
    ),
    one(
        "no-from-field",
        "there is no From field",
        "have the program that sends such mail write one; the log has the queue id",
    ),
    one(
        "bad-format",
        "a header field is missing, or there too often",
        "have the program that sends such mail mended, or switch RequiredHeaders off",
    ),
    one(
        "several-from-fields",
        "there are several From fields",
        "have the program that sends such mail write one; the log has the queue id",
    ),
    one("unparsable-from", "From cannot be read", UNPARSABLE),
    one("unparsable-sender", "Sender cannot be read", UNPARSABLE),
    one("unparsable-resent-from", "Resent-From cannot be read", UNPARSABLE),
    one("unparsable-resent-sender", "Resent-Sender cannot be read", UNPARSABLE),
    one("unparsable-address", "the address field cannot be read", UNPARSABLE),
    one(
        "header-too-large",
        "the header is larger than what is looked at",
        "raise the limit for headers if such mail is wanted",
    ),
    one(
        "too-many-headers",
        "more fields would have to be signed than a signature can name",
        "name fewer fields in signed-headers",
    ),
    one(
        "already-sealed",
        "it has a DomainKey-Signature already",
        "nothing, if that is yours: one is enough",
    ),
    one(
        "key-not-rsa",
        "DomainKeys needs an RSA key, and the rule has none",
        "add an RSA key to the rule (`twinseal genkey`), or say domainkeys: off there",
    ),
    one(
        "too-few-headers",
        "only one field could be signed, and verifiers of DomainKeys need two",
        "have the program that sends such mail write Date and Subject",
    ),
    one(
        "foreign-domain",
        "the signing domain is neither that of the address nor a parent of it",
        "give the address's domain a rule of its own, or say domainkeys: off in this one",
    ),
    one(
        "identity-outside",
        "the identity of the rule is not in the signing domain",
        "correct the identity in the rule; `twinseal explain ADDRESS` names it",
    ),
    one("recipient-excluded", "mail to one of its recipients is not signed", ""),
    one("exempt-domain", "mail of its author's domain is none of our business", ""),
    one("seals-off", "the rule switches both seals off", ""),
    one("signing-off", "the mode leaves signing out", "if mail is to be signed, put s into mode"),
];

const UNPARSABLE: &str =
    "have the program that sends such mail mended; the log has what is wrong with the field";

/// What of ours keeps a message from being dealt with.
pub(crate) const OBSTACLES: &[Explained] = &[
    one(
        "no-key-selected",
        "the domain is one that signs, and no key is for this sender",
        "give the sender a key; `twinseal explain ADDRESS` says what was looked for",
    ),
    one(
        "rules-unavailable",
        "nobody can say now who signs",
        "see that what the rules come from can be read",
    ),
    one(
        "key-unusable",
        "the key turned out to be none when it was first needed",
        "`twinseal check` names the key and what is wrong with it",
    ),
    one(
        "key-failed",
        "the key does not do its work",
        "`twinseal check` names the key; the log has the error",
    ),
    one(
        "field-refused",
        "the MTA cannot be told to add the field",
        "`twinseal check` looks at what the MTA allows; the log has the error",
    ),
    one(
        "result-refused",
        "the MTA cannot be told what was found about mail that arrives",
        "`twinseal check` looks at what the MTA allows; the log has the error",
    ),
];

/// What is going to break on the way.
pub(crate) const CAUSES: &[Explained] = &[
    one(
        "long-line",
        "a line of the body has more than 998 octets: an MTA breaks it, and the signature",
        "have the program that sends it break its lines, or encode them as quoted-printable",
    ),
    one(
        "long-header-line",
        "a line of the header has more than 998 octets: an MTA breaks it, and the signature",
        "have the program that sends it fold its header fields",
    ),
    one(
        "eight-bit",
        "8-bit data is encoded anew by an MTA whose next hop does not take it",
        "have it sent as quoted-printable or base64",
    ),
    one(
        "bare-cr",
        "a CR without LF is replaced on the way",
        "have the program that sends it end lines with CRLF",
    ),
    one(
        "missing-date",
        "somebody adds a Date behind us that the signature says is not there",
        "have the program that sends it write one",
    ),
    one(
        "missing-message-id",
        "somebody adds a Message-ID behind us that the signature says is not there",
        "have the program that sends it write one",
    ),
    one(
        "missing-from",
        "somebody adds a From behind us, and the message goes unsigned",
        "have the program that sends it write one",
    ),
    one(
        "unaligned-from",
        "the signing domain is not that of From: the signature verifies, and DMARC fails",
        "sign as the domain of From; `twinseal explain ADDRESS` says which rule decides",
    ),
];

/// What signatures of others come to (RFC 8601 §2.7.1).
pub(crate) const RESULTS: &[Explained] = &[
    one("pass", "match", ""),
    one("fail", "do not match: the message was changed on the way, or forged", ""),
    one("neutral", "cannot be judged", ""),
    one("policy", "match, and are not accepted by what is asked for here", ""),
    one(
        "temperror",
        "could not be judged: DNS did not answer",
        "if there are many, see that the resolver of this host answers",
    ),
    one("permerror", "cannot be right: no key, or broken", ""),
    one("none", "are missing: messages without a signature", ""),
];

#[cfg(test)]
mod tests {
    use super::{CAUSES, OBSTACLES, OUTCOMES, REASONS, RESULTS, explained};

    #[test]
    fn every_reason_of_the_log_is_explained() {
        let text = include_str!("../../../../../docs/log.md");
        let (_, rest) = text.split_once("## Why a message").unwrap();
        let (table, _) = rest.split_once("\n## ").unwrap();
        let mut seen = 0;
        for row in table.lines().filter(|line| line.starts_with("| `")) {
            let codes = row.split('`').skip(1).step_by(2);
            for code in codes.filter(|code| code.contains('-') && !code.contains(' ')) {
                let known =
                    [REASONS, OBSTACLES].into_iter().any(|table| explained(table, code).is_some());
                assert!(known, "{code}");
                seen += 1;
            }
        }
        assert!(seen > 20, "{seen}");
    }

    #[test]
    fn troubleshooting_says_what_the_page_says() {
        let text = include_str!("../../../../../docs/troubleshooting.md");
        for one in [REASONS, OBSTACLES, CAUSES].into_iter().flatten() {
            let advice = match one.advice {
                "" => "nothing: all is as you want it",
                advice => advice,
            };
            let row = format!("\n| `{}` | {} | {advice} |\n", one.code, one.means);
            assert!(text.contains(&row), "docs/troubleshooting.md has no row {row}");
        }
    }

    #[test]
    fn a_code_is_explained_once() {
        for table in [OUTCOMES, REASONS, OBSTACLES, CAUSES, RESULTS] {
            for (at, one) in table.iter().enumerate() {
                assert!(!one.means.is_empty() && one.advice.matches('`').count() % 2 == 0);
                assert!(table.iter().skip(at + 1).all(|other| other.code != one.code));
            }
        }
    }
}
