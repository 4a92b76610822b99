//! What is tried, and what is to be seen.

use twinseal_config::Door;
use twinseal_e2e::observed::{Mail, Trial};
use twinseal_e2e::scratch::Scratch;

/// One option or parameter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    /// A letter with its dash, or a parameter.
    pub(crate) name: &'static str,
    /// Words of the command line that both runs have.
    pub(crate) words: &'static str,
    /// Lines of the file that both runs have.
    pub(crate) lines: &'static str,
    /// What the one run has more: its value, if it takes one.
    pub(crate) value: &'static str,
    /// What is sent.
    pub(crate) mail: &'static [Mail<'static>],
    /// What is seen with it and not without.
    pub(crate) seen: &'static str,
    /// What is seen without it and not with it.
    pub(crate) gone: &'static str,
    /// Values that are refused, and what is said then.
    pub(crate) bad: &'static [(&'static str, &'static str)],
}

/// What another test sees.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Elsewhere {
    /// A letter with its dash, or a parameter.
    pub(crate) name: &'static str,
    /// The file, from the top of the tree.
    pub(crate) file: &'static str,
    /// The test.
    pub(crate) test: &'static str,
    /// Values that are refused, and what is said then.
    pub(crate) bad: &'static [(&'static str, &'static str)],
}

/// A process that goes to the background.
pub(crate) const BACKGROUND: Elsewhere = Elsewhere {
    name: "",
    file: "tests/tests/background.rs",
    test: "whoever_started_it_goes_on_when_it_serves_on_every_socket",
    bad: &[],
};

/// Log daemons, whose sockets are at fixed places.
pub(crate) const LOG: Elsewhere = Elsewhere {
    name: "",
    file: "crates/daemon/src/serve.rs",
    test: "whoever_asks_for_a_log_has_its_lines_there_and_nowhere_else",
    bad: &[],
};

/// The value that stands for no value at all.
pub(crate) const NONE: &str = "";

/// A message of our own users.
pub(crate) const TEXT: &str = "From: Ann <ann@example.com>\nTo: bob@example.net\nSubject: hello\n\
    Date: Mon, 2 Mar 2026 09:00:00 +0000\nMessage-ID: <1@example.com>\nX-Other: y\n\nHello,\n\nyou.\n";

pub(crate) const OURS: Mail<'static> = Mail {
    client: ("localhost", "127.0.0.1"),
    macros: &[],
    recipient: "bob@example.net",
    text: TEXT,
};

/// A message that a hop without 8BITMIME encodes anew.
pub(crate) const DECLARED: Mail<'static> = Mail {
    text: "From: ann@example.com\nTo: b@example.net\nMIME-Version: 1.0\n\
           Content-Transfer-Encoding: 8bit\n\na=b\n",
    ..OURS
};

/// The same from a host that is not ours.
pub(crate) const OUTSIDE: Mail<'static> = Mail { client: ("host.example", "192.0.2.1"), ..OURS };

/// The same by an author below our domain.
pub(crate) const BELOW: Mail<'static> =
    Mail { text: "From: ann@sub.example.com\nTo: b@example.net\nSubject: x\n\nx\n", ..OURS };

/// Mail that came in by the daemon for users.
pub(crate) const BY_USERS: Mail<'static> = Mail { macros: &[("{daemon_name}", "MSA")], ..OUTSIDE };

