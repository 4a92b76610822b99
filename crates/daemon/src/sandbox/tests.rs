//! What the kernel does to a process that has entered it.

use super::boundary::Boundary;
use super::{InForce, Needs, enter, rules};
use nix::sys::ptrace;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::kill;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};
use nix::unistd::{chroot, getppid};
use std::env;
use std::fs;
use std::io;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::thread;
use twinseal_config::{Config, Door, Reports, Request, Sandbox};

/// Tells the process that runs the tests to enter it, with what is in that directory.
const INSIDE: &str = "TWINSEAL_TEST_INSIDE";

fn config(directory: &Path) -> Config {
    let at = directory.display();
    let dns = port(directory);
    let words =
        format!("-p unix:{at}/run/s --pid-file {at}/run/pid -b v --dns-servers 127.0.0.1:{dns}");
    let words = words.split_whitespace().map(Into::into);
    let request = twinseal_config::serve(Door::Native, words, &crate::serve::FileSystem).unwrap();
    let Request::Serve(loaded) = request else { panic!("{request:?}") };
    loaded.config
}

fn port(directory: &Path) -> u16 {
    fs::read_to_string(directory.join("port")).unwrap().trim().parse().unwrap()
}

/// What is tried, and what came of it.
fn tried(name: &str, done: Result<(), io::Error>) {
    let code = done.err().map_or(0, |error| error.raw_os_error().unwrap_or(-1));
    // The harness of the tests writes to the same line.
    println!("\n{name}: {code}");
}

fn done<T, E: Into<io::Error>>(result: Result<T, E>) -> io::Result<()> {
    result.map(drop).map_err(Into::into)
}

/// The part of the test below that runs in a process of its own.
#[test]
fn inside() {
    let Some(directory) = env::var_os(INSIDE) else { return };
    let directory = Path::new(&directory);
    let (elsewhere, port) = (TcpListener::bind("127.0.0.1:0").unwrap(), port(directory));
    let needs = Needs::of(&config(directory), [directory.join("conf/t.yaml")]);
    let entered = enter(Sandbox::Required, &needs).unwrap().unwrap();
    let boundary = entered.boundary.unwrap();
    tried("a file beside the configuration", done(fs::read(directory.join("conf/list"))));
    tried("a file elsewhere", done(fs::read(directory.join("other/file"))));
    tried("the passwords", done(fs::read("/etc/shadow")));
    tried("a look at it", done(fs::metadata(directory.join("other/file"))));
    tried("a list of files elsewhere", done(fs::read_dir(directory.join("other"))));
    tried("writing", done(fs::write(directory.join("conf/list"), "")));
    tried("a new file", done(fs::write(directory.join("run/new"), "")));
    tried("a file beside the socket", done(fs::read(directory.join("run/other"))));
    tried("the pid file", done(fs::read(directory.join("run/pid"))));
    tried("removing a socket", done(fs::remove_file(directory.join("run/s"))));
    tried("removing a list", done(fs::remove_file(directory.join("conf/list"))));
    tried("a program", done(Command::new("/bin/true").spawn()));
    tried("another program", Err(Command::new("/bin/true").exec()));
    tried("a thread", thread::spawn(|| ()).join().map_err(|_| io::Error::other("it died")));
    tried("listening", done(TcpListener::bind("127.0.0.1:0")));
    tried("DNS by TCP", done(TcpStream::connect(("127.0.0.1", port))));
    tried(
        "DNS by UDP",
        done(UdpSocket::bind("127.0.0.1:0").and_then(|s| s.send_to(b"?", ("127.0.0.1", port)))),
    );
    tried("another port", done(TcpStream::connect(elsewhere.local_addr().unwrap())));
    tried("tracing", done(ptrace::traceme()));
    tried("a signal", done(kill(getppid(), None)));
    tried("another root", done(chroot("/")));
    tried("more files", done(setrlimit(Resource::RLIMIT_NOFILE, 100, 100)));
    let family = AddressFamily::Netlink;
    tried("a socket of the kernel", done(socket(family, SockType::Raw, SockFlag::empty(), None)));
    let held = |path: &str| boundary.hold(&directory.join(path));
    assert!(held("conf/list").is_ok() && held("conf/later/file").is_ok());
    let error = held("other/file").unwrap_err().to_string();
    assert!(error.contains("restart") && error.contains("--check"), "{error}");
    assert!(held("other/missing").is_ok(), "a restart would not help");
}

