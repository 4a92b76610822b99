//! The one form of a citation, `RFC 6376 §3.4.4`, and what looks like one and is not.

/// What was found in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found<'a> {
    /// A citation.
    Citation {
        /// The RFC's number.
        rfc: u32,
        /// The section, as in `3.4.4` or `A.1`.
        section: &'a str,
    },
    /// Something that was meant to be one.
    Misspelled(&'a str),
}

/// Everything in the line that is a citation, or was meant to be one.
///
/// An RFC named without a section is neither: `RFC 6376` in a list of standards. Nor are names such
/// as `rfc6376/appendix-a.eml` and `rfc_8463`.
pub(crate) fn in_line(line: &str) -> Vec<Found<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = next(line, at) {
        let (one, end) = read(line, start);
        found.extend(one);
        at = end;
    }
    found
}

/// Where the next word "rfc", in any letters, or the next section sign is.
fn next(line: &str, from: usize) -> Option<usize> {
    let rest = line.get(from..)?;
    let word = rest.as_bytes().windows(3).position(|three| three.eq_ignore_ascii_case(b"rfc"));
    let sign = rest.find('§');
    word.into_iter().chain(sign).min().map(|at| from + at)
}

/// What begins there, and where to go on.
fn read(line: &str, start: usize) -> (Option<Found<'_>>, usize) {
    let rest = &line[start..];
    let Some(after_word) = rest.get(3..).filter(|_| !rest.starts_with('§')) else {
        // A section of nothing: the RFC's number is missing, or stands in another line.
        let end = start + '§'.len_utf8() + section(&rest['§'.len_utf8()..]).len();
        return (Some(Found::Misspelled(&line[start..end])), end);
    };
    let (gap, after_gap) = split(after_word, |c| matches!(c, ' ' | '\t' | '-' | '_'));
    let (number, after) = split(after_gap, |c| c.is_ascii_digit());
    let named = line.len() - after.len();
    let inside_a_word = line[..start].ends_with(|c: char| c.is_alphanumeric());
    let Some(rfc) = number.parse().ok().filter(|_| !inside_a_word) else {
        return (None, start + 3);
    };
    let well_named = rest.starts_with("RFC") && gap == " " && !number.starts_with('0');
    if well_named && let Some(text) = after.strip_prefix(" §") {
        let section = section(text);
        let end = line.len() - text.len() + section.len();
        let well_formed = is_section(section) && !text[section.len()..].starts_with(word_goes_on);
        let misspelled = Found::Misspelled(&line[start..end]);
        let citation = Found::Citation { rfc, section };
        return (Some(if well_formed { citation } else { misspelled }), end);
    }
    if let Some(octets) = loose_section(after) {
        let end = named + octets;
        return (Some(Found::Misspelled(&line[start..end])), end);
    }
    let identifier = gap.contains('_') || after.starts_with('_') || line[..start].ends_with('_');
    let name = identifier || (gap.is_empty() && !rest.starts_with("RFC"));
    let of_section = follows_a_section(&line[..start]);
    let bad = of_section || !(well_named || name);
    (bad.then(|| Found::Misspelled(&line[start..named])), named)
}

/// How many octets a section takes that follows an RFC's number in a form of its own:
/// ` section 3.4`, `, §3`, `§3`, ` 3.4.4`, ` appendix A`.
fn loose_section(after: &str) -> Option<usize> {
    let text = after.trim_start_matches([' ', '\t', ',', ':', ';', '(']);
    let skipped = after.len() - text.len();
    let words = ["sections", "section", "sect.", "sec.", "appendix", "chapter", "paragraph"];
    let word = words.into_iter().find(|word| starts_without_case(text, word));
    let (mark, text) = match word {
        Some(word) if skipped > 0 => text.split_at(word.len()),
        _ if text.starts_with('§') => text.split_at('§'.len_utf8()),
        _ => ("", text),
    };
    let (gap, text) = split(text, |c| c == ' ');
    let section = section(text);
    let numbered = skipped > 0 && section.contains('.') && section.starts_with(is_digit);
    (!mark.is_empty() || numbered).then(|| {
        let gap = if section.is_empty() { 0 } else { gap.len() };
        skipped + mark.len() + gap + section.len()
    })
}

/// Whether "section 3.4 of" or the like stands in front of an RFC.
fn follows_a_section(before: &str) -> bool {
    let mut words = before.split_whitespace().rev();
    let of = words.next().is_some_and(|word| matches!(word, "of" | "in" | "(of"));
    let number = words.next().is_some_and(|word| word.starts_with(is_digit));
    let section = words.next().is_some_and(|word| {
        let word = word.trim_start_matches(|c: char| !c.is_alphabetic());
        starts_without_case(word, "section") || starts_without_case(word, "sec")
    });
    of && number && section
}

/// The section number that the text begins with; it may be empty.
fn section(text: &str) -> &str {
    let (number, _) = split(text, |c| c.is_ascii_alphanumeric() || c == '.');
    // A dot at its end ends the sentence.
    number.trim_end_matches('.')
}

