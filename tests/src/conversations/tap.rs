//! A tap between an MTA's half and a filter: it passes everything on and keeps every frame.

use crate::milter::{Frame, frame};
use crate::net::{Address, Stream};
use std::fs;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How long a connection may take to end after its peer has gone.
const PATIENCE: Duration = Duration::from_secs(20);

/// A body that consists of this is no body: the tap answers in the filter's place and shows it
/// nothing. miltertest cannot end a message without a body frame, and MTAs do.
pub const NO_BODY: &[u8] = b"[no body frame]";

/// A header value that begins with this is one without a blank behind the colon, before which
/// miltertest puts one.
pub const NO_BLANK: u8 = 1;

/// A frame and who sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Passed {
    /// From the MTA's half to the filter.
    Command(Frame),
    /// From the filter.
    Answer(Frame),
    /// The filter closed first.
    Closed,
}

/// A tap that listens.
#[derive(Debug)]
pub struct Tap {
    path: PathBuf,
    records: Receiver<Vec<Passed>>,
}

impl Tap {
    /// Listens at a path for connections to that filter; its thread lives as long as the program.
    pub fn start(path: &Path, filter: &Address) -> Self {
        let listener =
            UnixListener::bind(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let filter = filter.clone();
        let (finished, records) = mpsc::channel();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let record = pass_on(client, &filter).unwrap_or_else(|e| panic!("the tap: {e}"));
                if finished.send(record).is_err() {
                    return;
                }
            }
        });
        Self { path: path.to_owned(), records }
    }

    /// As miltertest names it.
    pub fn for_miltertest(&self) -> String {
        format!("unix:{}", self.path.display())
    }

    /// All that was said on the next connection that ends.
    pub fn record(&self) -> Option<Vec<Passed>> {
        self.records.recv_timeout(PATIENCE).ok()
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// One connection, to its end.
fn pass_on(client: UnixStream, filter: &Address) -> io::Result<Vec<Passed>> {
    let Stream::Unix(filter) = filter.connect()? else {
        return Err(io::Error::other("a filter behind the tap listens at a path"));
    };
    filter.set_read_timeout(Some(PATIENCE))?;
    let record = Arc::new(Mutex::new(Vec::new()));
    let (commands, answers) = ((client.try_clone()?, filter.try_clone()?), (filter, client));
    let kept = Arc::clone(&record);
    let asking = thread::spawn(move || forward_commands(commands.0, commands.1, &kept));
    forward_answers(answers.0, answers.1, &record);
    let _ = asking.join();
    let passed = record.lock().expect("nobody panics with it").clone();
    Ok(passed)
}

/// What the MTA's half says; at its end the filter hears no more, but may go on speaking.
fn forward_commands(mut client: UnixStream, mut filter: UnixStream, record: &Mutex<Vec<Passed>>) {
    while let Some((letter, payload)) = read_frame(&mut client) {
        if letter == b'B' && payload == NO_BODY {
            let _ = client.write_all(&frame(b'c', b""));
            continue;
        }
        let payload = if letter == b'L' { exact(payload) } else { payload };
        keep(record, Passed::Command((letter, payload.clone())));
        let _ = filter.write_all(&frame(letter, &payload));
    }
    let _ = filter.shutdown(Shutdown::Write);
}

/// What the filter says, whether or not anybody still listens.
fn forward_answers(mut filter: UnixStream, mut client: UnixStream, record: &Mutex<Vec<Passed>>) {
    while let Some((letter, payload)) = read_frame(&mut filter) {
        keep(record, Passed::Answer((letter, payload.clone())));
        let _ = client.write_all(&frame(letter, &payload));
    }
    keep(record, Passed::Closed);
    let _ = client.shutdown(Shutdown::Both);
}

/// The field as it was meant.
fn exact(mut payload: Vec<u8>) -> Vec<u8> {
    let value = payload.iter().position(|&b| b == 0).map_or(0, |at| at + 1);
    let blank = usize::from(payload.get(value) == Some(&b' '));
    if payload.get(value + blank) == Some(&NO_BLANK) {
        payload.drain(value..=value + blank);
    }
    payload
}

fn keep(record: &Mutex<Vec<Passed>>, passed: Passed) {
    record.lock().expect("nobody panics with it").push(passed);
}

/// Nothing at the end, in whatever way it came.
fn read_frame(stream: &mut UnixStream) -> Option<Frame> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).ok()?;
    let mut content = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut content).ok()?;
    let payload = content.split_off(1.min(content.len()));
    Some((*content.first()?, payload))
}
