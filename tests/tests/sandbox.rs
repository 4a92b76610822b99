//! What the daemon gives up, seen from outside: every thread is bound, a reload that needs more is
//! refused with its reason, and a kernel that has less is told of.

use seccompiler::{SeccompAction, SeccompFilter, apply_filter};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;
use twinseal_e2e::message::Message;
use twinseal_e2e::milter::{Peer, inserted};
use twinseal_e2e::net::{Address, wait_for};
use twinseal_e2e::program::{self, Daemon, children};
use twinseal_e2e::scratch::Scratch;

const MESSAGE: &[u8] = b"From: ann@example.com\r\nTo: bob@example.net\r\n\r\ntext\r\n";

/// Numbers of system calls, the same on all processors.
const LANDLOCK_CREATE_RULESET: i64 = 444;

/// What a kernel answers that does not know a call.
const ENOSYS: u32 = 38;

/// A configuration that signs with this key, and says more.
fn text(address: &Address, key: &Path, more: &str) -> String {
    format!(
        "socket: {}\nmode: sv\nlog: {{ to: stderr }}\ndns: {{ servers: [\"127.0.0.1:5399\"] }}\n\
         signing:\n  - senders: [\"*@example.com\"]\n    domain: example.com\n    keys: [{{ file: \
         {}, selector: s }}]\n{more}",
        address.for_filter(),
        key.display()
    )
}

fn start(scratch: &Scratch, more: &str) -> (Daemon, Address) {
    let address = Address::any_inet();
    let file = scratch.write("conf/t.yaml", text(&address, &scratch.key("rsa2048"), more));
    let words = ["serve".as_ref(), "--config".as_ref(), file.as_os_str()];
    (Daemon::start(&words, &address, scratch), address)
}

/// The value of each line of that name, one for each thread.
fn of_threads(pid: u32, name: &str) -> Vec<String> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let status = threads.map(|entry| fs::read_to_string(entry.unwrap().path().join("status")));
    let value = |status: String| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or("missing").trim().to_owned()
    };
    status.map(|status| value(status.unwrap())).collect()
}

/// The message with its seals, if it gets any.
fn sealed(address: &Address) -> Option<String> {
    let mut peer = Peer::connect(address).unwrap();
    peer.negotiate().unwrap();
    peer.introduce("localhost", "127.0.0.1").unwrap();
    let message = Message::parse(MESSAGE);
    let answers = peer.deliver("ann@example.com", "bob@example.net", &message).unwrap();
    let sealed = inserted(MESSAGE, &answers).filter(|sealed| sealed.len() > MESSAGE.len())?;
    Some(String::from_utf8(sealed).unwrap())
}

/// Has it reload, and waits until it has logged this once more.
fn reload(daemon: &Daemon, told: &str) {
    let count = || daemon.log().matches(told).count();
    let before = count();
    daemon.signal("HUP");
    let said = wait_for(Duration::from_secs(10), || (count() > before).then_some(()));
    assert!(said.is_some(), "{told:?} is not said:\n{}", daemon.log());
}

#[test]
fn every_thread_is_bound_and_the_log_says_by_what() {
    let scratch = Scratch::new("sandbox");
    let (daemon, address) = start(&scratch, "");
    assert!(sealed(&address).is_some());
    let threads = of_threads(daemon.pid(), "Seccomp");
    assert!(threads.len() > 2 && threads.iter().all(|mode| mode == "2"), "{threads:?}");
    assert!(of_threads(daemon.pid(), "NoNewPrivs").iter().all(|bit| bit == "1"));
    let line = ("sandboxed: Landlock ABI ", ", system calls filtered");
    assert!(daemon.has_logged(line), "{}", daemon.log());
    assert!(daemon.stop().success());
}

#[test]
fn who_does_not_want_it_has_none() {
    let scratch = Scratch::new("sandbox");
    let (daemon, _) = start(&scratch, "sandbox: off\n");
    assert!(of_threads(daemon.pid(), "Seccomp").iter().all(|mode| mode == "0"));
    assert!(!daemon.log().contains("sandboxed"), "{}", daemon.log());
    assert!(daemon.stop().success());
}

