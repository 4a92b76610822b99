//! The configuration with its tables and lists: each line that is wrong, and each that is probably
//! not meant.

use super::finding::{Area, Grade, Kind, Mend, Sheet};
use super::inventory;
use crate::serve::FileSystem;
use crate::signing::keyring::{self, Former};
use crate::tools::configured::Configured;
use crate::tools::signers::Signers;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use twinseal_config::{Config, ExitCode, Files, Mistakes, Request, Warning};
use twinseal_message::text;

/// All kinds of findings here.
pub(super) static KINDS: &[&Kind] = &[&MISTAKE, &CAUTION, &NOTICE, &OPEN_RULE, &TWO_KEYS];

static MISTAKE: Kind = Kind {
    code: "config-mistake",
    area: Area::Configuration,
    grade: Grade::Wrong,
    why: "the daemon does not start with it, and a running one keeps what it has",
};

static CAUTION: Kind = Kind {
    code: "config-caution",
    area: Area::Configuration,
    grade: Grade::Risk,
    why: "it is allowed, and does something else than most people expect",
};

static NOTICE: Kind = Kind {
    code: "config-notice",
    area: Area::Configuration,
    grade: Grade::Note,
    why: "it was true of another program and is not of this one; mail is not the worse for it",
};

static OPEN_RULE: Kind = Kind {
    code: "config-open-rule",
    area: Area::Configuration,
    grade: Grade::Note,
    why: "the rule signs as whatever domain the sender is in, so which records have to be published \
          is seen from the mail only",
};

static TWO_KEYS: Kind = Kind {
    code: "config-two-keys",
    area: Area::Configuration,
    grade: Grade::Wrong,
    why: "one name publishes one key: every seal by the other one fails",
};

/// What became of reading it.
pub(super) enum Read {
    /// It is one.
    Config(Box<Config>),
    /// It is none, and the sheet says why.
    Nothing,
    /// The command line asks for something else than to serve.
    NotServing,
    /// The command line cannot be read.
    Usage(Mistakes),
}

/// Reads it.
pub(super) fn look(configured: &Configured, sheet: &mut Sheet) -> Read {
    let files = Noted::default();
    let words = configured.words.iter().cloned();
    let read = match twinseal_config::serve(configured.door, words, &files) {
        Ok(Request::Serve(loaded) | Request::Check(loaded) | Request::Test(loaded)) => {
            loaded.warnings.iter().for_each(|warning| warn(warning, sheet));
            let rules = loaded.config.rules.iter().count();
            let of = loaded
                .file
                .as_ref()
                .map_or_else(|| "the command line".to_owned(), |file| text::path(file));
            let what = match rules {
                0 => "it can be read; nothing is signed".to_owned(),
                1 => "it can be read; one rule signs".to_owned(),
                many => format!("it can be read; {many} rules sign"),
            };
            sheet.pass(Area::Configuration, of, what);
            Read::Config(Box::new(loaded.config))
        }
        Ok(
            Request::Help | Request::Usage | Request::Version | Request::Value(_) | Request::Query,
        ) => return Read::NotServing,
        Err(mistakes) if mistakes.exit_code() == ExitCode::Usage => return Read::Usage(mistakes),
        Err(mistakes) => {
            tell(&mistakes, sheet);
            Read::Nothing
        }
    };
    for path in files.read.into_inner() {
        inventory::file("configuration", &path, "the configuration", sheet);
    }
    read
}

/// What the rules leave open.
pub(super) fn look_at_rules(signers: &Signers, sheet: &mut Sheet) {
    for (signer, other) in &signers.clashes {
        let what = format!(
            "{}._domainkey.{} is the name of {} and of {}, which are different keys",
            other.selector,
            signer.domain,
            text::path(&signer.key.file),
            text::path(&other.file)
        );
        let mend = Mend::say("give one of them a selector of its own, and publish it there");
        sheet.find(&TWO_KEYS, &other.origin, what, mend);
    }
    for open in &signers.open {
        let what = format!("signs senders that match {:?} as their own domain", open.senders);
        let advice = "twinseal explain ADDRESS tells which record one of them needs; twinseal dns \
                      prints those of the domains that the configuration names";
        sheet.find(&OPEN_RULE, &open.origin, what, Mend::say(advice));
    }
}

fn warn(warning: &Warning, sheet: &mut Sheet) {
    let (kind, advice) = if warning.caution.is_notice() {
        (&NOTICE, "nothing has to be done")
    } else {
        (
            &CAUTION,
            "change that line if something else is meant, or leave the finding out with \
                    --ignore config-caution",
        )
    };
    let what = match warning.key.as_str() {
        "" => warning.caution.to_string(),
        key => format!("{key}: {}", warning.caution),
    };
    sheet.find(kind, &warning.origin, what, Mend::say(advice));
}

fn tell(mistakes: &Mistakes, sheet: &mut Sheet) {
    let advice = "write what is allowed there; twinseal serve --check reads it as the daemon does";
    for mistake in mistakes.iter() {
        let what = match mistake.key.as_str() {
            "" => mistake.wrong.to_string(),
            key => format!("{key}: {}", mistake.wrong),
        };
        sheet.find(&MISTAKE, &mistake.origin, what, Mend::say(advice));
    }
    for line in keyring::mistakes(mistakes.keys(), &Former::default()) {
        let (place, what) = line.split_once(": ").unwrap_or(("keys", &line));
        sheet.find(&MISTAKE, place, what, Mend::say("put a key there that can be read"));
    }
    mistakes.warnings().iter().for_each(|warning| warn(warning, sheet));
}

/// The file system, and which of its files were read.
#[derive(Debug, Default)]
struct Noted {
    read: RefCell<BTreeSet<PathBuf>>,
}

impl Files for Noted {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.read.borrow_mut().insert(path.to_owned());
        FileSystem.read(path)
    }

    fn exists(&self, path: &Path) -> bool {
        FileSystem.exists(path)
    }

    fn enter(&self, directory: &Path) -> io::Result<()> {
        FileSystem.enter(directory)
    }
}
