use super::{Map, load, signs, warnings};
use crate::render;

const FILE: &str = include_str!("../../../../etc/twinseal.yaml");

#[test]
fn the_sample_file_is_current() {
    assert_eq!(FILE, render::sample(), "etc/twinseal.yaml is not what the table says");
}

#[test]
fn the_sample_file_is_a_configuration_without_warnings() {
    let loaded = load("--config t.yaml", &Map::default().with("t.yaml", &render::sample()));
    assert_eq!(warnings(&loaded), [""; 0]);
    assert_eq!(signs(&loaded.config, "a@b.example.com").unwrap(), "example.com mail2");
}

#[test]
fn what_the_sample_comments_out_is_in_force() {
    let sample = render::sample();
    let lines = sample.lines().filter(|line| !line.trim_start().starts_with("# "));
    let bare = lines.collect::<Vec<_>>().join("\n");
    let whole = load("--config t.yaml", &Map::default().with("t.yaml", &sample)).config;
    let bare = load("--config t.yaml", &Map::default().with("t.yaml", &bare)).config;
    assert_eq!(whole.internal_hosts, bare.internal_hosts);
    assert_eq!(whole.mode, bare.mode);
    assert_eq!(whole.umask, bare.umask);
}

#[test]
fn the_whole_sample_can_be_commented_in() {
    let sample = render::sample();
    let mut lines: Vec<String> = Vec::new();
    for line in sample.lines() {
        // A key, or what goes on from one; prose has neither.
        let bare = line.trim_start().strip_prefix("# ");
        let key = bare.is_some_and(|bare| {
            let word = bare.split(':').next().unwrap_or_default();
            // What an editor is told is no key either.
            let editor = word == "yaml-language-server";
            bare.contains(':')
                && !editor
                && word.chars().all(|ch| ch.is_ascii_lowercase() || ch == '-')
        });
        let goes_on = bare.is_some_and(|bare| bare.starts_with("  "));
        lines.push(if key || goes_on { line.replacen("# ", "", 1) } else { line.to_owned() });
    }
    let text = lines.join("\n");
    let files = Map::default().with("t.yaml", &text).with("/etc/twinseal/adsp.txt", "");
    let loaded = load("--config t.yaml", &files);
    assert_eq!(loaded.config.pid_file.unwrap().to_str(), Some("/run/twinseal/twinseal.pid"));
    let rule = loaded.config.rules.iter().next().unwrap();
    let dkim = rule.dkim.as_ref().unwrap();
    assert_eq!(dkim.headers, twinseal_dkim::HeaderSelection::default());
    assert_eq!(dkim.expire_after.unwrap().as_secs(), 14 * 24 * 60 * 60);
}

#[test]
fn help_names_every_option_once() {
    let help = render::help();
    for param in crate::params::PARAMS {
        let option = format!("--{}", param.long_option());
        let listed =
            help.lines().filter(|line| line.split([' ', ',', '[']).any(|word| word == option));
        let want = usize::from(param.is_option());
        let listed = listed.filter(|line| !line.contains("twinseal serve")).count();
        assert_eq!(listed, want, "{option}");
    }
    assert!(help.contains("-l means syslog"), "{help}");
    for line in ["      --dkim[=yes|no]  ", "-b, --mode s|v|sv  ", "-S, --selector SELECTOR  "] {
        assert!(help.contains(line), "{line:?} is not in\n{help}");
    }
    assert!(help.lines().all(|line| line.len() <= 110), "{help}");
}
