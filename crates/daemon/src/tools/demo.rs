//! `twinseal demo`: all of it on this machine, no root, nothing to configure.
//!
//! Nothing is played: the daemon that answers is the one that `serve` starts, from a file in the
//! native format, and the message goes through its socket as an MTA would send it.

use super::genkey::make_if_missing;
use super::options::{Given, Takes, ToolOption, number};
use crate::command::print;
use crate::manual::{Page, help, long};
use crate::serve::{FileSystem, log_to};
use crate::server::{CannotServe, Listening, Server};
use crate::signing::keyfile::{self, Exposure};
use crate::terminal::Terminal;
use std::ffi::OsString;
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;
use tokio::sync::watch;
use tracing_subscriber::filter::LevelFilter;
use twinseal_config::{Config, Door, ExitCode, Request, SocketSpec};
use twinseal_message::{Domain, Selector};
use twinseal_milter::client::{Connection, Header, Message, Verdict};
use twinseal_milter::{ClientAddress, ConnectInfo, MacroStage, Offer};

const OPTIONS: &[ToolOption] = &[
    ToolOption {
        name: "directory",
        takes: Takes::Text("DIR"),
        help: "where key and configuration go; var/demo if not given",
    },
    ToolOption {
        name: "port",
        takes: Takes::Text("PORT"),
        help: "the port on 127.0.0.1; 8891 if not given",
    },
    ToolOption {
        name: "once",
        takes: Takes::Nothing,
        help: "stop after the sample instead of going on serving",
    },
];

const SUMMARY: &str = "\
Makes a key for example.com, serves on a port of this machine, sends one message through it as an
MTA would, and shows what came out, what to publish, and what to tell Postfix.

Ends with 0 when it is stopped, 64 when the command line is wrong, 69 when the port is taken, and as
twinseal serve does otherwise.";

const DOMAIN: &str = "example.com";
const SELECTOR: &str = "mail2";
const DIRECTORY: &str = "var/demo";
const PORT: u16 = 8891;

/// How long the sample may take; the first signature takes a millisecond.
const PATIENCE: Duration = Duration::from_secs(10);

/// What an MTA shows to its filters.
const SAMPLE: &[u8] = b"From: Joe SixPack <joe@example.com>\r\n\
To: Suzie Q <suzie@shopping.example.net>\r\n\
Subject: Is dinner ready?\r\n\
Date: Fri, 11 Jul 2003 21:00:37 -0700\r\n\
Message-ID: <20030712040037.46341.5F8J@example.com>\r\n\
\r\n\
Hi.\r\n\
\r\n\
We lost the game.  Are you hungry yet?\r\n\
\r\n\
Joe.\r\n";

/// What went wrong, and how the program ends.
struct Failure(String, ExitCode);

impl Failure {
    fn new(what: impl std::fmt::Display, code: ExitCode) -> Self {
        Self(what.to_string(), code)
    }
}

/// What there is to know of it.
pub(crate) const PAGE: Page = Page {
    name: "demo",
    about: SUMMARY,
    options: || long(OPTIONS),
    summary: "show all of it on this machine, nothing to configure",
    examples: &[("", "twinseal demo --once")],
    files: &[("var/demo", "the key and the configuration that it makes")],
    see: &["twinseal(8)"],
    ..Page::ROW
};

/// Runs the tool.
pub fn run(words: Vec<OsString>, terminal: &mut Terminal<'_>) -> ExitCode {
    let mut given = Given::parse(words, OPTIONS);
    if given.help {
        return print(terminal, &help(&PAGE));
    }
    let port = given.read("port", number(1..=u16::MAX)).unwrap_or(PORT);
    if !given.mistakes.is_empty() {
        given.mistakes.iter().for_each(|mistake| terminal.complain(mistake));
        return ExitCode::Usage;
    }
    let directory = given.all("directory").last().map_or(PathBuf::from(DIRECTORY), PathBuf::from);
    match demonstrate(&directory, port, given.has("once"), terminal) {
        Ok(()) => ExitCode::Ok,
        Err(Failure(what, code)) => {
            what.lines().for_each(|line| terminal.complain(line));
            code
        }
    }
}

