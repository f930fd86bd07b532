//! The driver of a client between two threads. The one in the background drives the client unless
//! the one that prints messages does so itself while it waits for them: then a message wakes one
//! thread, not two. If printing takes its time, the background goes on, since nothing that is done
//! with messages may hold up pings and acknowledgements.
use motemq_std::{Client, Driver};
use std::{
    ops::ControlFlow,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, TryLockError,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread::{self, Thread},
    time::Duration,
};

/// The background drives the client when the foreground has not done so for this time, or for twice
/// this time at most.
const LATE: Duration = Duration::from_millis(200);
/// The longest time for which the driver is driven at once.
const TURN: Duration = Duration::from_secs(60 * 60);

/// The foreground's part of the driving.
pub struct Driving {
    shared: Arc<Shared>,
    background: Thread,
}

/// The state that both threads share.
struct Shared {
    driver: Mutex<Driver>,
    /// Counts how often the foreground has begun and ceased to drive: it drives while this is odd.
    changes: AtomicUsize,
    /// The background need not wait before it drives.
    is_urgent: AtomicBool,
    /// The background waits to be woken.
    is_asleep: AtomicBool,
}

impl Driving {
    /// Drives a client, in the background for now.
    pub fn begin(driver: Driver) -> Self {
        let shared = Arc::new(Shared {
            driver: Mutex::new(driver),
            changes: AtomicUsize::new(0),
            is_urgent: AtomicBool::new(true),
            is_asleep: AtomicBool::new(false),
        });
        let other = shared.clone();
        let background = thread::spawn(move || while other.in_background().is_continue() {});
        Driving {
            shared,
            background: background.thread().clone(),
        }
    }

    /// Drives the client with this thread until there is a next thing, for this time at most.
    /// Returns `None` if there is none by then, or the client has ended without one.
    pub fn until<T>(
        &self,
        client: &Client,
        limit: Duration,
        mut next: impl FnMut() -> Option<T>,
    ) -> Option<T> {
        let shared = &*self.shared;
        shared.is_urgent.store(false, SeqCst);
        shared.changes.fetch_add(1, SeqCst);
        let mut driver = shared.take_from_background(client);
        let mut found = None;
        driver.drive_until(limit, || {
            found = found.take().or_else(&mut next);
            found.is_some()
        });
        drop(driver);
        shared.changes.fetch_add(1, SeqCst);
        if shared.is_asleep.swap(false, SeqCst) {
            self.background.unpark();
        }
        found.or_else(next)
    }

    /// Lets the background drive at once, since this thread waits for what comes of it.
    pub fn hand_over(&self) {
        self.shared.is_urgent.store(true, SeqCst);
        self.background.unpark();
    }
}

impl Shared {
    /// Takes the driver from the background, if that drives.
    fn take_from_background(&self, client: &Client) -> MutexGuard<'_, Driver> {
        match self.driver.try_lock() {
            Ok(driver) => return driver,
            Err(TryLockError::Poisoned(driver)) => return driver.into_inner(),
            Err(TryLockError::WouldBlock) => client.wake_driver(),
        }
        self.driver()
    }

    fn driver(&self) -> MutexGuard<'_, Driver> {
        self.driver.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drives if the foreground does not for long, else waits. It is over when the client has ended.
    fn in_background(&self) -> ControlFlow<()> {
        let seen = self.changes.load(SeqCst);
        let is_unchanged = || self.changes.load(SeqCst) == seen;
        if !self.is_urgent.load(SeqCst) {
            thread::park_timeout(LATE);
            if !is_unchanged() {
                return ControlFlow::Continue(());
            }
        }
        if seen.is_multiple_of(2) {
            let ended = self.driver().drive_until(TURN, || !is_unchanged());
            return ended.map_or(ControlFlow::Continue(()), |_| ControlFlow::Break(()));
        }
        // Nothing arrives.
        self.is_asleep.store(true, SeqCst);
        if is_unchanged() {
            thread::park();
        }
        ControlFlow::Continue(())
    }
}
