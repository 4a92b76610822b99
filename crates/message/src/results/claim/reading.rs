//! The ways in which programs read the name at the beginning of a field.

use super::host::Host;

/// A longer name is none of a host, in octets: twice what DNS allows (RFC 1035 §2.3.4), because
/// UTF-8 may take more than A-labels do.
const MAX_NAME_OCTETS: usize = 512;

/// A name in more pieces, with comments, quotes or folds between them, is disguised; one of eight
/// labels with a comment beside each dot has fewer.
const MAX_PIECES: usize = 16;

/// The same where the pieces are not ASCII: each costs a translation into A-labels, and nobody
/// writes comments into such names.
const MAX_FOREIGN_PIECES: usize = 4;

/// The longest name of a character set in an encoded word that is looked for, in octets.
const MAX_CHARSET_OCTETS: usize = 64;

/// What a reader may make of a field's beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reading {
    /// That name.
    Name(Host),
    /// The field begins with a result.
    Nobody,
    /// Nobody who means well writes it so.
    Disguised,
}

/// How a reader understands comments (RFC 5322 §3.2.2): as the standard has it, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Comments {
    /// One may stand in another.
    nest: bool,
    /// A backslash takes the meaning from a parenthesis.
    escape: bool,
}

impl Comments {
    const STANDARD: Self = Self { nest: true, escape: true };
    const OTHERS: [Self; 3] = [
        Self { nest: true, escape: false },
        Self { nest: false, escape: true },
        Self { nest: false, escape: false },
    ];

    /// What stands behind the comment that the text begins with; `None` when it never ends.
    fn skip(self, text: &[u8]) -> Option<&[u8]> {
        let mut depth = 0_usize;
        let mut rest = text;
        loop {
            rest = match rest {
                [b'\\', _, after @ ..] if self.escape => after,
                [b'(', after @ ..] => {
                    depth = if self.nest { depth + 1 } else { 1 };
                    after
                }
                [b')', after @ ..] => {
                    depth -= 1;
                    after
                }
                [_, after @ ..] => after,
                [] => return None,
            };
            if depth == 0 {
                return Some(rest);
            }
        }
    }
}

impl Reading {
    /// What the readers that we know of may make of that field.
    pub(super) fn all(value: &[u8]) -> Vec<Self> {
        let mut found = Vec::new();
        let rest = Name::read(value, Comments::STANDARD, &mut found);
        let head = value.get(..value.len() - rest.len()).unwrap_or_default();
        if head.contains(&b'(') {
            for comments in Comments::OTHERS {
                Name::read(value, comments, &mut found);
            }
        }
        let piece = rest.split(|&octet| octet == b';').next().unwrap_or_default();
        if has_encoded_word(value.get(..head.len() + piece.len()).unwrap_or_default()) {
            found.push(Self::Disguised);
        }
        plain(value, &mut found);
        if let Some(behind) = behind_instance(value) {
            Name::read(behind, Comments::STANDARD, &mut found);
            plain(behind, &mut found);
        }
        found
    }
}

/// What follows `i=1;`: a reader of ARC-Authentication-Results (RFC 8617 §4.1.1) that is given
/// these fields as well finds the name there.
fn behind_instance(value: &[u8]) -> Option<&[u8]> {
    let (b'i' | b'I', rest) = skip_gap(value).split_first()? else { return None };
    let rest = skip_gap(skip_gap(rest).strip_prefix(b"=")?);
    let end = rest.iter().position(|octet| !octet.is_ascii_digit())?;
    skip_gap(rest.get(end..)?).strip_prefix(b";").filter(|_| end > 0)
}

/// The text without white space and comments in front.
fn skip_gap(mut text: &[u8]) -> &[u8] {
    loop {
        text = text.trim_ascii_start();
        let behind = text.starts_with(b"(").then(|| Comments::STANDARD.skip(text)).flatten();
        let Some(behind) = behind else { return text };
        text = behind;
    }
}

/// What is found by readers that know neither comments nor quotes: all that is in front of the
/// first semicolon, or the first word of it.
fn plain(value: &[u8], found: &mut Vec<Reading>) {
    let piece = value.split(|&octet| octet == b';').next().unwrap_or_default().trim_ascii();
    let word = piece.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    for text in [piece, word] {
        if text.len() <= MAX_NAME_OCTETS {
            found.extend(Host::all(text).map(Reading::Name));
        }
    }
}

/// Whether there is an encoded word (RFC 2047 §2). None can stand where an authserv-id may, and a
/// program that decodes first finds anything in it.
pub(super) fn has_encoded_word(text: &[u8]) -> bool {
    let begins = |at| {
        let text = text.get(at..)?.strip_prefix(b"=?")?;
        let text = text.get(..text.len().min(MAX_CHARSET_OCTETS))?;
        let end = text.iter().position(|&octet| octet == b'?')?;
        match text.get(end + 1..)? {
            [b'b' | b'B' | b'q' | b'Q', b'?', ..] => Some(()),
            _ => None,
        }
    };
    (0..text.len()).any(|at| begins(at).is_some())
}

/// The name as far as it has been read.
///
/// Readers disagree about where it ends, so it counts as a name at each place where one of them
/// may stop, and is read on as far as any of them goes.
struct Name<'f> {
    comments: Comments,
    text: Vec<u8>,
    pieces: usize,
    found: &'f mut Vec<Reading>,
}

/// Whether reading goes on.
type GoesOn<'a> = Result<&'a [u8], Stop<'a>>;

/// Why reading stopped.
enum Stop<'a> {
    /// The name is over; this follows.
    Ended(&'a [u8]),
    /// It is disguised.
    Disguised,
}

