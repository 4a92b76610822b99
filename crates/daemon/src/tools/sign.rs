//! `twinseal sign`: one message, standard input to standard output.

use super::message::{CannotRead, Message};
use super::options::{Given, Takes, ToolOption, number};
use crate::command::print;
use crate::event::Reason;
use crate::forecast::Forecast;
use crate::manual::{Page, Section, help, long};
use crate::serving::service::system_clock;
use crate::signing::keyfile::{self, Exposure};
use crate::signing::order::{Order, SelectedKey};
use crate::signing::policy::{self, Deciding, Fidelity, Known, Orders, Origin, Plan};
use crate::signing::seal::SealedField;
use crate::terminal::Terminal;
use std::ffi::OsString;
use std::io::{self, Seek as _, Write};
use std::path::Path;
use std::sync::Arc;
use tempfile::SpooledTempFile;
use twinseal_config::ExitCode;
use twinseal_message::{Domain, Selector};
use twinseal_milter::Macros;

/// What the DKIM seal can be.
const DKIM: &[&str] =
    &["relaxed/relaxed", "relaxed/simple", "simple/relaxed", "simple/simple", "off"];

/// What the DomainKeys seal can be.
const DOMAINKEYS: &[&str] = &["nofws", "simple", "off"];

const OPTIONS: &[ToolOption] = &[
    ToolOption { name: "domain", takes: Takes::Text("DOMAIN"), help: "the signing domain" },
    ToolOption { name: "selector", takes: Takes::Text("NAME"), help: "the selector of the key" },
    ToolOption {
        name: "key",
        takes: Takes::Text("FILE"),
        help: "the key; with several, give as many selectors, in the same order",
    },
    ToolOption {
        name: "dkim",
        takes: Takes::Word("C|off", DKIM),
        help: "canonicalization of DKIM, as relaxed/simple",
    },
    ToolOption {
        name: "domainkeys",
        takes: Takes::Word("C|off", DOMAINKEYS),
        help: "canonicalization of DomainKeys: simple or nofws",
    },
    ToolOption {
        name: "at",
        takes: Takes::Text("SECONDS"),
        help: "the time of the signature, since 1970; now if not given",
    },
    ToolOption {
        name: "forecast",
        takes: Takes::Nothing,
        help: "say on standard error what will break the seals on the way; the exit code is 1 then",
    },
];

const SUMMARY: &str = "\
Reads a message from standard input, with lines that end in LF or CRLF, and writes it with its
seals to standard output, line ends kept.

Ends with 0 when it is signed, 1 when --forecast says that a seal will break, 64 when the command line
is wrong, 65 when the message is not signed, with the reason, 71 when it cannot be read or written,
78 when a key is of no use.";

/// How much of a message is kept in memory until it can be written, in octets; the rest waits in a
/// temporary file.
const SPOOLED_OCTETS: usize = 1024 * 1024;

