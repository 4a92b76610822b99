//! A daemon for many domains, and a thousand messages of all kinds for it, counted.

use super::documents::values_of_labels;
use super::expected::Expected;
use super::kinds::{self, DOMAINS, Kind, domain};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::time::{Duration, SystemTime};
use twinseal_e2e::here;
use twinseal_e2e::hostile_dns::{HostileDns, Reply, code};
use twinseal_e2e::incoming::record;
use twinseal_e2e::message::Message;
use twinseal_e2e::milter::{Frame, Peer};
use twinseal_e2e::net::{Address, wait_for};
use twinseal_e2e::program::{self, Daemon};
use twinseal_e2e::prometheus::{Sample, get, parsed};
use twinseal_e2e::scratch::Scratch;

/// How many messages are sent.
pub(crate) const MESSAGES: usize = 1000;

/// The alerts that fire after it, when none waits.
pub(crate) const ALERTS: &[&str] = &[
    "TwinsealConnectionsFailing",
    "TwinsealDnsUnreachable",
    "TwinsealForecastRising",
    "TwinsealKeyOld",
    "TwinsealObstructed",
    "TwinsealRecordMissing",
    "TwinsealRecordRevoked",
    "TwinsealRecordUnusable",
    "TwinsealRecordWrong",
    "TwinsealUnsignedRising",
];

/// A client whose mail is none of our business.
const PEER: (&str, &str) = ("secret-peer.example.net", "192.0.2.99");

/// How old the oldest key is.
const TWO_YEARS: Duration = Duration::from_secs(2 * 365 * 86_400);

/// So many connections of those that do not speak the protocol.
const RUDE: usize = 9;

/// What the record of a test key says.
pub(crate) fn record_of(key: &str) -> String {
    let records = fs::read_to_string(here("data/keys/records.txt")).expect("the records");
    let name = format!("{key}._domainkey.example.com ");
    let record = records.lines().find_map(|line| line.strip_prefix(name.as_str()));
    record.expect("its record").trim().to_owned()
}

/// The metrics of now.
pub(crate) fn text(port: u16) -> String {
    let (code, text) = get(port, "/metrics").expect("an answer");
    assert_eq!(code, 200, "{text}");
    text
}

/// Nothing of who wrote to whom is in it.
pub(crate) fn assert_private(text: &str) {
    let whole = text.to_ascii_lowercase();
    let secrets = ["secret", "198.51.100", "192.0.2.", "example.org", "unknown.example", "@"];
    for secret in secrets {
        assert!(!whole.contains(secret), "{secret:?} can be seen in\n{text}");
    }
}

/// Every label has one of the values that are documented, or is of the configuration.
pub(crate) fn assert_known(samples: &[Sample]) {
    let mut known = values_of_labels();
    let special = ["both.example", "ed.example", "broken.example", "other"].map(str::to_owned);
    known.insert("domain".to_owned(), (0..DOMAINS).map(domain).chain(special).collect());
    known.insert("selector".to_owned(), ["m", "e"].map(str::to_owned).into());
    known.insert("version".to_owned(), [env!("CARGO_PKG_VERSION").to_owned()].into());
    for (name, value) in samples.iter().flat_map(|sample| &sample.labels) {
        let is_bound = name == "le" && (value == "+Inf" || value.parse::<f64>().is_ok());
        // A key that nobody has needed yet is not known to be of any kind.
        let is_unknown = name == "algorithm" && value.is_empty();
        let is_known = known.get(name).is_some_and(|values| values.contains(value));
        assert!(is_bound || is_unknown || is_known, "{name}={value:?} is not documented");
    }
}

/// The daemon, and what has been counted.
pub(crate) struct Run {
    daemon: Daemon,
    address: Address,
    /// Where its metrics are.
    pub(crate) port: u16,
    expected: Expected,
    kinds: Vec<Kind>,
    dns: HostileDns,
}

