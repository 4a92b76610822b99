//! What parameters are called where the administrator writes them.

use twinseal_config::params::named;
use twinseal_config::{Config, Door};

/// The parameter of that native name, as it is written in the place of that program.
pub(super) fn called(name: &'static str, door: Door) -> String {
    let param = named(name);
    let theirs = param.and_then(|param| match door {
        Door::Native => None,
        Door::DkFilter => param.dk_filter.map(|letter| format!("-{}", letter.letter)),
        Door::DkimFilter | Door::Opendkim => {
            param.parameter_in(door).map(|known| known.name.to_owned())
        }
    });
    theirs.unwrap_or_else(|| name.to_owned())
}

/// Where a parameter's value comes from.
pub(super) fn place(name: &str, config: &Config) -> String {
    let setting = config.settings.iter().find(|setting| setting.name == name);
    setting.map_or_else(|| "default".to_owned(), |setting| setting.origin.to_string())
}
