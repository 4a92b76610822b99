//! The program under test: found by `TWINSEAL_BIN`, or in the build directory of the tests.

use crate::net::{Address, wait_for};
use crate::scratch::Scratch;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// How long a run may take that is to end by itself.
const LIMIT: Duration = Duration::from_secs(60);

/// Where the program is; fails with what to do when it is not there.
pub fn path() -> PathBuf {
    let beside = || {
        let exe = std::env::current_exe().ok()?;
        Some(exe.parent()?.parent()?.join("twinseal"))
    };
    let path = std::env::var_os("TWINSEAL_BIN").map(PathBuf::from).or_else(beside);
    let path = path.unwrap_or_else(|| PathBuf::from("twinseal"));
    assert!(
        path.is_file(),
        "{}: no program to test; build it (cargo build -p twinseal-daemon) or set TWINSEAL_BIN",
        path.display()
    );
    path
}

/// Runs it once, to its end, with this as its standard input; fails when it does not end.
pub fn run<S: AsRef<OsStr>>(arguments: &[S], input: &[u8]) -> Output {
    run_as(&path(), arguments, input)
}

/// The same, under the name that it has there.
pub fn run_as<S: AsRef<OsStr>>(program: &Path, arguments: &[S], input: &[u8]) -> Output {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    std::thread::scope(|scope| {
        // It may refuse before it reads, and then the pipe is closed.
        scope.spawn(move || stdin.write_all(input));
        // Nothing is sent: that both readers have dropped their ends means that it has ended.
        let (reads, ended) = mpsc::channel();
        let other = reads.clone();
        let stdout = scope.spawn(move || read_to_end(stdout.expect("a pipe"), reads));
        let stderr = scope.spawn(move || read_to_end(stderr.expect("a pipe"), other));
        let too_long = ended.recv_timeout(LIMIT) == Err(mpsc::RecvTimeoutError::Timeout);
        if too_long {
            let _ = child.kill();
        }
        let status = child.wait().expect("its state");
        let [stdout, stderr] = [stdout, stderr].map(|reader| reader.join().expect("it is read"));
        assert!(!too_long, "it ran for {LIMIT:?}:\n{}", String::from_utf8_lossy(&stderr));
        Output { status, stdout, stderr }
    })
}

fn read_to_end(mut pipe: impl Read, reads: mpsc::Sender<()>) -> Vec<u8> {
    let mut octets = Vec::new();
    pipe.read_to_end(&mut octets).expect("a pipe can be read");
    drop(reads);
    octets
}

/// Runs it, but for no longer than this; its state and what it wrote to standard error, or nothing
/// when it was still running.
pub fn run_for<S: AsRef<OsStr>>(
    arguments: &[S],
    limit: Duration,
    input: &[u8],
    scratch: &Scratch,
) -> Option<(ExitStatus, String)> {
    let log = scratch.join("run.stderr");
    let input = scratch.write("run.stdin", input);
    let mut child = Command::new(path())
        .args(arguments)
        .stdin(File::open(input).expect("the file just written"))
        .stdout(Stdio::null())
        .stderr(File::create(&log).expect("a file for its words"))
        .spawn()
        .expect("the program starts");
    let status = wait_for(limit, || child.try_wait().expect("its state"));
    if status.is_none() {
        let _ = child.kill();
        let _ = child.wait();
    }
    Some((status?, fs::read_to_string(log).unwrap_or_default()))
}

/// A process that went to the background and wrote its number into a file; it is stopped when
/// dropped.
#[derive(Debug)]
pub struct Background {
    pid: u32,
    pid_file: PathBuf,
}

impl Background {
    /// Runs the program as an init script does, and fails unless that ends with 0 and leaves a
    /// process behind.
    pub fn start<S: AsRef<OsStr>>(program: &Path, arguments: &[S], pid_file: &Path) -> Self {
        let launched = run_as(program, arguments, b"");
        let said = String::from_utf8_lossy(&launched.stderr).into_owned();
        assert!(launched.status.success(), "{}: {}\n{said}", program.display(), launched.status);
        let pid = number_in(pid_file).filter(|pid| is_running(*pid));
        let pid = pid.unwrap_or_else(|| panic!("{pid_file:?} names no process\n{said}"));
        Self { pid, pid_file: pid_file.to_owned() }
    }

    /// Kills it, so that it cannot clean up.
    pub fn kill(&self) {
        self.end("KILL");
        assert_eq!(number_in(&self.pid_file), Some(self.pid), "it was killed and cleaned up");
    }

    /// Stops it as an init script does: by the number in the pid file.
    pub fn stop(self) {
        assert_eq!(number_in(&self.pid_file), Some(self.pid), "its pid file is another's");
        self.end("TERM");
        assert!(!self.pid_file.exists(), "{:?} is left behind", self.pid_file);
    }

