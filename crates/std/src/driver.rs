//! The driver of a client: it opens connections, moves their bytes, and waits between them.
#[cfg(feature = "store")]
use crate::store::Writer;
use crate::{
    Ended, Options,
    attempts::{Attempts, Custom},
    connection::{Connection, Next},
    link::{Link, PAUSE, Poller},
    shared::{Inner, Shared, Sleep, Woken, begin_turn, fall_asleep, rest, resume},
};
use motemq_client::{TransportError, TransportErrorKind};
use motemq_hosted::{Hook, Trace, carry_out, completed, on_closed, poll_tasks, report};
use std::{
    fmt, io,
    sync::{Arc, MutexGuard},
    time::Duration,
};

/// The longest time for which threads that wait for room are left asleep while less than half of
/// the window is free. Acknowledgements mostly follow each other faster, and to wake a thread for
/// each costs more than to send its message.
const HOLD: Duration = Duration::from_millis(1);

/// Drives a [`Client`](crate::Client) in the calling thread. **Only while it is driven**, the
/// client sends PINGREQ and acknowledgements, observes time limits, and reconnects.
/// [`Client::connect`](crate::Client::connect) drives the client in a thread of its own instead.
///
/// Methods of the client that wait depend on the driver, so the thread that drives the client must
/// not call them. Between two calls of [`drive`](Self::drive), use [`try_publish`],
/// [`recv_timeout`] with a limit of zero, [`Receipt::poll`], [`begin_subscribe`] and
/// [`begin_disconnect`], which never wait.
///
/// If the driver is dropped, the connection is closed without DISCONNECT, so that the broker
/// publishes the will, and everything that waits for the client ends with
/// [`DriverStopped`](Ended::DriverStopped).
///
/// # Examples
/// ```
/// use motemq_std::{Client, Filter, Options, Publish, QoS};
/// use std::time::Duration;
/// # let broker = motemq_testing::server::Server::start(Default::default())?;
/// # let url = broker.url();
/// let (client, mut driver) = Client::new(Options::from_url(&url)?.queue_qos0())?;
/// let mut door = client.begin_subscribe(&[Filter::new("door", QoS::AtMostOnce)])?;
/// client.try_publish(&Publish::to("door").payload(b"open"))?;
/// // One thread for everything.
/// let message = loop {
///     driver.drive(Duration::from_millis(10));
///     if let Ok(message) = door.subscription().recv_timeout(Duration::ZERO) {
///         break message;
///     }
/// };
/// assert_eq!(&message.payload[..], b"open");
/// client.begin_disconnect(Duration::from_secs(5));
/// driver.run()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [`try_publish`]: crate::Client::try_publish
/// [`recv_timeout`]: crate::Subscription::recv_timeout
/// [`Receipt::poll`]: crate::Receipt::poll
/// [`begin_subscribe`]: crate::Client::begin_subscribe
/// [`begin_disconnect`]: crate::Client::begin_disconnect
pub struct Driver {
    shared: Arc<Shared>,
    hook: Option<Hook>,
    attempts: Attempts,
    poller: Poller,
    woken: Woken,
    /// The last turn has left it to this one to wake threads that wait for room.
    has_deferred: bool,
    /// Threads that wait for room are left asleep since then.
    held_since: Option<Duration>,
    /// There was nothing to do but to sleep when the driver was driven last.
    resting: Option<Sleep>,
    ended: Option<Ended>,
    #[cfg(feature = "store")]
    writer: Writer,
}

/// The result of a step.
enum Step {
    Done,
    /// There is nothing to do now.
    Sleep(Sleep),
    /// There is nothing to do but to wait for bytes of the transport.
    Read(Option<Duration>),
    Ended(Ended),
}

impl Driver {
    pub(crate) fn new(
        shared: &Arc<Shared>,
        poller: Poller,
        options: Options,
        custom: Option<Custom>,
        #[cfg(feature = "store")] writer: Writer,
    ) -> Self {
        Driver {
            shared: shared.clone(),
            hook: options.hook.clone(),
            attempts: Attempts::new(shared, options, custom),
            poller,
            woken: Woken::default(),
            has_deferred: false,
            held_since: None,
            resting: None,
            ended: None,
            #[cfg(feature = "store")]
            writer,
        }
    }

    /// Drives the client until it has ended: the application has
    /// [disconnected](crate::Client::disconnect) it, or has dropped all its handles. In the second
    /// case, the client first completes the messages in flight, for up to ten seconds.
    ///
    /// # Errors
    /// The reason why the client has [`Ended`], unless it has disconnected and completed
    /// everything.
    pub fn run(mut self) -> Result<(), Ended> {
        loop {
            if let Some(ended) = self.advance(None, || false) {
                return ended;
            }
        }
    }

