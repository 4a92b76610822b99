//! The users that the historic packages brought along, for as long as a test needs them.

use crate::judges::require_root;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

/// Each is a user, and a group that `postfix` belongs to.
pub const HISTORIC: [&str; 2] = ["dk-filter", "dkim-filter"];

/// Only one test program at a time may make and remove them.
const LOCK: &str = "/run/twinseal-e2e-users.lock";

/// The users of [`HISTORIC`]. What was not there before is gone when this is dropped; no process
/// may run as one of them then.
#[derive(Debug)]
pub struct Users {
    made: Vec<&'static str>,
    joined: Vec<&'static str>,
    _lock: File,
}

impl Users {
    /// Makes those that are missing, and makes `postfix` a member of their groups.
    pub fn historic() -> Self {
        require_root();
        let lock = File::create(Path::new(LOCK)).unwrap_or_else(|e| panic!("{LOCK}: {e}"));
        lock.lock().unwrap_or_else(|e| panic!("{LOCK}: {e}"));
        let mut users = Self { made: Vec::new(), joined: Vec::new(), _lock: lock };
        for name in HISTORIC {
            if numbers(name).is_none() {
                let home = ["--no-create-home", "--home-dir", "/nonexistent"];
                let shell = ["--shell", "/usr/sbin/nologin"];
                let mut useradd = Command::new("useradd");
                useradd.args(["--system", "--user-group"]).args(home).args(shell).arg(name);
                assert!(done(&mut useradd), "useradd {name} fails");
                users.made.push(name);
            }
            let groups = Command::new("id").args(["-nG", "postfix"]).output().expect("id");
            let groups = String::from_utf8_lossy(&groups.stdout).into_owned();
            if !groups.split_whitespace().any(|group| group == name) {
                assert!(done(Command::new("gpasswd").args(["-a", "postfix", name])), "gpasswd");
                users.joined.push(name);
            }
        }
        users
    }
}

impl Drop for Users {
    fn drop(&mut self) {
        for name in &self.joined {
            done(Command::new("gpasswd").args(["-d", "postfix", name]));
        }
        for name in &self.made {
            if !done(Command::new("userdel").arg(name)) {
                eprintln!("the user {name} is left behind");
            }
        }
    }
}

fn done(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// The numbers of a user and of its group, if there is such a user.
pub fn numbers(user: &str) -> Option<(u32, u32)> {
    let passwd = fs::read_to_string("/etc/passwd").ok()?;
    let line = passwd.lines().find(|line| line.split(':').next() == Some(user))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}
