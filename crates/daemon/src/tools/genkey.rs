//! `twinseal genkey`: a key and its DNS record.

use super::options::{Given, Takes, ToolOption, help, number};
use crate::command::print;
use crate::terminal::Terminal;
use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use twinseal_config::ExitCode;
use twinseal_keys::signing::{MAX_RSA_BITS, MIN_RSA_BITS};
use twinseal_keys::{KeyError, SignError, SigningKey};
use twinseal_message::{Domain, Selector, text};

const OPTIONS: &[ToolOption] = &[
    ToolOption { name: "domain", takes: Takes::Text("DOMAIN"), help: "the domain that will sign" },
    ToolOption {
        name: "selector",
        takes: Takes::Text("NAME"),
        help: "the name under which the key is published",
    },
    ToolOption {
        name: "type",
        takes: Takes::Text("TYPE"),
        help: "rsa (default), for both seals, or ed25519, for DKIM alone",
    },
    ToolOption {
        name: "bits",
        takes: Takes::Text("N"),
        help: "size of an RSA key, 1024 to 8192; 2048 if not given",
    },
    ToolOption {
        name: "directory",
        takes: Takes::Text("DIR"),
        help: "where to put the files; here if not given",
    },
    ToolOption {
        name: "test-mode",
        takes: Takes::Nothing,
        help: "publish with t=y: receivers are asked not to act on failures",
    },
];

const SUMMARY: &str = "\
Writes SELECTOR.private, the key, readable by its owner alone, and SELECTOR.txt, its record as a
line of a zone file. Never overwrites a file.";

/// The size of an RSA key that every verifier of either standard takes, in bits: RFC 6376 §3.3.3
/// and RFC 4870 §3.2.4 both stop asking for more here.
const DEFAULT_BITS: u32 = 2048;

/// What to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rsa,
    Ed25519,
}

/// Why there is no new key.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Encoding(#[from] SignError),
    #[error("{}: {error}", text::path(path))]
    File { path: PathBuf, error: io::Error },
    #[error("{}: the file exists, and no file is ever overwritten", text::path(path))]
    Exists { path: PathBuf },
}

impl Failure {
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Key(_) => ExitCode::Usage,
            Self::Encoding(_) => ExitCode::Internal,
            Self::File { error, .. } if error.kind() == io::ErrorKind::PermissionDenied => {
                ExitCode::Permission
            }
            Self::File { .. } | Self::Exists { .. } => ExitCode::Unavailable,
        }
    }
}

/// Where the files of a new key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFiles {
    /// The private key.
    pub private: PathBuf,
    /// The record.
    pub record: PathBuf,
}

impl KeyFiles {
    /// Their names in that directory.
    #[must_use]
    pub fn new(directory: &Path, selector: &Selector) -> Self {
        let with = |extension| directory.join(format!("{selector}.{extension}"));
        Self { private: with("private"), record: with("txt") }
    }
}

/// Runs the tool.
pub fn run(words: Vec<OsString>, terminal: &mut Terminal<'_>) -> ExitCode {
    let mut given = Given::parse(words, OPTIONS);
    if given.help {
        return print(terminal, &help("genkey", SUMMARY, OPTIONS));
    }
    let domain = given.need("domain", Domain::parse);
    let selector = given.need("selector", Selector::parse);
    let kind = given.read("type", kind).unwrap_or(Kind::Rsa);
    let bits = given.read("bits", number(MIN_RSA_BITS..=MAX_RSA_BITS));
    if kind == Kind::Ed25519 && bits.is_some() {
        given.mistakes.push("--bits: an ed25519 key has one size".to_owned());
    }
    let (Some(domain), Some(selector), true) = (domain, selector, given.mistakes.is_empty()) else {
        given.mistakes.iter().for_each(|mistake| terminal.complain(mistake));
        return ExitCode::Usage;
    };
    let directory = given.all("directory").last().map_or(PathBuf::from("."), PathBuf::from);
    let files = KeyFiles::new(&directory, &selector);
    let testing = given.has("test-mode");
    match generate(kind, bits.unwrap_or(DEFAULT_BITS))
        .and_then(|key| write(&key, &files, &domain, &selector, testing))
    {
        Ok(record) => {
            let KeyFiles { private, record: text } = &files;
            let said =
                format!("key: {}\nrecord: {}\n\n{record}", private.display(), text.display());
            print(terminal, &said)
        }
        Err(failure) => {
            terminal.complain(&failure);
            failure.exit_code()
        }
    }
}

fn kind(text: &str) -> Result<Kind, &'static str> {
    match text {
        "rsa" => Ok(Kind::Rsa),
        "ed25519" => Ok(Kind::Ed25519),
        _ => Err("rsa and ed25519 are the types of keys"),
    }
}

fn generate(kind: Kind, bits: u32) -> Result<SigningKey, Failure> {
    Ok(match kind {
        Kind::Rsa => SigningKey::generate_rsa(bits)?,
        Kind::Ed25519 => SigningKey::generate_ed25519()?,
    })
}

