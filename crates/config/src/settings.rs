//! What is in force: the types that a checked configuration consists of.

mod forecast;
mod leaving;
mod life;
mod metrics;
mod opendkim;
mod reports;
mod sandbox;
mod trial;
mod verify;

use crate::door::Door;
use crate::lists::domains::DomainList;
use crate::lists::hosts::HostList;
use crate::origin::Origin;
use crate::params::Reload;
use crate::rules::Rules;
use crate::socket::SocketSpec;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use twinseal_message::FieldName;

pub use forecast::Forecast;
pub(crate) use leaving::Algorithm;
pub use leaving::{Leaving, MacroTest, RecipientPattern};
pub use life::{Life, MAX_RESTARTS, Restart, RestartRate};
pub use metrics::{HttpSocket, Metrics};
pub use opendkim::Further;
pub use reports::Reports;
pub use sandbox::{Credentials, Sandbox};
pub use trial::Trial;
pub use verify::{
    Action, Actions, Adsp, AuthservPattern, BodyCoverage, Dns, MAX_CLOCK_DRIFT, MAX_LOOKUP,
    MAX_SERVERS, MIN_KEY_BITS, Results, USUAL_SIGNATURES, Verify,
};

/// A checked configuration. Nothing in it can contradict anything else in it.
#[derive(Debug, Clone)]
pub struct Config {
    /// In whose place it stands.
    pub door: Door,
    /// Where to listen; at least one.
    pub sockets: Vec<SocketSpec>,
    /// Whom to become once the keys are read, before sockets are made.
    pub user: Option<User>,
    /// The umask under which sockets and files are made; `None` leaves it as it is.
    pub umask: Option<u32>,
    /// The permissions of a unix socket's file; the umask decides without them.
    pub socket_mode: Option<u32>,
    /// The group of a unix socket's file, by name or by number; the user's own without it.
    pub socket_group: Option<String>,
    /// What to do with mail.
    pub mode: Mode,
    /// Clients whose mail is signed.
    pub internal_hosts: HostList,
    /// Clients whose mail is none of our business.
    pub peers: HostList,
    /// Clients that may use our domains from outside without a warning.
    pub external_ignore: HostList,
    /// Whether a key that strangers can get at is refused, rather than warned about.
    pub require_safe_keys: bool,
    /// Where to write the process's number.
    pub pid_file: Option<PathBuf>,
    /// Whether to stay in the foreground.
    pub foreground: bool,
    /// How much of everything there may be.
    pub limits: Limits,
    /// Who signs for whom; not empty if [`Mode::signs`], but in the place of dk-filter, which may
    /// stand there as it was shipped.
    pub rules: Rules,
    /// The header fields that may say whose message it is, in the order in which they are asked:
    /// the first one that is there decides for the DKIM seal. For the other seal it is Sender, else
    /// From (RFC 4870 §3.1).
    pub sender_headers: Vec<FieldName>,
    /// Domains whose mail is deferred when no rule signs for it; elsewhere it passes.
    pub must_sign: Option<Arc<DomainList>>,
    /// Whether a DKIM seal that a parent domain makes says so in its identity.
    pub parent_identity: bool,
    /// Whether every message gets a field that says which program has seen it.
    pub trace_header: bool,
    /// Whether nothing is changed, and only told in what another filter differs.
    pub shadow: bool,
    /// What is done about mail whose seals a later hop is going to break.
    pub forecast: Forecast,
    /// What happens to mail that something is the matter with.
    pub actions: Actions,
    /// Whether the MTA is asked to keep back mail of which no signature passes. It is not given
    /// back to its sender for that.
    pub quarantine: bool,
    /// What a signature has to be like.
    pub verify: Verify,
    /// The Authentication-Results field.
    pub results: Results,
    /// Where keys are asked for.
    pub dns: Dns,
    /// What is done about the policies of authors' domains; `None` if nobody looks at them.
    pub adsp: Option<Adsp>,
    /// The log.
    pub log: Log,
    /// The seals of a rule that says nothing about them.
    pub seals: DefaultSeals,
    /// The parameters as they were given, in the order of the table.
    pub settings: Vec<Setting>,
    /// What is done with mail that leaves, beside its rules.
    pub leaving: Leaving,
    /// Messages to try out instead of serving.
    pub trial: Option<Trial>,
    /// Reports to those whose signatures fail here, if there are to be any.
    pub reports: Option<Reports>,
    /// What others can see of it while it runs, if anybody can.
    pub metrics: Option<Metrics>,
    /// How the process lives.
    pub life: Life,
    /// The keys that a service manager hands over, if it does.
    pub credentials: Option<Credentials>,
    /// What only `opendkim` could be told.
    pub further: Further,
}

/// How the seals are made of which an entry says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefaultSeals {
    /// The DKIM seal; `None` leaves it out.
    pub dkim: Option<Arc<twinseal_dkim::Settings>>,
    /// The DomainKeys seal; `None` leaves it out.
    pub domainkeys: Option<Arc<twinseal_domainkeys::Settings>>,
}

/// One parameter's value, as text, and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The parameter's native name.
    pub name: &'static str,
    /// Its value as it was written; lists are joined by a comma.
    pub value: String,
    /// The same, item by item.
    pub items: Vec<String>,
    /// Whether it was written as a list.
    pub is_list: bool,
    /// Where the value came from.
    pub origin: Origin,
}

