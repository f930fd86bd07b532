//! The client that the handles and the driver of a face share, behind one lock that is held for
//! short times, and never across a system call, an await or a waker.
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

/// The differences between faces: how their callers and their driver wait, and their clock.
pub trait Face: fmt::Debug {
    /// A thread or a task.
    type Waiter: Waiter;
    /// An instant of the clock.
    type Instant;
    /// The driver as others see it: it may sleep.
    type Sleeper: fmt::Debug + Default;
    /// The right to wake the driver, from when it falls asleep until somebody uses it.
    type Alarm;

    /// Returns the time as the client counts it.
    fn now(&self) -> Duration;

    /// Returns the instant that the client calls so. No wait is longer than a year.
    fn instant(&self, time: Duration) -> Self::Instant;

    /// Takes the right to wake the driver, if it sleeps.
    fn alarm(sleeper: &mut Self::Sleeper) -> Option<Self::Alarm>;

    /// Wakes the driver.
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

    /// Returns the time as the client counts it.
    #[inline]
    pub fn now(&self) -> Duration {
        self.face.now()
    }

    /// Returns the time that it will be in `limit`.
    pub fn after(&self, limit: Duration) -> Duration {
        self.now().saturating_add(limit)
    }

    /// Does something under the lock, then wakes the driver if it has something to do and sleeps.
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

    /// Does something with the client of which something follows that the driver does.
    #[inline]
    pub fn command<R>(&self, work: impl FnOnce(&mut Client) -> R) -> R {
        self.with(|inner| {
            inner.wake_driver();
            work(&mut inner.client)
        })
    }

    /// Does something under the lock that events may follow from, then wakes those for whom
    /// something has changed. `woken` is memory that is used again.
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

    /// Does something under the lock that events may follow from. The caller wakes those for whom
    /// something has changed.
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

    /// Returns a state with its times on the clock of the face.
    pub fn at_instants(&self, state: State) -> State<F::Instant> {
        state.map_time(|time| self.face.instant(time))
    }

    /// A version of the client is stored.
    #[cfg(feature = "store")]
    pub fn on_persisted(&self, woken: &mut Woken<F::Waiter>, version: u64) {
        self.drive(woken, |inner| {
            inner.client.on_persisted(version);
            // Those that wait for a version wait for another state, too.
            inner.watch.wake();
        });
    }

    /// Lets the client leave within this time. Commands that wait are refused from now on.
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

/// A handle of a client, which leaves when the last one is dropped.
#[derive(Debug)]
pub struct Handle<F: Face>(Arc<Shared<F>>);

impl<F: Face> Handle<F> {
    /// Makes another handle.
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
