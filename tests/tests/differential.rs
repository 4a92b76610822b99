//! Generated messages, each under every pair of DKIM with every method of DomainKeys, and under
//! every pair with an Ed25519 key, judged by all judges. Three of four are signed by the milter,
//! which is shown them cut anywhere; the fourth by `twinseal sign`. No judge minds under which
//! canonicalization a seal holds, so that is compared with what was asked for. `TWINSEAL_SEED`
//! repeats a run or makes another, `TWINSEAL_MESSAGES` makes it longer (tests/README.md).

use std::fs;
use std::path::{Path, PathBuf};
use twinseal_e2e::cutting::Client;
use twinseal_e2e::defects::{Defect, known_defects};
use twinseal_e2e::generator::{Generator, seed};
use twinseal_e2e::here;
use twinseal_e2e::judges::{Judge, Seal, Verdict, ask_all};
use twinseal_e2e::message::{Message, declared, find, with_crlf, with_lf};
use twinseal_e2e::net::Address;
use twinseal_e2e::program::{self, Daemon};
use twinseal_e2e::reasons::field_of;
use twinseal_e2e::scratch::Scratch;

const MESSAGES: usize = 300;
const DKIM: [&str; 4] = ["simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed"];
const DOMAINKEYS: [&str; 2] = ["simple", "nofws"];
/// Of each message, unless no judge is fit for it.
const SIGNINGS: usize = DKIM.len() * DOMAINKEYS.len() + DKIM.len();
/// Messages on one connection.
const ON_ONE_CONNECTION: usize = 50;

#[test]
fn every_judge_confirms_what_we_sign() {
    let seed = seed();
    let count = std::env::var("TWINSEAL_MESSAGES").ok().and_then(|n| n.parse().ok());
    let count = count.unwrap_or(MESSAGES);
    eprintln!("TWINSEAL_SEED={seed} TWINSEAL_MESSAGES={count}");
    let scratch = Scratch::new("differential");
    let defects = known_defects();
    let cases = cases(&scratch, seed, count, &defects);
    sign_all(&cases, &scratch);
    assert!(cases.len() >= count * SIGNINGS * 9 / 10, "of {count} messages, {} cases", cases.len());
    let paths: Vec<PathBuf> = cases.iter().map(|case| case.path.clone()).collect();
    let mut confirmed = vec![[0_usize; 2]; cases.len()];
    let mut wrong = Vec::new();
    for (judge, lists) in ask_all(&here("data/keys/records.txt"), &paths, &scratch) {
        for (at, verdicts) in lists.iter().enumerate() {
            for (which, &(seal, canonicalization)) in cases[at].seals().iter().enumerate() {
                if !judge.can_judge(seal, cases[at].way.key) {
                    continue;
                }
                match cases[at].opinion(judge, seal, canonicalization, verdicts, &defects) {
                    Opinion::Yes => confirmed[at][which] += 1,
                    Opinion::Excused => {}
                    Opinion::No(words) => {
                        wrong.push(format!("{judge} on {}: {words}", cases[at].path.display()));
                    }
                }
            }
        }
    }
    for (case, confirmed) in cases.iter().zip(&confirmed) {
        for (&(seal, canonicalization), &by) in case.seals().iter().zip(confirmed) {
            if by == 0 {
                let path = case.path.display();
                wrong.push(format!("nobody confirms {seal:?} {canonicalization} of {path}"));
            }
        }
    }
    wrong.sort();
    let shown = wrong.iter().take(40).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "seed {seed}: {} objections, such as\n{shown}", wrong.len());
}

/// One message, signed in one way.
struct Case {
    /// What was signed.
    octets: Vec<u8>,
    /// The signed message, with CRLF.
    path: PathBuf,
    way: Way,
    /// The seed of how it is cut; `None` when it is signed by the command.
    cut: Option<u64>,
    as_lf: bool,
}

/// A way to sign.
#[derive(Clone, Copy)]
struct Way {
    /// `rsa-…` or `ed25519-…`, as in `a=`.
    key: &'static str,
    selector: &'static str,
    dkim: &'static str,
    domainkeys: Option<&'static str>,
}

enum Opinion {
    Yes,
    Excused,
    No(String),
}

