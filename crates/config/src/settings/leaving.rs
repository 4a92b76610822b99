//! What is in force for mail that leaves, beside its rules.

use crate::glob::Glob;
use crate::pattern::{domain_part, plain};
use crate::wrong::Wrong;
use twinseal_message::Mailbox;

/// Whose mail is signed beside that of internal hosts, and what is done with mail that is.
#[derive(Debug, Clone, Default)]
pub struct Leaving {
    /// The MTA's daemons whose mail is signed.
    pub daemons: Vec<String>,
    /// Whether names of daemons have their case, and a macro that is set counts without a value, as
    /// in `opendkim`.
    pub is_literal: bool,
    /// Macros of the MTA that say that mail is to be signed.
    pub macros: Vec<MacroTest>,
    /// Recipients whose mail is not signed.
    pub unsigned_recipients: Vec<RecipientPattern>,
    /// Whether a message that gets a DKIM seal loses those that it has.
    pub remove_old_signatures: bool,
    /// Whether every rule that matches signs, not the first one alone.
    pub multiple_signatures: bool,
}

/// A macro of the MTA, and the values that count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MacroTest {
    name: String,
    /// Empty for any value.
    values: Vec<String>,
}

/// A recipient of mail, in which `*` may stand for any characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipientPattern(Glob);

/// How a historic program is told to sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// With SHA-256, as its key can.
    OfKey,
    /// RFC 8301 §3.1: nobody may sign with it any more.
    RsaSha1,
}

impl Leaving {
    /// Whether mail that the MTA's daemon of that name takes is ours.
    #[must_use]
    pub fn is_internal_daemon(&self, name: &str) -> bool {
        let is_it =
            |known: &String| known == name || !self.is_literal && known.eq_ignore_ascii_case(name);
        self.daemons.iter().any(is_it)
    }

    /// Whether that macro has a value that says that mail is ours.
    #[must_use]
    pub fn is_internal(&self, test: &MacroTest, value: &str) -> bool {
        test.accepts(value) || self.is_literal && value.is_empty() && test.values.is_empty()
    }

    /// Whether nobody's mail to that recipient is signed.
    #[must_use]
    pub fn leaves_unsigned(&self, recipient: &[u8]) -> bool {
        self.unsigned_recipients.iter().any(|pattern| pattern.matches(recipient))
    }
}

impl MacroTest {
    /// Reads `macro`, or `macro=value|value`. Braces around the name may be left out, as they
    /// always were.
    ///
    /// # Errors
    /// [`Wrong`] when there is no name, a name that no macro can have, or an empty value.
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        let wrong = || Wrong::value(text, "the name of a macro, or macro=value|value");
        let (name, values) = match text.split_once('=') {
            Some((name, values)) => (name, values.split('|').map(str::trim).collect()),
            None => (text, Vec::new()),
        };
        let name = name.trim();
        let bare = name.strip_prefix('{').and_then(|name| name.strip_suffix('}')).unwrap_or(name);
        let legal = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'_';
        if bare.is_empty() || !bare.bytes().all(legal) || values.contains(&"") {
            return Err(wrong());
        }
        let values = values.into_iter().map(ToOwned::to_owned).collect();
        Ok(Self { name: bare.to_owned(), values })
    }

    /// The macro's name, without braces.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether that value counts. An empty one never does.
    #[must_use]
    pub fn accepts(&self, value: &str) -> bool {
        let known = || self.values.iter().any(|known| known.eq_ignore_ascii_case(value));
        !value.is_empty() && (self.values.is_empty() || known())
    }
}

impl RecipientPattern {
    /// Reads a recipient, with or without angle brackets. Only `*` is special in it.
    ///
    /// # Errors
    /// [`Wrong`] when it is empty, or has white space or a comma in it.
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        let bare = bare(text.as_bytes());
        let odd = |ch: char| ch == ',' || ch.is_whitespace() || ch.is_control();
        let bare = std::str::from_utf8(bare).unwrap_or_default();
        if bare.is_empty() || bare.contains(odd) {
            return Err(Wrong::value(text, "a recipient, or a pattern such as *@example.net"));
        }
        // Domains are compared as A-labels (trap H21); what is none is taken as it is.
        let domain = bare
            .rsplit_once('@')
            .and_then(|(local, domain)| Some(format!("{local}@{}", domain_part(domain)?)));
        Ok(Self(Glob::new(domain.as_deref().unwrap_or(bare))))
    }

    /// Whether it is that recipient, as the MTA shows it: with angle brackets, or without (trap
    /// P6).
    #[must_use]
    pub fn matches(&self, recipient: &[u8]) -> bool {
        let bare = bare(recipient);
        let address = Mailbox::first(bare).ok();
        address.is_some_and(|address| self.0.matches(&plain(&address, address.domain())))
            || self.0.matches(&bare.to_ascii_lowercase())
    }
}

/// A recipient without its angle brackets.
fn bare(recipient: &[u8]) -> &[u8] {
    let text = recipient.trim_ascii();
    text.strip_prefix(b"<").and_then(|text| text.strip_suffix(b">")).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::{MacroTest, RecipientPattern};

    #[test]
    fn a_macro_counts_by_any_value_or_by_one_of_some() {
        for (text, name, value, want) in [
            ("auth_type", "auth_type", "PLAIN", true),
            ("auth_type", "auth_type", "", false),
            ("{auth_type}", "auth_type", "x", true),
            ("i", "i", "4AB12", true),
            ("daemon_name=MSA|submission", "daemon_name", "Submission", true),
            ("daemon_name=MSA|submission", "daemon_name", "msa", true),
            ("daemon_name=MSA", "daemon_name", "MSA2", false),
            ("daemon_name=MSA", "daemon_name", "", false),
            ("a=b=c", "a", "b=c", true),
        ] {
            let test = MacroTest::parse(text).unwrap();
            assert_eq!((test.name(), test.accepts(value)), (name, want), "{text} of {value:?}");
        }
        for text in ["", "=x", "{}", "{a", "a b", "a-b", "a=", "a=b|", "\u{e4}"] {
            assert!(MacroTest::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_recipient_matches_with_brackets_and_without() {
        for (pattern, recipient, want) in [
            ("b@example.net", "<b@example.net>", true),
            ("b@example.net", "B@Example.NET", true),
            ("b@example.net", "bb@example.net", false),
            ("<b@example.net>", "b@example.net", true),
            ("*@example.net", "<b@example.net>", true),
            ("*@example.net", "<b@mail.example.net>", false),
            ("*example.net", "<b@mail.example.net>", true),
            ("list-*@*", "<list-x@example.org>", true),
            ("root", "root", true),
            ("root", "<root@example.net>", false),
            ("*@b\u{fc}cher.example", "<a@xn--bcher-kva.example>", true),
            ("*@xn--bcher-kva.example", "<a@b\u{fc}cher.example>", true),
            ("b+x@example.net", "<bbx@example.net>", false),
        ] {
            let found = RecipientPattern::parse(pattern).unwrap().matches(recipient.as_bytes());
            assert_eq!(found, want, "{pattern} of {recipient}");
        }
        for text in ["", "<>", "a b@c", "a,b"] {
            assert!(RecipientPattern::parse(text).is_err(), "{text:?}");
        }
    }
}
