//! The Debian packages of the program under test, and a host in which they are installed.

use crate::claims::{Claim, objections};
use crate::here;
use crate::judges::Seal;
use crate::message::{Message, with_crlf};
use crate::program;
use crate::root::{Root, Said};
use crate::scratch::Scratch;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// How long a message may be under way.
const PATIENCE: Duration = Duration::from_secs(60);

/// The selector of the key that is put into hosts; its record is among those of the test keys.
pub const SELECTOR: &str = "rsa2048";

/// The packages, built when there are none of this program yet.
pub fn packages() -> Vec<PathBuf> {
    let script = here("../scripts/packages");
    let run = |words: &[&Path]| {
        let output = Command::new(&script).args(words).output().expect("bash is there");
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "scripts/packages: {}\n{complaints}", output.status);
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    run(&[&program::path()]);
    let folder = run(&[Path::new("--where")]);
    let entries = fs::read_dir(folder.trim()).expect("the folder of the packages");
    let mut found: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    found.retain(|path| path.extension().is_some_and(|extension| extension == "deb"));
    assert_eq!(found.len(), 2, "{found:?}");
    found
}

/// Puts into that directory of a root what a release unpacks to, and the program under test as it was
/// built there.
pub fn unpack(root: &Root, directory: &str) {
    let lines = "scripts/sources | tar --null --files-from=- --create";
    let archive = Command::new("bash")
        .args(["-o", "pipefail", "-c", lines])
        .current_dir(here(".."))
        .output()
        .expect("bash is there");
    assert!(archive.status.success(), "{}", String::from_utf8_lossy(&archive.stderr));
    root.write("/root/sources.tar", archive.stdout);
    let built = format!("{directory}/target/release");
    root.sh(&format!("mkdir -p {built}; tar xf sources.tar -C {directory}; rm sources.tar"));
    let program = fs::read(program::path()).expect("the program under test");
    root.write(&format!("{built}/twinseal"), program);
    root.sh(&format!("chmod 755 {built}/twinseal"));
}

/// A host with the packages in `/root` and a user `bob` who gets mail at example.com.
#[derive(Debug)]
pub struct Host {
    /// The host itself.
    pub root: Root,
    scratch: Scratch,
}

impl Host {
    /// One with systemd.
    pub fn boot(name: &str) -> Self {
        Self::of(Root::boot(name), name)
    }

    /// One without, on which nothing is started but by hand.
    pub fn without_systemd(name: &str) -> Self {
        Self::of(Root::without_systemd(name), name)
    }

    fn of(root: Root, name: &str) -> Self {
        for package in packages() {
            root.put(&package, "/root");
        }
        root.put(&here("data/keys/rsa2048.pem"), "/root");
        root.sh("useradd --create-home bob");
        Self { root, scratch: Scratch::new(&format!("installed-{name}")) }
    }

    /// Installs packages, among them those in `/root` by `./NAME_*.deb`.
    pub fn install(&self, packages: &str) -> String {
        self.root.sh(&format!("apt-get install -y -q {packages}"))
    }

    /// Installs Postfix with those filters, each as main.cf names it.
    pub fn with_postfix(&self, milters: &str) {
        self.install("postfix swaks");
        self.root.sh(&format!(
            "postconf -e 'smtpd_milters = {milters}' 'non_smtpd_milters = $smtpd_milters' \
             milter_default_action=tempfail mydestination=example.com home_mailbox=Maildir/ \
             myhostname=mx.example.com myorigin=example.com"
        ));
    }

    /// Sends a message by SMTP and one by sendmail, and gives what arrives of them.
    pub fn send(&self) -> [PathBuf; 2] {
        let by_smtp = "swaks -S 2 --server 127.0.0.1 --from ann@example.com --to bob@example.com";
        let by_sendmail = "printf 'From: ann@example.com\\nTo: bob@example.com\\nSubject: x\\n\\n\
                           some  text \\n' | sendmail -f ann@example.com bob@example.com";
        [by_smtp, by_sendmail].map(|how| self.arrives(how))
    }

    fn arrives(&self, how: &str) -> PathBuf {
        self.root.sh(&format!("rm -f /home/bob/Maildir/new/*\n{how}"));
        let text = self.root.until(PATIENCE, "cat /home/bob/Maildir/new/*");
        self.scratch.write("arrived.eml", with_crlf(text.as_bytes()));
        let number = fs::read_dir(self.scratch.path()).expect("the scratch").count();
        let path = self.scratch.join(&format!("arrived-{number}.eml"));
        fs::rename(self.scratch.join("arrived.eml"), &path).expect("it was just written");
        path
    }

    /// Fails unless both messages that are sent now arrive with such seals and no others, and every
    /// judge that knows them agrees. Gives the messages.
    pub fn sends_sealed(&self, seals: &[Seal], selector: &str) -> [Message; 2] {
        let paths = self.send();
        let claims: Vec<Claim> = paths
            .iter()
            .flat_map(|path| {
                seals.iter().map(|seal| Claim::that(path, *seal, selector, "example.com"))
            })
            .collect();
        let records = self.records(selector);
        let objections = objections(&records, &claims, &self.scratch);
        assert!(objections.is_empty(), "{objections:#?}");
        paths.map(|path| {
            let message = Message::parse(&fs::read(path).expect("it was just written"));
            for (seal, name) in
                [(Seal::Dkim, "DKIM-Signature"), (Seal::DomainKeys, "DomainKey-Signature")]
            {
                let wanted = usize::from(seals.contains(&seal));
                assert_eq!(message.all(name).count(), wanted, "{name}: {message:?}");
            }
            message
        })
    }

    /// The record of the test key under another selector, too.
    fn records(&self, selector: &str) -> PathBuf {
        let known = fs::read_to_string(here("data/keys/records.txt")).expect("the test keys");
        let record = known.lines().find_map(|line| line.strip_prefix(SELECTOR)).expect("a record");
        self.scratch.write("records.txt", format!("{known}{selector}{record}\n"))
    }

    /// What `systemctl VERB` says of services, a word for each.
    pub fn systemctl(&self, verb: &str, services: &str) -> Vec<String> {
        let Said { text, .. } = self.root.try_sh(&format!("systemctl {verb} {services}"));
        text.lines().map(ToOwned::to_owned).collect()
    }

    /// The digests of files, and whom they belong to, to be compared with those of another time.
    pub fn state_of(&self, paths: &str) -> String {
        self.root.sh(&format!("sha256sum {paths}\nstat -c '%n %a %U %G' {paths}"))
    }
}
