//! The sub-commands, the names that stand for one, and how the program ends.

use crate::manual::{Page, doors};
use crate::reporting::courier;
use crate::terminal::Terminal;
use crate::{VERSION, serve, tools};
use std::ffi::{OsStr, OsString};
use std::path::Path;
use twinseal_config::{Door, ExitCode};

/// One sub-command.
pub(crate) struct Command {
    /// What there is to know of it.
    pub(crate) page: &'static Page,
    run: fn(Vec<OsString>, &mut Terminal<'_>) -> ExitCode,
}

/// All sub-commands, in the order in which `--help` lists them.
pub(crate) const COMMANDS: &[Command] = &[
    Command {
        page: &doors::SERVE,
        run: |words, terminal| serve::run(Door::Native, words, terminal),
    },
    Command {
        page: &doors::DK_FILTER,
        run: |words, terminal| serve::run(Door::DkFilter, words, terminal),
    },
    Command {
        page: &doors::DKIM_FILTER,
        run: |words, terminal| serve::run(Door::DkimFilter, words, terminal),
    },
    Command {
        page: &doors::OPENDKIM,
        run: |words, terminal| serve::run(Door::Opendkim, words, terminal),
    },
    Command { page: &tools::sign::PAGE, run: tools::sign::run },
    Command { page: &tools::verify::PAGE, run: tools::verify::run },
    Command { page: &tools::config::PAGE, run: tools::config::run },
    Command { page: &tools::migrate::PAGE, run: tools::migrate::run },
    Command { page: &tools::explain::PAGE, run: tools::explain::run },
    Command { page: &tools::check::PAGE, run: tools::check::run },
    Command { page: &tools::selftest::PAGE, run: tools::selftest::run },
    Command { page: &tools::stats::PAGE, run: tools::stats::run },
    Command { page: &tools::dns::PAGE, run: tools::dns::run },
    Command { page: &tools::genkey::PAGE, run: tools::genkey::run },
    Command { page: &tools::testkey::PAGE, run: tools::testkey::run },
    Command { page: &tools::testselector::PAGE, run: tools::testselector::run },
    Command { page: &tools::testpolicy::PAGE, run: tools::testpolicy::run },
    Command { page: &tools::testadsp::PAGE, run: tools::testadsp::run },
    Command { page: &tools::testmsg::PAGE, run: tools::testmsg::run },
    Command { page: &tools::demo::PAGE, run: tools::demo::run },
];

/// Runs the program that was called by that name, or by a path that ends in it, with the other
/// words of its command line. Under the name of a historic program, it is that program.
pub fn run(name: &OsStr, mut words: Vec<OsString>, terminal: &mut Terminal<'_>) -> ExitCode {
    if let Some(code) = courier::run() {
        return code;
    }
    let base = Path::new(name).file_name().and_then(OsStr::to_str);
    if let Some(door) = base.and_then(Door::of_program) {
        return serve::run(door, words, terminal);
    }
    if let Some(code) = base.and_then(|base| tools::former::run(base, words.clone(), terminal)) {
        return code;
    }
    let word = if words.is_empty() { None } else { Some(words.remove(0)) };
    let name = word.as_ref().and_then(|word| word.to_str());
    match name {
        Some("--help" | "-h" | "-?" | "help") => print(terminal, &usage()),
        Some("--version" | "-V") => print(terminal, &format!("twinseal {VERSION}\n")),
        Some(name) if name == tools::check::PROBE => tools::check::probe(words, terminal),
        None => refuse(terminal, "a command is missing"),
        Some(name) => match COMMANDS.iter().find(|command| command.page.name == name) {
            Some(command) => (command.run)(words, terminal),
            // The tools of the old daemons need no link either.
            None => tools::former::run(name, words, terminal)
                .unwrap_or_else(|| refuse(terminal, &format!("unknown command {name:?}"))),
        },
    }
}

fn refuse(terminal: &mut Terminal<'_>, why: &str) -> ExitCode {
    terminal.complain(why);
    let _ = write!(terminal.errors, "{}", usage());
    ExitCode::Usage
}

fn usage() -> String {
    let mut text = "usage: twinseal COMMAND [OPTION…]\n\n".to_owned();
    for Page { name, summary, .. } in COMMANDS.iter().map(|command| command.page) {
        text.push_str(&format!("  {name:<12} {summary}\n"));
    }
    text.push_str("\ntwinseal COMMAND --help tells more about each.\n");
    text
}

/// Prints what was asked for; a reader that went away is no mistake of the user's.
pub(crate) fn print(terminal: &mut Terminal<'_>, text: &str) -> ExitCode {
    match terminal.print(text) {
        Ok(()) => ExitCode::Ok,
        Err(error) => {
            terminal.complain(format_args!("standard output: {error}"));
            ExitCode::System
        }
    }
}
