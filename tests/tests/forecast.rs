//! What is foretold of a message, and what becomes of it: our filter signs behind a real Postfix,
//! which relays to another one, which relays to a server without 8BITMIME. Where a cause was told,
//! the seal that it names does not verify there; every other one does.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;
use twinseal_e2e::claims::{Claim, objections};
use twinseal_e2e::generator::{Generator, seed};
use twinseal_e2e::here;
use twinseal_e2e::judges::Seal;
use twinseal_e2e::nameserver::{Nameserver, Zone};
use twinseal_e2e::net::{Address, wait_for};
use twinseal_e2e::postfix::{Postfix, Setting};
use twinseal_e2e::program::{self, Daemon};
use twinseal_e2e::scratch::Scratch;
use twinseal_e2e::sink::Sink;

const LIMIT: Duration = Duration::from_secs(30);

/// How many messages are made at random.
const RANDOM: usize = 40;

/// Our filter, the Postfix that it stands behind, the next hop and the last one.
struct Way {
    daemon: Daemon,
    first: Postfix,
    _hop: Postfix,
    sink: Sink,
    scratch: Scratch,
    _hop_scratch: Scratch,
}

/// A message on its way.
struct Sent {
    name: String,
    queue_id: String,
}

/// What the log has of one message: the causes, each with the seal that breaks alone.
type Told = Vec<(String, Option<String>)>;

impl Way {
    fn open(name: &str, forecast: &str) -> Self {
        let (scratch, hop_scratch) = (Scratch::new(name), Scratch::new(&format!("{name}-hop")));
        let (address, sink) = (Address::any_inet(), Sink::start_without_8bitmime());
        let key = format!("keys: [{{ file: {} }}]", scratch.key("rsa2048").display());
        let rule = |senders: &str, more: &str| {
            format!("  - {{ senders: '{senders}', domain: example.com, {key}{more} }}\n")
        };
        let rules = [
            rule(
                "simple@*",
                ", dkim: { canonicalization: simple/simple }, domainkeys: { canonicalization: simple }",
            ),
            rule("always@*", ", dkim: { always-signed-headers: [date, message-id] }"),
            rule("*@example.com", ""),
            rule("*@*.example.com", ""),
            rule("*@example.org", ""),
        ];
        let text = format!(
            "socket: \"{}\"\nmode: s\nlog: {{ to: stderr }}\nforecast: {forecast}\nsigning:\n{}",
            address.for_filter(),
            rules.concat(),
        );
        let file = scratch.write("t.yaml", text);
        let daemon =
            Daemon::start(&["serve", "--config", &file.to_string_lossy()], &address, &scratch);
        // Trap P8: this one adds nothing and passes a bare CR on, and the next one does neither.
        let hop = Setting {
            sink: sink.port(),
            main: "cleanup_replace_stray_cr_lf = yes\nalways_add_missing_headers = yes\n\
                   local_header_rewrite_clients = static:all\nsmtpd_milters =\nnon_smtpd_milters =",
            ..Setting::default()
        };
        let hop = Postfix::start_as(&hop_scratch, hop);
        let first = Setting {
            filters: &address.for_postfix(),
            sink: hop.port(),
            main: "cleanup_replace_stray_cr_lf = no\nlocal_header_rewrite_clients =",
            ..Setting::default()
        };
        let first = Postfix::start_as(&scratch, first);
        Self { daemon, first, _hop: hop, sink, scratch, _hop_scratch: hop_scratch }
    }

    fn send(&self, name: &str, text: &[u8]) -> Sent {
        let mut client = self.first.connect().unwrap();
        let reply = client.send("ann@example.com", &format!("{name}@example.net"), text).unwrap();
        assert_eq!(reply.code, 250, "{name}: {reply:?}");
        let queue_id = reply.text.rsplit(' ').next().unwrap().to_owned();
        Sent { name: name.to_owned(), queue_id }
    }

    /// What the log tells of a message that was taken.
    fn told(&self, queue_id: &str) -> Told {
        let begin = format!("{queue_id}: forecast: ");
        let log = self.daemon.log();
        let lines = log.lines().filter_map(|line| line.split_once(&begin));
        lines
            .map(|(_, line)| {
                let (text, cause) = line.split_once(" (cause=").unwrap();
                let only = text.split_once("; only ").and_then(|(_, rest)| rest.split_once(' '));
                let only = only.map(|(field, _)| field.to_owned());
                (cause.split(')').next().unwrap().to_owned(), only)
            })
            .collect()
    }

