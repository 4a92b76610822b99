//! The verifier: a header, body chunks and answers from DNS, and out come verdicts.

mod choice;
mod demands;

pub use choice::MAX_SIGNATURES_READ;
pub use demands::{BodyDemand, CLOCK_DRIFT, Demands, MAX_SIGNATURES, MIN_RSA_BITS, Trust};

use crate::FIELD;
use crate::body::{BodyDigests, BodyHash, BodyHashes, Place};
use crate::dns::{KeyQuery, LookupFailure, TxtAnswer};
use crate::instances::Instances;
use crate::record::{PublishedKey, RecordError};
use crate::signature::{Algorithm, Claims, Signature};
use crate::verdict::{Coverage, KeyFacts, Outcome, Verdict};
use twinseal_keys::KeyKind;
use twinseal_message::{Domain, HeaderBlock, Mailbox};

use choice::{Choice, choose};

/// Checks every signature of a message in one pass over its body.
///
/// It asks nobody: [`queries`](Self::queries) names the records that it needs, and
/// [`answer`](Self::answer) takes them whenever they come. What cannot pass any more costs nothing
/// from then on.
#[derive(Debug)]
pub struct Verifier {
    header: HeaderBlock,
    demands: Demands,
    candidates: Vec<Candidate>,
    queries: Vec<KeyQuery>,
    bodies: BodyDigests,
    /// How many signatures there are beyond those that are read.
    unread: usize,
}

/// One signature on its way to a verdict.
#[derive(Debug)]
struct Candidate {
    claims: Claims,
    key: Option<KeyFacts>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Nothing that is still to come can change it.
    Decided(Outcome),
    /// It needs its key.
    Waiting(Box<Waiting>),
    /// The key made it over this header; what is left to compare is the body.
    Signed(Body),
}

#[derive(Debug)]
struct Waiting {
    signature: Signature,
    /// Which field of the header it is.
    field: usize,
    /// Which of the queries asks for its key.
    query: usize,
    body: Place,
}

/// What a signature says about the body.
#[derive(Debug)]
struct Body {
    hash: Vec<u8>,
    length: Option<u64>,
    place: Place,
}

impl Verifier {
    /// Begins to verify a message. `now` is the time in seconds since 1970.
    #[must_use]
    pub fn new(header: HeaderBlock, demands: Demands, now: u64) -> Self {
        let mut verifier = Self {
            header: HeaderBlock::default(),
            demands,
            candidates: Vec::new(),
            queries: Vec::new(),
            bodies: BodyDigests::default(),
            unread: 0,
        };
        let author = Author::of(&header);
        for Choice { field, claims, fate, .. } in choose(&header, &author, &verifier.demands, now) {
            let state = match fate {
                Ok(signature) => State::Waiting(Box::new(verifier.wait_for(signature, field))),
                Err(outcome) => State::Decided(outcome),
            };
            verifier.candidates.push(Candidate { claims, key: None, state });
        }
        let all = header.fields().filter(|field| field.is_named(FIELD)).count();
        verifier.unread = all - verifier.candidates.len();
        verifier.header = header;
        verifier
    }

    fn wait_for(&mut self, signature: Signature, field: usize) -> Waiting {
        let query = KeyQuery::new(&signature.selector, &signature.domain);
        let known = self.queries.iter().position(|known| *known == query);
        let query = known.unwrap_or_else(|| {
            self.queries.push(query);
            self.queries.len() - 1
        });
        let kind = signature.canonicalization.body;
        let body = self.bodies.place(kind, signature.body_length);
        Waiting { signature, field, query, body }
    }

    /// The records that are needed, each once.
    #[must_use]
    pub fn queries(&self) -> &[KeyQuery] {
        &self.queries
    }

    /// Whether there is any signature, good or bad.
    #[must_use]
    pub const fn is_signed(&self) -> bool {
        !self.candidates.is_empty()
    }

    /// Whether the rest of the body can still change anything.
    #[must_use]
    pub fn needs_body(&self) -> bool {
        self.bodies.are_wanted()
    }

    /// The header that is verified.
    #[must_use]
    pub const fn header(&self) -> &HeaderBlock {
        &self.header
    }

    /// Takes what DNS says to the query of that number, counted from 0. It may come before the
    /// body, amid it or after it.
    pub fn answer(&mut self, query: usize, answer: &TxtAnswer) {
        let wants = |state: &State| matches!(state, State::Waiting(one) if one.query == query);
        if !self.candidates.iter().any(|candidate| wants(&candidate.state)) {
            return;
        }
        let found = published(answer);
        let message = Message {
            header: &self.header,
            instances: Instances::of(&self.header),
            demands: &self.demands,
        };
        for candidate in &mut self.candidates {
            let State::Waiting(waiting) = &candidate.state else { continue };
            if waiting.query != query {
                continue;
            }
            let place = waiting.body;
            candidate.key = facts(answer, found.as_ref().ok());
            candidate.state = match &found {
                Ok(key) => judge(waiting, key, &message).map_or_else(State::Decided, State::Signed),
                Err(outcome) => State::Decided(outcome.clone()),
            };
            if matches!(candidate.state, State::Decided(_)) {
                self.bodies.release(place);
            }
        }
    }

    /// Takes the next octets of the body.
    pub fn feed(&mut self, chunk: &[u8]) {
        self.bodies.feed(chunk);
    }

