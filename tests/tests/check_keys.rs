//! `twinseal check` and key files: each fault is named with the element of the path, and what is
//! printed mends it, typed or by `--fix`.

use serde_json::Value;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;
use twinseal_e2e::checked::{Checked, Finding};
use twinseal_e2e::judges::require_root;
use twinseal_e2e::program;
use twinseal_e2e::scratch::Scratch;
use twinseal_e2e::users::numbers;

/// The daemon's user and its group, which every Debian has.
const USER: &str = "nobody:nogroup";

/// The numbers of its group.
fn group() -> u32 {
    let groups = fs::read_to_string("/etc/group").unwrap();
    let line = groups.lines().find(|line| line.starts_with("nogroup:")).unwrap();
    line.split(':').nth(2).unwrap().parse().unwrap()
}

struct Place {
    scratch: Scratch,
    file: String,
    directory: PathBuf,
    key: PathBuf,
}

impl Place {
    /// A key that the daemon's group can read, in a folder that everybody can go through.
    fn new(name: &str) -> Self {
        require_root();
        let scratch = Scratch::new(name);
        let key = scratch.key("rsa2048");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
        chown(&key, Some(0), Some(group())).unwrap();
        let directory = key.parent().unwrap().to_owned();
        let place = Self { file: String::new(), directory, key, scratch };
        place.configured("")
    }

    /// With that configuration: `KEY` is the file, `DIR` its folder.
    fn configured(mut self, further: &str) -> Self {
        let text = format!(
            "socket: inet:8891@localhost\nuser: {USER}\n{further}signing:\n  - {{ senders: \
             [\"*@example.com\"], domain: example.com, keys: [{{ file: {}, selector: mail }}] }}\n",
            self.key.display()
        );
        self.file = self.scratch.write("twinseal.yaml", text).display().to_string();
        self
    }

    fn check(&self) -> Checked {
        Checked::run(&["--config", &self.file, "--no-dns", "--no-mta"])
    }

    fn type_in(&self, text: &str) {
        let text = text
            .replace("KEY", &self.key.display().to_string())
            .replace("DIR", &self.directory.display().to_string());
        let output = Command::new("sh").args(["-ec", &text]).output().unwrap();
        assert!(output.status.success(), "{text}: {output:?}");
    }

    /// Runs `--fix`; how it ended, and what it said on standard error.
    fn fix(&self, words: &[&str], answers: &str) -> (i32, String) {
        let fixed = ["check", "--config", &self.file, "--no-dns", "--no-mta", "--fix"];
        let output = program::run(&[&fixed[..], words].concat(), answers.as_bytes());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code().unwrap_or(-1), said)
    }
}

/// What spoils it, what is found first, and which part of the path is named.
const CASES: &[(&str, &str, &str)] = &[
    ("chmod 644 KEY", "key-refused", "every user can read it"),
    ("chmod 660 KEY", "key-refused", "its group can write it"),
    ("chmod 662 KEY", "key-refused", "every user can write it"),
    ("chmod 644 KEY; chgrp root KEY", "key-refused", "every user can read it"),
    ("chmod 777 DIR", "key-refused", "DIR: every user can replace what is in it"),
    ("chown daemon KEY", "key-refused", "neither root nor the daemon's"),
    ("chgrp root KEY", "key-not-for-user", "nobody cannot read KEY (root:root 0640)"),
    ("chmod 700 DIR", "key-not-for-user", "nobody cannot search DIR (root:root 0700)"),
    ("chmod 700 DIR; chgrp root KEY", "key-not-for-user", "nobody cannot search DIR"),
    ("chown nobody KEY; chmod 040 KEY", "key-not-for-user", "nobody cannot read KEY"),
];

#[test]
fn each_fault_of_a_path_is_named_and_what_is_printed_mends_it() {
    for (number, (spoiling, code, what)) in CASES.iter().enumerate() {
        let place = Place::new(&format!("check-keys-{number}"));
        place.check().assert_clean();
        place.type_in(spoiling);
        let shown = |text: &str| {
            text.replace("KEY", &place.key.display().to_string())
                .replace("DIR", &place.directory.display().to_string())
        };
        let checked = place.check();
        let first = checked.findings.first().unwrap_or_else(|| panic!("{spoiling}"));
        assert_eq!(first.code, *code, "{spoiling}");
        assert!(first.what.contains(&shown(what)), "{spoiling}: {}", first.what);
        for finding in &checked.findings {
            finding.commands.iter().for_each(|command| place.type_in(command));
        }
        place.check().assert_clean();

        // The same by --fix.
        place.type_in(
            "chmod 755 DIR; chgrp root DIR; chown root KEY; chgrp nogroup KEY; chmod 640 KEY",
        );
        place.type_in(spoiling);
        let (code, said) = place.fix(&[], "n\nn\nn\n");
        assert!(code == 1 && said.contains("[y/N]"), "{spoiling}: {said}");
        let (code, said) = place.fix(&[], "y\ny\ny\ny\ny\n");
        assert_eq!(code, 0, "{spoiling}: {said}");
        place.check().assert_clean();
    }
}

