//! The Debian packages: on a fresh host, in the place of Debian's opendkim, and when they go again.

use std::fs;
use std::process::Command;
use twinseal_e2e::here;
use twinseal_e2e::installed::{Host, SELECTOR, packages};
use twinseal_e2e::judges::Seal;
use twinseal_e2e::program;
use twinseal_e2e::scratch::Scratch;

/// What Debian's opendkim is told beside what is in its file already.
const OPENDKIM: &str = "Domain example.com\nSelector mail\nKeyFile /etc/dkimkeys/mail.private\n";

#[test]
fn on_a_fresh_host_mail_is_sealed_and_a_purge_takes_no_key() {
    let host = Host::boot("fresh");
    host.install("./twinseal_*.deb");
    assert_eq!(host.systemctl("is-active", "twinseal"), ["active"]);
    // Postfix comes later, and is let in.
    host.with_postfix("unix:milter/twinseal/twinseal.sock");
    let directory = "/var/spool/postfix/milter/twinseal";
    let rights = host.root.sh(&format!("stat -c '%a %U %G' {directory}"));
    assert_eq!(rights, "2750 twinseal postfix\n");
    let file = String::from_utf8(host.root.read("/etc/twinseal/twinseal.yaml")).unwrap();
    assert!(file.contains("\nmode: v\n"), "{file}");
    host.root.sh("install -m 600 /root/rsa2048.pem /etc/twinseal/keys/rsa2048.pem");
    let signing = "mode: sv\nsigning:\n  - senders: [\"*@example.com\"]\n    domain: example.com\n    \
                   keys: [{ file: /etc/twinseal/keys/rsa2048.pem, selector: rsa2048 }]\n";
    host.root.write("/etc/twinseal/twinseal.yaml", file.replace("mode: v\n", signing));
    host.root.sh("systemctl restart twinseal; systemctl reload twinseal; postfix reload");
    host.sends_sealed(&[Seal::Dkim, Seal::DomainKeys], SELECTOR);

    host.root.write("/etc/twinseal/ours", "ours\n");
    host.root.sh("apt-get remove -y -q twinseal");
    host.root.sh("test -f /etc/twinseal/twinseal.yaml; test ! -e /usr/sbin/twinseal");
    host.install("./twinseal_*.deb");
    host.sends_sealed(&[Seal::Dkim, Seal::DomainKeys], SELECTOR);

    host.root.sh("apt-get purge -y -q twinseal");
    let left = host.root.sh("find / -xdev -name '*twinseal*' ! -path '/root/*' ! -path '/proc/*'");
    assert_eq!(left, "/etc/twinseal\n", "what is left");
    let kept = host.root.sh("find /etc/twinseal -type f | sort");
    assert_eq!(kept, "/etc/twinseal/keys/rsa2048.pem\n/etc/twinseal/ours\n");
    host.install("./twinseal_*.deb");
    assert_eq!(host.systemctl("is-active", "twinseal"), ["active"]);
}

/// A host on which Debian's opendkim signs behind Postfix.
fn with_opendkim(name: &str) -> Host {
    let host = Host::boot(name);
    host.install("opendkim opendkim-tools");
    host.with_postfix("unix:opendkim/opendkim.sock");
    host.root.sh(
        "install -o opendkim -g opendkim -m 600 /root/rsa2048.pem /etc/dkimkeys/mail.private
         install -d -o opendkim -g postfix -m 2750 /var/spool/postfix/opendkim
         file=/var/spool/postfix/opendkim/opendkim.sock
         sed -i \"s|^Socket.*|Socket local:$file|\" /etc/opendkim.conf",
    );
    let file = String::from_utf8(host.root.read("/etc/opendkim.conf")).unwrap();
    host.root.write("/etc/opendkim.conf", file + OPENDKIM);
    host.root.sh("systemctl restart opendkim postfix");
    host
}

