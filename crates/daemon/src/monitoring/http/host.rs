//! By which names it may be asked.
//!
//! A page from elsewhere can have its own name mean 127.0.0.1 and then read what answers there, as
//! if it came from its own site. What only this host can reach therefore answers to names that
//! nobody else can have.

use super::Site;
use hyper::header::HOST;
use hyper::{Request, StatusCode, Version};
use std::net::IpAddr;

impl Site {
    /// Whether the request means us.
    ///
    /// # Errors
    /// How it is refused, and why.
    pub(super) fn is_asked_by_name<B>(
        &self,
        request: &Request<B>,
    ) -> Result<(), (StatusCode, &'static str)> {
        let hosts: Vec<_> = request.headers().get_all(HOST).iter().collect();
        let told = match hosts.as_slice() {
            [] if request.version() < Version::HTTP_11 => None,
            [one] => Some(one.to_str().map_err(|_| BAD)?),
            // HTTP/1.1 has it so.
            [] | [_, _, ..] => return Err(BAD),
        };
        let named = [told, request.uri().authority().map(hyper::http::uri::Authority::as_str)];
        if !self.is_private || named.into_iter().flatten().all(|host| self.has_name(host)) {
            return Ok(());
        }
        let why = "this is no name of what listens here: ask for localhost, or for an address";
        Err((StatusCode::MISDIRECTED_REQUEST, why))
    }

    /// Whether that is an address, or a name of ours.
    fn has_name(&self, host: &str) -> bool {
        if host.parse::<IpAddr>().is_ok() {
            return true;
        }
        let name = without_port(host).trim_end_matches('.');
        let bare = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
        bare.parse::<IpAddr>().is_ok()
            || name.eq_ignore_ascii_case("localhost")
            || self.name.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name))
    }
}

const BAD: (StatusCode, &str) = (StatusCode::BAD_REQUEST, "one Host field is needed");

/// The host without the port behind it.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|octet| octet.is_ascii_digit()) => name,
        Some(_) | None => host,
    }
}
