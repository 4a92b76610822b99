//! `dkim-genkey`: its command line, its messages and its files.

use super::files::Failure;
use super::historic::{New, flags, hash_list, tag_text, warn_of_what_spoils_it};
use super::{MAX_MADE_BITS, number};
use crate::manual::{Lettered, Page, lettered};
use crate::terminal::Terminal;
use crate::tools::options::Takes;
use std::ffi::OsString;
use std::fmt::Display;
use std::path::PathBuf;
use twinseal_config::ExitCode;
use twinseal_keys::signing::MIN_RSA_BITS;
use twinseal_keys::{txt_strings, zone_string};
use twinseal_message::{Domain, Selector};

/// What is made when nothing else is asked for.
const BITS: u32 = 1024;
const DOMAIN: &str = "example.com";
const SELECTOR: &str = "default";

/// Its options. It has never told them itself.
const OPTIONS: &[Lettered] = &[
    Lettered::only('b', Takes::Text("BITS"), "size of the key; 1024 if not given"),
    Lettered::only(
        'd',
        Takes::Text("DOMAIN"),
        "the domain, for a comment; example.com if not given",
    ),
    Lettered::only('D', Takes::Text("DIR"), "where to put the files; here if not given"),
    Lettered::only(
        'g',
        Takes::Text("LOCAL"),
        "the tag g=, which RFC 6376 has no more; * if not given",
    ),
    Lettered::only(
        'h',
        Takes::Text("HASHES"),
        "the tag h=, such as sha1:sha256; none if not given",
    ),
    Lettered::only('n', Takes::Text("NOTE"), "the tag n=, for people"),
    Lettered::only('r', Takes::Nothing, "nothing: it said in the manual that it is for mail alone"),
    Lettered::only('s', Takes::Text("SELECTOR"), "the selector; default if not given"),
    Lettered::only(
        'S',
        Takes::Nothing,
        "the key is for the domain itself, not for what is below it",
    ),
    Lettered::only('t', Takes::Nothing, "the domain is testing: t=y"),
    Lettered::only('v', Takes::Nothing, "say what is done"),
];

/// What there is to know of it.
pub(crate) const PAGE: Page = Page {
    name: "dkim-genkey",
    summary: "make a key and its DNS record, as dkim-genkey did",
    about: "\
Makes an RSA key, SELECTOR.private, and its record as a line of a zone file, SELECTOR.txt. Each option
is a word of its own, and so is its value. What it has to say goes to standard output. Unlike the
original, it overwrites nothing: the key might be published. Where the record is of no use to
DomainKeys, it warns.

Ends with 0 when both files are written, 1 when not.",
    options: || lettered(OPTIONS),
    examples: &[("", "dkim-genkey -b 2048 -d example.com -s mail2 -D /etc/mail/dkim/keys/example.com")],
    files: &[("SELECTOR.private", "the key"), ("SELECTOR.txt", "its record")],
    see: &["twinseal-genkey(8)", "dkim-testkey(8)", "dkim-filter(8)"],
    ..Page::ROW
};

/// The command line.
struct Asked {
    bits: u32,
    /// Only a comment names it; an empty one leaves the comment out.
    domain: String,
    directory: PathBuf,
    granularity: String,
    hashes: Option<String>,
    note: Option<String>,
    selector: String,
    no_subdomains: bool,
    testing: bool,
    verbose: bool,
}

/// Runs it. Its complaints go to standard output, as ever.
pub(in crate::tools) fn run(words: Vec<OsString>, terminal: &mut Terminal<'_>) -> ExitCode {
    match Asked::read(words).and_then(|asked| make(&asked, terminal)) {
        Ok(()) => ExitCode::Ok,
        Err(why) => {
            let _ = tell(terminal, why);
            ExitCode::No
        }
    }
}

/// One line on standard output.
fn tell(terminal: &mut Terminal<'_>, what: impl Display) -> Result<(), String> {
    let program = terminal.program;
    terminal.print(format_args!("{program}: {what}\n")).map_err(|error| error.to_string())
}

