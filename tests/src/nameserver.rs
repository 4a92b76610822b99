//! A DNS server of our own: nsd with its own directory and port, authoritative for a few zones and
//! for the root, so that whoever asks it needs no other.

use crate::net::{Address, wait_for};
use crate::scratch::Scratch;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

const NSD: &str = "/usr/sbin/nsd";

/// A string of a TXT record holds no more (RFC 1035 §3.3).
const MOST_OF_A_STRING: usize = 255;

/// The zone above all others. It is empty here: what is in none of them does not exist, and no
/// resolver has to ask anybody else.
const ROOT: &str = ".";

/// A zone: its name, and the lines of its file below those that every zone has.
#[derive(Debug, Clone)]
pub struct Zone {
    /// Without a dot at the end.
    pub name: String,
    /// Lines of a zone file; names are relative to the zone, unless a dot ends them.
    pub lines: String,
}

impl Zone {
    /// A zone with a key record for each line `SELECTOR._domainkey.ANYTHING RECORD` of a file of
    /// records: the test keys, published under another domain.
    pub fn of_keys(name: &str, records: &str) -> Self {
        let mut lines = String::new();
        for (record_name, record) in records.lines().filter_map(|line| line.split_once(' ')) {
            let selector = record_name.split('.').next().unwrap_or_default();
            let _ = writeln!(lines, "{selector}._domainkey IN TXT {}", strings(record));
        }
        Self { name: name.to_owned(), lines }
    }

    /// The file of the zone, for a site of which those are the servers.
    fn file(&self, site: &Site) -> String {
        let servers = site.servers.iter().fold(String::new(), |text, (name, address)| {
            text + &format!("@ IN NS {name}\n{name} IN A {address}\n")
        });
        format!(
            "$ORIGIN {origin}\n$TTL {seconds}\n@ IN SOA ns hostmaster {serial} 3600 600 86400 {seconds}\n\
             {servers}{lines}",
            origin = if self.name == ROOT { ROOT.to_owned() } else { format!("{}.", self.name) },
            serial = site.serial,
            seconds = site.seconds,
            lines = self.lines,
        )
    }
}

/// The text of a record as a zone file has it, in strings that are not too long.
fn strings(record: &str) -> String {
    let parts = record.as_bytes().chunks(MOST_OF_A_STRING);
    let parts: Vec<String> =
        parts.map(|part| format!("\"{}\"", String::from_utf8_lossy(part))).collect();
    parts.join(" ")
}

/// Where a server listens, and which servers its zones name.
#[derive(Debug, Clone)]
pub struct Site {
    /// Its address and port.
    pub address: SocketAddrV4,
    /// The servers of every zone, relative to it; the port is 53 then for whoever goes by them.
    pub servers: Vec<(String, Ipv4Addr)>,
    /// The serial number of every zone.
    pub serial: u32,
    /// Whether it has the root as well, from which resolvers start.
    pub root: bool,
    /// For how many seconds its records hold, and what it says of those that are not there.
    pub seconds: u32,
}

impl Site {
    /// On a free port, for who is told of it.
    pub fn somewhere() -> Self {
        let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, Address::free_port());
        Self {
            address,
            servers: vec![("ns".to_owned(), Ipv4Addr::LOCALHOST)],
            serial: 1,
            root: true,
            seconds: 60,
        }
    }

    /// So many servers of the same zones, each with an address of its own on loopback and with the
    /// port that everybody asks, which takes root. The first of them has the root zone.
    pub fn of_servers(number: u8) -> Vec<Self> {
        let addresses: Vec<Ipv4Addr> = (0..number).map(|_| free_address()).collect();
        let named = addresses.iter().enumerate();
        let servers: Vec<(String, Ipv4Addr)> =
            named.map(|(index, address)| (format!("ns{}", index + 1), *address)).collect();
        let site = |(index, address): (usize, &Ipv4Addr)| Self {
            address: SocketAddrV4::new(*address, PORT),
            servers: servers.clone(),
            serial: 1,
            root: index == 0,
            seconds: 60,
        };
        addresses.iter().enumerate().map(site).collect()
    }
}

/// The port of DNS.
const PORT: u16 = 53;

/// An address on loopback whose port 53 is free, and that no other test takes.
fn free_address() -> Ipv4Addr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    for _ in 0..1000 {
        let number =
            std::process::id().wrapping_mul(64).wrapping_add(NEXT.fetch_add(1, Ordering::SeqCst));
        let [_, _, high, low] = number.to_be_bytes();
        let address = Ipv4Addr::new(127, 53, high, low.clamp(1, 254));
        if UdpSocket::bind((address, PORT)).is_ok() && TcpListener::bind((address, PORT)).is_ok() {
            return address;
        }
    }
    panic!("no address on loopback has a free port {PORT}: this test needs root");
}

/// A running server; it is stopped when dropped.
#[derive(Debug)]
pub struct Nameserver {
    process: Child,
    address: SocketAddrV4,
}

