//! The process that runs the MTA's command for us.
//!
//! The daemon has given up running programs, and whoever it would start could do no more than it
//! can itself: Postfix's sendmail needs the group of its queue, which a process gets no more that
//! can gain no rights. So one process is started before, which does nothing else: it takes a
//! message, hands it to the command that it was told at its start, and answers how that ended.

use super::sendmail;
use crate::background;
use crate::locks::lock;
use std::ffi::OsStr;
use std::fmt;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Stdio};
use std::sync::Mutex;
use twinseal_config::ExitCode;

/// The variable that tells the process what it is: a number, that of its parent.
const COURIER: &str = "TWINSEAL_COURIER";

/// What it is called where processes are listed.
const NAME: &str = "twinseal-mail";

/// What is handed over is never longer, in octets: a report holds a header, and that has a limit.
const MAX_FRAME: u32 = 4 * 1024 * 1024;

/// The way to that process; it ends when this does.
pub(crate) struct Courier(Mutex<Ends>);

struct Ends {
    to: ChildStdin,
    from: ChildStdout,
}

impl fmt::Debug for Courier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Courier")
    }
}

impl Courier {
    /// Starts one that runs this command.
    ///
    /// # Errors
    /// When no process can be started.
    pub(crate) fn start(command: &Path) -> io::Result<Self> {
        let missing = || io::Error::other("a pipe is missing");
        let mut process = background::again_without_words(COURIER)?;
        // A group of its own: Ctrl-C is for us, and a report that is under way is sent.
        process.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
        // It is not waited for: it ends when its input does, and nobody minds how.
        let mut child = process.spawn()?;
        let mut to = child.stdin.take().ok_or_else(missing)?;
        let from = child.stdout.take().ok_or_else(missing)?;
        put(&mut to, command.as_os_str().as_bytes())?;
        Ok(Self(Mutex::new(Ends { to, from })))
    }

    /// Hands a message over, and waits until it is sent.
    ///
    /// # Errors
    /// What became of it, or of the process.
    pub(super) fn send(&self, message: &[u8]) -> io::Result<()> {
        let gone = |error: io::Error| {
            io::Error::other(format!("the process that sends reports is gone: {error}"))
        };
        let mut ends = lock(&self.0);
        put(&mut ends.to, message).map_err(gone)?;
        let answer = take(&mut ends.from).and_then(|answer| answer.ok_or_else(ended));
        let answer = answer.map_err(gone)?;
        if answer.is_empty() {
            return Ok(());
        }
        Err(io::Error::other(String::from_utf8_lossy(&answer).into_owned()))
    }
}

fn ended() -> io::Error {
    io::Error::from(io::ErrorKind::UnexpectedEof)
}

/// Does what this process is there for, if it is a courier, until nobody hands it anything more.
pub(crate) fn run() -> Option<ExitCode> {
    background::is_started_by(COURIER).then(|| {
        background::take_name(Some(NAME));
        match serve(&mut io::stdin().lock(), &mut io::stdout().lock()) {
            Ok(()) => ExitCode::Ok,
            Err(_) => ExitCode::System,
        }
    })
}

fn serve(from: &mut impl Read, to: &mut impl Write) -> io::Result<()> {
    let Some(command) = take(from)? else { return Ok(()) };
    let command = Path::new(OsStr::from_bytes(&command));
    while let Some(message) = take(from)? {
        let answer = match sendmail::send(command, &message) {
            Ok(()) => String::new(),
            Err(error) => error.to_string(),
        };
        put(to, answer.as_bytes())?;
    }
    Ok(())
}

/// Writes octets behind their number.
fn put(to: &mut impl Write, octets: &[u8]) -> io::Result<()> {
    let too_long = || io::Error::other("it is too long to be handed over");
    let length = u32::try_from(octets.len()).ok().filter(|&length| length <= MAX_FRAME);
    to.write_all(&length.ok_or_else(too_long)?.to_be_bytes())?;
    to.write_all(octets)?;
    to.flush()
}

/// Reads what was written so; `None` at the end.
fn take(from: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match from.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let length = u32::from_be_bytes(length);
    if length > MAX_FRAME {
        return Err(io::Error::other("it is longer than anything that is handed over"));
    }
    let mut octets = Vec::new();
    from.take(u64::from(length)).read_to_end(&mut octets)?;
    if octets.len() as u64 == u64::from(length) { Ok(Some(octets)) } else { Err(ended()) }
}

#[cfg(test)]
mod tests {
    use super::{MAX_FRAME, put, serve, take};
    use std::fs;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn what_is_handed_over_is_sent_and_answered() {
        let directory = tempfile::tempdir().unwrap();
        let command = directory.path().join("sendmail");
        fs::write(&command, "#!/bin/sh\ncat >> \"$0.got\"; exec test ! -e \"$0.full\"\n").unwrap();
        fs::set_permissions(&command, fs::Permissions::from_mode(0o755)).unwrap();
        let said = |messages: &[&[u8]]| {
            let (mut input, mut output) = (Vec::new(), Vec::new());
            put(&mut input, command.as_os_str().as_bytes()).unwrap();
            messages.iter().for_each(|message| put(&mut input, message).unwrap());
            serve(&mut input.as_slice(), &mut output).unwrap();
            let mut output = output.as_slice();
            std::iter::from_fn(|| take(&mut output).unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(said(&[b"one", b"two"]), [b"", b""]);
        assert_eq!(fs::read(directory.path().join("sendmail.got")).unwrap(), b"onetwo");
        fs::write(directory.path().join("sendmail.full"), "").unwrap();
        let answers = said(&[b"three"]);
        assert_eq!(String::from_utf8_lossy(&answers[0]), "exit status: 1");
        assert_eq!(said(&[]), [b""; 0]);
    }

    #[test]
    fn a_length_is_looked_at_before_anything_is_read() {
        let claims = (MAX_FRAME + 1).to_be_bytes();
        assert!(take(&mut claims.as_slice()).is_err());
        assert!(take(&mut [0, 0, 0, 9, 1].as_slice()).is_err());
        assert!(take(&mut [].as_slice()).unwrap().is_none());
    }
}
