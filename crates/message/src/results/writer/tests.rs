use super::{Layout, MAX_TEXT_OCTETS, MAX_VALUE_OCTETS, ResultsWriter, explaining, harmless};
use crate::results::{MethodResult, Part, Results};

fn written(id: &str, results: &[MethodResult], layout: Layout) -> String {
    let mut writer = ResultsWriter::new(id, layout);
    for result in results {
        writer.result(result);
    }
    writer.finish().value
}

fn lines(id: &str, results: &[MethodResult]) -> String {
    written(id, results, Layout::Lines)
}

#[test]
fn each_result_has_a_line_and_goes_on_where_it_is_full() {
    let pass = MethodResult::new("dkim", "pass")
        .comment("2048-bit key")
        .property("header", "d", "example.com")
        .property("header", "i", "@example.com")
        .property("header", "s", "mail2")
        .property("header", "a", "rsa-sha256")
        .property("header", "b", "AbCd/234");
    let fail = MethodResult::new("dkim", "fail").reason("body hash did not verify").property(
        "header",
        "d",
        "example.net",
    );
    let adsp = MethodResult::new("dkim-adsp", "discard");
    assert_eq!(
        lines("mx.example.org", &[pass, fail, adsp]),
        " mx.example.org;\r\n\
         \tdkim=pass (2048-bit key) header.d=example.com header.i=@example.com\r\n\
         \theader.s=mail2 header.a=rsa-sha256 header.b=\"AbCd/234\";\r\n\
         \tdkim=fail reason=\"body hash did not verify\" header.d=example.net;\r\n\
         \tdkim-adsp=discard"
    );
}

#[test]
fn results_may_flow_as_dkim_filter_wrote_them() {
    let pass = MethodResult::new("dkim", "pass").comment("1024-bit key").property(
        "header",
        "i",
        "joe@football.example.com",
    );
    let adsp = MethodResult::new("x-dkim-adsp", "pass");
    assert_eq!(
        written("mx", &[pass, adsp], Layout::Flowing),
        " mx; dkim=pass (1024-bit key)\r\n\
         \theader.i=joe@football.example.com; x-dkim-adsp=pass"
    );
}

#[test]
fn no_result_is_said_in_so_many_words() {
    assert_eq!(lines("mx.example.org", &[]), " mx.example.org; none");
}

#[test]
fn an_id_is_quoted_where_it_must_be() {
    for (id, want) in [
        ("mx.example.org", " mx.example.org; none"),
        ("b\u{fc}cher.example", " b\u{fc}cher.example; none"),
        ("my host", " \"my host\"; none"),
        ("a\"b\\c", " \"a\\\"b\\\\c\"; none"),
        ("", " \"\"; none"),
    ] {
        assert_eq!(lines(id, &[]), want);
    }
    let with_job = ResultsWriter::with_job_id("mx.example.org", "4BcDeF", Layout::Lines).finish();
    assert_eq!(with_job.value, " \"mx.example.org/4BcDeF\"; none");
}

#[test]
fn a_value_is_quoted_where_it_must_be() {
    for (value, want) in [
        ("example.com", "example.com"),
        ("@example.com", "@example.com"),
        ("j\u{fc}rgen+a@b\u{fc}cher.example", "j\u{fc}rgen+a@b\u{fc}cher.example"),
        ("a/b@example.com", "\"a/b@example.com\""),
        ("joe doe@example.com", "\"joe doe@example.com\""),
        ("a@b@c", "\"a@b@c\""),
        ("@", "\"@\""),
        ("", "\"\""),
        ("AbCdEfG=", "\"AbCdEfG=\""),
        ("a;b(c)", "\"a;b(c)\""),
        ("a\r\nX-Forged: b", "\"a  X-Forged: b\""),
        ("a\0b\u{2028}c\u{202e}d", "\"a?b?c?d\""),
        ("=?utf-8?q?a?=", "\"=\\?utf-8?q?a?=\""),
    ] {
        let result = MethodResult::new("dkim", "pass").property("header", "i", value);
        assert_eq!(lines("mx", &[result]), format!(" mx;\r\n\tdkim=pass header.i={want}"));
    }
}

