//! `twinseal testkey`, `dkim-testkey`, `opendkim-testkey`: whether what is published for a key is of
//! use, and belongs to it.

mod asked;
mod private;
mod trouble;

use super::lookup::Dns;
use crate::command::print;
use crate::serve::FileSystem;
use crate::terminal::Terminal;
use asked::{Asked, Named};
pub(crate) use asked::{DKIM_PAGE, OPENDKIM_PAGE, PAGE};
use private::Private;
pub(super) use private::reason;
use std::ffi::OsString;
use std::fmt::Display;
use std::path::Path;
use trouble::{Checked, Trouble};
use twinseal_config::{ExitCode, SigningDomain, TestedKeys, TestedRow};
use twinseal_dkim::{KeyQuery, Security};
use twinseal_message::{Domain, Selector};

/// In whose words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// Our own: it tells what it finds without being asked to, and looks at DomainKeys as well.
    Native,
    /// As `dkim-testkey`.
    Dkim,
    /// As `opendkim-testkey`.
    Opendkim,
}

/// From how many `-v` on something is said.
const SUMMARY: u8 = 1;
const STEPS: u8 = 2;
const SUCCESS: u8 = 3;

/// The file that `opendkim-testkey` reads unless it is told another one.
const USUAL_FILE: &str = "/etc/opendkim.conf";

/// Runs the tool.
pub fn run(words: Vec<OsString>, terminal: &mut Terminal<'_>) -> ExitCode {
    run_as(Manner::Native, words, terminal)
}

/// Runs it in the words of an old program, whose name the terminal has.
pub(super) fn run_as(
    manner: Manner,
    words: Vec<OsString>,
    terminal: &mut Terminal<'_>,
) -> ExitCode {
    let asked = match Asked::read(manner, words) {
        Ok(Some(asked)) => asked,
        Ok(None) => return print(terminal, &asked::help()),
        Err(mistakes) => {
            mistakes.iter().for_each(|mistake| terminal.complain(mistake));
            return asked::usage(manner, terminal);
        }
    };
    let file = match configured(&asked, terminal) {
        Ok(file) => file,
        Err(code) => return code,
    };
    let servers =
        if asked.servers.is_empty() { file.servers.clone() } else { asked.servers.clone() };
    let dns = match Dns::open(servers, terminal) {
        Ok(dns) => dns,
        Err(code) => return code,
    };
    let mut testing = Testing { manner, verbosity: asked.verbosity, dns, terminal };
    match (asked.named(&file), &file.table) {
        (Named::Key { domain, selector, key }, _) => {
            testing.one(&domain, &selector, key.as_deref())
        }
        (Named::Nothing, Some(rows)) => testing.all(rows),
        (Named::Nothing, None) => asked::usage(manner, testing.terminal),
        (Named::Wrong(why), _) => {
            testing.terminal.complain(why);
            asked::usage_code(manner)
        }
    }
}

/// What the file that is named says, or the one that `opendkim-testkey` looks for.
fn configured(asked: &Asked, terminal: &mut Terminal<'_>) -> Result<TestedKeys, ExitCode> {
    let usual = Path::new(USUAL_FILE);
    let path = match (&asked.config, asked.manner) {
        (Some(path), _) => path,
        (None, Manner::Opendkim) if usual.exists() => {
            if asked.verbosity >= STEPS {
                terminal.complain(format_args!("using default configfile {USUAL_FILE}"));
            }
            usual
        }
        (None, Manner::Native | Manner::Dkim | Manner::Opendkim) => {
            return Ok(TestedKeys::default());
        }
    };
    TestedKeys::read(path, &FileSystem).map_err(|mistakes| {
        mistakes.to_string().lines().for_each(|line| terminal.complain(line));
        ExitCode::Configuration
    })
}

/// What is needed for each key.
struct Testing<'t, 'w> {
    manner: Manner,
    verbosity: u8,
    dns: Dns,
    terminal: &'t mut Terminal<'w>,
}

impl Testing<'_, '_> {
    /// Says what only somebody wants to hear who asked for more.
    fn say(&mut self, from: u8, what: impl Display) {
        if self.verbosity >= from {
            self.terminal.complain(what);
        }
    }

    /// What was asked for, on standard output; nobody is left to hear that it cannot be written.
    fn tell(&mut self, from: u8, what: impl Display) {
        if self.verbosity >= from {
            let program = self.terminal.program;
            let _ = self.terminal.print(format_args!("{program}: {what}\n"));
        }
    }

