//! Whether Postfix can connect: tried as its user, inside the chroot where a service lives there
//! (trap P15).

use super::kinds;
use super::order;
use super::postfix::Postfix;
use super::probe::{self, Step};
use super::sockets::{self, Socket};
use crate::privileges::Account;
use crate::signing::keyfile::elements;
use crate::tools::check::finding::{Area, Mend, Sheet};
use crate::tools::check::inventory::{self, State};
use crate::tools::check::keys::access::{Needs, Reader};
use crate::tools::child;
use crate::tools::postfix::shell;
use nix::unistd::geteuid;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use twinseal_config::{Config, User};
use twinseal_keys::exposure::{PathElement, quoted};

/// Tries every name that Postfix has for our sockets.
pub(super) fn look(postfix: &Postfix, config: &Config, sheet: &mut Sheet) {
    let ours = order::ours(postfix, config);
    if ours.is_empty() {
        return;
    }
    let owner = postfix.value("mail_owner");
    if !geteuid().is_root() {
        let what = format!("no connection was tried as {owner}");
        sheet.find(&kinds::NOT_TRIED, "socket", what, Mend::say("run this as root"));
        return;
    }
    let mut told: Vec<Socket> = Vec::new();
    for (filter, service) in ours {
        let Some(socket) = sockets::seen(&filter.socket, &service, postfix) else { continue };
        let way = Way {
            text: &filter.socket,
            socket: &socket,
            queue: postfix.queue(),
            chrooted: service.chrooted,
        };
        let place = format!("{} as {owner}", filter.socket);
        match way.try_it(owner) {
            Ok(()) => {
                let chroot = if service.chrooted { " from the chroot" } else { "" };
                sheet.pass(
                    Area::Mta,
                    &place,
                    format!("Postfix can connect{chroot}, and we answer"),
                );
            }
            Err(_) if told.contains(&socket) => {}
            Err((step, why)) => {
                tell(step, &why, (&place, &way), (owner, postfix, config), sheet);
                told.push(socket);
            }
        }
    }
}

/// One way to a socket.
struct Way<'w> {
    /// What Postfix calls it.
    text: &'w str,
    socket: &'w Socket,
    queue: &'w Path,
    chrooted: bool,
}

impl Way<'_> {
    /// What a process of Postfix's would see. It stands in the queue directory, and walks from
    /// there when the path does not begin at the root.
    fn try_it(&self, owner: &str) -> Result<(), (Step, String)> {
        let text = match self.socket {
            // Inside the chroot the socket has the name that it has below.
            Socket::Unix(path) => match path.strip_prefix(self.queue) {
                Ok(below) if self.chrooted => Path::new("/").join(below),
                // With a dot in front, or it might be a host and a port.
                Ok(below) if self.is_relative() => Path::new(".").join(below),
                _ => path.clone(),
            },
            Socket::Inet(host, port) => Path::new(&format!("{host}:{port}")).to_owned(),
        };
        let other = |error: std::io::Error| (Step::Start, error.to_string());
        let mut command = Command::new(std::env::current_exe().map_err(other)?);
        command.args([probe::NAME, "--user", owner]);
        if self.chrooted {
            command.arg("--chroot").arg(self.queue);
        }
        if self.queue.is_dir() {
            command.current_dir(self.queue);
        }
        let done = child::run(command.arg(text)).map_err(other)?;
        if done.status.success() {
            return Ok(());
        }
        let line = done.output.lines().next().unwrap_or_default();
        let (step, why) = line.split_once(' ').unwrap_or((line, "it says nothing"));
        Err((Step::named(step), why.to_owned()))
    }

    fn is_relative(&self) -> bool {
        let path = self.text.split_once(':').map_or("", |(_, path)| path);
        Path::new(path).is_relative()
    }

    /// The directory above which nothing is walked through.
    fn from(&self) -> PathBuf {
        let below = self.chrooted || self.is_relative();
        let queue = below.then(|| fs::canonicalize(self.queue).ok()).flatten();
        queue.unwrap_or_default()
    }
}

fn tell(
    step: Step,
    why: &str,
    (place, way): (&str, &Way<'_>),
    (owner, postfix, config): (&str, &Postfix, &Config),
    sheet: &mut Sheet,
) {
    match step {
        Step::Denied => {
            let (at, commands) = denied(way, owner);
            let what = at.unwrap_or_else(|| why.to_owned());
            let advice = "a socket is made anew at each start: umask (or socket-group) in our \
                          configuration decides who may use it then";
            let commands = commands.into_iter().chain([postfix.reload()]);
            sheet.find(&kinds::DENIED, place, what, Mend::run(commands).and_say(advice));
        }
        Step::Absent | Step::Refused => {
            let mend = Mend::run([format!("systemctl start {}", config.door.program())])
                .and_say("start the daemon; if it runs, it listens elsewhere");
            sheet.find(&kinds::SILENT, place, why, mend);
        }
        Step::Talk => {
            let advice = "see what listens there, and give each program a socket of its own";
            sheet.find(&kinds::NO_ANSWER, place, why, Mend::say(advice));
        }
        Step::Start | Step::User | Step::Other => {
            let what = format!("no connection was tried: {why}");
            let advice = "try it by hand, as Postfix's user";
            sheet.find(&kinds::NOT_TRIED, place, what, Mend::say(advice));
        }
    }
}

/// The elements of the path at fault, and the commands that let Postfix's user pass.
fn denied(way: &Way<'_>, owner: &str) -> (Option<String>, Vec<String>) {
    let Socket::Unix(path) = way.socket else { return (None, Vec::new()) };
    let user = User { name: owner.to_owned(), group: None };
    let (Ok(account), Ok(elements)) = (Account::find(&user), elements(path)) else {
        return (None, Vec::new());
    };
    let mut reader = Reader::of(&account);
    let (mut first, mut commands) = (None, Vec::new());
    let from = way.from();
    for element in elements.iter().filter(|element| element.path.starts_with(&from)) {
        let needs = if element.is_directory { Needs::Search } else { Needs::Write };
        if reader.may(element, needs) {
            continue;
        }
        first.get_or_insert_with(|| {
            let at = twinseal_message::text::path(&element.path);
            format!("{owner} cannot {needs} {at} ({})", State::of(&element.path))
        });
        commands.extend(let_in(element, needs, (owner, &account), &mut reader));
    }
    (first, commands)
}

/// What lets that user pass by one element: as a member of its group, which is never root's.
fn let_in(
    element: &PathElement,
    needs: Needs,
    (owner, account): (&str, &Account),
    reader: &mut Reader,
) -> Vec<String> {
    let path = quoted(&element.path);
    let mut commands = Vec::new();
    if element.group == 0 {
        commands.push(format!("chgrp {} {path}", inventory::group(account.gid())));
    } else if reader.join(element.group) {
        let group = shell(&inventory::group(element.group));
        commands.push(format!("gpasswd -a {} {group}", shell(owner)));
    }
    if !needs.of_group(element) {
        let letter = if element.is_directory { "x" } else { "rw" };
        commands.push(format!("chmod g+{letter} {path}"));
    }
    commands
}