impl Run {
    /// Starts it, and waits until it has compared all records.
    pub(crate) fn start(scratch: &Scratch) -> Self {
        let (address, port) = (Address::any_inet(), Address::free_port());
        let dns =
            HostileDns::start(published().iter().map(|(name, reply)| (&**name, reply.clone())));
        let text = format!(
            "socket: {}\nmode: sv\nforecast: reject\nrequire-safe-keys: false\n\
             metrics: {{ socket: \"inet:{port}@127.0.0.1\", dns-interval: 1h }}\n\
             internal-hosts: [127.0.0.1, {}]\npeers: [{}]\nexempt-domains: [exempt.example]\n\
             unsigned-recipients: [\"*@quiet.example.net\"]\n\
             results: {{ authserv-id: mx.example.net, always: yes }}\n\
             actions: {{ bad-signature: reject, key-not-found: quarantine, dns-error: tempfail, \
             signature-error: tempfail }}\n\
             limits: {{ connections: 77 }}\n\
             dns: {{ servers: [\"{}\"], timeout: 2s }}\nsigning:\n{}",
            address.for_filter(),
            kinds::OURS.1,
            PEER.1,
            dns.address(),
            signing(scratch),
        );
        let file = scratch.write("twinseal.yaml", text).display().to_string();
        let daemon = Daemon::start(&["serve", "--config", &file], &address, scratch);
        let mut run = Self {
            daemon,
            address,
            port,
            expected: Expected::default(),
            kinds: kinds::all(scratch),
            dns,
        };
        run.wait_for_records();
        run
    }

    /// That round is over, and the connection with which the start was waited for is too: what both
    /// came to is where the count begins.
    fn wait_for_records(&mut self) {
        let is_over = |samples: &[Sample]| {
            let is = |name: &str, value: Option<f64>| {
                let of = |sample: &&Sample| sample.name == format!("twinseal_{name}");
                let found = samples.iter().find(of);
                found.is_some_and(|sample| value.is_none_or(|value| sample.value == value))
            };
            is("dns_checked_timestamp_seconds", None) && is("connections", Some(0.0))
        };
        let over = wait_for(Duration::from_secs(20), || {
            std::thread::sleep(Duration::from_millis(200));
            Some(parsed(&self.metrics())).filter(|samples| is_over(samples))
        });
        let samples = over.unwrap_or_else(|| panic!("{}\n{}", self.metrics(), self.daemon.log()));
        for sample in
            samples.iter().filter(|sample| sample.name.starts_with("twinseal_connections_"))
        {
            let name = sample.name.trim_start_matches("twinseal_");
            if name != "connections_limit" {
                self.expected.add(name, &[], sample.value as u64);
            }
        }
        for (name, number) in [
            ("connections_limit", 77),
            ("signing_domains", DOMAINS + 3),
            ("signing_keys", DOMAINS + 4),
            ("testing_domains", 1),
            ("last_reload_success", 1),
        ] {
            self.expected.add(name, &[], number as u64);
        }
        for (state, number) in [
            ("good", 2),
            ("testing", 1),
            ("wrong", 1),
            ("revoked", 1),
            ("unusable", 1),
            ("unreachable", 1),
            ("unchecked", 1),
            ("missing", DOMAINS - 4),
        ] {
            self.expected.add("dns_records", &[("state", state)], number as u64);
        }
    }

    /// The metrics of now.
    pub(crate) fn metrics(&self) -> String {
        text(self.port)
    }

    /// Sends everything, each kind over a connection of its own.
    pub(crate) fn send_all(&mut self) {
        for kind in std::mem::take(&mut self.kinds) {
            self.send(&kind);
        }
        let mut peer = Peer::connect(&self.address).expect("a connection");
        peer.negotiate().expect("terms");
        let told = peer.ask(b'C', format!("{}\x004\x30\x39{}\0", PEER.0, PEER.1).as_bytes());
        assert_eq!(told.expect("an answer").0, b'a');
        drop(peer);
        for _ in 0..RUDE {
            let mut peer = Peer::connect(&self.address).expect("a connection");
            peer.send_raw(&[0; 4]).expect("it takes octets");
            while peer.receive().is_ok_and(|frame| frame.is_some()) {}
        }
        self.expected.add("connections_total", &[], 1 + RUDE as u64);
        self.expected.add("connections_failed_total", &[], RUDE as u64);
    }

