//! Macros: what the MTA tells about connection and message besides the commands, stage by stage.

use std::collections::BTreeMap;

use crate::wire::{CommandKind, text_list_is_terminated, texts};

/// The stages that have macros of their own, in the order in which they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MacroStage {
    /// An SMTP client has connected.
    Connect,
    /// HELO or EHLO.
    Helo,
    /// MAIL.
    Mail,
    /// RCPT.
    Recipient,
    /// DATA.
    Data,
    /// Header fields and the end of the header.
    EndOfHeaders,
    /// Body chunks and the end of the message.
    EndOfMessage,
}

impl MacroStage {
    /// The stages and their numbers in a list of wanted macros. End of message is older than end of
    /// headers, hence the order.
    pub const NUMBERS: &'static [(Self, u32)] = &[
        (Self::Connect, 0),
        (Self::Helo, 1),
        (Self::Mail, 2),
        (Self::Recipient, 3),
        (Self::Data, 4),
        (Self::EndOfMessage, 5),
        (Self::EndOfHeaders, 6),
    ];

    /// The number of the stage in a list of wanted macros.
    #[must_use]
    pub fn number(self) -> u32 {
        Self::NUMBERS.iter().find(|(stage, _)| *stage == self).map_or(0, |(_, number)| *number)
    }

    /// The stage with this number.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        Self::NUMBERS.iter().find(|(_, known)| *known == number).map(|(stage, _)| *stage)
    }

    /// The stage that a command belongs to, if it belongs to one.
    #[must_use]
    pub fn of(command: CommandKind) -> Option<Self> {
        match command {
            CommandKind::Connect => Some(Self::Connect),
            CommandKind::Helo => Some(Self::Helo),
            CommandKind::Mail => Some(Self::Mail),
            CommandKind::Recipient => Some(Self::Recipient),
            CommandKind::Data => Some(Self::Data),
            CommandKind::Header | CommandKind::EndOfHeaders => Some(Self::EndOfHeaders),
            CommandKind::Body | CommandKind::EndOfBody => Some(Self::EndOfMessage),
            CommandKind::Negotiate
            | CommandKind::Macros
            | CommandKind::Unknown
            | CommandKind::Abort
            | CommandKind::Quit
            | CommandKind::QuitNewConnection => None,
        }
    }
}

/// The macros that are in force.
#[derive(Clone, Debug, Default)]
pub struct Macros {
    /// Per stage: name NUL value NUL, name NUL value NUL, …
    sets: BTreeMap<MacroStage, Vec<u8>>,
    /// The stage whose macros have come while its command has not.
    announced: Option<MacroStage>,
}

/// What is wrong with a list of macros.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MacroFault {
    Unterminated,
    NoValue { name: String },
    TooMany { limit: usize },
}

impl Macros {
    /// Macros as they are when an MTA has sent these with the sender of a message. An octet of zero
    /// ends a text there, and so it is left out.
    #[must_use]
    pub fn of_message<'a>(macros: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let texts = macros.into_iter().flat_map(|(name, value)| [name, value]);
        let octets = |text: &'a str| text.bytes().filter(|octet| *octet != 0).chain([0]);
        let set = texts.flat_map(octets).collect();
        Self { sets: BTreeMap::from([(MacroStage::Mail, set)]), announced: None }
    }

    /// The value of a macro, from the latest stage that has it. `i` and `{i}` are the same name. A
    /// value can be empty; a macro that the MTA does not know is `None`.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&[u8]> {
        let name = without_braces(name.as_bytes());
        self.sets.values().rev().find_map(|set| {
            pairs(set).find(|(known, _)| without_braces(known) == name).map(|(_, value)| value)
        })
    }

    /// The macros of one stage, names as the MTA wrote them.
    pub fn of_stage(&self, stage: MacroStage) -> impl Iterator<Item = (&[u8], &[u8])> {
        pairs(self.sets.get(&stage).map(Vec::as_slice).unwrap_or_default())
    }

    /// Takes the macros for a command, in place of all that were in force for its stage. An empty
    /// list is legal. Later stages are over: their macros are from an earlier message.
    pub(crate) fn define(
        &mut self,
        command: CommandKind,
        list: &[u8],
        limit: usize,
    ) -> Result<(), MacroFault> {
        check(list, limit)?;
        // Unknown commands come between the stages and say nothing about a message.
        let Some(stage) = MacroStage::of(command) else { return Ok(()) };
        self.announced = Some(stage);
        self.forget_after(stage);
        let set = self.sets.entry(stage).or_default();
        set.clear();
        set.extend_from_slice(list);
        Ok(())
    }

    /// A command has come. Stages that begin anew with it lose what they had from the time before.
    pub(crate) fn enter(&mut self, command: CommandKind) {
        let Some(stage) = MacroStage::of(command) else { return };
        let announced = self.announced.take() == Some(stage);
        if stage <= MacroStage::Recipient && !announced {
            self.sets.remove(&stage);
        }
        self.forget_after(stage);
    }

    /// Trap W15: the message is over; what was said about the connection stays.
    pub(crate) fn end_message(&mut self) {
        self.forget_after(MacroStage::Helo);
    }

    /// Trap W20: the connection is over.
    pub(crate) fn end_connection(&mut self) {
        *self = Self::default();
    }

    fn forget_after(&mut self, stage: MacroStage) {
        self.sets.retain(|known, _| *known <= stage);
    }
}

/// The macros that a filter wants for one stage, as [`Options`](crate::Options) names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MacroList {
    text: String,
}

