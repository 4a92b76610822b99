//! What can be seen of the program from outside when it is started with certain words: its answers
//! to an MTA, its log, its files, what the kernel knows about it, and how it ended.
//!
//! All of it is text, so that what two runs differ in can be named in a word.

use crate::here;
use crate::message::Message;
use crate::milter::{Frame, Peer};
use crate::net::{Address, wait_for};
use crate::program;
use crate::scratch::Scratch;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// By when it listens, or has ended.
const LIMIT: Duration = Duration::from_secs(20);

/// A message, and who brings it.
#[derive(Debug, Clone, Copy)]
pub struct Mail<'a> {
    /// The client's name and address.
    pub client: (&'a str, &'a str),
    /// Macros that the MTA tells with MAIL: names and values.
    pub macros: &'a [(&'a str, &'a str)],
    /// To whom it goes.
    pub recipient: &'a str,
    /// The message, with LF or CRLF.
    pub text: &'a str,
}

/// What is tried.
#[derive(Debug, Clone, Copy)]
pub struct Trial<'a> {
    /// The program's sub-command.
    pub door: &'a str,
    /// Words behind it. `@DIR@` is the trial's directory, and `@DATA@` that of the shared vectors.
    pub words: &'a str,
    /// Lines of a configuration file that is given behind `-x`; none without any.
    pub lines: &'a str,
    /// Mail that is sent, each message on a connection of its own.
    pub mail: &'a [Mail<'a>],
}

impl Trial<'_> {
    /// Tries it. The socket has to be `@DIR@/run/s`, if it comes to that.
    pub fn observe(&self, scratch: &Scratch) -> String {
        let mut told = String::new();
        let address = Address::Unix(scratch.join("run/s"));
        let log = scratch.join("stderr");
        let mut process = self.start(scratch, &log);
        let listens = wait_for(LIMIT, || match process.try_wait().expect("its state") {
            Some(_) => Some(false),
            None => address.connect().ok().map(|_| true),
        });
        if listens == Some(true) {
            tell_process(&mut told, &process, scratch);
            for mail in self.mail {
                tell_mail(&mut told, &address, mail);
            }
            let pid = process.id().to_string();
            let _ = Command::new("kill").args(["-TERM", &pid]).status();
        }
        let status = wait_for(LIMIT, || process.try_wait().ok().flatten());
        if status.is_none() {
            let _ = process.kill();
            let _ = process.wait();
        }
        let _ = writeln!(told, "{}", status.map_or("it hangs".to_owned(), |one| one.to_string()));
        for (name, file) in [("log", "stderr"), ("said", "stdout")] {
            let text = fs::read_to_string(scratch.join(file)).unwrap_or_default();
            // Words that were typed are no effect.
            for line in text.lines().filter(|line| !line.contains("starting (args: ")) {
                let _ = writeln!(told, "{name}: {line}");
            }
        }
        told.replace(&scratch.path().display().to_string(), "@DIR@")
    }

    fn start(&self, scratch: &Scratch, log: &PathBuf) -> Child {
        let expand = |text: &str| {
            text.replace("@DIR@", &scratch.path().display().to_string())
                .replace("@DATA@", &here("data").display().to_string())
        };
        let mut words: Vec<String> = self.words.split_whitespace().map(expand).collect();
        if !self.lines.is_empty() {
            let file = scratch.write("program.conf", expand(self.lines));
            words.splice(0..0, ["-x".to_owned(), file.display().to_string()]);
        }
        Command::new(program::path())
            .arg(self.door)
            .args(words)
            .current_dir(scratch.path())
            .stdin(Stdio::null())
            .stdout(File::create(scratch.join("stdout")).expect("a file for what it says"))
            .stderr(File::create(log).expect("a file for its log"))
            .spawn()
            .expect("the program starts")
    }
}

