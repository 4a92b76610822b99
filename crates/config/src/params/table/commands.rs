//! What to read, and what to do instead of serving.

use super::{ROW, letter, only_letter};
use crate::caution::Caution;
use crate::params::{Acts, Historic, Kind, Letter, Param, Place, Reload};
use crate::raw::Setter;

const UNDERSTOOD: &str = "names of earlier releases are understood in any case";

pub(super) const ROWS: &[Param] = &[
    Param {
        name: "config",
        dkim_filter: only_letter('x'),
        opendkim: only_letter('x'),
        kind: Kind::Path,
        reload: Reload::Restart,
        place: Place::CommandLine,
        summary: "the file to read; options beside it have the last word",
        manual: "In our own door, the signing options -d, -D, -k, -s and -S replace all entries of the \
                 file; in the place of dkim-filter, each option takes the place of its parameter.",
        ..ROW
    },
    Param {
        name: "check",
        dkim_filter: only_letter('n'),
        opendkim: only_letter('n'),
        kind: Kind::Command,
        place: Place::CommandLine,
        summary: "check the configuration and exit",
        manual: "Every mistake is reported, not only the first; then the exit code is 78.",
        ..ROW
    },
    Param {
        name: "version",
        dk_filter: letter('V'),
        dkim_filter: only_letter('V'),
        opendkim: only_letter('V'),
        kind: Kind::Command,
        place: Place::CommandLine,
        summary: "print the version and exit",
        manual: "With what it is built of.",
        ..ROW
    },
    Param {
        name: "print-value",
        opendkim: Historic {
            letter: Some(Letter { letter: 'e', means: None, told: None, commas: false }),
            parameter: None,
        },
        kind: Kind::Text("the name of a parameter"),
        reload: Reload::Never,
        place: Place::Historic,
        summary: "print the value of a parameter and exit",
        manual: "As it was given. Of one that is not set, nothing, and the exit code is 78; 65 of \
                 one that there is none of.",
        ..ROW
    },
    Param {
        name: "query",
        opendkim: only_letter('Q'),
        kind: Kind::Command,
        place: Place::Historic,
        summary: "look something up in a data set and exit",
        manual: "The first line of standard input is the data set, and each behind it a key, a slash \
                 and the number of fields that are wanted.",
        ..ROW
    },
    Param {
        name: "tolerate-deprecated",
        opendkim: only_letter('X'),
        reload: Reload::Restart,
        place: Place::Historic,
        summary: "start with deprecated names in the file",
        manual: "They are understood.",
        acts: Acts::No(UNDERSTOOD),
        setter: Setter::Top(|_, given, report| {
            report.warn(&given.origin, &given.key, Caution::NoEffect { reason: UNDERSTOOD });
        }),
        ..ROW
    },
    Param {
        name: "help",
        kind: Kind::Command,
        place: Place::CommandLine,
        summary: "print this and exit",
        manual: "Options beside the letters of dk-filter have long names only.",
        ..ROW
    },
];
