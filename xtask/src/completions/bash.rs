//! For bash.

use super::{HEAD, commands, flags, known_words, pages, programs};
use std::fmt::Write as _;
use twinseal_daemon::manual::{Page, Words};

/// What finds the command and asks the tables. The words of a line are split at equals signs, so
/// that a value may stand two words behind its option.
const ASK: &str = r#"
_twinseal() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local command=${COMP_WORDS[0]##*/} word=0 kind words
    COMPREPLY=()
    if [[ $command == twinseal ]]; then
        word=1
        command=${COMP_WORDS[1]##*/}
    fi
    # Behind a double dash stands a program with its own options.
    local at
    for ((at = word + 1; at < COMP_CWORD; at++)); do
        if [[ ${COMP_WORDS[at]} == -- ]]; then
            word=$((at + 1))
            command=${COMP_WORDS[word]##*/}
            if [[ $command == twinseal && $word -lt $COMP_CWORD ]]; then
                word=$((word + 1))
                command=${COMP_WORDS[word]##*/}
            fi
            if [[ $word -eq $COMP_CWORD ]]; then
                mapfile -t COMPREPLY < <(compgen -W "$_twinseal_doors" -- "$current")
                return
            fi
        fi
    done
    if [[ $word -eq $COMP_CWORD ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$_twinseal_commands" -- "$current")
        return
    fi
    if [[ $current == = ]]; then
        current=
    elif [[ $previous == = ]]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    kind=$(_twinseal_value "$command" "$previous")
    if [[ -z $kind && $current == -* ]]; then
        words=$(_twinseal_options "$command")
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
        return
    fi
    if [[ -z $kind ]]; then
        kind=$(_twinseal_operands "$command")
    fi
    case $kind in
    files)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        ;;
    directories)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -d -- "$current")
        ;;
    any) ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$kind" -- "$current") ;;
    esac
}
"#;

/// The file.
pub(crate) fn bash() -> String {
    let mut text = format!("{HEAD}# shellcheck shell=bash\n\n");
    let names = |pages: &mut dyn Iterator<Item = &'static Page>| {
        pages.map(|page| page.name).collect::<Vec<_>>().join(" ")
    };
    let _ = writeln!(text, "_twinseal_commands=\"{} --help --version\"", names(&mut commands()));
    let doors = names(&mut super::DOORS.into_iter());
    let _ = writeln!(text, "_twinseal_doors=\"serve {doors}\"");
    text.push_str("\n# The options of a command.\n_twinseal_options() {\n    case $1 in\n");
    for page in pages() {
        let names: Vec<String> = flags(page).into_iter().flat_map(|flag| flag.names).collect();
        let _ = writeln!(text, "    {}) echo '{}' ;;", page.name, names.join(" "));
    }
    text.push_str("    esac\n}\n\n# What stands behind an option of a command.\n");
    text.push_str("_twinseal_value() {\n    case $1:$2 in\n");
    pages().for_each(|page| values(page, &mut text));
    text.push_str("    esac\n}\n\n# What the other words of a command are.\n");
    text.push_str("_twinseal_operands() {\n    case $1 in\n");
    for page in pages() {
        if let Some(kind) = kind(page.operands) {
            let _ = writeln!(text, "    {}) echo '{kind}' ;;", page.name);
        }
    }
    text.push_str("    esac\n}\n");
    text.push_str(ASK);
    let programs: Vec<&str> = programs().map(|page| page.name).collect();
    let _ = writeln!(text, "\ncomplete -F _twinseal twinseal {}", programs.join(" "));
    text
}

fn values(page: &Page, text: &mut String) {
    for flag in flags(page) {
        let Some(value) = &flag.value else { continue };
        let kind = match known_words(&flag) {
            Some(words) => words.join(" "),
            None => kind(value.words).unwrap_or_else(|| "any".to_owned()),
        };
        // What may be left out stands behind an equals sign, which is no word in front of it.
        let names: Vec<String> =
            flag.names.iter().map(|name| format!("{}:{name}", page.name)).collect();
        if value.optional {
            let _ = writeln!(
                text,
                "    {}) [[ ${{COMP_WORDS[COMP_CWORD - 1]}} != = && ${{COMP_WORDS[COMP_CWORD]}} != = \
                 ]] || echo '{kind}' ;;",
                names.join(" | ")
            );
        } else {
            let _ = writeln!(text, "    {}) echo '{kind}' ;;", names.join(" | "));
        }
    }
}

fn kind(words: Words) -> Option<String> {
    match words {
        Words::Any => None,
        Words::Files => Some("files".to_owned()),
        Words::Directories => Some("directories".to_owned()),
        Words::These(words) => Some(words.join(" ")),
    }
}
