//! `opendkim-genkey`: its command line, its messages and its files.

use super::files::Failure;
use super::historic::{New, flags, hash_list, tag_text, warn_of_what_spoils_it};
use super::{MAX_MADE_BITS, number};
use crate::VERSION;
use crate::manual::{Flag, Page, Value};
use crate::terminal::Terminal;
use lexopt::{Arg, Parser, ValueExt as _};
use std::ffi::OsString;
use std::path::PathBuf;
use twinseal_config::ExitCode;
use twinseal_keys::signing::MIN_RSA_BITS;
use twinseal_keys::zone_string;
use twinseal_message::{Domain, Selector};

/// What is made when nothing else is asked for.
const BITS: u32 = 2048;
const DOMAIN: &str = "localhost";
const SELECTOR: &str = "default";

/// How much of a key stands in one string, in characters: less than fits, as ever.
const KEY_STRING: usize = 250;

/// An option: its letter, its long name, and what it takes.
struct Known {
    letter: Option<char>,
    long: &'static str,
    takes: Takes,
    help: &'static str,
}

/// What an option takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// A value, named so in the usage.
    Value(&'static str),
    /// Nothing; `no` in front of its long name takes it back.
    Switch,
    /// Nothing.
    Nothing,
}

const fn known(letter: char, long: &'static str, takes: Takes, help: &'static str) -> Known {
    Known { letter: Some(letter), long, takes, help }
}

const KNOWN: &[Known] = &[
    known('a', "append-domain", Takes::Switch, "include domain name in zone file stub"),
    known('b', "bits", Takes::Value("n"), "use n bits to generate the key"),
    known('D', "directory", Takes::Value("path"), "leave output in the named directory"),
    known('d', "domain", Takes::Value("name"), "generate data for the named domain [localhost]"),
    known('h', "hash-algorithms", Takes::Value("list"), "limit to use of the named algorithm(s)"),
    Known { letter: None, long: "help", takes: Takes::Switch, help: "print help and exit" },
    known('n', "note", Takes::Value("string"), "include specified note in zone data"),
    known('r', "restrict", Takes::Switch, "restrict key to email use only"),
    known('s', "selector", Takes::Value("name"), "selector name [default]"),
    // Its letter says no, its long name yes.
    Known {
        letter: None,
        long: "subdomains",
        takes: Takes::Switch,
        help: "allow signing of subdomains",
    },
    known('t', "testmode", Takes::Switch, "indicate key is in test mode"),
    known('v', "verbose", Takes::Nothing, "increased output"),
    known('V', "version", Takes::Switch, "print version and exit"),
];

impl From<&Known> for Flag {
    fn from(known: &Known) -> Self {
        let letter = known.letter.map(|letter| format!("-{letter}"));
        Self {
            names: letter.into_iter().chain([format!("--{}", known.long)]).collect(),
            value: match known.takes {
                Takes::Value(name) => Some(Value::named(name)),
                Takes::Switch | Takes::Nothing => None,
            },
            help: known.help.to_owned(),
            more: match known.takes {
                Takes::Switch => vec![format!("--no{} takes it back.", known.long)],
                Takes::Value(_) | Takes::Nothing => Vec::new(),
            },
        }
    }
}

/// What there is to know of it.
pub(crate) const PAGE: Page = Page {
    name: "opendkim-genkey",
    summary: "make a key and its DNS record, as opendkim-genkey does",
    about: "\
Makes an RSA key, SELECTOR.private, and its record as a line of a zone file, SELECTOR.txt. A long option
may be cut short as far as it is told from the others; -S is --nosubdomains. Unlike the original, it
overwrites nothing: the key might be published. Where the record is of no use to DomainKeys, it warns;
h=sha256, which Debian's writes by itself, is only written when it is asked for.

Ends with 0 when both files are written, 1 when not.",
    options: || KNOWN.iter().map(Flag::from).collect(),
    examples: &[("", "opendkim-genkey -d example.com -s mail2 -D /etc/dkimkeys")],
    files: &[("SELECTOR.private", "the key"), ("SELECTOR.txt", "its record")],
    see: &["twinseal-genkey(8)", "opendkim-testkey(8)", "opendkim(8)"],
    ..Page::ROW
};

