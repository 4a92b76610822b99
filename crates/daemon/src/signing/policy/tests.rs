use super::{Deciding, Fidelity, Known, Orders, Origin, Plan, addresses, plan};
use crate::event::Reason;
use crate::signing::order::{Order, SelectedKey};
use std::sync::Arc;
use twinseal_keys::SigningKey;
use twinseal_message::{Domain, FieldName, HeaderBlock, Selector};
use twinseal_milter::Macros;

const FROM: (&str, &str) = ("From", " a@example.com");
const TO: (&str, &str) = ("To", " b@example.net");

fn header(fields: &[(&str, &str)]) -> HeaderBlock {
    let mut header = HeaderBlock::default();
    for (name, value) in fields {
        header.push(name.as_bytes(), value.as_bytes()).unwrap();
    }
    header
}

fn rsa() -> Arc<SigningKey> {
    let pem = include_bytes!("../../../../../tests/data/keys/rsa1024.pem");
    Arc::new(SigningKey::from_pem(pem).unwrap())
}

fn order(domain: &str, key: Arc<SigningKey>) -> Order {
    let selector = Selector::parse("mail2").unwrap();
    Order {
        domain: Domain::parse(domain).unwrap(),
        keys: Arc::new([SelectedKey { selector, key }]),
        dkim: Some(Arc::default()),
        domainkeys: Some(Arc::default()),
        also: Vec::new(),
    }
}

fn both(order: Order) -> Orders {
    Orders { author: Some(order.clone()), sender: Some(order) }
}

/// What these fields say, in their order.
fn by(names: &[&str]) -> Deciding {
    let sender_headers = names.iter().map(|name| FieldName::parse(name).unwrap()).collect();
    Deciding { sender_headers, ..Deciding::default() }
}

/// The names of the inserted fields in order, the seals left out, or the reason to ignore.
fn outcome(
    fields: &[(&str, &str)],
    orders: &Orders,
    origin: &Origin,
    fidelity: Fidelity,
) -> Result<(Vec<String>, Vec<&'static str>), Reason> {
    let header = header(fields);
    let addresses = &addresses(&header, &by(&["from"]), &Macros::default())?;
    let known = Known {
        addresses,
        orders,
        origin,
        fidelity,
        parent_identity: false,
        without_domainkeys: false,
        now: 1,
    };
    match plan(&header, &known) {
        Plan::Ignore(reason) => Err(reason),
        Plan::Sign { seals, left_out } => {
            let fields = seals.into_iter().flat_map(|seal| seal.finish().unwrap());
            let text = |sealed: crate::signing::seal::SealedField| {
                assert_eq!(sealed.index, 1);
                String::from_utf8(sealed.field.octets()).unwrap()
            };
            Ok((fields.map(text).collect(), left_out.iter().map(|(_, why)| why.code()).collect()))
        }
    }
}

#[test]
fn our_own_mail_gets_domainkeys_first_and_dkim_above_it() {
    // Traps O1, W8: of two inserts at one place the later one ends on top.
    for origin in [Origin::Internal, Origin::Authenticated] {
        let orders = both(order("example.com", rsa()));
        let (fields, left_out) = outcome(&[FROM, TO], &orders, &origin, Fidelity::Exact).unwrap();
        assert!(fields[0].starts_with("DomainKey-Signature:"), "{fields:?}");
        assert!(fields[1].starts_with("DKIM-Signature:"), "{fields:?}");
        assert_eq!((fields.len(), left_out.len()), (2, 0));
    }
}

#[test]
fn mail_from_outside_is_left_alone() {
    let origin = Origin::External { client: "x [192.0.2.1]".to_owned(), expected: false };
    let orders = both(order("example.com", rsa()));
    let reason = outcome(&[FROM, TO], &orders, &origin, Fidelity::Exact).unwrap_err();
    assert_eq!(reason.code(), "external-host");
}

#[test]
fn a_sender_that_is_not_ours_costs_the_domainkeys_seal_alone() {
    // Trap K3
    let orders = Orders { author: Some(order("example.com", rsa())), sender: None };
    let fields = [FROM, TO, ("Sender", " list@example.net")];
    let (made, left_out) = outcome(&fields, &orders, &Origin::Internal, Fidelity::Exact).unwrap();
    assert_eq!((made.len(), left_out), (1, vec!["no-signing-rule"]));
    assert!(made[0].starts_with("DKIM-Signature:"), "{made:?}");
}

#[test]
fn where_several_rules_sign_a_foreign_domain_costs_its_own_domainkeys_seal_alone() {
    let also = vec![order("example.net", rsa())];
    for (first, want) in [("example.com", 3), ("example.org", 2)] {
        let orders = both(Order { also: also.clone(), ..order(first, rsa()) });
        let (made, left_out) =
            outcome(&[FROM, TO], &orders, &Origin::Internal, Fidelity::Exact).unwrap();
        let dkim = made.iter().filter(|field| field.starts_with("DKIM-Signature:")).count();
        assert_eq!((made.len(), dkim), (want, 2), "{first}: {made:?}");
        let reasons: &[&str] = if want == 3 { &[] } else { &["foreign-domain"] };
        assert_eq!(left_out, reasons, "{first}");
    }
}

