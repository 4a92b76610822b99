//! What our pages have in common: text that stays text, and looks that need nothing from elsewhere.

use std::fmt::{self, Write as _};

/// Text between tags or in an attribute.
pub(crate) struct Text<'t>(pub(crate) &'t str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|ch| match ch {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            ch => f.write_char(ch),
        })
    }
}

/// With a capital in front, unless it begins with a name of DNS, or with what is typed or published:
/// names of tags are in the case that they have (trap H12).
pub(crate) fn sentence(text: &str) -> String {
    let first = text.split(' ').next().unwrap_or_default();
    if first.contains(['=', '.']) || first == "twinseal" {
        return text.to_owned();
    }
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    first + letters.as_str()
}

/// How our pages look: on a phone first, and in the dark where that is wanted.
pub(crate) const STYLE: &str = "\
:root { color-scheme: light dark; --page: #fff; --text: #1c2024; --soft: #5b6470; --line: #d5dae0;
  --card: #f6f7f9; --wrong: #b3261e; --risk: #8a5a00; --note: #2f5da8; --ok: #1e6b3a; }
@media (prefers-color-scheme: dark) { :root { --page: #15181c; --text: #e6e9ed; --soft: #9aa4b0;
  --line: #353b43; --card: #1d2127; --wrong: #ff8a80; --risk: #f2b84b; --note: #8fb4f5;
  --ok: #6fcf97; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 64rem; padding: 1rem; background: var(--page);
  color: var(--text); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
header { border-left: .4rem solid var(--ok); padding: .2rem 1rem; }
header.wrong { border-color: var(--wrong); }
header.risk { border-color: var(--risk); }
header p { margin: .2rem 0; color: var(--soft); }
h1 { margin: 0; font-size: 1.8rem; line-height: 1.2; }
h2 { margin: 2rem 0 .6rem; font-size: 1.3rem; border-bottom: 1px solid var(--line); }
h3 { margin: 0; font-size: 1rem; }
nav ul { list-style: none; margin: 1rem 0; padding: 0; display: flex; flex-wrap: wrap;
  gap: .5rem 1.5rem; }
a { color: var(--note); }
article { margin: .8rem 0; padding: .8rem 1rem; background: var(--card);
  border: 1px solid var(--line); border-left: .3rem solid var(--note); border-radius: .3rem; }
article.wrong { border-left-color: var(--wrong); }
article.risk { border-left-color: var(--risk); }
article p { margin: .4rem 0; }
.what { font-weight: 600; }
.code { color: var(--soft); font-size: .85rem; font-family: ui-monospace, monospace; }
.badge { font-size: .8rem; font-weight: 600; padding: .05rem .45rem; border-radius: .7rem;
  border: 1px solid currentColor; white-space: nowrap; color: var(--ok); }
.badge.wrong { color: var(--wrong); }
.badge.risk { color: var(--risk); }
.badge.note { color: var(--note); }
p.clean { color: var(--ok); }
pre { margin: .5rem 0; padding: .6rem .8rem; background: var(--page); border: 1px solid var(--line);
  border-radius: .3rem; white-space: pre-wrap; font: .85rem/1.5 ui-monospace, monospace; }
details { margin: .6rem 0; }
summary { cursor: pointer; color: var(--soft); }
details li { font-size: .9rem; content-visibility: auto; contain-intrinsic-size: auto 1.4rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0;
  border-bottom: 1px solid var(--line); }
td[data-of=\"What\"], td[data-of=\"State\"] { overflow-wrap: break-word; }
@media (max-width: 45rem) { thead { display: none; } tr { display: block; padding: .5rem 0;
  border-bottom: 1px solid var(--line); } td { display: block; border: 0; padding: 0; }
  td::before { content: attr(data-of) \": \"; color: var(--soft); } }
";

#[cfg(test)]
mod tests {
    use super::{Text, sentence};

    #[test]
    fn text_does_not_become_a_part_of_the_page() {
        let evil = "<b title=\"x\">&amp;</b>";
        let want = "&lt;b title=&quot;x&quot;&gt;&amp;amp;&lt;/b&gt;";
        assert_eq!(Text(evil).to_string(), want);
    }

    #[test]
    fn a_sentence_begins_with_a_capital_and_a_tag_or_a_command_does_not() {
        for (text, want) in [
            ("whoever has it signs", "Whoever has it signs"),
            ("an empty p= takes the key back", "An empty p= takes the key back"),
            ("t=y asks receivers", "t=y asks receivers"),
            ("h= leaves out sha256", "h= leaves out sha256"),
            ("ns1.example.com has it right", "ns1.example.com has it right"),
            ("twinseal explain ADDRESS tells", "twinseal explain ADDRESS tells"),
            ("", ""),
        ] {
            assert_eq!(sentence(text), want);
        }
    }
}
