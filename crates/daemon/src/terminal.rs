//! Standard input, output and error as arguments, so that a test can stand in for each.

use std::fmt::Display;
use std::io::{self, Read, Write};

/// Where a tool reads and writes.
pub struct Terminal<'t> {
    /// The program's name, as its complaints begin.
    pub program: &'static str,
    /// Standard input.
    pub input: &'t mut dyn Read,
    /// Standard output: what was asked for.
    pub output: &'t mut dyn Write,
    /// Standard error: what went wrong.
    pub errors: &'t mut dyn Write,
}

impl Terminal<'_> {
    /// Writes one line about what went wrong. There is nowhere to complain if that fails.
    pub fn complain(&mut self, what: impl Display) {
        let _ = writeln!(self.errors, "{}: {what}", self.program);
    }

    /// Writes what was asked for, as far as anybody reads it: `| head` has enough at some point.
    ///
    /// # Errors
    /// When standard output does not take it, and not because its reader has gone.
    pub fn print(&mut self, text: impl Display) -> io::Result<()> {
        match write!(self.output, "{text}") {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            printed => printed,
        }
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::Terminal;
    use std::ffi::OsString;

    /// Runs a tool with these words and nothing on its standard input: how it ended, what it
    /// printed, and what it complained about.
    pub(crate) fn called<T>(
        tool: impl FnOnce(Vec<OsString>, &mut Terminal<'_>) -> T,
        words: &[&str],
    ) -> (T, String, String) {
        called_with(tool, words, b"")
    }

    /// The same, with something to read.
    pub(crate) fn called_with<T>(
        tool: impl FnOnce(Vec<OsString>, &mut Terminal<'_>) -> T,
        words: &[&str],
        mut input: &[u8],
    ) -> (T, String, String) {
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let mut terminal = Terminal {
            program: crate::PROGRAM,
            input: &mut input,
            output: &mut output,
            errors: &mut errors,
        };
        let end = tool(words.iter().map(OsString::from).collect(), &mut terminal);
        let text = |octets| String::from_utf8(octets).unwrap();
        (end, text(output), text(errors))
    }
}
