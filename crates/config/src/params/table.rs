//! The rows.

use super::Instead::{Nothing, Same, Value};
use super::{Acts, Form, Historic, Kind, Letter, Param, Parameter, Place, Reload, Sample, Unsaid};
use crate::pattern::Pattern;
use crate::raw::Setter;
use crate::rules::SigningDomain;
use crate::socket::SocketSpec;
use crate::value;

/// What most rows have in common.
const ROW: Param = Param {
    name: "",
    dk_filter: None,
    dkim_filter: Historic { letter: None, parameter: None },
    opendkim: None,
    kind: Kind::Switch,
    default: None,
    unsaid: Unsaid { dk_filter: Same, dkim_filter: Same },
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
    Some(Letter { letter, means: None, commas: true })
}

/// A letter and a parameter of `dkim-filter`.
const fn historic(of: char, name: &'static str, form: Form) -> Historic {
    Historic { letter: letter(of), parameter: Some(Parameter { name, form }) }
}

/// A parameter of `dkim-filter` that has no letter.
const fn parameter(name: &'static str, form: Form) -> Historic {
    Historic { letter: None, parameter: Some(Parameter { name, form }) }
}

/// A letter of `dkim-filter` that has no parameter.
const fn only_letter(of: char) -> Historic {
    Historic { letter: letter(of), parameter: None }
}

/// Yes and no, which are the same to us.
const TRUTH: Form = Form::Truth { yes: "yes", no: "no" };

/// What `dkim-filter` signed, wherever it occurred. From is signed in any case.
const DKIM_FILTER_SIGNED: &str = "sender,reply-to,subject,date,message-id,to,cc,mime-version,\
    content-type,content-transfer-encoding,content-id,content-description,resent-date,resent-from,\
    resent-sender,resent-to,resent-cc,resent-message-id,in-reply-to,references,list-id,list-help,\
    list-unsubscribe,list-subscribe,list-post,list-owner,list-archive";

/// What an entry of a header list is.
const FIELDS: &str = "the name of a header field";

