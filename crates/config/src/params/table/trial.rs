//! What else is read, and how a message is tried out.

use super::{ROW, TRUTH, only_letter, parameter};
use crate::params::{Form, Historic, Kind, Letter, Param, Place, Reload};
use crate::raw::Setter;
use crate::value;

/// The letter that both programs have for it.
const MESSAGES: Historic = Historic {
    letter: Some(Letter { letter: 't', means: None, told: None, commas: false }),
    parameter: None,
};

pub(super) const ROWS: &[Param] = &[
    Param {
        name: "include",
        dkim_filter: parameter("Include", Form::Word),
        opendkim: parameter("Include", Form::Word),
        kind: Kind::Path,
        place: Place::Historic,
        summary: "a file to read at this place",
        manual: "What it says counts as if it stood here. Five files may be one inside the other.",
        // The reader of the file reads that one too.
        setter: Setter::Top(|_, _, _| {}),
        ..ROW
    },
    Param {
        name: "test-messages",
        dkim_filter: MESSAGES,
        opendkim: MESSAGES,
        kind: Kind::Text("the file of a message, several with commas between them, or -"),
        reload: Reload::Never,
        place: Place::Historic,
        summary: "say what becomes of a message, and exit",
        manual: "Nothing listens, nothing is sent. A dash stands for standard input. Unless -b or \
                 the file says otherwise, the message is verified.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.trial.messages, report, |text| Ok(text.to_owned()));
        }),
        ..ROW
    },
    Param {
        name: "test-time",
        dkim_filter: only_letter('F'),
        opendkim: only_letter('F'),
        kind: Kind::Number,
        reload: Reload::Never,
        place: Place::Historic,
        summary: "the time that it is with -t, in seconds since 1970",
        manual: "Without -t, it has no effect.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.trial.time, report, value::typed_number);
        }),
        ..ROW
    },
    Param {
        name: "test-verbosity",
        dkim_filter: only_letter('v'),
        opendkim: only_letter('v'),
        reload: Reload::Never,
        place: Place::Historic,
        summary: "with -t, tell more; twice, tell each step",
        manual: "Without -t, it has no effect.",
        setter: Setter::Top(|raw, given, _| raw.trial.louder(given)),
        ..ROW
    },
    Param {
        name: "test-strictly",
        dkim_filter: parameter("StrictTestMode", TRUTH),
        opendkim: parameter("StrictTestMode", TRUTH),
        default: Some("no"),
        reload: Reload::Never,
        place: Place::Historic,
        summary: "with -t, take only messages whose lines end as in SMTP",
        manual: "Otherwise a line may end in LF alone, as files have it.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.trial.strict, report, value::switch);
        }),
        ..ROW
    },
];
