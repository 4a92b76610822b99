//! Questions without a memory: to the resolver, or to one name server about what is its own.
//!
//! What the milter asks goes through [`DnsResolver`](super::DnsResolver). This is for who compares
//! what different servers say, record by record and string by string.

use super::aliases::{MAX_ALIASES, alias, of_owner};
use super::exchange::{self, Question};
use super::servers::Servers;
use super::{Settings, deadline};
use hickory_net::proto::op::{Message, ResponseCode};
use hickory_net::proto::rr::{Name, RData, RecordType};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use twinseal_dkim::LookupFailure;
use twinseal_dkim::dns::{MAX_RECORD_OCTETS, MAX_RECORDS};

/// The most names or addresses of one answer that are looked at: a zone has a few name servers.
const MAX_NAMES: usize = 16;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// TXT records.
    Texts,
    /// The name servers of a zone.
    NameServers,
    /// The record that every zone has at its top.
    Authority,
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
}

/// What a server says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reply {
    /// Whether the name exists.
    pub exists: bool,
    /// Whether the server says that it answers for the zone itself.
    pub authoritative: bool,
    /// Behind how many aliases the records are; the last of them leads to [`Reply::name`].
    pub aliases: usize,
    /// The name that the records belong to, without a final dot.
    pub name: String,
    /// The TXT records, each with its strings.
    pub texts: Vec<Vec<Vec<u8>>>,
    /// The names of name servers.
    pub servers: Vec<String>,
    /// Addresses.
    pub addresses: Vec<IpAddr>,
    /// The zone that the name is in, and its serial number, where the answer says it.
    pub zone: Option<(String, u32)>,
    /// For how many seconds the records hold.
    pub seconds: Option<u32>,
}

/// The servers that find out everything.
#[derive(Debug)]
pub struct Direct {
    resolver: Servers,
    timeout: Duration,
}

impl Direct {
    /// Asks the servers of the settings, or else those of this host; what works and is probably not
    /// meant goes to `warn`.
    #[must_use]
    pub fn new(settings: &Settings, warn: impl FnMut(String)) -> Self {
        Self { resolver: Servers::of(settings, warn), timeout: settings.timeout }
    }

    /// What the resolver says.
    ///
    /// # Errors
    /// [`LookupFailure`], at the latest when the time of the settings is over.
    pub async fn resolve(&self, name: &str, kind: Kind) -> Result<Reply, LookupFailure> {
        let question = question(name, kind, true)?;
        let message = self.resolver.ask(&question, deadline(self.timeout)).await?;
        Ok(Reply::read(&message, question.name))
    }

    /// What one server says of its own: it is asked not to ask others. Nothing is repeated but once,
    /// for a datagram may be lost.
    ///
    /// # Errors
    /// [`LookupFailure`], at the latest when the time of the settings is over.
    pub async fn ask(
        &self,
        server: SocketAddr,
        name: &str,
        kind: Kind,
    ) -> Result<Reply, LookupFailure> {
        let question = question(name, kind, false)?;
        let half = self.timeout / 2;
        let mut answer = exchange::ask(server, &question, half).await;
        if answer == Err(LookupFailure::Timeout) {
            answer = exchange::ask(server, &question, half).await;
        }
        Ok(Reply::read(&answer?, question.name))
    }
}

fn question(name: &str, kind: Kind, recursion: bool) -> Result<Question, LookupFailure> {
    let mut name = Name::from_ascii(name).map_err(|_| LookupFailure::Unusable)?;
    // Absolute: no search domain is ever appended.
    name.set_fqdn(true);
    let kind = match kind {
        Kind::Texts => RecordType::TXT,
        Kind::NameServers => RecordType::NS,
        Kind::Authority => RecordType::SOA,
        Kind::A => RecordType::A,
        Kind::Aaaa => RecordType::AAAA,
    };
    Ok(Question { name, kind, recursion })
}

impl Reply {
    /// What a message says about that name, or about what it is an alias for.
    fn read(message: &Message, mut name: Name) -> Self {
        let mut aliases = 0;
        while let Some((target, _)) = alias(message, &name) {
            if aliases == MAX_ALIASES {
                break;
            }
            aliases += 1;
            name = target;
        }
        let mut reply = Self {
            exists: message.response_code != ResponseCode::NXDomain,
            authoritative: message.authoritative,
            aliases,
            name: text(&name),
            ..Self::default()
        };
        for record in of_owner(message, &name) {
            if reply.take(&record.data) {
                reply.seconds = Some(reply.seconds.map_or(record.ttl, |s| s.min(record.ttl)));
            }
        }
        let mut every = message.answers.iter().chain(&message.authorities);
        reply.zone = every.find_map(|record| {
            let RData::SOA(soa) = &record.data else { return None };
            Some((text(&record.name), soa.serial))
        });
        reply
    }

