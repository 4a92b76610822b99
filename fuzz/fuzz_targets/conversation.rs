//! Whole conversations with the daemon: whatever an MTA says, however it is cut and however it
//! ends, nothing panics, a reply goes to each command that awaits one and to no other, what is held
//! is in proportion to what was said of headers and commands, and nothing of it grows with a body,
//! and the connection ends.
//!
//! The first octet of an input chooses how it is cut and how it ends (`Choices`). What follows is
//! what the MTA sends: frames as they are or, where the choice says so, frames without their
//! lengths, one after each 0x1e.
#![no_main]

use libfuzzer_sys::fuzz_target;
use peak_alloc::PeakAlloc;
use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use twinseal_config::{Door, Files, Loaded, Request};
use twinseal_daemon::resolver::KeyFileResolver;
use twinseal_daemon::serving::connection::{Ended, serve};
use twinseal_daemon::serving::service::{Clock, Service};
use twinseal_daemon::signing::directory::Directory;
use twinseal_daemon::signing::keyring::{self, Parse};
use twinseal_daemon::verifying::office::Office;
use twinseal_fuzz::Cut;
use twinseal_milter::client::{Modification, Reply, Verdict};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

fuzz_target!(|input: &[u8]| {
    let [choices, said @ ..] = input else { return };
    let choices = Choices::of(*choices);
    let said = if choices.framed { framed(said) } else { said.to_vec() };
    let said = if choices.long { with_long_body(&said) } else { said };
    let service = service(choices.peers);
    match choices.end {
        End::Deaf => return alone(talk_deaf(&said, Arc::clone(service))),
        End::Drip => return alone(talk_slowly(&said, Arc::clone(service))),
        End::Close | End::Silence | End::Stop => {}
    }
    let by_frames = alone(talk(&said, None, choices.end, Arc::clone(service)));
    let cut = alone(talk(&said, Some(choices.cut), choices.end, Arc::clone(service)));
    assert_eq!(cut, by_frames, "it matters how it is cut: {choices:?}");
});

/// How the conversation goes.
#[derive(Debug, Clone, Copy)]
struct Choices {
    cut: Cut,
    end: End,
    /// Whether the input is frames without their lengths.
    framed: bool,
    /// Whether some clients are to be sent on their way, which awaits a reply at connect.
    peers: bool,
    /// Whether the body is as long as `with_long_body` makes it.
    long: bool,
}

/// What the MTA does when it has said everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Close,
    /// It says nothing more, and keeps the connection.
    Silence,
    /// Likewise, and the program is asked to stop.
    Stop,
    /// It has never read an answer.
    Deaf,
    /// It says an octet every ten seconds.
    Drip,
}

impl Choices {
    fn of(octet: u8) -> Self {
        let long = octet & 0x80 != 0;
        let cut = match Cut::ALL[usize::from(octet & 3) % Cut::ALL.len()] {
            // Octet by octet, one long body would take as long as a hundred others.
            Cut::Octets | Cut::Chance if long => Cut::Long,
            cut => cut,
        };
        let end = match octet >> 2 & 7 {
            1 => End::Silence,
            2 => End::Stop,
            3 => End::Deaf,
            4 => End::Drip,
            _ => End::Close,
        };
        Self { cut, end, framed: octet & 0x20 != 0, peers: octet & 0x40 != 0, long }
    }
}

/// Puts the length in front of each frame.
fn framed(pieces: &[u8]) -> Vec<u8> {
    let frame = |piece: &[u8]| {
        let octets = u32::try_from(piece.len()).expect("inputs are short");
        [&octets.to_be_bytes(), piece].concat()
    };
    pieces.split(|&octet| octet == 0x1e).filter(|piece| !piece.is_empty()).flat_map(frame).collect()
}

/// The same with a body that is not held without being noticed, neither a frame of it nor all of
/// it: its first frame becomes a long one, and comes several times.
fn with_long_body(said: &[u8]) -> Vec<u8> {
    let mut frames = frames(said);
    let body = frames.iter().position(|frame| frame_octets(frame).is_some() && is_body(frame));
    let Some(at) = body.filter(|&at| frames[at].len() > HEAD) else { return said.to_vec() };
    let text = frames[at][HEAD..].iter().copied().cycle().take(LONG_FRAME - 1);
    let head = u32::try_from(LONG_FRAME).expect("it is a constant").to_be_bytes();
    let long: Vec<u8> = head.into_iter().chain([b'B']).chain(text).collect();
    frames.splice(at..=at, [&long[..]; LONG_FRAMES]);
    frames.concat()
}

/// A frame of a body, or as much of it as there is.
fn is_body(frame: &[u8]) -> bool {
    frame.get(HEAD - 1) == Some(&b'B')
}

