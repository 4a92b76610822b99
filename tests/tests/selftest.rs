//! `twinseal selftest` through a real Postfix and a real Sendmail: what it finds when all is well,
//! and that it finds what is not.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use twinseal_e2e::filter::{self, Change};
use twinseal_e2e::here;
use twinseal_e2e::nameserver::{Nameserver, Zone};
use twinseal_e2e::net::{Address, wait_for};
use twinseal_e2e::postfix::{Postfix, Setting};
use twinseal_e2e::program::{self, Daemon, send_signal};
use twinseal_e2e::scratch::Scratch;
use twinseal_e2e::sendmail::Sendmail;

/// A host: a filter with its configuration, and DNS.
struct Host {
    scratch: Scratch,
    filter: Address,
    daemon: Daemon,
    file: PathBuf,
    dns: Nameserver,
    sink: u16,
}

impl Host {
    /// With those records in DNS, in place of the true ones.
    fn new(name: &str, change: impl Fn(&str) -> String) -> Self {
        let scratch = Scratch::new(name);
        let filter = Address::any_inet();
        let text = format!(
            "socket: {}\nmode: s\nrequire-safe-keys: no\nlog: {{ to: stderr }}\nsigning:\n\
             - {{ senders: '*@example.com', domain: example.com, keys: [{{ file: {} }}, {{ file: {} }}] }}\n",
            filter.for_filter(),
            scratch.key("rsa2048").display(),
            scratch.key("ed25519").display(),
        );
        let file = scratch.write("t.yaml", text);
        let words = ["serve", "--config", &file.to_string_lossy()];
        let daemon = Daemon::start(&words, &filter, &scratch);
        let records = fs::read_to_string(here("data/keys/records.txt")).unwrap();
        let dns = Nameserver::start(&[Zone::of_keys("example.com", &change(&records))], &scratch);
        Self { scratch, filter, daemon, file, dns, sink: Address::free_port() }
    }

    /// As it should be.
    fn good(name: &str) -> Self {
        Self::new(name, str::to_owned)
    }

    /// Its Postfix, with further lines for `main.cf`.
    fn postfix(&self, main: &str) -> Postfix {
        Postfix::start(&self.scratch, &self.filter, self.sink, main)
    }

    fn main_cf(&self) -> PathBuf {
        self.scratch.join("postfix/main.cf")
    }

    /// Words that name this host's programs, and more.
    fn words(&self, port: u16, more: &[&str]) -> Vec<String> {
        let mut words = vec![
            "selftest".to_owned(),
            "--config".to_owned(),
            self.file.display().to_string(),
            "--smtp".to_owned(),
            format!("127.0.0.1:{port}"),
            "--timeout".to_owned(),
            "15".to_owned(),
        ];
        if !more.contains(&"--no-dns") {
            words.extend(["--nameserver".to_owned(), format!("127.0.0.1:{}", self.dns.port())]);
        }
        words.extend(more.iter().map(|word| (*word).to_owned()));
        words
    }

    fn with_postfix(&self, postfix: &Postfix, more: &[&str]) -> Told {
        let directory = self.scratch.join("postfix").display().to_string();
        let more = [&["--postfix", &directory], more].concat();
        let told = Told::of(&self.words(postfix.port(), &more));
        assert!(told.code != 70, "{told:?}\n{}", self.daemon.log());
        told
    }
}

/// What the tool says.
#[derive(Debug)]
struct Told {
    code: i32,
    text: String,
    errors: String,
}

impl Told {
    fn of(words: &[String]) -> Self {
        Self::from(program::run(words, b""))
    }

    /// The lines with that word in front, without it.
    fn lines(&self, word: &str) -> Vec<&str> {
        let front = format!("  {word:<8}  ");
        self.text.lines().filter_map(|line| line.strip_prefix(&front)).collect()
    }

