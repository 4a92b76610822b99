//! opendkim, driven over the milter protocol: as a judge, and as a signer.

use super::{Keys, Seal, Verdict};
use crate::message::{Message, with_crlf};
use crate::milter::Peer;
use crate::net::{Address, wait_for};
use crate::scratch::Scratch;
use std::fs;
use std::io::{Error, Result};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// opendkim as a verifying filter on a Unix socket.
#[derive(Debug)]
pub struct Opendkim {
    process: Child,
    address: Address,
}

impl Opendkim {
    /// Starts it as a verifier with these key records.
    pub fn start(keys: Keys<'_>, scratch: &Scratch) -> Self {
        let keys = keys.for_opendkim(scratch);
        let lines = format!("Mode v\nAuthservID judge\nAlwaysAddARHeader yes\n{keys}");
        Self::start_with(&lines, scratch)
    }

    /// Starts it with these lines of configuration.
    pub fn start_with(lines: &str, scratch: &Scratch) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let socket = scratch.join(&format!("od{number}.sock"));
        let configuration = scratch.write(
            &format!("od{number}.conf"),
            format!(
                "{lines}Background no\nSyslog no\nRequireSafeKeys no\nSocket local:{}\n",
                socket.display()
            ),
        );
        let process = Command::new("/usr/sbin/opendkim")
            .args(["-f", "-x"])
            .arg(configuration)
            .spawn()
            .expect("opendkim, of the Debian package opendkim");
        let address = Address::Unix(socket);
        wait_for(Duration::from_secs(10), || address.connect().ok()).expect("opendkim listens");
        Self { process, address }
    }

    /// Where it listens.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Signs a message, when it was configured to: the message below the new field.
    pub fn sign(&self, octets: &[u8]) -> Result<Vec<u8>> {
        let mut peer = Peer::connect(&self.address)?;
        peer.negotiate()?;
        peer.introduce("localhost", "127.0.0.1")?;
        let answers = peer.deliver("a@example.com", "b@example.net", &Message::parse(octets))?;
        let mut signed = b"DKIM-Signature:".to_vec();
        let value = answers.iter().find_map(|(letter, payload)| {
            (*letter == b'i').then(|| payload.get(4..)?.strip_prefix(b"DKIM-Signature\0")).flatten()
        });
        let value = value.ok_or_else(|| Error::other(format!("no signature in {answers:?}")))?;
        signed.extend(with_crlf(value.strip_suffix(b"\0").unwrap_or(value)));
        signed.extend_from_slice(b"\r\n");
        signed.extend_from_slice(octets);
        Ok(signed)
    }

    /// Its verdicts on these messages.
    pub fn judge(&self, messages: &[PathBuf]) -> Vec<Vec<Verdict>> {
        verdicts_of_filter(&self.address, messages)
    }
}

/// What any verifying filter inserts as Authentication-Results into these messages, from a client
/// outside.
pub fn verdicts_of_filter(address: &Address, messages: &[PathBuf]) -> Vec<Vec<Verdict>> {
    let mut peer = open(address).expect("the filter takes a connection");
    let one = |path: &PathBuf| {
        let octets = fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        judge_one(&mut peer, &Message::parse(&octets))
            .unwrap_or_else(|e| panic!("the filter on {}: {e}", path.display()))
    };
    messages.iter().map(one).collect()
}

fn open(address: &Address) -> Result<Peer> {
    let mut peer = Peer::connect(address)?;
    peer.negotiate()?;
    peer.introduce("outside.example.net", "192.0.2.1")?;
    Ok(peer)
}

fn judge_one(peer: &mut Peer, message: &Message) -> Result<Vec<Verdict>> {
    let answers = peer.deliver("a@example.net", "b@example.net", message)?;
    // insert header: index, name, value
    let inserted = answers.iter().find_map(|(letter, payload)| {
        let value = payload.get(4..)?.strip_prefix(b"Authentication-Results\0")?;
        (*letter == b'i').then(|| String::from_utf8_lossy(value).into_owned())
    });
    // opendkim gives up on some messages without a word: no result for any of their signatures.
    let silence = message.all("DKIM-Signature").map(|_| Verdict::parse("dkim fail (no result)"));
    Ok(inserted.map_or_else(|| silence.collect(), |value| results_of(&value)))
}

impl Drop for Opendkim {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The DKIM results of an Authentication-Results field.
fn results_of(value: &str) -> Vec<Verdict> {
    let mut depth = 0;
    let without_comments: String = value
        .chars()
        .filter(|&c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            depth == 0 && c != ')'
        })
        .collect();
    without_comments
        .split(';')
        .map(|part| part.split_whitespace().collect::<Vec<_>>())
        .filter_map(|words| {
            let result = words.first()?.strip_prefix("dkim=")?.to_owned();
            let property = |name: &str| {
                let property = words.iter().find_map(|word| word.strip_prefix(name));
                property.unwrap_or("-").trim_matches('"').to_owned()
            };
            Some(Verdict {
                seal: Seal::Dkim,
                pass: result == "pass",
                domain: property("header.d="),
                selector: property("header.s="),
                algorithm: property("header.a="),
                words: words.join(" "),
            })
        })
        .filter(|verdict| verdict.words != "dkim=none")
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_result_of_the_field_is_read() {
        let value = " judge;\r\n\tdkim=pass (1024-bit key; unprotected) header.d=a.example \
                     header.a=rsa-sha256 header.s=x header.b=\"a/b\";\n\tdkim=fail reason=\"no key\" \
                     header.d=b.example;\n\tdkim-atps=neutral";
        let verdicts = results_of(value);
        assert_eq!(verdicts.len(), 2);
        assert!(verdicts[0].pass && verdicts[0].domain == "a.example");
        assert!(!verdicts[1].pass && verdicts[1].domain == "b.example");
        assert!(results_of(" judge; dkim=none").is_empty());
    }
}