fn demonstrate(
    directory: &Path,
    port: u16,
    once: bool,
    terminal: &mut Terminal<'_>,
) -> Result<(), Failure> {
    let key = make_key(directory)?;
    let file = write_configuration(directory, port, &key)?;
    let (listening, config) = listen(&file, terminal)?;
    let (stop, _) = watch::channel(false);
    let stop_from_here = stop.clone();
    let server = thread::spawn(move || listening.run(&stop, || Ok(())));
    let shown = seal_sample(port).and_then(|sealed| show(&sealed, &key, &file, &config, terminal));
    if once || shown.is_err() {
        stop_from_here.send_replace(true);
    } else {
        let _ = terminal.print("\nServing until interrupted (Ctrl-C).\n");
    }
    let served =
        server.join().map_err(|_| Failure::new("the daemon panicked", ExitCode::Internal))?;
    served.map_err(|error| Failure::new(&error, error.exit_code()))?;
    shown
}

fn names() -> Result<(Domain, Selector), Failure> {
    let wrong = |what: String| Failure(what, ExitCode::Internal);
    let domain = Domain::parse(DOMAIN).map_err(|error| wrong(error.to_string()))?;
    Ok((domain, Selector::parse(SELECTOR).map_err(|error| wrong(error.to_string()))?))
}

fn make_key(directory: &Path) -> Result<PathBuf, Failure> {
    let (domain, selector) = names()?;
    let unwritable = |error| {
        Failure::new(format_args!("{}: {error}", directory.display()), ExitCode::Permission)
    };
    fs::create_dir_all(directory).map_err(unwritable)?;
    let files = make_if_missing(directory, &domain, &selector);
    files.map(|files| files.private).map_err(|what| Failure(what, ExitCode::Permission))
}

fn write_configuration(directory: &Path, port: u16, key: &Path) -> Result<PathBuf, Failure> {
    let file = directory.join("twinseal.yaml");
    let text = format!(
        "# Written by `twinseal demo`; see etc/twinseal.yaml for everything that can stand here.\n\
         socket: inet:{port}@127.0.0.1\n\
         mode: s\n\
         # The key lies among files of whoever tries this out. Leave it out for a real key.\n\
         require-safe-keys: no\n\
         signing:\n  \
           - senders: [\"*@{DOMAIN}\"]\n    \
             domain: {DOMAIN}\n    \
             keys:\n      \
               - {{ file: {:?}, selector: {SELECTOR} }}\n\
         log: {{ to: stderr }}\n",
        key.display().to_string()
    );
    let unwritable =
        |error| Failure::new(format_args!("{}: {error}", file.display()), ExitCode::Permission);
    fs::write(&file, text).map_err(unwritable)?;
    Ok(file)
}

fn listen(file: &Path, terminal: &mut Terminal<'_>) -> Result<(Listening, Config), Failure> {
    let words = vec!["--config".into(), file.into()];
    let loaded = match twinseal_config::serve(Door::Native, words, &FileSystem) {
        Ok(Request::Serve(loaded)) => loaded,
        Ok(_) => return Err(Failure::new("nothing to serve", ExitCode::Internal)),
        Err(mistakes) => return Err(Failure::new(&mistakes, mistakes.exit_code())),
    };
    let failure = |error: CannotServe| {
        let code = error.exit_code();
        let hint = if code == ExitCode::Unavailable { "; --port N takes another one" } else { "" };
        Failure(format!("{error}{hint}"), code)
    };
    let warn = |warning| terminal.complain(format_args!("warning: {warning}"));
    let server = Server::prepare(&loaded.config, warn).map_err(failure)?;
    log_to(&loaded.config, LevelFilter::INFO).map_err(failure)?;
    Ok((server.open(&loaded.config).map_err(failure)?, loaded.config))
}

