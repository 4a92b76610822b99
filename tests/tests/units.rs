//! Our own unit under a real systemd: what it gives up, as `systemd-analyze security` counts it, and
//! that all of it works nevertheless: keys that only root can read, the socket inside Postfix's
//! chroot, DNS by UDP and by TCP, the journal, reloads, the watchdog, sockets made by systemd.

use std::fs;
use std::process::Command;
use std::time::Duration;
use twinseal_e2e::here;
use twinseal_e2e::message::Message;
use twinseal_e2e::milter::{Peer, inserted};
use twinseal_e2e::net::{Address, wait_for};
use twinseal_e2e::program;
use twinseal_e2e::root::Root;

/// What the unit may come to: the figure of `systemd-analyze security`, in tenths.
const MOST_EXPOSED: u32 = 15;

const PATIENCE: Duration = Duration::from_secs(60);

const SOCKET: &str = "/var/spool/postfix/milter/twinseal/twinseal.sock";
const CONFIGURATION: &str = "/etc/twinseal/twinseal.yaml";

const MESSAGE: &str =
    "From: ann@example.com\r\nTo: bob@example.net\r\nSubject: units\r\n\r\ntext\r\n";

fn units() -> std::path::PathBuf {
    here("../etc/systemd")
}

/// The configuration, and what else it says.
fn configuration(more: &str) -> String {
    format!(
        "socket: unix:{SOCKET}\numask: \"007\"\nmode: sv\nlog: {{ to: journald }}\n\
         metrics: {{ socket: \"inet:9171\" }}\n{more}signing:\n  - senders: [\"*@example.com\"]\n    \
         domain: example.com\n    keys:\n      - {{ file: /etc/twinseal/keys/mail1 }}\n      - {{ \
         file: /etc/twinseal/keys/example.com/mail2 }}\n"
    )
}

/// Records of both keys: one that fits into a datagram of the smallest size, and one that does not.
fn records() -> String {
    let text = fs::read_to_string(here("data/keys/records.txt")).expect("records");
    let mut lines =
        String::from("server:\n  max-udp-size: 512\n  local-zone: example.com. static\n");
    for (key, selector, more) in [("rsa1024", "mail1", 0), ("rsa2048", "mail2", 3)] {
        let of_key = |line: &str| {
            Some(line.strip_prefix(&format!("{key}._domainkey.example.com "))?.to_owned())
        };
        let record = text.lines().find_map(of_key).expect("a record");
        let strings: Vec<String> = record
            .as_bytes()
            .chunks(200)
            .map(|part| format!("\"{}\"", String::from_utf8_lossy(part)))
            .collect();
        let name = format!("{selector}._domainkey.example.com. 60 IN TXT");
        lines += &format!("  local-data: '{name} {}'\n", strings.join(" "));
        for number in 0..more {
            lines += &format!("  local-data: '{name} \"{number}{}\"'\n", "x".repeat(200));
        }
    }
    lines
}

/// A host with Postfix, DNS, and what the package will bring along.
fn host(name: &str) -> Root {
    let root = Root::boot(name);
    root.write("/etc/unbound/unbound.conf.d/records.conf", records());
    root.sh("apt-get install -y -q postfix unbound");
    root.put(&program::path(), "/usr/sbin");
    for unit in ["twinseal.service", "twinseal.socket"] {
        root.put(&units().join(unit), "/etc/systemd/system");
    }
    root.write(CONFIGURATION, configuration(""));
    for (from, to) in [("rsa1024", "mail1"), ("rsa2048", "example.com/mail2")] {
        let key = fs::read(here("data/keys").join(format!("{from}.pem"))).expect("a key");
        root.write(&format!("/etc/twinseal/keys/{to}"), key);
    }
    root.sh("chmod 755 /usr/sbin/twinseal /etc/twinseal\n\
         useradd --system --user-group --no-create-home --shell /usr/sbin/nologin twinseal\n\
         chmod -R go= /etc/twinseal/keys\n\
         install -d /var/spool/postfix/milter\n\
         install -d -o twinseal -g postfix -m 2750 /var/spool/postfix/milter/twinseal\n\
         systemctl daemon-reload; systemctl restart unbound");
    root
}

/// The journal of the unit.
fn journal(root: &Root) -> String {
    root.try_sh("journalctl --sync; journalctl -u twinseal -o cat --no-pager").text
}

fn logged(root: &Root, what: &str) {
    let there = wait_for(PATIENCE, || journal(root).contains(what).then_some(()));
    assert!(there.is_some(), "{what:?} is not in\n{}", journal(root));
}

