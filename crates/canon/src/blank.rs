//! What stands around text: blanks and line ends.

use crate::compact::BLOCK;

/// The place behind the last octet that is not `blank`, 0 without any.
pub(crate) fn last_but(chunk: &[u8], blank: impl Fn(u8) -> bool) -> usize {
    let mut end = chunk.len();
    while let Some(block) = chunk[..end].last_chunk::<BLOCK>()
        && block.iter().fold(true, |all, &octet| all & blank(octet))
    {
        end -= BLOCK;
    }
    chunk[..end].iter().rposition(|&octet| !blank(octet)).map_or(0, |at| at + 1)
}

/// The place behind the last octet that is surely text where nothing else is none but line ends
/// and what is `blank`; 0 without any.
///
/// A CR or LF that is no part of a line end is text too. Where that depends on what stands before
/// or behind the chunk, it does not count.
pub(crate) fn last_text(chunk: &[u8], blank: impl Fn(u8) -> bool) -> usize {
    let text = last_but(chunk, |octet| (octet == b'\r') | (octet == b'\n') | blank(octet));
    let from = text.saturating_sub(1);
    last_stray(&chunk[from..]).map_or(text, |end| from + end)
}

/// The place behind the last CR without an LF, or LF without a CR.
fn last_stray(octets: &[u8]) -> Option<usize> {
    let stray = |pair: &[u8]| (pair[0] == b'\r') != (pair[1] == b'\n');
    let mut end = octets.len();
    while let Some(block) = octets[..end].last_chunk::<{ BLOCK + 1 }>()
        && (0..BLOCK).fold(true, |none, at| none & !stray(&block[at..at + 2]))
    {
        end -= BLOCK;
    }
    let at = octets[..end].windows(2).rposition(stray)?;
    Some(if octets[at] == b'\r' { at + 1 } else { at + 2 })
}

/// A block behind the octet before it, of which only counts whether it is a CR.
pub(crate) type Behind = [u8; 1 + BLOCK];

/// A block behind a CR or behind another octet.
#[inline(always)]
pub(crate) fn behind(after_cr: bool, block: &[u8; BLOCK]) -> Behind {
    let mut octets = [0; 1 + BLOCK];
    octets[0] = if after_cr { b'\r' } else { 0 };
    octets[1..].copy_from_slice(block);
    octets
}

/// The number of line ends that end in a block.
#[inline(always)]
pub(crate) fn count_line_ends(octets: &Behind) -> u8 {
    let is_one = |at: usize| u8::from((octets[at] == b'\r') & (octets[at + 1] == b'\n'));
    (0..BLOCK).map(is_one).sum()
}

/// Whether nothing is in a block but line ends and what is `blank`. Its last octet may be a CR,
/// about which nothing is known yet.
#[inline(always)]
pub(crate) fn is_blank(octets: &Behind, blank: impl Fn(u8) -> bool) -> bool {
    (0..BLOCK).fold(true, |all, at| {
        let (before, octet) = (octets[at], octets[at + 1]);
        let paired = (before == b'\r') == (octet == b'\n');
        all & paired & ((octet == b'\r') | (octet == b'\n') | blank(octet))
    })
}
