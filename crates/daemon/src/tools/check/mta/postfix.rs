//! What a Postfix's configuration says, by its own `postconf`.

use super::filters::{Filter, parse};
use crate::tools::check::finding::Sheet;
use crate::tools::check::inventory;
use crate::tools::postfix::{Instance, shell};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// The parameters that matter here.
const PARAMETERS: &[&str] = &[
    "config_directory",
    "queue_directory",
    "mail_owner",
    "mail_version",
    "compatibility_level",
    "smtpd_milters",
    "non_smtpd_milters",
    "milter_default_action",
    "milter_protocol",
    "internal_mail_filter_classes",
    "disable_mime_output_conversion",
    "receive_override_options",
    "content_filter",
    "smtpd_proxy_filter",
    "smtpd_milter_maps",
    "cleanup_service_name",
    "mynetworks",
    "inet_protocols",
];

/// Those of them that belong into an inventory.
const LISTED: &[&str] = &[
    "smtpd_milters",
    "non_smtpd_milters",
    "smtpd_milter_maps",
    "milter_default_action",
    "milter_protocol",
    "internal_mail_filter_classes",
    "disable_mime_output_conversion",
    "receive_override_options",
    "content_filter",
    "smtpd_proxy_filter",
];

/// Programs that hand mail to `cleanup`, which shows it to filters then.
const LOCAL: &[&str] = &["pickup", "qmqpd"];

/// Names of services for one's own users.
const SUBMISSION: &[&str] = &["submission", "submissions", "smtps", "587", "465"];

/// A configuration.
#[derive(Debug)]
pub(super) struct Postfix {
    instance: Instance,
    directory: PathBuf,
    /// With `$name` replaced by what it stands for.
    values: BTreeMap<String, String>,
    /// As it is written.
    written: BTreeMap<String, String>,
    pub(super) services: Vec<Service>,
}

/// A line of `master.cf`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Service {
    /// Its name and type, as `postconf -P` has them: `smtp/inet`.
    pub(super) name: String,
    /// The program that it runs.
    pub(super) program: String,
    /// Whether it lives in the queue directory.
    pub(super) chrooted: bool,
    /// What `-o` says there, `$name` replaced.
    overrides: BTreeMap<String, String>,
}

/// A way for mail into the queue.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way<'p> {
    /// Who takes the mail.
    pub(super) by: &'p Service,
    /// Who shows it to filters: the same one, or the `cleanup` behind it.
    pub(super) through: &'p Service,
    /// The parameter that lists them.
    pub(super) parameter: &'static str,
}

/// The configuration cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum CannotRead {
    #[error("postconf cannot be run: {0}")]
    NotRun(#[from] io::Error),
    #[error("postconf fails: {0}")]
    Fails(String),
}

impl Postfix {
    /// Reads that in a directory, or the host's.
    pub(super) fn read(directory: Option<&Path>) -> Result<Self, CannotRead> {
        let instance = Instance::new(directory);
        let ask = |words: &[&str]| {
            let done = instance.run("postconf", words)?;
            if done.status.success() {
                return Ok(done.output);
            }
            let why = done.errors.lines().last().unwrap_or("it says nothing").to_owned();
            Err(CannotRead::Fails(why))
        };
        let values = pairs(&ask(&[&["-x"], PARAMETERS].concat())?);
        let written = pairs(&ask(PARAMETERS)?);
        let found = values.get("config_directory").map_or("/etc/postfix", String::as_str);
        let directory = PathBuf::from(found);
        let (listed, overrides) = (ask(&["-M"])?, pairs(&ask(&["-x", "-P"])?));
        let mut postfix = Self { instance, directory, values, written, services: Vec::new() };
        postfix.services = services(&listed, postfix.chroots_by_default());
        for (name, value) in overrides {
            let Some((service, parameter)) = name.rsplit_once('/') else { continue };
            let of = postfix.services.iter_mut().find(|one| one.name == service);
            of.into_iter().for_each(|one| {
                one.overrides.insert(parameter.to_owned(), value.clone());
            });
        }
        Ok(postfix)
    }

