//! The state that the handles and the driver share, behind one lock that is held for short times
//! and never across a system call; and the connection, behind another.
use crate::{connection::Io, woken::Woken};
use mio::Waker;
use motemq_client::{Client, Event};
use motemq_hosted::Watch;
use std::{
    mem,
    sync::{Mutex, MutexGuard, PoisonError, TryLockError},
    thread::{self, Thread},
    time::{Duration, Instant},
};

#[derive(Debug)]
pub(crate) struct Shared {
    inner: Mutex<Inner>,
    /// The connection. Whoever holds it may lock `inner`, not the other way round.
    io: Mutex<Io>,
    /// Wakes the driver.
    waker: Waker,
    /// The instant from which the client's time is counted.
    started: Instant,
    /// Nothing is written before it is stored, which the driver does.
    is_durable: bool,
}

/// The state behind the lock: the client, and the threads to wake.
#[derive(Debug)]
pub(crate) struct Inner {
    pub client: Client,
    /// The driver has something to do.
    wakes_driver: bool,
    /// The driver sleeps, or is about to.
    pub is_asleep: bool,
    /// The driver would sleep, but is not driven: it looks whether it has something to do when it
    /// is driven again.
    is_resting: bool,
    /// The time at which the driver wakes up by itself, if it sleeps.
    pub asleep_until: Option<Duration>,
    /// A thread that writes will ask for more before it stops.
    pub is_flushing: bool,
    /// By the index of the request.
    pub requests: Waiters,
    /// By the index of the response.
    pub responses: Waiters,
    /// By the index of the stream.
    pub streams: Waiters,
    /// Readers of payloads, of which there is mostly one.
    pub readers: Threads,
    /// Those that wait for room, or for a connection.
    pub room: Threads,
    /// Those that wait for another state, or until it is stored.
    pub changed: Threads,
    /// The number of handles.
    pub handles: usize,
    /// The application has disconnected.
    pub is_leaving: bool,
    pub watch: Watch,
}

impl Shared {
    pub fn new(client: Client, waker: Waker, is_durable: bool) -> Self {
        let inner = Inner {
            client,
            wakes_driver: false,
            is_asleep: false,
            is_resting: false,
            asleep_until: None,
            is_flushing: false,
            requests: Waiters::default(),
            responses: Waiters::default(),
            streams: Waiters::default(),
            readers: Threads::default(),
            room: Threads::default(),
            changed: Threads::default(),
            handles: 1,
            is_leaving: false,
            watch: Watch::default(),
        };
        Shared {
            inner: Mutex::new(inner),
            io: Mutex::default(),
            waker,
            started: Instant::now(),
            is_durable,
        }
    }

    /// Returns the time as the client counts it.
    pub fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// Returns the moment that the client calls so; `None` if it is too far away.
    pub fn instant(&self, time: Duration) -> Option<Instant> {
        self.started.checked_add(time)
    }

    /// Returns the time that it will be in `limit`.
    pub fn after(&self, limit: Duration) -> Duration {
        self.now().saturating_add(limit)
    }

    /// Locks the connection.
    pub fn io(&self) -> MutexGuard<'_, Io> {
        self.io.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something under the lock, then wakes the driver if it has something to do and sleeps.
    #[inline]
    pub fn with<R>(&self, work: impl FnOnce(&mut Inner) -> R) -> R {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let done = work(&mut inner);
        let wakes = inner.wakes_driver && mem::take(&mut inner.is_asleep) && !inner.is_resting;
        drop(inner);
        if wakes {
            self.wake();
        }
        done
    }

    #[cold]
    fn wake(&self) {
        // It fails only if the driver is gone.
        let _ = self.waker.wake();
    }

    /// Does something under the lock that events may follow from, then wakes those for whom
    /// something has changed. `woken` is memory that is used again.
    #[inline]
    pub fn drive<R>(&self, woken: &mut Woken, work: impl FnOnce(&mut Inner) -> R) -> R {
        let done = self.drive_silently(woken, work);
        woken.wake();
        done
    }

    /// Does something under the lock that events may follow from. The caller wakes the threads.
    #[inline]
    pub fn drive_silently<R>(&self, woken: &mut Woken, work: impl FnOnce(&mut Inner) -> R) -> R {
        self.with(|inner| {
            let done = work(inner);
            inner.poll_events(woken);
            done
        })
    }

