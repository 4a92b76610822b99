//! Values about the process.

use crate::settings::{MAX_RESTARTS, RestartRate};
use crate::wrong::Wrong;
use std::time::Duration;

/// What `restart.rate` has to be.
const RATE: &str = "restarts and a time, such as 10/1h with s, m, h or d as the unit, or none";

/// A number of restarts; 0 is no limit.
pub(crate) fn restart_count(text: &str) -> Result<Option<u32>, Wrong> {
    number(text)
        .map(|count| (count > 0).then_some(count))
        .ok_or_else(|| Wrong::value(text, "a whole number, 0 for no limit"))
}

/// `n/t`, `t` a number with `s`, `m`, `h` or `d`, and of seconds without; `none` is no limit.
pub(crate) fn restart_rate(text: &str) -> Result<Option<RestartRate>, Wrong> {
    if text == "none" {
        return Ok(None);
    }
    let rate = text.split_once('/').and_then(|(restarts, time)| {
        let restarts = number(restarts).filter(|number| (1..=MAX_RESTARTS).contains(number))?;
        let within = span(time).filter(|within| !within.is_zero())?;
        Some(RestartRate { restarts, within })
    });
    rate.map(Some).ok_or_else(|| Wrong::value(text, RATE))
}

/// A level of libmilter's; 0 is nothing.
pub(crate) fn level(text: &str) -> Result<u32, Wrong> {
    number(text).ok_or_else(|| Wrong::value(text, "a whole number, 0 for nothing"))
}

fn span(text: &str) -> Option<Duration> {
    let (digits, seconds) = match text.char_indices().last()? {
        (at, 's' | 'S') => (text.get(..at)?, 1),
        (at, 'm' | 'M') => (text.get(..at)?, 60),
        (at, 'h' | 'H') => (text.get(..at)?, 60 * 60),
        (at, 'd' | 'D') => (text.get(..at)?, 24 * 60 * 60),
        _ => (text, 1),
    };
    number(digits).map(|number| Duration::from_secs(u64::from(number) * seconds))
}

fn number(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|octet| octet.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::{restart_count, restart_rate};

    #[test]
    fn a_rate_is_a_number_and_a_time() {
        for (text, want) in [
            ("10/1h", Some((10, 3600))),
            ("1/30", Some((1, 30))),
            ("3/5m", Some((3, 300))),
            ("2/4S", Some((2, 4))),
            ("7/2d", Some((7, 172_800))),
        ] {
            let rate = restart_rate(text).unwrap().unwrap();
            assert_eq!(Some((rate.restarts, rate.within.as_secs())), want, "{text}");
        }
        assert_eq!(restart_rate("none").unwrap(), None);
        for text in [
            "", "10", "10/", "/1h", "0/1h", "10/0s", "10/1w", "10/1hh", "-1/1h", "10001/1h",
            "1/1/1",
        ] {
            let wrong = restart_rate(text).unwrap_err().to_string();
            assert!(wrong.contains("10/1h"), "{text}: {wrong}");
        }
    }

    #[test]
    fn no_restarts_at_all_is_no_limit() {
        assert_eq!(restart_count("0").unwrap(), None);
        assert_eq!(restart_count("5").unwrap(), Some(5));
        assert!(restart_count("many").is_err() && restart_count("+5").is_err());
    }
}
