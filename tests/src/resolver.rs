//! A resolver of our own: unbound, which finds out from the name servers of a test what they have.

use crate::nameserver::Nameserver;
use crate::net::{Address, wait_for};
use crate::scratch::Scratch;
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const UNBOUND: &str = "/usr/sbin/unbound";

/// A running resolver; it is stopped when dropped. It starts from the root that is on the name
/// server that it was started with.
#[derive(Debug)]
pub struct Resolver {
    process: Child,
    address: SocketAddrV4,
}

impl Resolver {
    /// Starts one, and waits until it listens.
    pub fn start(root: &Nameserver, scratch: &Scratch) -> Self {
        Self::start_with(" cache-max-ttl: 1\n cache-max-negative-ttl: 1\n", root, scratch)
    }

    /// The same for one that remembers as long as it is told to.
    pub fn start_remembering(root: &Nameserver, scratch: &Scratch) -> Self {
        Self::start_with("", root, scratch)
    }

    fn start_with(memory: &str, root: &Nameserver, scratch: &Scratch) -> Self {
        assert!(Path::new(UNBOUND).exists(), "{UNBOUND} is missing: apt-get install unbound");
        let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, Address::free_port());
        let directory = scratch.dir("unbound");
        let configuration = format!(
            "server:\n interface: {ip}@{port}\n port: {port}\n do-daemonize: no\n username: \"\"\n\
             \x20chroot: \"\"\n directory: \"{dir}\"\n pidfile: \"\"\n use-syslog: no\n\
             \x20logfile: \"\"\n do-not-query-localhost: no\n module-config: \"iterator\"\n\
             {memory} num-threads: 1\n\
             \x20outgoing-range: 512\n num-queries-per-thread: 512\n do-ip6: no\n\
             stub-zone:\n name: \".\"\n stub-addr: {root}\n\
             remote-control:\n control-enable: no\n",
            ip = address.ip(),
            port = address.port(),
            dir = directory.display(),
            root = root.for_stub(),
        );
        let file = scratch.write("unbound/unbound.conf", configuration);
        let log = scratch.join("unbound/unbound.log");
        let process = Command::new(UNBOUND)
            .args(["-d", "-c"])
            .arg(file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).expect("a file for its words"))
            .spawn()
            .expect("unbound, of the Debian package unbound");
        let resolver = Self { process, address };
        let up = wait_for(Duration::from_secs(10), || TcpStream::connect(address).ok());
        let log = std::fs::read_to_string(&log).unwrap_or_default();
        assert!(up.is_some(), "unbound does not listen:\n{log}");
        resolver
    }

    /// Its address, as a name server is written.
    pub fn address(&self) -> SocketAddrV4 {
        self.address
    }
}

impl Drop for Resolver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
