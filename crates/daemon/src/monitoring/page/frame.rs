//! What is around each page.

use crate::html::{STYLE, Text};
use crate::monitoring::status::{DnsHealth, RecordState};
use std::fmt::{self, Write as _};

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// As it should be.
    Well,
    /// It works, and something is about to break.
    Risk,
    /// Mail goes unsigned, or carries seals that fail.
    Wrong,
}

impl Verdict {
    /// In words, as a heading.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Well => "All is well",
            Self::Risk => "At risk",
            Self::Wrong => "Something is wrong",
        }
    }

    /// The class of what is coloured by it.
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Well => "ok",
            Self::Risk => "risk",
            Self::Wrong => "wrong",
        }
    }

    /// What a record means for the mail that needs it.
    pub(super) const fn of_record(state: RecordState) -> Self {
        match state {
            RecordState::Missing
            | RecordState::Wrong
            | RecordState::Revoked
            | RecordState::Unusable => Self::Wrong,
            RecordState::Unreachable => Self::Risk,
            RecordState::Testing | RecordState::Unchecked | RecordState::Good => Self::Well,
        }
    }

    /// The worst of all records.
    pub(super) fn of_dns(dns: &DnsHealth) -> Self {
        let records = dns.domains.iter().flat_map(|domain| &domain.records);
        records.map(|record| Self::of_record(record.state)).max().unwrap_or(Self::Well)
    }
}

/// The page around its contents, which begin inside `<header>`, close it and open `<main>`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) title: &'static str,
    pub(super) verdict: Verdict,
}

impl Frame {
    /// All of it.
    pub(super) fn page(self, contents: impl FnOnce(&mut String) -> fmt::Result) -> String {
        let mut page = String::new();
        // To write into a String does not fail.
        let _ = self.write(&mut page, contents);
        page
    }

    fn write(
        self,
        page: &mut String,
        contents: impl FnOnce(&mut String) -> fmt::Result,
    ) -> fmt::Result {
        let (title, class) = (Text(self.title), self.verdict.class());
        write!(
            page,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <link rel=\"icon\" href=\"data:,\">\n<title>{title}: Twinseal</title>\n<style>\n\
             {STYLE}{OWN_STYLE}</style>\n</head>\n<body>\n<header class=\"{class}\">\n\
             <h1>{title}</h1>\n",
        )?;
        contents(page)?;
        page.write_str("</main>\n</body>\n</html>\n")
    }
}

/// What only the status page has.
const OWN_STYLE: &str = "\
td.number { font-variant-numeric: tabular-nums; white-space: nowrap; }
@media (min-width: 45.01rem) { th.number, td.number { text-align: right; padding-right: 1.2rem; } }
td p, td pre { margin: .2rem 0; }
section h3 { margin: 1.2rem 0 .3rem; }
article h3 { margin: 0; }
thead th { white-space: nowrap; }
@media (min-width: 45.01rem) { tbody th { min-width: 9rem; } tbody td { min-width: 5rem; } }
@media (max-width: 45rem) { tbody th { display: block; border: 0; padding: 0; } }
code { font: .9em ui-monospace, monospace; background: var(--card); padding: .05rem .25rem;
  border-radius: .2rem; }
form { display: flex; flex-wrap: wrap; gap: .5rem; margin: 1rem 0; align-items: center; }
input, button { font: inherit; padding: .4rem .7rem; color: var(--text); background: var(--page);
  border: 1px solid var(--soft); border-radius: .3rem; }
input { flex: 1 1 12rem; min-width: 0; }
.pages { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; margin: 1rem 0; }
ul.states { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .4rem 1.2rem; }
.soft { color: var(--soft); }
";
