//! What a command printed, beside what a page shows of it. `…` stands for what differs from host to
//! host: within a line for any characters, as a line of its own for any lines, or none.

/// What stands for anything.
const ANYTHING: &str = "…";

/// Says where the two part.
pub fn compare(shown: &str, printed: &str) -> Result<(), String> {
    let shown: Vec<&str> = shown.lines().map(str::trim_end).collect();
    let printed: Vec<&str> = printed.lines().map(str::trim_end).collect();
    let mut reached = (0, 0);
    if fits(&shown, &printed, (0, 0), &mut reached) {
        return Ok(());
    }
    let (at, line) = reached;
    let want = shown.get(at).map_or("nothing more".to_owned(), |line| format!("{line:?}"));
    let is = printed.get(line).map_or("nothing more".to_owned(), |line| format!("{line:?}"));
    Err(format!("line {} of the block: shown is {want}, printed was {is}", at + 1))
}

/// Whether all lines fit; `reached` is the last pair of lines that did not.
fn fits(
    shown: &[&str],
    printed: &[&str],
    at: (usize, usize),
    reached: &mut (usize, usize),
) -> bool {
    let (mut pattern, mut line) = at;
    loop {
        let Some(want) = shown.get(pattern) else {
            let is_end = line == printed.len();
            if !is_end {
                *reached = (*reached).max((pattern, line));
            }
            return is_end;
        };
        if want.trim() == ANYTHING {
            return (line..=printed.len())
                .any(|next| fits(shown, printed, (pattern + 1, next), reached));
        }
        if !printed.get(line).is_some_and(|is| fits_line(want, is)) {
            *reached = (*reached).max((pattern, line));
            return false;
        }
        (pattern, line) = (pattern + 1, line + 1);
    }
}

/// Whether a line is what the pattern says.
fn fits_line(want: &str, is: &str) -> bool {
    let Some((first, rest)) = want.split_once(ANYTHING) else { return want == is };
    let Some(mut is) = is.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split(ANYTHING).collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some((_, behind)) = is.split_once(part) else { return false };
        is = behind;
    }
    is.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::compare;

    #[test]
    fn dots_stand_for_what_differs_and_for_nothing_else() {
        for (shown, printed, fit) in [
            ("a\nb\n", "a\nb\n", true),
            ("a\nb\n", "a  \nb", true),
            ("a\nb\n", "a\n", false),
            ("a\n", "a\nb\n", false),
            ("a…c\n", "abc\n", true),
            ("a…c\n", "ac\n", true),
            ("a…c\n", "abcd\n", false),
            ("…: x=… y\n", "4AB: x=17 y\n", true),
            ("…: x=… y\n", "4AB: z=17 y\n", false),
            ("ab…ba\n", "aba\n", false),
            ("a\n…\nb\n", "a\nb\n", true),
            ("a\n…\nb\n", "a\nx\nb\nb\n", true),
            ("a\n…\nb\n", "a\nx\ny\n", false),
            ("…\nb\n…\n", "x\nb\ny\nz\n", true),
            ("…\nb\n…\n", "x\ny\n", false),
            ("", "", true),
            ("", "x\n", false),
        ] {
            assert_eq!(compare(shown, printed).is_ok(), fit, "{shown:?} {printed:?}");
        }
    }

    #[test]
    fn the_line_at_which_they_part_is_named() {
        let error = compare("a\n…\nb\nc\n", "a\nx\nb\nd\n").unwrap_err();
        assert_eq!(error, "line 4 of the block: shown is \"c\", printed was \"d\"");
    }
}
