//! When the newest release was, as the manual says it: a page changes when what it is about does,
//! and not with the clock.

use crate::problem::Problem;
use std::fs;
use std::path::Path;

/// The day of the first release, as long as the changelog has none.
const FIRST: &str = "2026-11-28";

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The date of the newest release in `CHANGELOG.md`, as mdoc(7) has it.
pub(crate) fn date(root: &Path) -> Result<String, Problem> {
    let path = root.join("CHANGELOG.md");
    let text = fs::read_to_string(&path).map_err(|error| Problem::Io { path, error })?;
    Ok(newest(&text))
}

fn newest(changelog: &str) -> String {
    let headings = changelog.lines().filter_map(|line| line.strip_prefix("## "));
    let mut words = headings.flat_map(str::split_whitespace);
    words.find_map(written).or_else(|| written(FIRST)).unwrap_or_default()
}

/// A date such as 2026-11-28, with the name of its month.
fn written(word: &str) -> Option<String> {
    let word = word.trim_matches(['(', ')', ',']);
    let numbers: Vec<usize> = word.split('-').map(str::parse).collect::<Result<_, _>>().ok()?;
    let [year, month, day] = numbers[..] else { return None };
    let name = month.checked_sub(1).and_then(|index| MONTHS.get(index))?;
    Some(format!("{name} {day}, {year}"))
}

#[cfg(test)]
mod tests {
    use super::newest;

    #[test]
    fn the_newest_release_is_the_first_that_has_a_date() {
        let text =
            "# Changelog\n\n## Unreleased\n\n## 0.2.0 - 2027-01-05\n\n## 0.1.0 - 2026-11-28\n";
        assert_eq!(newest(text), "January 5, 2027");
        assert_eq!(newest("## Unreleased\n\n- of 2020-01-01\n"), "November 28, 2026");
        assert_eq!(newest("## 0.1.0 (2026-13-01)\n## 0.0.1, 2026-10-02\n"), "October 2, 2026");
    }
}
