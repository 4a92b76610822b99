//! What `twinseal check` sees of DNS: two name servers and a resolver, each with each mistake.

use std::fmt::Write as _;
use twinseal_e2e::checked::{Checked, Finding};
use twinseal_e2e::hostile_dns::{HostileDns, Reply, code};
use twinseal_e2e::nameserver::{Nameserver, Site, Zone};
use twinseal_e2e::resolver::Resolver;
use twinseal_e2e::scratch::Scratch;
use twinseal_keys::{PublicKey, SigningKey};

/// The owner names of a zone, relative to it, and what is there: TXT records as a zone file has
/// them, or lines of other types.
type Lines = Vec<(&'static str, String)>;

/// A domain that something is wrong with.
struct Case {
    /// What it is called, below `example`.
    name: &'static str,
    /// What both servers have in place of what is right: all records of that name.
    both: Lines,
    /// What the second one has in place of that.
    second: Lines,
    /// What has to be found: the code, and how the place ends.
    want: &'static [(&'static str, &'static str)],
}

const KEY: &str = "mail._domainkey";

fn key(name: &str) -> PublicKey {
    let file = format!("{}/data/keys/{name}.pem", env!("CARGO_MANIFEST_DIR"));
    SigningKey::from_pem(&std::fs::read(file).unwrap()).unwrap().public().unwrap()
}

/// A text as the strings of one record.
fn txt(text: &str) -> String {
    let quoted = |part: &[u8]| {
        let text = String::from_utf8_lossy(part).replace('\\', "\\\\").replace('"', "\\\"");
        format!("\"{text}\"")
    };
    text.as_bytes().chunks(255).map(quoted).collect::<Vec<_>>().join(" ")
}

/// What a domain publishes that has everything.
fn right() -> Lines {
    vec![
        (KEY, format!("TXT {}", txt(&key("rsa2048").record().to_string()))),
        ("_domainkey", "TXT \"o=~\"".to_owned()),
        ("_dmarc", "TXT \"v=DMARC1; p=none\"".to_owned()),
        ("@", "TXT \"v=spf1 mx ~all\"".to_owned()),
        ("@", "TXT \"something else\"".to_owned()),
    ]
}

/// The lines with those in place of what the same names had.
fn with(lines: &Lines, other: &Lines) -> Lines {
    let replaced = |name: &str| other.iter().any(|(other, _)| *other == name);
    let kept = lines.iter().filter(|(name, _)| !replaced(name)).cloned();
    kept.chain(other.iter().filter(|(_, data)| !data.is_empty()).cloned()).collect()
}

fn zone(name: &str, lines: &Lines) -> Zone {
    let lines = lines.iter().fold(String::new(), |mut text, (owner, data)| {
        let _ = writeln!(text, "{owner} IN {data}");
        text
    });
    Zone { name: format!("{name}.example"), lines }
}

fn case(name: &'static str, lines: Lines, want: &'static [(&'static str, &'static str)]) -> Case {
    Case { name, both: lines, second: Vec::new(), want }
}

/// One record of the key.
fn of_key(text: &str) -> Lines {
    vec![(KEY, format!("TXT {}", txt(text)))]
}

/// What can be wrong with the record of a key.
fn cases_of_keys() -> Vec<Case> {
    let right = key("rsa2048").record().to_string();
    let other = key("rsa1024").record().to_string();
    let small = right.to_ascii_lowercase().replace("v=dkim1", "v=DKIM1");
    let (front, back) = right.split_at(255);
    let tags = |tags: &str| of_key(&right.replace("k=rsa;", tags));
    let two = |one: &str, other: &str| {
        vec![(KEY, format!("TXT {}", txt(one))), (KEY, format!("TXT {}", txt(other)))]
    };
    vec![
        case("right", vec![], &[]),
        case("alias", vec![(KEY, "CNAME mail._domainkey.right.example.".into())], &[]),
        case("missing", vec![(KEY, String::new())], &[("dns-no-record", "missing.example")]),
        case(
            "doubled",
            vec![
                (KEY, String::new()),
                ("mail._domainkey.doubled.example", format!("TXT {}", txt(&right))),
            ],
            &[("dns-doubled-name", "doubled.example")],
        ),
        case("other", of_key(&other), &[("dns-other-key", "other.example")]),
        case("letters", of_key(&small), &[("dns-letters", "letters.example")]),
        case("cut", of_key(front), &[("dns-cut", "cut.example")]),
        case("quotes", of_key(&format!("\"{right}\"")), &[("dns-quotes", "quotes.example")]),
        case("split", two(front, back), &[("dns-split-records", "split.example")]),
        case("several", two(&right, "v=spf1 -all"), &[("dns-several-records", "several.example")]),
        case("garbage", of_key("k=rsa"), &[("dns-unreadable", "garbage.example")]),
        case("revoked", of_key("v=DKIM1; p="), &[("dns-revoked", "revoked.example")]),
        case("testing", tags("k=rsa; t=y;"), &[("dns-test-mode", "testing.example")]),
        case("hashes", tags("k=rsa; h=sha256;"), &[("dns-domainkeys-hash", "hashes.example")]),
        case("sha1", tags("k=rsa; h=sha1;"), &[("dns-hash", "sha1.example")]),
        case("nobody", tags("g=; k=rsa;"), &[("dns-granularity", "nobody.example")]),
        case("star", tags("g=*; k=rsa;"), &[("dns-star", "star.example")]),
        case("service", tags("k=rsa; s=tlsrpt;"), &[("dns-service", "service.example")]),
    ]
}

/// What can be wrong beside it, and with one server alone.
fn further_cases() -> Vec<Case> {
    let other = key("rsa1024").record().to_string();
    let of = |name: &'static str, text: &str| vec![(name, format!("TXT {}", txt(text)))];
    vec![
        case(
            "nopolicy",
            vec![("_domainkey", String::new())],
            &[("dns-no-policy", "nopolicy.example")],
        ),
        case("policy", of("_domainkey", "o=+"), &[("dns-policy", "policy.example")]),
        case("tested", of("_domainkey", "t=y; o=-"), &[("dns-policy-test", "tested.example")]),
        case("adsp", of("_adsp._domainkey", "dkim=maybe"), &[("dns-adsp", "adsp.example")]),
        case(
            "discards",
            of("_adsp._domainkey", "dkim=discardable"),
            &[("dns-adsp-discardable", "discards.example")],
        ),
        case("nospf", vec![("@", String::new())], &[("dns-no-spf", "nospf.example")]),
        case("spf", of("@", "v=spf1 ip4:192.0.2.300 -all"), &[("dns-spf", "spf.example")]),
        case(
            "twospf",
            vec![("@", "TXT \"v=spf1 -all\"".into()), ("@", "TXT \"v=spf1 mx -all\"".into())],
            &[("dns-spf", "twospf.example")],
        ),
        case("anybody", of("@", "v=spf1 +all"), &[("dns-spf-all", "anybody.example")]),
        case("nodmarc", vec![("_dmarc", String::new())], &[("dns-no-dmarc", "nodmarc.example")]),
        case("dmarc", of("_dmarc", "v=DMARC1; p=deny"), &[("dns-dmarc", "dmarc.example")]),
        case(
            "percent",
            of("_dmarc", "v=DMARC1; p=none; pct=200"),
            &[("dns-dmarc-tag", "percent.example")],
        ),
        Case {
            name: "stale",
            both: vec![],
            second: of_key(&other),
            want: &[("dns-other-key", "ns2.stale.example (ADDRESS2)")],
        },
        Case {
            name: "half",
            both: vec![],
            second: vec![(KEY, String::new())],
            want: &[("dns-no-record", "ns2.half.example (ADDRESS2)")],
        },
    ]
}

/// Both name servers, and the resolver that goes by them.
struct Dns {
    servers: Vec<Nameserver>,
    resolver: Resolver,
}

impl Dns {
    fn start(sites: &[Site], zones: [&[Zone]; 2], scratch: &Scratch) -> Self {
        let servers: Vec<Nameserver> = sites
            .iter()
            .zip(zones)
            .map(|(site, zones)| Nameserver::start_at(site, zones, scratch))
            .collect();
        let resolver = Resolver::start(&servers[0], scratch);
        Self { servers, resolver }
    }
}

fn configuration(names: &[&str], scratch: &Scratch) -> String {
    let key = scratch.key("rsa2048");
    let mut text = "socket: inet:8891@localhost\nsigning:\n".to_owned();
    for name in names {
        let _ = writeln!(
            text,
            "  - {{ senders: [\"*@{name}.example\"], domain: {name}.example, keys: [{{ file: {}, \
             selector: mail }}] }}",
            key.display()
        );
    }
    scratch.write("twinseal.yaml", text).display().to_string()
}

fn check(file: &str, dns: &Dns) -> Checked {
    let resolver = dns.resolver.address().to_string();
    Checked::run(&["--config", file, "--no-mta", "--nameserver", &resolver])
}

/// What was found about a domain.
fn about<'c>(checked: &'c Checked, name: &str) -> Vec<&'c Finding> {
    let domain = format!("{name}.example");
    let is_of = |finding: &&Finding| {
        let place = finding.place.split(' ').next().unwrap_or_default();
        place == domain || place.ends_with(&format!(".{domain}"))
    };
    checked.findings.iter().filter(is_of).collect()
}

