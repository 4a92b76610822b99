//! What the historic programs had and this version does not take yet.
//!
//! Each name moves into a row of the table when something follows from it. Until then it is refused
//! by its name: a word that is passed over in silence is found missing when it is needed.

use super::{Form, PARAMS};
use crate::door::Door;

/// The letters of one program, as getopt(3) has them: a colon says that a value follows.
const fn letters(door: Door) -> &'static str {
    match door {
        Door::Native => "",
        Door::DkFilter | Door::DkimFilter => "",
    }
}

/// The parameters of `dkim-filter.conf`, beside those that have a row.
const PARAMETERS: &[&str] = &[];

/// Names that parameters had in earlier releases, and those that they have now.
const RENAMED: &[(&str, &str)] = &[
    ("ASPDiscard", "ADSPDiscard"),
    ("ASPNoSuchDomain", "ADSPNoSuchDomain"),
    ("ReportInfo", "SendReports"),
    ("SendASPReports", "SendADSPReports"),
    ("UseASPDiscard", "ADSPDiscard"),
    ("UseSSPDeny", "ADSPDiscard"),
];

/// The name that a parameter has now, if that is one that it had.
pub(crate) fn present_name(name: &str) -> Option<&'static str> {
    let found = RENAMED.iter().find(|(former, _)| former.eq_ignore_ascii_case(name));
    found.map(|&(_, present)| present)
}

/// Whether that letter, which no row has, is one that the program had; and if so, whether a value
/// follows.
pub(crate) fn later_letter(door: Door, letter: char) -> Option<bool> {
    let mut rest = letters(door).chars();
    let found = letter != ':' && rest.any(|known| known == letter);
    found.then(|| rest.next() == Some(':'))
}

/// The parameter's name in its usual spelling, if it is one that is not taken yet.
pub(crate) fn later_parameter(name: &str) -> Option<&'static str> {
    let rows = PARAMS.iter().filter_map(|param| param.dkim_filter.parameter);
    let waiting = rows.filter(|known| known.form == Form::Later).map(|known| known.name);
    PARAMETERS.iter().copied().chain(waiting).find(|known| known.eq_ignore_ascii_case(name))
}

/// The names that parameters of that program had in earlier releases, and those that they have now.
pub(crate) fn former_names(door: Door) -> &'static [(&'static str, &'static str)] {
    if door == Door::DkimFilter { RENAMED } else { &[] }
}

/// Everything that the program had and that is not taken yet: letters as they are typed, and
/// parameters.
pub(crate) fn not_taken(door: Door) -> Vec<String> {
    let letters = letters(door).chars().filter(|&letter| letter != ':');
    let letters = letters.map(|letter| format!("-{letter}"));
    let rows = PARAMS.iter().filter_map(|param| param.dkim_filter.parameter);
    let rows = rows.filter(|known| known.form == Form::Later).map(|known| known.name);
    let names = PARAMETERS.iter().copied().chain(rows);
    let mut names: Vec<&str> = names.filter(|_| door == Door::DkimFilter).collect();
    names.sort_by_key(|name| name.to_ascii_lowercase());
    letters.chain(names.into_iter().map(ToOwned::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::{PARAMETERS, later_letter, later_parameter, letters};
    use crate::door::Door;
    use crate::params::PARAMS;

    #[test]
    fn a_letter_says_whether_a_value_follows() {
        for (door, letter, value) in [
            (Door::DkFilter, 'x', None),
            (Door::DkFilter, ':', None),
            (Door::DkimFilter, 'A', Some(false)),
            (Door::DkimFilter, 'H', None),
            (Door::Native, 'A', None),
        ] {
            assert_eq!(later_letter(door, letter), value, "{door:?} -{letter}");
        }
    }

    #[test]
    fn nothing_is_both_taken_and_left_for_later() {
        for door in Door::ALL {
            for param in PARAMS {
                let Some(known) = param.letter_in(door) else { continue };
                assert!(!letters(door).contains(known.letter), "{door:?} -{}", known.letter);
            }
        }
        for name in PARAMETERS {
            let row = |param: &&crate::params::Param| {
                param.dkim_filter.parameter.is_some_and(|known| known.name == *name)
            };
            assert!(!PARAMS.iter().any(|param| row(&param)), "{name}");
            assert_eq!(later_parameter(&name.to_lowercase()), Some(*name));
        }
        assert_eq!(later_parameter("Socket"), None);
    }
}
