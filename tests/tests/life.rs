//! From root to the user of the configuration, and to an orderly end.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::process::Command;
use std::time::Duration;
use twinseal_e2e::message::{Message, tag};
use twinseal_e2e::milter::{Peer, inserted};
use twinseal_e2e::net::{Address, wait_for};
use twinseal_e2e::program::{self, Daemon, is_running};
use twinseal_e2e::scratch::Scratch;
use twinseal_e2e::users::{HISTORIC, Users};

const MESSAGE: &[u8] = b"From: ann@example.com\r\nTo: bob@example.net\r\n\r\ntext\r\n";

/// A number of the user database.
fn id(option: &str, user: &str) -> u32 {
    let output = Command::new("id").args([option, user]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

/// The numbers on a line of the process's status.
fn status(pid: u32, name: &str) -> Vec<u32> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
    line.split_whitespace().map(|number| number.parse().unwrap()).collect()
}

#[test]
fn root_is_given_up_after_keys_are_read_and_before_sockets_are_made() {
    let scratch = Scratch::new("life");
    // Their groups, which postfix belongs to, are neither its own nor the one that is configured.
    let _users = Users::historic();
    let (user, group) = (id("-u", "postfix"), id("-g", "nobody"));
    let run = scratch.dir("run");
    std::os::unix::fs::chown(&run, Some(user), Some(group)).unwrap();
    // Only root can read it.
    let key = scratch.key("rsa1024");
    let (socket, pid_file) = (run.join("t.sock"), run.join("t.pid"));
    let address = Address::Unix(socket.clone());
    let text = format!(
        "socket: unix:{}\nuser: postfix:nogroup\npid-file: {}\nlog: {{ to: stderr }}\n\
         signing: [{{ senders: '*@example.com', domain: example.com, keys: [{{ file: {} }}] }}]\n",
        socket.display(),
        pid_file.display(),
        key.display(),
    );
    let file = scratch.write("t.yaml", text);
    let arguments = ["serve", "--config", &file.to_string_lossy()];
    let daemon = Daemon::start(&arguments, &address, &scratch);

    let pid = daemon.pid();
    assert_eq!(status(pid, "Uid:"), [user; 4]);
    assert_eq!(status(pid, "Gid:"), [group; 4]);
    let groups = status(pid, "Groups:");
    assert!(!groups.contains(&0), "root's groups are kept: {groups:?}");
    for name in HISTORIC {
        assert!(groups.contains(&id("-g", name)), "{groups:?} lacks that of {name}");
    }
    let made = fs::metadata(&socket).unwrap();
    assert!(made.file_type().is_socket());
    assert_eq!((made.uid(), made.gid(), made.mode() & 0o777), (user, group, 0o770));
    assert_eq!(fs::read_to_string(&pid_file).unwrap(), format!("{pid}\n"));

    let mut peer = Peer::connect(&address).unwrap();
    peer.negotiate().unwrap();
    peer.ask(b'C', b"localhost\x004\x30\x39127.0.0.1\0").unwrap();
    peer.ask(b'H', b"helo\0").unwrap();
    let answers =
        peer.deliver("ann@example.com", "bob@example.net", &Message::parse(MESSAGE)).unwrap();
    assert_eq!(answers.iter().filter(|(letter, _)| *letter == b'i').count(), 2);

    assert!(daemon.stop().success());
    assert!(!socket.exists() && !pid_file.exists(), "something is left behind");
}

/// The selectors that sign a message on a new connection.
fn selectors(address: &Address) -> Vec<String> {
    let mut peer = Peer::connect(address).unwrap();
    peer.negotiate().unwrap();
    peer.introduce("localhost", "127.0.0.1").unwrap();
    let message = Message::parse(MESSAGE);
    let answers = peer.deliver("ann@example.com", "bob@example.net", &message).unwrap();
    let sealed = inserted(MESSAGE, &answers).unwrap();
    let fields = Message::parse(&sealed).fields;
    fields.iter().filter_map(|field| tag(field, "s")).collect()
}

#[test]
fn a_reload_reads_lists_and_keys_in_place_of_dk_filter() {
    let scratch = Scratch::new("signals");
    let address = Address::any_inet();
    let key = scratch.key("rsa1024").display().to_string();
    let list = scratch.write("t.list", format!("*@example.com:example.com:{key}\n"));
    let (socket, file) = (address.for_filter(), list.display().to_string());
    for words in ["serve", "dk-filter -f"] {
        let mut arguments: Vec<&str> = words.split(' ').collect();
        arguments.extend(["-b", "s", "-d", "example.com", "-p", &socket, "-k", "-s", &file]);
        let daemon = Daemon::start(&arguments, &address, &scratch);
        for (signaled, name) in [("HUP", "rsa2048"), ("USR1", "rsa1024")] {
            let key = scratch.key(name).display().to_string();
            fs::write(&list, format!("*@example.com:example.com:{key}\n")).unwrap();
            daemon.signal(signaled);
            assert!(daemon.has_logged(("configuration", "reloaded")), "{}", daemon.log());
            let changed = || selectors(&address).iter().all(|one| one == name).then_some(());
            assert!(wait_for(Duration::from_secs(5), changed).is_some(), "{}", daemon.log());
        }
        fs::write(&list, "*@example.com:example.com:/no/such/key\n").unwrap();
        daemon.signal("USR1");
        assert!(daemon.has_logged(("reload:", "the configuration in force stays")));
        assert!(daemon.log().contains("/no/such/key"), "{}", daemon.log());
        assert!(selectors(&address).iter().all(|one| one == "rsa1024"));
        assert!(daemon.stop().success());
        fs::write(&list, format!("*@example.com:example.com:{key}\n")).unwrap();
    }
}

#[test]
fn what_a_reload_cannot_change_is_named() {
    let scratch = Scratch::new("signals");
    let address = Address::any_inet();
    let key = scratch.key("rsa1024").display().to_string();
    let text = format!(
        "socket: {}\nmode: s\nsigning: [{{ senders: '*@example.com', domain: example.com, \
         keys: [{{ file: {key} }}] }}]\n",
        address.for_filter()
    );
    let file = scratch.write("t.yaml", &text);
    let daemon =
        Daemon::start(&["serve", "--config", &file.display().to_string()], &address, &scratch);
    fs::write(&file, text.clone() + "pid-file: /nowhere/t.pid\nlimits: { connections: 7 }\n")
        .unwrap();
    daemon.signal("HUP");
    assert!(daemon.has_logged(("configuration reloaded from", "t.yaml")), "{}", daemon.log());
    for name in ["pid-file", "limits.connections"] {
        let line = format!("{name}: a new value needs a restart");
        assert!(daemon.log().contains(&line), "{}", daemon.log());
    }
    assert!(!daemon.log().contains("foreground"), "{}", daemon.log());
}

#[test]
fn only_the_file_of_dkim_filter_counts_after_a_reload() {
    let scratch = Scratch::new("signals");
    let address = Address::any_inet();
    let key = scratch.key("rsa1024").display().to_string();
    let socket = address.for_filter();
    let daemon =
        Daemon::start(&["dkim-filter", "-f", "-p", &socket, "-b", "v"], &address, &scratch);
    daemon.signal("USR1");
    assert!(daemon.has_logged(("ignoring", "reload signal")), "{}", daemon.log());
    assert!(daemon.stop().success());

    let file = scratch.write("t.conf", "Selector file\nDomain example.com\n").display().to_string();
    let words = ["dkim-filter", "-f", "-x", &file, "-p", &socket, "-k", &key, "-s", "line"];
    let daemon = Daemon::start(&words, &address, &scratch);
    assert_eq!(selectors(&address), ["line"]);
    // The key stands on the command line only.
    daemon.signal("USR1");
    assert!(daemon.has_logged(("reload:", "the configuration in force stays")), "{}", daemon.log());
    assert_eq!(selectors(&address), ["line"]);
    fs::write(&file, format!("Selector file\nDomain example.com\nKeyFile {key}\n")).unwrap();
    daemon.signal("USR1");
    assert!(daemon.has_logged(("configuration reloaded from", "t.conf")), "{}", daemon.log());
    // The socket stays, though no file names it.
    assert_eq!(selectors(&address), ["file"]);
    assert!(!daemon.log().contains("needs a restart"), "{}", daemon.log());
}

#[test]
fn a_key_that_only_root_can_read_is_kept_as_long_as_it_is_the_same() {
    let scratch = Scratch::new("signals");
    let address = Address::any_inet();
    let key = scratch.key("rsa1024");
    let text = format!(
        "socket: {}\nuser: nobody\nmode: s\nsigning: [{{ senders: '*@example.com', \
         domain: example.com, keys: [{{ file: {} }}] }}]\n",
        address.for_filter(),
        key.display()
    );
    let file = scratch.write("t.yaml", text);
    let daemon =
        Daemon::start(&["serve", "--config", &file.display().to_string()], &address, &scratch);
    let reloaded = |count: usize| {
        daemon.signal("HUP");
        let enough =
            || (daemon.log().matches("configuration reloaded").count() == count).then_some(());
        wait_for(Duration::from_secs(5), enough).is_some()
    };
    assert!(reloaded(1), "{}", daemon.log());
    // It cannot even be looked at.
    fs::set_permissions(key.parent().unwrap(), fs::Permissions::from_mode(0o700)).unwrap();
    assert!(reloaded(2), "{}", daemon.log());
    assert_eq!(selectors(&address), ["rsa1024"; 2]);
    // Another one under the same name is not known to be the same.
    fs::set_permissions(key.parent().unwrap(), fs::Permissions::from_mode(0o755)).unwrap();
    scratch.write_with_mode("new", fs::read(&key).unwrap(), 0o600);
    fs::rename(scratch.join("new"), &key).unwrap();
    daemon.signal("HUP");
    assert!(daemon.has_logged(("reload:", "the configuration in force stays")), "{}", daemon.log());
    assert!(daemon.log().contains("cannot be read"), "{}", daemon.log());
    assert_eq!(selectors(&address), ["rsa1024"; 2]);
}

#[test]
fn a_hangup_ends_dkim_filter_as_it_always_did() {
    let scratch = Scratch::new("hangup");
    let address = Address::any_inet();
    let socket = address.for_filter();
    let daemon =
        Daemon::start(&["dkim-filter", "-f", "-p", &socket, "-b", "v"], &address, &scratch);
    let pid = daemon.pid();
    assert!(Command::new("kill").args(["-s", "HUP", &pid.to_string()]).status().unwrap().success());
    let gone = || (!is_running(pid)).then_some(());
    assert!(wait_for(Duration::from_secs(10), gone).is_some(), "{}", daemon.log());
    let (status, log) = daemon.stop_with_log();
    assert!(status.success() && log.contains("terminating with status 0"), "{log}");
}

#[test]
fn who_is_the_user_already_stays_so_and_hears_of_too_few_descriptors() {
    let scratch = Scratch::new("already");
    let address = Address::any_inet();
    let key = scratch.key("rsa1024");
    std::os::unix::fs::chown(&key, Some(id("-u", "nobody")), None).unwrap();
    let log = scratch.write("t.log", "");
    // As a service manager does with a user and another group than the user's own.
    let script = format!(
        "ulimit -n 100; exec {} serve -u nobody -p {} -d example.com -s {} -S m 2>{}",
        program::path().display(),
        address.for_filter(),
        key.display(),
        log.display()
    );
    fs::set_permissions(&log, fs::Permissions::from_mode(0o666)).unwrap();
    let mut process = Command::new("setpriv")
        .args(["--reuid", "nobody", "--regid", "mail", "--clear-groups", "sh", "-c", &script])
        .spawn()
        .unwrap();
    let connected = wait_for(Duration::from_secs(10), || address.connect().ok());
    let _ = Command::new("kill").arg(process.id().to_string()).status();
    let status = process.wait().unwrap();
    let log = fs::read_to_string(log).unwrap();
    assert!(connected.is_some() && status.success(), "{status}: {log}");
    assert!(log.contains("limits.connections: the system grants"), "{log}");
}
