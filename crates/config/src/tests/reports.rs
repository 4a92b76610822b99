//! Reports, as both files ask for them.

use super::{Map, load, load_in, mistakes_in, warnings};
use crate::{Config, Door, Loaded, Reports};

const PATH: &str = "/etc/dkim-filter.conf";

fn dkim(words: &str, text: &str) -> Loaded {
    let files = Map::default().with(PATH, text).with("/usr/sbin/sendmail", "");
    load_in(Door::DkimFilter, &format!("-x {PATH} -p /s -b v -l {words}"), &files)
}

fn reports(config: &Config) -> (bool, bool, Option<String>) {
    let Reports { signatures, policies, address, command } = config.reports.clone().unwrap();
    assert_eq!(command.to_str(), Some("/usr/sbin/sendmail"));
    (signatures, policies, address.map(|address| address.to_string()))
}

#[test]
fn nothing_is_reported_unless_that_is_asked_for() {
    for text in ["", "SendReports no", "SendADSPReports no\nReportAddress a@b.example"] {
        assert!(dkim("", text).config.reports.is_none(), "{text}");
    }
    assert!(load("-p /s --mode v", &Map::default()).config.reports.is_none());
    let address = Some("a@b.example".to_owned());
    for (words, text, want) in [
        ("-R", "", (true, false, None)),
        ("", "SendReports yes\nReportAddress a@b.example", (true, false, address)),
        ("", "ReportInfo yes", (true, false, None)),
        ("", "SendADSPReports yes", (false, true, None)),
        ("-R", "SendASPReports yes", (true, true, None)),
    ] {
        let config = dkim(words, text).config;
        assert_eq!(reports(&config), want, "{words} {text}");
        assert_eq!(config.adsp.is_some(), want.1, "{words} {text}");
    }
}

#[test]
fn what_stands_in_the_way_of_reports_is_said() {
    let old = warnings(&dkim("", "ReportInfo yes\nSendASPReports no\n"));
    let renamed = |line: u32, old: &str, new: &str| {
        format!("{PATH}:{line}: {old}: it is called {new} by now")
    };
    let want =
        [renamed(1, "ReportInfo", "SendReports"), renamed(2, "SendASPReports", "SendADSPReports")];
    assert_eq!(old, want);
    let loaded = load_in(Door::DkimFilter, "-p /s -b v -l -R", &Map::default());
    let want = "-R: \"/usr/sbin/sendmail\" is not there: no report can be sent";
    assert_eq!(warnings(&loaded), [want]);
    let text = "socket: /s\nmode: v\nadsp: { evaluate: no }\nreports: { adsp: yes, command: /c }\n";
    let files = Map::default().with("/t", text).with("/c", "");
    let found = warnings(&load("--config /t", &files));
    let want = "/t:4: reports.adsp: accepted, but without effect: adsp.evaluate is no";
    assert_eq!(found, [want]);
    for address in ["nobody", "a@b.example,c@d.example", "<a@b.example>", "a@"] {
        let files = Map::default().with(PATH, &format!("ReportAddress {address}\n"));
        let words = format!("-x {PATH} -p /s -b v");
        let lines = mistakes_in(Door::DkimFilter, &words, &files);
        let want = format!("{PATH}:1: ReportAddress: found \"{address}\", allowed: an address");
        assert!(lines[0].starts_with(&want), "{lines:?}");
    }
}
