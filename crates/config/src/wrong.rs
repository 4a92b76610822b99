//! The kinds of mistakes, in words.

use crate::exit::ExitCode;
use std::fmt;
use std::path::Path;

/// The most characters of a value that a message repeats.
const MAX_QUOTED: usize = 60;

/// A value as messages repeat it: in quotes, harmless, and not longer than a line can take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quoted(String);

impl Quoted {
    /// Quotes that text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.char_indices().nth(MAX_QUOTED).map_or_else(
            || format!("{text:?}"),
            |(at, _)| format!("{:?}…", text.get(..at).unwrap_or_default()),
        ))
    }

    /// The text without quotes, for what others have composed.
    pub(crate) fn plain(text: &str) -> String {
        // What nearly every key is made of; there may be a million of them.
        let harmless = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'-';
        if text.len() <= MAX_QUOTED && text.bytes().all(harmless) {
            return text.to_owned();
        }
        let quoted = format!("{text:?}");
        let plain = quoted.trim_matches('"').replace("\\\"", "\"");
        let end = plain.char_indices().nth(3 * MAX_QUOTED).map(|(at, _)| at);
        end.and_then(|end| plain.get(..end)).map_or(plain.clone(), |start| format!("{start}…"))
    }

    /// Quotes that path.
    #[must_use]
    pub fn path(path: &Path) -> Self {
        Self::new(&path.to_string_lossy())
    }
}

