//! A mailbox that a message arrives in: an mbox file or a Maildir, looked at and left alone.

use super::probe::Probe;
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

/// How much is read of a message, or of what was added to an mbox file, in octets.
const MAX_READ: u64 = 4 * 1024 * 1024;

/// How many files of a Maildir are looked into at once.
const MAX_FILES: usize = 10_000;

/// How much of a file decides whether it is the message, in octets: its header.
const MAX_HEADER: usize = 64 * 1024;

/// A mailbox, and what was in it before.
#[derive(Debug)]
pub(super) struct Mailbox {
    path: PathBuf,
    /// The length of an mbox file before.
    length: u64,
    /// The messages of a Maildir before.
    known: HashSet<PathBuf>,
    /// How long an mbox file was when it was last looked at: one that grows is being written.
    last: Option<u64>,
}

impl Mailbox {
    /// Notes what is in it. It need not be there yet.
    ///
    /// # Errors
    /// When it cannot be looked at.
    pub(super) fn open(path: PathBuf) -> io::Result<Self> {
        let mut mailbox = Self { path, length: 0, known: HashSet::new(), last: None };
        match fs::metadata(&mailbox.path) {
            Ok(found) if found.is_dir() => {
                if !mailbox.path.join("new").is_dir() {
                    return Err(io::Error::other("it is a directory, and no Maildir"));
                }
                mailbox.known = messages(&mailbox.path)?.into_iter().collect();
            }
            Ok(found) => {
                File::open(&mailbox.path)?;
                mailbox.length = found.len();
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(mailbox)
    }

    /// The message, as soon as it is in there whole.
    ///
    /// # Errors
    /// When the mailbox cannot be looked at.
    pub(super) fn look(&mut self, probe: &Probe) -> io::Result<Option<Vec<u8>>> {
        match fs::metadata(&self.path) {
            Ok(found) if found.is_dir() => self.look_in_maildir(probe),
            Ok(found) => self.look_in_mbox(found.len(), probe),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn look_in_maildir(&mut self, probe: &Probe) -> io::Result<Option<Vec<u8>>> {
        for path in messages(&self.path)? {
            if self.known.contains(&path) {
                continue;
            }
            let mut octets = Vec::new();
            // Whoever reads mail may have moved it meanwhile: it is found again.
            let Ok(file) = File::open(&path) else { continue };
            file.take(MAX_READ).read_to_end(&mut octets)?;
            if probe.is(octets.get(..MAX_HEADER).unwrap_or(&octets)) {
                return Ok(Some(octets));
            }
            self.known.insert(path);
        }
        Ok(None)
    }

    fn look_in_mbox(&mut self, length: u64, probe: &Probe) -> io::Result<Option<Vec<u8>>> {
        if self.last.replace(length) != Some(length) {
            return Ok(None);
        }
        // One that is shorter was emptied meanwhile.
        let start = if length < self.length { 0 } else { self.length };
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(start))?;
        let mut octets = Vec::new();
        file.take(MAX_READ).read_to_end(&mut octets)?;
        Ok(of_mbox(&octets).into_iter().find(|message| probe.is(message)).map(<[u8]>::to_vec))
    }
}

/// The messages in a part of an mbox file, without the line above each, nor the empty one below.
fn of_mbox(octets: &[u8]) -> Vec<&[u8]> {
    let begins = |line: &[u8]| line.starts_with(b"From ");
    let (mut messages, mut start, mut at, mut after_empty) = (Vec::new(), None, 0, true);
    for line in octets.split_inclusive(|&octet| octet == b'\n') {
        if after_empty && begins(line) {
            messages.extend(start.map(|start| (start, at)));
            start = Some(at + line.len());
        }
        after_empty = line == b"\n" || line == b"\r\n";
        at += line.len();
    }
    messages.extend(start.map(|start| (start, at)));
    let without_end = |part: &'_ [u8]| match part.strip_suffix(b"\n\n") {
        Some(text) => text.len() + 1,
        None => part.len(),
    };
    let message = |(start, end): (usize, usize)| {
        let part = octets.get(start..end)?;
        part.get(..without_end(part))
    };
    messages.into_iter().filter_map(message).collect()
}

/// The files of a Maildir that hold mail.
fn messages(maildir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for name in ["new", "cur"] {
        match fs::read_dir(maildir.join(name)) {
            Ok(entries) => {
                for entry in entries {
                    found.push(entry?.path());
                    if found.len() > MAX_FILES {
                        let what = format!("it holds more than {MAX_FILES} messages");
                        return Err(io::Error::other(what));
                    }
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::{Mailbox, of_mbox};
    use crate::tools::selftest::probe::Probe;
    use std::fs;

    fn probe() -> Probe {
        Probe::new("a@example.com", Some("b@example.net"), 0).unwrap()
    }

    #[test]
    fn messages_of_an_mbox_begin_behind_an_empty_line() {
        // Who delivers quotes such a line only where it would begin a message.
        let text = b"From a x\nA: 1\n\n>From here\nFrom x\n\nFrom b y\nB: 2\n\ny\n\n\n";
        let want: [&[u8]; 2] = [b"A: 1\n\n>From here\nFrom x\n", b"B: 2\n\ny\n\n"];
        assert_eq!(of_mbox(text), want);
        assert!(of_mbox(b"no mailbox\n").is_empty());
    }

    #[test]
    fn what_is_added_to_an_mbox_is_found_once_it_does_not_grow() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("mbox");
        let probe = probe();
        let letter = [b"From a x\n", &probe.for_sendmail()[..], b"\n"].concat();
        // A copy that was there before is none that arrived.
        fs::write(&path, &letter).unwrap();
        let mut mailbox = Mailbox::open(path.clone()).unwrap();
        for _ in 0..3 {
            assert_eq!(mailbox.look(&probe).unwrap(), None);
        }
        fs::write(&path, [&letter[..], &letter[..]].concat()).unwrap();
        assert_eq!(mailbox.look(&probe).unwrap(), None);
        assert_eq!(mailbox.look(&probe).unwrap(), Some(probe.for_sendmail()));
        assert_eq!(fs::read(&path).unwrap().len(), 2 * letter.len());
    }

    #[test]
    fn what_comes_into_a_maildir_is_found_and_left_there() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("Maildir");
        let mut mailbox = Mailbox::open(path.clone()).unwrap();
        let probe = probe();
        assert_eq!(mailbox.look(&probe).unwrap(), None);
        for name in ["new", "cur", "tmp"] {
            fs::create_dir_all(path.join(name)).unwrap();
        }
        fs::write(path.join("tmp/1"), probe.for_sendmail()).unwrap();
        fs::write(path.join("new/other"), "Subject: x\n\n").unwrap();
        assert_eq!(mailbox.look(&probe).unwrap(), None);
        fs::rename(path.join("tmp/1"), path.join("cur/1:2,S")).unwrap();
        assert_eq!(mailbox.look(&probe).unwrap(), Some(probe.for_sendmail()));
        assert!(path.join("cur/1:2,S").exists());
        assert!(Mailbox::open(directory.path().to_owned()).is_err());
    }
}
