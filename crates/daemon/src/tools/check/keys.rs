//! The files of private keys: whether they are keys, and who gets at them.

pub(super) mod access;
mod kinds;

use super::asked::Fixing;
use super::change::{Change, What};
use super::finding::{Area, Grade, Mend, Sheet};
use super::inventory::{self, State};
use crate::privileges::{Account, CannotBecome};
use crate::server::{self, CannotServe};
use crate::signing::keyfile::{self, Exposure, KeyFileError};
use crate::signing::keyring::{self, Unsuited};
use crate::terminal::Terminal;
use access::{Barrier, Reader};
pub(super) use kinds::KINDS;
use nix::unistd::geteuid;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{self, BufRead as _, BufReader};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;
use twinseal_config::{Config, KeySource, SigningRule};
use twinseal_keys::exposure::{self, PathElement, Remedy, quoted};
use twinseal_keys::{KeyKind, PublicKey, SigningKey};
use twinseal_message::text;

/// RSA keys below this size are less than a signer should use (RFC 8301 §3.2), in bits.
const RECOMMENDED_BITS: u32 = 2048;

/// So many rounds of mending at most: each takes one fault from each path.
const MAX_ROUNDS: usize = 16;

/// Where keys have a place of their own.
const FOLDER: &str = "/etc/twinseal/keys";

/// The public halves of the keys that can be read, by their files.
pub(super) type PublicKeys = HashMap<PathBuf, PublicKey>;

/// Looks at the keys of that configuration and of those further files, and mends what is to be
/// mended.
pub(super) fn look(
    config: &Config,
    sources: &[KeySource],
    fixing: Fixing,
    sheet: &mut Sheet,
    terminal: &mut Terminal<'_>,
) -> PublicKeys {
    let account = server::account(config).map_err(|error| no_user(config, &error, sheet));
    let keys = Keys { config, sources, account: account.ok().flatten() };
    let mut files = keys.files();
    let mut decided = HashSet::new();
    for _ in 0..MAX_ROUNDS {
        let open: Vec<Change> = files
            .iter()
            .flat_map(|file| &file.changes)
            .filter(|change| !decided.contains(*change))
            .cloned()
            .collect();
        if fixing == Fixing::No || open.is_empty() {
            break;
        }
        for change in open {
            // Many keys have a folder in common.
            if decided.insert(change.clone())
                && agreed(&change, fixing, terminal)
                && let Err(error) = change.apply()
            {
                terminal.complain(format_args!("{change}: {error}"));
            }
        }
        files = keys.files();
    }
    for file in &files {
        inventory::file("key", &file.path, &file.named_by, sheet);
    }
    let kinds: BTreeMap<&Path, KeyKind> = files
        .iter()
        .filter_map(|file| Some((file.path.as_path(), file.public.as_ref()?.kind())))
        .collect();
    config.rules.iter().for_each(|rule| look_at_rule(rule, &kinds, sheet));
    let public = files.iter().filter_map(|file| Some((file.path.clone(), file.public.clone()?)));
    let public = public.collect();
    files.into_iter().for_each(|file| sheet.absorb(file.sheet));
    public
}

/// The daemon's user, or its group, is not there.
fn no_user(config: &Config, error: &CannotServe, sheet: &mut Sheet) {
    let missing = if let CannotServe::NamedUser { error: CannotBecome::NoUser(user), .. } = error {
        Some(user)
    } else {
        None
    };
    let mend = match missing {
        Some(user) => {
            let user = quoted(Path::new(user));
            Mend::run([format!("adduser --system --group --no-create-home {user}")])
        }
        None => Mend::say("name a user and a group that this host has"),
    };
    let place = config.settings.iter().find(|setting| setting.name == "user");
    let place = place.map_or_else(|| "user".to_owned(), |setting| setting.origin.to_string());
    sheet.find(&kinds::NO_USER, place, error, mend);
}

/// Asks, on standard error, so that what is printed stays what was asked for.
fn agreed(change: &Change, fixing: Fixing, terminal: &mut Terminal<'_>) -> bool {
    if fixing == Fixing::Unasked {
        let _ = writeln!(terminal.errors, "{change}");
        return true;
    }
    let _ = write!(terminal.errors, "{change}  (now {}) [y/N] ", State::of(&change.path));
    let _ = terminal.errors.flush();
    // One line and no more: the rest is the answer to the next question.
    let mut line = String::new();
    let mut input = BufReader::with_capacity(1, &mut *terminal.input);
    let read = input.read_line(&mut line).is_ok();
    read && matches!(line.trim(), "y" | "Y" | "yes")
}

