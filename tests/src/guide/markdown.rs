//! What a page in Markdown tells its reader to do.
//!
//! | in the page | what is done |
//! |---|---|
//! | a fenced block of `sh` | it is run |
//! | a fenced block of `text` | it is what the block of `sh` before it prints |
//! | any other block, below "… `/PATH`:" | it is written there |
//! | the same, below "At the end of `/PATH`:" | it is added to what is there |
//! | a paragraph that begins with `**Publish**` | the records in the file that it names are published |
//!
//! A block that is none of these is a mistake of the page, and so is a paragraph of the last kind
//! that names no file.

/// Something that is done, and where the page says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The line at which it begins, from 1.
    pub line: usize,
    /// What it is.
    pub what: What,
}

/// What a reader does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Runs these lines of a shell.
    Run(String),
    /// Sees this.
    Prints(String),
    /// Makes this the file.
    Write {
        /// Its path.
        path: String,
        /// All of it.
        content: String,
    },
    /// Adds this to the file.
    Append {
        /// Its path.
        path: String,
        /// What comes to its end.
        content: String,
    },
    /// Publishes the records in that file.
    Publish(String),
}

/// The kinds of blocks that are files.
const FILES: &[&str] = &["yaml", "conf", "ini", "m4", "zone"];

/// How a paragraph begins that says what is to be published.
const PUBLISH: &str = "**Publish**";

/// How a paragraph ends behind which a block is added to a file: with these words and its path.
const ADDED: &str = "at the end of";

/// Reads a page; what is wrong with it begins with the number of the line.
pub fn read(page: &str) -> Result<Vec<Step>, String> {
    let mut steps: Vec<Step> = Vec::new();
    let mut lines = page.lines().enumerate().map(|(at, line)| (at + 1, line));
    let mut above = Paragraph::default();
    while let Some((line, text)) = lines.next() {
        let Some((indent, kind)) = fence(text) else {
            if let Some(path) = above.add(line, text)? {
                steps.push(path);
            }
            continue;
        };
        if let Some(path) = above.ended()? {
            steps.push(path);
        }
        let mut content = String::new();
        loop {
            let Some((_, text)) = lines.next() else {
                return Err(format!("{line}: the block has no end"));
            };
            if text.trim() == "```" {
                break;
            }
            content.push_str(text.get(indent..).unwrap_or_else(|| text.trim_start()));
            content.push('\n');
        }
        let what = match kind {
            "sh" => What::Run(content),
            "text" => match steps.last() {
                Some(Step { what: What::Run(_), .. }) => What::Prints(content),
                _ => return Err(format!("{line}: no command is there that could print this")),
            },
            _ if FILES.contains(&kind) => above.file(line, content)?,
            _ => return Err(format!("{line}: no block is of the kind {kind:?}")),
        };
        steps.push(Step { line, what });
        above = Paragraph::default();
    }
    steps.extend(above.ended()?);
    Ok(steps)
}

/// The indentation and the kind of the block that begins with this line.
fn fence(line: &str) -> Option<(usize, &str)> {
    let rest = line.trim_start();
    Some((line.len() - rest.len(), rest.strip_prefix("```")?.trim()))
}

/// The paragraph above a line.
#[derive(Debug, Default)]
struct Paragraph {
    line: usize,
    text: String,
    is_over: bool,
}

impl Paragraph {
    /// Takes a line; if it ends a paragraph that says what to publish, that is the answer.
    fn add(&mut self, line: usize, text: &str) -> Result<Option<Step>, String> {
        let text = text.trim();
        if text.is_empty() {
            return self.ended();
        }
        if self.is_over || self.text.is_empty() {
            *self = Self { line, text: String::new(), is_over: false };
        } else {
            self.text.push(' ');
        }
        self.text.push_str(text);
        Ok(None)
    }

    /// What it says if it ends here, once.
    fn ended(&mut self) -> Result<Option<Step>, String> {
        let words = self.text.trim_start_matches(|c: char| c.is_ascii_digit() || ".- ".contains(c));
        if std::mem::replace(&mut self.is_over, true) || !words.starts_with(PUBLISH) {
            return Ok(None);
        }
        let line = self.line;
        let path = self.path().ok_or_else(|| {
            format!("{line}: what is published is one file, in backquotes, from the root on")
        })?;
        Ok(Some(Step { line, what: What::Publish(path.to_owned()) }))
    }