    fn send(&mut self, kind: &Kind) {
        let mut peer = Peer::connect(&self.address).expect("a connection");
        peer.negotiate().expect("terms");
        peer.introduce(kind.client.0, kind.client.1).expect("a client");
        let sender = format!("{}@envelope.example.org", kinds::AUTHOR);
        for number in 0..kind.times {
            let message = Message::parse(&(kind.message)(number));
            let answers = peer.deliver(&sender, kind.recipient, &message);
            let answers =
                answers.unwrap_or_else(|e| panic!("{}: {e}\n{}", kind.name, self.daemon.log()));
            assert_eq!(letters(&answers), kind.answer, "{}\n{}", kind.name, self.daemon.log());
            self.expected.take(&answers);
            self.expected.count(&kind.counts);
        }
        self.expected.add("connections_total", &[], 1);
    }

    /// Reads the configuration again.
    pub(crate) fn reload(&mut self) {
        self.daemon.signal("HUP");
        let labels = [("result", "success")];
        self.expected.add("reloads_total", &labels, 1);
        let done = "twinseal_reloads_total{result=\"success\"} 1";
        let seen = || self.metrics().lines().any(|line| line == done).then_some(());
        assert!(wait_for(Duration::from_secs(10), seen).is_some(), "{}", self.daemon.log());
        self.settle();
    }

    /// Waits until nothing changes any more: records are compared after a reload.
    fn settle(&self) {
        let figures = || {
            let all = parsed(&self.metrics());
            all.into_iter().filter(|sample| sample.name.starts_with("twinseal_dns_")).collect()
        };
        let mut last: Vec<Sample> = Vec::new();
        let settled = wait_for(Duration::from_secs(20), || {
            let now = figures();
            let same = now == last;
            last = now;
            std::thread::sleep(Duration::from_millis(1500));
            same.then_some(())
        });
        assert!(settled.is_some(), "{last:?}");
    }

    /// Fails unless the figures are those that were counted.
    pub(crate) fn compare(&mut self, samples: &[Sample], text: &str) {
        self.count_questions();
        self.expected.compare(samples, text);
        let of = |name: &str| -> Vec<&Sample> {
            let name = format!("twinseal_{name}");
            samples.iter().filter(|sample| sample.name == name).collect()
        };
        let domains: BTreeSet<&str> =
            of("seals_total").iter().map(|sample| &*sample.labels["domain"]).collect();
        assert_eq!(domains.len(), 101, "{domains:?}");
        assert!(self.expected.domains().iter().all(|domain| domains.contains(&**domain)));
        assert_eq!(of("dns_record_bad").len(), 100);
        assert_eq!(of("key_modified_timestamp_seconds").len(), 100);
        let [oldest] = of("oldest_key_modified_timestamp_seconds")[..] else { panic!("{text}") };
        let age =
            SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a time").as_secs_f64()
                - oldest.value;
        assert!((age - TWO_YEARS.as_secs_f64()).abs() < 120.0, "{age}");
        for histogram in ["signing", "dns"] {
            let buckets = of(&format!("{histogram}_duration_seconds_bucket"));
            let all =
                buckets.iter().find(|sample| sample.labels["le"] == "+Inf").expect("a last one");
            let count = of(&format!("{histogram}_duration_seconds_count"))[0].value;
            assert_eq!(all.value, count, "{histogram}");
            assert!(buckets.windows(2).all(|pair| pair[0].value <= pair[1].value), "{histogram}");
        }
    }

    /// Questions to DNS, by what the server was asked for and had.
    fn count_questions(&mut self) {
        // Records that are compared with our keys are asked for as well, and not counted.
        let of_ours = |name: &str| {
            ["m", "e"].iter().any(|key| name.starts_with(&format!("{key}._domainkey.")))
        };
        let names = published().into_iter().map(|(name, _)| name).filter(|name| !of_ours(name));
        let mut names: BTreeSet<String> = names.collect();
        names.insert(key_name("missing", "example.org"));
        let published = published();
        let mut all = 0;
        for name in names {
            let asked = self.dns.asked(&name) as u64;
            let answer = match published.iter().find(|(known, _)| *known == name) {
                Some((known, _)) if known.starts_with("failing.") || *known == unreachable() => {
                    "failure"
                }
                Some(_) => "records",
                None => "no-such-domain",
            };
            if asked > 0 {
                self.expected.add("dns_answers_total", &[("answer", answer)], asked);
            }
            all += asked;
        }
        self.expected.add("dns_duration_seconds_count", &[], all);
    }

