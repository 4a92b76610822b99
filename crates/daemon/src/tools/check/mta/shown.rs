//! Whether mail is shown to us: by each server of SMTP, and from programs on this host.

use super::filters::{Filter, list, parse};
use super::kinds;
use super::order::{place, set, with_ours};
use super::postfix::{Postfix, Service, Way};
use super::sockets::{self, Name, Whose};
use crate::tools::check::finding::{Area, Kind, Mend, Sheet};
use std::net::{IpAddr, Ipv4Addr};
use twinseal_config::Config;

/// The option that keeps all filters away (trap P13).
const NO_MILTERS: &str = "no_milters";

/// The parameter that it is an option of.
const OPTIONS: &str = "receive_override_options";

/// Who gets mail out of the queue, and hands it back to another service.
const CONTENT_FILTER: &str = "content_filter";

/// Who gets mail before it is in the queue, and hands it on to another service.
const PROXY: &str = "smtpd_proxy_filter";

/// Both.
const FILTERS: [&str; 2] = [CONTENT_FILTER, PROXY];

/// Looks at every service that shows mail to filters.
pub(super) fn look(postfix: &Postfix, config: &Config, sheet: &mut Sheet) {
    let Some(name) = sockets::name(postfix, config) else { return };
    let look = Look { postfix, config, name };
    let back = |way: &Way<'_>| look.comes_back(way.by);
    let shown_later = postfix.ways().any(|way| back(&way) && look.shows_what_comes_back(way.by));
    for way in postfix.ways() {
        if back(&way) {
            look.at_what_comes_back(way.by, sheet);
        } else if look.is_wanted(&way, shown_later) {
            look.at_way(way, sheet);
        }
    }
}

struct Look<'l> {
    postfix: &'l Postfix,
    config: &'l Config,
    /// What Postfix has to call our socket.
    name: Name,
}

impl Look<'_> {
    /// Whether mail that comes this way has to be shown to us here. What goes to a content filter
    /// may be shown when it comes back (trap P11); what goes through a proxy can be shown only
    /// then, because the proxy gets the message in place of `cleanup`.
    fn is_wanted(&self, way: &Way<'_>, shown_later: bool) -> bool {
        let uses = |filter| !self.postfix.value_for(way.by, filter).is_empty();
        let is_smtp = way.parameter == "smtpd_milters";
        let later = is_smtp && uses(PROXY) || shown_later && uses(CONTENT_FILTER);
        // Who verifies alone has no use for mail of this host and its users.
        let ours_alone = !is_smtp || way.by.is_for_users();
        !later && (self.config.mode.signs() || !ours_alone)
    }

    /// Whether a content filter hands mail back there, which was shown once.
    fn comes_back(&self, service: &Service) -> bool {
        let has = |service: &Service| {
            FILTERS.iter().any(|name| !self.postfix.value_for(service, name).is_empty())
        };
        if service.program != "smtpd" || has(service) {
            return false;
        }
        let filtered = self.postfix.ways().any(|way| has(way.by));
        let is_exempt = |name: &&str| {
            service.overridden(name).is_some() && !self.postfix.value(name).is_empty()
        };
        let says_so = service.overridden(CONTENT_FILTER).is_some();
        // Elsewhere than on this host alone it may be a service for users that are trusted.
        let exempt = FILTERS.iter().any(is_exempt) && !service.is_for_users();
        service.is_inner() && (filtered || says_so) || exempt
    }

    fn at_way(&self, way: Way<'_>, sheet: &mut Sheet) {
        let Way { by, through: service, parameter } = way;
        let filters = self.postfix.filters(service, parameter);
        let whose =
            |filter: &Filter| sockets::whose(&filter.socket, service, self.postfix, self.config);
        if self.keeps_filters_away(by, sheet) {
            return;
        }
        if filters.iter().any(|filter| whose(filter) == Whose::Ours) {
            let what = format!("shows mail to {}", self.name.text);
            sheet.pass(Area::Mta, format!("Postfix, {}", by.name), what);
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
        let shows = |other: &Service| {
            self.postfix.filters(other, parameter).iter().any(|filter| {
                sockets::whose(&filter.socket, other, self.postfix, self.config) == Whose::Ours
            })
        };
        let other_shows = service.program == "smtpd"
            && self.postfix.ways().any(|way| way.parameter == parameter && shows(way.by));
        let kind: &'static Kind = match (is_override, parameter) {
            _ if other_shows && !service.is_for_users() && !self.config.mode.verifies() => {
                &kinds::UNSHOWN
            }
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
        let options = options(self.postfix.value_for(service, OPTIONS));
        if !options.contains(&NO_MILTERS) {
            return false;
        }
        let rest: Vec<&str> = options.into_iter().filter(|option| *option != NO_MILTERS).collect();
        let rest = rest.join(", ");
        let main_is_free = !self.postfix.value(OPTIONS).contains(NO_MILTERS);
        let command = match service.overridden(OPTIONS) {
            Some(_) if rest.is_empty() && main_is_free => self.postfix.unset_for(service, OPTIONS),
            _ => set(self.postfix, service, OPTIONS, &rest),
        };
        let place = place(self.postfix, service, OPTIONS);
        if !sheet.findings.iter().any(|one| one.kind == &kinds::NO_MILTERS && one.place == place) {
            let what = format!("{NO_MILTERS} is set, so {} asks no filter", service.name);
            let mend = Mend::run([command, self.postfix.reload()]);
            sheet.find(&kinds::NO_MILTERS, place, what, mend);
        }
        true
    }

    fn shows_what_comes_back(&self, service: &Service) -> bool {
        let options = options(self.postfix.value_for(service, OPTIONS));
        !options.contains(&NO_MILTERS)
            && self.postfix.filters(service, "smtpd_milters").iter().any(|filter| {
                sockets::whose(&filter.socket, service, self.postfix, self.config) != Whose::Theirs
            })
    }

    /// What a content filter hands back comes from 127.0.0.1, whoever sent it (trap P12).
    fn at_what_comes_back(&self, service: &Service, sheet: &mut Sheet) {
        let options = options(self.postfix.value_for(service, OPTIONS));
        let shown = self.shows_what_comes_back(service);
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let trusted = self.config.internal_hosts.contains(Some("localhost"), Some(loopback));
        if !self.config.mode.signs() || self.config.shadow || !shown || !trusted {
            return;
        }
        let wanted = [options, vec![NO_MILTERS]].concat().join(",");
        let command = self.postfix.set_for(service, OPTIONS, &wanted);
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
