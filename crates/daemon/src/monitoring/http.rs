//! The listener for metrics and the status page: HTTP/1.1, to be read only.
//!
//! Whoever can reach it is a stranger. What one of them may cost is bounded: so many connections at
//! once, so much header, so much time; a connection carries one request, and no body is read.
//! Answers are made in threads of their own, so that a long page keeps no mail waiting.

mod flat;
mod host;
mod query;
mod routes;
mod signers;

#[cfg(test)]
mod tests;

use super::status::{SignerTraffic, Status};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use routes::Answer;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::{self, JoinSet};
use tokio::time;

/// How many connections there are at once; more of them wait in the kernel.
pub(crate) const MOST_CONNECTIONS: usize = 16;

/// How long the header of a request may take.
const HEADER_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a connection may take as a whole.
const WHOLE_TIMEOUT: Duration = Duration::from_secs(10);

/// How large the header of a request may be, in octets.
const MOST_HEADER: usize = 16 * 1024;

/// How many fields there may be in it.
const MOST_FIELDS: usize = 64;

/// How long to wait after a connection could not be taken: mostly, files are short.
const PAUSE: Duration = Duration::from_millis(200);

/// How long answers that are under way have when the listener closes.
const GRACE: Duration = Duration::from_secs(1);

/// What there is to tell.
pub(crate) trait Source: Send + Sync + 'static {
    /// The metrics, as Prometheus reads them.
    fn metrics(&self) -> String;

    /// What the status page shows.
    fn status(&self) -> Status;

    /// Whether mail is served.
    ///
    /// # Errors
    /// Why it is not, or not any more.
    fn health(&self) -> Result<(), String>;

    /// What came of the signatures of others.
    fn traffic(&self) -> Vec<SignerTraffic>;
}

/// Answers until `stop` says so, or nobody is left who could. `name` is the host in the
/// configuration, by which it may be asked. A daemon that is about to end lets this go on until the
/// last message is dealt with, and has [`Source::health`] say so.
pub(crate) async fn serve(
    listener: TcpListener,
    name: Option<String>,
    source: Arc<dyn Source>,
    mut stop: watch::Receiver<bool>,
) {
    let is_private = listener.local_addr().is_ok_and(|address| address.ip().is_loopback());
    let site = Arc::new(Site { source, name, is_private });
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut tasks = JoinSet::new();
    loop {
        let taken = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            Some(_) = tasks.join_next() => continue,
            taken = accept(&listener, &places) => taken,
        };
        match taken {
            Some((stream, place)) => {
                tasks.spawn(converse(stream, Arc::clone(&site), Arc::new(place)));
            }
            None => time::sleep(PAUSE).await,
        }
    }
    drop(listener);
    let _ = time::timeout(GRACE, async { while tasks.join_next().await.is_some() {} }).await;
}

/// The next connection, once there is a place for it.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    let (stream, _) = listener.accept().await.ok()?;
    Some((stream, place))
}

/// What is asked, and by which names.
struct Site {
    source: Arc<dyn Source>,
    name: Option<String>,
    /// Whether only this host can reach it.
    is_private: bool,
}

/// One request and its answer. What goes wrong is the business of who asked.
async fn converse(stream: TcpStream, site: Arc<Site>, place: Arc<OwnedSemaphorePermit>) {
    let service = service_fn(move |request| {
        let (site, place) = (Arc::clone(&site), Arc::clone(&place));
        async move { Ok::<_, Infallible>(respond(&request, site, place).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MOST_HEADER)
        .max_headers(MOST_FIELDS)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    let _ = time::timeout(WHOLE_TIMEOUT, connection).await;
}

/// The answer, which is made in another thread. Its place is taken as long as that works: a
/// connection that has gone does not make room for more of the same.
async fn respond(
    request: &Request<Incoming>,
    site: Arc<Site>,
    place: Arc<OwnedSemaphorePermit>,
) -> Response<Full<Bytes>> {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let answer = if !is_read {
        Answer::refusal(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are answered")
    } else if let Err((status, why)) = site.is_asked_by_name(request) {
        Answer::refusal(status, why)
    } else {
        let path = request.uri().path().to_owned();
        let query = request.uri().query().unwrap_or_default().to_owned();
        let made = task::spawn_blocking(move || {
            let _place = place;
            routes::answer(&*site.source, &path, &query)
        });
        made.await.unwrap_or_else(|_| {
            Answer::refusal(StatusCode::INTERNAL_SERVER_ERROR, "the answer could not be made")
        })
    };
    response(answer, is_read)
}

/// With what every answer says: that nothing of it runs, is kept, or is taken for something else.
fn response(answer: Answer, is_read: bool) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, answer.kind.content_type()),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !is_read {
        headers.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}

/// What the page may do: be looked at, and search itself.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
