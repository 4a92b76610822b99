//! Entries as the journal of systemd takes them: fields with names, one datagram an entry.

use super::datagrams::Encoding;
use super::syslog::severity;
use tracing::Level;
use twinseal_config::Facility;

/// The socket of the journal.
pub const JOURNAL_SOCKET: &str = "/run/systemd/journal/socket";

/// Entries of one program under one facility.
#[derive(Debug)]
pub struct Journal {
    /// The fields that every entry has.
    common: String,
}

impl Journal {
    /// Entries of that program, filed under that facility where they are passed on to syslog.
    #[must_use]
    pub fn new(facility: Facility, program: &str) -> Self {
        let (facility, process) = (facility.code(), std::process::id());
        let common = format!(
            "SYSLOG_IDENTIFIER={program}\nSYSLOG_PID={process}\nSYSLOG_FACILITY={facility}\n"
        );
        Self { common }
    }
}

impl Encoding for Journal {
    fn datagram(&self, level: Level, line: &[u8]) -> Vec<u8> {
        let mut entry = format!("{}PRIORITY={}\n", self.common, severity(level)).into_bytes();
        if line.contains(&b'\n') {
            // A value with line ends is preceded by its length instead of an equals sign.
            entry.extend_from_slice(b"MESSAGE\n");
            let octets = u64::try_from(line.len()).unwrap_or(u64::MAX);
            entry.extend_from_slice(&octets.to_le_bytes());
        } else {
            entry.extend_from_slice(b"MESSAGE=");
        }
        entry.extend_from_slice(line);
        entry.push(b'\n');
        entry
    }
}

#[cfg(test)]
mod tests {
    use super::Journal;
    use crate::logging::datagrams::Encoding as _;
    use tracing::Level;
    use twinseal_config::Facility;

    #[test]
    fn an_entry_has_priority_program_and_text() {
        let journal = Journal::new(Facility::Mail, "dk-filter");
        let entry = journal.datagram(Level::WARN, b"A1: not signed");
        let want = format!(
            "SYSLOG_IDENTIFIER=dk-filter\nSYSLOG_PID={}\nSYSLOG_FACILITY=2\nPRIORITY=4\n\
             MESSAGE=A1: not signed\n",
            std::process::id()
        );
        assert_eq!(String::from_utf8(entry).unwrap(), want);
    }

    #[test]
    fn a_line_end_in_the_text_cannot_begin_another_field() {
        let journal = Journal::new(Facility::Mail, "twinseal");
        let entry = journal.datagram(Level::INFO, b"a\nPRIORITY=0");
        let tail = b"MESSAGE\n\x0c\0\0\0\0\0\0\0a\nPRIORITY=0\n";
        assert!(entry.ends_with(tail), "{entry:?}");
    }
}