/// Files that it made, and what the kernel says.
fn tell_process(told: &mut String, process: &Child, scratch: &Scratch) {
    let entries = fs::read_dir(scratch.join("run")).expect("the directory of the socket");
    let mut files: Vec<String> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let metadata = entry.metadata().ok()?;
            let kind = if metadata.file_type().is_socket() { "socket" } else { "file" };
            let name = entry.file_name().to_string_lossy().into_owned();
            Some(format!("{kind} {name} mode {:o}", metadata.mode() & 0o7777))
        })
        .collect();
    files.sort();
    for file in files {
        let _ = writeln!(told, "{file}");
    }
    let root = PathBuf::from(format!("/proc/{}", process.id()));
    let status = fs::read_to_string(root.join("status")).unwrap_or_default();
    let names = ["Uid:", "Gid:", "Groups:", "Umask:", "CoreDumping:"];
    for line in status.lines().filter(|line| names.iter().any(|name| line.starts_with(name))) {
        let _ = writeln!(told, "{}", line.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    let limits = fs::read_to_string(root.join("limits")).unwrap_or_default();
    for line in limits.lines().filter(|line| line.starts_with("Max core")) {
        let _ = writeln!(told, "{}", line.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    // A process that may not be dumped belongs to root, whoever it runs as (proc(5)).
    let owner = fs::metadata(root.join("environ")).map_or(0, |metadata| metadata.uid());
    let _ = writeln!(told, "/proc belongs to {owner}");
    let id = process.id();
    let children = fs::read_to_string(root.join(format!("task/{id}/children"))).unwrap_or_default();
    let _ = writeln!(told, "has {} children", children.split_whitespace().count());
    let directory = fs::read_link(root.join("cwd")).unwrap_or_default();
    let _ = writeln!(told, "works in {}", directory.display());
}

fn tell_mail(told: &mut String, address: &Address, mail: &Mail<'_>) {
    match conversation(address, mail) {
        Ok(frames) => frames.iter().for_each(|frame| tell_frame(told, frame)),
        Err(error) => {
            let _ = writeln!(told, "the conversation ended: {error}");
        }
    }
}

fn conversation(address: &Address, mail: &Mail<'_>) -> std::io::Result<Vec<Frame>> {
    let mut peer = Peer::connect(address)?;
    peer.set_patience(LIMIT);
    let mut all = vec![peer.negotiate()?];
    let (host, ip) = mail.client;
    let connect = peer.ask(b'C', format!("{host}\x004\x30\x39{ip}\0").as_bytes())?;
    if connect.0 != b'c' {
        all.push(connect);
        return Ok(all);
    }
    let macros: String =
        mail.macros.iter().map(|(name, value)| format!("{name}\0{value}\0")).collect();
    peer.send(b'D', format!("Mi\x004AB12\0j\0mx.example.net\0{macros}").as_bytes())?;
    let text = mail.text.replace("\r\n", "\n").replace('\n', "\r\n");
    let message = Message::parse(text.as_bytes());
    all.extend(peer.deliver("ann@example.com", mail.recipient, &message)?);
    Ok(all)
}

/// A frame on one line: its letter, and what can be read of it.
fn tell_frame(told: &mut String, (letter, payload): &Frame) {
    let numbers = |octets: &[u8]| -> Vec<String> {
        octets.chunks(4).map(|word| format!("{:#x}", be(word))).collect()
    };
    let (name, text) = match letter {
        b'O' => {
            let (bits, macros) = payload.split_at(payload.len().min(12));
            let _ = writeln!(told, "negotiated {}", numbers(bits).join(" "));
            ("macros", macros)
        }
        b'i' | b'm' => {
            let (at, field) = payload.split_at(payload.len().min(4));
            let name = if *letter == b'i' { "inserts" } else { "changes" };
            let _ = write!(told, "{name} {}:", be(at));
            ("", field)
        }
        b'q' => ("quarantines", payload.as_slice()),
        b'y' => ("answers", payload.as_slice()),
        b'a' => ("accepts", payload.as_slice()),
        b'c' => ("continues", payload.as_slice()),
        b't' => ("defers", payload.as_slice()),
        b'r' => ("rejects", payload.as_slice()),
        b'd' => ("discards", payload.as_slice()),
        _ => ("something else", payload.as_slice()),
    };
    let text = String::from_utf8_lossy(text).replace('\0', " | ");
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let _ = writeln!(told, "{name} {line}");
}

fn be(octets: &[u8]) -> u32 {
    octets.iter().fold(0, |number, octet| number << 8 | u32::from(*octet))
}
