//! What all connections share.

use crate::event::{Event, What};
use crate::monitoring::tally::Tally;
use crate::rehearsal::Witness;
use crate::reporting::Desk;
use crate::signing::directory::Directory;
use crate::signing::policy::{Deciding, Origin};
use crate::verifying::office::{Office, UNKNOWN_HOST, named};
use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::Semaphore;
use twinseal_config::{
    Action, Actions, Config, DomainList, Door, Forecast, Further, HostList, Leaving, Limits,
    MacroTest, Results,
};
use twinseal_message::text::shown;
use twinseal_message::{Domain, HeaderBlock, Mailbox};
use twinseal_milter::{ClientAddress, ConnectInfo, Macros};

/// What all connections share: one configuration, as long as it is in force.
#[derive(Debug)]
pub struct Service {
    /// In whose place we stand: whose words the log speaks.
    pub door: Door,
    /// Who signs for whom.
    pub directory: Directory,
    /// Clients whose mail is ours.
    pub internal_hosts: HostList,
    /// Clients whose mail is none of our business.
    pub peers: HostList,
    /// Clients that may send as one of our domains without a warning.
    pub external_ignore: HostList,
    /// Whether mail is signed at all.
    pub signs: bool,
    /// What mail that is not signed is verified with, if it is.
    pub office: Option<Office>,
    /// What follows from what.
    pub actions: Actions,
    /// What is asked whose message it is, and what follows from the answer.
    pub deciding: Deciding,
    /// Domains whose mail is deferred when no rule signs for it.
    pub must_sign: Option<Arc<DomainList>>,
    /// Whether nothing is changed or refused, and only told in what another filter differs.
    pub shadow: bool,
    /// What is done about mail whose seals a later hop is going to break.
    pub forecast: Forecast,
    /// Whether every message gets a field that says who has seen it.
    pub trace_header: bool,
    /// Whether the steps to each decision are logged.
    pub log_why: bool,
    /// Whether signatures that pass are logged.
    pub logs_success: bool,
    /// What time it is.
    pub clock: Clock,
    /// How long an MTA may take, and for what.
    pub limits: Limits,
    /// Room for connections.
    pub connections: Arc<Semaphore>,
    /// What is done with mail that leaves, beside the rules.
    pub leaving: Leaving,
    /// How many octets the header of a message may have before only the action for that is asked;
    /// `None` where such a message is merely not signed.
    pub header_limit: Option<usize>,
    /// Whether mail is signed only whose header has the fields of RFC 5322 §3.6.
    pub required_headers: bool,
    /// What only opendkim could be told.
    pub further: Further,
    /// The Authentication-Results field.
    pub results: Results,
    /// Who waits for what came of each message, beside the log.
    pub witness: Option<Witness>,
    /// Who reports what does not match, if anybody does.
    pub desk: Option<Arc<Desk>>,
    /// What is counted.
    pub tally: Arc<Tally>,
    /// Whether what is said on a connection is logged.
    pub protocol_log: bool,
}

/// What time it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// What the system says.
    System,
    /// Always this, in seconds since 1970.
    Fixed(u64),
}

impl Clock {
    /// The time, in seconds since 1970.
    #[must_use]
    pub fn now(self) -> u64 {
        match self {
            Self::System => system_clock(),
            Self::Fixed(time) => time,
        }
    }
}

/// The system's clock, in seconds since 1970.
#[must_use]
pub fn system_clock() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// An SMTP client, as the MTA named it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Client {
    /// Its name; `None` where the MTA knows none.
    host: Option<String>,
    /// Its address; `None` where the MTA's text was none.
    address: Option<IpAddr>,
}

