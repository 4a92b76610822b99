//! The program that sends mail, as every MTA brings it along.

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often it is asked whether it has ended.
const PAUSE: Duration = Duration::from_millis(20);

/// Hands a message over. The recipients stand in its header; the envelope's sender is nobody, so
/// that no answer comes. It takes as long as the program does, and a minute at most.
///
/// # Errors
/// When the program cannot be started, does not end, or ends with anything but 0.
pub(super) fn send(command: &Path, message: &[u8]) -> io::Result<()> {
    let mut command = Command::new(command);
    command.args(["-i", "-t", "-f", "<>"]).stdout(Stdio::null()).stderr(Stdio::null());
    let (status, written) = run(&mut command, message, PATIENCE)?;
    if status.success() { written } else { Err(io::Error::other(status.to_string())) }
}

/// Runs a program of the MTA's with that on its standard input: how it ended, and whether it took
/// all of that. What is larger than a pipe holds, and not read, makes this wait.
///
/// # Errors
/// When the program cannot be started, or has not ended in that time: then it is killed, with what
/// it started itself and did not put aside.
pub(crate) fn run(
    command: &mut Command,
    input: &[u8],
    patience: Duration,
) -> io::Result<(ExitStatus, io::Result<()>)> {
    // What a service manager, or our own supervisor, tells a daemon is not for its children.
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_ours_alone(name)) {
        command.env_remove(name);
    }
    // A group of its own: Ctrl-C is for us, and what it began is not left half done.
    let mut child = command.stdin(Stdio::piped()).process_group(0).spawn()?;
    // A message is smaller than what a pipe holds: this does not wait for the program.
    let written = child.stdin.take().map_or(Ok(()), |mut pipe| pipe.write_all(input));
    let until = Instant::now() + patience;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok((status, written));
        }
        if Instant::now() >= until {
            // Its group: sendmail has postdrop do the work, which would go on alone.
            let group = i32::try_from(child.id()).map_err(io::Error::other)?;
            killpg(Pid::from_raw(group), Signal::SIGKILL)?;
            child.wait()?;
            return Err(io::Error::from(io::ErrorKind::TimedOut));
        }
        thread::sleep(PAUSE);
    }
}

/// Whether a variable of the environment is said to a daemon by its service manager (sd_notify(3),
/// sd_listen_fds(3)) or by our own supervisor.
fn is_ours_alone(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name == b"NOTIFY_SOCKET"
        || [&b"WATCHDOG_"[..], b"LISTEN_", b"TWINSEAL_"].iter().any(|own| name.starts_with(own))
}

#[cfg(test)]
mod tests {
    use super::is_ours_alone;

    #[test]
    fn what_a_service_manager_says_is_not_passed_on() {
        for name in ["NOTIFY_SOCKET", "WATCHDOG_USEC", "LISTEN_FDS", "TWINSEAL_SUPERVISED"] {
            assert!(is_ours_alone(name.as_ref()), "{name}");
        }
        for name in ["PATH", "HOME", "LANG", "NOTIFY"] {
            assert!(!is_ours_alone(name.as_ref()), "{name}");
        }
    }
}
