//! The names of the tools that came with the old daemons, and what we have in their place.

use super::genkey::{dkim, opendkim};
use super::testkey::{self, Manner};
use super::{dkim_stats, testadsp, testmsg};
use crate::terminal::Terminal;
use std::ffi::OsString;
use twinseal_config::ExitCode;

/// A tool under its name.
struct Tool {
    name: &'static str,
    run: fn(Vec<OsString>, &mut Terminal<'_>) -> ExitCode,
}

/// All of them.
const TOOLS: &[Tool] = &[
    Tool { name: "dkim-genkey", run: dkim::run },
    Tool { name: "opendkim-genkey", run: opendkim::run },
    Tool {
        name: "dkim-testkey",
        run: |words, terminal| testkey::run_as(Manner::Dkim, words, terminal),
    },
    Tool {
        name: "opendkim-testkey",
        run: |words, terminal| testkey::run_as(Manner::Opendkim, words, terminal),
    },
    Tool { name: "dkim-testadsp", run: testadsp::run_as },
    Tool { name: "dkim-testssp", run: testadsp::run_as },
    Tool { name: "opendkim-testadsp", run: testadsp::run_as },
    Tool { name: "dkim-stats", run: dkim_stats::run },
    Tool { name: "opendkim-testmsg", run: testmsg::run_as },
];

/// Runs what stands in the place of that tool, under its name; `None` where it is none of them.
pub fn run(name: &str, words: Vec<OsString>, terminal: &mut Terminal<'_>) -> Option<ExitCode> {
    let tool = TOOLS.iter().find(|tool| tool.name == name)?;
    let mut named = Terminal {
        program: tool.name,
        input: &mut *terminal.input,
        output: &mut *terminal.output,
        errors: &mut *terminal.errors,
    };
    Some((tool.run)(words, &mut named))
}

#[cfg(test)]
mod tests {
    use super::{TOOLS, run};
    use crate::terminal::testing::called;
    use twinseal_config::ExitCode;

    #[test]
    fn every_tool_speaks_under_its_name() {
        for tool in TOOLS {
            let (code, output, errors) =
                called(|words, terminal| run(tool.name, words, terminal), &["--what", "--what"]);
            let said = output + &errors;
            assert!(code.is_some() && said.starts_with(&format!("{}: ", tool.name)), "{said}");
        }
        let (code, ..) = called(|words, terminal| run("opendkim-atpszone", words, terminal), &[]);
        assert_eq!(code, None);
    }

    #[test]
    fn a_tool_does_what_it_did() {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().display().to_string();
        for (name, selector) in [("opendkim-genkey", "new"), ("dkim-genkey", "old")] {
            let words = ["-d", "example.com", "-b", "1024", "-s", selector, "-D", &place];
            let (code, _, errors) = called(|words, terminal| run(name, words, terminal), &words);
            assert_eq!(code, Some(ExitCode::Ok), "{errors}");
            assert!(directory.path().join(format!("{selector}.private")).exists());
            assert!(directory.path().join(format!("{selector}.txt")).exists());
        }
    }
}
