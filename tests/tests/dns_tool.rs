//! What `twinseal dns` prints goes into a zone as it is, and is what the check wants to see.

use serde_json::Value;
use twinseal_e2e::checked::Checked;
use twinseal_e2e::nameserver::{Nameserver, Site, Zone};
use twinseal_e2e::program;
use twinseal_e2e::resolver::Resolver;
use twinseal_e2e::scratch::Scratch;

fn dns(words: &[&str]) -> String {
    let output = program::run(&[&["dns"], words].concat(), b"");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_zone_of_what_is_printed_leaves_nothing_to_be_found() {
    let scratch = Scratch::new("dns-tool");
    let (rsa, ed25519) = (scratch.key("rsa2048"), scratch.key("ed25519"));
    let file = scratch.write(
        "t.yaml",
        format!(
            "socket: inet:8891@localhost\nsigning:\n  - senders: [\"*@a.example\"]\n    domain: \
             a.example\n    keys: [{{ file: {0}, selector: mail }}, {{ file: {1}, selector: ed1 \
             }}]\n  - senders: [\"*@b.example\", \"*@*.b.example\"]\n    domain: b.example\n    \
             keys: [{{ file: {0}, selector: mail }}]\n",
            rsa.display(),
            ed25519.display()
        ),
    );
    let file = file.display().to_string();
    let printed = dns(&["--config", &file, "--adsp", "all"]);
    // Whoever follows the suggestions takes them out of their comments.
    let taken =
        printed.replace("; a.example.\t", "a.example.\t").replace("; b.example.\t", "b.example.\t");
    let taken = taken.replace("; _dmarc", "_dmarc");
    let zone = Zone { name: "example".to_owned(), lines: taken };
    let server = Nameserver::start_at(&Site::of_servers(1)[0], &[zone], &scratch);
    let resolver = Resolver::start(&server, &scratch);
    let address = resolver.address().to_string();
    let checked = Checked::run(&["--config", &file, "--no-mta", "--nameserver", &address]);
    checked.assert_clean();
    assert!(checked.findings.is_empty(), "{:#?}", checked.findings);

    // The other forms say the same.
    let json: Vec<Value> =
        serde_json::from_str(&dns(&["--config", &file, "--adsp", "all", "--format", "json"]))
            .unwrap();
    let plain = dns(&["--config", &file, "--adsp", "all", "--format", "plain"]);
    for record in &json {
        let text = |name: &str| record[name].as_str().unwrap();
        let line = text("zone_line").lines().next().unwrap();
        assert!(printed.contains(line), "{line}");
        let value = format!("name: {}\ntype: TXT\nvalue: {}\n", text("name"), text("text"));
        assert!(plain.contains(&value), "{value}");
    }
    assert_eq!(json.iter().filter(|record| record["suggestion"] == false).count(), 7);
}

#[test]
fn the_old_programs_domains_are_known_too() {
    let scratch = Scratch::new("dns-tool-doors");
    let key = scratch.key("rsa2048").display().to_string();
    let names = |words: &[&str]| -> Vec<String> {
        let text = dns(&[&["--no-suggestions", "--format", "json", "--"], words].concat());
        let records: Vec<Value> = serde_json::from_str(&text).unwrap();
        let mut names: Vec<String> =
            records.iter().map(|record| record["name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    let both = [
        "_domainkey.a.example",
        "_domainkey.b.example",
        "s._domainkey.a.example",
        "s._domainkey.b.example",
    ];
    let words = [
        "dk-filter",
        "-p",
        "inet:8891@localhost",
        "-d",
        "a.example,b.example",
        "-s",
        &key,
        "-S",
        "s",
    ];
    assert_eq!(names(&words), both);

    // KeyTable and SigningTable, with the domain in the path of the key.
    let keys = scratch.dir("keys-of");
    for domain in ["a.example", "b.example"] {
        std::fs::create_dir(keys.join(domain)).unwrap();
        std::fs::copy(&key, keys.join(domain).join("key")).unwrap();
    }
    let table = scratch.write("keytable", format!("k %:s:{}/%/key\n", keys.display()));
    let signing = scratch.write("signingtable", "*@a.example k\n*@b.example k\n");
    let conf = scratch.write(
        "opendkim.conf",
        format!(
            "Socket inet:8891@localhost\nMode s\nKeyTable file:{}\nSigningTable refile:{}\n\
             DomainKeys yes\nRequireSafeKeys no\n",
            table.display(),
            signing.display()
        ),
    );
    let conf = conf.display().to_string();
    assert_eq!(names(&["opendkim", "-x", &conf]), both);
}
