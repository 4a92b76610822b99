//! `twinseal selftest`: a message through the real MTA, and what arrives of it.
//!
//! | module | what is in it |
//! |---|---|
//! | `asked` | the command line |
//! | `probe` | the message |
//! | `postfix` | how Postfix would route it, and the route that is added when it is asked for |
//! | `sending` | handing it over, and waiting |
//! | `smtp` | the client |
//! | `sink` | the server that it arrives at |
//! | `mailbox` | or the mailbox |
//! | `expected` | what the configuration promises |
//! | `judged` | what arrived, held against that |
//! | `recomputed` | the DomainKeys seal, made again |
//! | `published` | what DNS has |
//! | `step` | what is told of it |

mod arrived;
mod asked;
mod expected;
mod judged;
mod mailbox;
mod postfix;
mod probe;
mod published;
mod recomputed;
mod sending;
mod sink;
mod smtp;
mod step;

use super::configured::Configured;
use super::explain::decide::CannotExplain;
use super::options::asked;
use super::signers::Signers;
use crate::command::print;
use crate::manual::{Page, help, long};
use crate::serving::service::system_clock;
use crate::terminal::Terminal;
use arrived::Arrived;
use asked::{Asked, Destination, OPTIONS, Routing};
use expected::Expected;
use judged::Judging;
use mailbox::Mailbox;
use postfix::{CannotAsk, Postfix, Route, port_here};
use probe::{DOMAIN, Probe};
use published::Published;
use sending::{Place, Sent, send};
use sink::Sink;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use step::{Code, Report, Step, Way};
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use twinseal_config::{Config, Door, ExitCode, Pattern};
use twinseal_keys::exposure::quoted;
use twinseal_message::{Mailbox as Address, text};

const SUMMARY: &str = "\
Sends a message through the MTA of this host, by SMTP and by the sendmail command, and looks at what
arrives: whether both seals are there and where they have to be, whether DKIM verifies with the key
on disk and with DNS, whether the key makes the same DomainKeys seal again, and whether DNS has it.

Without --to, the message goes to a server that this opens on 127.0.0.1, at a domain that exists
nowhere: selftest.twinseal.invalid. The MTA has to route that there. Postfix is asked whether it
does, and is changed only when --route says so: transport_maps, for as long as this takes. With --to
it goes to an address of yours, and with --mailbox it is looked for where it arrives.

The configuration is /etc/twinseal/twinseal.yaml, or that of options as twinseal serve takes them
(--config FILE), or that of another program: twinseal selftest -- dkim-filter -x FILE.

Ends with 0 when nothing failed, 1 when something did, 64 when the command line is wrong, 69 when
nothing could be sent or routed, 75 when DNS may say later, 78 when the configuration is wrong.
--json prints one object; docs/selftest.md has its members.";

/// The port that a lasting route is proposed with.
const USUAL_PORT: u16 = 2525;