/// What comes of a message from a client with that address.
fn delivered(root: &Root, client: &str, message: &str) -> String {
    let mut peer = Peer::connect(&Address::Unix(root.path(SOCKET))).expect("it listens");
    peer.negotiate().unwrap_or_else(|error| panic!("{error}\n{}", journal(root)));
    peer.introduce("client.example.net", client).expect("an answer");
    let parsed = Message::parse(message.as_bytes());
    let answers = peer.deliver("ann@example.com", "bob@example.net", &parsed).expect("an answer");
    let octets = inserted(message.as_bytes(), &answers);
    let octets = octets.unwrap_or_else(|| panic!("{answers:?}\n{}", journal(root)));
    String::from_utf8(octets).expect("text")
}

/// Starts the service, or starts it again.
fn start(root: &Root) {
    let started = root.try_sh("systemctl reset-failed twinseal || :; systemctl restart twinseal");
    assert!(started.status.success(), "{}\n{}", started.text, journal(root));
}

fn main_pid(root: &Root) -> String {
    root.sh("systemctl show -P MainPID twinseal").trim().to_owned()
}

#[test]
fn the_unit_gives_up_what_a_milter_does_not_need() {
    let unit = units().join("twinseal.service");
    let mut command = Command::new("systemd-analyze");
    let output = command.args(["security", "--offline=yes", "--no-pager"]).arg(&unit).output();
    let output = output.expect("systemd-analyze is in Debian's package systemd");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let figure = said.lines().find_map(|line| line.split_once("twinseal.service: "));
    let figure = figure.and_then(|(_, rest)| rest.split(' ').next()).expect("a figure");
    let tenths: u32 = figure.replace('.', "").parse().expect("a figure with one decimal");
    assert!(tenths <= MOST_EXPOSED, "{figure}\n{said}");
    for unit in ["twinseal.service", "twinseal.socket"] {
        let text = fs::read_to_string(units().join(unit)).expect("a unit");
        assert!(text.contains(SOCKET.trim_end_matches("/twinseal.sock")), "{unit}");
    }
}

#[test]
fn no_unit_starts_again_what_cannot_start_and_none_gives_up_what_can() {
    for unit in ["twinseal", "opendkim", "dkim-filter", "dk-filter"] {
        let text = fs::read_to_string(units().join(format!("{unit}.service"))).expect("a unit");
        for line in ["RestartPreventExitStatus=64 65 66 77 78", "RestartSec=5s"] {
            assert!(text.lines().any(|other| other == line), "{unit}: {line}");
        }
    }
}

#[test]
fn the_service_signs_and_verifies_with_keys_that_only_root_can_read() {
    let root = host("unit");
    start(&root);
    let state = root.sh(&format!(
        "stat -c '%U:%G %a' {SOCKET}; stat -c %U /proc/$(systemctl show -P MainPID twinseal)"
    ));
    assert_eq!(state, "twinseal:postfix 770\ntwinseal\n");
    logged(&root, "sandboxed: Landlock ABI ");
    assert!(!journal(&root).contains("is not safe"), "{}", journal(&root));

    // Both keys sign; both records are found, one of them by TCP.
    let sealed = delivered(&root, "127.0.0.1", MESSAGE);
    assert_eq!(sealed.matches("DKIM-Signature:").count(), 2, "{sealed}");
    assert_eq!(sealed.matches("DomainKey-Signature:").count(), 2, "{sealed}");
    let seen = delivered(&root, "192.0.2.1", &sealed);
    assert_eq!(seen.matches("dkim=pass").count(), 2, "{seen}\n{}", journal(&root));

    // Postfix, from inside its chroot.
    root.sh("postconf -e mydestination=localhost,mx.example.com milter_default_action=tempfail \
         smtpd_milters=unix:/milter/twinseal/twinseal.sock \
         non_smtpd_milters=unix:/milter/twinseal/twinseal.sock\n\
         systemctl restart postfix\n\
         printf 'From: ann@example.com\\nTo: root@localhost\\n\\ntext\\n' | \
         sendmail -f ann@example.com root@localhost");
    let mail = "cat /var/mail/* /var/mail/*/* 2>/dev/null | grep -A2 DKIM-Signature";
    let mail = root.until(PATIENCE, mail);
    assert!(mail.contains("d=example.com"), "{mail}");

    reloads(&root);
    ends(&root);
}

/// What is new in a file is taken; what is new among the keys takes a restart, and that is said.
fn reloads(root: &Root) {
    let before = main_pid(root);
    root.write(CONFIGURATION, configuration("forecast: off\n"));
    root.sh("systemctl reload twinseal");
    logged(root, "configuration reloaded from ");
    let key = "/etc/twinseal/keys/mail3";
    root.sh(&format!("cp /etc/twinseal/keys/mail1 {key}"));
    let named = configuration("").replace("/etc/twinseal/keys/mail1", key);
    root.write(CONFIGURATION, &named);
    root.sh("systemctl reload twinseal");
    let told = format!(
        "{key}: there is no credential /run/credentials/twinseal.service/keys_mail3 for it; the \
         unit needs LoadCredential=keys:/etc/twinseal/keys, and a restart"
    );
    logged(root, &told);
    logged(root, "nothing has changed, the configuration in force stays");
    assert_eq!(main_pid(root), before);
    assert!(delivered(root, "127.0.0.1", MESSAGE).contains("s=mail1;"));
    start(root);
    assert!(delivered(root, "127.0.0.1", MESSAGE).contains("s=mail3;"));
    root.write(CONFIGURATION, configuration("user: nobody\n"));
    assert!(!root.try_sh("systemctl restart twinseal").status.success());
    logged(root, "it runs as user \"twinseal\", and only root can become \"nobody\"");
    // The user that it is already is nothing to become.
    root.write(CONFIGURATION, configuration("user: twinseal\n"));
    start(root);
}