/// Looks at what is held while a conversation goes on.
struct Meter<'a> {
    /// Of each octet that will be said, whether something may be held for it.
    counts: Box<dyn Iterator<Item = bool> + 'a>,
    before: usize,
    counted: usize,
}

impl<'a> Meter<'a> {
    fn new(said: &'a [u8]) -> Self {
        let counts = frames(said).into_iter().flat_map(|frame| {
            let free = if is_body(frame) { HEAD } else { frame.len() };
            (0..frame.len()).map(move |at| at < free)
        });
        Self { counts: Box::new(counts), before: MEMORY.current_usage(), counted: 0 }
    }

    /// So many more octets were said.
    fn said(&mut self, octets: usize) {
        self.counted += self.counts.by_ref().take(octets).filter(|counts| *counts).count();
        let held = MEMORY.current_usage().saturating_sub(self.before);
        let counted = self.counted;
        assert!(held <= MOST_HELD + HELD_PER_OCTET * counted, "{held} held after {counted}");
    }
}

/// Runs it by a clock that stands still while there is anything to do.
fn alone<T>(talk: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(talk)
}

/// The whole conversation: what was answered, and how it ended. Without a cut, one frame follows
/// the other, and each answer is looked at.
async fn talk(said: &[u8], cut: Option<Cut>, end: End, service: Arc<Service>) -> (Vec<u8>, String) {
    let limits = service.limits;
    let pieces: Vec<&[u8]> = match cut {
        Some(cut) => cut.chunks(said).collect(),
        None => frames(said),
    };
    let mut meter = Meter::new(said);
    let (mut mta, stop, served) = start(service, PIPE);
    let mut heard = Vec::new();
    let mut terms = None;
    for piece in pieces {
        let from = heard.len();
        let mut open = true;
        for part in piece.chunks(AT_ONCE) {
            open = mta.write_all(part).await.is_ok() && listen(&mut mta, &mut heard).await;
            meter.said(part.len());
            if !open {
                break;
            }
        }
        if cut.is_none() {
            check(piece, &heard[from..], open, &mut terms);
        }
        if !open {
            break;
        }
    }
    // Whoever was silent in the middle of a frame before it was silent between two.
    let patience = limits.idle + limits.read * 2;
    let patience = match end {
        End::Close => {
            mta.shutdown().await.expect("one's own half");
            Duration::from_secs(1)
        }
        End::Stop => {
            stop.send_replace(true);
            patience
        }
        End::Silence | End::Deaf | End::Drip => patience,
    };
    (heard, ending(served, patience).await)
}

/// The MTA reads nothing: the connection ends when its patience does.
async fn talk_deaf(said: &[u8], service: Arc<Service>) {
    let limits = service.limits;
    let mut meter = Meter::new(said);
    let (mut mta, _stop, served) = start(service, 64);
    let patience = limits.idle + limits.read * 2 + limits.write;
    let saying = async {
        for part in said.chunks(AT_ONCE) {
            let open = mta.write_all(part).await.is_ok();
            meter.said(part.len());
            if !open {
                break;
            }
        }
    };
    let _ = timeout(patience, saying).await;
    ending(served, patience).await;
}

/// The MTA says an octet every ten seconds: a frame has one deadline for all of it.
async fn talk_slowly(said: &[u8], service: Arc<Service>) {
    const BETWEEN: Duration = Duration::from_secs(10);
    let limits = service.limits;
    let said = &said[..said.len().min(400)];
    let mut meter = Meter::new(said);
    let (mut mta, _stop, served) = start(service, PIPE);
    'frames: for frame in frames(said) {
        let begun = Instant::now();
        for octet in frame {
            let open = mta.write_all(&[*octet]).await.is_ok();
            if !open || !listen(&mut mta, &mut Vec::new()).await {
                break 'frames;
            }
            meter.said(1);
            assert!(begun.elapsed() < limits.read + BETWEEN, "a frame takes {:?}", begun.elapsed());
            sleep(BETWEEN).await;
        }
    }
    ending(served, limits.idle + limits.read * 2).await;
}

type Served = JoinHandle<Result<(), Ended>>;

/// A connection that is served, with a pipe that holds so many octets.
fn start(service: Arc<Service>, pipe: usize) -> (DuplexStream, watch::Sender<bool>, Served) {
    let (ours, theirs) = duplex(pipe);
    let (stop, stopped) = watch::channel(false);
    (theirs, stop, tokio::spawn(serve(ours, service, stopped)))
}

/// Takes what comes until there is nothing left to do for the other side; whether it has closed.
async fn listen(mta: &mut DuplexStream, heard: &mut Vec<u8>) -> bool {
    let mut octets = [0; 1024];
    loop {
        match timeout(Duration::from_millis(1), mta.read(&mut octets)).await {
            Err(_) => return true,
            Ok(Ok(0) | Err(_)) => return false,
            Ok(Ok(read)) => heard.extend_from_slice(&octets[..read]),
        }
    }
}

