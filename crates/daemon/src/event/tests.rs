mod cases;
mod opendkim;
mod troubleshooting;

use super::json::Members;
use super::{Event, KINDS, Kind, Reason, UNKNOWN_ID, What};
use crate::serving::transaction::Obstacle;
use cases::{Case, cases, of_reasons, of_signing};
use std::collections::{BTreeMap, BTreeSet};
use twinseal_config::Door;

/// What every line of our own begins with.
const ID: &str = "4AB12: ";

#[test]
fn each_door_has_the_words_that_analysers_of_its_log_know() {
    let doors = [Door::Native, Door::DkimFilter, Door::DkFilter];
    // The lines of opendkim are in a file of their own.
    assert_eq!(doors.len() + 1, Door::ALL.len());
    for Case { what, lines } in cases() {
        for (door, want) in doors.into_iter().zip(&lines) {
            let event = Event { door, queue_id: "4AB12", what: what.clone() };
            assert_eq!(event.to_string(), *want, "{door:?} {what:?}");
            assert!(door != Door::Native || want.starts_with(ID), "{want}");
        }
    }
}

#[test]
fn the_lines_of_every_event_are_tested() {
    let tested: BTreeSet<&str> = cases().iter().map(|case| case.what.name()).collect();
    let all: BTreeSet<&str> = KINDS.iter().map(|kind| kind.name).collect();
    assert_eq!((tested, all.len()), (all.clone(), KINDS.len()));
}

/// The event as a JSON object, as a line of the log has it.
fn object(what: &What<'_>) -> serde_json::Map<String, serde_json::Value> {
    let event = Event { door: Door::Native, queue_id: "4AB12", what: what.clone() };
    let text = format!("{{{:?}}}", Members(&event));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn as_json_an_event_has_the_members_that_it_promises() {
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for Case { what, .. } in cases() {
        let mut object = object(&what);
        assert_eq!(object.remove("event").unwrap(), what.name());
        assert_eq!(object.remove("queue_id").unwrap(), "4AB12");
        if let Some(code) = code(&what) {
            assert_eq!(object["reason"], code, "{what:?}");
        }
        seen.entry(what.name().to_owned()).or_default().extend(object.into_iter().map(|one| one.0));
    }
    for Kind { name, members, .. } in KINDS {
        let members: BTreeSet<String> = members.iter().map(|&member| member.to_owned()).collect();
        assert_eq!(seen[*name], members, "{name}");
    }
}

#[test]
fn as_json_an_event_is_told_in_parts() {
    let [first, ..] = &of_signing()[..] else { panic!("there is none") };
    let event = Event { door: Door::Native, queue_id: "4AB12", what: first.what.clone() };
    assert_eq!(
        format!("{:?}", Members(&event)),
        r#""event":"field-added","queue_id":"4AB12","field":"DKIM-Signature","selector":"mail2","domain":"example.com""#
    );
    let unknown = Event { queue_id: UNKNOWN_ID, ..event };
    assert!(!format!("{:?}", Members(&unknown)).contains("queue_id"));
}

#[test]
fn the_document_knows_every_event_and_every_reason() {
    let document = include_str!("../../../../docs/log.md");
    for Kind { name, members, about } in KINDS {
        let members: Vec<String> = members.iter().map(|member| format!("`{member}`")).collect();
        let row = format!("\n| `{name}` | {about} | {} |\n", members.join(", "));
        assert!(document.contains(&row), "docs/log.md has no row {row}");
    }
    for Case { what, .. } in cases() {
        let object = object(&what);
        let Some(code) = object.get("reason").and_then(|reason| reason.as_str()) else { continue };
        let known = document.contains(&format!("| `{code}` |"));
        assert!(
            known || matches!(what.name(), "verified" | "result"),
            "docs/log.md has no reason {code}"
        );
    }
}

/// The reason of what is not signed.
fn code(what: &What<'_>) -> Option<&'static str> {
    if let What::NotSigned(reason) | What::FieldNotAdded { reason, .. } = what {
        Some(reason.code())
    } else if let What::Obstructed { obstacle, .. } = what {
        Some(obstacle.code())
    } else {
        None
    }
}

#[test]
fn whatever_is_not_signed_has_a_reason_code_in_every_door() {
    for Case { what, .. } in cases() {
        let Some(code) = code(&what) else { continue };
        for door in Door::ALL {
            let line = Event { door, queue_id: "4AB12", what: what.clone() }.to_string();
            assert!(line.ends_with(&format!(" (reason={code})")), "{line}");
            assert_eq!(line.matches("(reason=").count(), 1, "{line}");
        }
    }
}

#[test]
fn every_code_is_in_its_list() {
    for Case { what, .. } in cases() {
        if let What::Obstructed { obstacle, .. } = what {
            assert!(Obstacle::CODES.contains(&obstacle.code()), "{}", obstacle.code());
        }
    }
    for Case { what, .. } in of_reasons() {
        let What::NotSigned(reason) = what else { panic!("{what:?}") };
        assert!(Reason::CODES.contains(&reason.code()), "{}", reason.code());
    }
    for field in ["From", "sender", "Resent-From", "Resent-Sender", "X-From"] {
        let reason = Reason::Unparsable { field: field.to_owned(), error: String::new() };
        assert!(Reason::CODES.contains(&reason.code()), "{}", reason.code());
    }
}
