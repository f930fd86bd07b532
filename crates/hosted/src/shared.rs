//! The client that the handles and the driver of a face share, behind one lock. The lock is held
//! only for short times, and never during a system call, an `await` or a wake-up.
use crate::{Inner, Waiter, Woken};
use motemq_client::{Client, State};
use std::{
    fmt,
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// The longest time that a client without handles takes to leave.
const LEAVE: Duration = Duration::from_secs(10);

/// The parts in which the faces differ: their waiters, their clock, and how a driver is woken.
pub trait Face: fmt::Debug {
    /// A thread or a task that waits.
    type Waiter: Waiter;
    /// An instant of the clock.
    type Instant;
    /// The state of the driver under the lock, which shows whether it sleeps.
    type Sleeper: fmt::Debug + Default;
    /// The means to wake the driver. It exists once each time the driver falls asleep.
    type Alarm;

    /// Returns the current time, which the client counts from when it was made.
    fn now(&self) -> Duration;

    /// Converts a time of the client into an instant of the clock. A time that the clock cannot
    /// represent becomes the present.
    fn instant(&self, time: Duration) -> Self::Instant;

    /// Takes the means to wake the driver. Returns `None` if the driver does not sleep, or if
    /// another caller has taken it.
    fn alarm(sleeper: &mut Self::Sleeper) -> Option<Self::Alarm>;

    /// Wakes the driver. The caller does not hold the lock.
    fn wake_driver(&self, alarm: Self::Alarm);
}

/// A client behind the lock of a face.
#[derive(Debug)]
pub struct Shared<F: Face> {
    inner: Mutex<Inner<F>>,
    /// The parts of the face that are not behind the lock.
    pub face: F,
}

impl<F: Face> Shared<F> {
    /// Puts the client behind a lock.
    pub fn new(client: Client, face: F) -> Arc<Self> {
        let inner = Mutex::new(Inner::new(client));
        Arc::new(Shared { inner, face })
    }

    /// Returns the current time, which the client counts from when it was made.
    #[inline]
    pub fn now(&self) -> Duration {
        self.face.now()
    }

    /// Returns the time that is `limit` later than now.
    pub fn after(&self, limit: Duration) -> Duration {
        self.now().saturating_add(limit)
    }

    /// Calls `work` under the lock. Then wakes the driver, without the lock, if it sleeps and has
    /// something to do.
    #[inline]
    pub fn with<R>(&self, work: impl FnOnce(&mut Inner<F>) -> R) -> R {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let done = work(&mut inner);
        if inner.wakes_driver()
            && let Some(alarm) = F::alarm(&mut inner.sleeper)
        {
            drop(inner);
            self.face.wake_driver(alarm);
        }
        done
    }

    /// Calls `work` with the client under the lock, and wakes the driver if it sleeps.
    #[inline]
    pub fn command<R>(&self, work: impl FnOnce(&mut Client) -> R) -> R {
        self.with(|inner| {
            inner.wake_driver();
            work(&mut inner.client)
        })
    }

    /// Calls `work` under the lock, takes the client's events, and then wakes the waiters that they
    /// concern, without the lock. `woken` is empty afterwards, and its memory is used again.
    #[inline]
    pub fn drive<R>(
        &self,
        woken: &mut Woken<F::Waiter>,
        work: impl FnOnce(&mut Inner<F>) -> R,
    ) -> R {
        let done = self.drive_silently(woken, work);
        woken.wake();
        done
    }

    /// Calls `work` under the lock, and takes the client's events as [`drive`](Self::drive) does.
    /// The caller has to call [`Woken::wake`] afterwards.
    #[inline]
    pub fn drive_silently<R>(
        &self,
        woken: &mut Woken<F::Waiter>,
        work: impl FnOnce(&mut Inner<F>) -> R,
    ) -> R {
        self.with(|inner| {
            let done = work(inner);
            inner.poll_events(woken);
            done
        })
    }

    /// Converts the times of a state into instants of the face's clock.
    pub fn at_instants(&self, state: State) -> State<F::Instant> {
        state.map_time(|time| self.face.instant(time))
    }

    /// Reports to the client that this version of it is stored, and wakes the waiters.
    #[cfg(feature = "store")]
    pub fn on_persisted(&self, woken: &mut Woken<F::Waiter>, version: u64) {
        self.drive(woken, |inner| {
            inner.client.on_persisted(version);
            // Those that wait for a version wait for another state, too.
            inner.watch.wake();
        });
    }

    /// Begins to disconnect, which takes up to `limit`. Wakes the callers that wait for room: their
    /// commands are refused.
    pub fn leave(&self, limit: Duration) {
        let until = self.after(limit);
        let mut waiting = Vec::new();
        self.with(|inner| {
            inner.client.disconnect(until);
            inner.is_leaving = true;
            inner.wake_driver();
            if let Some(lists) = inner.waiters.some() {
                lists.room.take(&mut waiting);
            }
        });
        waiting.into_iter().for_each(Waiter::wake);
    }
}

/// A handle of a client. When the last handle is dropped, the client disconnects, which takes up to
/// ten seconds.
#[derive(Debug)]
pub struct Handle<F: Face>(Arc<Shared<F>>);

impl<F: Face> Handle<F> {
    /// Makes a handle, and counts it.
    pub fn new(shared: &Arc<Shared<F>>) -> Self {
        shared.with(|inner| inner.handles += 1);
        Handle(shared.clone())
    }
}

impl<F: Face> Clone for Handle<F> {
    fn clone(&self) -> Self {
        Handle::new(&self.0)
    }
}

impl<F: Face> Deref for Handle<F> {
    type Target = Arc<Shared<F>>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<F: Face> Drop for Handle<F> {
    fn drop(&mut self) {
        let is_last = self.with(|inner| {
            inner.handles -= 1;
            inner.handles == 0
        });
        if is_last {
            self.leave(LEAVE);
        }
    }
}
