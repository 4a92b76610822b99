//! SMTP clients that decisions are taken for: some that the lists name, and some that they do not.

use super::root::Root;
use crate::rehearsal::Caller;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use twinseal_config::{Config, HostList};

/// How many hosts of the lists are looked at, and how many of those that not all lists have become
/// clients.
const MAX_HOSTS: usize = 1000;
const MAX_DISPUTED: usize = 8;

/// Addresses for examples, which are nobody's.
const NOBODY: [[u8; 4]; 3] = [[203, 0, 113, 25], [198, 51, 100, 25], [192, 0, 2, 25]];

/// A list of a configuration.
type ListOf = fn(&Config) -> &HostList;

/// A client, and what it is called where something is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Client {
    pub(super) label: String,
    pub(super) caller: Caller,
}

impl Client {
    fn new(label: String, host: String, address: IpAddr) -> Self {
        let macros = [("i", "MIGRATE"), ("j", "mta.invalid"), ("{daemon_name}", "mta.invalid")];
        let macros = macros.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        Self { label, caller: Caller { host, address, macros } }
    }

    fn with(mut self, label: String, macros: &[(&str, &str)]) -> Self {
        self.label = label;
        for (name, value) in macros {
            self.caller.macros.retain(|(known, _)| known != name);
            self.caller.macros.push(((*name).to_owned(), (*value).to_owned()));
        }
        self
    }

    /// Reads `ADDRESS`, or `NAME,ADDRESS`.
    ///
    /// # Errors
    /// What would be right.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (host, address) = match text.rsplit_once(',') {
            Some((host, address)) => (Some(host.to_owned()), address),
            None => (None, text),
        };
        let address: IpAddr = address
            .parse()
            .map_err(|_| format!("found {text:?}, allowed: an address, or a name,address"))?;
        let host = host.unwrap_or_else(|| format!("[{address}]"));
        Ok(Self::new(format!("{host} {address}"), host, address))
    }
}

/// The clients for those configurations, and those that were given.
pub(super) fn choose(configs: &[&Config], root: &Root, given: Vec<Client>) -> Vec<Client> {
    let local = IpAddr::from(Ipv4Addr::LOCALHOST);
    let mut clients = vec![Client::new("this host".to_owned(), "localhost".to_owned(), local)];
    let outside = outside(configs);
    clients.extend(listed(configs, root, outside.as_ref()));
    if let Some(outside) = outside {
        let address = outside.caller.address;
        let sender = [("{auth_type}", "PLAIN"), ("{auth_authen}", "user")];
        let label = format!("an authenticated client outside, {address}");
        let special: Vec<Client> = configs
            .iter()
            .flat_map(|config| special(config))
            .map(|(name, value)| {
                outside.clone().with(format!("outside with {name}={value}"), &[(&name, &value)])
            })
            .collect();
        clients.push(outside.clone());
        clients.push(outside.with(label, &sender));
        clients.extend(special);
    }
    clients.extend(given);
    let mut chosen: Vec<Client> = Vec::new();
    for client in clients {
        if !chosen.iter().any(|known| known.caller == client.caller) {
            chosen.push(client);
        }
    }
    chosen
}

/// A client that no list names.
fn outside(configs: &[&Config]) -> Option<Client> {
    let known = |address: IpAddr| {
        let in_list = |list: &HostList| list.contains(None, Some(address));
        configs.iter().any(|config| in_list(&config.internal_hosts) || in_list(&config.peers))
    };
    let address = NOBODY.map(IpAddr::from).into_iter().find(|address| !known(*address))?;
    Some(Client::new(format!("outside, {address}"), format!("[{address}]"), address))
}

/// Hosts of the lists: those that not all of the lists have, and one that all have.
fn listed(configs: &[&Config], root: &Root, outside: Option<&Client>) -> Vec<Client> {
    let far = outside.map_or(Ipv4Addr::UNSPECIFIED.into(), |client| client.caller.address);
    let lists: [(&str, ListOf); 2] =
        [("internal-hosts", |config| &config.internal_hosts), ("peers", |config| &config.peers)];
    let mut clients = Vec::new();
    for (name, list) in lists {
        let mut common = None;
        let mut disputed = Vec::new();
        for entry in configs.iter().flat_map(|config| written(config, name, root)) {
            let Some((host, address)) = host(&entry, far) else { continue };
            if address.is_loopback() {
                continue;
            }
            let client = Client::new(format!("{entry} of {name}"), host.clone(), address);
            let has = |config: &&&Config| list(config).contains(Some(&host), Some(address));
            let count = configs.iter().filter(has).count();
            if count == configs.len() {
                common.get_or_insert(client);
            } else if disputed.len() < MAX_DISPUTED {
                disputed.push(client);
            }
        }
        clients.extend(common);
        clients.append(&mut disputed);
    }
    clients
}

