//! The state behind the lock of a face, and what its callers wait for.
use crate::{Face, Watch, Woken, waiters::Waiters};
use motemq::SessionState;
use motemq_client::{
    AckMode, Client, Ended, Event, Outcome, PayloadId, PayloadRead, RequestId, State, StreamId,
    Taken,
};

/// The client, and the threads and tasks that wait for it. A method that takes a waiter returns
/// `None` if the caller has to wait. The waiter is woken when the caller should call it again.
#[derive(Debug)]
pub struct Inner<F: Face> {
    /// The client.
    pub client: Client,
    /// The driver as other threads and tasks see it.
    pub sleeper: F::Sleeper,
    /// The counter of changes of the state.
    pub watch: Watch,
    /// True if the client is disconnecting, since the application asked for it or dropped all
    /// handles.
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

    /// Notes that the driver has something to do. [`Shared::with`](crate::Shared::with) wakes it if
    /// it sleeps.
    #[inline]
    pub fn wake_driver(&mut self) {
        self.wakes_driver = true;
    }

    /// Returns whether the driver has something to do.
    #[inline]
    pub fn wakes_driver(&self) -> bool {
        self.wakes_driver
    }

    /// Notes that the driver begins a turn, in which it does everything that there is to do.
    #[inline]
    pub fn begin_turn(&mut self) {
        self.wakes_driver = false;
    }

    /// Returns the outcome of a request, or `None` if it is not known yet.
    #[inline]
    pub fn outcome(&mut self, request: RequestId, waiter: &F::Waiter) -> Option<Outcome> {
        let outcome = self.client.poll_outcome(request);
        if outcome.is_none() {
            self.waiters.lists().requests.put(request.index(), waiter);
        }
        outcome
    }

    /// Takes a message from a stream. If there is none, returns [`Taken::Pending`], and the waiter,
    /// if the caller has given one, is woken when there is a message.
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

    /// Returns the next piece of a payload, its end, or its failure; or `None`, never
    /// [`Pending`](PayloadRead::Pending), if no piece has arrived.
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

    /// Adds a waiter, which is woken when there is room or a connection.
    pub fn wait_for_room(&mut self, waiter: &F::Waiter) {
        self.waiters.lists().room.put(waiter);
    }

    /// Returns the number of changes of the state, and the state, or `None` if this number is still
    /// `seen`.
    pub fn state_after(&mut self, seen: u64, waiter: &F::Waiter) -> Option<(u64, State)> {
        if self.watch.version() != seen {
            return Some((self.watch.version(), self.client.state().clone()));
        }
        self.waiters.lists().changed.put(waiter);
        None
    }

    /// Returns the state of the session, or how the client has ended; or `None` if there is no
    /// connection yet.
    pub fn connected(&mut self, waiter: &F::Waiter) -> Option<Result<SessionState, Ended>> {
        match self.client.state() {
            State::Connected { session, .. } => return Some(Ok(*session)),
            State::Ended(ended) => return Some(Err(ended.clone())),
            _ => self.waiters.lists().changed.put(waiter),
        }
        None
    }

    /// Returns how the client has ended, or `None` if it has not ended.
    pub fn ended(&mut self, waiter: &F::Waiter) -> Option<Ended> {
        if let State::Ended(ended) = self.client.state() {
            return Some(ended.clone());
        }
        self.waiters.lists().changed.put(waiter);
        None
    }

    /// Returns `Ok` if this version of the client is stored, an error if the client has ended
    /// before that, or `None` if it is not stored yet.
    #[cfg(feature = "store")]
    pub fn persisted(&mut self, version: u64, waiter: &F::Waiter) -> Option<Result<(), Ended>> {
        if self.client.persisted() >= version {
            return Some(Ok(()));
        }
        self.ended(waiter).map(Err)
    }

    /// Takes all events of the client, and adds the resulting work to `woken`.
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

    /// Frees the memory that an idle connection does not need.
    pub fn shrink(&mut self) {
        self.client.shrink();
        self.waiters.shrink();
    }
}