/// The zone with what a finding says put in place of what the name had.
fn mended(lines: &Lines, findings: &[&Finding], name: &str) -> Lines {
    let mut lines = lines.clone();
    for finding in findings {
        let Some(record) = &finding.record else {
            // What only its owner can know is put right by hand.
            lines = with(
                &lines,
                &right()
                    .into_iter()
                    .filter(|(owner, _)| *owner == "@" || *owner == "_dmarc")
                    .collect(),
            );
            continue;
        };
        let (owner, data) = record.split_once('\t').expect("a line of a zone file");
        let suffix = format!(".{name}.example.");
        let relative = owner.strip_suffix(&suffix).unwrap_or("@");
        let known = right().into_iter().map(|(owner, _)| owner).chain(["_adsp._domainkey"]);
        let owner = known.into_iter().find(|owner| *owner == relative).expect("a name of ours");
        let data = data.trim_start_matches("IN\t").to_owned();
        lines = with(&lines, &vec![(owner, data)]);
    }
    lines
}

#[test]
fn each_mistake_in_dns_is_named_and_what_is_printed_mends_it() {
    let scratch = Scratch::new("check-dns");
    let cases: Vec<Case> = cases_of_keys().into_iter().chain(further_cases()).collect();
    let sites = Site::of_servers(2);
    let names: Vec<&str> = cases.iter().map(|case| case.name).collect();
    let file = configuration(&names, &scratch);
    let first: Vec<Lines> = cases.iter().map(|case| with(&right(), &case.both)).collect();
    let second: Vec<Lines> =
        cases.iter().zip(&first).map(|(case, lines)| with(lines, &case.second)).collect();
    let zones = |all: &[Lines]| -> Vec<Zone> {
        names.iter().zip(all).map(|(name, lines)| zone(name, lines)).collect()
    };

    let dns = Dns::start(&sites, [&zones(&first), &zones(&second)], &scratch);
    let checked = check(&file, &dns);
    let second_address = sites[1].address.ip().to_string();
    for case in &cases {
        let found: Vec<(&str, &str)> = about(&checked, case.name)
            .iter()
            .map(|finding| (finding.code.as_str(), finding.place.as_str()))
            .collect();
        let codes: Vec<&str> = found.iter().map(|(code, _)| *code).collect();
        let want: Vec<&str> = case.want.iter().map(|(code, _)| *code).collect();
        assert_eq!(codes, want, "{}: {found:?}", case.name);
        for ((_, place), (_, end)) in found.iter().zip(case.want) {
            let end = end.replace("ADDRESS2", &second_address);
            assert!(place.ends_with(&end), "{}: {place} does not end with {end}", case.name);
        }
    }
    assert_eq!(checked.code, 1);

    // What is printed is put into both zones.
    let third: Vec<Lines> = cases
        .iter()
        .zip(&first)
        .map(|(case, lines)| mended(lines, &about(&checked, case.name), case.name))
        .collect();
    drop(dns);
    let dns = Dns::start(&sites, [&zones(&third), &zones(&third)], &scratch);
    let checked = check(&file, &dns);
    checked.assert_clean();
    assert!(checked.findings.is_empty(), "{:#?}", checked.findings);
    for name in &names {
        let place = format!("{KEY}.{name}.example");
        assert!(checked.passed.contains(&place), "{place}: {:?}", checked.passed);
    }
}

