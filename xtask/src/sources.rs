//! The files that are searched for citations: all Rust of the crates.

use crate::problem::Problem;
use std::fs;
use std::path::{Path, PathBuf};

/// A file: its path from the checkout's root, with slashes, and its text.
pub(crate) type Source = (String, String);

/// Every Rust file below `crates/`, in the order of their paths.
pub(crate) fn load(root: &Path) -> Result<Vec<Source>, Problem> {
    let mut paths = Vec::new();
    walk(&root.join("crates"), &mut paths)?;
    paths.sort();
    let read = |path: PathBuf| match fs::read_to_string(&path) {
        Ok(text) => Ok((relative(root, &path), text)),
        Err(error) => Err(Problem::Io { path, error }),
    };
    paths.into_iter().map(read).collect()
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<(), Problem> {
    let io = |error| Problem::Io { path: folder.into(), error };
    for entry in fs::read_dir(folder).map_err(io)? {
        let entry = entry.map_err(io)?;
        let path = entry.path();
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if entry.file_type().map_err(io)?.is_dir() {
            if !hidden && entry.file_name() != "target" {
                walk(&path, paths)?;
            }
        } else if !hidden && path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
    Ok(())
}

fn relative(root: &Path, path: &Path) -> String {
    let path = path.strip_prefix(root).unwrap_or(path);
    let names: Vec<_> = path.iter().map(|name| name.to_string_lossy()).collect();
    names.join("/")
}
