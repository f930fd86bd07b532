//! Other servers that brokers of MQTT 5 have named.
use super::Reconnect;
use crate::{DisconnectReason, Options};
use alloc::{collections::VecDeque, string::String};
use motemq::ReasonCode;

/// The most references that are followed without a message that was gained and without waiting.
/// Servers that refer to each other would send the client round for ever.
const MOST: u8 = 5;

/// The most servers of one reference that are tried. A text of 64 KiB could name thousands, and the
/// client would knock at all of them without waiting.
const SERVERS: usize = 8;

/// The servers that a broker has named.
#[derive(Clone, Hash, Debug, Default)]
pub(super) struct References {
    /// Those that are to be tried, the present one first.
    servers: VecDeque<String>,
    /// The broker has moved there.
    is_permanent: bool,
    /// The number of references since the client last waited or gained something.
    followed: u8,
}

impl Reconnect {
    /// Returns the server to which attempts lead instead of the broker.
    pub fn server_reference(&self) -> Option<&str> {
        let references = self.learned.get()?.references.as_deref()?;
        references.servers.front().map(String::as_str)
    }

    /// A connection ended, or was not accepted, for this reason. Returns whether the next attempt
    /// leads to a server that the broker has named.
    pub fn follows(&mut self, reason: &DisconnectReason, options: &Options) -> bool {
        let (DisconnectReason::RefusedWith(reason) | DisconnectReason::Disconnected(reason)) =
            reason
        else {
            return false;
        };
        let is_permanent = reason.code() == ReasonCode::SERVER_MOVED;
        let is_asked = is_permanent || reason.code() == ReasonCode::USE_ANOTHER_SERVER;
        let named = reason.server_reference().unwrap_or_default();
        let mut servers = named.split_whitespace().map(String::from).peekable();
        if !options.follows_references() || !is_asked || servers.peek().is_none() {
            return false;
        }
        let references = self.learned.make().references.get_or_insert_default();
        if references.followed >= MOST {
            return false;
        }
        references.followed += 1;
        references.servers = servers.take(SERVERS).collect();
        references.is_permanent = is_permanent;
        self.search.make().cancel();
        true
    }

    /// Returns whether the last connection ended for this reason, and the next attempt leads to a
    /// server that it names.
    pub fn is_referred_by(&self, reason: &DisconnectReason) -> bool {
        let DisconnectReason::Disconnected(reason) = reason else {
            return false;
        };
        let named = reason.server_reference().unwrap_or_default();
        let first = named.split_whitespace().next();
        first.is_some() && first == self.server_reference()
    }

    /// The client waits before the next attempt, so that a circle does no harm.
    pub fn forget_circle(&mut self) {
        let learned = self.learned.get_mut();
        if let Some(references) = learned.and_then(|learned| learned.references.as_deref_mut()) {
            references.followed = 0;
        }
    }

    /// Attempts to reach the server that was named have failed. Returns whether another one was
    /// named; `None`: none was named at all.
    pub(super) fn next_reference(&mut self) -> Option<bool> {
        let references = self.learned.get_mut()?.references.as_deref_mut()?;
        references.servers.pop_front()?;
        Some(!references.servers.is_empty())
    }

    /// A connection is over. Unless the broker has moved, the next one leads to it again.
    pub(super) fn on_referred_connection_ended(&mut self, has_gained: bool) {
        let learned = self.learned.get_mut();
        let Some(references) = learned.and_then(|learned| learned.references.as_deref_mut()) else {
            return;
        };
        if has_gained {
            references.followed = 0;
        }
        if !references.is_permanent {
            references.servers.clear();
        }
    }
}
