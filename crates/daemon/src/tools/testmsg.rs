//! `twinseal testmsg`, `opendkim-testmsg`: signs a message where a key is named, and verifies it
//! where none is.

use super::lookup::NAMESERVER;
use super::options::Takes;
use super::testkey::reason;
use super::{sign, verify};
use crate::command::print;
use crate::manual::{Lettered, Page, help, lettered, old_usage};
use crate::terminal::Terminal;
use lexopt::{Arg, Parser};
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use twinseal_config::{ExitCode, name_server};
use twinseal_dkim::{ResultWord, Verdict};
use twinseal_message::text;

/// What the old program says of its options.
const OPTIONS: &[Lettered] = &[
    Lettered::only('C', Takes::Nothing, "preserve CRLFs"),
    Lettered::only('d', Takes::Text("domain"), "set signing domain"),
    Lettered::only('K', Takes::Nothing, "keep temporary files"),
    Lettered::only('k', Takes::Text("keyfile"), "private key file"),
    Lettered::only('s', Takes::Text("selector"), "set signing selector"),
    Lettered::only('t', Takes::Text("path"), "directory for temporary files"),
];

/// Whom to ask; the old program says nothing of it.
const ASKED: Lettered = Lettered {
    letter: None,
    long: Some(NAMESERVER.name),
    takes: NAMESERVER.takes,
    help: NAMESERVER.help,
};

const ABOUT: &str = "\
Reads a message from standard input. With -d, -s and -k it writes the message with a DKIM signature;
without, it verifies the signatures that it has, and says nothing unless none of them is valid. -C, -K
and -t are taken for the sake of opendkim-testmsg: line ends are those of the message, and no file is
left behind. twinseal sign makes both seals, twinseal verify says more.

Ends with 0 when it is signed or a signature is valid, 70 when not, 71 when the key cannot be read, 78
when the command line is wrong.";

/// What there is to know of it.
pub(crate) const PAGE: Page = Page {
    name: "testmsg",
    summary: "sign or verify one message as opendkim-testmsg does",
    usage: &["[OPTION…] [-d domain -s selector -k keyfile]"],
    about: ABOUT,
    options: || [lettered(OPTIONS), lettered(&[ASKED])].concat(),
    examples: &[
        ("", "twinseal testmsg -d example.com -s mail2 -k mail2.private < message.eml"),
        ("Is a signature valid?", "twinseal testmsg < signed.eml"),
    ],
    see: &["twinseal-sign(1)", "twinseal-verify(1)"],
    ..Page::ROW
};

/// The same under the name of the old program.
pub(crate) const OLD_PAGE: Page = Page {
    name: "opendkim-testmsg",
    examples: &[("", "opendkim-testmsg -d example.com -s mail2 -k mail2.private < message.eml")],
    see: &["twinseal-sign(1)", "twinseal-verify(1)", "opendkim(8)"],
    ..PAGE
};

/// The command line.
#[derive(Default)]
struct Asked {
    domain: Option<OsString>,
    selector: Option<OsString>,
    key: Option<PathBuf>,
    servers: Vec<SocketAddr>,
}

/// Runs the tool.
pub fn run(words: Vec<OsString>, terminal: &mut Terminal<'_>) -> ExitCode {
    if words.first().is_some_and(|word| word == "--help") {
        return print(terminal, &help(&PAGE));
    }
    run_as(words, terminal)
}

/// Runs it in the place of the old program, whose name the terminal has.
pub(super) fn run_as(words: Vec<OsString>, terminal: &mut Terminal<'_>) -> ExitCode {
    let asked = match Asked::read(words) {
        Ok(asked) => asked,
        Err(why) => {
            terminal.complain(why);
            return usage(terminal);
        }
    };
    match (asked.domain, asked.selector, asked.key) {
        (None, None, None) => judged(asked.servers, terminal),
        (Some(domain), Some(selector), Some(key)) => signed(domain, selector, key, terminal),
        _ => usage(terminal),
    }
}

impl Asked {
    fn read(words: Vec<OsString>) -> Result<Self, String> {
        let mut asked = Self::default();
        let mut parser = Parser::from_args(words);
        parser.set_short_equals(false);
        while let Some(arg) = parser.next().map_err(|error| error.to_string())? {
            let letter = match arg {
                Arg::Short('C' | 'K') | Arg::Value(_) => continue,
                Arg::Short(letter @ ('d' | 'k' | 's' | 't')) => letter,
                Arg::Short(letter) => {
                    return Err(format!("invalid option -- '{}'", letter.escape_debug()));
                }
                Arg::Long("nameserver") => 'n',
                Arg::Long(name) => {
                    return Err(format!("unrecognized option '--{}'", name.escape_debug()));
                }
            };
            let missing = |_| format!("option requires an argument -- '{letter}'");
            let value = parser.value().map_err(missing)?;
            match letter {
                'd' => asked.domain = Some(value),
                's' => asked.selector = Some(value),
                'k' => asked.key = Some(value.into()),
                'n' => {
                    let server = name_server(&value.to_string_lossy());
                    let server = server.map_err(|wrong| format!("--nameserver: {wrong}"))?;
                    asked.servers.push(server);
                }
                _ => {}
            }
        }
        Ok(asked)
    }
}

