//! What a running daemon tells of itself, over HTTP.
//!
//! | module | what is in it |
//! |---|---|
//! | [`tally`] | what is counted |
//! | `health` | the records of the signing keys, compared on a timer |
//! | `troubles` | the last things that went wrong |
//! | `monitor` | all of it, for who asks |
//! | `status` | all of it at one moment, as the page shows it |
//! | `page` | the status page |
//! | `http` | the listener |

pub(crate) mod health;
pub(crate) mod http;
pub(crate) mod monitor;
pub(crate) mod page;
pub(crate) mod status;
pub mod tally;
pub(crate) mod troubles;
