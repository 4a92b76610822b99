//! What happens to mail that something is the matter with, as it is written.

use super::arriving::{DEFAULTS, DKIM, PATH, all, dkim_filter, dkim_wrong, native};
use super::{Map, load, mistakes_in, request_in, warnings};
use crate::Action::{Accept, Discard, Quarantine, Reject, TempFail};
use crate::{Actions, ExitCode};

#[test]
fn the_default_action_counts_first_wherever_it_stands() {
    let rejecting = Actions { no_signature: Accept, dns_error: TempFail, ..all(Reject) };
    for text in [
        "{default: reject, no-signature: accept, dns-error: tempfail}",
        "{no-signature: accept, dns-error: tempfail, default: reject}",
    ] {
        assert_eq!(native(&format!("actions: {text}\n")).config.actions, rejecting, "{text}");
    }
    // A missing key goes the way of DNS that does not answer.
    let rejecting = Actions { key_not_found: TempFail, ..rejecting };
    for text in [
        "On-Default reject\nOn-NoSignature accept\nOn-DNSError tempfail\n",
        "on-dnserror T\nOn-NoSignature Accept\nON-DEFAULT r\n",
    ] {
        assert_eq!(dkim_filter("", text).config.actions, rejecting, "{text}");
    }
    let words = "-p /s -b v --actions-default reject --actions-security quarantine";
    let config = load(words, &Map::default()).config;
    assert_eq!(config.actions, Actions { security: Quarantine, ..all(Reject) });
}

#[test]
fn each_action_has_its_own_name_in_both_files() {
    let text = "On-BadSignature q\nOn-NoSignature d\nOn-KeyNotFound reject\nOn-DNSError accept\n\
                On-InternalError a\nOn-Security reject\nOn-SignatureError accept\n";
    let want = Actions {
        bad_signature: Quarantine,
        no_signature: Discard,
        key_not_found: Reject,
        dns_error: Accept,
        internal_error: Accept,
        security: Reject,
        signature_error: Accept,
    };
    assert_eq!(dkim_filter("", text).config.actions, want);
    let text = "actions:\n  bad-signature: quarantine\n  no-signature: discard\n  \
                key-not-found: reject\n  dns-error: accept\n  internal-error: accept\n  \
                security: reject\n  signature-error: accept\n";
    assert_eq!(native(text).config.actions, want);
}

#[test]
fn a_list_of_actions_is_read_from_the_left_to_the_right() {
    let base = Actions { key_not_found: TempFail, ..DEFAULTS };
    for (list, want) in [
        ("bad=r", Actions { bad_signature: Reject, ..base }),
        (
            "BadSignature=Reject,no=Q",
            Actions { bad_signature: Reject, no_signature: Quarantine, ..base },
        ),
        ("dns=a", Actions { dns_error: Accept, key_not_found: Accept, ..base }),
        ("int=accept,sec=d,", Actions { internal_error: Accept, security: Discard, ..base }),
        (
            "internal=r,dnserror=r",
            Actions { internal_error: Reject, dns_error: Reject, key_not_found: Reject, ..base },
        ),
        ("nosignature=r,security=a", Actions { no_signature: Reject, security: Accept, ..base }),
        ("def=r,bad=a", Actions { bad_signature: Accept, ..all(Reject) }),
        ("bad=a,default=r", all(Reject)),
        ("bad=a,bad=r", Actions { bad_signature: Reject, ..base }),
    ] {
        assert_eq!(dkim_filter(&format!("-C {list}"), "").config.actions, want, "{list}");
    }
    let told = warnings(&dkim_filter("-C bad=a,def=a", ""));
    let want = "-C: accepted, but without effect: of what stands in front of default=, nothing is";
    assert!(told.len() == 1 && told[0].starts_with(want), "{told:?}");
}

#[test]
fn a_list_of_actions_takes_the_place_of_those_in_the_file() {
    let loaded = dkim_filter("-C bad=r", "On-Default accept\nOn-DNSError reject\n");
    let want = Actions { bad_signature: Reject, key_not_found: TempFail, ..DEFAULTS };
    assert_eq!(loaded.config.actions, want);
    let reason = "accepted, but without effect: -C takes the place of all actions in the file";
    let (default, dns) =
        (format!("{PATH}:4: On-Default: {reason}"), format!("{PATH}:5: On-DNSError: {reason}"));
    assert_eq!(warnings(&loaded), [default, dns]);
}

#[test]
fn a_wrong_pair_of_actions_is_told_in_the_historic_words() {
    for (list, want) in [
        ("bad", "syntax error in configuration string: found \"bad\", allowed: result=action"),
        ("bad=", "syntax error in configuration string: found \"bad=\""),
        ("=r", "syntax error in configuration string: found \"=r\""),
        ("bad=x", "invalid configuration value `x'; allowed: accept, reject, tempfail, discard, q"),
        ("bad=rej", "invalid configuration value `rej'"),
        ("bad=r=a", "invalid configuration value `r=a'"),
        ("x=r", "invalid configuration parameter `x'; allowed: nosignature, badsignature, dnserro"),
        ("on-default=r", "invalid configuration parameter `on-default'"),
    ] {
        let lines = dkim_wrong(&format!("-C {list}"), "");
        let want = format!("-C: invalid action configuration: {want}");
        assert!(lines.len() == 1 && lines[0].starts_with(&want), "{list}: {lines:?}");
        let code = request_in(DKIM, &format!("-p /s -b v -C {list}"), &Map::default());
        assert_eq!(code.unwrap_err().exit_code(), ExitCode::Configuration, "{list}");
    }
    let lines = dkim_wrong("-C bad,no=x,y=r", "");
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert_eq!(
        mistakes_in(DKIM, "-p /s -T", &Map::default()),
        ["-T: it needs a value: a whole number of seconds"]
    );
    let lines = mistakes_in(DKIM, "-p /s -b v -T 5s", &Map::default());
    assert_eq!(lines, ["-T: found \"5s\", allowed: a whole number of seconds"]);
}
