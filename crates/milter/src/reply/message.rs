//! The answer at the end of a message: modifications, collected, and checked as they are added.

use super::{MAX_REPLY_OCTETS, ModificationError, check};
use crate::event::MessageToken;
use crate::negotiation::Terms;
use crate::wire::{Actions, MAX_CHUNK, ReplyKind, put_frame};

/// The modifications of one message. Nothing is sent before
/// [`Session::answer_message`](crate::Session::answer_message), and then all of it at once (trap
/// W19).
///
/// Modifications take effect in the order in which they are added, so: deletions from the highest
/// instance down (trap W11), then what goes to index 1, then what goes to index 0 (traps W9, W12).
#[derive(Debug)]
#[must_use = "the MTA waits for an answer"]
pub struct MessageReply {
    token: MessageToken,
    edits: Vec<u8>,
    body_replaced: bool,
}

impl MessageReply {
    pub(crate) fn new(token: MessageToken) -> Self {
        Self { token, edits: Vec::new(), body_replaced: false }
    }

    /// The right to answer, for [`Session::progress`](crate::Session::progress).
    pub fn token(&self) -> &MessageToken {
        &self.token
    }

    /// What the connection has agreed on.
    #[must_use]
    pub fn terms(&self) -> &Terms {
        &self.token.terms
    }

    /// Adds a field at the end of the header. `value` is all that follows the colon, leading space
    /// included (trap W1); folds are LF or CRLF and white space (trap W2).
    ///
    /// # Errors
    ///
    /// When the action was not negotiated, or name and value do not make a header field.
    pub fn add_header(&mut self, name: &str, value: &[u8]) -> Result<(), ModificationError> {
        self.need(Actions::ADD_HEADERS)?;
        let (name, value) = (check::name(name)?, check::value(name, value, self.exact())?);
        self.push(ReplyKind::AddHeader, &[name, b"\0", &value, b"\0"])
    }

    /// Inserts a field: at index 0 above everything, at index 1 directly below the MTA's own
    /// `Received` (trap W8). For `value` see [`add_header`](Self::add_header).
    ///
    /// # Errors
    ///
    /// As for [`add_header`](Self::add_header).
    pub fn insert_header(
        &mut self,
        index: u32,
        name: &str,
        value: &[u8],
    ) -> Result<(), ModificationError> {
        self.need(Actions::ADD_HEADERS)?;
        let (name, value) = (check::name(name)?, check::value(name, value, self.exact())?);
        self.push(ReplyKind::InsertHeader, &[&index.to_be_bytes(), name, b"\0", &value, b"\0"])
    }

    /// Changes the value of the `instance`-th field called `name`, counted from 1. An instance
    /// beyond the last adds the field (trap W13). For `value` see [`add_header`](Self::add_header).
    ///
    /// # Errors
    ///
    /// As for [`add_header`](Self::add_header), and when the value is empty or the instance 0.
    pub fn change_header(
        &mut self,
        instance: u32,
        name: &str,
        value: &[u8],
    ) -> Result<(), ModificationError> {
        let sent = check::value(name, value, self.exact())?;
        if sent.is_empty() {
            return Err(ModificationError::EmptyValue { name: name.to_owned() });
        }
        self.change(instance, name, &sent)
    }

    /// Deletes the `instance`-th field called `name`, counted from 1.
    ///
    /// # Errors
    ///
    /// When the action was not negotiated, the name is none, or the instance is 0.
    pub fn delete_header(&mut self, instance: u32, name: &str) -> Result<(), ModificationError> {
        self.change(instance, name, b"")
    }

    /// Replaces the body. Lines end with CRLF.
    ///
    /// # Errors
    ///
    /// When the action was not negotiated, or the body was replaced before.
    pub fn replace_body(&mut self, body: &[u8]) -> Result<(), ModificationError> {
        self.need(Actions::CHANGE_BODY)?;
        if self.body_replaced {
            return Err(ModificationError::BodyTwice);
        }
        self.body_replaced = true;
        if body.is_empty() {
            put_frame(&mut self.edits, ReplyKind::ReplaceBody.letter(), &[]);
        }
        for chunk in body.chunks(MAX_CHUNK) {
            put_frame(&mut self.edits, ReplyKind::ReplaceBody.letter(), &[chunk]);
        }
        Ok(())
    }

