//! A fresh Debian below a root of its own, started as a host is: with systemd as its first process,
//! or without it, and in any case with mounts, processes, a loopback and control groups that nobody
//! else sees. Ports are free there, packages are installed and services started, and when it is
//! dropped, all of it has never been.
//!
//! It has no network: what it can install is in `base`.

mod base;

use crate::here;
use crate::net::wait_for;
use crate::scratch::Scratch;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// How long its start may take, on a machine that builds meanwhile.
const START: Duration = Duration::from_secs(120);

/// How long a command in it may take, in seconds.
const LIMIT: &str = "600";

/// Reaps what ends, and does nothing else.
const NO_SYSTEMD: &[&str] =
    &["/bin/sh", "-c", "mkdir -m 1777 /run/lock; trap : TERM; while :; do sleep 1000 & wait; done"];

/// A running system; it ends when dropped.
#[derive(Debug)]
pub struct Root {
    scratch: Scratch,
    group: String,
    holder: Child,
    pid: u32,
}

/// What a command in a root printed, both streams in the order in which it came, and how it ended.
#[derive(Debug)]
pub struct Said {
    /// Its exit status.
    pub status: ExitStatus,
    /// Standard output and standard error.
    pub text: String,
}

impl Root {
    /// Starts one with systemd; fails with the reason where this host does not allow that.
    pub fn boot(name: &str) -> Self {
        let root = Self::start(name, &["/sbin/init", "--log-target=console"]);
        let started = || {
            let state = root.try_sh("systemctl is-system-running").text;
            ["running", "degraded"].contains(&state.trim()).then_some(())
        };
        if wait_for(START, started).is_none() {
            panic!("systemd does not start in {START:?}:\n{}", root.console());
        }
        root
    }

    /// Starts one in which nothing runs, as a host without systemd: what its init scripts start is
    /// all there is.
    pub fn without_systemd(name: &str) -> Self {
        Self::start(name, NO_SYSTEMD)
    }

    fn start(name: &str, init: &[&str]) -> Self {
        let base = base::path().unwrap_or_else(|reason| panic!("no Debian root: {reason}"));
        let scratch = Scratch::new(&format!("root-{name}"));
        let group = scratch.path().file_name().expect("a name").to_string_lossy().into_owned();
        let console = File::create(scratch.join("console")).expect("a file for the console");
        let mut holder = Command::new("unshare")
            .args(["--mount", "/bin/sh"])
            .arg(here("src/root/boot.sh"))
            .arg(&group)
            .arg(base)
            .arg(scratch.path())
            .args(init)
            .stdin(Stdio::null())
            .stdout(console.try_clone().expect("the same file"))
            .stderr(console)
            .spawn()
            .expect("unshare is in Debian's package util-linux");
        let first = wait_for(START, || match holder.try_wait() {
            Ok(None) => child_of(holder.id()).filter(|pid| is_init(*pid, init)).map(Ok),
            ended => Some(Err(format!("{ended:?}"))),
        });
        let said = || fs::read_to_string(scratch.join("console")).unwrap_or_default();
        let pid = match first {
            Some(Ok(pid)) => pid,
            Some(Err(ended)) => panic!("this host starts no root: {ended}:\n{}", said()),
            None => panic!("this host starts no root in {START:?}:\n{}", said()),
        };
        Self { scratch, group, holder, pid }
    }

    /// A path inside as one of this host, as long as it runs.
    pub fn path(&self, inside: &str) -> PathBuf {
        let below = inside.strip_prefix('/').expect("paths inside begin with a slash");
        Path::new("/proc").join(self.pid.to_string()).join("root").join(below)
    }