/// A message of the corpus, from outside.
const fn arrived(text: &'static str) -> Mail<'static> {
    Mail { text, ..OUTSIDE }
}

pub(crate) const GOOD: Mail<'static> =
    arrived(include_str!("../../data/verify/pass-relaxed-relaxed.eml"));
pub(crate) const WEAK: Mail<'static> =
    arrived(include_str!("../../data/verify/pass-relaxed-relaxed-1024.eml"));
pub(crate) const BAD: Mail<'static> = arrived(include_str!("../../data/verify/body-changed.eml"));
pub(crate) const CUT: Mail<'static> =
    arrived(include_str!("../../data/verify/pass-length-less.eml"));
pub(crate) const UNSIGNED: Mail<'static> = arrived(include_str!("../../data/verify/none.eml"));
pub(crate) const MISSING: Mail<'static> = arrived(include_str!("../../data/verify/no-key.eml"));
pub(crate) const UNANSWERED: Mail<'static> =
    arrived(include_str!("../../data/verify/key-timeout.eml"));
pub(crate) const SEVERAL: Mail<'static> =
    arrived(include_str!("../../data/verify/pass-several.eml"));
pub(crate) const NO_SUBJECT: Mail<'static> =
    arrived(include_str!("../../data/verify/field-not-signed.eml"));
pub(crate) const BY_ANOTHER: Mail<'static> =
    arrived(include_str!("../../data/verify/not-trusted.eml"));
/// No field that says when it was written.
pub(crate) const NO_DATE: Mail<'static> = UNSIGNED;

/// By an author of whose domain a policy is known, and that does not exist.
pub(crate) const STRANGER: Mail<'static> =
    arrived("From: eve@example.org\nTo: b@example.net\nSubject: x\n\nx\n");

/// Of our author, by somebody else's hand.
pub(crate) const BY_SENDER: Mail<'static> = Mail {
    text: "From: ann@example.com\nSender: eve@example.org\nTo: b@example.net\n\nx\n",
    ..OURS
};

/// With a signature that it had before.
pub(crate) const SIGNED_BEFORE: Mail<'static> = Mail {
    text: "DKIM-Signature: v=1; a=rsa-sha256; d=x.example; s=s; h=from; bh=AAAA; b=AAAA\n\
           From: ann@example.com\nTo: b@example.net\n\nx\n",
    ..OURS
};

/// Results that another host has written.
pub(crate) const FORGED: Mail<'static> = arrived(
    "Authentication-Results: relay.example; dkim=pass\nAuthentication-Results: relay.example; \
     spf=pass\nFrom: a@example.org\n\nx\n",
);

/// Results in our own name.
pub(crate) const IN_OUR_NAME: Mail<'static> =
    arrived("Authentication-Results: mx.example.net; dkim=pass\nFrom: a@example.org\n\nx\n");

/// Nobody has written it.
pub(crate) const NO_AUTHOR: Mail<'static> =
    Mail { text: "To: b@example.net\nSubject: x\n\nx\n", ..OURS };

/// The MTA says that somebody else has.
pub(crate) const BY_MACRO: Mail<'static> =
    Mail { macros: &[("{x_author}", "eve@example.org")], ..OURS };

/// Files that values may name: `@DIR@/NAME`.
const FILES: &[(&str, &str)] = &[
    ("hosts", "192.0.2.1\n"),
    ("local", "127.0.0.1\n"),
    ("others", "203.0.113.1\n"),
    ("domains", "example.org\n"),
    ("two-fields", "*@example.com:@DATA@/keys/rsa2048.pem\n"),
    ("three-fields", "*@example.com:example.com:@DATA@/keys/rsa2048.pem\n"),
    (
        "two-lines",
        "*@example.com:example.com:@DATA@/keys/rsa2048.pem\n\
         *:example.com:@DATA@/keys/rsa1024.pem\n",
    ),
    ("more.conf", "Selector other\n"),
    (
        "keys",
        "one example.com:tabled:@DATA@/keys/rsa2048.pem\n\
         two %:second:@DATA@/keys/rsa1024.pem\n",
    ),
    ("near", "192.0.2.*\n"),
    ("signers", "*@example.com one\n"),
    ("unknown-key", "*@example.com three\n"),
    ("rules", "hello\tgoodbye\n"),
    ("bad-rules", "(\tgoodbye\n"),
    ("no-fields", "nonsense\n"),
    ("policies", "example.org:discardable\n"),
    ("bad-policies", "example.org:perhaps\n"),
];

/// The forecast, in a file of an old program.
pub(crate) const FORECAST: Case = Case {
    name: "Forecast",
    value: "warn",
    mail: &[DECLARED],
    seen: "cause=eight-bit",
    bad: &[("perhaps", "perhaps"), ("", "value")],
    ..Case::USUAL
};

