//! Author domain signing practices (RFC 5617): what a domain says about its mail without a
//! signature of its own.
//!
//! Historic since 2013, and off unless asked for. A domain that says `all` or `discardable` loses
//! the mail of its people that passed a mailing list, so whoever acts on it should reject, where
//! the sender learns of it, and never discard.

use crate::dns::{LookupFailure, MAX_RECORD_OCTETS, TxtAnswer};
use std::fmt;
use twinseal_message::text::shown;
use twinseal_message::{Domain, TagList, TagListError};

/// The names that are asked about an author's domain: always in A-labels and lower case (trap H21).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AdspQuery {
    record: Box<str>,
    domain: Domain,
}

/// What a domain says about its mail (RFC 5617 §4.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Practice {
    /// `unknown`: it signs some mail, or none.
    Unknown,
    /// `all`: it signs all mail.
    All,
    /// `discardable`: it signs all mail, and wants none to be delivered that has lost its
    /// signature.
    Discardable,
}

/// The text names no practice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no signing practice: unknown, all or discardable")]
pub struct BadPractice {
    /// What was given, made fit to be shown.
    pub text: String,
}

/// The text is no ADSP record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadAdspRecord {
    /// It is longer than [`MAX_RECORD_OCTETS`] (trap H20).
    #[error("a record of {octets} octets is too long: at most {MAX_RECORD_OCTETS}")]
    TooLong {
        /// How long it is.
        octets: usize,
    },
    /// It is no list of tags.
    #[error(transparent)]
    Tags(#[from] TagListError),
    /// Its first tag is not `dkim=`.
    #[error("the record does not begin with dkim=")]
    NoPractice,
}

/// Where the practice of a domain is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source<'a> {
    /// The administrator has said it, and DNS is not asked.
    Local(Practice),
    /// DNS was asked.
    Dns {
        /// The answer for [`AdspQuery::domain_name`].
        domain: &'a TxtAnswer,
        /// The answer for [`AdspQuery::record_name`].
        record: &'a TxtAnswer,
    },
}

/// What is known of a signature whose `d=` is the author's domain itself (RFC 5617 §2.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuthorSignature {
    /// A valid one is there.
    Valid,
    /// One is there, and DNS did not say whether it is valid.
    Unsettled,
    /// There is none, or none that is valid.
    Missing,
}

/// What comes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AdspResult {
    /// The domain says nothing.
    NoRecord,
    /// The message has a valid signature of the author's domain.
    Pass,
    /// It has none, and the domain says `unknown`.
    Unknown,
    /// It has none, and the domain says `all`.
    Fail,
    /// It has none, and the domain says `discardable`.
    Discard,
    /// The author's domain does not exist.
    NoDomain,
    /// Nobody can say now.
    TempError,
    /// What the domain says cannot be understood, and waiting will not help.
    PermError,
}

impl AdspQuery {
    /// What has to be asked about the author's domain.
    #[must_use]
    pub fn new(author: &Domain) -> Self {
        Self { record: format!("_adsp._domainkey.{author}").into(), domain: author.clone() }
    }

    /// Where the record is (RFC 5617 §4.1).
    #[must_use]
    pub fn record_name(&self) -> &str {
        &self.record
    }

    /// What tells whether the domain exists: the domain itself. RFC 5617 §4.3 would have it asked
    /// for MX, but a name that does not exist has records of no type.
    #[must_use]
    pub fn domain_name(&self) -> &str {
        self.domain.as_str()
    }
}

impl Practice {
    /// Reads the word for a practice, as an administrator writes it.
    ///
    /// # Errors
    /// [`BadPractice`] for any other word.
    pub fn parse(text: &str) -> Result<Self, BadPractice> {
        Self::from_word(text.as_bytes()).ok_or_else(|| BadPractice { text: shown(text) })
    }

    /// Reads the record that a domain publishes (RFC 5617 §4.2.1).
    ///
    /// # Errors
    /// [`BadAdspRecord`]; a word that nobody knows is none, but means `unknown`.
    pub fn published(text: &[u8]) -> Result<Self, BadAdspRecord> {
        if text.len() > MAX_RECORD_OCTETS {
            return Err(BadAdspRecord::TooLong { octets: text.len() });
        }
        let tags = TagList::parse(text)?;
        let first = tags.tags().next().filter(|tag| tag.name() == "dkim");
        let practice = first.ok_or(BadAdspRecord::NoPractice)?;
        Ok(Self::from_word(practice.value()).unwrap_or(Self::Unknown))
    }

