//! What it costs to look ahead and to be looked at: the same daemon without the forecast, as it is by
//! default, and with metrics that somebody asks for.

use crate::bare::Bare;
use crate::body::{Body, size};
use crate::configuration::Twinseal;
use crate::experiments::processor_table;
use crate::failure::{Failure, Result};
use crate::mail::Mail;
use crate::peer::Peer;
use crate::report::Report;
use crate::rounds::{Candidate, interleave};
use crate::workbench::Workbench;
use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// How often metrics are asked for: fifteen times as often as Prometheus does by default.
const PAUSE: Duration = Duration::from_secs(1);

pub(super) fn run(workbench: &mut Workbench, report: &mut Report<'_>) -> Result<()> {
    let probe = Mail::plain(Body::Text, 20 << 10);
    let port = free_port().map_err(Failure::system("finding a port for metrics"))?;
    let watched = |name: &str, more: String| Twinseal {
        name: format!("twinseal, {name}"),
        more,
        ..Twinseal::both()
    };
    let served = format!("metrics: {{ socket: \"inet:{port}@127.0.0.1\", dns-interval: 0s }}\n");
    let peers = [
        workbench.twinseal(&watched("no forecast", "forecast: off\n".to_owned()), &probe)?,
        workbench.twinseal(&watched("as by default", String::new()), &probe)?,
        workbench.twinseal(&watched("and metrics each second", served), &probe)?,
    ];
    let over = AtomicBool::new(false);
    let asked = thread::scope(|scope| {
        let asking = scope.spawn(|| ask(port, &over));
        let measured = compare(workbench, &peers, report);
        over.store(true, Ordering::Relaxed);
        let asked = asking.join().unwrap_or(Ok(0));
        measured.and(asked.map_err(Failure::system("asking for metrics")))
    })?;
    report.say(&format!("Metrics were asked for {asked} times."));
    Ok(())
}

/// Beside the bare operations, and beside the one that does neither.
fn compare(workbench: &Workbench, peers: &[Peer], report: &mut Report<'_>) -> Result<()> {
    let scale = &workbench.scale;
    for octets in [20 << 10, scale.large] {
        let bare = Bare::both(&workbench.key, &Body::Text.octets(octets));
        let mail = Mail::plain(Body::Text, octets);
        let mut candidates = vec![Candidate::Bare(&bare, scale.round)];
        candidates.extend(peers.iter().map(|peer| Candidate::usual(peer, &mail, scale.round)));
        let all = interleave(&candidates, scale.rounds)?;
        let [bare, without, ..] = all.as_slice() else { return Ok(()) };
        let beside =
            [("× own bare", vec![bare; all.len()]), ("× without", vec![without; all.len()])];
        report.say(&format!("Both seals, {} of text:", size(octets)));
        report.table(&processor_table(&all, &beside));
    }
    Ok(())
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Asks for metrics until it is over: how often there was an answer.
fn ask(port: u16, over: &AtomicBool) -> io::Result<usize> {
    let mut asked = 0;
    while !over.load(Ordering::Relaxed) {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        asked += usize::from(text.contains("twinseal_seals_total"));
        thread::sleep(PAUSE);
    }
    Ok(asked)
}
