//! The domains of a guide: an nsd in the root has their zones, as a registrar's would, and an unbound
//! in front of it is the host's resolver. It keeps no answer, so that nobody has to wait, and knows
//! of nothing else.

use crate::root::Root;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Where the zones are served; the resolver has port 53 of 127.0.0.1.
const SERVER: &str = "127.0.0.2";

/// Zones, and what has been published in them.
#[derive(Debug)]
pub struct Zone {
    domains: Vec<&'static str>,
    /// The lines of each name.
    published: BTreeMap<String, String>,
    serial: u32,
}

impl Zone {
    /// Installs and starts both servers.
    pub fn start(root: &Root, domains: &[&'static str]) -> Self {
        // Neither may answer for the other, and nothing starts before it is told what to do.
        let zone = Self { domains: domains.to_vec(), published: BTreeMap::new(), serial: 1 };
        root.write("/etc/nsd/nsd.conf", zone.nsd());
        root.write("/etc/unbound/unbound.conf", zone.unbound());
        zone.write(root);
        root.sh("apt-get install -y -q -o Dpkg::Options::=--force-confold nsd unbound");
        root.sh("systemctl restart nsd unbound");
        zone
    }

    /// Publishes records as zone files have them: what they say of a name takes the place of what
    /// was there.
    pub fn publish(&mut self, root: &Root, records: &str) {
        let entries = entries(records);
        assert!(!entries.is_empty(), "there is no record in {records:?}");
        let mut new: BTreeMap<String, String> = BTreeMap::new();
        for (name, text) in entries {
            let known = self.domains.iter().any(|domain| is_below(&name, domain));
            assert!(known, "{name} is in none of the zones {:?}", self.domains);
            new.entry(name).or_default().push_str(&text);
        }
        self.published.extend(new);
        self.serial += 1;
        self.write(root);
        root.sh("systemctl restart nsd");
    }

    /// The key records, as the judges take them: a name and the text of its record on each line.
    pub fn keys(&self) -> String {
        let keys = self.published.iter().filter(|(name, _)| name.contains("._domainkey."));
        keys.map(|(name, text)| {
            let strings: String = text.split('"').skip(1).step_by(2).collect();
            format!("{} {strings}\n", name.trim_end_matches('.'))
        })
        .collect()
    }

    fn write(&self, root: &Root) {
        for domain in &self.domains {
            let serial = self.serial;
            let mut text = format!(
                "$TTL 60\n\
                 {domain}. IN SOA ns.{domain}. hostmaster.{domain}. {serial} 3600 600 86400 60\n\
                 {domain}. IN NS ns.{domain}.\n\
                 ns.{domain}. IN A {SERVER}\n\
                 {domain}. IN MX 10 mx.{domain}.\n\
                 mx.{domain}. IN A 127.0.0.1\n"
            );
            let ours = self.published.iter().filter(|(name, _)| is_below(name, domain));
            ours.for_each(|(_, lines)| text.push_str(lines));
            root.write(&format!("/etc/nsd/{domain}.zone"), text);
        }
    }

    fn nsd(&self) -> String {
        let mut text = format!(
            "server:\n  ip-address: {SERVER}\n  hide-version: yes\nremote-control:\n  \
             control-enable: no\n"
        );
        for domain in &self.domains {
            // Writing to a String cannot fail.
            let _ = write!(text, "zone:\n  name: {domain}\n  zonefile: /etc/nsd/{domain}.zone\n");
        }
        text
    }

    fn unbound(&self) -> String {
        let mut text = "server:\n  interface: 127.0.0.1\n  do-not-query-localhost: no\n  \
                        module-config: \"iterator\"\n  cache-max-ttl: 0\n  \
                        cache-max-negative-ttl: 0\n  infra-host-ttl: 0\n  \
                        local-zone: \".\" static\n"
            .to_owned();
        for domain in &self.domains {
            let _ = writeln!(text, "  local-zone: \"{domain}.\" transparent");
        }
        text.push_str("remote-control:\n  control-enable: no\n");
        for domain in &self.domains {
            let _ = write!(text, "stub-zone:\n  name: \"{domain}\"\n  stub-addr: {SERVER}\n");
        }
        text
    }
}

/// Whether a name with its final dot is the domain or below it.
fn is_below(name: &str, domain: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// The entries of lines of a zone file, by name. Comments are left out.
fn entries(records: &str) -> Vec<(String, String)> {
    let mut entries: Vec<(String, String)> = Vec::new();
    for line in records.lines().filter(|line| !line.trim().is_empty() && !line.starts_with(';')) {
        match entries.last_mut() {
            Some((_, text)) if line.starts_with([' ', '\t']) => {
                text.push_str(line);
                text.push('\n');
            }
            _ => {
                let name = line.split_whitespace().next().unwrap_or_default();
                entries.push((name.to_ascii_lowercase(), format!("{line}\n")));
            }
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::{Zone, entries, is_below};
    use std::collections::BTreeMap;

    #[test]
    fn entries_may_go_over_several_lines() {
        let records = "; x\nA.b.\tIN\tTXT\t( \"1\"\n\t\"2\" )  ; key\n\nc.b. IN TXT \"3\"\n";
        let want = [
            ("a.b.", "A.b.\tIN\tTXT\t( \"1\"\n\t\"2\" )  ; key\n"),
            ("c.b.", "c.b. IN TXT \"3\"\n"),
        ];
        let want = want.map(|(name, text)| (name.to_owned(), text.to_owned()));
        assert_eq!(entries(records), want);
    }

    #[test]
    fn judges_are_handed_keys_and_nothing_else() {
        let of = |records| entries(records).into_iter().collect::<BTreeMap<_, _>>();
        let records = "m._domainkey.b. IN TXT ( \"v=DKIM1; \"\n \"p=x\" )\nb. IN TXT \"v=spf1\"\n";
        let zone = Zone { domains: vec!["b"], published: of(records), serial: 1 };
        assert_eq!(zone.keys(), "m._domainkey.b v=DKIM1; p=x\n");
    }

    #[test]
    fn a_domain_is_no_other_one_that_ends_like_it() {
        assert!(is_below("a.b.", "b") && is_below("b.", "b") && !is_below("ab.", "b"));
    }
}
