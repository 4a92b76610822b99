//! Another filter before and behind the program: where the seals stand then, and which changes
//! they survive.

use std::fmt::Write as _;
use std::fs;
use std::time::Duration;
use twinseal_e2e::claims::{Claim, objections};
use twinseal_e2e::filter::{self, Change};
use twinseal_e2e::here;
use twinseal_e2e::judges::Seal;
use twinseal_e2e::message::{Field, Message};
use twinseal_e2e::nameserver::{Nameserver, Zone};
use twinseal_e2e::net::Address;
use twinseal_e2e::postfix::{Postfix, Setting};
use twinseal_e2e::program::Daemon;
use twinseal_e2e::scratch::Scratch;
use twinseal_e2e::sink::Sink;
use twinseal_e2e::smtp::Smtp;

use Change::{Append, Delete, Insert};

const MESSAGE: &[u8] = b"From: Ann <ann@example.com>\r\n\
    To: bob@example.net\r\n\
    Comments: a remark\r\n\
    Subject: between filters\r\n\
    X-Mailer: a program\r\n\
    Date: Mon, 2 Mar 2026 09:00:00 +0000\r\n\
    Message-ID: <between@example.com>\r\n\r\ntext\r\n";

/// An arrangement of filters and what becomes of the seals.
struct Case {
    name: &'static str,
    before: &'static [Change],
    behind: &'static [Change],
    /// Whether DKIM and DomainKeys hold.
    holds: (bool, bool),
    /// How the header begins.
    top: &'static str,
}

const RESULT: &str = "other.example.com; spf=pass";

const CASES: &[Case] = &[
    Case {
        name: "one-before-inserts-at-1",
        before: &[Insert(1, "X-Before", "1")],
        behind: &[],
        holds: (true, true),
        top: "received dkim-signature domainkey-signature x-before from",
    },
    // Trap W10: our index 1 is above Received then.
    Case {
        name: "one-before-inserts-at-0",
        before: &[Insert(0, "Authentication-Results", RESULT)],
        behind: &[],
        holds: (true, true),
        top: "authentication-results dkim-signature domainkey-signature received from",
    },
    // It was shown to us, and no filter can know that it is above DomainKeys' seal in the end.
    Case {
        name: "one-before-inserts-at-0-what-is-signed",
        before: &[Insert(0, "Reply-To", "<desk@example.com>")],
        behind: &[],
        holds: (true, false),
        top: "reply-to dkim-signature domainkey-signature received from",
    },
    Case {
        name: "one-before-inserts-and-appends-and-deletes",
        before: &[
            Insert(1, "X-Before", "1"),
            Insert(0, "Authentication-Results", RESULT),
            Append("Reply-To", "<desk@example.com>"),
            Delete("Comments"),
        ],
        behind: &[],
        holds: (true, true),
        top: "authentication-results dkim-signature domainkey-signature received x-before from",
    },
    Case {
        name: "one-behind-inserts-at-0-and-1",
        before: &[],
        behind: &[Insert(1, "X-Behind", "1"), Insert(0, "Authentication-Results", RESULT)],
        holds: (true, true),
        top: "authentication-results received x-behind dkim-signature domainkey-signature from",
    },
    // Trap O6: without h= the DomainKeys seal would be broken.
    Case {
        name: "one-behind-appends",
        before: &[],
        behind: &[Append("X-Behind", "1"), Append("List-Id", "<list.example.com>")],
        holds: (true, true),
        top: "received dkim-signature domainkey-signature from",
    },
    Case {
        name: "one-behind-deletes-what-is-not-signed",
        before: &[],
        behind: &[Delete("X-Mailer")],
        holds: (true, true),
        top: "received dkim-signature domainkey-signature from",
    },
    Case {
        name: "one-before-and-one-behind",
        before: &[Insert(0, "Authentication-Results", RESULT), Append("X-Before", "1")],
        behind: &[Insert(0, "X-Behind", "0"), Insert(1, "X-Behind", "1"), Append("X-Behind", "2")],
        holds: (true, true),
        top: "x-behind x-behind authentication-results",
    },
    Case {
        name: "one-behind-deletes-what-is-signed",
        before: &[],
        behind: &[Delete("Subject")],
        holds: (false, false),
        top: "received dkim-signature domainkey-signature from",
    },
    // Over-signed in DKIM; DomainKeys covers every instance below it.
    Case {
        name: "one-behind-appends-a-second-subject",
        before: &[],
        behind: &[Append("Subject", "another")],
        holds: (false, false),
        top: "received dkim-signature domainkey-signature from",
    },
    // DomainKeys does not see what stands above it.
    Case {
        name: "one-behind-inserts-a-second-subject",
        before: &[],
        behind: &[Insert(1, "Subject", "another")],
        holds: (false, true),
        top: "received subject dkim-signature domainkey-signature from",
    },
];