    /// Ends the body: one verdict for each signature, from top to bottom. A query without an answer
    /// counts as one that nobody answered in time.
    #[must_use]
    pub fn finish(self) -> Vec<Verdict> {
        let (bodies, demands) = (self.bodies.finish(), &self.demands);
        let verdict = |candidate: Candidate| candidate.finish(&bodies, demands);
        let unread = || Verdict {
            claims: Claims::default(),
            outcome: Outcome::NotExamined { limit: demands.signatures },
            key: None,
            coverage: None,
        };
        let read = self.candidates.into_iter().map(verdict);
        read.chain(std::iter::repeat_with(unread).take(self.unread)).collect()
    }
}

/// The message, while keys are held against it.
struct Message<'a> {
    header: &'a HeaderBlock,
    instances: Instances,
    demands: &'a Demands,
}

/// Who wrote the message, as far as it matters to a signature.
struct Author {
    /// How many From fields there are.
    fields: usize,
    /// The domain of the first address in the first of them.
    domain: Option<Domain>,
}

impl Author {
    fn of(header: &HeaderBlock) -> Self {
        let mailbox = header.named("from").next().and_then(|one| Mailbox::first(one.value()).ok());
        let domain = mailbox.map(|mailbox| mailbox.domain().clone());
        Self { fields: header.named("from").count(), domain }
    }

    fn is_in(&self, domain: &Domain) -> bool {
        self.domain.as_ref() == Some(domain)
    }
}

/// The key in an answer, or what its absence means (trap H17).
fn published(answer: &TxtAnswer) -> Result<PublishedKey, Outcome> {
    match answer {
        TxtAnswer::Records { texts, .. } => match PublishedKey::first(texts) {
            Ok(key) => Ok(key),
            Err(RecordError::Revoked) => Err(Outcome::KeyRevoked),
            Err(error) => Err(Outcome::BadKey(error)),
        },
        TxtAnswer::NoRecord => Err(Outcome::NoKeyRecord),
        TxtAnswer::NoName => Err(Outcome::NoKey),
        TxtAnswer::Failed(failure) => Err(Outcome::KeyUnavailable(*failure)),
    }
}

/// What is known of the key in an answer, or of the record that holds none that can be used.
fn facts(answer: &TxtAnswer, key: Option<&PublishedKey>) -> Option<KeyFacts> {
    let TxtAnswer::Records { texts, security } = answer else { return None };
    let testing = key.map_or_else(|| PublishedKey::is_testing(texts), |key| key.testing);
    Some(KeyFacts { bits: key.map(|key| key.key.bits()), testing, security: *security })
}

/// Holds a signature against its key (RFC 6376 §6.1.2, RFC 6376 §6.1.3): what is left to compare,
/// or why nothing is.
fn judge(
    waiting: &Waiting,
    published: &PublishedKey,
    message: &Message<'_>,
) -> Result<Body, Outcome> {
    let Waiting { signature, field, body, .. } = waiting;
    suits(signature, published, message.demands)?;
    let own = message.header.fields().nth(*field).ok_or(Outcome::SignatureWrong)?;
    let taken = message.instances.taken_by(&signature.fields, *field, message.header);
    let signed = signature.signed_octets(taken, own);
    if !published.key.verifies(&signed, &signature.signature) {
        return Err(Outcome::SignatureWrong);
    }
    let (hash, length) = (signature.body_hash.clone(), signature.body_length);
    Ok(Body { hash, length, place: *body })
}

/// Whether the key may have made such a signature at all.
fn suits(
    signature: &Signature,
    published: &PublishedKey,
    demands: &Demands,
) -> Result<(), Outcome> {
    let bits = published.key.bits();
    match (signature.algorithm, published.key.kind()) {
        (Algorithm::RsaSha256, KeyKind::Rsa { .. }) if bits < MIN_RSA_BITS => {
            return Err(Outcome::KeyTooSmall { bits });
        }
        (Algorithm::RsaSha256, KeyKind::Rsa { .. }) if bits < demands.key_bits => {
            return Err(Outcome::KeyBelowMinimum { bits, minimum: demands.key_bits });
        }
        (Algorithm::RsaSha256, KeyKind::Rsa { .. })
        | (Algorithm::Ed25519Sha256, KeyKind::Ed25519) => {}
        _ => return Err(Outcome::KeyOfAnotherKind),
    }
    if !published.accepts_sha256() {
        return Err(Outcome::HashNotAllowed);
    }
    if !published.is_for_email() {
        return Err(Outcome::NotForMail);
    }
    // Trap H13
    if published.strict && *signature.identity.domain() != signature.domain {
        return Err(Outcome::SubdomainNotAllowed);
    }
    Ok(())
}

impl Candidate {
    fn finish(self, bodies: &BodyHashes, demands: &Demands) -> Verdict {
        let Self { claims, key, state } = self;
        let (outcome, coverage) = match state {
            State::Decided(outcome) => (outcome, None),
            State::Waiting(_) => (Outcome::KeyUnavailable(LookupFailure::Timeout), None),
            State::Signed(body) => match bodies.get(body.place) {
                Some(found) => body.compare(found, demands),
                None => (Outcome::BodyChanged, None),
            },
        };
        Verdict { claims, outcome, key, coverage }
    }
}

impl Body {
    /// The last comparison (RFC 6376 §6.1.3), and how much of the body it is about.
    fn compare(&self, found: BodyHash, demands: &Demands) -> (Outcome, Option<Coverage>) {
        let octets = found.octets;
        let signed = self.length.unwrap_or(octets);
        let coverage = Coverage { signed, octets };
        let outcome = if signed > octets {
            // Trap H4
            Outcome::BodyShorter { signed, octets }
        } else if self.hash != found.hash {
            Outcome::BodyChanged
        } else if !demands.body.is_met_by(coverage) {
            Outcome::BodyNotCovered(coverage)
        } else {
            Outcome::Pass
        };
        (outcome, Some(coverage))
    }
}

#[cfg(test)]
mod tests;
