//! What a Prometheus server sees of the program: figures that are those of a counted run, a
//! dashboard whose questions all have answers, and alerts that fire, name what is broken, and go.

#[path = "monitoring/documents.rs"]
mod documents;
#[path = "monitoring/expected.rs"]
mod expected;
#[path = "monitoring/kinds.rs"]
mod kinds;
#[path = "monitoring/run.rs"]
mod run;

use documents::{ALERTS_TABLE, METRICS_TABLE, dashboard, documented, rules, served};
use run::Run;
use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;
use twinseal_e2e::here;
use twinseal_e2e::incoming::record;
use twinseal_e2e::nameserver::{Nameserver, Site, Zone};
use twinseal_e2e::net::{Address, wait_for};
use twinseal_e2e::program::Daemon;
use twinseal_e2e::prometheus::{Alert, Prometheus, parsed, promtool};
use twinseal_e2e::scratch::Scratch;

/// By when something that Prometheus looks at every second is seen.
const LIMIT: Duration = Duration::from_secs(20);

#[test]
fn the_rules_are_sound_and_fire_when_they_say() {
    let rules = here("../etc/prometheus/twinseal.rules.yml").display().to_string();
    let (sound, said) = promtool(&["check", "rules", &rules], "");
    assert!(sound, "{said}");
    let scraping = here("../etc/prometheus/scrape.yml").display().to_string();
    let (sound, said) = promtool(&["check", "config", &scraping], "");
    assert!(sound && said.contains("19 rules found"), "{said}");
    for file in ["rules.test.yml", "rules-slow.test.yml"] {
        let file = here(&format!("data/prometheus/{file}")).display().to_string();
        let (passes, said) = promtool(&["test", "rules", &file], "");
        assert!(passes, "{said}");
    }
}

#[test]
fn every_rule_has_a_severity_words_and_a_case_and_is_in_the_table() {
    let cases = ["rules.test.yml", "rules-slow.test.yml"]
        .map(|file| fs::read_to_string(here(&format!("data/prometheus/{file}"))).expect("a file"))
        .concat();
    let all = rules();
    for rule in &all {
        let name = rule["alert"].as_str().expect("its name");
        let severity = rule["labels"]["severity"].as_str().unwrap_or_default();
        assert!(["critical", "warning", "info"].contains(&severity), "{name}: {severity:?}");
        for annotation in ["summary", "description", "action"] {
            let text = rule["annotations"][annotation].as_str().unwrap_or_default();
            assert!(text.len() > 10, "{name} has no {annotation}");
        }
        assert!(cases.contains(name), "no case of tests/data/prometheus is about {name}");
    }
    let in_file: BTreeSet<String> = all
        .iter()
        .map(|rule| {
            let severity = rule["labels"]["severity"].as_str().unwrap_or_default();
            format!("{} {severity}", rule["alert"].as_str().unwrap_or_default())
        })
        .collect();
    let in_table = documented(ALERTS_TABLE);
    let in_table: BTreeSet<String> =
        in_table.iter().map(|row| format!("{} {}", row[0].trim_matches('`'), row[1])).collect();
    assert_eq!(in_file, in_table, "docs/monitoring.md and the rules differ");
}

#[test]
fn the_dashboard_is_explained_whole_and_of_what_every_grafana_has() {
    let panels = documents::panels();
    let mut ids = BTreeSet::new();
    for panel in &panels {
        let title = panel["title"].as_str().unwrap_or_default();
        assert!(ids.insert(panel["id"].as_u64()) && !title.is_empty(), "{panel}");
        let kind = panel["type"].as_str().unwrap_or_default();
        assert!(["row", "stat", "table", "timeseries"].contains(&kind), "{title} is a {kind}");
        let [x, y, w, h] = documents::place(panel);
        assert!(x + w <= 24, "{title} is too wide");
        for other in panels.iter().filter(|other| other["id"] != panel["id"]) {
            let [left, top, width, height] = documents::place(other);
            let beside = x + w <= left || left + width <= x || y + h <= top || top + height <= y;
            assert!(beside, "{title} lies on {}", other["title"]);
        }
        if kind != "row" {
            assert!(panel["description"].as_str().is_some_and(|text| text.len() > 15), "{title}");
            assert!(panel["fieldConfig"]["defaults"]["unit"].is_string() || kind == "table");
            assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}");
        }
    }
}

