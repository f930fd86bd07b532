//! Bytes that came, of which nothing can be read yet.
use std::io::{self, ErrorKind};

/// A read found nothing to give, although bytes have come: a part of a WebSocket's frame, of a
/// record of TLS, of whatever is given only when it is whole.
///
/// A stream says so by an error of the kind `Interrupted`; whoever drives it takes that for a sign
/// of life, and reads on. Without it a large frame that comes slowly would look like a broker that
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
