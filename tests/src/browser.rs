//! Pages, as a browser shows them.

use crate::here;
use crate::scratch::Scratch;
use serde_json::Value;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

/// The widths of a phone and of a desk, in pixels.
pub const WIDTHS: [&str; 2] = ["360", "1280"];

/// Letters below this size are hard to read, in pixels.
const SMALLEST: f64 = 12.0;

/// Opens it; what the browser has to say.
pub fn browse_file(page: &Path, scratch: &Scratch) -> Value {
    browse(page.as_os_str(), scratch)
}

/// The same for a page of a server on loopback.
pub fn browse_url(url: &str, scratch: &Scratch) -> Value {
    browse(url.as_ref(), scratch)
}

fn browse(page: &OsStr, scratch: &Scratch) -> Value {
    let output = Command::new(here("judges/browse.py"))
        .arg(page)
        .arg(scratch.dir("pictures"))
        .args(WIDTHS)
        .output()
        .expect("python3, python3-selenium, chromium and chromium-driver");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {errors}"))
}

/// What has to be true of every page.
pub fn assert_readable(seen: &Value) {
    assert_eq!(seen["console"], Value::Array(Vec::new()), "the console: {}", seen["console"]);
    for asked in seen["requests"].as_array().unwrap() {
        let asked = asked.as_str().unwrap();
        let own = asked == seen["url"].as_str().unwrap() || asked.starts_with("data:");
        assert!(own, "the page asks for {asked}");
    }
    assert!(!seen["requests"].as_array().unwrap().is_empty());
    for width in WIDTHS {
        let at = &seen["widths"][width];
        let inner = width.parse::<u64>().unwrap();
        assert_eq!(at["inner"].as_u64(), Some(inner));
        assert!(at["scroll"].as_u64().unwrap() <= inner, "{width}: {at}");
        assert_eq!(at["wide"], Value::Array(Vec::new()), "{width}: wider than the window");
        assert!(at["smallest"].as_f64().unwrap() >= SMALLEST, "{width}: {at}");
    }
}

/// What its headings say, at that width.
pub fn headings(seen: &Value, width: &str) -> Vec<String> {
    let all = seen["widths"][width]["headings"].as_array().unwrap();
    all.iter().map(|heading| heading.as_str().unwrap().to_owned()).collect()
}