    /// One key, as the command line names it.
    fn one(&mut self, domain: &Domain, selector: &Selector, path: Option<&Path>) -> ExitCode {
        let private = match path.map(|path| self.load(path)).transpose() {
            Ok(private) => private,
            Err(trouble) => {
                self.terminal.complain(trouble);
                return ExitCode::System;
            }
        };
        if let Some(path) = path {
            let path = twinseal_message::text::path(path);
            self.say(STEPS, format_args!("key loaded from {path}"));
        }
        let query = KeyQuery::new(selector, domain);
        self.say(STEPS, format_args!("checking key '{selector}._domainkey.{domain}'"));
        let checked = self.check(&query, private.as_ref());
        let security = checked.security;
        match checked.trouble {
            None => {}
            Some(Trouble::Differ) => self.tell(0, Trouble::Differ.words(self.manner, &query)),
            Some(trouble) => {
                self.terminal.complain(trouble.words(self.manner, &query));
                return ExitCode::Unavailable;
            }
        }
        if let Some(security) = security {
            self.say(SUMMARY, format_args!("key {}", secure(security)));
        }
        self.warn_of_domainkeys(&checked);
        if checked.trouble.is_some() {
            return ExitCode::Data;
        }
        self.tell(SUCCESS, "key OK");
        ExitCode::Ok
    }

    /// All keys of a table.
    fn all(&mut self, rows: &[TestedRow]) -> ExitCode {
        let (mut failed, mut unread) = (0, false);
        for (index, row) in rows.iter().enumerate() {
            let name = twinseal_message::text::escaped(&row.name);
            self.say(STEPS, format_args!("record {index} for '{name}' retrieved"));
            match self.row(row, &name) {
                Ok(true) => {}
                Ok(false) => failed += 1,
                Err(trouble) => {
                    self.terminal.complain(trouble);
                    (failed, unread) = (failed + 1, true);
                }
            }
        }
        let (count, passed) = (rows.len(), rows.len() - failed);
        let plural = if count == 1 { "" } else { "s" };
        self.tell(
            SUMMARY,
            format_args!("{count} key{plural} checked; {passed} pass, {failed} fail"),
        );
        if unread {
            return ExitCode::System;
        }
        match self.manner {
            Manner::Native if failed > 0 => ExitCode::No,
            // The old program ended with 0 whatever it had found.
            Manner::Native | Manner::Dkim | Manner::Opendkim => ExitCode::Ok,
        }
    }

    /// Whether the key of that row is published as it should be; what keeps its file from being
    /// read.
    fn row(&mut self, row: &TestedRow, name: &str) -> Result<bool, String> {
        let private = match &row.key {
            Some(source) => match &source.inline {
                Some(inline) => Some(Private::inline(inline)),
                None => Some(self.load(&source.file)?),
            },
            None => None,
        };
        self.say(STEPS, format_args!("checking key '{name}'"));
        let SigningDomain::Fixed(domain) = &row.domain else {
            let why = "its domain is the sender's: name one with -d, and -s";
            self.terminal.complain(format_args!("key {name}: {why}"));
            return Ok(false);
        };
        let query = KeyQuery::new(&row.selector, domain);
        let checked = self.check(&query, private.as_ref());
        if let Some(trouble) = &checked.trouble {
            let words = trouble.words(self.manner, &query);
            self.terminal.complain(format_args!("key {name}: {words}"));
        }
        if let Some(security) = checked.security {
            self.say(SUMMARY, format_args!("key {name} {}", secure(security)));
        }
        self.warn_of_domainkeys(&checked);
        if checked.trouble.is_some() {
            return Ok(false);
        }
        self.tell(SUCCESS, format_args!("key {name}: OK"));
        Ok(true)
    }

    fn load(&mut self, path: &Path) -> Result<Private, String> {
        let private = Private::load(path)?;
        if private.is_open_to_others {
            let path = twinseal_message::text::path(path);
            self.terminal.complain(format_args!("{path}: WARNING: unsafe permissions"));
        }
        Ok(private)
    }

    fn check(&self, query: &KeyQuery, private: Option<&Private>) -> Checked {
        trouble::check(&self.dns.ask_one(query.name()), private)
    }

    /// What the other seal's verifiers would say; the old programs knew nothing of them.
    fn warn_of_domainkeys(&mut self, checked: &Checked) {
        if let (Manner::Native, Some(why)) = (self.manner, &checked.domainkeys) {
            self.terminal.complain(format_args!("warning: of no use to DomainKeys: {why}"));
        }
        // Trap K11
        if self.manner == Manner::Native && checked.testing {
            let what = "warning: the record is in test mode (t=y), which counts for both seals";
            self.terminal.complain(what);
        }
    }
}

const fn secure(security: Security) -> &'static str {
    match security {
        Security::Secure => "secure",
        Security::Unproved => "not secure",
    }
}

#[cfg(test)]
mod tests;
