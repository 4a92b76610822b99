//! A Postfix of our own: its directories, its ports, its queue. The host's own is not touched.

use crate::judges::require_root;
use crate::net::{Address, wait_for};
use crate::scratch::Scratch;
use crate::smtp::Smtp;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// A running instance; it is stopped when dropped.
#[derive(Debug)]
pub struct Postfix {
    configuration: PathBuf,
    log: PathBuf,
    port: u16,
}

/// How an instance differs from one that shows all mail to one filter.
#[derive(Debug, Clone, Copy, Default)]
pub struct Setting<'a> {
    /// The filters, as `smtpd_milters` names them.
    pub filters: &'a str,
    /// The port of the sink.
    pub sink: u16,
    /// Further lines for `main.cf`.
    pub main: &'a str,
    /// Further lines for `master.cf`.
    pub master: &'a str,
    /// Whether the services that speak to filters live in the queue directory, as some
    /// distributions have it.
    pub chrooted: bool,
}

impl Postfix {
    /// Starts one that shows all mail to the filter and relays it to the sink's port. `main` are
    /// further lines for `main.cf`.
    pub fn start(scratch: &Scratch, filter: &Address, sink: u16, main: &str) -> Self {
        let filters = &filter.for_postfix();
        Self::start_as(scratch, Setting { filters, sink, main, ..Setting::default() })
    }

    /// Starts one in this setting.
    pub fn start_as(scratch: &Scratch, setting: Setting<'_>) -> Self {
        require_root();
        require_postfix();
        let configuration = scratch.dir("postfix");
        let postfix = Self {
            configuration: configuration.clone(),
            log: scratch.join("postfix.log"),
            port: Address::free_port(),
        };
        fs::write(&postfix.log, "").expect("a log file");
        scratch.write("postfix/main.cf", postfix.main_cf(scratch, setting));
        scratch.write("postfix/master.cf", postfix.master_cf(setting));
        let data = scratch.dir("data");
        scratch.dir("queue");
        if setting.chrooted {
            furnish(scratch);
        }
        let owned = Command::new("chown").arg("postfix").arg(&data).status();
        assert!(owned.is_ok_and(|status| status.success()), "{}: chown postfix", data.display());
        let started = postfix.control("start");
        assert!(started.success(), "postfix start: {started}\n{}", postfix.log());
        let answer = wait_for(Duration::from_secs(20), || postfix.connect().ok());
        assert!(answer.is_some(), "postfix does not answer\n{}", postfix.log());
        postfix
    }

    /// A connection to its SMTP server.
    pub fn connect(&self) -> io::Result<Smtp> {
        Smtp::connect(self.port, "client.example.com")
    }

    /// Hands a message to its `sendmail` command, as a local program would; lines end with LF.
    pub fn submit_locally(&self, from: &str, to: &str, octets: &[u8]) -> io::Result<()> {
        let mut sendmail = Command::new("/usr/sbin/sendmail")
            .arg("-C")
            .arg(&self.configuration)
            .args(["-i", "-f", from, to])
            .env("MAIL_CONFIG", &self.configuration)
            .stdin(Stdio::piped())
            .spawn()?;
        sendmail.stdin.take().expect("a pipe").write_all(octets)?;
        let status = sendmail.wait()?;
        if status.success() { Ok(()) } else { Err(io::Error::other(format!("sendmail: {status}"))) }
    }

    /// The port of its SMTP server.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its log so far.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn control(&self, verb: &str) -> std::process::ExitStatus {
        Command::new("/usr/sbin/postfix")
            .arg("-c")
            .arg(&self.configuration)
            .arg(verb)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .expect("postfix, of the Debian package postfix")
    }

    fn master_cf(&self, setting: Setting<'_>) -> String {
        let lines = MASTER_CF.replace("PORT", &self.port.to_string());
        let lines = lines.replace("CHROOT", if setting.chrooted { "y" } else { "n" });
        format!("{lines}{}\n", setting.master)
    }

    fn main_cf(&self, scratch: &Scratch, setting: Setting<'_>) -> String {
        let Setting { filters, sink, main, .. } = setting;
        let usual = format!(
            "{MAIN_CF}queue_directory = {queue}\ndata_directory = {data}\nmaillog_file = {log}\n\
             maillog_file_prefixes = {base}\nrelayhost = [127.0.0.1]:{sink}\n\
             smtpd_milters = {filters}\nnon_smtpd_milters = {filters}\n",
            queue = scratch.join("queue").display(),
            data = scratch.join("data").display(),
            log = self.log.display(),
            base = scratch.path().display(),
        );
        // Postfix warns of what stands there twice.
        let name = |line: &str| line.split('=').next().unwrap_or_default().trim().to_owned();
        let replaced: Vec<String> = main.lines().map(name).collect();
        let kept = usual.lines().filter(|line| !replaced.contains(&name(line)));
        kept.chain(main.lines()).fold(String::new(), |text, line| text + line + "\n")
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("Postfix's log:\n{}", self.log());
        }
        let _ = self.control("stop");
    }
}

/// Puts into the queue directory what Debian's start script puts there.
fn furnish(scratch: &Scratch) {
    for name in ["hosts", "localtime", "nsswitch.conf", "resolv.conf", "services"] {
        if let Ok(content) = fs::read(Path::new("/etc").join(name)) {
            scratch.write(&format!("queue/etc/{name}"), content);
        }
    }
}

/// Fails with the name of the Debian package when Postfix is not installed.
fn require_postfix() {
    for program in ["/usr/sbin/postfix", "/usr/sbin/sendmail", "/usr/lib/postfix/sbin/smtpd"] {
        assert!(Path::new(program).exists(), "{program} is missing: apt-get install postfix");
    }
}

const MAIN_CF: &str = "\
compatibility_level = 3.6
myhostname = mail.example.com
mydomain = example.com
myorigin = example.com
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
relay_domains = example.net
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_recipient_restrictions =
smtpd_authorized_xclient_hosts = 127.0.0.1
smtpd_peername_lookup = yes
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtp_tls_security_level = none
smtpd_tls_security_level = none
smtpd_client_connection_count_limit = 0
smtputf8_enable = yes
milter_default_action = tempfail
milter_protocol = 6
in_flow_delay = 0
message_size_limit = 52428800
biff = no
";

const MASTER_CF: &str = "\
127.0.0.1:PORT inet n - CHROOT - - smtpd
pickup unix n - n 1 1 pickup
cleanup unix n - CHROOT - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
";
