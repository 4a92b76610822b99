//! What else of Postfix's parameters matters to what we do.

mod clients;

use super::filters::{Filter, list};
use super::kinds;
use super::order::{place, set};
use super::postfix::{Postfix, Service, Way};
use super::sockets::{self, Whose};
use crate::tools::check::finding::{Finding, Kind, Mend, Sheet};
use twinseal_config::Config;
use twinseal_message::text;

/// The version of the milter protocol that keeps leading spaces and needs fewest questions (traps
/// W1, W21).
const PROTOCOL: &str = "6";

/// Looks at them.
pub(super) fn look(postfix: &Postfix, config: &Config, sheet: &mut Sheet) {
    let signs = config.mode.signs() && !config.shadow;
    let with_us: Vec<(&Service, &'static str, Vec<Filter>)> = postfix
        .lists()
        .into_iter()
        .map(|(service, parameter)| (service, parameter, postfix.filters(service, parameter)))
        .filter(|(service, _, filters)| {
            filters.iter().any(|one| ours(one, service, postfix, config))
        })
        .collect();
    for (service, parameter, filters) in &with_us {
        let here = Here { postfix, config, service, parameter, filters };
        if signs {
            here.must_not("milter_default_action", "default_action", "accept", &ACTION, sheet);
        }
        for old in ["2", "3", "4"] {
            here.must_not("milter_protocol", "protocol", old, &VERSION, sheet);
        }
    }
    if config.mode.signs() {
        bounces(postfix, sheet);
        conversion(postfix, sheet);
        clients::look(postfix, config, sheet);
    }
    maps(postfix, config, sheet);
}

fn ours(filter: &Filter, service: &Service, postfix: &Postfix, config: &Config) -> bool {
    sockets::whose(&filter.socket, service, postfix, config) != Whose::Theirs
}

/// What must not be said, and what to say instead.
struct Wanted {
    kind: &'static Kind,
    instead: &'static str,
    advice: &'static str,
}

static ACTION: Wanted = Wanted {
    kind: &kinds::ACCEPTS,
    instead: "tempfail",
    advice: "tempfail keeps mail with its sender until the filter is back",
};

static VERSION: Wanted = Wanted { kind: &kinds::PROTOCOL, instead: PROTOCOL, advice: "" };

/// A list of filters with us in it.
struct Here<'h> {
    postfix: &'h Postfix,
    config: &'h Config,
    service: &'h Service,
    parameter: &'static str,
    filters: &'h [Filter],
}

impl Here<'_> {
    /// A value that a parameter, or a setting of the filter's own in its place, must not have.
    fn must_not(
        &self,
        parameter: &str,
        setting: &str,
        value: &str,
        wanted: &Wanted,
        sheet: &mut Sheet,
    ) {
        let Self { postfix, config, service, filters, .. } = self;
        let is_ours = |filter: &&Filter| ours(filter, service, postfix, config);
        let own = filters.iter().filter(is_ours).find_map(|filter| filter.setting(setting));
        let (place, command) = match own {
            Some(own) if own == value => {
                let mended = |filter: &Filter| match filter.setting(setting) {
                    Some(_) if is_ours(&filter) => filter.clone().with(setting, wanted.instead),
                    _ => filter.clone(),
                };
                let mended: Vec<Filter> = filters.iter().map(mended).collect();
                let command = set(postfix, service, self.parameter, &list(&mended));
                (place(postfix, service, self.parameter), command)
            }
            None if postfix.value_for(service, parameter) == value => (
                place(postfix, service, parameter),
                set(postfix, service, parameter, wanted.instead),
            ),
            _ => return,
        };
        if sheet.findings.iter().any(|one| one.kind == wanted.kind && one.place == place) {
            return;
        }
        let what = match own {
            Some(_) => format!("{setting}={value} stands behind our socket"),
            None => format!("{parameter} is {value}"),
        };
        let mend = Mend::run([command, postfix.reload()]).and_say(wanted.advice);
        sheet.find(wanted.kind, place, what, mend);
    }
}

/// Lists for single clients, in tables that are not looked into.
fn maps(postfix: &Postfix, config: &Config, sheet: &mut Sheet) {
    const PARAMETER: &str = "smtpd_milter_maps";
    for Way { by, .. } in postfix.ways().filter(|way| way.parameter == "smtpd_milters") {
        let maps = postfix.value_for(by, PARAMETER);
        let place = place(postfix, by, PARAMETER);
        let known = |one: &Finding| one.kind == &kinds::MAPS && one.place == place;
        if maps.is_empty() || sheet.findings.iter().any(known) {
            continue;
        }
        let name = sockets::name(postfix, config).map_or_else(String::new, |name| name.text);
        let advice =
            format!("see that {name} is in the lists there, or that its clients need none");
        sheet.find(&kinds::MAPS, &place, text::shown(maps), Mend::say(advice));
    }
}

/// Mail that Postfix itself makes (trap P7).
fn bounces(postfix: &Postfix, sheet: &mut Sheet) {
    const PARAMETER: &str = "internal_mail_filter_classes";
    let value = postfix.value(PARAMETER);
    let words: Vec<&str> = value
        .split(|ch: char| ch == ',' || ch.is_ascii_whitespace())
        .filter(|word| !word.is_empty())
        .collect();
    let missing: Vec<&str> =
        ["bounce", "notify"].into_iter().filter(|class| !words.contains(class)).collect();
    if missing.is_empty() {
        return;
    }
    let what = format!("it has no {}", missing.join(" and no "));
    let command = postfix.set(PARAMETER, &[words, missing].concat().join(", "));
    let place = format!("{}: {PARAMETER}", postfix.file("main.cf"));
    sheet.find(&kinds::BOUNCES, place, what, Mend::run([command, postfix.reload()]));
}

/// What Postfix does to 8-bit mail for servers of old (trap P10).
fn conversion(postfix: &Postfix, sheet: &mut Sheet) {
    const PARAMETER: &str = "disable_mime_output_conversion";
    if postfix.value(PARAMETER) == "yes" {
        return;
    }
    let command = postfix.set(PARAMETER, "yes");
    let place = format!("{}: {PARAMETER}", postfix.file("main.cf"));
    let advice = "nearly every server takes 8-bit mail; the few that do not then get it as it is";
    let mend = Mend::run([command, postfix.reload()]).and_say(advice);
    sheet.find(&kinds::CONVERSION, place, "it is not set", mend);
}