impl<'f> Name<'f> {
    /// Reads a field's name, adds what may be made of it, and returns what follows it.
    fn read<'a>(value: &'a [u8], comments: Comments, found: &'f mut Vec<Reading>) -> &'a [u8] {
        let before = found.len();
        let Some(begin) = skip_to_name(value, comments) else {
            // A reader that knows comments no better than we do sees nothing; one that knows of
            // none may see anything.
            if comments == Comments::STANDARD {
                found.push(Reading::Disguised);
            }
            return &[];
        };
        let mut name = Self { comments, text: Vec::new(), pieces: 0, found };
        let rest = match name.octets(begin) {
            Stop::Ended(rest) => rest,
            Stop::Disguised => {
                name.found.push(Reading::Disguised);
                return &[];
            }
        };
        if is_method(&name.text) && rest.first() == Some(&b'=') {
            name.found.truncate(before);
            name.found.push(Reading::Nobody);
        }
        rest
    }

    fn octets<'a>(&mut self, mut rest: &'a [u8]) -> Stop<'a> {
        loop {
            match self.step(rest) {
                Ok(after) => rest = after,
                Err(stop) => return stop,
            }
        }
    }

    fn step<'a>(&mut self, rest: &'a [u8]) -> GoesOn<'a> {
        let Some((&first, after)) = rest.split_first() else {
            return self.end(rest);
        };
        match first {
            b'"' => self.quoted(after),
            b'\\' => Ok(after),
            b' ' | b'\t' | b'\r' | b'\n' | b'(' => self.gap(rest),
            octet if octet.is_ascii_control() => self.boundary().map(|()| after),
            b'/' => {
                self.boundary()?;
                self.push(b"/").map(|()| after)
            }
            octet if is_special(octet) => self.end(rest),
            octet => self.push(&[octet]).map(|()| after),
        }
    }

    /// A quoted string; one that never ends is no more than a quote.
    fn quoted<'a>(&mut self, text: &'a [u8]) -> GoesOn<'a> {
        self.boundary()?;
        let Some((content, after)) = until_quote(text) else {
            return Ok(text);
        };
        let plain: Vec<_> = content.iter().copied().filter(|&octet| octet != b'\\').collect();
        self.push(&plain)?;
        self.boundary()?;
        Ok(after)
    }

    /// White space and comments. Some readers go on behind them: where only a comment stood, where
    /// a dot is on either side, and where a fold was, if they remove it with its blanks.
    fn gap<'a>(&mut self, text: &'a [u8]) -> GoesOn<'a> {
        self.boundary()?;
        let mut rest = text;
        let (mut blanks, mut folds) = (false, false);
        loop {
            rest = match rest {
                [b' ' | b'\t', after @ ..] => {
                    blanks = true;
                    after
                }
                [b'\r' | b'\n', after @ ..] => {
                    folds = true;
                    after
                }
                [b'(', ..] => match self.comments.skip(rest) {
                    Some(after) => after,
                    None => return self.end(rest),
                },
                _ => break,
            };
        }
        let at_dot = self.text.last() == Some(&b'.') || rest.first() == Some(&b'.');
        if folds || !blanks || at_dot { Ok(rest) } else { self.end(rest) }
    }

    fn push<'a>(&mut self, octets: &[u8]) -> Result<(), Stop<'a>> {
        self.text.extend_from_slice(octets);
        if self.text.len() <= MAX_NAME_OCTETS {
            return Ok(());
        }
        // RFC 5891 §5.2: any number of characters may mean nothing in an internationalized name.
        Err(if self.text.is_ascii() { Stop::Ended(&[]) } else { Stop::Disguised })
    }

    /// Here some reader may find the end of the name.
    fn boundary<'a>(&mut self) -> Result<(), Stop<'a>> {
        let limit = if self.text.is_ascii() { MAX_PIECES } else { MAX_FOREIGN_PIECES };
        self.pieces += 1;
        if self.pieces > limit {
            return Err(Stop::Disguised);
        }
        self.found.extend(Host::all(&self.text).map(Reading::Name));
        Ok(())
    }

    fn end<'a>(&mut self, rest: &'a [u8]) -> GoesOn<'a> {
        self.boundary()?;
        Err(Stop::Ended(rest))
    }
}

/// The field from the first octet that can belong to a name; `None` when a comment before it never
/// ends.
fn skip_to_name(mut text: &[u8], comments: Comments) -> Option<&[u8]> {
    loop {
        text = match text {
            [b'(', ..] => comments.skip(text)?,
            [first, after @ ..] if is_no_name(*first) => after,
            _ => return Some(text),
        };
    }
}

/// Content and rest of a quoted string whose first quote has been read.
fn until_quote(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut escaped = false;
    let end = text.iter().position(|&octet| {
        let closes = octet == b'"' && !escaped;
        escaped = octet == b'\\' && !escaped;
        closes
    })?;
    Some((text.get(..end)?, text.get(end + 1..)?))
}

/// `dkim` or `dkim/1`: what a result begins with.
fn is_method(text: &[u8]) -> bool {
    let mut parts = text.split(|&octet| octet == b'/');
    let is_keyword = |part: &[u8]| {
        !part.is_empty() && part.iter().all(|&octet| octet.is_ascii_alphanumeric() || octet == b'-')
    };
    parts.next().is_some_and(is_keyword)
        && parts.all(|version| version.iter().all(u8::is_ascii_digit))
}

/// What ends a token (RFC 2045 §5.1), but for what has a meaning of its own here.
const fn is_special(octet: u8) -> bool {
    matches!(octet, b')' | b'<' | b'>' | b'@' | b',' | b';' | b':' | b'[' | b']' | b'?' | b'=')
}

/// What no name begins with, and a careless reader may skip.
const fn is_no_name(octet: u8) -> bool {
    is_special(octet) || octet.is_ascii_whitespace() || octet.is_ascii_control()
}
