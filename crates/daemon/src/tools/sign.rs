//! `twinseal sign`: one message, standard input to standard output.

use super::options::{Given, Takes, ToolOption, help, number};
use crate::command::print;
use crate::event::Reason;
use crate::serving::service::system_clock;
use crate::signing::keyfile::{self, Exposure};
use crate::signing::order::{Order, SelectedKey};
use crate::signing::policy::{self, Deciding, Fidelity, Known, Orders, Origin, Plan};
use crate::signing::seal::{Seal, SealedField};
use crate::terminal::Terminal;
use std::borrow::Cow;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read, Seek as _, Write};
use std::path::Path;
use std::sync::Arc;
use tempfile::SpooledTempFile;
use twinseal_config::ExitCode;
use twinseal_message::header::MAX_HEADER_OCTETS;
use twinseal_message::{Domain, HeaderBlock, HeaderLines, Line, Selector};

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
        takes: Takes::Text("C|off"),
        help: "canonicalization of DKIM, as relaxed/simple",
    },
    ToolOption {
        name: "domainkeys",
        takes: Takes::Text("C|off"),
        help: "canonicalization of DomainKeys: simple or nofws",
    },
    ToolOption {
        name: "at",
        takes: Takes::Text("SECONDS"),
        help: "the time of the signature, since 1970; now if not given",
    },
];

const SUMMARY: &str = "\
Reads a message from standard input, with lines that end in LF or CRLF, and writes it with its
seals to standard output, line ends kept.";

/// How much of a message is kept in memory until it can be written, in octets; the rest waits in a
/// temporary file.
const SPOOLED_OCTETS: usize = 1024 * 1024;

/// How much of a body is read at once, in octets.
const CHUNK_OCTETS: usize = 64 * 1024;

/// Why no signed message came out.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("not signed: {reason} (reason={})", reason.code())]
    NotSigned { reason: Reason },
    #[error("standard input: {0}")]
    Input(io::Error),
    #[error("standard output: {0}")]
    Output(io::Error),
    #[error(transparent)]
    Key(#[from] twinseal_keys::SignError),
}

impl Failure {
    const fn exit_code(&self) -> ExitCode {
        match self {
            Self::NotSigned { .. } => ExitCode::Data,
            Self::Input(_) => ExitCode::NoInput,
            Self::Output(_) => ExitCode::System,
            Self::Key(_) => ExitCode::Internal,
        }
    }
}

