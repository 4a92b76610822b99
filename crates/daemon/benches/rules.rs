//! What 100,000 signing rules cost beside one: at start, in memory, and for each message.
//!
//! A start is measured in a process of its own, whose peak memory the kernel knows. Messages are
//! measured in rounds of all candidates in turn, and the figures are medians of the ratios of one
//! round, so that what else the machine does falls on all of them alike.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot go on says so and stops"
)]

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use twinseal_config::{Door, Loaded, Request, Rules};
use twinseal_daemon::serve::FileSystem;
use twinseal_daemon::server::Server;
use twinseal_daemon::signing::directory::{Directory, Purpose};
use twinseal_daemon::signing::keyring::{self, Parse};
use twinseal_daemon::signing::policy::{self, Deciding, Fidelity, Known, Orders, Origin, Plan};
use twinseal_keys::SigningKey;
use twinseal_message::{HeaderBlock, Mailbox};
use twinseal_milter::Macros;

const MANY: usize = 100_000;
const STARTS: usize = 3;
const ROUNDS: usize = 9;
const ROUND: Duration = Duration::from_millis(100);
/// How many addresses take turns, so that no rule stays in the processor's cache by itself.
const ADDRESSES: usize = 1000;
const BODY_OCTETS: usize = 20 * 1024;
/// Several files stand behind the names of all keys: a file system has a limit on links to one.
const KEY_FILES: usize = 10;
/// The word that makes this program measure one start, of the command line behind it.
const START: &str = "--start";

fn main() {
    let mut words = std::env::args_os().skip(1);
    match words.next() {
        Some(word) if word == START => started(words.collect()),
        // `cargo test --benches` passes this, and wants to know only that it runs.
        Some(word) if word == "--test" => {}
        _ => {
            let scratch = Scratch::new();
            starts(&scratch);
            messages(&scratch);
        }
    }
}

/// Files to start from.
struct Scratch(TempDir);

/// The signing rules of a file.
struct Set {
    name: &'static str,
    count: usize,
    senders: fn(usize) -> String,
    /// Whether each rule has a key file of its own.
    own_keys: bool,
}

const BY_NAME: Set = Set {
    name: "100,000 rules by name",
    count: MANY,
    senders: |number| format!("[\"*@d{number}.example\"]"),
    own_keys: false,
};
const SETS: [Set; 5] = [
    Set { name: "one rule", count: 1, ..BY_NAME },
    BY_NAME,
    Set {
        name: "100,000 rules by wildcard",
        senders: |number| format!("[\"*@d{number}.example\", \"*@*.d{number}.example\"]"),
        ..BY_NAME
    },
    Set {
        name: "100,000 rules by wildcard, user*@",
        senders: |number| format!("[\"*@*.d{number}.example\", \"user*@d{number}.example\"]"),
        ..BY_NAME
    },
    Set { name: "100,000 rules, a key file each", own_keys: true, ..BY_NAME },
];

