//! The flag bits of the negotiation, each once, with the version that brought it.

use std::{fmt, ops};

use super::CommandKind;

/// Writes a set of flag bits from one table: constant, bit, first version, name.
macro_rules! bits {
    (
        $(#[$about:meta])*
        pub struct $name:ident {
            $( $(#[$doc:meta])* $constant:ident = $bit:literal, since $version:literal, $text:literal; )*
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub struct $name(u32);

        impl $name {
            $( $(#[$doc])* pub const $constant: Self = Self($bit); )*

            /// No bit.
            pub const NONE: Self = Self(0);

            const TABLE: &'static [(Self, u32, &'static str)] =
                &[ $( (Self::$constant, $version, $text), )* ];

            /// The set with these bits; unknown ones are kept, so that logs show what a peer sent.
            #[must_use]
            pub const fn from_bits(bits: u32) -> Self {
                Self(bits)
            }

            /// The bits on the wire.
            #[must_use]
            pub const fn bits(self) -> u32 {
                self.0
            }

            /// Whether every bit of `other` is set.
            #[must_use]
            pub const fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// The bits of both.
            #[must_use]
            pub const fn union(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            /// The bits that both have.
            #[must_use]
            pub const fn intersection(self, other: Self) -> Self {
                Self(self.0 & other.0)
            }

            /// The bits that `other` does not have.
            #[must_use]
            pub const fn without(self, other: Self) -> Self {
                Self(self.0 & !other.0)
            }

            /// The bits that exist in protocol version `version`.
            #[must_use]
            pub fn known_to(version: u32) -> Self {
                Self::TABLE
                    .iter()
                    .filter(|(_, since, _)| *since <= version)
                    .fold(Self::NONE, |all, (bit, ..)| all.union(*bit))
            }
        }

        impl ops::BitOr for $name {
            type Output = Self;

            fn bitor(self, other: Self) -> Self {
                self.union(other)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:#x}", self.0)?;
                let mut before = " (";
                for (bit, _, text) in Self::TABLE {
                    if self.contains(*bit) {
                        write!(f, "{before}{text}")?;
                        before = ", ";
                    }
                }
                f.write_str(if before == ", " { ")" } else { "" })
            }
        }
    };
}

bits! {
    /// What a filter may do to a message (`SMFIF_`).
    pub struct Actions {
        /// Add and insert header fields.
        ADD_HEADERS = 0x01, since 2, "add headers";
        /// Replace the body.
        CHANGE_BODY = 0x02, since 2, "change body";
        /// Add recipients.
        ADD_RECIPIENTS = 0x04, since 2, "add recipients";
        /// Remove recipients.
        DELETE_RECIPIENTS = 0x08, since 2, "delete recipients";
        /// Change and delete header fields.
        CHANGE_HEADERS = 0x10, since 2, "change headers";
        /// Put the message in quarantine.
        QUARANTINE = 0x20, since 2, "quarantine";
        /// Change the envelope sender.
        CHANGE_SENDER = 0x40, since 6, "change sender";
        /// Add recipients with ESMTP arguments.
        ADD_RECIPIENTS_WITH_ARGUMENTS = 0x80, since 6, "add recipients with arguments";
        /// Name the macros that it wants, per stage.
        SET_MACRO_LISTS = 0x100, since 6, "set macro lists";
    }
}

bits! {
    /// What the MTA leaves out, waits for and preserves (`SMFIP_`).
    pub struct Steps {
        /// No connect command.
        NO_CONNECT = 0x01, since 2, "no connect";
        /// No HELO command.
        NO_HELO = 0x02, since 2, "no helo";
        /// No MAIL command.
        NO_MAIL = 0x04, since 2, "no mail";
        /// No RCPT command.
        NO_RECIPIENT = 0x08, since 2, "no rcpt";
        /// No body.
        NO_BODY = 0x10, since 2, "no body";
        /// No header fields.
        NO_HEADERS = 0x20, since 2, "no headers";
        /// No end-of-headers command.
        NO_END_OF_HEADERS = 0x40, since 2, "no end of headers";
        /// No reply to a header field. Postfix can offer it with any version; version 2 as such
        /// does not have it.
        NO_REPLY_HEADER = 0x80, since 6, "no header reply";
        /// No commands that the MTA does not know.
        NO_UNKNOWN = 0x100, since 3, "no unknown";
        /// No DATA command.
        NO_DATA = 0x200, since 4, "no data";
        /// The filter may send SKIP. We never ask for it (trap W22).
        SKIP = 0x400, since 6, "skip";
        /// Recipients that the MTA refused are shown too.
        REJECTED_RECIPIENTS = 0x800, since 6, "rejected recipients";
        /// No reply to connect.
        NO_REPLY_CONNECT = 0x1000, since 6, "no connect reply";
        /// No reply to HELO.
        NO_REPLY_HELO = 0x2000, since 6, "no helo reply";
        /// No reply to MAIL.
        NO_REPLY_MAIL = 0x4000, since 6, "no mail reply";
        /// No reply to RCPT.
        NO_REPLY_RECIPIENT = 0x8000, since 6, "no rcpt reply";
        /// No reply to DATA.
        NO_REPLY_DATA = 0x1_0000, since 6, "no data reply";
        /// No reply to commands that the MTA does not know.
        NO_REPLY_UNKNOWN = 0x2_0000, since 6, "no unknown reply";
        /// No reply to end of headers.
        NO_REPLY_END_OF_HEADERS = 0x4_0000, since 6, "no end of headers reply";
        /// No reply to body chunks.
        NO_REPLY_BODY = 0x8_0000, since 6, "no body reply";
        /// Header values are exact, leading space included (trap W1).
        LEADING_SPACE = 0x10_0000, since 6, "leading space";
        /// Frames of up to 256 KiB.
        DATA_256K = 0x1000_0000, since 6, "256 KiB frames";
        /// Frames of up to 1 MiB.
        DATA_1M = 0x2000_0000, since 6, "1 MiB frames";
    }
}

impl Steps {
    /// All that Postfix and Sendmail offer (trap W23): everything up to the leading space.
    pub const USUAL: Self = Self(0x1f_ffff);

    /// Every no-reply flag.
    pub const NO_REPLY: Self = Self(
        Self::NO_REPLY_HEADER.0
            | Self::NO_REPLY_CONNECT.0
            | Self::NO_REPLY_HELO.0
            | Self::NO_REPLY_MAIL.0
            | Self::NO_REPLY_RECIPIENT.0
            | Self::NO_REPLY_DATA.0
            | Self::NO_REPLY_UNKNOWN.0
            | Self::NO_REPLY_END_OF_HEADERS.0
            | Self::NO_REPLY_BODY.0,
    );

    /// Whether the MTA waits for a reply to a command of this kind.
    #[must_use]
    pub fn awaits_reply(self, command: CommandKind) -> bool {
        match command {
            CommandKind::Negotiate | CommandKind::EndOfBody => true,
            CommandKind::Macros
            | CommandKind::Abort
            | CommandKind::Quit
            | CommandKind::QuitNewConnection => false,
            CommandKind::Connect => !self.contains(Self::NO_REPLY_CONNECT),
            CommandKind::Helo => !self.contains(Self::NO_REPLY_HELO),
            CommandKind::Mail => !self.contains(Self::NO_REPLY_MAIL),
            CommandKind::Recipient => !self.contains(Self::NO_REPLY_RECIPIENT),
            CommandKind::Data => !self.contains(Self::NO_REPLY_DATA),
            CommandKind::Unknown => !self.contains(Self::NO_REPLY_UNKNOWN),
            CommandKind::Header => !self.contains(Self::NO_REPLY_HEADER),
            CommandKind::EndOfHeaders => !self.contains(Self::NO_REPLY_END_OF_HEADERS),
            CommandKind::Body => !self.contains(Self::NO_REPLY_BODY),
        }
    }

    /// The bit that keeps commands of this kind from being sent, where there is one.
    #[must_use]
    pub fn unsent(command: CommandKind) -> Option<Self> {
        match command {
            CommandKind::Connect => Some(Self::NO_CONNECT),
            CommandKind::Helo => Some(Self::NO_HELO),
            CommandKind::Mail => Some(Self::NO_MAIL),
            CommandKind::Recipient => Some(Self::NO_RECIPIENT),
            CommandKind::Data => Some(Self::NO_DATA),
            CommandKind::Unknown => Some(Self::NO_UNKNOWN),
            CommandKind::Header => Some(Self::NO_HEADERS),
            CommandKind::EndOfHeaders => Some(Self::NO_END_OF_HEADERS),
            CommandKind::Body => Some(Self::NO_BODY),
            CommandKind::Negotiate
            | CommandKind::Macros
            | CommandKind::EndOfBody
            | CommandKind::Abort
            | CommandKind::Quit
            | CommandKind::QuitNewConnection => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_version_knows_the_bits_of_its_time() {
        let cases = [(2, 0x3f, 0x7f), (3, 0x3f, 0x17f), (4, 0x3f, 0x37f), (5, 0x3f, 0x37f)];
        for (version, actions, steps) in cases {
            assert_eq!(Actions::known_to(version).bits(), actions, "actions of version {version}");
            assert_eq!(Steps::known_to(version).bits(), steps, "steps of version {version}");
        }
        assert_eq!(Actions::known_to(6).bits(), 0x1ff);
        assert_eq!(Steps::known_to(6).bits(), 0x301f_ffff);
        assert_eq!(Steps::USUAL.bits(), 0x1f_ffff);
        assert_eq!(Steps::NO_REPLY.bits(), 0xf_f080);
    }

    #[test]
    fn sets_print_their_bits_and_names() {
        assert_eq!(Actions::NONE.to_string(), "0x0");
        let both = Actions::ADD_HEADERS | Actions::CHANGE_HEADERS;
        assert_eq!(both.to_string(), "0x11 (add headers, change headers)");
        assert_eq!(Actions::from_bits(0x8000_0000).to_string(), "0x80000000");
    }

    #[test]
    fn a_no_reply_flag_silences_one_kind_of_command() {
        for &command in CommandKind::ALL {
            let silenced = (0..32)
                .map(|bit| Steps::from_bits(1 << bit))
                .filter(|bit| {
                    Steps::NO_REPLY.contains(*bit)
                        && Steps::NONE.awaits_reply(command)
                        && !bit.awaits_reply(command)
                })
                .count();
            let fixed = !Steps::NONE.awaits_reply(command) || Steps::NO_REPLY.awaits_reply(command);
            assert_eq!(silenced, usize::from(!fixed), "{command}");
        }
    }
}