    fn from_word(word: &[u8]) -> Option<Self> {
        let all = [Self::Unknown, Self::All, Self::Discardable];
        all.into_iter().find(|practice| practice.as_str().as_bytes() == word)
    }

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::All => "all",
            Self::Discardable => "discardable",
        }
    }

    /// What it means for a message without a valid signature of the author's domain.
    const fn unmet(self) -> AdspResult {
        match self {
            Self::Unknown => AdspResult::Unknown,
            Self::All => AdspResult::Fail,
            Self::Discardable => AdspResult::Discard,
        }
    }
}

impl AdspResult {
    /// The result for a message.
    ///
    /// With a valid signature, nothing needs to be asked: it is what every practice wants. Nothing
    /// is held against a message whose signature may turn out to be one (trap H17).
    #[must_use]
    pub fn of(signature: AuthorSignature, source: Source<'_>) -> Self {
        match (signature, Self::unmet(source)) {
            (AuthorSignature::Valid, _) => Self::Pass,
            (AuthorSignature::Unsettled, Self::Fail | Self::Discard) => Self::TempError,
            (AuthorSignature::Unsettled | AuthorSignature::Missing, result) => result,
        }
    }

    /// The result where the author's domain has not signed.
    fn unmet(source: Source<'_>) -> Self {
        match source {
            Source::Local(practice) => practice.unmet(),
            // RFC 5617 §4.3: first whether there is such a domain, then what it says.
            Source::Dns { domain, record } => match domain {
                TxtAnswer::NoName => Self::NoDomain,
                TxtAnswer::Failed(failure) => Self::failed(*failure),
                TxtAnswer::Records { .. } | TxtAnswer::NoRecord => Self::said(record),
            },
        }
    }

    fn said(record: &TxtAnswer) -> Self {
        match record {
            TxtAnswer::NoRecord | TxtAnswer::NoName => Self::NoRecord,
            TxtAnswer::Failed(failure) => Self::failed(*failure),
            // RFC 5617 §4.3: of several records nothing follows, nor of one that is none.
            TxtAnswer::Records { texts, .. } => match texts.as_slice() {
                [text] => Practice::published(text).map_or(Self::PermError, Practice::unmet),
                _ => Self::PermError,
            },
        }
    }

    const fn failed(failure: LookupFailure) -> Self {
        match failure {
            LookupFailure::Timeout
            | LookupFailure::ServerFailure
            | LookupFailure::Refused
            | LookupFailure::Unusable => Self::TempError,
            // Somebody has to mend a zone first.
            LookupFailure::AliasLoop => Self::PermError,
        }
    }

    /// The word for it in Authentication-Results (RFC 5617 §5.4).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoRecord => "none",
            Self::Pass => "pass",
            Self::Unknown => "unknown",
            Self::Fail => "fail",
            Self::Discard => "discard",
            Self::NoDomain => "nxdomain",
            Self::TempError => "temperror",
            Self::PermError => "permerror",
        }
    }
}

