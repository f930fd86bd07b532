//! Reads that found a part of something.
use std::io::{self, ErrorKind};

/// A read returned nothing although bytes have come: a part of a record of TLS, or of anything else
/// that can be read only when it is complete. Only parts of the broker's data count: a WebSocket
/// server pings, and TLS renews keys, before a dead broker, too.
///
/// A stream reports it as an error of the kind `Interrupted`. The client takes that for a sign of
/// life, and reads on. Without it a record that comes slowly would look like a silent broker, since
/// the answer to a ping stands behind it.
///
/// ```
/// use motemq_net::PartialRead;
/// use std::io::{Error, ErrorKind};
/// let error = Error::from(PartialRead);
/// assert!(error.kind() == ErrorKind::Interrupted && PartialRead::is(&error));
/// assert!(!PartialRead::is(&ErrorKind::Interrupted.into()));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not all of it has come yet")]
pub struct PartialRead;

impl PartialRead {
    /// Returns whether this error reports a partial read.
    pub fn is(error: &io::Error) -> bool {
        error
            .get_ref()
            .is_some_and(|inner| inner.is::<PartialRead>())
    }
}

impl From<PartialRead> for io::Error {
    fn from(partial: PartialRead) -> Self {
        io::Error::new(ErrorKind::Interrupted, partial)
    }
}
