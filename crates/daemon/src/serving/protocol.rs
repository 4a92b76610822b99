//! What is said on a connection, for the log: what each frame is and how long, never what is in it.

use twinseal_milter::Event;

/// How many octets stand in front of a frame and say how long it is.
const LENGTH: usize = 4;

/// Logs what the MTA has said, in so many octets; an octet too few to be anything says nothing.
pub(super) fn said(event: &Event<'_>, octets: usize) {
    let what = match event {
        Event::NeedMore => return,
        Event::Negotiated(_) => "negotiation",
        Event::Connect { .. } => "connect",
        Event::Helo(_) => "helo",
        Event::MailFrom(_) => "mail from",
        Event::Recipient(_) => "recipient",
        Event::Data => "data",
        Event::Header { .. } => "header field",
        Event::EndOfHeaders(_) => "end of headers",
        Event::Body(_) => "body",
        Event::EndOfMessage(_) => "end of message",
        Event::Abort => "abort",
        Event::Quit => "quit",
        Event::QuitNewConnection => "quit, a new connection follows",
        Event::UnknownCommand(_) => "unknown command",
    };
    tracing::debug!("milter: MTA: {what}, {octets} octets");
}

/// Logs what is answered.
pub(super) fn answered(output: &[u8]) {
    for (letter, octets) in frames(output) {
        let what = match letter {
            b'O' => "negotiation",
            b'+' => "add recipient",
            b'-' => "delete recipient",
            b'b' => "replace body",
            b'a' => "accept",
            b'c' => "continue",
            b'd' => "discard",
            b'h' => "add header field",
            b'i' => "insert header field",
            b'm' => "change header field",
            b'p' => "progress",
            b'q' => "quarantine",
            b'r' => "reject",
            b's' => "skip",
            b't' => "temporary failure",
            b'y' => "reply code",
            _ => "answer",
        };
        tracing::debug!("milter: filter: {what}, {octets} octets");
    }
}

/// The letter of each frame, and how many octets it takes with its length.
fn frames(mut output: &[u8]) -> impl Iterator<Item = (u8, usize)> {
    std::iter::from_fn(move || {
        let (length, rest) = output.split_first_chunk::<LENGTH>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let letter = *rest.first()?;
        output = rest.get(length..)?;
        Some((letter, length + LENGTH))
    })
}

#[cfg(test)]
mod tests {
    use super::frames;

    #[test]
    fn each_frame_is_named_by_its_letter() {
        let output = b"\0\0\0\x01c\0\0\0\x04iabc\0\0\0\x01a";
        assert_eq!(frames(output).collect::<Vec<_>>(), [(b'c', 5), (b'i', 8), (b'a', 5)]);
        assert_eq!(frames(b"\0\0\0\x09i").count(), 0);
    }
}
