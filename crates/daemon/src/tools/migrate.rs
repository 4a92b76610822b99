//! `twinseal migrate`: from the set-up of dk-filter, dkim-filter or opendkim to one file of ours.
//!
//! | module | what is in it |
//! |---|---|
//! | `root` | the host: its files, its links, and what was looked at |
//! | `programs`, `discovery` | what it starts, with which command line |
//! | `shell`, `unit` | what sh and systemd make of files |
//! | `old`, `native` | configurations, read through their front doors |
//! | `draft`, `entries`, `patterns` | one file for all of them |
//! | `text` | the file |
//! | `prove`, `corpus`, `clients`, `decision` | whether it decides as they did |

mod clients;
mod corpus;
mod decision;
mod discovery;
mod draft;
mod entries;
mod native;
mod old;
mod patterns;
mod programs;
mod prove;
mod root;
mod shell;
mod text;
mod unit;

use super::options::{Given, Takes, ToolOption, number};
use crate::command::print;
use crate::manual::{Page, Words, help, long};
use crate::rehearsal;
use crate::signing::keyring::Parse;
use crate::terminal::Terminal;
use clients::Client;
use draft::Draft;
use old::Old;
use programs::{PROGRAMS, Program};
use prove::CannotProve;
use root::Root;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use twinseal_config::{Config, ExitCode};

const OPTIONS: &[ToolOption] = &[
    ToolOption {
        name: "root",
        takes: Takes::Text("DIR"),
        help: "the host is below this directory, and not this one",
    },
    ToolOption {
        name: "output",
        takes: Takes::Text("FILE"),
        help: "write the new file there, where there is none yet",
    },
    ToolOption {
        name: "prove",
        takes: Takes::Text("MAIL"),
        help: "compare what both decide about this mail: *.eml files, a Maildir, a mailbox",
    },
    ToolOption {
        name: "against",
        takes: Takes::Text("FILE"),
        help: "prove this file of ours, and make none",
    },
    ToolOption {
        name: "client",
        takes: Takes::Text("ADDRESS"),
        help: "a further client to compare for, as ADDRESS or NAME,ADDRESS; several times",
    },
    ToolOption {
        name: "differences",
        takes: Takes::Text("NUMBER"),
        help: "how many differences are told; 20 if not given",
    },
];

const SUMMARY: &str = "\
Reads what dk-filter, dkim-filter and opendkim are told on this host, or those of them that are
named, and prints one file for twinseal serve in their place, with a comment on what is not as it
was. Keys and selectors stay, so that nothing changes in DNS. Standard error tells which files were
read, what could not be carried over, and what to do next. Nothing on the host is changed.

Ends with 0 when all was carried over and nothing decides otherwise, 1 when something was not or does,
64 when the command line is wrong, 66 when nothing is there to read, 71 when the new file cannot be
written, 78 when the old set-up has mistakes.";

/// How many differences are told.
const USUAL_DIFFERENCES: usize = 20;

/// Where our own file usually is.
const USUAL_FILE: &str = "/etc/twinseal/twinseal.yaml";

/// What is asked for.
struct Asked {
    root: PathBuf,
    programs: Vec<Program>,
    output: Option<PathBuf>,
    corpus: Option<PathBuf>,
    against: Option<PathBuf>,
    clients: Vec<Client>,
    differences: usize,
}

/// What the old programs are told.
struct Host {
    root: Root,
    olds: Vec<Old>,
    /// Every mistake in it.
    mistakes: Vec<String>,
    /// What is not understood, and programs that are not there.
    unknown: Vec<String>,
}

/// What there is to know of it.
pub(crate) const PAGE: Page = Page {
    name: "migrate",
    about: SUMMARY,
    options: || long(OPTIONS),
    summary: "make one file of an old set-up, and prove that it decides the same",
    usage: &["[OPTION…] [PROGRAM…]"],
    operands: Words::These(&["dk-filter", "dkim-filter", "opendkim"]),
    examples: &[
        (
            "Make the new file, and compare both on mail that was sent:",
            "twinseal migrate --output /etc/twinseal/twinseal.yaml --prove /var/mail/archive",
        ),
        ("The same for a host below a directory:", "twinseal migrate --root /mnt/old"),
    ],
    see: &["twinseal.yaml(5)", "twinseal-check(8)"],
    ..Page::ROW
};

