//! What is done about mail whose seals will not survive.

/// What is done about mail whose seals a later hop is going to break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forecast {
    /// The log says so.
    Warn,
    /// It is refused as well.
    Reject,
    /// Nobody looks.
    Off,
}

impl Forecast {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::Warn, Self::Reject, Self::Off];

    /// Its name in the file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Warn => "warn",
            Self::Reject => "reject",
            Self::Off => "off",
        }
    }
}
