//! What can be seen of a connection: its state, and what was counted.
use crate::{Error, shared::Shared};
use motemq::SessionState;
use std::{pin::pin, sync::Arc, time::Duration};

/// What there is of a connection.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum State {
    /// One is being made.
    Connecting,
    /// The broker has accepted it.
    Connected {
        /// What it knew of us.
        session: SessionState,
    },
    /// There is none.
    Waiting {
        /// Why.
        error: Error,
        /// How long until the next attempt.
        wait: Duration,
    },
    /// There will be no other.
    Over {
        /// Why, unless the client has left.
        error: Option<Error>,
    },
}

/// Sees each change of a connection's [`State`]; of several at once the last.
#[derive(Debug)]
pub struct States {
    pub(crate) shared: Arc<Shared>,
    pub(crate) seen: u64,
}

impl States {
    /// Waits until the state is another than when this was called last, or than when
    /// [`Client::states`](crate::Client::states) was; for ever if it is over. Can be dropped
    /// and called again.
    pub async fn changed(&mut self) -> State {
        loop {
            let mut changed = pin!(self.shared.changed.notified());
            changed.as_mut().enable();
            let (version, state) = self.shared.with(|core| (core.version, core.state.clone()));
            if version != self.seen {
                self.seen = version;
                return state;
            }
            changed.await;
        }
    }
}

/// What has happened so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Counters {
    /// Connections that were accepted.
    pub connections: u64,
    /// Messages sent, those sent again not counted.
    pub sent: u64,
    /// Messages sent again after a reconnection.
    pub resent: u64,
    /// Messages that came.
    pub received: u64,
    /// Messages that came and were dropped: no stream was there for them, or none had room for QoS
    /// 0.
    pub dropped: u64,
    /// Bytes written.
    pub bytes_out: u64,
    /// Bytes read.
    pub bytes_in: u64,
    /// Messages and subscriptions that are sent and not answered now.
    pub in_flight: usize,
    /// Messages that wait for a connection now.
    pub queued: usize,
}
