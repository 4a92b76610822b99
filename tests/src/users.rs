//! The users that the historic packages brought along, for as long as a test needs them.

use crate::judges::require_root;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::process::{Command, Stdio};

/// Each is a user, and a group that `postfix` belongs to.
pub const HISTORIC: [&str; 2] = ["dk-filter", "dkim-filter"];

/// Only one test program at a time may make and remove them. What it has made is written there: the
/// next one takes away what one that was killed has left behind.
const LOCK: &str = "/run/twinseal-e2e-users.lock";

/// The users of [`HISTORIC`]. What was not there before is gone when this is dropped; no process
/// may run as one of them then.
#[derive(Debug)]
pub struct Users {
    made: Vec<&'static str>,
    joined: Vec<&'static str>,
    lock: File,
}

impl Users {
    /// Makes those that are missing, and makes `postfix` a member of their groups.
    pub fn historic() -> Self {
        require_root();
        let mut options = OpenOptions::new();
        let lock = options.read(true).write(true).create(true).truncate(false).open(LOCK);
        let mut lock = lock.unwrap_or_else(|e| panic!("{LOCK}: {e}"));
        lock.lock().unwrap_or_else(|e| panic!("{LOCK}: {e}"));
        let mut left = String::new();
        lock.read_to_string(&mut left).unwrap_or_else(|e| panic!("{LOCK}: {e}"));
        let was = |what: &str| left.lines().any(|line| line == what);
        let mut users = Self { made: Vec::new(), joined: Vec::new(), lock };
        for name in HISTORIC {
            if was(&format!("made {name}")) && numbers(name).is_some() {
                users.made.push(name);
            }
            if was(&format!("joined {name}")) {
                users.joined.push(name);
            }
            if numbers(name).is_none() {
                users.note(&format!("made {name}\n"));
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
                users.note(&format!("joined {name}\n"));
                assert!(done(Command::new("gpasswd").args(["-a", "postfix", name])), "gpasswd");
                users.joined.push(name);
            }
        }
        users
    }

    /// Writes down what is about to be made.
    fn note(&mut self, line: &str) {
        self.lock.write_all(line.as_bytes()).unwrap_or_else(|e| panic!("{LOCK}: {e}"));
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
        let _ = self.lock.set_len(0);
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