/// Numbers with dots between them; the first may be the letter of an appendix.
fn is_section(text: &str) -> bool {
    text.split('.').enumerate().all(|(at, part)| {
        let number = !part.is_empty() && part.bytes().all(|octet| octet.is_ascii_digit());
        let letter = part.len() == 1 && part.starts_with(|c: char| c.is_ascii_uppercase());
        number || (at == 0 && letter)
    })
}

fn split(text: &str, of: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !of(c)).unwrap_or(text.len()))
}

fn starts_without_case(text: &str, word: &str) -> bool {
    text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

fn word_goes_on(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::{Found, in_line};

    fn citations(line: &str) -> Vec<(u32, &str)> {
        let found = in_line(line).into_iter().map(|found| match found {
            Found::Citation { rfc, section } => (rfc, section),
            Found::Misspelled(text) => panic!("{line:?}: {text:?} counts as misspelled"),
        });
        found.collect()
    }

    #[test]
    fn citations_are_found_wherever_they_stand() {
        for (line, want) in [
            ("// RFC 6376 §3.4.4: only CRLF ends a line.", vec![(6376, "3.4.4")]),
            ("/// (RFC 8017 §9.2, note 1).", vec![(8017, "9.2")]),
            ("(RFC 6376 §3.4.1, RFC 6376 §3.4.3).", vec![(6376, "3.4.1"), (6376, "3.4.3")]),
            ("(RFC 7468 §10, RFC 8017 §A.1.2).", vec![(7468, "10"), (8017, "A.1.2")]),
            ("// It ends the sentence: RFC 3164 §4.1.", vec![(3164, "4.1")]),
            ("// RFC 6376 §B and more", vec![(6376, "B")]),
            ("#[error(\"see RFC 6376 §3.2\")]", vec![(6376, "3.2")]),
        ] {
            assert_eq!(citations(line), want, "{line:?}");
        }
    }

    #[test]
    fn what_names_no_section_is_left_alone() {
        for line in [
            "//! Standards: RFC 6376, RFC 8301, RFC 8463.",
            "// RFC 6376 has 76 pages",
            "include_bytes!(\"data/rfc6376/appendix-a.eml\")",
            "fn the_example_of_rfc_6376_comes_out() {",
            "const RFC8463_KEY: &str = \"\";",
            "struct Rfc8601Word;",
            "Content-Type: message/rfc822",
            "// the rfc says so",
            "// surfcast 2024",
            "// in section 3 of the manual",
        ] {
            assert_eq!(in_line(line), [], "{line:?}");
        }
    }

    #[test]
    fn what_was_meant_to_be_a_citation_is_told() {
        for (line, want) in [
            ("// RFC6376 3.4", "RFC6376 3.4"),
            ("// RFC6376 §3.4", "RFC6376 §3.4"),
            ("// RFC6376", "RFC6376"),
            ("// RFC-6376", "RFC-6376"),
            ("// RFC  6376 §3.4", "RFC  6376 §3.4"),
            ("// rfc 6376", "rfc 6376"),
            ("// rfc 6376 section 3", "rfc 6376 section 3"),
            ("// Rfc 6376 §3.4", "Rfc 6376 §3.4"),
            ("// rfc6376 section 3.4", "rfc6376 section 3.4"),
            ("// RFC 6376 section 3.4.4", "RFC 6376 section 3.4.4"),
            ("// RFC 6376, Section 3.4", "RFC 6376, Section 3.4"),
            ("// RFC 6376 3.4.4", "RFC 6376 3.4.4"),
            ("// RFC 6376§3.4", "RFC 6376§3.4"),
            ("// RFC 6376 § 3.4", "RFC 6376 §"),
            ("// RFC 6376, §3.4", "RFC 6376, §3.4"),
            ("// RFC 6376 §3.4.x", "RFC 6376 §3.4.x"),
            ("// RFC 6376 §a.1", "RFC 6376 §a.1"),
            ("// RFC 6376 §", "RFC 6376 §"),
            ("// RFC 6376 appendix B", "RFC 6376 appendix B"),
            ("// section 3.4 of RFC 6376", "RFC 6376"),
            ("// RFC 06376 §3.4", "RFC 06376 §3.4"),
            ("// and §4.4 too", "§4.4"),
            ("/// §3.5 of the line before", "§3.5"),
        ] {
            let found = in_line(line);
            assert_eq!(found.first(), Some(&Found::Misspelled(want)), "{line:?}");
        }
    }

    #[test]
    fn one_bad_citation_does_not_hide_a_good_one() {
        let found = in_line("// RFC6376 3.4, RFC 6376 §3.5, §3.6");
        let good = Found::Citation { rfc: 6376, section: "3.5" };
        assert_eq!(found, [Found::Misspelled("RFC6376 3.4"), good, Found::Misspelled("§3.6")]);
    }

    #[test]
    fn odd_text_does_no_harm() {
        for line in ["§", "rfc", "RFC ", "RFC 99999999999 §1", "ürfc 1", "RFC 6376 é§", "RFC §3"]
        {
            let _ = in_line(line);
        }
    }
}
