//! One message's signatures, its questions to DNS, and their answers.

use crate::resolver::{Questions, Resolver, ask_all};
use std::time::Duration;
use twinseal_config::Adsp;
use twinseal_dkim::adsp::Source;
use twinseal_dkim::{
    AdspQuery, AdspResult, AuthorSignature, Demands, LookupFailure, Outcome, Practice, TxtAnswer,
    Verdict, Verifier,
};
use twinseal_message::{Domain, HeaderBlock, Mailbox};

/// A message that is being verified.
#[derive(Debug)]
pub struct Verification {
    verifier: Verifier,
    questions: Questions,
    /// Whether answers are still to come.
    waits: bool,
    author: Option<Author>,
    /// Whether its header is what RFC 5322 §3.6 asks for, where that was asked.
    well_formed: bool,
}

/// What is asked about the author's domain, beside the keys.
#[derive(Debug)]
struct Author {
    domain: Domain,
    policy: Policy,
}

#[derive(Debug)]
enum Policy {
    /// The administrator has said it.
    Local(Practice),
    /// DNS is asked.
    Asked {
        /// The number of the first of both questions.
        first: usize,
        domain: TxtAnswer,
        record: TxtAnswer,
    },
}

/// What came of it.
#[derive(Debug)]
pub struct Finished {
    /// One for each signature.
    pub verdicts: Vec<Verdict>,
    /// What the author's domain says about mail without its signature, where that was asked.
    pub adsp: Option<AdspResult>,
    /// Whether the author's domain is only testing a key that a signature of it names.
    pub author_is_testing: bool,
    /// Whether the header is what it should be, where that was asked.
    pub well_formed: bool,
}

/// What a message is verified with.
#[derive(Debug, Clone, Copy)]
pub struct Means<'a> {
    /// Who is asked.
    pub resolver: &'a dyn Resolver,
    /// How long all answers together may take.
    pub budget: Duration,
    /// What is asked of signatures.
    pub demands: &'a Demands,
    /// Whether the author's domain is asked too.
    pub adsp: Option<&'a Adsp>,
    /// Whether the header has to have the fields of RFC 5322 §3.6.
    pub required_headers: bool,
    /// The time, in seconds since 1970.
    pub now: u64,
}

impl Verification {
    /// Begins, and asks everything that has to be asked, at once (trap W16). Inside a runtime.
    #[must_use]
    pub fn begin(header: HeaderBlock, means: &Means<'_>) -> Self {
        let well_formed = !means.required_headers || is_well_formed(&header);
        let author = means.adsp.and_then(|adsp| Some((adsp, author(&header)?)));
        let verifier = Verifier::new(header, means.demands.clone(), means.now);
        let keys = verifier.queries().iter().map(ToString::to_string);
        let mut names: Vec<String> = keys.collect();
        let author = author.map(|(adsp, domain)| Author::ask(domain, adsp, &mut names));
        let questions = ask_all(means.resolver, &names, means.budget);
        let mut verification = Self { verifier, questions, waits: true, author, well_formed };
        verification.take_answers();
        verification
    }

    /// A copy of the header, for who has to tell of it later.
    #[must_use]
    pub fn header(&self) -> HeaderBlock {
        self.verifier.header().clone()
    }

    /// Takes the next octets of the body.
    pub fn feed(&mut self, chunk: &[u8]) {
        // What cannot pass any more need not be hashed.
        self.take_answers();
        self.verifier.feed(chunk);
    }

    /// Whether there is nothing to say about the message, whatever its body is.
    #[must_use]
    pub const fn is_moot(&self) -> bool {
        !self.verifier.is_signed() && self.author.is_none() && self.well_formed
    }

    /// Whether answers are still to come.
    #[must_use]
    pub const fn waits(&self) -> bool {
        self.waits
    }

    /// Waits for all answers, at most as long as the budget says. Nothing is lost when the future
    /// is dropped before it is ready.
    pub async fn answers(&mut self) {
        while let Some((number, answer)) = self.questions.next().await {
            self.answer(number, answer);
        }
        self.waits = false;
    }

