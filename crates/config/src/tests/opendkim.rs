//! The door of opendkim: its file, its data sets, its tables.

use super::{Map, load_in, mistakes_in, request_in, signs, warnings};
use crate::{Action, Config, Door, Extracted, Loaded, Mode, Request, SenderKey};

const DOOR: Door = Door::Opendkim;
const PATH: &str = "/etc/opendkim.conf";
const KEY: &str = "Domain a.example\nSelector s\nKeyFile /k/key\n";

fn files(text: &str) -> Map {
    let files = Map::default().with(PATH, &format!("{text}\nSocket local:/s\nSyslog yes\n"));
    files.with("/k/key", "").with("/k/other", "")
}

/// The file is read without being named.
fn load(text: &str) -> Loaded {
    load_in(DOOR, "", &files(text))
}

fn load_with(text: &str, more: &[(&str, &str)]) -> Loaded {
    let all = more.iter().fold(files(text), |files, (path, text)| files.with(path, text));
    load_in(DOOR, "", &all)
}

fn mistakes(text: &str, more: &[(&str, &str)]) -> Vec<String> {
    let all = more.iter().fold(files(text), |files, (path, text)| files.with(path, text));
    mistakes_in(DOOR, "", &all)
}

fn signing(config: &Config, addresses: &[(&str, Option<&str>)]) {
    for (address, want) in addresses {
        assert_eq!(signs(config, address).as_deref(), *want, "{address}");
    }
}

#[test]
fn the_usual_file_is_read_unless_another_is_named() {
    assert_eq!(load("Mode v").config.mode, Mode::Verify);
    let other = files("Mode v").with("/x", "Mode s\nSocket local:/s\n");
    assert_eq!(load_in(DOOR, "-x /x -l", &other).config.mode, Mode::Sign);
    let without = Map::default();
    assert_eq!(load_in(DOOR, "-p local:/s -l", &without).config.mode, Mode::Both);
}

#[test]
fn what_nobody_says_is_what_opendkim_had() {
    let config = load(KEY).config;
    assert_eq!(config.actions.signature_error, Action::Reject);
    assert_eq!(config.actions.key_not_found, Action::Accept);
    assert_eq!(config.verify.maximum_signatures, 3);
    assert!(config.require_safe_keys && config.seals.domainkeys.is_none());
    let rule = config.rules.iter().next().unwrap();
    let dkim = rule.dkim.as_ref().unwrap();
    assert_eq!(dkim.canonicalization.to_string(), "simple/simple");
    assert_eq!(dkim.headers.signed().len(), 20);
    assert!(dkim.headers.oversigned().is_empty());
    for (address, want) in [("127.0.0.1", true), ("::1", true), ("127.0.0.2", false)] {
        assert_eq!(config.internal_hosts.contains(None, address.parse().ok()), want, "{address}");
    }
}

#[test]
fn a_value_is_all_that_stands_behind_the_name() {
    let config = load("Mode v\nInternalHosts 10.0.0.1, 10.0.0.2   # and no more").config;
    for (address, want) in [("10.0.0.1", true), ("10.0.0.2", true), ("127.0.0.1", false)] {
        assert_eq!(config.internal_hosts.contains(None, address.parse().ok()), want, "{address}");
    }
}

#[test]
fn the_closest_entry_of_a_host_list_decides_wherever_it_stands() {
    let list = "!10.1.2.3\n10.0.0.0/8\n!10.1.0.0/16\n10.1.2.3\n.a.example\n!mx.a.example\n\
                !.b.a.example\nx.b.a.example\n192.168.0.1/24\n";
    let loaded = load_with("Mode v\nInternalHosts file:/hosts", &[("/hosts", list)]);
    let inside = |host: Option<&str>, address: &str| {
        loaded.config.internal_hosts.contains(host, address.parse().ok())
    };
    for (address, want) in [
        ("10.1.2.3", false),
        ("10.1.2.4", false),
        ("10.2.0.1", true),
        ("11.0.0.1", false),
        ("192.168.0.7", false),
    ] {
        assert_eq!(inside(None, address), want, "{address}");
    }
    for (host, want) in [
        ("www.a.example", true),
        ("mx.a.example", false),
        ("y.b.a.example", false),
        ("x.b.a.example", true),
        ("a.example", false),
    ] {
        assert_eq!(inside(Some(host), "192.0.2.1"), want, "{host}");
    }
    let warnings = warnings(&loaded).join("\n");
    assert!(warnings.contains("192.168.0.0/24 was meant"), "{warnings}");
}

