//! Started again when it dies, but not for ever.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use twinseal_e2e::here;
use twinseal_e2e::message::Message;
use twinseal_e2e::milter::{Peer, inserted};
use twinseal_e2e::net::{Address, wait_for};
use twinseal_e2e::program::{self, Background, Daemon, children, is_running, run, send_signal};
use twinseal_e2e::scratch::Scratch;

const MESSAGE: &[u8] = b"From: ann@example.com\r\nTo: bob@example.net\r\n\r\ntext\r\n";

/// The process that serves, in the place of another one.
fn worker(supervisor: u32, instead_of: Option<u32>) -> u32 {
    let other = || children(supervisor).into_iter().find(|&pid| Some(pid) != instead_of);
    wait_for(Duration::from_secs(10), other).expect("a process that serves")
}

/// Whether a message gets its seal there.
fn signs(address: &Address) -> bool {
    let sealed = || {
        let mut peer = Peer::connect(address).ok()?;
        peer.negotiate().ok()?;
        peer.introduce("localhost", "127.0.0.1").ok()?;
        let message = Message::parse(MESSAGE);
        let answers = peer.deliver("ann@example.com", "bob@example.net", &message).ok()?;
        inserted(MESSAGE, &answers).filter(|sealed| sealed.len() > MESSAGE.len())
    };
    wait_for(Duration::from_secs(10), sealed).is_some()
}

fn gone(pid: u32) -> bool {
    wait_for(Duration::from_secs(10), || (!is_running(pid)).then_some(())).is_some()
}

/// A file of dkim-filter with these lines, for a daemon at that address.
fn historic(scratch: &Scratch, address: &Address, lines: &str) -> PathBuf {
    let key = scratch.key("rsa1024").display().to_string();
    let socket = address.for_filter();
    let text = format!(
        "Socket {socket}\nBackground no\nMode s\nDomain example.com\nSelector s\nKeyFile {key}\n\
         {lines}"
    );
    scratch.write("t.conf", text)
}

#[test]
fn what_dies_is_started_again() {
    let scratch = Scratch::new("supervised");
    let address = Address::any_inet();
    let (key, socket) = (scratch.key("rsa1024").display().to_string(), address.for_filter());
    let pid_file = scratch.join("t.pid");
    let pid_path = pid_file.display().to_string();
    let words = ["dk-filter", "-f", "-A", "-b", "s", "-d", "example.com", "-p", &socket];
    let more = ["-s", &key, "-S", "s", "-P", &pid_path];
    let daemon = Daemon::start(&[&words[..], &more].concat(), &address, &scratch);
    let supervisor = daemon.pid();
    let number = || fs::read_to_string(&pid_file).ok().filter(|text| !text.is_empty());
    let number = wait_for(Duration::from_secs(5), number).unwrap();
    assert_eq!(number, format!("{supervisor}\n"));
    assert!(signs(&address));

    let first = worker(supervisor, None);
    send_signal(first, "KILL");
    let second = worker(supervisor, Some(first));
    assert!(daemon.has_logged(("terminated with", "signal 9, restarting")), "{}", daemon.log());
    assert!(signs(&address), "{}", daemon.log());

    // Signals to the one whose number is known are meant for the other.
    daemon.signal("USR1");
    assert!(daemon.has_logged(("configuration", "reloaded")), "{}", daemon.log());
    // An orderly end that nobody has asked this one for is an end, too.
    send_signal(second, "TERM");
    let third = worker(supervisor, Some(second));
    assert!(daemon.has_logged(("exited with", "status 0, restarting")), "{}", daemon.log());
    assert!(signs(&address), "{}", daemon.log());
    assert!(daemon.stop().success());
    assert!(gone(third) && !pid_file.exists());
}

#[test]
fn what_dies_too_often_is_given_up() {
    for (lines, deaths, words) in [
        ("AutoRestartCount 1\n", 2, "maximum restart count exceeded"),
        ("AutoRestartRate 1/1h\n", 2, "maximum restart rate exceeded"),
        ("AutoRestartRate 1/1h\nAutoRestartCount 1\n", 2, "maximum restart count exceeded"),
    ] {
        let scratch = Scratch::new("supervised");
        let address = Address::any_inet();
        let file = historic(&scratch, &address, &format!("AutoRestart yes\n{lines}"));
        let arguments = ["dkim-filter", "-x", &file.display().to_string()];
        let mut daemon = Daemon::start(&arguments, &address, &scratch);
        let mut last = None;
        for death in 0..deaths {
            assert!(signs(&address), "{lines}: death {death}: {}", daemon.log());
            let process = worker(daemon.pid(), last);
            send_signal(process, "KILL");
            last = Some(process);
        }
        let status = daemon.ended().expect("its end");
        assert_eq!(status.code(), Some(69), "{lines}: {}", daemon.log());
        assert!(daemon.log().contains(words), "{lines}: {}", daemon.log());
    }
}

