//! A YAML file as trees in which everything knows its line.
//!
//! Reading into types of our own would stop at the first mistake. These trees take whatever is
//! YAML, keep repeated keys, and keep scalars as they were written: `007` and `off` are texts
//! until a row of the table says what they are. A file is handed over in pieces: of a hundred
//! thousand entries, only one is a tree at a time.

mod pieces;

use crate::wrong::{Quoted, Wrong};
use pieces::Pieces;
use serde::de::{Deserialize, Deserializer};
use serde_yaml::budget::BudgetBreach;
use serde_yaml::options::{DuplicateKeyPolicy, MergeKeyPolicy, NonFiniteFloatPolicy};
use serde_yaml::{Error, Options, Spanned};
use std::borrow::Cow;

pub(crate) use pieces::Piece;

/// The most sequences, mappings and scalars in a file: room for some 400,000 signing entries.
const MAX_NODES: usize = 6_000_000;
/// How deep sequences and mappings may nest. Ours nest five deep; a stranger's must not end the
/// process.
const MAX_DEPTH: usize = 32;

/// What to do about the marks that mean something to YAML and something else to us.
const IN_QUOTES: &str = "; values that begin with ! or * stand in quotes";

/// A value of the file.
#[derive(Debug)]
pub(crate) struct Node<'s> {
    pub(crate) line: u32,
    /// Where it is written, in octets from the start of the file.
    start: u32,
    pub(crate) value: Value<'s>,
}

#[derive(Debug)]
pub(crate) enum Value<'s> {
    /// Nothing, or `~`, or `null`.
    Null,
    /// Words, or what stands in quotes.
    Text(Cow<'s, str>),
    /// What YAML takes for a number or a truth value, as the place where it is written, as far as
    /// that is known.
    Plain {
        start: usize,
        octets: usize,
    },
    List(Vec<Node<'s>>),
    Map(Vec<(Node<'s>, Node<'s>)>),
}

/// What is wrong with a file that is no YAML, and where.
#[derive(Debug)]
pub(crate) struct NoYaml {
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) wrong: Wrong,
}

/// Reads a file, and hands it over piece by piece; of a list under the key `listed`, item by item.
///
/// What has been handed over before something is found to be no YAML may not be what is meant.
pub(crate) fn read<'s>(
    source: &'s str,
    listed: &str,
    take: &mut dyn FnMut(Piece<'_, 's>),
) -> Result<(), NoYaml> {
    let mut pieces = Pieces::new(source, listed, take);
    let read = serde_yaml::with_deserializer_from_str_with_options(source, options(), |yaml| {
        pieces.deserialize(yaml)
    });
    if let Some((line, column)) = pieces.swallowed() {
        return Err(swallowed(line, column));
    }
    let has_keys = read.map_err(|error| no_yaml(&error))?;
    if !has_keys {
        let root = serde_yaml::from_str_with_options(source, options());
        let root: Node<'_> = root.map_err(|error| no_yaml(&error))?;
        if let Some((line, column)) = root.swallowed_mark(source) {
            return Err(swallowed(line, column));
        }
        take(Piece::Root(root));
    }
    Ok(())
}

fn swallowed(line: u32, column: u32) -> NoYaml {
    let what = "a ! that stands alone means nothing to YAML, and would be lost";
    NoYaml { line, column, wrong: Wrong::Syntax { what: what.to_owned() + IN_QUOTES } }
}

