//! Texts with `*` in them, where nothing else is special.

/// A text in which `*` stands for any characters, also for none; anchored at both ends, and without
/// regard to the case of ASCII letters.
///
/// Matching takes time in proportion to the text, whatever the pattern: a part between two stars is
/// best placed as far left as possible, so nothing is ever tried again.
///
/// There may be hundreds of thousands: the pattern is one text, and what it begins with and ends in
/// is found in it each time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Glob {
    /// The pattern, in lower case.
    pattern: Box<str>,
    /// What stands between two stars.
    middle: Box<[Needle]>,
}

/// A text to be found in another one, in linear time (Knuth, Morris and Pratt).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Needle {
    text: Box<[u8]>,
    /// For each place, how much of the text's beginning ends there as well.
    border: Box<[usize]>,
}

impl Glob {
    pub(crate) fn new(pattern: &str) -> Self {
        let pattern = pattern.to_ascii_lowercase();
        let behind_first = pattern.split_once('*').map(|(_, behind)| behind);
        let between = behind_first.and_then(|behind| behind.rsplit_once('*'));
        let parts = between.map(|(between, _)| between).unwrap_or_default().split('*');
        let middle = parts.filter(|part| !part.is_empty()).map(Needle::new).collect();
        Self { middle, pattern: pattern.into() }
    }

    /// The pattern, in lower case.
    pub(crate) fn as_str(&self) -> &str {
        &self.pattern
    }

    /// What every text that matches begins with: all of it, if there is no star.
    pub(crate) fn start(&self) -> &str {
        self.pattern.split_once('*').map_or(&self.pattern, |(start, _)| start)
    }

    /// What every text that matches ends in: all of it, if there is no star.
    pub(crate) fn end(&self) -> &str {
        self.pattern.rsplit_once('*').map_or(&self.pattern, |(_, end)| end)
    }

    /// Whether the whole text, in lower case, matches.
    pub(crate) fn matches(&self, text: &[u8]) -> bool {
        let Some((start, rest)) = self.pattern.split_once('*') else {
            return self.pattern.as_bytes() == text;
        };
        let end = rest.rsplit_once('*').map_or(rest, |(_, end)| end);
        let rest = text.strip_prefix(start.as_bytes());
        let Some(rest) = rest.and_then(|rest| rest.strip_suffix(end.as_bytes())) else {
            return false;
        };
        self.middle.iter().try_fold(rest, |rest, part| part.behind(rest)).is_some()
    }
}

impl Needle {
    fn new(text: &str) -> Self {
        let text = text.as_bytes();
        let mut border = vec![0];
        let mut length = 0;
        for &octet in text.iter().skip(1) {
            length = extend(text, &border, length, octet);
            border.push(length);
        }
        Self { text: text.into(), border: border.into() }
    }

    /// What stands behind the first occurrence.
    fn behind<'t>(&self, text: &'t [u8]) -> Option<&'t [u8]> {
        let mut length = 0;
        for (at, &octet) in text.iter().enumerate() {
            length = extend(&self.text, &self.border, length, octet);
            if length == self.text.len() {
                return text.get(at + 1..);
            }
        }
        None
    }
}

/// How much of the needle's beginning ends at the next octet, when `length` of it ended before it.
fn extend(needle: &[u8], border: &[usize], mut length: usize, octet: u8) -> usize {
    while length > 0 && needle.get(length) != Some(&octet) {
        length = border.get(length - 1).copied().unwrap_or_default();
    }
    length + usize::from(needle.get(length) == Some(&octet))
}

#[cfg(test)]
mod tests {
    use super::Glob;

    #[test]
    fn only_the_star_is_special() {
        for (pattern, text, want) in [
            ("*", "", true),
            ("*", "anything", true),
            ("a*c", "abc", true),
            ("a*c", "ac", true),
            ("a*a", "a", false),
            ("a*c", "abcd", false),
            ("*@example.com", "u@example.com", true),
            ("*@example.com", "u@exampleXcom", false),
            ("U+Tag@*", "u+tag@b", true),
            ("a?b[c]{d}", "a?b[c]{d}", true),
            ("a?b", "axb", false),
            ("*ab*ab*", "xabyab", true),
            ("*ab*ab*", "xabay", false),
            ("*aab*", "aaab", true),
            ("**a**", "bab", true),
            ("", "", true),
            ("", "a", false),
        ] {
            let found = Glob::new(pattern).matches(text.as_bytes());
            assert_eq!(found, want, "{pattern:?} against {text:?}");
        }
    }

    /// The plain definition, exponential and obviously right.
    fn reference(pattern: &[u8], text: &[u8]) -> bool {
        match pattern {
            [] => text.is_empty(),
            [b'*', rest @ ..] => (0..=text.len()).any(|cut| reference(rest, &text[cut..])),
            [first, rest @ ..] => text.first() == Some(first) && reference(rest, &text[1..]),
        }
    }

    /// All texts up to a length over an alphabet.
    fn texts(alphabet: &[u8], longest: usize) -> Vec<Vec<u8>> {
        let mut all = vec![vec![]];
        let mut from = 0;
        for _ in 0..longest {
            let until = all.len();
            for place in from..until {
                for &octet in alphabet {
                    let mut text = all[place].clone();
                    text.push(octet);
                    all.push(text);
                }
            }
            from = until;
        }
        all
    }

    #[test]
    fn matching_agrees_with_the_definition() {
        let texts_of_ab = texts(b"ab", 6);
        for pattern in texts(b"ab*", 5) {
            let glob = Glob::new(std::str::from_utf8(&pattern).unwrap());
            for text in &texts_of_ab {
                assert_eq!(glob.matches(text), reference(&pattern, text), "{pattern:?} {text:?}");
            }
        }
    }

    #[test]
    fn a_hostile_text_costs_no_more_than_its_length() {
        let pattern = "*a".repeat(1000) + "*" + &"a".repeat(1000) + "b*";
        let text = "a".repeat(1_000_000);
        assert!(!Glob::new(&pattern).matches(text.as_bytes()));
    }
}
