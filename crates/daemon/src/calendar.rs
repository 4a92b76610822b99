//! Times as people read them.

/// A day, in seconds.
const DAY: u64 = 24 * 60 * 60;

/// A time as messages have it (RFC 5322 §3.3), in UTC.
#[must_use]
pub(crate) fn date(seconds: u64) -> String {
    let Moment { weekday, year, month, day, time } = Moment::of(seconds);
    format!("{weekday}, {day} {month} {year} {time} +0000")
}

/// The same as `ctime(3)` writes it.
#[must_use]
pub(crate) fn ctime(seconds: u64) -> String {
    let Moment { weekday, year, month, day, time } = Moment::of(seconds);
    format!("{weekday} {month} {day:>2} {time} {year}")
}

/// The parts of a time.
struct Moment {
    weekday: &'static str,
    year: u64,
    month: &'static str,
    day: u64,
    time: String,
}

impl Moment {
    fn of(seconds: u64) -> Self {
        const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
        const MONTHS: [&str; 12] =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let (days, rest) = (seconds / DAY, seconds % DAY);
        let name = |names: &[&'static str], at: u64| {
            usize::try_from(at).ok().and_then(|at| names.get(at).copied()).unwrap_or_default()
        };
        let (year, month, day) = civil(days);
        Self {
            weekday: name(&DAYS, days % 7),
            year,
            month: name(&MONTHS, month),
            day,
            time: format!("{:02}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60),
        }
    }
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
    use super::{ctime, date};

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
    fn days_of_one_digit_have_a_space_in_front() {
        assert_eq!(ctime(0), "Thu Jan  1 00:00:00 1970");
        assert_eq!(ctime(1_700_000_000), "Tue Nov 14 22:13:20 2023");
    }
}
