//! Lists of hosts, by name and by address.

use crate::glob::Glob;
use crate::origin::Origin;
use crate::wrong::{Quoted, Wrong};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use twinseal_message::Domain;

/// What [`Wrong`] calls an entry.
const WHAT: &str = "host";
/// The first 96 bits of an IPv6 address that stands for an IPv4 address (RFC 4291 §2.5.5.2).
const MAPPED_BITS: u8 = 96;

/// A list of hosts.
///
/// Names and addresses are two walks. In each, the **last** entry that matches decides, so an
/// exception (`!`) stands behind what it is an exception from, as it did in `dkim-filter`; a client
/// is in the list when its name is or its address is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HostList(Vec<Placed>);

/// An entry, and where it stands.
#[derive(Clone)]
struct Placed {
    entry: Entry,
    origin: Origin,
}

/// Without the place: lists are the same that say the same.
impl PartialEq for Placed {
    fn eq(&self, other: &Self) -> bool {
        self.entry == other.entry
    }
}

impl Eq for Placed {}

/// Without the place, too.
impl fmt::Debug for Placed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.entry, f)
    }
}

/// The entry that decides about a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostMatch {
    /// Whether it lets the client in, and is no exception.
    pub listed: bool,
    /// The entry, in our spelling.
    pub entry: String,
    /// Where it stands.
    pub origin: Origin,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    listed: bool,
    what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Host(Domain),
    Below(Domain),
    Network(IpNet),
    /// A text with stars in it, for a name or an address as it is written.
    Text(Glob),
}

/// How closely an entry describes a client: in labels, or in bits.
const WHOLE: usize = usize::MAX;

impl HostList {
    /// Whether a client of that name or of that address is in the list.
    ///
    /// The name is what the MTA found in DNS; the `[192.0.2.1]` that it shows when it found none is
    /// no name. Mail that was handed in without a connection has the address 127.0.0.1.
    #[must_use]
    pub fn contains(&self, host: Option<&str>, address: Option<IpAddr>) -> bool {
        self.decisive(host, address).is_some_and(|placed| placed.entry.listed)
    }

    /// The entry that says whether a client of that name or of that address is in the list: what
    /// [`Self::contains`] goes by. `None` when no entry is about it.
    #[must_use]
    pub fn deciding(&self, host: Option<&str>, address: Option<IpAddr>) -> Option<HostMatch> {
        self.decisive(host, address).map(|Placed { entry, origin }| HostMatch {
            listed: entry.listed,
            entry: entry.to_string(),
            origin: origin.clone(),
        })
    }

    fn decisive(&self, host: Option<&str>, address: Option<IpAddr>) -> Option<&Placed> {
        let host = host
            .map(|host| host.trim_end_matches('.'))
            .and_then(|host| (!host.is_empty()).then(|| Domain::parse(host).ok()).flatten());
        let address = address.map(|address| address.to_canonical());
        let by_name = host.and_then(|host| self.last(|what| what.names(&host)));
        let lists = |found: &Option<&Placed>| found.is_some_and(|placed| placed.entry.listed);
        if lists(&by_name) {
            return by_name;
        }
        let by_address = address.and_then(|address| self.last(|what| what.covers(address)));
        if lists(&by_address) { by_address } else { by_name.or(by_address) }
    }

    fn last(&self, matches: impl Fn(&What) -> bool) -> Option<&Placed> {
        self.0.iter().rev().find(|placed| matches(&placed.entry.what))
    }

