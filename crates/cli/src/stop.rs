//! Ctrl-C, being told to end by the system, and `-W`: leave in good order if there is somebody to
//! take leave of.
use crate::{exit::Exit, notice::say};
use motemq_std::Client;
use std::{
    process,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

/// After Ctrl-C the client has so long.
const FAREWELL: Duration = Duration::from_secs(2);
/// Behind the client's time the program has so long, if a write that nothing can interrupt holds it
/// up: nobody may read what it prints.
const GRACE: Duration = Duration::from_secs(2);

/// Ends the program before it has done what it was asked for.
#[derive(Clone, Debug)]
pub struct Stop {
    flag: Arc<AtomicBool>,
    time_is_up: Arc<AtomicBool>,
    /// The client, from its connection on. It leaves when the program shall end.
    client: Arc<Mutex<Option<Client>>>,
    interrupted: Exit,
    give_up: Option<Duration>,
}

impl Stop {
    /// From here on Ctrl-C ends the program with `interrupted`, and the end of `give_up` with
    /// [`Exit::TimeOut`]. Before there is a connection they do so at once, Ctrl-C with
    /// [`Exit::Interrupted`]: nothing was done; at once so does the second Ctrl-C.
    pub fn watch(interrupted: Exit, give_up: Option<Duration>) -> Result<Self, ctrlc::Error> {
        let stop = Stop {
            flag: Arc::default(),
            time_is_up: Arc::default(),
            client: Arc::default(),
            interrupted,
            give_up,
        };
        let by_signal = stop.clone();
        ctrlc::set_handler(move || {
            let was_asked = by_signal.flag.swap(true, Relaxed);
            if !by_signal.leave(FAREWELL) {
                say(by_signal.words());
                process::exit(Exit::Interrupted as i32);
            }
            if was_asked {
                process::exit(interrupted as i32);
            }
            let late = by_signal.clone();
            thread::spawn(move || late.end_after(FAREWELL + GRACE));
        })?;
        if let Some(limit) = give_up {
            let by_time = stop.clone();
            thread::spawn(move || {
                thread::sleep(limit);
                by_time.time_is_up.store(true, Relaxed);
                by_time.flag.store(true, Relaxed);
                if !by_time.leave(Duration::ZERO) {
                    say(by_time.words());
                    process::exit(Exit::TimeOut as i32);
                }
                by_time.end_after(GRACE);
            });
        }
        Ok(stop)
    }

    /// Returns one that nothing asks, for tests.
    #[cfg(test)]
    pub fn unwatched() -> Self {
        Stop {
            flag: Arc::default(),
            time_is_up: Arc::default(),
            client: Arc::default(),
            interrupted: Exit::Done,
            give_up: None,
        }
    }

    /// Lets the client leave. Returns whether there is one that was connected.
    fn leave(&self, limit: Duration) -> bool {
        let client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = &*client {
            client.begin_disconnect(limit);
        }
        client.is_some()
    }

    /// Ends the program, if it is still there then.
    fn end_after(&self, time: Duration) {
        thread::sleep(time);
        let exit = self.exit();
        if exit != Exit::Done {
            say(self.words());
        }
        process::exit(exit as i32);
    }

    /// Returns whether the program is to end.
    pub fn is_asked(&self) -> bool {
        self.flag.load(Relaxed)
    }

    /// Keeps the client, so that stopping the program disconnects it.
    pub fn connected(&self, client: &Client) {
        let mut kept = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some(client.clone());
    }

    /// Returns the exit code of a program that was stopped.
    pub fn exit(&self) -> Exit {
        if self.time_is_up.load(Relaxed) {
            Exit::TimeOut
        } else {
            self.interrupted
        }
    }

    /// Returns the reason for the end.
    pub fn words(&self) -> String {
        match self.give_up.filter(|_| self.time_is_up.load(Relaxed)) {
            Some(limit) => format!("gave up after {limit:?}, as -W says"),
            None => "interrupted".into(),
        }
    }
}
