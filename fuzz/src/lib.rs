//! What the targets share: one input, cut in many ways, and configurations of one input.
//!
//! Cuts are computed from the input itself, so that an input is nothing but an input: any mail is
//! a seed, and a crash comes back from its file alone.

pub mod config;

/// How an input is cut into chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Not at all.
    Whole,
    /// After every octet.
    Octets,
    /// After 1 to 16 octets, by chance that depends on the input alone.
    Chance,
    /// After 1 to 255 octets, likewise.
    Long,
}

impl Cut {
    /// All of them; the first one is what the others are held against.
    pub const ALL: [Self; 4] = [Self::Whole, Self::Octets, Self::Chance, Self::Long];

    /// The chunks of that input; none of them is empty.
    pub fn chunks(self, input: &[u8]) -> impl Iterator<Item = &[u8]> {
        let mut chance = Chance::new(input);
        let mut rest = input;
        std::iter::from_fn(move || {
            let octets = match self {
                Self::Whole => rest.len(),
                Self::Octets => 1,
                Self::Chance => 1 + chance.below(16),
                Self::Long => 1 + chance.below(255),
            };
            let (chunk, after) = rest.split_at(octets.min(rest.len()));
            rest = after;
            (!chunk.is_empty()).then_some(chunk)
        })
    }
}

/// Numbers that look like chance and are the same for the same input (FNV-1a, then xorshift).
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// The numbers of that input.
    #[must_use]
    pub fn new(input: &[u8]) -> Self {
        let hash = input.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &octet| {
            (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(hash | 1)
    }

    /// The next one, smaller than `limit`.
    pub fn below(&mut self, limit: u8) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::from((self.0 >> 32) as u8 % limit)
    }
}
