//! Random messages from a seed: what mail may be, and what it should not be but is.

use crate::message::with_crlf;

/// The seed, unless `TWINSEAL_SEED` gives another.
pub const SEED: u64 = 0x7715_5ea1;

/// Pseudo-random numbers (SplitMix64): the same seed, the same messages, on every machine.
#[derive(Debug, Clone)]
pub struct Generator {
    state: u64,
}

/// The seed in force; print it, so that a failure can be repeated.
pub fn seed() -> u64 {
    let given = std::env::var("TWINSEAL_SEED").ok();
    given.map_or(SEED, |text| text.parse().expect("TWINSEAL_SEED is a number"))
}

impl Generator {
    /// Starts from a seed.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).expect("below a usize")
    }

    /// True once in `n` times.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of them.
    pub fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }

    /// Octets that mean nothing, fewer than `bound`.
    pub fn octets(&mut self, bound: usize) -> Vec<u8> {
        (0..self.below(bound)).map(|_| self.next().to_le_bytes()[0]).collect()
    }

    /// Those octets in pieces, none of them empty: whole as far as a frame holds, one by one, cut
    /// in every CRLF, or anywhere.
    pub fn chunks<'a>(&mut self, octets: &'a [u8]) -> Vec<&'a [u8]> {
        let way = self.below(5);
        let mut pieces = Vec::new();
        let mut rest = octets;
        while !rest.is_empty() {
            let wanted = match way {
                0 => rest.len(),
                1 if octets.len() < 4096 => 1,
                2 => rest.iter().position(|&octet| octet == b'\r').map_or(rest.len(), |at| at + 1),
                3 => 1 + self.below(16),
                _ => 1 + self.below(1500),
            };
            let (piece, after) = rest.split_at(wanted.min(rest.len()).min(MAX_CHUNK));
            pieces.push(piece);
            rest = after;
        }
        pieces
    }

    /// A message with CRLF, from an author in `example.com`, with at least four fields.
    pub fn message(&mut self) -> Vec<u8> {
        let mut fields = vec![self.author(), self.field("To"), self.field("Subject")];
        fields.push(b"Date: Mon, 2 Mar 2026 09:00:00 +0000\r\n".to_vec());
        if self.one_in(4) {
            fields.push(b"Sender: office@example.com\r\n".to_vec());
        }
        for _ in 0..self.below(9) {
            let names: Vec<&str> = NAMES.split_whitespace().collect();
            let name = self.pick(&names);
            fields.push(self.field(name));
        }
        for at in (1..fields.len()).rev() {
            fields.swap(at, self.below(at + 1));
        }
        let mut message = fields.concat();
        if self.one_in(25) {
            return message; // a header and nothing else, not even the blank line
        }
        message.extend_from_slice(b"\r\n");
        message.extend(self.body());
        message
    }

    fn author(&mut self) -> Vec<u8> {
        let field = self.pick(&[
            "From: ann@example.com\n",
            "From: Ann Author <ann@example.com>\n",
            "From:ann@example.com\n",
            "FROM: \"Author, Ann\" <ann@example.com>\n",
            "from:   <ann@example.com>  \n",
            "From: Ann (the author) <ann@example.com>\n",
            "From: =?utf-8?q?J=C3=BCrgen?= <ann@example.com>\n",
            "From: Jürgen Groß <ann@example.com>\n",
            "From: Ann Author\n <ann@example.com>\n",
            "From:\n\tann@example.com\n",
        ]);
        with_crlf(field.as_bytes())
    }

    fn field(&mut self, name: &str) -> Vec<u8> {
        let mut field = name.as_bytes().to_vec();
        field.push(b':');
        field.extend_from_slice(
            self.pick(&[" ", " ", " ", "", "  ", "\t", "\r\n ", " \r\n\t"]).as_bytes(),
        );
        field.push(b'v');
        for _ in 0..self.below(8) {
            let piece = self.pick(&[
                "alpha",
                "b",
                "Gr\u{fc}\u{df}e",
                "<a@example.net>,",
                "x:y",
                "=",
                ";",
                "\"q  q\"",
                "(c)",
                "0123456789012345678901234567890123456789",
            ]);
            field.extend_from_slice(piece.as_bytes());
            let gap = self.pick(&[" ", " ", "  ", "\t", " \t ", "\r\n ", "\r\n\t", " \r\n  ", ""]);
            field.extend_from_slice(gap.as_bytes());
        }
        field.extend_from_slice(self.pick(&["z", "z", "z", " ", "\t ", "z\r\n "]).as_bytes());
        field.extend_from_slice(b"\r\n");
        field
    }

    fn body(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        let stray = self.one_in(8);
        let lines = [0, 1, 2, 5, 12, 40][self.below(6)];
        for _ in 0..lines {
            for _ in 0..self.below(6) {
                let piece: &[u8] = self.pick(&[
                    b"word".as_slice(),
                    b" ",
                    b"  ",
                    b"\t",
                    b"\t \t",
                    b".",
                    b"..",
                    b"Gr\xc3\xbc\xc3\x9fe",
                    b"\xe4\xff",
                    b"\x0b",
                    b"\x0c",
                    b"a-longer-piece-of-text",
                    b"=20",
                    b"From ",
                ]);
                body.extend_from_slice(piece);
            }
            if stray && self.one_in(3) {
                body.extend_from_slice(self.pick(&[
                    b"\r".as_slice(),
                    b"\n",
                    b"\0",
                    b" \r ",
                    b"\n ",
                ]));
                body.push(b'x');
            }
            body.extend_from_slice(b"\r\n");
        }
        for _ in 0..[0, 0, 1, 3][self.below(4)] {
            let empty: &[u8] = self.pick(&[b"\r\n".as_slice(), b" \r\n", b"\t\r\n"]);
            body.extend_from_slice(empty);
        }
        if self.one_in(20) {
            body.extend(std::iter::repeat_n(b"long ".as_slice(), 400).flatten());
            body.extend_from_slice(b"\r\n");
        }
        // Not both at once: too many judges have trouble with either.
        if !stray && self.one_in(10) {
            body.extend_from_slice(self.pick(&[b"the end".as_slice(), b" ", b"end \t"]));
        }
        body
    }
}

/// The most that MTAs send of a body at once, in octets.
const MAX_CHUNK: usize = 65_535;

/// Fields beside From, To, Subject and Date; the more often a name stands here, the likelier it is.
const NAMES: &str = "Comments comments Keywords Received X-Mailer X-y Cc Reply-To MIME-Version \
    Content-Type List-Id References References Return-Path Resent-From Authentication-Results \
    Precedence";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_messages() {
        let (mut a, mut b) = (Generator::new(1), Generator::new(1));
        assert!((0..50).all(|_| a.message() == b.message()));
    }

    #[test]
    fn chunks_are_the_same_octets_cut_also_inside_of_a_line_end() {
        let mut chance = Generator::new(1);
        let octets = b"one\r\ntwo\r\n".repeat(3);
        let mut inside = 0;
        for _ in 0..100 {
            let chunks = chance.chunks(&octets);
            assert!(chunks.iter().all(|chunk| !chunk.is_empty()));
            assert_eq!(chunks.concat(), octets);
            inside += usize::from(chunks.iter().any(|chunk| chunk.ends_with(b"\r")));
        }
        assert!(inside > 20, "{inside}");
        assert!(chance.chunks(b"").is_empty());
    }
}