    fn end(&self, signal: &str) {
        assert!(is_running(self.pid), "process {} has ended by itself", self.pid);
        let gone = self.signal(signal, Duration::from_secs(10));
        assert!(gone, "process {} does not end after SIG{signal}", self.pid);
    }

    fn signal(&self, signal: &str, patience: Duration) -> bool {
        let _ = Command::new("kill").args(["-s", signal, &self.pid.to_string()]).status();
        wait_for(patience, || (!is_running(self.pid)).then_some(())).is_some()
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if is_running(self.pid) && !self.signal("TERM", Duration::from_secs(5)) {
            self.signal("KILL", Duration::from_secs(5));
        }
    }
}

/// What a pid file says.
fn number_in(pid_file: &Path) -> Option<u32> {
    fs::read_to_string(pid_file).ok()?.strip_suffix('\n')?.parse().ok()
}

/// Sends a process a signal; fails when it is gone.
pub fn send_signal(pid: u32, signal: &str) {
    let sent = Command::new("kill").args(["-s", signal, &pid.to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()), "process {pid} gets no SIG{signal}");
}

/// The processes that this one has started and that have not ended.
pub fn children(pid: u32) -> Vec<u32> {
    let text = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    text.split_whitespace()
        .filter_map(|pid| pid.parse().ok())
        .filter(|&pid| is_running(pid))
        .collect()
}

/// Whether there is such a process, and it has not ended.
///
/// One that nobody has waited for stays visible. So does the first thread of one that was killed,
/// while the others are on their way out and its sockets are open.
pub fn is_running(pid: u32) -> bool {
    let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    let threads = || fs::read_dir(format!("/proc/{pid}/task")).map_or(0, Iterator::count);
    !stat.contains(") Z ") || threads() > 1
}

/// `twinseal serve`, started and stopped by the test.
#[derive(Debug)]
pub struct Daemon {
    process: Child,
    log: PathBuf,
}

impl Daemon {
    /// Starts it with these arguments and waits until it listens at the address.
    pub fn start<S: AsRef<OsStr>>(arguments: &[S], address: &Address, scratch: &Scratch) -> Self {
        let mut command = Command::new(path());
        command.args(arguments);
        Self::start_by(command, address, scratch)
    }

    /// The same by a command of the test's own.
    pub fn start_by(mut command: Command, address: &Address, scratch: &Scratch) -> Self {
        let log = scratch.join("daemon.log");
        let process = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).expect("a file for its log"))
            .spawn()
            .expect("the program starts");
        let mut daemon = Self { process, log };
        daemon.listens(address);
        daemon
    }

    /// Waits until it listens at this address, too.
    pub fn listens(&mut self, address: &Address) {
        let listening = wait_for(Duration::from_secs(10), || {
            let ended = self.process.try_wait().expect("its state");
            assert!(ended.is_none(), "serve ended: {ended:?}\n{}", self.log());
            address.connect().ok()
        });
        assert!(listening.is_some(), "serve does not listen at {address:?}\n{}", self.log());
    }

    /// The file that it logs to.
    pub fn log_file(&self) -> &Path {
        &self.log
    }

    /// All that it has logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits a moment for a line that begins, behind whatever stands before it, and ends like this.
    pub fn has_logged(&self, (begin, end): (&str, &str)) -> bool {
        let fits =
            |line: &str| line.find(begin).is_some_and(|at| line[at..].trim_end().ends_with(end));
        wait_for(Duration::from_secs(3), || self.log().lines().any(fits).then_some(())).is_some()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: &str) {
        send_signal(self.pid(), signal);
    }

    /// Waits until it has ended by itself.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        wait_for(Duration::from_secs(20), || self.process.try_wait().expect("its state"))
    }

    /// Its process number.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// The most memory that it has had so far, in KiB.
    pub fn peak_memory(&self) -> usize {
        let path = format!("/proc/{}/status", self.pid());
        let status = fs::read_to_string(path).expect("the state of a process that runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
        number.expect("VmHWM in kB")
    }

    /// Asks it to stop and waits until it has.
    pub fn stop(self) -> ExitStatus {
        self.stop_with_log().0
    }

    /// The same, and all that it has logged: nothing comes later.
    pub fn stop_with_log(mut self) -> (ExitStatus, String) {
        let status = self.terminate();
        let log = self.log();
        (status.unwrap_or_else(|| panic!("it does not stop\n{log}")), log)
    }

    fn terminate(&mut self) -> Option<ExitStatus> {
        if let Ok(Some(status)) = self.process.try_wait() {
            return Some(status);
        }
        let pid = self.process.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        wait_for(Duration::from_secs(10), || self.process.try_wait().ok().flatten())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if self.terminate().is_none() {
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
        if std::thread::panicking() {
            eprintln!("the program's log:\n{}", self.log());
        }
    }
}