    /// The causes that `check --message` has of a message, and how it ends.
    fn checked(&self, name: &str, text: &[u8]) -> (Vec<String>, Option<i32>) {
        let file = self.scratch.write(&format!("{name}.sent"), text).display().to_string();
        let configuration = self.scratch.join("t.yaml").display().to_string();
        let words = ["check", "--config", &configuration, "--message", &file];
        let output = program::run(&words, b"");
        (causes(&String::from_utf8_lossy(&output.stdout)), output.status.code())
    }

    /// The message at the end of its way, in a file.
    fn arrived(&self, sent: &Sent) -> PathBuf {
        let delivered = self.sink.wait_for(&format!("{}@example.net", sent.name), LIMIT);
        let delivered = delivered.unwrap_or_else(|| panic!("{}\n{}", sent.name, self.first.log()));
        self.scratch.write(&format!("{}.eml", sent.name), &delivered.octets)
    }
}

/// The causes in lines of a tool.
fn causes(text: &str) -> Vec<String> {
    let lines = text.lines().filter_map(|line| line.split_once("forecast: "));
    let cause = |line: &str| line.rsplit_once("(cause=").unwrap().1.replace(')', "");
    lines.map(|(_, line)| cause(line)).collect()
}

/// What has to become of the seals of which that was told.
fn claims(path: &std::path::Path, told: &Told, seals: &[Seal]) -> Vec<Claim> {
    let breaks = |field: &str| {
        let of_way = |cause: &str| !matches!(cause, "unaligned-from" | "missing-from");
        let hit = |only: &Option<String>| only.as_deref().is_none_or(|only| only == field);
        told.iter().any(|(cause, only)| of_way(cause) && hit(only))
    };
    let claim = |&seal: &Seal| {
        let field = match seal {
            Seal::Dkim => "DKIM-Signature",
            Seal::DomainKeys => "DomainKey-Signature",
        };
        let claim = Claim::that(path, seal, "rsa2048", "example.com");
        Claim { holds: !breaks(field), ..claim }
    };
    seals.iter().map(claim).collect()
}

fn publish(scratch: &Scratch) -> Nameserver {
    let records = fs::read_to_string(here("data/keys/records.txt")).unwrap();
    Nameserver::start(&[Zone::of_keys("example.com", &records)], scratch)
}

const DATE: &str = "Date: Mon, 2 Mar 2026 09:00:00 +0000\r\n";
const ID: &str = "Message-ID: <1@example.com>\r\n";
const PARTS: &str = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n";
const ONLY_DKIM: Option<&str> = Some("DKIM-Signature");

/// A message from that address.
fn from(address: &str, header: &str, body: &str) -> Vec<u8> {
    format!("From: {address}\r\nTo: bob@example.net\r\n{header}\r\n{body}\r\n").into_bytes()
}

/// A message with everything that it should have.
fn mail(more: &str, body: &str) -> Vec<u8> {
    from("ann@example.com", &format!("{DATE}{ID}{more}"), body)
}

fn part(header: &str, body: &str) -> String {
    format!("preamble\r\n--b\r\n{header}\r\n{body}\r\n--b--")
}