#[test]
fn who_is_inside_can_serve_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    ["conf", "other", "run"].iter().for_each(|name| fs::create_dir(at.join(name)).unwrap());
    ["conf/list", "other/file", "run/s", "run/pid", "run/other"]
        .iter()
        .for_each(|name| fs::write(at.join(name), "x").unwrap());
    let dns = TcpListener::bind("127.0.0.1:0").unwrap();
    fs::write(at.join("port"), dns.local_addr().unwrap().port().to_string()).unwrap();
    let words = ["--exact", "sandbox::tests::inside", "--nocapture", "--test-threads=1"];
    let mut command = Command::new(env::current_exe().unwrap());
    let output = command.args(words).env(INSIDE, at).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let [not_ours, denied] = [nix::libc::EPERM, nix::libc::EACCES];
    for (name, code) in [
        ("a file beside the configuration", 0),
        ("a file elsewhere", denied),
        ("the passwords", denied),
        ("a look at it", 0),
        ("a list of files elsewhere", denied),
        ("writing", denied),
        ("a new file", denied),
        ("a file beside the socket", denied),
        ("the pid file", 0),
        ("removing a socket", 0),
        ("removing a list", denied),
        ("a program", not_ours),
        ("another program", not_ours),
        ("a thread", 0),
        ("listening", denied),
        ("DNS by TCP", 0),
        ("DNS by UDP", 0),
        ("another port", denied),
        ("tracing", not_ours),
        ("a signal", not_ours),
        ("another root", not_ours),
        ("more files", not_ours),
        ("a socket of the kernel", not_ours),
    ] {
        assert!(said.contains(&format!("\n{name}: {code}\n")), "{name}, not {code}: {said}");
    }
}

#[test]
fn keys_of_domains_that_come_later_are_let_in() {
    let directory = tempfile::tempdir().unwrap();
    let at = fs::canonicalize(directory.path()).unwrap();
    let key = at.join("keys/example.com/mail2");
    fs::create_dir_all(key.parent().unwrap()).unwrap();
    fs::create_dir_all(at.join("links")).unwrap();
    fs::write(&key, "").unwrap();
    std::os::unix::fs::symlink(&key, at.join("links/mail2")).unwrap();
    let mut needs = Needs::default();
    needs.read_key(&at.join("links/mail2"));
    for wanted in ["links", "keys/example.com", "keys"] {
        assert!(needs.readable.contains(&at.join(wanted)), "{wanted}: {needs:?}");
    }
    assert!(!needs.readable.contains(&at), "{needs:?}");
    // All of a system's configuration is not let in for one domain.
    needs = Needs::default();
    needs.read_key(Path::new("/etc/example.com/mail2"));
    assert!(!needs.readable.contains(Path::new("/etc")), "{needs:?}");
}

/// A configuration whose keys depend on the sender.
fn of_senders(at: &Path, path: &str) -> Config {
    let write = |name: &str, text: String| fs::write(at.join(name), text).unwrap();
    write("keytable", format!("all %:mail:{path}\n"));
    write("signingtable", "*@* all\n".to_owned());
    let (shown, file) = (at.display(), at.join("o.conf"));
    write(
        "o.conf",
        format!(
            "Socket inet:8891@localhost\nMode s\nKeyTable file:{shown}/keytable\n\
             SigningTable refile:{shown}/signingtable\n"
        ),
    );
    let words = ["-x".into(), file.into_os_string()];
    let request = twinseal_config::serve(Door::Opendkim, words, &crate::serve::FileSystem);
    let Ok(Request::Serve(loaded)) = request else { panic!("{request:?}") };
    loaded.config
}

