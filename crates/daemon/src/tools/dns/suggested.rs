//! What a domain that sends mail is advised to publish beside what we sign with. Only its owner
//! knows whether it is right.

/// Hosts that receive the domain's mail send it too, and others probably do not.
pub(crate) const SPF: &str = "v=spf1 mx ~all";

/// Changes nothing for anybody yet.
pub(crate) const DMARC: &str = "v=DMARC1; p=none";
