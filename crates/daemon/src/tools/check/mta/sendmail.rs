//! Sendmail, as far as its milter lines go (trap N5): `sendmail.mc`, from which `sendmail.cf` is
//! made, which Sendmail reads.

use super::kinds;
use crate::tools::check::finding::{Area, Mend, Sheet};
use crate::tools::check::inventory;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use twinseal_config::{Config, SocketSpec};
use twinseal_keys::exposure::quoted;
use twinseal_message::text;

/// A configuration of Sendmail's is never larger, in octets.
const MOST: u64 = 4 * 1024 * 1024;

/// Files include others so deep at most.
const MOST_DEEP: usize = 4;

/// What a file says of filters.
#[derive(Debug, Default, PartialEq, Eq)]
struct Filters {
    /// What each of them is defined as.
    defined: BTreeMap<String, String>,
    /// Those in use, in their order.
    used: Vec<String>,
}

/// Looks at these files, and at those that belong to them.
pub(super) fn look(files: &[&Path], config: &Config, sheet: &mut Sheet) {
    let mut seen: BTreeMap<PathBuf, Filters> = BTreeMap::new();
    for file in files {
        let sibling = |ending: &str| file.with_extension(ending);
        for path in [sibling("mc"), sibling("cf"), file.to_path_buf()] {
            if seen.contains_key(&path) || path != **file && !path.exists() {
                continue;
            }
            match read(&path, 0) {
                Ok(filters) => {
                    inventory::file("Sendmail", &path, "Sendmail", sheet);
                    seen.insert(path, filters);
                }
                Err(error) => {
                    let mend = Mend::say("see whether it is there, and a text");
                    sheet.find(&kinds::UNREADABLE, text::path(&path), error, mend);
                }
            }
        }
    }
    for (path, filters) in &seen {
        let master = path.with_extension("mc");
        let of_master = seen.get(&master).filter(|_| *path != master);
        Look { path, filters, of_master, config }.at_file(sheet);
    }
}

struct Look<'l> {
    path: &'l Path,
    filters: &'l Filters,
    /// Those of the file that this one is made from.
    of_master: Option<&'l Filters>,
    config: &'l Config,
}

impl Look<'_> {
    fn at_file(&self, sheet: &mut Sheet) {
        let place = text::path(self.path);
        let ours = |filters: &Filters| {
            let mut all = filters.defined.iter();
            let found = all.find(|(_, equates)| is_ours(equates, self.config));
            found.map(|(name, equates)| (name.clone(), equates.clone()))
        };
        let is_made = self.path.extension().is_some_and(|ending| ending == "cf");
        let Some((name, equates)) = ours(self.filters) else {
            if self.of_master.and_then(ours).is_some() {
                let what = "sendmail.mc has the filter, and this file has not";
                sheet.find(&kinds::SENDMAIL_STALE, place, what, Mend::run([self.make()]));
            } else if !is_made || self.of_master.is_none() {
                let what = "none of its filters listens where we do";
                sheet.find(&kinds::SENDMAIL_NO_FILTER, place, what, self.definition());
            }
            return;
        };
        if !self.filters.used.contains(&name) {
            let all =
                [self.filters.used.as_slice(), std::slice::from_ref(&name)].concat().join(", ");
            let line = if is_made {
                format!("O InputMailFilters={all}")
            } else {
                format!("define(`confINPUT_MAIL_FILTERS', `{all}')dnl")
            };
            let what = format!("the filter {name} is defined, and not in use");
            let mend = Mend::publish("put this line there, behind the filters", line);
            sheet.find(&kinds::SENDMAIL_NOT_USED, &place, what, mend);
            return;
        }
        if self.config.mode.signs() && !matches!(equate(&equates, "F"), Some("T" | "R" | "4")) {
            let what = format!("the filter {name} is defined without F=T");
            let mut mend = self.definition();
            mend.advice = "put this in place of its definition".to_owned();
            sheet.find(&kinds::SENDMAIL_FLAG, &place, what, mend);
            return;
        }
        sheet.pass(Area::Mta, place, format!("asks the filter {name}"));
    }

    /// What has to stand there.
    fn definition(&self) -> Mend {
        let socket = self.config.sockets.first().map(ToString::to_string).unwrap_or_default();
        let equates = format!("S={socket}, F=T, T=C:30s;S:30s;R:30s;E:5m");
        if self.path.extension().is_some_and(|ending| ending == "cf") {
            let line = format!("Xtwinseal, {equates}");
            return Mend::publish("put this line there, and twinseal into InputMailFilters", line);
        }
        let line = format!("INPUT_MAIL_FILTER(`twinseal', `{equates}')dnl");
        let mut mend = Mend::publish("put this line there, in front of the MAILER lines", line);
        mend.commands.push(self.make());
        mend
    }

    /// Makes `sendmail.cf` anew.
    fn make(&self) -> String {
        let directory = self.path.parent().unwrap_or(Path::new("/etc/mail"));
        format!("make -C {}", quoted(directory))
    }
}