impl Scratch {
    fn new() -> Self {
        let scratch = Self(tempfile::tempdir().unwrap());
        let originals: Vec<PathBuf> =
            (0..KEY_FILES).map(|number| scratch.original(number)).collect();
        for (number, original) in originals.iter().enumerate() {
            let pem = SigningKey::generate_rsa(2048).unwrap().to_pem().unwrap();
            fs::create_dir_all(scratch.key(number).parent().unwrap()).unwrap();
            fs::write(original, &pem).unwrap();
            fs::set_permissions(original, fs::Permissions::from_mode(0o600)).unwrap();
        }
        for number in 0..MANY {
            fs::hard_link(&originals[number % KEY_FILES], scratch.key(number)).unwrap();
        }
        SETS.iter().enumerate().for_each(|(place, set)| scratch.write(place, set));
        scratch.write_lists();
        scratch
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn original(&self, number: usize) -> PathBuf {
        self.path(&format!("original{number}"))
    }

    fn key(&self, number: usize) -> PathBuf {
        self.path(&format!("keys{}/k{number}", number % KEY_FILES))
    }

    fn configuration(&self, place: usize) -> PathBuf {
        self.path(&format!("rules{place}.yaml"))
    }

    fn write(&self, place: usize, set: &Set) {
        let mut text = "socket: inet:8891@127.0.0.1\nmode: s\nsigning:\n".to_owned();
        for number in 0..set.count {
            let key = if set.own_keys { self.key(number) } else { self.original(0) };
            writeln!(
                text,
                "  - senders: {}\n    domain: d{number}.example\n    keys:\n      \
                 - {{ file: {}, selector: mail2 }}",
                (set.senders)(number),
                key.display()
            )
            .unwrap();
        }
        fs::write(self.configuration(place), text).unwrap();
    }

    /// The lists of dk-filter: domains, and their keys.
    fn write_lists(&self) {
        let (mut domains, mut keys) = (String::new(), String::new());
        let key = self.original(0);
        for number in 0..MANY {
            writeln!(domains, "d{number}.example").unwrap();
            writeln!(keys, "*@d{number}.example:{}", key.display()).unwrap();
        }
        fs::write(self.path("domains"), domains).unwrap();
        fs::write(self.path("keylist"), keys).unwrap();
    }
}

/// Prints what starting takes.
fn starts(scratch: &Scratch) {
    for (place, set) in SETS.iter().enumerate() {
        start(set.name, &["--config", scratch.configuration(place).to_str().unwrap()]);
    }
    let (domains, keys) = (scratch.path("domains"), scratch.path("keylist"));
    let (domains, keys) = (domains.to_str().unwrap(), keys.to_str().unwrap());
    let words = ["-p", "inet:8891@127.0.0.1", "-d", domains, "-k", "-s", keys];
    start("a key list of 100,000 lines", &words);
}

/// Starts several times, and prints the median time and the highest peak.
fn start(name: &str, words: &[&str]) {
    let measured = |_| {
        let this = std::env::current_exe().unwrap();
        let output = Command::new(this).arg(START).args(words).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        let mut figures = text.split_whitespace().map(|figure| figure.parse::<f64>().unwrap());
        [figures.next().unwrap(), figures.next().unwrap(), figures.next().unwrap()]
    };
    let all: Vec<[f64; 3]> = (0..STARTS).map(measured).collect();
    let [wall, cpu, peak] = [0, 1, 2].map(|figure| all.iter().map(|one| one[figure]).collect());
    println!(
        "start, {name:<36} {:>6.2} s, of CPU {:>6.2} s, peak {:>6.1} MiB",
        median(wall),
        median(cpu),
        median(peak)
    );
}

/// In a process of its own: reads the configuration and its keys, and prints seconds, seconds of
/// CPU and the peak of memory in MiB.
fn started(words: Vec<std::ffi::OsString>) {
    let begin = Instant::now();
    let loaded = load(words);
    let server = Server::prepare(&loaded.config, |_| {}).unwrap();
    let wall = begin.elapsed().as_secs_f64();
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    // Behind the name in brackets: utime and stime are fields 14 and 15, in hundredths.
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks = |field: usize| fields[field].parse::<f64>().unwrap();
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: f64 = peak.split_whitespace().next().unwrap().parse().unwrap();
    println!("{wall} {} {}", (ticks(11) + ticks(12)) / 100.0, kib / 1024.0);
    drop(server);
}

fn load(words: impl IntoIterator<Item = std::ffi::OsString>) -> Box<Loaded> {
    match twinseal_config::serve(Door::Native, words, &FileSystem) {
        Ok(Request::Serve(loaded)) => loaded,
        Ok(_) => panic!("to serve was asked for"),
        Err(mistakes) => panic!("{mistakes}"),
    }
}

/// A set of rules, and mail for them.
struct Candidate {
    name: &'static str,
    rules: Rules,
    directory: Directory,
    header: Vec<HeaderBlock>,
    addresses: Vec<Mailbox>,
}

impl Candidate {
    fn new(configuration: &Path, set: &Set) -> Self {
        let config = load(["--config".into(), configuration.into()]).config;
        let keys = keyring::load(&config, &[], Parse::WhenNeeded, |_| {}).unwrap();
        let directory = Directory::from_files(config.rules.clone(), keys);
        // Far apart, so that neighbours in the file are not neighbours in time.
        let numbers = (0..ADDRESSES).map(|turn| turn * 7919 % set.count);
        let texts: Vec<String> = numbers.map(|number| format!("user@d{number}.example")).collect();
        let header = texts.iter().map(|text| header(text)).collect();
        let mailbox = |text: &String| Mailbox::first(text.as_bytes()).unwrap();
        let addresses = texts.iter().map(mailbox).collect();
        Self { name: set.name, rules: config.rules, directory, header, addresses }
    }

    fn look_up(&self, turn: usize) {
        let found = self.rules.find(&self.addresses[turn % ADDRESSES]);
        assert!(std::hint::black_box(found).is_some());
    }

