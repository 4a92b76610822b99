//! Names that somebody had to register, without a list of public suffixes.
//!
//! Good enough for who only shares something out, or warns: no list has to be kept up to date on the
//! host. Where it takes too much together (names below `github.io`), neighbours share, and a warning
//! is left out.

/// What countries sell names below, rather than below their own.
const SOLD_BELOW: &[&str] =
    &["ac", "co", "com", "edu", "go", "gob", "gov", "ne", "net", "nom", "or", "org"];

/// The part of a name that somebody had to register: its last two labels, or three below places
/// like `co.uk` and `com.au`.
pub(crate) fn registered(name: &str) -> &str {
    let mut labels = name.rsplit('.');
    let (last, second) = (labels.next().unwrap_or_default(), labels.next().unwrap_or_default());
    let count = if last.len() == 2 && SOLD_BELOW.contains(&second) { 3 } else { 2 };
    let mut dots = name.rmatch_indices('.').map(|(at, _)| at);
    dots.nth(count - 1).and_then(|dot| name.get(dot + 1..)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::registered;

    #[test]
    fn below_some_places_names_have_three_labels() {
        for (name, want) in [
            ("s._domainkey.example.com", "example.com"),
            ("s._domainkey.a.b.example.com", "example.com"),
            ("s._domainkey.example.co.uk", "example.co.uk"),
            ("s._domainkey.a.example.com.au", "example.com.au"),
            ("s._domainkey.abc.de", "abc.de"),
            ("co.uk", "co.uk"),
            ("localhost", "localhost"),
            ("", ""),
            ("..", "."),
        ] {
            assert_eq!(registered(name), want, "{name}");
        }
    }
}
