use super::{HEADER_TIMEOUT, MOST_CONNECTIONS, Source, serve};
use crate::monitoring::page::sample;
use crate::monitoring::status::{SignerTraffic, Status};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;

/// A daemon that can be told to be unwell.
#[derive(Default)]
struct Sample {
    ends: AtomicBool,
    panics: AtomicBool,
}

impl Source for Sample {
    fn metrics(&self) -> String {
        "twinseal_connections 7\n".to_owned()
    }

    fn status(&self) -> Status {
        assert!(!self.panics.load(Ordering::Relaxed), "this daemon is broken");
        sample::troubled()
    }

    fn health(&self) -> Result<(), String> {
        if self.ends.load(Ordering::Relaxed) { Err("it is ending".to_owned()) } else { Ok(()) }
    }

    fn traffic(&self) -> Vec<SignerTraffic> {
        Vec::new()
    }
}

/// One that listens.
struct Site {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    source: Arc<Sample>,
}

async fn site() -> Site {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = watch::channel(false);
    let source = Arc::new(Sample::default());
    let name = Some("mx.a.example".to_owned());
    tokio::spawn(serve(listener, name, Arc::clone(&source) as Arc<dyn Source>, stopped));
    Site { address, stop, source }
}

impl Site {
    /// What comes back for these octets.
    async fn raw(&self, octets: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // Who is refused early does not take the rest.
        let _ = stream.write_all(octets).await;
        let mut answer = Vec::new();
        let _ = timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await.unwrap();
        String::from_utf8(answer).unwrap()
    }

    async fn get(&self, path: &str) -> String {
        self.raw(format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address).as_bytes()).await
    }
}

