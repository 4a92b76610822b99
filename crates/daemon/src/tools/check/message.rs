//! One message, and what will break its seals on the way.

use crate::command::print;
use crate::forecast::{Cause, Forecast, Foretold};
use crate::signing::policy::Plan;
use crate::signing::seal::Seal;
use crate::terminal::Terminal;
use crate::tools::configured::Configured;
use crate::tools::explain::decide::{CannotExplain, Mail, weighed};
use crate::tools::explain::seals::Verdict;
use crate::tools::message::{CannotRead, Message};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use twinseal_config::{Config, ExitCode};
use twinseal_milter::{ClientAddress, ConnectInfo, Macros};

/// Why nothing is said of the message.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{path:?}: {error}")]
    Open { path: String, error: io::Error },
    #[error(transparent)]
    Unread(#[from] CannotRead),
    #[error(transparent)]
    Undecided(#[from] CannotExplain),
}

impl Failure {
    const fn exit_code(&self) -> ExitCode {
        match self {
            Self::Open { .. } => ExitCode::NoInput,
            Self::Unread(error) => error.exit_code(),
            Self::Undecided(error) => error.exit_code(),
        }
    }
}

/// Looks at the message of that file as the daemon would at one of our own.
pub(super) fn look(
    path: &Path,
    configured: &Configured,
    usage: fn() -> String,
    terminal: &mut Terminal<'_>,
) -> ExitCode {
    let loaded = match configured.load(usage, terminal) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    let said = if path == Path::new("-") {
        said("standard input", &mut *terminal.input, &loaded.config)
    } else {
        let named = path.to_string_lossy();
        let opened = File::open(path);
        let failed = |error| Failure::Open { path: named.clone().into_owned(), error };
        opened.map_err(failed).and_then(|file| said(&named, file, &loaded.config))
    };
    match said {
        Ok((text, code)) => {
            let printed = print(terminal, &text);
            if printed == ExitCode::Ok { code } else { printed }
        }
        Err(failure) => {
            terminal.complain(&failure);
            failure.exit_code()
        }
    }
}

/// What there is to say, and how the program ends.
fn said(name: &str, input: impl Read, config: &Config) -> Result<(String, ExitCode), Failure> {
    let mut message = Message::new(format!("{name:?}"), input, io::sink());
    let header = message.read_header()?;
    // Nothing counts more as ours than who has authenticated himself here.
    let address = ClientAddress::Unknown(b"");
    let client = ConnectInfo { hostname: b"localhost", address };
    let client = crate::serving::service::Client::new(&client);
    let told = [("{auth_type}", "PLAIN"), ("{auth_authen}", "check")];
    let macros = Macros::of_message(told);
    let mail = Mail { header: &header, client: &client, macros: &macros, recipients: &[] };
    let seals = match weighed(config, &mail)?.verdict {
        Verdict::Each(outcomes) => match Plan::of(outcomes) {
            Plan::Sign { seals, .. } => Ok(seals),
            Plan::Ignore(reason) => Err(reason.to_string()),
        },
        Verdict::Neither(reason) => Err(reason.to_string()),
        Verdict::Obstructed(obstacle, _) => Err(obstacle.to_string()),
        Verdict::Peer => Err("mail from here is none of our business".to_owned()),
    };
    let mut text = String::new();
    let causes = match seals {
        // As it leaves, which is what is signed.
        Ok(seals) => {
            let rewriting = config.further.rewriting.as_ref();
            let leaving = rewriting.map(|rules| rules.header(&header));
            causes(message, leaving.as_ref().unwrap_or(&header), &seals)?
        }
        Err(why) => {
            let _ = writeln!(text, "not signed: {why}");
            let lacks_from = header.named("from").next().is_none();
            let cause = Foretold { cause: Cause::MissingFrom, only: None };
            lacks_from.then_some(cause).into_iter().collect()
        }
    };
    for one in &causes {
        let _ = writeln!(text, "forecast: {one}\n  {}", one.cause.advice());
    }
    if text.is_empty() {
        return Ok(("its seals will survive\n".to_owned(), ExitCode::Ok));
    }
    Ok((text, ExitCode::No))
}

/// What will break those seals.
fn causes<R: Read>(
    message: Message<R, io::Sink>,
    header: &twinseal_message::HeaderBlock,
    seals: &[Box<dyn Seal>],
) -> Result<Vec<Foretold>, CannotRead> {
    let mut forecast = Forecast::of_header(header, seals);
    message.read_body(|octets| forecast.feed(octets))?;
    Ok(forecast.all())
}
