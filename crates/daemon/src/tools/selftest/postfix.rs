//! What Postfix says of itself, and the one change that is made to it when that is asked for.

use super::probe::DOMAIN;
use crate::tools::postfix::Instance;
use std::io::{self, Write as _};
use std::net::Ipv4Addr;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, thread};
use twinseal_message::text::{self, shown};

/// How long Postfix may go on as before once it was told to read its configuration again.
const RELOADING: Duration = Duration::from_secs(2);

/// The parameter that is asked and, if that is wanted, changed.
const TRANSPORT_MAPS: &str = "transport_maps";

/// Why Postfix does not say.
#[derive(Debug, thiserror::Error)]
pub(super) enum CannotAsk {
    /// The program is not there, or does not end.
    #[error("{program}: {error}")]
    Program { program: String, error: io::Error },
    /// It says no.
    #[error("{program}: {said}")]
    Said { program: String, said: String },
    /// The file cannot be read or written.
    #[error("{}: {error}", text::path(file))]
    File { file: PathBuf, error: io::Error },
}

/// A Postfix that is asked where mail goes.
#[derive(Debug, Clone)]
pub(super) struct Postfix(pub(super) Instance);

impl Postfix {
    /// What that program prints; `None` when it ends with 1 and says nothing, as `postmap -q` does
    /// for what is not in a table.
    fn ask(&self, program: &str, words: &[&str]) -> Result<Option<String>, CannotAsk> {
        let broken = |error| CannotAsk::Program { program: program.to_owned(), error };
        let done = self.0.run(program, words).map_err(broken)?;
        match (done.status.success(), done.errors.trim()) {
            (true, _) => Ok(Some(done.output)),
            (false, "") if done.status.code() == Some(1) => Ok(None),
            (false, said) => {
                let said = if said.is_empty() { done.status.to_string() } else { shown(said) };
                Err(CannotAsk::Said { program: program.to_owned(), said })
            }
        }
    }

    /// The value of a parameter with everything in it replaced.
    fn value(&self, name: &str) -> Result<String, CannotAsk> {
        let value = self.ask("postconf", &["-x", "-h", name])?;
        Ok(value.unwrap_or_default().trim().to_owned())
    }

    /// Where mail to that address goes, as far as `transport_maps` and `relayhost` say it: a
    /// transport and a next hop, or a next hop alone.
    ///
    /// # Errors
    /// [`CannotAsk`], when there is no Postfix to ask.
    pub(super) fn route(&self, recipient: &str) -> Result<Option<String>, CannotAsk> {
        let tables = tables(&self.value(TRANSPORT_MAPS)?);
        for key in keys(recipient) {
            for table in &tables {
                let found = self.ask("postmap", &["-q", &key, table]);
                // A table that cannot be asked has no route of ours, and Postfix will say so.
                if let Some(found) = found.ok().flatten() {
                    return Ok(Some(found.trim().to_owned()));
                }
            }
        }
        Ok(Some(self.value("relayhost")?).filter(|host| !host.is_empty()))
    }

    /// The value of the parameter with a route in front that leads to that port.
    fn with_route(&self, port: u16) -> Result<String, CannotAsk> {
        let old = self.ask("postconf", &["-h", TRANSPORT_MAPS])?.unwrap_or_default();
        Ok(routed(old.trim(), port))
    }

    /// The command that routes lastingly.
    ///
    /// # Errors
    /// [`CannotAsk`], when there is no Postfix to ask.
    pub(super) fn lasting(&self, port: u16) -> Result<String, CannotAsk> {
        let value = self.with_route(port)?;
        Ok(format!("{} && {}", self.0.set(TRANSPORT_MAPS, &value), self.0.reload()))
    }

