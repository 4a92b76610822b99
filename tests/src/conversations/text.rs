//! The files that say what is configured and what is said.

use crate::message::with_crlf;
use std::fs;
use std::path::Path;

/// What is offered where a file does not say otherwise: what both ask for. Every other step is told,
/// and every stage shows its reply.
const OFFER: [u32; 3] = [6, 0xff, 0x10_0302];

/// What is sent where a conversation brings no message of its own.
const MESSAGE: &str = "\
From: Ann <ann@example.com>
To: bob@example.net
Subject: hello
Date: Mon, 2 Mar 2026 09:00:00 +0000
Message-ID: <1@example.com>

Hello,

you.
";

/// One configuration and all conversations that are held with it.
#[derive(Debug)]
pub struct Setup {
    /// The file's name, without its ending.
    pub name: String,
    /// The named difference by which the program does not start with it.
    pub refused: Option<String>,
    /// The files of the configuration: name, permissions, content.
    pub files: Vec<(String, u32, String)>,
    /// What is said.
    pub conversations: Vec<Conversation>,
}

/// One connection.
#[derive(Debug)]
pub struct Conversation {
    /// What it is about, unique in its file.
    pub name: String,
    /// Which branch of the flow it goes through.
    pub branch: String,
    /// The named differences that it shows.
    pub differs: Vec<String>,
    /// The conversation of the same file that it is like, by such a difference.
    pub like: Option<String>,
    /// What our results say instead.
    pub tells: Option<String>,
    /// What we answer instead: a word, SMTP's words, or `quarantine` and a text.
    pub answers: Option<String>,
    /// The version, the actions and the steps that are offered.
    pub offer: [u32; 3],
    /// Host and address; no address is one of an unknown family.
    pub client: (String, Option<String>),
    /// The messages, in their order.
    pub messages: Vec<Mail>,
    /// Why an independent verifier is not asked about its signatures.
    pub unjudged: Option<String>,
}

/// One message, and how it is told.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Macros: the stage's letter, then names and values.
    pub macros: Vec<(char, Vec<(String, String)>)>,
    /// The sender, with its brackets.
    pub from: String,
    /// The recipients, with their brackets.
    pub to: Vec<String>,
    /// Who signs it beforehand: the key's name and the field.
    pub signatures: Vec<(String, String)>,
    /// What is changed in it after that.
    pub changes: Vec<(String, String)>,
    /// After which stage it is given up.
    pub abort: Option<String>,
    /// How many octets of the body come at once.
    pub chunk: usize,
    /// Header and body with CRLF, as it is before anybody signs it.
    pub octets: Vec<u8>,
}

impl Setup {
    /// Reads a file; what it does not know is a mistake.
    pub fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let mut parts = text.split("\n=== ");
        let start = parts.next().unwrap_or_default();
        let refused = start.lines().find_map(|line| line.strip_prefix("refused: "));
        let (refused, files) = (refused.map(str::to_owned), files(start));
        let conversations: Vec<Conversation> =
            parts.map(|part| Conversation::parse(&format!("{name}: "), part)).collect();
        assert!(!files.is_empty() && !conversations.is_empty(), "{}: empty", path.display());
        Self { name, refused, files, conversations }
    }

    /// All files of a directory, by name.
    pub fn all(directory: &Path) -> Vec<Self> {
        let entries =
            fs::read_dir(directory).unwrap_or_else(|e| panic!("{}: {e}", directory.display()));
        let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
        paths.sort();
        paths.iter().map(|path| Self::read(path)).collect()
    }
}

/// What stands before the first conversation: `--- NAME MODE` and the content.
fn files(text: &str) -> Vec<(String, u32, String)> {
    let parts = text.split("\n--- ").skip(1);
    let file = |part: &str| {
        let (head, content) = part.split_once('\n').unwrap_or((part, ""));
        let (name, mode) = head.split_once(' ').unwrap_or((head, "644"));
        let mode = u32::from_str_radix(mode, 8).unwrap_or_else(|e| panic!("{head}: {e}"));
        (name.to_owned(), mode, format!("{content}\n"))
    };
    parts.map(file).collect()
}

impl Conversation {
    fn parse(place: &str, part: &str) -> Self {
        let (name, rest) = part.split_once('\n').unwrap_or((part, ""));
        let mut conversation = Self {
            name: name.trim().to_owned(),
            branch: String::new(),
            differs: Vec::new(),
            like: None,
            tells: None,
            answers: None,
            offer: OFFER,
            client: ("localhost".into(), Some("127.0.0.1".into())),
            messages: Vec::new(),
            unjudged: None,
        };
        let place = format!("{place}{name}");
        for message in format!("\n{rest}\n").split("\n+++\n") {
            let (head, text) = match message.split_once("\n---\n") {
                Some((head, text)) => (head, Some(text)),
                None => (message, None),
            };
            conversation.read_message(&place, head, text);
        }
        assert!(!conversation.branch.is_empty(), "{place}: which branch?");
        conversation
    }

