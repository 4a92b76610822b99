//! Another filter, beside the program: it looks at nothing and changes what it is told to.

use crate::milter::{ALL_ACTIONS, LEADING_SPACE, frame};
use crate::net::Address;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

/// Add header fields, and change them.
const ACTIONS: u32 = 0x01 | 0x10;
/// No reply to headers, connect, HELO, MAIL, RCPT, DATA, unknown commands, end of headers, body.
const SILENT: u32 = 0x80 | 0xf_f000;

/// What it does to each message, at its end.
#[derive(Debug, Clone, Copy)]
pub enum Change {
    /// Inserts a field at this index.
    Insert(u32, &'static str, &'static str),
    /// Adds a field below all others.
    Append(&'static str, &'static str),
    /// Deletes the first field of this name.
    Delete(&'static str),
}

impl Change {
    fn frame(self) -> Vec<u8> {
        match self {
            Self::Insert(index, name, value) => {
                let mut payload = index.to_be_bytes().to_vec();
                payload.extend_from_slice(format!("{name}\0 {value}\0").as_bytes());
                frame(b'i', &payload)
            }
            Self::Append(name, value) => frame(b'h', format!("{name}\0 {value}\0").as_bytes()),
            Self::Delete(name) => {
                let mut payload = 1_u32.to_be_bytes().to_vec();
                payload.extend_from_slice(format!("{name}\0\0").as_bytes());
                frame(b'm', &payload)
            }
        }
    }
}

/// Starts one; its thread lives as long as the test program.
pub fn start(changes: &[Change]) -> Address {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let port = listener.local_addr().expect("its number").port();
    let changes: Arc<[Change]> = changes.into();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let changes = Arc::clone(&changes);
            std::thread::spawn(move || serve(stream, &changes));
        }
    });
    Address::Inet(port)
}

/// Ends when the MTA closes the connection.
fn serve(mut stream: TcpStream, changes: &[Change]) -> io::Result<()> {
    stream.set_nodelay(true)?;
    loop {
        let mut length = [0; 4];
        stream.read_exact(&mut length)?;
        let mut content = vec![0; u32::from_be_bytes(length) as usize];
        stream.read_exact(&mut content)?;
        match content.first() {
            Some(b'O') => {
                assert_eq!(offered(&content, 9) & (SILENT | LEADING_SPACE), SILENT | LEADING_SPACE);
                assert_eq!(offered(&content, 5) & ACTIONS, ACTIONS, "of {ALL_ACTIONS:#x}");
                let answer = [6, ACTIONS, SILENT | LEADING_SPACE].map(u32::to_be_bytes).concat();
                stream.write_all(&frame(b'O', &answer))?;
            }
            Some(b'E') => {
                let mut answer: Vec<u8> =
                    changes.iter().flat_map(|change| change.frame()).collect();
                answer.extend(frame(b'c', b""));
                stream.write_all(&answer)?;
            }
            _ => {}
        }
    }
}

/// A word of the MTA's offer.
fn offered(content: &[u8], at: usize) -> u32 {
    content[at..at + 4].try_into().map(u32::from_be_bytes).expect("four octets")
}