impl fmt::Display for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is wrong with a configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Wrong {
    /// The command line has an option that there is none of.
    #[error("there is no such option{}", suggestion(.like.as_deref()))]
    UnknownOption {
        /// The option that was probably meant.
        like: Option<String>,
    },
    /// The command line has an option of a word, and the program has letters only.
    #[error("there is no such option: this program's options are single letters")]
    NoLongOptions,
    /// The historic program had it, and we will not do it.
    #[error("refused: {reason}")]
    Refused {
        /// Why not.
        reason: &'static str,
    },
    /// What never matches, and what probably was meant.
    #[error("{text} matches nobody: {why}; perhaps {instead} was meant")]
    Instead {
        /// What was found.
        text: Quoted,
        /// Why it matches nobody.
        why: &'static str,
        /// What was probably meant.
        instead: String,
    },
    /// A regular expression that is none.
    #[error("no regular expression: {what}")]
    Expression {
        /// What is wrong with it.
        what: String,
    },
    /// A row of a table that is none. It may have a key in it, so nothing of it is quoted.
    #[error("what stands behind the first word has to be {wanted}")]
    TableRow {
        /// What it has to be.
        wanted: &'static str,
    },
    /// A table names a key that the other one does not have.
    #[error("KeyTable has no key by the name of {name}")]
    NoSuchKey {
        /// The name.
        name: Quoted,
    },
    /// A parameter that means nothing by itself.
    #[error("it needs {other} beside it")]
    Without {
        /// What is missing.
        other: &'static str,
    },
    /// A data set of a kind that is not read here.
    #[error(
        "refused: data sets of the kind {kind}: are not read here; write its entries into a file \
         and name that, as file:PATH, or as refile:PATH if they are patterns"
    )]
    Elsewhere {
        /// The kind.
        kind: &'static str,
    },
    /// The command line has a word that belongs to no option.
    #[error("the word {word} belongs to no option")]
    StrayWord {
        /// The word.
        word: Quoted,
    },
    /// An option stands without the value that it needs.
    #[error("it needs a value: {wanted}")]
    NeedsValue {
        /// What the value has to be.
        wanted: String,
    },
    /// An option was given a value and takes none.
    #[error("it takes no value, {value} was given")]
    TakesNoValue {
        /// The value.
        value: Quoted,
    },
    /// An option's value is not UTF-8.
    #[error("{value} is not UTF-8")]
    NotText {
        /// The value, as far as it can be shown.
        value: Quoted,
    },
    /// The option's value can only be given in the file.
    #[error("it is written in the file that --config names, not on the command line")]
    FileOnly,

    /// A file cannot be read.
    #[error("{path} cannot be read: {reason}{hint}")]
    Unreadable {
        /// The file.
        path: Quoted,
        /// The system's reason.
        reason: String,
        /// What was perhaps meant instead; empty, or it begins with a semicolon.
        hint: &'static str,
    },
    /// A file is larger than any configuration.
    #[error("{path} has {octets} octets, {limit} are allowed")]
    TooLarge {
        /// The file.
        path: Quoted,
        /// Its size.
        octets: usize,
        /// The limit.
        limit: usize,
    },
    /// A file holds a key, or a certificate. Nothing of it is quoted.
    #[error("{path} is a PEM file, not {what}{hint}")]
    Pem {
        /// The file.
        path: Quoted,
        /// What it was taken for.
        what: &'static str,
        /// What was perhaps meant instead; empty, or it begins with a semicolon.
        hint: &'static str,
    },
    /// The file is not UTF-8.
    #[error("not UTF-8 from here on")]
    NotUtf8,
    /// The file is no YAML.
    #[error("{what}")]
    Syntax {
        /// What the YAML reader says.
        what: String,
    },
    /// A key of the file is no text.
    #[error("a key has to be one word, this is {found}")]
    KeyNotText {
        /// What stands there.
        found: &'static str,
    },
    /// There is no such key.
    #[error(
        "there is no such key{}; known here: {}", suggestion(.like.as_deref()), .known.join(", ")
    )]
    UnknownKey {
        /// The key that was probably meant.
        like: Option<String>,
        /// All keys that may stand there.
        known: Vec<&'static str>,
    },
    /// The key is known, but only as an option.
    #[error("it belongs on the command line ({option}); in the file, write entries of \"signing\"")]
    CommandLineOnly {
        /// The option.
        option: String,
    },
    /// The key stands there twice.
    #[error("it is given a second time, first in line {first}")]
    Repeated {
        /// The line of the first one.
        first: u32,
    },
    /// The value has the wrong shape.
    #[error("found {found}, allowed: {wanted}")]
    Shape {
        /// What stands there.
        found: String,
        /// What may stand there.
        wanted: String,
    },
    /// The value is missing.
    #[error("it has no value; allowed: {wanted}, or leave the key out")]
    NoValue {
        /// What may stand there.
        wanted: String,
    },
    /// A historic file has a parameter that there is none of.
    #[error("there is no such parameter{}", suggestion(.like.as_deref()))]
    UnknownParameter {
        /// The parameter that was probably meant.
        like: Option<String>,
    },
    /// A historic file names a parameter and gives it no value.
    #[error("required value missing; allowed: {wanted}")]
    ValueMissing {
        /// What may stand there.
        wanted: String,
    },
    /// The value is none that is allowed.
    #[error("found {found}, allowed: {wanted}")]
    Value {
        /// What was given.
        found: Quoted,
        /// What is allowed.
        wanted: String,
    },
    /// The value breaks a rule of what it is meant to be.
    #[error("{found} is no {what}: {why}")]
    Not {
        /// What was given.
        found: Quoted,
        /// What it is meant to be.
        what: &'static str,
        /// The rule.
        why: &'static str,
    },
    /// An option's value has to be a number.
    #[error("found {found}, allowed: a whole number of seconds")]
    NotNumber {
        /// What was given.
        found: Quoted,
    },
    /// A file cannot be read at the place where another one names it.
    #[error("nesting too deep: {0}")]
    Nesting(BadNesting),
    /// A line is longer than any that says something.
    #[error("a line of {octets} octets, {limit} are allowed")]
    LongLine {
        /// Its length.
        octets: usize,
        /// The limit.
        limit: usize,
    },
    /// A list has nothing in it, and has to.
    #[error("the list is empty")]
    EmptyList,
    /// A key list's line has too few fields, or too many.
    #[error(
        "malformed line {line}: it has to be \"sender-pattern:key-file\" or \
             \"sender-pattern:signing-domain:key-file\""
    )]
    KeyLine {
        /// The line.
        line: Quoted,
    },
    /// A key is listed twice.
    #[error("this key is listed twice, with the selector {selector} both times")]
    KeyTwice {
        /// The selector.
        selector: twinseal_message::Selector,
    },
    /// The actions of a historic command line are none.
    #[error("invalid action configuration: {0}")]
    Actions(BadActions),
    /// A domain is listed twice.
    #[error("{domain} is listed twice")]
    DomainTwice {
        /// The domain.
        domain: Quoted,
    },
    /// A socket is listed twice.
    #[error("{socket} is listed twice")]
    SocketTwice {
        /// The socket.
        socket: Quoted,
    },

    /// A value is needed and was not given.
    #[error("missing: {wanted}")]
    Missing {
        /// What it has to be.
        wanted: String,
    },
    /// A historic program was not told where to listen.
    #[error("milter socket must be specified: {wanted}")]
    NoSocket {
        /// What it has to be, and where to give it.
        wanted: String,
    },
    /// The door that only signs is told to do nothing but verify.
    #[error("verifying DomainKeys is asked for, and only that; -b s signs, nothing verifies")]
    OnlyVerifies,
    /// Mail is to be signed, and nothing says with what.
    #[error("at least one selector and key required for signing mode: {hint}")]
    NothingToSignWith {
        /// How to give them.
        hint: &'static str,
    },
    /// Both seals are switched off.
    #[error("dkim and domainkeys are both off: this entry would sign nothing")]
    NoSeal,
    /// RFC 6376 §3.5: the identity has to be in the signing domain.
    #[error("{identity} is not in the signing domain {domain} of the entry at {entry}")]
    IdentityOutside {
        /// The identity.
        identity: Quoted,
        /// The domain.
        domain: String,
        /// Where the entry stands.
        entry: String,
    },
    /// A header field cannot be selected.
    #[error(transparent)]
    Selection(#[from] twinseal_dkim::BadSelection),
    /// DomainKeys has to cover the field that says whose message it is (trap K3).
    #[error("{name} cannot be left out: it says whose message it is, and has to be signed")]
    Decisive {
        /// The field.
        name: twinseal_message::FieldName,
    },
}

