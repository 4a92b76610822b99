//! The names of the tools that came with the old daemons, and what we have in their place.

use super::genkey::{dkim, opendkim};
use super::testkey::{self, Manner};
use super::{dkim_stats, testadsp, testmsg};
use crate::manual::Page;
use crate::terminal::Terminal;
use std::ffi::OsString;
use twinseal_config::ExitCode;

/// A tool under its name.
pub(crate) struct Tool {
    /// What there is to know of it.
    pub(crate) page: &'static Page,
    run: fn(Vec<OsString>, &mut Terminal<'_>) -> ExitCode,
}

/// All of them.
pub(crate) const TOOLS: &[Tool] = &[
    Tool { page: &dkim::PAGE, run: dkim::run },
    Tool { page: &opendkim::PAGE, run: opendkim::run },
    Tool {
        page: &testkey::DKIM_PAGE,
        run: |words, terminal| testkey::run_as(Manner::Dkim, words, terminal),
    },
    Tool {
        page: &testkey::OPENDKIM_PAGE,
        run: |words, terminal| testkey::run_as(Manner::Opendkim, words, terminal),
    },
    Tool { page: &testadsp::OLD_PAGE, run: testadsp::run_as },
    Tool { page: &testadsp::OLDEST_PAGE, run: testadsp::run_as },
    Tool { page: &testadsp::OPENDKIM_PAGE, run: testadsp::run_as },
    Tool { page: &dkim_stats::PAGE, run: dkim_stats::run },
    Tool { page: &testmsg::OLD_PAGE, run: testmsg::run_as },
];

/// Runs what stands in the place of that tool, under its name; `None` where it is none of them.
pub fn run(name: &str, words: Vec<OsString>, terminal: &mut Terminal<'_>) -> Option<ExitCode> {
    let tool = TOOLS.iter().find(|tool| tool.page.name == name)?;
    let mut named = Terminal {
        program: tool.page.name,
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
            let (code, output, errors) = called(
                |words, terminal| run(tool.page.name, words, terminal),
                &["--what", "--what"],
            );
            let said = output + &errors;
            assert!(code.is_some() && said.starts_with(&format!("{}: ", tool.page.name)), "{said}");
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
