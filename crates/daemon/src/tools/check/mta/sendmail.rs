//! Sendmail, as far as its milter lines go (trap N5): `sendmail.mc`, from which `sendmail.cf` is
//! made, which Sendmail reads.

mod cf;
mod mc;

use super::filters::Filter;
use super::kinds;
use super::order::{self, Role, role_of};
use super::sockets::{self, Socket};
use crate::tools::check::finding::{Area, Mend, Sheet};
use crate::tools::check::inventory;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use twinseal_config::{Config, Door, SocketSpec};
use twinseal_keys::exposure::quoted;
use twinseal_message::text;

/// A configuration of Sendmail's is never larger, in octets.
const MOST: u64 = 4 * 1024 * 1024;

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
            match read(&path) {
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
            let all = [self.filters.used.as_slice(), std::slice::from_ref(&name)].concat();
            let what = format!("the filter {name} is defined, and not in use");
            sheet.find(&kinds::SENDMAIL_NOT_USED, &place, what, self.used(&all));
            return;
        }
        self.order(&place, &name, sheet);
        if self.config.mode.signs() && !self.config.shadow && !defers(&equates) {
            if self.of_master.and_then(ours).is_some_and(|(_, master)| defers(&master)) {
                let what =
                    format!("sendmail.mc has F= for the filter {name}, and this file has not");
                sheet.find(&kinds::SENDMAIL_STALE, place, what, Mend::run([self.make()]));
                return;
            }
            let what = format!("the filter {name} is defined without F=T");
            let mut mend = self.definition();
            mend.advice = "put this in place of its definition".to_owned();
            sheet.find(&kinds::SENDMAIL_FLAG, &place, what, mend);
            return;
        }
        sheet.pass(Area::Mta, place, format!("asks the filter {name}"));
    }

    /// Who stands before and behind us. What `sendmail.mc` says already is said of that.
    fn order(&self, place: &str, ours: &str, sheet: &mut Sheet) {
        if self.of_master.is_some_and(|master| master.used == self.filters.used) {
            return;
        }
        let door = self.config.door;
        let used = self.filters.used.iter();
        let used: Vec<(&String, &String)> =
            used.filter_map(|name| self.filters.defined.get_key_value(name)).collect();
        let filters: Vec<Filter> =
            used.iter().map(|(name, equates)| Filter::new(&socket(name, equates, door))).collect();
        let role = |((name, _), filter): (&(&String, &String), &Filter)| match *name == ours {
            true => Role::Ours,
            false => role_of(&filter.socket, door),
        };
        let roles: Vec<Role> = used.iter().zip(&filters).map(role).collect();
        for fault in order::faults(&filters, &roles, self.config) {
            let named = |filter: &Filter| {
                let at = filters.iter().position(|one| one == filter)?;
                used.get(at).map(|(name, _)| (*name).clone())
            };
            let mend = fault.mended.map_or_else(Mend::default, |mended| {
                self.used(&mended.iter().filter_map(named).collect::<Vec<String>>())
            });
            let mend = if mend.advice.is_empty() { mend.and_say(fault.advice) } else { mend };
            sheet.find(fault.kind, place, fault.what, mend);
        }
    }

    /// Which filters have to be in use.
    fn used(&self, names: &[String]) -> Mend {
        let all = names.join(", ");
        let is_made = self.path.extension().is_some_and(|ending| ending == "cf");
        let line = match is_made {
            true => format!("O InputMailFilters={all}"),
            false => format!("define(`confINPUT_MAIL_FILTERS', `{all}')dnl"),
        };
        Mend::publish("put this line there, behind the filters", line)
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
    let socket = match socket {
        SocketSpec::Unix { path } => Socket::Unix(sockets::plain(&path)),
        SocketSpec::Inet { port, host, .. } => {
            Socket::Inet(host.unwrap_or_else(|| "localhost".to_owned()), port.to_string())
        }
    };
    config.sockets.iter().any(|ours| sockets::is(&socket, ours))
}

/// The socket of a filter, as Postfix would write it; its name, where only that tells what it is.
fn socket(name: &str, equates: &str, door: Door) -> String {
    let text = equate(equates, "S").unwrap_or_default();
    let socket = match SocketSpec::parse(text) {
        Ok(SocketSpec::Inet { host, port, .. }) => {
            format!("inet:{}:{port}", host.as_deref().unwrap_or("localhost"))
        }
        Ok(SocketSpec::Unix { path }) => format!("unix:{}", path.display()),
        Err(_) => text.to_owned(),
    };
    let named = role_of(&socket, door) == Role::Unknown && role_of(name, door) != Role::Unknown;
    if named { name.to_owned() } else { socket }
}

/// Whether mail waits, or is refused, while a filter is down.
fn defers(equates: &str) -> bool {
    matches!(equate(equates, "F"), Some("T" | "R" | "4"))
}

/// One of the settings of a filter: `S=…, F=T, T=…`.
fn equate<'e>(equates: &'e str, letter: &str) -> Option<&'e str> {
    let pairs = equates.split(',').filter_map(|part| part.trim().split_once('='));
    pairs.filter(|(name, _)| name.trim() == letter).map(|(_, value)| value.trim()).next_back()
}

/// Reads a file of either kind, by how its name ends.
fn read(path: &Path) -> io::Result<Filters> {
    let text = contents(path)?;
    let is_made = path.extension().is_some_and(|ending| ending == "cf");
    Ok(if is_made { cf::parse(&text) } else { mc::parse(&text, path) })
}

fn contents(path: &Path) -> io::Result<String> {
    let mut octets = Vec::new();
    fs::File::open(path)?.take(MOST).read_to_end(&mut octets)?;
    Ok(String::from_utf8_lossy(&octets).into_owned())
}

fn names(list: &str) -> Vec<String> {
    list.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::{equate, socket};
    use twinseal_config::Door;

    #[test]
    fn the_last_value_of_a_setting_counts() {
        let text = "S=unix:/a, F = R,T=C:30s;E:5m, F=T";
        assert_eq!((equate(text, "F"), equate(text, "S")), (Some("T"), Some("unix:/a")));
        assert_eq!(equate("S=inet:8891@localhost", "F"), None);
    }

    #[test]
    fn a_filter_is_known_by_its_socket_or_by_its_name() {
        for (name, equates, want) in [
            ("x", "S=inet:8893@localhost", "inet:localhost:8893"),
            ("opendmarc", "S=inet:1@localhost", "opendmarc"),
            ("x", "S=local:/run/spamass.sock, F=T", "unix:/run/spamass.sock"),
        ] {
            assert_eq!(socket(name, equates, Door::Native), want, "{name} {equates}");
        }
    }
}
