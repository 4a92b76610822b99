//! `twinseal testadsp`, `dkim-testadsp`, `dkim-testssp`: what domains say about mail without their
//! signature (RFC 5617).

use super::lookup::{Dns, NAMESERVER};
use super::options::{Given, ToolOption};
use crate::command::print;
use crate::manual::{Page, help, long};
use crate::terminal::Terminal;
use std::ffi::OsString;
use std::net::SocketAddr;
use twinseal_config::{ExitCode, name_server};
use twinseal_dkim::adsp::{AdspQuery, Practice};
use twinseal_dkim::{LookupFailure, TxtAnswer};
use twinseal_message::Domain;

const OPTIONS: &[ToolOption] = &[NAMESERVER];

const SUMMARY: &str = "\
Prints what each domain says about mail without a signature of its own: the record at
_adsp._domainkey.DOMAIN (RFC 5617, historic since 2013). \"unknown\" is what no record means as well.

Ends with 0 when every record can be read or is not there, 1 when one cannot or a domain does not
exist, 75 when DNS does not say, 64 when the command line is wrong.";

/// What there is to know of it under the names of the old programs.
pub(crate) const OLD_PAGE: Page = Page {
    name: "dkim-testadsp",
    summary: "say what domains tell of mail without their signature, as dkim-testadsp did",
    usage: &["[--nameserver ADDR[:PORT]] DOMAIN…"],
    about: "\
Prints what each domain says about mail without a signature of its own: the record at
_adsp._domainkey.DOMAIN (RFC 5617, historic since 2013). Every word is a domain.

Ends with 0, whatever it finds, as ever; twinseal testadsp tells by its exit code.",
    options: || long(OPTIONS),
    examples: &[("", "dkim-testadsp example.com")],
    see: &["twinseal-testadsp(8)"],
    ..Page::ROW
};

/// The same under the name that it had when ADSP was called SSP.
pub(crate) const OLDEST_PAGE: Page =
    Page { name: "dkim-testssp", examples: &[("", "dkim-testssp example.com")], ..OLD_PAGE };

/// The same under the name that opendkim gave it.
pub(crate) const OPENDKIM_PAGE: Page = Page {
    name: "opendkim-testadsp",
    examples: &[("", "opendkim-testadsp example.com")],
    ..OLD_PAGE
};

/// The most domains that are asked about.
const MAX_DOMAINS: usize = 1_000;

