//! Who signs which message with which key.

pub mod credentials;
pub mod directory;
pub mod keyfile;
pub mod keyring;
pub mod order;
pub mod parsed;
pub mod policy;
pub mod seal;
pub mod sender_keys;
