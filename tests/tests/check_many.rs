//! `twinseal check` on a host with ten thousand domains.

use std::fmt::Write as _;
use std::net::{SocketAddr, SocketAddrV4, UdpSocket};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;
use twinseal_e2e::checked::Checked;
use twinseal_e2e::nameserver::{Nameserver, Site, Zone};
use twinseal_e2e::program;
use twinseal_e2e::resolver::Resolver;
use twinseal_e2e::scratch::Scratch;
use twinseal_keys::SigningKey;

const DOMAINS: usize = 10_000;

/// The domain whose record is another one's.
const BROKEN: usize = 4711;

/// No more domains are asked about at the same time (`docs/check.md`).
const AT_ONCE: usize = 64;

/// Two name servers with all those domains in one zone, and a configuration that signs as them.
struct Many {
    scratch: Scratch,
    _servers: Vec<Nameserver>,
    resolver: Resolver,
    file: String,
}

impl Many {
    fn start(name: &str, domains: usize) -> Self {
        let scratch = Scratch::new(name);
        let data = |name: &str| {
            let file = format!("{}/data/keys/{name}.pem", env!("CARGO_MANIFEST_DIR"));
            let key = SigningKey::from_pem(&std::fs::read(file).unwrap()).unwrap();
            let line = key.record().unwrap().zone_line("x");
            line.split_once("TXT\t").unwrap().1.replace('\n', " ")
        };
        let (right, wrong) = (data("rsa2048"), data("rsa1024"));
        let key = scratch.key("rsa2048");
        let mut configuration = "socket: inet:8891@localhost\nsigning:\n".to_owned();
        let mut lines = String::new();
        for number in 0..domains {
            let record = if number == BROKEN { &wrong } else { &right };
            let _ = writeln!(
                lines,
                "mail._domainkey.d{number} IN TXT {record}\n_domainkey.d{number} IN TXT \"o=~\"\n\
                 d{number} IN TXT \"v=spf1 mx ~all\"\n_dmarc.d{number} IN TXT \"v=DMARC1; p=none\""
            );
            let _ = writeln!(
                configuration,
                "  - {{ senders: [\"*@d{number}.example\"], domain: d{number}.example, keys: \
                 [{{ file: {}, selector: mail }}] }}",
                key.display()
            );
        }
        let zone = Zone { name: "example".to_owned(), lines };
        let start = |site: &Site| Nameserver::start_at(site, std::slice::from_ref(&zone), &scratch);
        let servers: Vec<Nameserver> = Site::of_servers(2).iter().map(start).collect();
        let resolver = Resolver::start(&servers[0], &scratch);
        let file = scratch.write("t.yaml", configuration).display().to_string();
        Self { scratch, _servers: servers, resolver, file }
    }
}

#[test]
fn ten_thousand_domains_are_looked_at_within_the_time_of_a_run() {
    let many = Many::start("check-many", DOMAINS);
    let resolver = many.resolver.address().to_string();
    // A run that takes a minute is stopped, and fails.
    let checked = Checked::run(&["--config", &many.file, "--no-mta", "--nameserver", &resolver]);
    let found: Vec<(&str, &str)> =
        checked.findings.iter().map(|one| (one.code.as_str(), one.place.as_str())).collect();
    let place = format!("mail._domainkey.d{BROKEN}.example");
    assert_eq!(found, [("dns-other-key", place.as_str())]);
    // The key, the policy, SPF and DMARC of each.
    let of_dns = checked.passed.iter().filter(|place| place.ends_with(".example")).count();
    assert_eq!(of_dns, 4 * DOMAINS - 1);

    let words = ["check", "--config", &many.file, "--no-mta", "--nameserver", &resolver];
    let output = program::run(&words, b"");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));

    // On a terminal there is a bar.
    let command = format!("{} {}", program::path().display(), words.join(" "));
    let log = many.scratch.join("typescript");
    let run = Command::new("script").args(["-qec", &command]).arg(&log).output().expect("script");
    let shown = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(shown.contains(&format!("/{DOMAINS} domains")), "{}", &shown[..shown.len().min(2000)]);
}

/// Keys and domains of the run in which each domain has a key of its own.
const KEYS: usize = 1_000;

/// So many of those domains are zones; the others are names in the zone above.
const ZONES: usize = 300;

