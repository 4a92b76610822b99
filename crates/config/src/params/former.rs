//! The names that parameters had in earlier releases of their program.

use crate::door::Door;

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

/// The names that parameters of that program had in earlier releases, and those that they have now.
#[must_use]
pub fn former_names(door: Door) -> &'static [(&'static str, &'static str)] {
    if door == Door::DkimFilter { RENAMED } else { &[] }
}

#[cfg(test)]
mod tests {
    use super::{RENAMED, present_name};
    use crate::params::PARAMS;

    #[test]
    fn what_had_another_name_has_a_row_under_its_present_one() {
        for (former, present) in RENAMED {
            let names = || PARAMS.iter().filter_map(|param| param.dkim_filter.name());
            assert!(names().any(|name| name == *present), "{present}");
            assert!(!names().any(|name| name == *former), "{former}");
            assert_eq!(present_name(&former.to_lowercase()), Some(*present));
        }
        assert_eq!(present_name("Socket"), None);
    }
}
