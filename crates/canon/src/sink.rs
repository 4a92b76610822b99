//! Where canonical octets go.

use crate::compact::{BLOCK, Sifted};

/// Takes canonical octets: a digest in production, a `Vec<u8>` in tests.
pub trait Sink {
    /// Takes the next octets. How they are cut carries no meaning.
    fn put(&mut self, octets: &[u8]);
}

impl Sink for Vec<u8> {
    fn put(&mut self, octets: &[u8]) {
        self.extend_from_slice(octets);
    }
}

impl<S: Sink + ?Sized> Sink for &mut S {
    fn put(&mut self, octets: &[u8]) {
        (**self).put(octets);
    }
}

/// How many octets are gathered before the sink sees them: a digest update costs more than
/// the few octets of a word are worth.
const GATHERED_OCTETS: usize = 4096;

/// From how many octets on a slice goes to the sink as it is. Below that, an update costs more
/// than copying does.
const PASSED_OCTETS: usize = 512;

/// Gathers octets into slices worth handing on. Lives for one call, on the stack.
pub(crate) struct Gather<'s, S: Sink> {
    octets: [u8; GATHERED_OCTETS],
    len: usize,
    sink: &'s mut S,
}

impl<'s, S: Sink> Gather<'s, S> {
    pub(crate) const fn new(sink: &'s mut S) -> Self {
        Self { octets: [0; GATHERED_OCTETS], len: 0, sink }
    }

    #[inline]
    pub(crate) fn push(&mut self, octet: u8) {
        if self.len == GATHERED_OCTETS {
            self.flush();
        }
        self.octets[self.len] = octet;
        self.len += 1;
    }

    /// Hands on a slice: as it is when it is long, and copied when it is short.
    pub(crate) fn pass(&mut self, octets: &[u8]) {
        if octets.len() >= PASSED_OCTETS {
            self.flush();
            return self.sink.put(octets);
        }
        if octets.len() > GATHERED_OCTETS - self.len {
            self.flush();
        }
        self.octets[self.len..self.len + octets.len()].copy_from_slice(octets);
        self.len += octets.len();
    }

    /// Takes what stays of a block, and says how many octets that are.
    #[inline]
    pub(crate) fn sift(&mut self, block: &Sifted) -> usize {
        if BLOCK > GATHERED_OCTETS - self.len {
            self.flush();
        }
        let room = self.octets[self.len..].first_chunk_mut();
        let len = room.map_or(0, |room| block.write(room));
        self.len += len;
        len
    }

    pub(crate) fn flush(&mut self) {
        if self.len > 0 {
            self.sink.put(&self.octets[..self.len]);
            self.len = 0;
        }
    }
}
