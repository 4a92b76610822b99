//! A Postfix, its programs, and what is typed for it.

use super::child::{self, Done};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use twinseal_keys::exposure::quoted;

/// Where its programs are, beside the path of whoever has no system directories in it: root too has
/// none under su.
const PROGRAMS: &str = "/usr/sbin:/usr/local/sbin";

/// The Postfix of this host, or another one.
#[derive(Debug, Clone)]
pub(super) struct Instance {
    directory: Option<PathBuf>,
}

impl Instance {
    /// The one with that configuration directory, or the host's.
    pub(super) fn new(directory: Option<&Path>) -> Self {
        Self { directory: directory.map(Path::to_owned) }
    }

    /// The environment in which mail is submitted to it (sendmail(1)).
    pub(super) fn environment(&self) -> Option<(&'static str, &Path)> {
        self.directory.as_deref().map(|directory| ("MAIL_CONFIG", directory))
    }

    /// Runs one of its programs for what it prints.
    ///
    /// # Errors
    /// When it cannot be started, or does not end in time.
    pub(super) fn run(&self, program: &str, words: &[&str]) -> io::Result<Done> {
        let mut command = Command::new(program);
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{path}:{PROGRAMS}"));
        if let Some(directory) = &self.directory {
            command.arg("-c").arg(directory);
        }
        child::run(command.args(words))
    }

    /// A command line for it as it is typed: `postconf -n` becomes `postconf -c DIR -n`.
    pub(super) fn typed(&self, words: &str) -> String {
        let (program, rest) = words.split_once(' ').unwrap_or((words, ""));
        match &self.directory {
            Some(directory) => format!("{program} -c {} {rest}", quoted(directory)),
            None => words.to_owned(),
        }
    }

    /// Sets a parameter of `main.cf`, as it is typed.
    pub(super) fn set(&self, name: &str, value: &str) -> String {
        self.typed(&format!("postconf -e {}", shell(&format!("{name} = {value}"))))
    }

    /// Has a running Postfix take changes up, as it is typed.
    pub(super) fn reload(&self) -> String {
        self.typed("postfix reload")
    }
}

/// Text as a shell takes it.
pub(super) fn shell(text: &str) -> String {
    quoted(Path::new(text))
}

#[cfg(test)]
mod tests {
    use super::{Instance, shell};
    use std::path::Path;

    #[test]
    fn what_is_typed_is_for_this_postfix() {
        let (host, other) = (Instance::new(None), Instance::new(Some(Path::new("/etc/post fix"))));
        assert_eq!(host.reload(), "postfix reload");
        assert_eq!(other.reload(), "postfix -c '/etc/post fix' reload");
        assert_eq!(host.set("a", "b c"), "postconf -e 'a = b c'");
        assert_eq!(other.set("a", "b c"), "postconf -c '/etc/post fix' -e 'a = b c'");
        assert_eq!(shell("a = b c"), "'a = b c'");
    }
}