    /// The entries, in the order in which a later one has the last word.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter().map(|placed| &placed.entry)
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(Entry, Origin)> for HostList {
    fn from_iter<I: IntoIterator<Item = (Entry, Origin)>>(entries: I) -> Self {
        Self(entries.into_iter().map(|(entry, origin)| Placed { entry, origin }).collect())
    }
}

impl What {
    /// Whether everything that the other one matches is matched.
    fn holds(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Network(network), Self::Network(other)) => network.contains(other),
            (Self::Host(name), Self::Host(other)) => name == other,
            (Self::Below(domain), Self::Host(name)) => name.is_under(domain),
            (Self::Below(domain), Self::Below(other)) => other.is_at_or_under(domain),
            _ => false,
        }
    }

    fn names(&self, host: &Domain) -> bool {
        match self {
            Self::Host(name) => name == host,
            Self::Below(domain) => host.is_under(domain),
            Self::Network(_) => false,
            Self::Text(glob) => glob.matches(host.as_str().as_bytes()),
        }
    }

    fn covers(&self, address: IpAddr) -> bool {
        match self {
            Self::Network(network) => network.contains(&address),
            Self::Host(_) | Self::Below(_) => false,
            Self::Text(glob) => glob.matches(address.to_string().as_bytes()),
        }
    }
}

impl Entry {
    /// Reads `host.example`, `.example`, an address, or a network, with `!` in front of an
    /// exception.
    pub(crate) fn parse(text: &str) -> Result<Self, Wrong> {
        let what = text.strip_prefix('!').map(str::trim_start);
        Ok(Self { listed: what.is_none(), what: What::parse(what.unwrap_or(text))? })
    }

    /// The same as `opendkim` reads it: a network is written by its first address, or never found.
    pub(crate) fn parse_exactly(text: &str) -> Result<Self, Wrong> {
        let entry = Self::parse(text)?;
        match entry.network_around(text) {
            Some(network) => {
                let why = "it is no network, because bits behind its length are set";
                Err(Wrong::Instead { text: Quoted::new(text), why, instead: network.to_string() })
            }
            None => Ok(entry),
        }
    }

    /// Reads an entry in which stars stand for any characters.
    pub(crate) fn pattern(text: &str) -> Result<Self, Wrong> {
        if !text.contains('*') {
            return Self::parse_exactly(text);
        }
        // Each name is looked up with the mark of an exception first, and a star takes that too.
        if text.starts_with('*') {
            let why = "opendkim finds nobody by a pattern that begins with a star; what is below a \
                       domain is written .example.com, or as its networks";
            return Err(Wrong::not(text, WHAT, why));
        }
        let what = text.strip_prefix('!');
        Ok(Self { listed: what.is_none(), what: What::Text(Glob::new(what.unwrap_or(text))) })
    }

    /// How closely it describes a client, an exception before its like: the greatest decides.
    pub(crate) fn closeness(&self) -> (usize, bool) {
        let labels = |domain: &Domain| domain.as_str().matches('.').count() + 1;
        let closeness = match &self.what {
            What::Host(_) | What::Text(_) => WHOLE,
            What::Below(domain) => labels(domain),
            What::Network(network) if network.prefix_len() == network.max_prefix_len() => WHOLE,
            What::Network(network) => usize::from(network.prefix_len()),
        };
        (closeness, !self.listed)
    }

    /// Whether it lists all addresses of a kind.
    pub(crate) fn is_everybody(&self) -> bool {
        self.listed && matches!(&self.what, What::Network(network) if network.prefix_len() == 0)
    }

    /// The network that it stands for, if it was written as another address of that network.
    pub(crate) fn network_around(&self, text: &str) -> Option<&IpNet> {
        let What::Network(network) = &self.what else { return None };
        let bare = text.strip_prefix('!').map_or(text, str::trim_start);
        let (address, _) = unwrapped(bare).split_once('/')?;
        let address: IpAddr = unwrapped(address).parse().ok()?;
        let first = network.addr();
        (address != first && address.to_canonical() != first).then_some(network)
    }

    /// Whether everything that the exception takes out is put in again by this entry behind it.
    pub(crate) fn takes_back(&self, exception: &Self) -> bool {
        self.listed && !exception.listed && self.what.holds(&exception.what)
    }
}

