//! Units of systemd, as far as they say how a daemon is started.

use super::root::Root;
use super::shell::{NotUnderstood, Variables, Word};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use twinseal_config::{Files as _, Origin};

/// Where units are, the first one that has it counts.
const DIRECTORIES: [&str; 5] = [
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];

/// What a unit and its overrides say.
#[derive(Debug, Default)]
pub(super) struct Unit {
    /// The command that starts it.
    pub(super) start: Option<Vec<Word>>,
    /// Who it is started as.
    pub(super) user: Option<Word>,
    /// Where its relative paths begin.
    pub(super) directory: Option<PathBuf>,
    /// Its file says that it is never started.
    pub(super) masked: bool,
    pub(super) unknown: Vec<NotUnderstood>,
    raw: Raw,
}

/// Its settings, before its variables have their values.
#[derive(Debug, Default)]
struct Raw {
    start: Vec<Word>,
    environment: Vec<Word>,
    environment_files: Vec<Word>,
}

/// The unit of that name, if the host has one.
pub(super) fn find(root: &Root, name: &str) -> Option<Unit> {
    let file = format!("{name}.service");
    // Whether its file is a link to nowhere is looked at later.
    let is_there = |directory: &&&str| {
        let directory = root.located(Path::new(directory));
        directory.is_ok_and(|directory| directory.join(&file).symlink_metadata().is_ok())
    };
    let path = Path::new(DIRECTORIES.iter().find(is_there)?).join(&file);
    let mut unit = Unit::default();
    if root.really(&path).is_ok_and(|really| really == Path::new("/dev/null")) {
        unit.masked = true;
        return Some(unit);
    }
    unit.take_file(root, &path);
    for path in overrides(root, &file) {
        unit.take_file(root, &path);
    }
    unit.finish(root);
    Some(unit)
}

/// The overrides of a unit, by their names; of two with one name, the first directory's counts.
fn overrides(root: &Root, file: &str) -> impl Iterator<Item = PathBuf> + use<> {
    let mut found: BTreeMap<String, PathBuf> = BTreeMap::new();
    for directory in DIRECTORIES {
        let directory = Path::new(directory).join(format!("{file}.d"));
        for name in root.names(&directory, ".conf") {
            let path = directory.join(&name);
            found.entry(name).or_insert(path);
        }
    }
    found.into_values()
}

impl Unit {
    fn take_file(&mut self, root: &Root, path: &Path) {
        let shared: Arc<Path> = path.into();
        match root.text(path) {
            Ok(text) => self.take(&text.unwrap_or_default(), &shared),
            Err(error) => {
                let place = Origin::whole(&shared);
                self.unknown.push(NotUnderstood { place, what: error.to_string() });
            }
        }
    }

    /// Takes the settings of one file.
    fn take(&mut self, text: &str, path: &Arc<Path>) {
        let mut section = String::new();
        let mut lines = text.lines().zip(1_u32..);
        while let Some((line, number)) = lines.next() {
            let mut line = line.trim().to_owned();
            if line.is_empty() || line.starts_with(['#', ';']) {
                continue;
            }
            while let Some(begun) = line.strip_suffix('\\') {
                let next = lines.next().map(|(next, _)| next.trim()).unwrap_or_default();
                line = format!("{begun} {next}");
            }
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                name.clone_into(&mut section);
            } else if section == "Service"
                && let Some((key, value)) = line.split_once('=')
            {
                self.set(key.trim(), value.trim(), &Origin::line(path, number));
            }
        }
    }

    fn set(&mut self, key: &str, value: &str, place: &Origin) {
        let word = || Word { text: value.to_owned(), place: place.clone() };
        let list = match key {
            "ExecStart" => &mut self.raw.start,
            "Environment" => &mut self.raw.environment,
            "EnvironmentFile" => &mut self.raw.environment_files,
            "User" => return self.user = Some(word()).filter(|word| !word.text.is_empty()),
            "WorkingDirectory" => {
                let path = value.trim_start_matches('-');
                return self.directory = (path.starts_with('/')).then(|| path.into());
            }
            "RootDirectory" | "RootImage" | "DynamicUser" | "PassEnvironment" => {
                let what = format!("{key}= is not followed");
                return self.unknown.push(NotUnderstood { place: place.clone(), what });
            }
            _ => return,
        };
        // An empty value takes all former ones back.
        if value.is_empty() {
            list.clear();
        } else {
            list.push(word());
        }
    }

    /// Puts the variables into the command.
    fn finish(&mut self, root: &Root) {
        let raw = std::mem::take(&mut self.raw);
        let mut variables = Variables::default();
        for word in &raw.environment {
            for assignment in pieces(&word.text) {
                if let Some((name, value)) = assignment.text.split_once('=') {
                    variables.set(name, value, &word.place);
                }
            }
        }
        for word in &raw.environment_files {
            self.environment_file(root, word, &mut variables);
        }
        if let [_, .., last] = raw.start.as_slice() {
            let what = "it starts more than one command; the last one is taken".to_owned();
            self.unknown.push(NotUnderstood { place: last.place.clone(), what });
        }
        self.start = raw.start.last().map(|command| words(command, &variables));
    }

    /// Reads a file of variables, which knows quotes and no others' values.
    fn environment_file(&mut self, root: &Root, word: &Word, variables: &mut Variables) {
        let (path, optional) = match word.text.strip_prefix('-') {
            Some(path) => (path, true),
            None => (word.text.as_str(), false),
        };
        let shared: Arc<Path> = Path::new(path).into();
        let octets = match root.read(&shared) {
            Ok(octets) => octets,
            Err(_) if optional => return,
            Err(error) => {
                let what = format!("{path}: {error}");
                return self.unknown.push(NotUnderstood { place: word.place.clone(), what });
            }
        };
        for (line, number) in String::from_utf8_lossy(&octets).lines().zip(1_u32..) {
            let line = line.trim();
            if line.starts_with(['#', ';']) {
                continue;
            }
            let Some((name, value)) = line.split_once('=') else { continue };
            let place = Origin::line(&shared, number);
            let value: Vec<String> = pieces(value).into_iter().map(|piece| piece.text).collect();
            let value = value.join(" ");
            if value.contains('$') {
                let what = format!(
                    "{value:?} stays as it is: systemd puts no variables into such a file's values"
                );
                self.unknown.push(NotUnderstood { place: place.clone(), what });
            }
            variables.set(name.trim(), &value, &place);
        }
    }
}

