//! The new file, before it is text: what it says, what that was, and what it cannot say.

use super::entries::{self, Entry, Joined};
use super::old::Old;
use super::root::Root;
use twinseal_config::params::{Kind, PARAMS, named};
use twinseal_config::render::{Pieces, ShownValue, pieces, scalar};
use twinseal_config::{KeySource, Mode, Origin};

mod changes;
mod conflicts;

/// What is not taken over: our own service unit is in its place.
const LEFT: [&str; 2] = ["foreground", "pid-file"];

/// A value of the new file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) name: &'static str,
    pub(super) value: String,
    /// What there is to know about it, above it.
    pub(super) comments: Vec<String>,
    /// Where it was said, behind it.
    pub(super) from: Option<String>,
}

/// The new file.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// In the order of the table.
    pub(super) values: Vec<Value>,
    pub(super) entries: Vec<Entry>,
    /// What means something else than it did.
    pub(super) changed: Vec<String>,
    /// What is not carried over.
    pub(super) lost: Vec<String>,
}

/// Whose set-ups cannot be put into one file.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} and {1} make the same seal; name the one that is to be migrated")]
pub(super) struct SameSeal(&'static str, &'static str);

/// The new file for one program, or for one that signs with DKIM and one that does with DomainKeys.
pub(super) fn draft(olds: &[Old], defaults: &[ShownValue], root: &Root) -> Result<Draft, SameSeal> {
    let mut draft = match olds {
        [] => Draft::default(),
        [one] => of_one(one, defaults),
        [one, other] if one.is_of_domainkeys() != other.is_of_domainkeys() => {
            let (dkim, domainkeys) =
                if one.is_of_domainkeys() { (other, one) } else { (one, other) };
            of_two(dkim, domainkeys, defaults, root)
        }
        [one, .., last] => return Err(SameSeal(one.name(), last.name())),
    };
    for old in olds {
        changes::note(old, &mut draft);
    }
    draft.values.sort_by_key(|value| PARAMS.iter().position(|param| param.name == value.name));
    Ok(draft)
}

fn of_one(old: &Old, defaults: &[ShownValue]) -> Draft {
    let pieces = pieces(&old.config);
    let mut draft = Draft { entries: entries::alone(&pieces.entries), ..Draft::default() };
    draft.values.extend(values(old, &pieces, defaults));
    draft.lose(old, pieces);
    if old.is_of_domainkeys() && !old.signs() {
        draft.pass_all(old);
    }
    draft
}

fn of_two(dkim: &Old, domainkeys: &Old, defaults: &[ShownValue], root: &Root) -> Draft {
    let (first, second) = (pieces(&dkim.config), pieces(&domainkeys.config));
    let same_key = |one: &KeySource, other: &KeySource| {
        let really = |key: &KeySource| root.really(&key.file).ok();
        one.selector == other.selector && really(one) == really(other)
    };
    let every = dkim.config.leaving.multiple_signatures;
    let Joined { entries, every, lost } =
        entries::join(&first.entries, &second.entries, every, &same_key);
    let mut draft = Draft { entries, lost, ..Draft::default() };
    let of_first = values(dkim, &first, defaults)
        .filter(|value| value.name != "domainkeys" || !domainkeys.signs());
    draft.values.extend(of_first);
    if domainkeys.signs() {
        let seal = |value: &Value| value.name.starts_with("domainkeys");
        draft.values.extend(values(domainkeys, &second, defaults).filter(seal));
        draft.sign_too(dkim);
    }
    if every && !dkim.config.leaving.multiple_signatures {
        let why = "each seal has its own key, so every entry that matches signs";
        draft.set("multiple-signatures", "yes".to_owned(), why);
    }
    conflicts::settle((dkim, &first), (domainkeys, &second), &mut draft);
    draft.lose(dkim, first);
    draft.lose(domainkeys, second);
    draft
}

