//! The experiments, one module each, and the table of them.

mod bodies;
mod connections;
mod hostile;
mod key_files;
mod many_rules;
mod memory;
mod message;
mod negotiation;
mod sandboxed;
mod sizes;
mod sockets;
mod verifying;
mod watching;

use crate::failure::{Failure, Result};
use crate::report::{Report, Table, figure};
use crate::rounds::Series;
use crate::workbench::Workbench;

/// Something to find out.
pub struct Experiment {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What it finds out.
    pub about: &'static str,
    run: fn(&mut Workbench, &mut Report<'_>) -> Result<()>,
}

/// All of them, in the order in which they are made.
pub static ALL: &[Experiment] = &[
    Experiment {
        name: "negotiation",
        about: "What each peer negotiates, and the round trips that follow",
        run: negotiation::run,
    },
    Experiment {
        name: "message",
        about: "Processor time per message of 20 KiB, by seals and canonicalizations",
        run: message::run,
    },
    Experiment {
        name: "sizes",
        about: "Processor time per message of text, by size",
        run: sizes::run,
    },
    Experiment {
        name: "bodies",
        about: "Processor time per large message, by kind of body",
        run: bodies::run,
    },
    Experiment {
        name: "connections",
        about: "Few and many connections, and a new one for each message",
        run: connections::run,
    },
    Experiment {
        name: "sockets",
        about: "The end of a message over TCP and over a unix socket",
        run: sockets::run,
    },
    Experiment {
        name: "memory",
        about: "Peak memory of many connections and of the largest message",
        run: memory::sealing,
    },
    Experiment {
        name: "watching",
        about: "What the forecast and the metrics cost of a message",
        run: watching::run,
    },
    Experiment {
        name: "sandbox",
        about: "What the sandbox costs of a message",
        run: sandboxed::run,
    },
    Experiment {
        name: "verifying",
        about: "Processor time per verified message, by size and with many signatures",
        run: verifying::run,
    },
    Experiment {
        name: "verifying-memory",
        about: "Peak memory of many connections and of the largest message, verifying",
        run: memory::verifying,
    },
    Experiment {
        name: "hostile",
        about: "Processor time per message that was made to cost much",
        run: hostile::run,
    },
    Experiment {
        name: "many-rules",
        about: "Many signing rules with one key, beside one rule",
        run: many_rules::run,
    },
    Experiment {
        name: "key-files",
        about: "Many signing rules with a key file each",
        run: key_files::run,
    },
];

/// Makes the experiments of these names, or all if there are none. One that fails does not keep the
/// others from being made.
///
/// # Errors
/// When there is no experiment of such a name.
pub fn run(names: &[String], workbench: &mut Workbench, report: &mut Report<'_>) -> Result<()> {
    let known = |name: &String| ALL.iter().any(|experiment| experiment.name == name);
    if let Some(name) = names.iter().find(|name| !known(name)) {
        return Err(Failure::NoExperiment { name: name.clone() });
    }
    for experiment in ALL {
        if names.is_empty() || names.iter().any(|name| name == experiment.name) {
            report.heading(experiment.about);
            if let Err(failure) = (experiment.run)(workbench, report) {
                report.failure(experiment.name, &failure);
            }
        }
    }
    match workbench.judge() {
        Ok(None) => {}
        Ok(Some(sentence)) => report.say(&sentence),
        Err(failure) => report.failure("the independent verification", &failure),
    }
    Ok(())
}

/// A table of processor time per message, with ratios: each column to others has one of them for
/// each row.
fn processor_table(all: &[Series], beside: &[(&str, Vec<&Series>)]) -> Table {
    let mut head = vec!["", "CPU ms/message"];
    head.extend(beside.iter().map(|(title, _)| *title));
    head.extend(["messages/s", "end p50 ms", "p99"]);
    let mut table = Table::new(&head);
    for (at, series) in all.iter().enumerate() {
        let mut row = vec![series.name.clone(), figure(series.processor())];
        row.extend(beside.iter().map(|(_, others)| figure(series.ratio(others[at]))));
        row.extend([series.rate(), series.end(0.5), series.end(0.99)].map(figure));
        table.row(row);
    }
    table
}
