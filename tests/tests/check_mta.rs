//! `twinseal check`, and what makes an MTA's configuration more than a list of filters: content
//! filters, proxies, several ways into the queue, links, other signers.

use std::os::unix::fs::symlink;
use std::time::Duration;
use twinseal_e2e::checked::Checked;
use twinseal_e2e::checked::host::{Host, Place, shell};
use twinseal_e2e::scratch::Scratch;

const LIMIT: Duration = Duration::from_secs(20);

const TEXT: &[u8] = b"From: Ann <ann@example.com>\r\nTo: bob@example.net\r\n\
                      Date: Mon, 2 Mar 2026 09:00:00 +0000\r\nMessage-ID: <1@example.com>\r\n\
                      Subject: x\r\n\r\ntext\r\n";

/// Sends a message through Postfix, and tells whether it arrives with both seals.
fn is_sealed(host: &Host, to: &str) -> bool {
    let mut client = host.postfix.connect().unwrap();
    let reply = client.send("ann@example.com", to, TEXT).unwrap();
    assert_eq!(reply.code, 250, "{reply:?}");
    let arrived = host.sink.wait_for(to, LIMIT);
    let arrived = arrived.unwrap_or_else(|| panic!("nothing arrives\n{}", host.postfix.log()));
    let text = String::from_utf8_lossy(&arrived.octets).into_owned();
    text.contains("\nDKIM-Signature:") && text.contains("\nDomainKey-Signature:")
}

#[test]
fn mail_is_sealed_again_after_the_printed_commands() {
    let host = Host::start("check-sealed", Place::Queue, false);
    host.check().assert_clean();
    assert!(is_sealed(&host, "first@example.net"));
    host.type_in("POSTCONF -e smtpd_milters= milter_default_action=accept");
    shell(&host.reload());
    assert!(!is_sealed(&host, "second@example.net"));
    let found = host.check();
    assert_eq!(found.code, 1, "{:#?}", found.findings);
    found.findings.iter().flat_map(|one| &one.commands).for_each(|command| {
        shell(command);
    });
    host.check().assert_clean();
    assert!(is_sealed(&host, "third@example.net"));
}

/// What breaks it, what is found then, and what puts back what the mending leaves behind.
const WAYS: &[(&str, &[&str], &str)] = &[
    // Local mail: `pickup` has the options, and the `cleanup` that it names has the list.
    ("POSTCONF -P pickup/unix/receive_override_options=no_milters", &["mta-no-milters"], ""),
    (
        "POSTCONF -M 'other/unix=other unix n - n - 0 cleanup -o non_smtpd_milters='; \
         POSTCONF -P pickup/unix/cleanup_service_name=other",
        &["mta-service-override"],
        "POSTCONF -PX pickup/unix/cleanup_service_name; POSTCONF -MX other/unix",
    ),
    ("POSTCONF -P 'SERVICE/smtpd_milters=$mua'; POSTCONF -e mua=", &["mta-service-override"], ""),
    (
        "POSTCONF -e 'smtpd_milters = { unix:milter/t.sock, { default_action = accept } }'",
        &["mta-default-action"],
        "POSTCONF -e smtpd_milters=unix:milter/t.sock",
    ),
    (
        "POSTCONF -P 'SERVICE/smtpd_milters={unix:milter/t.sock,default_action=accept}'",
        &["mta-default-action"],
        "POSTCONF -PX SERVICE/smtpd_milters",
    ),
    // A service for users that spares them the content filter is no way back from it.
    (
        "POSTCONF -e content_filter=scan:127.0.0.1:9; \
         POSTCONF -M 'submission/inet=submission inet n - n - - smtpd -o content_filter= \
         -o smtpd_milters='",
        &["mta-service-override"],
        "POSTCONF -MX submission/inet; POSTCONF -X content_filter",
    ),
    // One that listens everywhere, and is told not to filter again, is.
    (
        "POSTCONF -e content_filter=scan:127.0.0.1:9; \
         POSTCONF -M '10025/inet=10025 inet n - n - - smtpd -o content_filter='",
        &["mta-strangers-signed"],
        "POSTCONF -MX 10025/inet; POSTCONF -X content_filter",
    ),
    // So is what stands behind a proxy.
    (
        "POSTCONF -P SERVICE/smtpd_proxy_filter=127.0.0.1:9; \
         POSTCONF -M '127.0.0.1:10025/inet=127.0.0.1:10025 inet n - n - - smtpd'",
        &["mta-strangers-signed"],
        "POSTCONF -MX 127.0.0.1:10025/inet; POSTCONF -PX SERVICE/smtpd_proxy_filter",
    ),
    // postscreen hands connections from everywhere on.
    (
        "POSTCONF -M 'smtpd/pass=smtpd pass - - n - - smtpd -o receive_override_options=no_milters'; \
         POSTCONF -P SERVICE/content_filter=scan:127.0.0.1:9",
        &["mta-no-milters"],
        "POSTCONF -MX smtpd/pass; POSTCONF -PX SERVICE/content_filter",
    ),
];

#[test]
fn every_way_into_the_queue_is_looked_at_as_what_it_is() {
    let host = Host::start("check-ways", Place::Queue, false);
    host.check().assert_clean();
    for (breaking, codes, restoring) in WAYS {
        host.try_out(breaking, codes);
        host.type_in(restoring);
        assert_eq!(host.codes(), [""; 0], "{restoring}");
    }
    // With no_milters, the ways back are right as they are.
    host.type_in(
        "POSTCONF -e content_filter=scan:127.0.0.1:9; POSTCONF -M \
         '10025/inet=10025 inet n - n - - smtpd -o content_filter= \
         -o receive_override_options=no_unknown_recipient_checks,no_milters'",
    );
    assert_eq!(host.codes(), [""; 0]);
    // Who signs behind the content filter alone, and not by address, is right too (trap P11).
    host.configure("user:", "internal-hosts: [192.0.2.1]\nuser:");
    host.type_in(
        "POSTCONF -e mynetworks=192.0.2.1 smtpd_milters= non_smtpd_milters=; \
         POSTCONF -P 10025/inet/smtpd_milters=unix:milter/t.sock; \
         POSTCONF -PX 10025/inet/receive_override_options",
    );
    // The configuration is told that local mail counts for nothing; Postfix is not complained about.
    assert_eq!(host.codes(), ["config-caution"]);
}

