//! `twinseal check`: everything on this host, and in DNS, that has to agree.
//!
//! | module | what is in it |
//! |---|---|
//! | `asked` | the command line |
//! | `finding` | what is found, and what is in order |
//! | `configuration` | the configuration with its tables and lists |
//! | `keys` | the files of private keys, and who gets at them |
//! | `published` | what DNS has for each key and each domain |
//! | `message` | one message, and what will break its seals |
//! | `mta` | Postfix or Sendmail, and the socket between us |
//! | `inventory` | where else configuration hides |
//! | `shown` | the result as text, JSON or a page |

mod asked;
mod change;
mod configuration;
pub(crate) mod finding;
mod inventory;
mod keys;
mod message;
mod mta;
pub(crate) mod published;
mod shown;

use super::options::asked;
use super::signers::Signers;
use crate::command::print;
use crate::manual::{Page, help, long};
use crate::terminal::Terminal;
use asked::{Asked, OPTIONS};
use configuration::Read;
use finding::{Grade, Kind, Sheet};
use keys::PublicKeys;
use std::ffi::OsString;
use twinseal_config::{Config, ExitCode, KeySource};

const SUMMARY: &str = "\
Looks at everything that has to agree for mail to be signed and verified: the configuration with its
tables, the key files and who can read them, what DNS has for each key at the resolver and at every
name server of the zone, and Postfix or Sendmail with the socket between us. Says of each thing that
is not right what it is, where, why it matters, and what to type; and what is in order.

The configuration is /etc/twinseal/twinseal.yaml, or that of options as twinseal serve takes them
(--config FILE), or that of another program: twinseal check -- dkim-filter -x FILE.

With --message FILE it looks at nothing but one message (- is standard input), as if one of our
own senders had sent it, and says what will break its seals on the way; docs/forecast.md has the
causes. It ends with 0 then when its seals will survive, 1 when one will not or none is made, 65 or
66 when the message cannot be read, 78 when the configuration is wrong.

Ends with 0 when nothing is wrong or at risk, 1 when something is, 64 when the command line is
wrong. docs/check.md has the codes of all findings, and the members of --json.";

/// All kinds of findings, area by area.
fn kinds() -> impl Iterator<Item = &'static Kind> {
    [configuration::KINDS, keys::KINDS, published::KINDS, mta::KINDS].into_iter().flatten().copied()
}

/// A command of which only this one makes use.
pub(crate) use mta::probe::{NAME as PROBE, run as probe};

/// What there is to know of it.
pub(crate) const PAGE: Page = Page {
    name: "check",
    about: SUMMARY,
    options: || long(OPTIONS),
    summary: "look at everything that has to agree, on this host and in DNS",
    usage: &["[--config FILE] [OPTION…]", "[OPTION…] -- PROGRAM [OPTION…]"],
    configured: true,
    examples: &[
        ("Look at everything, as root:", "twinseal check"),
        ("For a monitor: only what is wrong or at risk:", "twinseal check --quiet"),
        (
            "An old set-up, before it is replaced:",
            "twinseal check -- opendkim -x /etc/opendkim.conf",
        ),
        ("Mend the permissions of keys:", "twinseal check --fix"),
    ],
    files: &[("/etc/twinseal/twinseal.yaml", "the configuration that is meant when none is named")],
    see: &["twinseal-selftest(8)", "twinseal-testkey(8)", "twinseal.yaml(5)"],
    ..Page::ROW
};

/// Runs the tool.
pub fn run(words: Vec<OsString>, terminal: &mut Terminal<'_>) -> ExitCode {
    let done = asked(Asked::read(words), ("check", usage), terminal);
    done.map_or_else(
        |code| code,
        |asked| match &asked.message {
            Some(path) => message::look(path, &asked.configured, usage, terminal),
            None => check(&asked, terminal),
        },
    )
}

/// Looks at everything, and shows it.
fn check(asked: &Asked, terminal: &mut Terminal<'_>) -> ExitCode {
    let mut sheet = Sheet::default();
    match configuration::look(&asked.configured, &mut sheet) {
        Read::Config(config) => all(asked, &config, &mut sheet, terminal),
        Read::Nothing => {
            mta::list(&asked.mta, &mut sheet);
            inventory::look(None, &mut sheet);
        }
        Read::NotServing => return print(terminal, &usage()),
        Read::Usage(mistakes) => {
            mistakes.lines().for_each(|line| terminal.complain(line));
            return mistakes.exit_code();
        }
    }
    sheet.findings.retain(|finding| !asked.ignore.contains(&finding.kind.code));
    sheet.findings.sort_by_key(|finding| (finding.kind.area, finding.kind.grade));
    match shown::write(&sheet, asked, terminal) {
        Ok(()) => exit_code(&sheet),
        Err(why) => {
            terminal.complain(why);
            ExitCode::System
        }
    }
}

