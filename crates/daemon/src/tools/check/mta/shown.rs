//! Whether mail is shown to us: by each server of SMTP, and from programs on this host.

use super::filters::{Filter, list, parse};
use super::kinds;
use super::order::{place, set, with_ours};
use super::postfix::{Postfix, Service};
use super::sockets::{self, Name, Whose};
use crate::tools::check::finding::{Area, Kind, Mend, Sheet};
use std::net::{IpAddr, Ipv4Addr};
use twinseal_config::Config;

/// The option that keeps all filters away (trap P13).
const NO_MILTERS: &str = "no_milters";

/// Looks at every service that shows mail to filters.
pub(super) fn look(postfix: &Postfix, config: &Config, sheet: &mut Sheet) {
    let Some(name) = sockets::name(postfix, config) else { return };
    let look = Look { postfix, config, name };
    let filtered = look.is_filtered();
    for service in postfix.servers() {
        // What comes back from a content filter has been shown once.
        if comes_back(service, filtered, postfix) {
            look.at_what_comes_back(service, sheet);
        } else {
            look.at_service(service, "smtpd_milters", sheet);
        }
    }
    if let Some(cleanup) = postfix.cleanup().filter(|_| config.mode.signs()) {
        look.at_service(cleanup, "non_smtpd_milters", sheet);
    }
}

/// What hands mail to a content filter, behind the queue and before it.
const FILTERS: [&str; 2] = ["content_filter", "smtpd_proxy_filter"];

/// Whether a service takes mail back from a content filter: this host alone reaches it, and it hands
/// nothing to one itself.
fn comes_back(service: &Service, filtered: bool, postfix: &Postfix) -> bool {
    let says_so = FILTERS.iter().any(|name| service.overridden(name) == Some(""));
    let hands_on = FILTERS.iter().any(|name| !postfix.value_for(service, name).is_empty());
    service.is_inner() && (filtered || says_so) && !hands_on
}

struct Look<'l> {
    postfix: &'l Postfix,
    config: &'l Config,
    /// What Postfix has to call our socket.
    name: Name,
}