    /// Fails unless it is this that failed, one line for each.
    fn failed(&self, code: i32, want: &[&str]) {
        let found = self.lines("FAIL");
        let same = found.len() == want.len()
            && found.iter().zip(want).all(|(line, want)| line.contains(want));
        assert!(same && self.code == code, "not {want:?}: {self:?}\n{}", self.text);
    }
}

impl From<Output> for Told {
    fn from(output: Output) -> Self {
        let text = |octets| String::from_utf8(octets).unwrap();
        let (text, errors) = (text(output.stdout), text(output.stderr));
        Self { code: output.status.code().unwrap_or(-1), text, errors }
    }
}

#[test]
fn all_is_well_by_both_ways() {
    let host = Host::good("selftest-well");
    let postfix = host.postfix("");
    let told = host.with_postfix(&postfix, &[]);
    told.failed(0, &[]);
    assert!(told.text.ends_with("\nresult: ok\n") && told.errors.is_empty(), "{told:?}");
    for (what, times) in [
        ("DKIM-Signature of d=example.com s=rsa2048", 2),
        ("DKIM-Signature of d=example.com s=ed25519", 2),
        ("DKIM verifies with the key on disk", 4),
        ("DKIM verifies with what DNS has at rsa2048._domainkey.example.com", 2),
        ("it stands directly below the MTA's Received field", 6),
        ("the key on disk makes the same DomainKeys seal again", 2),
        ("DNS has the key of the DomainKeys seal", 2),
        ("the MTA took it: ", 1),
        ("(Postfix", 2),
    ] {
        assert_eq!(told.text.matches(what).count(), times, "{what}: {}", told.text);
    }

    let told = host.with_postfix(&postfix, &["--json", "--no-dns", "--via", "smtp"]);
    let answer: serde_json::Value = serde_json::from_str(&told.text).unwrap();
    assert_eq!((told.code, &answer["result"]), (0, &"ok".into()), "{told:?}");
    assert_eq!(answer["ways"].as_array().unwrap().len(), 1);
    let steps = answer["ways"][0]["steps"].as_array().unwrap();
    let codes: Vec<_> = steps.iter().map(|step| step["step"].as_str().unwrap()).collect();
    let front = ["configuration", "route", "connected", "accepted", "arrived", "expected"];
    assert!(codes.starts_with(&front), "{codes:?}");
    assert!(codes.contains(&"domainkeys-key") && !codes.contains(&"dkim-dns"), "{codes:?}");
    assert!(steps.iter().all(|step| step["state"] == "ok"), "{answer}");
    drop(postfix);
    assert!(host.daemon.stop().success());
}

#[test]
fn who_may_not_read_the_keys_is_told_what_is_not_seen() {
    let host = Host::good("selftest-nobody");
    let postfix = host.postfix("");
    let directory = host.scratch.join("postfix").display().to_string();
    let (uid, gid) = twinseal_e2e::users::numbers("nobody").unwrap();
    let output = Command::new(program::path())
        .args(host.words(postfix.port(), &["--via", "smtp", "--postfix", &directory]))
        .uid(uid)
        .gid(gid)
        .current_dir("/")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let told = Told::from(output);
    told.failed(0, &[]);
    let unseen = told.lines("not seen");
    // Trap K5: nobody but root knows that the other key makes no such seal.
    assert!(unseen.contains(&"whether s=ed25519 makes a DomainKey-Signature"), "{unseen:?}");
    assert_eq!(unseen.len(), 5, "{}", told.text);
    assert_eq!(told.text.matches("DKIM verifies with what DNS has").count(), 2, "{}", told.text);
    assert!(!told.text.contains("with the key on disk\n"), "{}", told.text);
}

#[test]
fn mail_of_local_programs_that_no_filter_sees_is_missed_by_that_way_alone() {
    let host = Host::good("selftest-local");
    let postfix = host.postfix("non_smtpd_milters =");
    let told = host.with_postfix(&postfix, &[]);
    told.failed(
        1,
        &[
            "no DKIM-Signature of d=example.com s=rsa2048",
            "no DKIM-Signature of d=example.com s=ed25519",
            "no DomainKey-Signature of d=example.com s=rsa2048",
        ],
    );
    let (smtp, local) = told.text.split_once("by the sendmail command:").unwrap();
    assert!(!smtp.contains("FAIL") && local.contains("non_smtpd_milters"), "{}", told.text);
}