/// Names of a user and a group; the numbers are looked up by who becomes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The user's name or number.
    pub name: String,
    /// The group's name or number; the user's own groups otherwise.
    pub group: Option<String>,
}

/// What to do with mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Sign what leaves.
    Sign,
    /// Verify what arrives.
    Verify,
    /// Both.
    Both,
}

/// How much of everything there may be, and how long it may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many connections are served at the same time.
    pub connections: usize,
    /// How long an MTA may be silent between commands.
    pub idle: Duration,
    /// How long its first word, and the rest of a frame, may take.
    pub read: Duration,
    /// How long it may take to read an answer.
    pub write: Duration,
}

/// The log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Log {
    /// Where it goes.
    pub to: LogTo,
    /// What a line looks like.
    pub format: LogFormat,
    /// The facility that syslog files it under.
    pub facility: Facility,
    /// Whether each decision comes with the steps that led to it.
    pub why: bool,
    /// Whether it tells of signatures that pass.
    pub success: bool,
}

/// Where the log goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogTo {
    /// The standard error.
    Stderr,
    /// The system's log.
    Syslog,
    /// The journal of systemd.
    Journald,
}

/// What a line of the log looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// A sentence, with the queue id first.
    Text,
    /// A JSON object with the parts of it.
    Json,
}

/// A facility of syslog (RFC 5424 §6.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Facility {
    /// `kern`
    Kern,
    /// `user`
    User,
    /// `mail`
    Mail,
    /// `daemon`
    Daemon,
    /// `auth`
    Auth,
    /// `syslog`
    Syslog,
    /// `lpr`
    Lpr,
    /// `news`
    News,
    /// `uucp`
    Uucp,
    /// `cron`
    Cron,
    /// `local0`
    Local0,
    /// `local1`
    Local1,
    /// `local2`
    Local2,
    /// `local3`
    Local3,
    /// `local4`
    Local4,
    /// `local5`
    Local5,
    /// `local6`
    Local6,
    /// `local7`
    Local7,
}

impl Config {
    /// The parameters that have another value in `new` and that a running daemon cannot change.
    pub fn needs_restart<'c>(&'c self, new: &'c Self) -> impl Iterator<Item = &'static str> + 'c {
        let fixed = |name: &str| {
            crate::params::named(name).is_some_and(|param| param.reload == Reload::Restart)
        };
        let value = |config: &'c Self, name: &str| {
            let setting = config.settings.iter().find(|setting| setting.name == name);
            setting.map(|setting| setting.value.as_str())
        };
        let names = crate::params::PARAMS.iter().map(|param| param.name);
        names.filter(move |name| fixed(name) && value(self, name) != value(new, name))
    }
}

impl Mode {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Sign, Self::Verify, Self::Both];

    /// The letters that ask for it.
    #[must_use]
    pub const fn letters(self) -> &'static str {
        match self {
            Self::Sign => "s",
            Self::Verify => "v",
            Self::Both => "sv",
        }
    }

    /// Whether mail is signed.
    #[must_use]
    pub const fn signs(self) -> bool {
        matches!(self, Self::Sign | Self::Both)
    }

    /// Whether mail is verified.
    #[must_use]
    pub const fn verifies(self) -> bool {
        matches!(self, Self::Verify | Self::Both)
    }
}

impl LogTo {
    /// Both of them.
    pub const ALL: &[Self] = &[Self::Stderr, Self::Syslog, Self::Journald];

    /// The word that asks for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stderr => "stderr",
            Self::Syslog => "syslog",
            Self::Journald => "journald",
        }
    }
}

impl LogFormat {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Text, Self::Json];

    /// The word that asks for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}

impl Facility {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Kern,
        Self::User,
        Self::Mail,
        Self::Daemon,
        Self::Auth,
        Self::Syslog,
        Self::Lpr,
        Self::News,
        Self::Uucp,
        Self::Cron,
        Self::Local0,
        Self::Local1,
        Self::Local2,
        Self::Local3,
        Self::Local4,
        Self::Local5,
        Self::Local6,
        Self::Local7,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().0
    }

    /// Its number in a syslog message (RFC 5424 §6.2.1).
    #[must_use]
    pub const fn code(self) -> u8 {
        self.row().1
    }

    const fn row(self) -> (&'static str, u8) {
        match self {
            Self::Kern => ("kern", 0),
            Self::User => ("user", 1),
            Self::Mail => ("mail", 2),
            Self::Daemon => ("daemon", 3),
            Self::Auth => ("auth", 4),
            Self::Syslog => ("syslog", 5),
            Self::Lpr => ("lpr", 6),
            Self::News => ("news", 7),
            Self::Uucp => ("uucp", 8),
            Self::Cron => ("cron", 9),
            Self::Local0 => ("local0", 16),
            Self::Local1 => ("local1", 17),
            Self::Local2 => ("local2", 18),
            Self::Local3 => ("local3", 19),
            Self::Local4 => ("local4", 20),
            Self::Local5 => ("local5", 21),
            Self::Local6 => ("local6", 22),
            Self::Local7 => ("local7", 23),
        }
    }
}
