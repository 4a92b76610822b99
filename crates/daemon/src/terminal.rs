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
