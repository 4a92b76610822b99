//! Mail from elsewhere: what its signatures say, what is written about them, and what follows.
//!
//! | module | what is in it |
//! |---|---|
//! | [`standing`] | what all verdicts together come to |
//! | [`action`] | what follows: the message is taken, refused, deferred, dropped or held |
//! | [`report`] | the Authentication-Results field |

pub mod action;
pub mod report;
pub mod standing;
