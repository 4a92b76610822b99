//! What is in force, printed and read again.

use super::{Map, load, load_in, request};
use crate::render::{Origins, shown};
use crate::{Config, Door, Request, SigningRule};

/// All that a configuration says, but where it is from.
fn essence(config: &Config) -> Vec<String> {
    let Config { door: _, settings: _, rules, must_sign, .. } = config;
    let Config { sockets, user, umask, socket_mode, socket_group, mode, .. } = config;
    let Config { internal_hosts, peers, external_ignore, require_safe_keys, pid_file, .. } = config;
    let Config { foreground, limits, sender_headers, parent_identity, trace_header, .. } = config;
    let Config { actions, quarantine, verify, results, dns, adsp, log, leaving, reports, .. } =
        config;
    let rule = |SigningRule { senders, domain, keys, dkim, domainkeys, .. }: &SigningRule| {
        let senders: Vec<&str> = senders.iter().map(crate::Pattern::as_str).collect();
        let keys: Vec<_> = keys.iter().map(|key| (&key.file, &key.selector)).collect();
        format!("{senders:?} {domain:?} {keys:?} {dkim:?} {domainkeys:?}")
    };
    let mut essence = vec![
        format!("{sockets:?} {user:?} {umask:?} {socket_mode:?} {socket_group:?} {mode:?}"),
        format!("{internal_hosts:?} {peers:?} {external_ignore:?} {require_safe_keys}"),
        format!("{pid_file:?} {foreground} {limits:?} {sender_headers:?} {parent_identity}"),
        format!("{trace_header} {actions:?} {quarantine} {verify:?} {results:?}"),
        format!("{dns:?} {adsp:?} {log:?} {must_sign:?} {leaving:?} {reports:?}"),
    ];
    essence.extend(rules.iter().map(rule));
    essence
}

/// The configuration that is printed for that one.
fn again(config: &Config, origins: Origins, files: Map) -> Config {
    let text = shown(config, origins);
    let files = files.with("again.yaml", &text);
    match request("--config again.yaml", &files) {
        Ok(Request::Serve(loaded)) => loaded.config,
        Ok(other) => panic!("{other:?}"),
        Err(mistakes) => panic!("{mistakes}\n{text}"),
    }
}

fn files() -> Map {
    Map::default()
        .with("/hosts", "192.0.2.0/24\n!192.0.2.7\n")
        .with("/etc/twinseal/adsp.txt", "a.example:all\n")
        .with("/domains", "a.example\n")
}

