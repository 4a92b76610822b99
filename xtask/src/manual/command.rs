//! The page of a command, or of a tool or a daemon under its old name.

use super::mdoc::{Doc, argument};
use super::{Written, file_name, is_program, sentence, title};
use twinseal_daemon::manual::{Flag, Page, Words};

/// What is said of the options that name a configuration.
const CONFIGURED: &str = "Beside these, it takes the options of twinseal serve, which name a \
    configuration, or a program with its own options behind --: serve, dk-filter, dkim-filter or \
    opendkim.";

/// Writes it.
pub(super) fn page(page: &Page, date: &str) -> Written {
    let title = title(page);
    let mut doc = Doc::new((&title, page.section.number()), page.summary, date);
    synopsis(page, &mut doc);
    doc.section("DESCRIPTION");
    page.paragraphs().for_each(|text| doc.paragraph(text));
    options(page, &mut doc);
    for (heading, text) in page.sections {
        doc.section(heading);
        text.split("\n\n").for_each(|text| doc.paragraph(text));
    }
    files(page.files, &mut doc);
    doc.section("EXIT STATUS");
    page.exit_codes().into_iter().for_each(|text| doc.paragraph(text));
    doc.section("EXAMPLES");
    page.examples.iter().for_each(|(what_for, line)| doc.command(what_for, line));
    let mut see = page.see.to_vec();
    see.push("twinseal(8)");
    if page.configured {
        see.push("twinseal-serve(8)");
    }
    doc.see(&see);
    (file_name(&title, page), doc.finish())
}

fn synopsis(page: &Page, doc: &mut Doc) {
    doc.section("SYNOPSIS");
    for usage in page.usage {
        if is_program(page) {
            doc.raw(&format!(".Nm {}", page.name));
        } else {
            doc.raw(".Nm twinseal");
            doc.raw(&format!(".Cm {}", page.name));
        }
        synopsis_words(usage, doc);
    }
}

/// How a program is called: brackets around what may be left out.
pub(super) fn synopsis_words(usage: &str, doc: &mut Doc) {
    let mut behind_letter = false;
    for word in usage.split_whitespace() {
        let bare = word.trim_start_matches('[');
        (0..word.len() - bare.len()).for_each(|_| doc.raw(".Oo"));
        let count = |bracket| bare.matches(bracket).count();
        let closed = count(']') - count('[');
        let bare = &bare[..bare.len() - closed];
        let letter = bare.strip_prefix('-').is_some_and(|rest| rest.len() == 1 && rest != "-");
        match (bare.strip_prefix("--"), bare.strip_prefix('-')) {
            (Some(""), _) => doc.raw(".Cm \\-\\-"),
            (Some(name), _) => doc.raw(&format!(".Fl Fl {name}")),
            (None, Some(letter)) => doc.raw(&format!(".Fl {letter}")),
            (None, None) => {
                let is_word = bare.chars().all(|ch| ch.is_ascii_lowercase()) && !behind_letter;
                let (bare, more) = match bare.strip_suffix('…') {
                    Some(bare) => (bare, " ..."),
                    None => (bare, ""),
                };
                let name = if is_word { "Cm" } else { "Ar" };
                doc.raw(&format!(".{name} {}{more}", argument(bare)));
            }
        }
        behind_letter = letter;
        (0..closed).for_each(|_| doc.raw(".Oc"));
    }
}

fn options(page: &Page, doc: &mut Doc) {
    let flags = (page.options)();
    if flags.is_empty() && !page.configured {
        return;
    }
    doc.section("OPTIONS");
    if !flags.is_empty() {
        doc.list();
        flags.iter().for_each(|flag| option(flag, doc));
        doc.end_list();
    }
    if page.configured {
        doc.paragraph(CONFIGURED);
    }
}

fn option(flag: &Flag, doc: &mut Doc) {
    let names = flag.names.iter().map(|name| match name.strip_prefix("--") {
        Some(long) => format!("Fl Fl {long}"),
        None => format!("Fl {}", name.trim_start_matches('-')),
    });
    let mut tag = names.collect::<Vec<_>>().join(" , ");
    if let Some(value) = &flag.value {
        let name = argument(&value.name);
        tag.push_str(&match value.optional {
            true => format!(" Ns Op \\&={name}"),
            false => format!(" Ar {name}"),
        });
    }
    doc.item(&tag);
    let mut text = sentence(&flag.help);
    // A short choice is written out in its name.
    if let Some(value) = &flag.value
        && let Words::These(words) = value.words
        && !value.name.contains('|')
    {
        text.push_str(&format!(" One of {}.", words.join(", ")));
    }
    for more in &flag.more {
        text.push(' ');
        text.push_str(more);
    }
    doc.paragraph(&text);
}

/// The section of files.
pub(super) fn files(files: &[(&str, &str)], doc: &mut Doc) {
    if files.is_empty() {
        return;
    }
    doc.section("FILES");
    doc.list();
    for (path, what) in files {
        doc.item(&format!("Pa {}", argument(path)));
        doc.paragraph(&sentence(what));
    }
    doc.end_list();
}
