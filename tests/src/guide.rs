//! Guides that are followed as they are written, in a root: every command is run, every file is
//! written, every record is published, and what a command printed is held against what the guide
//! says that it prints.
//!
//! - [`markdown`]: what of a page is to be done, in its order
//! - [`printed`]: what was printed beside what the page shows
//! - [`zone`]: the records that the reader publishes, and the servers that have them
//! - [`mailbox`]: what has arrived, octet by octet

pub mod mailbox;
pub mod markdown;
pub mod printed;
pub mod zone;

use crate::root::Root;
use markdown::{Step, What};
use std::fs;
use std::path::Path;
use std::time::Instant;
use zone::Zone;

/// Follows a page from its first line to its last one; fails at the first step that does not do
/// what the page says.
pub fn follow(page: &Path, root: &Root, zone: &mut Zone) {
    let name = page.file_name().expect("a file's name").to_string_lossy().into_owned();
    let text = fs::read_to_string(page).unwrap_or_else(|e| panic!("{}: {e}", page.display()));
    let steps = markdown::read(&text).unwrap_or_else(|why| panic!("{name}:{why}"));
    let mut said = String::new();
    for Step { line, what } in steps {
        let begun = Instant::now();
        match what {
            What::Run(lines) => {
                let ended = root.try_sh(&lines);
                let code = ended.status;
                said = ended.text;
                if !code.success() {
                    let log = root.try_sh("journalctl -n 40 --no-hostname").text;
                    panic!("{name}:{line}: {code}\n{lines}\n{said}\n== the journal\n{log}");
                }
            }
            What::Prints(shown) => {
                if let Err(why) = printed::compare(&shown, &said) {
                    panic!("{name}:{line}: {why}\n== printed\n{said}");
                }
            }
            What::Write { path, content } => root.write(&path, content),
            What::Append { path, content } => {
                let mut whole = root.read(&path);
                whole.extend_from_slice(content.as_bytes());
                root.write(&path, whole);
            }
            What::Publish(path) => {
                let records = String::from_utf8(root.read(&path)).expect("records are text");
                zone.publish(root, &records);
            }
        }
        println!("{name}:{line}: {:.1} s", begun.elapsed().as_secs_f64());
    }
}