#[test]
fn a_reload_that_needs_what_is_outside_is_refused_and_says_what_to_do() {
    let scratch = Scratch::new("sandbox");
    let (daemon, address) = start(&scratch, "");
    let file = scratch.join("conf/t.yaml");
    let key = scratch.join("keys/rsa2048");
    let good = fs::read_to_string(&file).unwrap();
    let elsewhere = scratch.write_with_mode("elsewhere/key", fs::read(&key).unwrap(), 0o600);
    let list = scratch.write("lists/peers", "192.0.2.1\n");
    let outside = "outside of the sandbox, which was made at the start: restart to let it in";
    for (text, told) in [
        (
            text(&address, &elsewhere, ""),
            format!("reload: {}: it is {outside}", elsewhere.display()),
        ),
        (good.replace("5399", "5398"), format!("reload: dns.servers: port 5398 is {outside}")),
        (format!("{good}peers: {}\n", list.display()), format!("it is {outside}")),
        (
            format!("{good}reports: {{ send: yes }}\n"),
            format!("reload: reports: to run /usr/sbin/sendmail is {outside}"),
        ),
    ] {
        fs::write(&file, text).unwrap();
        reload(&daemon, "reload: nothing has changed, the configuration in force stays");
        assert!(daemon.log().contains(&told), "{told:?} is not in\n{}", daemon.log());
        assert!(sealed(&address).is_some(), "{told}");
    }
    assert!(daemon.log().contains(&list.display().to_string()), "{}", daemon.log());
    // What does not exist is no matter of the sandbox, and a restart would fail over it.
    for text in [
        format!("{good}peers: {}\n", scratch.join("lists/misspelt").display()),
        text(&address, &scratch.join("elsewhere/misspelt"), ""),
    ] {
        fs::write(&file, text).unwrap();
        reload(&daemon, "reload: nothing has changed, the configuration in force stays");
    }
    let log = daemon.log();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("misspelt")).collect();
    assert!(lines.len() >= 2 && lines.iter().all(|line| line.contains("No such file")), "{log}");
    assert!(!lines.iter().any(|line| line.contains("outside")), "{log}");
    // A directory that has taken another's place is another one.
    fs::write(&file, &good).unwrap();
    fs::rename(scratch.join("keys"), scratch.join("keys.old")).unwrap();
    scratch.key("rsa2048");
    reload(&daemon, "reload: nothing has changed, the configuration in force stays");
    let told = format!("reload: {}: it is {outside}", key.display());
    assert!(daemon.log().contains(&told), "{}", daemon.log());
    assert!(daemon.stop().success());
}

#[test]
fn a_fault_that_is_mended_is_forgotten() {
    let scratch = Scratch::new("sandbox");
    let list = scratch.write("lists/peers", "192.0.2.1\n");
    let (daemon, _) = start(&scratch, &format!("peers: {}\n", list.display()));
    // It listens before it is inside.
    assert!(daemon.has_logged(("sandboxed: ", "")), "{}", daemon.log());
    let [lists, aside] = ["lists", "lists.old"].map(|name| scratch.join(name));
    fs::rename(&lists, &aside).unwrap();
    scratch.write("lists/peers", "192.0.2.1\n");
    reload(&daemon, "reload: nothing has changed, the configuration in force stays");
    assert!(daemon.log().contains("outside of the sandbox"), "{}", daemon.log());
    fs::remove_dir_all(&lists).unwrap();
    fs::rename(&aside, &lists).unwrap();
    reload(&daemon, "configuration reloaded from ");
    assert!(daemon.stop().success());
}

