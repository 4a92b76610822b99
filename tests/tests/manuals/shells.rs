//! What shells offer, asked of the shells.

use std::process::Command;
use twinseal_e2e::here;
use twinseal_e2e::scratch::Scratch;

/// A line, and some of what has to be offered for its last word; nothing else that begins so.
const LINES: &[(&str, &[&str])] = &[
    ("twinseal ge", &["genkey"]),
    ("twinseal genkey --ty", &["--type"]),
    ("twinseal genkey --type ", &["rsa", "ed25519"]),
    ("twinseal dns --format ", &["zone", "plain", "json"]),
    ("twinseal check --mode ", &["s", "v", "sv"]),
    ("twinseal check -- open", &["opendkim"]),
    ("twinseal migrate dki", &["dkim-filter"]),
    ("twinseal config s", &["show"]),
];

/// Lines whose last word is a path of a file below the directory of the test.
const PATHS: &[&str] = &["twinseal verify ", "twinseal serve --config ", "opendkim -x "];

/// Whether what a shell offers is that, in any order.
fn assert_offered(shell: &str, line: &str, offered: &[String], wanted: &[&str]) {
    let mut offered: Vec<&str> = offered.iter().map(|word| word.trim_end_matches('=')).collect();
    let mut wanted = wanted.to_vec();
    offered.sort_unstable();
    offered.dedup();
    wanted.sort_unstable();
    assert_eq!(offered, wanted, "{shell}: {line:?}");
}

fn lines(output: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(output);
    text.lines().filter(|line| !line.is_empty()).map(ToOwned::to_owned).collect()
}

/// What bash offers, as it hands the words of a line over.
fn bash(line: &str) -> Vec<String> {
    let script = "source \"$1\"; line=$2; read -ra COMP_WORDS <<<\"$line\"; \
                  [[ $line == *' ' ]] && COMP_WORDS+=(''); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); \
                  _twinseal; printf '%s\\n' \"${COMPREPLY[@]}\"";
    let file = here("../etc/completions/twinseal.bash");
    let output = Command::new("bash").args(["-c", script, "bash"]).arg(file).arg(line).output();
    let output = output.expect("bash");
    assert!(output.stderr.is_empty(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    lines(&output.stdout)
}

fn fish(line: &str) -> Vec<String> {
    let script = "source $argv[1]; complete -C $argv[2]";
    let file = here("../etc/completions/twinseal.fish");
    let scratch = Scratch::new("fish");
    let mut fish = Command::new("fish");
    fish.args(["--no-config", "-c", script]).arg(file).arg(line).env("HOME", scratch.path());
    let output = fish.output().expect("fish");
    assert!(output.stderr.is_empty(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    // Behind a tabulator stands what it is about.
    let word = |line: String| line.split('\t').next().unwrap_or_default().to_owned();
    lines(&output.stdout).into_iter().map(word).collect()
}

/// What zsh makes of a line when the key is pressed behind it, on a terminal.
fn zsh(line: &str, scratch: &Scratch) -> String {
    let script = "zmodload zsh/zpty\n\
        zpty z zsh -f -i\n\
        zpty -w z 'PROMPT=; fpath=('$1' $fpath); autoload -Uz compinit; compinit -D -u'\n\
        zpty -w z 'shown() { print -r -- \"<<$BUFFER>>\"; BUFFER=; }; zle -N shown'\n\
        zpty -w z 'bindkey \"^X\" shown; bindkey \"^I\" complete-word; print rea''dy'\n\
        zpty -r -m z seen '*ready*'\n\
        zpty -w -n z \"$2\"$'\\t\\x18'\n\
        zpty -r -m z seen '*<<*>>*'\n\
        print -r -- ${${seen##*<<}%%>>*}\n";
    let file = here("../etc/completions");
    let mut zsh = Command::new("timeout");
    zsh.args(["60", "zsh", "-f", "-c", script, "zsh"]).arg(file).arg(line);
    let output = zsh.env("HOME", scratch.path()).env("TERM", "dumb").output().expect("zsh");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn bash_offers_commands_options_words_and_files() {
    let scratch = Scratch::new("bash");
    let file = scratch.write("a file.eml", "").display().to_string();
    for (line, wanted) in LINES {
        assert_offered("bash", line, &bash(line), wanted);
    }
    // The shell splits such a word at the equals sign.
    assert_offered("bash", "=", &bash("twinseal genkey --type = ed"), &["ed25519"]);
    assert_offered("bash", "=", &bash("twinseal serve --dkim = "), &["yes", "no"]);
    assert_offered("bash", "no value", &bash("twinseal genkey --domain "), &[]);
    let letters = bash("twinseal check -- dk-filter -");
    assert!(letters.contains(&"-H".to_owned()), "{letters:?}");
    for path in PATHS {
        let line = format!("{path}{}", scratch.join("a").display());
        assert_offered("bash", &line, &bash(&line), &[&file]);
    }
}

#[test]
fn fish_offers_commands_options_words_and_files() {
    let scratch = Scratch::new("fish-files");
    let file = scratch.write("afile.eml", "").display().to_string();
    for (line, wanted) in LINES {
        assert_offered("fish", line, &fish(line), wanted);
    }
    for path in PATHS {
        let line = format!("{path}{}", scratch.join("a").display());
        assert_offered("fish", &line, &fish(&line), &[&file]);
    }
}

#[test]
fn zsh_completes_commands_options_words_and_files() {
    let scratch = Scratch::new("zsh");
    let file = scratch.write("afile.eml", "").display().to_string();
    for (line, wanted) in [
        ("twinseal genk", "twinseal genkey"),
        ("twinseal genkey --typ", "twinseal genkey --type="),
        ("twinseal genkey --type ed", "twinseal genkey --type ed25519"),
        ("twinseal genkey --type=ed", "twinseal genkey --type=ed25519"),
        ("twinseal check --mode=s", "twinseal check --mode=s"),
        ("twinseal check -- open", "twinseal check -- opendkim"),
        ("twinseal check -- opendkim -x", "twinseal check -- opendkim -x"),
        ("twinseal migrate dki", "twinseal migrate dkim-filter"),
        ("opendkim-genkey --append", "opendkim-genkey --append-domain"),
    ] {
        assert_eq!(zsh(line, &scratch), wanted, "{line:?}");
    }
    for path in PATHS {
        let line = format!("{path}{}", scratch.join("a").display());
        assert_eq!(zsh(&line, &scratch), format!("{path}{file}"), "{line:?}");
    }
}
