use super::run;
use crate::terminal::Terminal;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use twinseal_config::ExitCode;
use twinseal_keys::{KeyKind, SigningKey};

fn genkey(directory: &Path, words: &[&str]) -> (ExitCode, String, String) {
    let (mut output, mut errors) = (Vec::new(), Vec::new());
    let mut terminal = Terminal {
        program: crate::PROGRAM,
        input: &mut std::io::empty(),
        output: &mut output,
        errors: &mut errors,
    };
    let mut all = vec!["--directory".into(), directory.into()];
    all.extend(words.iter().map(Into::into));
    let code = run(all, &mut terminal);
    let text = |octets| String::from_utf8(octets).unwrap();
    (code, text(output), text(errors))
}

#[test]
fn a_key_is_private_and_comes_with_its_record() {
    let directory = tempfile::tempdir().unwrap();
    for (kind, name, tag) in [("rsa", "mail2", "k=rsa"), ("ed25519", "ed1", "k=ed25519")] {
        let words = ["--domain", "example.com", "--selector", name, "--type", kind];
        let (code, output, errors) = genkey(directory.path(), &words);
        assert_eq!((code, errors.as_str()), (ExitCode::Ok, ""));
        let private = directory.path().join(format!("{name}.private"));
        assert_eq!(private.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let key = SigningKey::from_pem(&std::fs::read(&private).unwrap()).unwrap();
        assert_eq!(key.kind() == KeyKind::Ed25519, kind == "ed25519");
        let record = std::fs::read_to_string(private.with_extension("txt")).unwrap();
        assert!(record.starts_with(&format!("{name}._domainkey.example.com.")), "{record}");
        assert!(record.contains(tag) && output.ends_with(&record), "{output}");
    }
}

#[test]
fn a_file_that_is_there_is_never_overwritten() {
    let directory = tempfile::tempdir().unwrap();
    let private = directory.path().join("s.private");
    std::fs::write(&private, "precious").unwrap();
    let words = ["--domain", "example.com", "--selector", "s", "--bits", "1024"];
    let (code, _, errors) = genkey(directory.path(), &words);
    assert_eq!(code, ExitCode::Unavailable);
    assert!(errors.contains("s.private") && errors.contains("exists"), "{errors}");
    assert_eq!(std::fs::read_to_string(&private).unwrap(), "precious");
}

#[test]
fn a_record_that_is_there_leaves_no_key_behind() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("s.txt"), "precious").unwrap();
    let words = ["--domain", "example.com", "--selector", "s", "--bits", "1024"];
    let (code, _, errors) = genkey(directory.path(), &words);
    assert_eq!(code, ExitCode::Unavailable);
    assert!(errors.contains("s.txt"), "{errors}");
    assert!(!directory.path().join("s.private").exists());
}

#[test]
fn every_mistake_of_the_command_line_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let words = ["--domain", "a b", "--type", "dsa", "--bits", "many", "--what"];
    let (code, _, errors) = genkey(directory.path(), &words);
    assert_eq!(code, ExitCode::Usage);
    for mistake in ["--domain", "--type", "--bits", "--what", "--selector is missing"] {
        assert!(errors.contains(mistake), "{mistake}: {errors}");
    }
}

#[test]
fn a_size_that_cannot_sign_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let words = ["--domain", "example.com", "--selector", "s", "--bits", "512"];
    let (code, _, errors) = genkey(directory.path(), &words);
    assert_eq!(code, ExitCode::Usage);
    assert!(errors.contains("512") && errors.contains("1024"), "{errors}");
}

