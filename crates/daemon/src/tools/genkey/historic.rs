//! What the historic makers of keys have in common.

use super::Kind;
use super::files::{Batch, Failure, KeyFiles};
use crate::terminal::Terminal;
use twinseal_domainkeys::{BadSelectorRecord, Granularity, SelectorRecord};
use twinseal_keys::{KeyRecord, SigningKey};
use twinseal_message::{Selector, text};

/// Reads a list for `h=`: names with colons between them.
pub(super) fn hash_list(list: &str) -> Result<String, String> {
    let is_name = |name: &str| {
        !name.is_empty() && name.chars().all(|one| one.is_ascii_alphanumeric() || one == '-')
    };
    if list.split(':').all(is_name) {
        Ok(list.to_owned())
    } else {
        Err(format!("{list:?} is no list of hashes, such as sha1:sha256"))
    }
}

/// Reads a text that can stand in the value of a tag: the old programs wrote whatever they were
/// given, and what came out was another record.
pub(super) fn tag_text(value: &str) -> Result<String, String> {
    let spoils = |one: char| matches!(one, ';' | '"' | '\\') || !(' '..='~').contains(&one);
    match value.chars().find(|one| spoils(*one)) {
        None => Ok(value.to_owned()),
        Some(one) => Err(format!("{value:?} cannot stand in a record: it holds {one:?}")),
    }
}

/// The flags of `t=`, as a tag with what ends it; nothing where there is none.
pub(super) const fn flags(testing: bool, no_subdomains: bool) -> &'static str {
    match (testing, no_subdomains) {
        (true, true) => " t=y:s;",
        (true, false) => " t=y;",
        (false, true) => " t=s;",
        (false, false) => "",
    }
}

/// A key whose files are about to be written.
pub(super) struct New {
    files: KeyFiles,
    key: SigningKey,
    pub(super) record: KeyRecord,
}

impl New {
    /// Makes the key, unless one of its files is there. The old programs overwrote it, and with it
    /// a key that was published.
    pub(super) fn make(
        directory: &std::path::Path,
        selector: &Selector,
        bits: u32,
    ) -> Result<Self, Failure> {
        let files = KeyFiles::new(directory, selector);
        files.are_free()?;
        let key = Kind::Rsa(bits).generate()?;
        Ok(Self { files, record: key.record()?, key })
    }

    /// Writes both files, which are the owner's alone, as ever.
    pub(super) fn write(&self, zone: &str) -> Result<(), Failure> {
        let mut batch = Batch::default();
        batch.write(&self.files, &self.key, (zone, 0o600))?;
        batch.keep();
        Ok(())
    }

    /// Where they are, as it is shown.
    pub(super) fn shown(&self) -> (String, String) {
        (text::path(&self.files.private), text::path(&self.files.record))
    }
}

/// Says what keeps a record from being of use to both standards (trap K10).
pub(super) fn warn_of_what_spoils_it(record: &str, terminal: &mut Terminal<'_>) {
    match SelectorRecord::parse(record.as_bytes()) {
        Err(error @ BadSelectorRecord::Size { .. }) => {
            terminal.complain(format_args!("warning: {error} bits"));
        }
        Err(error) => {
            terminal.complain(format_args!("warning: no verifier of DomainKeys takes it: {error}"));
        }
        Ok(read) => match read.granularity {
            Granularity::Empty => terminal.complain(
                "warning: g= is empty, which is everybody for DomainKeys and nobody for old \
                 verifiers of DKIM: leave -g out",
            ),
            Granularity::Everybody | Granularity::Star | Granularity::One(_) => {}
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{hash_list, tag_text};

    #[test]
    fn what_would_make_another_record_is_refused() {
        assert_eq!(hash_list("sha1:sha256").unwrap(), "sha1:sha256");
        for list in ["", "sha1:", "sha1;p=", "sha 1", "*"] {
            assert!(hash_list(list).unwrap_err().contains("is no list of hashes"), "{list}");
        }
        assert_eq!(tag_text("for all of you").unwrap(), "for all of you");
        for (text, what) in [("a;b", "';'"), ("a\"", "'\"'"), ("a\nb", "'\\n'"), ("ü", "'ü'")] {
            assert!(tag_text(text).unwrap_err().ends_with(what), "{text}");
        }
    }
}
