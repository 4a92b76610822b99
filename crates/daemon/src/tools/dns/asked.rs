//! The command line.

use crate::tools::configured::Configured;
use crate::tools::options::{Takes, ToolOption};
use std::ffi::OsString;
use twinseal_dkim::Practice;
use twinseal_domainkeys::policy::{Outbound, Policy};
use twinseal_message::Domain;

pub(super) const OPTIONS: &[ToolOption] = &[
    ToolOption {
        name: "domain",
        takes: Takes::Text("DOMAIN"),
        help: "only what this domain publishes; may be repeated",
    },
    ToolOption {
        name: "format",
        takes: Takes::Word("FORMAT", &["zone", "plain", "json"]),
        help: "zone (lines for a zone file; the default), plain (for web forms) or json",
    },
    ToolOption {
        name: "test-mode",
        takes: Takes::Nothing,
        help: "with t=y in keys and policy: receivers are asked not to act on failures",
    },
    ToolOption {
        name: "policy",
        takes: Takes::Word("HOW-MUCH", &["some", "all", "none"]),
        help: "the DomainKeys policy: some (the default), all, or none for no such record",
    },
    ToolOption {
        name: "adsp",
        takes: Takes::Word("PRACTICE", &["unknown", "all", "discardable"]),
        help: "ADSP as well: unknown, all or discardable; historic, and harmful to mailing lists",
    },
    ToolOption {
        name: "no-suggestions",
        takes: Takes::Nothing,
        help: "without the suggestions for SPF and DMARC",
    },
];

/// How records are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Zone,
    Plain,
    Json,
}

/// What is to be printed.
pub(super) struct Asked {
    pub(super) configured: Configured,
    pub(super) domains: Vec<Domain>,
    pub(super) format: Format,
    pub(super) testing: bool,
    /// The DomainKeys policy, if there is to be one.
    pub(super) policy: Option<Policy>,
    pub(super) adsp: Option<Practice>,
    pub(super) suggestions: bool,
}

impl Asked {
    /// Reads it; `None` when help is asked for.
    pub(super) fn read(words: Vec<OsString>) -> Result<Option<Self>, Vec<String>> {
        let (mut given, configured) = Configured::given(words, OPTIONS, 0);
        if given.help {
            return Ok(None);
        }
        let domains = given.read_all("domain", Domain::parse);
        let format = given.read("format", |text| match text {
            "zone" => Ok(Format::Zone),
            "plain" => Ok(Format::Plain),
            "json" => Ok(Format::Json),
            _ => Err(format!("found {text:?}, allowed: zone, plain, json")),
        });
        let outbound = given.read("policy", |text| match text {
            "some" => Ok(Some(Outbound::Some)),
            "all" => Ok(Some(Outbound::All)),
            "none" => Ok(None),
            _ => Err(format!("found {text:?}, allowed: some, all, none")),
        });
        let testing = given.has("test-mode");
        let outbound = outbound.unwrap_or(Some(Outbound::Some));
        let policy = outbound.map(|outbound| Policy { testing, outbound, ..Policy::default() });
        let adsp = given.read("adsp", Practice::parse);
        let suggestions = !given.has("no-suggestions");
        let format = format.unwrap_or(Format::Zone);
        match configured {
            Some(configured) if given.mistakes.is_empty() => {
                Ok(Some(Self { configured, domains, format, testing, policy, adsp, suggestions }))
            }
            _ => Err(given.mistakes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::OPTIONS;
    use crate::tools::configured::testing::assert_no_option_is_hidden_by;

    #[test]
    fn no_option_of_the_configuration_has_the_name_of_one_of_ours() {
        assert_no_option_is_hidden_by(OPTIONS);
    }
}
