//! `twinseal verify`: what the milter would make of one message, and why.

mod asking;
mod explain;
mod failure;
mod json;
mod lines;

use super::lookup::NAMESERVER;
use super::message::Message;
use super::options::{Given, Takes, ToolOption, number};
use crate::command::print;
use crate::manual::{Page, Section, Words, help, long};
use crate::serving::service::system_clock;
use crate::terminal::Terminal;
use crate::verifying::report::Report;
use asking::Source;
use explain::{Explanation, HeldBody};
use failure::Failure;
use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, sink};
use std::net::SocketAddr;
use std::path::PathBuf;
use twinseal_config::{Door, ExitCode, authserv_id, name_server};
use twinseal_dkim::{Demands, KeyQuery, ResultWord, TxtAnswer, Verdict, Verifier};
use twinseal_message::{HeaderBlock, NewField, text};

const OPTIONS: &[ToolOption] = &[
    ToolOption {
        name: "keys",
        takes: Takes::Text("FILE"),
        help: "a file of keys in place of DNS: lines of a name and its record",
    },
    NAMESERVER,
    ToolOption {
        name: "authserv-id",
        takes: Takes::Text("ID"),
        help: "in whose name the result speaks; this host's if not given",
    },
    ToolOption {
        name: "at",
        takes: Takes::Text("SECONDS"),
        help: "the time to judge at, since 1970; now if not given",
    },
    ToolOption { name: "json", takes: Takes::Nothing, help: "print one JSON object" },
    ToolOption {
        name: "explain",
        takes: Takes::Nothing,
        help: "show what was hashed, and look for the cause of a failure",
    },
    ToolOption {
        name: "whole-body",
        takes: Takes::Nothing,
        help: "with --explain: show the body to its end, not its first 4 KiB",
    },
];

const SUMMARY: &str = "\
Checks the DKIM signatures of a message, from the file or from standard input, with lines that end
in LF or CRLF. Prints a line for each signature, from top to bottom:

  WORD d=DOMAIN s=SELECTOR a=ALGORITHM c=CANONICALIZATION bits=KEYSIZE [WHY NOT (reason=CODE)]

or \"none\", and behind an empty line the Authentication-Results field that the milter would add.

Ends with 0 when a signature passes, 1 when none does, 75 when DNS may still say so, 64 when the
command line is wrong, 65 when there is no message in the file, 66 when a file cannot be read, 78
when the file of keys is wrong.

--json prints an object with \"result\" (a word for all), \"authentication_results\" and
\"signatures\", a list of objects: \"result\", \"code\", \"reason\", \"domain\", \"selector\",
\"identity\", \"algorithm\", \"canonicalization\", \"bits\", \"testing\", \"secure\",
\"signed_octets\", \"body_octets\", and with --explain \"explanation\". What is unknown is null.";

/// What is to be done.
struct Task {
    source: Source,
    authserv_id: String,
    now: u64,
    json: bool,
    explain: bool,
    whole_body: bool,
    /// `None` for standard input.
    file: Option<PathBuf>,
}

/// What came out.
struct Judged {
    verdicts: Vec<Verdict>,
    /// One for each verdict, where they were asked for.
    explanations: Vec<Option<Explanation>>,
    field: Option<NewField>,
}

/// What there is to know of it.
pub(crate) const PAGE: Page = Page {
    name: "verify",
    about: SUMMARY,
    options: || long(OPTIONS),
    section: Section::User,
    summary: "check the signatures of one message, and say why one fails",
    usage: &["[OPTION…] [FILE]"],
    operands: Words::Files,
    examples: &[
        ("Judge a message by what DNS says:", "twinseal verify message.eml"),
        ("Find out what was changed:", "twinseal verify --explain message.eml"),
        ("Without DNS, by a file of keys:", "twinseal verify --keys keys.txt message.eml"),
    ],
    see: &["twinseal-sign(1)", "twinseal-testkey(8)"],
    ..Page::ROW
};

/// Runs the tool.
pub fn run(words: Vec<OsString>, terminal: &mut Terminal<'_>) -> ExitCode {
    let mut given = Given::with_operands(words, OPTIONS, 1);
    if given.help {
        return print(terminal, &help(&PAGE));
    }
    let task = Task::read(&mut given);
    if !given.mistakes.is_empty() {
        given.mistakes.iter().for_each(|mistake| terminal.complain(mistake));
        return ExitCode::Usage;
    }
    let written = judge(&task, terminal).and_then(|judged| {
        let text = if task.json { json::render(&judged)? } else { lines::render(&judged) };
        terminal.print(text).map_err(Failure::Output)?;
        Ok(exit_code(&judged.verdicts))
    });
    written.unwrap_or_else(|failure| {
        failure.to_string().lines().for_each(|line| terminal.complain(line));
        failure.exit_code()
    })
}

