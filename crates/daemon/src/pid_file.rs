//! The pid file: how init scripts find the process.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Its permissions, whatever the umask says: init scripts read it as root and send signals to the
/// number in it, so nobody else may write it.
const MODE: u32 = 0o644;

/// A pid file that we have written; removed at the end, if it is still ours.
#[derive(Debug)]
pub struct PidFile {
    path: PathBuf,
    text: String,
}

impl PidFile {
    /// Writes our number, in decimal and with a line end.
    ///
    /// # Errors
    /// Whatever keeps the file from being written.
    pub fn write(path: &Path) -> io::Result<Self> {
        let text = format!("{}\n", std::process::id());
        let mut options = OpenOptions::new();
        let options = options.write(true).create(true).truncate(true).mode(MODE);
        let mut file = options.open(path)?;
        file.write_all(text.as_bytes())?;
        // One that was there already may be somebody else's, who then said what it should be.
        let _ = file.set_permissions(Permissions::from_mode(MODE));
        Ok(Self { path: path.to_owned(), text })
    }
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
    fn that_of_a_successor_stays() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("t.pid");
        let file = PidFile::write(&path).unwrap();
        std::fs::write(&path, "1\n").unwrap();
        drop(file);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "1\n");
    }
}
