//! Patterns of addresses, held against one another.

/// A pattern of addresses, in the forms that can be held against one another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Addresses {
    local: String,
    domain: Domains,
}

/// The domains of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Domains {
    Any,
    /// This one.
    One(String),
    /// All below this one.
    Below(String),
}

/// The addresses that two patterns have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Common {
    None,
    /// Those of this pattern.
    Pattern(String),
    /// No pattern says it, or it is not known.
    Unknown,
}

impl Addresses {
    /// The pattern, if it has such a form.
    pub(super) fn read(pattern: &str) -> Option<Self> {
        let pattern = pattern.to_ascii_lowercase();
        let (local, domain) = match pattern.rsplit_once('@') {
            Some((local, domain)) => (local.to_owned(), domain),
            None if pattern == "*" => ("*".to_owned(), "*"),
            None => return None,
        };
        let domain = match domain.strip_prefix("*.") {
            _ if domain == "*" => Domains::Any,
            Some(below) if !below.contains('*') => Domains::Below(below.to_owned()),
            None if !domain.contains('*') => Domains::One(domain.to_owned()),
            Some(_) | None => return None,
        };
        Some(Self { local, domain })
    }

    /// Its only domain.
    pub(super) fn domain(&self) -> Option<&str> {
        match &self.domain {
            Domains::One(domain) => Some(domain),
            Domains::Any | Domains::Below(_) => None,
        }
    }

    /// The domain that all of it is below.
    pub(super) fn below(&self) -> Option<&str> {
        match &self.domain {
            Domains::Below(domain) => Some(domain),
            Domains::Any | Domains::One(_) => None,
        }
    }
}

/// What two patterns have in common.
pub(super) fn common(one: &str, other: &str) -> Common {
    if one.eq_ignore_ascii_case(other) {
        return Common::Pattern(one.to_owned());
    }
    let (Some(a), Some(b)) = (Addresses::read(one), Addresses::read(other)) else {
        return Common::Unknown;
    };
    let Some(domain) = common_domains(&a.domain, &b.domain) else { return Common::None };
    let starred = |local: &str| local.contains('*');
    let local = match (a.local.as_str(), b.local.as_str()) {
        (same, other) if same == other => same,
        ("*", local) | (local, "*") => local,
        (local, other) if !starred(local) && !starred(other) => return Common::None,
        _ => return Common::Unknown,
    };
    Common::Pattern(match domain {
        Domains::Any => format!("{local}@*"),
        Domains::One(domain) => format!("{local}@{domain}"),
        Domains::Below(domain) => format!("{local}@*.{domain}"),
    })
}

/// Whether all addresses of the first one are among those of the other.
pub(super) fn is_within(inner: &str, outer: &str) -> bool {
    let plain = |pattern: &str| if pattern == "*" { "*@*".to_owned() } else { pattern.to_owned() };
    match common(inner, outer) {
        Common::Pattern(common) => plain(&common).eq_ignore_ascii_case(&plain(inner)),
        Common::None | Common::Unknown => false,
    }
}

fn common_domains(one: &Domains, other: &Domains) -> Option<Domains> {
    let inside = |domain: &str, above: &str| {
        domain.strip_suffix(above).is_some_and(|before| before.ends_with('.'))
    };
    match (one, other) {
        (Domains::Any, domain) | (domain, Domains::Any) => Some(domain.clone()),
        (Domains::One(domain), Domains::One(other)) => (domain == other).then(|| one.clone()),
        (Domains::One(domain), Domains::Below(above))
        | (Domains::Below(above), Domains::One(domain)) => {
            inside(domain, above).then(|| Domains::One(domain.clone()))
        }
        (Domains::Below(a), Domains::Below(b)) if a == b || inside(a, b) => Some(one.clone()),
        (Domains::Below(a), Domains::Below(b)) => inside(b, a).then(|| other.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Common, common, is_within};

    #[test]
    fn two_patterns_have_in_common_what_both_match() {
        let pattern = |text: &str| Common::Pattern(text.to_owned());
        for (one, other, want) in [
            ("*@a.example", "*@A.example", pattern("*@a.example")),
            ("*@a.example", "*@b.example", Common::None),
            ("*@a.example", "*", pattern("*@a.example")),
            ("*@*.a.example", "*@m.a.example", pattern("*@m.a.example")),
            ("*@*.a.example", "*@a.example", Common::None),
            ("*@*.a.example", "*@xa.example", Common::None),
            ("*@*.a.example", "*@*.m.a.example", pattern("*@*.m.a.example")),
            ("*@*.a.example", "*@*.b.example", Common::None),
            ("joe@*", "*@a.example", pattern("joe@a.example")),
            ("joe@*", "ann@a.example", Common::None),
            ("joe@*", "joe@*", pattern("joe@*")),
            ("j*@a.example", "*n@a.example", Common::Unknown),
            ("j*@a.example", "*n@b.example", Common::None),
            ("*@a*.example", "*@a.example", Common::Unknown),
        ] {
            assert_eq!(common(one, other), want, "{one} {other}");
            let turned = common(other, one);
            assert_eq!(turned == Common::None, want == Common::None, "{other} {one}");
        }
    }

    #[test]
    fn a_pattern_is_within_one_that_matches_all_of_it() {
        for (inner, outer, want) in [
            ("*@a.example", "*", true),
            ("*", "*@*", true),
            ("*", "*@a.example", false),
            ("*@m.a.example", "*@*.a.example", true),
            ("*@*.a.example", "*@a.example", false),
            ("joe@a.example", "*@a.example", true),
            ("*@a*.example", "*@A*.example", true),
        ] {
            assert_eq!(is_within(inner, outer), want, "{inner} {outer}");
        }
    }
}
