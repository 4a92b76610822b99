//! Who signs for whom, as historic programs are told.

use super::{ROW, TRUTH, historic, letter, parameter, told};
use crate::params::{Form, Historic, Kind, Param, Parameter, Place};
use crate::raw::Setter;
use crate::value;

/// What a key list is.
macro_rules! of_a_key_list {
    ($about:literal) => {
        concat!(
            $about,
            " A key list has lines of sender-pattern:key-file, or \
             sender-pattern:signing-domain:key-file. The selector of a key is its file's name."
        )
    };
}

pub(super) const ROWS: &[Param] = &[
    Param {
        name: "domains",
        dk_filter: letter('d'),
        dkim_filter: historic('d', "Domain", Form::Word),
        opendkim: historic('d', "Domain", Form::Set),
        kind: Kind::Text("domains with commas between them, or the path of a list"),
        place: Place::CommandLine,
        summary: "the domains to sign for",
        manual: "What begins with / is the path of a list, one domain a line. A star stands for \
                 any characters. A key list does not widen it.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.options.domains, report, |text| Ok(text.to_owned()));
        }),
        ..ROW
    },
    Param {
        name: "subdomains",
        dk_filter: letter('D'),
        dkim_filter: historic('D', "SubDomains", TRUTH),
        opendkim: historic('D', "SubDomains", TRUTH),
        place: Place::CommandLine,
        summary: "sign for everything below the domains, too",
        manual: "It is the listed domain that signs.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.options.subdomains, report, value::switch);
        }),
        ..ROW
    },
    Param {
        name: "key",
        dk_filter: told('s', "the file with the private key; with -k, the key list"),
        dkim_filter: Historic {
            letter: told('k', "the file with the private key; with -K, the key list"),
            parameter: Some(Parameter { name: "KeyFile", form: Form::Word }),
        },
        opendkim: Historic {
            letter: told('k', "the file with the private key"),
            parameter: Some(Parameter { name: "KeyFile", form: Form::Word }),
        },
        kind: Kind::Path,
        place: Place::CommandLine,
        summary: "the file with the private key, or the key list",
        manual: "In PEM, as genkey and openssl write it.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.options.key, report, |text| Ok(text.to_owned()));
        }),
        ..ROW
    },
    Param {
        name: "key-list",
        dk_filter: told('k', "-s names a key list, not a key"),
        dkim_filter: Historic {
            letter: told('K', "-k names a key list, not a key"),
            parameter: None,
        },
        place: Place::CommandLine,
        summary: "the key is no key, but a key list",
        manual: of_a_key_list!("It takes no value itself."),
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.options.key_list, report, value::switch);
        }),
        ..ROW
    },
    Param {
        name: "key-list-file",
        dkim_filter: parameter("KeyList", Form::Word),
        kind: Kind::Path,
        place: Place::Historic,
        summary: "the key list",
        manual: of_a_key_list!("It takes the place of the key, and of its selector."),
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.options.list, report, |text| Ok(text.to_owned()));
        }),
        ..ROW
    },
    Param {
        name: "selector",
        dk_filter: letter('S'),
        dkim_filter: historic('s', "Selector", Form::Word),
        opendkim: historic('s', "Selector", Form::Word),
        kind: Kind::Text("a selector, as in SELECTOR._domainkey.example.com"),
        place: Place::CommandLine,
        summary: "the selector of the key",
        manual: "With a key list it has no effect.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.options.selector, report, value::selector);
        }),
        ..ROW
    },
];