#[test]
fn a_wrong_key_in_dns_fails_nothing_but_what_asks_dns() {
    let swap = |records: &str| {
        let key = |name: &str| {
            let line = records.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_once(' ').unwrap().1.to_owned()
        };
        records.replace(&key("rsa2048."), &key("rsa1024."))
    };
    let host = Host::new("selftest-dns", swap);
    let postfix = host.postfix("");
    let told = host.with_postfix(&postfix, &["--via", "smtp"]);
    let at = "at rsa2048._domainkey.example.com";
    told.failed(
        1,
        &[
            &format!("DKIM with what DNS has {at}: the signature does not fit"),
            &format!("what DNS has {at} is of no use to DomainKeys: it is another key"),
        ],
    );
    assert!(told.text.contains("mend: rsa2048._domainkey.example.com.\tIN\tTXT"), "{}", told.text);
    // Nobody answers at all.
    let Host { dns, .. } = &host;
    let port = dns.port();
    let words = host.words(postfix.port(), &["--via", "smtp", "--postfix"]);
    let nobody = format!("127.0.0.1:{}", Address::free_port());
    let mut words: Vec<String> = words
        .into_iter()
        .map(|word| if word == format!("127.0.0.1:{port}") { nobody.clone() } else { word })
        .collect();
    words.push(host.scratch.join("postfix").display().to_string());
    let told = Told::of(&words);
    told.failed(75, &[]);
    assert_eq!(told.lines("not seen").len(), 3, "{}", told.text);
}

#[test]
fn what_changes_the_message_behind_the_filter_is_found() {
    let host = Host::good("selftest-changed");
    let body =
        host.scratch.write("body", "/^This is the last line/ REPLACE This is another line\n");
    let header = host.scratch.write("header", "/^(Subject:.*)/ REPLACE $1 (checked)\n");
    for (main, said, seal) in [
        (format!("smtp_body_checks = regexp:{}", body.display()), "the body is not the one", 3),
        (format!("smtp_header_checks = regexp:{}", header.display()), "the signature does not", 3),
    ] {
        let postfix = host.postfix(&main);
        let told = host.with_postfix(&postfix, &["--via", "smtp", "--no-dns"]);
        assert_eq!((told.code, told.lines("FAIL").len()), (1, seal), "{}", told.text);
        let failed = told.lines("FAIL");
        assert!(failed[0].contains(said), "{}", told.text);
        assert!(failed[2].contains("makes another DomainKeys seal"), "{}", told.text);
        assert!(told.text.contains("why: "), "{}", told.text);
    }
}

#[test]
fn a_filter_that_inserts_at_the_top_moves_the_seals_and_breaks_none() {
    let host = Host::good("selftest-top");
    let other = filter::start(&[Change::Insert(0, "X-First", "x")]);
    let filters = format!("{}, {}", other.for_postfix(), host.filter.for_postfix());
    let setting = Setting { filters: &filters, sink: host.sink, ..Setting::default() };
    let postfix = Postfix::start_as(&host.scratch, setting);
    let told = host.with_postfix(&postfix, &["--via", "smtp", "--no-dns"]);
    told.failed(0, &[]);
    // Trap W10
    let place = "it stands at the top, behind X-First";
    assert_eq!(told.text.matches(place).count(), 3, "{}", told.text);
}

