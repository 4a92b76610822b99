//! The fast way against the octet by octet one.

use crate::compact::BLOCK;
use crate::domainkeys::Canonicalization;
use crate::{Sink, dkim, domainkeys, reference};

#[derive(Debug, Clone, Copy)]
enum Form {
    Dkim(dkim::Kind),
    DomainKeys(Canonicalization),
}

impl Form {
    const ALL: [Self; 4] = [
        Self::Dkim(dkim::Kind::Simple),
        Self::Dkim(dkim::Kind::Relaxed),
        Self::DomainKeys(Canonicalization::Simple),
        Self::DomainKeys(Canonicalization::Nofws),
    ];

    fn reference(self, octets: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Dkim(kind) => reference::dkim_body(kind, octets, &mut out),
            Self::DomainKeys(kind) => reference::domainkeys_body(kind, octets, &mut out),
        }
        out
    }

    fn fast<'a>(self, chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Dkim(kind) => {
                let mut body = dkim::Body::new(kind);
                chunks.into_iter().for_each(|chunk| body.feed(chunk, &mut out));
                body.finish(&mut out);
            }
            Self::DomainKeys(kind) => {
                let mut body = domainkeys::Body::new(kind);
                chunks.into_iter().for_each(|chunk| body.feed(chunk, &mut out));
                body.finish(&mut out);
            }
        }
        out
    }

    fn assert_alike(self, octets: &[u8], cuts: &[usize]) {
        let mut chunks = Vec::new();
        let mut from = 0;
        for &cut in cuts {
            chunks.push(&octets[from..cut]);
            from = cut;
        }
        chunks.push(&octets[from..]);
        let (fast, want) = (self.fast(chunks), self.reference(octets));
        assert!(fast == want, "{self:?}, cut at {cuts:?}: {}", octets.escape_ascii());
    }
}

/// Numbers that look like chance (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    /// Pieces of a body, each repeated up to `most` times: short ones mix everything with
    /// everything, long ones fill blocks.
    fn body(&mut self, len: usize, most: usize) -> Vec<u8> {
        const PIECES: [&[u8]; 18] = [
            b"a", b"word", b" ", b"  ", b"\t", b" \t ", b"\r\n", b" \r\n", b"\t\r\n", b"a\r\n",
            b"\r", b"\n", b" \r", b"\n\r", b"\0", b"\xff", b"\x0b", b"\x1f",
        ];
        // From a few of them only, or every body would look like all others.
        let few: Vec<_> = (0..=self.below(6)).map(|_| PIECES[self.below(PIECES.len())]).collect();
        let mut body = Vec::new();
        while body.len() < len {
            let piece = few[self.below(few.len())];
            (0..=self.below(most)).for_each(|_| body.extend(piece));
        }
        body.truncate(len);
        body
    }
}

#[test]
fn any_body_is_that_of_the_reference_at_any_cut() {
    let mut chance = Chance(0x5eed_0001);
    for _ in 0..4000 {
        let (len, most) = (chance.below(1000), [1, 3, 80, 300][chance.below(4)]);
        let body = chance.body(len, most);
        let largest = [1, 70, 200, 1000][chance.below(4)];
        let mut cuts = Vec::new();
        let mut cut = chance.below(largest + 1);
        while cut < len {
            cuts.push(cut);
            cut += chance.below(largest + 1);
        }
        for form in Form::ALL {
            form.assert_alike(&body, &[]);
            form.assert_alike(&body, &cuts);
        }
    }
}

#[test]
fn nasty_bodies_are_those_of_the_reference_at_every_cut() {
    let mut chance = Chance(0x5eed_0002);
    for most in [1, 2, 90] {
        for _ in 0..12 {
            let body = chance.body(5 * BLOCK, most);
            for cut in 0..=body.len() {
                Form::ALL.iter().for_each(|form| form.assert_alike(&body, &[cut]));
            }
        }
    }
}

#[test]
fn what_is_decided_by_neighbours_is_decided_alike_over_the_edge_of_a_block() {
    const NASTY: [&[u8]; 14] = [
        b"\r\n",
        b" \r\n",
        b"  \r\n",
        b"\t\r\n",
        b"\r",
        b"\n",
        b" \r",
        b" \n",
        b"\n\r",
        b"\r\r\n",
        b" \r \r\n",
        b"\r\n\r\n",
        b"\r\n \r\n",
        b"\t \t",
    ];
    for nasty in NASTY {
        for at in 0..=3 * BLOCK {
            let mut body = vec![b'x'; 4 * BLOCK];
            body.splice(at..at, nasty.iter().copied());
            for form in Form::ALL {
                form.assert_alike(&body, &[]);
                form.assert_alike(&body[..at + nasty.len()], &[]);
                form.assert_alike(&body[at..], &[]);
                (0..=nasty.len()).for_each(|cut| form.assert_alike(&body, &[at + cut]));
            }
        }
    }
}

#[test]
fn runs_of_any_length_are_those_of_the_reference() {
    for piece in [" ", "\t", "\r\n", " \r\n", "\r", "\n", "\n\r", " \r", "a ", "a\r\n", "a  "] {
        for count in (0..3 * BLOCK).chain([2000]) {
            let run = piece.repeat(count);
            for body in [run.clone(), format!("a{run}"), format!("{run}a"), format!("a{run}a")] {
                for form in Form::ALL {
                    form.assert_alike(body.as_bytes(), &[]);
                    form.assert_alike(body.as_bytes(), &[body.len() / 2]);
                }
            }
        }
    }
}

/// Counts what it is given.
#[derive(Default)]
struct Calls {
    puts: usize,
    octets: usize,
}

impl Sink for Calls {
    fn put(&mut self, octets: &[u8]) {
        self.puts += 1;
        self.octets += octets.len();
    }
}

#[test]
fn the_sink_sees_slices_worth_its_while() {
    let bodies = ["text of words\r\n", "a  b", " a", "a\r\n", "a ", "\t\t\tx\r\n"];
    for line in bodies {
        let body = line.repeat(100_000);
        for kind in [dkim::Kind::Simple, dkim::Kind::Relaxed] {
            let (mut form, mut calls) = (dkim::Body::new(kind), Calls::default());
            body.as_bytes().chunks(8192).for_each(|chunk| form.feed(chunk, &mut calls));
            let average = calls.octets / calls.puts;
            assert!(average > 1024, "{kind:?}: {average} octets each of {line:?}");
        }
    }
}

#[test]
fn a_body_in_progress_is_small() {
    assert!(size_of::<dkim::Body>() <= 32);
    assert!(size_of::<domainkeys::Body>() <= 32);
}
