//! `twinseal dns`: everything that the domains which sign should publish.

mod asked;
mod records;
mod shown;
pub(crate) mod suggested;

use super::options::asked;
use super::signers::{Open, Signers};
use crate::command::print;
use crate::manual::{Page, help, long};
use crate::privileges::Account;
use crate::server;
use crate::terminal::Terminal;
use asked::{Asked, OPTIONS};
use std::ffi::OsString;
use twinseal_config::{Config, ExitCode};
use twinseal_message::Domain;

const SUMMARY: &str = "\
Prints what DNS has to have for the mail that is signed here: the record of every key that signs,
and for each domain its DomainKeys policy; ADSP if it is asked for. What else a domain that sends
mail should say, SPF and DMARC, follows as suggestions, marked as such: only its owner knows them.

The configuration is /etc/twinseal/twinseal.yaml, or that of options as twinseal serve takes them
(--config FILE), or that of another program: twinseal dns -- dkim-filter -x FILE.

Ends with 0, with 1 when a key cannot be read or which domains sign depends on the sender, 64 when
the command line is wrong, 78 when the configuration is. docs/dns.md has the members of JSON.";

/// What there is to know of it.
pub(crate) const PAGE: Page = Page {
    name: "dns",
    about: SUMMARY,
    options: || long(OPTIONS),
    summary: "print everything that the domains which sign should publish",
    usage: &["[--config FILE] [OPTION…]", "[OPTION…] -- PROGRAM [OPTION…]"],
    configured: true,
    examples: &[
        ("As lines of zone files:", "twinseal dns"),
        (
            "For a web form, while testing:",
            "twinseal dns --format plain --test-mode --domain example.com",
        ),
    ],
    files: &[("/etc/twinseal/twinseal.yaml", "the configuration that is meant when none is named")],
    see: &["twinseal-genkey(8)", "twinseal-testkey(8)"],
    ..Page::ROW
};

/// Runs the tool.
pub fn run(words: Vec<OsString>, terminal: &mut Terminal<'_>) -> ExitCode {
    let done = asked(Asked::read(words), ("dns", usage), terminal).and_then(|asked| {
        let loaded = asked.configured.load(usage, terminal)?;
        Ok(publish(&asked, &loaded.config, terminal))
    });
    done.unwrap_or_else(|code| code)
}

/// Prints what has to be published.
fn publish(asked: &Asked, config: &Config, terminal: &mut Terminal<'_>) -> ExitCode {
    let account = server::account(config).ok().flatten();
    let trusted: Vec<u32> = account.iter().map(Account::uid).collect();
    let mut signers = Signers::of(config);
    signers
        .known
        .retain(|signer| asked.domains.is_empty() || asked.domains.contains(&signer.domain));
    let (records, mistakes) = records::all(&signers, asked, &trusted);
    let missing: Vec<String> = mistakes.into_iter().chain(untold(&signers, asked)).collect();
    missing.iter().for_each(|line| terminal.complain(line));
    if missing.is_empty() && records.is_empty() {
        terminal.complain("nothing is signed, so nothing has to be published");
    }
    match shown::render(&records, asked.format) {
        Ok(text) => {
            let printed = print(terminal, &text);
            if printed == ExitCode::Ok && !missing.is_empty() { ExitCode::No } else { printed }
        }
        Err(error) => {
            terminal.complain(format_args!("the records as JSON: {error}"));
            ExitCode::Internal
        }
    }
}

/// What is asked for and cannot be told.
fn untold(signers: &Signers, asked: &Asked) -> Vec<String> {
    let signs = |domain: &Domain| signers.known.iter().any(|signer| signer.domain == *domain);
    if !asked.domains.is_empty() {
        let strangers = asked.domains.iter().filter(|domain| !signs(domain));
        return strangers.map(|domain| format!("{domain}: no rule signs as this domain")).collect();
    }
    let told = |open: &Open| {
        format!(
            "{}: senders that match {:?} sign as their own domain, whatever it is: publish the same \
             for each of them",
            open.origin, open.senders
        )
    };
    let clashes = signers.clashes.iter().map(|(signer, other)| {
        format!(
            "{}: {}._domainkey.{} is the name of another key already",
            other.origin, other.selector, signer.domain
        )
    });
    signers.open.iter().map(told).chain(clashes).collect()
}

fn usage() -> String {
    help(&PAGE)
}

#[cfg(test)]
mod tests;
