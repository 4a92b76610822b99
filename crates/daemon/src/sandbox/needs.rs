//! What the daemon goes on needing when it serves.
//!
//! Rules are made for directories, not for files: an editor puts a new file in the place of the old
//! one, and a rule stays with the old one.

use crate::resolver::system::{CONFIGURATION, PORT};
use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use twinseal_config::{Config, Dns, NamedPlace, SenderKey, SocketSpec};
use twinseal_message::Domain;

/// Where those who leave the terminal leave it for.
const NULL: &str = "/dev/null";

/// What stands for the sender's domain in the path of a key; one octet.
pub(super) const DOMAIN_MARK: &str = "%";

/// So many entries of directories are looked at for links to keys that depend on the sender.
// LIMIT: what links behind them lead to is outside, which is said when such a key is opened.
const MOST_LISTED: usize = 20_000;

/// The variable that names the directory of credentials (systemd.exec(5)).
pub(crate) const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// What the daemon goes on needing.
#[derive(Debug, Default)]
pub(crate) struct Needs {
    /// Directories below which it reads, and files where a directory would be too much.
    pub(super) readable: BTreeSet<PathBuf>,
    /// Files that it writes to.
    pub(super) writable: BTreeSet<PathBuf>,
    /// Directories in which it removes at the end what it has made.
    pub(super) tidied: BTreeSet<PathBuf>,
    /// Ports that it connects to by TCP.
    pub(super) ports: BTreeSet<u16>,
    /// Whether it speaks with a socket that is in no directory.
    pub(super) abstract_sockets: bool,
}

impl Needs {
    /// What that configuration needs, which was read from those files.
    pub(crate) fn of(config: &Config, files: impl IntoIterator<Item = PathBuf>) -> Self {
        let mut needs = Self { ports: ports(&config.dns).collect(), ..Self::default() };
        files.into_iter().for_each(|file| needs.read(&file));
        keys(config).for_each(|key| needs.read_key(key));
        needs.read_behind_links(config);
        config.dns.test_keys.iter().for_each(|file| needs.read(file));
        needs.read_servers();
        needs.readable.extend(env::var_os(CREDENTIALS).map(PathBuf::from));
        needs.writable.insert(PathBuf::from(NULL));
        let sockets = config.sockets.iter().filter_map(|spec| match spec {
            SocketSpec::Unix { path } => Some(path),
            SocketSpec::Inet { .. } => None,
        });
        let made = sockets.chain(&config.pid_file);
        needs.tidied.extend(made.filter_map(|path| directory(path)));
        // It is removed if it is still ours, which it says itself.
        needs.readable.extend(config.pid_file.clone());
        let manager = env::var_os("NOTIFY_SOCKET");
        needs.abstract_sockets =
            manager.is_some_and(|name| name.as_encoded_bytes().starts_with(b"@"));
        needs
    }

    /// A file, and what takes its place: where it was named, and where links lead.
    fn read(&mut self, file: &Path) {
        let known = directory(file).is_some_and(|directory| self.readable.contains(&directory));
        // Of a hundred thousand keys in one directory, each is looked at and few are links.
        if known && !file.is_symlink() {
            return;
        }
        let behind = fs::canonicalize(file).ok();
        for file in behind.iter().map(PathBuf::as_path).chain([file]) {
            match directory(file) {
                Some(directory) if directory != Path::new("/") => {
                    self.readable.insert(directory);
                }
                _ => {
                    self.readable.insert(file.to_owned());
                }
            }
        }
    }

    /// The same for a key. In a directory that has the name of a domain, others of that kind are
    /// going to stand beside it.
    pub(super) fn read_key(&mut self, file: &Path) {
        self.read(file);
        let behind = file.is_symlink().then(|| fs::canonicalize(file).ok()).flatten();
        for file in behind.iter().map(PathBuf::as_path).chain([file]) {
            let Some(own) = directory(file).filter(|own| is_of_domain(own)) else { continue };
            // Neither everything, nor all of /etc.
            let above = own.parent().filter(|above| above.components().count() > 2);
            self.readable.extend(above.map(Path::to_owned));
        }
    }

    /// Where links lead that stand in the place of the sender's domain, or below it.
    fn read_behind_links(&mut self, config: &Config) {
        let mut left = MOST_LISTED;
        let keys: BTreeMap<String, &SenderKey> = in_table(config)
            .flat_map(of_sender)
            .filter_map(|key| Some((path_of(key)?.to_owned(), key)))
            .collect();
        for (path, key) in keys {
            self.read_behind(&path, key, &mut left);
        }
    }

