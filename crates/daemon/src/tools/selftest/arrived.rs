//! A message that arrived, taken apart.

use crate::tools::message::{CannotRead, Message};
use std::io::sink;
use twinseal_message::HeaderBlock;

/// Its header, and its body as it is on the wire.
#[derive(Debug)]
pub(super) struct Arrived {
    pub(super) header: HeaderBlock,
    pub(super) body: Vec<u8>,
}

impl Arrived {
    /// Takes it apart; its lines end in LF or CRLF.
    ///
    /// # Errors
    /// [`CannotRead`], when its header is too large.
    pub(super) fn read(octets: &[u8]) -> Result<Self, CannotRead> {
        let mut message = Message::new("the message".to_owned(), octets, sink());
        let header = message.read_header()?;
        let mut body = Vec::new();
        message.read_body(|chunk| body.extend_from_slice(chunk))?;
        Ok(Self { header, body })
    }
}
