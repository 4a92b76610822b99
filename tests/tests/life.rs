//! From root to the user of the configuration, and to an orderly end.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::process::Command;
use std::time::Duration;
use twinseal_e2e::message::Message;
use twinseal_e2e::milter::Peer;
use twinseal_e2e::net::{Address, wait_for};
use twinseal_e2e::program::{self, Daemon, is_running};
use twinseal_e2e::scratch::Scratch;
use twinseal_e2e::users::{HISTORIC, Users};

const MESSAGE: &[u8] = b"From: ann@example.com\r\nTo: bob@example.net\r\n\r\ntext\r\n";

/// A number of the user database.
fn id(option: &str, user: &str) -> u32 {
    let output = Command::new("id").args([option, user]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

/// The numbers on a line of the process's status.
fn status(pid: u32, name: &str) -> Vec<u32> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
    line.split_whitespace().map(|number| number.parse().unwrap()).collect()
}

#[test]
fn root_is_given_up_after_keys_are_read_and_before_sockets_are_made() {
    let scratch = Scratch::new("life");
    // Their groups, which postfix belongs to, are neither its own nor the one that is configured.
    let _users = Users::historic();
    let (user, group) = (id("-u", "postfix"), id("-g", "nobody"));
    let run = scratch.dir("run");
    std::os::unix::fs::chown(&run, Some(user), Some(group)).unwrap();
    // Only root can read it.
    let key = scratch.key("rsa1024");
    let (socket, pid_file) = (run.join("t.sock"), run.join("t.pid"));
    let address = Address::Unix(socket.clone());
    let text = format!(
        "socket: unix:{}\nuser: postfix:nogroup\npid-file: {}\nlog: {{ to: stderr }}\n\
         signing: [{{ senders: '*@example.com', domain: example.com, keys: [{{ file: {} }}] }}]\n",
        socket.display(),
        pid_file.display(),
        key.display(),
    );
    let file = scratch.write("t.yaml", text);
    let arguments = ["serve", "--config", &file.to_string_lossy()];
    let daemon = Daemon::start(&arguments, &address, &scratch);

    let pid = daemon.pid();
    assert_eq!(status(pid, "Uid:"), [user; 4]);
    assert_eq!(status(pid, "Gid:"), [group; 4]);
    let groups = status(pid, "Groups:");
    assert!(!groups.contains(&0), "root's groups are kept: {groups:?}");
    for name in HISTORIC {
        assert!(groups.contains(&id("-g", name)), "{groups:?} lacks that of {name}");
    }
    let made = fs::metadata(&socket).unwrap();
    assert!(made.file_type().is_socket());
    assert_eq!((made.uid(), made.gid(), made.mode() & 0o777), (user, group, 0o770));
    assert_eq!(fs::read_to_string(&pid_file).unwrap(), format!("{pid}\n"));

    let mut peer = Peer::connect(&address).unwrap();
    peer.negotiate().unwrap();
    peer.ask(b'C', b"localhost\x004\x30\x39127.0.0.1\0").unwrap();
    peer.ask(b'H', b"helo\0").unwrap();
    let answers =
        peer.deliver("ann@example.com", "bob@example.net", &Message::parse(MESSAGE)).unwrap();
    assert_eq!(answers.iter().filter(|(letter, _)| *letter == b'i').count(), 2);

    assert!(daemon.stop().success());
    assert!(!socket.exists() && !pid_file.exists(), "something is left behind");
}

#[test]
fn signals_that_ask_for_a_reload_do_not_end_it() {
    let scratch = Scratch::new("signals");
    let address = Address::any_inet();
    let key = scratch.key("rsa1024").display().to_string();
    let socket = address.for_filter();
    let arguments = ["serve", "-p", &socket, "-d", "example.com", "-s", &key, "-S", "rsa1024"];
    let daemon = Daemon::start(&arguments, &address, &scratch);
    for signal in ["HUP", "USR1"] {
        let pid = daemon.pid().to_string();
        assert!(Command::new("kill").args(["-s", signal, &pid]).status().unwrap().success());
        assert!(daemon.has_logged((&format!("SIG{signal}"), "at start only")), "{}", daemon.log());
    }
    address.connect().unwrap();
    assert!(daemon.stop().success());
}

#[test]
fn a_hangup_ends_dkim_filter_as_it_always_did() {
    let scratch = Scratch::new("hangup");
    let address = Address::any_inet();
    let socket = address.for_filter();
    let daemon =
        Daemon::start(&["dkim-filter", "-f", "-p", &socket, "-b", "v"], &address, &scratch);
    let pid = daemon.pid();
    assert!(Command::new("kill").args(["-s", "HUP", &pid.to_string()]).status().unwrap().success());
    let gone = || (!is_running(pid)).then_some(());
    assert!(wait_for(Duration::from_secs(10), gone).is_some(), "{}", daemon.log());
    let (status, log) = daemon.stop_with_log();
    assert!(status.success() && log.contains("terminating with status 0"), "{log}");
}

#[test]
fn who_is_the_user_already_stays_so_and_hears_of_too_few_descriptors() {
    let scratch = Scratch::new("already");
    let address = Address::any_inet();
    let key = scratch.key("rsa1024");
    std::os::unix::fs::chown(&key, Some(id("-u", "nobody")), None).unwrap();
    let log = scratch.write("t.log", "");
    // As a service manager does with a user and another group than the user's own.
    let script = format!(
        "ulimit -n 100; exec {} serve -u nobody -p {} -d example.com -s {} -S m 2>{}",
        program::path().display(),
        address.for_filter(),
        key.display(),
        log.display()
    );
    fs::set_permissions(&log, fs::Permissions::from_mode(0o666)).unwrap();
    let mut process = Command::new("setpriv")
        .args(["--reuid", "nobody", "--regid", "mail", "--clear-groups", "sh", "-c", &script])
        .spawn()
        .unwrap();
    let connected = wait_for(Duration::from_secs(10), || address.connect().ok());
    let _ = Command::new("kill").arg(process.id().to_string()).status();
    let status = process.wait().unwrap();
    let log = fs::read_to_string(log).unwrap();
    assert!(connected.is_some() && status.success(), "{status}: {log}");
    assert!(log.contains("limits.connections: the system grants"), "{log}");
}