/// A Postfix that delivers nothing anywhere, and its `main.cf`, where somebody has written a table
/// on two lines.
fn unrouted(host: &Host) -> (Postfix, PathBuf, String) {
    let table = host.scratch.write("transport", "/nothing/ error:no\n");
    let setting = Setting {
        filters: &host.filter.for_postfix(),
        sink: host.sink,
        main: "relayhost = [127.0.0.1]:9\ndefault_transport = error:no way",
        ..Setting::default()
    };
    let postfix = Postfix::start_as(&host.scratch, setting);
    let lines = format!("transport_maps =\n  regexp:{}\nrelayhost =\n", table.display());
    let before = fs::read_to_string(host.main_cf()).unwrap();
    let before = before.replace("relayhost = [127.0.0.1]:9\n", &lines);
    fs::write(host.main_cf(), &before).unwrap();
    let mut reload = Command::new("/usr/sbin/postfix");
    reload.arg("-c").arg(host.scratch.join("postfix")).arg("reload").stderr(Stdio::null());
    assert!(reload.status().unwrap().success());
    (postfix, table, before)
}

#[test]
fn without_a_route_it_says_how_and_with_one_of_its_own_it_leaves_nothing_behind() {
    let host = Host::good("selftest-route");
    let (postfix, table, before) = unrouted(&host);
    let directory = host.scratch.join("postfix").display().to_string();
    let told = host.with_postfix(&postfix, &[]);
    assert_eq!((told.code, told.text.as_str()), (69, ""), "{told:?}");
    let line = format!(
        "postconf -c {directory} -e 'transport_maps = \
         inline:{{selftest.twinseal.invalid=smtp:[127.0.0.1]:2525}}, regexp:{}'",
        table.display()
    );
    for part in [&line, "the same with --route", "--to ADDRESS"] {
        assert!(told.errors.contains(part), "{part}: {}", told.errors);
    }
    assert_eq!(fs::read_to_string(host.main_cf()).unwrap(), before);

    let told = host.with_postfix(&postfix, &["--route", "--via", "smtp"]);
    told.failed(0, &[]);
    let back = format!("postconf -c {directory} -e 'transport_maps = regexp:{}'", table.display());
    assert!(told.errors.contains(&back), "{}", told.errors);
    assert_eq!(fs::read_to_string(host.main_cf()).unwrap(), before);

    // postconf would put a file in the place of a link.
    let real = host.scratch.join("postfix/real.cf");
    fs::rename(host.main_cf(), &real).unwrap();
    std::os::unix::fs::symlink(&real, host.main_cf()).unwrap();
    let told = host.with_postfix(&postfix, &["--route", "--via", "smtp"]);
    assert!(told.code == 69 && told.errors.contains("it is a link"), "{told:?}");
    assert!(fs::symlink_metadata(host.main_cf()).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&real).unwrap(), before);
}

#[test]
fn a_route_is_taken_back_when_a_signal_ends_it_and_what_others_change_meanwhile_stays() {
    let host = Host::good("selftest-signal");
    let (postfix, table, before) = unrouted(&host);
    let directory = host.scratch.join("postfix").display().to_string();
    let words = host.words(postfix.port(), &["--postfix", &directory, "--route"]);
    let now = || fs::read_to_string(host.main_cf()).unwrap();
    // The filter does not answer, so that nothing arrives.
    host.daemon.signal("STOP");
    for (signal, more) in [("TERM", ""), ("HUP", ""), ("INT", "delay_warning_time = 7h\n")] {
        let child = started(&words);
        let changed = || now().contains("selftest.twinseal.invalid").then_some(());
        assert!(wait_for(Duration::from_secs(10), changed).is_some(), "it is not changed");
        // By now it waits for Postfix.
        std::thread::sleep(Duration::from_secs(3));
        fs::write(host.main_cf(), now() + more).unwrap();
        let told = stopped(child, signal);
        assert_eq!(told.code, 75, "{signal}: {told:?}");
        assert!(told.errors.contains("interrupted"), "{signal}: {told:?}");
        if more.is_empty() {
            assert_eq!(now(), before, "{signal}");
        }
    }
    host.daemon.signal("CONT");
    let after = now();
    assert!(after.contains("delay_warning_time = 7h\n"), "{after}");
    assert!(!after.contains("selftest.twinseal.invalid"), "{after}");
    assert!(after.contains(&format!("transport_maps = regexp:{}\n", table.display())), "{after}");
}

