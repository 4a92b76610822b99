//! The files of private keys: whether they are keys, and who gets at them.

pub(super) mod access;
mod kinds;

use super::asked::Fixing;
use super::change::Change;
use super::finding::{Area, Grade, Mend, Sheet};
use super::inventory::{self, State};
use crate::privileges::Account;
use crate::server;
use crate::signing::keyfile::{self, Exposure, KeyFile, KeyFileError};
use crate::terminal::Terminal;
use access::{Barrier, Reader};
pub(super) use kinds::KINDS;
use nix::unistd::geteuid;
use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufRead as _, BufReader};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;
use twinseal_config::{Config, KeySource, SigningRule};
use twinseal_keys::{KeyKind, PublicKey, SigningKey, UnparsedKey};
use twinseal_message::text;

/// RSA keys above this size are more than a DomainKeys verifier has to take (RFC 4870 §3.2.4), in
/// bits.
const DOMAINKEYS_COMMON_BITS: u32 = 2048;

/// RSA keys below this size are less than a signer should use (RFC 8301 §3.2), in bits.
const RECOMMENDED_BITS: u32 = 2048;

/// So many rounds of mending at most: each takes one fault from each path.
const MAX_ROUNDS: usize = 16;

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
    let account = server::account(config).map_err(|error| {
        let user = config.user.as_ref().map_or("", |user| &user.name);
        let command = format!("adduser --system --group --no-create-home {user}");
        sheet.find(&kinds::NO_USER, "user", error, Mend::run([command]));
    });
    let keys = Keys { config, sources, account: account.ok().flatten() };
    let (mut files, mut refused) = (keys.files(), Vec::new());
    for _ in 0..MAX_ROUNDS {
        let open: Vec<Change> = files
            .iter()
            .flat_map(|file| &file.changes)
            .filter(|change| !refused.contains(*change))
            .cloned()
            .collect();
        if fixing == Fixing::No || open.is_empty() {
            break;
        }
        for change in open {
            if refused.contains(&change) || !agreed(&change, fixing, terminal) {
                refused.push(change);
            } else if let Err(error) = change.apply() {
                terminal.complain(format_args!("{change}: {error}"));
                refused.push(change);
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
    if rule.domainkeys.is_none() || known.is_empty() {
        return;
    }
    let bits = |kind: &KeyKind| match kind {
        KeyKind::Rsa { bits } => Some(*bits),
        KeyKind::Ed25519 => None,
    };
    if known.iter().all(|kind| bits(kind).is_none()) {
        // Trap K5
        let what = "none of its keys is an RSA key: its mail has no DomainKeys seal";
        let advice = "add an RSA key (twinseal genkey), or say domainkeys: off in that entry";
        sheet.find(&kinds::NO_RSA, &rule.origin, what, Mend::say(advice));
    }
    for (key, kind) in rule.keys.iter().zip(&known) {
        let Some(bits) = bits(kind).filter(|bits| *bits > DOMAINKEYS_COMMON_BITS) else { continue };
        let what = format!("the key {} has {bits} bits", key.selector);
        let advice = "sign with a second key of 2048 bits beside it";
        sheet.find(&kinds::LARGE, &key.origin, what, Mend::say(advice));
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
            let done = parts.into_iter().filter_map(|part| part.join().ok());
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
        let file = match &source.inline {
            Some(inline) => UnparsedKey::from_base64(inline.base64())
                .map_err(KeyFileError::from)
                .map(|key| (key, None)),
            None => self.read(&source.file).map(|KeyFile { key, exposed, .. }| (key, exposed)),
        };
        let parsed = file.and_then(|(key, exposed)| Ok((key.parse()?, exposed)));
        let (key, exposed) = match parsed {
            Ok(found) => found,
            Err(error) => {
                looked.unusable(source, &error);
                return looked;
            }
        };
        if let Some(exposed) = exposed {
            let kind =
                if self.config.require_safe_keys { &kinds::REFUSED } else { &kinds::EXPOSED };
            let change = Change::of_exposed(&exposed);
            let at = match exposed.path == source.file {
                true => String::new(),
                false => format!("{}: ", text::path(&exposed.path)),
            };
            let what = format!("{at}{} ({})", exposed.why, State::of(&exposed.path));
            looked.sheet.find(kind, &place, what, Mend::run([change.to_string()]));
            looked.changes.push(change);
        } else if source.inline.is_none() {
            self.look_at_reader(source, &mut looked);
        }
        looked.judge(&key, &place);
        looked
    }

    fn read(&self, path: &Path) -> Result<KeyFile<UnparsedKey>, KeyFileError> {
        let trusted: Vec<u32> = self.account.iter().map(Account::uid).collect();
        keyfile::read(path, Exposure::Warned, &trusted)
    }

    /// Whether the user that the daemon becomes can read the key.
    fn look_at_reader(&self, source: &KeySource, looked: &mut Looked) {
        let Some(account) = &self.account else { return };
        let Ok(elements) = keyfile::elements(&source.file) else { return };
        let Some(barrier) = Reader::of(account).stopped_by(&elements) else { return };
        let Barrier { element, needs } = &barrier;
        // Whoever keeps a key from everybody but root means it; where a group was to read it,
        // something is missing.
        const FOR_OTHERS: u32 = 0o077;
        if elements.last().is_some_and(|file| file.owner == 0 && file.mode & FOR_OTHERS == 0) {
            let what = format!("only root can read it ({})", State::of(&source.file));
            let advice = format!(
                "nothing has to be done; to change keys by a reload, let {} read \
                                  it",
                account.name()
            );
            looked.sheet.find(&kinds::ROOT_ONLY, text::path(&source.file), what, Mend::say(advice));
            return;
        }
        let changes = barrier.changes(account);
        let what = format!(
            "the daemon's user {} cannot {needs} {} ({})",
            account.name(),
            text::path(&element.path),
            State::of(&element.path),
        );
        let commands = changes.iter().map(ToString::to_string);
        let place = text::path(&source.file);
        looked.sheet.find(&kinds::NOT_FOR_USER, place, what, Mend::run(commands));
        looked.changes.extend(changes);
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