    /// The same for the keys that one path may name; `left` entries may be looked at.
    fn read_behind(&mut self, path: &str, key: &SenderKey, left: &mut usize) {
        let Some((before, after)) = path.split_once(DOMAIN_MARK) else { return };
        let (above, begin) = before.rsplit_once('/').unwrap_or((".", before));
        let above = if above.is_empty() { "/" } else { above };
        let (end, is_directory) =
            after.split_once('/').map_or((after, false), |(end, _)| (end, true));
        let Ok(within) = fs::canonicalize(above) else { return };
        for entry in fs::read_dir(&within).into_iter().flatten().flatten() {
            let Some(fewer) = left.checked_sub(1) else { return };
            *left = fewer;
            let name = entry.file_name();
            let name = name.to_str().and_then(|name| name.strip_prefix(begin)?.strip_suffix(end));
            let Some(domain) = name.and_then(|name| Domain::parse(name).ok()) else { continue };
            let file = key.path(&domain).and_then(|file| fs::canonicalize(file).ok());
            if let Some(file) = file.filter(|file| !file.starts_with(&within)) {
                self.read_key(&file);
            }
            // The key in it may be yet to come.
            let link = entry.path();
            if is_directory && link.is_symlink() && link.is_dir() {
                self.readable.extend(fs::canonicalize(link));
            }
        }
    }

    /// The file that names the servers of this host. All of /etc would be too much for it, so one
    /// that takes its place there is outside; where it is a link, who writes it has a directory.
    fn read_servers(&mut self) {
        let file = Path::new(CONFIGURATION);
        self.readable.insert(file.to_owned());
        if file.is_symlink()
            && let Ok(behind) = fs::canonicalize(file)
        {
            self.read(&behind);
        }
    }
}

/// The directory that a file is in, from the root on.
fn directory(file: &Path) -> Option<PathBuf> {
    std::path::absolute(file).ok()?.parent().map(Path::to_owned)
}

/// Whether a directory has the name of a domain, as those have that hold the keys of one.
fn is_of_domain(directory: &Path) -> bool {
    let name = directory.file_name().and_then(OsStr::to_str);
    name.is_some_and(|name| name.contains('.') && Domain::parse(name).is_ok())
}

/// The ports on which DNS is asked.
pub(super) fn ports(dns: &Dns) -> impl Iterator<Item = u16> + '_ {
    let own = dns.servers.is_empty().then_some(PORT);
    dns.servers.iter().map(std::net::SocketAddr::port).chain(own)
}

/// The files of all keys; where one depends on the sender, the part of its path that does not.
pub(super) fn keys(config: &Config) -> impl Iterator<Item = &Path> {
    let rules = config.rules.iter().filter(|_| config.mode.signs());
    let fixed = rules.flat_map(|rule| {
        let fixed = rule.keys.iter().filter(|source| source.inline.is_none());
        fixed.map(|source| source.file.as_path())
    });
    let senders = in_table(config).flat_map(of_sender).filter_map(path_of).map(before_mark);
    fixed.chain(senders)
}

/// The keys that depend on the sender.
fn in_table(config: &Config) -> impl Iterator<Item = &SenderKey> {
    let rules = config.rules.iter().filter(|_| config.mode.signs());
    rules.filter_map(|rule| rule.tabled.as_ref()?.key.as_ref())
}

/// Those of them that are in files.
fn of_sender(key: &SenderKey) -> Vec<&SenderKey> {
    match key {
        SenderKey::File { .. } => vec![key],
        SenderKey::Named(named) => named
            .iter()
            .filter_map(|(_, key)| match &key.place {
                NamedPlace::File(key @ SenderKey::File { .. }) => Some(key),
                NamedPlace::File(SenderKey::Named(_)) | NamedPlace::Pool(_) => None,
            })
            .collect(),
    }
}

/// The path, with its mark.
fn path_of(key: &SenderKey) -> Option<&str> {
    match key {
        SenderKey::File { path, .. } => Some(path),
        SenderKey::Named(_) => None,
    }
}

/// A path up to what depends on the sender, in whose place anything may stand.
fn before_mark(path: &str) -> &Path {
    let end = path.find(DOMAIN_MARK).and_then(|at| path.get(..=at));
    Path::new(end.unwrap_or(path))
}
