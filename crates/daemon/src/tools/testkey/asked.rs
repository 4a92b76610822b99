//! The command lines of the testers of keys.

use super::Manner;
use crate::manual::{self, Lettered, Page, lettered, old_usage};
use crate::terminal::Terminal;
use crate::tools::lookup::NAMESERVER;
use crate::tools::options::Takes;
use lexopt::{Arg, Parser, ValueExt as _};
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use twinseal_config::{ExitCode, TestedKeys, name_server};
use twinseal_message::{Domain, Selector};

const OPTIONS: &[Lettered] = &[
    both('d', "domain", Takes::Text("DOMAIN"), "the domain that signs"),
    both('s', "selector", Takes::Text("NAME"), "the key's selector"),
    both(
        'k',
        "key",
        Takes::Text("FILE"),
        "the private half, which has to belong to what is published",
    ),
    both(
        'x',
        "config",
        Takes::Text("FILE"),
        "a file of opendkim, for what is not given; all keys of its KeyTable",
    ),
    both('v', "verbose", Takes::Nothing, "say more; may be repeated"),
    ASKED,
];

/// The options of `dkim-testkey`, in its words.
const DKIM: &[Lettered] = &[
    Lettered::only('d', Takes::Text("domain"), "domain name"),
    Lettered::only('k', Takes::Text("keypath"), "path to private key"),
    Lettered::only('s', Takes::Text("selector"), "selector name"),
];

/// Those of `opendkim-testkey`, in its words.
const OPENDKIM: &[Lettered] = &[
    Lettered::only('d', Takes::Text("domain"), "domain name"),
    Lettered::only('k', Takes::Text("keypath"), "path to private key"),
    Lettered::only('s', Takes::Text("selector"), "selector name"),
    Lettered::only('v', Takes::Nothing, "increase verbose output"),
    Lettered::only('x', Takes::Text("conffile"), "configuration file"),
];

/// Whom to ask; the old tools say nothing of it.
const ASKED: Lettered = Lettered {
    letter: None,
    long: Some(NAMESERVER.name),
    takes: NAMESERVER.takes,
    help: NAMESERVER.help,
};

const fn both(letter: char, long: &'static str, takes: Takes, help: &'static str) -> Lettered {
    Lettered { letter: Some(letter), long: Some(long), takes, help }
}

const SUMMARY: &str = "\
Asks DNS for a key and says whether a verifier can use it, and whether it belongs to the private half
where one is named. Says what is the matter with an RSA key that DomainKeys cannot use.

Ends with 0 when the key is in order, 65 when the halves do not match, 69 when there is no key or it
is of no use, 71 when the file of the private half cannot be read, 64 when the command line is wrong,
78 when the file of opendkim is wrong; of several keys, with 1 when one is not in order.";

/// What the old testers end with.
macro_rules! old_exit_codes {
    ($about:literal) => {
        concat!(
            $about,
            "\n\nEnds with 0 when the key is in order, 65 when the halves do not match, 69 when there \
             is no key or it is of no use, 71 when the file of the private half cannot be read, 78 when \
             the command line or the configuration is wrong.",
        )
    };
}

/// What there is to know of our own.
pub(crate) const PAGE: Page = Page {
    name: "testkey",
    summary: "say whether a published key is of use, and whose it is",
    about: SUMMARY,
    options: || lettered(OPTIONS),
    examples: &[
        ("Has the record arrived in DNS?", "twinseal testkey -d example.com -s mail2"),
        (
            "Does it belong to this key?",
            "twinseal testkey -d example.com -s mail2 -k /etc/twinseal/keys/mail2.private",
        ),
        ("All keys of a KeyTable:", "twinseal testkey -x /etc/opendkim.conf"),
    ],
    see: &["twinseal-genkey(8)", "twinseal-dns(8)", "twinseal-check(8)"],
    ..Page::ROW
};

/// What there is to know of `dkim-testkey`.
pub(crate) const DKIM_PAGE: Page = Page {
    name: "dkim-testkey",
    summary: "say whether a published key is of use, as dkim-testkey did",
    about: old_exit_codes!(
        "Asks DNS for a key and says what is wrong with it, and whether it belongs to the private half \
         where one is named. It says nothing of a key that is in order. twinseal-testkey(8) says more."
    ),
    options: || [lettered(DKIM), lettered(&[ASKED])].concat(),
    examples: &[("", "dkim-testkey -d example.com -s mail2 -k mail2.private")],
    see: &["twinseal-testkey(8)", "dkim-filter(8)"],
    ..Page::ROW
};

/// What there is to know of `opendkim-testkey`.
pub(crate) const OPENDKIM_PAGE: Page = Page {
    name: "opendkim-testkey",
    summary: "say whether a published key is of use, as opendkim-testkey does",
    about: old_exit_codes!(
        "Asks DNS for a key, or for all keys of a KeyTable, and says what is wrong with them. What is \
         not given is looked up in /etc/opendkim.conf. With -v it says more; without, nothing of a key \
         that is in order. twinseal-testkey(8) looks at DomainKeys as well."
    ),
    options: || [lettered(OPENDKIM), lettered(&[ASKED])].concat(),
    examples: &[
        ("", "opendkim-testkey -d example.com -s mail2 -vvv"),
        ("All keys of the KeyTable:", "opendkim-testkey -x /etc/opendkim.conf"),
    ],
    files: &[("/etc/opendkim.conf", "what is read when -x names nothing else")],
    see: &["twinseal-testkey(8)", "opendkim(8)"],
    ..Page::ROW
};

/// What was typed.
pub(super) struct Asked {
    pub(super) manner: Manner,
    domain: Option<String>,
    selector: Option<String>,
    key: Option<PathBuf>,
    pub(super) config: Option<PathBuf>,
    pub(super) verbosity: u8,
    pub(super) servers: Vec<SocketAddr>,
}

