//! The table as text: `--help`, the sample file, and what is in force.

mod compatibility;
mod pieces;
mod senders;
mod show;
mod yaml;

pub use compatibility::{Row, compatibility, rows};
pub use pieces::{Pieces, ShownEntry, ShownSeal, ShownValue, pieces};
pub use show::{Origins, shown};
pub use yaml::{list, scalar};

use crate::door::Door;
use crate::params::{Acts, Form, Kind, Letter, PARAMS, Param, Sample, named};
use std::fmt::Write as _;
use twinseal_dkim::HeaderSelection;
use twinseal_message::FieldName;

/// The column that summaries begin in.
const SUMMARY_COLUMN: usize = 38;
/// The longest line of the sample file, where words allow it.
const WIDTH: usize = 98;

/// The text of `twinseal serve --help`.
#[must_use]
pub fn help() -> String {
    let mut text =
        "usage: twinseal serve [--config FILE] [OPTION]...\n       twinseal serve --help\n\
                    \nOptions, with the letters that dk-filter has for them:\n"
            .to_owned();
    for param in PARAMS.iter().filter(|param| param.is_option()) {
        text.push_str(&help_line(param));
    }
    text.push_str("\nWho signs for whom with several keys is written in the file.\n");
    text
}

/// What `-?` tells in a historic door: its letters, which are all the options that it has.
#[must_use]
pub fn usage(door: Door) -> String {
    let mut text = format!("usage: {} [OPTION]...\n", door.program());
    let letters = |param| Some((param, Param::letter_in(param, door)?));
    let mut options: Vec<_> = PARAMS.iter().filter_map(letters).collect();
    options.sort_by_key(|(_, known)| (known.letter.to_ascii_lowercase(), known.letter));
    for (param, known) in options {
        if let Acts::Refused(_) = param.acts {
            continue;
        }
        let form = param.parameter_in(door).map(|parameter| parameter.form);
        let value = match known {
            Letter { means: Some(_), .. } => String::new(),
            _ if form == Some(Form::Seconds) => "SECONDS".to_owned(),
            Letter { commas: false, .. } => param.name.to_uppercase(),
            Letter { .. } => param.metavariable(),
        };
        let summary = known.told.unwrap_or(param.summary);
        let _ = writeln!(text, "  -{} {value:<12} {summary}", known.letter);
    }
    text
}

fn help_line(param: &Param) -> String {
    let letter = param.dk_filter.map_or("    ".to_owned(), |known| format!("-{}, ", known.letter));
    let value = param.operand();
    let option = format!("  {letter}--{}{value}", param.long_option());
    let break_after = if option.len() < SUMMARY_COLUMN { "" } else { "\n" };
    let pad = if break_after.is_empty() { SUMMARY_COLUMN - option.len() } else { SUMMARY_COLUMN };
    let mut line = format!("{option}{break_after}{:pad$}{}", "", param.summary);
    if let Some((letter, means)) =
        param.dk_filter.and_then(|known| Some((known.letter, known.means?)))
    {
        line.push_str(&format!("; -{letter} means {means}"));
    }
    if let Acts::No(_) = param.acts {
        line.push_str("; without effect");
    }
    if let Some(default) = param.default.filter(|default| !default.is_empty()) {
        line.push_str(&format!(" [{default}]"));
    }
    line + "\n"
}

/// The sample file: every parameter of the file, with what it is for.
#[must_use]
pub fn sample() -> String {
    let mut text = "# yaml-language-server: $schema=/usr/share/twinseal/twinseal.schema.json\n\
                    # Generated from the table of parameters, crates/config/src/params/table; \
                    edit that.\n#\n# /etc/twinseal/twinseal.yaml: what is commented out is the \
                    default, or an example.\n"
        .to_owned();
    let mut section = "";
    for param in PARAMS.iter().filter(|param| param.is_in_file()) {
        let (outer, _) = param.name.rsplit_once('.').unwrap_or(("", ""));
        if outer != section && named(outer).is_none() && !outer.is_empty() {
            text.push_str(&format!("\n{outer}:\n"));
        }
        section = outer;
        // A section or an entry begins with its first key.
        if !text.ends_with(":\n") {
            text.push('\n');
        }
        sample_entry(param, &mut text);
    }
    text
}

fn sample_entry(param: &Param, text: &mut String) {
    let indent = indent(param.name);
    // The first key of a list's entry carries the dash.
    let first = first_of_entry(param.name);
    let (pad, dash) = if first { (indent - 2, "- ") } else { (indent, "") };
    let about = format!("{}. {}", capitalized(param.summary), param.manual);
    for line in wrapped(&about, WIDTH.saturating_sub(pad + 2)) {
        let _ = writeln!(text, "{:pad$}# {line}", "");
    }
    let word = param.name.rsplit('.').next().unwrap_or_default();
    let (mark, value) = match param.sample {
        Sample::Value(value) => ("", value.to_owned()),
        Sample::Example(value) => ("# ", value.to_owned()),
        Sample::Default => ("# ", default_yaml(param)),
    };
    let space = if value.is_empty() { "" } else { " " };
    let entry = format!("{dash}{word}:{space}{value}");
    // Two more for the mark, two for what a longer list is indented by.
    for (index, line) in wrapped(&entry, WIDTH.saturating_sub(indent + 4)).iter().enumerate() {
        let deeper = if index == 0 { "" } else { "  " };
        let _ = writeln!(text, "{:pad$}{mark}{deeper}{line}", "");
    }
}

/// How far a key is indented: by two for a section around it, by four for a list of entries.
fn indent(name: &str) -> usize {
    let outer = name.match_indices('.').filter_map(|(dot, _)| name.get(..dot));
    outer.map(|outer| if is_entries(outer) { 4 } else { 2 }).sum()
}

fn is_entries(name: &str) -> bool {
    named(name).is_some_and(|param| matches!(param.kind, Kind::Entries(_)))
}

fn first_of_entry(name: &str) -> bool {
    let Some((outer, _)) = name.rsplit_once('.').filter(|(outer, _)| is_entries(outer)) else {
        return false;
    };
    let inside = format!("{outer}.");
    PARAMS
        .iter()
        .find(|param| param.name.starts_with(&inside))
        .is_some_and(|first| first.name == name)
}

/// The default, as YAML.
fn default_yaml(param: &Param) -> String {
    let headers = HeaderSelection::default();
    let names = |list: &[FieldName]| {
        let names: Vec<&str> = list.iter().map(FieldName::as_str).collect();
        format!("[{}]", names.join(", "))
    };
    match (param.name, param.kind, param.default) {
        ("dkim.signed-headers", _, _) => names(headers.signed()),
        ("dkim.oversigned-headers", _, _) => names(headers.oversigned()),
        (_, Kind::List(_) | Kind::Hosts, Some(default)) => {
            let items = default.split(',').filter(|item| !item.is_empty());
            format!("[{}]", items.map(scalar).collect::<Vec<_>>().join(", "))
        }
        (_, Kind::Octal, Some(default)) => format!("{default:?}"),
        (_, _, default) => default.map(scalar).unwrap_or_default(),
    }
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect()
}

/// The text in lines of that width; a longer word has a line of its own.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
