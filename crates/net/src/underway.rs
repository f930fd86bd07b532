//! Bytes that came, of which nothing can be read yet.
use std::io::{self, ErrorKind};

/// A read found nothing to give, although bytes have come: a part of a record of TLS, or of whatever
/// else is given only when it is whole. What is no part of the broker's data is none: whoever pings
/// a WebSocket or renews keys may do so before a dead broker.
///
/// A stream says so by an error of the kind `Interrupted`; whoever drives it takes that for a sign
/// of life, and reads on. Without it a record that comes slowly would look like a broker that
/// is silent, since the answer to a ping stands behind it.
///
/// ```
/// use motemq_net::Underway;
/// use std::io::{Error, ErrorKind};
/// let error = Error::from(Underway);
/// assert!(error.kind() == ErrorKind::Interrupted && Underway::is(&error));
/// assert!(!Underway::is(&ErrorKind::Interrupted.into()));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not all of it has come yet")]
pub struct Underway;

impl Underway {
    /// Whether this error says so.
    pub fn is(error: &io::Error) -> bool {
        error.get_ref().is_some_and(|inner| inner.is::<Underway>())
    }
}

impl From<Underway> for io::Error {
    fn from(underway: Underway) -> Self {
        io::Error::new(ErrorKind::Interrupted, underway)
    }
}
