//! The host that is looked at: its files below a directory, as they are to the programs on it.

use crate::serve::FileSystem;
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use twinseal_config::Files;
use twinseal_message::text;

/// How many links may lead to a file; the kernel follows no more.
const MAX_LINKS: usize = 40;

/// A host below a directory. An absolute link leads inside, and so does `..`.
#[derive(Debug)]
pub(super) struct Root {
    directory: PathBuf,
    /// Where relative paths begin, as the host has it.
    working: RefCell<PathBuf>,
    looked_at: RefCell<BTreeMap<PathBuf, Look>>,
}

/// What was found at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Look {
    /// Its content, or that it is there.
    Found {
        /// Where links lead, if there are any.
        really: Option<PathBuf>,
    },
    Missing,
    Unreadable(String),
}

impl Root {
    pub(super) fn new(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            working: RefCell::new(PathBuf::from("/")),
            looked_at: RefCell::default(),
        }
    }

    /// Begins relative paths there again.
    pub(super) fn begin_at(&self, directory: &Path) {
        self.working.replace(directory.to_owned());
    }

    /// The path with the directory that it is relative to.
    pub(super) fn whole(&self, path: &Path) -> PathBuf {
        self.working.borrow().join(path)
    }

    /// The text, with our paths as the host has them.
    pub(super) fn as_the_host_has_it(&self, text: &str) -> String {
        let directory = self.directory.display().to_string();
        let directory = directory.trim_end_matches('/');
        if directory.is_empty() { text.to_owned() } else { text.replace(directory, "") }
    }

    /// The path without links in it, as the host has it.
    pub(super) fn really(&self, path: &Path) -> io::Result<PathBuf> {
        let whole = self.whole(path);
        let mut left: VecDeque<OsString> = parts(&whole);
        let (mut at, mut links) = (PathBuf::from("/"), 0_usize);
        while let Some(part) = left.pop_front() {
            if part == ".." {
                at.pop();
                continue;
            }
            let next = at.join(&part);
            let Ok(target) = fs::read_link(self.outside(&next)) else {
                at = next;
                continue;
            };
            links += 1;
            if links > MAX_LINKS {
                return Err(io::Error::other("too many links lead to it"));
            }
            if target.is_absolute() {
                at = PathBuf::from("/");
            }
            let mut before = parts(&target);
            before.append(&mut left);
            left = before;
        }
        Ok(at)
    }

    /// Where the file is for us.
    pub(super) fn located(&self, path: &Path) -> io::Result<PathBuf> {
        Ok(self.outside(&self.really(path)?))
    }

    fn outside(&self, path: &Path) -> PathBuf {
        self.directory.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// The text of a file that may be missing.
    pub(super) fn text(&self, path: &Path) -> io::Result<Option<String>> {
        match self.read(path) {
            Ok(octets) => Ok(Some(String::from_utf8_lossy(&octets).into_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The names in a directory that end so, sorted; none where there is no such directory.
    pub(super) fn names(&self, directory: &Path, ending: &str) -> Vec<String> {
        let entries = self.located(directory).and_then(fs::read_dir);
        let names = entries.into_iter().flatten().flatten().map(|entry| entry.file_name());
        let mut names: Vec<String> = names.filter_map(|name| name.into_string().ok()).collect();
        names.retain(|name| name.ends_with(ending));
        names.sort();
        names
    }

    /// Every path that was looked at, and what was found there. Links tell where they lead.
    pub(super) fn inventory(&self) -> Vec<String> {
        let looked_at = self.looked_at.borrow();
        let line = |(path, look): (&PathBuf, &Look)| match look {
            Look::Found { really: None } => text::path(path),
            Look::Found { really: Some(really) } => {
                format!("{} -> {}", text::path(path), text::path(really))
            }
            Look::Missing => format!("{}: there is none", text::path(path)),
            Look::Unreadable(error) => format!("{}: {error}", text::path(path)),
        };
        looked_at.iter().map(line).collect()
    }

    fn note<T>(&self, path: &Path, found: &io::Result<T>) {
        let whole = self.whole(path);
        let look = match found {
            Ok(_) => {
                Look::Found { really: self.really(path).ok().filter(|really| *really != whole) }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Look::Missing,
            Err(error) => Look::Unreadable(error.to_string()),
        };
        self.looked_at.borrow_mut().insert(whole, look);
    }
}

impl Files for Root {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let read = self.located(path).and_then(|path| FileSystem.read(&path));
        self.note(path, &read);
        read
    }

    fn exists(&self, path: &Path) -> bool {
        let found = self.located(path).and_then(fs::metadata);
        let exists = !matches!(&found, Err(error) if error.kind() == io::ErrorKind::NotFound);
        if exists {
            self.note(path, &found);
        }
        exists
    }

    fn enter(&self, directory: &Path) -> io::Result<()> {
        let really = self.really(directory)?;
        if !fs::metadata(self.outside(&really))?.is_dir() {
            return Err(io::Error::from(io::ErrorKind::NotADirectory));
        }
        self.begin_at(&really);
        Ok(())
    }
}

/// The parts of a path, without those that lead nowhere.
fn parts(path: &Path) -> VecDeque<OsString> {
    let part = |part: Component<'_>| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::Prefix(_) | Component::RootDir | Component::CurDir => None,
    };
    path.components().filter_map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::Root;
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;
    use twinseal_config::Files as _;

    #[test]
    fn links_lead_where_the_host_has_them() {
        let directory = tempfile::tempdir().unwrap();
        let at = |path: &str| directory.path().join(path);
        fs::create_dir_all(at("etc/mail/dkim/keys/a.example")).unwrap();
        fs::create_dir_all(at("etc/mail/domainkeys")).unwrap();
        fs::write(at("etc/mail/dkim/keys/a.example/default.private"), "key").unwrap();
        symlink("default.private", at("etc/mail/dkim/keys/a.example/mail2")).unwrap();
        symlink("/etc/mail/dkim/keys", at("etc/mail/domainkeys/keys")).unwrap();
        symlink("../../../../../etc/mail/dkim", at("etc/up")).unwrap();
        symlink("loop", at("etc/loop")).unwrap();
        let root = Root::new(directory.path());
        let through = "/etc/mail/domainkeys/keys/a.example/mail2";
        assert_eq!(root.read(Path::new(through)).unwrap(), b"key");
        let really = Path::new("/etc/mail/dkim/keys/a.example/default.private");
        for path in [through, "/etc/up/keys/a.example/mail2", "etc/./up/keys/a.example/mail2"] {
            assert_eq!(root.really(Path::new(path)).unwrap(), really, "{path}");
        }
        assert!(root.read(Path::new("/etc/loop")).is_err());
        assert!(!root.exists(Path::new("/etc/mail/none")));
        root.enter(Path::new("/etc/mail")).unwrap();
        assert_eq!(root.read(Path::new("dkim/keys/a.example/mail2")).unwrap(), b"key");
        assert!(root.enter(Path::new("/etc/mail/dkim/keys/a.example/mail2")).is_err());
        let inventory = root.inventory().join("\n");
        assert!(inventory.contains(&format!("{through} -> {}", really.display())), "{inventory}");
        assert!(inventory.contains("/etc/loop: too many links"), "{inventory}");
    }
}
