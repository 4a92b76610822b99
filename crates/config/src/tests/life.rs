//! A reload, and the life of the process.

use super::{Map, load_in, mistakes_in, warnings};
use crate::{Door, Mode, RestartRate, reload};
use std::ffi::OsString;
use std::time::Duration;

const PATH: &str = "/etc/dkim-filter.conf";

fn words(words: &str) -> impl Iterator<Item = OsString> {
    words.split(' ').map(OsString::from)
}

/// A configuration of dkim-filter with these lines.
fn file(lines: &str) -> Map {
    Map::default().with(PATH, &format!("Socket inet:8891@localhost\nMode v\n{lines}"))
}

#[test]
fn after_a_reload_the_command_line_says_what_no_reload_can_change() {
    let files = Map::default().with(PATH, "Mode v\nLogWhy no\n");
    let typed = format!("-x {PATH} -p inet:1@h -u nobody -b s -W -P /p -l");
    let config = reload(Door::DkimFilter, words(&typed), &files).unwrap().config;
    assert_eq!((config.mode, config.log.why), (Mode::Verify, false));
    assert_eq!(config.user.map(|user| user.name).as_deref(), Some("nobody"));
    assert_eq!(config.pid_file.unwrap().to_str(), Some("/p"));
}

#[test]
fn elsewhere_the_command_line_keeps_its_say() {
    let files = Map::default().with("/f", "socket: inet:1@h\nmode: sv\n");
    let typed = words("--config /f -b v");
    assert_eq!(reload(Door::Native, typed, &files).unwrap().config.mode, Mode::Verify);
}

#[test]
fn a_reload_tells_all_mistakes() {
    let files = file("UMask x\nPeerList /none\n");
    let mistakes = reload(Door::DkimFilter, words(&format!("-x {PATH}")), &files).unwrap_err();
    assert_eq!(mistakes.lines().count(), 2, "{mistakes}");
}

#[test]
fn restarts_are_limited_by_default_but_for_dkim_filter() {
    let life = |door, typed: &str, files: &Map| load_in(door, typed, files).config.life;
    let files = file("AutoRestart yes\n");
    let restart = life(Door::DkimFilter, &format!("-x {PATH}"), &files).restart;
    assert!(restart.auto && restart.rate.is_none() && restart.count.is_none());
    let files = file("AutoRestartCount 3\nAutoRestartRate 5/2m\nEnableCoredumps yes\n");
    let found = life(Door::DkimFilter, &format!("-x {PATH} -A"), &files);
    let rate = RestartRate { restarts: 5, within: Duration::from_secs(120) };
    assert!(found.restart.auto && found.core_dumps && !found.protocol_log);
    assert_eq!((found.restart.count, found.restart.rate), (Some(3), Some(rate)));
    let hourly = RestartRate { restarts: 10, within: Duration::from_secs(3600) };
    let native = life(Door::Native, "-p inet:1@h -b v -A", &Map::default()).restart;
    assert!(native.auto && native.rate == Some(hourly));
}

#[test]
fn what_is_wrong_about_the_process_is_told() {
    let files = file("AutoRestartRate 5\nAutoRestartCount some\nMilterDebug loud\n");
    let lines = mistakes_in(Door::DkimFilter, &format!("-x {PATH}"), &files);
    let wants = [
        ":3: AutoRestartRate: found \"5\", allowed: restarts and a time, such as 10/1h",
        ":4: AutoRestartCount: found \"some\", allowed: a whole number, 0 for no limit",
        ":5: MilterDebug: found \"loud\", allowed: a whole number",
    ];
    for (line, want) in lines.iter().zip(wants) {
        assert!(line.contains(want), "{line}\nis not\n{want}");
    }
    assert_eq!(lines.len(), wants.len(), "{lines:#?}");
}

#[test]
fn what_has_no_effect_is_said_with_the_reason() {
    let files = file("TemporaryDirectory /tmp\nKeepTemporaryFiles yes\n");
    let told = warnings(&load_in(Door::DkimFilter, &format!("-x {PATH}"), &files));
    let reasons = told.iter().filter(|line| line.contains("nothing is written to temporary files"));
    assert_eq!(reasons.count(), 2, "{told:#?}");
}