#[test]
fn seals_survive_what_other_filters_do_above_them_and_beside_what_they_cover() {
    let scratch = Scratch::new("filters");
    let key = scratch.key("rsa2048").display().to_string();
    let ours = Address::any_inet();
    let socket = ours.for_filter();
    let arguments = ["serve", "-p", &socket, "-d", "example.com", "-s", &key, "-S", "rsa2048"];
    let daemon = Daemon::start(&arguments, &ours, &scratch);
    let sink = Sink::start();
    let (mut listeners, mut ports) = (String::new(), Vec::new());
    for case in CASES {
        let port = Address::free_port();
        let filter = |changes: &[Change]| match changes {
            [] => String::new(),
            changes => filter::start(changes).for_postfix(),
        };
        let filters = [filter(case.before), ours.for_postfix(), filter(case.behind)];
        let filters: Vec<String> = filters.into_iter().filter(|one| !one.is_empty()).collect();
        let filters = filters.join(",");
        let _ =
            writeln!(listeners, "127.0.0.1:{port} inet n - n - - smtpd -o smtpd_milters={filters}");
        ports.push(port);
    }
    let setting = Setting { sink: sink.port(), master: &listeners, ..Setting::default() };
    let postfix = Postfix::start_as(&scratch, setting);
    let (mut claims, mut wrong) = (Vec::new(), Vec::new());
    for (case, port) in CASES.iter().zip(ports) {
        let recipient = format!("{}@example.net", case.name);
        let reply = Smtp::connect(port, "client.example.com")
            .and_then(|mut client| client.send("ann@example.com", &recipient, MESSAGE))
            .unwrap_or_else(|e| panic!("{}: {e}\n{}", case.name, postfix.log()));
        assert_eq!(reply.code, 250, "{}: {reply:?}", case.name);
        let delivered = sink.wait_for(&recipient, Duration::from_secs(20));
        let delivered = delivered.unwrap_or_else(|| panic!("{}: not delivered", case.name));
        let message = Message::parse(&delivered.octets);
        let names: Vec<String> = message.fields.iter().map(Field::name).collect();
        if !names.join(" ").starts_with(case.top) {
            wrong.push(format!("{}: the header is {}", case.name, names.join(" ")));
        }
        let path = scratch.write(&format!("{}.eml", case.name), &delivered.octets);
        let holds = [(Seal::Dkim, case.holds.0), (Seal::DomainKeys, case.holds.1)];
        claims.extend(holds.map(|(seal, holds)| Claim {
            holds,
            ..Claim::that(&path, seal, "rsa2048", "example.com")
        }));
    }
    let records = fs::read_to_string(here("data/keys/records.txt")).unwrap();
    let nameserver = Nameserver::start(&[Zone::of_keys("example.com", &records)], &scratch);
    wrong.extend(objections(&nameserver, &claims, &scratch));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    drop(postfix);
    assert!(daemon.stop().success());
}