/// One that hangs is started again, and one that is told to stop leaves nothing behind.
fn ends(root: &Root) {
    root.write(
        "/etc/systemd/system/twinseal.service.d/quick.conf",
        "[Service]\nWatchdogSec=2s\nTimeoutStopSec=2s\nTimeoutAbortSec=2s\n",
    );
    root.sh("systemctl daemon-reload");
    start(root);
    let before = main_pid(root);
    root.sh("sleep 5; systemctl is-active twinseal");
    assert_eq!(main_pid(root), before, "signs of life do not arrive:\n{}", journal(root));
    root.sh(&format!("kill -STOP {before}"));
    let after = "systemctl is-active twinseal && p=$(systemctl show -P MainPID twinseal)";
    root.until(PATIENCE, &format!("{after} && test $p != {before} && test $p != 0"));
    assert!(delivered(root, "127.0.0.1", MESSAGE).contains("s=mail1;"));
    root.sh("systemctl stop twinseal");
    assert!(!root.path(SOCKET).exists());
    let result = root.sh("systemctl show -P Result twinseal");
    assert_eq!(result, "success\n");
}

#[test]
fn mail_waits_at_a_socket_of_systemd_s_and_metrics_too() {
    let root = host("unit-socket");
    let unit = fs::read_to_string(units().join("twinseal.socket")).expect("a unit");
    let unit = unit.replace("#ListenStream=127", "ListenStream=127");
    root.write("/etc/systemd/system/twinseal.socket", unit);
    root.sh("systemctl daemon-reload; systemctl start twinseal.socket");
    let state = root.sh(&format!("stat -c '%U:%G %a' {SOCKET}; systemctl is-active twinseal || :"));
    assert_eq!(state, "twinseal:postfix 660\ninactive\n");
    assert!(delivered(&root, "127.0.0.1", MESSAGE).contains("s=mail1;"));
    logged(&root, "passed to us");
    let addresses = root.sh("ss -Hltn 'sport = 9171' | wc -l; ss -Hltnp 'sport = 9171'");
    assert!(addresses.starts_with("1\n") && addresses.contains("twinseal"), "{addresses}");
    logged(&root, "metrics and the status page are at http://127.0.0.1:9171/");
    root.sh("systemctl stop twinseal");
    assert!(root.path(SOCKET).exists(), "the socket is systemd's");
    assert!(delivered(&root, "127.0.0.1", MESSAGE).contains("s=mail1;"), "it is started again");
}

#[test]
fn reports_go_out_from_the_unit_with_the_drop_in_of_the_manual() {
    let root = host("unit-reports");
    let manual = fs::read_to_string(here("../docs/sandbox.md")).expect("the manual");
    let (_, section) = manual.split_once("## Reports from the unit").expect("a section");
    let drop_in = section.split("```ini\n").nth(1).and_then(|rest| rest.split("```").next());
    let drop_in = drop_in.expect("a drop-in");
    root.write("/etc/systemd/system/twinseal.service.d/reports.conf", drop_in);
    let records = fs::read_to_string(here("data/keys/records.txt")).expect("records");
    let records = records.replace("v=DKIM1; k=rsa;", "v=DKIM1; k=rsa; r=post;");
    root.write("/etc/twinseal/records.txt", records);
    root.write(
        CONFIGURATION,
        format!(
            "socket: unix:{SOCKET}\nmode: v\nlog: {{ to: journald }}\ndns: {{ test-keys: \
             /etc/twinseal/records.txt }}\nreports: {{ send: yes, address: postmaster@example.com \
             }}\n"
        ),
    );
    root.sh(
        "postconf -e 'mydestination=localhost,mx.example.com,example.com' local_recipient_maps=\n\
         echo 'post: root' >>/etc/aliases; newaliases\n\
         systemctl restart postfix; systemctl daemon-reload",
    );
    start(&root);
    let signed = fs::read_to_string(here("data/verify/pass-simple-simple.eml")).expect("a message");
    let seen = delivered(&root, "192.0.2.1", &format!("{signed}added\r\n"));
    assert!(seen.contains("dkim=fail"), "{seen}");
    logged(&root, ": report sent to ");
    let mail = "cat /var/mail/* /var/mail/*/* 2>/dev/null | grep 'Auth-Failure: bodyhash'";
    root.until(PATIENCE, mail);
}
