//! The sections that the RFCs really have, from their tables of contents and headings.
//!
//! One file for each RFC, `sections/rfc6376.txt`: its title, then a line for each section, number
//! and heading, in the order of the RFC. Appendices go by their letter.

use crate::problem::Problem;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// All that is known of the RFCs, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct Rfcs(BTreeMap<u32, Rfc>);

/// One RFC.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rfc {
    /// Its title.
    pub(crate) title: String,
    /// Numbers and headings, in order.
    pub(crate) sections: Vec<(String, String)>,
}

impl Rfcs {
    /// Reads the lists of a checkout.
    pub(crate) fn load(root: &Path) -> Result<Self, Problem> {
        let folder = root.join("xtask/src/sections");
        let io = |path: &Path, error| Problem::Io { path: path.into(), error };
        let mut rfcs = BTreeMap::new();
        for entry in fs::read_dir(&folder).map_err(|error| io(&folder, error))? {
            let path = entry.map_err(|error| io(&folder, error))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let text = fs::read_to_string(&path).map_err(|error| io(&path, error))?;
            let (number, rfc) = parse(&name, &text)?;
            rfcs.insert(number, rfc);
        }
        Ok(Self(rfcs))
    }

    /// What is known of one.
    pub(crate) fn rfc(&self, number: u32) -> Option<&Rfc> {
        self.0.get(&number)
    }
}

#[cfg(test)]
impl FromIterator<(u32, Rfc)> for Rfcs {
    fn from_iter<T: IntoIterator<Item = (u32, Rfc)>>(rfcs: T) -> Self {
        Self(rfcs.into_iter().collect())
    }
}

impl Rfc {
    /// Where that section stands in the order, if there is one.
    pub(crate) fn position(&self, section: &str) -> Option<usize> {
        self.sections.iter().position(|(number, _)| number == section)
    }
}

/// Reads one list.
pub(crate) fn parse(name: &str, text: &str) -> Result<(u32, Rfc), Problem> {
    let bad = |line, why| Problem::Sections { name: name.to_owned(), line, why };
    let number = name.strip_prefix("rfc").and_then(|rest| rest.strip_suffix(".txt"));
    let number = number.and_then(|number| number.parse().ok());
    let number = number.ok_or_else(|| bad(1, "its name is not rfc, a number, .txt"))?;
    let mut lines = text.lines().enumerate().map(|(at, line)| (at + 1, line));
    let (_, title) = lines.next().ok_or_else(|| bad(1, "the title is missing"))?;
    let mut rfc = Rfc { title: title.to_owned(), sections: Vec::new() };
    for (at, line) in lines {
        let (section, heading) =
            line.split_once(' ').ok_or_else(|| bad(at, "a line is a number and a heading"))?;
        if rfc.position(section).is_some() {
            return Err(bad(at, "the section is there twice"));
        }
        rfc.sections.push((section.to_owned(), heading.to_owned()));
    }
    if rfc.sections.is_empty() {
        return Err(bad(1, "there are no sections"));
    }
    Ok((number, rfc))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_list_is_a_title_and_its_sections() {
        let (number, rfc) =
            parse("rfc8616.txt", "Title\n1 Introduction\n2.1 Two\nA End\n").unwrap();
        assert_eq!((number, rfc.title.as_str()), (8616, "Title"));
        assert_eq!(rfc.position("2.1"), Some(1));
        assert_eq!(rfc.position("A"), Some(2));
        assert_eq!(rfc.position("2"), None);
    }

    #[test]
    fn broken_lists_are_told() {
        for (name, text, want) in [
            ("rfc1.md", "T\n1 A\n", "rfc1.md:1: its name is not rfc, a number, .txt"),
            ("README", "T\n1 A\n", "README:1: its name is not rfc, a number, .txt"),
            ("rfc1.txt", "", "rfc1.txt:1: the title is missing"),
            ("rfc1.txt", "T\n", "rfc1.txt:1: there are no sections"),
            ("rfc1.txt", "T\n1 A\n2\n", "rfc1.txt:3: a line is a number and a heading"),
            ("rfc1.txt", "T\n1 A\n1 B\n", "rfc1.txt:3: the section is there twice"),
        ] {
            let error = parse(name, text).unwrap_err().to_string();
            assert_eq!(error, format!("xtask/src/sections/{want}"), "{name} {text:?}");
        }
    }
}