#[test]
fn servers_that_do_not_answer_are_told_from_those_that_say_nothing_of_the_zone() {
    let scratch = Scratch::new("check-dns-servers");
    let sites = Site::of_servers(3);
    let (names, all) = (["a", "b"], right());
    let file = configuration(&names, &scratch);
    let zones: Vec<Zone> = names.iter().map(|name| zone(name, &all)).collect();
    // The second has one of the two zones, and the third is not there.
    let first = Nameserver::start_at(&sites[0], &zones, &scratch);
    let second = Nameserver::start_at(&sites[1], &zones[..1], &scratch);
    let resolver = Resolver::start(&first, &scratch);
    let dns = Dns { servers: vec![first, second], resolver };
    let checked = check(&file, &dns);
    let found: Vec<(&str, String)> = checked
        .findings
        .iter()
        .map(|finding| (finding.code.as_str(), finding.place.replace(" at ", "@")))
        .collect();
    let address = |number: usize| sites[number].address.ip().to_string();
    let want = [
        ("dns-silent-server", format!("a.example@ns3.a.example ({})", address(2))),
        ("dns-lame-server", format!("b.example@ns2.b.example ({})", address(1))),
    ];
    assert_eq!(found, want);
    drop(dns.servers);
}

#[test]
fn what_a_resolver_keeps_is_told_from_what_the_servers_have() {
    let scratch = Scratch::new("check-dns-stale");
    let sites = Site::of_servers(2);
    let file = configuration(&["a"], &scratch);
    let old = with(&right(), &of_key(&key("rsa1024").record().to_string()));
    let start = |lines: &Lines| -> Vec<Nameserver> {
        let zones = [zone("a", lines)];
        sites.iter().map(|site| Nameserver::start_at(site, &zones, &scratch)).collect()
    };
    let servers = start(&old);
    let resolver = Resolver::start_remembering(&servers[0], &scratch);
    let dns = Dns { servers, resolver };
    assert_eq!(about(&check(&file, &dns), "a")[0].code, "dns-other-key");
    // The servers get the right record; the resolver has not asked them since.
    let Dns { servers, resolver } = dns;
    drop(servers);
    let dns = Dns { servers: start(&right()), resolver };
    let checked = check(&file, &dns);
    checked.assert_clean();
    let found: Vec<(&str, &str)> =
        checked.findings.iter().map(|one| (one.code.as_str(), one.place.as_str())).collect();
    assert_eq!(found, [("dns-stale", "mail._domainkey.a.example at the resolver")]);
}