    /// What `dkim-stats` prints of the same messages: the strangers' domain, and no results but those
    /// that say something about who signs.
    pub(crate) fn compare_dkim_stats(&self) {
        let output = program::run(&["dkim-stats", &format!("inet:{}@127.0.0.1", self.port)], b"");
        let text = String::from_utf8(output.stdout).expect("text");
        assert!(output.status.success() && !text.is_empty(), "{text}");
        let (mut passed, mut failed) = (0, 0);
        for line in text.lines() {
            let (signer, rest) = line.split_once('\t').expect("what came of it");
            assert!(signer.starts_with("example.org:"), "{text}");
            let (counts, _) = rest.split_once(" fail, last l=").expect("counts");
            let (pass, fail) = counts.split_once(" pass/").expect("both of them");
            passed += pass.parse::<u64>().expect("a number");
            failed += fail.parse::<u64>().expect("a number");
        }
        let of = |result| self.expected.figure("signatures_verified_total", &[("result", result)]);
        assert_eq!((passed, failed), (of("pass"), of("fail")), "{text}");
        assert!(passed > 0 && failed > 0, "{text}");
    }

    /// Ends it.
    pub(crate) fn stop(self) {
        let (status, log) = self.daemon.stop_with_log();
        assert!(status.success(), "{log}");
    }
}

/// The letters of what comes back, without those that only ask for patience.
fn letters(answers: &[Frame]) -> String {
    let letter = |(letter, _): &Frame| match letter {
        b'a' | b'c' => '+',
        _ => char::from(*letter),
    };
    answers.iter().filter(|(letter, _)| *letter != b'p').map(letter).collect()
}

/// Where a key is published.
fn key_name(selector: &str, domain: &str) -> String {
    format!("{selector}._domainkey.{domain}")
}

/// Whose server fails.
fn unreachable() -> String {
    key_name("m", &domain(5))
}

/// What DNS has: a record of each kind, and none of most domains.
fn published() -> Vec<(String, Reply)> {
    let (right, strangers) = (record_of("rsa1024"), record());
    let records = [
        (key_name("m", &domain(0)), right.clone()),
        (key_name("e", "ed.example"), record_of("ed25519")),
        (key_name("m", &domain(1)), strangers.clone()),
        (key_name("m", &domain(2)), "v=DKIM1; k=rsa; p=".to_owned()),
        (key_name("m", &domain(3)), "v=DKIM1; k=rsa; p=%%%".to_owned()),
        (key_name("m", &domain(4)), right.replacen("v=DKIM1;", "v=DKIM1; t=y;", 1)),
        (key_name("good", "example.org"), strangers),
    ];
    let failing = [unreachable(), key_name("failing", "example.org")];
    let failing = failing.map(|name| (name, Reply::code(code::SERVFAIL)));
    let record = |(name, text): (String, String)| (name.clone(), Reply::txt(&name, &text));
    records.into_iter().map(record).chain(failing).collect()
}

/// The rules: the domain with two keys, one with a key that is not RSA, one whose key is none, and
/// all the others, each with a file of its own: of so many, each is parsed when it is needed.
fn signing(scratch: &Scratch) -> String {
    let pem = |name: &str| fs::read(scratch.key(name)).expect("a key");
    let (rsa, ed) = (pem("rsa1024"), pem("ed25519"));
    let none = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let mut text = String::new();
    let mut rule = |domain: &str, keys: &[(&str, &[u8])]| {
        let key = |(selector, pem): &(&str, &[u8])| {
            let path = scratch.write_with_mode(&format!("keys/{domain}.{selector}"), pem, 0o600);
            format!("{{ file: {}, selector: {selector} }}", path.display())
        };
        let keys: Vec<String> = keys.iter().map(key).collect();
        let keys = keys.join(", ");
        let _ =
            writeln!(text, "  - {{ senders: \"*@{domain}\", domain: {domain}, keys: [{keys}] }}");
    };
    rule("both.example", &[("m", &rsa), ("e", &ed)]);
    rule("ed.example", &[("e", &ed)]);
    for number in 0..DOMAINS {
        rule(&domain(number), &[("m", &rsa)]);
    }
    rule("broken.example", &[("m", none)]);
    let old = File::options().write(true).open(scratch.join("keys/both.example.m"));
    let then = SystemTime::now() - TWO_YEARS;
    old.expect("a key").set_modified(then).expect("its time");
    text
}