/// Starts it, and does not wait.
fn started(words: &[String]) -> Child {
    let mut command = Command::new(program::path());
    command.args(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn a_filter_that_is_down_keeps_the_mta_from_taking_it() {
    let host = Host::good("selftest-down");
    let postfix = host.postfix("");
    let Host { scratch, daemon, .. } = &host;
    let directory = scratch.join("postfix").display().to_string();
    let words = host.words(postfix.port(), &["--via", "smtp", "--postfix", &directory]);
    daemon.signal("TERM");
    let gone =
        || (!program::is_running(daemon.pid()) || host.filter.connect().is_err()).then_some(());
    assert!(wait_for(Duration::from_secs(10), gone).is_some(), "it does not stop");
    let told = Told::of(&words);
    told.failed(69, &["the MTA did not take it: "]);
    assert!(told.text.contains("milter_default_action") && told.text.contains("451 4.7.1"));
    assert!(told.text.ends_with("\nresult: nothing was sent\n"), "{}", told.text);
}

/// Ends it by a signal.
fn stopped(child: Child, signal: &str) -> Told {
    send_signal(child.id(), signal);
    Told::from(child.wait_with_output().unwrap())
}

#[test]
fn what_arrives_in_a_mailbox_is_found_there() {
    let host = Host::good("selftest-mailbox");
    let base = host.scratch.dir("mail");
    assert!(Command::new("chown").arg("nobody").arg(&base).status().unwrap().success());
    let (uid, gid) = twinseal_e2e::users::numbers("nobody").unwrap();
    let main = format!(
        "virtual_mailbox_domains = boxes.example.org\nvirtual_mailbox_base = {}\n\
         virtual_mailbox_maps = inline:{{ ann@boxes.example.org=ann/, bob@boxes.example.org=bob }}\n\
         virtual_uid_maps = static:{uid}\nvirtual_gid_maps = static:{gid}\n\
         virtual_minimum_uid = 1\nvirtual_mailbox_limit = 0",
        base.display()
    );
    let postfix = Postfix::start_as(
        &host.scratch,
        Setting {
            filters: &host.filter.for_postfix(),
            sink: host.sink,
            main: &main,
            master: "virtual unix - n n - - virtual",
            ..Setting::default()
        },
    );
    for name in ["ann", "bob"] {
        let path = base.join(name).display().to_string();
        let to = format!("{name}@boxes.example.org");
        let told = host.with_postfix(&postfix, &["--to", &to, "--mailbox", &path]);
        told.failed(0, &[]);
        assert!(told.text.ends_with("\nresult: ok\n"), "{}", told.text);
        assert_eq!(told.text.matches("makes the same DomainKeys seal").count(), 2, "{}", told.text);
    }
    let told = host.with_postfix(&postfix, &["--to", "ann@boxes.example.org"]);
    told.failed(0, &[]);
    assert!(told.text.contains("twinseal verify < FILE"), "{}", told.text);
    assert!(told.text.ends_with("\nresult: ok; 2 not seen\n"), "{}", told.text);
}

#[test]
fn sendmail_brings_it_to_the_port_that_it_was_told_of() {
    let host = Host::good("selftest-sendmail");
    let sendmail = Sendmail::start(&host.scratch, &host.filter, host.sink);
    let program = sendmail.as_program(&host.scratch).display().to_string();
    let port = host.sink.to_string();
    let more = ["--routed", "--sink-port", &port, "--sendmail", &program];
    let told = Told::of(&host.words(sendmail.port(), &more));
    told.failed(0, &[]);
    assert!(told.text.ends_with("\nresult: ok; 2 not seen\n"), "{}", told.text);
    assert_eq!(told.text.matches("makes the same DomainKeys seal").count(), 2, "{}", told.text);
}
