//! The files of the how-to for two filters in Postfix's chroot, with `/etc/default` as the old
//! packages had it: started by our units, and by our init scripts where there is no systemd.

use std::time::Duration;
use twinseal_e2e::installed::Host;
use twinseal_e2e::judges::Seal;

/// The tree, with a key that both filters share by links.
const TREE: &str = "
mkdir -p /etc/mail/dkim/keys/example.com /etc/mail/domainkeys /etc/default
cp /root/rsa2048.pem /etc/mail/dkim/keys/example.com/default.private
ln -s default.private /etc/mail/dkim/keys/example.com/mail2
ln -s /etc/mail/dkim/keys /etc/mail/domainkeys/keys
printf '127.0.0.1\\nlocalhost\\n' >/etc/dkim-internalhosts.conf
ln -s /etc/dkim-internalhosts.conf /etc/mail/domainkeys/internalhosts
echo example.com >/etc/mail/domainkeys/domains
echo '*@example.com:/etc/mail/domainkeys/keys/example.com/mail2' >/etc/mail/domainkeys/keylist
echo '*@example.com:example.com:/etc/mail/dkim/keys/example.com/mail2' >/etc/dkim-keys.conf
for name in dk-filter dkim-filter; do
    useradd --system --user-group --home-dir /var/run/$name $name
done
chgrp -R dk-filter /etc/mail/dkim/keys
chmod 640 /etc/mail/dkim/keys/example.com/default.private
install -d -m 755 /var/spool/postfix/milter
install -d -o dk-filter -g dk-filter -m 2755 /var/spool/postfix/milter/dk-filter
install -d -o dkim-filter -g dkim-filter -m 755 /var/spool/postfix/milter/dkim-filter
";

/// As shipped, with what the how-to uncomments. The socket here does not count.
const DKIM_FILTER: &str = "\
Syslog\t\t\tyes
UMask\t\t\t002
#Domain\t\t\texample.com
KeyList\t\t\t/etc/dkim-keys.conf
InternalHosts\t\t/etc/dkim-internalhosts.conf
Socket\t\t\tinet:8891@localhost
";

const DKIM_FILTER_DEFAULTS: &str = "\
#DAEMON_OPTS=\"\"
SOCKET=\"local:/var/spool/postfix/milter/dkim-filter/dkim-filter.sock\"
#SOCKET=\"inet:54321\" # listen on all interfaces on port 54321
";

/// Each line adds to what the one before says.
const DK_FILTER_DEFAULTS: &str = "\
DAEMON_OPTS=\"-l\"
DAEMON_OPTS=\"$DAEMON_OPTS -i /etc/mail/domainkeys/internalhosts\"
DAEMON_OPTS=\"$DAEMON_OPTS -d /etc/mail/domainkeys/domains -o DKIM-Signature,X-DKIM\"
DAEMON_OPTS=\"$DAEMON_OPTS -k -s  /etc/mail/domainkeys/keylist\"
SOCKET=\"/var/spool/postfix/milter/dk-filter/dk-filter.sock\"
";

const FILES: &str = "/etc/default/dk-filter /etc/default/dkim-filter /etc/dkim-filter.conf \
                     /etc/mail/dkim/keys/example.com/default.private \
                     /etc/dkim-keys.conf";

/// Puts the tree there and then the packages, beside a Postfix that asks both.
fn prepare(host: &Host) {
    host.root.sh(TREE);
    host.root.write("/etc/dkim-filter.conf", DKIM_FILTER);
    host.root.write("/etc/default/dkim-filter", DKIM_FILTER_DEFAULTS);
    host.root.write("/etc/default/dk-filter", DK_FILTER_DEFAULTS);
    host.with_postfix(
        "unix:/milter/dkim-filter/dkim-filter.sock, unix:/milter/dk-filter/dk-filter.sock",
    );
    // Local mail passes a service that is not chrooted on every Postfix.
    host.root.sh("usermod -aG dk-filter,dkim-filter postfix");
    let before = host.state_of(FILES);
    host.install("./twinseal_*.deb ./twinseal-compat_*.deb");
    assert_eq!(host.state_of(FILES), before);
}

/// What both have been told, as the process list shows it.
const LINES: [&str; 2] = [
    "/usr/sbin/dk-filter -u dk-filter -P /var/run/dk-filter/dk-filter.pid \
     -p /var/spool/postfix/milter/dk-filter/dk-filter.sock -l -i /etc/mail/domainkeys/internalhosts \
     -d /etc/mail/domainkeys/domains -o DKIM-Signature,X-DKIM -k -s /etc/mail/domainkeys/keylist",
    "/usr/sbin/dkim-filter -x /etc/dkim-filter.conf -u dkim-filter \
     -P /var/run/dkim-filter/dkim-filter.pid \
     -p local:/var/spool/postfix/milter/dkim-filter/dkim-filter.sock",
];

