//! For fish.

use super::{HEAD, commands, flags, is_ours, known_words, pages, programs};
use std::fmt::Write as _;
use twinseal_daemon::manual::{Flag, Page, Words};

/// Tells which program a line is about: behind a double dash, another one may stand.
const ASK: &str = r#"
# Whether the line is about that command.
function __twinseal_is
    set -l words (commandline -opc)
    set -l name (path basename -- $words[1])
    set -e words[1]
    if test "$name" = twinseal
        set name $words[1]
        set -e words[1]
    end
    while contains -- -- $words
        set -l at (contains -i -- -- $words)
        set words $words[(math $at + 1)..-1]
        set name (path basename -- "$words[1]")
        set -e words[1]
        if test "$name" = twinseal
            set name $words[1]
            set -e words[1]
        end
    end
    test "$name" = "$argv[1]"
end

# Whether a command, or a program behind a double dash, is still missing.
function __twinseal_needs
    set -l words (commandline -opc)
    switch $argv[1]
        case command
            test (count $words) -eq 1
        case program
            test "$words[-1]" = --
    end
end
"#;

/// The file.
pub(crate) fn fish() -> String {
    let mut text = format!("{HEAD}{ASK}\n");
    let names: Vec<&str> = programs().map(|page| page.name).collect();
    let all = format!("twinseal {}", names.join(" "));
    let _ = writeln!(text, "for program in {all}\n    complete -c $program -f\nend\n");
    for page in commands() {
        let _ = writeln!(
            text,
            "complete -c twinseal -n '__twinseal_needs command' -a {} -d {}",
            page.name,
            quoted(page.summary)
        );
    }
    for name in ["serve"].into_iter().chain(super::DOORS.map(|page| page.name)) {
        let _ = writeln!(text, "complete -c twinseal -n '__twinseal_needs program' -a {name}");
    }
    for page in pages() {
        text.push('\n');
        own(page, &mut text);
    }
    text
}

fn own(page: &Page, text: &mut String) {
    let also = if is_ours(page) { String::new() } else { format!(" -c {}", page.name) };
    let head = format!("complete -c twinseal{also} -n '__twinseal_is {}'", page.name);
    for flag in flags(page) {
        let mut names = String::new();
        for name in &flag.names {
            match name.strip_prefix("--") {
                Some(long) => names.push_str(&format!(" -l {long}")),
                None => names.push_str(&format!(" -s {}", quoted(name.trim_start_matches('-')))),
            }
        }
        let _ = writeln!(text, "{head}{names}{} -d {}", value(&flag), quoted(&flag.help));
    }
    let _ = match page.operands {
        Words::Any => Ok(()),
        Words::Files => writeln!(text, "{head} -F"),
        Words::Directories => writeln!(text, "{head} -a '(__fish_complete_directories)'"),
        Words::These(words) => writeln!(text, "{head} -a {}", quoted(&words.join(" "))),
    };
}

/// What stands behind an option.
fn value(flag: &Flag) -> String {
    let Some(value) = &flag.value else { return String::new() };
    match (known_words(flag), value.words) {
        (Some(words), _) if value.optional => format!(" -a {}", quoted(&words.join(" "))),
        (Some(words), _) => format!(" -x -a {}", quoted(&words.join(" "))),
        (None, Words::Files) => " -r -F".to_owned(),
        (None, Words::Directories) => " -x -a '(__fish_complete_directories)'".to_owned(),
        (None, Words::Any | Words::These(_)) => " -x".to_owned(),
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}
