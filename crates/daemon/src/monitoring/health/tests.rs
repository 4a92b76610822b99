use super::Health;
use crate::monitoring::status::RecordState;
use crate::serve::FileSystem;
use crate::server::Server;
use crate::serving::service::Service;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use twinseal_config::{Config, Door, Request};
use twinseal_keys::SigningKey;

/// A host with a key, and records in a file in place of DNS.
struct Host {
    directory: TempDir,
    key: PathBuf,
}

impl Host {
    fn new() -> Self {
        let key = format!("{}/../../tests/data/keys/rsa1024.pem", env!("CARGO_MANIFEST_DIR"));
        Self { directory: tempfile::tempdir().unwrap(), key: key.into() }
    }

    /// Publishes the key, so changed, at the selectors of these domains.
    fn publish(&self, domains: &[&str], change: impl Fn(String) -> String) {
        let key = SigningKey::from_pem(&fs::read(&self.key).unwrap()).unwrap();
        let record = change(key.record().unwrap().to_string());
        let lines = domains.iter().map(|domain| format!("m._domainkey.{domain} {record}\n"));
        fs::write(self.directory.path().join("keys.txt"), lines.collect::<String>()).unwrap();
    }

    /// A configuration under which these domains sign.
    fn loaded(&self, metrics: &str, domains: &[&str]) -> (Config, Arc<Service>) {
        let (file, keys) =
            (self.directory.path().join("t.yaml"), self.directory.path().join("keys.txt"));
        let mut text = format!(
            "socket: inet:8891@127.0.0.1\nmode: s\nrequire-safe-keys: no\n{metrics}dns: {{ test-keys: \
             {keys:?} }}\nsigning:\n"
        );
        for domain in domains {
            text += &format!(
                "- {{ senders: \"*@{domain}\", domain: {domain}, keys: [{{ file: {:?}, selector: m }}] }}\n",
                self.key
            );
        }
        fs::write(&file, text).unwrap();
        let words = ["--config".into(), file.into()];
        let Ok(Request::Serve(loaded)) = twinseal_config::serve(Door::Native, words, &FileSystem)
        else {
            panic!("the configuration of the test is wrong");
        };
        let service = Server::prepare(&loaded.config, |_| {}).unwrap().service();
        (loaded.config, service)
    }
}

const HOURLY: &str = "metrics: { socket: inet:9171 }\n";
const NEVER: &str = "metrics: { socket: inet:9171, dns-interval: 0s }\n";

fn states(health: &Health) -> Vec<(String, RecordState)> {
    let snapshot = health.snapshot();
    let domain = |domain: &crate::monitoring::status::DomainHealth| {
        (domain.domain.clone(), domain.records[0].state)
    };
    snapshot.domains.iter().map(domain).collect()
}

fn state(health: &Health, name: &str) -> RecordState {
    states(health).into_iter().find(|(domain, _)| domain == name).unwrap().1
}

#[tokio::test]
async fn each_record_is_what_it_is_and_the_one_to_publish_is_told() {
    let host = Host::new();
    for (change, want) in [
        ((|record| record) as fn(String) -> String, RecordState::Good),
        (|record| record.replace("k=rsa;", "k=rsa; t=y;"), RecordState::Testing),
        (|_| "v=DKIM1; k=rsa; p=".to_owned(), RecordState::Revoked),
        (|_| "v=DKIM1; k=rsa; p=AAAA".to_owned(), RecordState::Unusable),
        (|record| record.replace("k=rsa;", "k=rsa; s=tlsrpt;"), RecordState::Wrong),
    ] {
        host.publish(&["a.example"], change);
        let (config, service) = host.loaded(HOURLY, &["a.example", "b.example"]);
        let health = Health::new(&config, &service);
        assert_eq!(state(&health, "a.example"), RecordState::Unchecked);
        assert_eq!(health.snapshot().checked, None);
        health.round().await;
        assert_eq!(state(&health, "a.example"), want);
        assert_eq!(state(&health, "b.example"), RecordState::Missing);
        let snapshot = health.snapshot();
        assert!(snapshot.checked.is_some());
        for domain in &snapshot.domains {
            let record = &domain.records[0];
            let wanted = record.wanted.as_ref().map(ToString::to_string);
            assert_eq!(wanted.is_some(), record.state.is_bad(), "{record:?}");
            let owner = format!("m._domainkey.{}.\tIN", domain.domain);
            assert!(wanted.is_none_or(|line| line.replace(' ', "\t").starts_with(&owner)));
        }
        // All who ask at the same time are shown the same one.
        assert!(Arc::ptr_eq(&health.snapshot(), &snapshot));
        assert_eq!(health.size(), (2, 2));
    }
}

#[tokio::test]
async fn what_was_found_outlives_a_reload_as_long_as_anybody_asks() {
    let host = Host::new();
    host.publish(&["a.example"], |record| record);
    let (config, service) = host.loaded(HOURLY, &["a.example", "b.example"]);
    let health = Health::new(&config, &service);
    health.round().await;
    let checked = health.snapshot().checked;
    let (more, service) = host.loaded(HOURLY, &["b.example", "c.example"]);
    health.renew(&more, &service);
    let want = [("b.example", RecordState::Missing), ("c.example", RecordState::Unchecked)];
    let found = states(&health);
    assert_eq!(found.iter().map(|(name, state)| (&**name, *state)).collect::<Vec<_>>(), want);
    assert_eq!(health.snapshot().checked, checked);
    // The socket stays until a restart, and so does what is shown there.
    let (silent, service) = host.loaded("", &["b.example"]);
    health.renew(&silent, &service);
    assert_eq!(health.snapshot().interval, Some(Duration::from_secs(3600)));
    assert_eq!(state(&health, "b.example"), RecordState::Missing);
    let (never, service) = host.loaded(NEVER, &["b.example"]);
    health.renew(&never, &service);
    assert_eq!(state(&health, "b.example"), RecordState::Unchecked);
    assert_eq!((health.snapshot().checked, health.snapshot().interval), (None, None));
}

#[tokio::test]
async fn a_round_that_a_reload_overtakes_says_nothing() {
    let host = Host::new();
    host.publish(&["a.example"], |record| record);
    let (config, service) = host.loaded(HOURLY, &["a.example"]);
    let health = Health::new(&config, &service);
    let mut round = Box::pin(health.round());
    // It has begun, and waits for what it asks: nothing else has run yet in this one thread.
    tokio::select! {
        biased;
        () = &mut round => panic!("it is over"),
        () = async {} => {}
    }
    let (other, service) = host.loaded(HOURLY, &["b.example"]);
    health.renew(&other, &service);
    round.await;
    assert_eq!(states(&health), [("b.example".to_owned(), RecordState::Unchecked)]);
    assert_eq!(health.snapshot().checked, None);
    health.round().await;
    assert_eq!(state(&health, "b.example"), RecordState::Missing);
}
