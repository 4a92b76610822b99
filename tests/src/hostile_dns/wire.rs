//! Messages of DNS, as octets (RFC 1035 §4.1).

use super::{Data, Record, Reply};

/// The octets before the question: id, flags, four counts.
const HEADER: usize = 12;

/// Flags: an answer, by who asks others for it; then truncated, authentic, and asked for recursion.
const ANSWER: u16 = 0x8080;
const TRUNCATED: u16 = 0x0200;
const AUTHENTIC: u16 = 0x0020;
const RECURSION: u16 = 0x0100;

/// Types of records, and the class of all.
const CNAME: u16 = 5;
const SOA: u16 = 6;
const TXT: u16 = 16;
const DNAME: u16 = 39;
const RRSIG: u16 = 46;
const IN: u16 = 1;

/// A question, as it came.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub(super) id: [u8; 2],
    flags: u16,
    /// The name in labels, with its letters as they came.
    labels: Vec<Vec<u8>>,
    /// Its type and class.
    kind: [u8; 4],
    /// Whether an OPT record came with it.
    pub(super) has_edns: bool,
}

impl Question {
    pub(super) fn parse(message: &[u8]) -> Option<Self> {
        let (header, mut rest) = message.split_at_checked(HEADER)?;
        let mut labels = Vec::new();
        loop {
            let (length, behind) = rest.split_first()?;
            let (label, behind) = behind.split_at_checked(usize::from(*length))?;
            rest = behind;
            if label.is_empty() {
                break;
            }
            labels.push(label.to_vec());
        }
        Some(Self {
            id: [header[0], header[1]],
            flags: u16::from_be_bytes([header[2], header[3]]),
            labels,
            kind: rest.first_chunk().copied()?,
            // The only record that a question has beside it.
            has_edns: header[11] == 1,
        })
    }

    /// The name in lower case.
    pub(super) fn name(&self) -> String {
        let labels: Vec<_> = self.labels.iter().map(|l| String::from_utf8_lossy(l)).collect();
        labels.join(".").to_ascii_lowercase()
    }

    pub(super) fn with_another_id(&self) -> Self {
        Self { id: [self.id[0], self.id[1].wrapping_add(1)], ..self.clone() }
    }

    pub(super) fn with_another_name(&self) -> Self {
        Self { labels: vec![b"other".to_vec(), b"example".to_vec()], ..self.clone() }
    }

    pub(super) fn in_lower_case(&self) -> Self {
        let labels = self.labels.iter().map(|label| label.to_ascii_lowercase()).collect();
        Self { labels, ..self.clone() }
    }

    /// The answer to it.
    pub(super) fn answered(&self, reply: &Reply) -> Vec<u8> {
        // RFC 6840: who wants to know sets the bit in the question.
        let authentic = if reply.authentic { self.flags & AUTHENTIC } else { 0 };
        let flags = ANSWER | self.flags & RECURSION | authentic | u16::from(reply.code);
        let mut message = self.header(flags, reply.answers.len(), reply.negative.is_some());
        for record in &reply.answers {
            message.extend(encoded(record));
        }
        message.extend(reply.negative.iter().flat_map(|minimum| soa(*minimum)));
        message
    }

    /// The question, and that there would be more.
    pub(super) fn truncated(&self) -> Vec<u8> {
        self.header(ANSWER | TRUNCATED | self.flags & RECURSION, 0, false)
    }

    fn header(&self, flags: u16, answers: usize, authority: bool) -> Vec<u8> {
        let answers = u16::try_from(answers).expect("few records");
        let mut message = self.id.to_vec();
        for number in [flags, 1, answers, u16::from(authority), 0] {
            message.extend(number.to_be_bytes());
        }
        message.extend(name(self.labels.iter().map(Vec::as_slice)));
        message.extend(self.kind);
        message
    }
}

/// The message behind its length, as TCP has it.
pub(super) fn framed(message: &[u8]) -> Vec<u8> {
    let length = u16::try_from(message.len()).expect("a message is no longer than 65,535 octets");
    [&length.to_be_bytes(), message].concat()
}

fn encoded(record: &Record) -> Vec<u8> {
    let (kind, data) = match &record.data {
        Data::Txt(strings) => (TXT, strings.iter().flat_map(|string| counted(string)).collect()),
        Data::Cname(target) => (CNAME, dotted(target)),
        Data::Dname(target) => (DNAME, dotted(target)),
        Data::Rrsig => (RRSIG, [&TXT.to_be_bytes()[..], &[8; 16], &dotted("example")].concat()),
    };
    of_owner(&record.owner, kind, record.seconds, &data)
}

fn soa(minimum: u32) -> Vec<u8> {
    let numbers = [1, 3600, 600, 86_400, minimum].map(u32::to_be_bytes).concat();
    let data = [dotted("ns.example"), dotted("hostmaster.example"), numbers].concat();
    of_owner("example", SOA, 3600, &data)
}

fn of_owner(owner: &str, kind: u16, seconds: u32, data: &[u8]) -> Vec<u8> {
    let mut record = dotted(owner);
    record.extend(kind.to_be_bytes());
    record.extend(IN.to_be_bytes());
    record.extend(seconds.to_be_bytes());
    record.extend(u16::try_from(data.len()).expect("data of at most 65,535 octets").to_be_bytes());
    record.extend(data);
    record
}

fn dotted(text: &str) -> Vec<u8> {
    name(text.split('.').map(str::as_bytes))
}

fn name<'l>(labels: impl Iterator<Item = &'l [u8]>) -> Vec<u8> {
    labels.flat_map(counted).chain([0]).collect()
}

/// The octets behind their number.
fn counted(octets: &[u8]) -> Vec<u8> {
    let number = u8::try_from(octets.len()).expect("at most 255 octets");
    [&[number], octets].concat()
}