/// The sandbox, in a file of an old program.
pub(crate) const SANDBOX: Case = Case {
    name: "Sandbox",
    value: "no",
    mail: &[OURS],
    gone: "sandboxed: ",
    bad: &[("perhaps", "perhaps"), ("required", "required"), ("", "value")],
    ..Case::USUAL
};

/// Metrics, at that socket; tests run side by side, so each has its own.
pub(crate) const fn metrics(socket: &'static str) -> Case {
    Case {
        name: "Metrics",
        value: socket,
        mail: &[OURS],
        seen: "metrics and the status page are at http://127.0.0.1:2917",
        bad: &[("/run/metrics", "/run/metrics"), ("inet:0", "inet:0"), ("", "value")],
        ..Case::USUAL
    }
}

impl Case {
    /// What most cases have in common.
    pub(crate) const USUAL: Self = Self {
        name: "",
        words: "",
        lines: "",
        value: NONE,
        mail: &[],
        seen: "",
        gone: "",
        bad: &[],
    };

    /// What makes runs without it the same.
    pub(crate) fn base_key(&self) -> (&'static str, &'static str, String) {
        (self.words, self.lines, format!("{:?}", self.mail))
    }

    /// The run without it.
    pub(crate) fn without(&self, door: Door) -> String {
        self.run(door, self.words, self.lines)
    }

    /// The run with this value.
    fn with(&self, door: Door, value: &str) -> String {
        if self.name.starts_with('-') {
            self.run(door, &format!("{} {} {value}", self.words, self.name), self.lines)
        } else {
            let lines = format!("{}{} {value}\n", self.lines, self.name);
            self.run(door, self.words, &lines)
        }
    }

    fn run(&self, door: Door, words: &str, lines: &str) -> String {
        let scratch = Scratch::new("row");
        let run = scratch.dir("run");
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
        std::fs::set_permissions(run, open).expect("a directory for everybody");
        let data = twinseal_e2e::here("data").display().to_string();
        for (name, text) in FILES {
            scratch.write(name, text.replace("@DATA@", &data));
        }
        scratch.write("lf.eml", GOOD.text.replace('\r', ""));
        Trial { door: door.program(), words, lines, mail: self.mail }.observe(&scratch)
    }

    /// What is wrong with what is seen; `plain` is what is seen without it.
    pub(crate) fn objection(&self, door: Door, plain: &str) -> Option<String> {
        let found = self.with(door, self.value);
        let appears =
            self.seen.is_empty() || (found.contains(self.seen) && !plain.contains(self.seen));
        let goes =
            self.gone.is_empty() || (plain.contains(self.gone) && !found.contains(self.gone));
        let is_about_something = !self.seen.is_empty() || !self.gone.is_empty();
        let Self { name, value, seen, gone, .. } = self;
        (!(appears && goes && is_about_something)).then(|| {
            format!("{door:?} {name} {value}: {seen:?} or not {gone:?}\nwith:\n{found}\nwithout:\n{plain}")
        })
    }

    /// How the program ends that is given such a value.
    fn code(&self, door: Door, value: &str) -> u8 {
        match self.name {
            "-T" | "-F" if door != Door::DkFilter => 64,
            "-U" => 64,
            "-u" | "UserID" if !value.is_empty() => 65,
            _ => 78,
        }
    }

    /// The bad values that are not refused as they should be.
    pub(crate) fn taken_wrongly(&self, door: Door) -> Vec<String> {
        let wrong = |(value, told): &(&str, &str)| {
            let found = self.with(door, value);
            let refused = found.contains(&format!("exit status: {}\n", self.code(door, value)));
            let place = if self.name.starts_with('-') { self.name } else { "program.conf:" };
            // What is wrong in a file that a value names is said of that file.
            let is_told = found
                .lines()
                .filter(|line| line.starts_with("log: "))
                .any(|line| line.contains(told) && (line.contains(place) || value.contains('/')));
            (!(refused && is_told))
                .then(|| format!("{door:?} {} {value}: not {told:?}\n{found}", self.name))
        };
        self.bad.iter().filter_map(wrong).collect()
    }
}