    /// What `-` means in the chroot column: master(5) changed it with version 3.0, for who has
    /// said that he knows.
    fn chroots_by_default(&self) -> bool {
        let first = |name| {
            let number = self.value(name).split('.').next().map(str::parse::<u32>);
            number.and_then(Result::ok).unwrap_or_default()
        };
        first("mail_version") < 3 || first("compatibility_level") < 1
    }

    /// A parameter's value in `main.cf`, or its default.
    pub(super) fn value(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    /// The same as it is written there.
    pub(super) fn written(&self, name: &str) -> &str {
        self.written.get(name).map_or("", String::as_str)
    }

    /// The same for one service, which may say otherwise.
    pub(super) fn value_for<'p>(&'p self, service: &'p Service, name: &str) -> &'p str {
        service.overridden(name).unwrap_or_else(|| self.value(name))
    }

    /// The filters that a service shows mail to, by that parameter.
    pub(super) fn filters(&self, service: &Service, parameter: &str) -> Vec<Filter> {
        parse(self.value_for(service, parameter))
    }

    /// Where the queue is, which is the root of what lives there.
    pub(super) fn queue(&self) -> &Path {
        Path::new(self.value("queue_directory"))
    }

    /// The path of one of its files, as it is shown.
    pub(super) fn file(&self, name: &str) -> String {
        twinseal_message::text::path(&self.directory.join(name))
    }

    /// Every way for mail into the queue.
    pub(super) fn ways(&self) -> impl Iterator<Item = Way<'_>> {
        self.services.iter().filter_map(|by| {
            if by.program == "smtpd" {
                return Some(Way { by, through: by, parameter: "smtpd_milters" });
            }
            if !LOCAL.contains(&by.program.as_str()) {
                return None;
            }
            let cleanup = format!("{}/unix", self.value_for(by, "cleanup_service_name"));
            let through = self.services.iter().find(|service| service.name == cleanup)?;
            Some(Way { by, through, parameter: "non_smtpd_milters" })
        })
    }

    /// Every list of filters that is in use, and the service that goes by it, once.
    pub(super) fn lists(&self) -> Vec<(&Service, &'static str)> {
        let mut lists: Vec<(&Service, &'static str)> = Vec::new();
        for Way { through, parameter, .. } in self.ways() {
            if !lists.contains(&(through, parameter)) {
                lists.push((through, parameter));
            }
        }
        lists
    }

    /// Sets a parameter of `main.cf`.
    pub(super) fn set(&self, name: &str, value: &str) -> String {
        self.instance.set(name, value)
    }

    /// Sets a parameter for one service. White space may not stand in a word of `master.cf`, and
    /// need not in a list with commas.
    pub(super) fn set_for(&self, service: &Service, name: &str, value: &str) -> String {
        let value = value.split_ascii_whitespace().collect::<String>();
        let text = format!("{}/{name}={value}", service.name);
        self.instance.typed(&format!("postconf -P {}", shell(&text)))
    }

    /// Takes away what a service says otherwise.
    pub(super) fn unset_for(&self, service: &Service, name: &str) -> String {
        self.instance.typed(&format!("postconf -PX {}", shell(&format!("{}/{name}", service.name))))
    }

    /// Takes a service out of the chroot.
    pub(super) fn unchroot(&self, service: &Service) -> String {
        self.instance
            .typed(&format!("postconf -F {}", shell(&format!("{}/chroot=n", service.name))))
    }

    /// Has a running Postfix take changes up.
    pub(super) fn reload(&self) -> String {
        self.instance.reload()
    }

    /// Puts what it says into the inventory.
    pub(super) fn list(&self, sheet: &mut Sheet) {
        for name in ["main.cf", "master.cf"] {
            inventory::file("Postfix", &self.directory.join(name), "Postfix", sheet);
        }
        for name in LISTED {
            let value = self.value(name);
            let value = if value.is_empty() { "empty" } else { value };
            sheet.list("Postfix parameter", name, self.file("main.cf"), value);
        }
        for service in &self.services {
            for (name, value) in service.overrides.iter().filter(|(name, _)| matters(name)) {
                let value = if value.is_empty() { "empty" } else { value };
                let place = format!("{}/{name}", service.name);
                sheet.list("Postfix override", place, self.file("master.cf"), value);
            }
        }
    }
}

fn matters(name: &str) -> bool {
    LISTED.contains(&name) || name.starts_with("milter_")
}

impl Service {
    /// The same without what it says otherwise.
    pub(super) fn plain(service: &Self) -> Self {
        Self { overrides: BTreeMap::new(), ..service.clone() }
    }

