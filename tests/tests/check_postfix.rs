//! `twinseal check` and a real Postfix: each mistake is named, what is printed is typed, and then
//! nothing is left of it.

use std::fs;
use std::path::Path;
use std::process::Command;
use twinseal_e2e::checked::Checked;
use twinseal_e2e::checked::host::{Host, Place, USER, shell};
use twinseal_e2e::scratch::Scratch;
use twinseal_e2e::sink::Sink;

const OURS: &str = "unix:milter/t.sock";

/// What breaks a list or a parameter, and what is found then.
const PARAMETERS: &[(&str, &[&str])] = &[
    ("POSTCONF -e smtpd_milters=", &["mta-no-filter"]),
    ("POSTCONF -e smtpd_milters=unix:/nowhere/amavis.sock", &["mta-no-filter"]),
    ("POSTCONF -e non_smtpd_milters=", &["mta-no-local-filter"]),
    (
        "POSTCONF -e smtpd_milters= 'non_smtpd_milters=$smtpd_milters'",
        &["mta-no-filter", "mta-no-local-filter"],
    ),
    ("POSTCONF -P SERVICE/smtpd_milters=", &["mta-service-override"]),
    ("POSTCONF -P SERVICE/smtpd_milters=unix:/nowhere/amavis", &["mta-service-override"]),
    ("POSTCONF -P cleanup/unix/non_smtpd_milters=", &["mta-service-override"]),
    ("POSTCONF -e receive_override_options=no_milters", &["mta-no-milters"]),
    (
        "POSTCONF -P 'SERVICE/receive_override_options=no_milters,no_address_mappings'",
        &["mta-no-milters"],
    ),
    ("POSTCONF -P SERVICE/receive_override_options=no_milters", &["mta-no-milters"]),
    ("POSTCONF -e milter_default_action=accept", &["mta-default-action"]),
    ("POSTCONF -P SERVICE/milter_default_action=accept", &["mta-default-action"]),
    (
        "POSTCONF -e 'smtpd_milters = { unix:milter/t.sock, default_action=accept }'",
        &["mta-default-action"],
    ),
    ("POSTCONF -e milter_protocol=2", &["mta-protocol"]),
    ("POSTCONF -e internal_mail_filter_classes=", &["mta-bounces"]),
    ("POSTCONF -e internal_mail_filter_classes=notify", &["mta-bounces"]),
    ("POSTCONF -e disable_mime_output_conversion=no", &["mta-conversion"]),
    ("POSTCONF -e 'smtpd_milters = unix:milter/t.sock unix:/nowhere/spamass.sock'", &["mta-order"]),
    ("POSTCONF -e 'smtpd_milters = inet:127.0.0.1:8893, unix:milter/t.sock'", &["mta-order"]),
    (
        "POSTCONF -e 'smtpd_milters = unix:opendkim/opendkim.sock, unix:milter/t.sock'",
        &["mta-two-signers"],
    ),
    (
        "POSTCONF -e content_filter=smtp:[127.0.0.1]:9; \
         POSTCONF -PX INNER/receive_override_options",
        &["mta-strangers-signed"],
    ),
    ("POSTCONF -P INNER/receive_override_options=no_address_mappings", &["mta-strangers-signed"]),
    ("chmod 600 SOCKET", &["mta-socket-denied"]),
    ("chgrp root SOCKET", &["mta-socket-denied"]),
    ("chmod 700 DIR", &["mta-socket-denied"]),
    ("chmod 700 DIR; chmod 600 SOCKET", &["mta-socket-denied"]),
];

/// Undoes what the mending of a case leaves behind, where the next one would begin elsewhere.
fn restore(host: &Host) {
    host.type_in(&format!("POSTCONF -e 'smtpd_milters = {OURS}' 'non_smtpd_milters = {OURS}'"));
    host.type_in(&format!("chgrp {USER} SOCKET"));
    for what in [
        "SERVICE/smtpd_milters",
        "SERVICE/milter_default_action",
        "SERVICE/receive_override_options",
        "cleanup/unix/non_smtpd_milters",
    ] {
        // It may be there or not.
        host.type_in(&format!("POSTCONF -PX {what} || true"));
    }
}

