//! The sub-commands, the names that stand for one, and how the program ends.

use crate::reporting::courier;
use crate::terminal::Terminal;
use crate::{VERSION, serve, tools};
use std::ffi::{OsStr, OsString};
use std::path::Path;
use twinseal_config::{Door, ExitCode};

/// One sub-command.
struct Command {
    name: &'static str,
    summary: &'static str,
    run: fn(Vec<OsString>, &mut Terminal<'_>) -> ExitCode,
}

/// All sub-commands, in the order in which `--help` lists them.
const COMMANDS: &[Command] = &[
    Command {
        name: "serve",
        summary: "serve MTAs: put both seals on what they send",
        run: |words, terminal| serve::run(Door::Native, words, terminal),
    },
    Command {
        name: Door::DkFilter.program(),
        summary: "the same in place of dk-filter, with its options",
        run: |words, terminal| serve::run(Door::DkFilter, words, terminal),
    },
    Command {
        name: Door::DkimFilter.program(),
        summary: "the same in place of dkim-filter, with its options and its file",
        run: |words, terminal| serve::run(Door::DkimFilter, words, terminal),
    },
    Command {
        name: Door::Opendkim.program(),
        summary: "the same in place of opendkim, with its options, its file and its tables",
        run: |words, terminal| serve::run(Door::Opendkim, words, terminal),
    },
    Command {
        name: "sign",
        summary: "sign one message, standard input to standard output",
        run: tools::sign::run,
    },
    Command {
        name: "verify",
        summary: "check the signatures of one message, and say why one fails",
        run: tools::verify::run,
    },
    Command {
        name: "config",
        summary: "show what a configuration, or an old command line, comes to",
        run: tools::config::run,
    },
    Command {
        name: "migrate",
        summary: "make one file of an old set-up, and prove that it decides the same",
        run: tools::migrate::run,
    },
    Command {
        name: "explain",
        summary: "say how an address's mail would be signed, or why not",
        run: tools::explain::run,
    },
    Command {
        name: "check",
        summary: "look at everything that has to agree, on this host and in DNS",
        run: tools::check::run,
    },
    Command {
        name: "selftest",
        summary: "send a message through the MTA, and look at what arrives",
        run: tools::selftest::run,
    },
    Command {
        name: "stats",
        summary: "print what a running daemon has counted, for Cacti and SNMP",
        run: tools::stats::run,
    },
    Command {
        name: "dns",
        summary: "print everything that the domains which sign should publish",
        run: tools::dns::run,
    },
    Command { name: "genkey", summary: "make keys and their DNS records", run: tools::genkey::run },
    Command {
        name: "testkey",
        summary: "say whether a published key is of use, and whose it is",
        run: tools::testkey::run,
    },
    Command {
        name: "testselector",
        summary: "say what DomainKeys makes of a published key",
        run: tools::testselector::run,
    },
    Command {
        name: "testpolicy",
        summary: "say what domains tell DomainKeys of their mail",
        run: tools::testpolicy::run,
    },
    Command {
        name: "testadsp",
        summary: "say what domains tell of mail without their signature",
        run: tools::testadsp::run,
    },
    Command {
        name: "testmsg",
        summary: "sign or verify one message as opendkim-testmsg does",
        run: tools::testmsg::run,
    },
    Command {
        name: "demo",
        summary: "show all of it on this machine, nothing to configure",
        run: tools::demo::run,
    },
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
        Some(name) => match COMMANDS.iter().find(|command| command.name == name) {
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
    for Command { name, summary, .. } in COMMANDS {
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