#[test]
fn a_pattern_of_hosts_that_begins_with_a_star_finds_nobody_as_there() {
    let list = "10.0.*\n*.a.example\nmail*.b.example\n127.0.0.1\n";
    let loaded = load_with("Mode v\nInternalHosts refile:/hosts", &[("/hosts", list)]);
    let inside = |host: Option<&str>, address: &str| {
        loaded.config.internal_hosts.contains(host, address.parse().ok())
    };
    assert!(inside(None, "10.0.7.8") && inside(None, "127.0.0.1") && !inside(None, "10.1.0.1"));
    assert!(inside(Some("mail2.b.example"), "192.0.2.1"));
    assert!(!inside(Some("www.a.example"), "192.0.2.1"));
    let warnings = warnings(&loaded).join("\n");
    assert!(warnings.contains("/hosts:2: entry skipped"), "{warnings}");
}

#[test]
fn domains_are_names_or_a_star_and_nothing_between() {
    let loaded = load("Domain a.example, *.b.example\nSelector s\nKeyFile /k/key\n");
    signing(
        &loaded.config,
        &[
            ("x@a.example", Some("a.example s")),
            ("x@mail.a.example", None),
            ("x@mail.b.example", None),
        ],
    );
    assert!(warnings(&loaded).iter().any(|line| line.contains("SigningTable takes patterns")));
    let all = load("Domain *\nSelector s\nKeyFile /k/key\n");
    signing(&all.config, &[("x@any.example", Some("any.example s"))]);
    let below = load("Domain a.example\nSubDomains yes\nSelector s\nKeyFile /k/key\n").config;
    signing(&below, &[("x@mail.a.example", Some("a.example s"))]);
    assert!(below.parent_identity);
    let patterns =
        load_with("Domain refile:/d\nSelector s\nKeyFile /k/key\n", &[("/d", "*.b.example\n")]);
    signing(&patterns.config, &[("x@mail.b.example", Some("mail.b.example s"))]);
}

const TABLES: &str = "KeyTable file:/kt\nSigningTable ";
const KEYS: &str = "one a.example:s1:/k/key\n\
                    two b.example:s2:/k/other   # the second\n\
                    own %:s3:/k/key\n\
                    each %:s4:/k/%/key\n\
                    c.example c.example:s5:/k/key\n";

#[test]
fn a_signing_table_is_looked_up_from_the_address_to_everybody() {
    let table = "* own\njoe@a.example two\na.example one\n.a.example two\nann@* one\n\
                 joe@.a.example one\n.mail.a.example own\n";
    let loaded = load_with(&format!("{TABLES}/st"), &[("/kt", KEYS), ("/st", table)]);
    signing(
        &loaded.config,
        &[
            ("joe@a.example", Some("b.example s2")),
            ("Ann@A.example", Some("a.example s1")),
            ("joe@x.a.example", Some("a.example s1")),
            ("ann@x.a.example", Some("b.example s2")),
            ("ann@x.mail.a.example", Some("x.mail.a.example s3")),
            ("ann@elsewhere.example", Some("a.example s1")),
            ("joe@elsewhere.example", Some("elsewhere.example s3")),
        ],
    );
}

#[test]
fn patterns_of_a_signing_table_are_tried_in_their_order() {
    let table = "*@mail.a.example two\n*@*.a.example one\n*@a.example one:joe@a.example\n";
    let loaded = load_with(&format!("{TABLES}refile:/st"), &[("/kt", KEYS), ("/st", table)]);
    signing(
        &loaded.config,
        &[
            ("x@mail.a.example", Some("b.example s2")),
            ("x@www.a.example", Some("a.example s1")),
            ("x@a.example", Some("a.example s1")),
            ("x@b.example", None),
        ],
    );
    let tabled = loaded.config.rules.iter().last().unwrap().tabled.as_ref().unwrap();
    assert_eq!(tabled.signer.as_deref(), Some("joe@a.example"));
}

#[test]
fn rows_that_no_address_finds_are_skipped() {
    for (kind, table, why) in [
        ("", "*@a.example two\na.example one\n", "no address is looked up under it"),
        ("refile:", "a.example two\n*@a.example one\n", "a whole domain is written"),
    ] {
        let files = [("/kt", KEYS), ("/st", table)];
        let loaded = load_with(&format!("{TABLES}{kind}/st"), &files);
        signing(&loaded.config, &[("x@a.example", Some("a.example s1"))]);
        let warnings = warnings(&loaded).join("\n");
        assert!(warnings.contains("/st:1") && warnings.contains(why), "{warnings}");
    }
}

