//! Under a service manager: what it is told, the sockets that it passes, and what else a process is
//! given or has to give.

use std::fs;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::process::Command;
use std::time::{Duration, Instant};
use twinseal_e2e::message::Message;
use twinseal_e2e::milter::Peer;
use twinseal_e2e::net::{Address, wait_for};
use twinseal_e2e::program::{Daemon, is_running, path, send_signal};
use twinseal_e2e::scratch::Scratch;
use twinseal_e2e::users::numbers;

/// Binds two sockets as descriptors 3 and 4, and becomes the program.
const ACTIVATE: &str = "
import fcntl, os, socket, sys
unix = socket.socket(socket.AF_UNIX)
unix.bind(sys.argv[1])
inet = socket.socket()
inet.bind(('127.0.0.1', int(sys.argv[2])))
high = []
for one in (unix, inet):
    one.listen(5)
    high.append(fcntl.fcntl(one.fileno(), fcntl.F_DUPFD, 10))
os.dup2(high[0], 3)
os.dup2(high[1], 4)
os.environ.update(LISTEN_FDS='2', LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES='mail:more')
os.execv(sys.argv[3], sys.argv[3:])
";

fn verifying(scratch: &Scratch, address: &Address, more: &str) -> String {
    let text = format!("socket: {}\nmode: v\n{more}", address.for_filter());
    scratch.write("t.yaml", text).display().to_string()
}

/// What is told next, but for signs of life.
fn told(manager: &UnixDatagram) -> String {
    let until = Instant::now() + Duration::from_secs(10);
    let mut octets = [0; 512];
    loop {
        assert!(Instant::now() < until, "nothing is told");
        let count = manager.recv(&mut octets).expect("something is told");
        let text = String::from_utf8_lossy(&octets[..count]).into_owned();
        if text != "WATCHDOG=1" {
            return text;
        }
    }
}

#[test]
fn a_service_manager_is_told_how_we_are() {
    let scratch = Scratch::new("managed");
    let by_path = scratch.join("notify").display().to_string();
    let by_name = format!("@twinseal-e2e-{}", std::process::id());
    for name in [by_path, by_name] {
        let place = match name.strip_prefix('@') {
            Some(name) => SocketAddr::from_abstract_name(name),
            None => SocketAddr::from_pathname(&name),
        };
        let manager = UnixDatagram::bind_addr(&place.unwrap()).unwrap();
        manager.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let address = Address::any_inet();
        let file = verifying(&scratch, &address, "");
        let mut command = Command::new(path());
        command.args(["serve", "--config", &file]);
        command.env("NOTIFY_SOCKET", &name).env("WATCHDOG_USEC", "200000");
        let daemon = Daemon::start_by(command, &address, &scratch);
        assert_eq!(told(&manager), "READY=1\nSTATUS=serving, sockets: 1");
        daemon.signal("HUP");
        let reloading = told(&manager);
        assert!(reloading.starts_with("RELOADING=1\nMONOTONIC_USEC="), "{reloading}");
        assert_eq!(told(&manager), "READY=1\nSTATUS=configuration reloaded");
        fs::write(&file, "socket: nowhere\n").unwrap();
        daemon.signal("HUP");
        assert!(told(&manager).starts_with("RELOADING=1\n"));
        assert!(told(&manager).starts_with("READY=1\nSTATUS=the last reload has failed"));
        // A tenth of a second apart.
        let begin = Instant::now();
        let mut octets = [0; 512];
        for _ in 0..5 {
            let count = manager.recv(&mut octets).unwrap();
            assert_eq!(&octets[..count], b"WATCHDOG=1");
        }
        assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
        daemon.signal("TERM");
        assert!(told(&manager).starts_with("STOPPING=1\n"));
        assert!(daemon.stop().success());
    }
}

#[test]
fn who_waits_for_a_process_that_would_go_to_the_background_keeps_it() {
    let scratch = Scratch::new("managed");
    let place = scratch.join("notify");
    let manager = UnixDatagram::bind(&place).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let (address, pid_file) = (Address::any_inet(), scratch.join("t.pid"));
    let more = format!("foreground: no\npid-file: {}\n", pid_file.display());
    let file = verifying(&scratch, &address, &more);
    let mut command = Command::new(path());
    command.args(["serve", "--config", &file]).env("NOTIFY_SOCKET", &place);
    let daemon = Daemon::start_by(command, &address, &scratch);
    assert_eq!(told(&manager), "READY=1\nSTATUS=serving, sockets: 1");
    assert_eq!(fs::read_to_string(&pid_file).unwrap(), format!("{}\n", daemon.pid()));
    assert!(daemon.stop().success());
    // An init script that is run by somebody's service has that from its environment.
    let mut command = Command::new(path());
    command.args(["serve", "--config", &file]);
    command.env("NOTIFY_SOCKET", &place).env("SYSTEMD_EXEC_PID", "1");
    assert!(command.status().unwrap().success());
    let pid = fs::read_to_string(&pid_file).unwrap().trim().parse().unwrap();
    assert!(is_running(pid));
    send_signal(pid, "TERM");
    let gone = wait_for(Duration::from_secs(10), || (!is_running(pid)).then_some(()));
    assert!(gone.is_some(), "process {pid} does not end");
}

