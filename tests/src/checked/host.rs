//! A host to be checked: a Postfix, the daemon, and their files, all of it right.

use super::{Checked, Finding};
use crate::net::Address;
use crate::postfix::{Postfix, Setting};
use crate::program::Daemon;
use crate::scratch::Scratch;
use crate::sink::Sink;
use crate::users::{Users, numbers};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::PathBuf;
use std::process::Command;

/// The daemon's user; Postfix is in its group.
pub const USER: &str = "dk-filter";

/// Further lines of `main.cf` that leave nothing to be said.
const MAIN: &str = "disable_mime_output_conversion = yes\n\
                    internal_mail_filter_classes = bounce, notify\n";

/// A host: Postfix, the daemon, and their files.
#[derive(Debug)]
pub struct Host {
    /// Its Postfix.
    pub postfix: Postfix,
    /// The daemon, while it runs.
    pub daemon: Option<Daemon>,
    /// Its socket.
    pub socket: PathBuf,
    inner: u16,
    port: String,
    /// Where all of it is.
    pub scratch: Scratch,
    /// Where all mail goes.
    pub sink: Sink,
    _users: Users,
}

/// Where the socket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Below the queue directory.
    Queue,
    /// Elsewhere.
    Outside,
}

impl Host {
    /// Starts them.
    pub fn start(name: &str, place: Place, chrooted: bool) -> Self {
        let users = Users::historic();
        let scratch = Scratch::new(name);
        let directory = match place {
            Place::Queue => "queue/milter",
            Place::Outside => "run",
        };
        scratch.dir("queue");
        let directory = scratch.dir(directory);
        let (user, group) = numbers(USER).unwrap();
        chown(&directory, Some(user), Some(group)).unwrap();
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o750)).unwrap();
        let key = scratch.key("rsa2048");
        chown(&key, Some(0), Some(group)).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
        let socket = directory.join("t.sock");
        scratch.write(
            "twinseal.yaml",
            format!(
                "socket: unix:{}\nuser: {USER}:{USER}\numask: \"007\"\nlog: {{ to: stderr }}\n\
                 signing:\n  - {{ senders: [\"*@example.com\"], domain: example.com, keys: [{{ \
                 file: {}, selector: mail }}] }}\n",
                socket.display(),
                key.display()
            ),
        );
        let (sink, inner) = (Sink::start(), Address::free_port());
        let filters = match place {
            Place::Queue => "unix:milter/t.sock".to_owned(),
            Place::Outside => format!("unix:{}", socket.display()),
        };
        let chroot = if chrooted { "y" } else { "n" };
        // What a content filter would hand mail back to.
        let master = format!(
            "127.0.0.1:{inner} inet n - {chroot} - - smtpd\n -o content_filter=\n \
             -o receive_override_options=no_milters\n"
        );
        let mut host = Self {
            postfix: Postfix::start_as(
                &scratch,
                Setting {
                    filters: &filters,
                    sink: sink.port(),
                    main: MAIN,
                    master: &master,
                    chrooted,
                },
            ),
            daemon: None,
            socket,
            inner,
            port: String::new(),
            scratch,
            sink,
            _users: users,
        };
        host.port = host.service();
        host.start_daemon();
        host
    }

    /// Starts the daemon alone.
    pub fn start_daemon(&mut self) {
        let file = self.scratch.join("twinseal.yaml").display().to_string();
        let address = Address::Unix(self.socket.clone());
        self.daemon = Some(Daemon::start(&["serve", "--config", &file], &address, &self.scratch));
    }

    /// Postfix's configuration directory.
    pub fn directory(&self) -> PathBuf {
        self.scratch.join("postfix")
    }

    /// The server that takes mail from everywhere, as `postconf -P` names it.
    fn service(&self) -> String {
        let services = shell(&format!("postconf -c {} -M", self.directory().display()));
        let inner = self.inner.to_string();
        let line = services.lines().find(|line| line.contains("inet") && !line.contains(&inner));
        format!("{}/inet", line.unwrap().split_whitespace().next().unwrap())
    }

    /// What `twinseal check` says of it.
    pub fn check(&self) -> Checked {
        let file = self.scratch.join("twinseal.yaml").display().to_string();
        let directory = self.directory().display().to_string();
        Checked::run(&["--config", &file, "--no-dns", "--postfix", &directory])
    }

    /// How Postfix is told of changes.
    pub fn reload(&self) -> String {
        format!("postfix -c {} reload", self.directory().display())
    }

    /// Types what breaks it, and looks for these codes; then types what is printed, and looks again.
    /// All but the last line, which has to be the one that tells Postfix: that takes two seconds
    /// each time, and what is looked at are the files.
    pub fn try_out(&self, breaking: &str, codes: &[&str]) -> Vec<Finding> {
        let broken = self.type_in(breaking);
        let checked = self.check();
        let found: Vec<&str> = checked.findings.iter().map(|one| one.code.as_str()).collect();
        assert_eq!(found, codes, "{broken}: {:#?}", checked.findings);
        for finding in &checked.findings {
            let (last, commands) = finding.commands.split_last().expect("commands");
            assert_eq!(*last, self.reload(), "{finding:#?}");
            assert!(!commands.is_empty(), "{finding:#?}");
            commands.iter().for_each(|command| drop(shell(command)));
        }
        self.age();
        let again = self.check();
        assert!(again.findings.is_empty(), "{broken}: {:#?}", again.findings);
        again.assert_clean();
        checked.findings
    }

    /// Types a command with the names of this host in the place of words in capitals; the command.
    pub fn type_in(&self, command: &str) -> String {
        let command = command
            .replace("POSTCONF", &format!("postconf -c {}", self.directory().display()))
            .replace("SERVICE", &self.port)
            .replace("INNER", &format!("127.0.0.1:{}/inet", self.inner))
            .replace("SOCKET", &self.socket.display().to_string())
            .replace("DIR", &self.socket.parent().unwrap().display().to_string());
        shell(&command);
        self.age();
        command
    }

    /// The codes of everything that is found.
    pub fn codes(&self) -> Vec<String> {
        self.check().findings.into_iter().map(|finding| finding.code).collect()
    }

    /// Puts another text into the daemon's configuration; the daemon keeps its own.
    pub fn configure(&self, old: &str, new: &str) {
        let file = self.scratch.join("twinseal.yaml");
        let text = fs::read_to_string(&file).expect("the configuration");
        assert!(text.contains(old), "{old:?} is not in {text}");
        fs::write(file, text.replace(old, new)).expect("the configuration");
    }

    /// Makes its files look old: postconf waits for those that may still be written.
    fn age(&self) {
        let directory = self.directory().display().to_string();
        shell(&format!("touch -d '1 minute ago' {directory}/main.cf {directory}/master.cf"));
    }
}

/// Types a command; what it prints.
pub fn shell(command: &str) -> String {
    let output = Command::new("sh").args(["-ec", command]).output().expect("a shell");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command}: {}\n{errors}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}
