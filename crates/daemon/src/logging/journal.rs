//! Entries as the journal of systemd takes them: fields with names, one datagram an entry.

use super::Form;
use super::datagrams::Encoding;
use super::syslog::severity;
use serde_json::{Map, Value};
use tracing::Level;
use twinseal_config::Facility;

/// The socket of the journal.
pub const JOURNAL_SOCKET: &str = "/run/systemd/journal/socket";

/// Entries of one program under one facility.
#[derive(Debug)]
pub struct Journal {
    /// The fields that every entry has.
    common: String,
    form: Form,
}

impl Journal {
    /// Entries of that program, filed under that facility where they are passed on to syslog.
    #[must_use]
    pub fn new(facility: Facility, program: &str) -> Self {
        let (facility, process) = (facility.code(), std::process::id());
        let common = format!(
            "SYSLOG_IDENTIFIER={program}\nSYSLOG_PID={process}\nSYSLOG_FACILITY={facility}\n"
        );
        Self { common, form: Form::Text }
    }

    /// Lines of that form: each member of a JSON object is a field of its entry as well.
    #[must_use]
    pub fn form(self, form: Form) -> Self {
        Self { form, ..self }
    }
}

impl Encoding for Journal {
    fn datagram(&self, level: Level, line: &[u8]) -> Vec<u8> {
        let mut entry = format!("{}PRIORITY={}\n", self.common, severity(level)).into_bytes();
        field("MESSAGE", line, &mut entry);
        if let Form::Json { .. } = self.form {
            members(line, &mut entry);
        }
        entry
    }
}

/// A field of an entry.
fn field(name: &str, value: &[u8], entry: &mut Vec<u8>) {
    entry.extend_from_slice(name.as_bytes());
    if value.contains(&b'\n') {
        // A value with line ends is preceded by its length instead of an equals sign.
        entry.push(b'\n');
        let octets = u64::try_from(value.len()).unwrap_or(u64::MAX);
        entry.extend_from_slice(&octets.to_le_bytes());
    } else {
        entry.push(b'=');
    }
    entry.extend_from_slice(value);
    entry.push(b'\n');
}

/// The members of an object, as fields with names of our own.
fn members(line: &[u8], entry: &mut Vec<u8>) {
    // What is no object has no members.
    let object: Map<String, Value> = serde_json::from_slice(line).unwrap_or_default();
    for (name, value) in object {
        let text = match value {
            Value::String(text) => text,
            Value::Array(items) => {
                let items = items.iter().map(|item| item.as_str().unwrap_or_default());
                items.collect::<Vec<_>>().join(", ")
            }
            other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) => {
                other.to_string()
            }
        };
        let name = format!("TWINSEAL_{}", name.to_ascii_uppercase());
        field(&name, text.as_bytes(), entry);
    }
}

#[cfg(test)]
mod tests {
    use super::{Form, Journal};
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

    #[test]
    fn the_members_of_an_object_are_fields_too() {
        let journal = Journal::new(Facility::Mail, "twinseal").form(Form::Json { timed: false });
        let line = br#"{"event":"x","count":2,"domains":["a","b"],"message":"c\nPRIORITY=0"}"#;
        let entry = journal.datagram(Level::INFO, line);
        let fields = b"TWINSEAL_COUNT=2\nTWINSEAL_DOMAINS=a, b\nTWINSEAL_EVENT=x\n\
                       TWINSEAL_MESSAGE\n\x0c\0\0\0\0\0\0\0c\nPRIORITY=0\n";
        let want = [b"\nMESSAGE=", &line[..], b"\n", fields].concat();
        assert!(entry.ends_with(&want), "{}", String::from_utf8_lossy(&entry));
    }
}