#[test]
fn sockets_that_are_passed_are_served_and_left() {
    let scratch = Scratch::new("managed");
    let (unix, port) = (scratch.join("t.sock"), Address::free_port());
    let (address, inet) = (Address::Unix(unix.clone()), Address::Inet(port));
    // It would go to the background, if nobody waited for this very process.
    let file = verifying(&scratch, &address, "foreground: no\nlog: { to: stderr }\n");
    let mut command = Command::new("python3");
    command.args(["-c", ACTIVATE, &unix.display().to_string(), &port.to_string()]);
    command.arg(std::path::absolute(path()).unwrap()).args(["serve", "--config", &file]);
    let mut daemon = Daemon::start_by(command, &address, &scratch);
    daemon.listens(&inet);
    for address in [&address, &inet] {
        Peer::connect(address).unwrap().negotiate().unwrap();
    }
    let log = daemon.log();
    assert!(log.contains(&format!("listening on {}, passed to us", address.for_filter())), "{log}");
    assert!(log.contains("listening on more, passed to us"), "{log}");
    assert!(daemon.stop().success());
    assert!(unix.exists(), "the manager's socket is gone");
}

#[test]
fn cores_are_dumped_where_that_is_wanted() {
    for (wanted, owner) in [("yes", numbers("nobody").unwrap().0), ("no", 0)] {
        let scratch = Scratch::new("managed");
        let address = Address::any_inet();
        let text = format!(
            "Socket {}\nMode v\nUserID nobody\nEnableCoredumps {wanted}\nBackground no\n",
            address.for_filter()
        );
        let file = scratch.write("t.conf", text).display().to_string();
        let mut command = Command::new("sh");
        let script = "ulimit -S -c 0; exec \"$@\"";
        command.args(["-c", script, "sh"]).arg(path()).args(["dkim-filter", "-x", &file]);
        let daemon = Daemon::start_by(command, &address, &scratch);
        let process = format!("/proc/{}", daemon.pid());
        // Of a process that may not be looked into, everything belongs to root.
        assert_eq!(fs::metadata(format!("{process}/limits")).unwrap().uid(), owner, "{wanted}");
        let limits = fs::read_to_string(format!("{process}/limits")).unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        let soft = core.split_whitespace().nth(4).unwrap();
        let hard = core.split_whitespace().nth(5).unwrap();
        assert_eq!(soft, if wanted == "yes" { hard } else { "0" }, "{core}");
    }
}

#[test]
fn what_is_said_is_logged_where_that_is_wanted_and_not_what_is_in_it() {
    let scratch = Scratch::new("managed");
    let address = Address::any_inet();
    for level in ["0", "1", "6"] {
        let text = format!("Socket {}\nMode v\nMilterDebug {level}\n", address.for_filter());
        let file = scratch.write("t.conf", text).display().to_string();
        let daemon = Daemon::start(&["dkim-filter", "-f", "-x", &file], &address, &scratch);
        let mut peer = Peer::connect(&address).unwrap();
        peer.negotiate().unwrap();
        peer.introduce("localhost", "127.0.0.1").unwrap();
        let message =
            Message::parse(b"From: ann@example.com\r\nX-Secret: secret\r\n\r\nsecret\r\n");
        peer.deliver("ann@example.com", "bob@example.net", &message).unwrap();
        drop(peer);
        let (_, log) = daemon.stop_with_log();
        for line in ["milter: MTA: header field, ", "milter: filter: ", "milter: MTA: connect, "] {
            assert_eq!(log.contains(line), level != "0", "{level}: {line}\n{log}");
        }
        assert!(!log.contains("secret"), "{log}");
    }
}

#[test]
fn temporary_files_are_nothing_to_us_and_that_is_said() {
    let scratch = Scratch::new("managed");
    let address = Address::any_inet();
    let text = format!(
        "Socket {}\nMode v\nTemporaryDirectory /nowhere\nKeepTemporaryFiles yes\n",
        address.for_filter()
    );
    let file = scratch.write("t.conf", text).display().to_string();
    let daemon = Daemon::start(&["dkim-filter", "-f", "-x", &file], &address, &scratch);
    for name in ["TemporaryDirectory", "KeepTemporaryFiles"] {
        let told = (name, "nothing is written to temporary files");
        assert!(daemon.has_logged(told), "{name}: {}", daemon.log());
    }
}
