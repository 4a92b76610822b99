//! Mail::DKIM, an independent verifier, on one message of each peer that was started.

use crate::duty::Seals;
use crate::failure::{Failure, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

/// The script that the end-to-end tests use, in the source tree.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/judges/mail-dkim.pl");

/// A message that a peer has sealed.
#[derive(Debug)]
pub struct Sample {
    /// Which peer.
    pub name: String,
    /// The domain that should have signed.
    pub domain: String,
    /// The seals that have to hold.
    pub seals: Seals,
    /// The message, as the MTA would send it on.
    pub octets: Vec<u8>,
}

/// The verifier, and the key that it finds for every domain.
#[derive(Debug)]
pub struct Judge<'a> {
    /// Where messages and records are put.
    pub directory: &'a Path,
    /// The selector of the key.
    pub selector: &'a str,
    /// What DNS would say about it.
    pub record: &'a str,
}

impl Judge<'_> {
    /// Asks about all samples; a sentence about it.
    ///
    /// # Errors
    /// When a seal does not hold, or the verifier cannot be asked.
    pub fn ask(&self, samples: &[Sample]) -> Result<String> {
        let records = self.records(samples)?;
        let list = self.messages(samples)?;
        let output = Command::new(SCRIPT)
            .arg(records)
            .stdin(File::open(list).map_err(Failure::system("the list of samples"))?)
            .output()
            .map_err(Failure::system(SCRIPT))?;
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(Failure::Judge { words });
        }
        let found = verdicts(&String::from_utf8_lossy(&output.stdout));
        let mut seals = 0;
        for (number, sample) in samples.iter().enumerate() {
            let words = found.get(&number).map_or(&[][..], Vec::as_slice);
            if !agrees(sample, words) {
                let words = format!("the message of {}: {words:?}", sample.name);
                return Err(Failure::Judge { words });
            }
            seals += words.len();
        }
        Ok(format!(
            "Every answer of every message was checked. One message of each peer that seals was \
             put together again and given to Mail::DKIM: {seals} seals on {} messages, all of them \
             hold.",
            samples.len()
        ))
    }

    fn records(&self, samples: &[Sample]) -> Result<String> {
        let domains: BTreeSet<&str> = samples.iter().map(|sample| sample.domain.as_str()).collect();
        let line = |domain| format!("{}._domainkey.{domain} {}\n", self.selector, self.record);
        self.write("records", domains.into_iter().map(line).collect::<String>().as_bytes())
    }

    fn messages(&self, samples: &[Sample]) -> Result<String> {
        let mut list = String::new();
        for (number, sample) in samples.iter().enumerate() {
            list.push_str(&self.write(&format!("sample-{number}"), &sample.octets)?);
            list.push('\n');
        }
        self.write("samples", list.as_bytes())
    }

    fn write(&self, name: &str, octets: &[u8]) -> Result<String> {
        let path = self.directory.join(name).display().to_string();
        fs::write(&path, octets).map_err(Failure::system(path.clone()))?;
        Ok(path)
    }
}

/// What was said of each sample, by its number.
fn verdicts(output: &str) -> BTreeMap<usize, Vec<String>> {
    let mut found: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for line in output.lines() {
        let Some((path, words)) = line.split_once('\t') else { continue };
        let number = path.rsplit_once('-').and_then(|(_, number)| number.parse().ok());
        if let Some(number) = number {
            found.entry(number).or_default().push(words.to_owned());
        }
    }
    found
}

/// Whether each seal that should be there is there once and holds, and nothing else is.
fn agrees(sample: &Sample, words: &[String]) -> bool {
    let has = |begin: &str| {
        let begin = format!("{begin} pass d={} ", sample.domain);
        words.iter().filter(|words| words.starts_with(&begin)).count()
    };
    let wanted = (usize::from(sample.seals.dkim), usize::from(sample.seals.domainkeys));
    (has("dkim"), has("domainkeys")) == wanted && words.len() == wanted.0 + wanted.1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(dkim: bool, domainkeys: bool) -> Sample {
        let seals = Seals { dkim, domainkeys };
        Sample { name: "x".into(), domain: "example.com".into(), seals, octets: Vec::new() }
    }

    #[test]
    fn a_seal_that_is_missing_broken_or_too_many_is_noticed() {
        let output = "/s/sample-0\tdkim pass d=example.com s=x\n\
                      /s/sample-0\tdomainkeys pass d=example.com s=x\n\
                      /s/sample-1\tdkim fail d=example.com s=x (bad)\n\
                      /s/sample-2\tnone\n";
        let found = verdicts(output);
        assert!(agrees(&sample(true, true), &found[&0]));
        assert!(!agrees(&sample(true, false), &found[&0]), "one too many");
        assert!(!agrees(&sample(true, false), &found[&1]), "broken");
        assert!(!agrees(&sample(true, false), &found[&2]), "missing");
        assert!(!agrees(&sample(true, false), &[]), "nothing said");
    }
}