impl Asked {
    /// Each option is a word of its own, and its value the next word.
    fn read(words: Vec<OsString>) -> Result<Self, String> {
        let mut asked = Self {
            bits: BITS,
            domain: DOMAIN.to_owned(),
            directory: PathBuf::from("."),
            granularity: "*".to_owned(),
            hashes: None,
            note: None,
            selector: SELECTOR.to_owned(),
            no_subdomains: false,
            testing: false,
            verbose: false,
        };
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let flag = word.to_string_lossy().into_owned();
            match flag.as_str() {
                // It said "e-mail only" in the manual and nothing in the record.
                "-r" => {}
                "-S" => asked.no_subdomains = true,
                "-t" => asked.testing = true,
                "-v" => asked.verbose = true,
                "-b" | "-d" | "-D" | "-g" | "-h" | "-n" | "-s" => {
                    let value = words.next().ok_or_else(|| format!("{flag} requires a value"))?;
                    asked.take(&flag, value).map_err(|why| format!("{flag}: {why}"))?;
                }
                _ => return Err(format!("unknown flag {}", flag.escape_debug())),
            }
        }
        Ok(asked)
    }

    fn take(&mut self, flag: &str, value: OsString) -> Result<(), String> {
        if flag == "-D" {
            self.directory = PathBuf::from(value);
            return Ok(());
        }
        let text = value.into_string().map_err(|value| format!("{value:?} is not UTF-8"))?;
        match flag {
            "-b" => self.bits = number(MIN_RSA_BITS..=MAX_MADE_BITS)(&text)?,
            "-d" if text.is_empty() => self.domain = text,
            "-d" => {
                self.domain = Domain::parse(&text).map_err(|error| error.to_string())?.to_string();
            }
            "-g" => self.granularity = tag_text(&text)?,
            "-h" => self.hashes = Some(hash_list(&text)?),
            "-n" => self.note = Some(tag_text(&text)?),
            _ => self.selector = text,
        }
        Ok(())
    }
}

fn make(asked: &Asked, terminal: &mut Terminal<'_>) -> Result<(), String> {
    let selector = Selector::parse(&asked.selector).map_err(|error| format!("-s: {error}"))?;
    if asked.verbose {
        tell(terminal, "generating private key")?;
    }
    let failed = |failure: Failure| failure.to_string();
    let new = New::make(&asked.directory, &selector, asked.bits).map_err(failed)?;
    let record = record(asked, new.record.key_data());
    new.write(&zone(asked, &selector, &record)).map_err(failed)?;
    if asked.verbose {
        let (private, text) = new.shown();
        tell(terminal, format_args!("private key written to {private}"))?;
        tell(terminal, "extracting public key")?;
        tell(terminal, format_args!("DNS TXT record written to {text}"))?;
    }
    warn_of_what_spoils_it(&record, terminal);
    Ok(())
}

/// The record, with the historic tags in the historic order: `g=*` is redundant, understood by both
/// standards, and what scripts expect to see there (traps F5, K10).
fn record(asked: &Asked, key: &str) -> String {
    let tag = |name: &str, value: &Option<String>| {
        value.as_ref().map_or_else(String::new, |value| format!(" {name}={value};"))
    };
    let note = asked.note.as_ref().map(|note| format!("\"{note}\""));
    format!(
        "v=DKIM1;{}{} g={}; k=rsa;{} p={key}",
        tag("n", &note),
        tag("h", &asked.hashes),
        asked.granularity,
        flags(asked.testing, asked.no_subdomains),
    )
}

