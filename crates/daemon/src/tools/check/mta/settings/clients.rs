//! Clients that may relay, and for which nothing is signed.

use crate::tools::check::finding::{Mend, Sheet};
use crate::tools::check::mta::kinds;
use crate::tools::check::mta::postfix::Postfix;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use twinseal_config::Config;
use twinseal_message::text;

/// Looks at `mynetworks`.
///
/// LIMIT: tables are not looked into, and exceptions (`!`) not taken off; of a network only the
/// ends are asked about.
pub(super) fn look(postfix: &Postfix, config: &Config, sheet: &mut Sheet) {
    const PARAMETER: &str = "mynetworks";
    let has_ipv6 = postfix.value("inet_protocols") != "ipv4";
    let is_unsigned = |word: &&str| {
        let ends = ends(word).into_iter().filter(|address| has_ipv6 || address.is_ipv4());
        ends.into_iter().any(|address| !config.internal_hosts.contains(None, Some(address)))
    };
    let words = postfix.value(PARAMETER).split(|ch: char| ch == ',' || ch.is_ascii_whitespace());
    let unsigned: Vec<&str> = words.filter(is_unsigned).collect();
    if unsigned.is_empty() {
        return;
    }
    let what = format!("internal-hosts lacks {}", text::shown(&unsigned.join(", ")));
    let advice = "put those into internal-hosts whose mail is yours to sign, and no others";
    let place = format!("{}: {PARAMETER}", postfix.file("main.cf"));
    sheet.find(&kinds::CLIENTS, place, what, Mend::say(advice));
}

/// The first and the last address of a network; nothing for names of tables and exceptions. Of the
/// network of this host alone, only the address that is in use.
fn ends(word: &str) -> Vec<IpAddr> {
    let (address, bits) = word.split_once('/').map_or((word, None), |(a, bits)| (a, Some(bits)));
    let bare = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(address);
    let bits = bits.map(str::parse::<u32>);
    match bare.parse() {
        Ok(IpAddr::V4(address)) if address.is_loopback() => vec![Ipv4Addr::LOCALHOST.into()],
        Ok(IpAddr::V4(address)) => {
            let Ok(bits) = bits.unwrap_or(Ok(Ipv4Addr::BITS)) else { return Vec::new() };
            let host = u32::MAX.checked_shr(bits).unwrap_or(0);
            let first = u32::from(address) & !host;
            [first, first | host].map(|number| Ipv4Addr::from(number).into()).to_vec()
        }
        Ok(IpAddr::V6(address)) => {
            let Ok(bits) = bits.unwrap_or(Ok(Ipv6Addr::BITS)) else { return Vec::new() };
            let host = u128::MAX.checked_shr(bits).unwrap_or(0);
            let first = u128::from(address) & !host;
            [first, first | host].map(|number| Ipv6Addr::from(number).into()).to_vec()
        }
        Err(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::ends;

    #[test]
    fn a_network_is_judged_by_its_ends() {
        for (word, want) in [
            ("127.0.0.0/8", "127.0.0.1"),
            ("[::1]/128", "::1 ::1"),
            ("192.0.2.7/24", "192.0.2.0 192.0.2.255"),
            ("192.0.2.7", "192.0.2.7 192.0.2.7"),
            ("0.0.0.0/0", "0.0.0.0 255.255.255.255"),
            ("[2001:db8::]/32", "2001:db8:: 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("192.0.2.0/99", "192.0.2.0 192.0.2.0"),
            ("!192.0.2.1", ""),
            ("hash:/etc/postfix/networks", ""),
            ("/etc/postfix/networks", ""),
            ("192.0.2.0/x", ""),
        ] {
            let found: Vec<String> = ends(word).iter().map(ToString::to_string).collect();
            assert_eq!(found.join(" "), want, "{word}");
        }
    }
}
