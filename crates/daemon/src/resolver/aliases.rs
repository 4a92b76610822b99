//! What one message answers: from alias to alias to the records at the end.

use hickory_net::proto::op::{Message, ResponseCode};
use hickory_net::proto::rr::{DNSClass, Name, RData, Record, RecordType};
use hickory_net::proto::serialize::binary::{BinDecodable as _, BinDecoder};
use twinseal_dkim::dns::{MAX_RECORD_OCTETS, MAX_RECORDS};

/// How many aliases lead from a name to its records, at most. An alias
/// should not lead to another one; providers of mail use two or three in a row.
pub(super) const MAX_ALIASES: usize = 8;

/// Where a question has got to.
#[derive(Debug, Clone)]
pub(super) struct Trail {
    /// Whose records are looked for.
    pub(super) name: Name,
    /// How many aliases led there.
    aliases: usize,
    /// The shortest time for which one of them holds, in seconds.
    seconds: u32,
}

/// What a message says about it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// TXT records, each one's strings joined; they hold for so many seconds.
    Records(Vec<Vec<u8>>, u32),
    /// The name is there, without a TXT record; holds for so many seconds, if that is known.
    NoRecord(Option<u32>),
    /// The name is not there.
    NoName(Option<u32>),
    /// The name is an alias, and nothing is said about what it stands for: ask for that.
    Elsewhere,
    /// Too many aliases.
    TooFar,
}

impl Trail {
    pub(super) const fn from(name: Name) -> Self {
        Self { name, aliases: 0, seconds: u32::MAX }
    }

    /// Follows the aliases in the message as far as they lead.
    ///
    /// Records of other owners, types or classes count for nothing, wherever they stand.
    pub(super) fn follow(&mut self, message: &Message) -> Answer {
        let begun = self.aliases;
        loop {
            let (texts, seconds) = texts(message, &self.name);
            if !texts.is_empty() {
                return Answer::Records(texts, self.seconds.min(seconds));
            }
            let Some((target, seconds)) = alias(message, &self.name) else { break };
            if self.aliases == MAX_ALIASES {
                return Answer::TooFar;
            }
            self.aliases += 1;
            self.seconds = self.seconds.min(seconds);
            self.name = target;
        }
        let negative = negative_seconds(message).map(|seconds| self.seconds.min(seconds));
        // RFC 6604 §3: behind aliases, the code speaks of the last name.
        if message.response_code == ResponseCode::NXDomain {
            return Answer::NoName(negative);
        }
        // RFC 2308 §2.2: an SOA record says that this is all there is.
        if self.aliases == begun || negative.is_some() {
            return Answer::NoRecord(negative);
        }
        Answer::Elsewhere
    }
}

/// The texts at a name, and the shortest time for which one of them holds. No more than
/// [`MAX_RECORDS`] are looked at, and none that is longer than [`MAX_RECORD_OCTETS`].
fn texts(message: &Message, name: &Name) -> (Vec<Vec<u8>>, u32) {
    let mut shortest = u32::MAX;
    let texts = of_owner(message, name).filter_map(|record| {
        let RData::TXT(strings) = &record.data else { return None };
        shortest = shortest.min(record.ttl);
        let octets: usize = strings.txt_data.iter().map(|string| string.len()).sum();
        // RFC 6376 §3.6.2.2: joined with nothing between them (trap H19).
        (octets <= MAX_RECORD_OCTETS).then(|| strings.txt_data.concat())
    });
    (texts.take(MAX_RECORDS).collect(), shortest)
}

/// What a name is an alias for, by its CNAME record or by a DNAME record above it.
pub(super) fn alias(message: &Message, name: &Name) -> Option<(Name, u32)> {
    let cname = of_owner(message, name).find_map(|record| {
        let RData::CNAME(target) = &record.data else { return None };
        Some((target.0.clone(), record.ttl))
    });
    // RFC 6672 §3.1: with a DNAME record comes the CNAME record that follows from it; not everybody
    // sends it.
    cname.or_else(|| message.answers.iter().find_map(|record| renamed(record, name)))
}

/// RFC 6672 §2.2: the labels below the record's owner stay, the owner is replaced.
fn renamed(record: &Record, name: &Name) -> Option<(Name, u32)> {
    let RData::Unknown { code: RecordType::DNAME, rdata } = &record.data else { return None };
    let above =
        record.dns_class == DNSClass::IN && record.name != *name && record.name.zone_of(name);
    // RFC 6672 §2.5: it is not compressed.
    let target = Name::read(&mut BinDecoder::new(&rdata.anything)).ok().filter(|_| above)?;
    let kept = name.num_labels().checked_sub(record.name.num_labels())?;
    let below = Name::from_labels(name.iter().take(usize::from(kept))).ok()?;
    Some((below.append_name(&target).ok()?, record.ttl))
}

/// The records of that owner that answer the question.
pub(super) fn of_owner<'m>(
    message: &'m Message,
    name: &'m Name,
) -> impl Iterator<Item = &'m Record> {
    let ours = move |record: &&Record| record.dns_class == DNSClass::IN && record.name == *name;
    message.answers.iter().filter(ours)
}

/// RFC 2308 §5: how long it holds that something is not there.
fn negative_seconds(message: &Message) -> Option<u32> {
    message.authorities.iter().find_map(|record| {
        let RData::SOA(soa) = &record.data else { return None };
        Some(record.ttl.min(soa.minimum))
    })
}
