//! What opendkim is asked on its command line, and answers without serving: the value of a
//! parameter, entries of a data set.

use crate::command::print;
use crate::terminal::Terminal;
use twinseal_config::{ExitCode, Extracted, Files};

/// Prints the value of a parameter.
pub(crate) fn value(found: Extracted, terminal: &mut Terminal<'_>) -> ExitCode {
    match found {
        Extracted::Value(text) => print(terminal, &format!("{text}\n")),
        Extracted::Unset => ExitCode::Configuration,
        Extracted::Unknown => ExitCode::Data,
    }
}

/// Looks up in a data set what standard input asks for: its first line is the set, and each line
/// behind that a question.
pub(crate) fn query(files: &dyn Files, terminal: &mut Terminal<'_>) -> ExitCode {
    let mut text = String::new();
    if let Err(error) = terminal.input.read_to_string(&mut text) {
        terminal.complain(format_args!("standard input: {error}"));
        return ExitCode::NoInput;
    }
    let mut lines = text.lines().map(str::trim);
    let set = lines.next().unwrap_or_default();
    // Without a question, the set is looked at all the same.
    let questions: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    let questions = if questions.is_empty() { vec![""] } else { questions };
    for question in questions {
        match twinseal_config::query(set, question, files) {
            Ok(Some(fields)) => {
                let fields: String = fields.iter().map(|field| format!("'{field}'\n")).collect();
                let code = print(terminal, &fields);
                if code != ExitCode::Ok {
                    return code;
                }
            }
            Ok(None) => terminal.complain("record not found"),
            Err(mistakes) => {
                mistakes.lines().for_each(|line| terminal.complain(line));
                return mistakes.exit_code();
            }
        }
    }
    print(terminal, "\n")
}

#[cfg(test)]
mod tests {
    use super::query;
    use crate::serve::FileSystem;
    use crate::terminal::Terminal;
    use twinseal_config::ExitCode;

    /// The code, what is printed, and what is complained about.
    fn asked(input: &str) -> (ExitCode, String, String) {
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let mut terminal = Terminal {
            program: "opendkim",
            input: &mut input.as_bytes(),
            output: &mut output,
            errors: &mut errors,
        };
        let code = query(&FileSystem, &mut terminal);
        (code, String::from_utf8(output).unwrap(), String::from_utf8(errors).unwrap())
    }

    #[test]
    fn a_data_set_is_asked_on_standard_input() {
        let directory = tempfile::tempdir().unwrap();
        let table = directory.path().join("table");
        std::fs::write(&table, "*@example.com one:ann # hers\n* two\n").unwrap();
        let table = table.display();
        for (input, want, complaint) in [
            ("csl:a=b,c=d:e\na/1\n".to_owned(), "'b'\n\n", ""),
            ("csl:a=b,c=d:e\na/1\nC/2\nc/1\n".to_owned(), "'b'\n'd'\n'e'\n'd'\n\n", ""),
            ("csl:a=b\nx/1\n".to_owned(), "\n", "opendkim: record not found\n"),
            (format!("refile:{table}\nx@example.com/2\ny/1\n"), "'one'\n'ann'\n'two'\n\n", ""),
            (format!("file:{table}\nx@example.com/1\n*/1\n"), "'two'\n\n", "record not found"),
        ] {
            let (code, said, complaints) = asked(&input);
            assert_eq!((code, said.as_str()), (ExitCode::Ok, want), "{input:?}: {complaints}");
            assert!(complaints.contains(complaint), "{input:?}: {complaints}");
            assert_eq!(complaints.is_empty(), complaint.is_empty(), "{input:?}: {complaints}");
        }
    }

    #[test]
    fn what_cannot_be_asked_is_refused() {
        for (input, complaint) in [
            ("", "a key, a slash and a number of fields"),
            ("csl:a=b\n", "a key, a slash and a number of fields"),
            ("csl:a=b\na\n", "a key, a slash and a number of fields"),
            ("csl:a=b\na/x\n", "a key, a slash and a number of fields"),
            ("file:/nowhere\na/1\n", "/nowhere"),
            ("dsn:mysql://db/table\na/1\n", "file:PATH"),
        ] {
            let (code, said, complaints) = asked(input);
            assert_eq!(said, "", "{input:?}");
            assert!(
                code != ExitCode::Ok && complaints.contains(complaint),
                "{input:?}: {complaints}"
            );
        }
    }
}
