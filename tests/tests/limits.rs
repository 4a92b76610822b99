//! What the configuration allows MTAs, and no more.

use std::time::Duration;
use twinseal_e2e::milter::Peer;
use twinseal_e2e::net::Address;
use twinseal_e2e::program::Daemon;
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
