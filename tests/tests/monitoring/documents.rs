//! What is written about the metrics: the rules, the dashboard, and the tables of the document.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use twinseal_e2e::here;

/// The heading above the table of metrics.
pub(crate) const METRICS_TABLE: &str = "## What is counted";

/// What is above the table of labels.
const LABELS_TABLE: &str = "What the labels say:";

/// The heading above the table of alerts.
pub(crate) const ALERTS_TABLE: &str = "## Alerts";

/// What each name of a metric begins with.
const PREFIX: &str = "twinseal_";

fn file(path: &str) -> String {
    fs::read_to_string(here(&format!("../{path}"))).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// The rules as they are shipped.
pub(crate) fn rules() -> Vec<Value> {
    let all: Value = serde_yaml::from_str(&file("etc/prometheus/twinseal.rules.yml"))
        .unwrap_or_else(|e| panic!("twinseal.rules.yml: {e}"));
    let groups = all["groups"].as_array().expect("groups").iter();
    let rules: Vec<Value> =
        groups.flat_map(|group| group["rules"].as_array().cloned().unwrap_or_default()).collect();
    assert!(!rules.is_empty());
    rules
}

/// The same rules, which wait for nothing: how long each waits is a matter of `promtool test`.
pub(crate) fn impatient() -> String {
    let at_once = |line: &str| match line.trim_start().strip_prefix("for: ") {
        Some(_) => "        for: 0s\n".to_owned(),
        None => format!("{line}\n"),
    };
    file("etc/prometheus/twinseal.rules.yml").lines().map(at_once).collect()
}

/// The cells of the first table below a heading of docs/monitoring.md, without its head.
pub(crate) fn documented(heading: &str) -> Vec<Vec<String>> {
    let text = file("docs/monitoring.md");
    let (_, section) = text.split_once(heading).unwrap_or_else(|| panic!("no {heading:?}"));
    let table = section.lines().skip_while(|line| !line.starts_with('|'));
    let rows = table.take_while(|line| line.starts_with('|')).skip(2);
    let cells = |row: &str| row.trim_matches('|').split('|').map(|c| c.trim().to_owned()).collect();
    rows.map(cells).collect()
}

/// The values that each label may have, as they are documented; those of configurations apart.
pub(crate) fn values_of_labels() -> BTreeMap<String, BTreeSet<String>> {
    let quoted = |text: &str| -> BTreeSet<String> {
        text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    };
    let row = |row: Vec<String>| (row[0].trim_matches('`').to_owned(), quoted(&row[1]));
    let mut values: BTreeMap<_, _> = documented(LABELS_TABLE).into_iter().map(row).collect();
    let log = file("docs/log.md");
    let codes = log.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    // Several codes may be in the words of one row.
    let unparsable =
        ["sender", "resent-from", "resent-sender"].map(|it| format!("unparsable-{it}"));
    let reasons = values.get_mut("reason").expect("a row about reasons");
    reasons.extend(codes.flat_map(quoted));
    reasons.extend(unparsable);
    values
}

/// The metrics in a text, without what their names begin with.
pub(crate) fn served(text: &str) -> BTreeSet<String> {
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let names = types.filter_map(|line| line.split(' ').next());
    let name = |name: &str| {
        let bare = name.strip_prefix(PREFIX);
        bare.unwrap_or_else(|| panic!("{name:?} does not begin with {PREFIX}")).to_owned()
    };
    names.map(name).collect()
}

/// The panels of the dashboard.
pub(crate) fn panels() -> Vec<Value> {
    let dashboard: Value = serde_json::from_str(&file("etc/grafana/twinseal.json")).expect("JSON");
    dashboard["panels"].as_array().cloned().expect("panels")
}

/// Where a panel is: from the left, from the top, its width and its height.
pub(crate) fn place(panel: &Value) -> [u64; 4] {
    ["x", "y", "w", "h"].map(|name| panel["gridPos"][name].as_u64().expect("a number"))
}

/// The questions of the dashboard, each with the title of its panel, as Grafana would ask them of a
/// server that has asked us for less than a minute.
pub(crate) fn dashboard() -> Vec<(String, String)> {
    let dashboard: Value = serde_json::from_str(&file("etc/grafana/twinseal.json")).expect("JSON");
    let mut questions = Vec::new();
    walk(&dashboard, "", &mut questions);
    assert!(questions.len() > 30, "{questions:?}");
    let text = |text: &str| {
        let text = text.replace("$__rate_interval", "1m").replace("$__range", "1m");
        let text = text.replace("$instance", ".*");
        assert!(!text.contains('$'), "a variable that is not known: {text}");
        text
    };
    questions.iter().map(|(title, query)| (title.clone(), text(query))).collect()
}

/// Every `expr`, wherever it is, and what `label_values` asks for.
fn walk(value: &Value, title: &str, questions: &mut Vec<(String, String)>) {
    let title = value["title"].as_str().or(value["name"].as_str()).unwrap_or(title);
    if let Some(query) = value["expr"].as_str() {
        questions.push((title.to_owned(), query.to_owned()));
    }
    if let Some(asked) = value["definition"].as_str() {
        let metric = asked.strip_prefix("label_values(").and_then(|rest| rest.split_once(','));
        let (metric, _) = metric.unwrap_or_else(|| panic!("{asked:?}"));
        questions.push((title.to_owned(), metric.to_owned()));
    }
    let within: Vec<&Value> = match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(members) => members.values().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    within.into_iter().for_each(|one| walk(one, title, questions));
}

/// The metrics that the rules and the dashboard ask for.
pub(crate) fn metrics_asked_for() -> BTreeSet<String> {
    let rules = rules();
    let of_rules = rules.iter().filter_map(|rule| rule["expr"].as_str().map(str::to_owned));
    let of_dashboard = dashboard().into_iter().map(|(_, query)| query);
    let names = of_rules.chain(of_dashboard).flat_map(|query| {
        let words = query.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let names: Vec<String> =
            words.filter(|word| word.starts_with(PREFIX)).map(str::to_owned).collect();
        names
    });
    names.collect()
}