/// Runs the command with the words behind its name.
pub fn run(words: Vec<OsString>, terminal: &mut Terminal<'_>) -> ExitCode {
    let mut given = Given::with_operands(words, OPTIONS, PROGRAMS.len());
    if given.help {
        return print(terminal, &help(&PAGE));
    }
    let asked = asked(&mut given);
    if !given.mistakes.is_empty() {
        given.mistakes.iter().for_each(|mistake| terminal.complain(mistake));
        return ExitCode::Usage;
    }
    let host = look(&asked);
    if host.olds.is_empty() && host.mistakes.is_empty() {
        host.unknown.iter().for_each(|line| terminal.complain(line));
        let names = PROGRAMS.map(|program| program.name).join(", ");
        let below = asked.root.display();
        terminal.complain(format_args!("{below}: nothing here starts any of {names}"));
        return ExitCode::NoInput;
    }
    match &asked.against {
        Some(file) => against(file, &asked, host, terminal),
        None => made(&asked, host, terminal),
    }
}

fn asked(given: &mut Given) -> Asked {
    let path = |given: &Given, name: &str| given.all(name).last().map(PathBuf::from);
    let differences = given.read("differences", number(0..=usize::MAX));
    let clients = given.read_all("client", Client::parse);
    let mut programs = Vec::new();
    for name in std::mem::take(&mut given.operands) {
        match PROGRAMS.into_iter().find(|program| name == program.name) {
            Some(program) => programs.push(program),
            None => {
                let names = PROGRAMS.map(|program| program.name).join(", ");
                given.mistakes.push(format!("{name:?} is no program that is known: {names}"));
            }
        }
    }
    let asked = Asked {
        root: path(given, "root").unwrap_or_else(|| "/".into()),
        programs,
        output: path(given, "output"),
        corpus: path(given, "prove"),
        against: path(given, "against"),
        clients,
        differences: differences.unwrap_or(USUAL_DIFFERENCES),
    };
    if asked.against.is_some() && asked.corpus.is_none() {
        given.mistakes.push("--against needs --prove: the mail to prove it with".to_owned());
    }
    if asked.against.is_some() && asked.output.is_some() {
        given.mistakes.push("--against makes no file for --output".to_owned());
    }
    asked
}

/// Reads what the host starts.
fn look(asked: &Asked) -> Host {
    let root = Root::new(&asked.root);
    let found = discovery::discover(&root, &asked.programs);
    let missing = found.missing.iter().map(|name| format!("{name}: nothing here starts it"));
    let unknown = found.unknown.iter().map(|one| format!("{}: {}", one.place, one.what));
    let unknown = missing.chain(unknown).collect();
    let (mut olds, mut mistakes) = (Vec::new(), Vec::new());
    for started in found.started {
        match old::read(&root, started) {
            Ok(old) => {
                mistakes.extend(keys(&root, &old));
                olds.push(old);
            }
            Err(mut lines) => mistakes.append(&mut lines),
        }
    }
    Host { root, olds, mistakes, unknown }
}

/// What is wrong with the keys of an old configuration.
fn keys(root: &Root, old: &Old) -> Vec<String> {
    let checked = rehearsal::service(&old.rooted, Parse::Now, |_| {});
    let text = checked.err().map(|mistakes| mistakes.to_string()).unwrap_or_default();
    text.lines().map(|line| root.as_the_host_has_it(line)).collect()
}

/// Makes the new file, and proves it.
fn made(asked: &Asked, host: Host, terminal: &mut Terminal<'_>) -> ExitCode {
    let Host { root, olds, mistakes, unknown } = host;
    let programs: Vec<&str> = olds.iter().map(Old::name).collect();
    let mut draft = match draft::draft(&olds, &native::defaults(&root), &root) {
        Ok(draft) => draft,
        Err(error) => {
            terminal.complain(error);
            return ExitCode::Configuration;
        }
    };
    draft.lost.splice(0..0, unknown.into_iter().chain(mistakes.iter().cloned()));
    let text = text::of(&draft, &programs);
    let config = match checked(&root, &text) {
        Ok(config) => Some(config),
        Err(lines) => {
            draft.lost.extend(lines);
            None
        }
    };
    if let Err(error) = deliver(asked.output.as_deref(), &text, terminal) {
        terminal.complain(error);
        return ExitCode::System;
    }
    report(&root, &draft, &olds, asked, terminal);
    let proved = match (&asked.corpus, &config) {
        (Some(corpus), Some(config)) if mistakes.is_empty() => {
            proof(corpus, (&root, &olds, config), asked, terminal)
        }
        _ => ExitCode::Ok,
    };
    if !mistakes.is_empty() {
        return ExitCode::Configuration;
    }
    or_no(proved, draft.lost.is_empty())
}

