//! The state behind the lock of a face, and what its callers wait for.
use crate::{Face, Watch, Woken, waiters::Waiters};
use motemq::SessionState;
use motemq_client::{
    AckMode, Client, Ended, Event, Outcome, PayloadId, PayloadRead, RequestId, State, StreamId,
    Taken,
};

/// The client, and those that wait for something of it. A method that gets a waiter returns `None`
/// if it has to wait; then it is woken when it should try again.
#[derive(Debug)]
pub struct Inner<F: Face> {
    /// The client.
    pub client: Client,
    /// The driver, while it sleeps.
    pub sleeper: F::Sleeper,
    /// The changes of the state.
    pub watch: Watch,
    /// The application has disconnected.
    pub is_leaving: bool,
    pub(crate) waiters: Waiters<F::Waiter>,
    /// The number of handles.
    pub(crate) handles: usize,
    /// The driver has something to do.
    wakes_driver: bool,
}

impl<F: Face> Inner<F> {
    pub(crate) fn new(client: Client) -> Self {
        Inner {
            client,
            sleeper: F::Sleeper::default(),
            watch: Watch::default(),
            is_leaving: false,
            waiters: Waiters::new(),
            handles: 0,
            wakes_driver: false,
        }
    }

    /// The driver has something to do.
    #[inline]
    pub fn wake_driver(&mut self) {
        self.wakes_driver = true;
    }

    /// Returns whether the driver has something to do.
    #[inline]
    pub fn wakes_driver(&self) -> bool {
        self.wakes_driver
    }

    /// The driver looks at everything now.
    #[inline]
    pub fn begin_turn(&mut self) {
        self.wakes_driver = false;
    }

    /// Returns the outcome of a request.
    #[inline]
    pub fn outcome(&mut self, request: RequestId, waiter: &F::Waiter) -> Option<Outcome> {
        let outcome = self.client.poll_outcome(request);
        if outcome.is_none() {
            self.waiters.lists().requests.put(request.index(), waiter);
        }
        outcome
    }

    /// Takes a message from a stream, or lets the waiter, if there is one, be woken when there is a
    /// message.
    #[inline]
    pub fn take(&mut self, stream: StreamId, mode: AckMode, waiter: Option<&F::Waiter>) -> Taken {
        if self.client.wants_drive(stream) {
            self.wake_driver();
        }
        let taken = self.client.take(stream, mode);
        if taken == Taken::Pending
            && let Some(waiter) = waiter
        {
            self.waiters.lists().streams.put(stream.index(), waiter);
        }
        taken
    }

    /// Returns more of a payload, which is not [`Pending`](PayloadRead::Pending).
    pub fn payload(&mut self, payload: PayloadId, waiter: &F::Waiter) -> Option<PayloadRead> {
        let read = self.client.read_payload(payload);
        if read == PayloadRead::Pending {
            self.waiters.lists().readers.put(waiter);
            return None;
        }
        // There may be room for more, or something to acknowledge.
        self.wake_driver();
        Some(read)
    }

    /// Waits for room, or for a connection.
    pub fn wait_for_room(&mut self, waiter: &F::Waiter) {
        self.waiters.lists().room.put(waiter);
    }

    /// Returns the number of changes of the state, and the state, if it is another one than at
    /// `seen`.
    pub fn state_after(&mut self, seen: u64, waiter: &F::Waiter) -> Option<(u64, State)> {
        if self.watch.version() != seen {
            return Some((self.watch.version(), self.client.state().clone()));
        }
        self.waiters.lists().changed.put(waiter);
        None
    }

    /// Returns the session of the connection, when there is one.
    pub fn connected(&mut self, waiter: &F::Waiter) -> Option<Result<SessionState, Ended>> {
        match self.client.state() {
            State::Connected { session, .. } => return Some(Ok(*session)),
            State::Ended(ended) => return Some(Err(ended.clone())),
            _ => self.waiters.lists().changed.put(waiter),
        }
        None
    }

    /// Returns how the client has ended.
    pub fn ended(&mut self, waiter: &F::Waiter) -> Option<Ended> {
        if let State::Ended(ended) = self.client.state() {
            return Some(ended.clone());
        }
        self.waiters.lists().changed.put(waiter);
        None
    }

    /// Returns when this version of the client is stored, or the client has ended before.
    #[cfg(feature = "store")]
    pub fn persisted(&mut self, version: u64, waiter: &F::Waiter) -> Option<Result<(), Ended>> {
        if self.client.persisted() >= version {
            return Some(Ok(()));
        }
        self.ended(waiter).map(Err)
    }

    /// Finds out who is to be woken, and what is to be done, outside of the lock.
    #[inline]
    pub(crate) fn poll_events(&mut self, woken: &mut Woken<F::Waiter>) {
        while let Some(event) = self.client.poll_event() {
            let lists = self.waiters.some();
            match event {
                Event::Delivered { stream } => {
                    if let Some(lists) = lists {
                        woken.waiters.extend(lists.streams.take(stream.index()));
                        lists.readers.take(&mut woken.waiters);
                    }
                }
                Event::Completed { request } => {
                    let waiter = lists.and_then(|lists| lists.requests.take(request.index()));
                    woken.waiters.extend(waiter);
                }
                Event::Responded { response } => {
                    let waiter = lists.and_then(|lists| lists.responses.take(response.index()));
                    woken.waiters.extend(waiter);
                }
                Event::Room => {
                    if let Some(lists) = lists {
                        lists.room.take(&mut woken.writers);
                    }
                }
                #[cfg(feature = "store")]
                Event::Persist { .. } => {
                    woken.changes = Some(Box::new(self.client.take_changes()));
                }
                event => {
                    if let (Event::Ended(_), Some(lists)) = (&event, lists) {
                        lists.room.take(&mut woken.waiters);
                        lists.readers.take(&mut woken.waiters);
                    }
                    self.watch.on_event(&event);
                    woken.events.push(event);
                }
            }
        }
        if self.watch.take_changed()
            && let Some(lists) = self.waiters.some()
        {
            lists.changed.take(&mut woken.waiters);
        }
    }

    /// Gives memory back that is not needed while nothing happens.
    pub fn shrink(&mut self) {
        self.client.shrink();
        self.waiters.shrink();
    }
}
