//! A mailbox as local delivery writes it, taken apart into messages as they were on the wire.

/// Its messages, each with CRLF at the end of a line and without what the mailbox has in front.
pub fn messages(mailbox: &[u8]) -> Vec<Vec<u8>> {
    let text = String::from_utf8_lossy(mailbox);
    let mut messages: Vec<Vec<String>> = Vec::new();
    let mut blank = true;
    for line in text.lines() {
        if blank && line.starts_with("From ") {
            messages.push(Vec::new());
        } else if let Some(last) = messages.last_mut() {
            let quoted = line.starts_with('>') && line.trim_start_matches('>').starts_with("From ");
            last.push(if quoted { line.chars().skip(1).collect() } else { line.to_owned() });
        }
        blank = line.is_empty();
    }
    for message in &mut messages {
        // The blank line behind it is the mailbox's.
        if message.last().is_some_and(String::is_empty) {
            message.pop();
        }
    }
    messages.into_iter().map(|lines| (lines.join("\r\n") + "\r\n").into_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::messages;

    #[test]
    fn messages_come_out_as_they_went_in() {
        let mailbox = b"From a@b  Sat Nov 28\nSubject: 1\n\nFrom here\n>From a\n\nb\n\n\
                        From c@d  Sat Nov 28\nSubject: 2\n\nx\n\n";
        let want =
            ["Subject: 1\r\n\r\nFrom here\r\nFrom a\r\n\r\nb\r\n", "Subject: 2\r\n\r\nx\r\n"];
        let found = messages(mailbox);
        // A line that begins with "From " behind a blank one is quoted by whoever delivers.
        let first = messages(b"From a@b  Sat\nSubject: 1\n\n>From here\n>From a\n\nb\n\n");
        assert_eq!(first, [want[0].as_bytes()]);
        assert_eq!(found.last().map(Vec::as_slice), Some(want[1].as_bytes()));
        assert!(messages(b"").is_empty());
    }
}
