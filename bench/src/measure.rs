//! What the kernel knows: processor time, memory, and the machine itself.

use crate::failure::{Failure, Result};
use nix::time::{ClockId, clock_gettime};
use nix::unistd::Pid;
use std::fs;
use std::io;
use std::process::Command;
use std::time::Duration;

/// What one MiB has in it, in KiB.
const KIB: f64 = 1024.0;

/// Processor time that a process has used so far: user and system, of all its threads, those that
/// have ended included.
///
/// It is the process's own clock, in nanoseconds. The figures of `/proc/PID/stat` are the same sum
/// cut to ticks of 10 ms, and those of `/proc/PID/task` forget threads that have ended.
///
/// # Errors
/// When there is no such process.
pub fn processor_time(pid: Pid) -> Result<Duration> {
    let time = ClockId::pid_cpu_clock_id(pid).and_then(clock_gettime);
    let time = time.map_err(io::Error::from);
    time.map(Duration::from).map_err(Failure::system(format!("processor time of process {pid}")))
}

/// Processor time that the calling thread has used so far.
///
/// # Errors
/// When the system has no such clock.
pub fn own_processor_time() -> Result<Duration> {
    let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_err(io::Error::from);
    time.map(Duration::from).map_err(Failure::system("processor time of this thread"))
}

/// Memory of a process, in MiB.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Memory {
    /// What it has now (`VmRSS`).
    pub resident: f64,
    /// The most that it had so far (`VmHWM`).
    pub peak: f64,
}

impl Memory {
    /// That of a process.
    ///
    /// # Errors
    /// When there is no such process.
    pub fn of(pid: Pid) -> Result<Self> {
        let path = format!("/proc/{pid}/status");
        let status = fs::read_to_string(&path).map_err(Failure::system(path.clone()))?;
        Self::parse(&status).ok_or_else(|| {
            let error = io::Error::other("VmRSS and VmHWM in kB are not there");
            Failure::system(path)(error)
        })
    }

    fn parse(status: &str) -> Option<Self> {
        let field = |name: &str| {
            let rest = status.lines().find_map(|line| line.strip_prefix(name))?;
            rest.trim().strip_suffix(" kB")?.parse::<f64>().ok().map(|kib| kib / KIB)
        };
        Some(Self { resident: field("VmRSS:")?, peak: field("VmHWM:")? })
    }
}

/// Date and machine, as a table of figures has to name them.
pub fn machine() -> String {
    let date = words_of("date", &["-u", "+%F"]);
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown processor", |(_, name)| name);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("unknown");
    let openssl = words_of("openssl", &["version"]);
    // Behind that, it names its library again.
    let openssl = openssl.split(" (").next().unwrap_or_default();
    format!(
        "{date}, {cores} × {model}, Linux {}, {openssl}, load average {load} before",
        kernel.trim(),
    )
}

/// What a command prints, or that it is not there.
fn words_of(command: &str, arguments: &[&str]) -> String {
    let output = Command::new(command).args(arguments).output();
    output.map_or_else(
        |_| format!("no {command}"),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_in_mib() {
        let status = "Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n";
        assert_eq!(Memory::parse(status), Some(Memory { resident: 1.0, peak: 2.0 }));
        assert_eq!(Memory::parse("VmHWM:\t 1 kB\n"), None);
        assert!(Memory::of(Pid::this()).unwrap().peak > 0.1);
    }

    #[test]
    fn threads_that_have_ended_still_count() {
        let before = processor_time(Pid::this()).unwrap();
        let burnt = std::thread::spawn(|| {
            while own_processor_time().unwrap() < Duration::from_millis(30) {}
            own_processor_time().unwrap()
        });
        let burnt = burnt.join().unwrap();
        let after = processor_time(Pid::this()).unwrap();
        assert!(after.checked_sub(before).unwrap() >= burnt, "{before:?} {after:?} {burnt:?}");
    }
}
