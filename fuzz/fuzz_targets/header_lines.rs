//! A header read from lines: the kind of line end carries no meaning, and no octet is lost.
#![no_main]

use libfuzzer_sys::fuzz_target;
use twinseal_message::{HeaderBlock, HeaderLines, Line};

fuzz_target!(|input: &[u8]| {
    let lines: Vec<&[u8]> = input.split(|&octet| octet == b'\n').map(without_cr).collect();
    let with_lf = read(&lines, b"\n");
    let with_crlf = read(&lines, b"\r\n");
    assert_eq!(with_lf, with_crlf, "the header depends on its line ends");

    let Some((fields, end)) = with_lf else { return };
    let taken = lines.get(..end).unwrap_or_default();
    assert_eq!(fields.join(&b"\r\n"[..]), taken.join(&b"\r\n"[..]), "the header has changed");
    as_from_an_mta(&fields);
});

/// The fields, and how many lines they took; nothing where the header is too large.
fn read(lines: &[&[u8]], line_end: &[u8]) -> Option<(Vec<Vec<u8>>, usize)> {
    let mut header = HeaderLines::default();
    let mut taken = 0;
    for (at, line) in lines.iter().enumerate() {
        let last = at + 1 == lines.len();
        let whole = if last { line.to_vec() } else { [line, line_end].concat() };
        match header.line(&whole).ok()? {
            Line::Header => taken += 1,
            Line::Separator | Line::Body => break,
        }
    }
    Some((octets(&header.finish()), taken))
}

/// The milter protocol brings a field as name and value, folds as bare LF: the same field.
fn as_from_an_mta(fields: &[Vec<u8>]) {
    let mut block = HeaderBlock::default();
    for field in fields {
        let colon = field.iter().position(|&octet| octet == b':');
        let (name, value) = field.split_at(colon.expect("a field has a colon"));
        let value: Vec<u8> = value[1..]
            .split(|&octet| octet == b'\n')
            .map(without_cr)
            .collect::<Vec<_>>()
            .join(&b'\n');
        if block.push(name, &value).is_err() {
            return;
        }
    }
    assert_eq!(octets(&block), fields, "an MTA's fields differ from a file's");
}

fn octets(block: &HeaderBlock) -> Vec<Vec<u8>> {
    block.fields().map(|field| field.octets().to_vec()).collect()
}

/// Without the CRs at its end, which would be part of the line end behind it.
fn without_cr(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|&octet| octet != b'\r').map_or(0, |at| at + 1);
    line.get(..end).unwrap_or_default()
}
