//! One signature of the other filter, and the one that we would have made.

use super::{Mark, Shadowed};
use std::fmt;
use twinseal_dkim::{Canonicalization, FIELD as DKIM_FIELD};
use twinseal_message::text::shown;
use twinseal_message::{Domain, TagList};

/// What is between two signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// It cannot be read.
    Unreadable,
    /// A tag has another value.
    Tag {
        /// Its name.
        name: &'static str,
        /// Theirs, or that they have none.
        theirs: Option<String>,
        /// Ours, or that we have none.
        ours: Option<String>,
    },
    /// It does not cover header fields that we would.
    Lacks(Vec<String>),
    /// It covers header fields that we would not.
    HasMore(Vec<String>),
    /// Its hash of the body is another one.
    Body,
    /// It is not what our key makes of this message.
    NotByOurKey {
        /// Why not.
        why: String,
    },
}

/// What came of verifying their signature with our key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// It is by our key.
    Valid,
    /// It is not, or no longer.
    Invalid(String),
    /// It names another key, or cannot be verified here.
    None,
}

/// The tags of a signature, in their usual form.
#[derive(Debug, PartialEq, Eq)]
struct Tags {
    plain: Vec<(&'static str, Option<String>)>,
    fields: Vec<String>,
    body_hash: Option<String>,
    signature: Option<String>,
}

/// What is to be said of both.
#[must_use]
pub fn compare(mark: &Mark, theirs: &[u8], ours: &[u8], proof: Proof) -> Shadowed {
    let dkim = mark.field == DKIM_FIELD;
    let (Some(theirs), Some(ours)) = (Tags::read(theirs, dkim), Tags::read(ours, dkim)) else {
        let differences = vec![Difference::Unreadable];
        return Shadowed::Differs { mark: mark.clone(), differences };
    };
    let mut differences = Vec::new();
    for ((name, theirs), (_, ours)) in theirs.plain.iter().zip(&ours.plain) {
        if theirs != ours {
            let (theirs, ours) = (theirs.clone(), ours.clone());
            differences.push(Difference::Tag { name, theirs, ours });
        }
    }
    let lacking = missing(&theirs.fields, &ours.fields);
    let more = missing(&ours.fields, &theirs.fields);
    let same_names = lacking.is_empty() && more.is_empty();
    if !lacking.is_empty() {
        differences.push(Difference::Lacks(lacking));
    }
    if !more.is_empty() {
        differences.push(Difference::HasMore(more));
    }
    if theirs.body_hash != ours.body_hash {
        differences.push(Difference::Body);
    }
    let reordered = same_names && theirs.fields != ours.fields;
    match proof {
        Proof::Invalid(why) => differences.push(Difference::NotByOurKey { why }),
        // Whatever an RSA key signs twice, it signs alike, and DomainKeys has no time in it.
        Proof::None if !dkim && differences.is_empty() && !reordered => {
            if theirs.signature != ours.signature {
                let why = "the same key would sign it otherwise".to_owned();
                differences.push(Difference::NotByOurKey { why });
            }
        }
        Proof::Valid | Proof::None => {}
    }
    let mark = mark.clone();
    if differences.is_empty() {
        Shadowed::Agrees { mark, reordered }
    } else {
        Shadowed::Differs { mark, differences }
    }
}

impl Tags {
    fn read(value: &[u8], dkim: bool) -> Option<Self> {
        let tags = TagList::parse(value).ok()?;
        let get = |name: &str| {
            let value = tags.get(name)?.compact();
            Some(String::from_utf8_lossy(&value).into_owned())
        };
        let domain = get("d").and_then(|text| Domain::parse(&text).ok()).map(|one| one.to_string());
        let number = |name| get(name).and_then(|text| text.parse::<u64>().ok());
        let lifetime = number("x").map(|end| end.saturating_sub(number("t").unwrap_or_default()));
        let plain = if dkim {
            let written = get("c").unwrap_or_default().to_ascii_lowercase();
            let written = if written.is_empty() { "simple/simple" } else { &written };
            let form = Canonicalization::parse(written).map(|form| form.to_string());
            let identity = get("i").or_else(|| domain.as_ref().map(|domain| format!("@{domain}")));
            vec![
                ("a", get("a").map(|text| text.to_ascii_lowercase())),
                ("c", Some(form.unwrap_or_else(|_| written.to_owned()))),
                ("d", domain),
                ("s", get("s").map(|text| text.to_ascii_lowercase())),
                ("i", identity.map(|text| text.to_ascii_lowercase())),
                ("q", Some(get("q").unwrap_or_else(|| "dns/txt".to_owned()))),
                ("l", get("l")),
                ("t", get("t").map(|_| "there".to_owned())),
                ("x", lifetime.map(|seconds| format!("{seconds} s after t="))),
            ]
        } else {
            vec![
                ("a", Some(get("a").unwrap_or_else(|| "rsa-sha1".to_owned()))),
                ("c", Some(get("c").unwrap_or_else(|| "simple".to_owned()))),
                ("d", domain),
                ("s", get("s").map(|text| text.to_ascii_lowercase())),
                ("q", Some(get("q").unwrap_or_else(|| "dns".to_owned()))),
            ]
        };
        let fields = get("h").unwrap_or_default().to_ascii_lowercase();
        let fields = fields.split(':').filter(|name| !name.is_empty()).map(ToOwned::to_owned);
        let (body_hash, signature) = (get("bh"), get("b"));
        Some(Self { plain, fields: fields.collect(), body_hash, signature })
    }
}

/// The names in `wanted` that are not in `there`, or not as often.
fn missing(there: &[String], wanted: &[String]) -> Vec<String> {
    let mut left: Vec<&String> = there.iter().collect();
    let taken = |name: &&String| match left.iter().position(|one| one == name) {
        Some(at) => {
            left.swap_remove(at);
            false
        }
        None => true,
    };
    wanted.iter().filter(taken).cloned().collect()
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |names: &[String]| {
            let names = names.iter().map(|name| format!("{:?}", shown(name)));
            names.collect::<Vec<_>>().join(", ")
        };
        let or_none = |text: &Option<String>| text.as_deref().map_or("not there".to_owned(), shown);
        match self {
            Self::Unreadable => f.write_str("it is no list of tags"),
            Self::Tag { name, theirs, ours } => {
                write!(f, "{name}= is {}, ours {}", or_none(theirs), or_none(ours))
            }
            Self::Lacks(names) => write!(f, "h= lacks {}", quoted(names)),
            Self::HasMore(names) => write!(f, "h= has {} too", quoted(names)),
            Self::Body => f.write_str("bh= is another"),
            Self::NotByOurKey { why } => write!(f, "b= is not by our key: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Proof, compare};
    use crate::shadow::Mark;

    fn told(field: &'static str, theirs: &str, ours: &str, proof: Proof) -> String {
        let mark = Mark { field, selector: "s".to_owned(), domain: "d.example".to_owned() };
        compare(&mark, theirs.as_bytes(), ours.as_bytes(), proof).to_string()
    }

    #[test]
    fn what_is_between_two_dkim_signatures_is_told() {
        let ours = " v=1; a=rsa-sha256; c=relaxed/simple; d=d.example; s=s;\r\n\tt=100; \
                    h=from:to:x-mailer:from; bh=QQ==; b=x";
        let same = "v=1; a=rsa-sha256; q=dns/txt; c=Relaxed; d=D.example; s=S; t=7; i=@d.example; \
                    h=From : To : From :\r\n X-Mailer; bh=Q Q==; b=y";
        for (theirs, want) in [
            (ours.to_owned(), "agrees"),
            (same.to_owned(), "agrees, with h= in another order"),
            (ours.replace(" c=relaxed/simple;", ""), "c= is simple/simple, ours relaxed/simple"),
            (ours.replace(":x-mailer", ""), "h= lacks \"x-mailer\""),
            (ours.replace(":from", ":date"), "h= lacks \"from\"; h= has \"date\" too"),
            (ours.replace("QQ==", "QR=="), "bh= is another"),
            (ours.replace("t=100;", "t=100; x=160;"), "x= is 60 s after t=, ours not there"),
            (ours.replace("t=100;", ""), "t= is not there, ours there"),
            (
                ours.replace("t=100;", "t=100; l=4; i=a@d.example;"),
                "i= is a@d.example, ours @d.example; l= is 4, ours not there",
            ),
            (ours.replace("rsa-sha256", "rsa-sha1"), "a= is rsa-sha1, ours rsa-sha256"),
            ("nothing".to_owned(), "it is no list of tags"),
        ] {
            let found = told("DKIM-Signature", &theirs, ours, Proof::None);
            let want = match want.strip_prefix("agrees") {
                Some(more) => format!("DKIM-Signature agrees{more} (s=s, d=d.example)"),
                None => format!("DKIM-Signature differs: {want} (s=s, d=d.example)"),
            };
            assert_eq!(found, want, "{theirs}");
        }
        let proof = || Proof::Invalid("the body is another".to_owned());
        let found = told("DKIM-Signature", ours, ours, proof());
        assert!(found.contains("differs: b= is not by our key: the body is another ("), "{found}");
    }

    #[test]
    fn what_is_between_two_domainkeys_signatures_is_told() {
        let ours = " a=rsa-sha1; s=s; d=d.example; c=nofws; q=dns; h=from:to; b=QQ==";
        for (theirs, want) in [
            (ours.to_owned(), "agrees"),
            (ours.replace("; b=QQ", "; b=Q Q"), "agrees"),
            (ours.replace("c=nofws", "c=simple"), "differs: c= is simple, ours nofws"),
            (ours.replace(" h=from:to;", ""), "differs: h= lacks \"from\", \"to\""),
            (ours.replace("b=QQ", "b=QR"), "differs: b= is not by our key: the same key would"),
        ] {
            let found = told("DomainKey-Signature", &theirs, ours, Proof::None);
            assert!(found.starts_with(&format!("DomainKey-Signature {want}")), "{found}");
        }
    }
}