#[test]
fn what_is_refused_stays_as_it_is_and_what_is_unasked_is_said() {
    let place = Place::new("check-keys-fix");
    place.type_in("chmod 644 KEY");
    let (code, _) = place.fix(&[], "n\n");
    let mode = || fs::metadata(&place.key).unwrap().permissions().mode() & 0o777;
    assert_eq!((code, mode()), (1, 0o644));
    // Nobody answers: that is a no.
    let (code, _) = place.fix(&[], "");
    assert_eq!((code, mode()), (1, 0o644));
    let (code, said) = place.fix(&["--yes"], "");
    assert_eq!((code, mode()), (0, 0o640), "{said}");
    assert_eq!(said, format!("chmod o-rwx {}\n", place.key.display()));
}

#[test]
fn what_others_use_is_left_as_it_is() {
    // Somebody's home, and a folder that is not the key's own.
    let place = Place::new("check-keys-others");
    place.type_in("chown daemon DIR");
    let checked = place.check();
    let [finding] = &checked.findings[..] else { panic!("{:#?}", checked.findings) };
    assert!(finding.code == "key-refused" && finding.commands.is_empty(), "{finding:#?}");
    let (_, said) = place.fix(&["--yes"], "");
    assert_eq!(said, "");

    let place = Place::new("check-keys-above");
    let above = place.directory.parent().unwrap().display().to_string();
    place.type_in(&format!("chmod 700 {above}"));
    let checked = place.check();
    let [finding] = &checked.findings[..] else { panic!("{:#?}", checked.findings) };
    assert!(finding.code == "key-not-for-user" && finding.commands.is_empty(), "{finding:#?}");
    let advice = &checked.answer["findings"][0]["mend"]["advice"];
    assert!(advice.as_str().unwrap().starts_with("move the key"), "{advice}");
    place.type_in(&format!("chmod 755 {above}"));
}

#[test]
fn two_keys_under_one_name_are_told() {
    let place = Place::new("check-two-keys");
    let other = place.scratch.key("rsa1024");
    fs::set_permissions(&other, fs::Permissions::from_mode(0o640)).unwrap();
    chown(&other, Some(0), Some(group())).unwrap();
    let text = fs::read_to_string(&place.file).unwrap();
    let entry = text.lines().last().unwrap().to_owned();
    let more = entry.replace(&place.key.display().to_string(), &other.display().to_string());
    fs::write(&place.file, format!("{text}{}\n", more.replace("*@", "joe@"))).unwrap();
    let checked = place.check();
    let wrong: Vec<&str> = checked.counted().map(|finding| finding.code.as_str()).collect();
    assert_eq!(wrong, ["config-two-keys"], "{:#?}", checked.findings);
    // A copy of the key is the key.
    fs::copy(&place.key, &other).unwrap();
    place.check().assert_clean();
}

#[test]
fn a_link_leads_to_the_file_and_the_folder_behind_it() {
    // Trap F4: mail2 -> keys/default.private
    let place = Place::new("check-keys-link");
    let link = place.scratch.join("mail2");
    symlink(&place.key, &link).unwrap();
    let text = fs::read_to_string(&place.file).unwrap();
    let text = text.replace(&place.key.display().to_string(), &link.display().to_string());
    fs::write(&place.file, text).unwrap();
    place.check().assert_clean();
    place.type_in("chmod 777 DIR");
    let checked = place.check();
    assert_eq!(checked.findings[0].place, link.display().to_string());
    let directory = place.directory.display().to_string();
    assert!(checked.findings[0].what.starts_with(&directory), "{:?}", checked.findings);
}

