//! `twinseal genkey`: keys and their DNS records.

pub(super) mod dkim;
mod files;
mod historic;
pub(super) mod opendkim;
mod render;

use super::options::{Given, Takes, ToolOption, number};
use crate::command::print;
use crate::manual::{Page, help, long};
use crate::terminal::Terminal;
pub use files::KeyFiles;
pub(crate) use files::make_if_missing;
use files::{Batch, Failure, RECORD_MODE};
use render::{Format, Made};
use std::ffi::OsString;
use std::fmt::Display;
use std::path::PathBuf;
use twinseal_config::ExitCode;
use twinseal_keys::SigningKey;
use twinseal_keys::signing::MIN_RSA_BITS;
use twinseal_message::{Domain, Selector};

const OPTIONS: &[ToolOption] = &[
    ToolOption {
        name: "domain",
        takes: Takes::Text("DOMAIN"),
        help: "the domain that will sign; may be repeated",
    },
    ToolOption {
        name: "selector",
        takes: Takes::Text("NAME"),
        help: "the name under which the key is published; may be repeated",
    },
    ToolOption {
        name: "type",
        takes: Takes::Word("TYPE", &["rsa", "ed25519"]),
        help: "rsa (default), for both seals, or ed25519, for DKIM alone",
    },
    ToolOption {
        name: "bits",
        takes: Takes::Text("N"),
        help: "size of an RSA key, 1024 to 4096; 2048 if not given",
    },
    ToolOption {
        name: "directory",
        takes: Takes::Text("DIR"),
        help: "where to put the files; here if not given",
    },
    ToolOption {
        name: "format",
        takes: Takes::Word("FORMAT", &["zone", "plain", "json"]),
        help: "what is printed: zone, plain (for web forms) or json",
    },
    ToolOption {
        name: "test-mode",
        takes: Takes::Nothing,
        help: "publish with t=y: receivers are asked not to act on failures",
    },
];

const SUMMARY: &str = "\
Makes a key for every domain with every selector: SELECTOR.private, the key, readable by its owner
alone, and SELECTOR.txt, its record as a line of a zone file. With several domains each has a folder
DIR/DOMAIN. Never overwrites a file; when one of several keys cannot be made, none is left.

Prints where the files are, and each record as a line of a zone file. --format zone prints the lines
alone, plain the name and the value of each record as a web form takes them, json an array of objects
with \"domain\", \"selector\", \"name\", \"type\", \"text\", \"strings\", \"zone_line\", \"key_file\",
\"key_type\" and \"bits\".

Ends with 0 when all is made, 64 when the command line is wrong, 69 when a file is there already or
cannot be written, 77 when a right is missing.";

/// The size of an RSA key that every verifier of either standard takes, in bits: RFC 6376 §3.3.3
/// and RFC 4870 §3.2.4 both stop asking for more here.
const DEFAULT_BITS: u32 = 2048;

/// The largest key that is made, in bits. Larger ones are read, but each signature costs a multiple
/// and some name servers drop the answer; no verifier is asked to take them (RFC 6376 §3.3.3).
pub(super) const MAX_MADE_BITS: u32 = 4096;

/// What to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// An RSA key of that many bits.
    Rsa(u32),
    /// An Ed25519 key.
    Ed25519,
}

/// The command line.
struct Task {
    domains: Vec<Domain>,
    selectors: Vec<Selector>,
    kind: Kind,
    directory: PathBuf,
    format: Format,
    testing: bool,
}

/// What there is to know of it.
pub(crate) const PAGE: Page = Page {
    name: "genkey",
    about: SUMMARY,
    options: || long(OPTIONS),
    summary: "make keys and their DNS records",
    examples: &[
        (
            "One key for both seals:",
            "twinseal genkey --domain example.com --selector mail2 --directory /etc/twinseal/keys",
        ),
        (
            "An Ed25519 key beside it:",
            "twinseal genkey --domain example.com --selector ed1 --type ed25519 --directory /etc/twinseal/keys",
        ),
        (
            "The record as a web form takes it:",
            "twinseal genkey --domain example.com --selector mail3 --format plain",
        ),
    ],
    files: &[
        ("SELECTOR.private", "the key, readable by its owner alone"),
        ("SELECTOR.txt", "its record"),
    ],
    see: &["twinseal-testkey(8)", "twinseal-dns(8)"],
    ..Page::ROW
};

