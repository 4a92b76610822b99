//! `twinseal probe-socket`: a connection to a filter as another user, perhaps inside a chroot. For
//! `twinseal check` alone, which starts it as a process of its own: root is not given up for a while.

use crate::command::print;
use crate::manual::{Page, help, long};
use crate::privileges::Account;
use crate::terminal::Terminal;
use crate::tools::options::{Given, Takes, ToolOption};
use std::ffi::OsString;
use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;
use twinseal_config::{ExitCode, User};
use twinseal_milter::Offer;
use twinseal_milter::client::{ClientError, Connection};

/// The command's name; `--help` does not list it.
pub(crate) const NAME: &str = "probe-socket";

/// How long each step may take.
const PATIENCE: Duration = Duration::from_secs(5);

const OPTIONS: &[ToolOption] = &[
    ToolOption { name: "user", takes: Takes::Text("USER"), help: "whom to become" },
    ToolOption { name: "chroot", takes: Takes::Text("DIR"), help: "where to be shut in before" },
];

const SUMMARY: &str = "\
Becomes USER, connects to the socket, a path or HOST:PORT, and negotiates as an MTA does. Prints one
line when that fails: the step, and why.";

/// What there is to know of it; it has no manual page.
const PAGE: Page = Page {
    name: NAME,
    usage: &["[OPTION…] SOCKET"],
    about: SUMMARY,
    options: || long(OPTIONS),
    ..Page::ROW
};

/// What failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The probe could not be started.
    Start,
    /// The user could not be become.
    User,
    /// The socket may not be used.
    Denied,
    /// Nothing is there.
    Absent,
    /// Nobody listens.
    Refused,
    /// Who listens does not speak the protocol.
    Talk,
    /// Something else.
    Other,
}

impl Step {
    const ALL: [Self; 7] = [
        Self::Start,
        Self::User,
        Self::Denied,
        Self::Absent,
        Self::Refused,
        Self::Talk,
        Self::Other,
    ];

    const fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::User => "user",
            Self::Denied => "denied",
            Self::Absent => "absent",
            Self::Refused => "refused",
            Self::Talk => "talk",
            Self::Other => "other",
        }
    }

    /// The step of that word.
    pub(super) fn named(word: &str) -> Self {
        Self::ALL.into_iter().find(|step| step.word() == word).unwrap_or(Self::Other)
    }
}

/// What failed, and why.
#[derive(Debug)]
struct Failed(Step, String);

impl Failed {
    fn at(step: Step) -> impl Fn(&dyn fmt::Display) -> Self {
        move |why| Self(step, why.to_string())
    }

    fn connecting(error: &io::Error) -> Self {
        let known = [
            (ErrorKind::PermissionDenied, Step::Denied),
            (ErrorKind::NotFound, Step::Absent),
            (ErrorKind::ConnectionRefused, Step::Refused),
        ];
        let step = known.into_iter().find(|(kind, _)| *kind == error.kind());
        Self(step.map_or(Step::Other, |(_, step)| step), error.to_string())
    }
}

/// Runs the tool.
pub(crate) fn run(words: Vec<OsString>, terminal: &mut Terminal<'_>) -> ExitCode {
    let mut given = Given::with_operands(words, OPTIONS, 1);
    if given.help {
        return print(terminal, &help(&PAGE));
    }
    let user = given.need("user", |name| Ok::<_, String>(name.to_owned()));
    let root = given.all("chroot").last().map(PathBuf::from);
    let socket = given.operands.first().map(PathBuf::from);
    let (Some(user), Some(socket), true) = (user, socket, given.mistakes.is_empty()) else {
        given.mistakes.iter().for_each(|mistake| terminal.complain(mistake));
        return ExitCode::Usage;
    };
    match probe(&user, root.as_deref(), &socket) {
        Ok(()) => ExitCode::Ok,
        Err(Failed(step, why)) => {
            let _ = terminal.print(format_args!("{} {why}\n", step.word()));
            ExitCode::No
        }
    }
}

fn probe(user: &str, root: Option<&Path>, socket: &Path) -> Result<(), Failed> {
    let user = User { name: user.to_owned(), group: None };
    let become_it = || Account::find(&user)?.assume_within(root);
    become_it().map_err(|error| Failed::at(Step::User)(&error))?;
    let connecting = |error: io::Error| Failed::connecting(&error);
    if socket.is_absolute() || socket.starts_with(".") {
        let stream = UnixStream::connect(socket).map_err(connecting)?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(connecting)?;
        return talk(stream);
    }
    let text = socket.to_string_lossy().into_owned();
    let (host, port) = text.rsplit_once(':').unwrap_or((&text, ""));
    let port: u16 = port.parse().map_err(|error| Failed::at(Step::Other)(&error))?;
    let mut last = io::Error::from(ErrorKind::NotFound);
    for address in (host, port).to_socket_addrs().map_err(connecting)? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => {
                stream.set_read_timeout(Some(PATIENCE)).map_err(connecting)?;
                return talk(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(connecting(last))
}

/// Negotiates, and goes.
fn talk(stream: impl Read + Write) -> Result<(), Failed> {
    let failed = |error: ClientError| Failed::at(Step::Talk)(&error);
    let connection = Connection::open(stream, Offer::USUAL).map_err(failed)?;
    // Whoever has negotiated is a filter, however it takes its leave.
    let _ = connection.quit();
    Ok(())
}
