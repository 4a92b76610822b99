//! Everything in this checkout that may be a configuration: what stands in quotes in the sources, and
//! in the boxes of documents. Which of it is one, the reader of configurations says.

use crate::here;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use twinseal_config::{Door, Files};

/// What the tests of the reader put in front of their cases, and what else a file needs.
const FRAMES: [&str; 3] = [
    "",
    "socket: inet:8891@localhost\n",
    "socket: inet:8891@localhost\nforeground: yes\n\
     signing: [{senders: '*@example.com', domain: example.com, keys: [{file: /k/m}]}]\n",
];

/// A file system in which this is the configuration, and every other file is there and empty.
struct Only<'t>(&'t str);

impl Files for Only<'_> {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        Ok(if path == Path::new("t.yaml") { self.0.as_bytes().to_vec() } else { Vec::new() })
    }

    fn exists(&self, _: &Path) -> bool {
        true
    }
}

/// What is wrong with a configuration, as the daemon sees it.
pub fn mistakes(text: &str) -> Vec<String> {
    let words = ["--config", "t.yaml"].map(Into::into);
    match twinseal_config::serve(Door::Native, words, &Only(text)) {
        Ok(_) => Vec::new(),
        Err(mistakes) => mistakes.lines().collect(),
    }
}

/// Every configuration that the daemon takes, each once.
pub fn configurations() -> Vec<String> {
    let mut found: Vec<String> = texts()
        .iter()
        .flat_map(|text| FRAMES.map(|frame| format!("{frame}{text}")))
        .filter(|text| mistakes(text).is_empty())
        .collect();
    found.sort();
    found.dedup();
    found
}

/// What may be one.
fn texts() -> Vec<String> {
    let mut texts = Vec::new();
    for folder in ["../crates", "../xtask", "../docs", "../README.md", "../etc/twinseal.yaml", "."]
    {
        let mut files = Vec::new();
        below(&here(folder), &mut files);
        for file in files {
            let text = fs::read_to_string(&file).unwrap_or_default();
            match file.extension().and_then(|end| end.to_str()) {
                Some("rs") => texts.extend(literals(&text)),
                Some("md") => texts.extend(boxes(&text)),
                Some("yaml") => texts.push(text),
                _ => {}
            }
        }
    }
    texts.retain(|text| text.contains(':'));
    texts.sort();
    texts.dedup();
    texts
}

fn below(path: &Path, files: &mut Vec<PathBuf>) {
    match fs::read_dir(path) {
        Ok(entries) => entries.flatten().for_each(|entry| below(&entry.path(), files)),
        Err(_) => files.push(path.to_owned()),
    }
}

/// The texts in quotes of a source in Rust.
fn literals(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = source;
    while let Some(at) = rest.find('"') {
        let (before, behind) = rest.split_at(at);
        let behind = &behind[1..];
        let marks = before.len() - before.trim_end_matches('#').len();
        if before.trim_end_matches('#').ends_with('r') {
            let end = format!("\"{}", "#".repeat(marks));
            let Some((text, more)) = behind.split_once(&end) else { break };
            found.push(text.to_owned());
            rest = more;
        } else if before.ends_with('\'') && behind.starts_with('\'') {
            // A quote that is a character.
            rest = behind;
        } else {
            let (text, length) = unescaped(behind);
            found.push(text);
            rest = behind.get(length..).unwrap_or_default();
        }
    }
    found
}

/// The text up to the quote that ends it, and how far that is.
fn unescaped(text: &str) -> (String, usize) {
    let mut found = String::new();
    let mut chars = text.char_indices();
    while let Some((at, ch)) = chars.next() {
        match ch {
            '"' => return (found, at + 1),
            '\\' => match chars.next().map(|(_, ch)| ch) {
                Some('n') => found.push('\n'),
                Some('t') => found.push('\t'),
                Some('r') => found.push('\r'),
                Some('\n') => {
                    let blanks = chars.as_str().len() - chars.as_str().trim_start().len();
                    for _ in 0..blanks {
                        chars.next();
                    }
                }
                Some(ch) => found.push(ch),
                None => {}
            },
            ch => found.push(ch),
        }
    }
    (found, text.len())
}

/// The boxes of a document, without what they are indented by.
fn boxes(document: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for line in document.lines() {
        let bare = line.trim_start();
        let indent = line.len() - bare.len();
        match &mut open {
            None if bare.starts_with("```") => open = Some((indent, String::new())),
            Some(_) if bare.starts_with("```") => {
                found.extend(open.take().map(|(_, text)| text));
            }
            Some((indent, text)) => {
                text.push_str(line.get(*indent..).unwrap_or_default());
                text.push('\n');
            }
            None => {}
        }
    }
    found
}
