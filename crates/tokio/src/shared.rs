//! The state that the handles and the driver share, behind one lock that is held for short times
//! and never across an await, a system call or a waker.
use motemq_client::Client;
use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};
use tokio::time::Instant;

pub(crate) type Shared = motemq_hosted::Shared<Face>;
pub(crate) type Inner = motemq_hosted::Inner<Face>;
pub(crate) type Woken = motemq_hosted::Woken<Waker>;

/// The differences to other faces: tasks wait.
#[derive(Debug)]
pub(crate) struct Face {
    /// The instant from which the client's time is counted.
    started: Instant,
}

impl motemq_hosted::Face for Face {
    type Waiter = Waker;
    type Instant = Instant;
    type Sleeper = Option<Waker>;
    type Alarm = Waker;

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn instant(&self, time: Duration) -> Instant {
        self.checked_instant(time).unwrap_or_else(Instant::now)
    }

    #[inline]
    fn alarm(sleeper: &mut Option<Waker>) -> Option<Waker> {
        sleeper.take()
    }

    fn wake_driver(&self, driver: Waker) {
        driver.wake();
    }
}

impl Face {
    /// Returns the instant that the client calls so; `None` if it is too far away.
    pub fn checked_instant(&self, time: Duration) -> Option<Instant> {
        self.started.checked_add(time)
    }
}

/// Makes the state of a client.
pub(crate) fn share(client: Client) -> Arc<Shared> {
    let started = Instant::now();
    Shared::new(client, Face { started })
}

/// The driver looks at everything now, and wants to be woken so from now on.
#[inline]
pub(crate) fn begin_turn(inner: &mut Inner, waker: &Waker) {
    match &mut inner.sleeper {
        Some(driver) => driver.clone_from(waker),
        none => *none = Some(waker.clone()),
    }
    inner.begin_turn();
}

/// Returns what `attempt` returns. If that is nothing, it has to note the task for what it waits
/// for.
#[inline]
pub(crate) fn poll<T>(
    shared: &Shared,
    cx: &Context<'_>,
    attempt: impl FnOnce(&mut Inner, &Waker) -> Option<T>,
) -> Poll<T> {
    shared.with(|inner| attempt(inner, cx.waker()).map_or(Poll::Pending, Poll::Ready))
}

/// Waits until `attempt` returns something, which has to note the task for what it waits for.
pub(crate) async fn wait<T>(
    shared: &Shared,
    mut attempt: impl FnMut(&mut Inner, &Waker) -> Option<T>,
) -> T {
    poll_fn(|cx| poll(shared, cx, &mut attempt)).await
}

/// Tries a command again whenever there may be room, or a connection.
pub(crate) async fn when_there_is_room<T, E>(
    shared: &Shared,
    mut attempt: impl FnMut(&mut Client) -> Result<T, E>,
    waits: impl Fn(&E) -> bool,
) -> Result<T, E> {
    let attempt = |inner: &mut Inner, task: &Waker| {
        inner.wake_driver();
        match attempt(&mut inner.client) {
            Err(error) if waits(&error) => {
                inner.wait_for_room(task);
                None
            }
            done => Some(done),
        }
    };
    wait(shared, attempt).await
}
