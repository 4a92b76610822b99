//! Parameters of `opendkim` from which nothing follows here, and those that are refused because
//! accepting them would promise what is not done.

use super::{ROW, parameter};
use crate::params::{Acts, Form, Historic, Kind, Param, Place};
use crate::raw::Setter;

/// What a value may be whose parameter has no effect.
const ANY: Kind = Kind::Text("a word");

const fn row(name: &'static str, opendkim: &'static str, summary: &'static str) -> Param {
    Param {
        name,
        opendkim: Historic { letter: None, parameter: parameter(opendkim, Form::Word).parameter },
        kind: ANY,
        place: Place::Historic,
        summary,
        manual: "Its value is not looked at.",
        setter: Setter::Top(|_, _, _| {}),
        ..ROW
    }
}

const fn without_effect(
    name: &'static str,
    opendkim: &'static str,
    summary: &'static str,
    reason: &'static str,
) -> Param {
    Param { acts: Acts::No(reason), ..row(name, opendkim, summary) }
}

const fn refused(
    name: &'static str,
    opendkim: &'static str,
    summary: &'static str,
    reason: &'static str,
) -> Param {
    Param { acts: Acts::Refused(reason), ..row(name, opendkim, summary) }
}

const SCRIPT: &str = "a script in Lua that has a say in what becomes of mail";
const NO_SCRIPTS: &str = "no scripts are run here; SigningTable, KeyTable and the On- parameters say \
    what can be said without one";

const REPUTATION: &str = "what a reputation service is asked, or its answer means";
const NO_REPUTATION: &str = "nobody is asked about anybody's reputation, and mail would pass that it \
    was to keep out; leave that to the MTA's own restrictions";

const DIRECTORY: &str = "how an LDAP directory is asked for data sets";
const NO_DIRECTORY: &str = "no data set is looked up in a directory here; write its entries into a \
    file and name that, as file:PATH";

const RATES: &str = "how many messages of a domain pass in some time";
const NO_RATES: &str = "messages are not counted here, and more would pass; the MTA's own limits can \
    do it (in Postfix, smtpd_client_message_rate_limit)";