/// Which key is meant.
pub(super) enum Named {
    /// This one.
    Key {
        /// Who signs.
        domain: Domain,
        /// Where it is published.
        selector: Selector,
        /// Its private half.
        key: Option<PathBuf>,
    },
    /// A name cannot be one.
    Wrong(String),
    /// None is.
    Nothing,
}

impl Asked {
    /// Reads it; `None` when help is asked for.
    pub(super) fn read(manner: Manner, words: Vec<OsString>) -> Result<Option<Self>, Vec<String>> {
        let mut asked = Self {
            manner,
            domain: None,
            selector: None,
            key: None,
            config: None,
            verbosity: match manner {
                Manner::Native => super::SUCCESS,
                Manner::Dkim | Manner::Opendkim => 0,
            },
            servers: Vec::new(),
        };
        let mut parser = Parser::from_args(words);
        parser.set_short_equals(false);
        let mut mistakes = Vec::new();
        loop {
            let option = match parser.next() {
                Ok(None) => break,
                Ok(Some(Arg::Long("help"))) if manner == Manner::Native => return Ok(None),
                Ok(Some(arg)) => option(manner, &arg),
                Err(error) => Err(error.to_string()),
            };
            let taken = option.and_then(|option| match option {
                Some(letter) => asked.take(letter, &mut parser),
                None => Ok(()),
            });
            mistakes.extend(taken.err());
        }
        if mistakes.is_empty() { Ok(Some(asked)) } else { Err(mistakes) }
    }

    fn take(&mut self, letter: char, parser: &mut Parser) -> Result<(), String> {
        if letter == 'v' {
            self.verbosity = self.verbosity.saturating_add(1);
            return Ok(());
        }
        let missing = |_| match letter {
            'n' => format!("--{} needs a value", NAMESERVER.name),
            letter => format!("option requires an argument -- '{letter}'"),
        };
        let value = parser.value().map_err(missing)?;
        let text = |value: OsString| value.string().map_err(|error| error.to_string());
        match letter {
            'd' => self.domain = Some(text(value)?),
            's' => self.selector = Some(text(value)?),
            'k' => self.key = Some(value.into()),
            'x' => self.config = Some(value.into()),
            _ => {
                let server = name_server(&text(value)?).map_err(|wrong| wrong.to_string());
                self.servers.push(server.map_err(|why| format!("--{}: {why}", NAMESERVER.name))?);
            }
        }
        Ok(())
    }

    /// The key that is meant: what was typed has its say before the file.
    pub(super) fn named(&self, file: &TestedKeys) -> Named {
        // A table of the file has its say before one key of the file.
        let typed = self.domain.is_some() || self.selector.is_some();
        if file.table.is_some() && !typed {
            return Named::Nothing;
        }
        let domain = self.domain.as_ref().or(file.domain.as_ref());
        let selector = self
            .selector
            .clone()
            .or_else(|| file.selector.as_ref().map(|selector| selector.as_str().to_owned()));
        let (Some(domain), Some(selector)) = (domain, selector) else { return Named::Nothing };
        let key = self.key.clone().or_else(|| file.key.clone());
        match (Domain::parse(domain), Selector::parse(&selector)) {
            (Ok(domain), Ok(selector)) => Named::Key { domain, selector, key },
            (Err(error), _) => Named::Wrong(error.to_string()),
            (_, Err(error)) => Named::Wrong(error.to_string()),
        }
    }
}

/// The letter of an option; none for a word, of which nothing follows. Our own tool has long names
/// too; every one takes the option that says whom to ask.
fn option(manner: Manner, arg: &Arg<'_>) -> Result<Option<char>, String> {
    let letters = match manner {
        Manner::Dkim => "dks",
        Manner::Native | Manner::Opendkim => "dksvx",
    };
    match arg {
        Arg::Short(letter) if letters.contains(*letter) => Ok(Some(*letter)),
        Arg::Short(letter) => Err(format!("invalid option -- '{}'", letter.escape_debug())),
        Arg::Long(name) if *name == NAMESERVER.name => Ok(Some('n')),
        Arg::Long(name) => {
            let found = match (manner, *name) {
                (Manner::Native, "domain") => Some('d'),
                (Manner::Native, "selector") => Some('s'),
                (Manner::Native, "key") => Some('k'),
                (Manner::Native, "config") => Some('x'),
                (Manner::Native, "verbose") => Some('v'),
                _ => None,
            };
            let unknown = || format!("unrecognized option '--{}'", name.escape_debug());
            found.map(Some).ok_or_else(unknown)
        }
        Arg::Value(word) if manner == Manner::Native => Err(format!("unexpected word {word:?}")),
        Arg::Value(_) => Ok(None),
    }
}

pub(super) fn help() -> String {
    manual::help(&PAGE)
}

/// Says how it is called.
pub(super) fn usage(manner: Manner, terminal: &mut Terminal<'_>) -> ExitCode {
    let options = match manner {
        Manner::Native => {
            terminal.complain("--domain and --selector are needed, or --config: see --help");
            return usage_code(manner);
        }
        Manner::Dkim => DKIM,
        Manner::Opendkim => OPENDKIM,
    };
    terminal.complain(format_args!("usage: {} [options]", terminal.program.to_owned()));
    for line in old_usage(options) {
        // There is nowhere to complain if that fails.
        let _ = writeln!(terminal.errors, "\t{line}");
    }
    usage_code(manner)
}

/// How it ends when the command line is wrong.
pub(super) const fn usage_code(manner: Manner) -> ExitCode {
    match manner {
        Manner::Native => ExitCode::Usage,
        Manner::Dkim | Manner::Opendkim => ExitCode::Configuration,
    }
}