fn options() -> Options {
    let budget = serde_yaml::budget! {
        max_nodes: MAX_NODES,
        max_events: 2 * MAX_NODES,
        max_depth: MAX_DEPTH,
    };
    serde_yaml::options! {
        budget: budget,
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::AsOrdinary,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

fn no_yaml(error: &Error) -> NoYaml {
    let text = error.without_snippet().to_string();
    let (line, column) = error.location().map_or((0, 0), |at| (at.line(), at.column()));
    let what = text.strip_suffix(&format!(" at line {line}, column {column}")).unwrap_or(&text);
    let what = in_our_words(error.without_snippet(), what);
    let number = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    NoYaml { line: number(line), column: number(column), wrong: Wrong::Syntax { what } }
}

/// What the library says, where its words would not send the administrator to its documentation.
fn in_our_words(error: &Error, what: &str) -> String {
    // What nobody knows who writes a list of hosts, or of addresses.
    let mark = matches!(error, Error::UnsupportedTag { .. } | Error::UnknownAnchor { .. });
    if mark || what.contains("an anchor or alias") {
        return Quoted::plain(what) + IN_QUOTES;
    }
    if matches!(error, Error::MultipleDocuments { .. }) {
        return "a second document begins, one is allowed".to_owned();
    }
    if matches!(error, Error::Budget { breach: BudgetBreach::Depth { .. }, .. }) {
        return format!("lists and sections nest more than {MAX_DEPTH} deep");
    }
    if matches!(error, Error::Budget { .. }) {
        return "there is more in the file than any configuration has".to_owned();
    }
    Quoted::plain(what)
}

impl<'s> Node<'s> {
    /// The text of a scalar, as it is written in the source.
    pub(crate) fn text<'n>(&'n self, source: &'n str) -> Option<&'n str> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::Plain { start, octets } => source.get(*start..start.saturating_add(*octets)),
            Value::Null | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// Line and column of the first `!` that YAML takes for an empty tag and drops: of an exception
    /// in a list of hosts it would make a host.
    fn swallowed_mark(&self, source: &str) -> Option<(u32, u32)> {
        match &self.value {
            Value::List(list) => list.iter().find_map(|item| item.swallowed_mark(source)),
            Value::Map(map) => map.iter().find_map(|(key, value)| {
                key.swallowed_mark(source).or_else(|| value.swallowed_mark(source))
            }),
            Value::Null | Value::Text(_) | Value::Plain { .. } => {
                let before = source.get(..usize::try_from(self.start).ok()?)?;
                let before = before.trim_end_matches([' ', '\t']).strip_suffix('!')?;
                let column = before.chars().rev().take_while(|ch| *ch != '\n').count();
                Some((self.line, u32::try_from(column).unwrap_or(u32::MAX).saturating_add(1)))
            }
        }
    }

    /// What it is, in the words of an administrator.
    pub(crate) const fn what(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Text(_) | Value::Plain { .. } => "a single value",
            Value::List(_) => "a list",
            Value::Map(_) => "a section",
        }
    }
}

impl<'s> Deserialize<'s> for Node<'s> {
    fn deserialize<D: Deserializer<'s>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { value, referenced, defined } =
            Spanned::<Value<'s>>::deserialize(deserializer)?;
        let place = |octets: Option<u64>| octets.and_then(|octets| usize::try_from(octets).ok());
        let start = place(defined.span().byte_offset()).unwrap_or(usize::MAX);
        let value = if matches!(value, Value::Plain { .. }) {
            let octets = place(defined.span().byte_len()).unwrap_or_default();
            Value::Plain { start, octets }
        } else {
            value
        };
        let line = u32::try_from(referenced.line()).unwrap_or(u32::MAX);
        Ok(Self { line, start: u32::try_from(start).unwrap_or(u32::MAX), value })
    }
}

#[cfg(test)]
mod tests {
    use super::{NoYaml, Node, Piece, Value};

