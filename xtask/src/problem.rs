//! What can be wrong.

use std::path::PathBuf;

/// One thing that is wrong, in a sentence that makes sense alone.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Problem {
    /// A file cannot be read or written.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which one.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Something looks like a citation and does not have its form, so nobody would find it.
    #[error("{file}:{line}: {found:?} is no citation; the form is \"RFC 6376 §3.4.4\"")]
    Misspelled {
        /// Where.
        file: String,
        /// In which line.
        line: usize,
        /// What stands there.
        found: String,
    },
    /// An RFC is cited whose sections are not known here.
    #[error(
        "{file}:{line}: RFC {rfc} has no list of sections; add xtask/src/sections/rfc{rfc}.txt"
    )]
    UnknownRfc {
        /// Where.
        file: String,
        /// In which line.
        line: usize,
        /// Its number.
        rfc: u32,
    },
    /// A section is cited that the RFC does not have.
    #[error("{file}:{line}: RFC {rfc} has no section {section}")]
    UnknownSection {
        /// Where.
        file: String,
        /// In which line.
        line: usize,
        /// The RFC's number.
        rfc: u32,
        /// The section that it does not have.
        section: String,
    },
    /// A list of sections cannot be used.
    #[error("xtask/src/sections/{name}:{line}: {why}")]
    Sections {
        /// The file's name.
        name: String,
        /// In which line.
        line: usize,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A generated file is not there.
    #[error("{path} is missing: run \"cargo xtask gen\"")]
    Missing {
        /// Which one.
        path: &'static str,
    },
    /// A generated file is not what would be generated.
    #[error("{path} is stale from line {line} on: run \"cargo xtask gen\"")]
    Stale {
        /// Which one.
        path: &'static str,
        /// The first line that differs.
        line: usize,
    },
    /// The crates that we depend on cannot be told, or break a rule.
    #[error("{0}")]
    Graph(String),
}
