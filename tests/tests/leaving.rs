//! What can be said of a DKIM seal beside its key: each of it is shown to every judge, as it is and
//! with text behind the body. And what the log says of mail that leaves, in the historic doors.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;
use twinseal_e2e::claims::{Claim, objections};
use twinseal_e2e::cutting::Client;
use twinseal_e2e::generator::Generator;
use twinseal_e2e::here;
use twinseal_e2e::judges::{Seal, ask_all};
use twinseal_e2e::message::{Message, tag, with_crlf, with_lf};
use twinseal_e2e::milter::Peer;
use twinseal_e2e::nameserver::{Nameserver, Zone};
use twinseal_e2e::net::Address;
use twinseal_e2e::postfix::Postfix;
use twinseal_e2e::program::Daemon;
use twinseal_e2e::scratch::Scratch;
use twinseal_e2e::sendmail::Sendmail;
use twinseal_e2e::sink::Sink;

/// What an entry says of its seal, and whether that stays valid when the body grows.
const SETTINGS: [(&str, bool); 7] = [
    ("{}", false),
    ("{ body-length: yes }", true),
    ("{ maximum-signed-body: 20B }", true),
    ("{ maximum-signed-body: 0B }", true),
    ("{ copied-headers: yes }", false),
    ("{ always-signed-headers: [x-none, reply-to, subject], signed-headers: [to] }", false),
    ("{ mend-line-ends: yes, body-length: yes, copied-headers: yes }", true),
];

const CANONICALIZATIONS: [&str; 2] = ["simple/simple", "relaxed/relaxed"];
const KEYS: [&str; 2] = ["rsa2048", "ed25519"];

/// A message whose fields look like tags, with blanks where canonicalizations differ.
const HEADER: &str = "To: bob@example.net\r\nSubject:  b=1; bh=2 | z=\r\n\t(and b=3;\r\n b=4)\r\n\
                      Reply-To: j\u{fc}rgen@example.com\r\nX-Mine: \r\n\r\n";
const BODY: &str = "Some  text \r\n\r\n more of it, longer than what is signed.\r\n\r\n\r\n";

/// One way to sign.
struct Way {
    label: String,
    entry: String,
    path: PathBuf,
    grown: PathBuf,
    may_grow: bool,
    mends: bool,
    key: &'static str,
}

fn ways(scratch: &Scratch) -> Vec<Way> {
    let directory = scratch.dir("signed");
    let mut ways = Vec::new();
    for (number, (settings, may_grow)) in SETTINGS.into_iter().enumerate() {
        for (pair, canonicalization) in CANONICALIZATIONS.into_iter().enumerate() {
            for key in KEYS {
                let label = format!("s{number}-{pair}-{key}");
                let more = settings.trim_start_matches('{');
                let entry = format!(
                    "  - senders: [\"*@{label}.example.com\"]\n    domain: example.com\n    \
                     keys: [{{ file: {}, selector: {key} }}]\n    domainkeys: off\n    \
                     dkim: {{ canonicalization: {canonicalization},{more}\n",
                    scratch.key(key).display()
                )
                .replace(",}", "}");
                let [path, grown] =
                    ["", "-grown"].map(|what| directory.join(format!("{label}{what}.eml")));
                let mends = settings.contains("mend");
                ways.push(Way { label, entry, path, grown, may_grow, mends, key });
            }
        }
    }
    ways
}

