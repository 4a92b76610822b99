//! A Prometheus server that asks the program, its tool, and what its client for Python makes of the
//! metrics.

use crate::here;
use crate::net::{Address, wait_for};
use crate::program::run_as;
use crate::scratch::Scratch;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const SERVER: &str = "/usr/bin/prometheus";
const TOOL: &str = "/usr/bin/promtool";
const PACKAGE: &str = "is missing: apt-get install prometheus python3-prometheus-client";

/// By when the server is there, and by when an answer is.
const LIMIT: Duration = Duration::from_secs(20);

/// The labels of a sample.
pub type Labels = BTreeMap<String, String>;

/// One value of a metric, or of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The metric; empty where the answer has none.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
    /// Its value.
    pub value: f64,
    /// `counter`, `gauge`, `histogram`; empty in an answer.
    pub kind: String,
}

/// An alert that pends or fires.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// `alertname` is among them.
    pub labels: Labels,
    /// `summary`, `description`, `action`.
    pub annotations: Labels,
    /// Whether it fires.
    pub fires: bool,
}

/// A running server; it is stopped when dropped.
#[derive(Debug)]
pub struct Prometheus {
    process: Child,
    port: u16,
}

impl Prometheus {
    /// Starts one that asks that port every second, as the job of our example, and goes by these
    /// rules.
    pub fn start(target: u16, rules: &str, scratch: &Scratch) -> Self {
        assert!(Path::new(SERVER).exists(), "{SERVER} {PACKAGE}");
        let port = Address::free_port();
        scratch.write("prometheus/twinseal.rules.yml", rules);
        let configuration = format!(
            "global: {{ scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }}\n\
             rule_files: [twinseal.rules.yml]\n\
             scrape_configs:\n\
             \x20 - job_name: twinseal\n\
             \x20   static_configs: [{{ targets: [\"127.0.0.1:{target}\"] }}]\n"
        );
        let file = scratch.write("prometheus/prometheus.yml", configuration);
        let log = scratch.join("prometheus/log");
        let process = Command::new(SERVER)
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", scratch.join("prometheus/data").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg("--log.level=warn")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).expect("a file for its words"))
            .spawn()
            .expect("prometheus, of the Debian package prometheus");
        let server = Self { process, port };
        let ready = || get(port, "/-/ready").ok().filter(|(code, _)| *code == 200);
        let words = || fs::read_to_string(&log).unwrap_or_default();
        assert!(wait_for(LIMIT, ready).is_some(), "Prometheus is not ready:\n{}", words());
        server
    }

    /// What it answers now; its complaint, if it has one.
    pub fn query(&self, expression: &str) -> Result<Vec<Sample>, String> {
        let path = format!("/api/v1/query?query={}", escaped(expression));
        let (code, body) = get(self.port, &path).map_err(|error| error.to_string())?;
        let answer: Value = serde_json::from_str(&body).map_err(|e| format!("{e}: {body}"))?;
        if code != 200 || answer["status"] != "success" {
            return Err(body);
        }
        let data = &answer["data"];
        let samples = match data["resultType"].as_str() {
            Some("vector") => data["result"].as_array().cloned().unwrap_or_default(),
            _ => return Err(format!("no vector: {body}")),
        };
        Ok(samples.iter().map(answered).collect())
    }

    /// Waits until the answer to a question satisfies; fails with the last one.
    #[track_caller]
    pub fn wait_until(&self, expression: &str, satisfies: impl Fn(&[Sample]) -> bool) {
        let mut last = Ok(Vec::new());
        let found = wait_for(LIMIT, || {
            std::thread::sleep(Duration::from_millis(100));
            last = self.query(expression);
            last.as_deref().is_ok_and(&satisfies).then_some(())
        });
        assert!(found.is_some(), "{expression}: {last:?}");
    }

    /// The alerts of now.
    pub fn alerts(&self) -> Vec<Alert> {
        let (_, body) = get(self.port, "/api/v1/alerts").expect("Prometheus answers");
        let answer: Value = serde_json::from_str(&body).expect("JSON");
        let alerts = answer["data"]["alerts"].as_array().cloned().unwrap_or_default();
        let alert = |one: &Value| Alert {
            labels: labels(&one["labels"]),
            annotations: labels(&one["annotations"]),
            fires: one["state"] == "firing",
        };
        alerts.iter().map(alert).collect()
    }

    /// The labels of the alerts of that name that fire now.
    pub fn firing(&self, name: &str) -> Vec<Alert> {
        let of_the_name = |alert: &Alert| alert.fires && alert.labels["alertname"] == name;
        self.alerts().into_iter().filter(of_the_name).collect()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs `promtool` with these words; what it says, and whether it is content.
pub fn promtool(words: &[&str], input: &str) -> (bool, String) {
    assert!(Path::new(TOOL).exists(), "{TOOL} {PACKAGE}");
    let output = run_as(Path::new(TOOL), words, input.as_bytes());
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// The samples in a text, as the client for Python parses it.
pub fn parsed(text: &str) -> Vec<Sample> {
    let script = here("judges/metrics.py");
    let output = run_as(&script, &[] as &[&str], text.as_bytes());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "python3-prometheus-client does not take it: {said}\n{text}");
    let samples: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let sample = |one: &Value| Sample {
        name: text_of(&one[0]),
        labels: labels(&one[1]),
        value: number(&text_of(&one[2])),
        kind: text_of(&one[3]),
    };
    samples.as_array().expect("a list").iter().map(sample).collect()
}

/// What a server on loopback has at a path: its code and its text.
pub fn get(port: u16, path: &str) -> io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(LIMIT))?;
    // Nothing comes in chunks with that version, and the end of the text is that of the connection.
    write!(stream, "GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n")?;
    let mut octets = Vec::new();
    stream.read_to_end(&mut octets)?;
    let text = String::from_utf8_lossy(&octets);
    let no_answer = || io::Error::other(format!("no answer of HTTP: {text:?}"));
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(no_answer)?;
    let code = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    Ok((code.ok_or_else(no_answer)?, body.to_owned()))
}

fn answered(one: &Value) -> Sample {
    let mut labels = labels(&one["metric"]);
    Sample {
        name: labels.remove("__name__").unwrap_or_default(),
        labels,
        value: number(one["value"][1].as_str().unwrap_or_default()),
        kind: String::new(),
    }
}

fn labels(value: &Value) -> Labels {
    let pairs = value.as_object().into_iter().flatten();
    pairs.map(|(name, value)| (name.clone(), text_of(value))).collect()
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Rust reads `inf`, `NaN` and `+Inf` alike.
fn number(text: &str) -> f64 {
    text.parse().unwrap_or_else(|_| panic!("{text:?} is no number"))
}

/// As a part of a URL.
fn escaped(text: &str) -> String {
    let octet = |octet: u8| match octet {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(octet).to_string(),
        _ => format!("%{octet:02X}"),
    };
    text.bytes().map(octet).collect()
}
