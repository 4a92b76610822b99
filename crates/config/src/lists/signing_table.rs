//! `SigningTable` of `opendkim`: who signs for whom.

use super::Meant;
use super::sets::{DataSet, Row};
use crate::caution::Caution;
use crate::files::Files;
use crate::mistake::Report;
use crate::origin::Origin;
use crate::pattern::Pattern;
use crate::raw::Set;
use crate::wrong::Wrong;
use std::cmp::Reverse;

/// A line, in the order in which lines are tried.
#[derive(Debug)]
pub(crate) struct SigningRow {
    /// The addresses that it is for.
    pub(crate) pattern: Pattern,
    /// The name of the key, or a `%` for the sender's domain.
    pub(crate) key: String,
    /// On whose behalf it signs, where that is said.
    pub(crate) signer: Option<String>,
    pub(crate) origin: Origin,
}

/// How closely the key of a table describes an address; what does so more closely is looked up
/// first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Closeness {
    /// `user@host`
    Address,
    /// `host`
    Domain,
    /// `user@.parent` and `.parent`, of so many labels.
    Below(Reverse<usize>, Width),
    /// `user@*`
    User,
    /// `*`
    Everybody,
}

/// Whether one user is meant, or all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Width {
    User,
    All,
}

/// Reads the table that was named at `origin`. Rows with a mistake in them are reported.
pub(crate) fn read(named: &Set<String>, files: &dyn Files, report: &mut Report) -> Vec<SigningRow> {
    let place = (&named.origin, "signing-table");
    let set = report.take(&named.origin, "signing-table", DataSet::parse(&named.value));
    let Some(set) = set else { return Vec::new() };
    let rows = set.rows(Meant::DATA_SET, files, place, report);
    let mut found: Vec<(Closeness, SigningRow)> = Vec::new();
    for Set { value: Row { key, value }, origin } in rows.into_iter().flatten() {
        let read = match set {
            DataSet::Patterns(_) => Pattern::of_line(&key).map(|one| (Closeness::Everybody, one)),
            DataSet::Here(_) | DataSet::File(_) => looked_up(&key),
        };
        let Some((key, signer)) = report.take(&origin, "signing-table", named_key(&value)) else {
            continue;
        };
        match read {
            Ok((closeness, pattern)) => {
                found.push((closeness, SigningRow { pattern, key, signer, origin }));
            }
            // What matched nobody did not keep opendkim from starting.
            Err(wrong) => {
                let skipped = Caution::EntrySkipped { wrong: Box::new(wrong) };
                report.warn(&origin, "signing-table", skipped);
            }
        }
    }
    if found.is_empty() && report.mistakes.is_empty() {
        report.mistake(&named.origin, "signing-table", Wrong::EmptyList);
    }
    // Patterns are all alike, and stay in the order of the file.
    found.sort_by_key(|(closeness, _)| *closeness);
    found.into_iter().map(|(_, row)| row).collect()
}

/// `keyname`, or `keyname:signer`.
fn named_key(text: &str) -> Result<(String, Option<String>), Wrong> {
    let wanted = "the name of a key in KeyTable, or name:identity";
    let (key, signer) = match text.split_once(':') {
        Some((key, signer)) => (key.trim(), Some(signer.trim())),
        None => (text, None),
    };
    if key.is_empty() {
        return Err(Wrong::TableRow { wanted });
    }
    let signer = signer.filter(|signer| !signer.is_empty());
    if signer.is_some_and(|signer| !signer.contains('@')) {
        return Err(Wrong::TableRow {
            wanted: "name:identity, with an identity like @example.com",
        });
    }
    Ok((key.to_owned(), signer.map(ToOwned::to_owned)))
}

/// The addresses that are looked up under that key.
fn looked_up(key: &str) -> Result<(Closeness, Pattern), Wrong> {
    let (user, host) = match key.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, key),
    };
    let width = if user.is_some() { Width::User } else { Width::All };
    let closeness = match (host.strip_prefix('.'), width) {
        (Some(parent), _) => Closeness::Below(Reverse(parent.matches('.').count() + 1), width),
        (None, Width::User) if host == "*" => Closeness::User,
        (None, Width::All) if host == "*" => Closeness::Everybody,
        (None, Width::User) => Closeness::Address,
        (None, Width::All) => Closeness::Domain,
    };
    let dead = || Wrong::not(key, "key of a signing table", "no address is looked up under it");
    let bare = host.strip_prefix('.').unwrap_or(host);
    if (bare.contains('*') && host != "*") || user.is_some_and(|user| user.contains('*')) {
        return Err(dead());
    }
    let (user, star) = (user.unwrap_or("*"), if host.starts_with('.') { "*" } else { "" });
    let pattern = if closeness == Closeness::Everybody {
        Pattern::any()
    } else {
        Pattern::of_line(&format!("{user}@{star}{host}"))?
    };
    Ok((closeness, pattern))
}

#[cfg(test)]
mod tests {
    use super::looked_up;

    #[test]
    fn keys_are_looked_up_from_the_address_to_everybody() {
        let order = [
            "joe@mail.example.com",
            "mail.example.com",
            "joe@.mail.example.com",
            ".mail.example.com",
            "joe@.example.com",
            ".example.com",
            "joe@.com",
            ".com",
            "joe@*",
            "*",
        ];
        let closeness = order.map(|key| looked_up(key).unwrap().0);
        assert!(closeness.is_sorted_by(|one, next| one < next), "{closeness:?}");
    }

    #[test]
    fn each_key_is_a_pattern_of_the_same_addresses() {
        for (key, want) in [
            ("joe@example.com", "joe@example.com"),
            ("example.com", "*@example.com"),
            ("joe@.example.com", "joe@*.example.com"),
            (".example.com", "*@*.example.com"),
            ("joe@*", "joe@*"),
            ("*", "*"),
        ] {
            assert_eq!(looked_up(key).unwrap().1.as_str(), want, "{key}");
        }
        for key in ["*@example.com", "*.example.com", "j*@example.com", "joe@*.example.com"] {
            let error = looked_up(key).unwrap_err().to_string();
            assert!(error.contains("no address is looked up under it"), "{key}: {error}");
        }
    }
}