/// The entries of a list, as they were written.
fn written(config: &Config, name: &str, root: &Root) -> Vec<String> {
    let Some(setting) = config.settings.iter().find(|setting| setting.name == name) else {
        return Vec::new();
    };
    if setting.is_list {
        return setting.items.clone();
    }
    let text = root.text(Path::new(&setting.value)).ok().flatten().unwrap_or_default();
    let entry = |line: &str| line.split('#').next().unwrap_or_default().trim().to_owned();
    text.lines().map(entry).filter(|entry| !entry.is_empty()).take(MAX_HOSTS).collect()
}

/// A host that such an entry names.
fn host(entry: &str, far: IpAddr) -> Option<(String, IpAddr)> {
    if entry.starts_with('!') {
        return None;
    }
    let bare = entry.trim_matches(['[', ']']);
    let bare = bare.strip_prefix("IPv6:").or_else(|| bare.strip_prefix("ipv6:")).unwrap_or(bare);
    let address = bare.split('/').next().unwrap_or_default().trim_matches(['[', ']']);
    if let Ok(address) = address.parse::<IpAddr>() {
        return Some((format!("[{address}]"), address));
    }
    let name = match entry.strip_prefix('.') {
        Some(domain) => format!("host.{domain}"),
        None => entry.to_owned(),
    };
    Some((name, far))
}

/// What an MTA can tell of mail that makes it internal.
fn special(config: &Config) -> Vec<(String, String)> {
    let daemon = config.leaving.daemons.first();
    let daemon = daemon.map(|name| ("{daemon_name}".to_owned(), name.clone()));
    let setting = config.settings.iter().find(|setting| setting.name == "internal-macros");
    let of_macro = |item: &String| {
        let (name, values) = item.split_once('=').unwrap_or((item, "1"));
        let name = name.trim().trim_matches(['{', '}']);
        let value = values.split('|').next().unwrap_or_default().trim();
        let name = if name.len() > 1 { format!("{{{name}}}") } else { name.to_owned() };
        (name, value.to_owned())
    };
    let macros = setting.into_iter().flat_map(|setting| setting.items.iter().map(of_macro));
    daemon.into_iter().chain(macros).collect()
}

#[cfg(test)]
mod tests {
    use super::{Client, choose, host};
    use crate::tools::migrate::root::Root;
    use std::net::IpAddr;
    use std::path::Path;
    use twinseal_config::{Config, Door, Request};

    fn config(text: &str) -> Config {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("c");
        std::fs::write(&path, format!("Socket /s\nMode v\n{text}")).unwrap();
        let words = ["-x".into(), path.into()];
        match twinseal_config::serve(Door::DkimFilter, words, &crate::serve::FileSystem) {
            Ok(Request::Serve(loaded)) => loaded.config,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn clients_are_those_that_decide_something() {
        let directory = tempfile::tempdir().unwrap();
        let hosts = directory.path().join("hosts");
        std::fs::write(&hosts, "127.0.0.1\n192.168.1.0/24 # here\n203.0.113.25\n.a.example\n")
            .unwrap();
        let list = format!("InternalHosts {}\nMTA MSA\n", hosts.display());
        let (one, other) = (config(&list), config(""));
        let root = Root::new(Path::new("/"));
        let given = vec![Client::parse("mx.example,10.0.0.1").unwrap()];
        let labels = |configs: &[&Config], given| {
            choose(configs, &root, given).into_iter().map(|client| client.label).collect::<Vec<_>>()
        };
        let want = [
            "this host",
            "192.168.1.0/24 of internal-hosts",
            "outside, 198.51.100.25",
            "an authenticated client outside, 198.51.100.25",
            "outside with {daemon_name}=MSA",
            "mx.example 10.0.0.1",
        ];
        assert_eq!(labels(&[&one], given), want);
        let disputed = labels(&[&one, &other], Vec::new());
        assert!(disputed.contains(&".a.example of internal-hosts".to_owned()), "{disputed:?}");
        assert!(disputed.contains(&"203.0.113.25 of internal-hosts".to_owned()), "{disputed:?}");
    }

    #[test]
    fn an_entry_of_a_list_names_a_host() {
        let far: IpAddr = "192.0.2.1".parse().unwrap();
        for (entry, want) in [
            ("10.0.0.0/8", Some(("[10.0.0.0]", "10.0.0.0"))),
            ("[IPv6:2001:db8::1]", Some(("[2001:db8::1]", "2001:db8::1"))),
            ("mx.example", Some(("mx.example", "192.0.2.1"))),
            (".example", Some(("host.example", "192.0.2.1"))),
            ("!10.0.0.1", None),
        ] {
            let want = want.map(|(host, address)| (host.to_owned(), address.parse().unwrap()));
            assert_eq!(host(entry, far), want, "{entry}");
        }
        assert!(Client::parse("mx.example").is_err());
    }
}