#[test]
fn each_mistake_of_a_postfix_is_named_and_what_is_printed_mends_it() {
    let host = Host::start("check-postfix", Place::Queue, false);
    let first = host.check();
    assert!(first.findings.is_empty(), "{:#?}", first.findings);
    first.assert_clean();
    for (breaking, codes) in PARAMETERS {
        let findings = host.try_out(breaking, codes);
        let place = findings.first().map(|one| one.place.clone()).unwrap_or_default();
        let directory = host.directory().display().to_string();
        let about_files = !breaking.contains("ch");
        assert!(!about_files || place.starts_with(&directory) || place.contains(OURS), "{place}");
        restore(&host);
    }
    // The socket's other name is no name outside of the chroot.
    host.try_out("POSTCONF -e smtpd_milters=unix:/milter/t.sock", &["mta-socket-path"]);
    assert_eq!(
        shell(&format!("postconf -c {} -h smtpd_milters", host.directory().display())).trim(),
        OURS
    );
}

#[test]
fn in_the_chroot_a_socket_has_another_name() {
    let host = Host::start("check-chroot", Place::Queue, true);
    host.check().assert_clean();
    let absolute = host.socket.display().to_string();
    let breaking = format!("POSTCONF -e smtpd_milters=unix:{absolute}");
    host.try_out(&breaking, &["mta-socket-path"]);
    let breaking = format!("POSTCONF -e non_smtpd_milters=unix:{absolute}");
    host.try_out(&breaking, &["mta-socket-path"]);
    host.try_out("POSTCONF -e smtpd_milters=", &["mta-no-filter"]);
    host.try_out("chmod 600 SOCKET", &["mta-socket-denied"]);
    // As the chroot sees it, an absolute name is right.
    host.type_in("POSTCONF -e smtpd_milters=unix:/milter/t.sock");
    let checked = host.check();
    assert!(checked.findings.is_empty(), "{:#?}", checked.findings);
}

#[test]
fn a_socket_outside_is_reached_from_outside_only() {
    let host = Host::start("check-outside", Place::Outside, false);
    host.check().assert_clean();
    host.try_out(
        "POSTCONF -F SERVICE/chroot=y; POSTCONF -F cleanup/unix/chroot=y",
        &["mta-socket-path", "mta-socket-path"],
    );
    host.try_out("POSTCONF -F SERVICE/chroot=y; POSTCONF -e smtpd_milters=", &["mta-no-filter"]);
}

#[test]
fn a_group_that_postfix_is_not_in_is_named_and_joined() {
    /// Whoever was made a member is none any more afterwards.
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            let _ = Command::new("gpasswd").args(["-d", "postfix", "games"]).output();
        }
    }
    let host = Host::start("check-group", Place::Queue, false);
    let _leave = Leave;
    let findings = host.try_out("chgrp games SOCKET", &["mta-socket-denied"]);
    let socket = host.socket.display();
    let what = format!("postfix cannot write to {socket} (dk-filter:games 0770)");
    assert_eq!(findings[0].what, what);
    assert!(findings[0].commands.contains(&"gpasswd -a postfix games".to_owned()), "{findings:?}");
}

#[test]
fn nobody_who_listens_is_told_from_somebody_else_who_does() {
    let mut host = Host::start("check-silent", Place::Queue, false);
    host.daemon.take().unwrap().stop();
    let checked = host.check();
    let found: Vec<&str> = checked.findings.iter().map(|one| one.code.as_str()).collect();
    assert_eq!(found, ["mta-socket-silent"], "{:#?}", checked.findings);
    assert_eq!(checked.findings[0].commands, ["systemctl start twinseal"]);
    host.start_daemon();
    host.check().assert_clean();

    // An SMTP server is no filter.
    let sink = Sink::start();
    let text = fs::read_to_string(host.scratch.join("twinseal.yaml")).unwrap();
    let line = format!("socket: inet:{}@127.0.0.1", sink.port());
    let text = text.replace(text.lines().next().unwrap(), &line);
    host.scratch.write("twinseal.yaml", text);
    let filter = format!("inet:localhost:{}", sink.port());
    host.type_in(&format!("POSTCONF -e smtpd_milters={filter} non_smtpd_milters={filter}"));
    let checked = host.check();
    let found: Vec<&str> = checked.findings.iter().map(|one| one.code.as_str()).collect();
    assert_eq!(found, ["mta-socket-no-filter"], "{:#?}", checked.findings);
}