#[test]
fn keys_that_come_with_a_reload_are_read_under_the_policy_of_this_host() {
    let scratch = Scratch::new("sandbox");
    let address = Address::any_inet();
    let pem = fs::read(scratch.key("rsa2048")).unwrap();
    let key = scratch.write_with_mode("conf/key", pem, 0o600);
    let signs = text(&address, &key, "");
    let file = scratch.write("conf/t.yaml", signs.replace("mode: sv", "mode: v"));
    // Nothing here has that property, so that no key can be had.
    let policy = "openssl_conf = all\n[all]\nalg_section = policy\n[policy]\n\
                  default_properties = fips=yes,there.is=none\n";
    let policy = scratch.write("policy/openssl.cnf", policy);
    for (policy, told) in [
        (Some(&policy), "reload: nothing has changed, the configuration in force stays"),
        (None, "configuration reloaded from "),
    ] {
        fs::write(&file, signs.replace("mode: sv", "mode: v")).unwrap();
        let mut command = Command::new(program::path());
        command.args(["serve".as_ref(), "--config".as_ref(), file.as_os_str()]);
        command.envs(policy.map(|policy| ("OPENSSL_CONF", policy)));
        let daemon = Daemon::start_by(command, &address, &scratch);
        fs::write(&file, &signs).unwrap();
        reload(&daemon, told);
        assert!(daemon.stop().success());
    }
}

#[test]
fn a_key_of_a_sender_behind_a_link_is_let_in_or_said_to_be_outside() {
    let scratch = Scratch::new("sandbox");
    let address = Address::any_inet();
    let pem = fs::read(scratch.key("rsa2048")).unwrap();
    for customer in ["first", "second"] {
        scratch.write_with_mode(&format!("{customer}/mail2"), &pem, 0o600);
    }
    scratch.dir("table");
    let link = |customer: &str, domain: &str| {
        symlink(scratch.join(customer), scratch.join(&format!("table/{domain}"))).unwrap();
    };
    link("first", "example.com");
    let table = format!("all %:mail2:{}\n", scratch.join("table/%/mail2").display());
    let table = scratch.write("conf/keys", table);
    let senders = scratch.write("conf/senders", "*@* all\n");
    let file = scratch.write(
        "conf/o.conf",
        format!(
            "Socket {}\nMode s\nBackground no\nKeyTable file:{}\nSigningTable \
             refile:{}\n",
            address.for_filter(),
            table.display(),
            senders.display()
        ),
    );
    let words = ["opendkim".as_ref(), "-f".as_ref(), "-x".as_ref(), file.as_os_str()];
    let daemon = Daemon::start(&words, &address, &scratch);
    assert!(sealed(&address).unwrap().contains("s=mail2;"), "{}", daemon.log());
    link("second", "example.org");
    let mut peer = Peer::connect(&address).unwrap();
    peer.negotiate().unwrap();
    peer.introduce("localhost", "127.0.0.1").unwrap();
    let message = String::from_utf8_lossy(MESSAGE).replace("example.com", "example.org");
    let message = Message::parse(message.as_bytes());
    peer.deliver("ann@example.org", "bob@example.net", &message).unwrap();
    let told = "the key cannot be read: it is outside of the sandbox";
    let said = wait_for(Duration::from_secs(10), || daemon.log().contains(told).then_some(()));
    assert!(said.is_some(), "{}", daemon.log());
    assert!(daemon.stop().success());
}

#[test]
fn what_administrators_do_to_their_files_works_inside() {
    let scratch = Scratch::new("sandbox");
    let (daemon, address) = start(&scratch, "");
    let file = scratch.join("conf/t.yaml");
    let good = fs::read_to_string(&file).unwrap();
    let done = "configuration reloaded from ";
    let selected = |selector: &str| sealed(&address).unwrap().contains(&format!("s={selector};"));
    // An editor writes a new file and renames it.
    let next = scratch.write("conf/t.yaml~", good.replace("selector: s", "selector: next"));
    fs::rename(next, &file).unwrap();
    reload(&daemon, done);
    assert!(selected("next"));
    // A new key beside the old one, in the old one's place, and in a directory of its own.
    let key = scratch.key("rsa1024");
    fs::write(&file, text(&address, &key, "")).unwrap();
    reload(&daemon, done);
    fs::rename(&key, scratch.join("keys/rsa2048")).unwrap();
    fs::write(&file, &good).unwrap();
    reload(&daemon, done);
    let pem = fs::read(scratch.join("keys/rsa2048")).unwrap();
    let key = scratch.write_with_mode("keys/example.org/later/mail2", pem, 0o600);
    fs::write(&file, text(&address, &key, "").replace("selector: s", "selector: mail2")).unwrap();
    reload(&daemon, done);
    assert!(selected("mail2"));
    // A list beside the configuration, which was not there before.
    scratch.write("conf/lists/peers", "192.0.2.1\n");
    let list = scratch.join("conf/lists/peers");
    fs::write(&file, format!("{good}peers: {}\n", list.display())).unwrap();
    reload(&daemon, done);
    assert!(daemon.stop().success());
}