/// The command line.
struct Asked {
    append: bool,
    bits: u32,
    directory: PathBuf,
    domain: String,
    hashes: Option<String>,
    note: Option<String>,
    restricted: bool,
    selector: String,
    no_subdomains: bool,
    testing: bool,
    verbose: bool,
    help: bool,
    version: bool,
}

/// Runs it.
pub(in crate::tools) fn run(words: Vec<OsString>, terminal: &mut Terminal<'_>) -> ExitCode {
    let asked = match Asked::read(words) {
        Ok(asked) => asked,
        Err(why) => {
            terminal.complain(why);
            usage(terminal);
            return ExitCode::No;
        }
    };
    if asked.help {
        usage(terminal);
        return ExitCode::Ok;
    }
    let done = if asked.version {
        let program = terminal.program;
        let printed = terminal.print(format_args!("{program} of twinseal {VERSION}\n"));
        printed.map_err(|error| error.to_string())
    } else {
        make(&asked, terminal)
    };
    match done {
        Ok(()) => ExitCode::Ok,
        Err(why) => {
            terminal.complain(why);
            ExitCode::No
        }
    }
}

fn usage(terminal: &mut Terminal<'_>) {
    terminal.complain(format_args!("usage: {} [options]", terminal.program.to_owned()));
    for Known { long, takes, help, .. } in KNOWN {
        let option = match takes {
            Takes::Value(value) => format!("--{long}={value}"),
            Takes::Switch | Takes::Nothing => format!("--{long}"),
        };
        // There is nowhere to complain if that fails.
        let _ = writeln!(terminal.errors, "\t{option:<22} {help}");
    }
}

impl Asked {
    fn read(words: Vec<OsString>) -> Result<Self, String> {
        let mut asked = Self {
            append: false,
            bits: BITS,
            directory: PathBuf::from("."),
            domain: DOMAIN.to_owned(),
            hashes: None,
            note: None,
            restricted: false,
            selector: SELECTOR.to_owned(),
            no_subdomains: false,
            testing: false,
            verbose: false,
            help: false,
            version: false,
        };
        let mut parser = Parser::from_args(words);
        parser.set_short_equals(false);
        while let Some(arg) = parser.next().map_err(|error| error.to_string())? {
            let (known, on) = match arg {
                Arg::Short('S') => {
                    asked.no_subdomains = true;
                    continue;
                }
                Arg::Short(letter) => (by_letter(letter)?, true),
                Arg::Long(name) => by_name(name)?,
                // Words were taken without a word, and nothing followed from them.
                Arg::Value(_) => continue,
            };
            if matches!(known.takes, Takes::Value(_)) {
                let missing = |_| format!("option {} requires an argument", known.long);
                let value = parser.value().map_err(missing)?;
                asked.take(known.long, value).map_err(|why| format!("--{}: {why}", known.long))?;
            } else {
                asked.switch(known.long, on);
            }
        }
        Ok(asked)
    }

    fn switch(&mut self, long: &str, on: bool) {
        match long {
            "append-domain" => self.append = on,
            "help" => self.help = on,
            "restrict" => self.restricted = on,
            "subdomains" => self.no_subdomains = !on,
            "testmode" => self.testing = on,
            "version" => self.version = on,
            _ => self.verbose = true,
        }
    }

    fn take(&mut self, long: &str, value: OsString) -> Result<(), String> {
        if long == "directory" {
            self.directory = PathBuf::from(value);
            return Ok(());
        }
        let text = value.string().map_err(|error| error.to_string())?;
        match long {
            "bits" => self.bits = number(MIN_RSA_BITS..=MAX_MADE_BITS)(&text)?,
            "domain" if text.is_empty() => self.domain = text,
            "domain" => {
                self.domain = Domain::parse(&text).map_err(|error| error.to_string())?.to_string();
            }
            "hash-algorithms" => self.hashes = Some(hash_list(&text)?),
            "note" => self.note = Some(tag_text(&text)?),
            _ => self.selector = text,
        }
        Ok(())
    }
}

fn by_letter(letter: char) -> Result<&'static Known, String> {
    let found = KNOWN.iter().find(|known| known.letter == Some(letter));
    found.ok_or_else(|| format!("unknown option: {}", letter.escape_debug()))
}