/// A word of a unit's line.
struct Piece {
    text: String,
    /// Whether it was in quotes from its beginning.
    quoted: bool,
}

/// The words of a line, with their quotes taken off.
fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let (mut quote, mut inside) = (None, false);
    let mut chars = text.chars();
    while let Some(ch) = chars.next() {
        if quote.is_none() && ch.is_ascii_whitespace() {
            inside = false;
            continue;
        }
        if !inside {
            pieces.push(Piece { text: String::new(), quoted: matches!(ch, '"' | '\'') });
            inside = true;
        }
        let Some(piece) = pieces.last_mut() else { continue };
        match (ch, quote) {
            ('"' | '\'', None) => quote = Some(ch),
            (ch, Some(open)) if ch == open => quote = None,
            ('\\', _) => piece.text.extend(chars.next()),
            (ch, _) => piece.text.push(ch),
        }
    }
    pieces
}

/// The words of a command. `$NAME` alone is as many words as its value has, `${NAME}` is one.
fn words(command: &Word, variables: &Variables) -> Vec<Word> {
    // What systemd does with the program is none of ours.
    let text = command.text.trim_start_matches(['-', '@', ':', '+', '!']);
    let mut words = Vec::new();
    for Piece { text, quoted } in pieces(text) {
        let alone = text.strip_prefix('$').filter(|name| super::shell::is_name(name));
        match alone.filter(|_| !quoted) {
            Some(name) => words.extend(variables.split(name)),
            None => words.push(substituted(&text, &command.place, variables)),
        }
    }
    words
}

/// A word with the values of its variables, from the place of the first of them.
fn substituted(text: &str, place: &Origin, variables: &Variables) -> Word {
    let mut word = Word { text: String::new(), place: place.clone() };
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, behind)) = after.split_once('}') else { break };
        word.text.push_str(before);
        if let Some(value) = variables.word(name) {
            word.text.push_str(&value.text);
            word.place = value.place;
        }
        rest = behind;
    }
    word.text.push_str(rest);
    word.text = word.text.replace("%%", "%");
    word
}

#[cfg(test)]
mod tests {
    use super::find;
    use crate::tools::migrate::root::Root;
    use std::fs;
    use std::path::Path;

    const UNIT: &str = "\
[Unit]
Description=x
ExecStart=/no
[Service]
# ExecStart=/no
Type=forking
User=milter
EnvironmentFile=-/etc/default/d
Environment=\"EXTRA=-l -H\" SOCKET=/s
ExecStart=/usr/sbin/dk-filter -p ${SOCKET} \\
    $EXTRA $UNSET $DAEMON_OPTS
";

    /// The words of the start, with their places, and what was not understood.
    fn started(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let directory = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = directory.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let unit = find(&Root::new(directory.path()), "d").unwrap();
        let words = unit.start.unwrap().into_iter();
        let words = words.map(|word| {
            let place = word.place.to_string();
            format!("{} {}", Path::new(&place).file_name().unwrap().to_string_lossy(), word.text)
        });
        let unknown = unit.unknown.into_iter().map(|one| format!("{}: {}", one.place, one.what));
        (words.collect(), unknown.collect())
    }

    #[test]
    fn a_unit_says_how_its_daemon_is_started() {
        let (words, unknown) = started(&[
            ("lib/systemd/system/d.service", UNIT),
            ("etc/default/d", "# x\nDAEMON_OPTS=\"-b s\"\nSOCKET=inet:8892@localhost\n"),
        ]);
        let want = [
            "d.service:10 /usr/sbin/dk-filter",
            "d.service:10 -p",
            "d:3 inet:8892@localhost",
            "d.service:9 -l",
            "d.service:9 -H",
            "d:2 -b",
            "d:2 s",
        ];
        assert_eq!(words, want);
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    #[test]
    fn overrides_count_in_the_order_of_their_names_and_an_empty_start_takes_it_back() {
        let (words, unknown) = started(&[
            ("lib/systemd/system/d.service", UNIT),
            ("etc/systemd/system/d.service.d/20-b.conf", "[Service]\nExecStart=/b -p /b\n"),
            ("lib/systemd/system/d.service.d/10-a.conf", "[Service]\nExecStart=\nUser=\n"),
        ]);
        assert_eq!(words, ["20-b.conf:2 /b", "20-b.conf:2 -p", "20-b.conf:2 /b"]);
        assert!(unknown.is_empty(), "{unknown:?}");
        let files = [
            ("etc/systemd/system/d.service", "[Service]\nEnvironmentFile=/e\nExecStart=/d $A\n"),
            ("e", "A='-l'\nA=\"$A -H\"\n"),
        ];
        let (words, unknown) = started(&files);
        assert_eq!(words, ["d.service:3 /d", "e:2 $A", "e:2 -H"]);
        assert!(unknown.len() == 1 && unknown[0].contains("/e:2: "), "{unknown:?}");
        let (_, unknown) = started(&[files[0]]);
        assert!(
            unknown.len() == 1 && unknown[0].starts_with("/etc/systemd/system/d.service:2: /e: ")
        );
    }
}