    /// A message, as the daemon signs it.
    fn sign(&self, turn: usize, runtime: &Runtime, body: &[u8]) {
        let header = &self.header[turn % ADDRESSES];
        let addresses =
            policy::addresses(header, &Deciding::default(), &Macros::default()).unwrap();
        let order = self.directory.order(&addresses.author, Purpose::Sign);
        let order = runtime.block_on(order).unwrap();
        let orders = Orders { author: order.clone(), sender: order };
        let known = Known {
            addresses: &addresses,
            orders: &orders,
            origin: &Origin::Internal,
            fidelity: Fidelity::Exact,
            parent_identity: false,
            without_domainkeys: false,
            now: 1,
        };
        let plan = policy::plan(header, &known);
        let Plan::Sign { mut seals, .. } = plan else { panic!("nothing to sign") };
        seals.iter_mut().for_each(|seal| seal.feed(body));
        let fields = seals.into_iter().flat_map(|seal| seal.finish().unwrap());
        assert_eq!(fields.count(), 2);
    }
}

fn header(from: &str) -> HeaderBlock {
    let mut header = HeaderBlock::default();
    for (name, value) in [
        ("From", format!(" {from}")),
        ("To", " b@example.net".to_owned()),
        ("Subject", " Is dinner ready?".to_owned()),
        ("Date", " Fri, 11 Jul 2003 21:00:37 -0700".to_owned()),
        ("Message-ID", " <20030712040037.46341.5F8J@example.com>".to_owned()),
    ] {
        header.push(name.as_bytes(), value.as_bytes()).unwrap();
    }
    header
}

/// Prints what a look-up and a message cost with many rules, beside one.
fn messages(scratch: &Scratch) {
    let candidate = |(place, set)| Candidate::new(&scratch.configuration(place), set);
    // Keys of their own are parsed when they are needed, which is another cost.
    let sets = SETS.iter().enumerate().filter(|(_, set)| !set.own_keys);
    let candidates: Vec<Candidate> = sets.map(candidate).collect();
    compare("look-up", 1e3, &candidates, Candidate::look_up);
    let runtime = Builder::new_current_thread().build().unwrap();
    let line = b"The quick brown fox jumps over the lazy dog, and so on to its end.\r\n";
    let body: Vec<u8> = line.iter().copied().cycle().take(BODY_OCTETS).collect();
    let sign = |candidate: &Candidate, turn| candidate.sign(turn, &runtime, &body);
    compare("message, both seals, RSA-2048", 1e6, &candidates, sign);
    hostile(&candidates);
}

/// Prints the median time of each candidate, in nanoseconds divided by `unit`, and the median ratio
/// to the first one.
fn compare(what: &str, unit: f64, candidates: &[Candidate], call: impl Fn(&Candidate, usize)) {
    let mut times = vec![Vec::new(); candidates.len()];
    for _ in 0..ROUNDS {
        for (candidate, times) in candidates.iter().zip(&mut times) {
            times.push(time(|turn| call(candidate, turn)) / unit);
        }
    }
    let unit = if unit > 1e3 { "ms" } else { "us" };
    for (candidate, own) in candidates.iter().zip(&times) {
        let ratios = own.iter().zip(&times[0]).map(|(own, one)| own / one).collect();
        println!(
            "{what}, {:<36} {:>8.3} {unit}  {:>5.2} x one rule",
            candidate.name,
            median(own.clone()),
            median(ratios)
        );
    }
}

/// Prints what a look-up of an address of very many labels costs, which no rule matches.
fn hostile(candidates: &[Candidate]) {
    let text = format!("{}@{}example", "a.".repeat(500) + "a", "a.".repeat(122));
    let address = Mailbox::first(text.as_bytes()).unwrap();
    for Candidate { name, rules, .. } in candidates {
        let taken = time(|_| assert!(std::hint::black_box(rules.find(&address)).is_none()));
        println!("look-up of 123 labels, {name:<36} {:>8.3} us", taken / 1e3);
    }
}

/// Nanoseconds for one call, over as many calls as fit into a round.
fn time(mut call: impl FnMut(usize)) -> f64 {
    let start = Instant::now();
    let mut calls = 0_u32;
    while start.elapsed() < ROUND {
        call(calls as usize);
        calls += 1;
    }
    start.elapsed().as_nanos() as f64 / f64::from(calls)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
