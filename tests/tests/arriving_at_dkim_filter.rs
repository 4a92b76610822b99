//! Mail that arrives where dkim-filter was: its words, its actions, and its letters.

use std::fs;
use twinseal_e2e::incoming::{FIELDS, Host, LIMIT, changed, published, record, results, signed};
use twinseal_e2e::net::wait_for;
use twinseal_e2e::scratch::Scratch;

/// The rest of the field, behind our name.
fn told(host: &mut Host, octets: &[u8]) -> Vec<String> {
    let name = "mx.example.net; ";
    let found = results(&host.deliver(octets));
    found.iter().map(|one| one.strip_prefix(name).unwrap_or(one).to_owned()).collect()
}

/// What the client is told.
fn answer(host: &mut Host, octets: &[u8]) -> String {
    let (code, text, _) = host.send(octets);
    format!("{code} {text}")
}

#[test]
fn results_are_told_in_that_program_s_way() {
    let scratch = Scratch::new("dkim-filter");
    let keys = scratch.write("keys.txt", format!("{} {}\n", published("good"), record()));
    let lines = format!(
        "AuthservIDWithJobID yes\nAlwaysAddARHeader yes\nTestPublicKeys {}\nSyslogSuccess yes\n\
         On-BadSignature reject\nLocalADSP {}\nADSPDiscard yes\n",
        keys.display(),
        scratch.write("adsp", "example.org:discardable\n.example.org:all\n").display(),
    );
    let mut host = Host::in_the_place_of_dkim_filter(&scratch, &[], &lines);
    let good = signed("good", &scratch);
    let found = results(&host.deliver(&good)).remove(0);
    assert!(found.starts_with("\"mx.example.net/"), "{found}");
    let rest = "; dkim=pass (2048-bit key) header.i=@example.com; x-dkim-adsp=pass";
    assert!(found.ends_with(rest), "{found}");
    let (code, text, _) = host.send(&changed(&good));
    assert_eq!((code, text.as_str()), (550, "5.7.0 bad DKIM signature data"));
    let author = |domain: &str| FIELDS.replace("ann@example.com", &format!("ann@{domain}"));
    let (code, text, _) = host.send(author("example.org").as_bytes());
    assert_eq!((code, text.as_str()), (550, "5.7.1 rejected due to DKIM ADSP evaluation"));
    let found = results(&host.deliver(author("a.example.org").as_bytes())).remove(0);
    assert!(found.ends_with("; dkim=none (no signature); x-dkim-adsp=fail"), "{found}");
    let log = host.stop();
    assert!(log.contains("DKIM verification successful"), "{log}");
}

/// A file of keys, with one that was taken back and one that DNS has no answer about.
fn keys(scratch: &Scratch) -> String {
    let text = [("good", record()), ("revoked", "v=DKIM1; p=".into()), ("dead", "SERVFAIL".into())]
        .map(|(selector, record)| format!("{} {record}\n", published(selector)));
    let file = scratch.write("keys.txt", text.concat());
    format!("TestPublicKeys {}\n", file.display())
}

#[test]
fn its_own_actions_and_their_own_defaults_are_taken() {
    let scratch = Scratch::new("dkim-filter-actions");
    let mut host = Host::in_the_place_of_dkim_filter(&scratch, &[], &keys(&scratch));
    let [good, revoked, dead, missing] =
        ["good", "revoked", "dead", "missing"].map(|selector| signed(selector, &scratch));
    assert_eq!(told(&mut host, &good), ["dkim=pass (2048-bit key) header.i=@example.com"]);
    let failed = told(&mut host, &changed(&good));
    assert_eq!(failed, ["dkim=fail (verification failed) header.i=@example.com"]);
    // No parameter had a say in it.
    assert_eq!(answer(&mut host, &revoked), "451 4.7.5 DKIM key revoked");
    // A key that is missing was no other case than DNS that does not answer.
    for message in [&dead, &missing] {
        assert_eq!(answer(&mut host, message), "451 4.7.5 DKIM key retrieval failed");
    }
    assert_eq!(told(&mut host, FIELDS.as_bytes()), [""; 0]);
    host.stop();
}

#[test]
fn its_parameters_and_its_letter_for_actions_decide() {
    // The letter takes the place of all that the file says.
    for (words, lines, dead, missing, changed_, unsigned) in [
        (&[][..], "On-DNSError accept\n", "250", "250", "250", "250"),
        (&[], "On-DNSError accept\nOn-KeyNotFound reject\n", "250", "550", "250", "250"),
        (&["-C", "bad=r,dns=a"], "On-NoSignature reject\n", "250", "250", "550", "250"),
        (&["-C", "nosignature=t"], "", "451", "451", "250", "451"),
        (&[], "On-Default reject\n", "550", "550", "550", "550"),
    ] {
        let scratch = Scratch::new("dkim-filter-chosen");
        let text = format!("{}{lines}", keys(&scratch));
        let mut host = Host::in_the_place_of_dkim_filter(&scratch, words, &text);
        for (message, want) in [
            (signed("dead", &scratch), dead),
            (signed("missing", &scratch), missing),
            (changed(&signed("good", &scratch)), changed_),
            (FIELDS.as_bytes().to_vec(), unsigned),
        ] {
            let said = answer(&mut host, &message);
            assert!(said.starts_with(want), "{words:?} {lines:?}: {said}, not {want}");
        }
        host.stop();
    }
}

#[test]
fn what_does_not_pass_is_held_with_its_letter() {
    let scratch = Scratch::new("dkim-filter-held");
    let mut host = Host::in_the_place_of_dkim_filter(&scratch, &["-q"], &keys(&scratch));
    let good = signed("good", &scratch);
    let (code, _, held) = host.send(&changed(&good));
    assert_eq!(code, 250);
    let hold = scratch.join("queue/hold");
    let kept = || fs::read_dir(&hold).is_ok_and(|found| found.count() == 1).then_some(());
    assert!(wait_for(LIMIT, kept).is_some(), "nothing is held\n{}", host.postfix.log());
    // What comes after it has arrived, unsigned mail too; it has not.
    host.deliver(&good);
    host.deliver(FIELDS.as_bytes());
    assert!(!host.sink.all().iter().any(|mail| mail.to.contains(&held)));
    host.stop();
}

#[test]
fn fields_of_other_hosts_go_where_that_is_asked_for() {
    let fields = [
        "mx.example.net; spf=pass",
        "relay.example.org; dkim=pass",
        "relay.example.org; spf=pass",
        "a.example.com; dkim=fail",
        "example.com; dkim=fail",
        "other.example; dkim=pass",
    ];
    let given = fields.map(|value| format!("Authentication-Results: {value}\r\n")).concat();
    let from = "RemoveARFrom relay.example.org,.example.com\n";
    for (lines, kept) in [
        (String::new(), &[1, 2, 3, 4, 5][..]),
        ("RemoveARAll yes\n".to_owned(), &[1, 2, 3, 4, 5]),
        (from.to_owned(), &[2, 4, 5]),
        (format!("{from}RemoveARAll yes\n"), &[4, 5]),
    ] {
        let scratch = Scratch::new("dkim-filter-removes");
        let text = format!("{}{lines}", keys(&scratch));
        let mut host = Host::in_the_place_of_dkim_filter(&scratch, &[], &text);
        let found = results(&host.deliver(&[given.as_bytes(), FIELDS.as_bytes()].concat()));
        let kept: Vec<&str> = kept.iter().map(|&at| fields[at]).collect();
        assert_eq!(found, kept, "{lines:?}");
        host.stop();
    }
}