/// Runs the tool.
pub fn run(words: Vec<OsString>, terminal: &mut Terminal<'_>) -> ExitCode {
    let mut given = Given::parse(words, OPTIONS);
    if given.help {
        return print(terminal, &help("sign", SUMMARY, OPTIONS));
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
    match sign(&order, now, terminal) {
        Ok(()) => ExitCode::Ok,
        Err(failure) => {
            terminal.complain(&failure);
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

fn sign(order: &Order, now: u64, terminal: &mut Terminal<'_>) -> Result<(), Failure> {
    let mut message = Message::new();
    let mut reader = BufReader::new(&mut *terminal.input);
    let header = message.read_header(&mut reader)?;
    let addresses = policy::addresses(&header, &Deciding::default())
        .map_err(|reason| Failure::NotSigned { reason })?;
    let orders = Orders { author: Some(order.clone()), sender: Some(order.clone()) };
    let known = Known {
        addresses: &addresses,
        orders: &orders,
        origin: &Origin::Internal,
        fidelity: Fidelity::Exact,
        parent_identity: false,
        now,
    };
    let plan = policy::plan(&header, &known);
    let (mut seals, left_out) = match plan {
        Plan::Sign { seals, left_out } => (seals, left_out),
        Plan::Ignore(reason) => return Err(Failure::NotSigned { reason }),
    };
    message.read_body(&mut reader, &mut seals)?;
    let mut fields = Vec::new();
    for seal in seals {
        fields.append(&mut seal.finish()?);
    }
    for (field, reason) in left_out {
        terminal.complain(format_args!("{field} not added: {reason} (reason={})", reason.code()));
    }
    message.write(&fields, terminal.output).map_err(Failure::Output)
}

/// A message on its way through: as it came, and as what is hashed.
struct Message {
    /// Everything, as it came.
    spool: SpooledTempFile,
    /// The part of the body that was read with the header.
    first_of_body: Vec<u8>,
    line_end: &'static str,
}

impl Message {
    fn new() -> Self {
        let spool = SpooledTempFile::new(SPOOLED_OCTETS);
        Self { spool, first_of_body: Vec::new(), line_end: "\n" }
    }

    fn read_header(&mut self, reader: &mut impl BufRead) -> Result<HeaderBlock, Failure> {
        let mut lines = HeaderLines::default();
        let mut line = Vec::new();
        let mut first = true;
        loop {
            line.clear();
            // A line longer than any header ends the search for its end.
            let limit = MAX_HEADER_OCTETS as u64 + 1;
            let read = reader.by_ref().take(limit).read_until(b'\n', &mut line);
            if read.map_err(Failure::Input)? == 0 {
                return Ok(lines.finish());
            }
            if std::mem::take(&mut first) && line.ends_with(b"\r\n") {
                self.line_end = "\r\n";
            }
            self.spool.write_all(&line).map_err(Failure::Output)?;
            match lines.line(&line) {
                Ok(Line::Header) => {}
                Ok(Line::Separator) => return Ok(lines.finish()),
                Ok(Line::Body) => {
                    self.first_of_body = line;
                    return Ok(lines.finish());
                }
                Err(error) => {
                    return Err(Failure::NotSigned { reason: Reason::HeaderTooLarge(error) });
                }
            }
        }
    }

    fn read_body(
        &mut self,
        reader: &mut impl Read,
        seals: &mut [Box<dyn Seal>],
    ) -> Result<(), Failure> {
        let lines_end_in_lf = self.line_end == "\n";
        let mut wire = OnTheWire { lines_end_in_lf, after_cr: false };
        let mut feed = |octets: &[u8]| {
            let octets = wire.octets(octets);
            seals.iter_mut().for_each(|seal| seal.feed(&octets));
        };
        feed(&std::mem::take(&mut self.first_of_body));
        let mut chunk = vec![0; CHUNK_OCTETS];
        loop {
            let read = match reader.read(&mut chunk) {
                Ok(0) => return Ok(()),
                Ok(read) => chunk.get(..read).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Failure::Input(error)),
            };
            self.spool.write_all(read).map_err(Failure::Output)?;
            feed(read);
        }
    }

    /// Writes the fields, the last one on top as an MTA would have it, and the message below them.
    fn write(mut self, fields: &[SealedField], output: &mut dyn Write) -> io::Result<()> {
        for sealed in fields.iter().rev() {
            let value = sealed.field.value.replace("\r\n", self.line_end);
            write!(output, "{}:{value}{}", sealed.field.name, self.line_end)?;
        }
        self.spool.rewind()?;
        io::copy(&mut self.spool, output)?;
        output.flush()
    }
}

/// Turns line ends into those that the message will have on the wire. In a message of LF lines, LF
/// becomes CRLF; in one of CRLF lines a bare LF is data, like a bare CR in either.
struct OnTheWire {
    lines_end_in_lf: bool,
    after_cr: bool,
}

impl OnTheWire {
    fn octets<'o>(&mut self, octets: &'o [u8]) -> Cow<'o, [u8]> {
        if !self.lines_end_in_lf {
            return Cow::Borrowed(octets);
        }
        let mut out = Vec::with_capacity(octets.len() + octets.len() / 32);
        for &octet in octets {
            if octet == b'\n' && !self.after_cr {
                out.push(b'\r');
            }
            self.after_cr = octet == b'\r';
            out.push(octet);
        }
        Cow::Owned(out)
    }
}

#[cfg(test)]
mod tests;
