//! What has to be looked at, and what to do about it.

use super::frame::Verdict;
use super::records::{self, remedy};
use super::words::{Advice, ago, amount, lines_of, span, things};
use crate::html::{Text, sentence};
use crate::monitoring::status::{DomainHealth, RecordHealth, Status, Trouble};
use std::fmt::{self, Write as _};
use twinseal_message::text::{escaped, shown};

/// How many records that are bad are shown here; the others are on the page of the domains.
const MOST_RECORDS: usize = 10;

/// How long an error is news, in seconds.
const RECENT: u64 = 60 * 60;

/// How much later than it should a round of asking DNS may end, in seconds.
const LATE: u64 = 15 * 60;

/// Something to be looked at.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) verdict: Verdict,
    title: String,
    /// Paragraphs: what it is, and why it matters.
    what: Vec<String>,
    /// Lines that were written by something else.
    lines: Vec<String>,
    /// What to do, commands between backquotes.
    advice: String,
    /// What to publish.
    record: Option<String>,
}

impl Problem {
    /// As a card.
    pub(super) fn put(&self, page: &mut String) -> fmt::Result {
        let (class, word) = match self.verdict {
            Verdict::Well => ("note", "note"),
            Verdict::Risk => ("risk", "risk"),
            Verdict::Wrong => ("wrong", "wrong"),
        };
        writeln!(
            page,
            "<article class=\"{class}\">\n<h3><span class=\"badge {class}\">{word}</span> {}</h3>",
            Text(&self.title)
        )?;
        for paragraph in &self.what {
            writeln!(page, "<p>{}.</p>", Text(&sentence(paragraph)))?;
        }
        if !self.lines.is_empty() {
            writeln!(page, "<pre>{}</pre>", Text(&self.lines.join("\n")))?;
        }
        if !self.advice.is_empty() {
            writeln!(page, "<p class=\"do\">{}.</p>", Advice(&sentence(&self.advice)))?;
        }
        if let Some(record) = &self.record {
            writeln!(page, "<pre>{}</pre>", Text(record))?;
        }
        page.write_str("</article>\n")
    }
}

/// All of them, the worst first.
pub(super) fn find(status: &Status) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(reload(status));
    put_records(status, &mut problems);
    problems.extend(errors(status));
    problems.extend(connections(status));
    problems.extend(asking(status));
    // What was found first stays in front of others of the same kind.
    problems.sort_by_key(|problem| std::cmp::Reverse(problem.verdict));
    problems
}

fn reload(status: &Status) -> Option<Problem> {
    let loading = &status.loading;
    if loading.mistakes.is_empty() {
        return None;
    }
    let since = ago(loading.in_force_since, status.now);
    let attempted = ago(loading.attempted, status.now);
    Some(Problem {
        verdict: Verdict::Wrong,
        title: "The configuration could not be read again".to_owned(),
        what: vec![format!("tried {attempted}; the one that was read {since} stays in force")],
        lines: loading.mistakes.iter().map(|line| escaped(line)).collect(),
        advice: "mend it, look at it with `twinseal serve --config FILE --check`, and reload again"
            .to_owned(),
        record: None,
    })
}

fn put_records(status: &Status, problems: &mut Vec<Problem>) {
    let all = status.dns.domains.iter();
    let all = all.flat_map(|domain| domain.records.iter().map(move |record| (domain, record)));
    let found = |wanted: Verdict| {
        all.clone().filter(move |(_, one)| Verdict::of_record(one.state) == wanted)
    };
    problems.extend(found(Verdict::Wrong).take(MOST_RECORDS).map(|(domain, one)| {
        let state = records::meaning(one.state);
        card(domain, one, state, status.now)
    }));
    let rest = found(Verdict::Wrong).count().saturating_sub(MOST_RECORDS);
    if rest > 0 {
        problems.push(Problem {
            verdict: Verdict::Wrong,
            title: things(rest, "more record is bad", "more records are bad"),
            what: vec!["receivers take the signatures that need them for broken".to_owned()],
            lines: Vec::new(),
            advice: "all of them are on the page of the domains, below; \
                     `twinseal dns` prints everything that should be published"
                .to_owned(),
            record: None,
        });
    }
    let unreachable = found(Verdict::Risk).count();
    if unreachable > 0 {
        problems.push(Problem {
            verdict: Verdict::Risk,
            title: things(
                unreachable,
                "record could not be asked for",
                "records could not be asked for",
            ),
            what: vec![
                "nobody could say what is published; receivers may not see it either".to_owned(),
            ],
            lines: Vec::new(),
            advice:
                "see that the resolver of this host and the name servers of the domains answer; \
                     `twinseal check` asks each of them"
                    .to_owned(),
            record: None,
        });
    }
}

