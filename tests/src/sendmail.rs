//! A Sendmail of our own: Debian's programs, unpacked beside the build because the package
//! conflicts with Postfix; queues, configuration and ports in the scratch directory.
//!
//! The configuration includes `etc/sendmail/twinseal.mc`, with another socket.

use crate::here;
use crate::judges::require_root;
use crate::net::{Address, wait_for};
use crate::scratch::Scratch;
use crate::smtp::Smtp;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// A running server with its submission program; it is stopped when dropped.
#[derive(Debug)]
pub struct Sendmail {
    program: PathBuf,
    process: Child,
    submission: PathBuf,
    traffic: PathBuf,
    port: u16,
}

impl Sendmail {
    /// Starts one that shows all mail to the filter and relays it to the sink's port.
    pub fn start(scratch: &Scratch, filter: &Address, sink: u16) -> Self {
        require_root();
        let peer = Peer::find();
        let port = Address::free_port();
        let server = peer.configure(scratch, "server", &server_mc(scratch, filter, port, sink));
        let submission = peer.configure(scratch, "submission", &submission_mc(scratch, port));
        set_mode(&scratch.dir("queue"), 0o700);
        let waiting = scratch.dir("waiting");
        set_mode(&waiting, 0o770);
        let owned = Command::new("chown").arg(SUBMISSION_USER).arg(&waiting).status();
        assert!(owned.is_ok_and(|status| status.success()), "{}: chown", waiting.display());
        let traffic = scratch.join("traffic.log");
        let process = named_host(&peer.program)
            .arg("-bD")
            .arg("-C")
            .arg(server)
            .arg("-X")
            .arg(&traffic)
            .stdin(Stdio::null())
            .stderr(File::create(scratch.join("sendmail.log")).expect("a file for its words"))
            .spawn()
            .expect("sendmail, or unshare of the Debian package util-linux");
        let mut sendmail = Self { program: peer.program, process, submission, traffic, port };
        let answer = wait_for(Duration::from_secs(20), || {
            let ended = sendmail.process.try_wait().expect("its state");
            assert!(ended.is_none(), "sendmail -bD ended: {ended:?}");
            sendmail.connect().ok()
        });
        assert!(answer.is_some(), "sendmail does not answer");
        sendmail
    }

    /// A connection to its SMTP server.
    pub fn connect(&self) -> io::Result<Smtp> {
        Smtp::connect(self.port, "client.example.com")
    }

    /// Hands a message to the submission program, as a local program would; lines end with LF. The
    /// recipients are those of its header.
    pub fn submit_locally(&self, from: &str, octets: &[u8]) -> io::Result<()> {
        let mut submission = self.submission(&["-i", "-t", "-f", from]).spawn()?;
        submission.stdin.take().expect("a pipe").write_all(octets)?;
        done(submission.wait()?)
    }

    /// The port of its SMTP server.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its submission program under a name of its own, as others call it.
    pub fn as_program(&self, scratch: &Scratch) -> PathBuf {
        let command = self.submission(&[]);
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let words: Vec<String> = words
            .map(|word| format!("'{}'", word.to_string_lossy().replace('\'', "'\\''")))
            .collect();
        let script = format!("#!/bin/sh\nexec {} \"$@\"\n", words.join(" "));
        scratch.write_with_mode("submit", script, 0o755)
    }

    /// Tries again to hand over what the submission program has kept.
    pub fn run_submission_queue(&self) -> io::Result<()> {
        done(self.submission(&["-q"]).stdin(Stdio::null()).status()?)
    }

    fn submission(&self, arguments: &[&str]) -> Command {
        let mut command = named_host(&self.program);
        command.arg("-C").arg(&self.submission).args(arguments).stdin(Stdio::piped());
        command
    }
}

impl Drop for Sendmail {
    fn drop(&mut self) {
        let pid = self.process.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        let ended = wait_for(Duration::from_secs(10), || self.process.try_wait().ok().flatten());
        if ended.is_none() {
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
        if std::thread::panicking() {
            eprintln!("see what was said: {}", self.traffic.display());
        }
    }
}

/// Where the package is unpacked.
struct Peer {
    program: PathBuf,
    /// What `sendmail.cf` is made of.
    sources: PathBuf,
}

impl Peer {
    fn find() -> Self {
        let root = beside_the_build().join("peers/sendmail");
        let sources = root.join("usr/share/sendmail/cf");
        // The second is where it was in earlier releases.
        let programs = ["usr/libexec/sendmail/sendmail", "usr/lib/sm.bin/sendmail"];
        let program = programs.map(|path| root.join(path)).into_iter().find(|path| path.is_file());
        let program = program.filter(|_| sources.is_dir());
        let missing = || panic!("{}: no Sendmail: run scripts/needs peers", root.display());
        Self { program: program.unwrap_or_else(missing), sources }
    }

