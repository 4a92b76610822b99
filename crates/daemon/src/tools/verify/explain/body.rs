//! The usual changes of a body, undone one by one until the hash is the signed one.

use super::{Finding, encoding, wrapping};
use std::cell::Cell;
use twinseal_canon::Sink;
use twinseal_canon::dkim::{Body, Kind};
use twinseal_dkim::Signature;
use twinseal_keys::Sha256;
use twinseal_message::HeaderBlock;

/// How many octets are hashed in search of a cause: less than a second's work.
const MAX_WORK_OCTETS: u64 = 256 * 1024 * 1024;

/// What a hash costs beside the octets that are fed to it: its last block.
const HASH_OCTETS: u64 = 64;

/// The most lines among which lines that somebody put in are looked for.
const MAX_LINES: usize = 2_000;

/// A body, and the hash that it should have.
pub(super) struct Case<'a> {
    header: &'a HeaderBlock,
    body: &'a [u8],
    kind: Kind,
    limit: Option<u64>,
    wanted: &'a [u8],
    /// How many octets may still be hashed.
    budget: Cell<u64>,
}

/// A change that may have happened: it says so when undoing it brings the hash back.
type Hypothesis = fn(&Case<'_>) -> Option<Finding>;

/// All of them, the likely and the cheap ones first.
const HYPOTHESES: [Hypothesis; 9] = [
    other_canonicalization,
    footer_appended,
    length_ignored,
    lines_wrapped,
    re_encoded,
    line_ends_changed,
    mbox_quoted,
    dots_doubled,
    lines_inserted,
];

/// What of a canonical body counts, on its way into a digest.
#[derive(Clone)]
struct Limited {
    digest: Sha256,
    left: u64,
}

impl Limited {
    fn new(limit: Option<u64>) -> Self {
        Self { digest: Sha256::new(), left: limit.unwrap_or(u64::MAX) }
    }
}

impl Sink for Limited {
    fn put(&mut self, octets: &[u8]) {
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        let counted = octets.get(..left).unwrap_or(octets);
        self.left -= counted.len() as u64;
        self.digest.update(counted);
    }
}

/// A body that is hashed piece by piece, and can go several ways from each piece.
#[derive(Clone)]
struct Hashing {
    body: Body,
    sink: Limited,
}

impl Hashing {
    fn new(kind: Kind, limit: Option<u64>) -> Self {
        Self { body: Body::new(kind), sink: Limited::new(limit) }
    }

    fn feed(&mut self, octets: &[u8]) {
        self.body.feed(octets, &mut self.sink);
    }

    fn is(mut self, wanted: &[u8]) -> bool {
        self.body.finish(&mut self.sink);
        self.sink.digest.finish().as_slice() == wanted
    }
}

impl<'a> Case<'a> {
    pub(super) fn new(header: &'a HeaderBlock, body: &'a [u8], signature: &'a Signature) -> Self {
        Self {
            header,
            body,
            kind: signature.canonicalization.body,
            limit: signature.body_length,
            wanted: &signature.body_hash,
            budget: Cell::new(MAX_WORK_OCTETS),
        }
    }

    /// What is hashed: the canonical body, cut where `l=` says (trap H4).
    pub(super) fn canonical(&self) -> Vec<u8> {
        let mut octets = Vec::new();
        let mut body = Body::new(self.kind);
        body.feed(self.body, &mut octets);
        body.finish(&mut octets);
        let limit = self.limit.and_then(|limit| usize::try_from(limit).ok());
        octets.truncate(limit.unwrap_or(usize::MAX));
        octets
    }

    /// What there is to say about the body.
    pub(super) fn finding(&self) -> Finding {
        let octets = self.canonical().len() as u64;
        if let Some(signed) = self.limit.filter(|signed| *signed > octets) {
            let text = format!("{signed} octets were signed, and only {octets} are left");
            return Finding::known("body-cut", text);
        }
        if self.fits(self.body) {
            return Finding::known("body-fits", "the body is the one that was signed");
        }
        HYPOTHESES.iter().find_map(|undone| undone(self)).unwrap_or_else(|| {
            let text =
                "the body is not the one that was signed; none of the usual changes explains it";
            Finding::known("body-changed", text)
        })
    }

    fn fits(&self, body: &[u8]) -> bool {
        self.fits_as(self.kind, self.limit, body)
    }

    fn fits_as(&self, kind: Kind, limit: Option<u64>, body: &[u8]) -> bool {
        let mut hashing = Hashing::new(kind, limit);
        if !self.spend(body.len()) {
            return false;
        }
        hashing.feed(body);
        hashing.is(self.wanted)
    }

    /// Whether a hash may be taken of so many octets.
    fn spend(&self, octets: usize) -> bool {
        let left = self.budget.get().checked_sub(octets as u64 + HASH_OCTETS);
        self.budget.set(left.unwrap_or(0));
        left.is_some()
    }

    fn lines(&self) -> Vec<&'a [u8]> {
        self.body.split_inclusive(|&octet| octet == b'\n').collect()
    }

    /// The body with each line changed; `None` when none does.
    fn each_line<'l>(&'l self, change: impl Fn(&'l [u8]) -> Option<&'l [u8]>) -> Option<Vec<u8>> {
        let mut any = false;
        let mut out = Vec::with_capacity(self.body.len());
        for line in self.body.split_inclusive(|&octet| octet == b'\n') {
            let changed = change(line);
            any |= changed.is_some();
            out.extend_from_slice(changed.unwrap_or(line));
        }
        any.then_some(out)
    }
}

