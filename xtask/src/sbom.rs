//! `cargo xtask sbom`: what is in the program, as a bill of materials in the form of CycloneDX 1.5.
//!
//! It holds no time and no number of its own, so that the same sources have the same one.

use crate::graph::Contents;
use crate::problem::Problem;
use cargo_metadata::Package;
use cyclonedx_bom::external_models::spdx::SpdxExpression;
use cyclonedx_bom::external_models::uri::Purl;
use cyclonedx_bom::models::bom::{Bom, SpecVersion};
use cyclonedx_bom::models::component::{Classification, Component, Components};
use cyclonedx_bom::models::dependency::{Dependencies, Dependency};
use cyclonedx_bom::models::hash::{Hash, HashAlgorithm, HashValue, Hashes};
use cyclonedx_bom::models::license::{LicenseChoice, Licenses};
use cyclonedx_bom::models::metadata::Metadata;
use cyclonedx_bom::validation::Validate as _;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The lock file, as far as it says what was downloaded.
#[derive(Debug, Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Debug, Deserialize)]
struct Locked {
    name: String,
    version: String,
    /// SHA-256 of the archive, in hexadecimal.
    checksum: Option<String>,
}

/// The bill of materials of the program of this checkout, as JSON.
pub(crate) fn text(root: &Path) -> Result<String, Problem> {
    let contents = Contents::of(root)?;
    let bom = bom(&contents, &checksums(root)?)?;
    let wrong = bom.validate_version(SpecVersion::V1_5);
    if wrong.has_errors() {
        return Err(Problem::Graph(format!("the bill of materials is no CycloneDX: {wrong:?}")));
    }
    let mut json = Vec::new();
    let written = bom.output_as_json_v1_5(&mut json);
    written.map_err(|error| Problem::Graph(error.to_string()))?;
    let text = String::from_utf8(json).map_err(|error| Problem::Graph(error.to_string()))?;
    Ok(text.trim_end().to_owned() + "\n")
}

fn checksums(root: &Path) -> Result<BTreeMap<[String; 2], String>, Problem> {
    let path = root.join("Cargo.lock");
    let text = fs::read_to_string(&path).map_err(|error| Problem::Io { path, error })?;
    let lock: Lock =
        toml::from_str(&text).map_err(|error| Problem::Graph(format!("Cargo.lock: {error}")))?;
    let one = |locked: Locked| Some(([locked.name, locked.version], locked.checksum?));
    Ok(lock.package.into_iter().filter_map(one).collect())
}

fn bom(contents: &Contents, checksums: &BTreeMap<[String; 2], String>) -> Result<Bom, Problem> {
    let program = contents.program();
    let mut components = Vec::new();
    let mut dependencies = Vec::new();
    for (package, below) in contents.crates() {
        dependencies.push(Dependency {
            dependency_ref: reference(package),
            dependencies: below.into_iter().map(reference).collect(),
        });
        if package.id != program.id {
            components.push(component(package, Classification::Library, checksums)?);
        }
    }
    let mut whole = component(program, Classification::Application, checksums)?;
    whole.name = cyclonedx_bom::prelude::NormalizedString::new("twinseal");
    Ok(Bom {
        serial_number: None,
        metadata: Some(Metadata { component: Some(whole), ..Metadata::default() }),
        components: Some(Components(components)),
        dependencies: Some(Dependencies(dependencies)),
        ..Bom::default()
    })
}

/// What a crate is called in the rest of the file.
fn reference(package: &Package) -> String {
    format!("{}@{}", package.name, package.version)
}

fn component(
    package: &Package,
    kind: Classification,
    checksums: &BTreeMap<[String; 2], String>,
) -> Result<Component, Problem> {
    let (name, version) = (package.name.to_string(), package.version.to_string());
    let mut component = Component::new(kind, &name, &version, Some(reference(package)));
    if let Some(licence) = &package.license {
        let expression = SpdxExpression::parse_lax(licence.clone())
            .map_err(|error| Problem::Graph(format!("{name}: {error}")))?;
        component.licenses = Some(Licenses(vec![LicenseChoice::Expression(expression)]));
    }
    if package.source.is_some() {
        let purl = Purl::new("cargo", &name, &version);
        component.purl = Some(purl.map_err(|error| Problem::Graph(format!("{name}: {error}")))?);
        component.hashes = checksums.get(&[name, version]).map(|checksum| {
            let content = HashValue(checksum.clone());
            Hashes(vec![Hash { alg: HashAlgorithm::SHA_256, content }])
        });
    }
    Ok(component)
}
