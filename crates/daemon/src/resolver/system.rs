//! Which servers this host asks: `/etc/resolv.conf`.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use twinseal_message::text;

/// The file that says so (resolv.conf(5)).
pub const CONFIGURATION: &str = "/etc/resolv.conf";

/// The port of DNS.
pub const PORT: u16 = 53;

/// The servers that the file names, in its order; where it names none, or cannot be read (in a
/// chroot there may be none), the one on this host, as the system's own resolver does. That, and lines
/// that name no server, are told to `warn`.
///
/// Search domains, `options` and the like are not looked at: all our names are absolute, and how long
/// to wait is configured.
pub fn nameservers(file: &Path, mut warn: impl FnMut(String)) -> Vec<SocketAddr> {
    let here = SocketAddr::from((Ipv4Addr::LOCALHOST, PORT));
    let shown = text::path(file);
    let servers = match fs::read(file) {
        Ok(octets) => named(&String::from_utf8_lossy(&octets), |line, found| {
            warn(format!("{shown}:{line}: {found:?} is no address of a server; passed over"));
        }),
        Err(error) => {
            warn(format!("{shown} cannot be read ({error}): DNS is asked at {here}"));
            return vec![here];
        }
    };
    if servers.is_empty() {
        warn(format!("{shown} names no server: DNS is asked at {here}"));
        return vec![here];
    }
    servers
}

/// The addresses of the lines `nameserver ADDRESS`; what is none goes to `bad`, with its line.
fn named(text: &str, mut bad: impl FnMut(usize, &str)) -> Vec<SocketAddr> {
    let mut servers = Vec::new();
    for (line, words) in (1..).zip(text.lines().map(str::split_whitespace)) {
        let mut words = words;
        let (Some("nameserver"), Some(found)) = (words.next(), words.next()) else { continue };
        match address(found) {
            Some(server) => servers.push(server),
            None => bad(line, found),
        }
    }
    servers
}

/// An address, for IPv6 perhaps with the number of its interface: `fe80::1%2`.
fn address(text: &str) -> Option<SocketAddr> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(SocketAddr::new(address, PORT));
    }
    let (address, interface) = text.split_once('%')?;
    let index = interface.parse().or_else(|_| nix::net::if_::if_nametoindex(interface)).ok()?;
    let address = std::net::SocketAddrV6::new(address.parse().ok()?, PORT, 0, index);
    Some(SocketAddr::V6(address))
}
