//! The links of the documents: where they lead to is there, down to the heading.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use twinseal_e2e::here;

/// The documents that people read.
fn documents() -> Vec<PathBuf> {
    let top = here("..");
    let in_docs = fs::read_dir(top.join("docs")).expect("docs").flatten().map(|one| one.path());
    let pages = in_docs.filter(|path| path.extension().is_some_and(|kind| kind == "md"));
    let above = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"];
    above.map(|name| top.join(name)).into_iter().chain(pages).collect()
}

/// The lines of a page that are no part of a fenced block.
fn prose(text: &str) -> Vec<&str> {
    let mut inside = false;
    let is_prose = |line: &&str| {
        let is_fence = line.trim_start().starts_with("```");
        inside ^= is_fence;
        !inside && !is_fence
    };
    text.lines().filter(is_prose).collect()
}

/// What stands behind `](` up to the parenthesis.
fn links(text: &str) -> Vec<String> {
    let whole = prose(text).join("\n");
    let behind = whole.split("](").skip(1);
    behind.filter_map(|rest| rest.split(')').next()).map(str::to_owned).collect()
}

/// The names by which headings can be linked to.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).into_iter().filter(|line| line.starts_with('#'));
    let name = |heading: &str| {
        let words = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = words.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(name).collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[test]
fn every_link_leads_to_something() {
    let (mut broken, mut seen) = (Vec::new(), 0);
    for page in documents() {
        let text = read(&page);
        for link in links(&text).into_iter().filter(|link| !link.contains("://")) {
            seen += 1;
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = match path {
                "" => page.clone(),
                path => page.parent().expect("a directory").join(path),
            };
            let is_there =
                target.exists() && (anchor.is_empty() || anchors(&read(&target)).contains(anchor));
            if !is_there {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(seen > 50, "{seen}");
}

#[test]
fn every_document_can_be_reached_from_the_readme() {
    let top = here("..").canonicalize().expect("the top");
    let mut reached = BTreeSet::from([top.join("README.md")]);
    let mut next = vec![top.join("README.md")];
    while let Some(page) = next.pop() {
        for link in links(&read(&page)) {
            let path = link.split('#').next().unwrap_or_default();
            let Ok(target) = page.parent().expect("a directory").join(path).canonicalize() else {
                continue;
            };
            let is_page = target.extension().is_some_and(|kind| kind == "md");
            if is_page && reached.insert(target.clone()) {
                next.push(target);
            }
        }
    }
    let documents = documents().into_iter().map(|path| path.canonicalize().expect("it is there"));
    let lost: Vec<PathBuf> = documents.filter(|page| !reached.contains(page)).collect();
    assert!(lost.is_empty(), "{lost:?}");
}

#[test]
fn headings_have_the_names_that_web_pages_give_them() {
    let text = "# `twinseal x`\n\n```sh\n# no heading\n[a](b)\n```\n## Test mode, and going live\n";
    let want = ["test-mode-and-going-live", "twinseal-x"].map(str::to_owned);
    assert_eq!(anchors(text), BTreeSet::from(want));
    assert_eq!(links("a [b](c#d) [e](f)\n```\n[g](h)\n```\n"), ["c#d", "f"]);
}
