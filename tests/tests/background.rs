//! A process that nobody waits for: what whoever started it can rely on.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use twinseal_e2e::net::{Address, wait_for};
use twinseal_e2e::program::{is_running, run};
use twinseal_e2e::scratch::Scratch;

/// Signals the process whose number is in a pid file when the test is over, however it ends.
struct Running(PathBuf);

impl Running {
    fn pid(&self) -> Option<String> {
        Some(fs::read_to_string(&self.0).ok()?.trim().to_owned())
    }

    fn signal(&self, signal: &str) {
        if let Some(pid) = self.pid() {
            let _ = Command::new("kill").args(["-s", signal, &pid]).status();
        }
    }

    /// Waits until a process is gone.
    fn gone(pid: &str) -> bool {
        let pid = pid.parse().unwrap();
        wait_for(Duration::from_secs(10), || (!is_running(pid)).then_some(())).is_some()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.signal("KILL");
    }
}

/// A configuration with these lines in front, and the pid file that it names.
fn configuration(scratch: &Scratch, lines: &str, key: &Path) -> (String, Running) {
    let pid_file = scratch.join("t.pid");
    let text = format!(
        "foreground: no\npid-file: {}\nmode: s\n{lines}signing: [{{ senders: '*@example.com', \
         domain: example.com, keys: [{{ file: {} }}] }}]\n",
        pid_file.display(),
        key.display(),
    );
    let file = scratch.write("t.yaml", text);
    (file.display().to_string(), Running(pid_file))
}

#[test]
fn whoever_started_it_goes_on_when_it_serves_on_every_socket() {
    let scratch = Scratch::new("background");
    let key = scratch.key("rsa1024");
    let (socket, port) = (scratch.join("t.sock"), Address::free_port());
    // A host without IPv6 has no ::1.
    let six = Address::has_ipv6();
    let six_line = if six { format!("  - inet6:{port}@::1\n") } else { String::new() };
    let group = Command::new("id").args(["-g", "postfix"]).output().unwrap();
    let group: u32 = String::from_utf8(group.stdout).unwrap().trim().parse().unwrap();
    let lines = format!(
        "socket:\n  - unix:{}\n  - inet:{port}@127.0.0.1\n{six_line}\
         socket-mode: \"660\"\nsocket-group: postfix\n",
        socket.display()
    );
    let (file, running) = configuration(&scratch, &lines, &key);

    // run() waits until both pipes are closed: nothing of the terminal may be kept open.
    let launched = run(&["serve", "--config", &file], b"");
    assert!(launched.status.success(), "{launched:?}");
    // No waiting from here on: it is there.
    UnixStream::connect(&socket).unwrap();
    TcpStream::connect(("127.0.0.1", port)).unwrap();
    if six {
        TcpStream::connect(("::1", port)).unwrap();
    }
    let made = fs::metadata(&socket).unwrap();
    assert_eq!((made.mode() & 0o777, made.gid()), (0o660, group));
    let pid = running.pid().unwrap();
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // Behind the name: state, parent, process group, session, terminal.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    assert_eq!((fields[3], fields[4]), (pid.as_str(), "0"), "no session of its own: {stat}");

    let second = run(&["serve", "--config", &file], b"");
    assert_eq!(second.status.code(), Some(69), "{second:?}");
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(said.contains("somebody listens on it"), "{said}");
    assert_eq!(running.pid().unwrap(), pid, "the pid file was taken from the one that serves");

    running.signal("TERM");
    assert!(Running::gone(&pid), "it does not stop");
    assert!(!socket.exists() && running.pid().is_none(), "something is left behind");
}

#[test]
fn what_whoever_started_it_had_open_is_not_kept_open() {
    let scratch = Scratch::new("background");
    let key = scratch.key("rsa1024");
    let socket = format!("socket: unix:{}\n", scratch.join("t.sock").display());
    let (file, running) = configuration(&scratch, &socket, &key);
    let program = std::path::absolute(twinseal_e2e::program::path()).unwrap();
    let named = scratch.join("by-another-name");
    std::os::unix::fs::symlink(program, &named).unwrap();
    // A shell's descriptor 7; the pipe ends when nobody has it open any more.
    let script = format!("{{ {} serve --config {file} >&2; }} 7>&1 | cat", named.display());
    let output = Command::new("timeout").args(["20", "sh", "-c", &script]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let pid = running.pid().unwrap();
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap();
    assert_eq!(name, "by-another-name\n");
}

#[test]
fn what_keeps_it_from_serving_is_said_with_its_code() {
    let scratch = Scratch::new("background");
    let socket = format!("socket: unix:{}\n", scratch.join("t.sock").display());
    let (file, running) = configuration(&scratch, &socket, &scratch.join("no.key"));
    let launched = run(&["serve", "--config", &file], b"");
    assert_eq!(launched.status.code(), Some(78), "{launched:?}");
    assert!(String::from_utf8_lossy(&launched.stderr).contains("no.key"), "{launched:?}");
    assert!(running.pid().is_none());
}

#[test]
fn what_a_killed_one_left_behind_is_in_nobodys_way() {
    let scratch = Scratch::new("background");
    let key = scratch.key("rsa1024");
    let socket = scratch.join("t.sock");
    let lines = format!("socket: unix:{}\n", socket.display());
    let (file, running) = configuration(&scratch, &lines, &key);
    let mut pids = Vec::new();
    for _ in 0..3 {
        let launched = run(&["serve", "--config", &file], b"");
        assert!(launched.status.success(), "{launched:?}");
        UnixStream::connect(&socket).unwrap();
        let pid = running.pid().unwrap();
        running.signal("KILL");
        assert!(Running::gone(&pid));
        pids.push(pid);
        assert!(socket.exists(), "it was killed, and yet it cleaned up");
    }
    pids.dedup();
    assert_eq!(pids.len(), 3, "{pids:?}");
}
