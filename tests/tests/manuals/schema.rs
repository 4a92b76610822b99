//! The schema of the configuration against the daemon: what the one takes the other takes, and what an
//! editor can see to be wrong is seen.

use std::io::Write as _;
use std::process::{Command, Stdio};
use twinseal_config::params::{Kind, PARAMS};
use twinseal_config::render;
use twinseal_e2e::corpus::{configurations, mistakes};
use twinseal_e2e::here;

/// What a schema and a YAML have to say: as YAML 1.1 has it, and as 1.2 does; nothing where it is no
/// YAML.
type Said = [Option<Vec<String>>; 2];

/// What the schema says of each of these.
fn judged(documents: &[String]) -> Vec<Said> {
    let mut judge = Command::new(here("judges/schema.py"));
    judge.arg(here("../etc/twinseal.schema.json")).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut judge = judge.spawn().expect("python3, python3-jsonschema and python3-yaml");
    let input = serde_json::to_vec(documents).expect("JSON");
    let mut stdin = judge.stdin.take().expect("a pipe");
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = judge.wait_with_output().expect("its output");
    writer.join().expect("a thread").expect("it is read");
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// A file that is in order, and more.
fn with(more: &str) -> String {
    format!(
        "socket: inet:8891@localhost\n{more}signing:\n  - senders: \"*@example.com\"\n    domain: \
         example.com\n    keys: [{{ file: /k/m }}]\n"
    )
}

#[test]
fn what_the_daemon_takes_the_schema_takes() {
    let mut documents = configurations();
    assert!(documents.len() > 200, "{} configurations", documents.len());
    assert!(documents.contains(&render::sample()), "the sample is one of them");
    // A value of each word of each choice, and of each default.
    for param in PARAMS.iter().filter(|param| param.is_in_file()) {
        let (section, name) = param.name.rsplit_once('.').unwrap_or(("", param.name));
        let words: Vec<&str> = match param.kind {
            Kind::Choice(words) => words.to_vec(),
            Kind::Switch => vec!["yes", "no", "true", "false", "on", "off", "Yes", "OFF"],
            Kind::Text(_)
            | Kind::Octal
            | Kind::Number
            | Kind::Duration
            | Kind::Size
            | Kind::Path
            | Kind::List(_)
            | Kind::Hosts
            | Kind::Domains
            | Kind::Entries(_)
            | Kind::Command => {
                param.default.into_iter().filter(|text| !text.contains(',')).collect()
            }
        };
        for word in words.iter().filter(|word| !word.is_empty()) {
            let line = match section {
                "" => format!("{name}: {word}\n"),
                section => format!("{section}: {{ {name}: {word} }}\n"),
            };
            documents.push(with(&line));
        }
    }
    documents.retain(|text| mistakes(text).is_empty());
    let mut read = 0;
    for (document, said) in documents.iter().zip(judged(&documents)) {
        for wrong in said.into_iter().flatten() {
            assert_eq!(wrong, [""; 0], "\n{document}");
            read += 1;
        }
    }
    assert!(read > 600, "{read} read");
}

/// Lines that are wrong in a file that is otherwise in order.
const LINES: &[&str] = &[
    // Unknown keys, at each level.
    "sokcet: x\n",
    "dkim: { canonicalisation: simple }\n",
    "log: { colour: red }\n",
    "Socket: inet:8891\n",
    "check: yes\n",
    "key-list-file: /x\n",
    // Another shape.
    "umask: [7]\n",
    "umask: { a: 1 }\n",
    "umask:\n",
    "peers: { a: b }\n",
    "peers: [a, [b]]\n",
    "dkim: [a]\n",
    "log: syslog\n",
    "log: [a]\n",
    "mode: [s]\n",
    "pid-file: ''\n",
    // Another word, number or unit.
    "mode: x\n",
    "mode: ''\n",
    "foreground: maybe\n",
    "foreground: 2\n",
    "umask: 'u=rwx'\n",
    "umask: -7\n",
    "log: { to: nowhere }\n",
    "log: { format: yaml }\n",
    "forecast: maybe\n",
    "limits: { connections: many }\n",
    "limits: { connections: -1 }\n",
    "limits: { idle: 30 }\n",
    "limits: { idle: 30 fortnights }\n",
    "verify: { maximum-header: 64 KB }\n",
    "dkim: { expire-after: 14 }\n",
    "dkim: { canonicalization: strict }\n",
    "dkim: maybe\n",
    "domainkeys: { canonicalization: relaxed }\n",
    "actions: { bad-signature: explode }\n",
];

/// Entries of `signing` that are wrong.
const ENTRIES: &[&str] = &[
    "{ senders: '*', domain: example.com, keys: [{ file: /k }], sender: x }",
    "{ senders: '*', domain: example.com, keys: [{ file: /k, slector: x }] }",
    "{ senders: '*', domain: example.com, keys: [{ file: /k }], dkim: { expire: 1d } }",
    "{ senders: '*', domain: example.com, keys: [{ file: /k }], log: { to: syslog } }",
    "{ senders: '*', domain: example.com, keys: { file: /k } }",
    "{ senders: '*', domain: example.com, keys: [{ selector: a }] }",
    "{ senders: '*', domain: example.com }",
    "{ domain: example.com, keys: [{ file: /k }] }",
    "{ senders: '*', domain: [example.com], keys: [{ file: /k }] }",
    "[a]",
    "a",
];

#[test]
fn what_the_schema_can_see_to_be_wrong_it_sees() {
    let mut documents: Vec<String> = LINES.iter().map(|line| with(line)).collect();
    let head = "socket: inet:8891@localhost\n";
    for entry in ENTRIES {
        documents.push(format!("{head}signing: [{entry}]\n"));
    }
    documents.push(format!("{head}signing: {{ senders: '*' }}\n"));
    documents.push("- a\n".to_owned());
    documents.push("a\n".to_owned());
    for (document, said) in documents.iter().zip(judged(&documents)) {
        assert!(!mistakes(document).is_empty(), "the daemon takes it:\n{document}");
        for wrong in said {
            assert!(
                wrong.is_some_and(|wrong| !wrong.is_empty()),
                "the schema takes it:\n{document}"
            );
        }
    }
}

#[test]
fn every_parameter_of_the_file_is_in_the_schema_with_its_description() {
    let text = std::fs::read_to_string(here("../etc/twinseal.schema.json")).expect("the schema");
    let schema: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    for param in PARAMS.iter().filter(|param| param.is_in_file()) {
        let mut node = &schema;
        for part in param.name.split('.') {
            let inner = if node["items"].is_object() { &node["items"] } else { node };
            let section = inner["anyOf"].get(0).filter(|shape| shape["properties"].is_object());
            node = &section.unwrap_or(inner)["properties"][part];
        }
        let about = node["description"].as_str().unwrap_or_default();
        assert!(about.contains(param.manual), "{}: {about}", param.name);
    }
}
