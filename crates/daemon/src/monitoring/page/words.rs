//! Numbers, times and advice as people read them.

use crate::calendar;
use crate::html::Text;
use std::fmt::{self, Display};
use twinseal_message::text::escaped;

/// A number with its thousands apart.
pub(super) fn amount(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// So many things, in the singular where there is one.
pub(super) fn things(number: usize, one: &str, several: &str) -> String {
    let word = if number == 1 { one } else { several };
    format!("{} {word}", amount(u64::try_from(number).unwrap_or(u64::MAX)))
}

/// A time.
pub(super) fn time(seconds: u64) -> String {
    calendar::date(seconds)
}

/// How long that is, by its two largest units.
pub(super) fn span(seconds: u64) -> String {
    let minutes = seconds / 60;
    let (days, hours, rest) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    match (days, hours, rest) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, rest) => format!("{rest} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, rest) => format!("{hours} h {rest} min"),
        (1, hours, _) => format!("1 day {hours} h"),
        (days, hours, _) => format!("{days} days {hours} h"),
    }
}

/// How long ago that was.
pub(super) fn ago(then: u64, now: u64) -> String {
    format!("{} ago", span(now.saturating_sub(then)))
}

/// A text in which commands stand between backquotes.
pub(super) struct Advice<'t>(pub(super) &'t str);

impl Display for Advice<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, part) in self.0.split('`').enumerate() {
            if at % 2 == 1 {
                write!(f, "<code>{}</code>", Text(part))?;
            } else {
                Text(part).fmt(f)?;
            }
        }
        Ok(())
    }
}

/// A record as it is put into a zone, in its lines, which may have come from anywhere.
pub(super) fn lines_of(record: &str) -> String {
    let line = |line: &str| escaped(line.replace('\t', " ").trim());
    record.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::{Advice, amount, span};

    #[test]
    fn numbers_and_times_can_be_read() {
        for (number, want) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(amount(number), want);
        }
        for (seconds, want) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3600, "1 h"),
            (3661, "1 h 1 min"),
            (90_061, "1 day 1 h"),
            (864_000, "10 days 0 h"),
        ] {
            assert_eq!(span(seconds), want);
        }
    }

    #[test]
    fn commands_in_advice_are_code_and_nothing_else_is() {
        let advice = "run `twinseal check <x>`, then <look>";
        let want = "run <code>twinseal check &lt;x&gt;</code>, then &lt;look&gt;";
        assert_eq!(Advice(advice).to_string(), want);
    }
}
