//! Which macros the MTA is asked for.

use std::collections::BTreeMap;
use twinseal_config::{Door, MacroTest};
use twinseal_milter::{MacroList, MacroStage, Macros};

/// What is looked at in any case, and when it is known. Who is asked for something sends nothing
/// that he is not asked for.
const USED: [(MacroStage, &[&str]); 4] = [
    (MacroStage::Connect, &["j", "{daemon_name}"]),
    (MacroStage::Mail, &["i", "{auth_type}", "{auth_authen}"]),
    (MacroStage::EndOfHeaders, &["i"]),
    (MacroStage::EndOfMessage, &["i"]),
];

/// Whether they say that the client has authenticated itself.
pub(crate) fn tell_of_a_login(macros: &Macros, door: Door) -> bool {
    let set = |name| macros.value(name).is_some_and(|text| !text.is_empty());
    // opendkim does not look at the name that somebody has logged in with.
    set("{auth_type}") || door != Door::Opendkim && set("{auth_authen}")
}

/// The macros of those tests at each stage up to the one at which they are asked about, and those
/// that are used besides. Nothing where there is no test: what is used comes unasked.
pub(super) fn wanted(tests: &[MacroTest], sender: Option<&str>) -> BTreeMap<MacroStage, MacroList> {
    let mut tested: Vec<String> = Vec::new();
    for name in tests.iter().map(MacroTest::name).chain(sender) {
        let name = if name.len() == 1 { name.to_owned() } else { format!("{{{name}}}") };
        if !tested.contains(&name) {
            tested.push(name);
        }
    }
    if tested.is_empty() {
        return BTreeMap::new();
    }
    let list = |&(stage, used): &(MacroStage, &'static [&'static str])| {
        let more = tested.iter().map(String::as_str).filter(|name| !used.contains(name));
        let more = more.filter(|_| stage <= MacroStage::EndOfHeaders);
        let list = MacroList::new(used.iter().copied().chain(more)).ok()?;
        Some((stage, list))
    };
    USED.iter().filter_map(list).collect()
}