/// All that belongs to its configuration.
const OF_OPENDKIM: &str = "/etc/opendkim.conf /etc/default/opendkim /etc/mail/m4/opendkim.m4 \
                           /etc/dkimkeys/mail.private";

#[test]
fn opendkim_is_replaced_and_nothing_is_edited_or_lost() {
    let host = with_opendkim("opendkim");
    host.sends_sealed(&[Seal::Dkim], "mail");
    let before = host.state_of(OF_OPENDKIM);
    host.install("./twinseal_*.deb ./twinseal-compat_*.deb");
    assert_eq!(host.systemctl("is-active", "opendkim dkim-filter"), ["active", "inactive"]);
    assert!(host.root.sh("opendkim -V").contains("Twinseal Filter"));
    host.sends_sealed(&[Seal::Dkim], "mail");
    host.root.sh("systemctl reload opendkim");

    // What was left of it goes, and what is used by now stays, and starts at the next boot.
    host.root.sh("apt-get purge -y -q opendkim");
    assert_eq!(host.state_of(OF_OPENDKIM), before);
    assert_eq!(host.systemctl("is-enabled", "opendkim"), ["enabled"]);
    host.root.sh("test -L /etc/rc2.d/S01opendkim; systemctl restart opendkim");
    host.sends_sealed(&[Seal::Dkim], "mail");

    host.root.sh("apt-get remove -y -q twinseal-compat");
    assert_ne!(host.systemctl("is-active", "opendkim"), ["active"]);
    assert_eq!(host.root.sh("dpkg-divert --list twinseal-compat"), "");
    host.install("./twinseal-compat_*.deb");
    host.sends_sealed(&[Seal::Dkim], "mail");
    host.root.sh("apt-get purge -y -q twinseal-compat twinseal");
    assert_eq!(host.state_of(OF_OPENDKIM), before);
}