    /// Makes a `.cf` file.
    fn configure(&self, scratch: &Scratch, name: &str, mc: &str) -> PathBuf {
        let mc = scratch.write(&format!("{name}.mc"), mc);
        let output = Command::new("m4")
            .arg(format!("-D_CF_DIR_={}/", self.sources.display()))
            .arg(self.sources.join("m4/cf.m4"))
            .arg(&mc)
            .output()
            .expect("m4, of the Debian package m4");
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {complaints}", mc.display());
        scratch.write(&format!("{name}.cf"), output.stdout)
    }
}

/// A command that believes to be on `mail.example.com`, unless the host's own name has a dot in it:
/// Sendmail waits a minute for one to appear, whatever its configuration says.
fn named_host(program: &Path) -> Command {
    if fs::read_to_string("/proc/sys/kernel/hostname").is_ok_and(|name| name.contains('.')) {
        return Command::new(program);
    }
    let mut command = Command::new("unshare");
    let script = "echo mail.example.com >/proc/sys/kernel/hostname && exec \"$0\" \"$@\"";
    command.args(["--uts", "sh", "-c", script]).arg(program);
    command
}

fn server_mc(scratch: &Scratch, filter: &Address, port: u16, sink: u16) -> String {
    let common = common_mc(scratch);
    let filter = filter_mc(filter);
    let directory = scratch.path().display();
    format!(
        "{common}\
         define(`QUEUE_DIR', `{directory}/queue')dnl\n\
         define(`confPID_FILE', `{directory}/sendmail.pid')dnl\n\
         define(`SMART_HOST', `relay:[127.0.0.1]')dnl\n\
         define(`RELAY_MAILER_ARGS', `TCP $h {sink}')dnl\n\
         undefine(`ALIAS_FILE')dnl\n\
         RELAY_DOMAIN(`127.0.0.1')dnl\n\
         FEATURE(`accept_unresolvable_domains')dnl\n\
         FEATURE(`no_default_msa')dnl\n\
         DAEMON_OPTIONS(`Name=MTA, Addr=127.0.0.1, Port={port}')dnl\n\
         {filter}\
         MAILER(`smtp')dnl\n"
    )
}

fn submission_mc(scratch: &Scratch, port: u16) -> String {
    let common = common_mc(scratch);
    let directory = scratch.path().display();
    format!(
        "{common}\
         define(`confRUN_AS_USER', `{SUBMISSION_USER}')dnl\n\
         define(`MSP_QUEUE_DIR', `{directory}/waiting')dnl\n\
         define(`RELAY_MAILER_ARGS', `TCP $h {port}')dnl\n\
         FEATURE(`msp', `[127.0.0.1]')dnl\n"
    )
}

/// No name service but the host's files, nothing written but in the scratch directory, not a word
/// to the host's log.
fn common_mc(scratch: &Scratch) -> String {
    let services = scratch.write("services", "hosts files\naliases files\n");
    format!(
        "VERSIONID(`twinseal end to end')dnl\n\
         OSTYPE(`linux')dnl\n\
         undefine(`STATUS_FILE')dnl\n\
         define(`confDOMAIN_NAME', `mail.example.com')dnl\n\
         define(`confSERVICE_SWITCH_FILE', `{}')dnl\n\
         define(`confDONT_PROBE_INTERFACES', `True')dnl\n\
         define(`confTO_IDENT', `0')dnl\n\
         define(`confLOG_LEVEL', `0')dnl\n\
         FEATURE(`nocanonify')dnl\n",
        services.display()
    )
}

/// What administrators are given, with another socket.
fn filter_mc(filter: &Address) -> String {
    let path = here("../etc/sendmail/twinseal.mc");
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let socket = "S=unix:/run/twinseal/twinseal.sock,";
    assert_eq!(text.matches(socket).count(), 1, "{}: not one {socket:?}", path.display());
    text.replace(socket, &format!("S={},", filter.for_filter()))
}

fn beside_the_build() -> PathBuf {
    let exe = std::env::current_exe().expect("the path of the tests");
    exe.ancestors().nth(3).expect("the build directory").to_owned()
}

fn done(status: ExitStatus) -> io::Result<()> {
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("sendmail: {status}"))) }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()));
}

/// Whom the submission program becomes; it refuses to stay root.
const SUBMISSION_USER: &str = "nobody:nogroup";