/// Whether the definition of a filter has a socket of ours.
fn is_ours(equates: &str, config: &Config) -> bool {
    let Some(socket) = equate(equates, "S").and_then(|text| SocketSpec::parse(text).ok()) else {
        return false;
    };
    let file = |path: &Path| fs::metadata(path).ok().map(|file| (file.dev(), file.ino()));
    config.sockets.iter().any(|ours| match (ours, &socket) {
        (SocketSpec::Unix { path: ours }, SocketSpec::Unix { path }) => {
            ours == path || file(path).is_some_and(|found| Some(found) == file(ours))
        }
        (SocketSpec::Inet { port: ours, .. }, SocketSpec::Inet { port, host, .. }) => {
            let here = |host: &str| host.starts_with("127.") || matches!(host, "localhost" | "::1");
            ours == port && host.as_deref().is_none_or(here)
        }
        (SocketSpec::Unix { .. }, SocketSpec::Inet { .. })
        | (SocketSpec::Inet { .. }, SocketSpec::Unix { .. }) => false,
    })
}

/// One of the settings of a filter: `S=…, F=T, T=…`.
fn equate<'e>(equates: &'e str, letter: &str) -> Option<&'e str> {
    let pairs = equates.split(',').filter_map(|part| part.trim().split_once('='));
    pairs.filter(|(name, _)| name.trim() == letter).map(|(_, value)| value.trim()).next_back()
}

/// Reads a file of either kind, by what is in it.
fn read(path: &Path, depth: usize) -> Result<Filters, String> {
    let words = |error: std::io::Error| error.to_string();
    let file = fs::File::open(path).map_err(words)?;
    let mut octets = Vec::new();
    file.take(MOST).read_to_end(&mut octets).map_err(words)?;
    let text = String::from_utf8_lossy(&octets);
    Ok(if path.extension().is_some_and(|ending| ending == "cf") {
        made(&text)
    } else {
        master(&text, depth)
    })
}

/// `sendmail.cf`: `X` lines, and the option that lists them.
fn made(text: &str) -> Filters {
    let mut filters = Filters::default();
    for line in text.lines() {
        if let Some((name, equates)) = line.strip_prefix('X').and_then(|rest| rest.split_once(','))
        {
            filters.defined.insert(name.trim().to_owned(), equates.trim().to_owned());
        } else if let Some(list) = line.strip_prefix("O InputMailFilters=") {
            filters.used = names(list);
        }
    }
    filters
}

/// `sendmail.mc`: the macros of m4, and the files that it includes.
fn master(text: &str, depth: usize) -> Filters {
    let mut filters = Filters::default();
    for line in text.lines() {
        let line = line.split("dnl").next().unwrap_or_default().trim();
        let Some((call, rest)) = line.split_once('(') else { continue };
        let arguments = arguments(rest);
        let (first, second) = (arguments.first(), arguments.get(1));
        match (call.trim(), first, second) {
            ("INPUT_MAIL_FILTER", Some(name), Some(equates)) => {
                filters.defined.insert(name.clone(), equates.clone());
                filters.used.push(name.clone());
            }
            ("MAIL_FILTER", Some(name), Some(equates)) => {
                filters.defined.insert(name.clone(), equates.clone());
            }
            ("define", Some(name), Some(list)) if name == "confINPUT_MAIL_FILTERS" => {
                filters.used = names(list);
            }
            ("include", Some(path), _) if depth < MOST_DEEP => {
                // One that cannot be read is m4's to complain about.
                let included = read(Path::new(path), depth + 1).unwrap_or_default();
                filters.defined.extend(included.defined);
                filters.used.extend(included.used);
            }
            _ => {}
        }
    }
    filters
}

fn names(list: &str) -> Vec<String> {
    list.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

/// The arguments of a macro, out of their quotes: `` `one', `two') ``.
fn arguments(text: &str) -> Vec<String> {
    let mut arguments = Vec::new();
    let mut rest = text;
    while let Some((_, behind)) = rest.split_once('`') {
        let Some((argument, behind)) = behind.split_once('\'') else { break };
        arguments.push(argument.trim().to_owned());
        rest = behind;
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::{Filters, equate, made, master};

    fn filters(defined: &[(&str, &str)], used: &[&str]) -> Filters {
        let defined = defined.iter().map(|(name, text)| ((*name).into(), (*text).into()));
        Filters { defined: defined.collect(), used: used.iter().map(|one| (*one).into()).collect() }
    }

    #[test]
    fn filters_are_found_in_what_is_written_and_in_what_is_made_of_it() {
        let text = "dnl INPUT_MAIL_FILTER(`old', `S=unix:/old')\n\
                    INPUT_MAIL_FILTER(`one', `S=unix:/a, F=T, T=C:30s;E:5m')dnl\n\
                    MAIL_FILTER(`two', `S=inet:8891@localhost')dnl the second\n";
        let both = [("one", "S=unix:/a, F=T, T=C:30s;E:5m"), ("two", "S=inet:8891@localhost")];
        assert_eq!(master(text, 0), filters(&both, &["one"]));
        let more = format!("{text}define(`confINPUT_MAIL_FILTERS', `two, one')\n");
        assert_eq!(master(&more, 0), filters(&both, &["two", "one"]));
        let text = "O InputMailFilters=one,two\nXone, S=unix:/a, F=T, T=C:30s;E:5m\n\
                    Xtwo, S=inet:8891@localhost\n";
        assert_eq!(made(text), filters(&both, &["one", "two"]));
        assert_eq!(equate(both[0].1, "F"), Some("T"));
        assert_eq!(equate(both[1].1, "F"), None);
    }
}