/// White space was added in transit, which `relaxed` forgives, or the signer did not do what `c=`
/// says.
fn other_canonicalization(case: &Case<'_>) -> Option<Finding> {
    let (other, text) = match case.kind {
        Kind::Simple => {
            (Kind::Relaxed, "white space was added to the body; c=…/relaxed would have passed")
        }
        Kind::Relaxed => {
            (Kind::Simple, "the signer hashed the body by simple, and c= says relaxed")
        }
    };
    let fits = case.fits_as(other, case.limit, case.body);
    fits.then(|| Finding::likely("body-white-space", text))
}

/// Lines were appended behind what was signed.
fn footer_appended(case: &Case<'_>) -> Option<Finding> {
    let mut hashing = Hashing::new(case.kind, case.limit);
    let lines = || case.body.split_inclusive(|&octet| octet == b'\n');
    for (number, line) in lines().enumerate() {
        if !case.spend(line.len()) {
            return None;
        }
        if hashing.clone().is(case.wanted) {
            let text = match number {
                0 => "the body was empty when it was signed".to_owned(),
                _ => format!(
                    "a footer of {} was appended behind line {number} of the body",
                    counted(lines().count() - number)
                ),
            };
            return Some(Finding::likely("footer-appended", text));
        }
        hashing.feed(line);
    }
    None
}

/// The signer wrote `l=` and hashed the whole body.
fn length_ignored(case: &Case<'_>) -> Option<Finding> {
    case.limit?;
    let fits = case.fits_as(case.kind, None, case.body);
    let text = "the signer hashed the whole body, and l= says less";
    fits.then(|| Finding::likely("length-ignored", text))
}

/// Long lines were broken (trap P9).
fn lines_wrapped(case: &Case<'_>) -> Option<Finding> {
    let bodies = [wrapping::unwrapped(case.body), wrapping::without_marks(case.body)];
    let fits = bodies.into_iter().flatten().any(|body| case.fits(&body));
    let text = "lines of the body that are too long for SMTP were broken in transit";
    fits.then(|| Finding::likely("body-lines-wrapped", text))
}

/// 8bit became quoted-printable on the way to a host without 8BITMIME (trap P10).
fn re_encoded(case: &Case<'_>) -> Option<Finding> {
    let last = |name| case.header.named(name).next_back().map(|field| field.value());
    let encoding = last("content-transfer-encoding");
    let body = encoding::decoded(case.body, encoding, last("content-type"))?;
    let text = "the body was re-encoded from 8bit to quoted-printable in transit";
    case.fits(&body).then(|| Finding::likely("re-encoded", text))
}

