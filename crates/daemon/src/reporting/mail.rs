//! A report as a message: a feedback report (RFC 5965) about an authentication failure (RFC 6591).

use super::{Case, Failure};
use crate::VERSION;
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

const DAY: u64 = 24 * 60 * 60;

/// This host's name.
pub(super) fn host() -> String {
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

/// A time as messages have it (RFC 5322 §3.3), in UTC.
fn date(seconds: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (days, rest) = (seconds / DAY, seconds % DAY);
    let name = |names: &[&'static str], at: u64| {
        usize::try_from(at).ok().and_then(|at| names.get(at).copied()).unwrap_or_default()
    };
    let (year, month, day) = civil(days);
    format!(
        "{}, {day} {} {year} {:02}:{:02}:{:02} +0000",
        name(&DAYS, days % 7),
        name(&MONTHS, month),
        rest / 3600,
        rest / 60 % 60,
        rest % 60
    )
}

/// The year, the month counted from 0 and the day of the month, so many days after 1970 began.
const fn civil(days: u64) -> (u64, u64, u64) {
    // Years that begin with March end with the day that may be missing.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let of_month = day - (153 * month + 2) / 5 + 1;
    let january = month >= 10;
    let year = era * 400 + year + if january { 1 } else { 0 };
    (year, if january { month - 10 } else { month + 2 }, of_month)
}

#[cfg(test)]
mod tests {
    use super::{boundary, date, plain};

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, want) in [
            (0, "Thu, 1 Jan 1970 00:00:00 +0000"),
            (951_782_399, "Mon, 28 Feb 2000 23:59:59 +0000"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 +0000"),
            (1_700_000_000, "Tue, 14 Nov 2023 22:13:20 +0000"),
            (4_107_542_400, "Mon, 1 Mar 2100 00:00:00 +0000"),
        ] {
            assert_eq!(date(seconds), want);
        }
    }

    #[test]
    fn nothing_ends_a_part_but_its_boundary() {
        let first = boundary(b"", 5);
        let occurs = boundary(first.as_bytes(), 5);
        assert!(!first.contains(&occurs) && first != boundary(b"", 6));
        assert_eq!(plain("a\nBcc: b\u{e4}"), "a\\nBcc: b?");
    }
}
