//! The set-up that the how-tos of 2011 laid down, unchanged: their file tree, their sockets in
//! Postfix's chroot, their users, and the command lines of their init scripts.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use twinseal_e2e::claims::{Claim, objections};
use twinseal_e2e::here;
use twinseal_e2e::message::{Field, Message, with_lf};
use twinseal_e2e::nameserver::{Nameserver, Zone};
use twinseal_e2e::net::Address;
use twinseal_e2e::postfix::{Postfix, Setting};
use twinseal_e2e::program::{self, Background, Daemon};
use twinseal_e2e::reasons::field_of;
use twinseal_e2e::scratch::Scratch;
use twinseal_e2e::sink::Sink;
use twinseal_e2e::smtp::Reply;
use twinseal_e2e::users::{HISTORIC, Users, numbers};

/// The domains, each with its key: old ones have 1024 bits.
const DOMAINS: [(&str, &str); 3] =
    [("example.com", "rsa1024"), ("example.org", "rsa2048"), (UNLISTED, "rsa1024")];

/// It has lines in the key lists, and none in dk-filter's list of domains.
const UNLISTED: &str = "example.info";

/// A client in the network of the list of internal hosts, and one that is not.
const NEAR: &str = "192.0.2.5";
const FAR: &str = "198.51.100.7";

/// The selector of this server, the name of a symbolic link to the key.
const SELECTOR: &str = "mail2";

/// The file tree, below a root of its own, and the users that it belongs to.
struct Tree {
    scratch: Scratch,
    _users: Users,
}

impl Tree {
    /// No element of its paths can be written by everybody, as under `/tmp`.
    fn plant() -> Self {
        let users = Users::historic();
        let scratch = Scratch::below(Path::new("/var/lib/twinseal-e2e"), "old");
        let tree = Self { scratch, _users: users };
        tree.plant_keys();
        tree.plant_lists();
        for (name, mode) in [("dk-filter", 0o2755), ("dkim-filter", 0o755)] {
            tree.own_directory(&format!("queue/milter/{name}"), name, mode);
            tree.own_directory(&format!("var/run/{name}"), name, 0o755);
        }
        tree.scratch.dir("usr/sbin");
        for name in HISTORIC {
            // Not links: init scripts tell daemons apart by the file that they run.
            let copy = tree.scratch.join(&format!("usr/sbin/{name}"));
            fs::copy(program::path(), copy).unwrap();
        }
        tree
    }

    fn plant_keys(&self) {
        let (_, group) = numbers("dk-filter").unwrap();
        for (domain, key) in DOMAINS {
            let directory = format!("etc/mail/dkim/keys/{domain}");
            let pem = fs::read(here(&format!("data/keys/{key}.pem"))).unwrap();
            let name = format!("{directory}/default.private");
            let private = self.scratch.write_with_mode(&name, pem, 0o640);
            chown(&private, None, Some(group)).unwrap();
            let record = record_of(key);
            let text = format!("default._domainkey IN TXT \"v=DKIM1; g=*; k=rsa; t=y; {record}\"");
            self.scratch.write(
                &format!("{directory}/default.txt"),
                format!("{text} ; ----- DKIM default for {domain}\n"),
            );
            let link = self.scratch.join(&format!("{directory}/{SELECTOR}"));
            symlink("default.private", link).unwrap();
        }
    }

    fn plant_lists(&self) {
        let at = |path: &str| self.path(path);
        let lines = |line: &dyn Fn(&str) -> String| -> String {
            DOMAINS.iter().map(|(domain, _)| line(domain)).collect()
        };
        let keys = at("etc/mail/dkim/keys");
        let three = lines(&|domain| format!("*@{domain}:{domain}:{keys}/{domain}/{SELECTOR}\n"));
        self.scratch.write("etc/dkim-keys.conf", format!("# sender:domain:key\n{three}"));
        self.scratch.write("etc/dkim-internalhosts.conf", "127.0.0.1\nlocalhost\n192.0.2.0/28\n");
        let old = self.scratch.dir("etc/mail/domainkeys");
        symlink(&keys, old.join("keys")).unwrap();
        symlink(at("etc/dkim-internalhosts.conf"), old.join("internalhosts")).unwrap();
        let listed = DOMAINS.iter().filter(|(domain, _)| *domain != UNLISTED);
        let domains: String = listed.map(|(domain, _)| format!("{domain}\n")).collect();
        self.scratch.write("etc/mail/domainkeys/domains", format!("# ours\n{domains}"));
        let keys = at("etc/mail/domainkeys/keys");
        let two = lines(&|domain| format!("*@{domain}:{keys}/{domain}/{SELECTOR}\n"));
        self.scratch.write("etc/mail/domainkeys/keylist", two);
    }

