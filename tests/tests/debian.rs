//! What Debian's packages of `dk-filter` and `dkim-filter` put on a host, unchanged, below a root of
//! its own: the files that they ship and the command lines that their init scripts make of them.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;
use twinseal_e2e::here;
use twinseal_e2e::incoming::{FIELDS, results, sealed};
use twinseal_e2e::message::Message;
use twinseal_e2e::milter::{Peer, inserted};
use twinseal_e2e::net::Address;
use twinseal_e2e::postfix::Postfix;
use twinseal_e2e::program::{self, Background, run_as};
use twinseal_e2e::scratch::Scratch;
use twinseal_e2e::sink::Sink;
use twinseal_e2e::users::{HISTORIC, Users, numbers};

/// What the init scripts do at a start: the defaults are sourced by sh, may build on one another,
/// and are split at blanks. The one of dkim-filter tries again when there is nothing to sign with.
const INIT: &str = "\
set -u
NAME=$1
ROOT=$2
RUNDIR=$ROOT/var/run/$NAME
PIDFILE=$RUNDIR/$NAME.pid
DAEMON=$ROOT/usr/sbin/$NAME
DAEMON_OPTS=
case $NAME in
dk-filter) SOCKET=$RUNDIR/$NAME.sock FILE= ;;
*) SOCKET=local:$RUNDIR/$NAME.sock FILE=\"-x $ROOT/etc/dkim-filter.conf\" ;;
esac
. \"$ROOT/etc/default/$NAME\"
start() { \"$DAEMON\" \"$@\" $FILE -u $NAME -P \"$PIDFILE\" -p \"$SOCKET\" $DAEMON_OPTS; }
start
code=$?
if [ $NAME = dkim-filter ] && [ $code = 78 ]; then
    echo 'Starting for DKIM verification only' >&2
    start -b v
    code=$?
fi
exit $code
";

/// `/etc/dkim-filter.conf` as it is shipped: two lines say something.
const SHIPPED: &str = "\
# This is a basic configuration that can easily be adapted to suit a standard
# installation. For more advanced options, see dkim-filter.conf(5) and/or
# /usr/share/doc/dkim-filter/examples/dkim-filter.conf.sample.

# Log to syslog
Syslog\t\t\tyes
# Required to use local socket with MTAs that access the socket as a non-
# privileged user (e.g. Postfix)
UMask\t\t\t002

# Sign for example.com with key in /etc/mail/dkim.key using
# selector '2007' (e.g. 2007._domainkey.example.com)
#Domain\t\t\texample.com
#KeyFile\t\t/etc/mail/dkim.key
#Selector\t\t2007
";

/// `/etc/default/dk-filter` as it is shipped.
const DEFAULTS: &str = "\
# Command-line options specified here will override the contents of
# /etc/dk-filter.conf. See dk-filter(8) for a complete list of options.
DAEMON_OPTS=\"-l\"
#DAEMON_OPTS=\"$DAEMON_OPTS -d domain.tld -s /etc/mail/domainkey.key -S 2007\"
#SOCKET=\"/var/run/dk-filter/dk-filter.sock\" # default
#SOCKET=\"inet:54321\" # listen on all interfaces on port 54321
";

/// The host, and its users.
struct Host {
    scratch: Scratch,
    _users: Users,
}

impl Host {
    fn new() -> Self {
        let users = Users::historic();
        let scratch = Scratch::below(Path::new("/var/lib/twinseal-e2e"), "debian");
        scratch.write("init", INIT);
        scratch.write("etc/dkim-filter.conf", SHIPPED);
        scratch.write("etc/default/dk-filter", DEFAULTS);
        scratch.dir("usr/sbin");
        for name in HISTORIC {
            fs::copy(program::path(), scratch.join(&format!("usr/sbin/{name}"))).unwrap();
            let directory = scratch.dir(&format!("var/run/{name}"));
            let (user, group) = numbers(name).unwrap();
            chown(&directory, Some(user), Some(group)).unwrap();
            fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let host = Self { scratch, _users: users };
        let socket = host.socket("dkim-filter").display().to_string();
        let defaults = format!("#DAEMON_OPTS=\"\"\nSOCKET=\"local:{socket}\"\n");
        host.scratch.write("etc/default/dkim-filter", defaults);
        host
    }

    fn socket(&self, name: &str) -> PathBuf {
        self.scratch.join(&format!("var/run/{name}/{name}.sock"))
    }

    fn pid_file(&self, name: &str) -> PathBuf {
        self.scratch.join(&format!("var/run/{name}/{name}.pid"))
    }

    /// The words of `sh init NAME ROOT`.
    fn words(&self, name: &str) -> [String; 3] {
        let at = |path: &Path| path.display().to_string();
        [at(&self.scratch.join("init")), name.to_owned(), at(self.scratch.path())]
    }

    fn start(&self, name: &str) -> Background {
        Background::start(Path::new("/bin/sh"), &self.words(name), &self.pid_file(name))
    }

    /// A start that may fail.
    fn try_start(&self, name: &str) -> Output {
        run_as(Path::new("/bin/sh"), &self.words(name), b"")
    }

    /// What comes back when a message of that domain is shown there.
    fn shown(address: &Address, domain: &str) -> String {
        let text =
            format!("From: ann@{domain}\r\nTo: bob@example.net\r\nSubject: x\r\n\r\ntext\r\n");
        let mut peer = Peer::connect(address).unwrap();
        peer.negotiate().unwrap();
        peer.introduce("localhost", "127.0.0.1").unwrap();
        let message = Message::parse(text.as_bytes());
        let frames = peer.deliver(&format!("ann@{domain}"), "bob@example.net", &message).unwrap();
        let whole = inserted(text.as_bytes(), &frames).unwrap_or_else(|| text.into_bytes());
        String::from_utf8(whole).unwrap()
    }
}

#[test]
fn without_a_key_dkim_filter_ends_with_78_and_its_init_script_starts_it_to_verify() {
    let host = Host::new();
    let daemon = host.start("dkim-filter");
    let again = host.try_start("dkim-filter");
    // Somebody listens by now: that is another code, and not tried again.
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert_ne!(again.status.code(), Some(0), "{said}");
    let reason = "at least one selector and key required for signing mode";
    assert!(said.contains(reason) && said.contains("verification only"), "{said}");
    let unsigned = Host::shown(&Address::Unix(host.socket("dkim-filter")), "example.com");
    assert!(!unsigned.contains("DKIM-Signature"), "{unsigned}");
    daemon.stop();
    // With a key it signs, and there is no second start.
    let key = host.scratch.write_with_mode(
        "etc/mail/dkim.key",
        fs::read(here("data/keys/rsa2048.pem")).unwrap(),
        0o600,
    );
    let signing = format!("Domain example.com\nKeyFile {}\nSelector 2007\n", key.display());
    host.scratch.write("etc/dkim-filter.conf", format!("{SHIPPED}{signing}"));
    let daemon = host.start("dkim-filter");
    let signed = Host::shown(&Address::Unix(host.socket("dkim-filter")), "example.com");
    assert!(signed.starts_with("DKIM-Signature:") && signed.contains("s=2007;"), "{signed}");
    daemon.stop();
}

#[test]
fn a_broken_file_is_tried_a_second_time_and_then_it_is_over() {
    let host = Host::new();
    host.scratch.write("etc/dkim-filter.conf", format!("{SHIPPED}Sockte x\n"));
    let failed = host.try_start("dkim-filter");
    let said = String::from_utf8_lossy(&failed.stderr).into_owned();
    assert_eq!(failed.status.code(), Some(78), "{said}");
    let line = SHIPPED.lines().count() + 1;
    let want = format!("dkim-filter.conf:{line}: Sockte: there is no such parameter");
    assert_eq!(said.matches(&want).count(), 2, "{said}");
    assert!(!host.pid_file("dkim-filter").exists());
}

#[test]
fn the_defaults_of_dk_filter_are_what_sh_makes_of_them() {
    let host = Host::new();
    // As shipped there is no key, and it lets all mail pass as it is.
    let shipped = host.start("dk-filter");
    let passed = Host::shown(&Address::Unix(host.socket("dk-filter")), "domain.tld");
    assert!(passed.starts_with("From: "), "{passed}");
    shipped.stop();
    let key = host.scratch.write_with_mode(
        "etc/mail/domainkey.key",
        fs::read(here("data/keys/rsa1024.pem")).unwrap(),
        0o600,
    );
    let port = Address::free_port();
    // What one line says, the next one adds to; and a socket of one's own.
    let more = format!(
        "DAEMON_OPTS=\"$DAEMON_OPTS -d domain.tld -s {} -S 2007\"\n\
         DAEMON_OPTS=\"$DAEMON_OPTS -H  -c nofws\"\nSOCKET=\"inet:{port}@localhost\"\n",
        key.display()
    );
    host.scratch.write("etc/default/dk-filter", format!("{DEFAULTS}{more}"));
    let daemon = host.start("dk-filter");
    let signed = Host::shown(&Address::Inet(port), "domain.tld");
    assert!(signed.starts_with("DomainKey-Signature:"), "{signed}");
    assert!(signed.contains("s=2007;") && signed.contains("c=nofws;"), "{signed}");
    assert!(!host.socket("dk-filter").exists());
    daemon.stop();
}

/// What is delivered of a message that goes through a Postfix with that filter.
fn delivered(filter: &Address, octets: &[u8]) -> Message {
    let (scratch, sink) = (Scratch::new("debian-postfix"), Sink::start());
    let postfix = Postfix::start(&scratch, filter, sink.port(), "");
    let mut client = postfix.connect().unwrap();
    let reply = client.send("ann@example.com", "bob@example.net", octets).unwrap();
    assert_eq!(reply.code, 250, "{reply:?}");
    let arrived = sink.wait_for("bob@example.net", Duration::from_secs(20));
    Message::parse(&arrived.unwrap_or_else(|| panic!("lost\n{}", postfix.log())).octets)
}

#[test]
fn behind_postfix_both_do_with_real_mail_what_they_are_there_for() {
    let host = Host::new();
    let key = host.scratch.write_with_mode(
        "etc/mail/dkim.key",
        fs::read(here("data/keys/rsa2048.pem")).unwrap(),
        0o600,
    );
    let key = key.display();
    let [dk, dkim] = [(); 2].map(|()| Address::free_port());
    let options = format!("-d example.com -s {key} -S rsa2048");
    let more = format!("DAEMON_OPTS=\"$DAEMON_OPTS {options}\"\nSOCKET=\"inet:{dk}@localhost\"\n");
    host.scratch.write("etc/default/dk-filter", format!("{DEFAULTS}{more}"));
    host.scratch.write("etc/default/dkim-filter", format!("SOCKET=\"inet:{dkim}@localhost\"\n"));
    let keys = format!("TestPublicKeys {}\n", here("data/keys/records.txt").display());

    let daemon = host.start("dk-filter");
    let sent = delivered(&Address::Inet(dk), FIELDS.as_bytes());
    assert_eq!(sent.all("DomainKey-Signature").count(), 1, "{sent:?}");
    daemon.stop();

    // Without a key its init script starts it to verify.
    host.scratch.write("etc/dkim-filter.conf", format!("{SHIPPED}{keys}"));
    let daemon = host.start("dkim-filter");
    let signed = sealed(FIELDS, "rsa2048", &host.scratch);
    let arrived = delivered(&Address::Inet(dkim), &signed);
    let told = results(&arrived);
    let want = "dkim=pass (2048-bit key) header.i=@example.com";
    assert!(told.len() == 1 && told[0].ends_with(want), "{told:?}");
    daemon.stop();

    let line = format!("{keys}Domain example.com\nKeyFile {key}\nSelector rsa2048\n");
    host.scratch.write("etc/dkim-filter.conf", format!("{SHIPPED}{line}"));
    let daemon = host.start("dkim-filter");
    let sent = delivered(&Address::Inet(dkim), FIELDS.as_bytes());
    assert_eq!(sent.all("DKIM-Signature").count(), 1, "{sent:?}");
    daemon.stop();
}
