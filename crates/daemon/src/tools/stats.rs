//! `twinseal stats`: the figures of a running daemon, for Cacti, SNMP and scripts.

mod asked;
pub(super) mod fetch;
mod form;
mod pass;

use super::configured::Configured;
use super::options::asked;
use crate::command::print;
use crate::manual::{Page, help, long};
use crate::terminal::Terminal;
use asked::{Asked, Form, OPTIONS, Whom};
use form::Figures;
use std::ffi::OsString;
use twinseal_config::{ExitCode, HttpSocket};

const SUMMARY: &str = "\
Prints what a running daemon has counted, a name and a number a line: only those figures that are
named, or whose name begins with what stands before a *. The daemon is asked where metrics.socket of
its configuration says: /etc/twinseal/twinseal.yaml, or that of options as twinseal serve takes them
(--config FILE), or that of another program: twinseal stats -- dkim-filter -x FILE.

Ends with 0 when it has printed something, 1 when no figure has such a name, 64 when the command
line is wrong, 69 when nobody answers, 78 when the configuration is wrong or names no socket.";

/// What there is to know of it.
pub(crate) const PAGE: Page = Page {
    name: "stats",
    about: SUMMARY,
    options: || long(OPTIONS),
    summary: "print what a running daemon has counted, for Cacti and SNMP",
    usage: &["[--config FILE] [OPTION…] [NAME…]", "[OPTION…] [NAME…] -- PROGRAM [OPTION…]"],
    configured: true,
    examples: &[
        ("All figures:", "twinseal stats"),
        ("One line for Cacti:", "twinseal stats --cacti"),
        ("One number, for snmpd.conf:", "twinseal stats --snmp messages_signed"),
    ],
    files: &[("/etc/twinseal/twinseal.yaml", "the configuration that is meant when none is named")],
    see: &["twinseal-serve(8)", "dkim-stats(8)"],
    ..Page::ROW
};

/// Runs the tool.
pub fn run(words: Vec<OsString>, terminal: &mut Terminal<'_>) -> ExitCode {
    let done = asked(Asked::read(words), ("stats", usage), terminal).and_then(|asked| {
        let socket = match &asked.whom {
            Whom::Socket(socket) => socket.clone(),
            Whom::Configured(configured) => socket_of(configured, usage, terminal)?,
        };
        Ok(told(&asked, &socket, terminal))
    });
    done.unwrap_or_else(|code| code)
}

/// Where the daemon of that configuration is asked.
///
/// # Errors
/// How the program ends when there is no such place; that is told.
pub(super) fn socket_of(
    configured: &Configured,
    usage: fn() -> String,
    terminal: &mut Terminal<'_>,
) -> Result<HttpSocket, ExitCode> {
    let loaded = configured.load(usage, terminal)?;
    let metrics = loaded.config.metrics.as_ref();
    metrics.map(|metrics| metrics.socket.clone()).ok_or_else(|| {
        terminal.complain(
            "the configuration names no socket for figures: `metrics: { socket: inet:9171 }` \
             (Metrics inet:9171 in a file of dkim-filter or opendkim) would be one",
        );
        ExitCode::Configuration
    })
}

/// Asks, and prints.
fn told(asked: &Asked, socket: &HttpSocket, terminal: &mut Terminal<'_>) -> ExitCode {
    let text = match fetch::get(socket, "/stats") {
        Ok(text) => text,
        Err(error) => {
            terminal.complain(format_args!("{socket}: {error}"));
            return ExitCode::Unavailable;
        }
    };
    let Some(figures) = Figures::parse(&text) else {
        terminal.complain(format_args!("{socket}: what answers there has no figures of ours"));
        return ExitCode::Unavailable;
    };
    // An agent that asks for what is not there is told nothing at all.
    if let Form::Pass(question) = &asked.form {
        return print(terminal, &question.answer(&figures));
    }
    let unknown: Vec<_> = asked.names.iter().filter(|name| !figures.has(name)).collect();
    for name in &unknown {
        terminal.complain(format_args!("no figure is called {name:?}"));
    }
    let (figures, is_named) = (figures.only(&asked.names), !asked.names.is_empty());
    let text = match &asked.form {
        Form::Lines => figures.lines(),
        Form::Cacti => figures.cacti(is_named),
        Form::Json => figures.json(),
        Form::Value | Form::Pass(_) => figures.values(),
    };
    let printed = print(terminal, &text);
    if printed == ExitCode::Ok && !unknown.is_empty() { ExitCode::No } else { printed }
}

fn usage() -> String {
    help(&PAGE)
}

#[cfg(test)]
mod tests;
