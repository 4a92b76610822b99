//! Messages that are tried out instead of served.

/// What `-t` of `dkim-filter` asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// The files of the messages; `-` is standard input.
    pub messages: Vec<String>,
    /// The time that it is, in seconds since 1970; `None` for the clock's.
    pub time: Option<u64>,
    /// How much is told beside the result: nothing, the decision, each step.
    pub verbosity: u8,
    /// Whether a line has to end in CRLF.
    pub strict: bool,
}
