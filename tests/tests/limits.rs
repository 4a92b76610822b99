//! What the configuration allows MTAs, and no more.

use std::process::{Command, Stdio};
use std::time::Duration;
use twinseal_e2e::milter::Peer;
use twinseal_e2e::net::{Address, wait_for};
use twinseal_e2e::program::{self, Daemon};
use twinseal_e2e::scratch::Scratch;

/// Long enough for a daemon that answers, short enough for a test that expects it not to.
const A_MOMENT: Duration = Duration::from_millis(300);

fn serve(limits: &str, scratch: &Scratch) -> (Daemon, Address) {
    let address = Address::any_inet();
    let text = format!(
        "socket: {}\nmode: s\nlimits: {{ {limits} }}\nsigning: [{{ senders: '*@example.com', \
         domain: example.com, keys: [{{ file: {} }}] }}]\n",
        address.for_filter(),
        scratch.key("rsa1024").display(),
    );
    let file = scratch.write("t.yaml", text);
    let daemon =
        Daemon::start(&["serve", "--config", &file.display().to_string()], &address, scratch);
    // The connection that found out that it listens has ended.
    assert!(daemon.has_logged(("the MTA closed", "before it said anything")), "{}", daemon.log());
    (daemon, address)
}

#[test]
fn more_connections_than_allowed_wait_until_one_ends() {
    let scratch = Scratch::new("limits");
    let (daemon, address) = serve("connections: 2", &scratch);
    let mut first = Peer::connect(&address).unwrap();
    let mut second = Peer::connect(&address).unwrap();
    first.negotiate().unwrap();
    second.negotiate().unwrap();
    let mut third = Peer::connect(&address).unwrap();
    third.set_patience(A_MOMENT);
    assert!(third.negotiate().is_err(), "a third connection is served beside two");
    assert!(daemon.has_logged(("2 connections are open", "more have to wait")));
    drop(first);
    third.set_patience(Duration::from_secs(20));
    assert_eq!(third.receive().unwrap().unwrap().0, b'O');
}

#[test]
fn a_socket_that_nobody_uses_takes_no_room() {
    let scratch = Scratch::new("limits");
    let (first, second) = (Address::any_inet(), Address::Unix(scratch.join("second.sock")));
    let text = format!(
        "socket: [{:?}, {:?}]\nmode: s\nlimits: {{ connections: 1 }}\nsigning: [{{ senders: \
         '*@example.com', domain: example.com, keys: [{{ file: {} }}] }}]\n",
        first.for_filter(),
        second.for_filter(),
        scratch.key("rsa1024").display(),
    );
    let file = scratch.write("t.yaml", text);
    let arguments = ["serve", "--config", &file.display().to_string()];
    let mut daemon = Daemon::start(&arguments, &first, &scratch);
    // The sockets are bound one after the other, and it was only waited for the first.
    daemon.listens(&second);
    for address in [&second, &first, &second] {
        Peer::connect(address).unwrap().negotiate().unwrap();
    }
    let mut one = Peer::connect(&first).unwrap();
    one.negotiate().unwrap();
    let mut other = Peer::connect(&second).unwrap();
    other.set_patience(A_MOMENT);
    assert!(other.negotiate().is_err(), "two are served, on two sockets");
    drop(one);
    other.set_patience(Duration::from_secs(20));
    assert_eq!(other.receive().unwrap().unwrap().0, b'O');
    let said = daemon.log().matches("more have to wait").count();
    assert!((1..=4).contains(&said), "{}", daemon.log());
}

#[test]
fn mail_does_not_wait_for_a_log_that_nobody_reads() {
    let scratch = Scratch::new("limits");
    let address = Address::any_inet();
    let socket = address.for_filter();
    let key = scratch.key("rsa1024").display().to_string();
    let mut process = Command::new(program::path())
        .args(["serve", "-p", &socket, "-d", "example.com", "-s", &key, "-S", "rsa1024"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let ready = wait_for(Duration::from_secs(10), || address.connect().ok());
    assert!(ready.is_some(), "it does not listen");
    // Each is a line of some eighty octets, and a pipe takes 64 KiB of them.
    (0..2000).for_each(|_| drop(Peer::connect(&address)));
    let answered = Peer::connect(&address).and_then(|mut peer| peer.negotiate()).is_ok();
    process.kill().unwrap();
    process.wait().unwrap();
    assert!(answered, "it waits for whoever should read its log");
}

#[test]
fn an_mta_has_the_time_that_it_is_given() {
    let scratch = Scratch::new("limits");
    let (daemon, address) = serve("read: 1s, idle: 2s", &scratch);
    let mut silent = Peer::connect(&address).unwrap();
    let mut idle = Peer::connect(&address).unwrap();
    idle.negotiate().unwrap();
    let mut slow = Peer::connect(&address).unwrap();
    slow.negotiate().unwrap();
    slow.send_raw(b"\0\0\0\x09H").unwrap();
    for (peer, seconds, when) in [
        (&mut silent, 1, "before it said anything"),
        (&mut slow, 1, "in the middle of a frame"),
        (&mut idle, 2, "between messages"),
    ] {
        assert_eq!(peer.receive().unwrap(), None, "{when}");
        let line = format!("the MTA was silent for {seconds} seconds {when}");
        assert!(daemon.has_logged((&line, when)), "{line}\n{}", daemon.log());
    }
}
