//! Reads that found a part of something.
use std::io::{self, ErrorKind};

/// The error of a read that returned no bytes although some have arrived: a part of a TLS record,
/// or of another unit that can be read only when it is complete. Only parts of the broker's data
/// count. Pings of a WebSocket server and key updates of TLS do not, since they can also come from
/// a server in front of a dead broker.
///
/// A stream reports it as an error of the kind `Interrupted`. The client treats it as a sign of
/// life, and reads on. Without it, a record that arrives slowly would look like a silent broker,
/// since PINGRESP follows the record.
///
/// # Examples
/// ```
/// use motemq_net::PartialRead;
/// use std::io::{Error, ErrorKind};
/// let error = Error::from(PartialRead);
/// assert!(error.kind() == ErrorKind::Interrupted && PartialRead::is(&error));
/// assert!(!PartialRead::is(&ErrorKind::Interrupted.into()));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not all of it has arrived yet")]
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
