use super::run;
use crate::terminal::testing::called;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;
use twinseal_config::ExitCode;

/// Answers once, with that.
fn answering(body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = format!("inet:{}@127.0.0.1", listener.local_addr().unwrap().port());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 1024]);
        let length = body.len();
        let _ = write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}");
    });
    socket
}

#[test]
fn figures_of_who_answers_are_printed() {
    for (words, want) in [
        (vec![], "messages 12\nconnections 7\n"),
        (vec!["--cacti"], "messages:12 connections:7\n"),
        (vec!["--json"], "{\"connections\":7,\"messages\":12}\n"),
        (vec!["--snmp", "connections"], "7\n"),
        (vec!["conn*"], "connections 7\n"),
        (
            vec!["--snmp-pass", ".1", "-n", ".1"],
            ".1.1.8.109.101.115.115.97.103.101.115\ncounter64\n12\n",
        ),
    ] {
        let socket = answering("messages 12\nconnections 7\n");
        let words = [&["--from", &socket], words.as_slice()].concat();
        assert_eq!(called(run, &words), (ExitCode::Ok, want.to_owned(), String::new()));
    }
}

#[test]
fn what_goes_wrong_is_said_and_has_a_code() {
    let socket = answering("messages 12\n");
    let (code, output, errors) = called(run, &["--from", &socket, "messages", "nothing"]);
    assert_eq!((code, output.as_str()), (ExitCode::No, "messages 12\n"));
    assert_eq!(errors, "twinseal: no figure is called \"nothing\"\n");

    let socket = answering("<html>");
    let (code, _, errors) = called(run, &["--from", &socket]);
    assert_eq!(code, ExitCode::Unavailable);
    assert_eq!(errors, format!("twinseal: {socket}: what answers there has no figures of ours\n"));

    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let socket = format!("inet:{port}@127.0.0.1");
    let (code, _, errors) = called(run, &["--from", &socket]);
    assert_eq!(code, ExitCode::Unavailable);
    assert!(errors.ends_with("; does the daemon run, with this socket?\n"), "{errors}");

    let (code, _, errors) = called(run, &["--cacti", "--json"]);
    assert_eq!(code, ExitCode::Usage);
    assert!(errors.contains("exclude each other"), "{errors}");
}

#[test]
fn a_configuration_without_a_socket_is_told_what_it_lacks() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("t.yaml");
    std::fs::write(&file, "socket: inet:8891@localhost\nmode: v\n").unwrap();
    let (code, _, errors) = called(run, &["--config", &file.display().to_string()]);
    assert_eq!(code, ExitCode::Configuration);
    assert!(errors.contains("metrics: { socket: inet:9171 }"), "{errors}");
}
