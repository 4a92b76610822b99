//! New keys and their records, as they are printed.

use super::files::{Failure, KeyFiles};
use serde::Serialize;
use twinseal_keys::{KeyKind, KeyRecord, SigningKey};
use twinseal_message::{Domain, Selector, text};

/// How records are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// With where the files are: what is printed unless something else is asked for.
    Told,
    /// Lines of a zone file alone.
    Zone,
    /// Names and values, for web forms.
    Plain,
    /// An array of objects.
    Json,
}

impl Format {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "zone" => Ok(Self::Zone),
            "plain" => Ok(Self::Plain),
            "json" => Ok(Self::Json),
            _ => Err(format!("found {text:?}, allowed: zone, plain, json")),
        }
    }
}

/// A key that was made.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) files: KeyFiles,
    domain: Domain,
    selector: Selector,
    kind: KeyKind,
    record: KeyRecord,
}

/// The same as JSON. Its names are promises: they are in `--help`.
#[derive(Serialize)]
struct Object {
    domain: String,
    selector: String,
    name: String,
    r#type: &'static str,
    text: String,
    strings: Vec<String>,
    zone_line: String,
    key_file: String,
    key_type: &'static str,
    bits: Option<u32>,
}

impl Made {
    pub(super) fn new(
        key: &SigningKey,
        domain: Domain,
        selector: Selector,
        testing: bool,
        files: KeyFiles,
    ) -> Result<Self, Failure> {
        let record = key.record()?.testing(testing);
        Ok(Self { files, domain, selector, kind: key.kind(), record })
    }

    /// Where the record is published, without a final dot.
    fn name(&self) -> String {
        format!("{}._domainkey.{}", self.selector, self.domain)
    }

    /// The record as a line of a zone file.
    pub(super) fn zone_line(&self) -> String {
        self.record.zone_line(&format!("{}.", self.name()))
    }

    fn object(&self) -> Object {
        Object {
            domain: self.domain.to_string(),
            selector: self.selector.to_string(),
            name: self.name(),
            r#type: "TXT",
            text: self.record.to_string(),
            strings: self.record.strings(),
            zone_line: self.zone_line(),
            key_file: text::path(&self.files.private),
            key_type: self.record.key_type(),
            bits: match self.kind {
                KeyKind::Rsa { bits } => Some(bits),
                KeyKind::Ed25519 => None,
            },
        }
    }
}

pub(super) fn render(made: &[Made], format: Format) -> Result<String, Failure> {
    let each = |line: &dyn Fn(&Made) -> String, between: &str| {
        made.iter().map(line).collect::<Vec<String>>().join(between)
    };
    Ok(match format {
        Format::Told => each(&told, "\n"),
        Format::Zone => each(&Made::zone_line, ""),
        Format::Plain => each(&plain, "\n"),
        Format::Json => {
            let objects: Vec<Object> = made.iter().map(Made::object).collect();
            serde_json::to_string_pretty(&objects)? + "\n"
        }
    })
}

fn told(made: &Made) -> String {
    let (private, record) = (text::path(&made.files.private), text::path(&made.files.record));
    format!("key: {private}\nrecord: {record}\n\n{}", made.zone_line())
}

/// Web forms want the name without the dot that ends it in a zone file, and split long values
/// themselves.
fn plain(made: &Made) -> String {
    format!("name: {}\nvalue: {}\n", made.name(), made.record)
}
