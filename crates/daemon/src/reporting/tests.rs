use super::{AT_ONCE, Case, Desk, Failure};
use crate::resolver::KeyFileResolver;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::Semaphore;
use twinseal_config::Door;
use twinseal_dkim::{AdspResult, Claims, Outcome, Verdict};
use twinseal_message::{Domain, HeaderBlock, Selector};

/// What DNS says in these tests.
const RECORDS: &str = "\
asks._domainkey.a.example v=DKIM1; r=post@elsewhere.example; p=
silent._domainkey.a.example v=DKIM1; p=
_report._domainkey.a.example ra=dkim-errors; rr=v
_adsp._domainkey.a.example dkim=all; r=policy
asks._domainkey.b.example v=DKIM1; r=post; p=
";

/// Writes what it gets, and how it was called, beside itself.
const SENDMAIL: &str = "#!/bin/sh\necho \"$@\" > \"$0.args\"\ncat > \"$0.part\"\n\
                        mv \"$0.part\" \"$0.$$.eml\"\n";

fn desk(directory: &TempDir, script: &str) -> Arc<Desk> {
    let command = directory.path().join("sendmail");
    fs::write(&command, script).unwrap();
    fs::set_permissions(&command, fs::Permissions::from_mode(0o755)).unwrap();
    let resolver = KeyFileResolver::parse(RECORDS.as_bytes());
    Arc::new(Desk {
        door: Door::Native,
        signatures: true,
        policies: true,
        from: "postmaster@mx.example".to_owned(),
        command,
        courier: OnceLock::new(),
        resolver: Arc::new(resolver.unwrap_or_else(|_| panic!("records"))),
        budget: Duration::from_secs(1),
        room: Arc::new(Semaphore::new(AT_ONCE)),
        ledger: Arc::default(),
    })
}

fn case(fields: &[(&str, &str)]) -> Case {
    let mut header = HeaderBlock::default();
    for (name, value) in fields {
        header.push(name.as_bytes(), value.as_bytes()).unwrap();
    }
    Case {
        queue_id: "4AB12".to_owned(),
        sender: b"ann@a.example".to_vec(),
        client: "192.0.2.1".parse().ok(),
        header: Arc::new(header),
        results: Some(" mx.example;\r\n\tdkim=fail header.d=a.example".to_owned()),
        now: 1_700_000_000,
    }
}

fn verdict(selector: &str, domain: &str, outcome: Outcome) -> Verdict {
    let claims = Claims {
        domain: Domain::parse(domain).ok(),
        selector: Selector::parse(selector).ok(),
        ..Claims::default()
    };
    Verdict { claims, outcome, key: None, coverage: None }
}

/// Waits until nothing is under way, and gives back what was sent.
async fn sent(desk: &Desk, directory: &TempDir) -> Vec<Vec<u8>> {
    let all = u32::try_from(AT_ONCE).unwrap();
    let _idle = desk.room.acquire_many(all).await.unwrap();
    let entries = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path());
    let is_mail = |path: &Path| path.extension().is_some_and(|end| end == "eml");
    entries.filter(|path| is_mail(path)).map(|path| fs::read(path).unwrap()).collect()
}

const FROM: (&str, &str) = ("From", " ann@a.example");

#[tokio::test]
async fn only_what_the_signer_asks_for_is_reported() {
    let own = ("DKIM-Signature", " v=1; d=a.example; s=silent; r=y; b=x");
    let other = ("DKIM-Signature", " v=1; d=a.example; s=silent; b=x");
    let report = ("Content-Type", " Multipart/Report; boundary=x");
    let automatic = ("Auto-Submitted", " auto-replied");
    let by_hand = ("Auto-Submitted", " no");
    let changed = |selector: &str| verdict(selector, "a.example", Outcome::BodyChanged);
    let wrong = || verdict("asks", "a.example", Outcome::SignatureWrong);
    for (fields, verdicts, adsp, to) in [
        (vec![FROM], vec![changed("asks")], None, &["post@a.example"][..]),
        (vec![FROM], vec![wrong(), changed("asks")], None, &["post@a.example"]),
        (vec![FROM, by_hand], vec![wrong()], None, &["post@a.example"]),
        (vec![FROM, own], vec![changed("silent")], None, &["dkim-errors@a.example"]),
        (vec![FROM, other], vec![changed("silent")], None, &[]),
        (vec![FROM], vec![verdict("asks", "a.example", Outcome::Pass)], None, &[]),
        (vec![FROM], vec![verdict("asks", "a.example", Outcome::KeyRevoked)], None, &[]),
        (vec![FROM], vec![verdict("asks", "c.example", Outcome::BodyChanged)], None, &[]),
        (vec![FROM, report], vec![changed("asks")], None, &[]),
        (vec![FROM, automatic], vec![changed("asks")], None, &[]),
        (vec![FROM], vec![], Some(AdspResult::Fail), &["policy@a.example"]),
        (vec![FROM], vec![], Some(AdspResult::Unknown), &[]),
        (vec![], vec![], Some(AdspResult::Fail), &[]),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let desk = desk(&directory, SENDMAIL);
        desk.consider(&case(&fields), &verdicts, adsp);
        let mails = sent(&desk, &directory).await;
        let found: Vec<String> = mails.iter().map(|mail| to_of(mail)).collect();
        assert_eq!(found, to, "{fields:?} {verdicts:?}");
        let null = Case { sender: Vec::new(), ..case(&fields) };
        fs::remove_dir_all(directory.path()).unwrap();
        fs::create_dir(directory.path()).unwrap();
        desk.consider(&null, &verdicts, adsp);
        assert!(sent(&desk, &directory).await.is_empty(), "to nobody: {fields:?}");
    }
}