/// Looks at all that a configuration leads to.
fn all(asked: &Asked, config: &Config, sheet: &mut Sheet, terminal: &mut Terminal<'_>) {
    let signers = Signers::of(config);
    configuration::look_at_rules(&signers, sheet);
    let sources: Vec<KeySource> = signers.known.iter().map(|signer| signer.key.clone()).collect();
    let keys: PublicKeys = keys::look(config, &sources, asked.fixing, sheet, terminal);
    if asked.dns
        && let Err(error) = published::look(&signers, &keys, config, &asked.servers, sheet)
    {
        published::not_asked(&error, sheet);
    }
    mta::look(&asked.mta, config, sheet);
    inventory::look(Some(config), sheet);
}

fn exit_code(sheet: &Sheet) -> ExitCode {
    let counts = |grade| match grade {
        Grade::Wrong | Grade::Risk => true,
        Grade::Note => false,
    };
    let any = sheet.findings.iter().any(|finding| counts(finding.kind.grade));
    if any { ExitCode::No } else { ExitCode::Ok }
}

fn usage() -> String {
    help(&PAGE)
}

#[cfg(test)]
mod tests {
    use super::{kinds, run};
    use crate::terminal::testing::called;
    use std::collections::BTreeSet;
    use twinseal_config::ExitCode;

    #[test]
    fn every_code_stands_in_the_documentation_with_its_grade_and_no_other_does() {
        let page = include_str!("../../../../docs/check.md");
        let rows = page.lines().filter_map(|line| {
            let mut cells = line.strip_prefix("| `")?.split("` | ");
            let (code, rest) = (cells.next()?, cells.next()?);
            let grade = rest.split(' ').next()?;
            matches!(grade, "wrong" | "risk" | "note").then(|| format!("{code} {grade}"))
        });
        let documented: BTreeSet<String> = rows.collect();
        let listed: Vec<String> =
            kinds().map(|kind| format!("{} {}", kind.code, kind.grade.word())).collect();
        let known: BTreeSet<String> = listed.iter().cloned().collect();
        assert_eq!(documented, known);
        assert_eq!(known.len(), listed.len(), "a code stands there twice");
        for kind in kinds() {
            assert!(!kind.why.is_empty() && !kind.why.ends_with('.'), "{}", kind.code);
        }
    }

    #[test]
    fn troubleshooting_says_what_to_do_about_every_code_and_no_other() {
        let page = include_str!("../../../../docs/troubleshooting.md");
        let (_, section) = page.split_once("\n## Codes of twinseal check\n").unwrap();
        let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
        let listed: Vec<&str> = rows.map(|(code, _)| code).collect();
        let known: BTreeSet<&str> = kinds().map(|kind| kind.code).collect();
        assert_eq!(listed.iter().copied().collect::<BTreeSet<_>>(), known);
        assert_eq!(listed.len(), known.len(), "a code stands there twice");
    }

    #[test]
    fn every_mistake_of_the_command_line_is_told() {
        for (words, why) in [
            (&["--ignore", "nonsense"][..], "\"nonsense\""),
            (&["--json", "--html", "x"], "--json and --html exclude each other"),
            (&["--no-dns", "--nameserver", "127.0.0.1"], "exclude each other"),
            (&["--yes"], "--yes needs --fix"),
            (&["--nameserver", "dns.example"], "--nameserver"),
            (&["--config", "f", "--", "dk-filter"], "behind the program"),
        ] {
            let (code, output, errors) = called(run, words);
            assert_eq!((code, output.as_str()), (ExitCode::Usage, ""), "{words:?}");
            assert!(errors.contains(why), "{words:?}: {errors}");
        }
        let (_, _, errors) = called(run, &["--ignore", "nonsense"]);
        for kind in kinds() {
            assert!(errors.contains(kind.code), "{}: {errors}", kind.code);
        }
        let (code, output, _) = called(run, &["--help"]);
        assert!(code == ExitCode::Ok && output.contains("--ignore CODE"), "{output}");
    }
}
