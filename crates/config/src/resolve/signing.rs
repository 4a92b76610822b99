//! Who signs for whom: from the entries of the file, or from the options of dk-filter.

use super::entries::from_entries;
use super::options::from_options;
use super::seals;
use crate::files::Files;
use crate::mistake::Report;
use crate::origin::Origin;
use crate::raw::Raw;
use crate::rules::Rules;
use crate::wrong::{Caution, Wrong};

/// The rules. A rule with a mistake in it is reported and left out.
pub(super) fn rules(
    raw: &mut Raw,
    signs: bool,
    has_file: bool,
    files: &dyn Files,
    report: &mut Report,
) -> Rules {
    let defaults = seals::defaults(&raw.seals, report);
    let before = report.mistakes.count();
    let typed = raw.options.first_origin();
    let rules = match (typed, raw.signing.take()) {
        (Some(origin), Some(_)) => {
            report.warn(&origin, "", Caution::FileRulesReplaced);
            from_options(raw, signs, &defaults, files, report)
        }
        (None, Some(entries)) => from_entries(entries, raw, &defaults, files, report),
        (None, None) if has_file => Vec::new(),
        (_, None) => from_options(raw, signs, &defaults, files, report),
    };
    let spoilt =
        ["signing", "domains", "key", "selector"].iter().any(|name| raw.spoilt.contains(name));
    let explained = report.mistakes.count() > before || spoilt;
    if signs && rules.is_empty() && !explained {
        let hint = "entries of \"signing\" in the file, or the options -d, -s and -S";
        report.mistake(&Origin::Default, "", Wrong::NothingToSignWith { hint });
    }
    if !report.mistakes.is_empty() {
        report.mistakes.name_keys(rules.iter().flat_map(|rule| &rule.keys));
    }
    Rules::new(rules)
}
