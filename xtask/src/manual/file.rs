//! The pages of the configuration files: ours, and those of the programs in whose place we stand.

use super::mdoc::{Doc, argument};
use super::{Written, sentence};
use twinseal_config::Door;
use twinseal_config::params::{Acts, PARAMS, Param, Place, former_names};
use twinseal_config::render::{Row, rows};

/// What our own file looks like.
const NATIVE: &[&str] = &[
    "The configuration of twinseal serve, in YAML. The packaged service reads \
     /etc/twinseal/twinseal.yaml; twinseal serve --config FILE reads any, and with --check it reports \
     every mistake in it, each with its line, what was found and what is allowed. An unknown key, a \
     repeated one and a value of another kind are mistakes.",
    "A dot in a name below stands for a section: log.format is format in the section log. Durations \
     and sizes carry their unit: 90s, 30m, 12h, 14d or 2w, and 1000B, 64KiB or 1MiB. Switches are yes \
     or no, true or false, on or off. A list may be one value alone. What begins with a star or an \
     exclamation mark stands in quotes. A path is one of a file on the host, and where a list of hosts \
     or domains is expected, of a file with one entry a line.",
    "Editors with a language server for YAML complete and check the file when its first line names the \
     schema:",
    "  # yaml-language-server: $schema=/usr/share/twinseal/twinseal.schema.json",
];

/// A whole file.
const EXAMPLE: &str = r#"socket: unix:/var/spool/postfix/milter/twinseal/twinseal.sock
user: twinseal:postfix
mode: sv
internal-hosts: [127.0.0.1, "::1", 192.0.2.0/24]
signing:
  - senders: ["*@example.com", "*@*.example.com"]
    domain: example.com
    keys:
      - { file: /etc/twinseal/keys/mail2.private, selector: mail2 }
      - { file: /etc/twinseal/keys/ed1.private, selector: ed1 }
    dkim: { expire-after: 14d }
dkim: { canonicalization: relaxed/simple }
domainkeys: { canonicalization: nofws }
log: { to: syslog, facility: mail }
"#;

/// `twinseal.yaml(5)`.
pub(super) fn native(date: &str) -> Written {
    let mut doc = Doc::new(("twinseal.yaml", 5), "what twinseal does, and for whom", date);
    doc.section("DESCRIPTION");
    NATIVE.iter().for_each(|text| doc.paragraph(text));
    doc.section("PARAMETERS");
    let group = |param: &Param| param.name.split('.').next().unwrap_or_default();
    let has_section =
        |name: &str| PARAMS.iter().any(|param| param.name.starts_with(&format!("{name}.")));
    let in_file = || PARAMS.iter().filter(|param| param.is_in_file());
    doc.list();
    in_file().filter(|param| !has_section(group(param))).for_each(|param| ours(param, &mut doc));
    doc.end_list();
    let mut groups: Vec<&str> = in_file().map(group).filter(|name| has_section(name)).collect();
    groups.dedup();
    for name in groups {
        doc.part(&format!("The section {name}"));
        doc.list();
        in_file().filter(|param| group(param) == name).for_each(|param| ours(param, &mut doc));
        doc.end_list();
    }
    doc.section("FILES");
    doc.list();
    for (path, what) in [
        ("/etc/twinseal/twinseal.yaml", "the configuration of the service"),
        ("/usr/share/twinseal/twinseal.schema.json", "its schema, for editors"),
    ] {
        doc.item(&format!("Pa {}", argument(path)));
        doc.paragraph(&sentence(what));
    }
    doc.end_list();
    doc.section("EXAMPLES");
    doc.paragraph("Two keys that sign for a domain and what is below it:");
    doc.literal(EXAMPLE);
    doc.see(&["twinseal-serve(8)", "twinseal-check(8)", "twinseal-config(8)", "twinseal(8)"]);
    ("twinseal.yaml.5".to_owned(), doc.finish())
}

/// A parameter of our own file.
fn ours(param: &Param, doc: &mut Doc) {
    doc.item(&format!("Cm {}", argument(param.name)));
    doc.paragraph(&format!("{} {}", sentence(param.summary), param.manual));
    let mut facts = vec![format!("Value: {}.", param.wanted())];
    facts.extend(param.acts.told());
    facts.extend(param.facts(Door::Native, None));
    if param.is_of_a_seal() {
        facts.push("An entry of signing may say it for itself.".to_owned());
    }
    facts.extend(elsewhere(param));
    if param.is_option() {
        facts.push(format!("The option is --{}.", param.long_option()));
    }
    doc.paragraph(&facts.join(" "));
}

