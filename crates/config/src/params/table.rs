//! The rows, section by section.

mod accepted;
mod actions;
mod adsp;
mod commands;
mod coverage;
mod dk_filter;
mod dkim;
mod dns;
mod domainkeys;
mod forecast;
mod historic;
mod hosts;
mod leaving;
mod life;
mod log;
mod metrics;
mod opendkim;
mod opendkim_accepted;
mod options;
mod process;
mod reports;
mod results;
mod sandbox;
mod shadow;
mod signing;
mod sockets;
mod trial;
mod verify;

use super::Instead::Same;
use super::{Acts, Form, Historic, Kind, Letter, Param, Parameter, Place, Reload, Sample, Unsaid};
use crate::raw::Setter;

pub(crate) use dkim::{OPENDKIM_OMITTED, OPENDKIM_SIGNED};

/// Every parameter, in the order of the sample file.
pub static PARAMS: &[Param] = &joined::<{ count() }>();

/// The sections of the table.
const SECTIONS: &[&[Param]] = &[
    sockets::ROWS,
    hosts::ROWS,
    shadow::ROWS,
    forecast::ROWS,
    leaving::ROWS,
    process::ROWS,
    sandbox::ROWS,
    life::ROWS,
    signing::ROWS,
    options::ROWS,
    dkim::ROWS,
    coverage::ROWS,
    domainkeys::ROWS,
    historic::ROWS,
    dk_filter::ROWS,
    verify::ROWS,
    actions::ROWS,
    results::ROWS,
    dns::ROWS,
    adsp::ROWS,
    reports::ROWS,
    metrics::ROWS,
    opendkim::ROWS,
    accepted::ROWS,
    opendkim_accepted::ROWS,
    trial::ROWS,
    log::ROWS,
    life::LOG_ROWS,
    commands::ROWS,
];

/// How many rows there are.
const fn count() -> usize {
    let (mut sections, mut count) = (SECTIONS, 0);
    while let [rows, more @ ..] = sections {
        count += rows.len();
        sections = more;
    }
    count
}

/// The rows of all sections.
const fn joined<const COUNT: usize>() -> [Param; COUNT] {
    let mut all = [ROW; COUNT];
    let mut room: &mut [Param] = &mut all;
    let mut sections = SECTIONS;
    while let [rows, more @ ..] = sections {
        let (here, behind) = room.split_at_mut(rows.len());
        here.copy_from_slice(rows);
        (room, sections) = (behind, more);
    }
    all
}

/// What most rows have in common.
const ROW: Param = Param {
    name: "",
    dk_filter: None,
    dkim_filter: Historic::NONE,
    opendkim: Historic::NONE,
    kind: Kind::Switch,
    default: None,
    unsaid: Unsaid { dk_filter: Same, dkim_filter: Same, opendkim: Same },
    reload: Reload::Live,
    place: Place::Both,
    summary: "",
    manual: "",
    sample: Sample::Default,
    acts: Acts::Yes,
    setter: Setter::Structure,
};

/// A letter that takes the parameter's own value, or none if that is a switch.
const fn letter(letter: char) -> Option<Letter> {
    Some(Letter { letter, means: None, told: None, commas: true })
}

/// A letter of which `-?` says this.
const fn told(letter: char, told: &'static str) -> Option<Letter> {
    Some(Letter { letter, means: None, told: Some(told), commas: true })
}

/// A letter and a parameter of `dkim-filter` or `opendkim`.
const fn historic(of: char, name: &'static str, form: Form) -> Historic {
    Historic { letter: letter(of), parameter: Some(Parameter { name, form }) }
}

/// A parameter of one of them that has no letter.
const fn parameter(name: &'static str, form: Form) -> Historic {
    Historic { letter: None, parameter: Some(Parameter { name, form }) }
}

/// A letter of one of them that has no parameter.
const fn only_letter(of: char) -> Historic {
    Historic { letter: letter(of), parameter: None }
}

/// Yes and no, which are the same to us.
const TRUTH: Form = Form::Truth { yes: "yes", no: "no" };

/// What an entry of a header list is.
const FIELDS: &str = "the name of a header field";
