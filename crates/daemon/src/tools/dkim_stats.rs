//! `dkim-stats`: what came of the signatures of others, for each domain that signs.
//!
//! The historic program read a database that the filter kept; ours asks the daemon, which counts
//! since it was started.

use super::configured::Configured;
use super::stats::{fetch, socket_of};
use crate::command::print;
use crate::manual::{Page, Words};
use crate::terminal::Terminal;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use twinseal_config::{Door, ExitCode, HttpSocket};

/// What there is to know of it.
pub(crate) const PAGE: Page = Page {
    name: "dkim-stats",
    summary: "print what came of the signatures of others, as dkim-stats did",
    usage: &["FILE", "inet:PORT@HOST"],
    about: "\
Prints a line for each domain that has signed mail which arrived here: how many of its signatures
passed and failed since the daemon was started, and its last one:

  example.org:1/0	17 pass/2 fail, last l=0, a=1, Wed Jan  7 09:30:00 2026

The original read a database; this asks the running daemon, where the configuration FILE says, or at
that address: metrics.socket of our own file, Metrics of an old one, which ends in .conf.

Ends with 0 when it has printed them, 64 when the command line is wrong, 69 when nobody answers, 78 when
the configuration is wrong or names no socket.",
    operands: Words::Files,
    examples: &[("", "dkim-stats /etc/dkim-filter.conf"), ("", "dkim-stats inet:9171@localhost")],
    see: &["twinseal-stats(8)", "dkim-filter(8)"],
    ..Page::ROW
};

/// The words of the historic program, for whoever does not name one thing.
fn usage() -> String {
    "dkim-stats: usage(): dkim-stats path\n".to_owned()
}

/// Runs it. Its argument is a configuration of the daemon's, or where the daemon is asked.
pub(super) fn run(words: Vec<OsString>, terminal: &mut Terminal<'_>) -> ExitCode {
    let Ok([word]) = <[OsString; 1]>::try_from(words) else {
        let _ = terminal.errors.write_all(usage().as_bytes());
        return ExitCode::Usage;
    };
    // The historic program ended with 0 when its database could not be read; what runs it from cron
    // is better told.
    let told = socket(&word, terminal).and_then(|socket| {
        fetch::get(&socket, "/dkim-stats").map_err(|error| {
            terminal.complain(format_args!("{socket}: {error}"));
            ExitCode::Unavailable
        })
    });
    match told {
        Ok(text) => print(terminal, &text),
        Err(code) => code,
    }
}

/// Where the daemon is asked.
fn socket(word: &OsStr, terminal: &mut Terminal<'_>) -> Result<HttpSocket, ExitCode> {
    let text = word.to_string_lossy();
    if text.starts_with("inet:") || text.starts_with("inet6:") {
        return HttpSocket::parse(&text).map_err(|error| {
            terminal.complain(error);
            ExitCode::Usage
        });
    }
    socket_of(&configured(word), usage, terminal)
}

/// The configuration in that file, by its name: files of the old programs are not YAML.
fn configured(file: &OsStr) -> Configured {
    let name = Path::new(file).file_name().map(OsStr::to_string_lossy).unwrap_or_default();
    let (door, option) = match name.strip_suffix(".conf") {
        Some(name) if name.contains("opendkim") => (Door::Opendkim, "-x"),
        Some(_) => (Door::DkimFilter, "-x"),
        None => (Door::Native, "--config"),
    };
    Configured { door, words: vec![option.into(), file.to_owned()] }
}

#[cfg(test)]
mod tests {
    use super::{configured, run};
    use crate::terminal::testing::called;
    use twinseal_config::{Door, ExitCode};

    #[test]
    fn one_thing_is_named_or_the_words_of_the_historic_program_follow() {
        for words in [vec![], vec!["a", "b"]] {
            let want = "dkim-stats: usage(): dkim-stats path\n".to_owned();
            assert_eq!(called(run, &words), (ExitCode::Usage, String::new(), want));
        }
    }

    #[test]
    fn a_file_is_read_as_the_program_reads_it_whose_it_is() {
        for (file, door) in [
            ("/etc/twinseal/twinseal.yaml", Door::Native),
            ("/etc/dkim-filter.conf", Door::DkimFilter),
            ("/etc/opendkim.conf", Door::Opendkim),
            ("/etc/mail/x", Door::Native),
        ] {
            assert_eq!(configured(file.as_ref()).door, door, "{file}");
        }
    }

    #[test]
    fn a_socket_that_is_none_is_a_wrong_command_line() {
        let (code, _, errors) = called(run, &["inet:x"]);
        assert_eq!(code, ExitCode::Usage);
        assert!(!errors.is_empty());
    }
}
