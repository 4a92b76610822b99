//! Why there is no verdict.

use crate::resolver::KeyFileMistake;
use crate::tools::message::CannotRead;
use std::io;
use twinseal_config::ExitCode;

#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("{file}: {error}")]
    File { file: String, error: io::Error },
    #[error("{}", lines(.file, .mistakes))]
    Keys { file: String, mistakes: Vec<KeyFileMistake> },
    #[error("{from}: there is no header field in it, so it is no message")]
    NoMessage { from: String },
    #[error(transparent)]
    Unread(#[from] CannotRead),
    #[error("no runtime to ask DNS in: {0}")]
    Runtime(io::Error),
    #[error("standard output: {0}")]
    Output(io::Error),
    #[error("what came out cannot be written as JSON: {0}")]
    Json(serde_json::Error),
}

/// Every mistake on a line of its own: `FILE:LINE: what is wrong`.
fn lines(file: &str, mistakes: &[KeyFileMistake]) -> String {
    let lines: Vec<String> = mistakes.iter().map(|mistake| format!("{file}:{mistake}")).collect();
    lines.join("\n")
}

impl Failure {
    pub(super) fn file(file: &str, error: io::Error) -> Self {
        Self::File { file: file.to_owned(), error }
    }

    pub(super) const fn exit_code(&self) -> ExitCode {
        match self {
            Self::File { .. } => ExitCode::NoInput,
            Self::Keys { .. } => ExitCode::Configuration,
            Self::NoMessage { .. } => ExitCode::Data,
            Self::Unread(error) => error.exit_code(),
            Self::Runtime(_) | Self::Output(_) => ExitCode::System,
            Self::Json(_) => ExitCode::Internal,
        }
    }
}
