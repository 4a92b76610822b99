//! `-t` of `dkim-filter`: what becomes of a message, without an MTA and without a network socket.
//!
//! The message goes through a connection of the daemon itself, as an MTA would show it, so that the
//! result is what a running daemon would have decided.

mod result;

use crate::logging::Flush;
use crate::rehearsal::message::{CannotTake, Taken};
use crate::rehearsal::{self, Caller, Envelope, Witness};
use crate::serve::{FileSystem, complain, log_to, refuse};
use crate::server::{CannotServe, Server};
use crate::serving::service::Service;
use crate::terminal::Terminal;
use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Runtime;
use tracing_subscriber::filter::LevelFilter;
use twinseal_config::{Config, ExitCode, Files as _, Loaded, Trial};
use twinseal_milter::client::Outcome;

/// The envelope that every message has.
const SENDER: &[u8] = b"<sender@example.org>";
const RECIPIENT: &[u8] = b"<recipient@example.com>";

/// Macros, each with the value that says its name: who asks whether one is set finds that it is.
const MACROS: [(&str, &str); 6] = [
    ("i", "DEBUG-i"),
    ("j", "DEBUG-j"),
    ("{auth_type}", "DEBUG-auth_type"),
    ("{auth_authen}", "DEBUG-auth_authen"),
    ("{daemon_name}", "DEBUG-daemon_name"),
    ("{mail_addr}", "DEBUG-mail_addr"),
];

/// Why nothing can be said about a message.
#[derive(Debug, thiserror::Error)]
enum CannotTry {
    /// Its file cannot be read.
    #[error("{0}")]
    Unreadable(io::Error),
    /// It is no message.
    #[error("{0}")]
    Malformed(CannotTake),
    /// The daemon does not answer, which is a mistake of ours.
    #[error("no answer: {0}")]
    Silent(String),
}

impl CannotTry {
    const fn exit_code(&self) -> ExitCode {
        match self {
            Self::Unreadable(_) => ExitCode::Unavailable,
            Self::Malformed(_) => ExitCode::Data,
            Self::Silent(_) => ExitCode::Internal,
        }
    }
}

/// Says what becomes of the messages that the configuration names.
pub(crate) fn run(loaded: &Loaded, terminal: &mut Terminal<'_>) -> ExitCode {
    let mut config = loaded.config.clone();
    let Some(trial) = config.trial.clone() else { return ExitCode::Internal };
    config.log.why |= trial.verbosity > 1;
    let mut warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    let prepared = Server::prepare(&config, |warning| warnings.push(warning));
    complain(&warnings, terminal);
    let ready = prepared.and_then(|server| {
        Ok((server.service(), rehearsal::runtime().map_err(CannotServe::Runtime)?, log(&config)?))
    });
    let (service, runtime, _flush) = match ready {
        Ok(ready) => ready,
        Err(error) => return refuse(&error, terminal),
    };
    let mut code = ExitCode::Ok;
    for name in &trial.messages {
        match try_out(name, &trial, (&runtime, &service), terminal) {
            Ok(text) => {
                if let Err(error) = terminal.print(text) {
                    terminal.complain(format_args!("standard output: {error}"));
                    return ExitCode::System;
                }
            }
            Err(error) => {
                terminal.complain(format_args!("{name}: {error}"));
                // The first one says how the program ends.
                code = if code == ExitCode::Ok { error.exit_code() } else { code };
            }
        }
    }
    code
}

/// Without -v, the log is what goes wrong; with it, all that a daemon would write.
fn log(config: &Config) -> Result<Flush, CannotServe> {
    let verbose = config.trial.as_ref().is_some_and(|trial| trial.verbosity > 0);
    log_to(config, if verbose { LevelFilter::INFO } else { LevelFilter::WARN })
}

/// What becomes of one message, in lines.
fn try_out(
    name: &str,
    trial: &Trial,
    (runtime, service): (&Runtime, &Arc<Service>),
    terminal: &mut Terminal<'_>,
) -> Result<String, CannotTry> {
    let octets = read(name, terminal).map_err(CannotTry::Unreadable)?;
    let taken = Taken::new(&octets, trial.strict).map_err(CannotTry::Malformed)?;
    let outcome = show(&taken, runtime, service)?;
    let told = service.witness.as_ref().map(Witness::take).unwrap_or_default().told;
    let shown = result::Shown { program: terminal.program, name, service };
    let mut text = shown.result(&told, &outcome);
    if trial.verbosity > 0 {
        text.push_str(&shown.decision(&outcome));
    }
    Ok(text)
}

fn read(name: &str, terminal: &mut Terminal<'_>) -> io::Result<Vec<u8>> {
    if name == "-" {
        let mut octets = Vec::new();
        terminal.input.read_to_end(&mut octets)?;
        return Ok(octets);
    }
    FileSystem.read(Path::new(name))
}

/// Shows the message to a connection of the daemon's, as an MTA would.
fn show(taken: &Taken, runtime: &Runtime, service: &Arc<Service>) -> Result<Outcome, CannotTry> {
    let caller = Caller {
        host: "localhost".to_owned(),
        address: Ipv4Addr::LOCALHOST.into(),
        macros: MACROS.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
    };
    let envelope = Envelope { sender: SENDER, recipients: &[RECIPIENT] };
    rehearsal::show(taken, &caller, &envelope, (runtime, service))
        .map_err(|silent| CannotTry::Silent(silent.to_string()))
}

#[cfg(test)]
mod tests;