#[test]
fn a_star_is_a_star_in_a_set_without_patterns() {
    let exempts = |set: &str, domain: &str| {
        let text = format!("{KEY}ExemptDomains {set}\n");
        let loaded = load_with(&text, &[("/d", "*.a.example\nb.example\n")]);
        let exempt = loaded.config.further.exempt.as_ref().unwrap();
        let skipped = warnings(&loaded).iter().any(|line| line.contains("entry skipped"));
        (exempt.lists(&twinseal_message::Domain::parse(domain).unwrap()), skipped)
    };
    for (set, domain, want) in [
        ("*.a.example,b.example", "x.a.example", (false, true)),
        ("*.a.example,b.example", "b.example", (true, true)),
        ("file:/d", "x.a.example", (false, true)),
        ("refile:/d", "x.a.example", (true, false)),
    ] {
        assert_eq!(exempts(set, domain), want, "{set} {domain}");
    }
}

#[test]
fn a_table_may_name_keys_by_the_sender_s_domain() {
    let files = [("/kt", KEYS), ("/st", "*@a.example each\n* %\n")];
    let loaded = load_with(&format!("{TABLES}refile:/st"), &files);
    let keys: Vec<_> = loaded.config.rules.iter().filter_map(|rule| rule.tabled.as_ref()).collect();
    let key = keys[0].key.as_ref().unwrap();
    assert!(matches!(key, SenderKey::File { path, .. } if &**path == "/k/%/key"), "{key:?}");
    let Some(SenderKey::Named(named)) = &keys[1].key else { panic!("{keys:?}") };
    let domain = |name: &str| twinseal_message::Domain::parse(name).unwrap();
    let (key, pool) = named.find(&domain("c.example")).unwrap();
    assert_eq!(key.signing_domain(&domain("c.example")), domain("c.example"));
    assert_eq!(loaded.config.rules.get(pool).unwrap().keys[0].selector.as_str(), "s5");
    assert!(named.find(&domain("d.example")).is_none());
}

#[test]
fn tables_may_stand_in_the_file_itself_and_a_key_in_a_table() {
    let text = "KeyTable one=a.example:s1:MIIEvQ+/==\nSigningTable csl:a.example=one\n";
    let config = load(text).config;
    signing(&config, &[("x@a.example", Some("a.example s1"))]);
    let rule = config.rules.iter().next().unwrap();
    assert_eq!(rule.keys[0].inline.as_ref().unwrap().base64(), "MIIEvQ+/==");
    assert!(!format!("{config:?}").contains("MIIEvQ"), "a key is shown");

    let keys = "one a.example:s1:MIIEvQ+/==\ntwo b.example:s2:MIIEvR+/==\n";
    let table = [("/kt", keys), ("/st", "a.example one\nb.example two\n")];
    let config = load_with(&format!("{TABLES}/st"), &table).config;
    let files: Vec<_> = config.rules.iter().map(|rule| rule.keys[0].file.clone()).collect();
    assert_ne!(files[0], files[1], "keys are told apart by their files");
}

#[test]
fn what_is_wrong_with_a_table_is_named_by_its_line() {
    for (text, files, want) in [
        (
            "KeyTable /kt",
            &[("/kt", KEYS)][..],
            "/etc/opendkim.conf:1: KeyTable: it needs SigningTable",
        ),
        ("SigningTable /st", &[("/st", "* one\n")], "SigningTable: it needs KeyTable"),
        ("Domain a.example", &[], "Domain: it needs KeyFile and Selector beside it"),
        ("KeyFile /k/key", &[], "KeyFile: it needs Selector beside it"),
        ("Selector s", &[], "Selector: it needs KeyFile beside it"),
        (
            "KeyTable /kt\nSigningTable /st",
            &[("/kt", KEYS), ("/st", "\n* none\n")],
            "/st:2: SigningTable: KeyTable has no key by the name of \"none\"",
        ),
        (
            "KeyTable /kt\nSigningTable /st",
            &[("/kt", "one a.example:s1\n"), ("/st", "* one\n")],
            "/kt:1: KeyTable: what stands behind the first word has to be domain:selector:key",
        ),
        (
            "KeyTable dsn:x\nSigningTable /st",
            &[("/st", "* one\n")],
            "KeyTable: refused: data sets of the kind dsn:",
        ),
        ("Mode v\nPeerList ldap://x/y", &[], "PeerList: refused: data sets of the kind ldap:"),
        (
            "Mode v\nSetupPolicyScript /x",
            &[],
            "SetupPolicyScript: refused: no scripts are run here",
        ),
        ("Mode v\nReputationRatios x", &[], "ReputationRatios: refused: nobody is asked"),
        (
            "Mode v\nInternalHost x",
            &[],
            "InternalHost: there is no such parameter, did you mean InternalHosts?",
        ),
    ] {
        let found = mistakes(text, files).join("\n");
        assert!(found.contains(want), "{text}:\n{found}\n{want}");
    }
}

