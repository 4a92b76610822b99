//! Messages to prove something with: a directory of files, a Maildir, or a mailbox.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

/// How deep directories are looked into.
const MAX_DEPTH: usize = 16;

/// The files of a corpus, in the order of their names.
///
/// # Errors
/// When it is not there, or a directory cannot be read.
pub(super) fn files(corpus: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    if fs::metadata(corpus)?.is_dir() {
        collect(corpus, MAX_DEPTH, &mut files)?;
    } else {
        files.push(corpus.to_owned());
    }
    Ok(files)
}

/// In a Maildir's `cur` and `new` every file is a message; elsewhere its name says so.
fn collect(directory: &Path, depth: usize, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let is_maildir = name(directory).is_some_and(|name| name == "cur" || name == "new");
    let mut entries: Vec<PathBuf> = fs::read_dir(directory)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    entries.sort();
    for path in entries {
        if path.symlink_metadata()?.is_dir() {
            if depth > 0 {
                collect(&path, depth - 1, files)?;
            }
        } else if path.is_file() && (is_maildir || has_ending(&path)) {
            files.push(path);
        }
    }
    Ok(())
}

fn has_ending(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| ending == "eml" || ending == "mbox")
}

/// Hands on each message of a file with its name, until `take` has enough. A file that begins as a
/// mailbox does is one.
///
/// # Errors
/// When it cannot be read, and what `take` says.
pub(super) fn each<E: From<io::Error>>(
    path: &Path,
    mut take: impl FnMut(&str, &[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let name = path.display().to_string();
    let mut reader = BufReader::new(File::open(path)?);
    if !reader.fill_buf()?.starts_with(b"From ") {
        let mut octets = Vec::new();
        reader.read_to_end(&mut octets)?;
        return take(&name, &octets);
    }
    let (mut message, mut number, mut line) = (Vec::new(), 0_usize, Vec::new());
    loop {
        line.clear();
        let ended = reader.read_until(b'\n', &mut line)? == 0;
        let begins = line.starts_with(b"From ")
            && (message.is_empty() || message.ends_with(b"\n\n") || message.ends_with(b"\r\n\r\n"));
        if (begins || ended) && !message.is_empty() {
            number += 1;
            // The empty line in front of the next one is the mailbox's.
            let end = if message.ends_with(b"\r\n\r\n") {
                2
            } else {
                usize::from(message.ends_with(b"\n\n"))
            };
            let octets = message.get(..message.len() - end).unwrap_or_default();
            take(&format!("{name}:{number}"), octets)?;
            message.clear();
        }
        if ended {
            return Ok(());
        }
        // What begins as that line does was quoted.
        let quoted = line.iter().take_while(|octet| **octet == b'>').count();
        let rest = line.get(quoted..).unwrap_or_default();
        let from = if quoted > 0 && rest.starts_with(b"From ") { 1 } else { 0 };
        message.extend_from_slice(line.get(from..).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::{each, files};
    use std::fs;
    use std::io;

    #[test]
    fn every_message_is_found() {
        let directory = tempfile::tempdir().unwrap();
        let at = |path: &str| directory.path().join(path);
        fs::create_dir_all(at("m/cur")).unwrap();
        fs::create_dir_all(at("m/tmp")).unwrap();
        fs::write(at("m/cur/1:2,S"), "A: b\n\nx\n").unwrap();
        fs::write(at("m/tmp/2"), "A: b\n\nx\n").unwrap();
        fs::write(at("b.eml"), "A: b\n\nx\n").unwrap();
        fs::write(at("README"), "no message\n").unwrap();
        let mailbox = "From a Mon\nA: b\n\nx\n>From y\n>>From z\n\nFrom a Tue\nC: d\n\nFrom here\n";
        fs::write(at("c.mbox"), mailbox).unwrap();
        let mut found = Vec::new();
        for path in files(directory.path()).unwrap() {
            let taken = each(&path, |name, octets| {
                let name = name.rsplit('/').next().unwrap();
                found.push((name.to_owned(), String::from_utf8_lossy(octets).into_owned()));
                Ok::<(), io::Error>(())
            });
            taken.unwrap();
        }
        let plain = "A: b\n\nx\n".to_owned();
        let first = "From a Mon\nA: b\n\nx\nFrom y\n>From z\n".to_owned();
        let want = [
            ("b.eml".to_owned(), plain.clone()),
            ("c.mbox:1".to_owned(), first),
            ("c.mbox:2".to_owned(), "From a Tue\nC: d\n".to_owned()),
            ("c.mbox:3".to_owned(), "From here\n".to_owned()),
            ("1:2,S".to_owned(), plain),
        ];
        assert_eq!(found, want);
        assert!(files(&at("none")).is_err());
    }
}
