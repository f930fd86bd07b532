//! The blocking face as it is, and how a test drives it.
pub use motemq_std::*;
pub use std::time::Instant;

use std::{
    io,
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// The name of the face.
pub const NAME: &str = "std";

/// A driver at work.
#[derive(Debug)]
pub struct Running {
    is_stopped: Arc<AtomicBool>,
    thread: JoinHandle<Option<Result<(), Ended>>>,
}

/// Lets a driver work until it is stopped or the client has ended.
pub fn run(mut driver: Driver) -> Running {
    let is_stopped = Arc::new(AtomicBool::new(false));
    let stopped = is_stopped.clone();
    let thread = thread::spawn(move || {
        while !stopped.load(Ordering::Relaxed) {
            if let Some(ended) = driver.drive(Duration::from_millis(5)) {
                return Some(ended);
            }
        }
        None
    });
    Running { is_stopped, thread }
}

impl Running {
    /// Drops the driver wherever it is, as a crash does.
    pub fn stop(self) {
        self.is_stopped.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
    }

    /// Waits until the client has ended.
    pub fn join(self) -> Result<(), Ended> {
        self.thread.join().unwrap().expect("it was not stopped")
    }
}

/// Sets what is asked for the login and the route of each attempt.
pub fn credentials(
    options: Options,
    ask: impl Fn(Attempt) -> Result<Attempt, String> + Send + Sync + 'static,
) -> Options {
    options.credentials(ask)
}

/// A client over what is dialed.
pub fn dialing(
    options: Options,
    dial: impl Fn(&Address) -> io::Result<TcpStream> + Send + Sync + 'static,
) -> Result<(Client, Driver), Error> {
    Client::dialing(options, dial)
}
