//! Lines as JSON: one object each.

use serde_json::Value;
use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};
use tracing::Level;

const SECONDS_A_DAY: u64 = 24 * 60 * 60;

/// The event of a line that is about no message.
const OTHER: &str = "\"event\":\"other\"";

/// The line. `members` are those of an event, between the braces of an object.
pub(super) fn line(
    level: Level,
    at: Option<SystemTime>,
    members: Option<&str>,
    message: &str,
) -> String {
    let mut line = "{".to_owned();
    if let Some(at) = at {
        let _ = write!(line, "\"time\":\"{}\",", stamp(at));
    }
    let (level, members) = (word(level), members.unwrap_or(OTHER));
    let _ = write!(line, "\"level\":\"{level}\",{members},\"message\":{}}}", Value::from(message));
    line
}

const fn word(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warning",
        Level::INFO => "info",
        Level::DEBUG | Level::TRACE => "debug",
    }
}

/// The time in UTC, to the millisecond, as RFC 3339 writes it: local time is not safe to find out
/// in a process with threads.
fn stamp(at: SystemTime) -> String {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (mut days, of_day) = (since.as_secs() / SECONDS_A_DAY, since.as_secs() % SECONDS_A_DAY);
    let mut year = 1970_u64;
    while days >= days_of_year(year) {
        days -= days_of_year(year);
        year += 1;
    }
    let february = days_of_year(year) - 337;
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    let (day, millis) = (days + 1, since.subsec_millis());
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

const fn days_of_year(year: u64) -> u64 {
    let leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    if leap { 366 } else { 365 }
}

#[cfg(test)]
mod tests {
    use super::{line, stamp};
    use std::time::{Duration, UNIX_EPOCH};
    use tracing::Level;

    #[test]
    fn a_time_is_that_of_the_calendar() {
        for (seconds, want) in [
            (0, "1970-01-01T00:00:00.007Z"),
            (951_782_399, "2000-02-28T23:59:59.007Z"),
            (951_782_400, "2000-02-29T00:00:00.007Z"),
            (951_868_800, "2000-03-01T00:00:00.007Z"),
            (1_709_251_199, "2024-02-29T23:59:59.007Z"),
            (1_735_689_599, "2024-12-31T23:59:59.007Z"),
            (1_735_689_600, "2025-01-01T00:00:00.007Z"),
            (4_107_542_400, "2100-03-01T00:00:00.007Z"),
        ] {
            let at = UNIX_EPOCH + Duration::from_millis(seconds * 1000 + 7);
            assert_eq!(stamp(at), want);
        }
    }

    #[test]
    fn a_line_is_one_object_whatever_it_says() {
        let at = Some(UNIX_EPOCH);
        assert_eq!(
            line(Level::WARN, at, Some("\"event\":\"unsigned\""), "A1: \"x\"\n\u{1b}"),
            "{\"time\":\"1970-01-01T00:00:00.000Z\",\"level\":\"warning\",\"event\":\"unsigned\",\
             \"message\":\"A1: \\\"x\\\"\\n\\u001b\"}"
        );
        let other = r#"{"level":"info","event":"other","message":"listening"}"#;
        assert_eq!(line(Level::INFO, None, None, "listening"), other);
    }
}
