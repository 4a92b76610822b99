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
/// chroot there may be none), the one on this host, as the system's own resolver does. That, and
/// lines that name no server, are told to `warn`.
///
/// Search domains, `options` and the like are not looked at: all our names are absolute, and how
/// long to wait is configured.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: Option<&str>) -> (Vec<String>, Vec<String>) {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("resolv.conf");
        if let Some(text) = text {
            fs::write(&file, text).unwrap();
        }
        let mut warnings = Vec::new();
        let servers = nameservers(&file, |warning| warnings.push(warning));
        let place = directory.path().display().to_string();
        let warnings = warnings.into_iter().map(|warning| warning.replace(&place, "")).collect();
        (servers.iter().map(ToString::to_string).collect(), warnings)
    }

    #[test]
    fn servers_come_in_their_order_and_the_rest_is_passed_over() {
        let text = "# nameserver 192.0.2.9\n; nameserver 192.0.2.8\nsearch a.example b.example\n\
                    nameserver 192.0.2.1\n  nameserver\t2001:db8::1  # ours\n\
                    options ndots:5 edns0 use-vc nonsense\nnameserver fe80::1%1\nnonsense\nnameserver\n";
        let (servers, warnings) = told(Some(text));
        assert_eq!(servers, ["192.0.2.1:53", "[2001:db8::1]:53", "[fe80::1%1]:53"]);
        assert_eq!(warnings, [""; 0]);
    }

    #[test]
    fn what_is_no_address_is_told_and_passed_over() {
        let (servers, warnings) = told(Some("nameserver dns.example\nnameserver 192.0.2.1\n"));
        assert_eq!(servers, ["192.0.2.1:53"]);
        let want = "/resolv.conf:1: \"dns.example\" is no address of a server; passed over";
        assert_eq!(warnings, [want]);
    }

    #[test]
    fn without_a_server_this_host_is_asked_and_that_is_told() {
        for (text, why) in [
            (None, "/resolv.conf cannot be read (No such file or directory (os error 2))"),
            (Some("search a.example\n"), "/resolv.conf names no server"),
        ] {
            let (servers, warnings) = told(text);
            assert_eq!(servers, ["127.0.0.1:53"]);
            assert_eq!(warnings, [format!("{why}: DNS is asked at 127.0.0.1:53")]);
        }
    }
}
