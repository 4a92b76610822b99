//! Mail from elsewhere: what its signatures say, what is written about them, and what follows.
//!
//! | module | what is in it |
//! |---|---|
//! | [`verification`] | one message's signatures, its questions to DNS, and their answers |
//! | [`standing`] | what all verdicts together come to |
//! | [`action`] | what follows: the message is taken, refused, deferred, dropped or held |
//! | [`report`] | the Authentication-Results field |
//! | [`forgeries`] | fields that claim to be ours, and are not |
//! | [`office`] | what all connections share to verify with |

pub mod action;
pub mod forgeries;
pub mod office;
pub mod report;
pub mod standing;
pub mod verification;