impl Nameserver {
    /// Starts one, and waits until it answers.
    pub fn start(zones: &[Zone], scratch: &Scratch) -> Self {
        Self::start_at(&Site::somewhere(), zones, scratch)
    }

    /// Starts one there, and waits until it answers.
    pub fn start_at(site: &Site, zones: &[Zone], scratch: &Scratch) -> Self {
        let root = Zone { name: ROOT.to_owned(), lines: String::new() };
        let zones: Vec<Zone> = zones.iter().cloned().chain(site.root.then_some(root)).collect();
        assert!(Path::new(NSD).exists(), "{NSD} is missing: apt-get install nsd");
        let directory = format!("nsd-{}", site.address);
        let configuration = configuration(&zones, site, &directory, scratch);
        let log = scratch.join(&format!("{directory}/nsd.log"));
        let process = Command::new(NSD)
            .args(["-d", "-c"])
            .arg(scratch.write(&format!("{directory}/nsd.conf"), configuration))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).expect("a file for its words"))
            .spawn()
            .expect("nsd, of the Debian package nsd");
        let server = Self { process, address: site.address };
        for Zone { name, .. } in &zones {
            let answers = wait_for(Duration::from_secs(10), || server.answers(name).then_some(()));
            let log = fs::read_to_string(&log).unwrap_or_default();
            assert!(answers.is_some(), "nsd does not answer for {name}:\n{log}");
        }
        server
    }

    /// Has it publish this zone in the place of the one of that name; it takes a moment.
    pub fn publish(&self, zone: &Zone, site: &Site, scratch: &Scratch) {
        let file = format!("nsd-{}/zone-{}", self.address, zone.name);
        scratch.write(&file, zone.file(site));
        let _ = Command::new("kill").args(["-HUP", &self.process.id().to_string()]).status();
    }

    /// Its port, on 127.0.0.1 unless it was started elsewhere, for UDP and TCP.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Its address in the words of unbound.
    pub fn for_stub(&self) -> String {
        format!("{}@{}", self.address.ip(), self.address.port())
    }

    /// The configuration of a resolver of libunbound that asks it, and nobody else.
    pub fn for_unbound(&self) -> String {
        format!(
            "server:\n do-not-query-localhost: no\n use-syslog: no\n\
             stub-zone:\n name: \".\"\n stub-addr: {}\n",
            self.for_stub()
        )
    }

    /// Whether it knows the zone: it is asked for its SOA record, over UDP, and takes TCP.
    fn answers(&self, zone: &str) -> bool {
        let mut question = vec![0x54, 0x53, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in zone.split('.').filter(|label| !label.is_empty()) {
            question.push(u8::try_from(label.len()).expect("a label is short"));
            question.extend_from_slice(label.as_bytes());
        }
        question.extend_from_slice(&[0, 0, 6, 0, 1]);
        let ask = || {
            let socket = UdpSocket::bind(("127.0.0.1", 0))?;
            socket.set_read_timeout(Some(Duration::from_millis(200)))?;
            socket.send_to(&question, self.address)?;
            let mut answer = [0; 512];
            let length = socket.recv(&mut answer)?;
            // No error, and one answer.
            Ok::<_, std::io::Error>(length > 12 && answer[3] & 15 == 0 && answer[7] == 1)
        };
        ask().unwrap_or(false) && TcpStream::connect(self.address).is_ok()
    }
}

impl Drop for Nameserver {
    fn drop(&mut self) {
        // It has children, which it ends when it is asked to, not when it is killed.
        let _ = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        let ended = wait_for(Duration::from_secs(5), || self.process.try_wait().ok().flatten());
        if ended.is_none() {
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
    }
}

/// All its files lie in one directory of the scratch.
fn configuration(zones: &[Zone], site: &Site, name: &str, scratch: &Scratch) -> String {
    let directory: PathBuf = scratch.dir(name);
    let (ip, port) = (site.address.ip(), site.address.port());
    let mut text = format!(
        "server:\n ip-address: {ip}@{port}\n port: {port}\n username: \"\"\n database: \"\"\n\
         \x20zonesdir: \"{dir}\"\n zonelistfile: \"{dir}/zone.list\"\n pidfile: \"\"\n\
         \x20xfrdfile: \"{dir}/xfrd.state\"\n xfrdir: \"{dir}\"\n server-count: 1\n rrl-ratelimit: 0\n\
         remote-control:\n control-enable: no\n",
        dir = directory.display(),
    );
    for zone in zones {
        let file = format!("zone-{}", zone.name);
        scratch.write(&format!("{name}/{file}"), zone.file(site));
        let _ = write!(text, "zone:\n name: \"{}\"\n zonefile: \"{file}\"\n", zone.name);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_record_is_cut_into_strings() {
        let zone =
            Zone::of_keys("x.example", &format!("s._domainkey.a.example {}", "x".repeat(300)));
        let (first, second) = ("x".repeat(255), "x".repeat(45));
        assert_eq!(zone.lines, format!("s._domainkey IN TXT \"{first}\" \"{second}\"\n"));
    }
}