impl Case {
    /// Whether for each of its seals there is a judge that no known defect disqualifies.
    fn can_be_judged(&self, defects: &[Defect]) -> bool {
        self.seals().iter().all(|&(seal, canonicalization)| {
            Judge::ALL.into_iter().any(|judge| {
                judge.can_judge(seal, self.way.key)
                    && !defects
                        .iter()
                        .any(|defect| defect.excuses(judge, seal, canonicalization, &self.octets))
            })
        })
    }

    fn seals(&self) -> Vec<(Seal, &'static str)> {
        let domainkeys = self.way.domainkeys.map(|method| (Seal::DomainKeys, method));
        [(Seal::Dkim, self.way.dkim)].into_iter().chain(domainkeys).collect()
    }

    /// The fields that are to be added, in their order: the name, and what it declares.
    fn wanted(&self) -> Vec<(String, String)> {
        let selector = self.way.selector;
        let field = |&(seal, canonicalization): &(Seal, &str)| {
            let algorithm = match seal {
                Seal::Dkim => format!("{}sha256", self.way.key),
                Seal::DomainKeys => format!("{}sha1", self.way.key),
            };
            let declared = format!("a={algorithm} c={canonicalization} d=example.com s={selector}");
            (field_of(seal).to_ascii_lowercase(), declared)
        };
        self.seals().iter().map(field).collect()
    }

    fn opinion(
        &self,
        judge: Judge,
        seal: Seal,
        canonicalization: &str,
        verdicts: &[Verdict],
        defects: &[Defect],
    ) -> Opinion {
        let said: Vec<&Verdict> = verdicts.iter().filter(|verdict| verdict.seal == seal).collect();
        if said.len() == 1 && said[0].pass {
            return Opinion::Yes;
        }
        let excuses = |defect: &Defect| defect.excuses(judge, seal, canonicalization, &self.octets);
        if said.len() == 1 && defects.iter().any(excuses) {
            return Opinion::Excused;
        }
        Opinion::No(format!("{seal:?} {canonicalization}: {said:?}"))
    }
}

/// Each message with each of the four DKIM pairs and each of the two DomainKeys methods, the RSA
/// keys taking turns, and with each pair and an Ed25519 key. What no judge is fit for is left out.
fn cases(scratch: &Scratch, seed: u64, count: usize, defects: &[Defect]) -> Vec<Case> {
    let mut generator = Generator::new(seed);
    let directory = scratch.dir("signed");
    let mut cases = Vec::new();
    for number in 0..count {
        let message = generator.message();
        for (turn, dkim) in DKIM.into_iter().enumerate() {
            let selector = if (number + turn) % 4 == 0 { "rsa1024" } else { "rsa2048" };
            for way in ways(dkim, selector) {
                let method = way.domainkeys.unwrap_or("off");
                let name = format!("{number}-{turn}-{}-{method}.eml", way.selector);
                let cut = (number % 4 != 3).then_some(seed ^ ((cases.len() as u64) << 32));
                let octets = if cut.is_some() { way.addressed(&message) } else { message.clone() };
                // LF alone and CR alone mean something else in a message that is written with LF.
                let as_lf = number % 8 == 7 && with_crlf(&with_lf(&octets)) == octets;
                cases.push(Case { octets, path: directory.join(name), way, cut, as_lf });
            }
        }
    }
    cases.retain(|case| case.can_be_judged(defects));
    cases
}

fn ways(dkim: &'static str, rsa: &'static str) -> [Way; 3] {
    let with_rsa = |domainkeys| Way { key: "rsa-", selector: rsa, dkim, domainkeys };
    let [simple, nofws] = DOMAINKEYS.map(|method| with_rsa(Some(method)));
    [simple, nofws, Way { key: "ed25519-", selector: "ed25519", dkim, domainkeys: None }]
}

impl Way {
    /// The subdomain by which the milter knows it.
    fn label(self) -> String {
        let Self { selector, dkim, domainkeys, .. } = self;
        format!("{selector}-{}-{}", dkim.replace('/', "-"), domainkeys.unwrap_or("off"))
    }

    /// The message, from an author for whom the milter signs in this way.
    fn addressed(self, message: &[u8]) -> Vec<u8> {
        const DOMAIN: &[u8] = b"@example.com";
        let author = format!("@{}.example.com", self.label());
        let mut octets = Vec::new();
        let mut rest = message;
        while let Some(at) = find(rest, DOMAIN) {
            octets.extend_from_slice(&rest[..at]);
            octets.extend_from_slice(author.as_bytes());
            rest = &rest[at + DOMAIN.len()..];
        }
        octets.extend_from_slice(rest);
        octets
    }