impl What {
    fn parse(text: &str) -> Result<Self, Wrong> {
        let bad = |why| Wrong::not(text, WHAT, why);
        let bare = unwrapped(text);
        if let Some((address, size)) = bare.split_once('/') {
            let address = unwrapped(address);
            let address = address.parse().map_err(|_| bad("what is before the / is no address"))?;
            return Ok(Self::Network(network(address, size).map_err(bad)?));
        }
        if let Ok(address) = bare.parse::<IpAddr>() {
            return Ok(Self::Network(IpNet::from(address.to_canonical())));
        }
        let (name, below) = bare.strip_prefix('.').map_or((bare, false), |name| (name, true));
        let name = Domain::parse(name.strip_suffix('.').unwrap_or(name));
        let name = name.map_err(|error| bad(error.why))?;
        let last = name.as_str().rsplit('.').next().unwrap_or_default();
        if last.bytes().all(|octet| octet.is_ascii_digit()) {
            return Err(bad("it is neither a name nor a whole address"));
        }
        Ok(if below { Self::Below(name) } else { Self::Host(name) })
    }
}

/// The address without the brackets and the prefix that mail writes around it, in either order.
fn unwrapped(text: &str) -> &str {
    let inner = |text: &'_ str| -> Option<(usize, usize)> {
        let inner = text.strip_prefix('[')?.strip_suffix(']')?;
        Some((1, 1 + inner.len()))
    };
    let bare = inner(text).and_then(|(from, to)| text.get(from..to)).unwrap_or(text);
    let prefix = bare.get(..5).filter(|prefix| prefix.eq_ignore_ascii_case("ipv6:"));
    let bare = prefix.and_then(|_| bare.get(5..)).unwrap_or(bare);
    inner(bare).and_then(|(from, to)| bare.get(from..to)).unwrap_or(bare)
}

/// A network from an address and a number of bits or a mask.
fn network(address: IpAddr, size: &str) -> Result<IpNet, &'static str> {
    let bits = size.parse::<u8>().ok().filter(|_| !size.starts_with('+'));
    match (address, bits) {
        (IpAddr::V4(address), Some(bits)) => v4(address, bits),
        (IpAddr::V4(address), None) => {
            let mask: Ipv4Addr = size.parse().map_err(|_| "what follows the / is no mask")?;
            let network = Ipv4Net::with_netmask(address, mask);
            let network = network.map_err(|_| "the mask has a gap")?;
            Ok(network.trunc().into())
        }
        (IpAddr::V6(address), Some(bits)) => v6(address, bits),
        (IpAddr::V6(_), None) => Err("what follows the / is no number of bits"),
    }
}

fn v4(address: Ipv4Addr, bits: u8) -> Result<IpNet, &'static str> {
    let network = Ipv4Net::new(address, bits).map_err(|_| "an IPv4 address has 32 bits")?;
    Ok(network.trunc().into())
}

/// A network of mapped addresses is an IPv4 network, because clients are held against those.
fn v6(address: Ipv6Addr, bits: u8) -> Result<IpNet, &'static str> {
    if let (Some(mapped), Some(bits)) = (address.to_ipv4_mapped(), bits.checked_sub(MAPPED_BITS)) {
        return v4(mapped, bits).map_err(|_| "an IPv6 address has 128 bits");
    }
    let network = Ipv6Net::new(address, bits).map_err(|_| "an IPv6 address has 128 bits")?;
    Ok(network.trunc().into())
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.listed {
            f.write_str("!")?;
        }
        match &self.what {
            What::Host(name) => write!(f, "{name}"),
            What::Below(name) => write!(f, ".{name}"),
            What::Network(network) if network.prefix_len() == network.max_prefix_len() => {
                write!(f, "{}", network.addr())
            }
            What::Network(network) => write!(f, "{network}"),
            What::Text(glob) => f.write_str(glob.as_str()),
        }
    }
}

#[cfg(test)]
mod tests;
