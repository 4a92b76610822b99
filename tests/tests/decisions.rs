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