#[test]
fn what_cannot_serve_is_not_started_again() {
    let scratch = Scratch::new("supervised");
    let file = historic(&scratch, &Address::any_inet(), "AutoRestart yes\nKeyFile /no/such/key\n");
    let ended = run(&["dkim-filter", "-x", &file.display().to_string()], b"");
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(78), "{said}");
    assert_eq!(said.matches("/no/such/key").count(), 1, "{said}");
    assert!(!said.contains("restarting"), "{said}");

    // What spoils it later is not tried again either.
    let address = Address::any_inet();
    let file = historic(&scratch, &address, "AutoRestart yes\n");
    let arguments = ["dkim-filter", "-x", &file.display().to_string()];
    let mut daemon = Daemon::start(&arguments, &address, &scratch);
    let serving = worker(daemon.pid(), None);
    assert!(signs(&address));
    fs::write(scratch.join("keys/rsa1024"), "no key any more\n").unwrap();
    send_signal(serving, "KILL");
    assert_eq!(daemon.ended().and_then(|status| status.code()), Some(78), "{}", daemon.log());
    assert_eq!(daemon.log().matches("restarting").count(), 1, "{}", daemon.log());
}

#[test]
fn an_init_script_finds_the_process_that_restarts_in_the_pid_file() {
    let scratch = Scratch::new("supervised");
    let address = Address::any_inet();
    scratch.write("keys/rsa1024", fs::read(here("data/keys/rsa1024.pem")).unwrap());
    // Every path but that of the file is relative to its BaseDirectory.
    let text = format!(
        "Socket {}\nMode s\nDomain example.com\nSelector s\nKeyFile rsa1024\nPidFile ../t.pid\n\
         BaseDirectory {}\nAutoRestart yes\nSyslog no\n",
        address.for_filter(),
        scratch.join("keys").display()
    );
    scratch.write("t.conf", text);
    let named = scratch.join("start");
    let program = std::path::absolute(program::path()).unwrap();
    let script = format!(
        "#!/bin/sh\ncd {}; exec {} dkim-filter -x t.conf\n",
        scratch.path().display(),
        program.display()
    );
    scratch.write_with_mode("start", script, 0o755);
    let none: [&str; 0] = [];
    let daemon = Background::start(&named, &none, &scratch.join("t.pid"));
    let supervisor: u32 =
        fs::read_to_string(scratch.join("t.pid")).unwrap().trim().parse().unwrap();
    assert!(signs(&address));
    let name = |pid: u32| fs::read_to_string(format!("/proc/{pid}/comm")).unwrap();
    let first = worker(supervisor, None);
    assert_eq!(
        (name(supervisor).as_str(), name(first).as_str()),
        ("dkim-filter\n", "dkim-filter\n")
    );
    send_signal(first, "USR1");
    send_signal(first, "ABRT");
    let second = worker(supervisor, Some(first));
    assert!(signs(&address));
    daemon.stop();
    assert!(gone(second));
}

#[test]
fn nobody_serves_whom_nobody_can_stop_any_more() {
    let scratch = Scratch::new("supervised");
    let address = Address::any_inet();
    let file = historic(&scratch, &address, "AutoRestart yes\nUserID nobody\n");
    let arguments = ["dkim-filter", "-x", &file.display().to_string()];
    let daemon = Daemon::start(&arguments, &address, &scratch);
    let serving = worker(daemon.pid(), None);
    assert!(signs(&address));
    daemon.signal("KILL");
    assert!(gone(serving), "{}", daemon.log());
}

#[test]
fn a_second_one_takes_nothing_from_the_first() {
    let scratch = Scratch::new("second");
    let (one, other) = (Address::Unix(scratch.join("one")), Address::Unix(scratch.join("other")));
    let pid_file = scratch.write("t.pid", "123456789\n").display().to_string();
    let start = |address: &Address, pid_file: &str| {
        let socket = address.for_filter();
        ["dkim-filter", "-f", "-b", "v", "-p", &socket, "-P", pid_file].map(String::from)
    };
    // The number of a process that is gone is in nobody's way.
    let daemon = Daemon::start(&start(&one, &pid_file), &one, &scratch);
    let pid = daemon.pid();
    for (arguments, words) in [
        (start(&other, &pid_file), format!("process {pid} runs and has it")),
        (start(&one, "/dev/null"), format!("somebody listens on it: process {pid}")),
    ] {
        let second = run(&arguments, b"");
        let said = String::from_utf8_lossy(&second.stderr).into_owned();
        assert_eq!(second.status.code(), Some(69), "{said}");
        assert!(said.contains(&words), "{said}\n{words}");
        assert_eq!(fs::read_to_string(&pid_file).unwrap(), format!("{pid}\n"));
        one.connect().unwrap();
        assert!(!scratch.join("other").exists(), "its socket is left behind");
    }
    let left = Command::new("ls").arg("-A").arg(scratch.path()).output().unwrap();
    assert!(!String::from_utf8_lossy(&left.stdout).contains(".lock"), "{left:?}");
    assert!(daemon.stop().success());
}
