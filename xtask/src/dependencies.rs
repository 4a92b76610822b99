//! `cargo xtask dependencies`: licences, sources and duplicates of what we depend on, by the rules of
//! `deny.toml`, which `cargo deny` reads too. That one also asks a database of advisories, which not
//! every machine can fetch.

use crate::graph;
use crate::problem::Problem;
use cargo_metadata::semver::VersionReq;
use cargo_metadata::{Metadata, Package};
use serde::Deserialize;
use spdx::{Expression, ParseMode};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The one place where crates come from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// The rules that are checked here; `deny.toml` may have more.
#[derive(Debug, Deserialize)]
struct Rules {
    licenses: Licences,
    bans: Bans,
}

#[derive(Debug, Deserialize)]
struct Licences {
    /// The licences of which each crate has to offer one, or a combination.
    allow: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Bans {
    deny: Vec<Banned>,
    skip: Vec<Skipped>,
}

#[derive(Debug, Deserialize)]
struct Banned {
    #[serde(rename = "crate")]
    name: String,
}

/// A version that may be there beside another of the same crate.
#[derive(Debug, Deserialize)]
struct Skipped {
    /// `NAME@VERSION`
    #[serde(rename = "crate")]
    which: String,
    reason: String,
}

impl Skipped {
    fn is(&self, package: &Package) -> bool {
        self.which.split_once('@').is_some_and(|(name, version)| {
            let version = VersionReq::parse(&format!("={version}"));
            name == package.name.as_str()
                && version.is_ok_and(|version| version.matches(&package.version))
        })
    }
}

/// All that breaks the rules.
pub(crate) fn check(root: &Path) -> Vec<Problem> {
    let found = rules(root).and_then(|rules| Ok((rules, graph::whole(root)?)));
    found.map_or_else(|problem| vec![problem], |(rules, graph)| broken(&rules, &graph))
}

fn rules(root: &Path) -> Result<Rules, Problem> {
    let path = root.join("deny.toml");
    let text = fs::read_to_string(&path).map_err(|error| Problem::Io { path, error })?;
    toml::from_str(&text).map_err(|error| Problem::Graph(format!("deny.toml: {error}")))
}

fn broken(rules: &Rules, graph: &Metadata) -> Vec<Problem> {
    let strangers: Vec<&Package> =
        graph.packages.iter().filter(|package| package.source.is_some()).collect();
    let mut wrong: Vec<String> = Vec::new();
    for package in &strangers {
        wrong.extend(licence(&rules.licenses, package));
        let name = package.name.as_str();
        if rules.bans.deny.iter().any(|banned| banned.name == name) {
            wrong.push(format!("{name} is banned"));
        }
        if let Some(source) = package.source.as_ref().filter(|source| source.repr != REGISTRY) {
            wrong.push(format!("{name} comes from {source}; only crates.io is allowed"));
        }
    }
    wrong.extend(duplicates(&rules.bans.skip, &strangers));
    wrong.into_iter().map(|what| Problem::Graph(format!("deny.toml: {what}"))).collect()
}

/// What is wrong with a crate's licence.
fn licence(licences: &Licences, package: &Package) -> Option<String> {
    let (name, version) = (&package.name, &package.version);
    let Some(text) = &package.license else {
        return Some(format!("{name} {version} names no licence"));
    };
    let expression = match Expression::parse_mode(text, ParseMode::LAX) {
        Ok(expression) => expression,
        Err(error) => return Some(format!("{name} {version}: licence {text:?}: {}", error.reason)),
    };
    // With an exception it is another licence, which would have to be allowed by its whole name.
    let allowed = expression.evaluate(|wanted| licences.allow.contains(&wanted.to_string()));
    (!allowed).then(|| {
        format!("{name} {version}: licence {text:?}; allowed are {}", licences.allow.join(", "))
    })
}

/// Crates that are there in several versions, but for those that may be; and what may be and is not.
fn duplicates(skipped: &[Skipped], packages: &[&Package]) -> Vec<String> {
    let mut by_name: BTreeMap<&str, Vec<&Package>> = BTreeMap::new();
    for package in packages {
        by_name.entry(package.name.as_str()).or_default().push(package);
    }
    by_name.retain(|_, versions| versions.len() > 1);
    let mut wrong = Vec::new();
    for (name, versions) in &by_name {
        let rest: Vec<String> = versions
            .iter()
            .filter(|package| !skipped.iter().any(|skipped| skipped.is(package)))
            .map(|package| package.version.to_string())
            .collect();
        if rest.len() > 1 {
            wrong.push(format!("{name} is there in several versions: {}", rest.join(", ")));
        }
    }
    for skip in skipped {
        let there = by_name.values().flatten().any(|package| skip.is(package));
        if !there {
            wrong.push(format!("{} is skipped ({}) and is no duplicate", skip.which, skip.reason));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::{Bans, Licences, Rules, Skipped, broken};
    use cargo_metadata::{Metadata, MetadataCommand};
    use serde_json::json;

    /// A graph of crates with these names, versions and licences.
    fn graph(crates: &[(&str, &str, Option<&str>)], source: &str) -> Metadata {
        let package = |(name, version, licence): &(&str, &str, Option<&str>)| {
            json!({
                "name": name, "version": version, "license": licence, "source": source,
                "id": format!("{name}@{version}"), "dependencies": [], "targets": [],
                "features": {}, "manifest_path": "/nowhere/Cargo.toml",
            })
        };
        let packages: Vec<_> = crates.iter().map(package).collect();
        let text = json!({
            "packages": packages, "workspace_members": [], "workspace_root": "/nowhere",
            "target_directory": "/nowhere", "version": 1, "metadata": null, "resolve": null,
        });
        MetadataCommand::parse(text.to_string()).expect("what cargo would say")
    }

    fn rules(skip: &[&str]) -> Rules {
        let skipped = |which: &&str| Skipped { which: (*which).into(), reason: "r".into() };
        Rules {
            licenses: Licences { allow: vec!["MIT".into(), "BSD-3-Clause".into()] },
            bans: Bans {
                deny: vec![super::Banned { name: "bad".into() }],
                skip: skip.iter().map(skipped).collect(),
            },
        }
    }

    fn told(rules: &Rules, graph: &Metadata) -> Vec<String> {
        broken(rules, graph).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_crate_has_to_offer_a_licence_that_is_allowed() {
        let mit = Some("Apache-2.0/MIT");
        for (licence, fine) in [
            (mit, true),
            (Some("MIT AND BSD-3-Clause"), true),
            (Some("MIT AND GPL-3.0-only"), false),
            (Some("GPL-3.0-only"), false),
            (Some("Whatever"), false),
            (None, false),
        ] {
            let found = told(&rules(&[]), &graph(&[("a", "1.0.0", licence)], super::REGISTRY));
            assert_eq!(found.is_empty(), fine, "{licence:?}: {found:?}");
        }
    }

    #[test]
    fn duplicates_are_named_unless_they_are_known() {
        let mit = Some("MIT");
        let twice = graph(
            &[("a", "1.0.0", mit), ("a", "2.0.0", mit), ("b", "1.0.0", mit)],
            super::REGISTRY,
        );
        let found = told(&rules(&[]), &twice);
        assert_eq!(found, ["deny.toml: a is there in several versions: 1.0.0, 2.0.0"]);
        assert!(told(&rules(&["a@1.0.0"]), &twice).is_empty());
        let stale = told(&rules(&["a@1.0.0", "b@1.0.0"]), &twice);
        assert_eq!(stale, ["deny.toml: b@1.0.0 is skipped (r) and is no duplicate"]);
    }

    #[test]
    fn what_is_banned_and_what_comes_from_elsewhere_is_named() {
        let mit = Some("MIT");
        let found = told(&rules(&[]), &graph(&[("bad", "1.0.0", mit)], super::REGISTRY));
        assert_eq!(found, ["deny.toml: bad is banned"]);
        let found = told(&rules(&[]), &graph(&[("a", "1.0.0", mit)], "git+https://example.com/a"));
        assert_eq!(found.len(), 1, "{found:?}");
    }
}