    /// The one path in it between backquotes.
    fn path(&self) -> Option<&str> {
        let mut paths =
            self.text.split('`').skip(1).step_by(2).filter(|words| words.starts_with('/'));
        paths.next().filter(|_| paths.next().is_none())
    }

    /// The file that it announces.
    fn file(&self, line: usize, content: String) -> Result<What, String> {
        let Some(path) = self.path().filter(|_| self.text.ends_with(':')) else {
            return Err(format!(
                "{line}: no file is announced: a paragraph with one path in backquotes and a \
                 colon at its end"
            ));
        };
        let path = path.to_owned();
        let (before, _) = self.text.split_once(&format!("`{path}`")).unwrap_or_default();
        if before.trim_end().to_ascii_lowercase().ends_with(ADDED) {
            return Ok(What::Append { path, content });
        }
        Ok(What::Write { path, content })
    }
}

#[cfg(test)]
mod tests {
    use super::{Step, What, read};

    fn one(line: usize, what: What) -> Vec<Step> {
        vec![Step { line, what }]
    }

    #[test]
    fn commands_and_what_they_print_come_in_order() {
        let page = "# T\n\nwords\n\n```sh\na\n\n  b\n```\n\nprints\n\n```text\nc\n```\n";
        let run = Step { line: 5, what: What::Run("a\n\n  b\n".to_owned()) };
        let prints = Step { line: 13, what: What::Prints("c\n".to_owned()) };
        assert_eq!(read(page).unwrap(), [run, prints]);
    }

    #[test]
    fn in_a_list_the_indentation_of_the_fence_is_no_part_of_the_block() {
        let page = "1. words:\n\n   ```sh\n   a\n\n     b\n   ```\n";
        assert_eq!(read(page).unwrap(), one(3, What::Run("a\n\n  b\n".to_owned())));
    }

    #[test]
    fn a_file_is_announced_and_written_or_added_to() {
        let content = "x: 1\n".to_owned();
        let path = "/etc/x.yaml".to_owned();
        let write = What::Write { path: path.clone(), content: content.clone() };
        let append = What::Append { path, content };
        for (above, want) in [
            ("Make it `/etc/x.yaml`:", &write),
            ("Make it with `x`\nin `/etc/x.yaml`, thus:", &write),
            ("At the end of `/etc/x.yaml`:", &append),
            ("2. Put at the end of\n   `/etc/x.yaml`:", &append),
        ] {
            let page = format!("{above}\n\n```yaml\nx: 1\n```\n");
            let steps = read(&page).unwrap();
            assert_eq!((steps.len(), &steps[0].what), (1, want), "{above}");
        }
    }

    #[test]
    fn what_is_published_is_a_file() {
        let page = "**Publish** what is in\n`/k/mail2.txt`: a zone takes it.\n\nwords\n";
        assert_eq!(read(page).unwrap(), one(1, What::Publish("/k/mail2.txt".to_owned())));
        let page = "a\n\n3. **Publish** `/k`.\n```sh\nb\n```\n**Publish** `/l`";
        let whats: Vec<What> = read(page).unwrap().into_iter().map(|step| step.what).collect();
        let [k, l] = ["/k", "/l"].map(|path| What::Publish(path.to_owned()));
        assert_eq!(whats, [k, What::Run("b\n".to_owned()), l]);
    }

    #[test]
    fn nothing_is_left_out_silently() {
        for (page, why) in [
            ("```\nx\n```\n", "1: no block is of the kind \"\""),
            ("a\n```bash\nx\n```\n", "2: no block is of the kind \"bash\""),
            ("```sh\nx\n", "1: the block has no end"),
            ("```text\nx\n```\n", "1: no command is there"),
            ("```sh\nx\n```\n```text\nx\n```\n```text\ny\n```\n", "7: no command is there"),
            ("```yaml\nx\n```\n", "1: no file is announced"),
            ("`/a` and `/b`:\n```yaml\nx\n```\n", "2: no file is announced"),
            ("`/a`.\n\n```yaml\nx\n```\n", "3: no file is announced"),
            ("`/a`:\n```sh\nx\n```\n```conf\nx\n```\n", "5: no file is announced"),
            ("`/a`:\n\nmore\n```conf\nx\n```\n", "4: no file is announced"),
            ("**Publish** it.\n", "1: what is published is one file"),
        ] {
            let error = read(page).unwrap_err();
            assert!(error.starts_with(why), "{page}{error}");
        }
    }
}
