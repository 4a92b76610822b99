//! Who is signed: what Postfix without a password file cannot show, asked over the milter socket.

use twinseal_e2e::message::Message;
use twinseal_e2e::milter::Peer;
use twinseal_e2e::net::Address;
use twinseal_e2e::program::Daemon;
use twinseal_e2e::scratch::Scratch;

const MESSAGE: &[u8] =
    b"From: ann@example.com\r\nTo: bob@example.net\r\nSubject: x\r\n\r\ntext\r\n";

#[test]
fn a_client_is_signed_for_when_it_is_internal_or_has_authenticated() {
    let scratch = Scratch::new("who");
    let hosts = "# ours\n127.0.0.1\n192.0.2.0/28\n2001:db8::/32\n.office.example.com\n";
    let hosts = scratch.write("hosts", hosts);
    let address = Address::any_inet();
    let key = scratch.key("rsa1024");
    let arguments = [
        "serve",
        "-f",
        "-p",
        &address.for_filter(),
        "-i",
        &hosts.to_string_lossy(),
        "-d",
        "example.com",
        "-s",
        &key.to_string_lossy(),
        "-S",
        "rsa1024",
    ];
    let daemon = Daemon::start(&arguments, &address, &scratch);
    let login = b"M{auth_type}\0PLAIN\0{auth_authen}\0ann\0".as_slice();
    let nobody = b"M{auth_type}\0\0".as_slice();
    for (host, client, macros, signed) in [
        ("localhost", "4\x30\x39127.0.0.1", None, true),
        ("pc.example.net", "4\x30\x39192.0.2.14", None, true),
        ("pc.example.net", "4\x30\x39192.0.2.16", None, false),
        ("pc.example.net", "4\x30\x39192.0.2.16", Some(login), true),
        ("pc.example.net", "4\x30\x39192.0.2.16", Some(nobody), false),
        ("pc.office.example.com", "4\x30\x39198.51.100.1", None, true),
        ("office.example.com", "4\x30\x39198.51.100.1", None, false),
        ("pc.example.net", "6\x30\x392001:db8::17", None, true),
        ("pc.example.net", "6\x30\x39IPv6:2001:db8::17", None, true),
        ("pc.example.net", "6\x30\x392001:db9::17", None, false),
    ] {
        let mut peer = Peer::connect(&address).unwrap();
        peer.negotiate().unwrap();
        peer.ask(b'C', format!("{host}\0{client}\0").as_bytes()).unwrap();
        peer.ask(b'H', b"helo\0").unwrap();
        if let Some(macros) = macros {
            peer.send(b'D', macros).unwrap();
        }
        let answers =
            peer.deliver("ann@example.com", "bob@example.net", &Message::parse(MESSAGE)).unwrap();
        let fields = answers.iter().filter(|(letter, _)| *letter == b'i').count();
        let wanted = if signed { 2 } else { 0 };
        assert_eq!(fields, wanted, "{host} {client} {macros:?}\n{}", daemon.log());
    }
    assert!(daemon.stop().success());
}

/// The daemon for example.com, with the internal hosts of its default.
fn serve(scratch: &Scratch) -> (Daemon, Address) {
    let address = Address::any_inet();
    let key = scratch.key("rsa1024").display().to_string();
    let socket = address.for_filter();
    let arguments = ["serve", "-p", &socket, "-d", "example.com", "-s", &key, "-S", "rsa1024"];
    (Daemon::start(&arguments, &address, scratch), address)
}

fn is_signed(peer: &mut Peer) -> bool {
    let message = Message::parse(MESSAGE);
    let answers = peer.deliver("ann@example.com", "bob@example.net", &message).unwrap();
    answers.iter().any(|(letter, _)| *letter == b'i')
}

#[test]
fn a_client_without_an_address_is_local_only_under_a_local_name() {
    let scratch = Scratch::new("families");
    let (daemon, address) = serve(&scratch);
    for (client, signed) in [
        (b"localhost\0U".as_slice(), true),
        (b"\0U", true),
        (b"localhost\0L\0\0/run/submit\0", true),
        (b"unknown\0U", false),
        (b"mx.example.net\0U", false),
        (b"mx.example.net\0L\0\0/run/submit\0", false),
        (b"localhost\x004\x30\x39unknown\0", false),
        (b"localhost\x006\x30\x39::ffff:127.0.0.1\0", true),
        (b"localhost\x006\x30\x39::ffff:192.0.2.1\0", false),
    ] {
        let mut peer = Peer::connect(&address).unwrap();
        peer.negotiate().unwrap();
        peer.ask(b'C', client).unwrap();
        peer.ask(b'H', b"helo\0").unwrap();
        let what = String::from_utf8_lossy(client);
        assert_eq!(is_signed(&mut peer), signed, "{what:?}\n{}", daemon.log());
    }
    assert!(daemon.stop().success());
}

#[test]
fn a_login_counts_for_its_message_alone() {
    let scratch = Scratch::new("login");
    let (daemon, address) = serve(&scratch);
    let mut peer = Peer::connect(&address).unwrap();
    peer.negotiate().unwrap();
    peer.introduce("pc.example.net", "192.0.2.1").unwrap();
    let login = |peer: &mut Peer| {
        peer.send(b'D', b"M{auth_type}\0PLAIN\0{auth_authen}\0ann\0").unwrap();
    };
    login(&mut peer);
    assert!(is_signed(&mut peer));
    // No macros at all come with the next message: what was said before does not count.
    assert!(!is_signed(&mut peer), "after the end of a message");
    login(&mut peer);
    peer.ask(b'M', b"<ann@example.com>\0").unwrap();
    peer.send(b'A', b"").unwrap();
    assert!(!is_signed(&mut peer), "after an abort");
    login(&mut peer);
    peer.ask(b'M', b"<ann@example.com>\0").unwrap();
    peer.send(b'K', b"").unwrap();
    peer.introduce("pc.example.net", "192.0.2.1").unwrap();
    assert!(!is_signed(&mut peer), "after another client has come");
    drop(peer);
    assert!(daemon.stop().success());
}
