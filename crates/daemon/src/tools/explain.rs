//! `twinseal explain`: what would be done about an address's mail, and why, without a message.

mod answer;
pub(super) mod asked;
mod called;
pub(super) mod decide;
mod keys;
mod lines;
mod origin;
pub(super) mod seals;

use super::options::asked;
use crate::command::print;
use crate::manual::{Page, help, long};
use crate::terminal::Terminal;
use answer::Answer;
use asked::{Asked, OPTIONS};
use std::ffi::OsString;
use twinseal_config::{Config, ExitCode};

const SUMMARY: &str = "\
Says what the milter would do with mail from ADDRESS, step by step, without a message: whether it
counts as ours and by what, which rule signs for each seal and with which keys, or why a seal is
left out, and which rule comes nearest. The last line of each seal says what becomes of it.

The configuration is /etc/twinseal/twinseal.yaml, or that of options as twinseal serve takes them
(--config FILE), or that of another program: twinseal explain ADDRESS -- dkim-filter -x FILE.

Ends with 0 when each seal that is switched on would be made, 1 when one would not, 64 when the
command line is wrong, 78 when the configuration is. --json prints one object; docs/explain.md has
its members.";

/// What there is to know of it.
pub(crate) const PAGE: Page = Page {
    name: "explain",
    about: SUMMARY,
    options: || long(OPTIONS),
    summary: "say how an address's mail would be signed, or why not",
    usage: &["ADDRESS [--config FILE] [OPTION…]", "ADDRESS [OPTION…] -- PROGRAM [OPTION…]"],
    configured: true,
    examples: &[
        ("Why is mail of this address not signed?", "twinseal explain joe@example.com"),
        ("From a client in the office:", "twinseal explain joe@example.com --client 192.0.2.7"),
        (
            "By the files of dkim-filter:",
            "twinseal explain joe@example.com -- dkim-filter -x /etc/dkim-filter.conf",
        ),
    ],
    files: &[("/etc/twinseal/twinseal.yaml", "the configuration that is meant when none is named")],
    see: &["twinseal-check(8)", "twinseal.yaml(5)"],
    ..Page::ROW
};

/// Runs the tool.
pub fn run(words: Vec<OsString>, terminal: &mut Terminal<'_>) -> ExitCode {
    let done = asked(Asked::read(words), ("explain", usage), terminal).and_then(|asked| {
        let loaded = asked.configured.load(usage, terminal)?;
        Ok(explain(&asked, &loaded.config, terminal))
    });
    done.unwrap_or_else(|code| code)
}

/// Says what would be done.
fn explain(asked: &Asked, config: &Config, terminal: &mut Terminal<'_>) -> ExitCode {
    let answer = match decide::answer(asked, config) {
        Ok(answer) => answer,
        Err(error) => {
            terminal.complain(&error);
            return error.exit_code();
        }
    };
    match rendered(&answer, asked.json) {
        Ok(text) => {
            let printed = print(terminal, &text);
            if printed == ExitCode::Ok { answer.exit_code() } else { printed }
        }
        Err(error) => {
            terminal.complain(format_args!("the answer as JSON: {error}"));
            ExitCode::Internal
        }
    }
}

fn rendered(answer: &Answer, json: bool) -> Result<String, serde_json::Error> {
    if json {
        serde_json::to_string_pretty(answer).map(|text| text + "\n")
    } else {
        Ok(lines::render(answer))
    }
}

fn usage() -> String {
    help(&PAGE)
}

#[cfg(test)]
mod tests;
