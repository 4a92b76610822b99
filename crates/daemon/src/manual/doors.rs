//! The pages of the programs that serve: `twinseal serve`, and those in whose place it stands. Their
//! options are the table of parameters.

use super::{Flag, Page, Value, Words};
use twinseal_config::Door;
use twinseal_config::params::{Acts, Kind, Letter, PARAMS, Param, Place};
use twinseal_config::render::{Row, rows};

/// What their exit codes mean.
macro_rules! with_exit_codes {
    ($about:literal) => {
        concat!(
            $about,
            "\n\nEnds with 0 when it was asked to stop, or when what it was asked for is done, 64 when \
             the command line is wrong, 69 when a socket or a service is not to be had, 71 when the \
             system refuses something, 77 when it may not become the user or read a key, 78 when the \
             configuration or a key that it names is wrong.",
        )
    };
}

/// What signals do to a daemon.
const SIGNALS: (&str, &str) = (
    "SIGNALS",
    "SIGTERM and SIGINT end it: messages in flight are finished first.\n\nSIGHUP and SIGUSR1 have it \
     read its configuration, its lists and its keys again. If anything is wrong there, every mistake \
     is in the log and what was in force stays; otherwise the new configuration counts for \
     connections that begin from then on.",
);

/// What they do where SIGHUP ends it.
const OLD_SIGNALS: (&str, &str) = (
    "SIGNALS",
    "SIGTERM, SIGINT and SIGHUP end it: messages in flight are finished first.\n\nSIGUSR1 has it read \
     its configuration, its lists and its keys again. If anything is wrong there, every mistake is in \
     the log and what was in force stays.",
);

const ENVIRONMENT: (&str, &str) = (
    "ENVIRONMENT",
    "LISTEN_FDS and LISTEN_PID: sockets that a service manager has opened are taken in the place of \
     those of the configuration.\n\nNOTIFY_SOCKET and WATCHDOG_USEC: a service manager is told when \
     it serves, reloads and stops, and that it is alive.",
);

const DIFFERENCES: (&str, &str) = (
    "DIFFERENCES FROM THE ORIGINAL",
    "Every option is taken. One of which nothing follows says so below, and in the log at start; one \
     that would promise what is not done stops the start, with the reason. DKIM signatures are made \
     with SHA-256, whatever is asked for, and none that is made with SHA-1 or by a key of less than \
     1024 bits counts. Each message that could have been signed and was not has a line in the log that \
     says why. Forged Authentication-Results in the name of this host are removed. Every mistake of a \
     configuration is reported, not only the first one.",
);

/// `twinseal serve`.
pub const SERVE: Page = Page {
    name: "serve",
    summary: "serve MTAs: put both seals on what they send",
    usage: &["[--config FILE] [OPTION…]", "--help"],
    about: with_exit_codes!(
        "A milter that puts two seals on each message that leaves, DKIM-Signature and \
         DomainKey-Signature, from one key, and that verifies the DKIM signatures of what arrives.\n\n\
         Without --config, it is configured by its options alone, which are those that dk-filter had; \
         with it, options beside the file have the last word."
    ),
    options: || flags(Door::Native),
    sections: &[SIGNALS, ENVIRONMENT],
    examples: &[
        (
            "Report every mistake in a configuration:",
            "twinseal serve --config /etc/twinseal/twinseal.yaml --check",
        ),
        ("Serve, in the foreground:", "twinseal serve --config /etc/twinseal/twinseal.yaml"),
        (
            "Sign for one domain with one key, without a file:",
            "twinseal serve -p inet:8891@localhost -d example.com -S mail2 -s mail2.private",
        ),
    ],
    files: &[("/etc/twinseal/twinseal.yaml", "the configuration of the service")],
    see: &["twinseal.yaml(5)", "twinseal-check(8)", "twinseal-config(8)"],
    ..Page::ROW
};

/// `dk-filter`.
pub const DK_FILTER: Page = Page {
    name: Door::DkFilter.program(),
    summary: "put the DomainKeys seal on mail in place of dk-filter, with its options",
    usage: &["[OPTION…]"],
    about: with_exit_codes!(
        "The milter under the name of dk-filter: it takes the options of that program and puts the \
         DomainKeys seal on what leaves. It has no file of its own; Debian's start script reads \
         /etc/default/dk-filter.\n\n\
         It signs and never verifies: with -b sv, and without -b, it says so once in the log and acts \
         as with -b s; with -b v it does not start."
    ),
    options: || flags(Door::DkFilter),
    sections: &[SIGNALS, DIFFERENCES],
    examples: &[(
        "As Debian's start script has it:",
        "dk-filter -l -u dk-filter -P /run/dk-filter/dk-filter.pid -p inet:8892@localhost \
         -d example.com -s /etc/mail/domainkey.key -S 2007",
    )],
    files: &[("/etc/default/dk-filter", "what the start script is told: DAEMON_OPTS and SOCKET")],
    see: &["twinseal(8)", "twinseal-migrate(8)"],
    ..Page::ROW
};