    /// The pieces of a file, put together again.
    fn read(source: &str) -> Result<Node<'_>, NoYaml> {
        let (mut entries, mut items, mut root) = (Vec::new(), Vec::new(), None);
        super::read(source, "listed", &mut |piece| match piece {
            Piece::Item(key, item) => {
                assert_eq!(key.text(source), Some("listed"));
                items.push(item);
            }
            Piece::Entry(key, mut value) => {
                if let Value::List(list) = &mut value.value
                    && key.text(source) == Some("listed")
                {
                    assert!(list.is_empty(), "the items have been handed over");
                    list.append(&mut items);
                }
                entries.push((key, value));
            }
            Piece::Root(node) => root = Some(node),
        })?;
        Ok(root.unwrap_or(Node { line: 1, start: 0, value: Value::Map(entries) }))
    }

    fn shown(node: &Node<'_>, source: &str) -> String {
        let line = node.line;
        match &node.value {
            Value::Null => format!("{line}:null"),
            Value::Text(_) | Value::Plain { .. } => {
                format!("{line}:{}", node.text(source).unwrap())
            }
            Value::List(list) => {
                let items: Vec<_> = list.iter().map(|item| shown(item, source)).collect();
                format!("{line}:[{}]", items.join(" "))
            }
            Value::Map(map) => {
                let pair = |(key, value): &(Node<'_>, Node<'_>)| {
                    format!("{}={}", shown(key, source), shown(value, source))
                };
                format!("{line}:{{{}}}", map.iter().map(pair).collect::<Vec<_>>().join(" "))
            }
        }
    }

    #[test]
    fn everything_knows_its_line_and_keeps_its_spelling() {
        for (source, want) in [
            ("", "1:null"),
            ("a: 007", "1:{1:a=1:007}"),
            ("a: off\r\nb: 0x1F\r\n", "1:{1:a=1:off 2:b=2:0x1F}"),
            ("\u{feff}a: .inf", "1:{1:a=1:.inf}"),
            ("a:\nb: ~\n", "1:{1:a=1:null 2:b=2:null}"),
            ("a: 1\na: 2\n", "1:{1:a=1:1 2:a=2:2}"),
            ("\u{fc}: 1.50\n", "1:{1:\u{fc}=1:1.50}"),
            ("a:\n  - 'x'\n  - \"y\\n\"\n", "1:{1:a=2:[2:x 3:y\n]}"),
            ("a: &x 014\nb: *x\n", "1:{1:a=1:014 2:b=2:014}"),
            ("<<: {a: 1}\n", "1:{1:<<=1:{1:a=1:1}}"),
            ("y: n\n", "1:{1:y=1:n}"),
            ("- a\n- b\n", "1:[1:a 2:b]"),
            ("\n5", "2:5"),
            ("listed: []\na: 1\n", "1:{1:listed=1:[] 2:a=2:1}"),
            ("listed:\n  - a\n  - {b: 7}\n", "1:{1:listed=1:[2:a 3:{3:b=3:7}]}"),
            ("b: &x [1]\nlisted: *x\n", "1:{1:b=1:[1:1] 2:listed=2:[2:1]}"),
            ("listed: [1]\nlisted: [2]\n", "1:{1:listed=1:[1:1] 2:listed=2:[2:2]}"),
            ("listed: {listed: [1]}\n", "1:{1:listed=1:{1:listed=1:[1:1]}}"),
            ("a: {listed: [1]}\n", "1:{1:a=1:{1:listed=1:[1:1]}}"),
        ] {
            let node = read(source).unwrap_or_else(|no| panic!("{source:?}: {}", no.wrong));
            assert_eq!(shown(&node, source), want, "{source:?}");
        }
    }

    #[test]
    fn what_is_no_yaml_says_where() {
        for (source, line, column) in [
            ("a: [1\nb: 2", 2, 2),
            ("a: 1\n b: 2", 2, 3),
            ("a: \"x\n", 1, 4),
            ("a: 1\n---\nb: 2\n", 3, 1),
            ("a: *nope\n", 1, 4),
            ("a: !foo 1\n", 1, 9),
        ] {
            let no = read(source).unwrap_err();
            assert_eq!((no.line, no.column), (line, column), "{source:?}: {}", no.wrong);
            assert!(!no.wrong.to_string().contains("line"), "{}", no.wrong);
        }
    }

    #[test]
    fn what_is_special_to_yaml_is_said_to_need_quotes() {
        for value in
            ["[127.0.0.1, !10.0.0.1]", "!10.0.0.1", "[*@example.com]", "*", "[*.a, b]", "[*]"]
        {
            let wrong = read(&format!("a: {value}\n")).unwrap_err().wrong.to_string();
            let hint = "; values that begin with ! or * stand in quotes";
            assert!(wrong.ends_with(hint), "{value}: {wrong}");
        }
    }

    #[test]
    fn a_mark_that_would_be_lost_is_a_mistake() {
        for value in ["[! 127.0.0.1]", "[a, ! b]", "! x", "!  \"x\"", "{b: ! 1}"] {
            let no = read(&format!("# so it is!\n\na: {value}\n")).unwrap_err();
            let at = u32::try_from(value.find('!').unwrap()).unwrap() + 4;
            assert_eq!((no.line, no.column), (3, at), "{value}: {}", no.wrong);
            assert!(no.wrong.to_string().contains("would be lost"), "{value}: {}", no.wrong);
        }
        let no = read("listed:\n- a\n- [b, ! c]\n- {\n").unwrap_err();
        assert_eq!((no.line, no.column), (3, 7), "{}", no.wrong);
        let no = read("[a, ! b]").unwrap_err();
        assert_eq!((no.line, no.column), (1, 5), "{}", no.wrong);
        for value in ["['! x', b]", "[a!, b]", "# wow!\n  b", "\"!\"", "{b!: c}", "x ! y"] {
            assert!(read(&format!("a: {value}\n")).is_ok(), "{value}");
        }
    }

    #[test]
    fn a_limit_that_is_passed_is_said_in_words() {
        let nested = "[".repeat(33) + &"]".repeat(33);
        let wrong = read(&nested).unwrap_err().wrong.to_string();
        assert_eq!(wrong, "lists and sections nest more than 32 deep");
    }

    #[test]
    fn deep_nesting_and_alias_bombs_are_refused() {
        assert!(read(&"[".repeat(100_000)).is_err());
        assert!(read(&("[".repeat(100) + &"]".repeat(100))).is_err());
        let mut bomb = "a0: &a0 [x, x]\n".to_owned();
        for level in 1..40 {
            let below = level - 1;
            bomb.push_str(&format!("a{level}: &a{level} [*a{below}, *a{below}]\n"));
        }
        assert!(read(&bomb).is_err());
    }
}