#[test]
fn every_domain_gets_every_selector_in_a_folder_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let words = ["--domain", "a.example", "--domain", "B.example", "--selector", "s1"];
    let words = [&words[..], &["--selector", "s2", "--type", "ed25519", "--format", "json"]];
    let (code, output, errors) = genkey(directory.path(), &words.concat());
    assert_eq!((code, errors.as_str()), (ExitCode::Ok, ""));
    let made: serde_json::Value = serde_json::from_str(&output).unwrap();
    let made = made.as_array().unwrap();
    let mut keys: Vec<&str> = made.iter().map(|one| one["text"].as_str().unwrap()).collect();
    assert_eq!(keys.len(), 4);
    keys.dedup();
    assert_eq!(keys.len(), 4, "each is a key of its own");
    for one in made {
        let [domain, selector, name] =
            ["domain", "selector", "name"].map(|name| one[name].as_str().unwrap());
        assert_eq!(name, format!("{selector}._domainkey.{domain}"));
        let folder = directory.path().join(domain);
        assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o7022, 0);
        let file = folder.join(format!("{selector}.private"));
        assert_eq!(one["key_file"], file.display().to_string());
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(one["zone_line"], std::fs::read_to_string(file.with_extension("txt")).unwrap());
        let strings = one["strings"].as_array().unwrap().iter().map(|one| one.as_str().unwrap());
        assert_eq!(one["text"], strings.collect::<String>());
        assert_eq!((&one["type"], &one["key_type"]), (&"TXT".into(), &"ed25519".into()));
        assert!(one["bits"].is_null());
    }
}

#[test]
fn what_is_printed_fits_a_zone_or_a_form() {
    let directory = tempfile::tempdir().unwrap();
    let words = ["--domain", "a.example", "--bits", "1024", "--test-mode", "--format"];
    let with = |selector, format| {
        let words = [&words[..], &[format, "--selector", selector]].concat();
        genkey(directory.path(), &words).1
    };
    let zone = with("z", "zone");
    assert_eq!(zone, std::fs::read_to_string(directory.path().join("z.txt")).unwrap());
    let plain = with("p", "plain");
    let start = "name: p._domainkey.a.example\nvalue: v=DKIM1; k=rsa; t=y; p=MIG";
    assert!(plain.starts_with(start) && plain.lines().count() == 2, "{plain}");
}

#[test]
fn nothing_is_left_of_several_keys_when_one_cannot_be_made() {
    let directory = tempfile::tempdir().unwrap();
    let words = ["--domain", "a.example", "--domain", "b.example", "--selector", "s"];
    let words = [&words[..], &["--type", "ed25519"]].concat();
    // What is there already is found before anything is made, and a file in the way only then.
    std::fs::create_dir(directory.path().join("b.example")).unwrap();
    std::fs::write(directory.path().join("b.example/s.txt"), "precious").unwrap();
    let (code, output, errors) = genkey(directory.path(), &words);
    assert_eq!((code, output.as_str()), (ExitCode::Unavailable, ""));
    assert!(errors.contains("b.example/s.txt: the file exists"), "{errors}");
    assert!(!directory.path().join("a.example").exists());
    std::fs::remove_dir_all(directory.path().join("b.example")).unwrap();
    std::fs::write(directory.path().join("b.example"), "in the way").unwrap();
    assert_eq!(genkey(directory.path(), &words).0, ExitCode::Unavailable);
    assert!(!directory.path().join("a.example").exists());
    assert_eq!(std::fs::read_to_string(directory.path().join("b.example")).unwrap(), "in the way");
}

#[test]
fn a_large_key_is_made_with_a_warning_and_a_larger_one_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let words = ["--domain", "example.com", "--selector", "s", "--bits"];
    let with = |bits| genkey(directory.path(), &[&words[..], &[bits]].concat());
    let (code, _, errors) = with("2056");
    assert_eq!((code, errors.lines().count()), (ExitCode::Ok, 1), "{errors}");
    assert!(errors.contains("DomainKeys need not take"), "{errors}");
    let (code, _, errors) = with("4097");
    assert_eq!(code, ExitCode::Usage);
    assert!(errors.contains("allowed: 1024 to 4096"), "{errors}");
}

#[test]
fn a_name_that_is_given_twice_is_a_mistake() {
    let directory = tempfile::tempdir().unwrap();
    let words = ["--domain", "a.example", "--domain", "A.example", "--selector", "s"];
    let (code, _, errors) = genkey(directory.path(), &[&words[..], &["--format", "x"]].concat());
    assert_eq!(code, ExitCode::Usage);
    assert!(errors.contains("--domain: \"a.example\" is given twice"), "{errors}");
    assert!(errors.contains("--format: found \"x\", allowed: zone, plain, json"), "{errors}");
}
