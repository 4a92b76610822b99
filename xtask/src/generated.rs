//! The list of generated files; writing and comparing them.

use crate::coverage;
use crate::problem::Problem;
use crate::schema::schema;
use crate::sections::Rfcs;
use crate::sources;
use crate::{completions, manual, notices, released};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// A generated file. Its first lines say that it is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Generated {
    /// Its path from the checkout's root.
    path: String,
    text: String,
}

/// Everything that is generated, as far as it can be, and what keeps the rest from it. A new file
/// is a line here.
fn all(root: &Path) -> (Vec<Generated>, Vec<Problem>) {
    let mut files: Vec<Generated> = [
        ("etc/twinseal.yaml", twinseal_config::render::sample()),
        ("docs/compatibility.md", twinseal_config::render::compatibility()),
        ("etc/twinseal.schema.json", schema()),
        ("etc/completions/twinseal.bash", completions::bash()),
        ("etc/completions/_twinseal", completions::zsh()),
        ("etc/completions/twinseal.fish", completions::fish()),
    ]
    .map(|(path, text)| Generated { path: path.to_owned(), text })
    .into();
    let mut problems = Vec::new();
    match coverage(root) {
        Ok(text) => files.push(Generated { path: "docs/rfc-coverage.md".to_owned(), text }),
        Err(wrong) => problems = wrong,
    }
    match notices::document(root) {
        Ok(text) => files.push(Generated { path: "docs/notices.txt".to_owned(), text }),
        Err(wrong) => problems.push(wrong),
    }
    match released::date(root) {
        Ok(date) => {
            let page = |(name, text)| Generated { path: format!("{MANUAL}/{name}"), text };
            files.extend(manual::pages(&date).into_iter().map(page));
            problems.extend(strays(root, &files));
        }
        Err(wrong) => problems.push(wrong),
    }
    (files, problems)
}

/// Where the pages of the manual are, and nothing else.
const MANUAL: &str = "docs/man";

/// Pages of what there is no more.
fn strays(root: &Path, files: &[Generated]) -> Vec<Problem> {
    let found = fs::read_dir(root.join(MANUAL)).into_iter().flatten().flatten();
    let paths = found.map(|entry| format!("{MANUAL}/{}", entry.file_name().display()));
    let unknown = paths.filter(|path| !files.iter().any(|file| file.path == *path));
    unknown.map(|path| Problem::Stray { path }).collect()
}

fn coverage(root: &Path) -> Result<String, Vec<Problem>> {
    let one = |problem| vec![problem];
    let sources = sources::load(root).map_err(one)?;
    let rfcs = Rfcs::load(root).map_err(one)?;
    coverage::document(&sources, &rfcs)
}

/// Writes all that is not up to date, and gives what kept it from doing so.
pub(crate) fn write(root: &Path) -> Vec<Problem> {
    each(root, Generated::write)
}

/// Everything that is stale or wrong.
pub(crate) fn check(root: &Path) -> Vec<Problem> {
    each(root, Generated::check)
}

fn each(root: &Path, act: fn(&Generated, &Path) -> Result<(), Problem>) -> Vec<Problem> {
    let (files, mut problems) = all(root);
    problems.extend(files.iter().filter_map(|file| act(file, root).err()));
    problems
}

impl Generated {
    fn write(&self, root: &Path) -> Result<(), Problem> {
        if self.check(root).is_ok() {
            return Ok(());
        }
        let path = root.join(&self.path);
        let folder = path.parent().unwrap_or(root);
        let written = fs::create_dir_all(folder).and_then(|()| fs::write(&path, &self.text));
        written.map_err(|error| Problem::Io { path: path.clone(), error })?;
        println!("{} written", self.path);
        Ok(())
    }

    fn check(&self, root: &Path) -> Result<(), Problem> {
        let path = root.join(&self.path);
        match fs::read_to_string(&path) {
            Ok(text) => self.compare(&text),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(Problem::Missing { path: self.path.clone() })
            }
            Err(error) => Err(Problem::Io { path, error }),
        }
    }

    fn compare(&self, text: &str) -> Result<(), Problem> {
        if text == self.text {
            return Ok(());
        }
        let same = text.lines().zip(self.text.lines()).take_while(|(is, want)| is == want);
        Err(Problem::Stale { path: self.path.clone(), line: same.count() + 1 })
    }
}

#[cfg(test)]
mod tests {
    use super::Generated;
    use std::path::Path;

    fn file() -> Generated {
        Generated { path: "docs/x.md".to_owned(), text: "one\ntwo\n".to_owned() }
    }

    #[test]
    fn a_stale_file_is_told_with_its_first_wrong_line() {
        assert!(file().compare("one\ntwo\n").is_ok());
        for (text, line) in
            [("", 1), ("zero\ntwo\n", 1), ("one\n", 2), ("one\ntwo\nmore\n", 3), ("one\ntwo", 3)]
        {
            let error = file().compare(text).unwrap_err().to_string();
            let want = format!("docs/x.md is stale from line {line} on: run \"cargo xtask gen\"");
            assert_eq!(error, want, "{text:?}");
        }
    }

    #[test]
    fn a_missing_file_is_told() {
        let error = file().check(Path::new("/nonexistent")).unwrap_err().to_string();
        assert_eq!(error, "docs/x.md is missing: run \"cargo xtask gen\"");
    }
}