/// What is legal, and not what a rule's seals need.
fn look_at_rule(rule: &SigningRule, kinds: &BTreeMap<&Path, KeyKind>, sheet: &mut Sheet) {
    let known = rule.keys.iter().map(|key| kinds.get(key.file.as_path()).copied());
    let Some(known) = known.collect::<Option<Vec<KeyKind>>>() else { return };
    for unsuited in keyring::unsuited(rule, &known) {
        match unsuited {
            Unsuited::NoRsa => {
                let advice =
                    "add an RSA key (twinseal genkey), or say domainkeys: off in that entry";
                sheet.find(&kinds::NO_RSA, &rule.origin, unsuited, Mend::say(advice));
            }
            Unsuited::Large { key, .. } => {
                let advice = "sign with a second key of 2048 bits beside it";
                sheet.find(&kinds::LARGE, &key.origin, unsuited, Mend::say(advice));
            }
        }
    }
}

/// The keys that are looked at, and by whose eyes.
struct Keys<'c> {
    config: &'c Config,
    sources: &'c [KeySource],
    account: Option<Account>,
}

/// One file, and what there is to say about it.
struct Looked {
    path: PathBuf,
    named_by: String,
    public: Option<PublicKey>,
    changes: Vec<Change>,
    sheet: Sheet,
}

impl Keys<'_> {
    /// Every file, each once, on as many threads as there are processors: to parse a key and to try
    /// it out takes a millisecond.
    fn files(&self) -> Vec<Looked> {
        let named = self.config.rules.iter().flat_map(|rule| &rule.keys).chain(self.sources);
        let mut seen = HashMap::new();
        for source in named {
            seen.entry(&source.file).or_insert(source);
        }
        let mut sources: Vec<&KeySource> = seen.into_values().collect();
        sources.sort_by(|one, other| one.file.cmp(&other.file));
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        let part = sources.len().div_ceil(threads).max(1);
        thread::scope(|scope| {
            let parts: Vec<_> = sources
                .chunks(part)
                .map(|part| scope.spawn(|| part.iter().map(|one| self.file(one)).collect()))
                .collect();
            let done = parts
                .into_iter()
                .map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            done.flat_map(|part: Vec<Looked>| part).collect()
        })
    }

    fn file(&self, source: &KeySource) -> Looked {
        let mut looked = Looked {
            path: source.file.clone(),
            named_by: source.origin.to_string(),
            public: None,
            changes: Vec::new(),
            sheet: Sheet::default(),
        };
        let place = text::path(&source.file);
        let file = keyring::of_source(source, Exposure::Warned, &self.trusted());
        match file.and_then(|file| Ok(file.key.parse()?)) {
            Ok(key) => {
                if source.inline.is_none() {
                    self.look_at_path(source, &mut looked);
                }
                looked.judge(&key, &place);
            }
            Err(error) => looked.unusable(source, &error),
        }
        looked
    }

    /// Who else gets at the key, and whether the daemon's user does: over the whole path, and each
    /// step as the path will be after the ones before it.
    fn look_at_path(&self, source: &KeySource, looked: &mut Looked) {
        let Ok(mut elements) = keyfile::elements(&source.file) else { return };
        self.look_at_strangers(source, &mut elements, looked);
        self.look_at_reader(source, &mut elements, looked);
    }

    fn look_at_strangers(
        &self,
        source: &KeySource,
        elements: &mut [PathElement],
        looked: &mut Looked,
    ) {
        let trusted = self.trusted();
        let (mut first, mut mend) = (None, Mend::default());
        for _ in 0..MAX_ROUNDS {
            let Some(exposed) = exposure::find(elements, &trusted) else { break };
            first.get_or_insert_with(|| {
                let at = match exposed.path == source.file {
                    true => String::new(),
                    false => format!("{}: ", text::path(&exposed.path)),
                };
                format!("{at}{} ({})", exposed.why, State::of(&exposed.path))
            });
            let is_folder = elements.iter().any(|one| one.is_directory && one.path == exposed.path);
            if is_folder && exposed.remedy == Remedy::ToRoot {
                // Somebody's home stays his.
                mend.advice = format!("move the key to a folder of root's, such as {FOLDER}");
                break;
            }
            let change = Change::of_exposed(&exposed);
            change.foresee(elements);
            mend.commands.push(change.to_string());
            looked.changes.push(change);
        }
        let kind = if self.config.require_safe_keys { &kinds::REFUSED } else { &kinds::EXPOSED };
        if let Some(what) = first {
            looked.sheet.find(kind, text::path(&source.file), what, mend);
        }
    }

    /// Who may own what leads to a key, beside root.
    fn trusted(&self) -> Vec<u32> {
        self.account.iter().map(Account::uid).chain([geteuid().as_raw()]).collect()
    }

    /// Whether the user that the daemon becomes can read the key.
    fn look_at_reader(
        &self,
        source: &KeySource,
        elements: &mut [PathElement],
        looked: &mut Looked,
    ) {
        let Some(account) = &self.account else { return };
        let mut reader = Reader::of(account);
        // Whoever keeps a key from everybody but root means it; where a group was to read it,
        // something is missing.
        const FOR_OTHERS: u32 = 0o077;
        let private =
            elements.last().is_some_and(|file| file.owner == 0 && file.mode & FOR_OTHERS == 0);
        if private && reader.stopped_by(elements).is_some() {
            let what = format!("only root can read it ({})", State::of(&source.file));
            let user = account.name();
            let advice =
                format!("nothing has to be done; to change keys by a reload, let {user} read it");
            looked.sheet.find(&kinds::ROOT_ONLY, text::path(&source.file), what, Mend::say(advice));
            return;
        }
        let (mut first, mut mend) = (None, Mend::default());
        for _ in 0..MAX_ROUNDS {
            let Some(barrier) = reader.stopped_by(elements) else { break };
            let Barrier { element, needs } = &barrier;
            first.get_or_insert_with(|| {
                let (user, path) = (account.name(), text::path(&element.path));
                let state = State::of(&element.path);
                format!("the daemon's user {user} cannot {needs} {path} ({state})")
            });
            // The key, and the folder that it is in.
            let own = elements.iter().rev().take(2).any(|one| one.path == element.path);
            let Some(changes) = barrier.changes(account, &reader, own) else {
                mend.advice = format!("move the key to a folder of its own, such as {FOLDER}");
                break;
            };
            for change in changes {
                change.foresee(elements);
                if let What::Join { number, .. } = change.what {
                    reader.join(number);
                    "restart the daemon then: who runs already is in no new group"
                        .clone_into(&mut mend.advice);
                }
                mend.commands.push(change.to_string());
                looked.changes.push(change);
            }
        }
        if let Some(what) = first {
            looked.sheet.find(&kinds::NOT_FOR_USER, text::path(&source.file), what, mend);
        }
    }
}