#[test]
fn an_author_that_is_not_ours_costs_the_dkim_seal_alone() {
    let orders = Orders { author: None, sender: Some(order("example.net", rsa())) };
    let fields = [FROM, TO, ("Sender", " list@example.net")];
    let (made, left_out) = outcome(&fields, &orders, &Origin::Internal, Fidelity::Exact).unwrap();
    assert_eq!((made.len(), left_out), (1, vec!["no-signing-rule"]));
    assert!(made[0].starts_with("DomainKey-Signature:"), "{made:?}");
}

#[test]
fn what_stands_in_the_way_of_domainkeys_leaves_dkim_alone() {
    let ed25519 = Arc::new(SigningKey::generate_ed25519().unwrap());
    let sealed = ("DomainKey-Signature", " a=rsa-sha1");
    for (fields, key, want) in [
        (&[sealed, FROM, TO][..], rsa(), "already-sealed"),
        (&[FROM, TO][..], ed25519, "key-not-rsa"),
        (&[FROM][..], rsa(), "too-few-headers"),
        (&[FROM, TO, ("Sender", " nobody")][..], rsa(), "unparsable-sender"),
    ] {
        let orders = both(order("example.com", key));
        let (made, left_out) =
            outcome(fields, &orders, &Origin::Internal, Fidelity::Exact).unwrap();
        assert_eq!((made.len(), left_out), (1, vec![want]));
    }
}

#[test]
fn a_message_without_one_readable_author_is_left_alone() {
    // Trap H15
    let orders = both(order("example.com", rsa()));
    for (fields, want) in [
        (&[TO][..], "no-from-field"),
        (&[FROM, FROM][..], "several-from-fields"),
        (&[("From", " nobody"), ("Sender", " a@example.com")][..], "unparsable-from"),
    ] {
        let reason = outcome(fields, &orders, &Origin::Internal, Fidelity::Exact).unwrap_err();
        assert_eq!(reason.code(), want);
    }
}

#[test]
fn no_rule_and_no_seal_each_have_their_reason() {
    let reason = |orders| outcome(&[FROM, TO], &orders, &Origin::Internal, Fidelity::Exact);
    assert_eq!(reason(Orders::default()).unwrap_err().code(), "no-signing-rule");
    let off = Order { dkim: None, domainkeys: None, ..order("example.com", rsa()) };
    assert_eq!(reason(both(off)).unwrap_err().code(), "seals-off");
}

#[test]
fn a_seal_that_is_switched_off_needs_no_reason() {
    let off = Order { domainkeys: None, ..order("example.com", rsa()) };
    let (made, left_out) =
        outcome(&[FROM, TO], &both(off), &Origin::Internal, Fidelity::Exact).unwrap();
    assert_eq!((made.len(), left_out.len()), (1, 0));
}

#[test]
fn values_that_are_not_exact_are_signed_so_that_it_does_not_show() {
    // Trap W1
    let simple = twinseal_dkim::Settings {
        canonicalization: twinseal_dkim::Canonicalization::parse("simple/simple").unwrap(),
        ..Default::default()
    };
    let settings = twinseal_domainkeys::Settings {
        canonicalization: twinseal_domainkeys::Canonicalization::Simple,
        ..Default::default()
    };
    let order = Order {
        dkim: Some(Arc::new(simple)),
        domainkeys: Some(Arc::new(settings)),
        ..order("example.com", rsa())
    };
    for (fidelity, domainkeys, dkim) in [
        (Fidelity::Exact, "c=simple;", "c=simple/simple;"),
        (Fidelity::Approximate, "c=nofws;", "c=relaxed/simple;"),
    ] {
        let orders = both(order.clone());
        let (made, _) = outcome(&[FROM, TO], &orders, &Origin::Internal, fidelity).unwrap();
        assert!(made[0].contains(domainkeys) && made[1].contains(dkim), "{fidelity:?} {made:?}");
    }
}

#[test]
fn a_field_that_cannot_be_read_has_a_code_of_its_own() {
    let nobody = |name| [FROM, (name, " nobody")];
    for (field, names, want) in [
        ("Resent-Sender", &["resent-sender", "from"][..], "unparsable-resent-sender"),
        ("RESENT-FROM", &["resent-from"], "unparsable-resent-from"),
        ("Sender", &["sender"], "unparsable-sender"),
        ("X-Owner", &["x-owner"], "unparsable-address"),
    ] {
        let reason =
            addresses(&header(&nobody(field)), &by(names), &Macros::default()).unwrap_err();
        assert_eq!(reason.code(), want);
        assert!(reason.to_string().contains(field), "{reason}");
    }
}

#[test]
fn each_rule_that_signs_may_make_the_seal_that_the_other_leaves_out() {
    let dkim = Order { domainkeys: None, ..order("example.com", rsa()) };
    let domainkeys = Order { dkim: None, ..order("example.com", rsa()) };
    for (first, other) in [(&dkim, &domainkeys), (&domainkeys, &dkim)] {
        let orders = both(Order { also: vec![other.clone()], ..first.clone() });
        let made = outcome(&[FROM, TO], &orders, &Origin::Internal, Fidelity::Exact);
        assert_eq!(made.unwrap().0.len(), 2);
    }
}