/// Writes key and record, and returns the record.
fn write(
    key: &SigningKey,
    files: &KeyFiles,
    domain: &Domain,
    selector: &Selector,
    testing: bool,
) -> Result<String, Failure> {
    let owner = format!("{selector}._domainkey.{domain}.");
    let record = key.record()?.testing(testing).zone_line(&owner);
    create(&files.private, 0o600, &key.to_pem()?)?;
    // Without its record the key would only be in the way of the next attempt.
    create(&files.record, 0o644, record.as_bytes()).inspect_err(|_| remove(&files.private))?;
    Ok(record)
}

fn create(path: &Path, mode: u32, octets: &[u8]) -> Result<(), Failure> {
    let failure = |error: io::Error| {
        let path = path.to_owned();
        if error.kind() == io::ErrorKind::AlreadyExists {
            Failure::Exists { path }
        } else {
            Failure::File { path, error }
        }
    };
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(mode).open(path).map_err(failure)?;
    let written = file.write_all(octets).and_then(|()| file.sync_all());
    written.inspect_err(|_| remove(path)).map_err(failure)
}

/// Takes back what we made; that it cannot be removed is not what went wrong.
fn remove(path: &Path) {
    let _ = fs::remove_file(path);
}

/// Makes an RSA key with its record, unless its file is there already.
pub(crate) fn make_if_missing(
    directory: &Path,
    domain: &Domain,
    selector: &Selector,
) -> Result<KeyFiles, String> {
    let files = KeyFiles::new(directory, selector);
    if !files.private.exists() {
        let key = generate(Kind::Rsa, DEFAULT_BITS);
        key.and_then(|key| write(&key, &files, domain, selector, false))
            .map_err(|failure| failure.to_string())?;
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::terminal::Terminal;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;
    use twinseal_config::ExitCode;
    use twinseal_keys::{KeyKind, SigningKey};

    fn genkey(directory: &Path, words: &[&str]) -> (ExitCode, String, String) {
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let mut terminal = Terminal {
            program: crate::PROGRAM,
            input: &mut std::io::empty(),
            output: &mut output,
            errors: &mut errors,
        };
        let mut all = vec!["--directory".into(), directory.into()];
        all.extend(words.iter().map(Into::into));
        let code = run(all, &mut terminal);
        let text = |octets| String::from_utf8(octets).unwrap();
        (code, text(output), text(errors))
    }

    #[test]
    fn a_key_is_private_and_comes_with_its_record() {
        let directory = tempfile::tempdir().unwrap();
        for (kind, name, tag) in [("rsa", "mail2", "k=rsa"), ("ed25519", "ed1", "k=ed25519")] {
            let words = ["--domain", "example.com", "--selector", name, "--type", kind];
            let (code, output, errors) = genkey(directory.path(), &words);
            assert_eq!((code, errors.as_str()), (ExitCode::Ok, ""));
            let private = directory.path().join(format!("{name}.private"));
            assert_eq!(private.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            let key = SigningKey::from_pem(&std::fs::read(&private).unwrap()).unwrap();
            assert_eq!(key.kind() == KeyKind::Ed25519, kind == "ed25519");
            let record = std::fs::read_to_string(private.with_extension("txt")).unwrap();
            assert!(record.starts_with(&format!("{name}._domainkey.example.com.")), "{record}");
            assert!(record.contains(tag) && output.ends_with(&record), "{output}");
        }
    }

    #[test]
    fn a_file_that_is_there_is_never_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        let private = directory.path().join("s.private");
        std::fs::write(&private, "precious").unwrap();
        let words = ["--domain", "example.com", "--selector", "s", "--bits", "1024"];
        let (code, _, errors) = genkey(directory.path(), &words);
        assert_eq!(code, ExitCode::Unavailable);
        assert!(errors.contains("s.private") && errors.contains("exists"), "{errors}");
        assert_eq!(std::fs::read_to_string(&private).unwrap(), "precious");
    }

    #[test]
    fn a_record_that_is_there_leaves_no_key_behind() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("s.txt"), "precious").unwrap();
        let words = ["--domain", "example.com", "--selector", "s", "--bits", "1024"];
        let (code, _, errors) = genkey(directory.path(), &words);
        assert_eq!(code, ExitCode::Unavailable);
        assert!(errors.contains("s.txt"), "{errors}");
        assert!(!directory.path().join("s.private").exists());
    }

    #[test]
    fn every_mistake_of_the_command_line_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let words = ["--domain", "a b", "--type", "dsa", "--bits", "many", "--what"];
        let (code, _, errors) = genkey(directory.path(), &words);
        assert_eq!(code, ExitCode::Usage);
        for mistake in ["--domain", "--type", "--bits", "--what", "--selector is missing"] {
            assert!(errors.contains(mistake), "{mistake}: {errors}");
        }
    }

    #[test]
    fn a_size_that_cannot_sign_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let words = ["--domain", "example.com", "--selector", "s", "--bits", "512"];
        let (code, _, errors) = genkey(directory.path(), &words);
        assert_eq!(code, ExitCode::Usage);
        assert!(errors.contains("512") && errors.contains("1024"), "{errors}");
    }
}
