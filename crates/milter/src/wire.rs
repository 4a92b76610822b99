//! Frames as they are on the wire: a length, a letter, fields.

mod bits;
mod fields;
mod frame;
mod letters;

pub use bits::{Actions, Steps};
pub use fields::FieldError;
pub(crate) use fields::{Fields, text_list_is_terminated, texts};
pub(crate) use frame::{FrameError, Frames, Part, Place, put_frame};
pub use frame::{Limits, MAX_BODY_FRAME, MAX_COMMAND_FRAME, MAX_MACRO_FRAME, MAX_MACROS};
pub use letters::{CommandKind, Family, ReplyKind};

/// The largest piece of a body in one frame, in either direction, unless a larger one was
/// negotiated (which we never do).
pub const MAX_CHUNK: usize = 65_535;
