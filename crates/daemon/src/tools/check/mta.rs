//! Postfix or Sendmail, and the socket between us.
//!
//! | module | what is in it |
//! |---|---|
//! | `command` | running `postconf` and the like |
//! | `filters` | the lists of filters in Postfix's configuration |
//! | `postfix` | what a Postfix's configuration says |
//! | `sockets` | which of its filters is ours, as each of its services sees it |
//! | `shown` | what is wrong with what shows mail to us |
//! | `settings` | what else of its parameters matters |
//! | `order` | who stands before and behind us |
//! | `connect` | whether it can connect |
//! | `probe` | the program that tries to, as Postfix's user |
//! | `sendmail` | Sendmail |

mod connect;
mod filters;
mod kinds;
mod order;
mod postfix;
pub(crate) mod probe;
mod sendmail;
mod settings;
mod shown;
mod sockets;

use super::finding::{Mend, Sheet};
pub(super) use kinds::KINDS;
use postfix::Postfix;
use std::path::{Path, PathBuf};
use twinseal_config::Config;

/// Where the host's Postfix has its configuration, unless it says otherwise.
const POSTFIX: &str = "/etc/postfix/main.cf";

/// Where the host's Sendmail has its configuration.
const SENDMAIL: [&str; 2] = ["/etc/mail/sendmail.mc", "/etc/mail/sendmail.cf"];

/// What is to be looked at.
#[derive(Debug)]
pub(super) struct Asked {
    /// The configuration directory of a Postfix; the host's own without it.
    pub(super) postfix: Option<PathBuf>,
    /// A `sendmail.mc` or `sendmail.cf`.
    pub(super) sendmail: Option<PathBuf>,
    /// Whether to look at all.
    pub(super) mta: bool,
}

/// Looks at the MTA.
pub(super) fn look(asked: &Asked, config: &Config, sheet: &mut Sheet) {
    if !asked.mta {
        return;
    }
    let postfix = asked.postfix.is_some() || Path::new(POSTFIX).exists();
    let theirs = SENDMAIL.iter().map(Path::new).filter(|path| path.exists());
    let sendmail: Vec<&Path> = match &asked.sendmail {
        Some(file) => vec![file],
        None if postfix => Vec::new(),
        None => theirs.collect(),
    };
    if asked.postfix.is_some() || asked.sendmail.is_none() && postfix {
        match Postfix::read(asked.postfix.as_deref()) {
            Ok(postfix) => look_at_postfix(&postfix, config, sheet),
            Err(error) => {
                let place = asked.postfix.as_deref().unwrap_or(Path::new("Postfix"));
                let place = twinseal_message::text::path(place);
                let advice = "see whether postconf can read that configuration";
                sheet.find(&kinds::UNREADABLE, place, error, Mend::say(advice));
            }
        }
    }
    if !sendmail.is_empty() {
        sendmail::look(&sendmail, config, sheet);
    } else if !postfix {
        let advice =
            "name one with --postfix DIR or --sendmail FILE, or leave this out with --no-mta";
        let what = "neither Postfix nor Sendmail is configured on this host";
        sheet.find(&kinds::NONE, "MTA", what, Mend::say(advice));
    }
}

/// Lists what there is of an MTA's configuration, where ours cannot be read.
pub(super) fn list(asked: &Asked, sheet: &mut Sheet) {
    let is_there = asked.postfix.is_some() || Path::new(POSTFIX).exists();
    if asked.mta
        && is_there
        && let Ok(postfix) = Postfix::read(asked.postfix.as_deref())
    {
        postfix.list(sheet);
    }
}

fn look_at_postfix(postfix: &Postfix, config: &Config, sheet: &mut Sheet) {
    postfix.list(sheet);
    shown::look(postfix, config, sheet);
    settings::look(postfix, config, sheet);
    order::look(postfix, config, sheet);
    connect::look(postfix, config, sheet);
}