/// What came out for one domain.
enum Found {
    /// Its policy, and the word for how it was found.
    Policy(Practice, &'static str),
    /// There is none to tell.
    Trouble(String, ExitCode),
}

/// What there is to know of it.
pub(crate) const PAGE: Page = Page {
    name: "testadsp",
    about: SUMMARY,
    options: || long(OPTIONS),
    summary: "say what domains tell of mail without their signature",
    usage: &["[OPTION…] DOMAIN…"],
    examples: &[("", "twinseal testadsp example.com")],
    see: &["twinseal-testkey(8)", "twinseal-dns(8)"],
    ..Page::ROW
};

/// Runs the tool.
pub fn run(words: Vec<OsString>, terminal: &mut Terminal<'_>) -> ExitCode {
    let mut given = Given::with_operands(words, OPTIONS, MAX_DOMAINS);
    if given.help {
        return print(terminal, &help(&PAGE));
    }
    let servers = given.read_all(NAMESERVER.name, name_server);
    if given.operands.is_empty() {
        given.mistakes.push("a domain is missing".to_owned());
    }
    if !given.mistakes.is_empty() {
        given.mistakes.iter().for_each(|mistake| terminal.complain(mistake));
        return ExitCode::Usage;
    }
    look(&given.operands, servers, terminal)
}

/// Runs it in the place of an old program, which took every word for a domain and ended with 0
/// whatever it found. Whom to ask may be said in front.
pub(super) fn run_as(words: Vec<OsString>, terminal: &mut Terminal<'_>) -> ExitCode {
    let mut given = Given::with_operands(words, OPTIONS, MAX_DOMAINS);
    let servers = given.read_all(NAMESERVER.name, name_server);
    given.mistakes.iter().for_each(|mistake| terminal.complain(mistake));
    let code = look(&given.operands, servers, terminal);
    if code == ExitCode::System { code } else { ExitCode::Ok }
}

fn look(domains: &[OsString], servers: Vec<SocketAddr>, terminal: &mut Terminal<'_>) -> ExitCode {
    let dns = match Dns::open(servers, terminal) {
        Ok(dns) => dns,
        Err(code) => return code,
    };
    let mut code = ExitCode::Ok;
    for word in domains {
        let (domain, found) = match Domain::parse(&word.to_string_lossy()) {
            Ok(domain) => (domain.to_string(), policy(&dns, &domain)),
            Err(error) => {
                terminal.complain(error);
                code = worse(code, ExitCode::No);
                continue;
            }
        };
        match found {
            Found::Policy(practice, result) => {
                let program = terminal.program;
                let printed = terminal.print(format_args!(
                    "{program}: {domain}:\n\tpolicy is \"{practice}\"\n\tpolicy result code is \
                     \"{result}\"\n"
                ));
                if let Err(error) = printed {
                    terminal.complain(format_args!("standard output: {error}"));
                    return ExitCode::System;
                }
                if result == NO_DOMAIN {
                    code = worse(code, ExitCode::No);
                }
            }
            Found::Trouble(why, one) => {
                terminal.complain(format_args!("{domain}: {why}"));
                code = worse(code, one);
            }
        }
    }
    code
}

/// The words for how a policy was found.
const NO_RECORD: &str = "none";
const FOUND: &str = "author domain policy found";
const NO_DOMAIN: &str = "domain does not exist";

fn policy(dns: &Dns, domain: &Domain) -> Found {
    let query = AdspQuery::new(domain);
    let mut answers = dns.ask(&[query.domain_name(), query.record_name()]).into_iter();
    // RFC 5617 §4.3: first whether there is such a domain, then what it says.
    match answers.next() {
        Some(TxtAnswer::NoName) => return Found::Policy(Practice::Unknown, NO_DOMAIN),
        Some(TxtAnswer::Failed(failure)) => return failed(failure),
        Some(TxtAnswer::Records { .. } | TxtAnswer::NoRecord) | None => {}
    }
    match answers.next() {
        Some(TxtAnswer::NoName | TxtAnswer::NoRecord) | None => {
            Found::Policy(Practice::Unknown, NO_RECORD)
        }
        Some(TxtAnswer::Failed(failure)) => failed(failure),
        Some(TxtAnswer::Records { texts, .. }) => match texts.as_slice() {
            [text] => match Practice::published(text) {
                Ok(practice) => Found::Policy(practice, FOUND),
                Err(error) => Found::Trouble(error.to_string(), ExitCode::No),
            },
            // RFC 5617 §4.3: of several records nothing follows.
            many => {
                Found::Trouble(format!("{} records, where one counts", many.len()), ExitCode::No)
            }
        },
    }
}

fn failed(failure: LookupFailure) -> Found {
    Found::Trouble(failure.to_string(), ExitCode::Temporary)
}

/// What DNS may still say weighs more than a record that is wrong.
fn worse(one: ExitCode, other: ExitCode) -> ExitCode {
    if one == ExitCode::Temporary { one } else { other }
}

#[cfg(test)]
mod tests {
    use super::{run, run_as};
    use crate::terminal::testing::called;
    use twinseal_config::ExitCode;

    #[test]
    fn no_domain_is_a_mistake_and_was_none() {
        let (code, output, errors) = called(run, &[]);
        assert_eq!((code, output.as_str()), (ExitCode::Usage, ""));
        assert_eq!(errors, "twinseal: a domain is missing\n");
        let (code, output, errors) = called(run_as, &[]);
        assert_eq!((code, output.as_str(), errors.as_str()), (ExitCode::Ok, "", ""));
    }

    #[test]
    fn what_is_no_domain_is_told_without_asking() {
        let words = ["--nameserver", "127.0.0.1:9", "a b"];
        let (code, output, errors) = called(run, &words);
        assert_eq!((code, output.as_str()), (ExitCode::No, ""));
        assert!(errors.starts_with("twinseal: \"a b\" is no domain name: "), "{errors}");
        assert_eq!(called(run_as, &words).0, ExitCode::Ok);
    }
}
