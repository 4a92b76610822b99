//! What a running daemon tells of itself over HTTP: the page in a browser, the figures for others,
//! and what strangers cannot do there.

use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};
use twinseal_e2e::browser::{WIDTHS, assert_readable, browse_url, headings};
use twinseal_e2e::message::Message;
use twinseal_e2e::milter::Peer;
use twinseal_e2e::nameserver::{Nameserver, Site, Zone};
use twinseal_e2e::net::{Address, wait_for};
use twinseal_e2e::program::{self, Daemon};
use twinseal_e2e::resolver::Resolver;
use twinseal_e2e::scratch::Scratch;
use twinseal_keys::SigningKey;

/// A daemon that tells of itself.
struct Told {
    scratch: Scratch,
    daemon: Daemon,
    milter: Address,
    port: u16,
    file: String,
    _peers: Option<(Nameserver, Resolver)>,
}

impl Told {
    /// One that signs for so many domains with one key. The record of every hundredth is missing,
    /// where anybody is asked.
    fn start(name: &str, domains: usize, is_asked: bool) -> Self {
        let scratch = Scratch::new(name);
        let (milter, port) = (Address::any_inet(), Address::free_port());
        let key = scratch.key("rsa2048");
        let signing = SigningKey::from_pem(&fs::read(&key).unwrap()).unwrap();
        let line = signing.record().unwrap().zone_line("x");
        let record = line.split_once("TXT\t").unwrap().1.replace('\n', " ");
        let (mut rules, mut lines) = (String::new(), String::new());
        for number in 0..domains {
            let _ = writeln!(
                rules,
                "  - {{ senders: [\"*@d{number}.example\"], domain: d{number}.example, keys: \
                 [{{ file: {}, selector: mail }}] }}",
                key.display()
            );
            if number % 100 != 1 {
                let _ = writeln!(lines, "mail._domainkey.d{number} IN TXT {record}");
            }
        }
        let peers = is_asked.then(|| {
            let zone = Zone { name: "example".to_owned(), lines };
            let server = Nameserver::start_at(&Site::of_servers(1)[0], &[zone], &scratch);
            let resolver = Resolver::start(&server, &scratch);
            (server, resolver)
        });
        let dns = match &peers {
            Some((_, resolver)) => format!("dns: {{ servers: [\"{}\"] }}\n", resolver.address()),
            None => String::new(),
        };
        let interval = if is_asked { "1h" } else { "0s" };
        let text = format!(
            "socket: {}\nmetrics: {{ socket: \"inet:{port}@127.0.0.1\", dns-interval: {interval} \
             }}\n{dns}signing:\n{rules}",
            milter.for_filter(),
        );
        let file = scratch.write("t.yaml", text).display().to_string();
        let mut daemon = Daemon::start(&["serve", "--config", &file], &milter, &scratch);
        daemon.listens(&Address::Inet(port));
        Self { scratch, daemon, milter, port, file, _peers: peers }
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// What that path has: status, and text.
    fn get(&self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// Waits until the records have been compared.
    fn wait_for_records(&self, bad: usize) {
        let want = format!("\ndns_records_bad {bad}\n");
        let found = wait_for(Duration::from_secs(50), || {
            let (_, text) = self.get("/stats");
            (text.contains("dns_checked_timestamp_seconds") && text.contains(&want)).then_some(())
        });
        assert!(found.is_some(), "{}\n{}", self.get("/stats").1, self.daemon.log());
    }

    /// Has a message signed, or not: how many seals it gets.
    fn deliver(&self, from: &str) -> usize {
        let mut peer = Peer::connect(&self.milter).unwrap();
        peer.negotiate().unwrap();
        peer.introduce("localhost", "127.0.0.1").unwrap();
        let text = format!(
            "From: {from}\r\nTo: x@y.example\r\nSubject: s\r\nDate: Fri, 28 Nov 2025 06:00:00 \
             +0000\r\nMessage-ID: <a@b>\r\n\r\nHello\r\n"
        );
        let answers = peer.deliver(from, "x@y.example", &Message::parse(text.as_bytes())).unwrap();
        answers.iter().filter(|(letter, _)| *letter == b'i').count()
    }
}

fn text_of(seen: &Value, width: &str) -> String {
    let text = seen["widths"][width]["text"].as_str().unwrap();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Keeps the pictures, where somebody wants to look at them.
fn keep(told: &Told, name: &str) {
    if let Some(folder) = std::env::var_os("TWINSEAL_PICTURES") {
        for width in WIDTHS {
            let to = std::path::Path::new(&folder).join(format!("{name}-{width}.png"));
            fs::copy(told.scratch.join(&format!("pictures/page-{width}.png")), to).unwrap();
        }
    }
}

#[test]
fn a_daemon_that_is_well_says_so_at_every_width() {
    let told = Told::start("status-well", 1, true);
    told.wait_for_records(0);
    assert_eq!(told.deliver("a@d0.example"), 2);
    assert_eq!(told.deliver("a@nobody.example"), 0);
    let seen = browse_url(&told.url("/"), &told.scratch);
    keep(&told, "well");
    assert_readable(&seen);
    for width in WIDTHS {
        assert_eq!(headings(&seen, width).first().map(String::as_str), Some("All is well"));
        let text = text_of(&seen, width);
        for part in
            ["Nothing needs your attention", "d0.example", "no-signing-rule", "twinseal explain"]
        {
            assert!(text.contains(part), "{width}: {part} is not in {text}");
        }
    }
}

#[test]
fn what_is_wrong_can_be_read_with_what_to_do_about_it() {
    let told = Told::start("status-wrong", 2, true);
    told.wait_for_records(1);
    assert_eq!(told.deliver("a@d0.example"), 2);
    assert_eq!(told.deliver("a@nobody.example"), 0);
    let right = fs::read_to_string(&told.file).unwrap();
    fs::write(&told.file, format!("{right}nonsense: 1\n")).unwrap();
    told.daemon.signal("HUP");
    let failed = wait_for(Duration::from_secs(10), || {
        told.get("/stats").1.contains("\nlast_reload_success 0\n").then_some(())
    });
    assert!(failed.is_some(), "{}", told.daemon.log());
    let seen = browse_url(&told.url("/"), &told.scratch);
    keep(&told, "status");
    assert_readable(&seen);
    for width in WIDTHS {
        assert_eq!(headings(&seen, width).first().map(String::as_str), Some("Something is wrong"));
        let text = text_of(&seen, width);
        for part in [
            "The configuration could not be read again",
            "nonsense",
            "twinseal serve --config FILE --check",
            "mail._domainkey.d1.example",
            "v=DKIM1",
        ] {
            assert!(text.contains(part), "{width}: {part} is not in {text}");
        }
    }
    // What is mended is well again.
    fs::write(&told.file, right).unwrap();
    told.daemon.signal("HUP");
    let mended = wait_for(Duration::from_secs(10), || {
        told.get("/stats").1.contains("\nlast_reload_success 1\n").then_some(())
    });
    assert!(mended.is_some(), "{}", told.daemon.log());
    assert!(!told.get("/").1.contains("could not be read again"));
}

#[test]
fn ten_thousand_domains_are_a_page_like_any_other() {
    let told = Told::start("status-many", 10_000, true);
    told.wait_for_records(100);
    let started = Instant::now();
    let (status, overview) = told.get("/");
    let (_, list) = told.get("/domains?page=2");
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    assert!(status == 200 && overview.len() < 100_000, "{}", overview.len());
    assert!(list.contains("101 to 200 of 10,000 domains") && list.len() < 100_000);
    for (path, name, heading) in
        [("/", "many", "Something is wrong"), ("/domains?find=missing", "domains", "Domains")]
    {
        let seen = browse_url(&told.url(path), &told.scratch);
        keep(&told, name);
        assert_readable(&seen);
        for width in WIDTHS {
            assert_eq!(headings(&seen, width).first().map(String::as_str), Some(heading));
        }
    }
    let (_, found) = told.get("/domains?find=missing");
    assert!(found.contains("1 to 100 of 100 domains"), "{found}");
}

#[test]
fn figures_are_told_to_others_in_their_own_forms() {
    let told = Told::start("status-stats", 1, false);
    assert_eq!(told.deliver("a@d0.example"), 2);
    assert_eq!(told.deliver("a@d0.example"), 2);
    assert_eq!(told.deliver("a@nobody.example"), 0);
    let stats = |words: &[&str]| {
        let output = program::run(&[&["stats"], words, &["--config", &told.file]].concat(), b"");
        let text = |octets: Vec<u8>| String::from_utf8(octets).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    };
    let of = |text: &str| (0, text.to_owned(), String::new());
    // A message is counted when it is done with, which is after its answer.
    let counted = wait_for(Duration::from_secs(5), || {
        (stats(&["messages"]) == of("messages 3\n")).then_some(())
    });
    assert!(counted.is_some(), "{:?}", stats(&[]));
    assert_eq!(stats(&["messages_signed"]), of("messages_signed 2\n"));
    assert_eq!(
        stats(&["--cacti", "seals_dkim", "not_signed_no_signing_rule"]),
        of("seals_dkim:2 not_signed_no_signing_rule:1\n")
    );
    assert_eq!(stats(&["--snmp", "seals_domainkeys"]), of("2\n"));
    assert_eq!(
        stats(&["--json", "domain_*"]).1,
        "{\"domain_dkim_d0.example\":2,\"domain_domainkeys_d0.example\":2}\n"
    );
    let (code, _, errors) = stats(&["nothing"]);
    assert_eq!((code, errors.as_str()), (1, "twinseal: no figure is called \"nothing\"\n"));
    let historic = |word: &str| program::run(&["dkim-stats", word], b"");
    for word in [told.file.as_str(), &format!("inet:{}@127.0.0.1", told.port)] {
        let output = historic(word);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        // Nothing was verified here.
        assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
    }
    let Told { daemon, file, .. } = told;
    daemon.stop();
    let output = program::run(&["stats", "--config", &file], b"");
    assert_eq!(output.status.code(), Some(69), "{output:?}");
}

/// The lines that a tool of net-snmp prints of what is below that identifier.
fn asked(tool: &str, port: u16, identifier: &str) -> Vec<String> {
    let agent = format!("127.0.0.1:{port}");
    let words = ["-v2c", "-c", "public", "-On", "-t", "5", &agent, identifier];
    let output = Command::new(tool).args(words).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn an_agent_of_snmp_has_every_figure() {
    let told = Told::start("status-snmp", 1, false);
    assert_eq!(told.deliver("a@d0.example"), 2);
    let port = Address::free_port();
    let stats = format!("{} stats --from inet:{}@127.0.0.1", program::path().display(), told.port);
    let base = ".1.3.6.1.4.1.8072.9999.9999.9171";
    let text = format!(
        "agentAddress udp:127.0.0.1:{port}\nrocommunity public 127.0.0.1\n\
         extend signed {stats} --snmp messages_signed\npass {base} {stats} --snmp-pass {base}\n"
    );
    let file = told.scratch.write("snmpd.conf", text).display().to_string();
    let state = told.scratch.dir("snmp").display().to_string();
    let mut agent = Command::new("snmpd")
        .args([
            "-f",
            "-Lf",
            &told.scratch.join("snmpd.log").display().to_string(),
            "-C",
            "-c",
            &file,
        ])
        .env("SNMP_PERSISTENT_DIR", state)
        .spawn()
        .unwrap();
    // nsExtendOutput1Line."signed"
    let extended = ".1.3.6.1.4.1.8072.1.3.2.3.1.1.6.115.105.103.110.101.100";
    let want = format!("{extended} = STRING: \"1\"");
    let answered = wait_for(Duration::from_secs(20), || {
        asked("snmpget", port, extended).contains(&want).then_some(())
    });
    let walked = asked("snmpwalk", port, base);
    let _ = agent.kill();
    let _ = agent.wait();
    assert!(answered.is_some(), "{}", fs::read_to_string(told.scratch.join("snmpd.log")).unwrap());
    let figures = told.get("/stats").1;
    assert_eq!(walked.len(), figures.lines().count(), "{walked:#?}");
    let signed = "messages_signed".bytes().map(|octet| format!(".{octet}")).collect::<String>();
    assert!(walked.contains(&format!("{base}.1.15{signed} = Counter64: 1")), "{walked:#?}");
}

#[test]
fn while_the_last_message_ends_balancers_are_sent_elsewhere() {
    let told = Told::start("status-drain", 1, false);
    assert_eq!(told.get("/healthz"), (200, "ok\n".to_owned()));
    let mut peer = Peer::connect(&told.milter).unwrap();
    peer.negotiate().unwrap();
    peer.introduce("localhost", "127.0.0.1").unwrap();
    peer.ask(b'M', b"<a@d0.example>\0").unwrap();
    told.daemon.signal("TERM");
    let said = || (told.get("/healthz") == (503, "it is stopping\n".to_owned())).then_some(());
    assert!(wait_for(Duration::from_secs(10), said).is_some(), "{}", told.daemon.log());
    // The message is dealt with all the same.
    peer.ask(b'R', b"<x@y.example>\0").unwrap();
    drop(peer);
    let (status, log) = told.daemon.stop_with_log();
    assert!(status.success(), "{log}");
}

#[test]
fn whatever_strangers_send_mail_is_signed_meanwhile() {
    let told = Told::start("status-hostile", 1, false);
    let connect = || TcpStream::connect(("127.0.0.1", told.port)).unwrap();
    let mut held = Vec::new();
    for number in 0..100 {
        let mut stream = connect();
        let huge = vec![b'x'; 1 << 20];
        stream.set_write_timeout(Some(Duration::from_millis(50))).unwrap();
        let _ = match number % 5 {
            0 => Ok(()),
            1 => stream.write_all(b"GET / HTTP/1.1\r\nX-Slow:"),
            2 => stream.write_all(b"GET / HTTP/1.1\r\nX: ").and_then(|()| stream.write_all(&huge)),
            3 => stream.write_all(b"\x00\xff\x16\x03\x01garbage\r\n\r\n\x80"),
            _ => stream.write_all(
                b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999\r\n\r\n",
            ),
        };
        held.push(stream);
        if number % 10 == 9 {
            let started = Instant::now();
            assert_eq!(told.deliver("a@d0.example"), 2);
            assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
        }
    }
    assert!(told.daemon.peak_memory() < 64 * 1024, "{} KiB", told.daemon.peak_memory());
    // They lose their places, although they hold on.
    let answered = wait_for(Duration::from_secs(60), || {
        let mut stream = connect();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        answer.ends_with("\r\n\r\nok\n").then_some(())
    });
    assert!(answered.is_some(), "{}", told.daemon.log());
    drop(held);
    let (status, log) = told.daemon.stop_with_log();
    assert!(status.success() && !log.contains("panicked"), "{log}");
}
