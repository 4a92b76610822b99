//! What was probably meant.

/// The longest word that is compared; longer ones are no slip of the finger.
const MAX_WORD: usize = 40;

/// The candidate closest to a word, if one is close.
pub(crate) fn closest<'c>(
    word: &str,
    candidates: impl Iterator<Item = &'c str>,
) -> Option<&'c str> {
    let word: Vec<char> = word.chars().take(MAX_WORD + 1).map(plain).collect();
    if word.is_empty() || word.len() > MAX_WORD {
        return None;
    }
    let measured = candidates.map(|candidate| {
        let other: Vec<char> = candidate.chars().map(plain).collect();
        (distance(&word, &other), candidate)
    });
    let (far, candidate) = measured.min_by_key(|&(far, _)| far)?;
    (far <= 1 + word.len() / 5).then_some(candidate)
}

/// Names differ in their dashes from one program to the next.
const fn plain(ch: char) -> char {
    if matches!(ch, '_' | '.' | ' ') { '-' } else { ch.to_ascii_lowercase() }
}

/// How many characters one text is away from another, if they may be slips of each other: names of
/// hosts have a long part in common anyhow, so that fewer are allowed than in a word.
pub(crate) fn slip(text: &str, other: &str) -> Option<usize> {
    let allowed = 1 + text.len().min(MAX_WORD) / 8;
    if text.len().abs_diff(other.len()) > allowed || text.len() > MAX_WORD {
        return None;
    }
    // What both begin with and end in changes nothing, and is most of it.
    let (mut one, mut two) = (text.as_bytes(), other.as_bytes());
    while let ([a, left @ ..], [b, right @ ..]) = (one, two)
        && a == b
    {
        (one, two) = (left, right);
    }
    while let ([left @ .., a], [right @ .., b]) = (one, two)
        && a == b
    {
        (one, two) = (left, right);
    }
    let far = distance(one, two);
    (far <= allowed).then_some(far)
}

/// How many characters have to be put in, left out or changed.
fn distance<T: PartialEq>(a: &[T], b: &[T]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let at = |row: &[usize], place: usize| row.get(place).copied().unwrap_or(usize::MAX);
            let changed = at(&row, j).saturating_add(usize::from(from != to));
            let left_out = at(&row, j + 1).saturating_add(1);
            let put_in = at(&next, j).saturating_add(1);
            next.push(changed.min(left_out).min(put_in));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{closest, slip};

    #[test]
    fn a_slip_is_measured_and_a_stranger_is_not() {
        for (text, other, want) in [
            ("example.com", "exmaple.com", Some(2)),
            ("example.com", "example.com", Some(0)),
            ("example.com", "examples.com", Some(1)),
            ("example.com", "xample.com", Some(1)),
            ("example.com", "sample.com", Some(2)),
            ("example.com", "elsewhere.com", None),
            ("aa", "aaa", Some(1)),
            ("", "", Some(0)),
        ] {
            assert_eq!(slip(text, other), want, "{text} {other}");
        }
    }

    #[test]
    fn a_slip_finds_its_word_and_a_stranger_none() {
        let known = || ["internal-hosts", "umask", "user", "mode"].into_iter();
        for (word, want) in [
            ("internal_hosts", Some("internal-hosts")),
            ("Internal-Host", Some("internal-hosts")),
            ("umsk", Some("umask")),
            ("usr", Some("user")),
            ("frobnicate", None),
            ("", None),
        ] {
            assert_eq!(closest(word, known()), want, "{word:?}");
        }
        assert_eq!(closest(&"u".repeat(100_000), known()), None);
    }
}
