use super::*;

fn frame(letter: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    put_frame(&mut out, letter, &[payload]);
    out
}

/// Everything that comes out of `pieces`, body pieces joined.
fn cut(limits: Limits, pieces: &[&[u8]]) -> Result<Vec<(CommandKind, Vec<u8>)>, FrameError> {
    let mut frames = Frames::new(limits);
    let mut found = Vec::new();
    let mut body = Vec::new();
    for piece in pieces {
        let mut at = 0;
        loop {
            match frames.take(piece, &mut at)? {
                Part::More => break,
                Part::Piece { piece: range, .. } => body.extend_from_slice(&piece[range]),
                Part::Frame {
                    kind: kind @ (CommandKind::Body | CommandKind::EndOfBody), ..
                } => {
                    found.push((kind, std::mem::take(&mut body)));
                }
                Part::Frame { kind, place } => {
                    found.push((kind, frames.payload(&place, piece).to_vec()));
                }
            }
        }
        assert_eq!(at, piece.len());
    }
    Ok(found)
}

#[test]
fn frames_do_not_depend_on_where_the_input_is_cut() {
    let input =
        [frame(b'L', b"A\0 b\0"), frame(b'B', b"text"), frame(b'E', b"end"), frame(b'N', b"")]
            .concat();
    let want = vec![
        (CommandKind::Header, b"A\0 b\0".to_vec()),
        (CommandKind::Body, b"text".to_vec()),
        (CommandKind::EndOfBody, b"end".to_vec()),
        (CommandKind::EndOfHeaders, b"".to_vec()),
    ];
    for at in 0..=input.len() {
        let (a, b) = input.split_at(at);
        assert_eq!(cut(Limits::default(), &[a, b]), Ok(want.clone()), "cut at octet {at}");
    }
    let octets: Vec<&[u8]> = input.chunks(1).collect();
    assert_eq!(cut(Limits::default(), &octets), Ok(want));
}

#[test]
fn frames_are_measured_before_they_are_taken() {
    let limits = Limits { command_octets: 5, body_octets: 7, macro_octets: 3, macros: 1 };
    for (letter, limit) in [(b'L', 5), (b'B', 7), (b'E', 7), (b'D', 3)] {
        let command = CommandKind::from_letter(letter).unwrap();
        let at = frame(letter, &vec![b'x'; limit - 1]);
        assert!(cut(limits, &[&at]).is_ok(), "{command} at its limit");
        let past = frame(letter, &vec![b'x'; limit]);
        let error = FrameError::TooLong { command, octets: limit + 1, limit };
        assert_eq!(cut(limits, &[&past[..5]]), Err(error), "{command} one past its limit");
    }
}

#[test]
fn frames_of_no_length_and_unknown_letters_are_refused() {
    assert_eq!(cut(Limits::default(), &[&[0, 0, 0, 0]]), Err(FrameError::Empty));
    let unknown = FrameError::UnknownCommand { letter: b'/' };
    assert_eq!(
        cut(Limits::default(), &[b"GET / HTTP/1.1\r\n"]),
        Err(FrameError::UnknownCommand { letter: b'/' })
    );
    assert_eq!(cut(Limits::default(), &[&frame(b'/', b"")]), Err(unknown));
}

#[test]
fn announced_lengths_reserve_nothing() {
    let mut frames = Frames::new(Limits::default());
    let mut start = u32::to_be_bytes(200_000).to_vec();
    start.push(b'L');
    start.extend_from_slice(b"abc");
    assert_eq!(frames.take(&start, &mut 0), Ok(Part::More));
    assert!(frames.collected.capacity() < 100, "{}", frames.collected.capacity());
}

#[test]
fn a_long_frame_does_not_keep_its_memory() {
    let mut frames = Frames::new(Limits::default());
    let long = frame(b'L', &[b'x'; 100_000]);
    let (first, last) = long.split_at(50_000);
    assert_eq!(frames.take(first, &mut 0), Ok(Part::More));
    assert!(matches!(frames.take(last, &mut 0), Ok(Part::Frame { .. })));
    assert_eq!(frames.take(b"", &mut 0), Ok(Part::More));
    assert!(frames.collected.capacity() <= KEPT_OCTETS);
}