    /// Routes as long as the value lives. `tell` is told how to take it back by hand, before
    /// anything is changed.
    ///
    /// # Errors
    /// [`CannotAsk`], when it cannot be done; then everything is as it was.
    pub(super) fn add_route(&self, port: u16, tell: impl FnOnce(&str)) -> Result<Route, CannotAsk> {
        let directory = self.value("config_directory")?;
        let file = Path::new(&directory).join("main.cf");
        let wrong = |error| CannotAsk::File { file: file.clone(), error };
        // postconf would put a file in the link's place, and the link would be gone.
        if fs::symlink_metadata(&file).map_err(wrong)?.is_symlink() {
            let why = "it is a link, which postconf replaces by a file: route lastingly instead";
            return Err(wrong(io::Error::other(why)));
        }
        let before = fs::read(&file).map_err(wrong)?;
        let set = self.ask("postconf", &["-n", TRANSPORT_MAPS])?.unwrap_or_default();
        let old = set.split_once('=').map(|(_, old)| old.trim().to_owned());
        let back = match &old {
            Some(old) => self.0.set(TRANSPORT_MAPS, old),
            None => self.0.typed(&format!("postconf -X {TRANSPORT_MAPS}")),
        };
        tell(&format!("{back} && {}", self.0.reload()));
        let value = format!("{TRANSPORT_MAPS} = {}", self.with_route(port)?);
        // From here on, whatever happens, it is taken back.
        let mut route = Route { postfix: self.clone(), file, before, after: None, old };
        self.ask("postconf", &["-e", &value])?;
        route.after = fs::read(&route.file).ok();
        self.ask("postfix", &["reload"])?;
        thread::sleep(RELOADING);
        Ok(route)
    }
}

/// A route that is there for a while. It is taken back when this is dropped.
#[derive(Debug)]
pub(super) struct Route {
    postfix: Postfix,
    file: PathBuf,
    before: Vec<u8>,
    /// What the change made of the file.
    after: Option<Vec<u8>>,
    /// The value before, where there was one.
    old: Option<String>,
}

impl Route {
    /// Takes it back: the file octet by octet as it was, or, if somebody has changed it since, this
    /// one parameter.
    fn take_back(&self) -> Result<(), CannotAsk> {
        let wrong = |error| CannotAsk::File { file: self.file.clone(), error };
        let now = fs::read(&self.file).map_err(wrong)?;
        if now == self.before {
            return Ok(());
        }
        if self.after.as_ref() == Some(&now) {
            replace(&self.file, &self.before).map_err(wrong)?;
        } else {
            let value = self.old.as_ref().map(|old| format!("{TRANSPORT_MAPS} = {old}"));
            match &value {
                Some(value) => self.postfix.ask("postconf", &["-e", value])?,
                None => self.postfix.ask("postconf", &["-X", TRANSPORT_MAPS])?,
            };
        }
        Ok(())
    }
}

impl Drop for Route {
    fn drop(&mut self) {
        let taken = self.take_back();
        let reloaded = self.postfix.ask("postfix", &["reload"]);
        let what = match (taken, reloaded) {
            (Ok(()), Ok(_)) => return,
            (Err(error), _) => format!("{TRANSPORT_MAPS} is NOT as it was: {error}"),
            (Ok(()), Err(error)) => {
                format!("{TRANSPORT_MAPS} is as it was; Postfix did not read it again: {error}")
            }
        };
        // There is nobody left to hand it to.
        let _ = io::stderr().write_all(format!("{}: {what}\n", crate::PROGRAM).as_bytes());
    }
}

/// Another file with the same owner and mode in the place of that one, whole at any time.
fn replace(file: &Path, octets: &[u8]) -> io::Result<()> {
    let found = fs::metadata(file)?;
    let directory = file.parent().unwrap_or_else(|| Path::new("/"));
    let mut new = tempfile::NamedTempFile::new_in(directory)?;
    new.write_all(octets)?;
    new.as_file().set_permissions(fs::Permissions::from_mode(found.mode() & 0o7777))?;
    chown(new.path(), Some(found.uid()), Some(found.gid()))?;
    new.as_file().sync_all()?;
    new.persist(file).map(drop).map_err(|error| error.error)
}