async fn ending(served: Served, patience: Duration) -> String {
    let ended = timeout(patience, served).await.expect("a connection that does not end");
    let Err(ended) = ended.expect("a connection that panicked") else { return String::new() };
    assert!(!matches!(ended, Ended::Answer(_)), "{ended}");
    let words = ended.to_string();
    assert!(!words.contains(char::is_control), "{words:?} breaks a log line");
    words
}

/// What was said, one frame after the other; the last one may be a part of one.
fn frames(mut said: &[u8]) -> Vec<&[u8]> {
    let mut frames = Vec::new();
    while !said.is_empty() {
        let (frame, rest) = said.split_at(frame_octets(said).unwrap_or(said.len()));
        frames.push(frame);
        said = rest;
    }
    frames
}

/// How long the first frame is, its length included; nothing when it is not complete.
fn frame_octets(input: &[u8]) -> Option<usize> {
    let (length, rest) = input.split_first_chunk()?;
    let octets = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    (octets <= rest.len()).then_some(length.len() + octets)
}

/// What an MTA makes of the answer to a frame. `terms` are the bits of the protocol that are in
/// force.
fn check(frame: &[u8], answer: &[u8], open: bool, terms: &mut Option<u32>) {
    let replies = decoded(answer);
    let whole = frame_octets(frame).is_some();
    let Some(&letter) = frame.get(4).filter(|_| whole && open) else {
        assert_eq!(replies, [], "an answer to a part of a frame, or to what ends the connection");
        return;
    };
    assert!(b"ABCDEHKLMNORTU".contains(&letter), "{letter:#x} was taken for a command");
    if letter == b'O' {
        let [Reply::Negotiated(wanted, _)] = &replies[..] else { panic!("{replies:?}") };
        let offered = |at: usize| frame[at..at + 4].try_into().map_or(0, u32::from_be_bytes);
        assert!(wanted.version <= offered(5), "a version that was not offered");
        assert_eq!(wanted.actions.bits() & !offered(9), 0, "actions that were not offered");
        assert_eq!(wanted.steps.bits() & !offered(13), 0, "steps that were not offered");
        *terms = Some(wanted.steps.bits());
        return;
    }
    let awaited = usize::from(awaits_reply(letter, terms.unwrap_or_default()));
    let verdicts = replies.iter().filter(|reply| matches!(reply, Reply::Verdict(_))).count();
    assert_eq!(verdicts, awaited, "{:?} got {replies:?}", char::from(letter));
    let Some((last, others)) = replies.split_last() else { return };
    let never = [Verdict::Skip, Verdict::ConnectionFailure, Verdict::Shutdown, Verdict::Discard];
    assert!(matches!(last, Reply::Verdict(verdict) if !never.contains(verdict)), "{last:?}");
    assert!(others.is_empty() || letter == b'E', "{replies:?}");
    let (removed, inserted): (Vec<&Reply>, Vec<&Reply>) =
        others.iter().partition(|reply| removes(reply));
    assert!(inserted.len() <= 2, "one key makes two seals: {others:?}");
    assert!(others.iter().skip(removed.len()).all(|reply| !removes(reply)), "{others:?}");
    let places: Vec<(u32, &[u8])> = inserted.into_iter().map(insertion).collect();
    match places.as_slice() {
        [(0, name)] => assert_eq!(*name, RESULTS),
        seals => {
            assert!(seals.iter().all(|(at, name)| *at == 1 && SEALS.contains(name)), "{others:?}");
            assert!(seals.is_empty() || removed.is_empty(), "mail of our own: {others:?}");
        }
    }
}

const RESULTS: &[u8] = b"Authentication-Results";

const SEALS: [&[u8]; 2] = [b"DKIM-Signature", b"DomainKey-Signature"];

/// Whether a forged result is removed.
fn removes(reply: &Reply) -> bool {
    let Reply::Modification(Modification::ChangeHeader { instance, name, value }) = reply else {
        return false;
    };
    assert!(*instance > 0 && name == RESULTS && value.is_empty(), "{reply:?}");
    true
}

/// Place and name of a field that is written as an MTA takes it (traps W1, W2, W8).
fn insertion(reply: &Reply) -> (u32, &[u8]) {
    let Reply::Modification(Modification::InsertHeader { index, name, value }) = reply else {
        panic!("{reply:?}");
    };
    let text = String::from_utf8_lossy(value);
    let mut lines = text.split('\n');
    assert!(lines.all(|line| line.starts_with([' ', '\t']) || text.starts_with(line)), "{text}");
    assert!(!text.replace(['\n', '\t'], "").contains(char::is_control), "{text:?}");
    (*index, name)
}

