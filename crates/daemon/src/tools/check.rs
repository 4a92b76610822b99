//! `twinseal check`: everything on this host, and in DNS, that has to agree.

mod finding;
