//! The front doors: the programs in whose place we stand, each with its own command line.

/// Under which name the program runs, and so which words it takes and what it does without any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Door {
    /// `twinseal serve`: both seals, our own file.
    #[default]
    Native,
    /// `dk-filter`: the DomainKeys seal alone, options of one letter and no file.
    DkFilter,
    /// `dkim-filter`: the DKIM seal, options of one letter and `dkim-filter.conf`.
    DkimFilter,
    /// `opendkim`: the DKIM seal, options of one letter and `opendkim.conf`.
    Opendkim,
}

impl Door {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Native, Self::DkFilter, Self::DkimFilter, Self::Opendkim];

    /// What the program calls itself: in front of its messages, and to the log daemon.
    #[must_use]
    pub const fn program(self) -> &'static str {
        match self {
            Self::Native => "twinseal",
            Self::DkFilter => "dk-filter",
            Self::DkimFilter => "dkim-filter",
            Self::Opendkim => "opendkim",
        }
    }

    /// The file that it reads when none is named.
    #[must_use]
    pub const fn usual_file(self) -> Option<&'static str> {
        match self {
            Self::Native | Self::DkFilter | Self::DkimFilter => None,
            Self::Opendkim => Some("/etc/opendkim.conf"),
        }
    }

    /// The historic program of that name; ours has sub-commands instead.
    #[must_use]
    pub fn of_program(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|door| door.is_historic() && door.program() == name)
    }

    /// Name and version of the product, in the words of the program in whose place it stands.
    #[must_use]
    pub fn product(self, version: &str) -> String {
        match self {
            Self::Native => format!("twinseal {version}"),
            Self::DkFilter => format!("Twinseal DomainKeys Filter v{version}"),
            Self::DkimFilter => format!("Twinseal DKIM Filter v{version}"),
            Self::Opendkim => format!("Twinseal Filter v{version}"),
        }
    }

    /// Whether SIGHUP ends it, as it ended the program in whose place it stands and which reloaded
    /// on another signal.
    #[must_use]
    pub const fn hangup_stops(self) -> bool {
        match self {
            Self::Native | Self::DkFilter => false,
            Self::DkimFilter | Self::Opendkim => true,
        }
    }

    /// Whether another program's words are spoken there.
    #[must_use]
    pub const fn is_historic(self) -> bool {
        match self {
            Self::Native => false,
            Self::DkFilter | Self::DkimFilter | Self::Opendkim => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Door;

    #[test]
    fn a_historic_program_is_known_by_its_name_alone() {
        for (name, door) in [
            ("dk-filter", Some(Door::DkFilter)),
            ("dkim-filter", Some(Door::DkimFilter)),
            ("opendkim", Some(Door::Opendkim)),
            ("twinseal", None),
            ("dk-filter2", None),
            ("", None),
        ] {
            assert_eq!(Door::of_program(name), door, "{name:?}");
        }
    }
}