/// Why no signed message came out.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("not signed: {reason} (reason={})", reason.code())]
    NotSigned { reason: Reason },
    #[error(transparent)]
    Unread(#[from] CannotRead),
    #[error("standard output: {0}")]
    Output(io::Error),
    #[error(transparent)]
    Key(#[from] twinseal_keys::SignError),
}

impl Failure {
    const fn exit_code(&self) -> ExitCode {
        match self {
            Self::NotSigned { .. } => ExitCode::Data,
            Self::Unread(error) => error.exit_code(),
            Self::Output(_) => ExitCode::System,
            Self::Key(_) => ExitCode::Internal,
        }
    }

    /// No tool says anything of it. The exit code does: the message was not taken whole.
    fn is_a_reader_that_left(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// What there is to know of it.
pub(crate) const PAGE: Page = Page {
    name: "sign",
    about: SUMMARY,
    options: || long(OPTIONS),
    section: Section::User,
    summary: "sign one message, standard input to standard output",
    examples: &[
        (
            "Both seals, from one key:",
            "twinseal sign --domain example.com --selector mail2 --key mail2.private < message.eml > signed.eml",
        ),
        (
            "A DKIM seal by each of two keys:",
            "twinseal sign --domain example.com --selector mail2 --key mail2.private --selector ed1 --key ed1.private --domainkeys off < message.eml",
        ),
        (
            "Only say what will break on the way:",
            "twinseal sign --domain example.com --selector mail2 --key mail2.private --forecast < message.eml > /dev/null",
        ),
    ],
    see: &["twinseal-verify(1)", "twinseal-genkey(8)"],
    ..Page::ROW
};

/// Runs the tool.
pub fn run(words: Vec<OsString>, terminal: &mut Terminal<'_>) -> ExitCode {
    let mut given = Given::parse(words, OPTIONS);
    if given.help {
        return print(terminal, &help(&PAGE));
    }
    let order = order(&mut given);
    let now = given.read("at", number(0..=u64::MAX)).unwrap_or_else(system_clock);
    if !given.mistakes.is_empty() {
        given.mistakes.iter().for_each(|mistake| terminal.complain(mistake));
        return ExitCode::Usage;
    }
    let Some(mut order) = order else {
        return ExitCode::Usage;
    };
    match load_keys(&given) {
        Ok(keys) => order.keys = keys.into_iter().zip(selectors(&given)).map(pair).collect(),
        Err(mistakes) => {
            mistakes.iter().for_each(|mistake| terminal.complain(mistake));
            return ExitCode::Configuration;
        }
    }
    match sign(&order, now, given.has("forecast"), terminal) {
        Ok(code) => code,
        Err(failure) => {
            if !failure.is_a_reader_that_left() {
                terminal.complain(&failure);
            }
            failure.exit_code()
        }
    }
}

fn pair((key, selector): (Arc<twinseal_keys::SigningKey>, Selector)) -> SelectedKey {
    SelectedKey { selector, key }
}

/// What is to be signed how; the keys are still missing.
fn order(given: &mut Given) -> Option<Order> {
    let domain = given.need("domain", Domain::parse);
    given.need("selector", Selector::parse);
    given.need("key", |text| if text.is_empty() { Err("no file is named") } else { Ok(()) });
    let (keys, names) = (given.all("key").count(), given.all("selector").count());
    if keys != names && keys > 0 && names > 0 {
        let wanted = "every --key needs its --selector, in the same order";
        given
            .mistakes
            .push(format!("{wanted}: {keys} of the one and {names} of the other are given"));
    }
    let dkim = given.read("dkim", |text| off_or(text, twinseal_dkim::Canonicalization::parse));
    let domainkeys =
        given.read("domainkeys", |text| off_or(text, twinseal_domainkeys::Canonicalization::parse));
    let dkim = dkim.unwrap_or_else(|| Some(twinseal_dkim::Settings::default().canonicalization));
    let domainkeys = domainkeys
        .unwrap_or_else(|| Some(twinseal_domainkeys::Settings::default().canonicalization));
    Some(Order {
        domain: domain?,
        keys: Arc::new([]),
        dkim: dkim.map(|canonicalization| {
            Arc::new(twinseal_dkim::Settings { canonicalization, ..Default::default() })
        }),
        domainkeys: domainkeys.map(|canonicalization| {
            Arc::new(twinseal_domainkeys::Settings { canonicalization, ..Default::default() })
        }),
        also: Vec::new(),
    })
}

fn off_or<T, E>(text: &str, parse: impl FnOnce(&str) -> Result<T, E>) -> Result<Option<T>, E> {
    if text == "off" { Ok(None) } else { parse(text).map(Some) }
}

fn selectors(given: &Given) -> Vec<Selector> {
    let texts = given.all("selector").filter_map(|text| text.to_str());
    texts.filter_map(|text| Selector::parse(text).ok()).collect()
}

fn load_keys(given: &Given) -> Result<Vec<Arc<twinseal_keys::SigningKey>>, Vec<String>> {
    let (mut keys, mut mistakes) = (Vec::new(), Vec::new());
    for file in given.all("key") {
        // Whoever may read the file may sign with it: its mode is the daemon's concern.
        match keyfile::load(Path::new(file), Exposure::Warned, &[]) {
            Ok(loaded) => keys.push(Arc::new(loaded.key)),
            Err(error) => mistakes.push(format!("--key {file:?}: {error}")),
        }
    }
    if mistakes.is_empty() { Ok(keys) } else { Err(mistakes) }
}

/// Signs, and says how the program ends.
fn sign(
    order: &Order,
    now: u64,
    foresees: bool,
    terminal: &mut Terminal<'_>,
) -> Result<ExitCode, Failure> {
    let spool = SpooledTempFile::new(SPOOLED_OCTETS);
    let mut message = Message::new("standard input".to_owned(), &mut *terminal.input, spool);
    let header = message.read_header().map_err(|error| match error {
        CannotRead::Header { error, .. } => {
            Failure::NotSigned { reason: Reason::HeaderTooLarge(error) }
        }
        error @ (CannotRead::Input { .. } | CannotRead::Copy(_)) => Failure::Unread(error),
    })?;
    let addresses = policy::addresses(&header, &Deciding::default(), &Macros::default())
        .map_err(|reason| Failure::NotSigned { reason })?;
    let orders = Orders { author: Some(order.clone()), sender: Some(order.clone()) };
    let known = Known {
        addresses: &addresses,
        orders: &orders,
        origin: &Origin::Internal,
        fidelity: Fidelity::Exact,
        parent_identity: false,
        without_domainkeys: false,
        now,
    };
    let plan = policy::plan(&header, &known);
    let (mut seals, left_out) = match plan {
        Plan::Sign { seals, left_out } => (seals, left_out),
        Plan::Ignore(reason) => return Err(Failure::NotSigned { reason }),
    };
    let mut forecast = foresees.then(|| Forecast::of_header(&header, &seals));
    let (line_end, above) = (message.line_end(), message.mailbox_line().to_vec());
    let spool = message.read_body(|octets| {
        seals.iter_mut().for_each(|seal| seal.feed(octets));
        forecast.iter_mut().for_each(|forecast| forecast.feed(octets));
    })?;
    let mut fields = Vec::new();
    for seal in seals {
        fields.append(&mut seal.finish()?);
    }
    for (field, reason) in left_out {
        terminal.complain(format_args!("{field} not added: {reason} (reason={})", reason.code()));
    }
    let mut code = ExitCode::Ok;
    for foretold in forecast.into_iter().flat_map(Forecast::all) {
        terminal.complain(format_args!("forecast: {foretold}"));
        code = ExitCode::No;
    }
    let written = terminal.output.write_all(&above);
    let written = written.and_then(|()| write(spool, &fields, line_end, terminal.output));
    written.map(|()| code).map_err(Failure::Output)
}

/// Writes the fields, the last one on top as an MTA would have it, and the message below them.
fn write(
    mut message: SpooledTempFile,
    fields: &[SealedField],
    line_end: &str,
    output: &mut dyn Write,
) -> io::Result<()> {
    for sealed in fields.iter().rev() {
        let value = sealed.field.value.replace("\r\n", line_end);
        write!(output, "{}:{value}{line_end}", sealed.field.name)?;
    }
    message.rewind()?;
    io::copy(&mut message, output)?;
    output.flush()
}

#[cfg(test)]
mod tests;