/// Runs the tool.
pub fn run(words: Vec<OsString>, terminal: &mut Terminal<'_>) -> ExitCode {
    let mut given = Given::parse(words, OPTIONS);
    if given.help {
        return print(terminal, &help(&PAGE));
    }
    let task = Task::read(&mut given);
    if !given.mistakes.is_empty() {
        given.mistakes.iter().for_each(|mistake| terminal.complain(mistake));
        return ExitCode::Usage;
    }
    let text = task.make().and_then(|made| render::render(&made, task.format));
    match text {
        Ok(text) => {
            if matches!(task.kind, Kind::Rsa(bits) if bits > DEFAULT_BITS) {
                // RFC 4870 §3.2.4
                terminal.complain(format_args!(
                    "warning: verifiers of DomainKeys need not take an RSA key of more than \
                     {DEFAULT_BITS} bits"
                ));
            }
            print(terminal, &text)
        }
        Err(failure) => {
            terminal.complain(&failure);
            failure.exit_code()
        }
    }
}

impl Task {
    fn read(given: &mut Given) -> Self {
        let domains = several(given, "domain", Domain::parse);
        let selectors = several(given, "selector", Selector::parse);
        let is_ed25519 = given.read("type", is_ed25519).unwrap_or(false);
        let bits = given.read("bits", number(MIN_RSA_BITS..=MAX_MADE_BITS));
        if is_ed25519 && given.has("bits") {
            given.mistakes.push("--bits: an ed25519 key has one size".to_owned());
        }
        let kind = if is_ed25519 { Kind::Ed25519 } else { Kind::Rsa(bits.unwrap_or(DEFAULT_BITS)) };
        let directory = given.all("directory").last().map_or(PathBuf::from("."), PathBuf::from);
        let format = given.read("format", Format::parse).unwrap_or(Format::Told);
        let testing = given.has("test-mode");
        Self { domains, selectors, kind, directory, format, testing }
    }

    /// Makes all keys, or leaves none behind.
    fn make(&self) -> Result<Vec<Made>, Failure> {
        let places = self.places();
        // Nobody waits for a hundred keys to learn that the last file is there already.
        places.iter().try_for_each(|(.., files)| files.are_free())?;
        let mut batch = Batch::default();
        let mut made = Vec::with_capacity(places.len());
        for (domain, selector, files) in places {
            if let (Some(folder), true) = (files.private.parent(), self.domains.len() > 1) {
                batch.folder(folder)?;
            }
            let key = self.kind.generate()?;
            let one = Made::new(&key, domain.clone(), selector.clone(), self.testing, files)?;
            batch.write(&one.files, &key, (&one.zone_line(), RECORD_MODE))?;
            made.push(one);
        }
        batch.keep();
        Ok(made)
    }

    /// Every domain with every selector, and where their files go.
    fn places(&self) -> Vec<(&Domain, &Selector, KeyFiles)> {
        let folder = |domain: &Domain| match self.domains.as_slice() {
            [_] => self.directory.clone(),
            _ => self.directory.join(domain.as_str()),
        };
        let of_domain = |domain| {
            let folder = folder(domain);
            let files = move |selector| (domain, selector, KeyFiles::new(&folder, selector));
            self.selectors.iter().map(files)
        };
        self.domains.iter().flat_map(of_domain).collect()
    }
}

/// All values of an option that has to be there, each once.
fn several<T: Display, E: Display>(
    given: &mut Given,
    name: &str,
    read: impl Fn(&str) -> Result<T, E>,
) -> Vec<T> {
    if !given.has(name) {
        given.mistakes.push(format!("--{name} is missing"));
    }
    let mut values: Vec<T> = Vec::new();
    for value in given.read_all(name, read) {
        // DNS knows no capitals.
        let name_of = |value: &T| value.to_string();
        if values.iter().any(|known| name_of(known).eq_ignore_ascii_case(&name_of(&value))) {
            given.mistakes.push(format!("--{name}: {:?} is given twice", value.to_string()));
        } else {
            values.push(value);
        }
    }
    values
}

fn is_ed25519(text: &str) -> Result<bool, &'static str> {
    match text {
        "rsa" => Ok(false),
        "ed25519" => Ok(true),
        _ => Err("rsa and ed25519 are the types of keys"),
    }
}

impl Kind {
    fn generate(self) -> Result<SigningKey, Failure> {
        Ok(match self {
            Self::Rsa(bits) => SigningKey::generate_rsa(bits)?,
            Self::Ed25519 => SigningKey::generate_ed25519()?,
        })
    }
}

#[cfg(test)]
mod tests;
