//! For zsh.

use super::{HEAD, commands, flags, known_words, pages, programs};
use std::fmt::Write as _;
use twinseal_daemon::manual::{Flag, Page, Words};

/// What finds the command and asks for its own completions.
const ASK: &str = r#"
_twinseal() {
    local command=$service at
    if [[ $command == twinseal ]]; then
        if (( CURRENT == 2 )); then
            _twinseal_commands
            return
        fi
        command=$words[2]
        shift words
        (( CURRENT-- ))
    fi
    # Behind a double dash stands a program with its own options.
    at=$words[(I)--]
    if (( at > 0 && at < CURRENT )); then
        shift $at words
        (( CURRENT -= at ))
        if (( CURRENT > 1 )) && [[ $words[1]:t == twinseal ]]; then
            shift words
            (( CURRENT-- ))
        fi
        if (( CURRENT == 1 )); then
            _twinseal_doors
            return
        fi
        command=$words[1]:t
    fi
    (( $+functions[_twinseal_of_$command] )) && _twinseal_of_$command
}

_twinseal "$@"
"#;

/// The file.
pub(crate) fn zsh() -> String {
    let programs: Vec<&str> = programs().map(|page| page.name).collect();
    let mut text = format!("#compdef twinseal {}\n{HEAD}", programs.join(" "));
    text.push_str("\n_twinseal_commands() {\n    local -a commands=(\n");
    for page in commands() {
        let _ = writeln!(text, "        {}", quoted(&format!("{}:{}", page.name, page.summary)));
    }
    text.push_str("    )\n    _describe command commands\n}\n");
    let doors = super::DOORS.map(|page| page.name).join(" ");
    let _ = write!(text, "\n_twinseal_doors() {{\n    compadd serve {doors}\n}}\n");
    pages().for_each(|page| own(page, &mut text));
    text.push_str(ASK);
    text
}

fn own(page: &Page, text: &mut String) {
    let _ = write!(text, "\n_twinseal_of_{}() {{\n    _arguments", page.name);
    for flag in flags(page) {
        for name in &flag.names {
            let _ = write!(text, " \\\n        {}", quoted(&specification(name, &flag)));
        }
    }
    let operands = match page.operands {
        Words::Any => None,
        Words::Files => Some("*:file:_files".to_owned()),
        Words::Directories => Some("*:directory:_files -/".to_owned()),
        Words::These(words) => Some(format!("*:word:({})", words.join(" "))),
    };
    if let Some(operands) = operands {
        let _ = write!(text, " \\\n        {}", quoted(&operands));
    }
    text.push_str("\n}\n");
}

/// An option, as `_arguments` reads it; it may be repeated.
fn specification(name: &str, flag: &Flag) -> String {
    let escape = |text: &str| {
        let special = |ch: char| matches!(ch, '[' | ']' | ':' | '\\');
        text.chars().fold(String::new(), |mut text, ch| {
            if special(ch) {
                text.push('\\');
            }
            text.push(ch);
            text
        })
    };
    let help = escape(&flag.help);
    let Some(value) = &flag.value else { return format!("*{name}[{help}]") };
    let action = match (known_words(flag), value.words) {
        (Some(words), _) => format!("({})", words.join(" ")),
        (None, Words::Files) => "_files".to_owned(),
        (None, Words::Directories) => "_files -/".to_owned(),
        (None, Words::Any | Words::These(_)) => " ".to_owned(),
    };
    let what = escape(&value.name);
    match (value.optional, name.starts_with("--")) {
        (true, _) => format!("*{name}=-[{help}]::{what}:{action}"),
        (false, true) => format!("*{name}=[{help}]:{what}:{action}"),
        (false, false) => format!("*{name}+[{help}]:{what}:{action}"),
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
