//! What keeps a daemon from serving.

use crate::background::CannotLaunch;
use crate::privileges::CannotBecome;
use crate::sandbox::Lacking;
use crate::serving::passed::NotPassed;
use crate::serving::socket::CannotBind;
use crate::signing::keyring::KeyMistakes;
use std::io;
use std::path::PathBuf;
use twinseal_config::{ExitCode, Origin};
use twinseal_message::text;

/// Why the daemon does not serve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CannotServe {
    /// Keys that cannot be used.
    #[error(transparent)]
    Keys(#[from] KeyMistakes),
    /// The file that takes the place of DNS cannot be used.
    #[error("{}", .0.join("\n"))]
    KeyFile(Vec<String>),
    /// The user that is named there cannot be had.
    #[error("{place}: {error}")]
    NamedUser {
        /// Where the configuration names it.
        place: Origin,
        /// Why not.
        error: CannotBecome,
    },
    /// The user cannot be had.
    #[error(transparent)]
    User(#[from] CannotBecome),
    /// Sockets that cannot be had.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Sockets(Vec<CannotBind>),
    /// A socket that was passed to us is none that we can serve.
    #[error(transparent)]
    Passed(#[from] NotPassed),
    /// The pid file cannot be written.
    #[error("{}: the process's number cannot be written: {error}", text::path(path))]
    PidFile {
        /// Where it should be.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// Nobody waits for it any more, or it cannot leave the terminal.
    #[error("it cannot go to the background: {0}")]
    Background(io::Error),
    /// It could not be started in the background.
    #[error(transparent)]
    Launch(#[from] CannotLaunch),
    /// It has to be sandboxed, and cannot be.
    #[error(transparent)]
    Sandbox(#[from] Lacking),
    /// Several of these; the first one says how the program ends.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Several(Vec<Self>),
    /// The system gives us no threads, or no signals.
    #[error("the runtime cannot be started: {0}")]
    Runtime(io::Error),
}

impl CannotServe {
    /// How the program ends.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Several(all) => all.first().map_or(ExitCode::Internal, Self::exit_code),
            Self::Keys(_) | Self::KeyFile(_) => ExitCode::Configuration,
            // Not 78: on that, init scripts of dkim-filter start again, without signing.
            Self::PidFile { error, .. } if error.kind() == io::ErrorKind::PermissionDenied => {
                ExitCode::Permission
            }
            Self::PidFile { error, .. } if error.kind() == io::ErrorKind::ResourceBusy => {
                ExitCode::Unavailable
            }
            Self::PidFile { .. } => ExitCode::System,
            Self::NamedUser { error, .. } | Self::User(error) => error.exit_code(),
            Self::Sockets(_) | Self::Passed(_) => ExitCode::Unavailable,
            Self::Runtime(_) | Self::Background(_) | Self::Sandbox(_) => ExitCode::System,
            Self::Launch(error) => error.exit_code(),
        }
    }
}
