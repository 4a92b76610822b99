//! The lines about filters of a `sendmail.cf`.

use super::{Filters, names};

/// Reads them: `Xname, S=…`, and `O InputMailFilters=…`. A line that begins with a blank goes on
/// with the one before it.
pub(super) fn parse(text: &str) -> Filters {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        match lines.last_mut() {
            Some(last) if line.starts_with([' ', '\t']) => last.push_str(line),
            _ => lines.push(line.to_owned()),
        }
    }
    let mut filters = Filters::default();
    for line in &lines {
        if let Some((name, equates)) = line.strip_prefix('X').and_then(|rest| rest.split_once(','))
        {
            filters.defined.insert(name.trim().to_owned(), equates.trim().to_owned());
        }
        let option = line.strip_prefix('O').and_then(|rest| rest.split_once('='));
        if let Some((name, value)) = option
            && name.trim().eq_ignore_ascii_case("InputMailFilters")
        {
            filters.used = names(value);
        }
    }
    filters
}

#[cfg(test)]
mod tests {
    use super::{Filters, parse};

    #[test]
    fn filters_and_their_order_are_read() {
        let text = "# X comment, S=x\nO InputMailFilters=b, a\nO Other=1\n\
                    Xa, S=unix:/run/a.sock,\n\tF=T, T=C:1s;E:2s\nXb, S=inet:1@localhost\nDj$w\n";
        let Filters { defined, used } = parse(text);
        assert_eq!(used, ["b", "a"]);
        let defined: Vec<(String, String)> = defined.into_iter().collect();
        let want = [("a", "S=unix:/run/a.sock,\tF=T, T=C:1s;E:2s"), ("b", "S=inet:1@localhost")];
        assert_eq!(defined, want.map(|(name, text)| (name.to_owned(), text.to_owned())));
        assert_eq!(parse("O InputMailFilters\nX\n O x=y"), Filters::default());
    }
}