    /// Writes what waits to be written, with the calling thread if nothing is in its way.
    #[inline]
    pub fn flush(&self) {
        if !self.is_durable {
            match self.io.try_lock() {
                Ok(mut io) => return io.flush(self),
                Err(TryLockError::Poisoned(io)) => return io.into_inner().flush(self),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        self.with(|inner| {
            if !inner.is_flushing {
                inner.wake_driver();
            }
        });
    }

    /// Waits until `attempt` returns something, which has to note the thread for what it waits for.
    /// Returns `None` when it is later than `until`.
    pub fn wait<T>(
        &self,
        until: Option<Duration>,
        mut attempt: impl FnMut(&mut Inner, &Thread) -> Option<T>,
    ) -> Option<T> {
        let thread = thread::current();
        loop {
            if let Some(done) = self.with(|inner| attempt(inner, &thread)) {
                return Some(done);
            }
            let Some(until) = until else {
                thread::park();
                continue;
            };
            match until.checked_sub(self.now()) {
                None | Some(Duration::ZERO) => return None,
                Some(left) => thread::park_timeout(left),
            }
        }
    }

    /// Tries a command again whenever there may be room, or a connection. Returns `None` when it is
    /// later than `until`.
    pub fn when_there_is_room<T, E>(
        &self,
        until: Option<Duration>,
        mut attempt: impl FnMut(&mut Client) -> Result<T, E>,
        waits: impl Fn(&E) -> bool,
    ) -> Option<Result<T, E>> {
        match self.with(|inner| attempt(&mut inner.client)) {
            Err(error) if waits(&error) => {}
            done => return Some(done),
        }
        // So that the driver need not be woken if only the broker can make room.
        self.flush();
        self.wait(until, |inner, thread| match attempt(&mut inner.client) {
            Err(error) if waits(&error) => {
                if !inner.client.is_window_full() {
                    inner.wake_driver();
                }
                inner.room.put(thread);
                None
            }
            done => Some(done),
        })
    }
}

impl motemq_hosted::Shared for Shared {
    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn with_client<R>(&self, work: impl FnOnce(&mut Client) -> R) -> R {
        self.with(|inner| work(&mut inner.client))
    }

    fn drive_client<R>(&self, work: impl FnOnce(&mut Client) -> R) -> R {
        self.with(|inner| {
            inner.wake_driver();
            work(&mut inner.client)
        })
    }
}

impl Inner {
    /// The driver has something to do.
    #[inline]
    pub fn wake_driver(&mut self) {
        self.wakes_driver = true;
    }

    /// The driver looks at everything now.
    pub fn begin_turn(&mut self) {
        (self.wakes_driver, self.is_asleep) = (false, false);
    }

    /// The driver sleeps until then, if nothing has come up. Returns until when; `None` if it may
    /// not sleep.
    pub fn fall_asleep(&mut self, until: Option<Duration>, now: Duration) -> Option<Sleep> {
        if self.wakes_driver {
            return None;
        }
        // A later time is not worth being woken for again when it becomes an earlier one: what is
        // published one by one would cost two system calls each.
        let before = self.asleep_until.filter(|&before| before > now);
        let until = until.into_iter().chain(before).min();
        (self.is_asleep, self.asleep_until) = (true, until);
        Some(Sleep { until })
    }

    /// The driver is not driven from now on.
    pub fn rest(&mut self) {
        self.is_resting = true;
    }

    /// The driver is driven again. Returns whether it may sleep on, since nothing has come up.
    pub fn resume(&mut self) -> bool {
        self.is_resting = false;
        self.is_asleep && !self.wakes_driver
    }

    #[inline]
    fn poll_events(&mut self, woken: &mut Woken) {
        while let Some(event) = self.client.poll_event() {
            match event {
                Event::Delivered { stream } => {
                    woken.threads.extend(self.streams.take(stream.index()));
                    self.readers.take(&mut woken.threads);
                }
                Event::Completed { request } => {
                    woken.threads.extend(self.requests.take(request.index()));
                }
                Event::Responded { response } => {
                    woken.threads.extend(self.responses.take(response.index()));
                }
                Event::Room => self.room.take(&mut woken.writers),
                #[cfg(feature = "store")]
                Event::Persist { .. } => woken.changes = Some(self.client.take_changes()),
                event => {
                    if matches!(event, Event::Ended(_)) {
                        self.room.take(&mut woken.threads);
                        self.readers.take(&mut woken.threads);
                    }
                    self.watch.on_event(&event);
                    woken.events.push(event);
                }
            }
        }
        if self.watch.take_changed() {
            self.changed.take(&mut woken.threads);
        }
    }

    /// Returns the server that a broker has named, if the next attempt leads there.
    pub fn server_reference(&self) -> Option<String> {
        self.client.server_reference().map(Into::into)
    }

    /// Gives memory back that is not needed while nothing happens.
    pub fn shrink(&mut self) {
        self.client.shrink();
        self.requests.shrink();
        self.responses.shrink();
        self.streams.shrink();
        self.readers.shrink();
        self.room.shrink();
        self.changed.shrink();
    }
}

/// The time that the driver may sleep.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sleep {
    pub until: Option<Duration>,
}

/// Threads that wait for the same thing.
#[derive(Debug, Default)]
pub(crate) struct Threads(Vec<Thread>);

impl Threads {
    /// The thread waits. It may have waited before, and given up.
    pub fn put(&mut self, thread: &Thread) {
        if !self.0.iter().any(|other| other.id() == thread.id()) {
            self.0.push(thread.clone());
        }
    }

    /// Moves all of them to `woken`.
    pub fn take(&mut self, woken: &mut Vec<Thread>) {
        woken.append(&mut self.0);
    }

    fn shrink(&mut self) {
        self.0.shrink_to_fit();
    }
}

/// Threads that wait for something, by its index.
#[derive(Debug, Default)]
pub(crate) struct Waiters(Vec<Option<Thread>>);

impl Waiters {
    pub fn put(&mut self, index: usize, thread: &Thread) {
        if self.0.len() <= index {
            self.0.resize(index + 1, None);
        }
        self.0[index] = Some(thread.clone());
    }

    fn take(&mut self, index: usize) -> Option<Thread> {
        self.0.get_mut(index)?.take()
    }

    fn shrink(&mut self) {
        while let Some(None) = self.0.last() {
            self.0.pop();
        }
        self.0.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_waits_again_and_again_is_noted_once() {
        let (mut threads, mut woken) = (Threads::default(), Vec::new());
        for _ in 0..3 {
            threads.put(&thread::current());
        }
        let other = thread::spawn(|| {});
        threads.put(other.thread());
        threads.take(&mut woken);
        assert_eq!((woken.len(), threads.0.len()), (2, 0));
        other.join().unwrap();
    }
}