    /// Adds a recipient, such as `<a@example.com>`.
    ///
    /// # Errors
    ///
    /// When the action was not negotiated, or the address has control characters in it.
    pub fn add_recipient(&mut self, address: &str) -> Result<(), ModificationError> {
        self.need(Actions::ADD_RECIPIENTS)?;
        self.push(ReplyKind::AddRecipient, &[check::address(address)?, b"\0"])
    }

    /// Adds a recipient with ESMTP arguments, such as `NOTIFY=NEVER`.
    ///
    /// # Errors
    ///
    /// As for [`add_recipient`](Self::add_recipient).
    pub fn add_recipient_with_arguments(
        &mut self,
        address: &str,
        arguments: &str,
    ) -> Result<(), ModificationError> {
        self.need(Actions::ADD_RECIPIENTS_WITH_ARGUMENTS)?;
        let (address, arguments) = (check::address(address)?, check::address(arguments)?);
        self.push(ReplyKind::AddRecipientWithArguments, &[address, b"\0", arguments, b"\0"])
    }

    /// Removes a recipient.
    ///
    /// # Errors
    ///
    /// As for [`add_recipient`](Self::add_recipient).
    pub fn delete_recipient(&mut self, address: &str) -> Result<(), ModificationError> {
        self.need(Actions::DELETE_RECIPIENTS)?;
        self.push(ReplyKind::DeleteRecipient, &[check::address(address)?, b"\0"])
    }

    /// Changes the envelope sender; the ESMTP arguments may be empty.
    ///
    /// # Errors
    ///
    /// As for [`add_recipient`](Self::add_recipient).
    pub fn change_sender(
        &mut self,
        address: &str,
        arguments: &str,
    ) -> Result<(), ModificationError> {
        self.need(Actions::CHANGE_SENDER)?;
        let (address, arguments) = (check::address(address)?, check::address(arguments)?);
        if arguments.is_empty() {
            return self.push(ReplyKind::ChangeSender, &[address, b"\0"]);
        }
        self.push(ReplyKind::ChangeSender, &[address, b"\0", arguments, b"\0"])
    }

    /// Puts the message in quarantine; the reason is for the administrator.
    ///
    /// # Errors
    ///
    /// When the action was not negotiated, or the reason is more than one line.
    pub fn quarantine(&mut self, reason: &str) -> Result<(), ModificationError> {
        self.need(Actions::QUARANTINE)?;
        self.push(ReplyKind::Quarantine, &[check::reason(reason)?, b"\0"])
    }

    pub(crate) fn into_parts(self) -> (MessageToken, Vec<u8>) {
        (self.token, self.edits)
    }

    fn change(&mut self, instance: u32, name: &str, sent: &[u8]) -> Result<(), ModificationError> {
        self.need(Actions::CHANGE_HEADERS)?;
        if instance == 0 {
            return Err(ModificationError::InstanceZero { name: name.to_owned() });
        }
        let name = check::name(name)?;
        self.push(ReplyKind::ChangeHeader, &[&instance.to_be_bytes(), name, b"\0", sent, b"\0"])
    }

    fn exact(&self) -> bool {
        self.token.terms.leading_space()
    }

    fn need(&self, needed: Actions) -> Result<(), ModificationError> {
        let granted = self.token.terms.actions;
        if granted.contains(needed) {
            Ok(())
        } else {
            Err(ModificationError::NotNegotiated { needed, granted })
        }
    }

