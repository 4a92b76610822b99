//! A thousand reloads under load, good and broken configurations in turn: no message is lost or
//! mangled, or signed with half a configuration, and keys that only root can read stay.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use twinseal_dkim::{Demands, Outcome};
use twinseal_e2e::here;
use twinseal_e2e::judges::{Judge, Keys, require_peers, require_root};
use twinseal_e2e::message::{Message, declared, tag};
use twinseal_e2e::milter::{Peer, inserted};
use twinseal_e2e::net::{Address, wait_for};
use twinseal_e2e::program::Daemon;
use twinseal_e2e::scratch::Scratch;
use twinseal_e2e::verifier::{Records, verdicts};

/// How often each daemon is told to reload.
const RELOADS: usize = 1000;
/// How many MTAs send mail meanwhile.
const SENDERS: usize = 3;
/// Messages on one connection, which keeps what it began with.
const ON_ONE_CONNECTION: usize = 3;
/// The pause before each message: a reload happens between two of them, and the machine has other
/// work than to sign.
const PAUSE: Duration = Duration::from_millis(5);
/// How many messages the stranger among the verifiers looks at: it takes milliseconds for each.
const JUDGED: usize = 400;

const MESSAGE: &str = "To: bob@example.net\r\nSubject: reloaded\r\n\r\nsome  text \r\n";

/// A configuration of the two, and what its seals declare.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Good {
    selector: &'static str,
    dkim: &'static str,
    domainkeys: &'static str,
}

const GOOD: [Good; 2] = [
    Good { selector: "rsa1024", dkim: "relaxed/relaxed", domainkeys: "nofws" },
    Good { selector: "rsa2048", dkim: "simple/simple", domainkeys: "simple" },
];

impl Good {
    /// What the two seals have to declare for a key that one of them names.
    fn declares(self, selector: &str) -> [String; 2] {
        let Self { dkim, domainkeys, .. } = self;
        [
            format!("a=rsa-sha256 c={dkim} d=example.com s={selector}"),
            format!("a=rsa-sha1 c={domainkeys} d=example.com s={selector}"),
        ]
    }
}

/// A daemon under test.
struct Program {
    arguments: Vec<String>,
    signals: &'static [&'static str],
    /// The file that is written anew before each reload.
    file: PathBuf,
    good: [String; 2],
    broken: Vec<String>,
    /// How many seals it makes.
    seals: usize,
}

/// A message that was sent, and what came back.
struct Sent {
    root_only: bool,
    sealed: Vec<u8>,
}

/// Keys that the daemon's user can read, and one that only root can.
fn keys(scratch: &Scratch) -> PathBuf {
    for name in ["rsa1024", "rsa2048"] {
        let key = scratch.key(name);
        let (user, _) = twinseal_e2e::users::numbers("nobody").unwrap();
        std::os::unix::fs::chown(key, Some(user), None).unwrap();
    }
    let pem = fs::read(here("data/keys/rsa1024.pem")).unwrap();
    scratch.write_with_mode("root/rsa1024", pem, 0o600);
    scratch.write("keys/none", "this is no key\n");
    scratch.path().to_owned()
}

fn native(scratch: &Scratch, address: &Address) -> Program {
    let root = keys(scratch).display().to_string();
    let text = |good: Good, last: &str| {
        let Good { selector, dkim, domainkeys } = good;
        format!(
            "socket: {}\nuser: nobody\nlog: {{ to: stderr }}\nmode: s\n\
             dkim: {{ canonicalization: {dkim} }}\n\
             domainkeys: {{ canonicalization: {domainkeys} }}\n\
             signing:\n  - senders: '*@root.example.com'\n    domain: example.com\n    \
             keys: [{{ file: {root}/root/rsa1024 }}]\n  - senders: '*@example.com'\n    \
             domain: example.com\n    keys: [{{ file: {root}/keys/{selector} }}]\n{last}",
            address.for_filter()
        )
    };
    let [first, second] = GOOD;
    let file = scratch.join("t.yaml");
    Program {
        arguments: ["serve", "--config", &file.display().to_string()].map(String::from).to_vec(),
        signals: &["HUP", "USR1"],
        good: [text(first, ""), text(second, "")],
        broken: vec![
            text(second, "no-such-key: 1\n"),
            text(second, "mode: [\n"),
            text(first, "peers: /no/such/list\n"),
            text(first, "").replace("keys/rsa1024", "keys/none"),
            text(second, "").replace("keys/rsa2048", "keys/missing"),
            String::new(),
        ],
        seals: 2,
        file,
    }
}

