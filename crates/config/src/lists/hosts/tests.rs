use super::{Entry, HostList};
use crate::origin::Origin;
use std::net::IpAddr;

fn list(entries: &[&str]) -> HostList {
    let entry = |entry: &&str| (Entry::parse(entry).unwrap(), Origin::option(entry));
    entries.iter().map(entry).collect()
}

fn has(entries: &[&str], host: &str, address: &str) -> bool {
    let host = (!host.is_empty()).then_some(host);
    let address = (!address.is_empty()).then(|| address.parse::<IpAddr>().unwrap());
    list(entries).contains(host, address)
}

#[test]
fn names_match_whole_or_below_a_dot() {
    for (entries, host, want) in [
        (&["mail.example.com"][..], "MAIL.example.com", true),
        (&["mail.example.com"], "mail.example.com.", true),
        (&["mail.example.com"], "a.mail.example.com", false),
        (&[".example.com"], "a.example.com", true),
        (&[".Example.com"], "a.b.example.com", true),
        (&[".example.com"], "example.com", false),
        (&[".example.com"], "badexample.com", false),
        (&["b\u{fc}cher.example"], "xn--bcher-kva.example", true),
        (&["192.0.2.1"], "[192.0.2.1]", false),
        (&[], "localhost", false),
    ] {
        assert_eq!(has(entries, host, ""), want, "{entries:?} {host}");
    }
}

#[test]
fn addresses_match_themselves_and_their_networks() {
    for (entry, address, want) in [
        ("127.0.0.1", "127.0.0.1", true),
        ("127.0.0.1", "::ffff:127.0.0.1", true),
        ("::ffff:127.0.0.1", "127.0.0.1", true),
        ("IPv6:::ffff:127.0.0.1", "127.0.0.1", true),
        ("[127.0.0.1]", "127.0.0.1", true),
        ("192.168.0.0/16", "192.168.255.1", true),
        ("192.168.0.0/16", "192.169.0.1", false),
        ("192.168.7.9/16", "192.168.1.1", true),
        ("10.0.0.0/255.255.0.0", "10.0.9.9", true),
        ("10.0.0.0/255.255.0.0", "10.1.0.1", false),
        ("0.0.0.0/0", "203.0.113.1", true),
        ("0.0.0.0/0", "2001:db8::1", false),
        ("::1", "::1", true),
        ("[::1]", "::1", true),
        ("IPv6:::1", "::1", true),
        ("[IPv6:::1]", "::1", true),
        ("ipv6:[::1]", "::1", true),
        ("2001:db8::/32", "2001:db8:1::5", true),
        ("IPv6:2001:db8::/32", "2001:db8::1", true),
        ("[2001:db8::]/32", "2001:db8::1", true),
        ("2001:db8::/32", "2001:db9::1", false),
        ("::ffff:10.0.0.0/104", "10.9.9.9", true),
        ("::ffff:10.0.0.0/104", "::ffff:10.9.9.9", true),
        ("::/0", "2001:db8::1", true),
    ] {
        assert_eq!(has(&[entry], "", address), want, "{entry} {address}");
    }
}

#[test]
fn the_last_entry_that_matches_decides() {
    let exception_behind = &["10.0.0.0/8", "!10.9.0.0/16", "10.9.9.9"];
    for (address, want) in [("10.1.1.1", true), ("10.9.1.1", false), ("10.9.9.9", true)] {
        assert_eq!(has(exception_behind, "", address), want, "{address}");
    }
    assert!(has(&["!10.9.0.0/16", "10.0.0.0/8"], "", "10.9.1.1"), "an exception in front");
    assert!(!has(&[".example.com", "! bad.example.com"], "bad.example.com", ""));
    assert!(!has(&["!::1", "2001:db8::/32"], "", "::1"), "IPv6 can be an exception too");
}

#[test]
fn a_client_is_in_by_its_name_or_by_its_address() {
    assert!(has(&["10.0.0.0/8", "!a.example.com"], "a.example.com", "10.0.0.1"));
    assert!(has(&["!10.0.0.0/8", "a.example.com"], "a.example.com", "10.0.0.1"));
    assert!(!has(&["!10.0.0.0/8", "!a.example.com"], "a.example.com", "10.0.0.1"));
}

#[test]
fn what_is_no_host_says_why() {
    for (entry, why) in [
        ("300.1.1.1", "neither a name nor a whole address"),
        ("192.168.1", "neither a name nor a whole address"),
        ("10.1/16", "no address"),
        ("10.0.0.0/33", "32 bits"),
        ("2001:db8::/129", "128 bits"),
        ("::ffff:10.0.0.0/129", "128 bits"),
        ("10.0.0.0/255.0.255.0", "gap"),
        ("10.0.0.0/x", "no mask"),
        ("2001:db8::/x", "no number of bits"),
        ("two words", "only letters"),
        ("", "empty"),
        ("!", "empty"),
        (".", "empty"),
        ("example.com/24", "no address"),
        ("gg::1", "only letters"),
    ] {
        let error = Entry::parse(entry).unwrap_err().to_string();
        assert!(error.contains(why), "{entry:?}: {error}");
    }
}

#[test]
fn an_entry_is_shown_as_it_works() {
    for (entry, want) in [
        ("!.Example.com", "!.example.com"),
        ("host.example", "host.example"),
        ("192.168.7.9/16", "192.168.0.0/16"),
        ("[IPv6:::1]", "::1"),
    ] {
        assert_eq!(Entry::parse(entry).unwrap().to_string(), want);
    }
}

#[test]
fn the_entry_that_decides_is_told_with_its_place() {
    for (entries, host, address, want) in [
        (&["10.0.0.0/8", ".example.com"][..], "", "10.1.2.3", Some((true, "10.0.0.0/8"))),
        (&["10.0.0.0/8", "!10.1.0.0/16"], "", "10.1.2.3", Some((false, "!10.1.0.0/16"))),
        (&["10.0.0.0/8"], "", "192.0.2.1", None),
        (&[".example.com", "10.1.2.3"], "a.example.com", "10.1.2.3", Some((true, ".example.com"))),
        (&["!a.example.com", "10.1.2.3"], "a.example.com", "10.1.2.3", Some((true, "10.1.2.3"))),
        (&["!a.example.com"], "a.example.com", "10.1.2.3", Some((false, "!a.example.com"))),
    ] {
        let found =
            list(entries).deciding((!host.is_empty()).then_some(host), address.parse().ok());
        let found = found.map(|found| (found.listed, found.entry, found.origin));
        let want = want.map(|(listed, text)| (listed, text.to_owned(), Origin::option(text)));
        assert_eq!(found, want, "{entries:?} {host} {address}");
    }
}