fn to_of(mail: &[u8]) -> String {
    let text = String::from_utf8_lossy(mail).into_owned();
    let line = text.lines().find_map(|line| line.strip_prefix("To: "));
    line.unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_flood_of_forgeries_is_no_flood_of_reports() {
    let directory = tempfile::tempdir().unwrap();
    let desk = desk(&directory, SENDMAIL);
    let failure = Failure::Signature {
        domain: Domain::parse("a.example").unwrap(),
        selector: Selector::parse("asks").unwrap(),
        identity: "@a.example".to_owned(),
        body: true,
        asks: false,
    };
    for _ in 0..15 {
        desk.report(&failure, &case(&[FROM])).await;
    }
    assert_eq!(sent(&desk, &directory).await.len(), 10);
    // With all places taken, there is no waiting.
    let busy = desk.room.acquire_many(u32::try_from(AT_ONCE).unwrap()).await.unwrap();
    desk.consider(&case(&[FROM]), &[verdict("asks", "b.example", Outcome::BodyChanged)], None);
    drop(busy);
    assert_eq!(sent(&desk, &directory).await.len(), 10);
}

/// Reads a report and prints what is in it.
const READER: &str = "
import email, email.policy, sys
m = email.message_from_binary_file(sys.stdin.buffer, policy=email.policy.default)
assert not m.defects, m.defects
print(m['from'], '|', m['to'], '|', m['subject'], '|', m['auto-submitted'])
print(m['date'].datetime.isoformat(), m.get_content_type(), m.get_param('report-type'))
text, report, header = m.iter_parts()
for part in (text, report, header):
    assert not part.defects, part.defects
    print(part.get_content_type())
fields = report.get_payload()
fields = fields[0] if isinstance(fields, list) else email.message_from_string(fields)
for name, value in fields.items():
    print(name + '=' + value)
print(repr(header.get_payload(decode=True)))
";

#[tokio::test]
async fn a_report_is_one_to_whoever_reads_reports() {
    let directory = tempfile::tempdir().unwrap();
    let desk = desk(&directory, SENDMAIL);
    let subject = ("Subject", " one\r\n two");
    let verdicts = [verdict("asks", "a.example", Outcome::BodyChanged)];
    desk.consider(&case(&[FROM, subject]), &verdicts, None);
    let mails = sent(&desk, &directory).await;
    let arguments = fs::read_to_string(directory.path().join("sendmail.args")).unwrap();
    assert_eq!(arguments, "-i -t -f <>\n");
    let mut python = Command::new("python3")
        .args(["-c", READER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python3");
    std::io::Write::write_all(&mut python.stdin.take().unwrap(), &mails[0]).unwrap();
    let read = python.wait_with_output().unwrap();
    let text = String::from_utf8(read.stdout).unwrap();
    assert!(read.status.success(), "{}\n{text}", String::from_utf8_lossy(&read.stderr));
    for line in [
        "postmaster@mx.example | post@a.example | DKIM failure report for 4AB12 | auto-generated",
        "2023-11-14T22:13:20+00:00 multipart/report feedback-report",
        "text/plain\nmessage/feedback-report\ntext/rfc822-headers",
        "Feedback-Type=auth-failure",
        "Version=1",
        "Original-Envelope-Id=4AB12",
        "Original-Mail-From=<ann@a.example>",
        "Arrival-Date=Tue, 14 Nov 2023 22:13:20 +0000",
        "Source-IP=192.0.2.1",
        "Reported-Domain=a.example",
        "Authentication-Results=mx.example; dkim=fail header.d=a.example",
        "Auth-Failure=bodyhash",
        "DKIM-Domain=a.example",
        "DKIM-Identity=@a.example",
        "DKIM-Selector=asks",
        "b'From: ann@a.example\\nSubject: one\\n two\\n",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}

#[tokio::test]
async fn a_program_that_fails_is_no_trouble() {
    let directory = tempfile::tempdir().unwrap();
    let failing = desk(&directory, "#!/bin/sh\nexit 75\n");
    let verdicts = [verdict("asks", "a.example", Outcome::BodyChanged)];
    failing.consider(&case(&[FROM]), &verdicts, None);
    assert!(sent(&failing, &directory).await.is_empty());
    let error = super::sendmail::send(&failing.command, b"x").unwrap_err();
    assert!(error.to_string().contains("75"), "{error}");
    assert!(super::sendmail::send(Path::new("/none"), b"x").is_err());
}
