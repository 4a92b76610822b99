//! What stands behind the question mark of an address.

/// How much of a search is looked at, in characters: no name of DNS is longer.
const MOST_SOUGHT: usize = 255;

/// The value of that name, the first one if there are several.
pub(super) fn value(query: &str, name: &str) -> Option<String> {
    let mut pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| decoded(value))
}

/// What a form has made harmless, as it was typed.
fn decoded(value: &str) -> String {
    let mut octets = Vec::new();
    let mut rest = value.bytes();
    while let Some(octet) = rest.next() {
        let mut ahead = rest.clone();
        let pair = (ahead.next().and_then(digit), ahead.next().and_then(digit));
        match (octet, pair) {
            (b'+', _) => octets.push(b' '),
            (b'%', (Some(high), Some(low))) => {
                octets.push(high * 16 + low);
                rest = ahead;
            }
            (octet, _) => octets.push(octet),
        }
    }
    String::from_utf8_lossy(&octets).chars().take(MOST_SOUGHT).collect()
}

fn digit(octet: u8) -> Option<u8> {
    char::from(octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::value;

    #[test]
    fn a_search_is_what_was_typed() {
        for (query, want) in [
            ("find=a.example", Some("a.example")),
            ("page=2&find=a+b%2Ec", Some("a b.c")),
            ("find=%C3%BC&find=x", Some("ü")),
            ("find=%zz%4", Some("%zz%4")),
            ("find=%ff", Some("\u{fffd}")),
            ("find", Some("")),
            ("page=2", None),
            ("", None),
        ] {
            assert_eq!(value(query, "find").as_deref(), want, "{query}");
        }
        let long = format!("find={}", "x".repeat(10_000));
        assert_eq!(value(&long, "find").unwrap().len(), 255);
    }
}