fn status_of(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

#[tokio::test]
async fn each_path_is_answered_in_its_kind() {
    let site = site().await;
    for (path, status, kind, part) in [
        ("/", "200", "text/html; charset=utf-8", "Something is wrong"),
        ("/domains?find=b.ex", "200", "text/html; charset=utf-8", "1 to 1 of 1 domain"),
        ("/domains?page=x", "200", "text/html; charset=utf-8", "1 to 3 of 3 domains"),
        ("/metrics", "200", "text/plain; version=0.0.4; charset=utf-8", "twinseal_connections 7"),
        ("/stats", "200", "text/plain; charset=utf-8", "messages_signed 1000"),
        ("/dkim-stats", "200", "text/plain; charset=utf-8", ""),
        ("/healthz", "200", "text/plain; charset=utf-8", "\r\n\r\nok\n"),
        ("/etc/passwd", "404", "text/html; charset=utf-8", "Nothing is here"),
        ("//", "404", "text/html; charset=utf-8", "Nothing is here"),
    ] {
        let answer = site.get(path).await;
        assert_eq!(status_of(&answer), status, "{path}: {answer}");
        assert!(answer.contains(&format!("content-type: {kind}\r\n")), "{path}: {answer}");
        assert!(answer.contains(part), "{path}: {answer}");
        for field in [
            "content-security-policy: default-src 'none'; style-src 'unsafe-inline'; ",
            "x-content-type-options: nosniff\r\n",
            "cache-control: no-store\r\n",
            "referrer-policy: no-referrer\r\n",
            "x-frame-options: DENY\r\n",
        ] {
            assert!(answer.contains(field), "{path}: {answer}");
        }
    }
}

#[tokio::test]
async fn nothing_can_be_written_and_head_has_no_body() {
    let site = site().await;
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "BREW"] {
        let request = format!("{method} / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let answer = site.raw(request.as_bytes()).await;
        assert_eq!(status_of(&answer), "405", "{method}: {answer}");
        assert!(answer.contains("allow: GET, HEAD\r\n"), "{answer}");
    }
    let answer = site.raw(b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert_eq!(status_of(&answer), "200");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let length = head.split("content-length: ").nth(1).unwrap().lines().next().unwrap();
    assert!(length.parse::<usize>().unwrap() > 1000 && body.is_empty(), "{answer}");
}

#[tokio::test]
async fn only_names_that_nobody_else_can_have_are_answered() {
    let site = site().await;
    for (host, want) in [
        ("localhost", "200"),
        ("LOCALHOST.:9171", "200"),
        ("127.0.0.1:80", "200"),
        ("[::1]:9171", "200"),
        ("::1", "200"),
        ("192.0.2.1", "200"),
        ("MX.a.example:9171", "200"),
        ("evil.example", "421"),
        ("evil.example:9171", "421"),
        ("127.0.0.1.evil.example", "421"),
        ("localhost.evil.example", "421"),
        ("", "421"),
    ] {
        let request = format!("GET /metrics HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let answer = site.raw(request.as_bytes()).await;
        assert_eq!(status_of(&answer), want, "{host}: {answer}");
        assert_eq!(answer.contains("twinseal_"), want == "200");
    }
    for (request, want) in [
        ("GET /metrics HTTP/1.1\r\n\r\n", "400"),
        ("GET /metrics HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", "400"),
        ("GET /metrics HTTP/1.0\r\n\r\n", "200"),
        ("GET http://evil.example/metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", "421"),
    ] {
        assert_eq!(status_of(&site.raw(request.as_bytes()).await), want, "{request}");
    }
}

#[tokio::test]
async fn what_is_no_request_is_refused_and_harms_nobody() {
    let site = site().await;
    let huge = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(1 << 20));
    let many = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{}\r\n", "X: y\r\n".repeat(65));
    let long = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "x".repeat(1 << 20));
    let garbage: Vec<u8> = (0..=255).cycle().take(4096).collect();
    for octets in [
        huge.as_bytes(),
        many.as_bytes(),
        long.as_bytes(),
        &garbage,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\r\n\r\n\r\n\r\nx\r\n\r\n",
    ] {
        let answer = site.raw(octets).await;
        let status = status_of(&answer);
        assert!(answer.is_empty() || status.starts_with('4'), "{answer}");
    }
    assert_eq!(status_of(&site.get("/healthz").await), "200");
}

#[tokio::test]
async fn a_connection_carries_one_request() {
    let site = site().await;
    let two = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(2);
    let answer = site.raw(two.as_bytes()).await;
    assert_eq!(answer.matches("HTTP/1.1 200").count(), 1, "{answer}");
    assert!(answer.contains("connection: close\r\n"), "{answer}");
}

#[tokio::test]
async fn who_is_slow_loses_its_place() {
    let site = site().await;
    let mut slow = Vec::new();
    for _ in 0..100 {
        let mut stream = TcpStream::connect(site.address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nX:").await.unwrap();
        slow.push(stream);
    }
    // So many are dropped at a time; whoever is behind them waits as long as that takes.
    let rounds = u32::try_from(100 / MOST_CONNECTIONS + 2).unwrap();
    let answer = timeout(HEADER_TIMEOUT * rounds, site.get("/healthz"));
    drop(slow.split_off(MOST_CONNECTIONS));
    assert_eq!(status_of(&answer.await.unwrap()), "200");
    for mut stream in slow {
        let mut octets = Vec::new();
        let _ = timeout(Duration::from_secs(10), stream.read_to_end(&mut octets)).await.unwrap();
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_made_is_the_only_thing_that_fails() {
    let site = site().await;
    site.source.panics.store(true, Ordering::Relaxed);
    assert_eq!(status_of(&site.get("/").await), "500");
    assert_eq!(status_of(&site.get("/healthz").await), "200");
}

#[tokio::test]
async fn a_daemon_that_ends_says_so_and_then_nobody_listens() {
    let site = site().await;
    site.source.ends.store(true, Ordering::Relaxed);
    let answer = site.get("/healthz").await;
    assert_eq!(status_of(&answer), "503");
    assert!(answer.ends_with("it is ending\n"), "{answer}");
    site.stop.send_replace(true);
    for _ in 0..100 {
        if TcpStream::connect(site.address).await.is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it still listens");
}
