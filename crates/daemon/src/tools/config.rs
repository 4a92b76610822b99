//! `twinseal config show`: what is in force, in the words of our own file.

use super::configured::Configured;
use super::options::{Takes, ToolOption};
use crate::command::print;
use crate::manual::{Page, Words, help, long};
use crate::serve::FileSystem;
use crate::terminal::Terminal;
use std::ffi::{OsStr, OsString};
use twinseal_config::render::{Origins, shown};
use twinseal_config::{ExitCode, Request};

const OPTIONS: &[ToolOption] = &[ToolOption {
    name: "origin",
    takes: Takes::Nothing,
    help: "say behind each value where it is from: a line of a file, an option, or the default",
}];

/// What there is to know of it.
pub(crate) const PAGE: Page = Page {
    name: "config",
    summary: "show what a configuration, or an old command line, comes to",
    usage: &["show [--origin] [OPTION…]", "show [--origin] -- PROGRAM [OPTION…]"],
    about: "\
Prints the configuration that twinseal serve would have with these options, or PROGRAM with its own,
as a file that twinseal serve --config takes. PROGRAM is serve, dk-filter, dkim-filter or opendkim;
a path in front of it does no harm, so that an old command line can be pasted. What our own file has
no words for stands in comments in front. Nothing of a key is shown but the path of its file.

Ends with 0 when it is shown, 64 when the command line is wrong, 78 when the configuration is.",
    options: || long(OPTIONS),
    operands: Words::These(&["show"]),
    configured: true,
    examples: &[
        (
            "What is in force, and where each value is from:",
            "twinseal config show --origin --config /etc/twinseal/twinseal.yaml",
        ),
        (
            "An old command line in the words of our own file:",
            "twinseal config show -- dkim-filter -x /etc/dkim-filter.conf -p inet:8891@localhost",
        ),
    ],
    see: &["twinseal.yaml(5)", "twinseal-migrate(8)", "twinseal-explain(8)"],
    ..Page::ROW
};

/// What is to be shown.
struct Asked {
    configured: Configured,
    origins: Origins,
}

/// Runs the command with the words behind its name.
pub fn run(words: Vec<OsString>, terminal: &mut Terminal<'_>) -> ExitCode {
    let asked = match asked(words) {
        Ok(Some(asked)) => asked,
        Ok(None) => return print(terminal, &help(&PAGE)),
        Err(why) => {
            terminal.complain(why);
            terminal.complain("twinseal config --help tells how it is used");
            return ExitCode::Usage;
        }
    };
    let Configured { door, words } = asked.configured;
    match twinseal_config::serve(door, words, &FileSystem) {
        Ok(Request::Serve(loaded) | Request::Check(loaded) | Request::Test(loaded)) => {
            for warning in &loaded.warnings {
                terminal.complain(format_args!("warning: {warning}"));
            }
            print(terminal, &shown(&loaded.config, asked.origins))
        }
        Ok(
            Request::Help | Request::Usage | Request::Version | Request::Value(_) | Request::Query,
        ) => print(terminal, &help(&PAGE)),
        Err(mistakes) => {
            for warning in mistakes.warnings() {
                terminal.complain(format_args!("warning: {warning}"));
            }
            mistakes.lines().for_each(|line| terminal.complain(line));
            mistakes.exit_code()
        }
    }
}

/// What is asked for; `None` for help.
fn asked(words: Vec<OsString>) -> Result<Option<Asked>, String> {
    let mut words = words.into_iter();
    match words.next().as_deref().and_then(OsStr::to_str) {
        Some("show") => {}
        Some("--help" | "-h" | "-?" | "help") => return Ok(None),
        Some(other) => return Err(format!("unknown command {other:?} of config")),
        None => return Err("what to do with the configuration is missing: show".to_owned()),
    }
    let (mut origins, mut own) = (Origins::Hidden, Vec::new());
    while let Some(word) = words.next() {
        match word.to_str() {
            Some("--origin") => origins = Origins::Shown,
            Some("--") if own.is_empty() => {
                let configured = Configured::of_program(words.collect())?;
                return Ok(Some(Asked { configured, origins }));
            }
            Some("--") => return Err(Configured::MISPLACED.to_owned()),
            _ => own.push(word),
        }
    }
    Ok(Some(Asked { configured: Configured::of_options(own), origins }))
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::terminal::testing::called;
    use twinseal_config::ExitCode;

    fn config(words: &[&str]) -> (ExitCode, String, String) {
        called(run, words)
    }

    #[test]
    fn each_program_is_told_by_its_name_or_its_path() {
        for (words, line) in [
            (&["show", "-p", "/s", "--origin", "-b", "v"][..], "socket: /s  # -p\n"),
            (&["show", "--", "serve", "-p", "/s", "-b", "v"], "socket: /s\n"),
            (&["show", "--", "/usr/bin/twinseal", "serve", "-p", "/s", "-b", "v"], "mode: v\n"),
            (&["show", "--", "dkim-filter", "-p", "/s", "-b", "v"], "domainkeys: no\n"),
            (&["show", "--origin", "--", "twinseal", "dkim-filter", "-p/s", "-bv"], "v  # -b\n"),
            (
                &[
                    "show",
                    "--",
                    "/usr/sbin/dk-filter",
                    "-p",
                    "/s",
                    "-d",
                    "a.b",
                    "-s",
                    "k",
                    "-S",
                    "s",
                ],
                "  - senders: [\"*@a.b\"]\n    domain: a.b\n    keys:\n      - file: k\n",
            ),
        ] {
            let (code, output, errors) = config(words);
            assert_eq!(code, ExitCode::Ok, "{errors}");
            assert!(output.contains(line), "{line:?} is not in\n{output}");
        }
    }

    #[test]
    fn what_is_wrong_has_the_code_that_it_has_elsewhere() {
        for (words, code, why) in [
            (&[][..], ExitCode::Usage, "is missing"),
            (&["print"], ExitCode::Usage, "unknown command \"print\""),
            (&["show", "--"], ExitCode::Usage, "the program is missing"),
            (&["show", "--", "sendmail"], ExitCode::Usage, "\"sendmail\" is no program"),
            (&["show", "-p", "/s", "--", "dk-filter"], ExitCode::Usage, "behind the program"),
            (&["show", "--mod", "s"], ExitCode::Usage, "--mod: there is no such option"),
            (&["show", "-b", "v"], ExitCode::Configuration, "socket"),
            (&["show", "--config", "/nonexistent/t"], ExitCode::Configuration, "/nonexistent/t"),
        ] {
            let (found, output, errors) = config(words);
            assert_eq!((found, output.as_str()), (code, ""), "{words:?}: {errors}");
            assert!(errors.contains(why), "{words:?}: {errors}");
        }
        assert_eq!(config(&["--help"]).0, ExitCode::Ok);
    }
}