impl Draft {
    /// Puts a value in the place of the one that is there.
    fn set(&mut self, name: &'static str, value: String, why: &str) {
        self.values.retain(|known| known.name != name);
        self.values.push(Value { name, value, comments: vec![why.to_owned()], from: None });
    }

    /// What our own file has no words for.
    fn lose(&mut self, old: &Old, pieces: Pieces) {
        for note in pieces.notes {
            // Paths are written whole, and what is not set is told where it matters.
            if note.ends_with("is not set") {
                changes::unset(old, &note, self);
            } else if !note.contains(": base-directory: ") {
                self.lost.push(note);
            }
        }
        for (origin, why) in pieces.unsayable {
            self.lost.push(format!("no entry says the same as {origin}: {why}"));
        }
    }

    /// A program that has nothing to sign with lets all mail pass as it is.
    fn pass_all(&mut self, old: &Old) {
        let name = old.name();
        let why = format!("{name} has nothing to sign with and lets all mail pass");
        self.set("mode", Mode::Verify.letters().to_owned(), &why);
        let why = "so everybody is a peer; take this out, and mode: v, once something is signed";
        self.set("peers", "[\"0.0.0.0/0\", \"::/0\"]".to_owned(), why);
    }

    /// The other program signs even where this one does not.
    fn sign_too(&mut self, dkim: &Old) {
        if dkim.signs() {
            return;
        }
        let name = dkim.name();
        let mode = if dkim.verifies() { Mode::Both } else { Mode::Sign };
        let why = format!("{name} does not sign, and dk-filter does");
        self.set("mode", mode.letters().to_owned(), &why);
        self.values.retain(|value| !value.name.starts_with("dkim."));
        self.set("dkim", "no".to_owned(), &format!("{name} does not sign"));
        if dkim.verifies() {
            self.lost.push(format!(
                "{name} looks for signatures in mail that dk-filter signs, too: here, mail is \
                 either signed or verified"
            ));
        }
    }
}

/// The values that are to be in the file: those that were said, and those that were others than
/// ours where nothing was said.
fn values<'o>(
    old: &'o Old,
    pieces: &'o Pieces,
    defaults: &'o [ShownValue],
) -> impl Iterator<Item = Value> + use<'o> {
    let restarts = old.config.life.restart.auto;
    let is_left =
        move |name: &str| LEFT.contains(&name) || (name.starts_with("restart.") && !restarts);
    pieces.values.iter().filter(move |shown| !is_left(shown.name)).filter_map(|shown| {
        let ours = defaults.iter().find(|default| default.name == shown.name);
        let said = old.said(&shown.origin);
        let same = ours.is_some_and(|ours| ours.value == shown.value);
        if same && said.is_none() && shown.name != "mode" {
            return None;
        }
        let mut value = Value {
            name: shown.name,
            value: whole(old, shown),
            comments: changes::of_value(shown.name, old),
            from: said,
        };
        if value.from.is_none() && !is_seal_off(shown) {
            let ours = match ours {
                Some(ours) if ours.value.len() < 40 => format!("; ours is {}", ours.value),
                _ => String::new(),
            };
            value.from = Some(format!("where {} is told nothing{ours}", old.name()));
        }
        Some(value)
    })
}

fn is_seal_off(shown: &ShownValue) -> bool {
    matches!(shown.name, "dkim" | "domainkeys" | "mode")
}

/// The value with a whole path.
fn whole(old: &Old, shown: &ShownValue) -> String {
    let is_path = named(shown.name)
        .is_some_and(|param| matches!(param.kind, Kind::Path | Kind::Hosts | Kind::Domains));
    let setting = old.config.settings.iter().find(|setting| setting.name == shown.name);
    let relative = setting.filter(|setting| {
        let said = shown.origin != Origin::Default && !setting.is_list;
        is_path && said && !setting.value.starts_with('/')
    });
    relative.map_or_else(
        || shown.value.clone(),
        |setting| scalar(&old.started.directory.join(&setting.value).to_string_lossy()),
    )
}
