//! The Debian packages beside others: Postfix in the same command, and the packages that they take
//! the place of, left long ago, edited, or coming back.

use twinseal_e2e::installed::Host;

const DIRECTORIES: &str = "/var/spool/postfix/milter";

/// Fails unless Postfix may connect to the socket of the service that runs.
fn is_reached(host: &Host) {
    host.root.sh(&format!(
        "setpriv --reuid postfix --regid postfix --init-groups perl -MIO::Socket::UNIX -e \
         'IO::Socket::UNIX->new(Peer => q({DIRECTORIES}/twinseal/twinseal.sock)) or die $!'"
    ));
}

#[test]
fn postfix_comes_in_the_same_command_and_goes_and_comes_again() {
    let host = Host::boot("one-command");
    host.install("./twinseal_*.deb ./twinseal-compat_*.deb postfix");
    let rights = host.root.sh(&format!("stat -c '%a %G' {DIRECTORIES}/*"));
    assert_eq!(rights, "2750 postfix\n".repeat(4));
    is_reached(&host);
    host.root.sh("apt-get purge -y -q postfix; rm -rf /var/spool/postfix");
    host.install("postfix");
    is_reached(&host);
    // What the guides make of the other directory outlives an upgrade.
    host.root.write("/etc/tmpfiles.d/twinseal.conf", "d /run/twinseal 2750 twinseal postfix\n");
    host.root.sh("systemd-tmpfiles --create twinseal.conf; dpkg -i --force-confold twinseal_*.deb");
    assert_eq!(host.root.sh("stat -c '%a %G' /run/twinseal"), "2750 postfix\n");
    // A socket of systemd's is made again too, and brings the service back.
    host.root.sh("systemctl stop twinseal; systemctl enable --now twinseal.socket");
    host.root.sh("apt-get purge -y -q postfix; rm -rf /var/spool/postfix");
    host.install("postfix");
    is_reached(&host);
    assert_eq!(host.systemctl("is-active", "twinseal.socket"), ["active"]);
    // It goes with the package, and its link with a purge.
    host.root.sh("apt-get purge -y -q twinseal-compat twinseal");
    assert_ne!(host.systemctl("is-active", "twinseal.socket"), ["active"]);
    host.root.sh("test ! -L /etc/systemd/system/sockets.target.wants/twinseal.socket");
}

