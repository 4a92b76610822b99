use super::{Variables, Word, read, read_script};
use std::path::Path;
use std::sync::Arc;

fn path() -> Arc<Path> {
    Path::new("/etc/default/d").into()
}

/// The words of `DAEMON_OPTS`, each with its line, and what was not understood.
fn words(text: &str) -> (Vec<String>, Vec<String>) {
    let mut variables = Variables::default();
    let unknown = read(text, &path(), &mut variables);
    let shown = |word: Word| format!("{} {}", word.place, word.text).replace("/etc/default/d:", "");
    let unknown = unknown.into_iter().map(|one| format!("{}: {}", one.place, one.what)).collect();
    (variables.split("DAEMON_OPTS").into_iter().map(shown).collect(), unknown)
}

#[test]
fn values_build_on_one_another_and_each_word_keeps_its_line() {
    for (text, want) in [
        ("DAEMON_OPTS=\"-l\"\n", &["1 -l"][..]),
        (
            "# a\nDAEMON_OPTS=\"-l\"\nDAEMON_OPTS=\"$DAEMON_OPTS -d a.b -s /k\"\n",
            &["2 -l", "3 -d", "3 a.b", "3 -s", "3 /k"],
        ),
        ("DAEMON_OPTS=-l\nDAEMON_OPTS=${DAEMON_OPTS}H\n", &["1 -lH"]),
        (
            "A='-b s'; export DAEMON_OPTS=\"$A -o \\\"x\\\"\" # more\n",
            &["1 -b", "1 s", "1 -o", "1 \"x\""],
        ),
        ("DAEMON_OPTS=\"-b \\\n  s\"\n", &["1 -b", "2 s"]),
        ("DAEMON_OPTS=\"${UNSET:--b s} ${UNSET}\"\nexport DAEMON_OPTS\n", &["1 -b", "1 s"]),
        ("DAEMON_OPTS=-l#x\r\n", &["1 -l#x"]),
        ("#DAEMON_OPTS=-l\n", &[]),
        ("", &[]),
        ("DAEMON_OPTS=\"\"\n", &[]),
        ("DAEMON_OPTS=\"-i /a\n-d b\"\n", &["1 -i", "1 /a", "2 -d", "2 b"]),
    ] {
        let (found, unknown) = words(text);
        assert_eq!(
            (found.as_slice(), unknown.as_slice()),
            (&want.iter().map(ToString::to_string).collect::<Vec<_>>()[..], &[][..]),
            "{text:?}"
        );
    }
}

#[test]
fn what_is_not_understood_is_said_with_its_line_and_the_rest_goes_on() {
    for (text, want, why) in [
        ("DAEMON_OPTS=$(cat /x)\nDAEMON_OPTS=-l\n", &["2 -l"][..], "d:1: $(…) is a command"),
        ("DAEMON_OPTS=`cat /x`\n", &[], "d:1: `…` is a command"),
        ("DAEMON_OPTS=-l\nif [ -f /x ]; then\n  DAEMON_OPTS=-H\nfi\n", &["1 -l"], "d:2: \"if\""),
        ("DAEMON_OPTS=-l\n. /etc/more\n", &["1 -l"], "d:2: \".\" is a command"),
        ("f() {\n  DAEMON_OPTS=-H\n}\nDAEMON_OPTS=-l\n", &["4 -l"], "d:1: \"f()\" is a command"),
        ("DAEMON_OPTS=-l && x\n", &["1 -l"], "d:1: '&' belongs"),
        ("DAEMON_OPTS=\"-l\n", &[], "d:1: \" has no counterpart"),
        ("DAEMON_OPTS=${X%/*}\nDAEMON_OPTS=-l\n", &["2 -l"], "more than a variable"),
    ] {
        let (found, unknown) = words(text);
        assert_eq!(found, want, "{text:?}: {unknown:?}");
        assert!(unknown.len() == 1 && unknown[0].contains(why), "{text:?}: {unknown:?}");
    }
}

#[test]
fn of_a_script_only_what_it_sets_first_is_looked_at() {
    let text = "#!/bin/sh\nNAME=dk-filter\nRUNDIR=/var/run/$NAME\nset -e\n\
                if [ -r /etc/default/$NAME ]; then . /etc/default/$NAME; fi\nNAME=other\n";
    let mut variables = Variables::default();
    read_script(text, &path(), &mut variables);
    let rundir = variables.word("RUNDIR").unwrap();
    assert_eq!(
        (rundir.text.as_str(), rundir.place.to_string().as_str()),
        ("/var/run/dk-filter", "/etc/default/d:3")
    );
    assert_eq!(variables.word("NAME").unwrap().text, "dk-filter");
}
