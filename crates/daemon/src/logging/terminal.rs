//! Standard error, which may be a terminal, a file, or a pipe that nobody reads.

use super::Form;
use super::queue::Destination;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use tracing::Level;

/// What a pipe takes whole or not at all once it is ready (`PIPE_BUF` of Linux), in octets.
const WHOLE: usize = 4096;

/// Standard error, as people read it: `twinseal: warning: …`, or as programs do.
#[derive(Debug)]
pub struct StandardError {
    /// What lines begin with; `None` where they say everything themselves.
    program: Option<String>,
}

impl StandardError {
    /// Lines that begin with the program's name.
    #[must_use]
    pub fn of(program: &str) -> Self {
        Self { program: Some(program.to_owned()) }
    }

    /// Lines of that form: what is no text says everything itself.
    #[must_use]
    pub fn form(self, form: Form) -> Self {
        match form {
            Form::Text => self,
            Form::Json { .. } => Self { program: None },
        }
    }
}

impl Destination for StandardError {
    fn encoded(&self, level: Level, line: &[u8]) -> Vec<u8> {
        let Some(program) = &self.program else { return [line, b"\n"].concat() };
        let word = match level {
            Level::ERROR => "error: ",
            Level::WARN => "warning: ",
            Level::INFO => "",
            Level::DEBUG | Level::TRACE => "debug: ",
        };
        [format!("{program}: {word}").as_bytes(), line, b"\n"].concat()
    }

    fn sent_at_once(&self, octets: &[u8]) -> bool {
        let stderr = io::stderr();
        let mut ready = [PollFd::new(stderr.as_fd(), PollFlags::POLLOUT)];
        let writable = octets.len() <= WHOLE && poll(&mut ready, PollTimeout::ZERO) == Ok(1);
        // What cannot be written now cannot be written later either.
        writable && self.send(octets).is_ok()
    }

    fn send(&self, octets: &[u8]) -> io::Result<()> {
        io::stderr().write_all(octets)
    }
}

#[cfg(test)]
mod tests {
    use super::{Form, StandardError};
    use crate::logging::queue::Destination as _;
    use tracing::Level;

    #[test]
    fn the_level_is_a_word_of_the_line() {
        let stderr = StandardError::of("dk-filter");
        for (level, want) in [
            (Level::INFO, "dk-filter: A1: signed\n"),
            (Level::WARN, "dk-filter: warning: A1: signed\n"),
            (Level::ERROR, "dk-filter: error: A1: signed\n"),
        ] {
            let line = stderr.encoded(level, b"A1: signed");
            assert_eq!(String::from_utf8(line).unwrap(), want);
        }
        let stderr = stderr.form(Form::Json { timed: true });
        assert_eq!(stderr.encoded(Level::WARN, b"{}"), b"{}\n");
    }
}
