//! The message that is sent.

use crate::calendar::date;
use crate::reporting::mail::host;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _};

/// The domain of the recipients. It can exist nowhere (RFC 2606 §2).
pub(super) const DOMAIN: &str = "selftest.twinseal.invalid";

/// How many random octets tell one message from all others.
const TOKEN_OCTETS: usize = 10;

/// What canonicalization has to survive: white space at line ends and within, empty lines, a dot in
/// front, and empty lines at the end.
const BODY: &[&str] = &[
    "This message was sent by \"twinseal selftest\", to see what arrives of it.",
    "A line with white space at its end \t ",
    "\ttwo  blanks, and a \t tab",
    "",
    ".a line that begins with a dot",
    "..and one that begins with two",
    " ",
    "This is the last line with text.",
    "",
    "",
];

/// A message, and the word that is in no other one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Probe {
    pub(super) token: String,
    pub(super) from: String,
    pub(super) to: String,
    /// As it is sent, lines ending in CRLF, no dot doubled.
    pub(super) octets: Vec<u8>,
}

impl Probe {
    /// A new one; without a recipient, it is for the sink.
    ///
    /// # Errors
    /// When the system has no random octets.
    pub(super) fn new(from: &str, to: Option<&str>, now: u64) -> io::Result<Self> {
        let mut random = [0; TOKEN_OCTETS];
        File::open("/dev/urandom")?.read_exact(&mut random)?;
        let token = random.iter().fold(String::new(), |mut text, octet| {
            let _ = write!(text, "{octet:02x}");
            text
        });
        Ok(Self::with_token(token, from, to, now))
    }

    fn with_token(token: String, from: &str, to: Option<&str>, now: u64) -> Self {
        let to = to.map_or_else(|| format!("probe-{token}@{DOMAIN}"), str::to_owned);
        let mut text = format!(
            "From: {from}\r\nTo: {to}\r\nSubject: twinseal selftest {token}\r\nDate: {}\r\n\
             Message-ID: <{token}@{}>\r\nMIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=us-ascii\r\n\r\n",
            date(now),
            host()
        );
        for line in BODY {
            text.push_str(line);
            text.push_str("\r\n");
        }
        Self { token, from: from.to_owned(), to, octets: text.into_bytes() }
    }

    /// The same with lines that end in LF, as programs of this host write it.
    pub(super) fn for_sendmail(&self) -> Vec<u8> {
        self.octets.iter().copied().filter(|&octet| octet != b'\r').collect()
    }

    /// Whether it is this message that arrived: its subject has the word.
    pub(super) fn is(&self, octets: &[u8]) -> bool {
        let word = self.token.as_bytes();
        let line = |line: &&[u8]| {
            line.get(..8).is_some_and(|name| name.eq_ignore_ascii_case(b"subject:"))
                && line.windows(word.len()).any(|part| part == word)
        };
        octets
            .split(|&octet| octet == b'\n')
            .take_while(|line| !line.is_empty() && *line != b"\r")
            .any(|text| line(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::Probe;

    #[test]
    fn no_two_are_the_same_and_each_is_known_by_its_subject() {
        let new = || Probe::new("a@example.com", None, 0).unwrap();
        let (one, other) = (new(), new());
        assert!(one.to != other.to && one.to.ends_with("@selftest.twinseal.invalid"));
        assert!(one.is(&one.octets) && one.is(&one.for_sendmail()));
        assert!(!one.is(&other.octets));
        // A bounce has it in its body.
        assert!(!one.is(&[&b"Subject: no\n\n"[..], &one.octets].concat()));
    }

    #[test]
    fn it_has_what_canonicalization_has_to_survive() {
        let probe = Probe::with_token("t".into(), "a@example.com", Some("b@example.net"), 0);
        let text = String::from_utf8(probe.octets).unwrap();
        for part in ["end \t \r\n", "  blanks", "\r\n\r\n.a line", "\r\n \r\n", "\r\n\r\n\r\n"] {
            assert!(text.contains(part), "{part:?}");
        }
        assert!(
            text.is_ascii() && text.ends_with("\r\n") && !text.replace("\r\n", "").contains('\r')
        );
        assert_eq!(probe.to, "b@example.net");
    }
}