#[test]
fn what_is_asked_for_decides_what_is_wrong() {
    let host = Host::start("check-modes", Place::Queue, false);
    let reader = "POSTCONF -e 'smtpd_milters = inet:127.0.0.1:8893, unix:milter/t.sock'";
    let signer = "POSTCONF -e 'smtpd_milters = unix:opendkim.sock, unix:milter/t.sock'";
    let changer = "POSTCONF -e 'smtpd_milters = unix:milter/t.sock, unix:rspamd.sock'";
    let nothing_local = "POSTCONF -e non_smtpd_milters=";
    let restore =
        "POSTCONF -e smtpd_milters=unix:milter/t.sock non_smtpd_milters=unix:milter/t.sock";
    let mut before = "user:".to_owned();
    for (mode, found) in [
        (
            "mode: s\n",
            [None, Some("mta-two-signers"), Some("mta-order"), Some("mta-no-local-filter")],
        ),
        ("mode: v\n", [Some("mta-order"), None, None, None]),
        // Beside a signer that counts.
        ("mode: sv\nshadow: yes\n", [None, None, None, Some("mta-no-local-filter")]),
    ] {
        let now = format!("{mode}user:");
        host.configure(&before, &now);
        before = now;
        for (breaking, want) in [reader, signer, changer, nothing_local].into_iter().zip(found) {
            host.type_in(breaking);
            let codes = host.codes();
            let want: Vec<&str> = want.into_iter().collect();
            assert_eq!(codes, want, "{mode} {breaking}");
            host.type_in(restore);
        }
    }
}

#[test]
fn what_is_only_worth_knowing_does_not_count() {
    let host = Host::start("check-notes", Place::Queue, false);
    host.type_in("POSTCONF -e 'mynetworks = 127.0.0.0/8 192.0.2.0/24 hash:/nowhere'");
    host.type_in("POSTCONF -P SERVICE/smtpd_milter_maps=cidr:/nowhere");
    let checked = host.check();
    let found: Vec<(&str, &str)> =
        checked.findings.iter().map(|one| (one.code.as_str(), one.what.as_str())).collect();
    let want = [
        ("mta-clients", "internal-hosts lacks 192.0.2.0/24"),
        ("mta-milter-maps", "cidr:/nowhere"),
    ];
    assert_eq!((checked.code, found), (0, want.to_vec()));
    checked.assert_clean();
}

#[test]
fn a_link_out_of_the_chroot_is_no_way_to_the_socket() {
    let host = Host::start("check-link", Place::Outside, false);
    symlink(&host.socket, host.scratch.join("queue/link.sock")).unwrap();
    host.type_in("POSTCONF -e smtpd_milters=unix:link.sock");
    host.check().assert_clean();
    let findings = host.try_out("POSTCONF -F SERVICE/chroot=y", &["mta-socket-path"]);
    assert!(findings[0].what.contains("unix:link.sock"), "{findings:?}");
}

#[test]
fn sendmail_is_read_as_m4_and_sendmail_read_it() {
    let scratch = Scratch::new("check-sendmail-more");
    let key = scratch.key("rsa2048").display().to_string();
    let file = scratch.write(
        "twinseal.yaml",
        format!(
            "socket: inet:8891@localhost\nsigning:\n  - {{ senders: [\"*@example.com\"], domain: \
             example.com, keys: [{{ file: {key}, selector: mail }}] }}\n"
        ),
    );
    let file = file.display().to_string();
    let ours = "INPUT_MAIL_FILTER(`twinseal',\n  `S=inet:8891@localhost, F=T')dnl\n";
    let changes = "INPUT_MAIL_FILTER(`spamass', `S=unix:/run/sa.sock')dnl\n";
    let made = "O InputMailFilters=twinseal\nXtwinseal, S=inet:8891@localhost,\n\tF=T\n";
    let order = "define(`confINPUT_MAIL_FILTERS', `spamass, twinseal')dnl";
    for (number, (source, cf, codes, record)) in [
        (ours.to_owned(), made.to_owned(), &[][..], None),
        ("include(`twinseal.mc')dnl\n".to_owned(), made.to_owned(), &[], None),
        (format!("{ours}{changes}"), String::new(), &["mta-order"], Some(order)),
        (format!("{ours}{changes}{order}\n"), String::new(), &[], None),
        (ours.to_owned(), made.replace(",\n\tF=T", ""), &["mta-sendmail-stale"], None),
    ]
    .into_iter()
    .enumerate()
    {
        let path = scratch.write(&format!("{number}/sendmail.mc"), &source);
        scratch.write(&format!("{number}/twinseal.mc"), ours);
        if !cf.is_empty() {
            scratch.write(&format!("{number}/sendmail.cf"), &cf);
        }
        let path = path.display().to_string();
        let checked = Checked::run(&["--config", &file, "--no-dns", "--sendmail", &path]);
        let found: Vec<&str> = checked.findings.iter().map(|one| one.code.as_str()).collect();
        assert_eq!(found, codes, "{number}: {:#?}", checked.findings);
        let line = checked.findings.first().and_then(|one| one.record.clone());
        assert_eq!(line.as_deref(), record, "{number}");
    }
}
