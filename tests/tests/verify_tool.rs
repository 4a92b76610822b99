//! `twinseal verify`, from outside: what it prints, and how it ends.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use twinseal_e2e::message::with_crlf;
use twinseal_e2e::nameserver::{Nameserver, Zone};
use twinseal_e2e::program;
use twinseal_e2e::scratch::Scratch;

fn data(path: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(path).display().to_string()
}

fn verify(arguments: &[&str], input: &[u8]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = program::run(&[&["verify"], arguments].concat(), input);
    let [stdout, stderr] = [stdout, stderr].map(|octets| String::from_utf8(octets).unwrap());
    (status.code(), stdout, stderr)
}

fn vector(set: &str) -> (Vec<u8>, String) {
    let message = std::fs::read(data(&format!("{set}/appendix-a.signed.eml"))).unwrap();
    (message, data(&format!("{set}/records.txt")))
}

#[test]
fn the_vectors_pass_with_lf_and_crlf_from_a_file_and_from_standard_input() {
    for (set, at) in [("rfc6376", "1057892497"), ("rfc8463", "1528637909")] {
        let (message, keys) = vector(set);
        let lf: Vec<u8> = message.iter().copied().filter(|&octet| octet != b'\r').collect();
        let crlf = with_crlf(&lf);
        let scratch = Scratch::new("verify");
        let options = ["--keys", &keys, "--at", at, "--authserv-id", "mx"];
        let mut printed = Vec::new();
        for content in [lf, crlf] {
            let file = scratch.write("message.eml", &content).display().to_string();
            printed.push(verify(&options, &content));
            printed.push(verify(&[&options[..], &[&file]].concat(), b""));
        }
        assert_eq!((printed[0].0, printed[0].2.as_str()), (Some(0), ""), "{set}");
        assert!(printed[0].1.starts_with("pass d="), "{}", printed[0].1);
        assert!(printed.iter().all(|other| *other == printed[0]), "{set}: {printed:?}");
    }
}

#[test]
fn the_exit_code_tells_why() {
    let (message, keys) = vector("rfc6376");
    let changed = String::from_utf8(message.clone()).unwrap().replace("hungry", "angry");
    let scratch = Scratch::new("verify-exit");
    let failing = scratch.write("keys", "brisbane._domainkey.example.com SERVFAIL\n");
    let failing = failing.display().to_string();
    let no_keys = scratch.write("wrong", "\n..\n").display().to_string();
    let cases: [(i32, &[&str], &[u8], &str); 8] = [
        (0, &["--keys", &keys], &message, ""),
        (1, &["--keys", &keys], changed.as_bytes(), ""),
        (1, &["--keys", &keys], b"From: a@example.com\n\n", ""),
        (75, &["--keys", &failing], &message, ""),
        (64, &["--keys", &keys, "--nameserver", "::1"], &message, "--keys takes the place of DNS"),
        (65, &["--keys", &keys], b"", "standard input: "),
        (66, &["--keys", &keys, "/nonexistent/message"], b"", "/nonexistent/message: "),
        (78, &["--keys", &no_keys], &message, ":2: "),
    ];
    for (code, arguments, input, said) in cases {
        let (got, output, errors) = verify(arguments, input);
        assert_eq!(got, Some(code), "{arguments:?}: {output}{errors}");
        assert!(errors.contains(said) && errors.is_empty() == said.is_empty(), "{errors}");
    }
}

#[test]
fn what_it_prints_as_json_is_json() {
    let (message, keys) = vector("rfc8463");
    let message = [message.as_slice(), b"\r\n-- \r\nfooter\r\n"].concat();
    let options = ["--keys", &keys, "--at", "1528637909", "--json", "--explain"];
    let (code, output, _) = verify(&options, &message);
    assert_eq!(code, Some(1));
    let scratch = Scratch::new("verify-json");
    let file: PathBuf = scratch.write("answer.json", &output);
    let program = "import json, sys\n\
        answer = json.load(open(sys.argv[1]))\n\
        print(answer['result'])\n\
        for one in answer['signatures']:\n    \
            causes = [found['code'] for found in one['explanation']['findings']]\n    \
            print(one['result'], one['code'], one['domain'], one['selector'], one['bits'], *causes)\n";
    let read = Command::new("/usr/bin/python3").args(["-c", program]).arg(file).output().unwrap();
    let want = "fail\n\
        fail body-changed football.example.com brisbane 256 header-fits footer-appended\n\
        fail body-changed football.example.com test 1024 header-fits footer-appended\n";
    let errors = String::from_utf8_lossy(&read.stderr);
    assert_eq!(String::from_utf8_lossy(&read.stdout), want, "{errors}");
}

#[test]
fn keys_come_from_the_servers_that_are_named() {
    let (message, keys) = vector("rfc6376");
    let scratch = Scratch::new("verify-dns");
    let records = std::fs::read_to_string(keys).unwrap();
    let server = Nameserver::start(&[Zone::of_keys("example.com", &records)], &scratch);
    let address = format!("127.0.0.1:{}", server.port());
    let (code, output, errors) = verify(&["--nameserver", &address], &message);
    assert_eq!(code, Some(0), "{output}{errors}");
    drop(server);
    let (code, output, _) = verify(&["--nameserver", &address], &message);
    assert_eq!(code, Some(75), "{output}");
}