fn dkim_filter(scratch: &Scratch, address: &Address) -> Program {
    let root = keys(scratch).display().to_string();
    let text = |good: Good, last: &str| {
        let Good { selector, dkim, .. } = good;
        let list = scratch.write(
            &format!("{selector}.list"),
            format!(
                "*@root.example.com:example.com:{root}/root/rsa1024\n\
                 *@example.com:example.com:{root}/keys/{selector}\n"
            ),
        );
        format!("Mode s\nKeyList {}\nCanonicalization {dkim}\n{last}", list.display())
    };
    let [first, second] = GOOD;
    let file = scratch.join("t.conf");
    let words =
        format!("dkim-filter -f -x {} -u nobody -p {}", file.display(), address.for_filter());
    Program {
        arguments: words.split(' ').map(String::from).collect(),
        signals: &["USR1"],
        good: [text(first, ""), text(second, "")],
        broken: vec![
            text(second, "NoSuchParameter 1\n"),
            text(second, "Mode x\n"),
            text(first, "PeerList /no/such/list\n"),
            "Mode s\nKeyList /no/such/list\n".to_owned(),
            "Mode s\nDomain example.com\nSelector s\nKeyFile /no/such/key\n".to_owned(),
        ],
        seals: 1,
        file,
    }
}

#[test]
fn a_thousand_reloads_lose_and_mangle_nothing() {
    let scratch = Scratch::new("reloads");
    let address = Address::Unix(scratch.join("t.sock"));
    open_to_nobody(&scratch);
    try_out(&native(&scratch, &address), &address, &scratch);
}

#[test]
fn a_thousand_reloads_in_place_of_dkim_filter_lose_and_mangle_nothing() {
    let scratch = Scratch::new("reloads");
    let address = Address::any_inet();
    open_to_nobody(&scratch);
    try_out(&dkim_filter(&scratch, &address), &address, &scratch);
}

/// The socket is made by the user that the daemon becomes.
fn open_to_nobody(scratch: &Scratch) {
    require_root();
    require_peers();
    let (user, _) = twinseal_e2e::users::numbers("nobody").unwrap();
    std::os::unix::fs::chown(scratch.path(), Some(user), None).unwrap();
}

fn try_out(program: &Program, address: &Address, scratch: &Scratch) {
    fs::write(&program.file, &program.good[0]).unwrap();
    let daemon = Daemon::start(&program.arguments, address, scratch);
    let done = AtomicBool::new(false);
    let (probes, sent) = thread::scope(|scope| {
        let send = |_| scope.spawn(|| send_until(&done, address));
        let senders: Vec<_> = (0..SENDERS).map(send).collect();
        let probes = reload_again_and_again(program, &daemon, address);
        done.store(true, Ordering::SeqCst);
        let sent: Vec<Vec<Vec<Sent>>> =
            senders.into_iter().map(|one| one.join().expect("a sender")).collect();
        (probes, sent)
    });
    let (status, log) = daemon.stop_with_log();
    assert!(status.success() && !log.contains("mistake of ours"), "{status}");
    for (at, (want, sent)) in probes.iter().enumerate() {
        let found = configuration(sent, program.seals);
        assert_eq!(found, *want, "after reload {at}");
    }
    let mut all: Vec<&Sent> = probes.iter().map(|(_, sent)| sent).collect();
    for connection in sent.iter().flatten() {
        let found: Vec<Good> =
            connection.iter().map(|sent| configuration(sent, program.seals)).collect();
        assert!(found.iter().all(|one| *one == found[0]), "two on one connection: {found:?}");
        all.extend(connection);
    }
    eprintln!(
        "{RELOADS} reloads, {} of them of broken configurations; {} messages from {SENDERS} \
         senders, {} after a reload",
        RELOADS / 2,
        all.len() - probes.len(),
        probes.len(),
    );
    assert!(all.len() > probes.len() + SENDERS * ON_ONE_CONNECTION, "nobody sent anything");
    verify(&all, program.seals, scratch);
}

/// After each reload, a message on a new connection tells which configuration is in force.
fn reload_again_and_again(
    program: &Program,
    daemon: &Daemon,
    address: &Address,
) -> Vec<(Good, Sent)> {
    let mut log = Log::of(daemon);
    let (mut probes, mut in_force) = (Vec::new(), 0);
    for number in 0..RELOADS {
        let (text, end) = if number % 2 == 0 {
            in_force = (number / 2 + 1) % 2;
            let from = format!("configuration reloaded from {}", program.file.display());
            (&program.good[in_force], from)
        } else {
            let broken = &program.broken[number / 2 % program.broken.len()];
            (broken, "nothing has changed, the configuration in force stays".to_owned())
        };
        fs::write(&program.file, text).unwrap();
        let signal = program.signals[number % program.signals.len()];
        daemon.signal(signal);
        assert!(log.waits_for(&end), "reload {number} by {signal}: no {end:?}\n{}", daemon.log());
        let mut sent = send(address, 1, number % 3 == 2);
        probes.push((GOOD[in_force], sent.pop().unwrap()));
    }
    probes
}