/// Every parameter, in the order of the sample file.
pub static PARAMS: &[Param] = &[
    Param {
        name: "socket",
        // dk-filter has but one socket, and a path may have commas in it.
        dk_filter: Some(Letter { letter: 'p', means: None, commas: false }),
        dkim_filter: Historic {
            letter: Some(Letter { letter: 'p', means: None, commas: false }),
            parameter: Some(Parameter { name: "Socket", form: Form::Word }),
        },
        opendkim: Some("Socket"),
        kind: Kind::List("unix:PATH, inet:PORT@HOST or inet6:PORT@HOST"),
        reload: Reload::Restart,
        summary: "where the MTA connects",
        manual: "A path alone is a unix socket too, and local: is another word for unix:. Without \
                 a host, inet: listens on all interfaces. In the file, it may be a list; behind \
                 --socket, commas separate several, and behind -p they belong to the path.",
        sample: Sample::Value("unix:/var/spool/postfix/milter/twinseal/twinseal.sock"),
        setter: Setter::Top(|raw, given, report| {
            given.put_all(&mut raw.sockets, report, SocketSpec::parse);
        }),
        ..ROW
    },
    Param {
        name: "user",
        dk_filter: letter('u'),
        dkim_filter: historic('u', "UserID", Form::Word),
        opendkim: Some("UserID"),
        kind: Kind::Text("a user, or a user and a group as in twinseal:postfix"),
        reload: Reload::Restart,
        summary: "whom to become once the keys are read, before sockets are made",
        manual: "Without a group, it is the groups of that user. Numbers are taken too.",
        sample: Sample::Value("twinseal:postfix"),
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.user, report, value::user);
        }),
        ..ROW
    },
    Param {
        name: "umask",
        dkim_filter: parameter("UMask", Form::Bits),
        opendkim: Some("UMask"),
        kind: Kind::Octal,
        default: Some("007"),
        // Neither program touched it when nobody said so.
        unsaid: Unsaid { dk_filter: Nothing, dkim_filter: Nothing },
        reload: Reload::Restart,
        summary: "the permissions that sockets and files do not get",
        manual: "Octal, with or without quotes and leading zeros. With 007, the socket's group \
                 may connect and others may not.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.umask, report, value::umask);
        }),
        ..ROW
    },
    Param {
        name: "socket-mode",
        kind: Kind::Octal,
        // dk-filter has no umask, and its socket is for the group as well.
        unsaid: Unsaid { dk_filter: Value("660"), dkim_filter: Same },
        reload: Reload::Restart,
        summary: "the permissions of a unix socket's file",
        manual: "Octal, like umask, which decides without it. Whoever is to connect has to have \
                 write permission: 660 lets the socket's group connect.",
        sample: Sample::Example("\"660\""),
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.socket_mode, report, value::permissions);
        }),
        ..ROW
    },
    Param {
        name: "socket-group",
        kind: Kind::Text("a group"),
        reload: Reload::Restart,
        summary: "the group of a unix socket's file",
        manual: "Without it, it is that of user. The daemon becomes a member of it; where it is \
                 not started by root, it has to be one already.",
        sample: Sample::Example("postfix"),
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.socket_group, report, value::group);
        }),
        ..ROW
    },
    Param {
        name: "mode",
        dk_filter: letter('b'),
        dkim_filter: historic('b', "Mode", Form::Word),
        opendkim: Some("Mode"),
        kind: Kind::Choice(&["s", "v", "sv"]),
        default: Some("sv"),
        summary: "what to do: s signs what leaves, v verifies what arrives, sv both",
        manual: "With v alone, no signing entry is needed. Nothing is verified in this version.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.mode, report, value::mode);
        }),
        ..ROW
    },
    Param {
        name: "internal-hosts",
        dk_filter: letter('i'),
        dkim_filter: historic('i', "InternalHosts", Form::Word),
        opendkim: Some("InternalHosts"),
        kind: Kind::Hosts,
        default: Some("127.0.0.1,::1"),
        unsaid: Unsaid { dk_filter: Value("127.0.0.1"), dkim_filter: Value("127.0.0.1") },
        summary: "clients whose mail is signed",
        manual: "Names, .names for everything below a domain, addresses, networks, and ! in front \
                 of an exception, which stands behind what it is an exception from, and, if it is \
                 written here, in quotes. A list replaces the default: 127.0.0.1 has to be in \
                 it. Authenticated clients count as internal wherever they are.",
        setter: Setter::Top(|raw, given, _| given.put_source(&mut raw.internal_hosts)),
        ..ROW
    },
    Param {
        name: "peers",
        dk_filter: letter('a'),
        dkim_filter: historic('a', "PeerList", Form::Word),
        opendkim: Some("PeerList"),
        kind: Kind::Hosts,
        default: Some(""),
        summary: "clients whose mail is none of our business",
        manual: "Their mail is neither signed nor verified. Written like internal-hosts.",
        setter: Setter::Top(|raw, given, _| given.put_source(&mut raw.peers)),
        ..ROW
    },
    Param {
        name: "external-ignore",
        dk_filter: letter('I'),
        dkim_filter: historic('I', "ExternalIgnoreList", Form::Word),
        opendkim: Some("ExternalIgnoreList"),
        kind: Kind::Hosts,
        default: Some(""),
        summary: "clients that may use our domains from outside without a warning",
        manual: "Their mail is not signed for that. Written like internal-hosts.",
        setter: Setter::Top(|raw, given, _| given.put_source(&mut raw.external_ignore)),
        ..ROW
    },
    Param {
        name: "require-safe-keys",
        opendkim: Some("RequireSafeKeys"),
        default: Some("yes"),
        // Neither program looked.
        unsaid: Unsaid { dk_filter: Value("no"), dkim_filter: Value("no") },
        summary: "refuse a key that strangers can read or replace",
        manual: "With no, it is only warned about. A key that its group may read is safe.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.require_safe_keys, report, value::switch);
        }),
        ..ROW
    },
    Param {
        name: "pid-file",
        dk_filter: letter('P'),
        dkim_filter: historic('P', "PidFile", Form::Word),
        opendkim: Some("PidFile"),
        kind: Kind::Path,
        reload: Reload::Restart,
        summary: "where to write the process's number",
        manual: "It is written when the sockets are there, and removed at the end.",
        sample: Sample::Example("/run/twinseal/twinseal.pid"),
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.pid_file, report, value::path);
        }),
        ..ROW
    },
    Param {
        name: "foreground",
        dk_filter: letter('f'),
        // Background is the opposite.
        dkim_filter: historic('f', "Background", Form::Truth { yes: "no", no: "yes" }),
        opendkim: Some("Background"),
        default: Some("yes"),
        unsaid: Unsaid { dk_filter: Value("no"), dkim_filter: Value("no") },
        reload: Reload::Restart,
        summary: "stay in the foreground",
        manual: "With no, it goes to the background once it listens and the pid file is there; \
                 whoever started it gets the exit code and every complaint before that.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.foreground, report, value::switch);
        }),
        ..ROW
    },
    Param {
        name: "limits.connections",
        kind: Kind::Number,
        default: Some("900"),
        reload: Reload::Restart,
        summary: "how many connections may be open at the same time",
        manual: "On all sockets together; more have to wait. Each takes a file descriptor, and the \
                 system's limit on those is raised where it lets us.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.limits.connections, report, value::connections);
        }),
        ..ROW
    },
    Param {
        name: "limits.idle",
        kind: Kind::Duration,
        default: Some("7210s"),
        summary: "how long an MTA may be silent between commands",
        manual: "Longer than the MTA's own time-outs, because a client of Postfix may pause for \
                 smtpd_timeout, 300s, between any two commands.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.limits.idle, report, value::duration);
        }),
        ..ROW
    },
    Param {
        name: "limits.read",
        kind: Kind::Duration,
        default: Some("30s"),
        summary: "how long a frame may take to arrive, once it has begun",
        manual: "It is also how long the first one may take to begin: an MTA connects when it has \
                 something to say, and writes frames whole.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.limits.read, report, value::duration);
        }),
        ..ROW
    },
    Param {
        name: "limits.write",
        kind: Kind::Duration,
        default: Some("60s"),
        summary: "how long an MTA may take to read an answer",
        manual: "Then the connection is given up.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.limits.write, report, value::duration);
        }),
        ..ROW
    },
    Param {
        name: "signing",
        kind: Kind::Entries("with senders, domain and keys"),
        place: Place::File,
        summary: "who signs for whom: the first entry that matches an address signs for it",
        manual: "An entry may override what the sections dkim and domainkeys say, and \"dkim: \
                 off\" or \"domainkeys: off\" leaves a seal out.",
        sample: Sample::Value(""),
        ..ROW
    },
    Param {
        name: "signing.senders",
        kind: Kind::List("a pattern of addresses such as *@example.com"),
        place: Place::File,
        summary: "the addresses that the entry signs for",
        manual: "A star stands for any characters, nothing else is special, and the whole address \
                 has to match. What begins with a star stands in quotes. DKIM asks for the address \
                 in From; DomainKeys for that in Sender, if there is one.",
        sample: Sample::Value(r#"["*@example.com", "*@*.example.com"]"#),
        setter: Setter::Rule(|rule, given, report| {
            given.put_all(&mut rule.senders, report, Pattern::parse);
        }),
        ..ROW
    },
    Param {
        name: "signing.domain",
        kind: Kind::Text("a domain, or \"*\" for the sender's own"),
        place: Place::File,
        summary: "the domain that signs",
        manual: "For DomainKeys it has to be the sender's domain or a parent of it.",
        sample: Sample::Value("example.com"),
        setter: Setter::Rule(|rule, given, report| {
            given.put(&mut rule.domain, report, |text| match text {
                "*" => Ok(SigningDomain::Sender),
                domain => value::domain(domain).map(SigningDomain::Fixed),
            });
        }),
        ..ROW
    },
    Param {
        name: "signing.keys",
        kind: Kind::Entries("with a file, and a selector if it is not the file's name"),
        place: Place::File,
        summary: "the keys of the entry: each of them signs",
        manual: "RSA keys make both seals, Ed25519 keys a DKIM seal only.",
        sample: Sample::Value(""),
        ..ROW
    },
    Param {
        name: "signing.keys.file",
        kind: Kind::Path,
        place: Place::File,
        summary: "the file with the private key",
        manual: "If there is no such file, its name with .pem or .private behind it is tried.",
        sample: Sample::Value("/etc/mail/dkim/keys/example.com/mail2"),
        setter: Setter::Key(|key, given, report| {
            given.put(&mut key.file, report, value::path);
        }),
        ..ROW
    },
    Param {
        name: "signing.keys.selector",
        kind: Kind::Text("a selector, as in SELECTOR._domainkey.example.com"),
        place: Place::File,
        summary: "where the public key is published; the file's name if it is left out",
        manual: "The name is taken as it is written in \"file\", ending included.",
        sample: Sample::Example("mail2"),
        setter: Setter::Key(|key, given, report| {
            given.put(&mut key.selector, report, value::selector);
        }),
        ..ROW
    },
    Param {
        name: "domains",
        dk_filter: letter('d'),
        dkim_filter: historic('d', "Domain", Form::Word),
        opendkim: Some("Domain"),
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
        opendkim: Some("SubDomains"),
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
        dk_filter: letter('s'),
        dkim_filter: historic('k', "KeyFile", Form::Word),
        opendkim: Some("KeyFile"),
        kind: Kind::Path,
        place: Place::CommandLine,
        summary: "the file with the private key, or the key list",
        manual: "A key list has lines of sender-pattern:key-file, or \
                 sender-pattern:signing-domain:key-file. The selector of a key is its file's name.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.options.key, report, |text| Ok(text.to_owned()));
        }),
        ..ROW
    },
    Param {
        name: "key-list",
        dk_filter: letter('k'),
        dkim_filter: only_letter('K'),
        place: Place::CommandLine,
        summary: "the key is no key, but a key list",
        manual: "It takes no value itself.",
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
        manual: "It takes the place of the key, and of its selector.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.options.list, report, |text| Ok(text.to_owned()));
        }),
        ..ROW
    },
    Param {
        name: "selector",
        dk_filter: letter('S'),
        dkim_filter: historic('s', "Selector", Form::Word),
        opendkim: Some("Selector"),
        kind: Kind::Text("a selector, as in SELECTOR._domainkey.example.com"),
        place: Place::CommandLine,
        summary: "the selector of the key",
        manual: "With a key list it has no effect.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.options.selector, report, value::selector);
        }),
        ..ROW
    },
    Param {
        name: "dkim",
        default: Some("yes"),
        unsaid: Unsaid { dk_filter: Value("no"), dkim_filter: Same },
        summary: "make the DKIM seal",
        manual: "In the file, a section with settings in it means yes.",
        sample: Sample::Value(""),
        setter: Setter::Seals(|seals, given, report| {
            given.put(&mut seals.dkim, report, value::switch);
        }),
        ..ROW
    },
    Param {
        name: "dkim.canonicalization",
        dkim_filter: historic('c', "Canonicalization", Form::Word),
        opendkim: Some("Canonicalization"),
        kind: Kind::Choice(&[
            "simple/simple",
            "simple/relaxed",
            "relaxed/simple",
            "relaxed/relaxed",
        ]),
        default: Some("relaxed/simple"),
        unsaid: Unsaid { dk_filter: Same, dkim_filter: Value("simple/simple") },
        summary: "how much change the DKIM seal forgives, in header/body",
        manual: "simple forgives almost nothing, relaxed changes of white space. One word alone \
                 is for the header, and the body is simple then.",
        setter: Setter::Seals(|seals, given, report| {
            given.put(&mut seals.canonicalization, report, value::dkim_canonicalization);
        }),
        ..ROW
    },
    Param {
        name: "dkim.expire-after",
        dkim_filter: parameter("SignatureTTL", Form::Later),
        opendkim: Some("SignatureTTL"),
        kind: Kind::Duration,
        summary: "how long the DKIM seal is valid",
        manual: "Units are s, m, h, d and w. Without it, the seal does not expire.",
        sample: Sample::Example("14d"),
        setter: Setter::Seals(|seals, given, report| {
            given.put(&mut seals.expire_after, report, value::duration);
        }),
        ..ROW
    },
    Param {
        name: "dkim.identity",
        kind: Kind::Text("@example.com or user@example.com"),
        summary: "on whose behalf the domain signs",
        manual: "It has to be in the signing domain. Without it, that is everybody in the domain.",
        sample: Sample::Example(r#""@example.com""#),
        setter: Setter::Seals(|seals, given, report| {
            given.put(&mut seals.identity, report, value::identity);
        }),
        ..ROW
    },
    Param {
        name: "dkim.signed-headers",
        dkim_filter: parameter("SignHeaders", Form::Later),
        opendkim: Some("SignHeaders"),
        kind: Kind::List(FIELDS),
        unsaid: Unsaid { dk_filter: Same, dkim_filter: Value(DKIM_FILTER_SIGNED) },
        summary: "the header fields that the DKIM seal covers, wherever they occur",
        manual: "A list replaces the default. From is always covered.",
        setter: Setter::Seals(|seals, given, report| {
            given.put_all(&mut seals.signed, report, value::field_name);
        }),
        ..ROW
    },
    Param {
        name: "dkim.oversigned-headers",
        opendkim: Some("OversignHeaders"),
        kind: Kind::List(FIELDS),
        // From alone: a name that others may add a field of was never over-signed there.
        unsaid: Unsaid { dk_filter: Same, dkim_filter: Value("") },
        summary: "the header fields of which nobody may add another one",
        manual: "A list replaces the default. From always is one of them, and a field that does \
                 not occur is none.",
        setter: Setter::Seals(|seals, given, report| {
            given.put_all(&mut seals.oversigned, report, value::field_name);
        }),
        ..ROW
    },
    Param {
        name: "dkim.omitted-headers",
        dkim_filter: historic('o', "OmitHeaders", Form::Words),
        kind: Kind::List(FIELDS),
        place: Place::Historic,
        summary: "header fields that the seals leave out",
        manual: "From cannot be left out; - leaves nothing out.",
        setter: Setter::Top(|raw, given, report| {
            given.put_all(&mut raw.seals.dkim_omitted, report, value::field_name);
        }),
        ..ROW
    },
    Param {
        name: "domainkeys",
        dkim_filter: parameter("DomainKeys", TRUTH),
        default: Some("yes"),
        unsaid: Unsaid { dk_filter: Same, dkim_filter: Value("no") },
        summary: "make the DomainKeys seal",
        manual: "In the file, a section with settings in it means yes.",
        sample: Sample::Value(""),
        setter: Setter::Seals(|seals, given, report| {
            given.put(&mut seals.domainkeys, report, value::switch);
        }),
        ..ROW
    },
    Param {
        name: "domainkeys.canonicalization",
        dk_filter: letter('c'),
        kind: Kind::Choice(&["simple", "nofws"]),
        default: Some("nofws"),
        unsaid: Unsaid { dk_filter: Value("simple"), dkim_filter: Same },
        summary: "how much change the DomainKeys seal forgives",
        manual: "simple forgives nothing, nofws changes of white space.",
        setter: Setter::Seals(|seals, given, report| {
            let place = &mut seals.domainkeys_canonicalization;
            given.put(place, report, value::domainkeys_canonicalization);
        }),
        ..ROW
    },
    Param {
        name: "domainkeys.omitted-headers",
        dk_filter: letter('o'),
        kind: Kind::List(FIELDS),
        default: Some(""),
        summary: "header fields that the DomainKeys seal leaves out",
        manual: "Those that change on the way are left out in any case.",
        sample: Sample::Example("[x-dkim]"),
        setter: Setter::Seals(|seals, given, report| {
            given.put_all(&mut seals.omitted, report, value::field_name);
        }),
        ..ROW
    },
    Param {
        name: "list-headers",
        dk_filter: letter('H'),
        place: Place::CommandLine,
        summary: "name the signed header fields in the DomainKeys seal",
        manual: "Every DomainKeys seal of ours does.",
        acts: Acts::No("every DomainKeys seal names its header fields"),
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.options.list_headers, report, value::switch);
        }),
        ..ROW
    },
    Param {
        name: "sender-headers",
        dkim_filter: parameter("SenderHeaders", Form::Later),
        opendkim: Some("SenderHeaders"),
        kind: Kind::List(FIELDS),
        default: Some("from"),
        unsaid: Unsaid {
            dk_filter: Value("sender,from"),
            dkim_filter: Value("resent-sender,resent-from,sender,from"),
        },
        place: Place::Historic,
        summary: "the header fields that say whose message it is; the first one that is there does",
        manual: "For the DomainKeys seal, it is Sender, else From, whatever stands here.",
        setter: Setter::Top(|raw, given, report| {
            given.put_all(&mut raw.sender_headers, report, value::field_name);
        }),
        ..ROW
    },
    Param {
        name: "trace-header",
        dk_filter: letter('h'),
        dkim_filter: parameter("X-Header", Form::Later),
        default: Some("no"),
        place: Place::Historic,
        summary: "add a field that says which program has seen the message",
        manual: "It gets one whether it is signed or not.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.trace_header, report, value::switch);
        }),
        ..ROW
    },
    Param {
        name: "pop-database",
        dk_filter: letter('U'),
        dkim_filter: historic('U', "POPDBFile", Form::Word),
        opendkim: Some("POPDBFile"),
        kind: Kind::Path,
        place: Place::Historic,
        summary: "a database of clients that have authenticated over POP",
        manual: "Clients that authenticate over SMTP are known without it.",
        acts: Acts::Refused(
            "who is in a POP database is not known here, and would not be signed for; let clients \
             authenticate over SMTP, or list them with -i",
        ),
        setter: Setter::Top(|_, _, _| {}),
        ..ROW
    },
    Param {
        name: "log.to",
        dk_filter: Some(Letter { letter: 'l', means: Some("syslog"), commas: false }),
        dkim_filter: Historic {
            letter: Some(Letter { letter: 'l', means: Some("syslog"), commas: false }),
            parameter: Some(Parameter {
                name: "Syslog",
                form: Form::Truth { yes: "syslog", no: "stderr" },
            }),
        },
        opendkim: Some("Syslog"),
        kind: Kind::Choice(&["stderr", "syslog", "journald"]),
        default: Some("stderr"),
        reload: Reload::Restart,
        summary: "where the log goes",
        manual: "systemd collects what goes to stderr, without its priority; journald gets that \
                 too.",
        sample: Sample::Value("syslog"),
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.log.to, report, value::log_to);
        }),
        ..ROW
    },
    Param {
        name: "log.format",
        kind: Kind::Choice(&["text"]),
        default: Some("text"),
        reload: Reload::Restart,
        summary: "what a line of the log looks like",
        manual: "text is a sentence, with the queue id first.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.log.format, report, value::log_format);
        }),
        ..ROW
    },
    Param {
        name: "log.facility",
        dkim_filter: parameter("SyslogFacility", Form::Later),
        opendkim: Some("SyslogFacility"),
        kind: Kind::Choice(&[
            "user", "mail", "daemon", "auth", "local0", "local1", "local2", "local3", "local4",
            "local5", "local6", "local7",
        ]),
        default: Some("mail"),
        reload: Reload::Restart,
        summary: "the facility that syslog files the log under",
        manual: "It has no effect on stderr.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.log.facility, report, value::facility);
        }),
        ..ROW
    },
    Param {
        name: "log.why",
        dkim_filter: historic('W', "LogWhy", TRUTH),
        opendkim: Some("LogWhy"),
        default: Some("no"),
        summary: "log the steps that led to each decision",
        manual: "Why a message was not signed is logged in any case.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.log.why, report, value::switch);
        }),
        ..ROW
    },
    Param {
        name: "config",
        dkim_filter: only_letter('x'),
        kind: Kind::Path,
        reload: Reload::Restart,
        place: Place::CommandLine,
        summary: "the file to read; options beside it have the last word",
        manual: "The signing options -d, -D, -k, -s and -S replace all entries of the file.",
        ..ROW
    },
    Param {
        name: "check",
        dkim_filter: only_letter('n'),
        kind: Kind::Command,
        place: Place::CommandLine,
        summary: "check the configuration and exit",
        manual: "Every mistake is reported, not only the first; then the exit code is 78.",
        ..ROW
    },
    Param {
        name: "version",
        dk_filter: letter('V'),
        dkim_filter: only_letter('V'),
        kind: Kind::Command,
        place: Place::CommandLine,
        summary: "print the version and exit",
        manual: "With what it is built of.",
        ..ROW
    },
    Param {
        name: "help",
        kind: Kind::Command,
        place: Place::CommandLine,
        summary: "print this and exit",
        manual: "Options beside the letters of dk-filter have long names only.",
        ..ROW
    },
];