impl fmt::Display for Practice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for AdspResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::{AdspQuery, AdspResult, AuthorSignature, BadAdspRecord, Practice, Source};
    use crate::dns::{LookupFailure, MAX_RECORD_OCTETS, Security, TxtAnswer};
    use twinseal_message::Domain;

    fn records(texts: &[&str]) -> TxtAnswer {
        let texts = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
        TxtAnswer::Records { texts, security: Security::Unproved }
    }

    fn word(domain: &TxtAnswer, record: &TxtAnswer) -> &'static str {
        AdspResult::of(AuthorSignature::Missing, Source::Dns { domain, record }).as_str()
    }

    #[test]
    fn the_questions_are_in_a_labels() {
        // Trap H21
        let query = AdspQuery::new(&Domain::parse("Bücher.example").unwrap());
        assert_eq!(query.record_name(), "_adsp._domainkey.xn--bcher-kva.example");
        assert_eq!(query.domain_name(), "xn--bcher-kva.example");
    }

    #[test]
    fn what_a_domain_says_gives_the_words_of_the_standard() {
        // RFC 5617 §5.4
        let exists = records(&["v=spf1 -all"]);
        for (texts, want) in [
            (&["dkim=unknown"][..], "unknown"),
            (&["dkim=all"], "fail"),
            (&["dkim=discardable"], "discard"),
            (&[" dkim = all ; t=y;"], "fail"),
            (&["dkim=all; later=1; r=postmaster"], "fail"),
            (&["dkim=later"], "unknown"),
            (&["dkim="], "unknown"),
            (&["dkim=ALL"], "unknown"),
            (&["t=s; dkim=all"], "permerror"),
            (&["DKIM=all"], "permerror"),
            (&["dkim=all; dkim=unknown"], "permerror"),
            (&["v=spf1 -all"], "permerror"),
            (&[""], "permerror"),
            (&["dkim=all", "dkim=all"], "permerror"),
            (&[], "permerror"),
        ] {
            assert_eq!(word(&exists, &records(texts)), want, "{texts:?}");
            assert_eq!(word(&TxtAnswer::NoRecord, &records(texts)), want, "{texts:?}");
        }
    }

    #[test]
    fn what_dns_cannot_say_is_told_apart() {
        // Trap H17
        use LookupFailure::{AliasLoop, Refused, ServerFailure, Timeout, Unusable};
        let (no_record, no_name) = (TxtAnswer::NoRecord, TxtAnswer::NoName);
        assert_eq!(word(&no_record, &no_record), "none");
        assert_eq!(word(&no_record, &no_name), "none");
        let all = records(&["dkim=all"]);
        for record in [&no_record, &no_name, &all] {
            assert_eq!(word(&no_name, record), "nxdomain");
        }
        for (failure, want) in [
            (Timeout, "temperror"),
            (ServerFailure, "temperror"),
            (Refused, "temperror"),
            (Unusable, "temperror"),
            (AliasLoop, "permerror"),
        ] {
            let failed = TxtAnswer::Failed(failure);
            assert_eq!(word(&no_record, &failed), want, "the record: {failure}");
            assert_eq!(word(&failed, &all), want, "the domain: {failure}");
        }
    }

    #[test]
    fn a_valid_signature_of_the_author_satisfies_every_practice() {
        let answers = [
            records(&["dkim=discardable"]),
            TxtAnswer::NoName,
            TxtAnswer::Failed(LookupFailure::Timeout),
        ];
        for answer in &answers {
            let source = Source::Dns { domain: answer, record: answer };
            assert_eq!(
                AdspResult::of(AuthorSignature::Valid, source),
                AdspResult::Pass,
                "{answer:?}"
            );
        }
        let local = Source::Local(Practice::Discardable);
        assert_eq!(AdspResult::of(AuthorSignature::Valid, local), AdspResult::Pass);
    }

    #[test]
    fn nothing_is_held_against_a_signature_that_dns_has_not_settled() {
        // Trap H17
        let of = |practice| AdspResult::of(AuthorSignature::Unsettled, Source::Local(practice));
        assert_eq!(of(Practice::Discardable), AdspResult::TempError);
        assert_eq!(of(Practice::All), AdspResult::TempError);
        assert_eq!(of(Practice::Unknown), AdspResult::Unknown);
    }

    #[test]
    fn what_the_administrator_says_asks_nobody() {
        for (text, want) in [
            ("unknown", AdspResult::Unknown),
            ("all", AdspResult::Fail),
            ("discardable", AdspResult::Discard),
        ] {
            let practice = Practice::parse(text).unwrap();
            assert_eq!(practice.to_string(), text);
            assert_eq!(AdspResult::of(AuthorSignature::Missing, Source::Local(practice)), want);
        }
        for text in ["", "All", "none", "all "] {
            let error = Practice::parse(text).unwrap_err().to_string();
            assert!(error.ends_with("is no signing practice: unknown, all or discardable"));
        }
    }

    #[test]
    fn the_length_of_a_record_has_a_limit() {
        // Trap H20
        let record = |octets: usize| format!("dkim=all; n={}", "n".repeat(octets - 12));
        let read = |octets| Practice::published(record(octets).as_bytes());
        assert_eq!(read(MAX_RECORD_OCTETS), Ok(Practice::All));
        let octets = MAX_RECORD_OCTETS + 1;
        assert_eq!(read(octets), Err(BadAdspRecord::TooLong { octets }));
    }
}
