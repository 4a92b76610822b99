//! Filters that verify, and messages for them.

use crate::body::{Body, size};
use crate::configuration::{Carrier, Opendkim, Verifier, record_name};
use crate::duty::Duty;
use crate::failure::{Failure, Result};
use crate::mail::{DOMAIN, Mail, Results};
use crate::peer::{Peer, Plan};
use crate::workbench::{OPENDKIM, Workbench};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How many selectors have the key.
pub const SELECTORS: usize = 10;

impl Workbench {
    /// Starts the program to verify; `probe` is the message by which it shows that it does.
    ///
    /// # Errors
    /// When it does not.
    pub fn verifier(&mut self, how: &Verifier, probe: &Mail) -> Result<Peer> {
        let (address, base) = self.place(Carrier::Unix)?;
        let records = self.records_file(&base)?;
        let file = self.write(&base, "yaml", &how.to_yaml(&address, &records))?;
        let arguments = vec!["serve".to_owned(), "--config".to_owned(), file];
        let (program, log) = (self.program.clone(), base.with_extension("log"));
        let (name, duty) = (how.name.clone(), Duty::Verify);
        self.start(Plan { name, program, arguments, address, log, duty }, probe)
    }

    /// Starts opendkim, likewise.
    ///
    /// # Errors
    /// When it does not verify.
    pub fn opendkim_verifier(&mut self, probe: &Mail) -> Result<Peer> {
        let (address, base) = self.place(Carrier::Unix)?;
        let records = self.records_file(&base)?;
        let text = Opendkim::to_verifying_conf(&address, &records);
        let arguments = vec!["-f".to_owned(), "-x".to_owned(), self.write(&base, "conf", &text)?];
        let (name, program) = ("opendkim".to_owned(), OPENDKIM.into());
        let (log, duty) = (base.with_extension("log"), Duty::Verify);
        self.start(Plan { name, program, arguments, address, log, duty }, probe)
    }

    /// A message with so many signatures that hold, each of another selector.
    ///
    /// The program's own `sign` makes them. That they hold is said by opendkim, which every
    /// experiment asks too.
    ///
    /// # Errors
    /// When the program does not sign.
    pub fn signed(&self, body: Body, octets: usize, signatures: usize) -> Result<Mail> {
        let mut message = Mail::plain(body, octets).sent();
        for number in 0..signatures {
            message = self.sign(&message, number)?;
        }
        let name = match signatures {
            1 => format!("{} {}", size(octets), body.name()),
            many => format!("{} {} with {many} signatures", size(octets), body.name()),
        };
        Ok(Mail::arrived(name, &message, Results { word: "pass", count: signatures }))
    }

    /// Name and text of the record of each selector.
    ///
    /// # Errors
    /// When the key has none.
    pub fn records(&self) -> Result<Vec<(String, String)>> {
        let record = self.key.record().map_err(io::Error::other);
        let record = record.map_err(Failure::system("the key's record"))?.to_string();
        Ok((0..SELECTORS).map(|number| (record_name(number), record.clone())).collect())
    }

    fn records_file(&self, base: &Path) -> Result<PathBuf> {
        let line = |(name, text)| format!("{name} {text}\n");
        let lines: String = self.records()?.into_iter().map(line).collect();
        self.write(base, "records", &lines).map(PathBuf::from)
    }

    fn sign(&self, message: &[u8], number: usize) -> Result<Vec<u8>> {
        let file = self.directory.path().join("unsigned");
        fs::write(&file, message).map_err(Failure::system("a message to sign"))?;
        let output = Command::new(&self.program)
            .args(["sign", "--domain", DOMAIN, "--selector", &Verifier::selector(number)])
            .args(["--dkim", "relaxed/relaxed", "--domainkeys", "off", "--key"])
            .arg(&self.key_file)
            .stdin(File::open(&file).map_err(Failure::system("a message to sign"))?)
            .output()
            .map_err(Failure::system(self.program.display().to_string()))?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(Failure::NoPeer { peer: "twinseal sign".to_owned(), words })
    }
}