#[test]
fn every_judge_confirms_what_a_seal_says_of_itself() {
    let scratch = Scratch::new("leaving");
    let ways = ways(&scratch);
    let address = Address::Unix(scratch.join("t.sock"));
    let entries: String = ways.iter().map(|way| way.entry.as_str()).collect();
    let configuration = format!("socket: {}\nmode: s\nsigning:\n{entries}", address.for_filter());
    let file = scratch.write("twinseal.yaml", configuration);
    let arguments = ["serve".as_ref(), "--config".as_ref(), file.as_os_str()];
    let daemon = Daemon::start(&arguments, &address, &scratch);
    let mut client = Client::connect(&address).expect("the milter takes a connection");
    for (seed, way) in (1..).zip(&ways) {
        let header = format!("From: ann@{}.example.com\r\n{HEADER}", way.label);
        // Line ends that are none are mended behind the signer, as somebody said who knows.
        let body = if way.mends { BODY.replace("\r\n\r\n", "\n\r") } else { BODY.to_owned() };
        let message = [header, body].concat().into_bytes();
        let signed = client.sign(&message, &mut Generator::new(seed)).expect("it is signed");
        let octets = with_lf(&signed).into_iter();
        let mended = octets.map(|octet| if octet == b'\r' { b'\n' } else { octet });
        let signed = with_crlf(&mended.collect::<Vec<u8>>());
        fs::write(&way.path, &signed).unwrap();
        fs::write(&way.grown, [&signed, b"A mailing list.\r\n".as_slice()].concat()).unwrap();
    }
    let paths: Vec<PathBuf> =
        ways.iter().flat_map(|way| [way.path.clone(), way.grown.clone()]).collect();
    let mut wrong = Vec::new();
    for (judge, lists) in ask_all(&here("data/keys/records.txt"), &paths, &scratch) {
        let judged = ways.iter().zip(lists.chunks(2));
        for (way, verdicts) in judged.filter(|(way, _)| judge.can_judge(Seal::Dkim, way.key)) {
            for (verdicts, want) in verdicts.iter().zip([true, way.may_grow]) {
                let passes = verdicts.len() == 1 && verdicts.iter().all(|one| one.pass);
                if passes != want {
                    wrong.push(format!("{judge}, {}: {want} is not {verdicts:?}", way.entry));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} objections:\n{}", wrong.len(), wrong.join("\n"));
    assert!(daemon.stop().success());
}

/// What a program logs of one message from a client that is not internal.
fn logged(words: &[&str], macros: &[u8], recipient: &str) -> (String, usize) {
    let scratch = Scratch::new("leaving-log");
    let address = Address::any_inet();
    let (socket, key) = (address.for_filter(), scratch.key("rsa1024").display().to_string());
    let words = words.iter().map(|word| if *word == "@KEY@" { key.as_str() } else { word });
    let arguments: Vec<&str> = words.chain(["-f", "-p", &socket, "-d", "example.com"]).collect();
    let daemon = Daemon::start(&arguments, &address, &scratch);
    let mut peer = Peer::connect(&address).unwrap();
    peer.negotiate().unwrap();
    peer.send(b'D', macros).unwrap();
    peer.introduce("pc.example.net", "192.0.2.1").unwrap();
    let message = format!("From: ann@example.com\r\n{HEADER}{BODY}");
    let message = Message::parse(message.as_bytes());
    let answers = peer.deliver("ann@example.com", recipient, &message).unwrap();
    drop(peer);
    let inserted = answers.iter().filter(|(letter, _)| *letter == b'i').count();
    // Its last lines are written after its answer.
    assert!(daemon.stop().success());
    (fs::read_to_string(scratch.join("daemon.log")).unwrap(), inserted)
}

#[test]
fn the_log_says_which_test_made_mail_ours_and_which_did_not() {
    let scratch = Scratch::new("leaving-conf");
    let file = scratch
        .write("dkim.conf", "DontSignMailTo *@no.example\nLogWhy yes\nMode s\nSyslogSuccess yes\n");
    let file = file.display().to_string();
    let words = ["dkim-filter", "-k", "@KEY@", "-s", "m", "-m", "MSA", "-M", "verify=OK", "-x"];
    let words: Vec<&str> = words.into_iter().chain([file.as_str()]).collect();
    let steps = ["why: no MTA name match", "why: no macros match"];
    let added = "\"DKIM-Signature\" header added";
    let neither = "why: pc.example.net [192.0.2.1] is not internal and not authenticated";
    for (macros, recipient, told, untold, fields) in [
        (&b"C{daemon_name}\0MTA\0"[..], "b@example.net", [steps[0], steps[1], neither], added, 0),
        (
            b"C{daemon_name}\0msa\0",
            "b@example.net",
            ["why: the MTA's daemon msa is an internal one", added, ""],
            steps[0],
            1,
        ),
        (
            b"C{verify}\0ok\0",
            "b@example.net",
            [steps[0], "why: the MTA's macro verify says that the mail is internal", added],
            steps[1],
            1,
        ),
        (
            b"C{daemon_name}\0MSA\0",
            "b@no.example",
            ["skipping signing of mail to `b@no.example'", "(reason=recipient-excluded)", ""],
            added,
            0,
        ),
    ] {
        let (log, inserted) = logged(&words, macros, recipient);
        assert_eq!(inserted, fields, "{recipient}\n{log}");
        assert!(told.iter().all(|text| log.contains(text)), "{told:?} is not in\n{log}");
        assert!(!log.contains(untold), "{untold} is in\n{log}");
    }
}

#[test]
fn dk_filter_knows_its_daemons_and_tells_once_what_has_no_effect() {
    let words = ["dk-filter", "-s", "@KEY@", "-S", "m", "-m", "MSA", "-q", "-R", "-T", "5", "-C"];
    let words: Vec<&str> = words.into_iter().chain(["bad=reject,int=a"]).collect();
    let (log, inserted) = logged(&words, b"C{daemon_name}\0MSA\0", "b@example.net");
    assert_eq!(inserted, 1, "{log}");
    for letter in ["-q", "-R", "-T", "-C"] {
        let line = format!("{letter}: accepted, but without effect: ");
        assert_eq!(log.matches(&line).count(), 1, "{line}\n{log}");
    }
}

/// A configuration that signs for clients of which a macro says so, and nothing else.
fn by_macro(scratch: &Scratch, address: &Address) -> String {
    let text = format!(
        "socket: {}\nmode: s\ninternal-hosts: [192.0.2.1]\n\
         internal-macros: [client_addr=127.0.0.1]\nunsigned-recipients: [no@example.net]\n\
         remove-old-signatures: yes\nsigning:\n  - senders: [\"*@example.com\"]\n    \
         domain: example.com\n    keys: [{{ file: {}, selector: rsa2048 }}]\n",
        address.for_filter(),
        scratch.key("rsa2048").display()
    );
    scratch.write("t.yaml", text).display().to_string()
}

/// The domains of the signatures that it has.
fn signers(octets: &[u8]) -> Vec<String> {
    let message = Message::parse(octets);
    message.all("DKIM-Signature").filter_map(|field| tag(field, "d")).collect()
}

/// An MTA sends `{client_addr}` to who asks for it alone (trap W18). Postfix counts anew after each
/// field that is removed, Sendmail does not (traps W11, N1).
#[test]
fn behind_an_mta_a_macro_that_is_asked_for_counts_and_old_signatures_go() {
    const OLD: [&str; 3] = ["old1.example", "old2.example", "old3.example"];
    let old = OLD.map(|domain| format!("DKIM-Signature: v=1; d={domain}; b=x\r\n"));
    let message = format!(
        "{}From: Ann <ann@example.com>\r\n{}Subject: x\r\n{}To: bob@example.net\r\n\
         Date: Mon, 2 Mar 2026 09:00:00 +0000\r\nMessage-ID: <1@example.com>\r\n\r\ntext\r\n",
        old[0], old[1], old[2]
    );
    for behind_postfix in [true, false] {
        let scratch = Scratch::new("leaving-mta");
        let (address, sink) = (Address::any_inet(), Sink::start());
        let file = by_macro(&scratch, &address);
        let daemon = Daemon::start(&["serve", "--config", &file], &address, &scratch);
        let start = || Postfix::start(&scratch, &address, sink.port(), "");
        let postfix = behind_postfix.then(start);
        let start = || Sendmail::start(&scratch, &address, sink.port());
        let sendmail = (!behind_postfix).then(start);
        let mut delivered = Vec::new();
        for recipient in ["bob@example.net", "no@example.net"] {
            let client = postfix.as_ref().map(Postfix::connect);
            let client = client.or_else(|| sendmail.as_ref().map(Sendmail::connect));
            let mut client = client.unwrap().unwrap();
            let reply = client.send("ann@example.com", recipient, message.as_bytes()).unwrap();
            assert_eq!(reply.code, 250, "{reply:?}");
            let arrived = sink.wait_for(recipient, Duration::from_secs(20));
            let arrived = arrived.unwrap_or_else(|| panic!("{recipient}\n{}", daemon.log()));
            delivered.push(arrived.octets);
        }
        assert_eq!(signers(&delivered[0]), ["example.com"], "{}", daemon.log());
        assert_eq!(signers(&delivered[1]), OLD, "{}", daemon.log());
        let path = scratch.write("bob.eml", &delivered[0]);
        let records = fs::read_to_string(here("data/keys/records.txt")).unwrap();
        let nameserver = Nameserver::start(&[Zone::of_keys("example.com", &records)], &scratch);
        let claims = Claim::both(&path, "rsa2048", "example.com");
        let wrong = objections(&nameserver, &claims, &scratch);
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        drop((postfix, sendmail));
        assert!(daemon.stop().success());
    }
}
