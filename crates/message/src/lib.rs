//! Header fields, domains, selectors and addresses, as the bytes that arrived.
//!
//! No policy and no cryptography: this crate says what a message holds, never what to do about it.
//! It keeps the octets of a header exactly as they came, because `simple` canonicalization signs
//! every one of them, and it turns the few texts that decisions rest on (domains, selectors, the
//! address in From) into types that only parsing can make.
//!
//! Standards: RFC 5322 (fields and addresses, with the obsolete forms), RFC 6532 and RFC 8616
//! (UTF-8 in both), RFC 5891 (domains as A-labels), RFC 8601 (Authentication-Results).
//!
//! | module | what is in it |
//! |---|---|
//! | [`header`] | [`HeaderBlock`] and [`Field`]: the header, held as it came, under a limit |
//! | [`lines`] | [`HeaderLines`]: a header read line by line from a file |
//! | [`domain`] | [`Domain`] and [`Selector`] |
//! | [`address`] | [`Mailbox`]: the first address of a From or Sender field |
//! | [`name`] | [`FieldName`]: a field's name in configuration and lists |
//! | [`results`] | Authentication-Results: whose it is, what it says, and writing one |
//! | [`taglist`] | [`TagList`]: a list of tags, read |
//! | [`tags`] | [`TagWriter`]: a list of tags, written and folded |
//! | [`text`] | text from mail, made fit for a log line |
#![forbid(unsafe_code)]

pub mod address;
pub mod domain;
pub mod header;
mod lexical;
pub mod lines;
pub mod name;
pub mod results;
pub mod taglist;
pub mod tags;
pub mod text;

pub use address::{BadAddress, Mailbox};
pub use domain::{BadDomain, BadSelector, Domain, Selector};
pub use header::{Field, HeaderBlock, HeaderTooLarge};
pub use lines::{HeaderLines, Line};
pub use name::{BadFieldName, FieldName};
pub use results::{BadResults, Claim, Claimants, MethodResult, Removal, Results, ResultsWriter};
pub use taglist::{MAX_TAGS, Tag, TagList, TagListError};
pub use tags::{NewField, TagWriter, Unsigned};