impl Looked {
    fn unusable(&mut self, source: &KeySource, error: &KeyFileError) {
        let is = |kind| matches!(error, KeyFileError::Unreadable(error) if error.kind() == kind);
        let place = text::path(&source.file);
        let what = format!("{error} (named by {})", source.origin);
        if is(io::ErrorKind::PermissionDenied) && !geteuid().is_root() {
            let advice = "run this as root, or as the daemon's user";
            self.sheet.find(&kinds::NOT_SEEN, place, what, Mend::say(advice));
        } else if is(io::ErrorKind::NotFound) {
            let advice = format!(
                "put the key there, or make one (twinseal genkey --selector {} …) and publish it",
                source.selector
            );
            self.sheet.find(&kinds::MISSING, place, what, Mend::say(advice));
        } else {
            let advice = "put a private key in PEM there: RSA of 1024 bits or more, or Ed25519";
            self.sheet.find(&kinds::BROKEN, place, what, Mend::say(advice));
        }
    }

    fn judge(&mut self, key: &SigningKey, place: &str) {
        let public = match key.public() {
            Ok(public) => public,
            Err(error) => {
                let mend = Mend::say("replace it: twinseal genkey makes keys");
                self.sheet.find(&kinds::BROKEN, place, error, mend);
                return;
            }
        };
        if let KeyKind::Rsa { bits } = key.kind()
            && bits < RECOMMENDED_BITS
        {
            let what = format!("it has {bits} bits");
            let advice = "make a new one with twinseal genkey, publish it under a selector of its \
                          own, and change over";
            self.sheet.find(&kinds::SMALL, place, what, Mend::say(advice));
        }
        if self.sheet.findings.iter().all(|finding| finding.kind.grade == Grade::Note) {
            self.sheet.pass(
                Area::Keys,
                place,
                format!("{}, {}", key.kind(), State::of(&self.path)),
            );
        }
        self.public = Some(public);
    }
}