#[test]
fn what_was_changed_in_the_unit_of_opendkim_counts_and_what_was_disabled_stays_so() {
    let host = with_opendkim("override");
    // As Debian's own script makes it of the defaults: it goes to the background there.
    host.root.sh("file=/var/spool/postfix/opendkim/other.sock
         sed -i '/^Socket/d' /etc/opendkim.conf
         sed -i \"s|^SOCKET=.*|SOCKET=local:$file|\" /etc/default/opendkim
         cd /tmp; sh /lib/opendkim/opendkim.service.generate
         postconf -e 'smtpd_milters = unix:opendkim/other.sock'
         systemctl daemon-reload; systemctl restart opendkim; postfix reload");
    host.root.sh("grep -q other.sock /etc/systemd/system/opendkim.service.d/override.conf");
    host.sends_sealed(&[Seal::Dkim], "mail");
    host.install("./twinseal_*.deb ./twinseal-compat_*.deb");
    assert_eq!(host.systemctl("is-active", "opendkim"), ["active"]);
    host.sends_sealed(&[Seal::Dkim], "mail");
    // Back, by the former package; and once more, after it was disabled.
    host.root.sh("apt-get install -y -q opendkim; opendkim -V | grep OpenDKIM");
    assert_eq!(host.systemctl("is-active", "opendkim"), ["active"]);
    host.root.sh("systemctl disable --now opendkim");
    host.install("./twinseal-compat_*.deb");
    assert_eq!(host.systemctl("is-active", "opendkim"), ["inactive"]);
    assert_eq!(host.systemctl("is-enabled", "opendkim"), ["disabled"]);
}

#[test]
fn on_a_host_without_their_configuration_the_historic_services_wait() {
    let host = Host::boot("waiting");
    let ours = "AutoRestart no\nSyslog yes\nMode v\n";
    // Interrupted, when configurations were made already: they are ours all the same.
    host.root.write(
        "/usr/local/sbin/update-rc.d",
        "#!/bin/sh\ncase $1 in opendkim) rm \"$0\"; exit 1; esac\nexec /usr/sbin/update-rc.d \"$@\"\n",
    );
    host.install("psmisc procps");
    host.root.sh("chmod 755 /usr/local/sbin/update-rc.d");
    // dpkg takes it from the path; apt would give it another path.
    let interrupted = host.root.try_sh("dpkg -i ./twinseal_*.deb ./twinseal-compat_*.deb");
    assert!(!interrupted.status.success(), "{}", interrupted.text);
    host.root.sh("test -f /etc/default/dk-filter; dpkg --configure -a");
    let all = "dk-filter dkim-filter opendkim";
    assert_eq!(host.systemctl("is-active", all), ["inactive"; 3]);
    assert_eq!(host.systemctl("is-enabled", all), ["disabled"; 3]);
    host.root.sh("systemctl enable --now dk-filter dkim-filter opendkim");
    assert_eq!(host.systemctl("is-active", all), ["active"; 3]);
    assert_eq!(host.systemctl("is-enabled", all), ["enabled"; 3]);
    host.root.sh("systemctl reload dk-filter dkim-filter opendkim");
    // Without a key there is nothing to sign with.
    let log = host.root.sh("journalctl -u dkim-filter");
    assert!(log.contains("Starting for DKIM verification only"), "{log}");
    for tool in ["dkim-genkey", "dkim-testkey", "dkim-testadsp", "dkim-testssp", "dkim-stats"]
        .into_iter()
        .chain(["opendkim-genkey", "opendkim-testkey", "opendkim-testadsp", "opendkim-testmsg"])
    {
        let said = host.root.try_sh(&format!("{tool} --what"));
        assert!(said.text.starts_with(&format!("{tool}: ")), "{}", said.text);
    }
    host.root.write("/etc/opendkim.conf", ours);
    host.root.sh("apt-get purge -y -q twinseal-compat");
    let left =
        host.root.sh("ls /etc/default; ls -d /etc/*dkim* /run/*dk* /etc/init.d/*dk* || true");
    assert!(!left.contains("filter") && !left.contains("opendkim.conf\n"), "{left}");
    assert_eq!(host.root.sh("ls /etc/rc2.d | grep -c dk || true"), "0\n");
}

#[test]
fn lintian_finds_no_error() {
    let packages = packages();
    let output = Command::new("lintian")
        .args(["--allow-root", "--fail-on", "error"])
        .args(&packages)
        .output()
        .expect("lintian is in Debian's package lintian");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn an_installation_stays_below_its_prefix_and_its_units_start_it_from_there() {
    let scratch = Scratch::new("install");
    for words in [&[][..], &["--historic"]] {
        let output = Command::new(here("../scripts/install"))
            .args(words)
            .env("DESTDIR", scratch.path())
            .env("PREFIX", "/opt/mail")
            .env("TWINSEAL_PROGRAM", program::path())
            .output()
            .expect("bash is there");
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{complaints}");
    }
    let names = |path: &str| -> Vec<String> {
        let entries = fs::read_dir(scratch.join(path)).unwrap();
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    };
    assert_eq!(names("opt"), ["mail"]);
    let mut top = names("");
    top.retain(|name| name != "opt");
    assert!(top.is_empty(), "{top:?}");
    let units = names("opt/mail/lib/systemd/system");
    assert!(units.len() >= 4, "{units:?}");
    for unit in units.iter().filter(|unit| unit.ends_with(".service")) {
        let text = fs::read_to_string(scratch.join("opt/mail/lib/systemd/system").join(unit));
        let text = text.unwrap();
        let start = text.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
        assert!(start.starts_with("/opt/mail/"), "{unit}: {start}");
    }
    let link = fs::read_link(scratch.join("opt/mail/sbin/dk-filter")).unwrap();
    assert_eq!(link.to_str(), Some("twinseal"));
    let start = fs::read_to_string(scratch.join("opt/mail/lib/twinseal/start")).unwrap();
    assert!(start.contains("\nDAEMON=/opt/mail/sbin/$NAME\n"), "{start}");
}
