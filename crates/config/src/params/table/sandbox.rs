//! What the process may do to the system around it.

use super::{ROW, parameter};
use crate::params::{Form, Kind, Param, Place, Reload};
use crate::raw::Setter;
use crate::settings::Credentials;
use crate::value;

/// The historic programs had nothing like it; their files say no more than yes and no.
const ON_OR_OFF: Form = Form::Truth { yes: "on", no: "off" };

pub(super) const ROWS: &[Param] = &[
    Param {
        name: "sandbox",
        dkim_filter: parameter("Sandbox", ON_OR_OFF),
        opendkim: parameter("Sandbox", ON_OR_OFF),
        kind: Kind::Choice(&["on", "off", "required"]),
        default: Some("on"),
        reload: Reload::Restart,
        summary: "give up what the daemon does not need",
        manual: "Once the sockets are open, only the directories of files that the configuration \
                 names can be read, and nothing can be executed (Landlock and seccomp). With on, as \
                 far as the kernel has them; with required, it does not start without both. A \
                 reload that needs what was given up is refused with that reason. docs/sandbox.md \
                 tells more.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.life.sandbox, report, value::sandbox);
        }),
        ..ROW
    },
    Param {
        name: "credentials",
        kind: Kind::Text("NAME:DIRECTORY, as in LoadCredential= of systemd"),
        reload: Reload::Restart,
        place: Place::CommandLine,
        summary: "take keys below a directory from credentials",
        manual: "Where a service manager has set $CREDENTIALS_DIRECTORY, a key's file below that \
                 directory is read as the credential NAME_rest_of_its_path, with _ for each slash. \
                 So only root needs to be able to read the directory itself. What is not below it, \
                 and everything where the variable is not set, is read as ever.",
        setter: Setter::Top(|raw, given, report| {
            given.put(&mut raw.credentials, report, Credentials::parse);
        }),
        ..ROW
    },
];