#[test]
fn a_resolver_that_is_not_there_is_said_once() {
    let scratch = Scratch::new("check-no-resolver");
    for number in [1, 100] {
        let names: Vec<String> = (0..number).map(|number| format!("d{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let file = configuration(&names, &scratch);
        let checked = Checked::run(&["--config", &file, "--no-mta", "--nameserver", "127.0.0.1:9"]);
        let codes: Vec<&str> =
            checked.findings.iter().map(|finding| finding.code.as_str()).collect();
        assert_eq!((checked.code, codes), (1, vec!["dns-no-resolver"]), "{number}");
    }
}

#[test]
fn a_domain_that_nobody_has_is_told_from_a_record_that_is_missing() {
    let scratch = Scratch::new("check-dns-gone");
    let sites = Site::of_servers(1);
    let file = configuration(&["here", "gone"], &scratch);
    let server = Nameserver::start_at(&sites[0], &[zone("here", &right())], &scratch);
    let resolver = Resolver::start(&server, &scratch);
    let checked = check(&file, &Dns { servers: vec![server], resolver });
    let found: Vec<(&str, &str)> =
        checked.findings.iter().map(|one| (one.code.as_str(), one.place.as_str())).collect();
    assert_eq!((checked.code, found), (1, vec![("dns-no-domain", "gone.example")]));
}

#[test]
fn a_resolver_that_fails_at_one_name_has_not_said_that_nothing_is_there() {
    let scratch = Scratch::new("check-dns-fails");
    let file = configuration(&["a"], &scratch);
    let name = "mail._domainkey.a.example";
    let resolver = HostileDns::start([
        (name, Reply::code(code::SERVFAIL)),
        ("a.example", Reply::txt("a.example", "v=spf1 mx ~all")),
    ]);
    let address = resolver.address().to_string();
    let checked = Checked::run(&["--config", &file, "--no-mta", "--nameserver", &address]);
    let found: Vec<(&str, &str)> =
        checked.findings.iter().map(|one| (one.code.as_str(), one.place.as_str())).collect();
    let place = format!("{name} at the resolver");
    assert_eq!((checked.code, found), (1, vec![("dns-no-answer", place.as_str())]));
}
