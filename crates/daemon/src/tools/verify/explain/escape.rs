//! Octets, made visible.

/// The octets, line by line, each with its line end; nothing is lost, and nothing but printable
/// ASCII is left.
pub(super) fn lines(octets: &[u8]) -> Vec<String> {
    octets.split_inclusive(|&octet| octet == b'\n').map(one_line).collect()
}

/// The same as one text.
pub(super) fn one_line(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len());
    for &octet in octets {
        match octet {
            b'\\' => text.push_str("\\\\"),
            b'\r' => text.push_str("\\r"),
            b'\n' => text.push_str("\\n"),
            b'\t' => text.push_str("\\t"),
            b' '..=b'~' => text.push(char::from(octet)),
            _ => text.push_str(&format!("\\x{octet:02x}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn every_octet_is_visible_and_none_is_lost() {
        let shown = lines(b"a\\ \t\r\n\0\xff\"\r\nrest");
        assert_eq!(shown, ["a\\\\ \\t\\r\\n", "\\x00\\xff\"\\r\\n", "rest"]);
        assert_eq!(lines(b""), [""; 0]);
    }
}