#[test]
fn an_edited_init_script_is_moved_and_nothing_is_asked_in_either_direction() {
    let host = Host::boot("edited");
    host.install("./twinseal_*.deb ./twinseal-compat_*.deb");
    // Over a fresh installation of ours comes the other: no file of ours is in its way.
    host.install("opendkim");
    let comes_back = || {
        host.install("./twinseal-compat_*.deb");
        host.root.sh("opendkim -V | grep Twinseal; grep -q Twinseal /etc/init.d/opendkim");
        assert_eq!(host.root.sh("dpkg --verify twinseal-compat"), "");
        assert_eq!(host.systemctl("is-active", "opendkim"), ["active"]);
    };
    // dpkg knows of ours still, which has another's in its place.
    host.root.sh("opendkim -V | grep OpenDKIM; echo '# edited' >>/etc/init.d/opendkim");
    comes_back();
    host.root.sh("cd /etc/init.d; grep -q '# edited' opendkim.former; test ! -x opendkim.former");
    // It knows no more of ours, and somebody diverts what we would.
    host.install("opendkim");
    host.root.sh("echo '# again' >>/etc/init.d/opendkim; apt-get purge -y -q twinseal-compat
         dpkg-divert --local --no-rename --divert /etc/x --add /etc/opendkim.conf");
    comes_back();
    host.root.sh("cd /etc/init.d; grep -q '# again' opendkim.former; ls opendkim.former.~1~");
    host.root.sh("dpkg-divert --local --no-rename --remove /etc/opendkim.conf");
    // As dpkg-divert says it in Russian.
    let tool = "#!/bin/sh\n[ \"$LC_ALL\" = C ] || case \"$*\" in *--list*) echo 'отклонение файла \
                /etc/opendkim.conf в файл /x пакетом twinseal-compat'; exit;; esac\n\
                exec /usr/bin/dpkg-divert \"$@\"\n";
    host.root.write("/usr/local/sbin/dpkg-divert", tool);
    assert_ne!(host.root.sh("LC_ALL=C dpkg-divert --list '*.former'"), "");
    // dpkg takes it from the path; apt would give it another path.
    host.root.sh("chmod 755 /usr/local/sbin/dpkg-divert; dpkg -r twinseal-compat");
    assert_eq!(host.root.sh("LC_ALL=C dpkg-divert --list '*.former'"), "");
}

#[test]
fn a_purge_leaves_what_somebody_has_made_since_a_removal() {
    let host = Host::boot("made-since");
    host.install("./twinseal_*.deb ./twinseal-compat_*.deb");
    host.root.sh("rm /etc/opendkim.conf; echo '# edited' >>/etc/dkim-filter.conf
         apt-get remove -y -q twinseal-compat");
    host.root.write("/etc/opendkim.conf", "Mode v\n");
    let unit = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n";
    host.root.write("/etc/systemd/system/dk-filter.service", unit);
    host.root.sh("systemctl enable dk-filter; apt-get purge -y -q twinseal-compat");
    host.root.sh("test -f /etc/opendkim.conf
         test -L /etc/systemd/system/multi-user.target.wants/dk-filter.service");
    // What was made by the package and edited goes with it.
    host.root.sh("test ! -e /etc/dkim-filter.conf; test ! -e /etc/default/opendkim");
}

/// A package of old, without a unit.
const OLD: &str = r#"
mkdir -p old/DEBIAN old/etc/init.d
printf 'Package: dkim-filter\nVersion: 2.8\nArchitecture: all\nMaintainer: x <x@y>\nDescription: x\n' \
    >old/DEBIAN/control
printf '/etc/init.d/dkim-filter\n/etc/dkim-filter.conf\n' >old/DEBIAN/conffiles
printf 'Syslog yes\n' >old/etc/dkim-filter.conf
printf '#!/bin/sh\n### BEGIN INIT INFO\n# Provides: dkim-filter\n# Required-Start:\n# Required-Stop:\n# Default-Start: 2 3 4 5\n# Default-Stop: 0 1 6\n### END INIT INFO\n' >old/etc/init.d/dkim-filter
printf '#!/bin/sh\nupdate-rc.d dkim-filter defaults\n' >old/DEBIAN/postinst
chmod 755 old/DEBIAN/postinst old/etc/init.d/dkim-filter
dpkg-deb --root-owner-group --build old dkim-filter.deb; dpkg -i dkim-filter.deb
test -L /etc/rc2.d/S01dkim-filter
"#;

#[test]
fn links_of_a_package_that_went_long_ago_start_nothing() {
    let host = Host::boot("long-ago");
    host.root.sh(OLD);
    host.root.sh("dpkg -r dkim-filter; touch -d '1 year ago' /var/lib/dpkg/info/dkim-filter.list");
    host.install("./twinseal_*.deb ./twinseal-compat_*.deb");
    assert_eq!(host.systemctl("is-active", "dkim-filter"), ["inactive"]);
    // The same package, replaced while it is in use.
    host.root.sh("apt-get purge -y -q twinseal-compat; dpkg -P dkim-filter");
    host.root.sh(OLD);
    host.install("./twinseal-compat_*.deb");
    assert_eq!(host.systemctl("is-active", "dkim-filter"), ["active"]);
    // Another program is run as soon as it is there.
    let process = "systemctl show -p MainPID dkim-filter";
    let before = host.root.sh(process);
    host.root.sh("dpkg -i --force-confold ./twinseal_*.deb");
    assert_ne!(host.root.sh(process), before);
}