/// Sends the sample through the socket and returns the message as the MTA would queue it.
fn seal_sample(port: u16) -> Result<Vec<u8>, Failure> {
    let broken =
        |what: &dyn std::fmt::Display| Failure(format!("the sample: {what}"), ExitCode::Internal);
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let stream = TcpStream::connect_timeout(&address, PATIENCE).map_err(|error| broken(&error))?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(|error| broken(&error))?;
    let mut mta = Connection::open(stream, Offer::USUAL).map_err(|error| broken(&error))?;
    mta.set_macros(MacroStage::EndOfMessage, &[("i", "DEMO1")]);
    mta.set_macros(MacroStage::EndOfHeaders, &[("i", "DEMO1")]);
    let address = ClientAddress::Inet(SocketAddr::from(([127, 0, 0, 1], 0)));
    let client = ConnectInfo { hostname: b"localhost", address };
    mta.connect(client, b"localhost").map_err(|error| broken(&error))?;
    let (mut header, body) = Header::parse(SAMPLE);
    let message = Message {
        sender: b"<joe@example.com>",
        sender_arguments: &[],
        recipients: &[b"<suzie@shopping.example.net>"],
        header: &header.clone(),
        body,
    };
    let outcome = mta.deliver(&message).map_err(|error| broken(&error))?;
    if outcome.verdict != Verdict::Accept || outcome.modifications.is_empty() {
        return Err(broken(&format_args!("it was not sealed: {:?}", outcome.verdict)));
    }
    let exact = mta.terms().leading_space();
    // The MTA writes its own field, which it does not show to filters (trap P5).
    header.put_received(
        b" from localhost (localhost [127.0.0.1])\n\
          \tby mail.example.com; Fri, 11 Jul 2003 21:00:38 -0700",
    );
    outcome.modifications.iter().for_each(|change| header.apply(change, exact));
    mta.quit().map_err(|error| broken(&error))?;
    Ok([&header.to_bytes(), &b"\r\n"[..], body].concat())
}

fn show(
    sealed: &[u8],
    key: &Path,
    file: &Path,
    config: &Config,
    terminal: &mut Terminal<'_>,
) -> Result<(), Failure> {
    let (domain, selector) = names()?;
    let unusable = |what: String| Failure(what, ExitCode::Internal);
    let loaded =
        keyfile::load(key, Exposure::Warned, &[]).map_err(|error| unusable(error.to_string()))?;
    let record = loaded.key.record().map_err(|error| unusable(error.to_string()))?;
    let message = String::from_utf8_lossy(sealed).replace("\r\n", "\n");
    let sockets: Vec<String> = config.sockets.iter().map(in_words_of_postfix).collect();
    let text = format!(
        "The message as it leaves, both seals from {}:\n\n{message}\n\
         Publish in DNS, one record for both seals:\n\n{}\n\
         and, for receivers that ask for the policy of DomainKeys:\n\n\
         _domainkey.{domain}.\tIN\tTXT\t\"o=~\"\n\n\
         Tell Postfix, in main.cf:\n\n\
         smtpd_milters = {sockets}\n\
         non_smtpd_milters = $smtpd_milters\n\
         milter_default_action = tempfail\n\n\
         The configuration is {}; for your own domain, see README.md.\n",
        key.display(),
        record.zone_line(&format!("{selector}._domainkey.{domain}.")),
        file.display(),
        sockets = sockets.join(", "),
    );
    terminal.print(text).map_err(|error| Failure::new(error, ExitCode::System))
}

/// A socket as Postfix writes the other end of it.
fn in_words_of_postfix(socket: &SocketSpec) -> String {
    match socket {
        SocketSpec::Unix { path } => format!("unix:{}", path.display()),
        SocketSpec::Inet { host, port, .. } => {
            format!("inet:{}:{port}", host.as_deref().unwrap_or("127.0.0.1"))
        }
    }
}
