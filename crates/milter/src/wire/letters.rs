//! The letters that name commands, replies and address families, each once.

use std::fmt;

/// Writes an enum, its letters and its names from one table, in both directions.
macro_rules! letters {
    (
        $(#[$about:meta])*
        pub enum $name:ident {
            $( $(#[$doc:meta])* $variant:ident = $letter:literal, $text:literal; )*
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $( $(#[$doc])* $variant, )* }

        impl $name {
            /// Every value, in the order of the table.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )* ];

            /// The letter on the wire.
            #[must_use]
            pub const fn letter(self) -> u8 {
                match self { $( Self::$variant => $letter, )* }
            }

            /// What `letter` stands for, if anything.
            #[must_use]
            pub const fn from_letter(letter: u8) -> Option<Self> {
                match letter { $( $letter => Some(Self::$variant), )* _ => None }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $( Self::$variant => $text, )* })
            }
        }
    };
}

letters! {
    /// A command of the MTA.
    pub enum CommandKind {
        /// The first exchange: version, actions, steps.
        Negotiate = b'O', "negotiation";
        /// Macros for the command that follows.
        Macros = b'D', "macro";
        /// An SMTP client has connected.
        Connect = b'C', "connect";
        /// HELO or EHLO.
        Helo = b'H', "HELO";
        /// MAIL FROM.
        Mail = b'M', "MAIL";
        /// RCPT TO.
        Recipient = b'R', "RCPT";
        /// DATA.
        Data = b'T', "DATA";
        /// An SMTP command that the MTA does not know.
        Unknown = b'U', "unknown-command";
        /// One header field.
        Header = b'L', "header";
        /// The header is complete.
        EndOfHeaders = b'N', "end-of-headers";
        /// A piece of the body.
        Body = b'B', "body";
        /// The body is complete; may carry its last piece (trap W6).
        EndOfBody = b'E', "end-of-body";
        /// Forget the current message.
        Abort = b'A', "abort";
        /// The SMTP connection is over and so is this one.
        Quit = b'Q', "quit";
        /// The SMTP connection is over; the next one will use this conversation.
        QuitNewConnection = b'K', "quit-new-connection";
    }
}

letters! {
    /// A reply of the filter. `SMFIR_SETSYMLIST` (`l`) is missing: no one sends it, macro lists
    /// travel in the negotiation.
    pub enum ReplyKind {
        /// The agreed version, actions and steps.
        Negotiate = b'O', "negotiation";
        /// Go on.
        Continue = b'c', "continue";
        /// Take the message, or the connection, without asking again.
        Accept = b'a', "accept";
        /// Refuse for good.
        Reject = b'r', "reject";
        /// Refuse temporarily (4xx).
        TempFail = b't', "tempfail";
        /// Take the message and drop it.
        Discard = b'd', "discard";
        /// Close the SMTP connection with 421.
        Shutdown = b'4', "shutdown";
        /// Treat the filter as failed.
        ConnectionFailure = b'f', "connection-failure";
        /// Refuse with the text that follows.
        SmtpReply = b'y', "smtp-reply";
        /// No further commands of this kind. A session never sends it (trap W22).
        Skip = b's', "skip";
        /// Still working.
        Progress = b'p', "progress";
        /// Add a header field at the end.
        AddHeader = b'h', "add-header";
        /// Insert a header field.
        InsertHeader = b'i', "insert-header";
        /// Change or delete a header field.
        ChangeHeader = b'm', "change-header";
        /// Replace the body, or a further piece of the replacement.
        ReplaceBody = b'b', "replace-body";
        /// Add a recipient.
        AddRecipient = b'+', "add-recipient";
        /// Add a recipient with ESMTP arguments.
        AddRecipientWithArguments = b'2', "add-recipient-with-arguments";
        /// Remove a recipient.
        DeleteRecipient = b'-', "delete-recipient";
        /// Change the envelope sender.
        ChangeSender = b'e', "change-sender";
        /// Put the message in quarantine.
        Quarantine = b'q', "quarantine";
    }
}

letters! {
    /// The kind of address in a connect command.
    pub enum Family {
        /// IPv4.
        Inet = b'4', "IPv4";
        /// IPv6.
        Inet6 = b'6', "IPv6";
        /// A socket of this host.
        Unix = b'L', "unix";
        /// Not known to the MTA.
        Unknown = b'U', "unknown";
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn letters_are_unique_and_read_back() {
        for &kind in CommandKind::ALL {
            assert_eq!(CommandKind::from_letter(kind.letter()), Some(kind), "{kind}");
        }
        for &kind in ReplyKind::ALL {
            assert_eq!(ReplyKind::from_letter(kind.letter()), Some(kind), "{kind}");
        }
        for &family in Family::ALL {
            assert_eq!(Family::from_letter(family.letter()), Some(family), "{family}");
        }
        let commands: HashSet<u8> = CommandKind::ALL.iter().map(|kind| kind.letter()).collect();
        assert_eq!(commands.len(), 15);
        let replies: HashSet<u8> = ReplyKind::ALL.iter().map(|kind| kind.letter()).collect();
        assert_eq!(replies.len(), ReplyKind::ALL.len());
        assert_eq!(CommandKind::from_letter(b'?'), None);
    }
}
