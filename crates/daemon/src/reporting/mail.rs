//! A report as a message: a feedback report (RFC 5965) about an authentication failure (RFC 6591).

use super::{Case, Failure};
use crate::VERSION;
use crate::calendar::date;
use nix::unistd::gethostname;
use std::fmt::Write as _;
use twinseal_message::HeaderBlock;
use twinseal_message::text::shown;

// LIMIT: the canonical header and body that RFC 6591 has fields for are not told: the body is never
// kept, and `twinseal verify --explain` shows both of a message that is at hand.

/// How much of a header is sent back, in octets. With everything around it, a report fits into a
/// pipe, of which Linux makes 64 KiB.
const MAX_HEADER: usize = 32 * 1024;

/// The longest line of a message (RFC 5322 §2.1.1).
const MAX_LINE: usize = 998;

/// This host's name.
pub(crate) fn host() -> String {
    let name = gethostname().ok().and_then(|name| name.into_string().ok());
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-.".contains(&octet);
    let plain = name.filter(|name| !name.is_empty() && name.bytes().all(plain));
    plain.unwrap_or_else(|| "localhost".to_owned())
}

/// The message, lines ending in LF as `sendmail` wants them.
pub(super) fn text((from, to): (&str, &str), failure: &Failure, case: &Case) -> Vec<u8> {
    let id = plain(&case.queue_id);
    let header = enclosed(&case.header);
    let boundary = boundary(&header, case.now);
    let (now, host, domain) = (date(case.now), host(), failure.domain());
    let mut text = String::new();
    let _ = write!(
        text,
        "From: {from}\nTo: {to}\nDate: {now}\nSubject: DKIM failure report for {id}\n\
         Message-ID: <{boundary}@{host}>\nAuto-Submitted: auto-generated\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=feedback-report;\n\tboundary=\"{boundary}\"\n\n\
         --{boundary}\nContent-Type: text/plain; charset=us-ascii\n\n\
         A message that arrived here on {now}\n{}\nIts header is below. You get this because a \
         record of {domain} asks for it.\n\n--{boundary}\n\
         Content-Type: message/feedback-report\n\n",
        what(failure)
    );
    fields(failure, case, &mut text);
    let _ = write!(text, "\n--{boundary}\n");
    let eight = if header.is_ascii() { "7bit" } else { "8bit" };
    let _ =
        write!(text, "Content-Type: text/rfc822-headers\nContent-Transfer-Encoding: {eight}\n\n");
    let mut octets = text.into_bytes();
    octets.extend_from_slice(&header);
    octets.extend_from_slice(format!("\n--{boundary}--\n").as_bytes());
    octets
}

/// What is the matter, for people.
fn what(failure: &Failure) -> String {
    match failure {
        Failure::Signature { domain, selector, body, .. } => {
            let part = if *body { "body" } else { "header" };
            format!(
                "has a DKIM signature of {domain} (selector {selector}) that does not match: its \
                 {part}\nis not what was signed, or was changed on its way."
            )
        }
        Failure::Policy { domain } => format!(
            "is from {domain} and has no valid DKIM signature of that domain, whose policy\nsays \
             that all of its mail has one."
        ),
    }
}

/// The fields of the report, for programs.
fn fields(failure: &Failure, case: &Case, text: &mut String) {
    let mut field = |name: &str, value: &str| {
        let _ = writeln!(text, "{name}: {value}");
    };
    field("Feedback-Type", "auth-failure");
    field("User-Agent", &format!("Twinseal/{VERSION}"));
    field("Version", "1");
    field("Original-Envelope-Id", &plain(&case.queue_id));
    field("Original-Mail-From", &format!("<{}>", plain(&String::from_utf8_lossy(&case.sender))));
    field("Arrival-Date", &date(case.now));
    if let Some(client) = case.client {
        field("Source-IP", &client.to_string());
    }
    field("Reported-Domain", failure.domain().as_str());
    if let Some(results) = &case.results {
        let words: Vec<&str> = results.split_whitespace().collect();
        field("Authentication-Results", &words.join(" "));
    }
    match failure {
        Failure::Signature { domain, selector, identity, body, .. } => {
            field("Auth-Failure", if *body { "bodyhash" } else { "signature" });
            field("DKIM-Domain", domain.as_str());
            field("DKIM-Identity", &plain(identity));
            field("DKIM-Selector", selector.as_str());
        }
        Failure::Policy { domain } => {
            field("Auth-Failure", "adsp");
            field("DKIM-ADSP-DNS", &format!("_adsp._domainkey.{domain}"));
        }
    }
}

/// What strangers wrote, fit for a line of a header.
fn plain(text: &str) -> String {
    shown(text).replace(|ch: char| !ch.is_ascii_graphic() && ch != ' ', "?")
}

/// The header as it arrived, lines ending in LF, up to a field that is too much.
fn enclosed(header: &HeaderBlock) -> Vec<u8> {
    let mut octets = Vec::new();
    for field in header.fields() {
        let mut lines = Vec::new();
        for line in field.octets().split(|&octet| octet == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            lines.extend_from_slice(line.get(..MAX_LINE).unwrap_or(line));
            lines.push(b'\n');
        }
        if octets.len() + lines.len() > MAX_HEADER {
            break;
        }
        octets.extend_from_slice(&lines);
    }
    octets
}

/// A text that does not occur in the header.
fn boundary(header: &[u8], now: u64) -> String {
    let process = std::process::id();
    let occurs = |text: &str| header.windows(text.len()).any(|part| part == text.as_bytes());
    let mut number = header.len();
    loop {
        let text = format!("report-{now:x}-{process:x}-{number:x}");
        if !occurs(&text) {
            return text;
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::{boundary, plain};

    #[test]
    fn nothing_ends_a_part_but_its_boundary() {
        let first = boundary(b"", 5);
        let occurs = boundary(first.as_bytes(), 5);
        assert!(!first.contains(&occurs) && first != boundary(b"", 6));
        assert_eq!(plain("a\nBcc: b\u{e4}"), "a\\nBcc: b?");
    }
}