/// What it is called in the historic files.
fn elsewhere(param: &Param) -> Option<String> {
    let (first, second) = ("dkim-filter.conf", "opendkim.conf");
    let is_turned = param.opendkim.parameter.is_some_and(|one| one.form.is_the_other_way_round());
    match (param.dkim_filter.name(), param.opendkim.name()) {
        (Some(one), Some(other)) if one == other => {
            let turned = if is_turned { ", the other way round" } else { "" };
            Some(format!("It is {one} in {first} and {second}{turned}."))
        }
        (Some(one), Some(other)) => Some(format!("It is {one} in {first}, {other} in {second}.")),
        (Some(one), None) => Some(format!("It is {one} in {first}.")),
        (None, Some(other)) => Some(format!("It is {other} in {second}.")),
        (None, None) => None,
    }
}

/// What is the same in both historic files.
const HISTORIC: &str = "Each line is a name and its value with blanks between them; what follows # is a \
    comment. Capitals and small letters of a name are the same, and of one that is given twice, the last \
    one counts. An unknown name stops the start. Every mistake is reported, with its line, what was found \
    and what is allowed.";

/// The page of a historic program's file.
pub(super) fn historic(door: Door, date: &str) -> Written {
    let program = door.program();
    let name = format!("{program}.conf");
    let summary = format!("the configuration of {program}, as twinseal takes it in its place");
    let mut doc = Doc::new((&name, 5), &summary, date);
    doc.section("DESCRIPTION");
    doc.paragraph(HISTORIC);
    if door == Door::Opendkim {
        doc.paragraph(
            "What dkim-filter knew and its successor dropped works here too. A data set is a list with \
             commas, csl: before it or not, or the file: that it is in, for which its path will do, or a \
             refile: of patterns; other kinds are refused.",
        );
    }
    let rows: Vec<Row> = rows(door).into_iter().filter(|row| row.parameter.is_some()).collect();
    doc.section("PARAMETERS");
    part(&rows, door, |acts| matches!(acts, Acts::Yes), &mut doc);
    doc.section("ACCEPTED WITHOUT EFFECT");
    doc.paragraph("Each of these says so once, at start:");
    part(&rows, door, |acts| matches!(acts, Acts::No(_)), &mut doc);
    doc.section("REFUSED");
    doc.paragraph(
        "Each of these stops the start, because something would be promised that is not done:",
    );
    part(&rows, door, |acts| matches!(acts, Acts::Refused(_)), &mut doc);
    let former = former_names(door);
    if !former.is_empty() {
        doc.section("FORMER NAMES");
        doc.paragraph("Understood, with a warning:");
        doc.list();
        for (name, now) in former {
            doc.item(&format!("Cm {name}"));
            doc.paragraph(&format!("Now {now}."));
        }
        doc.end_list();
    }
    doc.section("FILES");
    doc.list();
    doc.item(&format!("Pa {}", argument(&format!("/etc/{name}"))));
    doc.paragraph("The file in Debian's packages.");
    doc.end_list();
    let page = format!("{program}(8)");
    doc.see(&[&page, "twinseal.yaml(5)", "twinseal-config(8)", "twinseal-migrate(8)"]);
    (format!("{name}.5"), doc.finish())
}

fn part(rows: &[Row], door: Door, wanted: fn(&Acts) -> bool, doc: &mut Doc) {
    let mut rows = rows.iter().filter(|row| wanted(&row.param.acts)).peekable();
    if rows.peek().is_none() {
        doc.paragraph("None.");
        return;
    }
    doc.list();
    for row in rows {
        let name = row.parameter.map(|known| known.name).unwrap_or_default();
        let letter = row.letter.map(|known| format!(" Pq Fl {}", known.letter));
        doc.item(&format!("Cm {}{}", argument(name), letter.unwrap_or_default()));
        let about = row.param.acts.told().unwrap_or_else(|| row.about());
        doc.paragraph(&about);
        let mut facts = vec![format!("Value: {}.", row.value())];
        facts.extend(row.param.facts(door, row.parameter.map(|known| known.form)));
        match row.param.place {
            Place::Both | Place::File => {
                facts.push(format!("In our own file, it is {}.", row.param.name));
            }
            Place::CommandLine => {
                facts.push(format!("Of ours, it is the option --{}.", row.param.long_option()));
            }
            Place::Historic => {}
        }
        if row.param.acts.told().is_none() {
            doc.paragraph(&facts.join(" "));
        }
    }
    doc.end_list();
}
