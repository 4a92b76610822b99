//! What the daemon goes on needing when it serves.
//!
//! Rules are made for directories, not for files: an editor puts a new file in the place of the old
//! one, and a rule stays with the old one.

use crate::resolver::system::{CONFIGURATION, PORT};
use std::collections::BTreeSet;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use twinseal_config::{Config, Dns, NamedPlace, SenderKey, SocketSpec};
use twinseal_message::Domain;

/// Where those who leave the terminal leave it for.
const NULL: &str = "/dev/null";

/// What stands for the sender's domain in the path of a key; one octet.
const DOMAIN_MARK: char = '%';

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
    rules.flat_map(|rule| {
        let fixed = rule.keys.iter().filter(|source| source.inline.is_none());
        let sender = rule.tabled.as_ref().and_then(|tabled| tabled.key.as_ref());
        fixed.map(|source| source.file.as_path()).chain(sender.into_iter().flat_map(of_sender))
    })
}

fn of_sender(key: &SenderKey) -> Vec<&Path> {
    match key {
        SenderKey::File { path, .. } => vec![before_mark(path)],
        SenderKey::Named(named) => named
            .iter()
            .filter_map(|(_, key)| match &key.place {
                NamedPlace::File(SenderKey::File { path, .. }) => Some(before_mark(path)),
                NamedPlace::File(SenderKey::Named(_)) | NamedPlace::Pool(_) => None,
            })
            .collect(),
    }
}

/// A path up to what depends on the sender, in whose place anything may stand.
fn before_mark(path: &str) -> &Path {
    let end = path.find(DOMAIN_MARK).and_then(|at| path.get(..=at));
    Path::new(end.unwrap_or(path))
}