const WHOLE: &str = "\
socket: [\"unix:/a, b\", inet:8891@127.0.0.1]
user: 1000:postfix
umask: 22
socket-mode: 660
mode: vs
internal-hosts: /hosts
peers: [\"!192.0.2.1\", .example.com]
pid-file: /run/p i d
foreground: off
limits: { connections: 7, idle: 2h }
signing:
  - senders: [\"*@bücher.example\", joe@example.com]
    domain: example.com
    keys: [{ file: /k/m }, { file: /k/e.pem, selector: e }]
    dkim: { canonicalization: relaxed, expire-after: 2w, identity: \"@m.example.com\" }
    domainkeys: off
  - senders: \"*\"
    domain: \"*\"
    keys: [{ file: k }]
    dkim: { signed-headers: [to, subject], oversigned-headers: [to] }
    domainkeys: { canonicalization: simple, omitted-headers: [x-a] }
    # what is set at the top, and not here
  - senders: c@c.example
    domain: c.example
    keys: [{ file: /k/c }]
    dkim: { body-length: yes, expire-after: 0s, always-signed-headers: [] }
  - { senders: a@b.example, domain: b.example, keys: [{ file: /k/n }] }
dkim: { canonicalization: simple/relaxed, expire-after: 1d, maximum-signed-body: 9KiB,
  always-signed-headers: [reply-to], copied-headers: yes, mend-line-ends: yes }
internal-daemons: [MSA]
internal-macros: [\"a=b|c\"]
unsigned-recipients: [\"*@example.net\"]
remove-old-signatures: yes
multiple-signatures: yes
domainkeys: { omitted-headers: [list-id] }
verify: { minimum-body: 50%, maximum-header: 64KiB, must-be-signed: [subject], trusted: /domains }
actions: { default: reject, dns-error: tempfail, no-signature: accept }
results: { authserv-id: mx.example.com, remove-from: [.example.com] }
dns: { servers: [\"[2001:db8::1]:53\"], timeout: 3s }
adsp: { evaluate: yes, reject-discardable: yes, local: /etc/twinseal/adsp.txt }
log: { to: journald, format: json, facility: local3, why: yes, success: no }
";

#[test]
fn what_is_printed_can_be_read_and_is_the_same_configuration() {
    let sample = crate::render::sample();
    let off = "socket: /s\nmode: v\ndkim: off\ndomainkeys: off\n";
    let seal = "socket: /s\ndkim: off\nsigning:\n  - { senders: \"*\", domain: \"*\", \
                keys: [{ file: k }], dkim: { expire-after: 1h } }\n";
    for file in [WHOLE, &sample, off, seal] {
        let config = load("--config t.yaml", &files().with("t.yaml", file)).config;
        for origins in [Origins::Shown, Origins::Hidden] {
            let again = again(&config, origins, files());
            assert_eq!(essence(&again), essence(&config), "{file}");
            assert_eq!(shown(&again, Origins::Hidden), shown(&config, Origins::Hidden));
        }
        let text = shown(&config, Origins::Hidden);
        assert!(!text.contains('#'), "{text}");
    }
}

#[test]
fn options_are_entries_and_values_of_the_file() {
    let words = "-p inet:1@h -d a.example,b.example -D -s /k/m -S s -c simple -o list-id -l";
    let config = load(words, &files()).config;
    let text = shown(&config, Origins::Shown);
    for line in [
        "socket: \"inet:1@h\"  # -p\n",
        "domainkeys:\n  canonicalization: simple  # -c\n  omitted-headers: [list-id]  # -o\n",
        "log:\n  to: syslog  # -l\n  format: text  # default\n",
        "  - senders: [\"*@a.example\", \"*@*.a.example\"]  # -s\n    domain: a.example\n",
        "      - file: /k/m  # -s\n        selector: s\n",
    ] {
        assert!(text.contains(line), "{line:?} is not in\n{text}");
    }
    let again = again(&config, Origins::Shown, files());
    assert_eq!(essence(&again)[..5], essence(&config)[..5]);
    for address in ["x@a.example", "x@m.b.example", "x@c.example"] {
        assert_eq!(super::signs(&again, address), super::signs(&config, address), "{address}");
    }
}

#[test]
fn an_old_command_line_is_told_in_our_words() {
    let list = "joe@a.example:/k/m\n*@b.example:b.example:/k/n\n";
    let words = "-p /s -h -b sv -d a.example,b.example -k -s /list -i /hosts -l";
    let config = load_in(Door::DkFilter, words, &files().with("/list", list)).config;
    let text = shown(&config, Origins::Hidden);
    for line in [
        "# only in place of dk-filter: trace-header: yes (-h): add a field that says which program \
         has seen the message\n",
        "# only in place of dk-filter: umask is not set\n",
        "\nmode: s\ninternal-hosts: /hosts\n",
        "\ndkim: no\ndomainkeys:\n  canonicalization: simple\n",
        "\nsigning:\n  - senders: [\"joe@a.example\"]\n    domain: a.example\n    keys:\n      \
         - file: /k/m\n        selector: m\n  - senders: [\"*@b.example\"]\n    domain: b.example\n",
    ] {
        assert!(text.contains(line), "{line:?} is not in\n{text}");
    }
    let again = again(&config, Origins::Hidden, files());
    for address in ["joe@a.example", "jim@a.example", "x@b.example"] {
        assert_eq!(super::signs(&again, address), super::signs(&config, address), "{address}");
    }
}

#[test]
fn a_parent_that_signs_for_those_below_it_says_so_in_their_entry() {
    let text = "Socket /s\nKeyFile /k/m\nSelector s\nDomain a.example\nSubDomains yes\n\
                On-BadSignature reject\nOmitHeaders subject\n";
    let files = files().with("c", text);
    let config = load_in(Door::DkimFilter, "-x c", &files).config;
    let text = shown(&config, Origins::Shown);
    for line in [
        "  - senders: [\"*@a.example\"]  # c:2\n    domain: a.example\n",
        "  - senders: [\"*@*.a.example\"]  # c:2\n    domain: a.example\n    keys:\n      \
         - file: /k/m  # c:2\n        selector: s\n    dkim:\n      identity: \"@a.example\"\n",
        "  bad-signature: reject  # c:6\n",
        "  key-not-found: tempfail  # default\n",
        "\ndomainkeys: no  # default\n",
    ] {
        assert!(text.contains(line), "{line:?} is not in\n{text}");
    }
    let again = again(&config, Origins::Hidden, files);
    let headers = |config: &Config| {
        config.rules.iter().map(|rule| rule.dkim.as_ref().unwrap().headers.clone()).next()
    };
    assert_eq!(headers(&again), headers(&config));
    assert_eq!(again.actions, config.actions);
}