    fn take_answers(&mut self) {
        while self.waits {
            match self.questions.at_hand() {
                Some((number, answer)) => self.answer(number, answer),
                None => {
                    self.waits = !self.questions.are_answered();
                    return;
                }
            }
        }
    }

    fn answer(&mut self, number: usize, answer: TxtAnswer) {
        if number < self.verifier.queries().len() {
            self.verifier.answer(number, &answer);
        } else if let Some(author) = &mut self.author {
            author.policy.answer(number, answer);
        }
    }

    /// Ends the body.
    #[must_use]
    pub fn finish(self) -> Finished {
        let verdicts = self.verifier.finish();
        let author = self.author.as_ref();
        let adsp = author.map(|author| author.result(&verdicts));
        let author_is_testing = author.is_some_and(|author| author.is_testing(&verdicts));
        Finished { verdicts, adsp, author_is_testing, well_formed: self.well_formed }
    }
}

/// The domain of the first author.
fn author(header: &HeaderBlock) -> Option<Domain> {
    let field = header.named("from").next()?;
    Some(Mailbox::first(field.value()).ok()?.domain().clone())
}

impl Author {
    fn ask(domain: Domain, adsp: &Adsp, names: &mut Vec<String>) -> Self {
        let local = adsp.local.find(&domain);
        let policy = local.map_or_else(
            || {
                let (query, first) = (AdspQuery::new(&domain), names.len());
                names.extend([query.domain_name(), query.record_name()].map(str::to_owned));
                let unanswered = TxtAnswer::Failed(LookupFailure::Timeout);
                Policy::Asked { first, domain: unanswered.clone(), record: unanswered }
            },
            Policy::Local,
        );
        Self { domain, policy }
    }

    fn result(&self, verdicts: &[Verdict]) -> AdspResult {
        let has = |outcome: fn(&Outcome) -> bool| {
            self.own(verdicts).any(|verdict| outcome(&verdict.outcome))
        };
        let signature = if has(|outcome| *outcome == Outcome::Pass) {
            AuthorSignature::Valid
        } else if has(|outcome| matches!(outcome, Outcome::KeyUnavailable(_))) {
            AuthorSignature::Unsettled
        } else {
            AuthorSignature::Missing
        };
        let source = match &self.policy {
            Policy::Local(practice) => Source::Local(*practice),
            Policy::Asked { domain, record, .. } => Source::Dns { domain, record },
        };
        AdspResult::of(signature, source)
    }

    /// What was found about the signatures of the author's domain itself.
    fn own<'v>(&self, verdicts: &'v [Verdict]) -> impl Iterator<Item = &'v Verdict> {
        let domain = self.domain.clone();
        verdicts.iter().filter(move |verdict| verdict.claims.domain.as_ref() == Some(&domain))
    }

    fn is_testing(&self, verdicts: &[Verdict]) -> bool {
        self.own(verdicts).any(|verdict| verdict.key.is_some_and(|key| key.testing))
    }
}

impl Policy {
    fn answer(&mut self, number: usize, answer: TxtAnswer) {
        match self {
            Self::Local(_) => {}
            Self::Asked { first, domain, .. } if number == *first => *domain = answer,
            Self::Asked { record, .. } => *record = answer,
        }
    }
}

/// Fields that a header has to have exactly once (RFC 5322 §3.6).
const ONCE: &[&str] = &["from", "date"];

/// Fields that it may have once.
const AT_MOST_ONCE: &[&str] =
    &["reply-to", "to", "cc", "bcc", "message-id", "in-reply-to", "references", "subject"];

/// Whether it has the fields of RFC 5322 §3.6 once, or at most once.
pub fn is_well_formed(header: &HeaderBlock) -> bool {
    let count = |name: &&str| header.named(name).count();
    ONCE.iter().all(|name| count(name) == 1) && AT_MOST_ONCE.iter().all(|name| count(name) <= 1)
}
