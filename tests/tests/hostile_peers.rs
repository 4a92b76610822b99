//! Peers of the milter socket that do not keep to the protocol: their connection ends, with one
//! line in the log, and all others go on.

use std::sync::Barrier;
use std::time::{Duration, Instant};
use twinseal_e2e::claims::{Claim, objections};
use twinseal_e2e::generator::{Generator, seed};
use twinseal_e2e::here;
use twinseal_e2e::message::Message;
use twinseal_e2e::milter::{ALL_ACTIONS, LEADING_SPACE, Peer, frame, inserted};
use twinseal_e2e::net::{Address, wait_for};
use twinseal_e2e::program::Daemon;
use twinseal_e2e::scratch::Scratch;

const MESSAGE: &[u8] =
    b"From: ann@example.com\r\nTo: bob@example.net\r\nSubject: x\r\n\r\ntext\r\n";

/// How long to wait for what must come.
const LIMIT: Duration = Duration::from_secs(10);
/// Stands in the line that tells of a connection that did not end as it should.
const ENDED: &str = " ended: ";

struct Served {
    daemon: Daemon,
    address: Address,
    scratch: Scratch,
}

#[test]
fn a_broken_peer_ends_alone_and_with_one_line() {
    let served = serve();
    let negotiate = offer();
    let connect = frame(b'C', b"host\x004\x30\x39127.0.0.1\0");
    let helo = frame(b'H', b"host\0");
    let mail = frame(b'M', b"<ann@example.com>\0");
    let greeted = [negotiate.clone(), connect.clone(), helo.clone()].concat();
    let stays: Vec<(&str, Vec<u8>)> = vec![
        ("a length of zero", [negotiate.clone(), vec![0; 4]].concat()),
        ("a length over every limit", [negotiate.clone(), vec![0xff; 4], vec![b'H']].concat()),
        ("a frame over the limit", oversized(&negotiate)),
        ("text instead of frames", b"GET / HTTP/1.0\r\n\r\n".to_vec()),
        ("an unknown command", [negotiate.clone(), frame(b'?', b"")].concat()),
        ("a negotiation that is too short", frame(b'O', b"\0\0\0\x06")),
        ("a negotiation of version 1", frame(b'O', &[&[0, 0, 0, 1][..], &[0; 8]].concat())),
        ("no negotiation", connect.clone()),
        ("a header before MAIL", [greeted.clone(), frame(b'L', b"From\0 x\0")].concat()),
        ("a body before MAIL", [greeted.clone(), frame(b'B', b"text")].concat()),
        ("an end of message before MAIL", [greeted.clone(), frame(b'E', b"")].concat()),
        ("RCPT before MAIL", [greeted.clone(), frame(b'R', b"<b@example.net>\0")].concat()),
        ("a second negotiation", [greeted.clone(), mail.clone(), negotiate.clone()].concat()),
        ("a string without its end", [greeted.clone(), frame(b'M', b"<ann@example.com>")].concat()),
        (
            "a header without a value",
            [greeted.clone(), mail.clone(), frame(b'L', b"From\0")].concat(),
        ),
        ("a connection frame without a host", [negotiate.clone(), frame(b'C', b"")].concat()),
    ];
    let leaves: Vec<(&str, Vec<u8>)> = vec![
        ("half a frame", [negotiate.clone(), vec![0, 0, 0, 9, b'H', b'x']].concat()),
        ("half a length", [negotiate.clone(), vec![0, 0]].concat()),
        ("half a message", [greeted.clone(), mail.clone()].concat()),
        ("nothing", Vec::new()),
    ];
    let cases = stays.into_iter().map(|(name, octets)| (name, octets, false));
    let cases = cases.chain(leaves.into_iter().map(|(name, octets)| (name, octets, true)));
    let mut bystander = served.greet();
    let mut wrong = Vec::new();
    let mut provoked = 0;
    for (name, octets, leaves) in cases {
        provoked += 1;
        let before = served.complaints();
        let ended = served.provoke(&octets, leaves);
        // The line is written after the connection has ended.
        let told = wait_for(LIMIT, || (served.complaints() > before).then_some(())).is_some();
        if !signs(&mut bystander) {
            wrong.push(format!("{name}: and another connection suffered"));
            bystander = served.greet();
        }
        let lines = served.complaints() - before;
        if !ended || !told || lines != 1 {
            wrong.push(format!("{name}: ended: {ended}, lines in the log: {lines}"));
        }
    }
    assert!(signs(&mut served.greet()), "new connections suffer");
    assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), served.daemon.log());
    drop(bystander);
    let pid = served.daemon.pid();
    let (status, log) = served.daemon.stop_with_log();
    assert!(status.success(), "process {pid} does not stop in good order");
    // Also none that came late; the first is that of the connection that found it listening.
    assert_eq!(log.matches(ENDED).count(), 1 + provoked, "{log}");
}