    /// What `-o` says there of a parameter.
    pub(super) fn overridden(&self, name: &str) -> Option<&str> {
        self.overrides.get(name).map(String::as_str)
    }

    /// Whether only this host can talk to it, so that what it takes has been here before.
    /// `postscreen` hands connections from everywhere on to services of the type `pass`.
    pub(super) fn is_inner(&self) -> bool {
        let (name, kind) = self.name.rsplit_once('/').unwrap_or((&self.name, ""));
        let host = name.rsplit_once(':').map_or("", |(host, _)| host);
        let host = host.trim_start_matches('[').trim_end_matches(']');
        match kind {
            "inet" => host.starts_with("127.") || matches!(host, "localhost" | "::1"),
            "pass" => false,
            _ => true,
        }
    }

    /// Whether it is for one's own users, by its name or because they authenticate there.
    pub(super) fn is_for_users(&self) -> bool {
        let name = self.name.rsplit_once('/').map_or(self.name.as_str(), |(name, _)| name);
        SUBMISSION.contains(&name) || self.overridden("smtpd_sasl_auth_enable") == Some("yes")
    }
}

/// Lines of a name, an equals sign and a value.
fn pairs(text: &str) -> BTreeMap<String, String> {
    let pair = |line: &str| {
        let (name, value) = line.split_once('=')?;
        Some((name.trim().to_owned(), value.trim().to_owned()))
    };
    text.lines().filter_map(pair).collect()
}

/// The lines of `master.cf`, each on one line.
fn services(text: &str, chroots: bool) -> Vec<Service> {
    let service = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        let (name, kind) = (words.next()?, words.next()?);
        let chrooted = match words.nth(2)? {
            "-" => chroots,
            answer => answer == "y",
        };
        let program = words.nth(2)?.to_owned();
        let (name, overrides) = (format!("{name}/{kind}"), BTreeMap::new());
        Some(Service { name, program, chrooted, overrides })
    };
    text.lines().filter(|line| !line.starts_with('#')).filter_map(service).collect()
}

#[cfg(test)]
mod tests {
    use super::services;

    #[test]
    fn the_columns_of_a_service_are_told_apart() {
        let text = "smtp       inet  n       -       y       -       -       smtpd\n\
                    [::1]:10025 inet n - - - - smtpd -o smtpd_milters=\n\
                    127.0.0.1:10026 inet n - n - - smtpd\n\
                    smtpd pass - - - - - smtpd\n\
                    cleanup    unix  n       -       -       -       0       cleanup\n";
        let found = services(text, true);
        let shown: Vec<(&str, &str, bool, bool)> = found
            .iter()
            .map(|one| (one.name.as_str(), one.program.as_str(), one.chrooted, one.is_inner()))
            .collect();
        let want = [
            ("smtp/inet", "smtpd", true, false),
            ("[::1]:10025/inet", "smtpd", true, true),
            ("127.0.0.1:10026/inet", "smtpd", false, true),
            ("smtpd/pass", "smtpd", true, false),
            ("cleanup/unix", "cleanup", true, true),
        ];
        assert_eq!(shown, want);
        assert!(!services(text, false)[4].chrooted);
    }
}
