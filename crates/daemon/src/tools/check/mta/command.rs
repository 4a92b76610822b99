//! Running a program of the MTA's for what it prints, with bounds on everything.

use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// More is not read: no configuration is so large.
const MOST: u64 = 4 * 1024 * 1024;

/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// How often it is looked whether it has ended.
const LOOK: Duration = Duration::from_millis(5);

/// What came of it.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) code: Option<i32>,
    pub(super) output: String,
    pub(super) errors: String,
}

/// Runs it to its end.
///
/// # Errors
/// When it cannot be started, or does not end in time.
pub(super) fn run(command: &mut Command) -> io::Result<Done> {
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let (output, errors) = (child.stdout.take(), child.stderr.take());
    let output = thread::spawn(move || all(output));
    let errors = thread::spawn(move || all(errors));
    let code = wait(&mut child)?;
    let text = |reader: thread::JoinHandle<String>| reader.join().unwrap_or_default();
    Ok(Done { code, output: text(output), errors: text(errors) })
}

fn all(pipe: Option<impl Read>) -> String {
    let mut octets = Vec::new();
    if let Some(pipe) = pipe {
        // What could be read counts.
        let _ = pipe.take(MOST).read_to_end(&mut octets);
    }
    String::from_utf8_lossy(&octets).into_owned()
}

fn wait(child: &mut Child) -> io::Result<Option<i32>> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.code());
        }
        if begun.elapsed() > PATIENCE {
            let _ = child.kill();
            let _ = child.wait();
            return Err(io::Error::from(io::ErrorKind::TimedOut));
        }
        thread::sleep(LOOK);
    }
}
