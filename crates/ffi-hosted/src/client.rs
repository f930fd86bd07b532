//! Opening, closing and freeing clients.
use crate::{
    callbacks::{Callbacks, refuse_within},
    completions::{self, Request},
    error::{ENDED, Failure, OK, SYSTEM, guard},
    handles::{self, Handle},
    messages::{self, Routes},
    options::{self, COptions},
    state,
};
use motemq_std::{Client, Ended};
use std::{
    ffi::c_int,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Sender, channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// A client and its threads.
pub struct Managed {
    pub client: Client,
    pub routes: Arc<Routes>,
    /// `None` when the client is being closed.
    requests: Mutex<Option<Sender<Request>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Managed {
    fn open(options: &COptions) -> Result<Arc<Self>, Failure> {
        let (client, driver) = Client::new(options.get()?)?;
        let callbacks = Arc::new(Callbacks::default());
        let routes = Arc::new(Routes::new(options.on_message()));
        let (sender, receiver) = channel();
        // Before the driver runs, so that nothing is missed.
        let (stream, states) = (client.messages(), client.states());
        let managed = Arc::new(Managed {
            client,
            routes: routes.clone(),
            requests: Mutex::new(Some(sender)),
            threads: Mutex::default(),
        });
        let started = managed
            .start("mqtt-messages", {
                let (routes, callbacks) = (routes.clone(), callbacks.clone());
                move || messages::run(stream, &routes, &callbacks)
            })
            .and_then(|()| {
                let callbacks = callbacks.clone();
                managed.start("mqtt-outcomes", move || {
                    completions::run(&receiver, &routes, &callbacks);
                })
            })
            .and_then(|()| match options.on_state() {
                Some(on_state) => managed.start("mqtt-states", move || {
                    state::run(states, on_state, &callbacks);
                }),
                None => Ok(()),
            })
            .and_then(|()| {
                // How it ends is the state of the client.
                managed.start("mqtt", move || drop(driver.run()))
            });
        if let Err(failure) = started {
            // A driver that does not run has stopped, so the others end.
            managed.close(Duration::ZERO).ok();
            return Err(failure);
        }
        Ok(managed)
    }

    /// Starts a thread of the client. If it panics, the client ends.
    fn start(&self, name: &str, body: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
        let client = self.client.clone();
        let body = move || {
            if catch_unwind(AssertUnwindSafe(body)).is_err() {
                client.begin_disconnect(Duration::ZERO);
            }
        };
        let thread = thread::Builder::new().name(name.into()).spawn(body);
        let thread = thread.map_err(|error| {
            Failure::new(SYSTEM, format!("the system has refused a thread: {error}"))
        })?;
        self.lock_threads().push(thread);
        Ok(())
    }

    fn lock_threads(&self) -> std::sync::MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The way for requests to the thread that reports their outcomes.
    pub fn requests(&self) -> Result<Sender<Request>, Failure> {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = requests.as_ref().cloned();
        sender.ok_or_else(|| Failure::new(ENDED, "the client was closed"))
    }

    /// Leaves, and waits until all callbacks have returned.
    fn close(&self, limit: Duration) -> Result<(), Ended> {
        let ended = self.client.disconnect(limit);
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        drop(requests.take());
        drop(requests);
        // A second thread that closes waits here for the first.
        for thread in self.lock_threads().drain(..) {
            // Panics are caught within.
            let _ = thread.join();
        }
        ended
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn motemq_client_open(options: *const COptions, client: *mut Handle) -> c_int {
    guard(|| {
        if client.is_null() {
            return Err(Failure::argument("client is NULL"));
        }
        // SAFETY: by the header there is room for a handle. It is not to be left as it was.
        unsafe { client.write(std::ptr::null_mut()) };
        let managed = Managed::open(&options::read(options)?)?;
        // SAFETY: as above.
        unsafe { client.write(handles::insert(managed)) };
        Ok(OK)
    })
}

#[unsafe(no_mangle)]
extern "C" fn motemq_client_close(client: Handle, timeout_ms: u32) -> c_int {
    guard(|| {
        let client = handles::get(client)?;
        refuse_within()?;
        client.close(Duration::from_millis(timeout_ms.into()))?;
        Ok(OK)
    })
}

#[unsafe(no_mangle)]
extern "C" fn motemq_client_begin_close(client: Handle, timeout_ms: u32) -> c_int {
    guard(|| {
        let limit = Duration::from_millis(timeout_ms.into());
        handles::get(client)?.client.begin_disconnect(limit);
        Ok(OK)
    })
}

#[unsafe(no_mangle)]
extern "C" fn motemq_client_free(client: Handle) -> c_int {
    guard(|| {
        if client.is_null() {
            return Ok(OK);
        }
        refuse_within()?;
        // How it ends was reported by `motemq_client_close`, if the program has asked.
        let _ = handles::remove(client)?.close(Duration::ZERO);
        Ok(OK)
    })
}