    fn read_message(&mut self, place: &str, head: &str, text: Option<&str>) {
        let mut mail = Mail::usual(self.messages.len() + 1);
        let mut lines = text.map_or_else(|| MESSAGE.to_owned(), |text| format!("{text}\n"));
        // The blank line before the next conversation is none of the body.
        if text.is_some() && lines.ends_with("\n\n") && !lines.ends_with("\n\n\n") {
            lines.pop();
        }
        for line in head.lines().filter(|line| !line.is_empty()) {
            let (key, value) = line.split_once(':').unwrap_or_else(|| panic!("{place}: {line}"));
            let value = value.trim();
            match key {
                "branch" => self.branch = value.to_owned(),
                "differs" => self.differs = value.split(' ').map(str::to_owned).collect(),
                "as" => self.like = Some(value.to_owned()),
                "tells" => self.tells = Some(unescaped(value)),
                "answers" => self.answers = Some(value.to_owned()),
                "offer" => self.offer = words(place, value),
                "client" => self.client = client(value),
                "unjudged" => self.unjudged = Some(value.to_owned()),
                "author" => {
                    lines = replaced(&lines, "From", &format!("From: {}", unescaped(value)));
                }
                "without" => lines = replaced(&lines, value, ""),
                "top" => lines = format!("{}\n{lines}", unescaped(value)),
                "field" => {
                    lines = lines.replacen("\n\n", &format!("\n{}\n\n", unescaped(value)), 1);
                }
                _ => mail.set(place, key, value),
            }
        }
        mail.octets = with_crlf(lines.as_bytes());
        if mail.chunk == 0 {
            let header = lines.split("\n\n").next().unwrap_or_default();
            mail.octets = with_crlf(format!("{header}\n\n").as_bytes());
        }
        self.messages.push(mail);
    }
}

impl Mail {
    fn usual(number: usize) -> Self {
        let one = |name: &str, value: String| vec![(name.to_owned(), value)];
        Self {
            macros: vec![
                ('C', one("j", "mx.example.net".into())),
                ('M', one("i", format!("Q{number}"))),
            ],
            from: "<ann@example.com>".into(),
            to: Vec::new(),
            signatures: Vec::new(),
            changes: Vec::new(),
            abort: None,
            chunk: usize::MAX,
            octets: Vec::new(),
        }
    }

    fn set(&mut self, place: &str, key: &str, value: &str) {
        match key {
            "from" => self.from = value.to_owned(),
            "to" => self.to.push(value.to_owned()),
            "macros" => self.set_macros(place, value),
            "sign" => self.signatures.push(signature(value)),
            "change" => {
                let pair = value.split_once(" => ").unwrap_or_else(|| panic!("{place}: {value}"));
                self.changes.push((unescaped(pair.0), unescaped(pair.1)));
            }
            "abort" => self.abort = Some(value.to_owned()),
            "chunk" => self.chunk = value.parse().unwrap_or_else(|e| panic!("{place}: {e}")),
            _ => panic!("{place}: {key}: unknown"),
        }
    }

    /// `STAGE NAME=VALUE …`: takes the place of what the stage had.
    fn set_macros(&mut self, place: &str, value: &str) {
        let mut words = value.split(' ');
        let stage = words.next().and_then(|word| word.chars().next());
        let stage = stage.unwrap_or_else(|| panic!("{place}: which stage?"));
        let pair = |word: &str| {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            (name.to_owned(), value.to_owned())
        };
        self.macros.retain(|(known, _)| *known != stage);
        let pairs: Vec<_> = words.map(pair).collect();
        if !pairs.is_empty() {
            self.macros.push((stage, pairs));
        }
    }
}

/// `KEY TAG=VALUE …`: the usual field with these tags in it; a tag without a value is left out.
fn signature(value: &str) -> (String, String) {
    let mut words = value.split(' ');
    let key = words.next().unwrap_or_default().to_owned();
    let algorithm = if key == "ed25519" { "ed25519-sha256" } else { "rsa-sha256" };
    let mut tags: Vec<(String, String)> = [
        ("v", "1"),
        ("a", algorithm),
        ("c", "relaxed/simple"),
        ("d", "example.com"),
        ("s", &key),
        ("h", "From:To:Subject:Date"),
    ]
    .map(|(tag, text)| (tag.to_owned(), text.to_owned()))
    .into();
    for word in words {
        let (tag, text) = word.split_once('=').unwrap_or((word, ""));
        match tags.iter_mut().find(|(known, _)| known == tag) {
            Some(known) => known.1 = text.to_owned(),
            None => tags.push((tag.to_owned(), text.to_owned())),
        }
    }
    tags.retain(|(_, text)| !text.is_empty());
    let tags = tags.iter().map(|(tag, text)| format!("{tag}={text}; ")).collect::<String>();
    (key, format!("DKIM-Signature: {tags}bh=; b="))
}

/// The message with this line in the place of that field, or without the field.
fn replaced(lines: &str, name: &str, line: &str) -> String {
    let (header, body) = lines.split_once("\n\n").unwrap_or((lines, ""));
    let start = format!("{}:", name.to_ascii_lowercase());
    let keep = |field: &str| !field.to_ascii_lowercase().starts_with(&start);
    let fields = header.lines().map(|field| if keep(field) { field } else { line });
    let fields: Vec<&str> = fields.filter(|field| !field.is_empty()).collect();
    format!("{}\n\n{body}", fields.join("\n"))
}

fn client(value: &str) -> (String, Option<String>) {
    let (host, address) = value.split_once(' ').unwrap_or((value, "unspec"));
    (host.to_owned(), (address != "unspec").then(|| address.to_owned()))
}

fn words(place: &str, value: &str) -> [u32; 3] {
    let number = |word: &str| {
        let parsed = match word.strip_prefix("0x") {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => word.parse(),
        };
        parsed.unwrap_or_else(|e| panic!("{place}: {word}: {e}"))
    };
    let numbers: Vec<u32> = value.split(' ').map(number).collect();
    numbers.try_into().unwrap_or_else(|_| panic!("{place}: {value}: not three numbers"))
}

/// `\n`, `\t`, `\r` and `\s` for a blank that an editor would take away.
fn unescaped(text: &str) -> String {
    [("\\n", "\n"), ("\\t", "\t"), ("\\r", "\r"), ("\\s", " ")]
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}