#[test]
fn a_thousand_keys_and_hundreds_of_zones_are_looked_at_as_one_is() {
    let scratch = Scratch::new("check-many-keys");
    let keys: Vec<SigningKey> =
        (0..KEYS).map(|_| SigningKey::generate_ed25519().unwrap()).collect();
    let mut configuration = "socket: inet:8891@localhost\nsigning:\n".to_owned();
    let mut above = Zone { name: "example".to_owned(), lines: String::new() };
    let mut zones = Vec::new();
    let (wrong_zone, wrong_name) = (ZONES / 2, KEYS - 1);
    for (number, key) in keys.iter().enumerate() {
        let pem = key.to_pem().unwrap();
        let file = scratch.write_with_mode(&format!("keys/d{number}"), &pem, 0o600);
        let _ = writeln!(
            configuration,
            "  - {{ senders: [\"*@d{number}.example\"], domain: d{number}.example, domainkeys: \
             off, keys: [{{ file: {}, selector: mail }}] }}",
            file.display()
        );
        // Two of them publish the key of their neighbour.
        let published =
            if [wrong_zone, wrong_name].contains(&number) { &keys[number - 1] } else { key };
        let of_zone = number < ZONES;
        let (below, owner) = if of_zone {
            (String::new(), "@".to_owned())
        } else {
            (format!(".d{number}"), format!("d{number}"))
        };
        let lines = format!(
            "mail._domainkey{below} IN TXT \"{}\"\n{owner} IN TXT \"v=spf1 mx ~all\"\n\
             _dmarc{below} IN TXT \"v=DMARC1; p=none\"\n",
            published.record().unwrap()
        );
        if of_zone {
            zones.push(Zone { name: format!("d{number}.example"), lines });
        } else {
            above.lines.push_str(&lines);
        }
    }
    zones.push(above);
    let sites = Site::of_servers(2);
    let start = |site: &Site| Nameserver::start_at(site, &zones, &scratch);
    let servers: Vec<Nameserver> = sites.iter().map(start).collect();
    let resolver = Resolver::start(&servers[0], &scratch);
    let file = scratch.write("t.yaml", configuration).display().to_string();
    let address = resolver.address().to_string();
    let checked = Checked::run(&["--config", &file, "--no-mta", "--nameserver", &address]);
    let mut found: Vec<(&str, &str)> =
        checked.findings.iter().map(|one| (one.code.as_str(), one.place.as_str())).collect();
    found.sort_unstable();
    let place = |number: usize| format!("mail._domainkey.d{number}.example");
    let (first, second) = (place(wrong_zone), place(wrong_name));
    assert_eq!(found, [("dns-other-key", first.as_str()), ("dns-other-key", second.as_str())]);
    // Each key file, and of each domain the record, SPF and DMARC.
    let of_dns = checked.passed.iter().filter(|place| place.ends_with(".example")).count();
    assert_eq!(of_dns, 3 * KEYS - 2);
    let folder = scratch.join("keys").display().to_string();
    let of_keys = checked.passed.iter().filter(|place| place.starts_with(&folder)).count();
    assert_eq!(of_keys, KEYS);
}

/// A resolver that passes questions on, after a while, and counts how many wait at the same time.
fn counting(resolver: SocketAddrV4) -> (SocketAddr, Arc<AtomicUsize>) {
    let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").unwrap());
    let address = socket.local_addr().unwrap();
    let (waiting, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let seen = Arc::clone(&most);
    thread::spawn(move || {
        let mut question = [0; 4096];
        while let Ok((length, from)) = socket.recv_from(&mut question) {
            let (socket, question) = (Arc::clone(&socket), question[..length].to_vec());
            let waiting = Arc::clone(&waiting);
            let now = waiting.fetch_add(1, Ordering::SeqCst) + 1;
            seen.fetch_max(now, Ordering::SeqCst);
            thread::spawn(move || {
                thread::sleep(Duration::from_millis(20));
                let onward = UdpSocket::bind("127.0.0.1:0").unwrap();
                onward.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
                onward.send_to(&question, resolver).unwrap();
                let mut answer = [0; 65_535];
                let length = onward.recv(&mut answer).unwrap_or_default();
                // Before the answer is there: what is asked after it is no more at the same time.
                waiting.fetch_sub(1, Ordering::SeqCst);
                let _ = socket.send_to(&answer[..length], from);
            });
        }
    });
    (address, most)
}

#[test]
fn no_more_questions_wait_at_a_time_than_is_promised() {
    let many = Many::start("check-bounded", 600);
    let (address, most) = counting(many.resolver.address());
    let address = address.to_string();
    let checked = Checked::run(&["--config", &many.file, "--no-mta", "--nameserver", &address]);
    checked.assert_clean();
    let most = most.load(Ordering::SeqCst);
    assert!((AT_ONCE / 2..=AT_ONCE).contains(&most), "{most} at a time");
}
