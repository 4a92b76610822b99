//! Who is asked for keys.

use super::{CannotServe, verifies};
use crate::monitoring::tally::Tally;
use crate::resolver::{DnsResolver, KeyFileResolver, Observer, Resolver, Settings};
use crate::serving::service::Service;
use std::fs;
use std::sync::Arc;
use twinseal_config::{Config, Dns};
use twinseal_message::text;

/// Who is asked for keys, where mail is verified. Who was asked before is asked again if nothing
/// else is wanted: it remembers answers.
pub(super) fn resolver(
    config: &Config,
    former: Option<(&Service, &Dns)>,
    tally: &Arc<Tally>,
    warn: &mut impl FnMut(String),
) -> Result<Option<Arc<dyn Resolver>>, CannotServe> {
    if !verifies(config) {
        return Ok(None);
    }
    let same = former.filter(|(_, dns)| **dns == config.dns && dns.test_keys.is_none());
    if let Some(office) = same.and_then(|(service, _)| service.office.as_ref()) {
        return Ok(Some(Arc::clone(&office.resolver)));
    }
    asked(&config.dns, Some(tally), warn).map(Some)
}

/// Somebody who remembers nothing yet, and whose answers are counted there.
///
/// # Errors
/// [`CannotServe::KeyFile`] when the file that takes the place of DNS cannot be read.
pub(crate) fn asked(
    dns: &Dns,
    tally: Option<&Arc<Tally>>,
    warn: impl FnMut(String),
) -> Result<Arc<dyn Resolver>, CannotServe> {
    let Some(path) = &dns.test_keys else {
        let settings = Settings { servers: dns.servers.clone(), timeout: dns.timeout };
        let resolver = DnsResolver::new(&settings, warn);
        return Ok(match tally {
            Some(tally) => {
                let observer: Arc<dyn Observer> = Arc::<Tally>::clone(tally);
                Arc::new(resolver.observed_by(observer))
            }
            None => Arc::new(resolver),
        });
    };
    let file = fs::read(path)
        .map_err(|error| CannotServe::KeyFile(vec![format!("{}: {error}", text::path(path))]))?;
    match KeyFileResolver::parse(file) {
        Ok(resolver) => Ok(Arc::new(resolver)),
        Err(mistakes) => Err(CannotServe::KeyFile(
            mistakes.iter().map(|mistake| format!("{}:{mistake}", text::path(path))).collect(),
        )),
    }
}
