//! Moves the octets that stay together, in steps that do not depend on which ones stay.

use crate::scan::{Place, Window};

/// What is looked at at once: long enough for a compiler to use the widest registers there are,
/// short enough for one octet of work not to drag many others along.
pub(crate) const BLOCK: usize = 64;

/// A block of a body, and which of its octets stay.
pub(crate) struct Sifted {
    /// The octets as they come out, 0 for those that go.
    octets: [u8; BLOCK],
    /// For each of them 1 if it stays, 0 if it goes.
    keep: [u8; BLOCK],
}

impl Sifted {
    /// Asks about each place of a block what its octet becomes, and whether it stays.
    #[inline(always)]
    pub(crate) fn new(window: &Window, of: impl Fn(Place) -> (u8, bool)) -> Self {
        let (mut octets, mut keep) = ([0; BLOCK], [0; BLOCK]);
        for at in 0..BLOCK {
            let (octet, stays) = of(Place::of(window, at));
            octets[at] = if stays { octet } else { 0 };
            keep[at] = u8::from(stays);
        }
        Self { octets, keep }
    }

    /// Lets all but the first `len` octets go.
    #[inline]
    pub(crate) fn first(mut self, len: usize) -> Self {
        if len < BLOCK {
            self.octets[len..].fill(0);
            self.keep[len..].fill(0);
        }
        self
    }

    /// Writes the octets that stay to the front of `out`, and says how many they are. What stands
    /// behind them afterwards means nothing.
    ///
    /// Eight octets at a time, all in one register. A branch for each octet, or for each word, is
    /// one that the processor guesses wrong on real text, which costs more than all this does.
    pub(crate) fn write(&self, out: &mut [u8; BLOCK]) -> usize {
        let mut len = 0;
        let (octets, _) = self.octets.as_chunks::<8>();
        let (keep, _) = self.keep.as_chunks::<8>();
        for (octets, keep) in octets.iter().zip(keep) {
            let row = &ROWS[usize::from(bits(*keep))];
            out[len..len + 8].copy_from_slice(&row.close_gaps(u64::from_le_bytes(*octets)));
            len += usize::from(row.kept);
        }
        len
    }
}

/// Eight octets of 0 or 1 as the bits of one, the first as the lowest.
const fn bits(flags: [u8; 8]) -> u8 {
    // The multiplication moves octet `i` by 56 - 7 * i bits: from bit 8 * i to bit 56 + i.
    u64::from_le_bytes(flags).wrapping_mul(0x0102_0408_1020_4080).to_le_bytes()[7]
}

/// How to close the gaps between the octets that stay, of eight.
struct Row {
    /// Which octets move down by one, by two, by four octets, in this order.
    moves: [u64; 3],
    /// How many octets stay.
    kept: u8,
}

static ROWS: [Row; 256] = {
    let mut rows = [const { Row { moves: [0; 3], kept: 0 } }; 256];
    let mut bits = 0;
    while bits < rows.len() {
        rows[bits] = Row::new(bits);
        bits += 1;
    }
    rows
};

impl Row {
    /// The row for the octets whose bits are set to stay.
    const fn new(bits: usize) -> Self {
        let mut row = Self { moves: [0; 3], kept: 0 };
        let (mut octet, mut gone) = (0, 0);
        while octet < 8 {
            if bits >> octet & 1 == 0 {
                gone += 1;
            } else {
                row.moves_down(octet, gone);
                row.kept += 1;
            }
            octet += 1;
        }
        row
    }

    /// `octet` moves down by `gone` octets, the sum of the steps that it takes part in.
    ///
    /// Two octets never meet on the way: of two that stay, the upper one has at least as many gaps
    /// below it, and at most as many more as there are between the two.
    const fn moves_down(&mut self, octet: usize, gone: usize) {
        let (mut place, mut step) = (octet, 0);
        while step < self.moves.len() {
            if gone >> step & 1 == 1 {
                self.moves[step] |= 0xff << (8 * place);
                place -= 1 << step;
            }
            step += 1;
        }
    }

    /// Needs 0 in the gaps.
    const fn close_gaps(&self, mut octets: u64) -> [u8; 8] {
        let mut step = 0;
        while step < self.moves.len() {
            let moving = octets & self.moves[step];
            octets = (octets ^ moving) | moving >> (8 << step);
            step += 1;
        }
        octets.to_le_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, ROWS, Sifted, Window, bits};

    #[test]
    fn every_choice_of_eight_octets_comes_out_in_order() {
        for choice in 0..=255_u8 {
            let flags = std::array::from_fn(|bit| choice >> bit & 1);
            assert_eq!(bits(flags), choice);
            let octets = *b"abcdefgh";
            let kept = octets.into_iter().zip(flags).filter(|(_, flag)| *flag == 1);
            let want: Vec<u8> = kept.map(|(octet, _)| octet).collect();
            let row = &ROWS[usize::from(choice)];
            let gaps = std::array::from_fn(|at| octets[at] * flags[at]);
            let out = row.close_gaps(u64::from_le_bytes(gaps));
            assert_eq!(usize::from(row.kept), want.len(), "{choice:#010b}");
            assert_eq!(&out[..want.len()], want, "{choice:#010b}");
        }
    }

    #[test]
    fn a_block_closes_over_all_its_gaps() {
        let window: Window = std::array::from_fn(|at| u8::try_from(at).unwrap());
        for every in 1..=BLOCK {
            let stays = |octet: u8| usize::from(octet) % every != 0;
            let mut out = [0; BLOCK];
            let block = Sifted::new(&window, |place| (place.octet, stays(place.octet)));
            let len = block.write(&mut out);
            let want: Vec<u8> = (1..=64).filter(|&octet| stays(octet)).collect();
            assert_eq!(&out[..len], want, "each octet that {every} divides is gone");
        }
    }
}