#[test]
fn what_is_no_key_and_what_is_no_use_as_one_is_told_apart() {
    let found = |place: &Place| -> Vec<String> {
        let mut codes: Vec<String> =
            place.check().findings.iter().map(|finding| finding.code.clone()).collect();
        codes.sort();
        codes
    };
    let place = Place::new("check-keys-kinds");
    fs::write(&place.key, "hello\n").unwrap();
    assert_eq!(found(&place), ["key-broken"]);
    fs::remove_file(&place.key).unwrap();
    assert_eq!(found(&place), ["key-missing"]);

    let data = |name: &str| {
        fs::read(format!("{}/data/keys/{name}.pem", env!("CARGO_MANIFEST_DIR"))).unwrap()
    };
    for (name, mode, want) in [
        ("rsa512", 0o640, &["key-broken"][..]),
        ("rsa1024", 0o640, &["key-small"]),
        ("ed25519", 0o640, &["key-no-rsa"]),
        ("rsa2048", 0o600, &["key-root-only"]),
        ("rsa2048", 0o640, &[]),
    ] {
        let place = Place::new(&format!("check-keys-{name}-{mode:o}"));
        fs::write(&place.key, data(name)).unwrap();
        fs::set_permissions(&place.key, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(found(&place), want, "{name}");
    }

    let place = Place::new("check-keys-large");
    let words = ["genkey", "--domain", "a.example", "--selector", "s", "--bits", "4096"];
    let directory = place.scratch.path().display().to_string();
    program::run(&[&words[..], &["--directory", &directory]].concat(), b"");
    fs::copy(place.scratch.join("s.private"), &place.key).unwrap();
    place.type_in("chmod 640 KEY; chgrp nogroup KEY");
    assert_eq!(found(&place), ["key-large"]);

    let place = Place::new("check-keys-unsafe").configured("require-safe-keys: no\n");
    place.type_in("chmod 644 KEY");
    assert_eq!(found(&place), ["key-exposed"]);

    let place = Place::new("check-keys-user");
    let text = fs::read_to_string(&place.file).unwrap().replace(USER, "no-such-user");
    fs::write(&place.file, text).unwrap();
    assert_eq!(found(&place), ["key-no-user"]);
    let ignored = ["--config", &place.file, "--no-dns", "--no-mta", "--ignore", "key-no-user"];
    Checked::run(&ignored).assert_clean();
}

#[test]
fn each_line_that_is_wrong_or_not_meant_is_named() {
    let place = Place::new("check-configuration");
    let text = fs::read_to_string(&place.file).unwrap();
    let wrong = text.replace("domain: example.com", "domain: exa_mple..com") + "colour: red\n";
    fs::write(&place.file, wrong).unwrap();
    let checked = place.check();
    assert_eq!(checked.code, 1);
    let places: Vec<&str> = checked.findings.iter().map(|one| one.place.as_str()).collect();
    let at = |line: usize| format!("{}:{line}", place.file);
    assert!(places.len() == 2, "{:#?}", checked.findings);
    assert!(checked.findings.iter().all(|one| one.code == "config-mistake"));
    assert!(places[0].starts_with(&at(4)) && places[1].starts_with(&at(5)), "{places:?}");

    let risky = text.replace("signing:", "internal-hosts: [192.0.2.1]\nsigning:");
    fs::write(&place.file, risky).unwrap();
    let checked = place.check();
    let codes: Vec<&str> = checked.findings.iter().map(|one| one.code.as_str()).collect();
    assert_eq!((checked.code, codes), (1, vec!["config-caution"]), "{:#?}", checked.findings);

    // A historic table, and what its program did that is of no effect here.
    let key = place.key.display();
    let table = place.scratch.write("keytable", format!("mail example.com:mail:{key}\nbad row\n"));
    let signing = place.scratch.write("signingtable", "*@example.com mail\n");
    let conf = place.scratch.write(
        "opendkim.conf",
        format!(
            "Socket inet:8891@localhost\nUserID {USER}\nSyslog yes\nMode s\nKeyTable file:{}\nSigningTable \
             refile:{}\n",
            table.display(),
            signing.display()
        ),
    );
    let conf = conf.display().to_string();
    let look = || Checked::run(&["--no-dns", "--no-mta", "--", "opendkim", "-x", &conf]);
    let checked = look();
    let row = format!("{}:2", table.display());
    assert!(checked.code == 1, "{:#?}", checked.findings);
    assert!(checked.findings.iter().any(|one| one.place == row), "{:#?}", checked.findings);
    place.scratch.write("keytable", format!("mail example.com:mail:{key}\n"));
    look().assert_clean();
}

/// The codes of what is found, in order and each once.
fn codes(checked: &Checked) -> Vec<&str> {
    let mut codes: Vec<&str> = checked.findings.iter().map(|one| one.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

#[test]
fn the_command_lines_of_the_old_programs_lead_to_the_same_keys() {
    let place = Place::new("check-keys-doors");
    let key = place.key.display().to_string();
    let three = place.scratch.write("three", format!("*@a.example:a.example:{key}\n"));
    let two = place.scratch.write("two", format!("*@a.example:{key}\n"));
    let (three, two) = (three.display().to_string(), two.display().to_string());
    let common = ["-l", "-p", "inet:8891@localhost", "-u", USER, "-d", "a.example"];
    for words in [
        &["dkim-filter", "-s", "mail", "-k", &key][..],
        &["dkim-filter", "-K", "-k", &three],
        &["dk-filter", "-S", "mail", "-s", &key],
        &["dk-filter", "-k", "-s", &two],
    ] {
        let (program, own) = words.split_first().unwrap();
        let words = [&["--no-dns", "--no-mta", "--", program], &common[..], own].concat();
        let look = || Checked::run(&words);
        look().assert_clean();
        place.type_in("chmod 644 KEY");
        let checked = look();
        let wrong: Vec<&Finding> = checked.counted().collect();
        let [finding] = &wrong[..] else { panic!("{words:?}: {:#?}", checked.findings) };
        // The old programs warn of such a key, and take it.
        assert_eq!((finding.code.as_str(), finding.place.as_str()), ("key-exposed", key.as_str()));
        finding.commands.iter().for_each(|command| place.type_in(command));
        look().assert_clean();
        // What that program did and this one does not is a note.
        if *program == "dk-filter" {
            assert_eq!(codes(&look()), ["config-notice"], "{words:?}");
        }
    }
    // A line of the list that is none is named by its number.
    fs::write(&three, format!("*@a.example:a.example:{key}\nbad\n")).unwrap();
    let words = ["--no-dns", "--no-mta", "--", "dkim-filter", "-K", "-k", &three];
    let checked = Checked::run(&[&words[..], &common].concat());
    let at = format!("{three}:2");
    assert!(checked.findings.iter().any(|one| one.place == at), "{:#?}", checked.findings);
}

#[test]
fn keys_that_a_table_names_by_the_domain_are_each_looked_at() {
    let place = Place::new("check-keys-percent");
    let pem = fs::read(&place.key).unwrap();
    let of = |domain: &str| {
        let file = place.scratch.write_with_mode(&format!("of/{domain}/mail"), &pem, 0o640);
        chown(&file, Some(0), Some(group())).unwrap();
        file
    };
    let (_, second) = (of("a.example"), of("b.example"));
    let above = place.scratch.join("of").display().to_string();
    let table = place.scratch.write("keytable", format!("k %:mail:{above}/%/mail\n"));
    let signing = place.scratch.write("signingtable", "*@a.example k\n*@b.example k\n");
    let conf = place.scratch.write(
        "opendkim.conf",
        format!(
            "Socket inet:8891@localhost\nUserID {USER}\nSyslog yes\nMode s\nKeyTable file:{}\n\
             SigningTable refile:{}\n",
            table.display(),
            signing.display()
        ),
    );
    let conf = conf.display().to_string();
    let look = || Checked::run(&["--no-dns", "--no-mta", "--", "opendkim", "-x", &conf]);
    look().assert_clean();
    fs::set_permissions(&second, fs::Permissions::from_mode(0o644)).unwrap();
    let checked = look();
    let found: Vec<(&str, &str)> =
        checked.counted().map(|one| (one.code.as_str(), one.place.as_str())).collect();
    assert_eq!(found, [("key-refused", second.to_str().unwrap())], "{:#?}", checked.findings);
}

#[test]
fn a_rule_that_signs_for_whoever_sends_is_noted() {
    let place = Place::new("check-open-rule");
    let text = fs::read_to_string(&place.file).unwrap();
    let open =
        text.replace("\"*@example.com\"", "\"*\"").replace("domain: example.com", "domain: \"*\"");
    fs::write(&place.file, open).unwrap();
    let checked = place.check();
    checked.assert_clean();
    assert_eq!(codes(&checked), ["config-open-rule"]);
    assert_eq!(checked.findings[0].place, format!("{}:4", place.file));
}

#[test]
fn who_may_not_read_a_key_is_told_that_it_was_not_seen() {
    let place = Place::new("check-keys-unseen");
    place.type_in("chmod 600 KEY");
    // Others than root need not get at the build directory.
    let own = place.scratch.join("twinseal");
    fs::copy(program::path(), &own).unwrap();
    fs::set_permissions(&own, fs::Permissions::from_mode(0o755)).unwrap();
    let mut look = Command::new(own);
    look.args(["check", "--json", "--no-dns", "--no-mta", "--config", &place.file]);
    let (user, group) = numbers("nobody").unwrap();
    let output = look.uid(user).gid(group).output().unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let [finding] = &answer["findings"].as_array().unwrap()[..] else { panic!("{answer:#}") };
    assert_eq!(finding["code"], "key-not-seen");
    assert_eq!(finding["where"], place.key.display().to_string());
    // A note: it may be in order.
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_command_line_that_is_wrong_is_not_a_finding() {
    for words in [&["--ignore", "nonsense"][..], &["--nonsense"], &["--fix", "--fix=1"]] {
        let output = program::run(&[&["check"], words].concat(), b"");
        assert_eq!(output.status.code(), Some(64), "{words:?}: {output:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{words:?}");
    }
}