/// The verdicts on the message from standard input, by the keys that these servers have; or what
/// keeps them from being known.
pub(super) fn verdicts(
    servers: Vec<SocketAddr>,
    terminal: &mut Terminal<'_>,
) -> Result<Vec<Verdict>, String> {
    let task = Task {
        source: Source::Dns { servers },
        authserv_id: host_name(),
        now: system_clock(),
        json: false,
        explain: false,
        whole_body: false,
        file: None,
    };
    let judged = judge(&task, terminal).map_err(|failure| failure.to_string())?;
    Ok(judged.verdicts)
}

/// A signature that passes is enough; what DNS did not say may still become one.
fn exit_code(verdicts: &[Verdict]) -> ExitCode {
    let any = |word| verdicts.iter().any(|verdict| verdict.outcome.word() == word);
    if any(ResultWord::Pass) {
        ExitCode::Ok
    } else if any(ResultWord::TempError) {
        ExitCode::Temporary
    } else {
        ExitCode::No
    }
}

impl Task {
    fn read(given: &mut Given) -> Self {
        let servers = given.read_all(NAMESERVER.name, name_server);
        let keys = given.all("keys").last().map(PathBuf::from);
        if keys.is_some() && given.has("nameserver") {
            given.mistakes.push("--keys takes the place of DNS: --nameserver is too much".into());
        }
        if given.has("whole-body") && !given.has("explain") {
            given.mistakes.push("--whole-body needs --explain".into());
        }
        let file = given.operands.first().filter(|word| *word != "-").map(PathBuf::from);
        Self {
            source: keys.map_or(Source::Dns { servers }, Source::File),
            authserv_id: given.read("authserv-id", authserv_id).unwrap_or_else(host_name),
            now: given.read("at", number(0..=u64::MAX)).unwrap_or_else(system_clock),
            json: given.has("json"),
            explain: given.has("explain"),
            whole_body: given.has("whole-body"),
            file,
        }
    }
}

/// This host's name; one that has none is `localhost`.
fn host_name() -> String {
    let name = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    name.filter(|name| authserv_id(name).is_ok()).unwrap_or_else(|| "localhost".to_owned())
}

fn judge(task: &Task, terminal: &mut Terminal<'_>) -> Result<Judged, Failure> {
    // Mistakes in it are told before anything is read from standard input.
    let resolver = task.source.open(|warning| terminal.complain(warning))?;
    let Some(path) = &task.file else {
        return judge_message("standard input", &mut *terminal.input, task, resolver.as_ref());
    };
    let name = text::path(path);
    let file = File::open(path).map_err(|error| Failure::file(&name, error))?;
    judge_message(&name, file, task, resolver.as_ref())
}

fn judge_message(
    name: &str,
    input: impl Read,
    task: &Task,
    resolver: &dyn crate::resolver::Resolver,
) -> Result<Judged, Failure> {
    let mut message = Message::new(name.to_owned(), input, sink());
    let header = message.read_header()?;
    if header.is_empty() {
        return Err(Failure::NoMessage { from: name.to_owned() });
    }
    let known = task.explain.then(|| header.clone());
    let mut verifier = Verifier::new(header, Demands::default(), task.now);
    let answers = asking::ask(resolver, &mut verifier)?;
    let mut body = HeldBody::default();
    message.read_body(|octets| {
        verifier.feed(octets);
        if task.explain {
            body.feed(octets);
        }
    })?;
    let verdicts = verifier.finish();
    let explanations = known.map_or_else(Vec::new, |header| {
        explain::all(&header, &body, &verdicts, &answers, task.whole_body)
    });
    let field = report(&verdicts, &task.authserv_id).field();
    Ok(Judged { verdicts, explanations, field })
}

/// What there is to say about each signature, in words: nothing about one that passes. `answers` are
/// what was said about the keys.
pub(super) fn causes(
    header: &HeaderBlock,
    body: &[u8],
    verdicts: &[Verdict],
    answers: &[(KeyQuery, TxtAnswer)],
) -> Vec<Vec<String>> {
    let mut held = HeldBody::default();
    held.feed(body);
    let words = |found: Option<Explanation>| {
        found.iter().flat_map(|found| &found.findings).map(ToString::to_string).collect()
    };
    explain::all(header, &held, verdicts, answers, false).into_iter().map(words).collect()
}

/// What the milter would write, were it told to write in any case.
const fn report<'a>(verdicts: &'a [Verdict], authserv_id: &'a str) -> Report<'a> {
    Report {
        door: Door::Native,
        authserv_id,
        job_id: None,
        verdicts,
        adsp: None,
        well_formed: true,
        always: true,
        with_signature: true,
    }
}

#[cfg(test)]
mod tests;