impl Client {
    /// What the MTA said at connect.
    #[must_use]
    pub fn new(info: &ConnectInfo<'_>) -> Self {
        let name = String::from_utf8_lossy(info.hostname);
        // Without a name, Postfix and Sendmail write the address in brackets.
        let named = !name.is_empty() && !name.starts_with('[');
        let host = named.then(|| shown(&name));
        // Local submission has no address and counts as coming from here, as it always did; a
        // client whose address the MTA merely does not know has a name that says so.
        let is_local = name.is_empty() || name.eq_ignore_ascii_case("localhost");
        let address = match info.address {
            ClientAddress::Inet(address) => Some(address.ip().to_canonical()),
            ClientAddress::Unix(_) | ClientAddress::Unknown(b"") if is_local => {
                Some(Ipv4Addr::LOCALHOST.into())
            }
            ClientAddress::Unix(_) | ClientAddress::Unknown(_) => None,
        };
        Self { host, address }
    }

    /// Its name, where the MTA knows one.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// Its address, where the MTA told it.
    #[must_use]
    pub const fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// Whether that list names the client.
    #[must_use]
    pub fn is_in(&self, list: &HostList) -> bool {
        list.contains(self.host.as_deref(), self.address)
    }
}

impl std::fmt::Display for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.host.as_deref().unwrap_or("unknown"))?;
        match self.address {
            Some(address) => write!(f, " [{address}]"),
            None => Ok(()),
        }
    }
}

impl Service {
    /// What a configuration says, the directory that was made of its rules and keys, and what mail
    /// is verified with, if it is.
    #[must_use]
    pub fn new(config: &Config, directory: Directory, office: Option<Office>) -> Self {
        let is_of_dkim_filter = matches!(config.door, Door::DkimFilter | Door::Opendkim);
        let limits_header = match config.door {
            Door::DkimFilter | Door::Opendkim => true,
            Door::Native | Door::DkFilter => office.is_some(),
        };
        let fixed = config.trial.as_ref().and_then(|trial| trial.time);
        // Where a message is only tried out, or is another filter's, nobody is to be written to.
        let writes = config.trial.is_none() && !config.shadow;
        let reports = config.reports.as_ref().filter(|_| writes);
        let desk = reports.zip(office.as_ref());
        let desk = desk.map(|(reports, office)| Arc::new(Desk::new(reports, office, config.door)));
        Self {
            door: config.door,
            directory,
            internal_hosts: config.internal_hosts.clone(),
            peers: config.peers.clone(),
            external_ignore: config.external_ignore.clone(),
            signs: config.mode.signs(),
            office,
            actions: config.actions,
            deciding: Self::deciding(config),
            must_sign: config.must_sign.clone(),
            shadow: config.shadow,
            forecast: config.forecast,
            trace_header: config.trace_header,
            log_why: config.log.why,
            logs_success: config.log.success,
            clock: fixed.map_or(Clock::System, Clock::Fixed),
            limits: config.limits,
            connections: Arc::new(Semaphore::new(config.limits.connections)),
            leaving: config.leaving.clone(),
            header_limit: limits_header.then_some(config.verify.maximum_header),
            required_headers: is_of_dkim_filter && config.verify.required_headers,
            further: config.further.clone(),
            results: named(config),
            witness: config.trial.as_ref().map(|_| Witness::default()),
            desk,
            tally: Arc::default(),
            protocol_log: config.life.protocol_log,
        }
    }

    /// What a configuration asks whose message it is.
    #[must_use]
    pub fn deciding(config: &Config) -> Deciding {
        Deciding {
            sender_headers: config.sender_headers.clone(),
            parent_identity: config.parent_identity,
            without_domainkeys: config.rules.iter().all(|rule| rule.domainkeys.is_none()),
            sender_macro: config.further.sender_macro.clone(),
        }
    }

    /// The same in the place of another one, which has served so far: its room is what there is, and
    /// what it has reported counts.
    #[must_use]
    pub fn in_place_of(mut self, other: &Self) -> Self {
        self.limits.connections = other.limits.connections;
        self.connections = Arc::clone(&other.connections);
        self.tally = Arc::clone(&other.tally);
        if let (Some(desk), Some(other)) = (self.desk.as_mut().and_then(Arc::get_mut), &other.desk)
        {
            desk.continues(other);
        }
        self
    }

