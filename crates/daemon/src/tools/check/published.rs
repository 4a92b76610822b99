//! What DNS has for each key and each domain: at the resolver, and at every name server of the
//! zone.
//!
//! So many domains are asked about at once, and for each of them every server gets one question
//! after the other: no server gets more questions at a time than that.

mod dmarc;
mod domain;
mod key;
pub(crate) mod kinds;
pub(crate) mod record;
mod sightings;
mod spf;

use super::finding::{Finding, Mend, Sheet};
use super::keys::PublicKeys;
use crate::resolver::Settings;
use crate::resolver::direct::Direct;
use crate::tools::signers::{Signer, Signers};
use indicatif::{ProgressBar, ProgressStyle};
pub(super) use kinds::KINDS;
use sightings::Asking;
use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use twinseal_config::Config;
use twinseal_keys::PublicKey;
use twinseal_message::Domain;

/// How many domains are asked about at the same time.
const DOMAINS_AT_ONCE: usize = 64;

/// How long a question may take, with other servers and TCP.
const PATIENCE: Duration = Duration::from_secs(5);

/// A domain, and what has to be published for it.
#[derive(Debug, Clone)]
struct Task {
    domain: Domain,
    signers: Vec<(Signer, PublicKey)>,
    /// Whether identities below the domain are signed.
    below: bool,
}

/// Asks about all of them. `servers` are asked in place of the system's resolvers.
///
/// # Errors
/// When the system has no threads or sockets for us.
pub(super) fn look(
    signers: &Signers,
    keys: &PublicKeys,
    config: &Config,
    servers: &[SocketAddr],
    sheet: &mut Sheet,
) -> io::Result<()> {
    let tasks = tasks(signers, keys, config);
    if tasks.is_empty() {
        return Ok(());
    }
    let servers = if servers.is_empty() { &config.dns.servers } else { servers };
    let settings = Settings { servers: servers.to_vec(), timeout: PATIENCE };
    let mut warnings = Vec::new();
    let asking = Asking::new(Direct::new(&settings, |warning| warnings.push(warning)));
    for warning in warnings {
        let mend = Mend::say("name a resolver in /etc/resolv.conf, or with dns.nameservers");
        sheet.find(&kinds::SILENT_RESOLVER, "/etc/resolv.conf", warning, mend);
    }
    let bar = bar(tasks.len());
    let runtime = runtime::Builder::new_multi_thread().enable_all().build()?;
    let asking = Arc::new(asking);
    let sheets = runtime.block_on(all(tasks, Arc::clone(&asking), bar));
    if asking.is_silent() {
        let what = "the resolver does not answer: nothing of DNS was seen";
        let advice = "start it, or name another one with --nameserver, or leave DNS out with \
                      --no-dns";
        sheet.find(&kinds::SILENT_RESOLVER, "DNS", what, Mend::say(advice));
        return Ok(());
    }
    let mut told = HashSet::new();
    for mut one in sheets {
        one.findings.retain(|finding| is_news(finding, &mut told));
        sheet.absorb(one);
    }
    Ok(())
}

/// Whether what is wrong with a server has not been told yet: one that is silent may have ten
/// thousand zones, and one that is lame a zone of many keys.
fn is_news(finding: &Finding, told: &mut HashSet<(&'static str, String)>) -> bool {
    let code = finding.kind.code;
    let place = finding.place.as_str();
    let server = if finding.kind == &kinds::SILENT_SERVER {
        // Its address, or its name where it has none.
        place.rsplit(' ').next().unwrap_or(place)
    } else if finding.kind == &kinds::LAME {
        place
    } else {
        return true;
    };
    told.insert((code, server.to_owned()))
}

/// DNS could not be asked at all.
pub(super) fn not_asked(error: &io::Error, sheet: &mut Sheet) {
    let mend = Mend::say("try again when the system has room, or leave DNS out with --no-dns");
    sheet.find(&kinds::SILENT_RESOLVER, "DNS", format!("it cannot be asked: {error}"), mend);
}

fn tasks(signers: &Signers, keys: &PublicKeys, config: &Config) -> Vec<Task> {
    let below = config.parent_identity;
    let task = |(domain, signers): (&Domain, &[Signer])| {
        let with_key =
            |signer: &Signer| Some((signer.clone(), keys.get(&signer.key.file)?.clone()));
        Task {
            domain: domain.clone(),
            signers: signers.iter().filter_map(with_key).collect(),
            below,
        }
    };
    signers.domains().map(task).collect()
}

/// On a terminal, how far we are; elsewhere nothing.
fn bar(length: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("DNS {bar:40} {pos}/{len} domains, {eta} left");
    let bar = ProgressBar::new(length as u64);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

async fn all(tasks: Vec<Task>, asking: Arc<Asking>, bar: ProgressBar) -> Vec<Sheet> {
    let places = Arc::new(Semaphore::new(DOMAINS_AT_ONCE));
    let mut running = JoinSet::new();
    for (number, task) in tasks.into_iter().enumerate() {
        // It is never closed.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
        let (asking, bar) = (Arc::clone(&asking), bar.clone());
        running.spawn(async move {
            let _place = place;
            let mut sheet = Sheet::default();
            if !asking.is_hopeless() {
                domain::look(&task, &asking, &mut sheet).await;
            }
            bar.inc(1);
            (number, sheet)
        });
    }
    let mut sheets = running.join_all().await;
    bar.finish_and_clear();
    sheets.sort_by_key(|(number, _)| *number);
    sheets.into_iter().map(|(_, sheet)| sheet).collect()
}