#[test]
fn who_is_started_again_is_bound_and_who_starts_it_is_not() {
    let scratch = Scratch::new("sandbox");
    let (daemon, address) = start(&scratch, "restart: { auto: yes }\n");
    assert!(sealed(&address).is_some());
    let first = children(daemon.pid());
    assert_eq!(of_threads(daemon.pid(), "Seccomp")[0], "0");
    program::send_signal(first[0], "KILL");
    let next = wait_for(Duration::from_secs(10), || {
        let next = children(daemon.pid()).into_iter().find(|pid| !first.contains(pid))?;
        (of_threads(next, "Seccomp").len() > 2).then_some(next)
    });
    assert!(of_threads(next.unwrap(), "Seccomp").iter().all(|mode| mode == "2"));
    assert!(daemon.stop().success());
}

/// What is run in a kernel without Landlock, as far as the program can see.
fn without_landlock<T: Send>(run: impl FnOnce() -> T + Send) -> T {
    let listed = BTreeMap::from([(LANDLOCK_CREATE_RULESET, Vec::new())]);
    let (allow, unknown) = (SeccompAction::Allow, SeccompAction::Errno(ENOSYS));
    let arch = std::env::consts::ARCH.try_into().expect("a processor with a list");
    let filter = SeccompFilter::new(listed, allow, unknown, arch).expect("a filter");
    let filter: seccompiler::BpfProgram = filter.try_into().expect("a filter");
    // It binds this thread, and the processes that it starts.
    let bound = || {
        apply_filter(&filter).expect("a kernel with seccomp");
        run()
    };
    thread::scope(|scope| scope.spawn(bound).join().expect("no panic"))
}

#[test]
fn a_kernel_without_landlock_is_told_of_and_refused_where_it_is_required() {
    let scratch = Scratch::new("sandbox");
    let lack = "sandbox: the kernel has no Landlock: what its user can read, the daemon can read \
                (it is not built in)";
    let (daemon, address) = without_landlock(|| start(&scratch, ""));
    assert!(sealed(&address).is_some());
    assert!(daemon.has_logged(("sandboxed: system calls filtered", "")), "{}", daemon.log());
    assert!(daemon.log().contains(&format!("warning: {lack}")), "{}", daemon.log());
    // Nothing is outside of what there is not.
    let key =
        scratch.write_with_mode("elsewhere/key", fs::read(scratch.key("rsa1024")).unwrap(), 0o600);
    let reaches = text(&address, &key, "").replace("5399", "5398");
    fs::write(scratch.join("conf/t.yaml"), &reaches).unwrap();
    reload(&daemon, "configuration reloaded from ");
    // But no program can be run: that is a matter of calls.
    fs::write(scratch.join("conf/t.yaml"), format!("{reaches}reports: {{ send: yes }}\n")).unwrap();
    reload(&daemon, "reload: reports: to run /usr/sbin/sendmail is outside of the sandbox");
    assert!(daemon.stop().success());

    let file = scratch.write("conf/required.yaml", text(&address, &key, "sandbox: required\n"));
    let output = without_landlock(|| {
        let mut command = Command::new(program::path());
        command.args(["serve".as_ref(), "--config".as_ref(), file.as_os_str()]).output().unwrap()
    });
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(71), "{said}");
    let told = "twinseal: sandbox: it is \"required\", and the kernel has no Landlock";
    assert!(said.contains(told), "{said}");
    let (daemon, _) = start(&scratch, "sandbox: required\n");
    assert!(daemon.stop().success());
}
