//! Where a value came from.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use twinseal_message::text;

/// Where a value came from; cheap to clone, because every signing rule carries one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody gave it.
    Default,
    /// A line of a file.
    File {
        /// The file, as it was named.
        path: Arc<Path>,
        /// The line, counted from 1; 0 when the file as a whole is meant.
        line: u32,
        /// The column, counted from 1, where more than one value may stand on the line.
        column: Option<u32>,
    },
    /// An option of the command line, as it was written, without its value.
    Option(Arc<str>),
}

impl Origin {
    /// A line of that file.
    #[must_use]
    pub fn line(path: &Arc<Path>, line: u32) -> Self {
        Self::File { path: Arc::clone(path), line, column: None }
    }

    /// The file as a whole.
    #[must_use]
    pub fn whole(path: &Arc<Path>) -> Self {
        Self::line(path, 0)
    }

    /// An option of the command line.
    #[must_use]
    pub fn option(option: &str) -> Self {
        Self::Option(option.into())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Option(option) => f.write_str(option),
            Self::File { path, line: 0, .. } => write!(f, "{}", text::path(path)),
            Self::File { path, line, column: None } => write!(f, "{}:{line}", text::path(path)),
            Self::File { path, line, column: Some(column) } => {
                write!(f, "{}:{line}:{column}", text::path(path))
            }
        }
    }
}