#[test]
fn where_links_lead_in_the_place_of_a_domain_is_let_in() {
    let directory = tempfile::tempdir().unwrap();
    let at = fs::canonicalize(directory.path()).unwrap();
    for made in ["keys", "cust/a", "cust/later", "cust/b", "cust/no", "keys/b.example"] {
        fs::create_dir_all(at.join(made)).unwrap();
    }
    fs::write(at.join("cust/a/mail2"), "").unwrap();
    fs::write(at.join("cust/b/key"), "").unwrap();
    let link = |from: &str, to: &str| {
        std::os::unix::fs::symlink(at.join(from), at.join(to)).unwrap();
    };
    link("cust/a", "keys/a.example");
    link("cust/later", "keys/later.example");
    link("cust/b/key", "keys/b.example/mail2");
    link("cust/no", "keys/-no domain-");
    let config = of_senders(&at, &format!("{}/keys/%/mail2", at.display()));
    let needs = Needs::of(&config, []);
    for (wanted, is_in) in [
        ("keys", true),
        ("cust/a", true),
        ("cust/later", true),
        ("cust/b", true),
        ("cust/no", false),
    ] {
        assert_eq!(needs.readable.contains(&at.join(wanted)), is_in, "{wanted}: {needs:?}");
    }
}

#[test]
fn what_is_not_in_force_keeps_nothing_outside() {
    let needs = Needs::default();
    let config = |directory: &Path| {
        fs::write(directory.join("port"), "5353").unwrap();
        let mut config = config(directory);
        config.reports = Some(Reports {
            signatures: true,
            policies: false,
            address: None,
            command: "/usr/sbin/sendmail".into(),
        });
        config
    };
    let directory = tempfile::tempdir().unwrap();
    let config = config(directory.path());
    let file = directory.path().join("port");
    for (files, tcp, programs) in
        [(false, false, true), (true, false, true), (true, true, true), (false, false, false)]
    {
        let boundary = Boundary::around(&needs, InForce { files, tcp, programs });
        assert_eq!(boundary.hold(&file).is_err(), files);
        let said = boundary.around_all(&config, None, &config.dns);
        let said = said.map_or_else(|outside| outside.to_string(), |()| String::new());
        assert_eq!(said.contains("port 5353"), tcp, "{said}");
        assert_eq!(said.contains("reports: to run"), programs, "{said}");
        // A key of a sender that is opened says whose refusal it is.
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        let said = boundary.explain(&file, denied).to_string();
        assert_eq!(said.contains("outside of the sandbox"), files, "{said}");
    }
}

#[test]
fn a_file_that_is_missing_behind_a_link_says_nothing_of_its_neighbour() {
    let directory = tempfile::tempdir().unwrap();
    let at = fs::canonicalize(directory.path()).unwrap();
    fs::create_dir_all(at.join("inside/keys")).unwrap();
    fs::create_dir(at.join("outside")).unwrap();
    fs::write(at.join("inside/keys/mail2"), "").unwrap();
    fs::write(at.join("outside/mail2"), "").unwrap();
    std::os::unix::fs::symlink(at.join("inside/keys"), at.join("keys")).unwrap();
    let mut needs = Needs::default();
    needs.readable.insert(at.join("inside"));
    let boundary = Boundary::around(&needs, InForce { files: true, tcp: false, programs: false });
    for (file, is_held) in [
        ("keys/mail1", true),
        ("keys/mail2", true),
        ("outside/mail1", true),
        ("outside/mail2", false),
    ] {
        assert_eq!(boundary.hold(&at.join(file)).is_ok(), is_held, "{file}");
    }
}

#[test]
fn without_landlock_calls_are_still_filtered() {
    let is = |files: Option<&rules::InForce>, calls| InForce::of(files, calls);
    assert!(is(None, false).is_none());
    let calls = is(None, true).unwrap();
    assert!(!calls.files && !calls.tcp && calls.programs);
}