/// One line, as ever, while the record is one string; longer ones were refused by name servers.
fn zone(asked: &Asked, selector: &Selector, record: &str) -> String {
    let comment = match asked.domain.as_str() {
        "" => String::new(),
        domain => format!(" ; ----- DKIM {selector} for {domain}"),
    };
    let strings: Vec<String> = txt_strings(record).iter().map(|one| zone_string(one)).collect();
    let text = match strings.as_slice() {
        [one] => one.clone(),
        many => format!("( {} )", many.join("\n\t")),
    };
    format!("{selector}._domainkey IN TXT {text}{comment}\n")
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::terminal::testing::called;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use twinseal_config::ExitCode;

    fn made(words: &[&str]) -> (ExitCode, String, String, tempfile::TempDir) {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().display().to_string();
        let (code, output, errors) = called(run, &[&["-D", &place], words].concat());
        (code, output, errors, directory)
    }

    #[test]
    fn the_record_is_one_line_of_the_historic_shape() {
        let (code, output, errors, directory) =
            made(&["-s", "mailer1", "-d", "mydomain.com", "-t", "-r"]);
        assert_eq!((code, output.as_str(), errors.as_str()), (ExitCode::Ok, "", ""));
        let text = fs::read_to_string(directory.path().join("mailer1.txt")).unwrap();
        let start = "mailer1._domainkey IN TXT \"v=DKIM1; g=*; k=rsa; t=y; p=MIGf";
        assert!(text.starts_with(start), "{text}");
        assert!(text.ends_with("QAB\" ; ----- DKIM mailer1 for mydomain.com\n"), "{text}");
        assert_eq!(text.lines().count(), 1);
        for name in ["mailer1.txt", "mailer1.private"] {
            let mode = directory.path().join(name).metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn what_is_asked_for_is_in_the_record_and_what_spoils_it_is_said() {
        for (words, tags, said) in [
            (&["-n", "a note"][..], "v=DKIM1; n=\\\"a note\\\"; g=*; k=rsa; p=", ""),
            (&["-h", "sha1:sha256"], "v=DKIM1; h=sha1:sha256; g=*; k=rsa; p=", ""),
            (&["-h", "sha256"], "v=DKIM1; h=sha256; g=*; k=rsa; p=", "h= is \"sha256\", without"),
            (&["-g", ""], "v=DKIM1; g=; k=rsa; p=", "g= is empty"),
            (&["-g", "sales", "-S"], "v=DKIM1; g=sales; k=rsa; t=s; p=", ""),
            (&["-S", "-t"], "v=DKIM1; g=*; k=rsa; t=y:s; p=", ""),
        ] {
            let (code, _, errors, directory) = made(words);
            assert_eq!(code, ExitCode::Ok, "{words:?}");
            let text = fs::read_to_string(directory.path().join("default.txt")).unwrap();
            let start = format!("default._domainkey IN TXT \"{tags}");
            assert!(text.starts_with(&start), "{text}");
            assert!(text.ends_with(" ; ----- DKIM default for example.com\n"), "{text}");
            assert_eq!(errors.is_empty(), said.is_empty(), "{words:?}: {errors}");
            assert!(errors.contains(said), "{words:?}: {errors}");
        }
    }

    #[test]
    fn a_long_record_is_several_strings() {
        let (code, output, errors, directory) = made(&["-b", "2048", "-d", "", "-v"]);
        assert_eq!((code, errors.as_str()), (ExitCode::Ok, ""));
        assert_eq!(output.lines().count(), 4, "{output}");
        assert!(output.contains("twinseal: generating private key\n"), "{output}");
        let text = fs::read_to_string(directory.path().join("default.txt")).unwrap();
        assert!(text.starts_with("default._domainkey IN TXT ( \"v=DKIM1; g=*; "), "{text}");
        assert!(text.ends_with("\" )\n"), "{text}");
        let strings: Vec<&str> = text.split('"').skip(1).step_by(2).collect();
        assert!(strings.iter().all(|string| string.len() <= 255));
    }

    #[test]
    fn mistakes_are_told_on_standard_output() {
        for (words, want) in [
            (&["-z"][..], "unknown flag -z"),
            (&["-tS"], "unknown flag -tS"),
            (&["--"], "unknown flag --"),
            (&["word"], "unknown flag word"),
            (&["-b"], "-b requires a value"),
            (&["-s"], "-s requires a value"),
            (&["-b", "512"], "-b: found \"512\", allowed: 1024 to 4096"),
            (&["-h", ";"], "-h: \";\" is no list of hashes, such as sha1:sha256"),
            (&["-s", "../x"], "-s: \"../x\" is no selector: "),
        ] {
            let (code, output, errors, _) = made(words);
            assert_eq!((code, errors.as_str()), (ExitCode::No, ""), "{words:?}");
            assert!(output.starts_with(&format!("twinseal: {want}")), "{words:?}: {output}");
        }
    }

    #[test]
    fn a_key_that_is_there_is_not_overwritten() {
        let (_, _, _, directory) = made(&[]);
        let place = directory.path().display().to_string();
        let before = fs::read(directory.path().join("default.private")).unwrap();
        let (code, output, _) = called(run, &["-D", &place]);
        assert_eq!(code, ExitCode::No);
        assert!(output.contains("default.private: the file exists"), "{output}");
        assert_eq!(fs::read(directory.path().join("default.private")).unwrap(), before);
    }
}
