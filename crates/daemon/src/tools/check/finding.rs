//! What is found: what is wrong, where, why it matters, and what to type.

use serde::Serialize;
use std::fmt;

/// One kind of finding. Its code is a promise: scripts leave findings out by it (`--ignore`).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    /// A short name that stays.
    pub(crate) code: &'static str,
    /// What it is about.
    pub(crate) area: Area,
    /// How bad it is.
    pub(crate) grade: Grade,
    /// Why it matters: a sentence, without the particulars of one case.
    pub(crate) why: &'static str,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Grade {
    /// Mail goes unsigned, is not verified, or carries a seal that fails.
    Wrong,
    /// It works today, and a likely event breaks it or turns it against its owner.
    Risk,
    /// Legal, and worth knowing; it does not count for the exit code.
    Note,
}

/// What a finding is about, in the order in which it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Area {
    /// The configuration, with its tables and lists.
    Configuration,
    /// The files of private keys.
    Keys,
    /// What is published.
    Dns,
    /// Postfix or Sendmail, and the socket between us.
    Mta,
}

/// What to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Mend {
    /// In words, where commands alone do not say it; empty otherwise.
    pub(crate) advice: String,
    /// What to type in a shell, line after line. Paths are quoted as a shell takes them.
    pub(crate) commands: Vec<String>,
    /// A line for a zone file, or for another one that `advice` names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) record: Option<String>,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    #[serde(flatten, serialize_with = "kind")]
    pub(crate) kind: &'static Kind,
    /// Where: a line of a file, a name in DNS at a server, a parameter of the MTA.
    #[serde(rename = "where")]
    pub(crate) place: String,
    /// What was found there.
    pub(crate) what: String,
    /// What to do about it.
    pub(crate) mend: Mend,
}

/// One thing that is in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Passed {
    pub(crate) area: Area,
    #[serde(rename = "where")]
    pub(crate) place: String,
    /// What was seen to be so.
    pub(crate) what: String,
}

/// One place where configuration of this host hides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Item {
    /// What kind of place: a word or two, the same for all of that kind.
    pub(crate) kind: &'static str,
    /// The path, the name in DNS, the parameter.
    pub(crate) place: String,
    /// Who says that it counts: the line, the option, or the program that looks there.
    pub(crate) named_by: String,
    /// What is there now, in short.
    pub(crate) state: String,
}

/// All that came out.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    pub(crate) findings: Vec<Finding>,
    pub(crate) passed: Vec<Passed>,
    pub(crate) inventory: Vec<Item>,
}

impl Sheet {
    pub(crate) fn find(
        &mut self,
        kind: &'static Kind,
        place: impl fmt::Display,
        what: impl fmt::Display,
        mend: Mend,
    ) {
        let (place, what) = (place.to_string(), what.to_string());
        self.findings.push(Finding { kind, place, what, mend });
    }

    pub(crate) fn pass(&mut self, area: Area, place: impl fmt::Display, what: impl fmt::Display) {
        self.passed.push(Passed { area, place: place.to_string(), what: what.to_string() });
    }

    pub(crate) fn list(
        &mut self,
        kind: &'static str,
        place: impl fmt::Display,
        named_by: impl fmt::Display,
        state: impl fmt::Display,
    ) {
        self.inventory.push(Item {
            kind,
            place: place.to_string(),
            named_by: named_by.to_string(),
            state: state.to_string(),
        });
    }

    /// Takes over what another sheet holds.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.passed.extend(other.passed);
        self.inventory.extend(other.inventory);
    }
}

impl Mend {
    /// In words.
    pub(crate) fn say(advice: impl Into<String>) -> Self {
        Self { advice: advice.into(), ..Self::default() }
    }

    /// By typing these lines.
    pub(crate) fn run(commands: impl IntoIterator<Item = String>) -> Self {
        Self { commands: commands.into_iter().collect(), ..Self::default() }
    }

    /// By putting that line into a zone file, or where `advice` says.
    pub(crate) fn publish(advice: impl Into<String>, line: impl Into<String>) -> Self {
        Self { advice: advice.into(), commands: Vec::new(), record: Some(line.into()) }
    }

    /// The same, and in words as well.
    #[must_use]
    pub(crate) fn and_say(mut self, advice: impl Into<String>) -> Self {
        self.advice = advice.into();
        self
    }
}

impl Area {
    /// All of them, in their order.
    pub(crate) const ALL: [Self; 4] = [Self::Configuration, Self::Keys, Self::Dns, Self::Mta];

    /// Its heading.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Configuration => "Configuration",
            Self::Keys => "Keys",
            Self::Dns => "DNS",
            Self::Mta => "MTA",
        }
    }
}

impl Grade {
    /// The word in front of a finding.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Wrong => "wrong",
            Self::Risk => "risk",
            Self::Note => "note",
        }
    }
}

/// What every finding of a kind has in JSON.
fn kind<S: serde::Serializer>(kind: &&'static Kind, serializer: S) -> Result<S::Ok, S::Error> {
    use serde::ser::SerializeMap as _;
    let mut map = serializer.serialize_map(Some(4))?;
    map.serialize_entry("code", kind.code)?;
    map.serialize_entry("grade", &kind.grade)?;
    map.serialize_entry("area", &kind.area)?;
    map.serialize_entry("why", kind.why)?;
    map.end()
}