#[test]
fn what_explains_cannot_end_the_field_or_itself() {
    let result = MethodResult::new("dkim", "fail")
        .reason("say \"no\"\\\r\nX-Forged: 1")
        .comment("a) (b\\ =?utf-8?q?c?=\n\u{7f}");
    assert_eq!(
        lines("mx", std::slice::from_ref(&result)),
        " mx;\r\n\tdkim=fail reason=\"say 'no'/  X-Forged: 1\" (a] [b/ =\\?utf-8?q?c?= ?)"
    );
}

#[test]
fn what_is_too_long_is_left_out_or_cut() {
    let value = "a".repeat(MAX_VALUE_OCTETS);
    let result = MethodResult::new("dkim", "pass")
        .property("header", "d", format!("{value}a"))
        .property("header", "i", value.clone())
        .comment("c".repeat(MAX_TEXT_OCTETS + 1));
    let text = lines("mx", &[result]);
    let comment = "c".repeat(MAX_TEXT_OCTETS - 3);
    assert_eq!(text, format!(" mx;\r\n\tdkim=pass\r\n\theader.i={value}\r\n\t({comment}...)"));
}

/// Numbers that look like chance; the seed is in each message.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit).unwrap()).unwrap()
    }

    /// A text of characters that a writer may stumble over, of any length.
    fn text(&mut self) -> String {
        const CHARS: &[char] = &[
            'a',
            'Z',
            '0',
            '.',
            '@',
            '-',
            '_',
            ' ',
            ' ',
            '\t',
            '\r',
            '\n',
            '\0',
            '"',
            '\\',
            '(',
            ')',
            ';',
            '=',
            '?',
            '/',
            ',',
            '<',
            '\u{e9}',
            '\u{a0}',
            '\u{2028}',
            '\u{1f600}',
        ];
        let octets = [0, 1, 5, 20, 100, 400, 2000][self.below(7)];
        (0..self.below(octets + 1)).map(|_| CHARS[self.below(CHARS.len())]).collect()
    }

    fn result(&mut self) -> MethodResult {
        let mut result = MethodResult::new("dkim", ["pass", "fail", "policy"][self.below(3)]);
        result.version = (self.below(4) == 0).then_some(1);
        for _ in 0..self.below(5) {
            result = match self.below(3) {
                0 => result.comment(self.text()),
                1 => result.reason(self.text()),
                _ => result.property(["header", "policy", ""][self.below(3)], "i", self.text()),
            };
        }
        result
    }
}

/// The result as a reader has to find it: every character harmless, nothing too long.
fn as_read(result: &MethodResult) -> MethodResult {
    let safe = |text: &str| text.chars().map(harmless).collect::<String>();
    let mut read = result.clone();
    read.parts.retain(|part| !matches!(part, Part::Property(one) if super::written(one).is_none()));
    for part in &mut read.parts {
        match part {
            Part::Comment(text) | Part::Reason(text) => *text = safe(&explaining(text)),
            Part::Property(property) => property.value = safe(&property.value),
        }
    }
    read
}

#[test]
fn whatever_is_written_reads_the_same_and_keeps_to_its_lines() {
    for seed in 1..4_000_u64 {
        let mut chance = Chance(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
        let id = chance.text();
        let results: Vec<_> = (0..chance.below(4)).map(|_| chance.result()).collect();
        for layout in [Layout::Lines, Layout::Flowing] {
            let value = written(&id, &results, layout);
            let read = Results::parse(value.as_bytes())
                .unwrap_or_else(|error| panic!("seed {seed}: {error}: {value:?}"));
            let kept: Vec<_> = results.iter().map(as_read).collect();
            assert_eq!(read.results, kept, "seed {seed}: {value:?}");
            let again = written(read.authserv_id.as_deref().unwrap(), &read.results, layout);
            assert_eq!(again, value, "seed {seed}");
            for line in value.split("\r\n") {
                assert!(line.len() <= 998 - "Authentication-Results:".len(), "seed {seed}");
                assert!(!line.contains(['\r', '\n']), "seed {seed}: {line:?}");
                assert!(!line.trim().is_empty(), "seed {seed}: a blank line in {value:?}");
            }
            assert!(value.split("\r\n").skip(1).all(|line| line.starts_with('\t')), "seed {seed}");
        }
    }
}
