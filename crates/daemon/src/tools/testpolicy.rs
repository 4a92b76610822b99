//! `twinseal testpolicy`: the DomainKeys policies of domains (RFC 4870 §3.6).

use super::lookup::{Dns, NAMESERVER};
use super::options::{Given, Takes, ToolOption};
use super::published::{Report, finish};
use crate::command::print;
use crate::manual::{Page, help, long};
use crate::terminal::Terminal;
use std::ffi::OsString;
use twinseal_config::{ExitCode, name_server};
use twinseal_dkim::TxtAnswer;
use twinseal_domainkeys::{Outbound, Policy};
use twinseal_message::Domain;

const OPTIONS: &[ToolOption] = &[
    NAMESERVER,
    ToolOption { name: "json", takes: Takes::Nothing, help: "print an array of objects" },
];

const SUMMARY: &str = "\
Prints what each domain says of its mail to verifiers of DomainKeys: the record at _domainkey.DOMAIN
(RFC 4870), with its tags t=, o=, n= and r=. A domain without one means o=~, and is in order.

Ends with 0 when every policy is in order, 1 when one is not, 75 when DNS does not say, 64 when the
command line is wrong.

--json prints an array of objects with \"name\", \"good\", \"why\" and \"tags\", an object of the tags
that the record has; \"why\" is null where all is well.";

/// The most domains that are asked about.
const MAX_DOMAINS: usize = 1_000;

/// What there is to know of it.
pub(crate) const PAGE: Page = Page {
    name: "testpolicy",
    about: SUMMARY,
    options: || long(OPTIONS),
    summary: "say what domains tell DomainKeys of their mail",
    usage: &["[OPTION…] DOMAIN…"],
    examples: &[("", "twinseal testpolicy example.com example.org")],
    see: &["twinseal-testselector(8)", "twinseal-dns(8)"],
    ..Page::ROW
};

/// Runs the tool.
pub fn run(words: Vec<OsString>, terminal: &mut Terminal<'_>) -> ExitCode {
    let mut given = Given::with_operands(words, OPTIONS, MAX_DOMAINS);
    if given.help {
        return print(terminal, &help(&PAGE));
    }
    let servers = given.read_all(NAMESERVER.name, name_server);
    let mut domains = Vec::new();
    for word in std::mem::take(&mut given.operands) {
        match Domain::parse(&word.to_string_lossy()) {
            Ok(domain) => domains.push(domain),
            Err(error) => given.mistakes.push(error.to_string()),
        }
    }
    if domains.is_empty() && given.mistakes.is_empty() {
        given.mistakes.push("a domain is missing".to_owned());
    }
    if !given.mistakes.is_empty() {
        given.mistakes.iter().for_each(|mistake| terminal.complain(mistake));
        return ExitCode::Usage;
    }
    let dns = match Dns::open(servers, terminal) {
        Ok(dns) => dns,
        Err(code) => return code,
    };
    let names: Vec<String> = domains.iter().map(Policy::name).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let answers = dns.ask(&names);
    let reports = names.iter().zip(&answers).map(|(name, answer)| report(name, answer));
    finish(&reports.collect::<Vec<_>>(), given.has("json"), terminal)
}

/// What is to be said of that answer.
fn report(name: &str, answer: &TxtAnswer) -> Report {
    let text = match answer {
        TxtAnswer::Records { texts, .. } => match texts.as_slice() {
            [text] => text,
            many => return Report::bad(name, format!("{} records, where one counts", many.len())),
        },
        TxtAnswer::NoRecord | TxtAnswer::NoName => {
            let mut report = Report::good(name);
            report.line("no policy is published, which means o=~: some mail is signed");
            return report;
        }
        TxtAnswer::Failed(failure) => return Report::unanswered(name, *failure),
    };
    let policy = match Policy::parse(text) {
        Ok(policy) => policy,
        Err(error) => return Report::bad(name, error.to_string()),
    };
    let mut report = Report::good(name);
    let Policy { testing, outbound, note, report: address } = policy;
    report.tag(
        "o",
        outbound.as_str(),
        match outbound {
            Outbound::Some => "some mail is signed",
            Outbound::All => "all mail is signed",
        },
    );
    if testing {
        report.tag("t", "y", "the domain is testing");
    }
    if let Some(note) = note {
        report.tag("n", &note, "a note to people");
    }
    if let Some(address) = address {
        report.tag("r", &address, "where mail that does not verify is reported");
    }
    report
}

#[cfg(test)]
mod tests {
    use super::{report, run};
    use crate::terminal::testing::called;
    use twinseal_config::ExitCode;
    use twinseal_dkim::{LookupFailure, Security, TxtAnswer};

    fn said(texts: &[&str]) -> String {
        let texts = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
        let answer = TxtAnswer::Records { texts, security: Security::Unproved };
        report("_domainkey.a.example", &answer).to_string()
    }

    #[test]
    fn a_policy_is_told_tag_by_tag() {
        let want = "_domainkey.a.example: good\n\to=- all mail is signed\n\tt=y the domain is \
                    testing\n\tr=x@a.example where mail that does not verify is reported\n";
        assert_eq!(said(&["t=y; o=-; r=x@a.example"]), want);
        let none = report("_domainkey.a.example", &TxtAnswer::NoName).to_string();
        assert!(none.starts_with("_domainkey.a.example: good\n\tno policy is published"), "{none}");
    }

    #[test]
    fn what_is_no_policy_is_not_good() {
        for (texts, want) in [
            (&["o=?"][..], "not good: o= is \"?\""),
            (&["v=spf1 -all"], "not good: the record has none of the tags"),
            (&["o=~", "o=-"], "not good: 2 records, where one counts"),
        ] {
            let said = said(texts);
            assert!(said.starts_with(&format!("_domainkey.a.example: {want}")), "{said}");
        }
        let failed = TxtAnswer::Failed(LookupFailure::Timeout);
        let said = report("n", &failed).to_string();
        assert_eq!(said, "n: nobody can say now: no answer from DNS in time\n");
    }

    #[test]
    fn the_command_line_names_domains() {
        for (words, want) in [
            (&[][..], "twinseal: a domain is missing\n"),
            (&["--nameserver", "x", "a.example"], "twinseal: --nameserver: "),
            (&["a..b"], "twinseal: \"a..b\" is no domain name"),
        ] {
            let (code, output, errors) = called(run, words);
            assert_eq!((code, output.as_str()), (ExitCode::Usage, ""), "{words:?}");
            assert!(errors.starts_with(want), "{words:?}: {errors}");
        }
        assert!(called(run, &["--help"]).1.starts_with("usage: twinseal testpolicy"));
    }
}
