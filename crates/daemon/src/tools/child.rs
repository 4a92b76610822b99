//! Running a program for what it prints, with bounds on everything.

use crate::reporting::sendmail;
use nix::sys::memfd::{MFdFlags, memfd_create};
use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::process::{Command, ExitStatus};
use std::time::Duration;

/// More is not read, in octets: no configuration is so large.
const MOST: u64 = 4 * 1024 * 1024;

/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What came of it.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) status: ExitStatus,
    pub(super) output: String,
    pub(super) errors: String,
}

/// Runs it to its end, with nothing on its standard input. What it leaves behind in the background
/// is not waited for, even when that holds the output open.
///
/// # Errors
/// When it cannot be started, or does not end in time: then it is killed with all that it started.
pub(super) fn run(command: &mut Command) -> io::Result<Done> {
    run_with(command, b"", PATIENCE).map(|(done, _)| done)
}

/// The same with that on its standard input, and another bound: whether all of the input was taken
/// comes with it. No more than a pipe holds may be put in.
///
/// # Errors
/// As [`run`].
pub(super) fn run_with(
    command: &mut Command,
    input: &[u8],
    patience: Duration,
) -> io::Result<(Done, io::Result<()>)> {
    let (mut output, mut errors) = (memory()?, memory()?);
    command.stdout(output.try_clone()?).stderr(errors.try_clone()?);
    let (status, written) = sendmail::run(command, input, patience)?;
    Ok((Done { status, output: text(&mut output)?, errors: text(&mut errors)? }, written))
}

/// A file that is nowhere: this works where nothing can be written.
fn memory() -> io::Result<File> {
    Ok(File::from(memfd_create("output", MFdFlags::MFD_CLOEXEC)?))
}

fn text(file: &mut File) -> io::Result<String> {
    file.rewind()?;
    let mut octets = Vec::new();
    file.take(MOST).read_to_end(&mut octets)?;
    Ok(String::from_utf8_lossy(&octets).into_owned())
}

#[cfg(test)]
mod tests {
    use super::run;
    use std::process::Command;

    #[test]
    fn what_it_prints_is_read_and_what_it_leaves_behind_is_not_waited_for() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 60 & echo $!; echo b >&2; exit 3"]);
        let done = run(&mut command).unwrap();
        assert_eq!(done.status.code(), Some(3));
        assert_eq!(done.errors, "b\n");
        let left = done.output.trim();
        assert!(Command::new("kill").arg(left).status().unwrap().success(), "{left:?}");
    }

    #[test]
    fn a_program_that_is_not_there_is_an_error() {
        assert!(run(&mut Command::new("/nonexistent/program")).is_err());
    }
}