fn usage(terminal: &mut Terminal<'_>) -> ExitCode {
    let program = terminal.program;
    terminal.complain(format_args!("usage: {program} [options]\nValid options:"));
    for line in old_usage(OPTIONS) {
        // There is nowhere to complain if that fails.
        let _ = writeln!(terminal.errors, "\t{line}");
    }
    ExitCode::Configuration
}

/// The message with its signature: what `twinseal sign` makes of it without the DomainKeys seal,
/// which is nothing that whoever calls this expects.
fn signed(
    domain: OsString,
    selector: OsString,
    key: PathBuf,
    terminal: &mut Terminal<'_>,
) -> ExitCode {
    if let Err(error) = std::fs::File::open(&key) {
        terminal.complain(format_args!("{}: open(): {}", text::path(&key), reason(&error)));
        return ExitCode::System;
    }
    let options = ["--domain", "--selector", "--key", "--domainkeys"].map(OsString::from);
    let values = [domain, selector, key.into_os_string(), "off".into()];
    let words = options.into_iter().zip(values).flat_map(<[OsString; 2]>::from).collect();
    // It says why itself.
    if sign::run(words, terminal) == ExitCode::Ok { ExitCode::Ok } else { ExitCode::Internal }
}

fn judged(servers: Vec<SocketAddr>, terminal: &mut Terminal<'_>) -> ExitCode {
    let verdicts = match verify::verdicts(servers, terminal) {
        Ok(verdicts) => verdicts,
        Err(why) => {
            why.lines().for_each(|line| terminal.complain(format_args!("dkim_chunk(): {line}")));
            return ExitCode::Internal;
        }
    };
    if verdicts.iter().any(|verdict| verdict.outcome.word() == ResultWord::Pass) {
        return ExitCode::Ok;
    }
    match verdicts.first() {
        None => terminal.complain("dkim_chunk(): No signature"),
        Some(verdict) => terminal.complain(format_args!("dkim_eom(): {}", words(verdict))),
    }
    ExitCode::Internal
}

/// The library's words for the kind of result, and ours for the reason.
fn words(verdict: &Verdict) -> String {
    let kind = match verdict.outcome.word() {
        ResultWord::TempError => "Key retrieval failed",
        ResultWord::PermError => "Syntax error",
        ResultWord::None
        | ResultWord::Pass
        | ResultWord::Fail
        | ResultWord::Policy
        | ResultWord::Neutral => "Bad signature",
    };
    format!("{kind} ({})", verdict.outcome)
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::terminal::testing::{called, called_with};
    use twinseal_config::ExitCode;

    const MESSAGE: &[u8] = b"From: a@example.com\nTo: b@example.net\nSubject: x\n\nHello.\n";
    const KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/keys/rsa1024.pem");

    #[test]
    fn a_message_is_signed_for_dkim_alone() {
        let words = ["-C", "-d", "example.com", "-sgood", "-k", KEY, "-t", "/tmp"];
        let (code, output, errors) = called_with(run, &words, MESSAGE);
        assert_eq!((code, errors.as_str()), (ExitCode::Ok, ""));
        assert!(output.starts_with("DKIM-Signature: v=1;"), "{output}");
        assert!(output.ends_with(std::str::from_utf8(MESSAGE).unwrap()), "{output}");
        assert!(!output.contains("DomainKey"), "{output}");
    }

    #[test]
    fn a_message_without_a_signature_is_told() {
        let (code, output, errors) = called_with(run, &[], MESSAGE);
        assert_eq!((code, output.as_str()), (ExitCode::Internal, ""));
        assert_eq!(errors, "twinseal: dkim_chunk(): No signature\n");
    }

    #[test]
    fn some_options_of_three_are_a_mistake() {
        for words in [&["-d", "example.com"][..], &["-s", "x", "-k", KEY], &["-z"], &["-d"]] {
            let (code, output, errors) = called(run, words);
            assert_eq!((code, output.as_str()), (ExitCode::Configuration, ""), "{words:?}");
            assert!(errors.contains("Valid options:\n\t-C "), "{errors}");
        }
        let words = ["-d", "example.com", "-s", "x", "-k", "/nonexistent"];
        let (code, _, errors) = called(run, &words);
        assert_eq!(code, ExitCode::System);
        assert_eq!(errors, "twinseal: /nonexistent: open(): No such file or directory\n");
        assert!(called(run, &["--help"]).1.starts_with("usage: twinseal testmsg"));
    }
}