    /// Drives the client for up to `limit`. Returns `None`, or the result of [`run`](Self::run) if
    /// the client has ended.
    ///
    /// The call can take up to one second longer to close a connection, and longer still if it has
    /// to wait for the disk.
    pub fn drive(&mut self, limit: Duration) -> Option<Result<(), Ended>> {
        self.drive_until(limit, || false)
    }

    /// Drives the client until `is_done` returns true, or until `limit` has passed. Returns `None`,
    /// or the result of [`run`](Self::run) if the client has ended.
    ///
    /// `is_done` is called after each turn of the driver. A thread that changes its result has to
    /// call [`Client::wake_driver`](crate::Client::wake_driver).
    ///
    /// # Examples
    /// ```
    /// # let broker = motemq_testing::server::Server::start(Default::default())?;
    /// use motemq_std::{Client, Options};
    /// use std::time::Duration;
    /// let (client, mut driver) = Client::new(Options::from_url(&broker.url())?)?;
    /// driver.drive_until(Duration::from_secs(5), || client.state().is_connected());
    /// assert!(client.state().is_connected());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn drive_until(
        &mut self,
        limit: Duration,
        is_done: impl FnMut() -> bool,
    ) -> Option<Result<(), Ended>> {
        self.advance(Some(limit), is_done)
    }

    fn advance(
        &mut self,
        limit: Option<Duration>,
        mut is_done: impl FnMut() -> bool,
    ) -> Option<Result<(), Ended>> {
        if let Some(ended) = &self.ended {
            return Some(completed(ended.clone()));
        }
        // It sleeps on where it has left off, if nothing has come up since.
        let may_rest = self.shared.with(resume);
        let mut resting = self.resting.take().filter(|_| may_rest);
        let mut end = None;
        loop {
            let (step, now) = match resting.take() {
                Some(sleep) => (Step::Sleep(sleep), self.shared.now()),
                None => self.step(),
            };
            let sleep = match &step {
                Step::Sleep(sleep) => Some(*sleep),
                _ => None,
            };
            let limit = limit.map(|limit| *end.get_or_insert(now.saturating_add(limit)));
            #[cfg(feature = "store")]
            if self.writer.write(&self.shared, &mut self.woken) {
                continue;
            }
            let is_over = limit.is_some_and(|limit| now >= limit) || is_done();
            let left = |until: Option<Duration>, now: Duration| {
                let until = until.into_iter().chain(limit).min();
                until.map(|until| until.saturating_sub(now))
            };
            match step {
                Step::Done => {}
                Step::Sleep(_) | Step::Read(_) if is_over => {}
                Step::Sleep(sleep) => {
                    let left = left(sleep.until, self.shared.now());
                    let ready = self.poller.wait_for_last(left);
                    if let Some(connection) = &mut *self.shared.face.connection() {
                        connection.link.on_ready(ready);
                    }
                }
                Step::Read(until) => {
                    let now = self.shared.now();
                    let wait = left(until, now).unwrap_or(PAUSE).min(PAUSE);
                    if let Some(connection) = &mut *self.shared.face.connection() {
                        connection.read(wait.max(Duration::from_millis(1)), now);
                    }
                }
                Step::Ended(ended) => {
                    self.attempts.cancel_all();
                    self.ended = Some(ended.clone());
                    return Some(completed(ended));
                }
            }
            if is_over {
                if let Some(connection) = &mut *self.shared.face.connection() {
                    connection.flush_gathered(&self.shared, &mut self.woken);
                }
                self.shared.with(rest);
                self.resting = sleep;
                // Nobody would wake them before it is driven again.
                self.held_since = None;
                self.woken.wake();
                return None;
            }
        }
    }

    /// Does what can be done without waiting. Returns the time at which it began, too.
    fn step(&mut self) -> (Step, Duration) {
        let shared = self.shared.clone();
        let locked = shared.face.connection();
        // Threads that write say what time it is under this lock, too, so that it never goes back.
        let now = shared.now();
        (self.step_with(&shared, locked, now), now)
    }

    fn step_with(
        &mut self,
        shared: &Shared,
        mut locked: MutexGuard<'_, Option<Connection>>,
        now: Duration,
    ) -> Step {
        let Some(connection) = &mut *locked else {
            drop(locked);
            return self.poll_attempts();
        };
        let next = connection.turn(shared, &mut self.woken, now);
        // Threads that write lock the client and the connection: they are woken when the driver has
        // no use for them, but not later than in the next turn.
        self.has_deferred = matches!(next, Next::Again) && !self.has_deferred;
        let step = match next {
            Next::Again => Some(Step::Done),
            Next::Sleep(sleep) => Some(Step::Sleep(self.hold_writers(sleep))),
            Next::Read(until) => Some(Step::Read(until)),
            _ => None,
        };
        if let Some(step) = step {
            drop(locked);
            if matches!(step, Step::Sleep(_)) && self.held_since.is_some() {
                self.woken.wake_readers();
            } else if !self.has_deferred {
                self.held_since = None;
                self.woken.wake();
            }
            return step;
        }
        let Some(Connection { link, .. }) = locked.take() else {
            return Step::Done;
        };
        match next {
            Next::Lost(error) => {
                // Under the lock of the connection, so that no thread hands over bytes in between.
                self.on_closed(Some(error));
                drop(locked);
                self.poller.remove(link);
            }
            Next::Close => {
                drop(locked);
                self.close(link);
            }
            _ => self.poller.remove(link),
        }
        Step::Done
    }

    /// Leaves threads asleep that wait for room while there is little of it, for a short time.
    /// Returns the time that the driver may sleep.
    fn hold_writers(&mut self, sleep: Sleep) -> Sleep {
        if !self.woken.has_writers() {
            self.held_since = None;
            return sleep;
        }
        let now = self.shared.now();
        let until = self.held_since.unwrap_or(now) + HOLD;
        let has_little = |inner: &mut Inner| !inner.client.is_window_half_free();
        if now >= until || !self.shared.with(has_little) {
            self.held_since = None;
            return sleep;
        }
        self.held_since.get_or_insert(now);
        let until = Some(sleep.until.map_or(until, |earlier| earlier.min(until)));
        Sleep { until }
    }

    /// Closes a connection in good order.
    fn close(&mut self, link: Link) {
        // The client is told that it has left when it has.
        let is_leaving = self.shared.with(|inner| inner.is_leaving);
        if is_leaving {
            link.finish(&mut self.poller);
            self.on_closed(None);
        } else {
            self.on_closed(None);
            link.finish(&mut self.poller);
        }
    }

    /// Makes attempts.
    fn poll_attempts(&mut self) -> Step {
        // Before the results are looked at, so that one that comes right behind wakes the driver.
        self.shared.with(begin_turn);
        // Results come first, so that the reason is known before the time is up.
        let done = self.attempts.poll();
        let is_done = done.is_some();
        let now = self.shared.now();
        let done = done.map(|(attempt, done)| {
            let watched = done.and_then(|carrier| self.poller.add(carrier).map_err(unwatched));
            (attempt, watched)
        });
        let mut link = None;
        let shared = self.shared.clone();
        let mut locked = shared.face.connection();
        let (tasks, sleep) = shared.drive(&mut self.woken, |inner| {
            if let Some((attempt, done)) = done {
                link = report(&mut inner.client, attempt, done, now);
            }
            let tasks = poll_tasks(&mut inner.client, &mut inner.watch, now);
            let is_idle = !is_done && tasks.tasks.is_empty() && tasks.ended.is_none();
            let until = inner.client.poll_timeout();
            let sleep = is_idle.then(|| fall_asleep(inner, until, now)).flatten();
            (tasks, sleep)
        });
        if let Some(link) = link {
            if tasks.is_open {
                let trace = self.hook.clone().map(Trace::new);
                *locked = Some(Connection::new(link, trace, now));
                self.attempts.cancel_all();
                return Step::Done;
            }
            self.poller.remove(link);
        }
        drop(locked);
        if let Some(ended) = tasks.ended {
            return Step::Ended(ended);
        }
        carry_out(tasks.tasks, &mut self.attempts, &self.shared);
        sleep.map_or(Step::Done, Step::Sleep)
    }

    /// Tells the client that the connection is closed, and what the transport says of it.
    fn on_closed(&mut self, lost: Option<Option<io::Error>>) {
        let now = self.shared.now();
        let target = self.attempts.target();
        self.shared.drive(&mut self.woken, |inner| {
            on_closed(&mut inner.client, target, lost, now);
        });
    }
}

/// Returns that the system cannot watch a connection that was opened.
fn unwatched(error: io::Error) -> TransportError {
    let text = format!("the system cannot wait for the connection: {error}");
    TransportError::new(TransportErrorKind::Connect, text).with_source(Arc::new(error))
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.shared.drive(&mut self.woken, |inner| {
            inner.client.end(Ended::DriverStopped);
        });
        if let Some(connection) = self.shared.face.connection().take() {
            self.poller.remove(connection.link);
        }
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver")
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
