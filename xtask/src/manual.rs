//! `docs/man`: the manual, of the pages that stand beside each command and of the table of
//! parameters.

mod command;
mod file;
mod mdoc;
mod overview;

use twinseal_config::Door;
use twinseal_daemon::manual::Page;
use twinseal_daemon::manual::overview::{DOORS, commands, tools};

/// A manual page: its file's name and its text.
pub(crate) type Written = (String, String);

/// All pages, with that date.
pub(crate) fn pages(date: &str) -> Vec<Written> {
    let mut pages = vec![overview::page(date), file::native(date)];
    pages.extend([Door::DkimFilter, Door::Opendkim].map(|door| file::historic(door, date)));
    pages.extend(commands().chain(tools()).map(|page| command::page(page, date)));
    // As a command of ours it has the same page.
    pages.extend(DOORS.map(|page| {
        let target = file_name(page.name, page);
        let name = file_name(&format!("twinseal-{}", page.name), page);
        (name, format!(".so man{}/{target}\n", page.section.number()))
    }));
    pages
}

fn file_name(name: &str, page: &Page) -> String {
    format!("{name}.{}", page.section.number())
}

/// Whether it is a program of its own name, and no command of ours.
fn is_program(page: &Page) -> bool {
    DOORS.into_iter().chain(tools()).any(|program| program.name == page.name)
}

/// What a page of the manual is called.
fn title(page: &Page) -> String {
    if is_program(page) { page.name.to_owned() } else { format!("twinseal-{}", page.name) }
}

/// The text with a capital in front and a full stop behind it.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", chars.as_str().trim_end_matches('.'))
}
