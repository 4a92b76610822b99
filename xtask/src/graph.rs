//! The crates that this is built with, as cargo tells them.

use crate::problem::Problem;
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The crate whose program is given to others.
const PROGRAM: &str = "twinseal-daemon";

/// The platform of the program that is given to others.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// Every crate of the lock file, for every platform.
pub(crate) fn whole(root: &Path) -> Result<Metadata, Problem> {
    told(root, &[])
}

/// What is in the program: the crate that it is built from, and each crate below it with the crates
/// that it stands on. What only builds or tests it is not in there.
#[derive(Debug)]
pub(crate) struct Contents {
    metadata: Metadata,
    below: BTreeMap<PackageId, BTreeSet<PackageId>>,
    program: PackageId,
}

impl Contents {
    /// Of the program of this checkout.
    pub(crate) fn of(root: &Path) -> Result<Self, Problem> {
        let metadata = told(root, &["--filter-platform", PLATFORM])?;
        let program = metadata.packages.iter().find(|package| package.name.as_str() == PROGRAM);
        let missing = || Problem::Graph(format!("no crate is called {PROGRAM:?}"));
        let program = program.ok_or_else(missing)?.id.clone();
        let mut contents = Self { metadata, below: BTreeMap::new(), program };
        let mut waiting = vec![contents.program.clone()];
        while let Some(id) = waiting.pop() {
            if !contents.below.contains_key(&id) {
                let direct = contents.direct(&id);
                waiting.extend(direct.iter().cloned());
                contents.below.insert(id, direct);
            }
        }
        Ok(contents)
    }

    /// What a crate stands on in the program itself.
    fn direct(&self, id: &PackageId) -> BTreeSet<PackageId> {
        let nodes = self.metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
        let node = nodes.filter(|node| node.id == *id).flat_map(|node| &node.deps);
        let linked = node.filter(|dependency| {
            dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal)
        });
        linked.map(|dependency| dependency.pkg.clone()).filter(|id| !self.is_macro(id)).collect()
    }

    /// A macro runs in the compiler, and nothing of it is in the program.
    fn is_macro(&self, id: &PackageId) -> bool {
        self.metadata[id].targets.iter().any(cargo_metadata::Target::is_proc_macro)
    }

    /// The crate that the program is built from.
    pub(crate) fn program(&self) -> &Package {
        &self.metadata[&self.program]
    }

    /// All crates in it and what each stands on, in the order of their names.
    pub(crate) fn crates(&self) -> Vec<(&Package, Vec<&Package>)> {
        let package = |id: &PackageId| &self.metadata[id];
        let one = |(id, below): (&PackageId, &BTreeSet<PackageId>)| {
            (package(id), below.iter().map(package).collect())
        };
        let mut crates: Vec<(&Package, Vec<&Package>)> = self.below.iter().map(one).collect();
        crates.sort_by_key(|(package, _)| (package.name.to_string(), package.version.clone()));
        crates
    }
}

fn told(root: &Path, options: &[&str]) -> Result<Metadata, Problem> {
    let options: Vec<String> =
        ["--locked"].iter().chain(options).map(ToString::to_string).collect();
    let mut command = MetadataCommand::new();
    command.manifest_path(root.join("Cargo.toml")).other_options(options);
    command.exec().map_err(|error| Problem::Graph(error.to_string()))
}
