//! The roots in which packages are tried out: that they are hosts, and leave nothing behind.

use std::fs;
use std::path::Path;
use twinseal_e2e::root::Root;

#[test]
fn a_root_runs_systemd_has_its_own_network_and_installs_packages() {
    let root = Root::boot("systemd");
    assert_eq!(root.sh("cat /proc/1/comm; hostname"), "systemd\nmx.example.com\n");
    assert!(root.sh("systemctl is-active systemd-journald").contains("active"));
    let addresses = root.sh("ip -brief address");
    assert_eq!(addresses.lines().count(), 1, "it has more than a loopback: {addresses}");
    root.sh("apt-get install -y -q swaks");
    let failed = root.try_sh("echo begun; false; echo never");
    assert_eq!((failed.text.as_str(), failed.status.code()), ("begun\n", Some(1)));
    assert!(!Path::new("/.outside").exists() && !root.path("/.outside").exists());
}

#[test]
fn what_is_done_in_a_root_is_gone_with_it() {
    let root = Root::without_systemd("gone");
    root.write("/etc/mark", "here\n");
    assert_eq!(root.sh("cat /etc/mark; cat /proc/1/comm"), "here\nsh\n");
    root.sh("sleep 1000 >/dev/null 2>&1 & echo $! >/run/sleeper");
    let inside = root.path("/run/sleeper");
    assert!(inside.exists());
    drop(root);
    assert!(!inside.exists());
    let again = Root::without_systemd("gone");
    assert!(!again.path("/etc/mark").exists());
    let groups = fs::read_dir("/sys/fs/cgroup").expect("control groups");
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    let left: Vec<_> = groups.flatten().map(name).filter(|name| name.contains("root-")).collect();
    assert!(left.is_empty(), "{left:?}");
}
