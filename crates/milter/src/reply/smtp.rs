//! The text with which an MTA refuses a message in our name.

use std::fmt;

/// An SMTP reply of class 4 or 5 with an enhanced status code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmtpReply {
    wire: Vec<u8>,
}

/// What makes a text unfit for an SMTP reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadSmtpReply {
    /// The code is not from 400 to 599.
    #[error("reply code {code} is not from 400 to 599")]
    Code {
        /// The code.
        code: u16,
    },
    /// The enhanced status code is not three numbers of the code's class (RFC 3463 §2).
    #[error("enhanced status code {status:?} does not fit reply code {code}")]
    Status {
        /// The code.
        code: u16,
        /// The enhanced status code.
        status: String,
    },
    /// The text has something else than printable ASCII in it.
    #[error("line {line} of the reply text is empty or not printable ASCII")]
    Text {
        /// Which line, from 1.
        line: usize,
    },
    /// A line is longer than SMTP allows (RFC 5321 §4.5.3.1.5).
    #[error("line {line} of the reply is longer than {MAX_REPLY_LINE} octets")]
    LineTooLong {
        /// Which line, from 1.
        line: usize,
    },
    /// There are too many lines.
    #[error("the reply has more than {MAX_REPLY_LINES} lines")]
    TooManyLines,
}

/// RFC 5321 §4.5.3.1.5: a reply line has at most 512 octets, CRLF included.
const MAX_REPLY_LINE: usize = 512;

/// What libmilter allows.
const MAX_REPLY_LINES: usize = 32;

impl SmtpReply {
    /// Makes a reply, such as `SmtpReply::new(550, "5.7.1", "not from here")`. Each line of `text`
    /// becomes a line of the reply.
    ///
    /// # Errors
    ///
    /// When code, enhanced code and text do not make a valid reply.
    pub fn new(code: u16, status: &str, text: &str) -> Result<Self, BadSmtpReply> {
        if !(400..600).contains(&code) {
            return Err(BadSmtpReply::Code { code });
        }
        if !is_status_of(code, status) {
            return Err(BadSmtpReply::Status { code, status: status.to_owned() });
        }
        let count = text.split('\n').count();
        if count > MAX_REPLY_LINES {
            return Err(BadSmtpReply::TooManyLines);
        }
        let mut lines = Vec::with_capacity(count);
        for (line, words) in (1..).zip(text.split('\n')) {
            if words.is_empty() || !words.bytes().all(|octet| matches!(octet, b'\t' | b' '..=b'~'))
            {
                return Err(BadSmtpReply::Text { line });
            }
            let separator = if line == count { ' ' } else { '-' };
            let whole = format!("{code}{separator}{status} {words}");
            if whole.len() + 2 > MAX_REPLY_LINE {
                return Err(BadSmtpReply::LineTooLong { line });
            }
            lines.push(whole);
        }
        // MTAs take the text for a format and make `%` of `%%`.
        Ok(Self { wire: lines.join("\r\n").replace('%', "%%").into_bytes() })
    }

    /// The reply as the protocol carries it.
    pub(crate) fn wire(&self) -> &[u8] {
        &self.wire
    }
}

impl fmt::Display for SmtpReply {
    /// The reply as the SMTP client sees it, lines separated by ` / `.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = String::from_utf8_lossy(&self.wire);
        f.write_str(&text.replace("%%", "%").replace("\r\n", " / "))
    }
}

/// RFC 3463 §2: class, subject and detail; the last two have one to three digits.
fn is_status_of(code: u16, status: &str) -> bool {
    let mut parts = status.split('.');
    let class = parts.next().is_some_and(|class| class == (code / 100).to_string());
    let number = |part: Option<&str>| {
        part.is_some_and(|part| {
            (1..=3).contains(&part.len()) && part.bytes().all(|octet| octet.is_ascii_digit())
        })
    };
    class && number(parts.next()) && number(parts.next()) && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_written_line_by_line() {
        let cases = [
            ((550, "5.7.1", "no"), "550 5.7.1 no"),
            ((451, "4.7.0", "50% done\nwait"), "451-4.7.0 50%% done\r\n451 4.7.0 wait"),
        ];
        for ((code, status, text), wire) in cases {
            let reply = SmtpReply::new(code, status, text).unwrap();
            assert_eq!(reply.wire(), wire.as_bytes(), "{text:?}");
        }
        let reply = SmtpReply::new(451, "4.7.0", "50%\nx").unwrap();
        assert_eq!(reply.to_string(), "451-4.7.0 50% / 451 4.7.0 x");
    }

    #[test]
    fn replies_that_smtp_does_not_know_are_refused() {
        for code in [0, 250, 399, 600, 5500] {
            assert_eq!(SmtpReply::new(code, "5.7.1", "x"), Err(BadSmtpReply::Code { code }));
        }
        for status in ["", "5.7", "4.7.1", "5.7.1.1", "5.7.", "5.7.1000", "5.a.1", "5 7 1"] {
            let error = BadSmtpReply::Status { code: 550, status: status.to_owned() };
            assert_eq!(SmtpReply::new(550, status, "x"), Err(error), "{status:?}");
        }
        for (text, line) in
            [("", 1), ("a\n", 2), ("a\r\nb", 1), ("a\0", 1), ("é", 1), ("a\n\x7f", 2)]
        {
            assert_eq!(
                SmtpReply::new(550, "5.7.1", text),
                Err(BadSmtpReply::Text { line }),
                "{text:?}"
            );
        }
    }

    #[test]
    fn replies_are_bounded() {
        let at = "x".repeat(MAX_REPLY_LINE - "550 5.7.1 \r\n".len());
        assert!(SmtpReply::new(550, "5.7.1", &at).is_ok());
        let past = BadSmtpReply::LineTooLong { line: 1 };
        assert_eq!(SmtpReply::new(550, "5.7.1", &format!("{at}x")), Err(past));
        let lines = vec!["x"; MAX_REPLY_LINES].join("\n");
        assert!(SmtpReply::new(550, "5.7.1", &lines).is_ok());
        let past = SmtpReply::new(550, "5.7.1", &format!("{lines}\nx"));
        assert_eq!(past, Err(BadSmtpReply::TooManyLines));
    }
}