#[test]
fn garbage_costs_others_nothing_and_little_memory() {
    let served = serve();
    let seed = seed();
    eprintln!("TWINSEAL_SEED={seed}");
    let mut generator = Generator::new(seed);
    let (before, idle) = (served.complaints(), served.open());
    let signers: Vec<Peer> = (0..SIGNERS).map(|_| served.greet()).collect();
    let rude = served.crowd(&mut generator);
    let mut patient = served.crowd(&mut generator);
    for (peer, _) in &mut patient {
        peer.send_raw(&begun(&mut generator)).expect("it has done nothing wrong yet");
        assert!(matches!(peer.receive(), Ok(Some((b'O', _)))), "seed {seed}: nobody serves it");
    }
    let all = idle + SIGNERS + 2 * CROWD;
    let open = wait_for(LIMIT, || (served.open() >= all).then_some(()));
    assert!(open.is_some(), "seed {seed}: {} connections of {all} are open", served.open());
    let (ended, signed) = provoke_and_sign(rude, signers);
    let open = served.open();
    assert!(open >= idle + CROWD, "seed {seed}: only {open} connections were open all the time");
    let others = patient.into_iter().filter_map(provoked).count();
    let wanted = (CROWD, CROWD, SIGNERS * MESSAGES);
    assert_eq!((ended, others, signed.len()), wanted, "seed {seed}");
    let wrong = unconfirmed(&signed, &served.scratch);
    assert!(wrong.is_empty(), "seed {seed}: {}", wrong.join("\n"));
    assert!(signs(&mut served.greet()), "seed {seed}: new connections suffer");
    let memory = served.daemon.peak_memory();
    assert!(memory < 32 * 1024, "seed {seed}: {memory} KiB");
    let (status, log) = served.daemon.stop_with_log();
    assert!(status.success(), "seed {seed}: {status}\n{log}");
    let signatures = log.lines().filter(|line| line.contains("field added")).count();
    assert_eq!(signatures, 2 * (SIGNERS * MESSAGES + 1), "seed {seed}\n{log}");
    // And the last line, which tells of the end.
    let complaints = complaints(&log) - before - 1;
    assert!(complaints <= 2 * CROWD, "seed {seed}: {complaints} lines\n{log}");
    assert!(complaints >= CROWD, "seed {seed}: the garbage was too good\n{log}");
}

/// Peers that say garbage at once, and as many that keep their connection until all is signed.
const CROWD: usize = 100;
const SIGNERS: usize = 20;
const MESSAGES: usize = 10;

/// All at once: how many of the rude were sent away, and what was signed meanwhile.
fn provoke_and_sign(rude: Vec<(Peer, Vec<u8>)>, signers: Vec<Peer>) -> (usize, Vec<Vec<u8>>) {
    let start = &Barrier::new(rude.len() + signers.len());
    std::thread::scope(|scope| {
        let begin = |one| {
            start.wait();
            provoked(one)
        };
        let sign = |number: usize, mut peer: Peer| -> Vec<Vec<u8>> {
            start.wait();
            let messages = (0..MESSAGES).map(|of| message(number * MESSAGES + of));
            messages.filter_map(|message| sealed(&mut peer, &message)).collect()
        };
        let rude: Vec<_> =
            rude.into_iter().map(|one| scope.spawn(move || begin(one).is_some())).collect();
        let signers: Vec<_> = signers
            .into_iter()
            .enumerate()
            .map(|(number, peer)| scope.spawn(move || sign(number, peer)))
            .collect();
        let ended = rude.into_iter().filter_map(|one| one.join().ok().filter(|ended| *ended));
        let signed = signers.into_iter().flat_map(|one| one.join().expect("it ends"));
        (ended.count(), signed.collect())
    })
}

