//! What is found at which address.

use super::{Source, flat, query, signers};
use crate::monitoring::page;
use hyper::StatusCode;

/// An answer before it is HTTP.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) kind: Kind,
    pub(super) body: String,
}

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Lines.
    Text,
    /// What Prometheus reads.
    Metrics,
    /// A page.
    Html,
}

impl Kind {
    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; charset=utf-8",
            Self::Metrics => "text/plain; version=0.0.4; charset=utf-8",
            Self::Html => "text/html; charset=utf-8",
        }
    }
}

impl Answer {
    const fn ok(kind: Kind, body: String) -> Self {
        Self { status: StatusCode::OK, kind, body }
    }

    /// A line that says why not.
    pub(super) fn refusal(status: StatusCode, why: &str) -> Self {
        Self { status, kind: Kind::Text, body: format!("{why}\n") }
    }
}

/// The answer to who asks for that path.
pub(super) fn answer(source: &dyn Source, path: &str, query: &str) -> Answer {
    match path {
        "/" => Answer::ok(Kind::Html, page::overview(&source.status())),
        "/domains" => {
            let find = query::value(query, "find").unwrap_or_default();
            let number = query::value(query, "page").and_then(|page| page.parse().ok());
            let page = page::domains(&source.status(), number.unwrap_or(1), &find);
            Answer::ok(Kind::Html, page)
        }
        "/metrics" => Answer::ok(Kind::Metrics, source.metrics()),
        "/stats" => Answer::ok(Kind::Text, flat::lines(&source.status())),
        "/dkim-stats" => Answer::ok(Kind::Text, signers::dkim_stats(&source.traffic())),
        "/healthz" => match source.health() {
            Ok(()) => Answer::ok(Kind::Text, "ok\n".to_owned()),
            Err(why) => Answer::refusal(StatusCode::SERVICE_UNAVAILABLE, &why),
        },
        _ => Answer { status: StatusCode::NOT_FOUND, kind: Kind::Html, body: page::nowhere() },
    }
}
