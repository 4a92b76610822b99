//! What can be seen when the header is complete.

use super::mime::{is_declared, is_leaf};
use super::{Broken, MAX_LINE, Made};
use crate::registered::registered;
use twinseal_dkim::Kind;
use twinseal_domainkeys::Canonicalization;
use twinseal_message::{Field, HeaderBlock, Mailbox};

/// Which seals each cause breaks.
#[derive(Debug, Default)]
pub(super) struct Look {
    pub(super) long_line: Broken,
    pub(super) eight_bit: Broken,
    pub(super) bare_cr: Broken,
    pub(super) missing_date: Broken,
    pub(super) missing_message_id: Broken,
    pub(super) unaligned: Broken,
    /// Whether the whole body is encoded anew, as far as it has anything to be encoded.
    pub(super) is_encoded_anew: bool,
}

impl Look {
    pub(super) fn at(header: &HeaderBlock, made: &Made) -> Self {
        let mut look = Self::default();
        for field in header.fields() {
            if field.octets().len() > MAX_LINE {
                look.long_line = look.long_line.or(long(field, made));
            }
            if has_bare_cr(field.octets()) {
                let covering = covering(field, made, |_| true);
                look.bare_cr = look.bare_cr.or(covering);
            }
            if is_declared(field) {
                // Trap P10: what it says is changed, and it goes to the end of the header.
                let dkim = made.dkim.iter().any(|one| one.headers.covers(field));
                let domainkeys = made.domainkeys.iter().any(|one| one.covers(field));
                look.eight_bit = look.eight_bit.or(Broken { dkim, domainkeys });
                look.is_encoded_anew = is_leaf(header);
            }
        }
        look.missing_date = missing("date", header, made);
        look.missing_message_id = missing("message-id", header, made);
        look.unaligned.dkim = is_unaligned(header, made);
        look
    }
}

/// The seals that cover a field, of which white space becomes other white space, or an octet
/// becomes some. `shows` says whether a relaxed DKIM seal sees it.
fn covering(field: Field<'_>, made: &Made, shows: impl Fn(Field<'_>) -> bool) -> Broken {
    let dkim = made.dkim.iter().any(|one| {
        one.headers.covers(field)
            && match one.canonicalization.header {
                Kind::Simple => true,
                Kind::Relaxed => shows(field),
            }
    });
    let domainkeys = made
        .domainkeys
        .iter()
        .any(|one| one.canonicalization == Canonicalization::Simple && one.covers(field));
    Broken { dkim, domainkeys }
}

/// The seals that a field breaks whose lines are too long.
fn long(field: Field<'_>, made: &Made) -> Broken {
    let mut lines = lines(field.octets());
    if lines.any(|line| line.len() > MAX_LINE) {
        covering(field, made, breaks_a_word)
    } else {
        Broken::default()
    }
}

/// The lines of a field, without their ends.
fn lines(octets: &[u8]) -> impl Iterator<Item = &[u8]> {
    octets.split(|&octet| octet == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// Whether Postfix breaks a line of it where no white space is; of more or other white space,
/// relaxed sees nothing (trap H8). It breaks behind 998 octets, and then each 997, which the blank
/// makes 998.
fn breaks_a_word(field: Field<'_>) -> bool {
    let breaks = |line: &[u8]| {
        (MAX_LINE..line.len()).step_by(MAX_LINE - 1).any(|at| {
            let beside = [line.get(at - 1), line.get(at)];
            !beside.iter().any(|octet| matches!(octet, Some(b' ' | b'\t')))
        })
    };
    lines(field.octets()).any(breaks)
}

/// Folds are CRLF here, and every other CR is none of them.
fn has_bare_cr(octets: &[u8]) -> bool {
    memchr::memchr_iter(b'\r', octets).any(|at| octets.get(at + 1) != Some(&b'\n'))
}

/// Trap H14: an entry of `h=` for a field that is not there. DomainKeys has no such entries.
fn missing(name: &str, header: &HeaderBlock, made: &Made) -> Broken {
    let listed = made.dkim.iter().any(|one| one.headers.lists_absent(name));
    let dkim = listed && header.named(name).next().is_none();
    Broken { dkim, domainkeys: false }
}

/// Whether DMARC would find no DKIM seal of the domain in From, nor of one of the same
/// organization.
fn is_unaligned(header: &HeaderBlock, made: &Made) -> bool {
    let from = header.named("from").next();
    let Some(Ok(author)) = from.map(|field| Mailbox::first(field.value())) else { return false };
    let author = author.domain();
    let is_aligned = |domain: &twinseal_message::Domain| {
        author.is_at_or_under(domain)
            || domain.is_at_or_under(author)
            || registered(domain.as_str()) == registered(author.as_str())
    };
    !made.domains.is_empty() && !made.domains.iter().any(is_aligned)
}
