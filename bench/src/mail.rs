//! The messages that are sent.

use crate::body::{Body, size};
use std::fmt;
use twinseal_milter::client::{Header, Message, Outcome};

/// The domain of the signing rule where there is only one.
pub const DOMAIN: &str = "example.com";

/// A message with sixteen header fields, folded ones among them, and a body.
#[derive(Debug)]
pub struct Mail {
    /// What it is, for tables.
    pub name: String,
    /// The domain that signs it.
    pub domain: String,
    /// What a verifier has to say about it.
    pub results: Results,
    sender: String,
    header: Header,
    body: Vec<u8>,
}

/// What is to be said about the signatures of a message: this word about each of so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Results {
    /// The result (RFC 8601 §2.7.1).
    pub word: &'static str,
    /// About how many signatures.
    pub count: usize,
}

impl Results {
    /// What is said where there is no signature.
    const NONE: Self = Self { word: "none", count: 1 };
}

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "dkim={}", self.word)?;
        if self.count == 1 { Ok(()) } else { write!(f, " {} times", self.count) }
    }
}

/// What the MTA that filters puts on top of what it has received.
const RECEIVED: &[u8] = b" by mail.example.com (Postfix); Mon, 23 Nov 2026 09:12:45 +0000";

/// All but the author. Sixteen fields are what a message has that came through one other host.
const FIELDS: &str = "\
Received: from desk.example.com (desk.example.com [192.0.2.17])
\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)
\t key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256)
\tby mail.example.com (Postfix) with ESMTPSA id 4SxYzT5vZ7z9rxD
\tfor <suzie@example.net>; Mon, 23 Nov 2026 09:12:44 +0000 (UTC)
To: Suzie Q <suzie@example.net>, \"Order Desk, Wholesale\" <orders@example.org>
Cc: Ann <ann@example.net>,
\tBob <bob@example.net>
Subject: Minutes of the meeting on Friday, and what has to be decided before
 the next one
Date: Mon, 23 Nov 2026 09:12:41 +0000
Message-ID: <20261123091241.5F8J46341@desk.example.com>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8; format=flowed
Content-Transfer-Encoding: 7bit
Content-Language: en-GB
In-Reply-To: <CAFp7Jx9q0tLh4@mail.example.net>
References: <CAFp7Jx9q0tLh3@mail.example.net>
 <CAFp7Jx9q0tLh4@mail.example.net>
User-Agent: Example Mailer 7.2 (X11; Linux x86_64)
X-Priority: 3
Organization: Example, Inc.

";

impl Mail {
    /// A message from `sender`, which `domain` signs.
    pub fn new(sender: &str, domain: &str, body: Body, octets: usize) -> Self {
        let (mut header, _) = Header::parse(FIELDS.as_bytes());
        header.push(b"From", format!(" Joe SixPack <{sender}>").as_bytes());
        header.put_received(RECEIVED);
        Self {
            name: format!("{} {}", size(octets), body.name()),
            domain: domain.to_owned(),
            results: Results::NONE,
            sender: format!("<{sender}>"),
            header,
            body: body.octets(octets),
        }
    }

    /// A message that the single rule signs.
    pub fn plain(body: Body, octets: usize) -> Self {
        Self::new(&format!("joe@{DOMAIN}"), DOMAIN, body, octets)
    }

    /// A message that has come as these octets, from the domain of the single rule.
    pub fn arrived(name: String, octets: &[u8], results: Results) -> Self {
        let (mut header, body) = Header::parse(octets);
        header.put_received(RECEIVED);
        let (domain, sender) = (DOMAIN.to_owned(), format!("<joe@{DOMAIN}>"));
        Self { name, domain, results, sender, header, body: body.to_vec() }
    }

    /// As a filter is shown it.
    pub fn message(&self) -> Message<'_> {
        Message {
            sender: self.sender.as_bytes(),
            sender_arguments: &[],
            recipients: &[b"<suzie@example.net>"],
            header: &self.header,
            body: &self.body,
        }
    }

    /// Its body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// How long its body is.
    pub fn body_octets(&self) -> usize {
        self.body.len()
    }

    /// As the MTA sends it on after a filter has changed it.
    pub fn sealed(&self, outcome: &Outcome, leading_space: bool) -> Vec<u8> {
        let mut header = self.header.clone();
        outcome.modifications.iter().for_each(|change| header.apply(change, leading_space));
        self.under(&header)
    }

    /// As it was before the MTA that filters had it.
    pub fn sent(&self) -> Vec<u8> {
        let mut header = Header::default();
        self.header.shown().for_each(|field| header.push(&field.name, &field.value));
        self.under(&header)
    }

    fn under(&self, header: &Header) -> Vec<u8> {
        [header.to_bytes().as_slice(), b"\r\n", &self.body].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_shown_sixteen_fields() {
        let mail = Mail::plain(Body::Text, 2048);
        assert_eq!(mail.header.shown().count(), 16);
        assert_eq!(mail.name, "2 KiB text");
    }

    #[test]
    fn what_arrives_is_what_was_sent() {
        let sent = Mail::plain(Body::Text, 2048).sent();
        let results = Results { word: "pass", count: 2 };
        let arrived = Mail::arrived("a copy".to_owned(), &sent, results);
        assert_eq!(arrived.sent(), sent);
        assert_eq!(arrived.results.to_string(), "dkim=pass 2 times");
    }
}