    fn rule(self, key: &Path) -> String {
        format!(
            "  - senders: [\"*@{label}.example.com\"]\n\
             \x20   domain: example.com\n\
             \x20   keys: [{{ file: {key}, selector: {selector} }}]\n\
             \x20   dkim: {{ canonicalization: {dkim} }}\n\
             \x20   domainkeys: {domainkeys}\n",
            label = self.label(),
            key = key.display(),
            selector = self.selector,
            dkim = self.dkim,
            domainkeys = self.domainkeys.map_or_else(
                || "off".to_owned(),
                |method| format!("{{ canonicalization: {method} }}")
            ),
        )
    }
}

fn sign_all(cases: &[Case], scratch: &Scratch) {
    let address = Address::Unix(scratch.join("t.sock"));
    let mut configuration =
        format!("socket: {}\nmode: s\nlog: {{ to: stderr }}\nsigning:\n", address.for_filter());
    for dkim in DKIM {
        let [simple, nofws, ed25519] = ways(dkim, "rsa2048");
        let [other_simple, other_nofws, _] = ways(dkim, "rsa1024");
        for way in [simple, nofws, ed25519, other_simple, other_nofws] {
            configuration.push_str(&way.rule(&scratch.key(way.selector)));
        }
    }
    let file = scratch.write("twinseal.yaml", configuration);
    let arguments = ["serve".as_ref(), "--config".as_ref(), file.as_os_str()];
    let daemon = Daemon::start(&arguments, &address, scratch);
    let (one, other) = cases.split_at(cases.len() / 2);
    std::thread::scope(|scope| {
        let second = scope.spawn(|| sign_some(other, &address, scratch));
        sign_some(one, &address, scratch);
        second.join().expect("all are signed");
    });
    let status = daemon.stop();
    assert!(status.success(), "after SIGTERM: {status}");
}

fn sign_some(cases: &[Case], address: &Address, scratch: &Scratch) {
    for cases in cases.chunks(ON_ONE_CONNECTION) {
        let mut client = Client::connect(address).expect("the milter takes a connection");
        for case in cases {
            match case.cut {
                Some(seed) => sign_by_milter(case, &mut client, seed),
                None => sign_by_command(case, scratch),
            }
        }
    }
}

fn sign_by_milter(case: &Case, client: &mut Client, seed: u64) {
    let path = case.path.display();
    let signed = client.sign(&case.octets, &mut Generator::new(seed));
    let signed = signed.unwrap_or_else(|e| panic!("{path}: {e}"));
    check_added(case, &signed[..signed.len() - case.octets.len()]);
    fs::write(&case.path, signed).unwrap_or_else(|e| panic!("{path}: {e}"));
}

fn sign_by_command(case: &Case, scratch: &Scratch) {
    let input = if case.as_lf { with_lf(&case.octets) } else { case.octets.clone() };
    let key = scratch.join("keys").join(case.way.selector);
    let key = key.to_string_lossy();
    let arguments = [
        "sign",
        "--domain",
        "example.com",
        "--selector",
        case.way.selector,
        "--key",
        &key,
        "--dkim",
        case.way.dkim,
        "--domainkeys",
        case.way.domainkeys.unwrap_or("off"),
    ];
    let output = program::run(&arguments, &input);
    let complaints = String::from_utf8_lossy(&output.stderr);
    let path = case.path.display();
    assert!(output.status.success(), "{path}: {}\n{complaints}\n{arguments:?}", output.status);
    assert!(output.stdout.ends_with(&input), "{path}: the message itself was changed");
    let added = &output.stdout[..output.stdout.len() - input.len()];
    let wrong_ends = if case.as_lf { find(added, b"\r") } else { find(&with_crlf(added), b"\r\r") };
    assert!(wrong_ends.is_none(), "{path}: the new fields have other line ends than the message");
    check_added(case, &with_crlf(added));
    let signed = if case.as_lf { with_crlf(&output.stdout) } else { output.stdout };
    fs::write(&case.path, signed).unwrap_or_else(|e| panic!("{path}: {e}"));
}

/// The seals that were asked for stand there, in their order, and nothing else.
fn check_added(case: &Case, added: &[u8]) {
    let added = Message::parse(added).fields;
    let added: Vec<_> = added.iter().map(|field| (field.name(), declared(field))).collect();
    assert_eq!(added, case.wanted(), "{}: not what was asked for", case.path.display());
}
