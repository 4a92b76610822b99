//! The names of the tools that came with the old daemons, and their letters, for what we have in
//! their place.

use super::{genkey, sign, verify};
use crate::terminal::Terminal;
use lexopt::{Arg, Parser};
use std::ffi::OsString;
use twinseal_config::ExitCode;

/// A letter of an old tool, its long name there, and our option for the same.
struct Letter {
    letter: char,
    long: &'static str,
    ours: &'static str,
    takes_value: bool,
}

const fn letter(letter: char, long: &'static str, ours: &'static str, takes_value: bool) -> Letter {
    Letter { letter, long, ours, takes_value }
}

/// What makes keys.
const GENKEY: &[Letter] = &[
    letter('b', "bits", "--bits", true),
    letter('d', "domain", "--domain", true),
    letter('D', "directory", "--directory", true),
    letter('s', "selector", "--selector", true),
    letter('t', "testmode", "--test-mode", false),
];

/// What signs a message, or verifies it where no key is named.
const TESTMSG: &[Letter] = &[
    letter('d', "domain", "--domain", true),
    letter('k', "key", "--key", true),
    letter('s', "selector", "--selector", true),
];

/// The selector of a key that is made without one.
const SELECTOR: &str = "default";

/// Runs what stands in the place of that tool; `None` where it is none of them.
pub fn run(name: &str, words: Vec<OsString>, terminal: &mut Terminal<'_>) -> Option<ExitCode> {
    let known = match name {
        "dkim-genkey" | "opendkim-genkey" => GENKEY,
        "opendkim-testmsg" => TESTMSG,
        "dkim-testkey" | "opendkim-testkey" | "dkim-testadsp" => {
            terminal.complain(format_args!(
                "there is no {name} here: twinseal verify checks a message that was signed against \
                 what DNS has, and says what is wrong with either"
            ));
            return Some(ExitCode::Unavailable);
        }
        _ => return None,
    };
    let mut ours = match translated(words, known) {
        Ok(ours) => ours,
        Err(word) => {
            terminal.complain(format_args!("{name}: there is no option {word} here"));
            return Some(ExitCode::Usage);
        }
    };
    Some(if name == "opendkim-testmsg" {
        if ours.is_empty() { verify::run(ours, terminal) } else { sign::run(ours, terminal) }
    } else {
        if !ours.iter().any(|word| word == "--selector") {
            ours.extend(["--selector", SELECTOR].map(OsString::from));
        }
        genkey::run(ours, terminal)
    })
}

/// The words in our own options, or the word that has no place among them.
fn translated(words: Vec<OsString>, known: &[Letter]) -> Result<Vec<OsString>, String> {
    let mut parser = Parser::from_args(words);
    parser.set_short_equals(false);
    let mut ours: Vec<OsString> = Vec::new();
    while let Some(arg) = parser.next().map_err(|error| error.to_string())? {
        let (found, shown) = match arg {
            Arg::Short(short) => {
                (known.iter().find(|one| one.letter == short), format!("-{}", short.escape_debug()))
            }
            Arg::Long(long) => {
                (known.iter().find(|one| one.long == long), format!("--{}", long.escape_debug()))
            }
            Arg::Value(word) => return Err(format!("{word:?}")),
        };
        let Some(one) = found else { return Err(shown) };
        ours.push(one.ours.into());
        if one.takes_value {
            ours.push(parser.value().map_err(|error| error.to_string())?);
        }
    }
    Ok(ours)
}

#[cfg(test)]
mod tests {
    use super::{GENKEY, TESTMSG, run, translated};
    use crate::terminal::Terminal;
    use std::ffi::OsString;
    use twinseal_config::ExitCode;

    fn words(text: &str) -> Vec<OsString> {
        text.split_whitespace().map(OsString::from).collect()
    }

    fn called(name: &str, text: &str) -> (Option<ExitCode>, String) {
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let mut terminal = Terminal {
            program: "twinseal",
            input: &mut std::io::empty(),
            output: &mut output,
            errors: &mut errors,
        };
        let code = run(name, words(text), &mut terminal);
        (code, String::from_utf8(errors).unwrap())
    }

    #[test]
    fn letters_are_our_options() {
        for (known, text, want) in [
            (
                GENKEY,
                "-b 1024 -d example.com -s mail -D /k -t",
                "--bits 1024 --domain example.com --selector mail --directory /k --test-mode",
            ),
            (
                GENKEY,
                "--bits=2048 -dexample.com --testmode",
                "--bits 2048 --domain example.com --test-mode",
            ),
            (
                TESTMSG,
                "-d example.com -s mail -k /k/mail",
                "--domain example.com --selector mail --key /k/mail",
            ),
            (TESTMSG, "", ""),
        ] {
            assert_eq!(translated(words(text), known).unwrap(), words(want), "{text}");
        }
        for (text, word) in [("-r", "-r"), ("--note x", "--note"), ("x", "\"x\"")] {
            assert_eq!(translated(words(text), GENKEY).unwrap_err(), word);
        }
    }

    #[test]
    fn a_tool_does_what_it_did_or_says_that_it_does_not() {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().display();
        let (code, said) = called("opendkim-genkey", &format!("-d example.com -b 1024 -D {place}"));
        assert_eq!(code, Some(ExitCode::Ok), "{said}");
        assert!(directory.path().join("default.private").exists());
        assert!(directory.path().join("default.txt").exists());
        let (code, said) = called("dkim-genkey", "-r -d example.com");
        assert_eq!(code, Some(ExitCode::Usage));
        assert!(said.contains("dkim-genkey: there is no option -r here"), "{said}");
        let (code, said) = called("opendkim-testkey", "-d example.com -s mail");
        assert_eq!(code, Some(ExitCode::Unavailable));
        assert!(said.contains("twinseal verify"), "{said}");
        assert_eq!(called("opendkim-testmsg", "").0, Some(ExitCode::Data));
        assert_eq!(called("opendkim-atpszone", "").0, None);
    }
}