/// Why a file is not read that a historic file includes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BadNesting {
    /// It is one of those that include it.
    #[error("{path} would include itself")]
    Loop {
        /// The file.
        path: Quoted,
    },
    /// It is inside too many others.
    #[error("{limit} files at most may be one inside the other")]
    Depth {
        /// The limit.
        limit: usize,
    },
    /// There are too many of them.
    #[error("{limit} files at most may be included")]
    Count {
        /// The limit.
        limit: usize,
    },
}

/// What is wrong with `RESULT=ACTION[,...]`, in the words of dkim-filter.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BadActions {
    /// There is no equals sign, or nothing on one side of it.
    #[error("syntax error in configuration string: found {found}, allowed: result=action")]
    Syntax {
        /// The pair.
        found: Quoted,
    },
    /// There is no such result.
    #[error("invalid configuration parameter `{found}'; allowed: {wanted}")]
    Parameter {
        /// What was given.
        found: String,
        /// What is allowed.
        wanted: String,
    },
    /// There is no such action.
    #[error("invalid configuration value `{found}'; allowed: {wanted}")]
    Value {
        /// What was given.
        found: String,
        /// What is allowed.
        wanted: String,
    },
}

impl Wrong {
    pub(crate) const fn elsewhere(kind: &'static str) -> Self {
        Self::Elsewhere { kind }
    }

    pub(crate) const fn exit_code(&self) -> ExitCode {
        match self {
            Self::UnknownOption { .. }
            | Self::StrayWord { .. }
            | Self::NeedsValue { .. }
            | Self::TakesNoValue { .. }
            | Self::NotText { .. }
            | Self::NoLongOptions
            | Self::Refused { .. }
            | Self::NotNumber { .. }
            | Self::FileOnly => ExitCode::Usage,
            Self::Unreadable { .. }
            | Self::TooLarge { .. }
            | Self::Pem { .. }
            | Self::NotUtf8
            | Self::Syntax { .. }
            | Self::KeyNotText { .. }
            | Self::UnknownKey { .. }
            | Self::CommandLineOnly { .. }
            | Self::Repeated { .. }
            | Self::Shape { .. }
            | Self::NoValue { .. }
            | Self::UnknownParameter { .. }
            | Self::ValueMissing { .. }
            | Self::Value { .. }
            | Self::Not { .. }
            | Self::Nesting(_)
            | Self::LongLine { .. }
            | Self::EmptyList
            | Self::KeyLine { .. }
            | Self::KeyTwice { .. }
            | Self::Actions(_)
            | Self::DomainTwice { .. }
            | Self::SocketTwice { .. }
            | Self::Missing { .. }
            | Self::NoSocket { .. }
            | Self::OnlyVerifies
            | Self::NothingToSignWith { .. }
            | Self::NoSeal
            | Self::IdentityOutside { .. }
            | Self::Selection(_)
            | Self::Instead { .. }
            | Self::Expression { .. }
            | Self::TableRow { .. }
            | Self::NoSuchKey { .. }
            | Self::Without { .. }
            | Self::Elsewhere { .. }
            | Self::Decisive { .. } => ExitCode::Configuration,
        }
    }

    /// A value that is none of those allowed.
    pub(crate) fn value(found: &str, wanted: impl Into<String>) -> Self {
        Self::Value { found: Quoted::new(found), wanted: wanted.into() }
    }

    /// A value that breaks a rule.
    pub(crate) fn not(found: &str, what: &'static str, why: &'static str) -> Self {
        Self::Not { found: Quoted::new(found), what, why }
    }
}

fn suggestion(like: Option<&str>) -> String {
    like.map(|like| format!(", did you mean {like}?")).unwrap_or_default()
}
