//! The guides, followed as they are written on a fresh Debian: every command, every file and every
//! record of them. Then mail is sent, and what arrives of it is shown to others' verifiers.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use twinseal_e2e::claims::{Claim, objections};
use twinseal_e2e::guide::zone::Zone;
use twinseal_e2e::guide::{follow, mailbox};
use twinseal_e2e::here;
use twinseal_e2e::installed::{packages, unpack};
use twinseal_e2e::root::Root;
use twinseal_e2e::scratch::Scratch;

/// The domains of the guides.
const DOMAINS: &[&str] = &["example.com", "example.org"];

/// A host as the guides begin with: nothing of ours but the package, in root's directory, and
/// somebody who can be written to.
fn host(name: &str) -> (Root, Zone) {
    let root = Root::boot(name);
    // A reader restarts nothing six times in ten seconds.
    root.write(
        "/etc/systemd/system.conf.d/quick.conf",
        "[Manager]\nDefaultStartLimitIntervalSec=0\n",
    );
    root.sh("systemctl daemon-reexec");
    let zone = Zone::start(&root, DOMAINS);
    packages().iter().for_each(|package| root.put(package, "/root"));
    root.sh("useradd --create-home bob; apt-get install -y -q make");
    unpack(&root, "/usr/src/twinseal");
    (root, zone)
}

/// Sends a message by SMTP and one by the sendmail command, and shows what arrives to the judges.
fn both_arrive_sealed(root: &Root, zone: &Zone, selector: &str) {
    root.sh("apt-get install -y -q swaks; rm -f /var/mail/bob");
    root.sh("swaks --server 127.0.0.1 --from ann@example.com --to bob@mx.example.com \
         --header 'Subject: by SMTP' --body 'one  word\n\nFrom here\n. '");
    root.sh(
        "printf 'From: ann@example.com\\nTo: bob@mx.example.com\\nSubject: by sendmail\\n\\ntext\\n' \
         | sendmail -f ann@example.com bob@mx.example.com",
    );
    root.until(Duration::from_secs(60), "test \"$(grep -c '^Subject: by' /var/mail/bob)\" = 2");
    let scratch = Scratch::new("guide");
    let records = scratch.write("records.txt", zone.keys());
    let mut claims = Vec::new();
    for (number, message) in mailbox::messages(&root.read("/var/mail/bob")).iter().enumerate() {
        let path = scratch.write(&format!("{number}.eml"), message);
        claims.extend(Claim::both(&path, selector, "example.com"));
    }
    assert_eq!(claims.len(), 4, "{claims:?}");
    let wrong = objections(&records, &claims, &scratch);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a host of opendkim's has, of dk-filter's, and of dkim-filter's: a key, and what names it.
const OPENDKIM: &str = "\
apt-get install -y -q opendkim opendkim-tools
install -o opendkim -g opendkim -m 600 /root/rsa2048.pem /etc/dkimkeys/mail2.private
printf 'Domain example.com\\nSelector mail2\\nKeyFile /etc/dkimkeys/mail2.private\\n' \
    >>/etc/opendkim.conf
install -d -o opendkim -g postfix -m 2750 /var/spool/postfix/opendkim
sed -i 's|^Socket.*|Socket local:/var/spool/postfix/opendkim/opendkim.sock|' /etc/opendkim.conf
systemctl restart opendkim
postconf -e 'smtpd_milters = unix:opendkim/opendkim.sock'
";
const DK_FILTER: &str = "\
install -D -m 600 /root/rsa2048.pem /etc/mail/domainkey.key
printf '%s\\n' 'DAEMON_OPTS=\"-l\"' \
    'DAEMON_OPTS=\"$DAEMON_OPTS -d example.com -s /etc/mail/domainkey.key -S 2007\"' \
    'SOCKET=\"inet:8892@localhost\"' >/etc/default/dk-filter
postconf -e 'smtpd_milters = inet:localhost:8892'
";
const DKIM_FILTER: &str = "\
install -D -m 600 /root/rsa2048.pem /etc/mail/dkim.key
printf '%s\\n' 'Syslog yes' 'Domain example.com' 'KeyFile /etc/mail/dkim.key' 'Selector 2008' \
    >/etc/dkim-filter.conf
echo 'SOCKET=\"inet:8891@localhost\"' >/etc/default/dkim-filter
postconf -e 'smtpd_milters = inet:localhost:8891'
";

/// How a host is made as if nothing had been there, but for Postfix.
const NOTHING: &str = "\
apt-get purge -y -q 'twinseal*' opendkim 'opendkim-*'
rm -rf /etc/twinseal /etc/dkimkeys /etc/mail /etc/default/dk* /etc/dkim-filter.conf /root/*.yaml
systemctl daemon-reload
";

/// The record of the key in `/root/rsa2048.pem`, for these selectors.
fn records(selectors: &[&str]) -> String {
    let known = fs::read_to_string(here("data/keys/records.txt")).expect("the test keys");
    let mut lines = known.lines();
    let record = lines.find_map(|line| line.strip_prefix("rsa2048._domainkey.example.com "));
    let (first, second) = record.expect("its record").split_at(200);
    let line = |selector: &&str| {
        format!("{selector}._domainkey.example.com. IN TXT ( \"{first}\" \"{second}\" )\n")
    };
    selectors.iter().map(line).collect()
}

fn page(name: &str) -> PathBuf {
    Path::new(&here("../docs")).join(name)
}

#[test]
fn behind_postfix_everything_in_the_guide_works_as_written() {
    let (root, mut zone) = host("guide-postfix");
    follow(&page("guide-postfix.md"), &root, &mut zone);
    both_arrive_sealed(&root, &zone, "m202612");
}

#[test]
fn behind_sendmail_everything_in_the_guide_works_as_written() {
    let (root, mut zone) = host("guide-sendmail");
    follow(&page("guide-sendmail.md"), &root, &mut zone);
    both_arrive_sealed(&root, &zone, "mail2");
}

#[test]
fn who_moves_as_the_pages_say_sends_sealed_mail_with_the_same_key_and_selector() {
    let (root, mut zone) = host("guide-moving");
    root.put(&here("data/keys/rsa2048.pem"), "/root");
    root.sh("apt-get install -y -q postfix");
    root.sh("postconf -e 'non_smtpd_milters = $smtpd_milters' milter_default_action=tempfail");
    zone.publish(&root, &records(&["mail2", "2007", "2008"]));
    for (former, name, selector) in [
        (DK_FILTER, "moving-from-dk-filter.md", "2007"),
        (DKIM_FILTER, "moving-from-dkim-filter.md", "2008"),
        (OPENDKIM, "moving-from-opendkim.md", "mail2"),
    ] {
        root.sh(former);
        root.sh("systemctl restart postfix");
        follow(&page(name), &root, &mut zone);
        both_arrive_sealed(&root, &zone, selector);
        root.sh(NOTHING);
    }
}
