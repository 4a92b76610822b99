//! The crate from outside: words and files go in, a configuration or all mistakes come out.

mod actions;
mod arriving;
mod dk_filter;
mod dkim_file;
mod dkim_filter;
mod file;
mod leaving;
mod letters;
mod life;
mod monitoring;
mod opendkim;
mod options;
mod reports;
mod sample;
mod show;
mod tested;

use crate::rules::Found;
use crate::{Config, Door, Files, Loaded, Mistakes, Request, serve};
use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use twinseal_message::Mailbox;

/// Files that do not exist anywhere else. A content of `None` cannot be read.
#[derive(Debug, Default)]
struct Map(HashMap<String, Option<Vec<u8>>>);

impl Map {
    fn with(mut self, path: &str, content: &str) -> Self {
        self.0.insert(path.to_owned(), Some(content.into()));
        self
    }

    fn unreadable(mut self, path: &str) -> Self {
        self.0.insert(path.to_owned(), None);
        self
    }
}

impl Files for Map {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.0.get(path.to_str().unwrap()) {
            Some(Some(content)) => Ok(content.clone()),
            Some(None) => Err(io::ErrorKind::PermissionDenied.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn exists(&self, path: &Path) -> bool {
        self.0.contains_key(path.to_str().unwrap())
    }
}

fn request(words: &str, files: &Map) -> Result<Request, Mistakes> {
    request_in(Door::Native, words, files)
}

fn request_in(door: Door, words: &str, files: &Map) -> Result<Request, Mistakes> {
    serve(door, words.split_whitespace().map(OsString::from), files)
}

fn load(words: &str, files: &Map) -> Loaded {
    load_in(Door::Native, words, files)
}

fn load_in(door: Door, words: &str, files: &Map) -> Loaded {
    match request_in(door, words, files) {
        Ok(Request::Serve(loaded)) => *loaded,
        Ok(other) => panic!("{words}: {other:?}"),
        Err(mistakes) => panic!("{words}: {mistakes}"),
    }
}

/// The lines of all mistakes.
fn mistakes(words: &str, files: &Map) -> Vec<String> {
    mistakes_in(Door::Native, words, files)
}

fn mistakes_in(door: Door, words: &str, files: &Map) -> Vec<String> {
    match request_in(door, words, files) {
        Ok(_) => panic!("{words}: no mistake was found"),
        Err(mistakes) => mistakes.lines().collect(),
    }
}

fn warnings(loaded: &Loaded) -> Vec<String> {
    loaded.warnings.iter().map(ToString::to_string).collect()
}

/// The domain and the selectors that sign for an address.
fn signs(config: &Config, address: &str) -> Option<String> {
    let address = Mailbox::first(address.as_bytes()).unwrap();
    let Found { rule, domain, .. } = config.rules.find(&address)?;
    let selectors: Vec<&str> = rule.keys.iter().map(|key| key.selector.as_str()).collect();
    Some(format!("{domain} {}", selectors.join(",")))
}
