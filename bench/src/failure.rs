//! What can keep a measurement from being made.

use std::io;
use twinseal_milter::client::{ClientError, Modification, Verdict};

/// Why something was not measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The system refused something.
    #[error("{what}")]
    System {
        /// What was tried.
        what: String,
        /// Its answer.
        source: io::Error,
    },
    /// A peer ended, or was not done with a message in time.
    #[error("{peer} does not serve: {words}")]
    NoPeer {
        /// Which peer.
        peer: String,
        /// What it last wrote to its log.
        words: String,
    },
    /// A peer cannot be talked to.
    #[error("{peer}")]
    Talk {
        /// Which peer.
        peer: String,
        /// What went wrong.
        source: ClientError,
    },
    /// A peer did something else with a message than what it has to do.
    #[error("{peer}, asked to {expected}, answered {verdict} and changed {modifications:?}")]
    WrongAnswer {
        /// Which peer.
        peer: String,
        /// Its last word.
        verdict: Verdict,
        /// What it changed.
        modifications: Vec<Modification>,
        /// What it should have done.
        expected: String,
    },
    /// The independent verifier does not agree, or cannot be asked.
    #[error("Mail::DKIM: {words}")]
    Judge {
        /// What it says.
        words: String,
    },
    /// A name that no experiment has.
    #[error("there is no experiment called {name:?}")]
    NoExperiment {
        /// The name.
        name: String,
    },
}

/// What measuring comes to.
pub type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// A refusal of the system, with what was tried.
    pub fn system(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::System { what, source }
    }

    /// The whole story in one line.
    pub fn story(&self) -> String {
        let mut story = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            story.push_str(": ");
            story.push_str(&error.to_string());
            cause = error.source();
        }
        story
    }
}
