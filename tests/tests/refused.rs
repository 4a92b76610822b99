//! What the program does not start with: its words and its exit codes. Cases: `scenarios/refused`.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use twinseal_e2e::here;
use twinseal_e2e::net::Address;
use twinseal_e2e::program;
use twinseal_e2e::scenario::files;
use twinseal_e2e::scratch::Scratch;

const LIMIT: Duration = Duration::from_secs(10);
const KEYS: [&str; 4] = ["rsa2048", "rsa1024", "rsa512", "ed25519"];

#[test]
fn bad_input_is_refused_in_words() {
    let wrong: Vec<String> =
        files("scenarios/refused").iter().filter_map(|path| run(path).err()).collect();
    assert!(wrong.is_empty(), "{} objections:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_socket_that_is_taken_is_unavailable() {
    let scratch = Scratch::new("refused");
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let socket = format!("inet:{port}@127.0.0.1");
    let key = scratch.key("rsa2048");
    let key = key.to_string_lossy();
    let arguments =
        ["serve", "-f", "-p", &socket, "-d", "example.com", "-s", &key, "-S", "rsa2048"];
    let (status, said) = program::run_for(&arguments, LIMIT, &[], &scratch).expect("it ends");
    assert_eq!(status.code(), Some(69), "{said}");
    assert!(said.contains(&port.to_string()), "{said}");
}

#[test]
fn the_version_is_no_mistake() {
    for flag in ["-V", "--version"] {
        let output = program::run(&["serve", flag], b"");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).to_lowercase();
        assert!(output.status.success() && said.contains("twinseal"), "{flag}: {said}");
    }
}

#[test]
fn a_link_with_the_name_of_an_old_program_is_that_program() {
    let scratch = Scratch::new("refused");
    for (name, product) in
        [("dk-filter", "Twinseal DomainKeys Filter v"), ("dkim-filter", "Twinseal DKIM Filter v")]
    {
        let link = scratch.dir("bin").join(name);
        symlink(program::path(), &link).unwrap();
        let by_link = Command::new(&link).arg("-V").output().unwrap();
        let by_command = program::run(&[name, "-V"], b"");
        let said = String::from_utf8(by_link.stdout).unwrap();
        assert!(
            by_link.status.success() && said.starts_with(&format!("{name}: {product}")),
            "{said}"
        );
        assert_eq!(said.as_bytes(), by_command.stdout);
    }
}

/// Runs one case; what is not as it says is the error.
fn run(path: &Path) -> Result<(), String> {
    let scratch = Scratch::new("refused");
    let directory = scratch.dir("case").display().to_string();
    let keys = KEYS.map(|name| scratch.key(name));
    let keys = keys[0].parent().unwrap().display().to_string();
    let socket = Address::any_inet().for_filter();
    let fill = |text: &str| {
        let text = text.replace("@DIR@", &directory).replace("@KEYS@", &keys);
        let mut text = text.replace("@SOCKET@", &socket);
        for name in KEYS {
            let pem = fs::read_to_string(here(&format!("data/keys/{name}.pem"))).unwrap();
            text = text.replace(&format!("@KEY {name}@\n"), &pem);
        }
        text
    };
    let text = fs::read_to_string(path).unwrap();
    let (head, rest) = text.split_once("\n--- ").unwrap_or((&text, ""));
    for part in rest.split("\n--- ").filter(|part| !part.is_empty()) {
        let (title, content) = part.split_once('\n').unwrap();
        let (name, mode) = title.split_once(' ').unwrap_or((title, "644"));
        let mode = u32::from_str_radix(mode, 8).unwrap();
        scratch.write_with_mode(&format!("case/{name}"), fill(&format!("{content}\n")), mode);
    }
    let lines: Vec<(&str, String)> = head
        .lines()
        .map(|line| line.split_once(": ").unwrap_or_else(|| panic!("{path:?}: {line}")))
        .map(|(key, value)| (key, fill(value)))
        .collect();
    let all =
        |key: &'static str| lines.iter().filter(move |line| line.0 == key).map(|line| &line.1);
    let name = path.file_stem().unwrap().to_string_lossy();
    let arguments: Vec<&str> = all("run").flat_map(|line| line.split(' ')).collect();
    let input = all("input").next().map(|file| fs::read(format!("{directory}/{file}")).unwrap());
    let input = input.unwrap_or_default();
    let (status, said) = program::run_for(&arguments, LIMIT, &input, &scratch)
        .ok_or_else(|| format!("{name}: it started, and ran on"))?;
    let mut wrong = Vec::new();
    let codes: Vec<i32> =
        all("exit").flat_map(|line| line.split(' ')).map(|code| code.parse().unwrap()).collect();
    if !status.code().is_some_and(|code| codes.contains(&code)) {
        wrong.push(format!("{status} instead of {codes:?}"));
    }
    wrong.extend(all("says").filter(|text| !said.contains(*text)).map(|t| format!("no {t:?}")));
    wrong.extend(all("silent").filter(|text| said.contains(*text)).map(|t| format!("has {t:?}")));
    if said.contains("panicked") {
        wrong.push("it panicked".to_owned());
    }
    let told = said.trim_end().replace('\n', "\n    ");
    if wrong.is_empty() { Ok(()) } else { Err(format!("{name}: {}\n    {told}", wrong.join(", "))) }
}
