//! A message on its way through a tool: read once, in lines that end in LF or CRLF.

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read, Write};
use twinseal_config::ExitCode;
use twinseal_message::header::MAX_HEADER_OCTETS;
use twinseal_message::{HeaderBlock, HeaderLines, HeaderTooLarge, Line};

/// How much of a body is read at once, in octets.
const CHUNK_OCTETS: usize = 64 * 1024;

/// Why a message is not read to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum CannotRead {
    /// Its header is none that a tool would hold.
    #[error("{from}: {error}")]
    Header { from: String, error: HeaderTooLarge },
    /// The octets do not come.
    #[error("{from}: {error}")]
    Input { from: String, error: io::Error },
    /// They cannot be kept.
    #[error("a temporary file cannot be written: {0}")]
    Copy(io::Error),
}

impl CannotRead {
    /// How the program ends.
    pub(super) const fn exit_code(&self) -> ExitCode {
        match self {
            Self::Header { .. } => ExitCode::Data,
            Self::Input { .. } => ExitCode::NoInput,
            Self::Copy(_) => ExitCode::System,
        }
    }
}

/// A message that is being read: as it comes, for a copy, and as it is on the wire, for hashing.
pub(super) struct Message<R, C> {
    /// What the input is called when it fails.
    from: String,
    reader: BufReader<R>,
    /// Takes every octet as it came.
    copy: C,
    /// The line that a mailbox has above a message.
    mailbox_line: Vec<u8>,
    /// The part of the body that was read with the header.
    first_of_body: Vec<u8>,
    line_end: &'static str,
}

impl<R: Read, C: Write> Message<R, C> {
    pub(super) fn new(from: String, input: R, copy: C) -> Self {
        let reader = BufReader::new(input);
        let (mailbox_line, first_of_body) = (Vec::new(), Vec::new());
        Self { from, reader, copy, mailbox_line, first_of_body, line_end: "\n" }
    }

    /// How its first line ends, once that was read.
    pub(super) const fn line_end(&self) -> &'static str {
        self.line_end
    }

    /// The line that a mailbox has above a message, with its line end; empty where there is none,
    /// and until the header was read. It is no part of the message, nor of the copy.
    pub(super) fn mailbox_line(&self) -> &[u8] {
        &self.mailbox_line
    }

    /// Reads up to the body.
    pub(super) fn read_header(&mut self) -> Result<HeaderBlock, CannotRead> {
        let mut lines = HeaderLines::default();
        let mut line = Vec::new();
        self.read_line(&mut line)?;
        if line.ends_with(b"\r\n") {
            self.line_end = "\r\n";
        }
        if is_of_mailbox(&line) {
            self.mailbox_line.clone_from(&line);
            self.read_line(&mut line)?;
        }
        while !line.is_empty() {
            self.copy.write_all(&line).map_err(CannotRead::Copy)?;
            match lines.line(&line) {
                Ok(Line::Header) => {}
                Ok(Line::Separator) => return Ok(lines.finish()),
                Ok(Line::Body) => {
                    self.first_of_body = line;
                    return Ok(lines.finish());
                }
                Err(error) => {
                    return Err(CannotRead::Header { from: self.from.clone(), error });
                }
            }
            self.read_line(&mut line)?;
        }
        Ok(lines.finish())
    }

    /// Reads the next line with its end; it is empty at the end of the input.
    fn read_line(&mut self, line: &mut Vec<u8>) -> Result<(), CannotRead> {
        line.clear();
        // A line longer than any header ends the search for its end.
        let limit = MAX_HEADER_OCTETS as u64 + 1;
        let read = self.reader.by_ref().take(limit).read_until(b'\n', line);
        read.map(drop).map_err(|error| self.input(error))
    }

    /// Reads the rest, and hands it on as it is on the wire. Gives back the copy.
    pub(super) fn read_body(mut self, mut feed: impl FnMut(&[u8])) -> Result<C, CannotRead> {
        let lines_end_in_lf = self.line_end == "\n";
        let mut wire = OnTheWire { lines_end_in_lf, after_cr: false };
        feed(&wire.octets(&std::mem::take(&mut self.first_of_body)));
        let mut chunk = vec![0; CHUNK_OCTETS];
        loop {
            let read = match self.reader.read(&mut chunk) {
                Ok(0) => return Ok(self.copy),
                Ok(read) => chunk.get(..read).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.input(error)),
            };
            self.copy.write_all(read).map_err(CannotRead::Copy)?;
            feed(&wire.octets(read));
        }
    }

    fn input(&self, error: io::Error) -> CannotRead {
        CannotRead::Input { from: self.from.clone(), error }
    }
}

/// Whether it is the line that a mailbox has above a message. Of old, blanks could stand between
/// the name of a field and its colon (RFC 5322 §4.5.2).
fn is_of_mailbox(line: &[u8]) -> bool {
    let rest = line.strip_prefix(b"From ");
    rest.is_some_and(|rest| !rest.trim_ascii_start().starts_with(b":"))
}

/// Turns line ends into those that the message will have on the wire. In a message of LF lines, LF
/// becomes CRLF; in one of CRLF lines a bare LF is data, like a bare CR in either.
struct OnTheWire {
    lines_end_in_lf: bool,
    after_cr: bool,
}

impl OnTheWire {
    fn octets<'o>(&mut self, octets: &'o [u8]) -> Cow<'o, [u8]> {
        if !self.lines_end_in_lf {
            return Cow::Borrowed(octets);
        }
        let mut out = Vec::with_capacity(octets.len() + octets.len() / 32);
        for &octet in octets {
            if octet == b'\n' && !self.after_cr {
                out.push(b'\r');
            }
            self.after_cr = octet == b'\r';
            out.push(octet);
        }
        Cow::Owned(out)
    }
}