    /// The same, with everything counted there.
    #[must_use]
    pub fn counted_by(mut self, tally: Arc<Tally>) -> Self {
        self.tally = tally;
        self
    }

    /// Says something about a message: counts it, and logs it.
    pub fn tell(&self, queue_id: &str, what: What<'_>) {
        self.tally.told(&what);
        Event { door: self.door, queue_id, what }.log();
    }

    /// The header as the MTA is going to make it, which is what is signed.
    #[must_use]
    pub fn as_it_leaves<'h>(&self, header: &'h HeaderBlock) -> Cow<'h, HeaderBlock> {
        match &self.further.rewriting {
            Some(rewriting) => Cow::Owned(rewriting.header(header)),
            None => Cow::Borrowed(header),
        }
    }

    /// Whether we stand in the place of opendkim.
    #[must_use]
    pub fn is_opendkim(&self) -> bool {
        self.door == Door::Opendkim
    }

    /// In whose name results are written, given the MTA's own name.
    #[must_use]
    pub fn authserv_id<'s>(&'s self, mta: Option<&'s str>) -> &'s str {
        self.results.authserv_id.as_deref().or(mta).unwrap_or(UNKNOWN_HOST)
    }

    /// Whether the header that comes with a message stays as it is.
    #[must_use]
    pub fn changes_nothing(&self) -> bool {
        self.further.keeps_results
            && !self.results.remove_all
            && !(self.signs && self.leaving.remove_old_signatures)
    }

    /// Whether the MTA may have to hold a message.
    #[must_use]
    pub fn may_quarantine(&self) -> bool {
        let Actions {
            bad_signature,
            no_signature,
            key_not_found,
            dns_error,
            internal_error,
            security,
            signature_error,
        } = self.actions;
        let arriving =
            [bad_signature, no_signature, key_not_found, dns_error, internal_error, security];
        let held = |action: &Action| *action == Action::Quarantine;
        let office = self.office.as_ref();
        office.is_some_and(|office| office.quarantine || arriving.iter().any(held))
            || (self.signs && held(&signature_error))
            || (self.header_limit.is_some() && held(&security))
    }

    /// Whether it matters for whom a message is.
    #[must_use]
    pub fn minds_recipients(&self) -> bool {
        self.signs && !self.leaving.unsigned_recipients.is_empty()
    }

    /// Whether the log is told of a message without a signature, with which that is done. Much
    /// honest mail is without one; dkim-filter told of each.
    #[must_use]
    pub fn tells_unsigned(&self, action: Action) -> bool {
        self.log_why || action != Action::Accept || self.door == Door::DkimFilter
    }

    /// The domain that has to sign for that address, if there is one.
    #[must_use]
    pub fn claimed(&self, address: &Mailbox) -> Option<Domain> {
        self.must_sign.as_ref()?.signing_domain(address.domain())
    }

    /// Why that client's mail counts as ours, or does not, given what the MTA tells of it.
    #[must_use]
    pub fn origin(&self, client: &Client, macros: &Macros, authenticated: bool) -> Origin {
        let text = |name: &str| {
            let value = macros.value(name)?;
            Some(String::from_utf8_lossy(value).into_owned())
        };
        let daemon = text("{daemon_name}").filter(|name| !name.is_empty());
        if let Some(name) = daemon.filter(|name| self.leaving.is_internal_daemon(name)) {
            return Origin::Daemon(shown(&name));
        }
        let says_so = |test: &&MacroTest| {
            text(test.name()).is_some_and(|value| self.leaving.is_internal(test, &value))
        };
        if let Some(test) = self.leaving.macros.iter().find(says_so) {
            return Origin::Macro(test.name().to_owned());
        }
        if client.is_in(&self.internal_hosts) {
            Origin::Internal
        } else if authenticated {
            Origin::Authenticated
        } else {
            let expected = client.is_in(&self.external_ignore);
            Origin::External { client: client.to_string(), expected }
        }
    }
}