/// The new configuration, if it could be served.
fn checked(root: &Root, text: &str) -> Result<Config, Vec<String>> {
    let config = native::read(root, Path::new(USUAL_FILE), text)?;
    native::check(root, &config)?;
    Ok(config)
}

/// Proves a file that is there already.
fn against(file: &Path, asked: &Asked, host: Host, terminal: &mut Terminal<'_>) -> ExitCode {
    let Host { root, olds, mistakes, unknown } = host;
    unknown.iter().chain(&mistakes).for_each(|line| terminal.complain(line));
    if !mistakes.is_empty() {
        return ExitCode::Configuration;
    }
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => {
            terminal.complain(format_args!("{}: {error}", file.display()));
            return ExitCode::NoInput;
        }
    };
    let config = match native::read(&root, file, &text) {
        Ok(config) => config,
        Err(lines) => {
            lines.iter().for_each(|line| terminal.complain(line));
            return ExitCode::Configuration;
        }
    };
    let Some(corpus) = &asked.corpus else { return ExitCode::Usage };
    let proved = proof(corpus, (&root, &olds, &config), asked, terminal);
    or_no(proved, unknown.is_empty())
}

/// The code, unless all is well with it and not with the rest.
fn or_no(code: ExitCode, rest_is_well: bool) -> ExitCode {
    if code == ExitCode::Ok && !rest_is_well { ExitCode::No } else { code }
}

/// Takes every decision twice, and tells what differs.
fn proof(
    corpus: &Path,
    (root, olds, new): (&Root, &[Old], &Config),
    asked: &Asked,
    terminal: &mut Terminal<'_>,
) -> ExitCode {
    let old: Vec<&Config> = olds.iter().map(|old| &old.rooted).collect();
    let all: Vec<&Config> = old.iter().copied().chain([new]).collect();
    let clients = clients::choose(&all, root, asked.clients.clone());
    match prove::prove(corpus, &clients, (&old, new), asked.differences) {
        Ok(proof) if proof.messages == 0 => {
            terminal.complain(format_args!("{}: there is no message in it", corpus.display()));
            ExitCode::NoInput
        }
        Ok(proof) => {
            // Standard output may be the new file.
            let is_free = asked.output.is_some() || asked.against.is_some();
            let text = proof.text();
            let printed = if is_free { print(terminal, &text) } else { say(terminal, &text) };
            if proof.holds() { printed } else { ExitCode::No }
        }
        Err(error) => {
            terminal.complain(format_args!("{}: {error}", corpus.display()));
            match error {
                CannotProve::Corpus(_) => ExitCode::NoInput,
                CannotProve::Keys(_) => ExitCode::Configuration,
                CannotProve::Silent(_) => ExitCode::Internal,
            }
        }
    }
}

/// Prints the file, or writes it where there is none.
fn deliver(output: Option<&Path>, text: &str, terminal: &mut Terminal<'_>) -> Result<(), String> {
    let Some(path) = output else {
        return terminal.print(text).map_err(|error| format!("standard output: {error}"));
    };
    let created = fs::OpenOptions::new().write(true).create_new(true).open(path);
    let written = created.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| {
        let there = error.kind() == io::ErrorKind::AlreadyExists;
        let why = if there { "nothing is written over it: " } else { "" };
        format!("{}: {why}{error}", path.display())
    })
}

/// Tells what was read, what could not be carried over, and what to do next.
fn report(root: &Root, draft: &Draft, olds: &[Old], asked: &Asked, terminal: &mut Terminal<'_>) {
    let mut text = String::new();
    let mut part = |head: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            text.push_str(&format!("{head}\n"));
            lines.iter().for_each(|line| text.push_str(&format!("  {line}\n")));
        }
    };
    part("read:", root.inventory());
    part("not carried over:", draft.lost.clone());
    if !olds.is_empty() {
        part("next:", text::next_steps(olds, asked.output.as_deref()));
    }
    say(terminal, &text);
}

/// Says it on standard error.
fn say(terminal: &mut Terminal<'_>, text: &str) -> ExitCode {
    let _ = write!(terminal.errors, "{text}");
    ExitCode::Ok
}
