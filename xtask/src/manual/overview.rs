//! `twinseal(8)`: the program as a whole.

use super::command::{files, synopsis_words};
use super::mdoc::Doc;
use super::{Written, sentence, title};
use twinseal_config::ExitCode;
use twinseal_daemon::manual::Page;
use twinseal_daemon::manual::overview::{
    ABOUT, DOORS, EXAMPLES, FILES, SEE, SUMMARY, commands, tools,
};

/// Writes it.
pub(super) fn page(date: &str) -> Written {
    let mut doc = Doc::new(("twinseal", 8), SUMMARY, date);
    doc.section("SYNOPSIS");
    for usage in ["COMMAND [OPTION…]", "COMMAND --help", "--help", "--version"] {
        doc.raw(".Nm twinseal");
        synopsis_words(usage, &mut doc);
    }
    doc.section("DESCRIPTION");
    ABOUT.split("\n\n").for_each(|text| doc.paragraph(text));
    doc.section("COMMANDS");
    let is_door = |page: &&Page| DOORS.iter().any(|door| door.name == page.name);
    list(commands().filter(|page| !is_door(page)), &mut doc);
    doc.section("PROGRAMS IN WHOSE PLACE IT STANDS");
    doc.paragraph("Under these names, or with them as its first word:");
    list(DOORS.into_iter().chain(tools()), &mut doc);
    files(FILES, &mut doc);
    doc.section("EXIT STATUS");
    doc.paragraph("The same numbers in every command and under every name, where its page does not tell otherwise:");
    doc.list();
    for code in ExitCode::ALL {
        doc.item(&code.number().to_string());
        doc.paragraph(code.meaning());
    }
    doc.end_list();
    doc.section("EXAMPLES");
    EXAMPLES.iter().for_each(|(what_for, line)| doc.command(what_for, line));
    doc.see(SEE);
    doc.section("STANDARDS");
    doc.paragraph(
        "RFC 6376 (DKIM), RFC 8301 and RFC 8463 (its algorithms), RFC 8616 (internationalized mail), \
         RFC 4870 (DomainKeys, the signing half), RFC 8601 (Authentication-Results), RFC 5617 (ADSP).",
    );
    ("twinseal.8".to_owned(), doc.finish())
}

fn list(pages: impl Iterator<Item = &'static Page>, doc: &mut Doc) {
    doc.list();
    for page in pages {
        doc.item(&format!("Xr {} {}", title(page), page.section.number()));
        doc.paragraph(&sentence(page.summary));
    }
    doc.end_list();
}
