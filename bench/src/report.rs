//! Tables for `docs/benchmarks.md`, and how the figures compare with those to reach.

use crate::failure::Failure;
use std::io::{self, Write};

/// Where everything is written that a run finds out.
pub struct Report<'w> {
    out: &'w mut dyn Write,
    goals: Vec<Goal>,
    failures: Vec<String>,
}

/// A figure to reach.
#[derive(Debug)]
struct Goal {
    what: String,
    limit: f64,
    unit: &'static str,
    measured: f64,
}

impl<'w> Report<'w> {
    /// Writes to `out`.
    pub fn new(out: &'w mut dyn Write) -> Self {
        Self { out, goals: Vec::new(), failures: Vec::new() }
    }

    /// Writes a paragraph. What cannot be written has nobody to read it.
    pub fn say(&mut self, text: &str) {
        let _ = writeln!(self.out, "{text}\n");
        let _ = self.out.flush();
    }

    /// Writes the heading of an experiment.
    pub fn heading(&mut self, text: &str) {
        self.say(&format!("### {text}"));
    }

    /// Writes a table.
    pub fn table(&mut self, table: &Table) {
        let _ = table.write(self.out);
        let _ = writeln!(self.out);
        let _ = self.out.flush();
    }

    /// Notes a figure beside the one to reach, which it should not exceed.
    pub fn goal(&mut self, what: impl Into<String>, limit: f64, unit: &'static str, measured: f64) {
        self.goals.push(Goal { what: what.into(), limit, unit, measured });
    }

    /// Notes that something could not be measured.
    pub fn failure(&mut self, what: &str, failure: &Failure) {
        let story = format!("{what} was not measured: {}", failure.story());
        self.say(&story);
        self.failures.push(story);
    }

    /// Writes the summary; whether everything could be measured.
    pub fn finish(mut self) -> bool {
        if !self.goals.is_empty() {
            self.heading("Figures to reach");
            let mut table = Table::new(&["figure", "to reach", "measured", ""]);
            for goal in &self.goals {
                table.row([goal.what.clone(), goal.limit(), goal.value(), goal.verdict().into()]);
            }
            self.table(&table);
        }
        let failures = std::mem::take(&mut self.failures);
        failures.iter().for_each(|failure| self.say(failure));
        failures.is_empty() && self.goals.iter().all(|goal| goal.measured.is_finite())
    }
}

impl Goal {
    fn limit(&self) -> String {
        format!("at most {} {}", plain(self.limit), self.unit).trim_end().to_owned()
    }

    fn value(&self) -> String {
        format!("{} {}", figure(self.measured), self.unit).trim_end().to_owned()
    }

    fn verdict(&self) -> &'static str {
        if self.measured <= self.limit { "met" } else { "not met" }
    }
}

/// A table in Markdown; all columns but the first are figures.
#[derive(Debug)]
pub struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns.
    pub fn new(head: &[&str]) -> Self {
        Self { head: head.iter().map(|&text| text.to_owned()).collect(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let lines = || std::iter::once(&self.head).chain(&self.rows);
        let width = |column| {
            let cells = lines().filter_map(|line: &Vec<String>| line.get(column));
            cells.map(|cell: &String| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.head.len()).map(|column| width(column).max(3)).collect();
        for (number, line) in lines().enumerate() {
            for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
                match column {
                    0 => write!(out, "| {cell:<width$} ")?,
                    _ => write!(out, "| {cell:>width$} ")?,
                }
            }
            writeln!(out, "|")?;
            if number == 0 {
                for (column, width) in widths.iter().enumerate() {
                    let end = if column == 0 { '-' } else { ':' };
                    write!(out, "|{}{end}", "-".repeat(width + 1))?;
                }
                writeln!(out, "|")?;
            }
        }
        Ok(())
    }
}

/// A figure with three digits that count.
pub fn figure(value: f64) -> String {
    match value.abs() {
        size if !size.is_finite() => "–".to_owned(),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// A figure as it is written by hand.
fn plain(value: f64) -> String {
    format!("{value}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits_that_count() {
        let cases = [(0.0123, "0.012"), (1.234, "1.23"), (12.34, "12.3"), (1234.5, "1234")];
        for (value, text) in cases {
            assert_eq!(figure(value), text);
        }
        assert_eq!(figure(f64::NAN), "–");
    }

    #[test]
    fn what_was_not_measured_is_said_again_at_the_end() {
        let mut written = Vec::new();
        let mut report = Report::new(&mut written);
        report.failure("memory", &Failure::Judge { words: "no".to_owned() });
        assert!(!report.finish());
        let written = String::from_utf8(written).unwrap();
        assert_eq!(written, "memory was not measured: Mail::DKIM: no\n\n".repeat(2));
    }

    #[test]
    fn a_figure_that_was_not_measured_is_not_met() {
        let mut written = Vec::new();
        let mut report = Report::new(&mut written);
        report.goal("half", 0.5, "×", 0.5);
        report.goal("more", 0.5, "×", 0.51);
        report.goal("nothing", 16.0, "MiB", f64::NAN);
        assert!(!report.finish());
        let written = String::from_utf8(written).unwrap();
        let lines: Vec<&str> = written.lines().skip(2).collect();
        assert_eq!(
            lines[..5],
            [
                "| figure  |       to reach | measured |         |",
                "|---------|---------------:|---------:|--------:|",
                "| half    |  at most 0.5 × |  0.500 × |     met |",
                "| more    |  at most 0.5 × |  0.510 × | not met |",
                "| nothing | at most 16 MiB |    – MiB | not met |",
            ]
        );
    }
}