#[test]
fn the_figures_are_those_of_a_counted_run_and_every_question_of_the_dashboard_has_an_answer() {
    let scratch = Scratch::new("counted");
    let mut run = Run::start(&scratch);
    let prometheus = Prometheus::start(run.port, &documents::impatient(), &scratch);
    prometheus.wait_until("twinseal_messages_total == 0", |found| !found.is_empty());
    run.send_all();
    run.reload();

    let text = run.metrics();
    let (clean, said) = promtool(&["check", "metrics"], &text);
    assert!(clean && said.trim().is_empty(), "{said}\n{text}");
    let samples = parsed(&text);
    run.compare(&samples, &text);
    run::assert_private(&text);
    run::assert_known(&samples);
    run.compare_dkim_stats();

    // Each is explained, and each that is explained is there.
    let explained: BTreeSet<String> =
        documented(METRICS_TABLE).iter().map(|row| row[0].trim_matches('`').to_owned()).collect();
    assert_eq!(served(&text), explained, "docs/monitoring.md and /metrics differ\n{text}");
    // A metric that a rule or the dashboard asks for and nobody serves would never be missed.
    let asked = documents::metrics_asked_for();
    let nobody: Vec<&String> = asked.iter().filter(|name| !text.contains(*name)).collect();
    assert!(nobody.is_empty(), "nobody serves {nobody:?}");

    // Two more looks, so that there is a rate of what came into being during the run.
    let total = format!("sum(twinseal_messages_total) == {}", run::MESSAGES);
    prometheus.wait_until(&total, |found| !found.is_empty());
    prometheus.wait_until(
        "count_over_time(twinseal_dns_record_bad[1m]) > 1 and on() count_over_time(twinseal_obstructed_total[1m]) > 1",
        |found| !found.is_empty(),
    );
    for (title, query) in dashboard() {
        let found = prometheus.query(&query).unwrap_or_else(|e| panic!("{title}: {query}: {e}"));
        assert!(!found.is_empty(), "{title}: nothing answers {query}");
        let numbers = found.iter().all(|sample| sample.value.is_finite());
        assert!(numbers, "{title}: no number for {query}: {found:?}");
    }
    for rule in rules() {
        let query = rule["expr"].as_str().expect("its expression");
        prometheus.query(query).unwrap_or_else(|e| panic!("{}: {query}: {e}", rule["alert"]));
    }
    let firing = || -> BTreeSet<String> {
        let fires = prometheus.alerts().into_iter().filter(|alert| alert.fires);
        fires.map(|alert| alert.labels["alertname"].clone()).collect()
    };
    let want: BTreeSet<String> = run::ALERTS.iter().map(|&name| name.to_owned()).collect();
    let right = wait_for(LIMIT, || (firing() == want).then_some(()));
    assert!(right.is_some(), "{:?}\n{:#?}", firing(), prometheus.alerts());
    drop(prometheus);
    run.stop();
}

#[test]
fn an_alert_names_a_broken_record_or_a_failed_reload_and_goes_when_it_is_mended() {
    let scratch = Scratch::new("alerts");
    // What it says is remembered for a second.
    let site = Site { seconds: 1, ..Site::somewhere() };
    let right = record();
    let server = Nameserver::start_at(&site, &[zone(&right)], &scratch);
    let (address, port) = (Address::any_inet(), Address::free_port());
    let good = configuration(&address, port, server.port(), &scratch);
    let file = scratch.write("twinseal.yaml", &good).display().to_string();
    let daemon = Daemon::start(&["serve", "--config", &file], &address, &scratch);
    let prometheus = Prometheus::start(port, &documents::impatient(), &scratch);
    prometheus.wait_until("twinseal_dns_records{state=\"good\"} == 1", |found| found.len() == 1);
    assert_silent(&prometheus, port, &daemon);

    for (alert, broken) in [
        ("TwinsealRecordWrong", &*run::record_of("rsa1024")),
        ("TwinsealRecordRevoked", "v=DKIM1; k=rsa; p="),
        ("TwinsealRecordUnusable", "v=DKIM1; k=rsa; p=%%%"),
        ("TwinsealRecordMissing", ""),
    ] {
        server.publish(&zone(broken), &site, &scratch);
        let fired = fired(&prometheus, alert, port);
        assert_eq!(fired.labels["domain"], "example.com");
        assert_eq!(fired.labels["selector"], "m1");
        assert!(fired.annotations["summary"].contains("m1._domainkey.example.com"), "{fired:?}");
    }
    server.publish(&zone(&right), &site, &scratch);
    assert_silent(&prometheus, port, &daemon);

    scratch.write("twinseal.yaml", good.replace("mode: s", "mode: nonsense"));
    daemon.signal("HUP");
    fired(&prometheus, "TwinsealReloadFailed", port);
    scratch.write("twinseal.yaml", &good);
    daemon.signal("HUP");
    assert_silent(&prometheus, port, &daemon);

    let (status, log) = daemon.stop_with_log();
    assert!(status.success(), "{log}");
    let down = wait_for(LIMIT, || prometheus.firing("TwinsealDown").pop());
    assert!(down.is_some(), "{:?}", prometheus.alerts());
}

/// A zone with that record, or with none.
fn zone(record: &str) -> Zone {
    // The key is longer than one string may be.
    let strings = record.as_bytes().chunks(200).map(String::from_utf8_lossy);
    let strings: Vec<String> = strings.map(|one| format!("\"{one}\"")).collect();
    let line = format!("m1._domainkey IN TXT {}\n", strings.join(" "));
    let lines = if record.is_empty() { String::new() } else { line };
    Zone { name: "example.com".to_owned(), lines }
}

/// One domain, whose record is compared every second.
fn configuration(address: &Address, port: u16, dns: u16, scratch: &Scratch) -> String {
    let key = scratch.key("rsa2048").display().to_string();
    format!(
        "socket: {}\nmode: s\nmetrics: {{ socket: \"inet:{port}@127.0.0.1\", dns-interval: 1s }}\n\
         dns: {{ servers: [\"127.0.0.1:{dns}\"], timeout: 2s }}\nsigning:\n\
         \x20 - {{ senders: \"*@example.com\", domain: example.com, keys: [{{ file: {key}, selector: \
         m1 }}] }}\n",
        address.for_filter(),
    )
}

/// Waits until no alert pends or fires.
#[track_caller]
fn assert_silent(prometheus: &Prometheus, port: u16, daemon: &Daemon) {
    let silent = wait_for(LIMIT, || prometheus.alerts().is_empty().then_some(()));
    let told = || (prometheus.alerts(), run::text(port), daemon.log());
    assert!(silent.is_some(), "all is well, and {:?}", told());
}

/// Waits until that alert fires.
#[track_caller]
fn fired(prometheus: &Prometheus, alert: &str, port: u16) -> Alert {
    let fires = wait_for(LIMIT, || prometheus.firing(alert).pop());
    let told = || format!("{:?}\n{}", prometheus.alerts(), run::text(port));
    fires.unwrap_or_else(|| panic!("{alert} does not fire: {}", told()))
}
