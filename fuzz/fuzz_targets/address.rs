//! The address of a From field: what is accepted can be written down and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use twinseal_message::{BadAddress, Domain, Mailbox};

fuzz_target!(|input: &[u8]| {
    match Mailbox::first(input) {
        Ok(mailbox) => accepted(&mailbox),
        Err(BadAddress::Syntax { at }) => assert!(at <= input.len(), "byte {at} is not in it"),
        Err(_) => {}
    }
});

fn accepted(mailbox: &Mailbox) {
    let domain = mailbox.domain();
    assert_eq!(Domain::parse(domain.as_str()).as_ref(), Ok(domain), "its domain is none");
    let shown = mailbox.to_string();
    assert!(!shown.chars().any(char::is_control), "{shown:?} would break a log line");

    let mut forms = vec![written(&quoted(mailbox.local()), domain)];
    if is_dot_atom(mailbox.local()) {
        forms.push(written(mailbox.local(), domain));
    }
    for form in forms {
        let again = Mailbox::first(&form);
        assert_eq!(again.as_ref(), Ok(mailbox), "read again from {}", form.escape_ascii());
        let named = [b"Some Body <", form.as_slice(), b">"].concat();
        assert_eq!(Mailbox::first(&named).as_ref(), Ok(mailbox), "read again with a name");
    }
}

fn written(local: &[u8], domain: &Domain) -> Vec<u8> {
    [local, b"@", domain.as_str().as_bytes()].concat()
}

/// As a quoted string, with a backslash before each octet that cannot stand in one.
fn quoted(local: &[u8]) -> Vec<u8> {
    let mut out = vec![b'"'];
    for &octet in local {
        if matches!(octet, b'"' | b'\\' | b'\r' | b'\n') {
            out.push(b'\\');
        }
        out.push(octet);
    }
    out.push(b'"');
    out
}

fn is_dot_atom(local: &[u8]) -> bool {
    let atext = |octet: &u8| {
        octet.is_ascii_alphanumeric() || *octet >= 0x80 || b"!#$%&'*+-/=?^_`{|}~".contains(octet)
    };
    local.split(|&octet| octet == b'.').all(|atom| !atom.is_empty() && atom.iter().all(atext))
}
