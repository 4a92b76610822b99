//! What miltertest is told to say.

use super::tap::{NO_BLANK, NO_BODY};
use super::text::{Conversation, Mail};
use crate::message::{Field, Message, with_lf};
use std::fmt::Write;
use std::process::{Command, Stdio};

/// Whether the filter wants to hear more of the message. It is asked after each step, as an MTA
/// does: what was accepted, refused or skipped is not shown any further.
const PREAMBLE: &str = "\
local function go(problem) return problem == nil and mt.getreply(conn) == SMFIR_CONTINUE end
local function rcpt(address)
    if mt.test_option(conn, SMFIP_NORCPT) then return true end
    return go(mt.rcptto(conn, address))
end
local function field(name, value)
    return go(mt.header(conn, name, value))
end
local function body(chunk)
    if mt.bodystring(conn, chunk) ~= nil then return false end
    return mt.getreply(conn) == SMFIR_CONTINUE
end
";

/// The whole conversation, as a script in Lua. `octets` are the messages as they are sent.
pub fn lua(conversation: &Conversation, octets: &[Vec<u8>], socket: &str) -> String {
    let [version, actions, steps] = conversation.offer;
    let (host, address) = &conversation.client;
    let address = address.as_deref().unwrap_or("unspec");
    let macros = |letters: &str| {
        let first = conversation.messages.first();
        first.map(|mail| told_macros(mail, letters)).unwrap_or_default()
    };
    // Its manual has the last two of a negotiation the other way round.
    let mut script = format!(
        "conn = mt.connect({})\n{PREAMBLE}\
         if mt.negotiate(conn, {version}, {steps}, {actions}) ~= nil then return end\n\
         if mt.getreply(conn) ~= string.byte(\"O\") then return end\n\
         {}\
         if not go(mt.conninfo(conn, {}, {})) then mt.disconnect(conn) return end\n{}\
         if not mt.test_option(conn, SMFIP_NOHELO) then mt.helo(conn, \"helo.example.net\") end\n",
        quoted(socket.as_bytes()),
        macros("C"),
        quoted(host.as_bytes()),
        quoted(address.as_bytes()),
        macros("H"),
    );
    for (number, (mail, octets)) in conversation.messages.iter().zip(octets).enumerate() {
        let steps = message(mail, octets);
        let _ = write!(script, "local function message{number}()\n{steps}end\nmessage{number}()\n");
    }
    script + "mt.disconnect(conn)\n"
}

fn message(mail: &Mail, octets: &[u8]) -> String {
    let stop = |stage: &str| match mail.abort.as_deref() {
        Some(known) if known == stage => "mt.abort(conn) do return end\n",
        _ => "",
    };
    let mut steps = told_macros(mail, "M");
    let from = quoted(mail.from.as_bytes());
    let _ = writeln!(steps, "if not go(mt.mailfrom(conn, {from})) then return end");
    steps += stop("mail");
    let usual = ["<bob@example.net>".to_owned()];
    let recipients = if mail.to.is_empty() { &usual[..] } else { &mail.to };
    for recipient in recipients {
        steps += &told_macros(mail, "R");
        let recipient = quoted(recipient.as_bytes());
        let _ = writeln!(steps, "if not rcpt({recipient}) then return end");
    }
    steps += stop("rcpt");
    let parsed = Message::parse(octets);
    for field in &parsed.fields {
        let (name, value) = (quoted(&name_of(field)), quoted(&told_value(field)));
        let _ = writeln!(steps, "if not field({name}, {value}) then return end");
    }
    steps += stop("header");
    steps += &told_macros(mail, "N");
    steps += "if not go(mt.eoh(conn)) then return end\n";
    steps += stop("eoh");
    if parsed.body.is_empty() {
        let _ = writeln!(steps, "body({})", quoted(NO_BODY));
    }
    let chunks: Vec<String> = parsed.body.chunks(mail.chunk.clamp(1, 65_535)).map(quoted).collect();
    let told = chunks.iter().map(|chunk| format!("body({chunk})")).collect::<Vec<_>>();
    if !told.is_empty() {
        let _ = writeln!(steps, "local _ = {}", told.join(" and "));
        // Refused is over; skipped is not.
        steps += "local reply = mt.getreply(conn)\n\
                  if reply ~= SMFIR_CONTINUE and reply ~= SMFIR_SKIP then return end\n";
    }
    steps += stop("body");
    steps + &told_macros(mail, "E") + "mt.eom(conn)\n" + stop("end")
}

/// The field's name as it is written.
fn name_of(field: &Field) -> Vec<u8> {
    field.octets.split(|&b| b == b':').next().unwrap_or_default().to_vec()
}

/// The value without its blank: where exact values were agreed on, miltertest puts one there. Of
/// one that has none the tap takes it away again.
fn told_value(field: &Field) -> Vec<u8> {
    let value = with_lf(field.value());
    match value.strip_prefix(b" ") {
        Some(rest) => rest.to_vec(),
        None => [&[NO_BLANK], &value[..]].concat(),
    }
}

/// What goes before each of these stages.
fn told_macros(mail: &Mail, letters: &str) -> String {
    let mut told = String::new();
    for (stage, pairs) in mail.macros.iter().filter(|(stage, _)| letters.contains(*stage)) {
        let flat = pairs.iter().flat_map(|(name, value)| [name, value]);
        let words: Vec<String> = flat.map(|word| quoted(word.as_bytes())).collect();
        let _ = writeln!(told, "mt.macro(conn, string.byte(\"{stage}\"), {})", words.join(", "));
    }
    told
}

/// As Lua writes it, whatever the octets are.
fn quoted(octets: &[u8]) -> String {
    let mut text = String::from("\"");
    for &octet in octets {
        match octet {
            b'"' | b'\\' => {
                text.push('\\');
                text.push(octet.into());
            }
            b' '..=b'~' => text.push(octet.into()),
            _ => {
                let _ = write!(text, "\\{octet:03}");
            }
        }
    }
    text + "\""
}

/// Lets miltertest say it, and tells what it printed.
pub fn run(script: &std::path::Path) -> String {
    let output = Command::new("miltertest")
        .arg("-s")
        .arg(script)
        .stdin(Stdio::null())
        .output()
        .expect("miltertest, of the Debian package miltertest");
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
