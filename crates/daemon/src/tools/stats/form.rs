//! Figures, and the forms in which others read them.

/// How many figures are looked at.
const MOST: usize = 10_000;

/// Names and numbers, in their order.
#[derive(Debug, Default)]
pub(super) struct Figures {
    all: Vec<(String, u64)>,
}

impl Figures {
    /// Reads lines; nothing, where they are no figures.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let figure = |line: &str| {
            let (name, value) = line.split_once(' ')?;
            let is_name = !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_graphic());
            Some((name.to_owned(), value.parse().ok().filter(|_| is_name)?))
        };
        let all: Vec<_> = text.lines().take(MOST).map(figure).collect::<Option<_>>()?;
        (!all.is_empty()).then_some(Self { all })
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.all.iter().map(|(name, value)| (name.as_str(), *value))
    }

    /// Whether one is called so.
    pub(super) fn has(&self, wanted: &str) -> bool {
        self.all.iter().any(|(name, _)| is_meant(wanted, name))
    }

    /// Those that are called so, in the order in which they were asked for; without a name, all.
    pub(super) fn only(self, names: &[String]) -> Self {
        if names.is_empty() {
            return self;
        }
        let of = |wanted: &String| {
            let wanted = wanted.clone();
            self.all.iter().filter(move |(name, _)| is_meant(&wanted, name)).cloned()
        };
        Self { all: names.iter().flat_map(of).collect() }
    }

    /// A line for each.
    pub(super) fn lines(&self) -> String {
        self.all.iter().map(|(name, value)| format!("{name} {value}\n")).collect()
    }

    /// The numbers alone, a line for each.
    pub(super) fn values(&self) -> String {
        self.all.iter().map(|(_, value)| format!("{value}\n")).collect()
    }

    /// What a script of Cacti prints. The names of its fields have letters, digits and `_`; those of
    /// domains are only there where they are asked for.
    pub(super) fn cacti(&self, is_named: bool) -> String {
        let plain = |ch: char| if ch.is_ascii_alphanumeric() { ch } else { '_' };
        let shown = self.all.iter().filter(|(name, _)| is_named || !name.starts_with(OF_DOMAIN));
        let fields: Vec<_> = shown
            .map(|(name, value)| format!("{}:{value}", name.chars().map(plain).collect::<String>()))
            .collect();
        fields.join(" ") + "\n"
    }

    /// One object.
    pub(super) fn json(&self) -> String {
        let all = self.all.iter().map(|(name, value)| (name.clone(), (*value).into()));
        format!("{}\n", serde_json::Value::Object(all.collect()))
    }
}

/// How the names of figures of one domain begin.
const OF_DOMAIN: &str = "domain_";

/// Whether that name is what is wanted, which may end with a `*`.
fn is_meant(wanted: &str, name: &str) -> bool {
    wanted.strip_suffix('*').map_or(wanted == name, |start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::Figures;

    const TEXT: &str =
        "connections 7\nmessages_signed 12\nmessages_passed 0\ndomain_dkim_a-b.example 12\n";

    fn only(names: &[&str]) -> Figures {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        Figures::parse(TEXT).unwrap().only(&names)
    }

    #[test]
    fn each_form_is_what_its_reader_wants() {
        assert_eq!(only(&[]).lines(), TEXT);
        assert_eq!(only(&[]).cacti(false), "connections:7 messages_signed:12 messages_passed:0\n");
        assert_eq!(only(&["domain_*"]).cacti(true), "domain_dkim_a_b_example:12\n");
        assert_eq!(only(&["messages_signed"]).values(), "12\n");
        assert_eq!(
            only(&["messages_*"]).json(),
            "{\"messages_passed\":0,\"messages_signed\":12}\n"
        );
    }

    #[test]
    fn names_are_whole_unless_a_star_says_otherwise() {
        assert_eq!(
            only(&["messages_*", "connections"]).lines(),
            "messages_signed 12\nmessages_passed 0\nconnections 7\n"
        );
        assert_eq!(only(&["messages", "*signed"]).lines(), "");
        assert!(only(&[]).has("connections") && !only(&[]).has("connection"));
    }

    #[test]
    fn what_has_no_figures_is_refused() {
        for text in ["", "<!DOCTYPE html>\n", "a b\n", "a 1\nb\n", " 1\n", "a\u{1b} 1\n", "a -1\n"]
        {
            assert!(Figures::parse(text).is_none(), "{text}");
        }
    }
}