/// The daemon's log, read on from where it was read to.
struct Log {
    file: File,
    rest: String,
}

impl Log {
    fn of(daemon: &Daemon) -> Self {
        Self { file: File::open(daemon.log_file()).unwrap(), rest: String::new() }
    }

    /// Waits for the next line that says how a reload ended, and says whether it is this one.
    fn waits_for(&mut self, end: &str) -> bool {
        let ended = wait_for(Duration::from_secs(20), || {
            self.file.read_to_string(&mut self.rest).unwrap();
            while let Some((line, rest)) = self.rest.split_once('\n') {
                let is_end =
                    line.contains("configuration reloaded") || line.contains("nothing has changed");
                let found = is_end.then(|| line.ends_with(end));
                self.rest = rest.to_owned();
                if found.is_some() {
                    return found;
                }
            }
            None
        });
        ended == Some(true)
    }
}

/// One connection after the other, until it is enough.
fn send_until(done: &AtomicBool, address: &Address) -> Vec<Vec<Sent>> {
    let mut connections = Vec::new();
    while !done.load(Ordering::SeqCst) {
        connections.push(send(address, ON_ONE_CONNECTION, connections.len() % 2 == 1));
    }
    connections
}

/// A connection with so many messages, each of which is accepted and comes back whole.
fn send(address: &Address, count: usize, root_only: bool) -> Vec<Sent> {
    let mut peer = Peer::connect(address).expect("it listens");
    peer.negotiate().expect("it negotiates");
    peer.introduce("localhost", "127.0.0.1").expect("it answers");
    let from = if root_only { "ann@root.example.com" } else { "ann@example.com" };
    let octets = format!("From: {from}\r\n{MESSAGE}").into_bytes();
    let one = |_| {
        thread::sleep(PAUSE);
        let answers = peer.deliver(from, "bob@example.net", &Message::parse(&octets));
        let answers = answers.expect("an answer to its end");
        let sealed = inserted(&octets, &answers);
        let sealed = sealed.unwrap_or_else(|| panic!("not accepted: {answers:?}"));
        assert!(sealed.ends_with(&octets) && sealed.len() > octets.len(), "unsigned or mangled");
        Sent { root_only, sealed }
    };
    (0..count).map(one).collect()
}

/// The one configuration that made all seals of that message.
fn configuration(sent: &Sent, seals: usize) -> Good {
    let message = Message::parse(&sent.sealed);
    let dkim: Vec<_> = message.all("dkim-signature").collect();
    let domainkeys: Vec<_> = message.all("domainkey-signature").collect();
    assert_eq!(dkim.len(), 1, "{}", String::from_utf8_lossy(&sent.sealed));
    assert_eq!(dkim.len() + domainkeys.len(), seals, "a seal is missing");
    let selector = tag(dkim[0], "s").unwrap();
    let made_by = |good: &&Good| {
        let wanted = if sent.root_only { "rsa1024" } else { good.selector };
        let [first, second] = good.declares(&selector);
        selector == wanted
            && declared(dkim[0]) == first
            && domainkeys.iter().all(|field| declared(field) == second)
    };
    let found = GOOD.iter().find(made_by);
    *found.unwrap_or_else(|| panic!("of neither: {}", String::from_utf8_lossy(&sent.sealed)))
}

/// Every DKIM seal passes, and of a sample every seal does, in the eyes of a stranger.
fn verify(all: &[&Sent], seals: usize, scratch: &Scratch) {
    let file = here("data/keys/records.txt");
    let records = Records::read(&file);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    for sent in all {
        let found = verdicts(&sent.sealed, &records, Demands::default(), now.as_secs());
        let passes = found.len() == 1 && found[0].outcome == Outcome::Pass;
        assert!(passes, "{found:?}\n{}", String::from_utf8_lossy(&sent.sealed));
    }
    let each = all.len().div_ceil(JUDGED);
    let write = |(at, sent): (usize, &&Sent)| scratch.write(&format!("sealed/{at}"), &sent.sealed);
    let paths: Vec<PathBuf> = all.iter().step_by(each).enumerate().map(write).collect();
    let said = Judge::MailDkim.judge(Keys::File(Path::new(&file)), &paths, scratch);
    for (path, verdicts) in paths.iter().zip(said) {
        let passing = verdicts.iter().filter(|verdict| verdict.pass).count();
        assert_eq!((passing, verdicts.len()), (seals, seals), "{path:?}: {verdicts:?}");
    }
}
