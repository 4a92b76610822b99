//! The testers of what is published, under each of their names, beside opendkim's own where there
//! are any.

use std::fs;
use std::path::Path;
use twinseal_e2e::nameserver::{Nameserver, Zone};
use twinseal_e2e::net::Address;
use twinseal_e2e::program;
use twinseal_e2e::scratch::Scratch;
use twinseal_e2e::tools::{Said, ours, run, theirs};

const DOMAIN: &str = "t.example";

/// Records beside those of the keys that are made.
const LINES: &str = "\
revoked._domainkey IN TXT \"v=DKIM1; k=rsa; p=\"
nokey._domainkey IN TXT \"v=DKIM1; k=rsa\"
badv._domainkey IN TXT \"v=DKIM2; k=rsa; p=AAAA\"
garbage._domainkey IN TXT \"v=DKIM1; k=rsa; p=AAAA\"
syntax._domainkey IN TXT \"v=DKIM1; k=rsa; p\"
type._domainkey IN TXT \"v=DKIM1; k=dsa; p=AAAA\"
empty._domainkey IN TXT \"\"
without._domainkey IN A 127.0.0.1
two._domainkey IN TXT \"v=DKIM1; p=AAAA\"
two._domainkey IN TXT \"v=DKIM1; p=BBBB\"
_domainkey IN TXT \"t=y; o=-; n=a note; r=postmaster@t.example\"
_adsp._domainkey IN TXT \"dkim=discardable\"
all IN TXT \"v=spf1 -all\"
_adsp._domainkey.all IN TXT \"dkim=all\"
_domainkey.all IN TXT \"o=?\"
silent IN TXT \"v=spf1 -all\"
broken IN TXT \"v=spf1 -all\"
_adsp._domainkey.broken IN TXT \"v=spf1 -all\"
";

/// Two keys, of which `good` is published, at `spoilt` too with `h=sha256`; and who publishes them.
struct Site {
    scratch: Scratch,
    server: Nameserver,
}

impl Site {
    fn new(name: &str) -> Self {
        let scratch = Scratch::new(name);
        for selector in ["good", "other"] {
            let place = scratch.path().display().to_string();
            let words = ["genkey", "--domain", DOMAIN, "--selector", selector, "--bits", "1024"];
            let words = [&words[..], &["--directory", &place]].concat();
            assert_eq!(run(&program::path(), &words, b"").code, Some(0));
        }
        let good = fs::read_to_string(scratch.join("good.txt")).unwrap();
        let spoilt = good.replacen("good.", "spoilt.", 1).replace("v=DKIM1;", "v=DKIM1; h=sha256;");
        let zone = Zone { name: DOMAIN.to_owned(), lines: format!("{good}{spoilt}{LINES}") };
        let server = Nameserver::start(&[zone], &scratch);
        scratch.write("unbound.conf", server.for_unbound());
        Self { scratch, server }
    }

    /// A file of opendkim with the resolver that asks the server, and more.
    fn conf(&self, name: &str, more: &str) -> String {
        let resolver = self.scratch.join("unbound.conf");
        let text = format!("ResolverConfiguration {}\n{more}", resolver.display());
        self.scratch.write(name, text).display().to_string()
    }

    fn path(&self, name: &str) -> String {
        self.scratch.join(name).display().to_string()
    }

    fn ours(&self, name: &str, words: &[&str], input: &[u8]) -> Said {
        let server = format!("127.0.0.1:{}", self.server.port());
        let words = match name {
            "twinseal" => [&words[..1], &["--nameserver", &server], &words[1..]].concat(),
            _ => [&["--nameserver", &server], words].concat(),
        };
        run(&ours(name, &self.scratch), &words, input)
    }
}

#[test]
fn opendkim_testkey_says_what_it_said() {
    let site = Site::new("testkey");
    let conf = site.conf("conf", "");
    let [good, other, missing] =
        ["good.private", "other.private", "missing"].map(|name| site.path(name));
    let directory = site.scratch.path().display().to_string();
    let open = fs::read(&other).unwrap();
    let open = site.scratch.write_with_mode("open", open, 0o644).display().to_string();
    let all = ["revoked", "nokey", "badv", "type", "empty", "without", "two", "nx", "good"];
    let mut cases: Vec<Vec<&str>> = all.map(|selector| vec!["-s", selector]).to_vec();
    cases.extend(["-v", "-vv", "-vvv", "-vvvv"].map(|v| vec!["-s", "good", v]));
    for key in [&good, &other, &missing, &directory, &open] {
        cases.push(vec!["-vvv", "-s", "good", "-k", key]);
        cases.push(vec!["-s", "good", "-k", key]);
    }
    cases.push(vec!["-vvv", "-s", "nx", "-k", &good]);
    cases.push(vec!["-s", "good", "word"]);
    // No selector, which is a mistake.
    cases.push(vec!["-vvv"]);
    for words in cases {
        let words = [&["-x", &conf, "-d", DOMAIN], &words[..]].concat();
        let real = run(&theirs("opendkim-testkey"), &words, b"");
        assert_eq!(site.ours("opendkim-testkey", &words, b""), real, "{words:?}");
    }
}