/// Fails unless exactly these two run, and seal.
fn both_seal(host: &Host) {
    let running = host.root.sh("ps -eo args | grep '^/usr/sbin/dk' | sort");
    assert_eq!(running.lines().collect::<Vec<_>>(), LINES);
    host.sends_sealed(&[Seal::Dkim, Seal::DomainKeys], "mail2");
}

#[test]
fn units_start_the_historic_tree() {
    let host = Host::boot("tree-units");
    prepare(&host);
    let services = "dk-filter dkim-filter opendkim";
    assert_eq!(host.systemctl("is-active", services), ["active", "active", "inactive"]);
    host.root.sh("systemctl restart postfix");
    both_seal(&host);
    // One that is killed is started again, and what it has left is no obstacle.
    host.root.sh("kill -9 $(cat /run/dk-filter/dk-filter.pid)");
    host.root.until(Duration::from_secs(30), "systemctl is-active dk-filter");
    // What a reboot takes away is made again.
    host.root.sh("systemctl stop dk-filter dkim-filter; rm -r /run/dk-filter /run/dkim-filter
         systemctl start dk-filter dkim-filter; systemctl reload dk-filter dkim-filter");
    both_seal(&host);
}

/// The words of an init script, and how it ends.
fn says(host: &Host, name: &str, action: &str) -> (String, Option<i32>) {
    let said = host.root.try_sh(&format!("/etc/init.d/{name} {action}"));
    (said.text, said.status.code())
}

#[test]
fn init_scripts_start_the_historic_tree_without_systemd() {
    let host = Host::without_systemd("tree-init");
    prepare(&host);
    // What a boot does.
    host.root.sh("rm -rf /run/dk-filter /run/dkim-filter");
    let booted =
        host.root.sh("for script in /etc/rc2.d/S*dk* /etc/rc2.d/S*twin*; do $script start; done");
    let words = "Starting DomainKeys Filter: dk-filter.\nStarting DKIM Filter: dkim-filter.\n\
                 Starting Twinseal: twinseal.\n";
    assert_eq!(booted, words);
    host.root.sh("postfix start");
    both_seal(&host);
    // A crash leaves the pid file and the socket behind.
    host.root.sh("kill -9 $(cat /run/dkim-filter/dkim-filter.pid); sleep 1");
    assert_eq!(says(&host, "dkim-filter", "status").1, Some(1));
    for (name, action, text) in [
        ("dkim-filter", "start", "Starting DKIM Filter: dkim-filter.\n"),
        ("dkim-filter", "start", "Starting DKIM Filter: dkim-filter.\n"),
        ("dkim-filter", "reload", "Reloading DKIM Filter: dkim-filter.\n"),
        ("dk-filter", "force-reload", "Restarting DomainKeys Filter: dk-filter.\n"),
        ("twinseal", "reload", "Reloading Twinseal: twinseal.\n"),
        ("twinseal", "restart", "Restarting Twinseal: twinseal.\n"),
        ("dk-filter", "status", "dk-filter is running\n"),
    ] {
        assert_eq!(says(&host, name, action), (text.to_owned(), Some(0)), "{name} {action}");
    }
    both_seal(&host);
    // Each stops its own process, though all are one program.
    assert_eq!(says(&host, "dkim-filter", "stop").1, Some(0));
    assert_eq!(says(&host, "dkim-filter", "status").1, Some(3));
    assert_eq!(says(&host, "dk-filter", "status").1, Some(0));
    assert_eq!(says(&host, "twinseal", "status").1, Some(0));
    without_a_key(&host);
}

/// Without one dkim-filter verifies, and dk-filter says what is wrong and does not start.
fn without_a_key(host: &Host) {
    host.root.sh("/etc/init.d/dk-filter stop; rm /etc/mail/dkim/keys/example.com/default.private");
    let (text, code) = says(host, "dk-filter", "start");
    assert!(text.starts_with("Starting DomainKeys Filter: "), "{text}");
    assert!(text.ends_with("failed.\n") && text.contains("mail2"), "{text}");
    assert_eq!(code, Some(78), "{text}");
    host.root.write("/etc/dkim-filter.conf", "Syslog yes\nUMask 002\n");
    let (text, code) = says(host, "dkim-filter", "start");
    assert!(text.contains("Starting for DKIM verification only\n"), "{text}");
    assert_eq!(code, Some(0), "{text}");
    let running = host.root.sh("ps -eo args | grep '^/usr/sbin/dk'");
    let verifying = "/usr/sbin/dkim-filter -b v -x /etc/dkim-filter.conf ";
    assert!(running.starts_with(verifying) && running.lines().count() == 1, "{running}");
}