/// Who is meant when no rule names anybody.
const LOCAL_PART: &str = "postmaster";

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(
        "no rule says whose mail is signed, without a pattern in its domain: name an address with \
         --from"
    )]
    NobodySigns,
    #[error("{}: {error}", text::path(path))]
    Mailbox { path: PathBuf, error: io::Error },
    #[error("port {port} of 127.0.0.1: {error}; --sink-port names another one")]
    Port { port: u16, error: io::Error },
    #[error("{error}\nno Postfix says how it routes {DOMAIN}\n{}", otherwise())]
    NoPostfix { error: CannotAsk },
    #[error(
        "Postfix does not route {DOMAIN} to this host: {found}\nfor a lasting route, type: \
         {lasting}\nfor one as long as this takes: the same with --route\n{}",
        otherwise()
    )]
    NotRouted { found: String, lasting: String },
    #[error("the route cannot be added: {0}")]
    Route(CannotAsk),
    #[error("interrupted; nothing is left behind but mail that may be in the queue")]
    Interrupted,
    #[error("the system refuses: {0}")]
    System(#[from] io::Error),
    #[error(transparent)]
    Undecided(#[from] CannotExplain),
    #[error("the report as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// What helps without Postfix.
fn otherwise() -> String {
    format!(
        "to an address of yours: the same with --to ADDRESS --mailbox PATH\nwith another MTA, route \
         {DOMAIN} to [127.0.0.1]:{USUAL_PORT}: the same with --routed --sink-port {USUAL_PORT}"
    )
}

impl Failure {
    const fn exit_code(&self) -> ExitCode {
        match self {
            Self::NobodySigns => ExitCode::Usage,
            Self::Mailbox { .. } => ExitCode::NoInput,
            Self::Port { .. }
            | Self::NoPostfix { .. }
            | Self::NotRouted { .. }
            | Self::Route(_) => ExitCode::Unavailable,
            Self::Interrupted => ExitCode::Temporary,
            Self::System(_) => ExitCode::System,
            Self::Undecided(error) => error.exit_code(),
            Self::Json(_) => ExitCode::Internal,
        }
    }
}

/// What there is to know of it.
pub(crate) const PAGE: Page = Page {
    name: "selftest",
    about: SUMMARY,
    options: || long(OPTIONS),
    summary: "send a message through the MTA, and look at what arrives",
    usage: &["[--config FILE] [OPTION…]", "[OPTION…] -- PROGRAM [OPTION…]"],
    configured: true,
    examples: &[
        (
            "Through this host's Postfix, with a route for as long as it takes:",
            "twinseal selftest --route",
        ),
        ("To a mailbox of yours:", "twinseal selftest --to me@example.com --mailbox /var/mail/me"),
    ],
    files: &[("/etc/twinseal/twinseal.yaml", "the configuration that is meant when none is named")],
    see: &["twinseal-check(8)", "twinseal-verify(1)"],
    ..Page::ROW
};

/// Runs the tool.
pub fn run(words: Vec<OsString>, terminal: &mut Terminal<'_>) -> ExitCode {
    let done = asked(Asked::read(words), ("selftest", usage), terminal).and_then(|asked| {
        let loaded = asked.configured.load(usage, terminal)?;
        Ok(tell(&asked, &loaded.config, terminal))
    });
    done.unwrap_or_else(|code| code)
}

/// Tries it out, and tells what came of it.
fn tell(asked: &Asked, config: &Config, terminal: &mut Terminal<'_>) -> ExitCode {
    let tested = test(asked, config, terminal).and_then(|report| {
        let text =
            if asked.json { serde_json::to_string_pretty(&report)? + "\n" } else { report.lines() };
        Ok((report.exit_code(), text))
    });
    match tested {
        Ok((code, text)) => {
            let printed = print(terminal, &text);
            if printed == ExitCode::Ok { code } else { printed }
        }
        Err(failure) => {
            failure.to_string().lines().for_each(|line| terminal.complain(line));
            failure.exit_code()
        }
    }
}

fn usage() -> String {
    help(&PAGE)
}

fn test(asked: &Asked, config: &Config, terminal: &mut Terminal<'_>) -> Result<Report, Failure> {
    let from = asked.from.clone().or_else(|| sender(config)).ok_or(Failure::NobodySigns)?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let sent = deliver(asked, &from, &runtime, terminal);
    // A command that still runs when we are interrupted is not waited for.
    runtime.shutdown_background();
    judge(asked, config, sent?, terminal).map(Report::new)
}

/// Sends the messages, one after the other, and takes them where they arrive.
fn deliver(
    asked: &Asked,
    from: &str,
    runtime: &Runtime,
    terminal: &mut Terminal<'_>,
) -> Result<Vec<Sent>, Failure> {
    // Before anything is changed: from now on, who stops us waits until it is changed back.
    let mut stop = {
        let _inside = runtime.enter();
        Stop::new()?
    };
    let to = match &asked.destination {
        Destination::Address { to, .. } => Some(to.as_str()),
        Destination::Sink { .. } => None,
    };
    let (mut place, mut steps, _route) = open(asked, runtime, terminal)?;
    steps.insert(0, Step::ok(Code::Configuration, "the configuration is read"));
    let mut sent = Vec::new();
    for way in asked.ways.iter().copied() {
        let probe = Probe::new(from, to, system_clock())?;
        let sending = send(asked, way, probe, &mut place, steps.clone());
        let done = runtime.block_on(async {
            tokio::select! {
                done = sending => Some(done),
                () = stop.wanted() => None,
            }
        });
        sent.push(done.ok_or(Failure::Interrupted)?);
    }
    Ok(sent)
}

/// Whoever wants us to stop.
struct Stop([Signal; 3]);

impl Stop {
    /// Listens, inside a runtime.
    fn new() -> io::Result<Self> {
        Ok(Self([
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        ]))
    }

    async fn wanted(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

/// Opens the place where messages are to arrive, and sees to it that they get there.
fn open(
    asked: &Asked,
    runtime: &Runtime,
    terminal: &mut Terminal<'_>,
) -> Result<(Place, Vec<Step>, Option<Route>), Failure> {
    let (port, routing) = match &asked.destination {
        Destination::Address { mailbox: None, .. } => return Ok((Place::Elsewhere, vec![], None)),
        Destination::Address { mailbox: Some(path), .. } => {
            let wrong = |error| Failure::Mailbox { path: path.clone(), error };
            let mailbox = Mailbox::open(path.clone()).map_err(wrong)?;
            return Ok((Place::Mailbox(mailbox), vec![], None));
        }
        Destination::Sink { port, routing } => (*port, *routing),
    };
    let postfix = Postfix(asked.postfix.clone());
    let listen = |port: Option<u16>| {
        let wrong = |error| Failure::Port { port: port.unwrap_or_default(), error };
        runtime.block_on(Sink::open(port)).map_err(wrong)
    };
    match routing {
        Routing::Given => {
            let what = format!("{DOMAIN} is routed here, as --routed says: nobody was asked");
            Ok((Place::Sink(listen(port)?), vec![Step::not_seen(Code::Route, what)], None))
        }
        Routing::Added => {
            let sink = listen(port)?;
            let tell = |back: &str| {
                let what = "transport_maps of Postfix is changed until this ends; should it be \
                            killed, take it back by";
                terminal.complain(format_args!("{what}: {back}"));
            };
            let route = postfix.add_route(sink.port(), tell).map_err(Failure::Route)?;
            let what = format!("{DOMAIN} is routed to port {} until this ends", sink.port());
            Ok((Place::Sink(sink), vec![Step::ok(Code::Route, what)], Some(route)))
        }
        Routing::Asked => {
            // What is asked has the form of the real recipients.
            let found = postfix.route(&format!("probe-0@{DOMAIN}"));
            let found = found.map_err(|error| Failure::NoPostfix { error })?;
            let there = found.as_deref().and_then(port_here);
            match there.filter(|there| port.is_none_or(|port| port == *there)) {
                Some(there) => {
                    let sink = listen(Some(there))?;
                    let what = format!("Postfix routes {DOMAIN} to port {there} of this host");
                    Ok((Place::Sink(sink), vec![Step::ok(Code::Route, what)], None))
                }
                None => {
                    let lasting = postfix.lasting(port.unwrap_or(USUAL_PORT));
                    let lasting = lasting.map_err(|error| Failure::NoPostfix { error })?;
                    let found = found.map(|found| text::shown(&found));
                    let found = found.unwrap_or_else(|| "there is no route".to_owned());
                    Err(Failure::NotRouted { found, lasting })
                }
            }
        }
    }
}

/// An address that a rule signs for, in the first rule that names one.
fn sender(config: &Config) -> Option<String> {
    let signed = |text: &String| {
        let address = Address::first(text.as_bytes()).ok();
        address.is_some_and(|address| config.rules.find(&address).is_some())
    };
    let of_pattern = |pattern: &Pattern| {
        let (local, domain) = pattern.as_str().rsplit_once('@')?;
        (!domain.contains('*')).then(|| format!("{}@{domain}", local.replace('*', LOCAL_PART)))
    };
    let patterns = config.rules.iter().flat_map(|rule| &rule.senders).filter_map(of_pattern);
    let signers = Signers::of(config);
    let domains = signers.domains().map(|(domain, _)| format!("{LOCAL_PART}@{domain}"));
    patterns.chain(domains).find(signed)
}

/// What arrived, held against what should have.
fn judge(
    asked: &Asked,
    config: &Config,
    sent: Vec<Sent>,
    terminal: &mut Terminal<'_>,
) -> Result<Vec<Way>, Failure> {
    let mut expected = Vec::new();
    for one in &sent {
        let ask = explain(&asked.configured, &one.probe.from, one.client);
        expected.push(expected::of(config, &one.probe, (one.client, &asked.macros), &ask)?);
    }
    let arrived: Vec<&Expected> = expected
        .iter()
        .zip(&sent)
        .filter_map(|(expected, sent)| sent.octets.is_some().then_some(expected))
        .collect();
    let published = if asked.dns && !arrived.is_empty() {
        let warn = |warning: String| terminal.complain(format_args!("warning: {warning}"));
        Some(Published::of(&arrived, &asked.servers, warn)?)
    } else {
        None
    };
    let mut ways = Vec::new();
    for (Sent { way, mut steps, octets, .. }, expected) in sent.into_iter().zip(&expected) {
        steps.push(expected.step.clone());
        match octets.as_deref().map(Arrived::read) {
            Some(Ok(arrived)) => {
                let published = published.as_ref();
                let now = system_clock();
                let (arrived, postfix) = (&arrived, &asked.postfix);
                let judging = Judging { way, arrived, expected, published, now, postfix };
                steps.append(&mut judging.steps());
            }
            Some(Err(error)) => steps.push(Step::failed(Code::Arrived, error.to_string())),
            None => {}
        }
        ways.push(Way { way, steps });
    }
    Ok(ways)
}

/// What says more of the decision, as it is typed.
fn explain(configured: &Configured, from: &str, client: std::net::IpAddr) -> String {
    let words: Vec<String> = configured.words.iter().map(|word| quoted(Path::new(word))).collect();
    let words = words.join(" ");
    let program = match configured.door {
        Door::Native => String::new(),
        door @ (Door::DkFilter | Door::DkimFilter | Door::Opendkim) => {
            format!("-- {} ", door.program())
        }
    };
    format!("twinseal explain {from} --client {client} {program}{words}")
}

#[cfg(test)]
mod tests;
