use super::{Cause, Forecast, Foretold, refusal};
use crate::signing::seal::Seal;
use std::fs;
use std::sync::Arc;
use twinseal_dkim::{BodyLength, Canonicalization, HeaderSelection};
use twinseal_keys::SigningKey;
use twinseal_message::{Domain, FieldName, HeaderBlock, HeaderLines, Selector};

type Told = Vec<(Cause, Option<&'static str>)>;

fn key() -> Arc<SigningKey> {
    let path = format!("{}/../../tests/data/keys/rsa1024.pem", env!("CARGO_MANIFEST_DIR"));
    Arc::new(SigningKey::from_pem(&fs::read(path).unwrap()).unwrap())
}

fn dkim(header: &HeaderBlock, settings: twinseal_dkim::Settings) -> Box<dyn Seal> {
    let request = twinseal_dkim::Request {
        domain: Domain::parse("example.com").unwrap(),
        selector: Selector::parse("s").unwrap(),
        key: key(),
        settings: Arc::new(settings),
    };
    Box::new(twinseal_dkim::Signer::new(header, vec![request], 0).unwrap())
}

fn domainkeys(header: &HeaderBlock, simple: bool) -> Box<dyn Seal> {
    use twinseal_domainkeys::{Canonicalization, Request, Settings, Signer};
    let canonicalization = if simple { Canonicalization::Simple } else { Canonicalization::Nofws };
    let request = Request {
        domain: Domain::parse("example.com").unwrap(),
        selector: Selector::parse("s").unwrap(),
        key: key(),
        settings: Arc::new(Settings { canonicalization, omitted: Vec::new() }),
    };
    Box::new(Signer::new(header, vec![request]).unwrap())
}

fn settings(canonicalization: &str) -> twinseal_dkim::Settings {
    let canonicalization = Canonicalization::parse(canonicalization).unwrap();
    twinseal_dkim::Settings { canonicalization, ..Default::default() }
}

fn header(text: &str) -> HeaderBlock {
    let mut lines = HeaderLines::default();
    for line in text.split_inclusive('\n') {
        lines.line(line.as_bytes()).unwrap();
    }
    lines.finish()
}

const USUAL: &str =
    "From: a@example.com\r\nTo: b@example.net\r\nDate: Mon, 2 Mar 2026 09:00:00 +0000\r\n";

/// What is told of a message with a DKIM seal like that, and a DomainKeys seal.
fn told_as(settings: twinseal_dkim::Settings, simple: bool, more: &str, body: &str) -> Told {
    let header = header(&format!("{USUAL}{more}"));
    let seals = [domainkeys(&header, simple), dkim(&header, settings)];
    let mut forecast = Forecast::of_header(&header, &seals);
    forecast.feed(body.as_bytes());
    let mut all = forecast.shown().to_vec();
    all.extend(forecast.finish());
    all.iter().map(|one| (one.cause, one.only)).collect()
}

fn told(more: &str, body: &str) -> Told {
    told_as(settings("relaxed/relaxed"), false, more, body)
}

const DKIM: Option<&str> = Some("DKIM-Signature");

#[test]
fn nothing_is_told_of_mail_that_survives() {
    let long = "x".repeat(1200);
    for (more, body) in [
        (String::new(), "text\r\n".to_owned()),
        (String::new(), "undeclared gr\u{fc}\u{df}e\r\n".to_owned()),
        (
            "Content-Transfer-Encoding: quoted-printable\r\n".to_owned(),
            "gr\u{fc}\u{df}e\r\n".to_owned(),
        ),
        ("Content-Transfer-Encoding: \"8bit\"\r\n".to_owned(), "gr\u{fc}\u{df}e\r\n".to_owned()),
        (format!("X-Unsigned: {long}\r\n"), "text\r\n".to_owned()),
        ("X-Unsigned: a\rb\r\n".to_owned(), "text\r\n".to_owned()),
        (
            "Content-Type: text/plain; boundary=b\r\n".to_owned(),
            "--b\r\nContent-Transfer-Encoding: 8bit\r\n\r\n".to_owned(),
        ),
        (
            "Content-Type: multipart/mixed; boundary=b\r\n".to_owned(),
            "--b\r\ntext\r\nContent-Transfer-Encoding: 8bit\r\n\r\n--b--\r\n".to_owned(),
        ),
    ] {
        assert_eq!(told(&more, &body), [], "{more:?} {body:?}");
    }
}

#[test]
fn a_long_line_of_the_header_breaks_what_sees_the_blank() {
    let word = format!("Subject: {}\r\n", "x".repeat(1000));
    assert_eq!(told(&word, "x\r\n"), [(Cause::LongHeaderLine, DKIM)]);
    // The break falls beside a blank, which relaxed makes one of both.
    for before in [988, 989] {
        let lucky = format!("Subject: {} {}\r\n", "x".repeat(before), "y".repeat(100));
        assert_eq!(told(&lucky, "x\r\n"), [], "{before}");
        let simple = told_as(settings("simple/simple"), true, &lucky, "x\r\n");
        assert_eq!(simple, [(Cause::LongHeaderLine, None)]);
    }
    let folded = format!("Subject: {}\r\n {}\r\n", "x".repeat(900), "y".repeat(900));
    assert_eq!(told(&folded, "x\r\n"), []);
}

#[test]
fn what_is_declared_is_encoded_anew_wherever_it_stands() {
    let part = "--b\r\nContent-Transfer-Encoding: BINARY\r\n\r\nx\r\n--b--\r\n";
    let nested =
        format!("--a\r\nContent-Type: multipart/mixed;\r\n boundary=\"b\"\r\n\r\n{part}--a--\r\n");
    let message = "Content-Transfer-Encoding: 8bit\r\n\r\nx\r\n";
    let digest = format!("--a\r\n\r\n{message}--a--\r\n");
    for (more, body) in [
        ("Content-Transfer-Encoding: 8bit\r\n", "ascii\r\n"),
        ("Content-Transfer-Encoding: (c) 8BIT; x\r\n", ""),
        ("Content-Type: multipart/mixed; boundary=b\r\n", part),
        ("Content-Type: multipart/mixed; x=\"; boundary=c\"; boundary=a\r\n", &nested),
        ("Content-Type: message/rfc822\r\n", message),
        ("Content-Type: multipart/digest; boundary=a\r\n", &digest),
    ] {
        assert_eq!(told(more, body), [(Cause::EightBit, None)], "{more:?} {body:?}");
    }
}

#[test]
fn an_encoding_that_is_not_signed_matters_where_the_body_is_written_otherwise() {
    let names = |list: &[&str]| list.iter().map(|one| FieldName::parse(one).unwrap()).collect();
    let unsigned = || twinseal_dkim::Settings {
        headers: HeaderSelection::new(names(&["to"]), names(&[])).unwrap(),
        ..settings("relaxed/relaxed")
    };
    let header = header(&format!("{USUAL}Content-Transfer-Encoding: 8bit\r\n"));
    for (body, want) in [("ascii\r\n", 0), ("gr\u{fc}\u{df}e\r\n", 1), ("a=b\r\n", 1)] {
        let mut forecast = Forecast::of_header(&header, &[dkim(&header, unsigned())]);
        forecast.feed(body.as_bytes());
        assert_eq!(forecast.finish().len(), want, "{body:?}");
    }
    let told = told_as(unsigned(), false, "Content-Transfer-Encoding: 8bit\r\n", "ascii\r\n");
    assert_eq!(told, [(Cause::EightBit, Some("DomainKey-Signature"))]);
}

#[test]
fn a_bare_cr_breaks_what_does_not_leave_white_space_out() {
    assert_eq!(told("", "a\rb\r\n"), [(Cause::BareCr, DKIM)]);
    assert_eq!(told("Subject: a\rb\r\n", "c\rd\r\n"), [(Cause::BareCr, DKIM)]);
    let simple = |more, body| told_as(settings("simple/simple"), true, more, body);
    assert_eq!(simple("", "a\rb\r\n"), [(Cause::BareCr, None)]);
    assert_eq!(simple("Subject: a\rb\r\n", ""), [(Cause::BareCr, None)]);
}

#[test]
fn a_length_limit_saves_a_dkim_seal_from_what_comes_behind_it() {
    let limited = |most| twinseal_dkim::Settings {
        body_length: BodyLength::AtMost(most),
        ..settings("relaxed/simple")
    };
    let body = format!("{}\r\n", "x".repeat(1200));
    for (most, only) in [(998, Some("DomainKey-Signature")), (999, None)] {
        assert_eq!(told_as(limited(most), false, "", &body), [(Cause::LongLine, only)], "{most}");
    }
}

#[test]
fn a_missing_field_matters_where_the_seal_says_that_there_is_none() {
    let names = ["date", "message-id"].map(|one| FieldName::parse(one).unwrap()).to_vec();
    let headers = HeaderSelection::default().listing_always(names).unwrap();
    let always = twinseal_dkim::Settings { headers, ..settings("relaxed/relaxed") };
    assert_eq!(told_as(always, false, "", "x\r\n"), [(Cause::MissingMessageId, DKIM)]);
    assert_eq!(told("", "x\r\n"), []);
}

#[test]
fn a_seal_of_another_organization_is_none_to_dmarc() {
    for (from, want) in
        [("example.com", false), ("mail.example.com", false), ("example.net", true), ("com", false)]
    {
        let header = header(&format!("From: a@{from}\r\n"));
        let forecast =
            Forecast::of_header(&header, &[dkim(&header, twinseal_dkim::Settings::default())]);
        assert_eq!(forecast.shown().len(), usize::from(want), "{from}");
    }
}

#[test]
fn every_refusal_fits_into_a_reply() {
    let all: Vec<_> = Cause::ALL.map(|cause| Foretold { cause, only: None }).to_vec();
    assert!(refusal(&all).is_some());
    let codes: std::collections::BTreeSet<_> = Cause::ALL.map(Cause::code).into();
    assert_eq!(codes.len(), Cause::ALL.len());
}
