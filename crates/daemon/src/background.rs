//! Going to the background.
//!
//! The process that was started starts the program once more, with the same words, and waits until
//! that one listens and has written its pid file; only then it ends with 0. What goes wrong before
//! ends it with the other's exit code, and the other's complaints have gone to the same standard
//! error. fork(2) does the same with less, and cannot be had without `unsafe`.

use nix::sys::prctl::set_name;
use nix::unistd::{Pid, close, dup2_stderr, dup2_stdin, dup2_stdout, getppid, setsid};
use std::env;
use std::ffi::{CString, OsStr};
use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use twinseal_config::ExitCode;

/// The variable that tells the second process who waits for it: a number, that of its parent.
const LAUNCHER: &str = "TWINSEAL_LAUNCHER";

/// The file that this process was made of, wherever it is now.
const OURSELVES: &str = "/proc/self/exe";

/// What the second process writes to its standard output when it serves.
pub(crate) const READY: &[u8] = b"R";

/// The process that goes on in the background, somebody waiting for its word.
#[derive(Debug)]
pub struct Launched(());

/// The process in the background ended before it served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CannotLaunch {
    /// It could not be started, or not be waited for.
    #[error("the process in the background cannot be started: {0}")]
    Start(#[from] io::Error),
    /// It was killed.
    #[error("the process in the background was ended by signal {0}")]
    Killed(i32),
}

impl CannotLaunch {
    /// How the program ends.
    #[must_use]
    pub const fn exit_code(&self) -> ExitCode {
        ExitCode::System
    }
}

/// Whether this is the second process: then somebody waits for its word. It takes that name, or the
/// one that it was started by.
#[must_use]
pub fn launched(name: Option<&str>) -> Option<Launched> {
    is_started_by(LAUNCHER).then(|| {
        take_name(name);
        Launched(())
    })
}

/// Whether our parent is the process whose number that variable has: one that was left behind in
/// somebody's environment names another.
pub(crate) fn is_started_by(variable: &str) -> bool {
    let number = env::var(variable).ok().and_then(|text| text.parse().ok());
    number.is_some_and(|number| getppid() == Pid::from_raw(number))
}

/// The system knows us by the name of the file, and administrators look for a process by the name
/// of the program.
pub(crate) fn take_name(name: Option<&str>) {
    let typed = env::args_os().next();
    let typed = typed.as_deref().map(Path::new).and_then(Path::file_name);
    let name = name.map(OsStr::new).or(typed);
    if let Some(Ok(name)) = name.map(|name| CString::new(name.as_bytes())) {
        // Without it, all works as well.
        let _ = set_name(&name);
    }
}

/// Starts the second process and waits until it serves, or has ended: how this one ends then. The
/// other one has said itself why it ended. `directory` is the one in which this one was started.
///
/// # Errors
/// [`CannotLaunch`] when it could not be started or was killed.
pub fn launch(directory: &Path) -> Result<ExitCode, CannotLaunch> {
    forget_files();
    let mut command = again(LAUNCHER)?;
    let command = command.current_dir(directory);
    let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let mut word = Vec::new();
    if let Some(mut pipe) = process.stdout.take() {
        // It ends with the process, or when the process leaves the terminal.
        pipe.read_to_end(&mut word)?;
    }
    if word == READY {
        return Ok(ExitCode::Ok);
    }
    ended(process.wait()?)
}

/// The program once more, with the same words, and our number in that variable.
pub(crate) fn again(variable: &str) -> io::Result<Command> {
    let mut words = env::args_os();
    // A new version may have taken the file's place; the same one goes on until it is restarted.
    let program = env::current_exe().ok().filter(|path| path.exists());
    let mut command = Command::new(program.unwrap_or_else(|| PathBuf::from(OURSELVES)));
    if let Some(name) = words.next() {
        // The name chooses what the program is, and is what ps(1) shows.
        command.arg0(name);
    }
    command.args(words).env(variable, std::process::id().to_string());
    Ok(command)
}

/// The program once more, under the same name, with nothing but our number in that variable.
pub(crate) fn again_without_words(variable: &str) -> io::Result<Command> {
    let mut command = Command::new(OURSELVES);
    command.arg0(env::args_os().next().unwrap_or_default());
    command.env(variable, std::process::id().to_string());
    Ok(command)
}

/// Closes what whoever started us had open beside the standard streams: a shell or an installer
/// that waits for the end of a pipe would otherwise wait for the end of the daemon.
fn forget_files() {
    let Ok(open) = fs::read_dir("/proc/self/fd") else { return };
    let number = |entry: io::Result<fs::DirEntry>| entry.ok()?.file_name().to_str()?.parse().ok();
    let numbers: Vec<i32> = open.filter_map(number).collect();
    for number in numbers.into_iter().filter(|&number| number > 2) {
        // The directory itself was among them, and is closed already.
        let _ = close(number);
    }
}

/// How this process ends when the other one has ended like that.
pub(crate) fn ended(status: ExitStatus) -> Result<ExitCode, CannotLaunch> {
    if let Some(signal) = status.signal() {
        return Err(CannotLaunch::Killed(signal));
    }
    // It never says that all is well by ending.
    let code = status.code().and_then(ExitCode::with_number).filter(|code| *code != ExitCode::Ok);
    Ok(code.unwrap_or(ExitCode::Internal))
}

impl Launched {
    /// Leaves the terminal, and says that it serves: whoever started it may go on.
    ///
    /// The working directory stays: paths in a configuration may be relative to it.
    ///
    /// # Errors
    /// When nobody waits any more, or /dev/null cannot be opened.
    pub fn ready(self) -> io::Result<()> {
        say_ready(false)
    }
}

/// Says to the process that has started this one that it serves; and unless it `stays`, leaves the
/// terminal.
pub(crate) fn say_ready(stays: bool) -> io::Result<()> {
    let null = OpenOptions::new().read(true).write(true).open("/dev/null")?;
    if !stays {
        // It leads no process group: another process has started it.
        setsid()?;
    }
    let mut output = io::stdout();
    output.write_all(READY)?;
    output.flush()?;
    dup2_stdin(&null)?;
    dup2_stdout(&null)?;
    if !stays {
        dup2_stderr(&null)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{CannotLaunch, ended, launched};
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::ExitStatus;
    use twinseal_config::ExitCode;

    #[test]
    fn nobody_waits_for_a_process_that_was_started_by_hand() {
        assert!(launched(None).is_none());
    }

    #[test]
    fn the_exit_code_is_passed_on() {
        use ExitCode::{Configuration, Internal, Unavailable};
        for (raw, code) in [(0x4e00, Configuration), (0x4500, Unavailable), (0, Internal)] {
            assert_eq!(ended(ExitStatus::from_raw(raw)).unwrap(), code, "{raw:x}");
        }
        let killed = ended(ExitStatus::from_raw(9)).unwrap_err();
        assert!(matches!(killed, CannotLaunch::Killed(9)), "{killed}");
    }
}
