//! The state that the handles and the driver share, behind one lock that is held for short times
//! and never across an await, a system call or a waker.
use crate::{waiters::Waiters, woken::Woken};
use motemq_client::{Client, Event};
use motemq_hosted::Watch;
use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
    task::Waker,
    time::Duration,
};
use tokio::{sync::Notify, time::Instant};

#[derive(Debug)]
pub(crate) struct Shared {
    inner: Mutex<Inner>,
    /// The instant from which the client's time is counted.
    started: Instant,
    /// A command that found no room can be tried again.
    pub room: Notify,
    /// The state of the connection has changed.
    pub changed: Notify,
    /// A version of the state is stored.
    #[cfg(feature = "store")]
    pub persisted: Notify,
}

/// The state behind the lock: the client, and the tasks to wake.
#[derive(Debug)]
pub(crate) struct Inner {
    pub client: Client,
    driver: Option<Waker>,
    wakes_driver: bool,
    pub waiters: Waiters,
    /// The number of handles.
    pub handles: usize,
    /// The application has disconnected.
    pub is_leaving: bool,
    pub watch: Watch,
}

impl Shared {
    pub fn new(client: Client) -> Arc<Self> {
        let inner = Inner {
            client,
            driver: None,
            wakes_driver: false,
            waiters: Waiters::default(),
            handles: 1,
            is_leaving: false,
            watch: Watch::default(),
        };
        Arc::new(Shared {
            inner: Mutex::new(inner),
            started: Instant::now(),
            room: Notify::new(),
            changed: Notify::new(),
            #[cfg(feature = "store")]
            persisted: Notify::new(),
        })
    }

    /// Returns the time as the client counts it.
    pub fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// Returns the moment that the client calls so; `None` if it is too far away.
    pub fn instant(&self, time: Duration) -> Option<Instant> {
        self.started.checked_add(time)
    }

    /// Does something under the lock, then wakes the driver if it has something to do.
    #[inline]
    pub fn with<R>(&self, work: impl FnOnce(&mut Inner) -> R) -> R {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let done = work(&mut inner);
        if mem::take(&mut inner.wakes_driver)
            && let Some(driver) = inner.driver.take()
        {
            drop(inner);
            driver.wake();
        }
        done
    }

    /// Does something under the lock for the driver, then wakes those for whom something has
    /// changed. `woken` is memory that is used again.
    #[inline]
    pub fn drive<R>(&self, woken: &mut Woken, work: impl FnOnce(&mut Inner) -> R) -> R {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let done = work(&mut inner);
        inner.poll_events(woken);
        drop(inner);
        woken.wake(self);
        done
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

    /// The driver wants to be woken so from now on.
    #[inline]
    pub fn set_driver(&mut self, waker: &Waker) {
        match &mut self.driver {
            Some(driver) => driver.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
        self.wakes_driver = false;
    }

    #[inline]
    fn poll_events(&mut self, woken: &mut Woken) {
        while let Some(event) = self.client.poll_event() {
            match event {
                Event::Delivered { stream } => {
                    self.waiters.take_stream(stream.index(), &mut woken.wakers);
                }
                Event::Completed { request } => {
                    self.waiters
                        .take_request(request.index(), &mut woken.wakers);
                }
                Event::Responded { response } => {
                    self.waiters
                        .take_response(response.index(), &mut woken.wakers);
                }
                Event::Room => woken.room = true,
                #[cfg(feature = "store")]
                Event::Persist { .. } => {
                    woken.changes = Some(Box::new(self.client.take_changes()));
                }
                event => {
                    self.watch.on_event(&event);
                    woken.events.push(event);
                }
            }
        }
        woken.changed |= self.watch.take_changed();
    }

    /// Returns the server that a broker has named, if the next attempt leads there.
    pub fn server_reference(&self) -> Option<String> {
        self.client.server_reference().map(Into::into)
    }

    /// Gives memory back that is not needed while nothing happens.
    pub fn shrink(&mut self) {
        self.client.shrink();
        self.waiters.shrink();
    }
}