    /// Takes what one record says, as far as there is room for it.
    fn take(&mut self, data: &RData) -> bool {
        if let RData::TXT(strings) = data {
            let octets: usize = strings.txt_data.iter().map(|string| string.len()).sum();
            if self.texts.len() < MAX_RECORDS && octets <= MAX_RECORD_OCTETS {
                self.texts.push(strings.txt_data.iter().map(|string| string.to_vec()).collect());
            }
            return true;
        }
        if let RData::NS(server) = data {
            push(&mut self.servers, text(&server.0));
            return true;
        }
        let address = if let RData::A(address) = data {
            IpAddr::V4(address.0)
        } else if let RData::AAAA(address) = data {
            IpAddr::V6(address.0)
        } else {
            return false;
        };
        push(&mut self.addresses, address);
        true
    }

    /// Each TXT record, its strings joined with nothing between them (RFC 6376 §3.6.2.2, trap H19).
    #[must_use]
    pub fn joined(&self) -> Vec<Vec<u8>> {
        self.texts.iter().map(|strings| strings.concat()).collect()
    }
}

fn push<T>(list: &mut Vec<T>, one: T) {
    if list.len() < MAX_NAMES {
        list.push(one);
    }
}

/// A name as it is written here: lower case, no final dot.
fn text(name: &Name) -> String {
    name.to_ascii().trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::{Direct, Kind};
    use crate::resolver::Settings;
    use std::net::{IpAddr, Ipv4Addr, SocketAddr};
    use std::time::Duration;
    use twinseal_dkim::LookupFailure;
    use twinseal_e2e::nameserver::{Nameserver, Zone};
    use twinseal_e2e::scratch::Scratch;

    fn direct(server: SocketAddr) -> Direct {
        let settings = Settings { servers: vec![server], timeout: Duration::from_secs(10) };
        Direct::new(&settings, |warning| panic!("{warning}"))
    }

    #[tokio::test]
    async fn records_keep_their_strings_and_say_where_they_are_from() {
        let lines = "s._domainkey IN TXT \"a\" \"b c\"\ns._domainkey IN TXT \"d\"\n\
                     also._domainkey IN CNAME s._domainkey\nfar IN CNAME s.b.example.\n";
        let zone = Zone { name: "a.example".to_owned(), lines: lines.to_owned() };
        let scratch = Scratch::new("direct");
        let nameserver = Nameserver::start(&[zone], &scratch);
        let server = SocketAddr::from((Ipv4Addr::LOCALHOST, nameserver.port()));
        let direct = direct(server);

        let reply = direct.ask(server, "S._domainkey.a.example", Kind::Texts).await.unwrap();
        let mut joined = reply.joined();
        joined.sort();
        assert_eq!(joined, [b"ab c".to_vec(), b"d".to_vec()]);
        assert!(reply.texts.contains(&vec![b"a".to_vec(), b"b c".to_vec()]), "{reply:?}");
        assert!(reply.authoritative && reply.exists && reply.seconds == Some(60), "{reply:?}");

        let reply = direct.ask(server, "also._domainkey.a.example", Kind::Texts).await.unwrap();
        let found = (reply.aliases, reply.name.as_str(), reply.texts.len());
        assert_eq!(found, (1, "s._domainkey.a.example", 2));

        let reply = direct.ask(server, "nobody._domainkey.a.example", Kind::Texts).await.unwrap();
        assert!(!reply.exists && reply.texts.is_empty(), "{reply:?}");
        assert_eq!(reply.zone, Some(("a.example".to_owned(), 1)));

        let reply = direct.resolve("a.example", Kind::NameServers).await.unwrap();
        assert_eq!(reply.servers, ["ns.a.example"]);
        let reply = direct.resolve("ns.a.example", Kind::A).await.unwrap();
        assert_eq!(reply.addresses, [IpAddr::V4(Ipv4Addr::LOCALHOST)]);
        let reply = direct.resolve("x.a.example", Kind::Authority).await.unwrap();
        assert_eq!(reply.zone, Some(("a.example".to_owned(), 1)));
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_no_answer() {
        let nobody = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
        let failure = direct(nobody).ask(nobody, "a.example", Kind::Texts).await.unwrap_err();
        assert_eq!(failure, LookupFailure::Unusable);
    }
}