#[test]
fn opendkim_testkey_walks_a_table_as_it_did() {
    let site = Site::new("testkey-table");
    let (good, other) = (site.path("good.private"), site.path("other.private"));
    let single = site.conf("single", &format!("Domain {DOMAIN}\nSelector good\nKeyFile {good}\n"));
    let rows = [
        format!("one {DOMAIN}:good:{good}\n"),
        format!("a {DOMAIN}:good:{good}\nb {DOMAIN}:nx:{good}\nc {DOMAIN}:good:{good}\n"),
        format!("two {DOMAIN}:good:{other}\nthree {DOMAIN}:revoked:{good}\n"),
    ];
    let mut files = vec![single];
    for (number, rows) in rows.iter().enumerate() {
        let table = site.scratch.write(&format!("table{number}"), rows);
        files.push(site.conf(&format!("conf{number}"), &format!("KeyTable {}\n", table.display())));
    }
    for file in &files {
        for more in [&[][..], &["-v"], &["-vv"], &["-vvv"]] {
            let words = [&["-x", file], more].concat();
            let real = run(&theirs("opendkim-testkey"), &words, b"");
            assert_eq!(site.ours("opendkim-testkey", &words, b""), real, "{words:?}");
        }
    }
    // Ours goes on behind a file that cannot be read, and our own tool ends with the answer.
    let missing = site.path("missing");
    let rows = format!("m {DOMAIN}:good:{missing}\ngood {DOMAIN}:good:{good}\n");
    let table = site.scratch.write("table-missing", rows);
    let file = site.conf("missing.conf", &format!("KeyTable {}\n", table.display()));
    let said = site.ours("opendkim-testkey", &["-v", "-x", &file], b"");
    let summary = "opendkim-testkey: 2 keys checked; 1 pass, 1 fail\n";
    assert_eq!((said.code, said.output.as_str()), (Some(71), summary), "{said:?}");
    let said = site.ours("twinseal", &["testkey", "--config", &files[2]], b"");
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.output.ends_with("twinseal: 3 keys checked; 2 pass, 1 fail\n"), "{said:?}");
}

#[test]
fn dkim_testkey_has_its_own_words() {
    let site = Site::new("testkey-dkim");
    let [good, other, missing] =
        ["good.private", "other.private", "missing"].map(|name| site.path(name));
    let stat = format!("dkim-testkey: {missing}: stat(): No such file or directory\n");
    let differ = "dkim-testkey: keys do not match\n";
    for (words, code, output, errors) in [
        (&["-s", "good"][..], 0, "", ""),
        (&["-s", "good", "-k", &good], 0, "", ""),
        (&["-s", "good", "-k", &other], 65, differ, ""),
        (&["-s", "good", "-k", &missing], 71, "", &stat),
        (&["-s", "nx"], 69, "", "dkim-testkey: No key\n"),
        (&["-s", "revoked"], 69, "", "dkim-testkey: Revoked key\n"),
        (&["-s", "two"], 69, "", "dkim-testkey: Multiple DNS replies\n"),
        (
            &["-s", "syntax"],
            69,
            "",
            "dkim-testkey: Syntax error: byte 17: tag \"p\" is not followed by an equals sign\n",
        ),
        (
            &[],
            78,
            "",
            "dkim-testkey: usage: dkim-testkey [options]\n\t-d domain  \tdomain name\n\
             \t-k keypath \tpath to private key\n\t-s selector\tselector name\n",
        ),
    ] {
        let said = site.ours("dkim-testkey", &[&["-d", DOMAIN], words].concat(), b"");
        let want = Said { code: Some(code), output: output.to_owned(), errors: errors.to_owned() };
        assert_eq!(said, want, "{words:?}");
    }
}

#[test]
fn our_own_tester_knows_what_neither_seal_can_use() {
    let site = Site::new("testkey-own");
    let said = site.ours("twinseal", &["testkey", "--domain", DOMAIN, "--selector", "spoilt"], b"");
    assert_eq!((said.code, said.output.as_str()), (Some(0), "twinseal: key OK\n"));
    assert!(said.errors.contains("of no use to DomainKeys: h= is \"sha256\""), "{}", said.errors);
    // A key that no verifier could use is not in order; opendkim-testkey said nothing of it.
    let said = site.ours("opendkim-testkey", &["-d", DOMAIN, "-s", "garbage"], b"");
    assert_eq!((said.code, said.output.as_str()), (Some(69), ""), "{said:?}");
    // Nobody listens there.
    let nobody = format!("127.0.0.1:{}", Address::free_port());
    for (words, code) in [
        (&["testkey", "-d", DOMAIN, "-s", "good"][..], 69),
        (&["testselector", "good", DOMAIN], 75),
        (&["testpolicy", DOMAIN], 75),
        (&["testadsp", DOMAIN], 75),
    ] {
        let words = [words, &["--nameserver", &nobody]].concat();
        let said = run(&program::path(), &words, b"");
        assert_eq!(said.code, Some(code), "{words:?}: {said:?}");
    }
}