#[test]
fn what_is_unknown_behind_us_and_what_cannot_be_read_is_said() {
    let host = Host::start("check-unknown", Place::Queue, false);
    host.type_in(&format!("POSTCONF -e 'smtpd_milters = {OURS}, inet:127.0.0.1:9'"));
    let checked = host.check();
    let found: Vec<&str> = checked.findings.iter().map(|one| one.code.as_str()).collect();
    assert_eq!((checked.code, found), (0, vec!["mta-unknown-behind"]));

    let file = host.scratch.join("twinseal.yaml").display().to_string();
    let nowhere = host.scratch.dir("nowhere").display().to_string();
    let checked = Checked::run(&["--config", &file, "--no-dns", "--postfix", &nowhere]);
    let found: Vec<&str> = checked.findings.iter().map(|one| one.code.as_str()).collect();
    assert_eq!((checked.code, found), (1, vec!["mta-unreadable"]));
}

/// What a `sendmail.mc` says, what is found, and what the printed line makes of it.
#[test]
fn each_mistake_of_a_sendmail_is_named_and_what_is_printed_mends_it() {
    let scratch = Scratch::new("check-sendmail");
    let key = scratch.key("rsa2048");
    let file = scratch.write(
        "twinseal.yaml",
        format!(
            "socket: unix:/run/t.sock\nsigning:\n  - {{ senders: [\"*@example.com\"], domain: \
             example.com, keys: [{{ file: {}, selector: mail }}] }}\n",
            key.display()
        ),
    );
    let file = file.display().to_string();
    let right = "INPUT_MAIL_FILTER(`twinseal', `S=unix:/run/t.sock, F=T')dnl\n";
    let made = "O InputMailFilters=twinseal\nXtwinseal, S=unix:/run/t.sock, F=T\n";
    let look = |path: &Path| {
        let path = path.display().to_string();
        Checked::run(&["--config", &file, "--no-dns", "--sendmail", &path])
    };
    for (number, (master, cf, codes)) in [
        (right, made, &[][..]),
        ("dnl nothing\n", "", &["mta-sendmail-no-filter"]),
        ("MAIL_FILTER(`t', `S=unix:/run/t.sock, F=T')dnl\n", made, &["mta-sendmail-not-used"]),
        ("INPUT_MAIL_FILTER(`t', `S=unix:/run/t.sock')dnl\n", made, &["mta-sendmail-flag"]),
        (right, "O InputMailFilters=\n", &["mta-sendmail-stale"]),
        (right, "Xtwinseal, S=unix:/run/t.sock, F=T\n", &["mta-sendmail-not-used"]),
    ]
    .into_iter()
    .enumerate()
    {
        let path = scratch.write(&format!("{number}/sendmail.mc"), master);
        if !cf.is_empty() {
            scratch.write(&format!("{number}/sendmail.cf"), cf);
        }
        let checked = look(&path);
        let found: Vec<&str> = checked.findings.iter().map(|one| one.code.as_str()).collect();
        assert_eq!(found, codes, "{number}: {:#?}", checked.findings);
        // The line that is printed, in the file that is named.
        for finding in &checked.findings {
            let place = Path::new(&finding.place).to_owned();
            let kept = match finding.code.as_str() {
                "mta-sendmail-flag" => String::new(),
                _ => fs::read_to_string(&place).unwrap(),
            };
            let line = finding.record.clone().unwrap_or_else(|| made.to_owned());
            fs::write(&place, format!("{kept}{line}\n")).unwrap();
        }
        look(&path).assert_clean();
    }
}