/// Written here once more, so that the session's own idea is not what it is held against.
fn awaits_reply(letter: u8, steps: u32) -> bool {
    let declined = match letter {
        b'C' => 0x1000,
        b'H' => 0x2000,
        b'M' => 0x4000,
        b'R' => 0x8000,
        b'T' => 0x1_0000,
        b'U' => 0x2_0000,
        b'L' => 0x80,
        b'N' => 0x4_0000,
        b'B' => 0x8_0000,
        b'E' => 0,
        // Macros, abort, quit, quit-new-connection.
        _ => return false,
    };
    steps & declined == 0
}

fn decoded(mut output: &[u8]) -> Vec<Reply> {
    let mut replies = Vec::new();
    while !output.is_empty() {
        let reply = Reply::decode(output).expect("what is written can be read");
        let (reply, octets) = reply.expect("replies are written whole");
        replies.push(reply);
        output = &output[octets..];
    }
    replies
}

const KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/keys/rsa1024.pem");

const KEYS: &str = include_str!("../../tests/data/keys/records.txt");

/// Signs for example.com and below it, by a clock that always says the same, and verifies what does
/// not come from here.
fn service(peers: bool) -> &'static Arc<Service> {
    static SERVICES: [OnceLock<Arc<Service>>; 2] = [const { OnceLock::new() }; 2];
    SERVICES[usize::from(peers)].get_or_init(|| {
        let text = format!(
            "socket: inet:8891@127.0.0.1\nmode: sv\nrequire-safe-keys: no\n\
             results: {{ authserv-id: mx.example.net, always: yes }}\n{}signing:\n  \
             - senders: [\"*@*example.com\"]\n    domain: example.com\n    \
             keys: [{{ file: {KEY:?}, selector: s }}]\n",
            if peers { "peers: [192.0.2.9]\n" } else { "" }
        );
        let files = Only(text.into_bytes());
        let loaded =
            twinseal_config::serve(Door::Native, ["--config".into(), "/file".into()], &files);
        let Ok(Request::Serve(loaded)) = loaded else { panic!("{loaded:?}") };
        let service = Arc::new(made(&loaded));
        // What is made once is not what a conversation holds.
        let (heard, ended) = alone(talk(&framed(WARM_UP), None, End::Close, Arc::clone(&service)));
        assert!(heard.windows(14).any(|part| part == b"DKIM-Signature"), "{ended}");
        let (heard, ended) = alone(talk(&framed(ARRIVING), None, End::Close, Arc::clone(&service)));
        assert!(heard.windows(9).any(|part| part == b"dkim=none"), "{ended}");
        service
    })
}

fn made(loaded: &Loaded) -> Service {
    let keys = keyring::load(&loaded.config, &[], Parse::Now, |_| {}).expect("a test key");
    let directory = Directory::from_files(loaded.config.rules.clone(), keys);
    let resolver = Arc::new(KeyFileResolver::parse(KEYS).expect("the test keys"));
    let office = Office::new(&loaded.config, resolver);
    let mut service = Service::new(&loaded.config, directory, Some(office));
    service.clock = Clock::Fixed(1_795_000_000);
    service
}

/// The configuration, and no other file.
struct Only(Vec<u8>);

impl Files for Only {
    fn read(&self, _: &Path) -> io::Result<Vec<u8>> {
        Ok(self.0.clone())
    }

    fn exists(&self, _: &Path) -> bool {
        true
    }
}

/// How much a pipe holds, in octets.
const PIPE: usize = 64 * 1024;

/// How much is said before the other side has its turn. What lies in the pipe is held too.
const AT_ONCE: usize = 4 * 1024;

/// What stands before a frame's text: its length, its letter.
const HEAD: usize = 5;

/// How long a body's frame is made, and how often it comes.
const LONG_FRAME: usize = 64 * 1024;
const LONG_FRAMES: usize = 3;

/// What a connection may hold, pipe included, however long a body is, and for each octet that is
/// none of a body. The most expensive octets are those of the shortest header fields: each is a
/// field with a name and a value of their own.
const MOST_HELD: usize = 32 * 1024;
const HELD_PER_OCTET: usize = 32;

/// A message, as `framed` takes it.
const WARM_UP: &[u8] =
    b"O\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff\x1eClocalhost\x004\0\x19127.0.0.1\0\x1eM<a>\0\
    \x1eLFrom\0 a@example.com\0\x1eLTo\0 b@example.net\0\x1eN\x1eBtext\r\n\x1eE";

/// A message from elsewhere, likewise.
const ARRIVING: &[u8] =
    b"O\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff\x1eCa.example\x004\0\x19192.0.2.1\0\x1eM<a>\0\
    \x1eLFrom\0 a@example.org\0\x1eLTo\0 b@example.net\0\x1eN\x1eBtext\r\n\x1eE";
