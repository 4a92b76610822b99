//! What was looked at, and what came of it: as text and as JSON. The names of its members are
//! promises, which `docs/selftest.md` makes.

use serde::Serialize;
use std::fmt::Write as _;
use twinseal_config::ExitCode;

/// How a message is handed to the MTA.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum WayName {
    /// By SMTP, as from another program or host.
    Smtp,
    /// By the `sendmail` command, as local programs do.
    Sendmail,
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Code {
    /// The configuration was read.
    Configuration,
    /// The MTA would bring the message to the sink.
    Route,
    /// There is an SMTP server.
    Connected,
    /// The MTA took the message.
    Accepted,
    /// It arrived.
    Arrived,
    /// The seals that the configuration promises.
    Expected,
    /// The MTA put its own field on top.
    Received,
    /// The DKIM seal is there.
    DkimPresent,
    /// It is where it has to be.
    DkimPlace,
    /// It verifies with the key on disk.
    DkimKey,
    /// It verifies with what DNS has.
    DkimDns,
    /// The DomainKeys seal is there.
    DomainkeysPresent,
    /// It is where it has to be.
    DomainkeysPlace,
    /// The key on disk makes it again.
    DomainkeysKey,
    /// What DNS has is that key, and DomainKeys verifiers can use it.
    DomainkeysDns,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum State {
    /// All is well.
    Ok,
    /// It is not.
    Failed,
    /// Nobody could look.
    NotSeen,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Step {
    pub(super) step: Code,
    pub(super) state: State,
    /// What was found.
    pub(super) what: String,
    /// What the reason may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<String>,
    /// What to do, or to type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mend: Option<String>,
    /// Whether it may be seen later: DNS did not say.
    #[serde(skip)]
    pub(super) later: bool,
}

/// What became of one message.
#[derive(Debug, Serialize)]
pub(super) struct Way {
    pub(super) way: WayName,
    pub(super) steps: Vec<Step>,
}

/// The word for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Word {
    /// Nothing failed.
    Ok,
    /// Something failed.
    Failed,
    /// The MTA took no message.
    NotSent,
    /// DNS did not say.
    Temporary,
}

/// All of it.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) result: Word,
    pub(super) ways: Vec<Way>,
}

impl Step {
    fn new(step: Code, state: State, what: impl Into<String>) -> Self {
        Self { step, state, what: what.into(), why: None, mend: None, later: false }
    }

    pub(super) fn ok(step: Code, what: impl Into<String>) -> Self {
        Self::new(step, State::Ok, what)
    }

    pub(super) fn failed(step: Code, what: impl Into<String>) -> Self {
        Self::new(step, State::Failed, what)
    }

    pub(super) fn not_seen(step: Code, what: impl Into<String>) -> Self {
        Self::new(step, State::NotSeen, what)
    }

    pub(super) fn because(mut self, why: impl Into<String>) -> Self {
        self.why = Some(why.into());
        self
    }

    pub(super) fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = Some(mend.into());
        self
    }

    pub(super) const fn later(mut self) -> Self {
        self.later = true;
        self
    }
}

impl Report {
    pub(super) fn new(ways: Vec<Way>) -> Self {
        let any = |is: fn(&Step) -> bool| ways.iter().flat_map(|way| &way.steps).any(is);
        let result = if !any(|step| step.step == Code::Accepted && step.state == State::Ok) {
            Word::NotSent
        } else if any(|step| step.state == State::Failed) {
            Word::Failed
        } else if any(|step| step.later) {
            Word::Temporary
        } else {
            Word::Ok
        };
        Self { result, ways }
    }

    pub(super) const fn exit_code(&self) -> ExitCode {
        match self.result {
            Word::Ok => ExitCode::Ok,
            Word::Failed => ExitCode::No,
            Word::NotSent => ExitCode::Unavailable,
            Word::Temporary => ExitCode::Temporary,
        }
    }

    /// In lines for people.
    pub(super) fn lines(&self) -> String {
        let mut text = String::new();
        for Way { way, steps } in &self.ways {
            text.push_str(match way {
                WayName::Smtp => "by SMTP:\n",
                WayName::Sendmail => "by the sendmail command:\n",
            });
            for step in steps {
                let state = match step.state {
                    State::Ok => "ok",
                    State::Failed => "FAIL",
                    State::NotSeen => "not seen",
                };
                let _ = writeln!(text, "  {state:<8}  {}", step.what);
                for (name, said) in [("why", &step.why), ("mend", &step.mend)] {
                    let lines = said.iter().flat_map(|said| said.lines());
                    lines.for_each(|line| {
                        let _ = writeln!(text, "            {name}: {line}");
                    });
                }
            }
            text.push('\n');
        }
        let steps = || self.ways.iter().flat_map(|way| &way.steps);
        let count = |state| steps().filter(|step| step.state == state).count();
        let (failed, unseen) = (count(State::Failed), count(State::NotSeen));
        let unseen = if unseen > 0 { format!("; {unseen} not seen") } else { String::new() };
        let _ = match self.result {
            Word::Ok => writeln!(text, "result: ok{unseen}"),
            Word::Failed => writeln!(text, "result: {failed} failed{unseen}"),
            Word::NotSent => writeln!(text, "result: nothing was sent"),
            Word::Temporary => writeln!(text, "result: DNS does not say now{unseen}"),
        };
        text
    }
}

#[cfg(test)]
mod tests {
    use super::{Code, Report, Step, Way, WayName};
    use twinseal_config::ExitCode;

    #[test]
    fn a_failure_weighs_more_than_what_dns_may_still_say() {
        let sent = Step::ok(Code::Accepted, "taken");
        let (bad, late) =
            (Step::failed(Code::DkimKey, "bad"), Step::not_seen(Code::DkimDns, "late").later());
        for (steps, code, last) in [
            (vec![], ExitCode::Unavailable, "nothing was sent"),
            (vec![bad.clone()], ExitCode::Unavailable, "nothing was sent"),
            (vec![sent.clone()], ExitCode::Ok, "ok"),
            (
                vec![sent.clone(), Step::not_seen(Code::DkimKey, "x")],
                ExitCode::Ok,
                "ok; 1 not seen",
            ),
            (
                vec![sent.clone(), late.clone()],
                ExitCode::Temporary,
                "DNS does not say now; 1 not seen",
            ),
            (vec![sent, late, bad], ExitCode::No, "1 failed; 1 not seen"),
        ] {
            let report = Report::new(vec![Way { way: WayName::Smtp, steps }]);
            assert_eq!(report.exit_code(), code, "{report:?}");
            assert!(report.lines().ends_with(&format!("\nresult: {last}\n")), "{report:?}");
        }
    }
}
