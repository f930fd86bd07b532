//! The phases of a connection.
use super::Accepted;
use crate::DisconnectReason;
use alloc::boxed::Box;
use core::time::Duration;

/// The phase of a connection. The client's state has the reason if there is none.
#[derive(Clone, Hash, Debug)]
pub(super) enum Phase {
    /// The next attempt begins at this time.
    Waiting(Duration),
    /// Attempts are being made.
    Opening,
    /// A connection is open.
    Open,
    /// The bytes that were written leave first.
    Closing(Box<Closing>),
    /// All attempts failed, or the connection is over. When the next attempt begins is still to be
    /// decided.
    Over,
    /// There will be no other attempt.
    Ended,
}

/// A connection that is being closed.
#[derive(Clone, Hash, Debug)]
pub(super) struct Closing {
    pub reason: DisconnectReason,
    /// The latest time at which it is closed.
    pub until: Duration,
    /// The broker had accepted the connection.
    pub accepted: Option<Accepted>,
}