fn card(domain: &DomainHealth, record: &RecordHealth, state: &str, now: u64) -> Problem {
    let mut what = Vec::new();
    for fault in &*record.faults {
        what.push(format!("{} ({})", shown(&fault.what), fault.code));
        what.push(fault.why.to_owned());
    }
    if what.is_empty() {
        what.push(state.to_owned());
    }
    let since = record.since.map(|since| span(now.saturating_sub(since)));
    what.extend(since.map(|span| format!("it has been so for {span}")));
    Problem {
        verdict: Verdict::of_record(record.state),
        title: shown(&format!("{}._domainkey.{}", record.selector, domain.domain)),
        what,
        lines: Vec::new(),
        advice: remedy(record, &domain.domain),
        record: record.wanted.as_ref().map(|wanted| lines_of(&wanted.to_string())),
    }
}

fn errors(status: &Status) -> Option<Problem> {
    let is_news = |at: u64| status.now.saturating_sub(at) < RECENT;
    // A reload that failed has a card of its own.
    let is_told = |text: &str| text.starts_with("reload: ") && !status.loading.mistakes.is_empty();
    let is_meant = |one: &&Trouble| one.is_error && is_news(one.at) && !is_told(&one.text);
    let mut recent = status.troubles.iter().filter(is_meant);
    let last = recent.next()?;
    Some(Problem {
        verdict: Verdict::Risk,
        title: "There were errors in the last hour".to_owned(),
        what: vec![format!("the last one {}", ago(last.at, status.now))],
        lines: vec![shown(&last.text)],
        advice: "see the last errors below, each with what to do".to_owned(),
        record: None,
    })
}

fn connections(status: &Status) -> Option<Problem> {
    let (open, limit) = (status.counts.connections, status.counts.connections_limit);
    (limit > 0 && open.saturating_mul(10) >= limit.saturating_mul(9)).then(|| Problem {
        verdict: Verdict::Risk,
        title: "Connections are running out".to_owned(),
        what: vec![format!(
            "{} of {} are open; an MTA that gets none waits",
            amount(open),
            amount(limit)
        )],
        lines: Vec::new(),
        advice: "raise the limit, or lower how many processes of the MTA speak to it at once"
            .to_owned(),
        record: None,
    })
}

/// Whether DNS is asked as it should be.
fn asking(status: &Status) -> Option<Problem> {
    let dns = &status.dns;
    let interval = dns.interval?.as_secs();
    let since = dns.checked.unwrap_or(status.started);
    let late = status.now.saturating_sub(since) > interval.saturating_add(LATE);
    let is_asked = dns.domains.iter().flat_map(|domain| &domain.records).next().is_some();
    (late && is_asked).then(|| Problem {
        verdict: Verdict::Risk,
        title: "What DNS says is old".to_owned(),
        what: vec![format!(
            "{}, and it should be asked every {}",
            match dns.checked {
                Some(checked) => format!("the last answers came {}", ago(checked, status.now)),
                None => "no round of asking has ended since the start".to_owned(),
            },
            span(interval)
        )],
        lines: Vec::new(),
        advice: "see that the resolver of this host answers; `twinseal check` asks it".to_owned(),
        record: None,
    })
}