/// An option by its long name, or by as much of it as tells it from the others; `false` with `no`
/// in front.
fn by_name(name: &str) -> Result<(&'static Known, bool), String> {
    let starting = |start: &str| -> Vec<&'static Known> {
        match KNOWN.iter().find(|known| known.long == start) {
            Some(exact) => vec![exact],
            None => KNOWN.iter().filter(|known| known.long.starts_with(start)).collect(),
        }
    };
    let rest = name.strip_prefix("no-").or_else(|| name.strip_prefix("no"));
    let refused = rest.filter(|rest| !rest.is_empty()).map_or_else(Vec::new, starting);
    let refused: Vec<_> =
        refused.into_iter().filter(|known| known.takes == Takes::Switch).collect();
    match (starting(name).as_slice(), refused.as_slice()) {
        ([one], _) => Ok((one, true)),
        ([], [one]) => Ok((one, false)),
        ([], []) => Err(format!("unknown option: {}", name.escape_debug())),
        _ => Err(format!("option {} is ambiguous", name.escape_debug())),
    }
}

fn make(asked: &Asked, terminal: &mut Terminal<'_>) -> Result<(), String> {
    let selector =
        Selector::parse(&asked.selector).map_err(|error| format!("--selector: {error}"))?;
    if asked.append && asked.domain.is_empty() {
        return Err("--append-domain: no domain is named".to_owned());
    }
    let say = |terminal: &mut Terminal<'_>, what: &str| {
        if asked.verbose {
            terminal.complain(what);
        }
    };
    say(terminal, "generating private key");
    let failed = |failure: Failure| failure.to_string();
    let new = New::make(&asked.directory, &selector, asked.bits).map_err(failed)?;
    let (tags, key) = (tags(asked), new.record.key_data());
    new.write(&zone(asked, &selector, &tags, key)).map_err(failed)?;
    let (private, text) = new.shown();
    say(terminal, &format!("private key written to {private}"));
    say(terminal, "extracting public key");
    say(terminal, &format!("DNS TXT record written to {text}"));
    warn_of_what_spoils_it(&format!("{tags}p={key}"), terminal);
    Ok(())
}

/// What stands in front of the key. Debian's build writes `h=sha256` unless told otherwise, with
/// which the key is of no use to DomainKeys: there is none here unless it is asked for (trap K10).
fn tags(asked: &Asked) -> String {
    let note = asked.note.as_ref().map_or_else(String::new, |note| format!(" n=\"{note}\";"));
    let hashes = asked.hashes.as_ref().map_or_else(String::new, |list| format!(" h={list};"));
    let flags = flags(asked.testing, asked.no_subdomains);
    let service = if asked.restricted { " s=email;" } else { "" };
    format!("v=DKIM1;{note}{hashes} k=rsa;{flags}{service} ")
}