/// Says that and nothing more; something, if the program then closes the connection.
fn provoked((mut peer, octets): (Peer, Vec<u8>)) -> Option<()> {
    peer.set_patience(LIMIT);
    let _ = peer.send_raw(&octets);
    peer.finish_writing();
    ended(&mut peer).then_some(())
}

/// How a conversation begins of which nothing is wrong yet: it ends in the middle of a frame.
fn begun(generator: &mut Generator) -> Vec<u8> {
    let mut octets = offer();
    octets.extend([0, 0, 1, 0, b'H']);
    octets.extend(generator.octets(100));
    octets
}

/// One of many, which no other is equal to.
fn message(number: usize) -> Vec<u8> {
    let header = "From: ann@example.com\r\nTo: bob@example.net\r\nSubject: message";
    format!("{header} {number}\r\n\r\n{}", "a line\r\n".repeat(number)).into_bytes()
}

/// What comes of a message, if two fields are added to it.
fn sealed(peer: &mut Peer, message: &[u8]) -> Option<Vec<u8>> {
    let answers = peer.deliver("ann@example.com", "bob@example.net", &Message::parse(message));
    let answers = answers.ok().filter(|answers| answers.len() == 3)?;
    inserted(message, &answers)
}

/// What the judges object to in these messages.
fn unconfirmed(messages: &[Vec<u8>], scratch: &Scratch) -> Vec<String> {
    let mut claims = Vec::new();
    for (number, octets) in messages.iter().enumerate() {
        let path = scratch.write(&format!("sealed/{number}.eml"), octets);
        claims.extend(Claim::both(&path, "rsa1024", "example.com"));
    }
    objections(&here("data/keys/records.txt"), &claims, scratch)
}

/// What no MTA says: noise, and noise that begins well. No message in it comes to its end.
fn garbage(generator: &mut Generator) -> Vec<u8> {
    let mut octets = Vec::new();
    let manners = generator.below(4);
    if manners > 0 {
        octets.extend(offer());
    }
    if manners > 2 {
        octets.extend(frame(b'C', b"host\x004\x30\x39127.0.0.1\0"));
        octets.extend(frame(b'H', b"host\0"));
        octets.extend(frame(b'M', b"<ann@example.com>\0"));
    }
    if manners > 1 {
        for _ in 0..=generator.below(20) {
            let letter = generator.pick(&[b"A", b"B", b"C", b"D", b"H", b"K", b"L", b"M", b"N"])[0];
            let mut payload = generator.octets(300);
            if !generator.one_in(4) {
                payload.push(0);
            }
            octets.extend(frame(letter, &payload));
        }
    }
    octets.extend(generator.octets(4096));
    octets
}

#[test]
fn a_silent_peer_holds_up_nobody() {
    let served = serve();
    let _silent: Vec<Peer> =
        (0..20).map(|_| Peer::connect(&served.address).expect("a connection")).collect();
    let begun = Instant::now();
    assert!(signs(&mut served.greet()));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert!(served.daemon.stop().success());
}

#[test]
fn many_messages_pass_through_one_connection() {
    let served = serve();
    let mut peer = served.greet();
    for number in 0..50 {
        assert!(signs(&mut peer), "message {number}");
        if number % 7 == 0 {
            // Aborts come in rows, also when nothing is there to be aborted.
            peer.send(b'A', b"").unwrap();
            peer.send(b'A', b"").unwrap();
        }
        if number % 11 == 0 {
            peer.send(b'K', b"").unwrap();
            peer.introduce("localhost", "127.0.0.1").unwrap();
        }
    }
    peer.send(b'Q', b"").unwrap();
    assert!(peer.receive().unwrap().is_none(), "something follows QUIT");
    assert!(served.daemon.stop().success());
}