    /// Writes a file in it, and the directories that it is in.
    pub fn write(&self, inside: &str, content: impl AsRef<[u8]>) {
        let path = self.path(inside);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).unwrap_or_else(|e| panic!("{}: {e}", parent.display()));
        }
        fs::write(&path, content).unwrap_or_else(|e| panic!("{inside}: {e}"));
    }

    /// Reads a file in it.
    pub fn read(&self, inside: &str) -> Vec<u8> {
        fs::read(self.path(inside)).unwrap_or_else(|e| panic!("{inside}: {e}"))
    }

    /// Puts a file of this host into a directory in it.
    pub fn put(&self, file: &Path, directory: &str) {
        let name = file.file_name().expect("a file's name").to_string_lossy();
        let content = fs::read(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        self.write(&format!("{directory}/{name}"), content);
    }

    /// Runs lines of a shell in it as root, stopping at the first that fails; fails if one does.
    pub fn sh(&self, lines: &str) -> String {
        let said = self.try_sh(lines);
        assert!(said.status.success(), "{lines}\n{}\n{}", said.status, said.text);
        said.text
    }

    /// The same, whatever comes of it.
    pub fn try_sh(&self, lines: &str) -> Said {
        let output = Command::new("nsenter")
            .args(["--target", &self.pid.to_string(), "--all", "/usr/bin/env", "-i"])
            .args(["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"])
            .args(["HOME=/root", "LANG=C.UTF-8", "TERM=dumb", "DEBIAN_FRONTEND=noninteractive"])
            .args(["timeout", LIMIT, "/bin/sh", "-c"])
            .arg(format!("exec 2>&1; cd /root; set -e\n{lines}"))
            .stdin(Stdio::null())
            .output()
            .expect("nsenter is in Debian's package util-linux");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let text = text + &String::from_utf8_lossy(&output.stderr);
        Said { status: output.status, text }
    }

    /// Runs lines until they end with 0, for as long as that; what they printed then.
    pub fn until(&self, patience: Duration, lines: &str) -> String {
        let mut last = String::new();
        let found = wait_for(patience, || {
            let said = self.try_sh(lines);
            last = said.text;
            said.status.success().then(|| std::mem::take(&mut last))
        });
        found.unwrap_or_else(|| panic!("{lines}\nstill fails after {patience:?}:\n{last}"))
    }

    /// What its first process has said.
    pub fn console(&self) -> String {
        fs::read_to_string(self.scratch.join("console")).unwrap_or_default()
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        // With the one that holds it all its processes end, and then its mounts.
        let _ = self.holder.kill();
        let _ = self.holder.wait();
        let pid = self.pid;
        let _ = wait_for(Duration::from_secs(10), || {
            (!Path::new("/proc").join(pid.to_string()).exists()).then_some(())
        });
        groups(&self.group).iter().for_each(|path| remove_group(path));
    }
}

/// The only child of a process, if it has one.
fn child_of(pid: u32) -> Option<u32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
    children.split_whitespace().next()?.parse().ok()
}

/// Whether a process runs what it is to become, and no longer what leads there.
fn is_init(pid: u32, init: &[&str]) -> bool {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let mut words: Vec<&[u8]> = line.split(|octet| *octet == 0).collect();
    words.pop();
    words.iter().zip(init).all(|(word, want)| *word == want.as_bytes()) && words.len() == init.len()
}

/// The control groups of that name below our own, in the hierarchies that this host has.
fn groups(name: &str) -> Vec<PathBuf> {
    let ours = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let hierarchies = [("0::", "unified"), ("0::", "."), (":name=systemd:", "systemd")];
    let place = |(mark, directory): &(&str, &str)| {
        let path = ours.lines().find_map(|line| Some(line.split_once(mark)?.1))?;
        let inside = path.trim_start_matches('/');
        Some(Path::new("/sys/fs/cgroup").join(directory).join(inside).join(name))
    };
    hierarchies.iter().filter_map(place).filter(|path| path.is_dir()).collect()
}

/// Removes a control group, and those in it before. A group is not a directory to be emptied.
fn remove_group(path: &Path) {
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_group(&entry.path());
        }
    }
    let _ = fs::remove_dir(path);
}
