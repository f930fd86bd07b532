//! Authentication in several steps, which only MQTT 5 has.
use alloc::{string::String, sync::Arc, vec::Vec};
use core::{
    fmt,
    hash::{Hash, Hasher},
};

/// The data that the client and the server have sent so far in an authentication. The client sends
/// first, then both take turns. It is the argument of the function that
/// [`Options::authentication`](crate::Options::authentication) sets.
///
/// `Debug` does not show the data.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Exchange {
    said: Vec<Vec<u8>>,
    is_complete: bool,
}

impl Exchange {
    /// Returns the data in the order in which they were sent: those of the client first, then those
    /// of the server, and so on. The slice is empty before the client has sent its first data.
    pub fn said(&self) -> &[Vec<u8>] {
        &self.said
    }

    /// Returns whether the server has accepted the client. Its last data may prove its identity;
    /// the data that the function returns now are not sent.
    pub fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// The client or the server says something.
    pub(crate) fn push(&mut self, data: Vec<u8>) {
        self.said.push(data);
    }

    /// The server has accepted the client.
    pub(crate) fn complete(&mut self) {
        self.is_complete = true;
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("said", &self.said.len())
            .field("is_complete", &self.is_complete)
            .finish()
    }
}

type Next = dyn Fn(&Exchange) -> Result<Vec<u8>, String> + Send + Sync;

/// An authentication method, and what it says.
#[derive(Clone)]
pub(crate) struct Authentication {
    pub method: String,
    next: Arc<Next>,
}

impl Authentication {
    pub fn new(
        method: String,
        next: impl Fn(&Exchange) -> Result<Vec<u8>, String> + Send + Sync + 'static,
    ) -> Self {
        let next = Arc::new(next);
        Authentication { method, next }
    }

    /// Returns what the client says next.
    ///
    /// # Errors
    /// The reason why it does not go on.
    pub fn next(&self, exchange: &Exchange) -> Result<Vec<u8>, String> {
        let data = (self.next)(exchange)?;
        if data.len() > 0xffff {
            return Err("its data have more than 65,535 bytes: shorten them".into());
        }
        Ok(data)
    }
}

impl Hash for Authentication {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.method.hash(state);
    }
}

impl fmt::Debug for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Authentication").field(&self.method).finish()
    }
}
