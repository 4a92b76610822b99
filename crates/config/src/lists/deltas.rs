//! Lists of header fields that say how they differ from the default, as `opendkim` has them.

/// The item that stands for the default.
const DEFAULT: &str = "*";

/// The names that the items come to: themselves, or the default with `+name` added and `-name`
/// taken away where a `*` or such an item is among them.
pub(crate) fn applied(items: &[&str], default: &[&str]) -> Vec<String> {
    let is_delta = |item: &&&str| **item == DEFAULT || item.starts_with(['+', '-']);
    if !items.iter().any(|item| is_delta(&item)) {
        return items.iter().map(|&item| item.to_owned()).collect();
    }
    let mut names: Vec<String> = default.iter().map(|&name| name.to_owned()).collect();
    for item in items.iter().filter(|&&item| item != DEFAULT) {
        let bare = item.strip_prefix(['+', '-']).unwrap_or(item);
        names.retain(|name| !name.eq_ignore_ascii_case(bare));
        if !item.starts_with('-') {
            names.push(bare.to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::applied;

    #[test]
    fn a_list_is_itself_or_a_change_of_the_default() {
        for (items, want) in [
            (&["x", "y"][..], &["x", "y"][..]),
            (&[], &[]),
            (&["*"], &["from", "to"]),
            (&["*", "+x"], &["from", "to", "x"]),
            (&["*", "-To"], &["from"]),
            (&["+to"], &["from", "to"]),
            (&["*", "x", "-from"], &["to", "x"]),
        ] {
            assert_eq!(applied(items, &["from", "to"]), want, "{items:?}");
        }
    }
}