    fn push(&mut self, kind: ReplyKind, parts: &[&[u8]]) -> Result<(), ModificationError> {
        let octets = parts.iter().map(|part| part.len()).sum();
        if octets > MAX_REPLY_OCTETS {
            return Err(ModificationError::TooLong { octets });
        }
        put_frame(&mut self.edits, kind.letter(), parts);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::negotiation::Offer;

    fn reply(actions: u32, version: u32) -> MessageReply {
        let steps = Offer::of_version(version).steps;
        let terms = Terms { version, actions: Actions::from_bits(actions), steps };
        MessageToken { serial: 0, terms }.reply()
    }

    type Edit = fn(&mut MessageReply) -> Result<(), ModificationError>;

    const EDITS: [(Actions, Edit); 10] = [
        (Actions::ADD_HEADERS, |reply| reply.add_header("X", b" v")),
        (Actions::ADD_HEADERS, |reply| reply.insert_header(1, "X", b" v")),
        (Actions::CHANGE_HEADERS, |reply| reply.change_header(1, "X", b" v")),
        (Actions::CHANGE_HEADERS, |reply| reply.delete_header(1, "X")),
        (Actions::CHANGE_BODY, |reply| reply.replace_body(b"v")),
        (Actions::ADD_RECIPIENTS, |reply| reply.add_recipient("<a@b>")),
        (Actions::ADD_RECIPIENTS_WITH_ARGUMENTS, |reply| {
            reply.add_recipient_with_arguments("<a@b>", "NOTIFY=NEVER")
        }),
        (Actions::DELETE_RECIPIENTS, |reply| reply.delete_recipient("<a@b>")),
        (Actions::CHANGE_SENDER, |reply| reply.change_sender("<a@b>", "")),
        (Actions::QUARANTINE, |reply| reply.quarantine("odd")),
    ];

    #[test]
    fn modifications_need_their_action_and_no_other() {
        for (at, (needed, edit)) in EDITS.iter().enumerate() {
            assert_eq!(edit(&mut reply(needed.bits(), 6)), Ok(()), "edit {at} alone");
            let granted = Actions::from_bits(0x1ff).without(*needed);
            let mut without = reply(granted.bits(), 6);
            let error = ModificationError::NotNegotiated { needed: *needed, granted };
            assert_eq!(edit(&mut without), Err(error), "edit {at}");
            assert!(without.edits.is_empty(), "edit {at} left something behind");
        }
    }

    #[test]
    fn trap_w13_a_change_to_nothing_is_not_a_deletion_by_accident() {
        let error = ModificationError::EmptyValue { name: "X".to_owned() };
        assert_eq!(reply(0x1ff, 6).change_header(1, "X", b""), Err(error.clone()));
        assert_eq!(reply(0x1ff, 6).change_header(1, "X", b" "), Ok(()));
        assert_eq!(reply(0x1ff, 2).change_header(1, "X", b" "), Err(error));
        let zero = ModificationError::InstanceZero { name: "X".to_owned() };
        assert_eq!(reply(0x1ff, 6).delete_header(0, "X"), Err(zero));
    }

    #[test]
    fn modifications_are_bounded() {
        let overhead = b"X\0\0".len();
        let mut value = vec![b'x'; MAX_REPLY_OCTETS - overhead];
        assert_eq!(reply(0x1ff, 6).add_header("X", &value), Ok(()));
        value.push(b'x');
        let error = ModificationError::TooLong { octets: MAX_REPLY_OCTETS + 1 };
        assert_eq!(reply(0x1ff, 6).add_header("X", &value), Err(error));
    }

    #[test]
    fn bodies_are_replaced_in_chunks_and_once() {
        for (octets, frames) in [(0, 1), (1, 1), (MAX_CHUNK, 1), (MAX_CHUNK + 1, 2)] {
            let mut reply = reply(0x1ff, 6);
            reply.replace_body(&vec![b'x'; octets]).unwrap();
            assert_eq!(reply.edits.len(), octets + 5 * frames, "{octets} octets");
            assert_eq!(reply.replace_body(b""), Err(ModificationError::BodyTwice));
        }
    }

    #[test]
    fn addresses_and_reasons_cannot_break_out_of_their_frame() {
        for bad in ["a\0b", "a\nb", "a\rb"] {
            let mut reply = reply(0x1ff, 6);
            assert!(reply.add_recipient(bad).is_err(), "{bad:?}");
            assert!(reply.change_sender("<>", bad).is_err(), "{bad:?}");
            assert!(reply.quarantine(bad).is_err(), "{bad:?}");
            assert!(reply.edits.is_empty());
        }
    }
}