/// `dkim-filter`.
pub const DKIM_FILTER: Page = Page {
    name: Door::DkimFilter.program(),
    summary: "sign and verify in place of dkim-filter, with its options and its file",
    usage: &["[-x FILE] [OPTION…]"],
    about: with_exit_codes!(
        "The milter under the name of dkim-filter: it takes the options and the file of that program, \
         puts the DKIM seal on what leaves, and verifies what arrives. DomainKeys yes in the file adds \
         the DomainKeys seal.\n\n\
         An option counts more than its parameter in the file, and takes the same values."
    ),
    options: || flags(Door::DkimFilter),
    sections: &[OLD_SIGNALS, DIFFERENCES],
    examples: &[
        ("Report every mistake in its file:", "dkim-filter -n -x /etc/dkim-filter.conf"),
        ("Say what a message would become:", "dkim-filter -x /etc/dkim-filter.conf -t message.eml"),
    ],
    files: &[
        ("/etc/dkim-filter.conf", "the file that Debian's start script names"),
        ("/etc/default/dkim-filter", "what the start script is told: DAEMON_OPTS and SOCKET"),
    ],
    see: &["dkim-filter.conf(5)", "twinseal(8)", "twinseal-migrate(8)"],
    ..Page::ROW
};

/// `opendkim`.
pub const OPENDKIM: Page = Page {
    name: Door::Opendkim.program(),
    summary: "sign and verify in place of opendkim, with its options, its file and its tables",
    usage: &["[-x FILE] [OPTION…]"],
    about: with_exit_codes!(
        "The milter under the name of opendkim: it takes the options, the file, the KeyTable and the \
         SigningTable of that program, puts the DKIM seal on what leaves, and verifies what arrives. \
         DomainKeys yes in the file adds the DomainKeys seal.\n\n\
         Without -x, it reads /etc/opendkim.conf where that is there."
    ),
    options: || flags(Door::Opendkim),
    sections: &[OLD_SIGNALS, DIFFERENCES],
    examples: &[
        ("Report every mistake in its file:", "opendkim -n"),
        ("Serve as it is configured, in the foreground:", "opendkim -f"),
    ],
    files: &[("/etc/opendkim.conf", "its configuration")],
    see: &["opendkim.conf(5)", "twinseal(8)", "twinseal-migrate(8)"],
    ..Page::ROW
};

/// What is said of a parameter for which yes is the option's no.
const THE_OTHER_WAY_ROUND: &str = ", the other way round";

/// The options of that door, in the order in which they are listed.
fn flags(door: Door) -> Vec<Flag> {
    match door {
        Door::Native => PARAMS.iter().filter(|param| param.is_option()).map(native).collect(),
        Door::DkFilter | Door::DkimFilter | Door::Opendkim => {
            let mut known: Vec<(Letter, Row)> =
                rows(door).into_iter().filter_map(|row| Some((row.letter?, row))).collect();
            known.sort_by_key(|(known, _)| (known.letter.to_ascii_lowercase(), known.letter));
            known.iter().map(|(letter, row)| historic(*letter, row, door)).collect()
        }
    }
}

/// An option of our own.
fn native(param: &Param) -> Flag {
    let letter = param.dk_filter.filter(|_| param.place != Place::Historic);
    let long = format!("--{}", param.long_option());
    let mut more = vec![param.manual.to_owned()];
    if let Some((letter, means)) = letter.and_then(|known| Some((known.letter, known.means?))) {
        more.push(format!("-{letter} means {means}, and takes no value."));
    }
    more.extend(param.acts.told());
    more.extend(param.facts(Door::Native, None));
    Flag {
        names: letter.map(|known| format!("-{}", known.letter)).into_iter().chain([long]).collect(),
        value: value(param),
        help: param.summary.to_owned(),
        more,
    }
}

/// An option of a historic program.
fn historic(letter: Letter, row: &Row, door: Door) -> Flag {
    let mut more: Vec<String> = match row.param.acts {
        Acts::Yes => vec![row.param.manual.to_owned()],
        Acts::No(_) | Acts::Refused(_) => row.param.acts.told().into_iter().collect(),
    };
    if let Some(means) = letter.means {
        more.push(format!("It means {means} in the words of our own {}.", row.param.name));
    }
    if let Some(parameter) = row.parameter {
        let turned = if parameter.form.is_the_other_way_round() { THE_OTHER_WAY_ROUND } else { "" };
        more.push(format!("In the file, it is {}{turned}.", parameter.name));
    }
    more.extend(row.param.facts(door, None));
    let takes = letter.means.is_none() && !row.param.metavariable().is_empty();
    Flag {
        names: vec![format!("-{}", letter.letter)],
        value: takes.then(|| value(row.param)).flatten(),
        help: letter.told.unwrap_or(row.param.summary).to_owned(),
        more,
    }
}

fn value(param: &Param) -> Option<Value> {
    let (words, optional) = match param.kind {
        Kind::Command | Kind::Entries(_) => return None,
        Kind::Switch if param.default == Some("yes") => (Words::These(&["yes", "no"]), true),
        Kind::Switch => return None,
        Kind::Choice(words) => (Words::These(words), false),
        Kind::Path | Kind::Hosts | Kind::Domains => (Words::Files, false),
        Kind::Text(_)
        | Kind::Octal
        | Kind::Number
        | Kind::Duration
        | Kind::Size
        | Kind::List(_) => (Words::Any, false),
    };
    let name = if optional { "yes|no".to_owned() } else { param.metavariable() };
    Some(Value { name, words, optional })
}