/// A bare LF was taken for a line end somewhere, or the signer hashed lines that end in LF.
fn line_ends_changed(case: &Case<'_>) -> Option<Finding> {
    let found = |text| Some(Finding::likely("body-line-ends", text));
    let mut with_crlf = Vec::with_capacity(case.body.len());
    for &octet in case.body {
        if octet == b'\n' && with_crlf.last() != Some(&b'\r') {
            with_crlf.push(b'\r');
        }
        with_crlf.push(octet);
    }
    if case.fits(&with_crlf) {
        return found("line ends of the body were CRLF when it was signed, and are bare LF now");
    }
    let mut canonical = case.canonical();
    canonical.retain(|&octet| octet != b'\r');
    if super::sha256(&canonical).as_slice() == case.wanted {
        return found("the signer hashed lines that end in LF, where CRLF has to be hashed");
    }
    None
}

/// `From ` at the beginning of a line became `>From `, as mailboxes have it.
fn mbox_quoted(case: &Case<'_>) -> Option<Finding> {
    let body =
        case.each_line(|line| line.strip_prefix(b">").filter(|rest| rest.starts_with(b"From ")))?;
    let text = "lines of the body that began with \"From \" begin with \">From \" now";
    case.fits(&body).then(|| Finding::likely("mbox-quoted", text))
}

/// Dots at the beginning of lines were doubled for SMTP and not restored (RFC 5321 §4.5.2).
fn dots_doubled(case: &Case<'_>) -> Option<Finding> {
    let body =
        case.each_line(|line| line.strip_prefix(b".").filter(|rest| rest.starts_with(b".")))?;
    let text = "dots at the beginning of lines of the body are doubled now";
    case.fits(&body).then(|| Finding::likely("dots-doubled", text))
}

/// Lines were put in above or amid what was signed: a warning on top, a footer in a part. Short
/// insertions are tried first, until the budget is spent.
fn lines_inserted(case: &Case<'_>) -> Option<Finding> {
    let lines = case.lines();
    if lines.len() > MAX_LINES {
        return None;
    }
    // Where each line begins, and the state of the hash there.
    let mut before = vec![(0, Hashing::new(case.kind, case.limit))];
    for line in &lines {
        let (at, mut next) = before.last()?.clone();
        next.feed(line);
        before.push((at + line.len(), next));
    }
    for many in 1..lines.len() {
        let starts = before.iter().enumerate();
        for ((first, (_, hashing)), (at, _)) in starts.zip(before.iter().skip(many)) {
            let rest = case.body.get(*at..).unwrap_or_default();
            if !case.spend(rest.len()) {
                return None;
            }
            let mut hashing = hashing.clone();
            hashing.feed(rest);
            if hashing.is(case.wanted) {
                let text =
                    format!("{} put into the body at line {}", counted_were(many), first + 1);
                return Some(Finding::likely("text-inserted", text));
            }
        }
    }
    None
}

fn counted(lines: usize) -> String {
    if lines == 1 { "1 line".to_owned() } else { format!("{lines} lines") }
}

fn counted_were(lines: usize) -> String {
    format!("{} {}", counted(lines), if lines == 1 { "was" } else { "were" })
}

#[cfg(test)]
mod tests {
    use super::{Case, HASH_OCTETS, footer_appended};
    use twinseal_dkim::Signature;
    use twinseal_message::HeaderBlock;

    #[test]
    fn each_place_where_a_footer_may_begin_costs_a_hash() {
        let mut header = HeaderBlock::default();
        let value = b" v=1; a=rsa-sha256; d=a.example; s=s; h=from; bh=AA==; b=AA==";
        header.push(b"DKIM-Signature", value).unwrap();
        let mut signature = Signature::parse(header.fields().next().unwrap()).1.unwrap();
        signature.body_hash = super::super::sha256(b"1\r\n2\r\n").to_vec();
        let case = Case::new(&header, b"1\r\n2\r\n3\r\n4\r\n", &signature);
        for (hashes, found) in [(2, false), (3, true)] {
            case.budget.set(hashes * (HASH_OCTETS + 3));
            assert_eq!(footer_appended(&case).is_some(), found, "{hashes}");
        }
    }
}
