//! How far the client has come with a connection.
use super::Accepted;
use crate::DisconnectReason;
use alloc::boxed::Box;
use core::time::Duration;

/// What there is of a connection. Why there is none, the client's state says.
#[derive(Clone, Hash, Debug)]
pub(super) enum Phase {
    /// The next attempt begins at this time.
    Waiting(Duration),
    /// Attempts are being made.
    Opening,
    /// A connection is open.
    Open,
    /// What was written leaves first.
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
    /// When it is closed at the latest.
    pub until: Duration,
    /// The broker had accepted the connection.
    pub accepted: Option<Accepted>,
}
