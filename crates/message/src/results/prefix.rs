//! How much of a signature names it (RFC 6008).

/// The fewest characters that are shown (RFC 6008, trap A3).
const FEWEST: usize = 8;

/// For each signature of a message (`b=` in base64, without white space) its shortest beginning
/// of at least eight characters that no other signature of the message begins with, in the order
/// given.
///
/// A signature that is shorter, or that is the beginning of another, is given whole. The same
/// signature twice is one: no length tells them apart.
#[must_use]
pub fn unique_prefixes<'a>(signatures: &[&'a str]) -> Vec<&'a str> {
    let mut sorted = signatures.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    signatures.iter().map(|one| shortest(one, &sorted)).collect()
}

/// In a sorted list the neighbours share the most with a text.
fn shortest<'a>(one: &'a str, sorted: &[&str]) -> &'a str {
    let at = sorted.partition_point(|other| *other < one);
    let neighbours = [at.checked_sub(1), at.checked_add(1)];
    let shared = neighbours
        .into_iter()
        .filter_map(|at| sorted.get(at?))
        .map(|other| shared_octets(one, other))
        .max()
        .unwrap_or_default();
    let octets = (shared + 1).max(FEWEST);
    let end = (octets..one.len()).find(|&end| one.is_char_boundary(end)).unwrap_or(one.len());
    one.get(..end).unwrap_or(one)
}

fn shared_octets(one: &str, other: &str) -> usize {
    one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::unique_prefixes;

    #[test]
    fn eight_characters_are_enough_where_they_differ() {
        assert_eq!(unique_prefixes(&["AbCdEfGhIjKl"]), ["AbCdEfGh"]);
        assert_eq!(unique_prefixes(&["AbCdEfGhIj", "aBCDEFGHIJ"]), ["AbCdEfGh", "aBCDEFGH"]);
        assert_eq!(unique_prefixes(&[]), [""; 0]);
    }

    #[test]
    fn more_are_shown_until_no_other_signature_begins_so() {
        let signatures = ["AAAAAAAAAAzz", "AAAAAAAAAAyy", "AAAAAAAABBBB", "CCCCCCCCCCCC"];
        assert_eq!(
            unique_prefixes(&signatures),
            ["AAAAAAAAAAz", "AAAAAAAAAAy", "AAAAAAAAB", "CCCCCCCC"]
        );
    }

    #[test]
    fn what_cannot_be_told_apart_is_whole_or_short() {
        assert_eq!(
            unique_prefixes(&["AAAAAAAAAA", "AAAAAAAAAABB", "", "abc"]),
            ["AAAAAAAAAA", "AAAAAAAAAAB", "", "abc"]
        );
        assert_eq!(unique_prefixes(&["ABCDEFGHIJ", "ABCDEFGHIJ"]), ["ABCDEFGH", "ABCDEFGH"]);
    }
}
