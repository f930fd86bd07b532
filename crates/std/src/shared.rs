//! The state that the handles and the driver share: the client behind one lock that is held for
//! short times and never across a system call, and the connection behind another.
use crate::connection::Connection;
use mio::Waker;
use motemq_client::Client;
use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError},
    thread::{self, Thread},
    time::{Duration, Instant},
};

pub(crate) type Shared = motemq_hosted::Shared<Face>;
pub(crate) type Inner = motemq_hosted::Inner<Face>;
pub(crate) type Woken = motemq_hosted::Woken<Thread>;

/// The differences to other faces: threads wait.
#[derive(Debug)]
pub(crate) struct Face {
    /// The connection. Whoever holds it may lock the client, not the other way round.
    connection: Mutex<Option<Connection>>,
    /// Wakes the driver.
    waker: Waker,
    /// The instant from which the client's time is counted.
    started: Instant,
    /// Nothing is written before it is stored, which the driver does.
    is_durable: bool,
}

/// The driver as threads see it.
#[derive(Debug, Default)]
pub(crate) struct Sleeper {
    /// The driver sleeps, or is about to.
    pub is_asleep: bool,
    /// The driver would sleep, but is not driven: it looks whether it has something to do when it
    /// is driven again.
    is_resting: bool,
    /// The time at which the driver wakes up by itself, if it sleeps.
    pub until: Option<Duration>,
    /// A thread that writes will ask for more before it stops.
    pub is_flushing: bool,
}

impl motemq_hosted::Face for Face {
    type Waiter = Thread;
    type Instant = Instant;
    type Sleeper = Sleeper;
    type Alarm = ();

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn instant(&self, time: Duration) -> Instant {
        self.started.checked_add(time).unwrap_or_else(Instant::now)
    }

    fn alarm(sleeper: &mut Sleeper) -> Option<()> {
        (mem::take(&mut sleeper.is_asleep) && !sleeper.is_resting).then_some(())
    }

    #[cold]
    fn wake_driver(&self, (): ()) {
        // It fails only if the driver is gone.
        let _ = self.waker.wake();
    }
}

impl Face {
    /// Locks the connection.
    pub fn connection(&self) -> MutexGuard<'_, Option<Connection>> {
        let locked = self.connection.lock();
        locked.unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes the state of a client that stores its own or does not.
pub(crate) fn share(client: Client, waker: Waker, is_durable: bool) -> Arc<Shared> {
    let face = Face {
        connection: Mutex::default(),
        waker,
        started: Instant::now(),
        is_durable,
    };
    Shared::new(client, face)
}

/// The driver looks at everything now.
pub(crate) fn begin_turn(inner: &mut Inner) {
    inner.begin_turn();
    inner.sleeper.is_asleep = false;
}

/// The driver is not driven from now on.
pub(crate) fn rest(inner: &mut Inner) {
    inner.sleeper.is_resting = true;
}

/// The driver is driven again. Returns whether it may sleep on, since nothing has come up.
pub(crate) fn resume(inner: &mut Inner) -> bool {
    inner.sleeper.is_resting = false;
    inner.sleeper.is_asleep && !inner.wakes_driver()
}

/// The driver sleeps until then, if nothing has come up. Returns until when; `None` if it may not
/// sleep.
pub(crate) fn fall_asleep(
    inner: &mut Inner,
    until: Option<Duration>,
    now: Duration,
) -> Option<Sleep> {
    if inner.wakes_driver() {
        return None;
    }
    // A later time is not worth being woken for again when it becomes an earlier one: what is
    // published one by one would cost two system calls each.
    let before = inner.sleeper.until.filter(|&before| before > now);
    let until = until.into_iter().chain(before).min();
    (inner.sleeper.is_asleep, inner.sleeper.until) = (true, until);
    Some(Sleep { until })
}

/// The time that the driver may sleep.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sleep {
    pub until: Option<Duration>,
}

/// Writes what waits to be written, with the calling thread if nothing is in its way.
#[inline]
pub(crate) fn flush(shared: &Shared) {
    if !shared.face.is_durable {
        let connection = match shared.face.connection.try_lock() {
            Ok(connection) => Some(connection),
            Err(TryLockError::Poisoned(connection)) => Some(connection.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        };
        if let Some(mut connection) = connection {
            match &mut *connection {
                Some(connection) => connection.flush(shared, &mut Woken::default()),
                // The command waits for a connection.
                None => shared.with(Inner::wake_driver),
            }
            return;
        }
    }
    shared.with(|inner| {
        if !inner.sleeper.is_flushing {
            inner.wake_driver();
        }
    });
}

/// Waits until `attempt` returns something, which has to note the thread for what it waits for.
/// Returns `None` when it is later than `until`.
pub(crate) fn wait_until<T>(
    shared: &Shared,
    until: Option<Duration>,
    mut attempt: impl FnMut(&mut Inner, &Thread) -> Option<T>,
) -> Option<T> {
    let thread = thread::current();
    loop {
        if let Some(done) = shared.with(|inner| attempt(inner, &thread)) {
            return Some(done);
        }
        let Some(until) = until else {
            thread::park();
            continue;
        };
        match until.checked_sub(shared.now()) {
            None | Some(Duration::ZERO) => return None,
            Some(left) => thread::park_timeout(left),
        }
    }
}

/// Waits until `attempt` returns something, however long it takes.
pub(crate) fn wait<T>(
    shared: &Shared,
    mut attempt: impl FnMut(&mut Inner, &Thread) -> Option<T>,
) -> T {
    loop {
        if let Some(done) = wait_until(shared, None, &mut attempt) {
            return done;
        }
    }
}

/// Tries a command again whenever there may be room, or a connection.
pub(crate) fn when_there_is_room<T, E>(
    shared: &Shared,
    mut attempt: impl FnMut(&mut Client) -> Result<T, E>,
    waits: impl Fn(&E) -> bool,
) -> Result<T, E> {
    loop {
        if let Some(done) = when_there_is_room_until(shared, None, &mut attempt, &waits) {
            return done;
        }
    }
}

/// Tries a command again whenever there may be room, or a connection. Returns `None` when it is
/// later than `until`.
pub(crate) fn when_there_is_room_until<T, E>(
    shared: &Shared,
    until: Option<Duration>,
    mut attempt: impl FnMut(&mut Client) -> Result<T, E>,
    waits: impl Fn(&E) -> bool,
) -> Option<Result<T, E>> {
    match shared.with(|inner| attempt(&mut inner.client)) {
        Err(error) if waits(&error) => {}
        done => return Some(done),
    }
    // So that the driver need not be woken if only the broker can make room.
    flush(shared);
    wait_until(shared, until, |inner, thread| {
        match attempt(&mut inner.client) {
            Err(error) if waits(&error) => {
                if !inner.client.is_window_full() {
                    inner.wake_driver();
                }
                inner.wait_for_room(thread);
                None
            }
            done => Some(done),
        }
    })
}