    fn own_directory(&self, name: &str, owner: &str, mode: u32) {
        let directory = self.scratch.dir(name);
        let (user, group) = numbers(owner).unwrap();
        chown(&directory, Some(user), Some(group)).unwrap();
        fs::set_permissions(&directory, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn path(&self, relative: &str) -> String {
        self.scratch.join(relative).display().to_string()
    }

    /// `dkim-filter.conf` as it was shipped, with what the how-to says, and these lines.
    fn write_dkim_conf(&self, more: &str) {
        let text = format!(
            "# This is a basic configuration that can easily be adapted to suit a standard\n\
             # installation.\n\n# Log to syslog\nSyslog\t\t\tyes\n# Required to use local socket \
             with MTAs that access the socket as a non-\n# privileged user (e.g. Postfix)\n\
             UMask\t\t\t002\n\n# Sign for example.com with key in /etc/mail/dkim.key using\n\
             #Domain\t\t\texample.com\n#KeyFile\t\t/etc/mail/dkim.key\n#Selector\t\t2007\n\n\
             # Common settings. See dkim-filter.conf(5) for more information.\n\
             #AutoRestart\t\tno\n#Background\t\tyes\n#Canonicalization\tsimple\n\n\
             KeyList\t\t\t{keys}\nInternalHosts\t\t{hosts}\n{more}",
            keys = self.path("etc/dkim-keys.conf"),
            hosts = self.path("etc/dkim-internalhosts.conf"),
        );
        self.scratch.write("etc/dkim-filter.conf", text);
    }

    fn program(&self, name: &str) -> PathBuf {
        self.scratch.join(&format!("usr/sbin/{name}"))
    }

    /// The socket as the daemon names it.
    fn socket(&self, name: &str) -> PathBuf {
        self.scratch.join(&format!("queue/milter/{name}/{name}.sock"))
    }

    fn pid_file(&self, name: &str) -> PathBuf {
        self.scratch.join(&format!("var/run/{name}/{name}.pid"))
    }

    /// What the init script and `/etc/default/dk-filter` make of it, which begins like this.
    fn dk_filter_arguments(&self, first: &str) -> Vec<String> {
        let pid = self.pid_file("dk-filter").display().to_string();
        let socket = self.socket("dk-filter").display().to_string();
        let fixed = ["-u", "dk-filter", "-P", &pid, "-p", &socket].map(str::to_owned);
        let old = |name: &str| self.path(&format!("etc/mail/domainkeys/{name}"));
        let defaults = [first.to_owned(), "-i".to_owned(), old("internalhosts")].into_iter();
        let more = ["-d".to_owned(), old("domains"), "-k".to_owned(), "-s".to_owned()];
        fixed.into_iter().chain(defaults).chain(more).chain([old("keylist")]).collect()
    }

    fn start_dk_filter(&self, first: &str) -> Background {
        let pid_file = self.pid_file("dk-filter");
        Background::start(&self.program("dk-filter"), &self.dk_filter_arguments(first), &pid_file)
    }

    fn start_dkim_filter(&self) -> Background {
        let configuration = self.path("etc/dkim-filter.conf");
        let pid_file = self.pid_file("dkim-filter");
        let socket = format!("local:{}", self.socket("dkim-filter").display());
        let pid = pid_file.display().to_string();
        let arguments = ["-x", &configuration, "-u", "dkim-filter", "-P", &pid, "-p", &socket];
        Background::start(&self.program("dkim-filter"), &arguments, &pid_file)
    }

    /// The process and its socket belong to the user of that name, and its group, of which postfix
    /// is a member, may connect, as nobody else may.
    fn check_rights(&self, name: &str) {
        let (user, group) = numbers(name).unwrap();
        let pid = fs::read_to_string(self.pid_file(name)).unwrap();
        let process = fs::metadata(format!("/proc/{}", pid.trim())).unwrap();
        assert_eq!((process.uid(), process.gid()), (user, group), "who {name} runs as");
        let socket = fs::metadata(self.socket(name)).unwrap();
        assert!(socket.file_type().is_socket());
        assert_eq!((socket.uid(), socket.gid()), (user, group), "whose the socket of {name} is");
        assert_eq!(socket.mode() & 0o022, 0o020, "who may connect to {name}: {:o}", socket.mode());
    }

    /// The process is found by its program, and no other is: what Debian's init scripts do at the
    /// end of a stop.
    fn check_program(&self, name: &str) {
        let pid = fs::read_to_string(self.pid_file(name)).unwrap();
        let asked = Command::new("/sbin/start-stop-daemon")
            .args(["--stop", "--test", "--exec"])
            .arg(self.program(name))
            .output()
            .expect("start-stop-daemon, of the Debian package dpkg");
        let answer = String::from_utf8_lossy(&asked.stdout).into_owned();
        let found: Vec<&str> =
            answer.split(|ch: char| !ch.is_ascii_digit()).filter(|word| word.len() > 2).collect();
        assert_eq!(found, [pid.trim()], "{name}: {answer}");
    }

    /// Sends mail of every kind through these filters, asks the judges about the seals, and looks
    /// at what stands on top.
    fn try_mail(&self, filters: &[&str], tops: &Tops) {
        filters.iter().for_each(|name| self.check_rights(name));
        let sink = Sink::start();
        // As Postfix sees it from its chroot.
        let names: Vec<String> =
            filters.iter().map(|name| format!("unix:/milter/{name}/{name}.sock")).collect();
        let filters = &names.join(", ");
        let setting = Setting { filters, sink: sink.port(), chrooted: true, ..Setting::default() };
        let postfix = Postfix::start_as(&self.scratch, setting);
        let delivered = |recipient: &str| {
            let mail = sink.wait_for(recipient, Duration::from_secs(20));
            let mail = mail.unwrap_or_else(|| panic!("{recipient}\n{}", postfix.log()));
            let path = self.scratch.write(&format!("{recipient}.eml"), &mail.octets);
            let message = Message::parse(&mail.octets);
            let names: Vec<String> = message.fields.iter().map(Field::name).collect();
            (path, names.join(" "))
        };
        let mut claims = Vec::new();
        for (domain, _) in DOMAINS {
            let (from, text) = (format!("ann@{domain}"), message(domain));
            let to = |client: &str| format!("{client}-{domain}@example.net");
            let (smtp, near, local) = (to("smtp"), to("near"), to("local"));
            for (recipient, client) in [(&smtp, None), (&near, Some(NEAR))] {
                let reply = send(&postfix, &from, recipient, client, &text);
                assert_eq!(reply.code, 250, "{reply:?}\n{}", postfix.log());
            }
            postfix.submit_locally(&from, &local, &with_lf(&text)).unwrap();
            let top = if domain == UNLISTED { tops.unlisted } else { tops.sealed };
            for recipient in [smtp, near, local] {
                let (path, names) = delivered(&recipient);
                let want = format!("received {top}from");
                assert!(names.starts_with(&want), "{recipient}: {names}\nand not {want}");
                let both = Claim::both(&path, SELECTOR, domain);
                claims.extend(
                    both.into_iter().filter(|claim| {
                        top.contains(&field_of(claim.seal.seal).to_ascii_lowercase())
                    }),
                );
            }
        }
        for (recipient, from, client) in [
            ("stranger@example.net", "ann@example.com", Some(FAR)),
            ("elsewhere@example.net", "ann@sub.example.com", None),
        ] {
            let domain = from.split('@').nth(1).unwrap();
            assert_eq!(send(&postfix, from, recipient, client, &message(domain)).code, 250);
            let (_, names) = delivered(recipient);
            let want = format!("received {}from", tops.unsealed);
            assert!(names.starts_with(&want), "{recipient}: {names}\nand not {want}");
        }
        let wrong = objections(&publish(&self.scratch), &claims, &self.scratch);
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

/// What stands on top, between Received and From.
struct Tops {
    /// Of mail that every list knows.
    sealed: &'static str,
    /// Of mail of [`UNLISTED`].
    unlisted: &'static str,
    /// Of mail that is not ours.
    unsealed: &'static str,
}

/// Sends it from here, or as if from that address.
fn send(postfix: &Postfix, from: &str, to: &str, client: Option<&str>, text: &[u8]) -> Reply {
    let mut smtp = postfix.connect().unwrap();
    if let Some(address) = client {
        smtp.pretend("host.example.net", address).unwrap();
    }
    smtp.send(from, to, text).unwrap()
}

/// What `p=` says of a test key, with its name.
fn record_of(key: &str) -> String {
    let records = fs::read_to_string(here("data/keys/records.txt")).unwrap();
    let line = records.lines().find(|line| line.starts_with(key)).unwrap().to_owned();
    line[line.find("p=").unwrap()..].to_owned()
}

/// The records as the how-to has them published: under the name of the server, with `t=y`.
fn publish(scratch: &Scratch) -> Nameserver {
    let zones = DOMAINS.map(|(domain, key)| {
        let record = format!("v=DKIM1; g=*; k=rsa; t=y; {}", record_of(key));
        let mut zone = Zone::of_keys(domain, &format!("{SELECTOR}._domainkey {record}"));
        zone.lines.push_str("_domainkey IN TXT \"t=y;o=~\"\n");
        zone
    });
    Nameserver::start(&zones, scratch)
}

fn message(domain: &str) -> Vec<u8> {
    format!(
        "From: Ann <ann@{domain}>\r\nTo: bob@example.net\r\nSubject: as ever\r\n\
         Date: Mon, 2 Mar 2026 09:00:00 +0000\r\nMessage-ID: <1@{domain}>\r\n\r\ntext\r\n"
    )
    .into_bytes()
}

#[test]
fn the_two_daemons_run_side_by_side_on_the_old_tree() {
    let tree = Tree::plant();
    tree.write_dkim_conf("");
    let (dkim, dk) = (tree.start_dkim_filter(), tree.start_dk_filter("-l"));
    // dkim-filter's key list says whose mail is ours; dk-filter's leaves that to `-d`.
    let sealed = "domainkey-signature dkim-signature ";
    let tops = Tops { sealed, unlisted: "dkim-signature ", unsealed: "" };
    tree.try_mail(&["dkim-filter", "dk-filter"], &tops);
    HISTORIC.iter().for_each(|name| tree.check_program(name));
    // As after a crash, and as after `invoke-rc.d dk-filter restart`.
    dk.kill();
    tree.start_dk_filter("-l").stop();
    dkim.stop();
    for name in HISTORIC {
        assert!(!tree.socket(name).exists(), "the socket of {name} is left behind");
    }
}

#[test]
fn the_trace_field_of_dk_filter_stands_on_top_of_all_that_passes() {
    let tree = Tree::plant();
    let dk = tree.start_dk_filter("-hl");
    let (sealed, unsealed) = ("x-domainkeys domainkey-signature ", "x-domainkeys ");
    tree.try_mail(&["dk-filter"], &Tops { sealed, unlisted: unsealed, unsealed });
    dk.stop();
}

#[test]
fn one_dkim_filter_with_domainkeys_takes_the_place_of_both() {
    let tree = Tree::plant();
    tree.write_dkim_conf("Canonicalization\trelaxed/simple\nDomainKeys\t\tyes\n");
    let both = tree.start_dkim_filter();
    let sealed = "dkim-signature domainkey-signature ";
    tree.try_mail(&["dkim-filter"], &Tops { sealed, unlisted: sealed, unsealed: "" });
    both.stop();
}

#[test]
fn twinseal_serve_takes_the_options_of_dk_filter_on_the_same_tree() {
    let tree = Tree::plant();
    let mut arguments = vec!["serve".to_owned()];
    arguments.extend(tree.dk_filter_arguments("-l"));
    let address = Address::Unix(tree.socket("dk-filter"));
    let daemon = Daemon::start(&arguments, &address, &tree.scratch);
    let sealed = "dkim-signature domainkey-signature ";
    tree.try_mail(&["dk-filter"], &Tops { sealed, unlisted: "", unsealed: "" });
    assert!(daemon.stop().success());
}
