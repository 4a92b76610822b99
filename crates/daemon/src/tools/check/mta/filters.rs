//! The lists of filters in Postfix's configuration: `smtpd_milters` and `non_smtpd_milters`.

use std::fmt;

/// One filter of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Filter {
    /// Its socket, in Postfix's words.
    pub(super) socket: String,
    /// What stands behind it in braces: names and values.
    pub(super) settings: Vec<(String, String)>,
}

/// Reads a list: sockets with commas or white space between them, some in braces with settings of
/// their own (Postfix 3.0 and newer).
pub(super) fn parse(text: &str) -> Vec<Filter> {
    let mut filters = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(is_between);
        if rest.is_empty() {
            return filters;
        }
        let (word, behind) = match rest.strip_prefix('{') {
            Some(inside) => group(inside),
            None => {
                let end = rest.find(is_between).unwrap_or(rest.len());
                rest.split_at_checked(end).unwrap_or((rest, ""))
            }
        };
        filters.extend(one(word));
        rest = behind;
    }
}

/// What stands up to the brace that closes it, and what stands behind that: braces nest.
fn group(inside: &str) -> (&str, &str) {
    let mut depth = 1_usize;
    let end = inside.char_indices().find(|(_, ch)| {
        match ch {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        depth == 0
    });
    let parts = end.and_then(|(at, _)| inside.split_at_checked(at));
    parts.map_or((inside, ""), |(group, rest)| (group, rest.strip_prefix('}').unwrap_or(rest)))
}

fn one(text: &str) -> Option<Filter> {
    // `{ name = value }` within holds together what `name=value` is.
    let text = &text.replace(['{', '}'], " ");
    let mut words = text.split(is_between).filter(|word| !word.is_empty());
    let socket = words.next()?.to_owned();
    // `name = value` may have white space around the equals sign.
    let rest = text.trim_start().strip_prefix(&socket)?.replace('=', " = ");
    let words: Vec<&str> = rest.split(is_between).filter(|word| !word.is_empty()).collect();
    let named = words.windows(3).filter_map(|words| match words {
        [name, "=", value] => Some(((*name).to_owned(), (*value).to_owned())),
        _ => None,
    });
    Some(Filter { socket, settings: named.collect() })
}

fn is_between(ch: char) -> bool {
    ch == ',' || ch.is_ascii_whitespace()
}

impl Filter {
    pub(super) fn new(socket: &str) -> Self {
        Self { socket: socket.to_owned(), settings: Vec::new() }
    }

    /// The last value of a setting of its own.
    pub(super) fn setting(&self, name: &str) -> Option<&str> {
        let mut named = self.settings.iter().rev().filter(|(known, _)| known == name);
        named.next().map(|(_, value)| value.as_str())
    }

    /// The same with another value.
    #[must_use]
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.settings.retain(|(known, _)| known != name);
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.settings.is_empty() {
            return f.write_str(&self.socket);
        }
        write!(f, "{{ {}", self.socket)?;
        self.settings.iter().try_for_each(|(name, value)| write!(f, ", {name}={value}"))?;
        f.write_str(" }")
    }
}

/// A list as Postfix takes it.
pub(super) fn list(filters: &[Filter]) -> String {
    filters.iter().map(Filter::to_string).collect::<Vec<String>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::{list, parse};

    #[test]
    fn a_list_is_read_however_it_is_written_and_written_the_same_way() {
        for (text, want) in [
            ("", ""),
            ("unix:a/b.sock", "unix:a/b.sock"),
            ("unix:a, inet:127.0.0.1:8891", "unix:a, inet:127.0.0.1:8891"),
            ("unix:a inet:h:1,\n\tlocal:/b", "unix:a, inet:h:1, local:/b"),
            ("{ unix:a }", "unix:a"),
            (
                "{ unix:a, default_action=accept } unix:b",
                "{ unix:a, default_action=accept }, unix:b",
            ),
            (
                "{unix:a default_action = accept, connect_timeout=10s}",
                "{ unix:a, default_action=accept, connect_timeout=10s }",
            ),
            (
                "{ unix:a, { default_action = accept }, connect_timeout=1s }, unix:b",
                "{ unix:a, default_action=accept, connect_timeout=1s }, unix:b",
            ),
            ("{ unix:a", "unix:a"),
            ("{}{ { }", ""),
        ] {
            assert_eq!(list(&parse(text)), want, "{text:?}");
            assert_eq!(list(&parse(want)), want, "{text:?}");
        }
        let filters = parse("{ unix:a, default_action=accept, default_action=tempfail }");
        assert_eq!(filters[0].setting("default_action"), Some("tempfail"));
        assert_eq!(
            list(&[filters[0].clone().with("default_action", "reject")]),
            "{ unix:a, default_action=reject }"
        );
    }
}