#[test]
fn a_message_in_flight_survives_the_stop() {
    let served = serve();
    let mut peer = served.greet();
    peer.ask(b'M', b"<ann@example.com>\0").unwrap();
    peer.ask(b'R', b"<bob@example.net>\0").unwrap();
    let message = Message::parse(MESSAGE);
    let address = served.address.clone();
    let stopping = std::thread::spawn(move || served.daemon.stop());
    // Nobody else is let in, so that whoever comes next can take the place.
    let refused = wait_for(Duration::from_secs(5), || address.connect().err());
    assert!(refused.is_some(), "connections are still accepted");
    for (name, value) in [("From", " ann@example.com"), ("To", " b@example.net"), ("Subject", " x")]
    {
        peer.ask(b'L', format!("{name}\0{value}\0").as_bytes()).unwrap();
    }
    peer.ask(b'N', b"").unwrap();
    peer.ask(b'B', &message.body).unwrap();
    let (answer, payload) = peer.ask(b'E', b"").unwrap();
    assert_eq!(answer as char, 'i', "{payload:?}");
    drop(peer);
    assert!(stopping.join().unwrap().success());
}

fn serve() -> Served {
    let scratch = Scratch::new("peers");
    let address = Address::any_inet();
    let socket = address.for_filter();
    let key = scratch.key("rsa1024");
    let key = key.to_string_lossy();
    let arguments =
        ["serve", "-f", "-p", &socket, "-d", "example.com", "-s", &key, "-S", "rsa1024"];
    let daemon = Daemon::start(&arguments, &address, &scratch);
    // The connection that found it listening is told of too.
    let told = wait_for(LIMIT, || daemon.log().contains(ENDED).then_some(()));
    assert!(told.is_some(), "no line of the first connection\n{}", daemon.log());
    Served { daemon, address, scratch }
}

fn offer() -> Vec<u8> {
    frame(b'O', &[6_u32, ALL_ACTIONS, LEADING_SPACE].map(u32::to_be_bytes).concat())
}

/// A length that the protocol could mean, but that no MTA sends; a megabyte of it follows.
fn oversized(negotiate: &[u8]) -> Vec<u8> {
    let mut octets = negotiate.to_vec();
    octets.extend_from_slice(&0x0400_0000_u32.to_be_bytes());
    octets.push(b'L');
    octets.resize(octets.len() + (1 << 20), b'x');
    octets
}

impl Served {
    fn greet(&self) -> Peer {
        let mut peer = Peer::connect(&self.address).expect("a connection");
        peer.negotiate().expect("an answer");
        peer.introduce("localhost", "127.0.0.1").expect("an answer");
        peer
    }

    fn complaints(&self) -> usize {
        complaints(&self.daemon.log())
    }

    /// Sends it and stays, or leaves; whether the program then closes the connection.
    fn provoke(&self, octets: &[u8], leaves: bool) -> bool {
        let mut peer = Peer::connect(&self.address).expect("a connection");
        peer.set_patience(Duration::from_secs(3));
        let _ = peer.send_raw(octets);
        if leaves {
            peer.finish_writing();
        }
        ended(&mut peer)
    }

    /// Peers that are connected, and the garbage that each will say.
    fn crowd(&self, generator: &mut Generator) -> Vec<(Peer, Vec<u8>)> {
        let peer = || Peer::connect(&self.address).expect("a connection");
        (0..CROWD).map(|_| (peer(), garbage(generator))).collect()
    }

    /// Sockets that the program has open.
    fn open(&self) -> usize {
        let directory = format!("/proc/{}/fd", self.daemon.pid());
        let files = std::fs::read_dir(directory).expect("the program runs");
        let targets = files.filter_map(|file| std::fs::read_link(file.ok()?.path()).ok());
        targets.filter(|target| target.to_string_lossy().starts_with("socket:")).count()
    }
}

/// Whether the program closes the connection.
fn ended(peer: &mut Peer) -> bool {
    loop {
        match peer.receive() {
            Ok(Some(_)) => {}
            Ok(None) => return true,
            Err(e) => return e.kind() != std::io::ErrorKind::WouldBlock,
        }
    }
}

/// Lines in the log that are not of messages that were signed.
fn complaints(log: &str) -> usize {
    // One that is just being written is none yet: what it will say is not known.
    let whole = log.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    whole.filter(|line| !line.contains("field added")).count()
}

fn signs(peer: &mut Peer) -> bool {
    let answers = peer.deliver("ann@example.com", "bob@example.net", &Message::parse(MESSAGE));
    answers.is_ok_and(|answers| answers.iter().filter(|(letter, _)| *letter == b'i').count() == 2)
}