impl Look<'_> {
    /// Whether a content filter, before the queue or behind it, hands mail back to this host.
    fn is_filtered(&self) -> bool {
        let has = |service: &Service| {
            FILTERS.iter().any(|name| !self.postfix.value_for(service, name).is_empty())
        };
        self.postfix.servers().any(has)
    }

    fn at_service(&self, service: &Service, parameter: &'static str, sheet: &mut Sheet) {
        let filters = self.postfix.filters(service, parameter);
        let whose =
            |filter: &Filter| sockets::whose(&filter.socket, service, self.postfix, self.config);
        if self.keeps_filters_away(service, sheet) {
            return;
        }
        if filters.iter().any(|filter| whose(filter) == Whose::Ours) {
            let what = format!("shows mail to {}", self.name.text);
            sheet.pass(Area::Mta, format!("Postfix, {}", service.name), what);
            return;
        }
        if let Some(at) = filters.iter().position(|filter| whose(filter) == Whose::Misnamed) {
            self.misnamed(service, parameter, (&filters, at), sheet);
            return;
        }
        self.missing(service, parameter, &filters, sheet);
    }

    /// We are not in the list.
    fn missing(
        &self,
        service: &Service,
        parameter: &'static str,
        filters: &[Filter],
        sheet: &mut Sheet,
    ) {
        let is_override = service.overridden(parameter).is_some();
        let main = self.postfix.filters(&Service::plain(service), parameter);
        let main_has_us = main.iter().any(|filter| {
            sockets::whose(&filter.socket, service, self.postfix, self.config) == Whose::Ours
        });
        // Who only signs need not see what comes from outside.
        let elsewhere = |other: &Service| {
            self.postfix.filters(other, parameter).iter().any(|filter| {
                sockets::whose(&filter.socket, other, self.postfix, self.config) == Whose::Ours
            })
        };
        let other_shows = service.program == "smtpd" && self.postfix.servers().any(elsewhere);
        let kind: &'static Kind = match (is_override, parameter) {
            _ if other_shows && !self.config.mode.verifies() => &kinds::UNSHOWN,
            (true, _) => &kinds::SERVICE,
            (false, "smtpd_milters") => &kinds::NO_FILTER,
            (false, _) => &kinds::NO_LOCAL_FILTER,
        };
        let place = place(self.postfix, service, parameter);
        if sheet.findings.iter().any(|one| one.kind == kind && one.place == place) {
            return;
        }
        let what = if filters.is_empty() {
            "no filter is named".to_owned()
        } else {
            format!("{} is not among its filters: {}", self.name.text, list(filters))
        };
        let command = if is_override && filters.is_empty() && main_has_us {
            self.postfix.unset_for(service, parameter)
        } else {
            self.put(service, parameter, filters)
        };
        sheet.find(kind, place, what, self.mend(service, parameter, command));
    }

    /// The command that puts us into a list. What local programs send goes the way of the rest.
    fn put(&self, service: &Service, parameter: &'static str, filters: &[Filter]) -> String {
        const SMTPD: &str = "smtpd_milters";
        let both = (self.postfix, self.config);
        let has_us = |filters: &[Filter]| {
            filters.iter().any(|filter| {
                sockets::whose(&filter.socket, service, self.postfix, self.config) == Whose::Ours
            })
        };
        let from_main = parameter != SMTPD && service.overridden(parameter).is_none();
        let smtpd = parse(self.postfix.value(SMTPD));
        if from_main && self.postfix.written(parameter).contains("$smtpd_milters") {
            return self.postfix.set(SMTPD, &with_ours(&smtpd, &self.name.text, service, both));
        }
        if from_main && filters.is_empty() && has_us(&smtpd) {
            return self.postfix.set(parameter, "$smtpd_milters");
        }
        let value = with_ours(filters, &self.name.text, service, both);
        set(self.postfix, service, parameter, &value)
    }

    /// It has our socket's other name.
    fn misnamed(
        &self,
        service: &Service,
        parameter: &'static str,
        (filters, at): (&[Filter], usize),
        sheet: &mut Sheet,
    ) {
        let place = place(self.postfix, service, parameter);
        if sheet.findings.iter().any(|one| one.kind == &kinds::PATH && one.place == place) {
            return;
        }
        let found = filters.get(at).map_or("", |filter| &filter.socket);
        let chroot = if service.chrooted { "in the chroot" } else { "not in the chroot" };
        let what = format!(
            "{found} is not our socket for {}, which is {chroot}; {} is",
            service.name, self.name.text
        );
        let renamed = |(index, filter): (usize, &Filter)| {
            let mut filter = filter.clone();
            if index == at {
                filter.socket.clone_from(&self.name.text);
            }
            filter
        };
        let renamed: Vec<Filter> = filters.iter().enumerate().map(renamed).collect();
        let command = set(self.postfix, service, parameter, &list(&renamed));
        sheet.find(&kinds::PATH, place, what, self.mend(service, parameter, command));
    }

    /// A command that puts our name into a list, and what every service that has the list from
    /// there needs to reach it.
    fn mend(&self, service: &Service, parameter: &str, command: String) -> Mend {
        let shares = |other: &&Service| {
            let program = other.program == service.program;
            let same = other.name == service.name
                || service.overridden(parameter).is_none() && other.overridden(parameter).is_none();
            program && same && other.chrooted
        };
        let mut commands = vec![command];
        if self.name.from_chroot {
            commands.push(self.postfix.reload());
            return Mend::run(commands);
        }
        let caught = self.postfix.services.iter().filter(shares);
        commands.extend(caught.map(|service| self.postfix.unchroot(service)));
        let advice = if commands.len() > 1 {
            "the socket is outside of the chroot: take the service out of it, as below; or listen \
             in a directory below the queue directory, bind-mount one there, or use TCP"
        } else {
            ""
        };
        commands.push(self.postfix.reload());
        Mend::run(commands).and_say(advice)
    }

    /// Whether `no_milters` is set for a service, which is told (trap P13).
    fn keeps_filters_away(&self, service: &Service, sheet: &mut Sheet) -> bool {
        const PARAMETER: &str = "receive_override_options";
        let options = options(self.postfix.value_for(service, PARAMETER));
        if !options.contains(&NO_MILTERS) {
            return false;
        }
        let rest: Vec<&str> = options.into_iter().filter(|option| *option != NO_MILTERS).collect();
        let rest = rest.join(", ");
        let command = match service.overridden(PARAMETER) {
            Some(_) if rest.is_empty() => self.postfix.unset_for(service, PARAMETER),
            _ => set(self.postfix, service, PARAMETER, &rest),
        };
        let place = place(self.postfix, service, PARAMETER);
        if !sheet.findings.iter().any(|one| one.kind == &kinds::NO_MILTERS && one.place == place) {
            let what = format!("{NO_MILTERS} is set, so {} asks no filter", service.name);
            let mend = Mend::run([command, self.postfix.reload()]);
            sheet.find(&kinds::NO_MILTERS, place, what, mend);
        }
        true
    }

    /// What a content filter hands back comes from 127.0.0.1, whoever sent it (trap P12).
    fn at_what_comes_back(&self, service: &Service, sheet: &mut Sheet) {
        const PARAMETER: &str = "receive_override_options";
        let options = options(self.postfix.value_for(service, PARAMETER));
        let shown = !options.contains(&NO_MILTERS)
            && self.postfix.filters(service, "smtpd_milters").iter().any(|filter| {
                sockets::whose(&filter.socket, service, self.postfix, self.config) != Whose::Theirs
            });
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let trusted = self.config.internal_hosts.contains(Some("localhost"), Some(loopback));
        if !self.config.mode.signs() || !shown || !trusted {
            return;
        }
        let wanted = [options, vec![NO_MILTERS]].concat().join(",");
        let command = self.postfix.set_for(service, PARAMETER, &wanted);
        let what = format!(
            "{} takes mail back from a content filter, shows it to us, and 127.0.0.1 counts as \
             internal",
            service.name
        );
        let advice = "show it to no filter there; if the content filter changes what leaves, let it \
                      hand that back to a listener of its own, and sign by its {daemon_name}";
        let place = format!("{}: {}", self.postfix.file("master.cf"), service.name);
        let mend = Mend::run([command, self.postfix.reload()]).and_say(advice);
        sheet.find(&kinds::STRANGERS, place, what, mend);
    }
}

/// The words of a list.
fn options(text: &str) -> Vec<&str> {
    let words = text.split(|ch: char| ch == ',' || ch.is_ascii_whitespace());
    words.filter(|word| !word.is_empty()).collect()
}