fn zone(asked: &Asked, selector: &Selector, tags: &str, key: &str) -> String {
    let domain = match asked.append {
        true => format!(".{}.", asked.domain),
        false => String::new(),
    };
    let comment = match asked.domain.as_str() {
        "" => String::new(),
        domain => format!(" ; ----- DKIM key {selector} for {domain}"),
    };
    let data = format!("p={key}");
    let mut strings = twinseal_keys::txt_strings(tags);
    // The two characters in front of the key do not count.
    let (mut rest, mut room) = (data.as_str(), KEY_STRING + 2);
    while let Some((part, more)) = rest.split_at_checked(room.min(rest.len())) {
        if part.is_empty() {
            break;
        }
        strings.push(part.to_owned());
        (rest, room) = (more, KEY_STRING);
    }
    let strings: Vec<String> = strings.iter().map(|string| zone_string(string)).collect();
    format!("{selector}._domainkey{domain}\tIN\tTXT\t( {} ) {comment}\n", strings.join("\n\t  "))
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::terminal::testing::called;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use twinseal_config::ExitCode;

    /// The record of a key of 1024 bits, its data left out.
    fn record(words: &[&str]) -> (String, String) {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().display().to_string();
        let (code, output, errors) = called(run, &[&["-b1024", "-D", &place], words].concat());
        assert_eq!((code, output.as_str()), (ExitCode::Ok, ""), "{words:?}: {errors}");
        let names: Vec<_> = fs::read_dir(directory.path()).unwrap().collect();
        assert_eq!(names.len(), 2);
        for name in names {
            let mode = name.unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let selector =
            if words.iter().any(|word| word.contains("sel")) { "sel" } else { "default" };
        let text = fs::read_to_string(directory.path().join(format!("{selector}.txt"))).unwrap();
        let (before, rest) = text.split_once("p=MIG").unwrap();
        (format!("{before}p={}", rest.split_once('"').unwrap().1), errors)
    }

    #[test]
    fn the_record_has_the_historic_shape() {
        let end = "\n\t  \"p= )  ; ----- DKIM key";
        for (words, want) in [
            (&[][..], format!("default._domainkey\tIN\tTXT\t( \"v=DKIM1; k=rsa; \"{end} default for localhost\n")),
            (&["-a", "-d", "a.example", "--selector=sel"], format!("sel._domainkey.a.example.\tIN\tTXT\t( \"v=DKIM1; k=rsa; \"{end} sel for a.example\n")),
            (&["-tSr", "-ssel"], format!("sel._domainkey\tIN\tTXT\t( \"v=DKIM1; k=rsa; t=y:s; s=email; \"{end} sel for localhost\n")),
            (&["--nosubdomains", "--testmode", "--notestmode"], format!("default._domainkey\tIN\tTXT\t( \"v=DKIM1; k=rsa; t=s; \"{end} default for localhost\n")),
            (&["-S", "--subd", "--rest", "--no-restrict"], format!("default._domainkey\tIN\tTXT\t( \"v=DKIM1; k=rsa; \"{end} default for localhost\n")),
            (&["--note", "a note", "--hash=sha1:sha256", "-d", ""], "default._domainkey\tIN\tTXT\t( \"v=DKIM1; n=\\\"a note\\\"; h=sha1:sha256; k=rsa; \"\n\t  \"p= ) \n".to_owned()),
        ] {
            assert_eq!(record(words), (want, String::new()), "{words:?}");
        }
    }

    #[test]
    fn what_spoils_the_key_for_domainkeys_is_said() {
        // Trap K10
        let (text, errors) = record(&["-h", "sha256"]);
        assert!(text.contains("v=DKIM1; h=sha256; k=rsa; "), "{text}");
        assert!(errors.contains("warning: no verifier of DomainKeys takes it: h= is"), "{errors}");
    }

    #[test]
    fn a_long_key_stands_in_strings_of_250_characters() {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().display().to_string();
        let (code, _, errors) = called(run, &["-v", "-D", &place]);
        assert_eq!(code, ExitCode::Ok);
        assert_eq!(errors.lines().count(), 4, "{errors}");
        let text = fs::read_to_string(directory.path().join("default.txt")).unwrap();
        let strings: Vec<&str> = text.split('"').skip(1).step_by(2).collect();
        let lengths: Vec<usize> = strings.iter().map(|string| string.len()).collect();
        assert_eq!(lengths, ["v=DKIM1; k=rsa; ".len(), 252, 142]);
    }

    #[test]
    fn mistakes_come_with_the_usage() {
        for (words, want) in [
            (&["-z"][..], "twinseal: unknown option: z"),
            (&["--what"], "twinseal: unknown option: what"),
            (&["--ve"], "twinseal: option ve is ambiguous"),
            (&["--nobits"], "twinseal: unknown option: nobits"),
            (&["-d"], "twinseal: option domain requires an argument"),
            (&["-b", "many"], "twinseal: --bits: found \"many\""),
            (&["-b", "512"], "twinseal: --bits: found \"512\", allowed: 1024 to 4096"),
        ] {
            let (code, output, errors) = called(run, words);
            assert_eq!((code, output.as_str()), (ExitCode::No, ""), "{words:?}");
            assert!(errors.starts_with(want), "{words:?}: {errors}");
            assert!(errors.contains("\n\t--append-domain        include domain"), "{errors}");
        }
        let (code, output, errors) = called(run, &["--help"]);
        assert_eq!((code, output.as_str()), (ExitCode::Ok, ""));
        assert!(errors.starts_with("twinseal: usage: twinseal [options]\n"), "{errors}");
        assert!(called(run, &["-V"]).1.starts_with("twinseal of twinseal "));
    }
}