pub(super) const ROWS: &[Param] = &[
    without_effect(
        "atps-domains",
        "ATPSDomains",
        "domains that sign for others, as RFC 6541 has it",
        "no verifier asks for it: the signature says nothing of it, and is as good without",
    ),
    without_effect(
        "atps-hash",
        "ATPSHashAlgorithm",
        "the hash that goes with it",
        "no verifier asks for it",
    ),
    without_effect(
        "body-length-recipients",
        "BodyLengthDB",
        "recipients whose mail got a signature of a part of the body",
        "no signature depends on the recipient, and what is added behind a signed part is covered \
         by nothing",
    ),
    without_effect(
        "default-sender",
        "DefaultSender",
        "the address of mail that names none",
        "mail without an author is not signed in anybody's name",
    ),
    without_effect(
        "disable-crypto-init",
        "DisableCryptoInit",
        "leave a library as it is",
        "the library does it by itself",
    ),
    without_effect(
        "dns-connect",
        "DNSConnect",
        "ask DNS over TCP from the beginning",
        "TCP is used where a datagram does not do",
    ),
    without_effect(
        "domainkeys-records",
        "DomainKeysCompat",
        "take key records of DomainKeys for keys",
        "such records are keys in any case, unless they say something that RFC 6376 forbids",
    ),
    without_effect(
        "mta-command",
        "MTACommand",
        "the program that sends reports",
        "reports are handed to sendmail, which every MTA brings",
    ),
    without_effect(
        "report-blind-copy",
        "ReportBccAddress",
        "who gets a copy of each report",
        "reports go to whom their domain names",
    ),
    without_effect(
        "resolver-configuration",
        "ResolverConfiguration",
        "a file for the resolver inside the program",
        "the resolver of this host is asked, and has a file of its own",
    ),
    without_effect(
        "resolver-tracing",
        "ResolverTracing",
        "log what the resolver inside the program does",
        "the resolver of this host is asked, and has a log of its own",
    ),
    without_effect(
        "canonicalization-header",
        "SelectCanonicalizationHeader",
        "the field of a message that says how to sign it",
        "whoever writes the message would choose; Canonicalization says it for all",
    ),
    without_effect(
        "smtp-uri",
        "SMTPURI",
        "where reports are sent to by SMTP",
        "reports are handed to sendmail, which every MTA brings",
    ),
    without_effect(
        "soft-start",
        "SoftStart",
        "start although a data set cannot be asked",
        "data sets are files here, and read at start",
    ),
    without_effect(
        "statistics-name",
        "StatisticsName",
        "in whose name statistics are written",
        "no statistics are written; the log has every result",
    ),
    without_effect(
        "statistics-prefix",
        "StatisticsPrefix",
        "what statistics begin with",
        "no statistics are written; the log has every result",
    ),
    without_effect(
        "weak-syntax-checks",
        "WeakSyntaxChecks",
        "go on with signatures that cannot be read",
        "what can be read of a message is verified, and a signature that cannot be is told",
    ),
    without_effect(
        "vouching-purge",
        "VBR-PurgeFields",
        "remove VBR-Info fields",
        "nobody vouches for mail any more: no VBR-Info is read",
    ),
    without_effect(
        "vouching-trusted-only",
        "VBR-TrustedCertifiersOnly",
        "ask only who is trusted whether he vouches for mail",
        "nobody vouches for mail any more: no VBR-Info is read",
    ),
    refused(
        "redirect-failures",
        "RedirectFailuresTo",
        "who gets mail whose signature fails, in the place of its recipients",
        "recipients are not changed here; On-BadSignature quarantine has the MTA hold such mail",
    ),
    refused(
        "root-directory",
        "ChangeRootDirectory",
        "the directory that is the root of all paths, once all files are read",
        "the root is not changed here; the service manager can do it (RootDirectory= in systemd)",
    ),
    refused(
        "identity-header",
        "IdentityHeader",
        "the field of a message that says on whose behalf it is signed",
        "whoever writes the message would choose; the signer of a SigningTable says it",
    ),
    refused(
        "identity-header-remove",
        "IdentityHeaderRemove",
        "remove that field",
        "there is no IdentityHeader here",
    ),
    refused(
        "resign-all",
        "ResignAll",
        "sign forwarded mail once more",
        "mail that others send is verified here and not signed",
    ),
    refused(
        "resign-mail-to",
        "ResignMailTo",
        "recipients whose mail is signed once more",
        "mail that others send is verified here and not signed",
    ),
    refused("final-script", "FinalPolicyScript", SCRIPT, NO_SCRIPTS),
    refused("screen-script", "ScreenPolicyScript", SCRIPT, NO_SCRIPTS),
    refused("setup-script", "SetupPolicyScript", SCRIPT, NO_SCRIPTS),
    refused("statistics-script", "StatisticsPolicyScript", SCRIPT, NO_SCRIPTS),
    refused("lua-only-signing", "LuaOnlySigning", SCRIPT, NO_SCRIPTS),
    refused("rate-limits", "RateLimits", RATES, NO_RATES),
    refused("flow-data", "FlowData", RATES, NO_RATES),
    refused("flow-data-factor", "FlowDataFactor", RATES, NO_RATES),
    refused("flow-data-time", "FlowDataTTL", RATES, NO_RATES),
    refused("ldap-auth-mechanism", "LDAPAuthMechanism", DIRECTORY, NO_DIRECTORY),
    refused("ldap-auth-name", "LDAPAuthName", DIRECTORY, NO_DIRECTORY),
    refused("ldap-auth-realm", "LDAPAuthRealm", DIRECTORY, NO_DIRECTORY),
    refused("ldap-auth-user", "LDAPAuthUser", DIRECTORY, NO_DIRECTORY),
    refused("ldap-bind-password", "LDAPBindPassword", DIRECTORY, NO_DIRECTORY),
    refused("ldap-bind-user", "LDAPBindUser", DIRECTORY, NO_DIRECTORY),
    refused("ldap-disable-cache", "LDAPDisableCache", DIRECTORY, NO_DIRECTORY),
    refused("ldap-keepalive-idle", "LDAPKeepaliveIdle", DIRECTORY, NO_DIRECTORY),
    refused("ldap-keepalive-interval", "LDAPKeepaliveInterval", DIRECTORY, NO_DIRECTORY),
    refused("ldap-keepalive-probes", "LDAPKeepaliveProbes", DIRECTORY, NO_DIRECTORY),
    refused("ldap-timeout", "LDAPTimeout", DIRECTORY, NO_DIRECTORY),
    refused("ldap-use-tls", "LDAPUseTLS", DIRECTORY, NO_DIRECTORY),
    refused("reputation-cache", "ReputationCache", REPUTATION, NO_REPUTATION),
    refused("reputation-cache-time", "ReputationCacheTTL", REPUTATION, NO_REPUTATION),
    refused("reputation-duplicates", "ReputationDuplicates", REPUTATION, NO_REPUTATION),
    refused("reputation-limits", "ReputationLimits", REPUTATION, NO_REPUTATION),
    refused("reputation-modifiers", "ReputationLimitModifiers", REPUTATION, NO_REPUTATION),
    refused("reputation-low-time", "ReputationLowTime", REPUTATION, NO_REPUTATION),
    refused("reputation-minimum", "ReputationMinimum", REPUTATION, NO_REPUTATION),
    refused("reputation-ratios", "ReputationRatios", REPUTATION, NO_REPUTATION),
    refused("reputation-depth", "ReputationRRDHashDepth", REPUTATION, NO_REPUTATION),
    refused("reputation-database", "ReputationRRDRoot", REPUTATION, NO_REPUTATION),
    refused("reputation-spam-check", "ReputationSpamCheck", REPUTATION, NO_REPUTATION),
    refused("reputation-test", "ReputationTest", REPUTATION, NO_REPUTATION),
    refused("reputation-time-factor", "ReputationTimeFactor", REPUTATION, NO_REPUTATION),
    refused("reputation-timeout", "ReputationTimeout", REPUTATION, NO_REPUTATION),
    refused("reputation-verbose", "ReputationVerbose", REPUTATION, NO_REPUTATION),
];
