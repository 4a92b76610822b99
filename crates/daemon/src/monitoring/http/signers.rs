//! What came of the signatures of others, in the lines of the historic `dkim-stats`.

use crate::calendar;
use crate::monitoring::status::SignerTraffic;
use twinseal_message::text::shown;

/// A line for each domain and way of canonicalizing.
pub(super) fn dkim_stats(traffic: &[SignerTraffic]) -> String {
    traffic.iter().map(line).collect()
}

fn line(traffic: &SignerTraffic) -> String {
    let SignerTraffic { domain, relaxed: (header, body), passed, failed, partial, sha256, last } =
        traffic;
    format!(
        "{}:{}/{}\t{passed} pass/{failed} fail, last l={}, a={}, {}\n",
        shown(domain),
        u8::from(*header),
        u8::from(*body),
        u8::from(*partial),
        u8::from(*sha256),
        calendar::ctime(*last),
    )
}

#[cfg(test)]
mod tests {
    use super::dkim_stats;
    use crate::monitoring::status::SignerTraffic;

    #[test]
    fn lines_are_those_of_the_historic_program() {
        let one = SignerTraffic {
            domain: "example.com".to_owned(),
            relaxed: (true, false),
            passed: 17,
            failed: 2,
            partial: false,
            sha256: true,
            last: 1_230_768_000,
        };
        let evil = SignerTraffic { domain: "a\n\u{202e}".to_owned(), ..one.clone() };
        let text = dkim_stats(&[one, evil]);
        let rest = "\t17 pass/2 fail, last l=0, a=1, Thu Jan  1 00:00:00 2009";
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.first(), Some(&format!("example.com:1/0{rest}").as_str()));
        assert_eq!(lines.len(), 2, "{text}");
        assert!(!text.contains('\u{202e}'));
    }
}
