//! Bodies: what mail usually is, and what is hardest on canonicalization.

/// How long a line of base64 or of alternating characters is, without its end.
const LINE: usize = 76;

/// The longest line that SMTP allows, without its end (RFC 5321 §4.5.3.1.6).
const LONG_LINE: usize = 998;

/// A kind of body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// Words of English, wrapped, in paragraphs.
    Text,
    /// An encoded attachment.
    Base64,
    /// The longest lines, all of spaces: relaxed canonicalization keeps nothing of them.
    SpaceLines,
    /// One line of spaces that never ends.
    Spaces,
    /// Empty lines, which count only if something follows.
    EmptyLines,
    /// Lines of one letter.
    ShortLines,
    /// A letter and a space in turn.
    LetterSpace,
}

impl Body {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Text,
        Self::Base64,
        Self::SpaceLines,
        Self::Spaces,
        Self::EmptyLines,
        Self::ShortLines,
        Self::LetterSpace,
    ];

    /// As tables name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Base64 => "base64",
            Self::SpaceLines => "lines of 998 spaces",
            Self::Spaces => "spaces, no line end",
            Self::EmptyLines => "CRLF only",
            Self::ShortLines => "lines of one byte",
            Self::LetterSpace => "letter and space in turn",
        }
    }

    /// A body of this kind, with exactly that many octets.
    pub fn octets(self, octets: usize) -> Vec<u8> {
        match self {
            Self::Text => text(octets),
            Self::Base64 => base64(octets),
            Self::SpaceLines => lines(&[b' '; LONG_LINE], octets),
            Self::Spaces => vec![b' '; octets],
            Self::EmptyLines => lines(b"", octets),
            Self::ShortLines => lines(b"a", octets),
            Self::LetterSpace => lines(&b"a ".repeat(LINE / 2), octets),
        }
    }
}

/// A size as tables name it: 2 KiB, 5 MiB.
pub fn size(octets: usize) -> String {
    match octets >> 20 {
        0 => format!("{} KiB", octets >> 10),
        mib => format!("{mib} MiB"),
    }
}

/// The same line again and again; the last one is cut.
fn lines(line: &[u8], octets: usize) -> Vec<u8> {
    let line = [line, b"\r\n"].concat();
    ended(line.iter().copied().cycle().take(octets).collect(), octets)
}

const WORDS: &str = "a the of and to in is that it was for on are as with his they at be this from I \
                     have or by one had not but what all were when we there can an your which their \
                     said if do will each about how up out them then she many some so these would \
                     other into has more her two like him see time could no make than first been its \
                     who now people my made over did down only way find use may water long little \
                     very after words called just where most know";

fn text(octets: usize) -> Vec<u8> {
    let words: Vec<&[u8]> = WORDS.split_whitespace().map(str::as_bytes).collect();
    let mut random = Random::default();
    let mut body = Vec::with_capacity(octets + LINE);
    let mut column = 0;
    while body.len() < octets {
        let word = words[random.below(words.len())];
        if column + word.len() >= LINE {
            // A paragraph ends now and then.
            let end: &[u8] = if random.below(8) == 0 { b"\r\n\r\n" } else { b"\r\n" };
            body.extend_from_slice(end);
            column = 0;
        } else if column > 0 {
            body.push(b' ');
        }
        body.extend_from_slice(word);
        column += word.len() + 1;
    }
    ended(body, octets)
}

fn base64(octets: usize) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut random = Random::default();
    let body = (0..octets).map(|at| match at % (LINE + 2) {
        LINE => b'\r',
        column if column > LINE => b'\n',
        _ => ALPHABET[random.below(ALPHABET.len())],
    });
    ended(body.collect(), octets)
}

/// Cut to size, with a line end as its end.
fn ended(mut body: Vec<u8>, octets: usize) -> Vec<u8> {
    body.truncate(octets.saturating_sub(2));
    if body.last() == Some(&b'\r') {
        body.pop();
        body.push(b'x');
    }
    body.extend_from_slice(b"\r\n");
    body
}

/// The same numbers on every machine and in every run (SplitMix64).
#[derive(Default)]
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_have_the_size_that_was_asked_for_and_lines_that_smtp_takes() {
        for body in Body::ALL {
            for octets in [2048, 20 * 1024, 65_535] {
                let made = body.octets(octets);
                assert_eq!(made.len(), octets, "{}", body.name());
                let longest = made.split(|octet| *octet == b'\n').map(<[u8]>::len).max();
                assert!(body == Body::Spaces || longest < Some(1000), "{}", body.name());
            }
        }
    }

    #[test]
    fn bodies_have_no_stray_cr_or_lf_and_end_with_a_line() {
        for body in Body::ALL.into_iter().filter(|body| *body != Body::Spaces) {
            for octets in 2000..2200 {
                let made = body.octets(octets);
                let ends = made.windows(2).filter(|pair| pair == b"\r\n").count();
                let stray = made.iter().filter(|octet| matches!(octet, b'\r' | b'\n')).count();
                assert_eq!(stray, 2 * ends, "{} of {octets}", body.name());
                assert!(made.ends_with(b"\r\n"));
            }
        }
    }

    #[test]
    fn sizes_have_names() {
        assert_eq!((size(20 << 10), size(5 << 20)), ("20 KiB".to_owned(), "5 MiB".to_owned()));
    }
}