#[test]
fn a_policy_of_the_author_is_three_lines() {
    let site = Site::new("testadsp");
    let lines = |name: &str, domain: &str, policy: &str, result: &str| {
        format!(
            "{name}: {domain}:\n\tpolicy is \"{policy}\"\n\tpolicy result code is \"{result}\"\n"
        )
    };
    let found = "author domain policy found";
    for name in ["dkim-testadsp", "dkim-testssp", "opendkim-testadsp"] {
        let domains = [DOMAIN, "all.t.example", "silent.t.example", "no.t.example"];
        let said = site.ours(name, &domains, b"");
        let want = [
            lines(name, DOMAIN, "discardable", found),
            lines(name, "all.t.example", "all", found),
            lines(name, "silent.t.example", "unknown", "none"),
            lines(name, "no.t.example", "unknown", "domain does not exist"),
        ];
        let want = Said { code: Some(0), output: want.concat(), errors: String::new() };
        assert_eq!(said, want);
        let said = site.ours(name, &["broken.t.example"], b"");
        let why = format!("{name}: broken.t.example: the record does not begin with dkim=\n");
        assert_eq!(said, Said { code: Some(0), output: String::new(), errors: why });
    }
    for (domain, code) in [("all.t.example", 0), ("no.t.example", 1), ("broken.t.example", 1)] {
        assert_eq!(site.ours("twinseal", &["testadsp", domain], b"").code, Some(code), "{domain}");
    }
}

#[test]
fn policies_and_selectors_are_read_as_domainkeys_reads_them() {
    let site = Site::new("testpolicy");
    let said = site.ours("twinseal", &["testpolicy", DOMAIN, "silent.t.example"], b"");
    let want = "\
_domainkey.t.example: good
\to=- all mail is signed
\tt=y the domain is testing
\tn=a note a note to people
\tr=postmaster@t.example where mail that does not verify is reported
_domainkey.silent.t.example: good
\tno policy is published, which means o=~: some mail is signed
";
    assert_eq!((said.code, said.output.as_str()), (Some(0), want), "{said:?}");
    let said = site.ours("twinseal", &["testpolicy", "--json", "all.t.example"], b"");
    assert_eq!(said.code, Some(1));
    for text in ["\"name\": \"_domainkey.all.t.example\"", "\"good\": false", "o= is \\\"?\\\""] {
        assert!(said.output.contains(text), "{said:?}");
    }
    let said = site.ours("twinseal", &["testselector", "good", DOMAIN, "--json"], b"");
    assert_eq!(said.code, Some(0));
    for text in ["\"good\": true", "\"p\": \"1024\"", "\"why\": null"] {
        assert!(said.output.contains(text), "{said:?}");
    }
    for (selector, why) in [
        ("spoilt", "h= is \"sha256\", without sha1"),
        ("revoked", "the key is revoked"),
        ("nx", "the name does not exist"),
        ("without", "there is no TXT record"),
        ("two", "2 records, where one counts"),
        ("type", "k= is \"dsa\""),
    ] {
        let said = site.ours("twinseal", &["testselector", selector, DOMAIN], b"");
        assert_eq!(said.code, Some(1), "{selector}");
        let want = format!("{selector}._domainkey.t.example: not good: {why}");
        assert!(said.output.starts_with(&want), "{said:?}");
    }
}

const MESSAGE: &[u8] =
    b"From: a@t.example\nDate: Sat, 1 Aug 2026 10:00:00 +0000\nTo: b@x.example\n\nHello.\n";

#[test]
fn opendkim_testmsg_signs_and_verifies() {
    let site = Site::new("testmsg");
    let good = site.path("good.private");
    let sign = |tool: &Path, input| run(tool, &["-d", DOMAIN, "-s", "good", "-k", &good], input);
    let tool = ours("opendkim-testmsg", &site.scratch);
    let signed = sign(&tool, MESSAGE);
    assert_eq!((signed.code, signed.errors.as_str()), (Some(0), ""));
    assert!(signed.output.starts_with("DKIM-Signature: v=1; a=rsa-sha256;"), "{signed:?}");
    let nothing = Said { code: Some(0), output: String::new(), errors: String::new() };
    assert_eq!(site.ours("opendkim-testmsg", &[], signed.output.as_bytes()), nothing);
    assert_eq!(site.ours("twinseal", &["testmsg"], signed.output.as_bytes()), nothing);
    let changed = signed.output.replace("Hello", "Hullo");
    let said = site.ours("opendkim-testmsg", &[], changed.as_bytes());
    assert_eq!(said.code, Some(70));
    assert!(said.errors.starts_with("opendkim-testmsg: dkim_eom(): Bad signature ("), "{said:?}");
    // What opendkim's own says, except that it signs by rsa-sha1.
    let real = theirs("opendkim-testmsg");
    let theirs = sign(&real, MESSAGE);
    assert!(theirs.output.starts_with("DKIM-Signature: v=1; a=rsa-sha1;"), "{theirs:?}");
    for words in [&[][..], &["-d", DOMAIN], &["-d", DOMAIN, "-s", "good", "-k", "/nonexistent"]] {
        assert_eq!(run(&tool, words, MESSAGE), run(&real, words, MESSAGE), "{words:?}");
    }
}
