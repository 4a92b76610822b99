use super::{Claim, Claimants, Removal};
use crate::header::HeaderBlock;

fn ours() -> Claimants {
    Claimants::new(["mx.example.org"])
}

#[test]
fn our_name_is_known_in_every_form() {
    for value in [
        " mx.example.org; dkim=pass",
        "MX.Example.ORG;dkim=pass",
        " mx.example.org.; dkim=pass",
        " mx.example.org 1; dkim=pass",
    ] {
        assert_eq!(ours().claim(value.as_bytes()), Claim::Ours, "{value:?}");
    }
}

#[test]
fn forged_fields_are_found_among_others_from_the_highest_down() {
    let mut header = HeaderBlock::default();
    header.push(b"authentication-results", b" mx.example.org; none").unwrap();
    header.push(b"Authentication-Results", b" b.example; none").unwrap();
    header.push(b"Subject", b" mx.example.org").unwrap();
    header.push(b"Authentication-Results", b" mx.example.org; none").unwrap();
    assert_eq!(ours().indices(header.fields(), Removal::All), [3, 1]);
}
