//! Records as they are printed.

use super::asked::Format;
use super::records::{Purpose, Record};

pub(super) fn render(records: &[Record], format: Format) -> Result<String, serde_json::Error> {
    Ok(match format {
        Format::Zone => by_domain(records, zone),
        Format::Plain => by_domain(records, plain),
        Format::Json => serde_json::to_string_pretty(records)? + "\n",
    })
}

fn by_domain(records: &[Record], show: fn(&[Record]) -> String) -> String {
    let domains = records.chunk_by(|one, other| one.domain == other.domain);
    domains.map(show).collect::<Vec<String>>().join("\n")
}

/// Lines of a zone file; suggestions are comments.
fn zone(records: &[Record]) -> String {
    let (suggested, firm): (Vec<&Record>, Vec<&Record>) =
        records.iter().partition(|record| record.suggestion);
    let domain = records.first().map_or("", |record| &record.domain);
    let mut text = format!("; {domain}\n");
    firm.iter().for_each(|record| text.push_str(&record.zone_line));
    if !suggested.is_empty() {
        text.push_str("; suggestions, for its owner to decide:\n");
    }
    for record in suggested {
        record.zone_line.lines().for_each(|line| text.push_str(&format!("; {line}\n")));
    }
    text
}

/// Web forms want the name without the dot that ends it in a zone file, and split long values
/// themselves.
fn plain(records: &[Record]) -> String {
    let one = |record: &Record| {
        let what = match record.purpose {
            Purpose::Key => "key",
            Purpose::DomainkeysPolicy => "DomainKeys policy",
            Purpose::Adsp => "ADSP",
            Purpose::Spf => "SPF, a suggestion",
            Purpose::Dmarc => "DMARC, a suggestion",
        };
        format!("what: {what}\nname: {}\ntype: TXT\nvalue: {}\n", record.name, record.text)
    };
    records.iter().map(one).collect::<Vec<String>>().join("\n")
}