/// A message, and what is told of it.
type Case = (&'static str, Vec<u8>, Vec<(&'static str, Option<&'static str>)>);

/// For each cause, messages that break and those like them that do not.
fn cases() -> Vec<Case> {
    let (long, fits) = ("x".repeat(999), "x".repeat(998));
    let subject = |text: &str| format!("Subject: {text}\r\n");
    let blank = |before: usize| subject(&format!("{} {}", "x".repeat(before), "y".repeat(60)));
    let eight = "Content-Transfer-Encoding: 8bit\r\n";
    let simple =
        |header: &str, body: &str| from("simple@example.com", &format!("{DATE}{ID}{header}"), body);
    vec![
        ("long-line", mail("", &long), vec![("long-line", None)]),
        ("long-line-not", mail("", &format!("{fits}\r\n.\r\n{fits}")), vec![]),
        ("long-header", mail(&subject(&long), "x"), vec![("long-header-line", ONLY_DKIM)]),
        ("long-header-not", mail(&subject(&fits[..989]), "x"), vec![]),
        ("long-header-blank", mail(&blank(988), "x"), vec![]),
        ("long-header-behind-blank", mail(&blank(989), "x"), vec![]),
        ("long-header-simple", simple(&blank(988), "x"), vec![("long-header-line", None)]),
        ("long-header-unsigned", mail(&format!("X-Long: {long}\r\n"), "x"), vec![]),
        ("eight-bit", mail(eight, "grüße"), vec![("eight-bit", None)]),
        ("eight-bit-ascii", mail(eight, "ascii"), vec![("eight-bit", None)]),
        ("eight-bit-undeclared", mail("Subject: grüße\r\n", "grüße"), vec![]),
        ("eight-bit-as-7bit", mail("Content-Transfer-Encoding: 7bit\r\n", "grüße"), vec![]),
        ("eight-bit-part", mail(PARTS, &part(eight, "grüße")), vec![("eight-bit", None)]),
        ("eight-bit-no-part", mail(PARTS, &part("", &format!("{eight}\r\ngrüße"))), vec![]),
        (
            "eight-bit-message",
            mail("Content-Type: message/rfc822\r\n", &format!("{eight}\r\ngrüße")),
            vec![("eight-bit", None)],
        ),
        ("bare-cr", mail("", "a\rb"), vec![("bare-cr", ONLY_DKIM)]),
        ("bare-cr-simple", simple("", "a\rb"), vec![("bare-cr", None)]),
        ("bare-cr-header", mail("Subject: a\rb\r\n", "x"), vec![("bare-cr", ONLY_DKIM)]),
        ("bare-cr-unsigned", mail("X-Cr: a\rb\r\n", "x"), vec![]),
        ("missing-date", from("always@example.com", ID, "x"), vec![("missing-date", ONLY_DKIM)]),
        (
            "missing-message-id",
            from("always@example.com", DATE, "x"),
            vec![("missing-message-id", ONLY_DKIM)],
        ),
        ("missing-neither", from("always@example.com", &format!("{DATE}{ID}"), "x"), vec![]),
        ("missing-unlisted", from("ann@example.com", "", "x"), vec![]),
    ]
}

#[test]
fn what_is_foretold_breaks_and_nothing_else_does() {
    let way = Way::open("forecast", "warn");
    let mut sent = Vec::new();
    for (name, text, want) in cases() {
        // Who asks beforehand is told the same.
        let beforehand: Vec<&str> = want.iter().map(|(cause, _)| *cause).collect();
        let (told, code) = way.checked(name, &text);
        assert_eq!(told, beforehand, "{name}");
        assert_eq!(code, Some(i32::from(!told.is_empty())), "{name}");
        sent.push((way.send(name, &text), want));
    }
    let mut all = Vec::new();
    for (one, want) in &sent {
        let path = way.arrived(one);
        let told = way.told(&one.queue_id);
        let plain: Vec<_> =
            told.iter().map(|(cause, only)| (cause.as_str(), only.as_deref())).collect();
        assert_eq!(plain, *want, "{}", one.name);
        all.extend(claims(&path, &told, &[Seal::Dkim, Seal::DomainKeys]));
    }
    let wrong = objections(&publish(&way.scratch), &all, &way.scratch);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A message with some of what may break it, and some of what only looks like it.
fn random(generator: &mut Generator) -> Vec<u8> {
    let address = *["ann@example.com", "simple@example.com", "always@example.com"]
        .get(generator.below(3))
        .unwrap();
    let mut header = String::new();
    if !generator.one_in(4) {
        header += DATE;
    }
    if !generator.one_in(4) {
        header += ID;
    }
    let word = |generator: &mut Generator, most: usize| "x".repeat(1 + generator.below(most));
    let name = *["Subject", "X-Subject"].get(generator.below(2)).unwrap();
    if generator.one_in(4) {
        let blank = *[" ", "", "\r\n "].get(generator.below(3)).unwrap();
        let near = 980 + generator.below(16);
        let _ = write!(header, "{name}: {}{blank}{}\r\n", "x".repeat(near), word(generator, 40));
    } else {
        let cr = if generator.one_in(6) { "\r" } else { " " };
        let _ = write!(header, "{name}: a{cr}{}\r\n", word(generator, 40));
    }
    let encoding = |generator: &mut Generator| {
        let words = ["", "7bit", "8bit", "quoted-printable", "\"8bit\"", "(c) 8BIT", "7bit"];
        match *words.get(generator.below(words.len())).unwrap() {
            "" => String::new(),
            word => format!("Content-Transfer-Encoding: {word}\r\n"),
        }
    };
    let mut body = String::new();
    for _ in 0..generator.below(6) {
        let line = match generator.below(12) {
            0 => "x".repeat(990 + generator.below(20)),
            1 => "a\rb".to_owned(),
            2 | 3 => "grüße".to_owned(),
            4 => ".".to_owned(),
            _ => word(generator, 70),
        };
        body += &line;
        body += "\r\n";
    }
    if generator.one_in(3) {
        header += PARTS;
        body = part(&encoding(generator), &body);
    } else {
        header += &encoding(generator);
    }
    from(address, &header, &body)
}

#[test]
fn of_messages_made_at_random_the_forecast_is_the_fate() {
    let seed = seed();
    println!("seed {seed}");
    let way = Way::open("forecast-random", "warn");
    let mut generator = Generator::new(seed);
    let sent: Vec<Sent> = (0..RANDOM)
        .map(|number| way.send(&format!("random-{number}"), &random(&mut generator)))
        .collect();
    let (mut all, mut broken) = (Vec::new(), 0);
    for one in &sent {
        let path = way.arrived(one);
        let told = way.told(&one.queue_id);
        broken += usize::from(!told.is_empty());
        all.extend(claims(&path, &told, &[Seal::Dkim, Seal::DomainKeys]));
    }
    assert!((RANDOM / 5..RANDOM).contains(&broken), "{broken} of {RANDOM}, seed {seed}");
    let wrong = objections(&publish(&way.scratch), &all, &way.scratch);
    assert!(wrong.is_empty(), "seed {seed}\n{}", wrong.join("\n"));
}

#[test]
fn what_is_refused_says_what_to_change_and_mail_from_elsewhere_is_not() {
    let way = Way::open("forecast-reject", "reject");
    let long = "x".repeat(999);
    let no_from = format!("To: bob@example.net\r\n{DATE}{ID}\r\nx\r\n").into_bytes();
    for (text, advice) in [
        (mail("", &long), "break the lines of the body: 998 octets are the most (long-line)"),
        (
            mail("Content-Transfer-Encoding: 8bit\r\n", "x"),
            "quoted-printable or base64 (eight-bit)",
        ),
        (no_from, "add a From field (missing-from)"),
        (from("ann@example.org", "", "x"), "in the domain that signs for you (unaligned-from)"),
    ] {
        let mut client = way.first.connect().unwrap();
        let reply = client.send("ann@example.com", "refused@example.net", &text).unwrap();
        assert_eq!(reply.code, 550, "{reply:?}");
        assert!(reply.text.starts_with("5.6.0 ") && reply.text.contains(advice), "{reply:?}");
    }
    way.send("good", &mail("", "x"));
    let elsewhere = from("eve@example.net", &format!("{DATE}{ID}"), &long);
    let mut client = way.first.connect().unwrap();
    client.pretend("elsewhere.example.net", "192.0.2.1").unwrap();
    let reply = client.send("eve@example.net", "elsewhere@example.net", &elsewhere).unwrap();
    assert_eq!(reply.code, 250, "{reply:?}");
    for name in ["good", "elsewhere"] {
        assert!(way.sink.wait_for(&format!("{name}@example.net"), LIMIT).is_some(), "{name}");
    }
    let refused = way.sink.all();
    assert!(!refused.iter().any(|mail| mail.to.iter().any(|to| to.starts_with("refused"))));
}

#[test]
fn a_message_without_from_goes_unsigned_and_gets_one() {
    let way = Way::open("forecast-from", "warn");
    let text = format!("To: bob@example.net\r\n{DATE}{ID}\r\nx\r\n");
    let sent = way.send("from", text.as_bytes());
    let arrived = fs::read_to_string(way.arrived(&sent)).unwrap();
    assert_eq!(way.told(&sent.queue_id), [("missing-from".to_owned(), None)]);
    assert_eq!(way.checked("from", text.as_bytes()), (vec!["missing-from".to_owned()], Some(1)));
    assert!(arrived.contains("\r\nFrom: ") && !arrived.contains("Signature:"), "{arrived}");
}

/// Whether the organizations of both domains are one, as Mail::DMARC finds them.
fn is_aligned(one: &str, other: &str) -> bool {
    let script = "my $d = Mail::DMARC::PurePerl->new; my ($a, $b) = map \
                  { $d->get_organizational_domain($_) } @ARGV; exit($a eq $b ? 0 : 1)";
    let mut perl = std::process::Command::new("perl");
    let status = perl.args(["-MMail::DMARC::PurePerl", "-e", script, one, other]).status().unwrap();
    assert!(matches!(status.code(), Some(0 | 1)), "{status}: apt-get install libmail-dmarc-perl");
    status.success()
}

#[test]
fn a_from_is_unaligned_where_dmarc_says_so_and_its_seal_holds() {
    let way = Way::open("forecast-dmarc", "warn");
    let mut all = Vec::new();
    for domain in ["example.com", "news.example.com", "example.org"] {
        let text = from(&format!("ann@{domain}"), &format!("{DATE}{ID}"), "x");
        let sent = way.send(domain, &text);
        let path = way.arrived(&sent);
        let told = way.told(&sent.queue_id);
        let unaligned = told.iter().any(|(cause, _)| cause == "unaligned-from");
        assert_eq!(unaligned, !is_aligned("example.com", domain), "{domain}");
        all.extend(claims(&path, &told, &[Seal::Dkim]));
    }
    let wrong = objections(&publish(&way.scratch), &all, &way.scratch);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(wait_for(LIMIT, || (way.sink.all().len() == 3).then_some(())).is_some());
}
