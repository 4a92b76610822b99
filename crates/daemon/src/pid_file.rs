//! The pid file: how init scripts find the process.

use crate::held_file::{self, NotHeld};
use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

/// Its permissions, whatever the umask says: init scripts read it as root and send signals to the
/// number in it, so nobody else may write it.
const MODE: u32 = 0o644;

/// A pid file that we have written; removed at the end, if it is still ours. Nobody else of our
/// kind writes it meanwhile: it is locked.
#[derive(Debug)]
pub struct PidFile {
    path: PathBuf,
    text: String,
    /// The lock goes with it.
    held: File,
}

impl PidFile {
    /// Writes our number, in decimal and with a line end, over that of a process that is gone.
    ///
    /// # Errors
    /// Whatever keeps the file from being written; [`io::ErrorKind::ResourceBusy`] when it belongs
    /// to a process that runs.
    pub fn write(path: &Path) -> io::Result<Self> {
        let text = format!("{}\n", std::process::id());
        let mut file = held_file::hold(path, MODE).map_err(|error| match error {
            NotHeld::Taken => io::Error::new(io::ErrorKind::ResourceBusy, holder(path)),
            NotHeld::Io(error) => error,
        })?;
        if file.metadata()?.is_file() {
            file.set_len(0)?;
            // One that was there already may be somebody else's, who then said what it should be.
            let _ = file.set_permissions(Permissions::from_mode(MODE));
        }
        file.write_all(text.as_bytes())?;
        Ok(Self { path: path.to_owned(), text, held: file })
    }

    /// Gives it to a user, who may then write over it when we are gone.
    ///
    /// # Errors
    /// When we may not give it away.
    pub fn give_to(&self, uid: u32) -> io::Result<()> {
        fchown(&self.held, Some(uid), None)
    }
}

/// Who has the file, as far as it says so.
fn holder(path: &Path) -> String {
    let number = fs::read_to_string(path).ok().and_then(|text| text.trim().parse::<u32>().ok());
    let who = number.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
    format!("{who} runs and has it")
}

impl Drop for PidFile {
    fn drop(&mut self) {
        if fs::read_to_string(&self.path).is_ok_and(|text| text == self.text) {
            // Its directory may not be ours to write to; then it stays, as it always did.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PidFile;

    #[test]
    fn it_holds_our_number_and_goes_with_us() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("t.pid");
        let file = PidFile::write(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, format!("{}\n", std::process::id()));
        drop(file);
        assert!(!path.exists());
    }

    #[test]
    fn that_of_a_process_that_runs_is_left_alone_and_that_of_a_dead_one_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("t.pid");
        std::fs::write(&path, "123456789\n").unwrap();
        let file = PidFile::write(&path).unwrap();
        let error = PidFile::write(&path).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ResourceBusy);
        assert!(error.to_string().contains(&std::process::id().to_string()), "{error}");
        drop(file);
        assert!(!path.exists());
    }

    #[test]
    fn that_of_a_successor_stays() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("t.pid");
        let file = PidFile::write(&path).unwrap();
        std::fs::write(&path, "1\n").unwrap();
        drop(file);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "1\n");
    }
}