#[test]
fn lists_of_fields_may_change_the_default() {
    let signed = |text: &str| {
        let config = load_with(&format!("{KEY}{text}"), &[("/f", "x-one\n# no\nx-two\n")]).config;
        let rule = config.rules.iter().next().unwrap();
        let headers = &rule.dkim.as_ref().unwrap().headers;
        let names = |list: &[twinseal_message::FieldName]| {
            list.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        [names(headers.signed()), names(headers.oversigned()), names(headers.always())]
    };
    let [all, ..] = signed("SignHeaders *,+x-foo,-subject");
    assert!(all.ends_with(" x-foo") && !all.contains("subject") && all.starts_with("from "));
    assert_eq!(signed("SignHeaders subject,x-foo")[0], "subject x-foo");
    assert_eq!(signed("SignHeaders /f")[0], "x-one x-two");
    let [_, over, always] = signed("OversignHeaders From,Subject");
    assert_eq!((over.as_str(), always.as_str()), ("from subject", "from subject"));
    assert!(!signed("OmitHeaders *,+date")[0].contains(" date"));
    assert!(signed("OmitHeaders .")[0].contains(" date"));
}

#[test]
fn the_generation_before_it_is_understood_as_well() {
    let loaded = load_with(
        "KeyList /kl\nAlwaysSignHeaders x-a\nX-Header yes\nInsecureKey none",
        &[("/kl", "*@a.example:a.example:/k/key\n")],
    );
    signing(&loaded.config, &[("x@a.example", Some("a.example key"))]);
    assert!(loaded.config.trace_header);
    let other = load("Mode v\nSoftwareHeader yes\nUnprotectedKey none").config;
    assert!(other.trace_header);
}

#[test]
fn without_anything_to_sign_with_it_starts_and_says_so() {
    for text in ["", "KeyFile /k/key\nSelector s"] {
        let loaded = load(text);
        assert!(loaded.config.rules.is_empty() && loaded.config.mode == Mode::Both, "{text}");
        assert!(!warnings(&loaded).is_empty(), "{text}");
    }
}

#[test]
fn a_data_set_answers_queries() {
    let files =
        files("").with("/t", "a b:c : d\n# no\nx.example one\n").with("/r", "*@a.example k\n");
    let ask = |set: &str, what: &str| crate::query(set, what, &files).unwrap();
    let fields =
        |fields: &[&str]| Some(fields.iter().map(|&one| one.to_owned()).collect::<Vec<_>>());
    assert_eq!(ask("file:/t", "A/3"), fields(&["b", "c", "d"]));
    assert_eq!(ask("/t", "a/1"), fields(&["b"]));
    assert_eq!(ask("csl:a=b,c", "c/1"), fields(&[""]));
    assert_eq!(ask("refile:/r", "joe@a.example/1"), fields(&["k"]));
    assert_eq!(ask("/t", "none/1"), None);
    for (set, what, why) in
        [("/t", "a", "a key, a slash"), ("/none", "a/1", "/none"), ("dsn:x", "a/1", "refused")]
    {
        let error = crate::query(set, what, &files).unwrap_err().to_string();
        assert!(error.contains(why), "{set} {what}: {error}");
    }
}

#[test]
fn a_value_is_printed_as_it_was_given() {
    let text = format!("{KEY}SubDomains yes\nDNSTimeout 7\nInternalHosts 10.0.0.1, 10.0.0.2");
    let files = files(&text);
    for (name, want) in [
        ("SubDomains", Extracted::Value("True".to_owned())),
        ("dnstimeout", Extracted::Value("7".to_owned())),
        ("InternalHosts", Extracted::Value("10.0.0.1, 10.0.0.2".to_owned())),
        ("Selector", Extracted::Value("s".to_owned())),
        ("LogWhy", Extracted::Unset),
        ("Nope", Extracted::Unknown),
    ] {
        match request_in(DOOR, &format!("-e {name}"), &files) {
            Ok(Request::Value(found)) => assert_eq!(found, want, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
    }
}
