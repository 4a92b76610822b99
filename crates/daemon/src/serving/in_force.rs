//! The service that is in force: a reload puts another one in its place.

use super::service::Service;
use std::sync::Arc;
use tokio::sync::watch;

/// What new connections are served with. Clones share it.
///
/// A connection keeps for all its messages what it began with, as it always was: what it agreed on
/// with the MTA follows from it, and no message sees two configurations.
#[derive(Debug, Clone)]
pub struct InForce(watch::Sender<Arc<Service>>);

impl InForce {
    /// It begins with that one.
    #[must_use]
    pub fn new(service: Arc<Service>) -> Self {
        Self(watch::Sender::new(service))
    }

    /// The one for a connection that begins now.
    #[must_use]
    pub fn service(&self) -> Arc<Service> {
        Arc::clone(&self.0.borrow())
    }

    /// Puts that one in its place, for connections that begin from now on.
    pub fn replace(&self, service: Service) {
        self.0.send_replace(Arc::new(service));
    }
}
