//! The new file as text.

use super::draft::{Draft, Value};
use super::entries::Entry;
use super::old::Old;
use crate::VERSION;
use std::fmt::Write as _;
use std::path::Path;
use twinseal_config::SocketSpec;
use twinseal_config::render::{ShownSeal, list, scalar};
use twinseal_message::text::{escaped, path};

/// How long a line of a comment is, where words allow it.
const WIDTH: usize = 96;

/// What the unit twinseal.service may write to: see its `ReadWritePaths=`.
const WRITABLE: &str = "/var/spool/postfix/milter/twinseal";

/// The file. `programs` are those that it takes the place of.
pub(super) fn of(draft: &Draft, programs: &[&str]) -> String {
    let mut text = String::new();
    let programs = programs.join(" and ");
    comment(
        &mut text,
        "",
        &format!("Made by twinseal migrate {VERSION} from the set-up of {programs}."),
    );
    listed(&mut text, "What could not be carried over:", &draft.lost);
    listed(&mut text, "What is not as it was:", &draft.changed);
    text.push('\n');
    let mut section = "";
    for value in &draft.values {
        let (outer, word) = value.name.rsplit_once('.').unwrap_or(("", value.name));
        if outer != section {
            section = outer;
            text.push('\n');
            if !section.is_empty() {
                let _ = writeln!(text, "{section}:");
            }
        }
        line(&mut text, if section.is_empty() { "" } else { "  " }, word, value);
    }
    let off = |name| draft.values.iter().any(|value| value.name == name && value.value == "no");
    let off = [off("dkim"), off("domainkeys")];
    if !draft.entries.is_empty() {
        text.push_str("\nsigning:\n");
    }
    draft.entries.iter().for_each(|one| entry(&mut text, one, off));
    text
}

fn line(text: &mut String, indent: &str, word: &str, value: &Value) {
    for about in &value.comments {
        comment(text, indent, about);
    }
    let from = value.from.as_ref().map(|from| format!("  # {}", escaped(from)));
    let _ = writeln!(text, "{indent}{word}: {}{}", value.value, from.unwrap_or_default());
}

fn entry(text: &mut String, entry: &Entry, [dkim_off, domainkeys_off]: [bool; 2]) {
    let senders = list(entry.senders.iter().map(String::as_str));
    let places = escaped(&entry.places.join(" and "));
    let _ = writeln!(text, "  - senders: {senders}  # {places}");
    let _ = writeln!(text, "    domain: {}", scalar(&entry.domain));
    let _ = writeln!(text, "    keys:");
    for key in &entry.keys {
        let _ = writeln!(text, "      - file: {}", scalar(&key.file.to_string_lossy()));
        let _ = writeln!(text, "        selector: {}", scalar(key.selector.as_str()));
    }
    seal(text, "dkim", entry.dkim.as_ref(), dkim_off);
    seal(text, "domainkeys", entry.domainkeys.as_ref(), domainkeys_off);
}

/// A seal of an entry, as far as it is not what the defaults say.
fn seal(text: &mut String, name: &str, own: Option<&ShownSeal>, off: bool) {
    match own {
        None if !off => {
            let _ = writeln!(text, "    {name}: no");
        }
        Some(values) if !values.is_empty() => {
            let _ = writeln!(text, "    {name}:");
            for (word, value) in values {
                let _ = writeln!(text, "      {word}: {value}");
            }
        }
        Some(_) | None => {}
    }
}

/// A list in a comment.
fn listed(text: &mut String, head: &str, items: &[String]) {
    if items.is_empty() {
        return;
    }
    let _ = writeln!(text, "#\n# {head}");
    for item in items {
        wrapped(text, "# - ", "#   ", item);
    }
}

fn comment(text: &mut String, indent: &str, about: &str) {
    let begin = format!("{indent}# ");
    wrapped(text, &begin, &begin, about);
}

/// Words in lines; a long word has one of its own.
fn wrapped(text: &mut String, first: &str, next: &str, about: &str) {
    let mut line = first.to_owned();
    let mut begun = false;
    let about = escaped(about);
    for word in about.split(' ') {
        if begun && line.len() + 1 + word.len() > WIDTH {
            let _ = writeln!(text, "{}", line.trim_end());
            next.clone_into(&mut line);
            begun = false;
        }
        if begun {
            line.push(' ');
        }
        line.push_str(word);
        begun = true;
    }
    let _ = writeln!(text, "{}", line.trim_end());
}

/// What is to be done with the file, in steps.
pub(super) fn next_steps(olds: &[Old], file: Option<&Path>) -> Vec<String> {
    let file = file.map_or_else(|| "/etc/twinseal/twinseal.yaml".to_owned(), path);
    let mut steps = vec![
        format!(
            "look through {file}, and prove it: twinseal migrate --against {file} --prove MAIL"
        ),
        format!("twinseal serve --config {file} --check"),
    ];
    steps.extend(olds.iter().flat_map(|old| elsewhere(&old.config.sockets)).map(|socket| {
        format!(
            "{}: twinseal.service may write below {WRITABLE} alone: name a path there, in {file} \
             and to the MTA, or the socket's directory in ReadWritePaths= of a drop-in",
            path(socket)
        )
    }));
    let each = |verb: &str| -> Vec<String> {
        olds.iter().map(|old| format!("systemctl {verb} {}", old.name())).collect()
    };
    steps.extend(each("stop"));
    steps.push(format!(
        "start twinseal serve --config {file}, see that it serves, and send a message"
    ));
    steps.extend(each("disable"));
    steps
}

/// The sockets that our own unit cannot make.
fn elsewhere(sockets: &[SocketSpec]) -> impl Iterator<Item = &Path> {
    sockets.iter().filter_map(|socket| match socket {
        SocketSpec::Unix { path } => {
            Some(path.as_path()).filter(|path| !path.starts_with(WRITABLE))
        }
        SocketSpec::Inet { .. } => None,
    })
}
