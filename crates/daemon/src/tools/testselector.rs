//! `twinseal testselector`: a published key, as a verifier of DomainKeys reads it (RFC 4870 §3.2.3).

use super::lookup::{Dns, NAMESERVER};
use super::options::{Given, Takes, ToolOption};
use super::published::{Report, finish};
use crate::command::print;
use crate::manual::{Page, help, long};
use crate::terminal::Terminal;
use std::ffi::OsString;
use twinseal_config::{ExitCode, name_server};
use twinseal_dkim::{KeyQuery, TxtAnswer};
use twinseal_domainkeys::{Granularity, SelectorRecord};
use twinseal_message::{Domain, Selector};

const OPTIONS: &[ToolOption] = &[
    NAMESERVER,
    ToolOption { name: "json", takes: Takes::Nothing, help: "print an array of one object" },
];

const SUMMARY: &str = "\
Prints what a verifier of DomainKeys makes of a published key (RFC 4870): its tags g=, k=, n=, p= and
t=, and what makes it useless there, such as h= without sha1. twinseal testkey says the same of DKIM.

Ends with 0 when the key can be used, 1 when it cannot, 75 when DNS does not say, 64 when the command
line is wrong.

--json prints an array of one object with \"name\", \"good\", \"why\" and \"tags\", an object of the
tags that are read; the value of \"p\" there is the size of the key in bits.";

/// A selector, and a domain.
const OPERANDS: usize = 2;

/// What there is to know of it.
pub(crate) const PAGE: Page = Page {
    name: "testselector",
    about: SUMMARY,
    options: || long(OPTIONS),
    summary: "say what DomainKeys makes of a published key",
    usage: &["[OPTION…] SELECTOR DOMAIN"],
    examples: &[("", "twinseal testselector mail2 example.com")],
    see: &["twinseal-testkey(8)", "twinseal-testpolicy(8)"],
    ..Page::ROW
};

/// Runs the tool.
pub fn run(words: Vec<OsString>, terminal: &mut Terminal<'_>) -> ExitCode {
    let mut given = Given::with_operands(words, OPTIONS, OPERANDS);
    if given.help {
        return print(terminal, &help(&PAGE));
    }
    let servers = given.read_all(NAMESERVER.name, name_server);
    let query = query(&mut given);
    let (Some(query), true) = (query, given.mistakes.is_empty()) else {
        given.mistakes.iter().for_each(|mistake| terminal.complain(mistake));
        return ExitCode::Usage;
    };
    let dns = match Dns::open(servers, terminal) {
        Ok(dns) => dns,
        Err(code) => return code,
    };
    let report = report(query.name(), &dns.ask_one(query.name()));
    finish(&[report], given.has("json"), terminal)
}

/// What is to be asked.
fn query(given: &mut Given) -> Option<KeyQuery> {
    let [selector, domain] = given.operands.as_slice() else {
        given.mistakes.push("a selector and a domain are needed, in this order".to_owned());
        return None;
    };
    let selector = Selector::parse(&selector.to_string_lossy()).map_err(|error| error.to_string());
    let domain = Domain::parse(&domain.to_string_lossy()).map_err(|error| error.to_string());
    match (selector, domain) {
        (Ok(selector), Ok(domain)) => Some(KeyQuery::new(&selector, &domain)),
        (selector, domain) => {
            given.mistakes.extend(selector.err().into_iter().chain(domain.err()));
            None
        }
    }
}

/// What is to be said of that answer.
fn report(name: &str, answer: &TxtAnswer) -> Report {
    let text = match answer {
        TxtAnswer::Records { texts, .. } => match texts.as_slice() {
            [text] => text,
            many => return Report::bad(name, format!("{} records, where one counts", many.len())),
        },
        TxtAnswer::NoRecord => return Report::bad(name, "there is no TXT record".to_owned()),
        TxtAnswer::NoName => return Report::bad(name, "the name does not exist".to_owned()),
        TxtAnswer::Failed(failure) => return Report::unanswered(name, *failure),
    };
    let record = match SelectorRecord::parse(text) {
        Ok(record) => record,
        Err(error) => return Report::bad(name, error.to_string()),
    };
    let mut report = Report::good(name);
    report.tag("k", "rsa", "the one type of keys here");
    let bits = record.key.bits().to_string();
    report.tag("p", &bits, "bits has the key");
    match &record.granularity {
        Granularity::Everybody => {}
        Granularity::Empty => report.tag(
            "g",
            "",
            "everybody signs with it; old verifiers of DKIM read that as nobody: leave g= out",
        ),
        Granularity::Star => report.tag("g", "*", "everybody signs with it: g= can be left out"),
        Granularity::One(local) => {
            report.tag("g", local, "addresses with this local part alone sign with it");
        }
    }
    if let Some(note) = &record.note {
        report.tag("n", note, "a note to people");
    }
    if record.testing {
        report.tag("t", "y", "the domain is testing");
    }
    if record.shared {
        report.line("v= is for DKIM, which shares the record, and says nothing here");
    }
    report
}

#[cfg(test)]
mod tests {
    use super::{report, run};
    use crate::terminal::testing::called;
    use twinseal_config::ExitCode;
    use twinseal_dkim::{LookupFailure, Security, TxtAnswer};
    use twinseal_keys::SigningKey;

    fn said(text: String) -> String {
        let answer =
            TxtAnswer::Records { texts: vec![text.into_bytes()], security: Security::Unproved };
        report("s._domainkey.a.example", &answer).to_string()
    }

    #[test]
    fn a_key_is_told_tag_by_tag() {
        let record = SigningKey::generate_rsa(1024).unwrap().record().unwrap();
        let shared = said(record.to_string());
        let want = "s._domainkey.a.example: good\n\tk=rsa the one type of keys here\n\tp=1024 bits \
                    has the key\n\tv= is for DKIM, which shares the record, and says nothing here\n";
        assert_eq!(shared, want);
        let all = said(format!("g=; n=x y; t=y; p={}", record.key_data()));
        for line in ["\tg= everybody signs", "\tn=x y a note", "\tt=y the domain is testing"] {
            assert!(all.contains(line), "{all}");
        }
        let spoilt = said(format!("v=DKIM1; h=sha256; p={}", record.key_data()));
        assert!(
            spoilt.starts_with("s._domainkey.a.example: not good: h= is \"sha256\""),
            "{spoilt}"
        );
    }

    #[test]
    fn what_dns_does_not_have_is_not_good() {
        for (answer, want) in [
            (TxtAnswer::NoName, "n: not good: the name does not exist\n"),
            (TxtAnswer::NoRecord, "n: not good: there is no TXT record\n"),
            (
                TxtAnswer::Failed(LookupFailure::ServerFailure),
                "n: nobody can say now: the DNS server failed\n",
            ),
        ] {
            assert_eq!(report("n", &answer).to_string(), want);
        }
    }

    #[test]
    fn the_command_line_names_a_selector_and_a_domain() {
        for words in [&[][..], &["mail"], &["a b", "a.example"], &["a", "b", "c"]] {
            assert_eq!(called(run, words).0, ExitCode::Usage, "{words:?}");
        }
        let (_, _, errors) = called(run, &["a b", "c..d"]);
        assert_eq!(errors.lines().count(), 2, "{errors}");
    }
}
