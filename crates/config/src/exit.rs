//! How a program of ours ends: the codes of sysexits, which init scripts read.

/// The exit code, the same in every program and under every name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ExitCode {
    /// It did what it was asked to do.
    Ok = 0,
    /// It did so, and the answer is no: a message has no signature that passes.
    No = 1,
    /// The command line is wrong (`EX_USAGE`).
    Usage = 64,
    /// The input is wrong, or a user is unknown (`EX_DATAERR`).
    Data = 65,
    /// An input file cannot be read (`EX_NOINPUT`).
    NoInput = 66,
    /// A socket or a service is not to be had (`EX_UNAVAILABLE`).
    Unavailable = 69,
    /// Something that cannot happen did (`EX_SOFTWARE`).
    Internal = 70,
    /// The operating system refused: no process, no memory (`EX_OSERR`).
    System = 71,
    /// Trying again may help (`EX_TEMPFAIL`).
    Temporary = 75,
    /// A change of user or a right is refused (`EX_NOPERM`).
    Permission = 77,
    /// The configuration, or a key that it names, is wrong (`EX_CONFIG`).
    Configuration = 78,
}

impl ExitCode {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Ok,
        Self::No,
        Self::Usage,
        Self::Data,
        Self::NoInput,
        Self::Unavailable,
        Self::Internal,
        Self::System,
        Self::Temporary,
        Self::Permission,
        Self::Configuration,
    ];

    /// The one that another process ended with.
    #[must_use]
    pub fn with_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|code| i32::from(code.number()) == number)
    }

    /// What it means, in a sentence.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Ok => "It did what it was asked to do.",
            Self::No => "It did so, and the answer is no: a message has no signature that passes.",
            Self::Usage => "The command line is wrong.",
            Self::Data => "The input is wrong, or a user is unknown.",
            Self::NoInput => "An input file cannot be read.",
            Self::Unavailable => "A socket or a service is not to be had.",
            Self::Internal => "Something that cannot happen did.",
            Self::System => "The operating system refused: no process, no memory.",
            Self::Temporary => "Trying again may help.",
            Self::Permission => "A change of user or a right is refused.",
            Self::Configuration => "The configuration, or a key that it names, is wrong.",
        }
    }

    /// The number that the parent process sees.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.number())
    }
}

#[cfg(test)]
mod tests {
    use super::ExitCode;

    #[test]
    fn the_numbers_are_those_of_sysexits() {
        let codes = [
            (ExitCode::Ok, 0),
            (ExitCode::No, 1),
            (ExitCode::Usage, 64),
            (ExitCode::Data, 65),
            (ExitCode::NoInput, 66),
            (ExitCode::Unavailable, 69),
            (ExitCode::Internal, 70),
            (ExitCode::System, 71),
            (ExitCode::Temporary, 75),
            (ExitCode::Permission, 77),
            (ExitCode::Configuration, 78),
        ];
        for (code, number) in codes {
            assert_eq!(code.number(), number, "{code:?}");
            assert_eq!(ExitCode::with_number(number.into()), Some(code));
        }
    }
}