/// The value with our route in front.
fn routed(old: &str, port: u16) -> String {
    let ours = format!("inline:{{{DOMAIN}=smtp:[127.0.0.1]:{port}}}");
    if old.is_empty() { ours } else { format!("{ours}, {old}") }
}

/// What a transport table is asked for an address, in Postfix's order (transport(5)).
fn keys(recipient: &str) -> Vec<String> {
    let mut keys = vec![recipient.to_owned()];
    if let Some((_, domain)) = recipient.rsplit_once('@') {
        keys.push(domain.to_owned());
        let mut rest = domain;
        while let Some((_, parent)) = rest.split_once('.') {
            keys.push(format!(".{parent}"));
            rest = parent;
        }
    }
    keys.push("*".to_owned());
    keys
}

/// The tables that a parameter lists: blanks and commas divide them, but not within braces.
fn tables(value: &str) -> Vec<String> {
    let (mut tables, mut table, mut depth) = (Vec::new(), String::new(), 0_u32);
    for ch in value.chars() {
        match ch {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ if depth == 0 && (ch == ',' || ch.is_whitespace()) => {
                tables.push(std::mem::take(&mut table));
                continue;
            }
            _ => {}
        }
        table.push(ch);
    }
    tables.push(table);
    tables.retain(|table| !table.is_empty());
    tables
}

/// The port of this host that a route leads to: `smtp:[127.0.0.1]:2525`, `[localhost]:2525`.
pub(super) fn port_here(route: &str) -> Option<u16> {
    // A transport in front has no bracket and no dot in it. The sink speaks SMTP, over IPv4.
    let hop = match route.split_once(':') {
        Some((transport, hop)) if !transport.contains(['[', '.']) && hop.contains(':') => {
            if !matches!(transport, "" | "smtp" | "relay") {
                return None;
            }
            hop
        }
        _ => route,
    };
    let (host, port) = hop.rsplit_once(':')?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let here = host.eq_ignore_ascii_case("localhost")
        || host.parse().is_ok_and(|address: Ipv4Addr| address == Ipv4Addr::LOCALHOST);
    port.parse().ok().filter(|_| here)
}

#[cfg(test)]
mod tests {
    use super::{keys, port_here, replace, routed, tables};
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_route_to_this_host_is_known_by_its_port() {
        for (route, want) in [
            ("smtp:[127.0.0.1]:2525", Some(2525)),
            ("[127.0.0.1]:2525", Some(2525)),
            ("127.0.0.1:25", Some(25)),
            (":[localhost]:10025", Some(10025)),
            ("localhost:10025", Some(10025)),
            ("smtp:localhost:10025", Some(10025)),
            ("relay:[mail.example.com]:25", None),
            ("lmtp:[127.0.0.1]:2525", None),
            ("smtp:[::1]:2525", None),
            ("[127.0.0.2]:2525", None),
            ("[mail.example.com]", None),
            ("smtp:", None),
            ("error:no such domain", None),
            ("", None),
        ] {
            assert_eq!(port_here(route), want, "{route:?}");
        }
    }

    #[test]
    fn tables_are_asked_as_postfix_asks_them() {
        let value = "inline:{ a=b, {c = d e} }, hash:/etc/x,pcre:/y  \n regexp:{{/a/ b}}";
        let want = ["inline:{ a=b, {c = d e} }", "hash:/etc/x", "pcre:/y", "regexp:{{/a/ b}}"];
        assert_eq!(tables(value), want);
        assert!(tables(" ").is_empty());
        assert_eq!(keys("p@a.b.c"), ["p@a.b.c", "a.b.c", ".b.c", ".c", "*"]);
    }

    #[test]
    fn our_route_stands_in_front_of_others() {
        let ours = "inline:{selftest.twinseal.invalid=smtp:[127.0.0.1]:7}";
        assert_eq!(routed("", 7), ours);
        assert_eq!(routed("hash:/x, $y", 7), format!("{ours}, hash:/x, $y"));
    }

    #[test]
    fn a_file_that_is_replaced_keeps_its_mode() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("main.cf");
        fs::write(&file, "a").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        replace(&file, b"b\n").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"b\n");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
