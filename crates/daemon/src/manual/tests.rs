use super::overview::{DOORS, commands, tools};
use super::{Flag, Page, Section, Words};
use crate::command;
use crate::terminal::testing::called;
use std::collections::HashSet;

/// The pages of the commands, and of the programs that have others' names.
fn all() -> Vec<&'static Page> {
    commands().chain(tools()).collect()
}

/// What a page is called where others name it.
fn named(page: &Page) -> String {
    let program = DOORS.iter().any(|door| door.name == page.name)
        || tools().any(|tool| tool.name == page.name);
    let name = if program { page.name.to_owned() } else { format!("twinseal-{}", page.name) };
    format!("{name}({})", page.section.number())
}

#[test]
fn every_page_says_what_there_is_to_know() {
    for page in all() {
        let name = page.name;
        assert!(!page.summary.is_empty() && !page.summary.ends_with('.'), "{name}");
        assert!(page.paragraphs().next().is_some(), "{name}");
        let exits = page.about.split("\n\n").filter(|one| one.starts_with("Ends with "));
        assert_eq!(exits.count(), 1, "{name}");
        assert!(!page.examples.is_empty() && !page.see.is_empty(), "{name}");
        for (_, line) in page.examples {
            let own =
                if DOORS.iter().chain(&tools().collect::<Vec<_>>()).any(|one| one.name == name) {
                    format!("{name} ")
                } else {
                    format!("twinseal {name} ")
                };
            let line = format!("{line} ");
            assert!(line.starts_with(&own), "{name}: {line}");
        }
    }
}

#[test]
fn names_are_unique_and_pages_that_are_named_exist() {
    let names: Vec<String> = all().into_iter().map(named).collect();
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
    let files = ["twinseal(8)", "twinseal.yaml(5)", "dkim-filter.conf(5)", "opendkim.conf(5)"];
    for page in all() {
        for see in page.see {
            assert!(files.contains(see) || names.iter().any(|name| name == see), "{see}");
            assert!(named(page) != *see, "{see} names itself");
        }
    }
    assert_eq!(Section::User.number(), 1);
}

#[test]
fn options_are_unique_in_a_page() {
    for page in all() {
        let flags = (page.options)();
        let names: Vec<&String> = flags.iter().flat_map(|flag| &flag.names).collect();
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len(), "{}", page.name);
        for Flag { names, help, .. } in &flags {
            assert!(!names.is_empty() && !help.is_empty(), "{}: {names:?}", page.name);
        }
    }
}

#[test]
fn help_is_what_the_page_says() {
    for page in commands().filter(|page| !DOORS.iter().any(|door| door.name == page.name)) {
        let words = [page.name, "--help"];
        let (_, text, errors) =
            called(|words, terminal| command::run("twinseal".as_ref(), words, terminal), &words);
        assert_eq!(errors, "", "{}", page.name);
        for flag in (page.options)() {
            assert!(text.contains(&flag.help), "{}: {flag:?}", page.name);
            for name in &flag.names {
                let listed = text.split([' ', ',', '[', '=', '\n']).any(|word| word == name);
                assert!(listed, "{}: {name}", page.name);
            }
        }
        let usage = format!("usage: twinseal {} {}", page.name, page.usage[0]);
        let first = text.lines().next().unwrap_or_default();
        assert!(page.name == "serve" || first == usage.trim_end(), "{first}");
    }
}

#[test]
fn every_word_that_completions_offer_is_taken() {
    for page in commands().filter(|page| !page.configured && page.name != "serve") {
        for flag in (page.options)() {
            let Some(Words::These(words)) = flag.value.map(|value| value.words) else { continue };
            for word in words {
                // Something else is always missing, and every mistake is told.
                let words = [page.name, &flag.names[0], word, "--what"];
                let (_, _, errors) = called(
                    |words, terminal| command::run("twinseal".as_ref(), words, terminal),
                    &words,
                );
                assert!(errors.contains("--what"), "{}: {errors}", page.name);
                assert!(!errors.contains(&flag.names[0]), "{}: {errors}", page.name);
            }
        }
    }
}