/// A name that can be no macro.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("macro name {name:?} is not a letter, nor letters, digits and `_` in braces")]
pub struct BadMacroName {
    /// The name.
    pub name: String,
}

impl MacroList {
    /// Makes a list of names like `i` and `{auth_type}`.
    ///
    /// # Errors
    ///
    /// When a name is not one character, or some in braces.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, BadMacroName> {
        let names: Vec<&str> = names.into_iter().collect();
        match names.iter().find(|name| !is_macro_name(name)) {
            Some(name) => Err(BadMacroName { name: (*name).to_owned() }),
            None => Ok(Self { text: names.join(" ") }),
        }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

fn is_macro_name(name: &str) -> bool {
    let bare = name.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    match bare {
        Some(bare) => {
            !bare.is_empty()
                && bare.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'_')
        }
        None => matches!(name.as_bytes(), [octet] if octet.is_ascii_alphabetic() || *octet == b'_'),
    }
}

fn without_braces(name: &[u8]) -> &[u8] {
    name.strip_prefix(b"{").and_then(|rest| rest.strip_suffix(b"}")).unwrap_or(name)
}

fn pairs(set: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let names = texts(set).step_by(2);
    let values = texts(set).skip(1).step_by(2);
    names.zip(values)
}

fn check(list: &[u8], limit: usize) -> Result<(), MacroFault> {
    if !text_list_is_terminated(list) {
        return Err(MacroFault::Unterminated);
    }
    let count = texts(list).count();
    if count % 2 == 1 {
        let name = texts(list).last().unwrap_or_default();
        return Err(MacroFault::NoValue { name: String::from_utf8_lossy(name).into_owned() });
    }
    if count / 2 > limit {
        return Err(MacroFault::TooMany { limit });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 3;

    #[test]
    fn names_match_with_and_without_braces() {
        let mut macros = Macros::default();
        macros.define(CommandKind::Mail, b"i\0A1\0{auth_type}\0\0", LIMIT).unwrap();
        for (name, value) in [
            ("i", Some(b"A1".as_slice())),
            ("{i}", Some(b"A1")),
            ("auth_type", Some(b"")),
            ("j", None),
        ] {
            assert_eq!(macros.value(name), value, "{name}");
        }
    }

    #[test]
    fn the_latest_stage_answers_and_a_new_list_replaces_the_old_one() {
        let mut macros = Macros::default();
        macros.define(CommandKind::Connect, b"x\0c\0y\0c\0", LIMIT).unwrap();
        macros.define(CommandKind::Mail, b"x\0m\0", LIMIT).unwrap();
        assert_eq!((macros.value("x"), macros.value("y")), (Some(&b"m"[..]), Some(&b"c"[..])));
        macros.define(CommandKind::Mail, b"", LIMIT).unwrap();
        assert_eq!(macros.value("x"), Some(&b"c"[..]), "an empty list is a list");
        assert_eq!(macros.of_stage(MacroStage::Connect).count(), 2);
    }

    #[test]
    fn a_stage_that_begins_anew_has_no_old_macros() {
        let mut macros = Macros::default();
        macros.define(CommandKind::Mail, b"a\x001\0", LIMIT).unwrap();
        macros.enter(CommandKind::Mail);
        macros.define(CommandKind::Recipient, b"r\x001\0", LIMIT).unwrap();
        macros.enter(CommandKind::Recipient);
        assert_eq!(macros.value("a"), Some(&b"1"[..]));
        macros.enter(CommandKind::Mail);
        assert_eq!((macros.value("a"), macros.value("r")), (None, None));
        macros.define(CommandKind::EndOfBody, b"e\x001\0", LIMIT).unwrap();
        macros.define(CommandKind::Mail, b"a\x002\0", LIMIT).unwrap();
        assert_eq!((macros.value("a"), macros.value("e")), (Some(&b"2"[..]), None));
    }

    #[test]
    fn macros_can_be_made_without_an_mta() {
        let macros = Macros::of_message([("{auth_type}", "PLA\0IN"), ("i", "")]);
        assert_eq!(macros.value("auth_type"), Some(&b"PLAIN"[..]));
        assert_eq!((macros.value("i"), macros.value("j")), (Some(&b""[..]), None));
    }

    #[test]
    fn lists_are_bounded_and_paired() {
        let mut macros = Macros::default();
        let cases = [
            (&b"a\x001\0b\x002\0c\x003\0"[..], Ok(())),
            (b"a\x001\0b\x002\0c\x003\0d\x004\0", Err(MacroFault::TooMany { limit: LIMIT })),
            (b"a\x001\0b\0", Err(MacroFault::NoValue { name: "b".to_owned() })),
            (b"a\x001", Err(MacroFault::Unterminated)),
        ];
        for (list, want) in cases {
            assert_eq!(macros.define(CommandKind::Helo, list, LIMIT), want, "{list:?}");
        }
    }

    #[test]
    fn wanted_names_are_checked() {
        let list = MacroList::new(["i", "{auth_type}", "_"]).unwrap();
        assert_eq!(list.text(), "i {auth_type} _");
        for name in ["", "{}", "ab", "{a b}", "{a\0}", " "] {
            assert!(MacroList::new([name]).is_err(), "{name:?}");
        }
    }

    #[test]
    fn stages_have_their_numbers() {
        for &(stage, number) in MacroStage::NUMBERS {
            assert_eq!((stage.number(), MacroStage::from_number(number)), (number, Some(stage)));
        }
        assert_eq!(MacroStage::from_number(7), None);
    }
}
