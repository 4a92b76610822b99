//! Where canonical octets go.

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

/// Gathers single octets into slices worth handing on. Lives for one call, on the stack.
pub(crate) struct Gather<'s, S: Sink> {
    octets: [u8; GATHERED_OCTETS],
    len: usize,
    sink: &'s mut S,
}

impl<'s, S: Sink> Gather<'s, S> {
    pub(crate) const fn new(sink: &'s mut S) -> Self {
        Self { octets: [0; GATHERED_OCTETS], len: 0, sink }
    }

    pub(crate) fn push(&mut self, octet: u8) {
        if self.len == GATHERED_OCTETS {
            self.flush();
        }
        self.octets[self.len] = octet;
        self.len += 1;
    }

    pub(crate) fn flush(&mut self) {
        self.sink.put(&self.octets[..self.len]);
        self.len = 0;
    }
}
