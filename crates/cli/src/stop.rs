//! Ctrl-C, being told to end by the system, and `-W`: leave in good order if there is somebody to
//! take leave of.
use crate::{exit::Exit, notice::say};
use std::{
    process,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

/// Ends the program before it has done what it was asked for.
#[derive(Clone, Debug)]
pub struct Stop {
    /// The client looks at it.
    flag: Arc<AtomicBool>,
    time_is_up: Arc<AtomicBool>,
    connected: Arc<AtomicBool>,
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
            connected: Arc::default(),
            interrupted,
            give_up,
        };
        let by_signal = stop.clone();
        ctrlc::set_handler(move || {
            if !by_signal.connected.load(Relaxed) {
                say(by_signal.words());
                process::exit(Exit::Interrupted as i32);
            }
            if by_signal.flag.swap(true, Relaxed) {
                process::exit(interrupted as i32);
            }
        })?;
        if let Some(limit) = give_up {
            let by_time = stop.clone();
            thread::spawn(move || {
                thread::sleep(limit);
                by_time.time_is_up.store(true, Relaxed);
                if !by_time.connected.load(Relaxed) {
                    say(by_time.words());
                    process::exit(Exit::TimeOut as i32);
                }
                by_time.flag.store(true, Relaxed);
            });
        }
        Ok(stop)
    }

    /// Raised when the program shall end.
    pub fn flag(&self) -> Arc<AtomicBool> {
        self.flag.clone()
    }

    /// Whether the program shall end.
    pub fn is_asked(&self) -> bool {
        self.flag.load(Relaxed)
    }

    /// There is a connection, to be ended well.
    pub fn connected(&self) {
        self.connected.store(true, Relaxed);
    }

    /// How it ends.
    pub fn exit(&self) -> Exit {
        if self.time_is_up.load(Relaxed) {
            Exit::TimeOut
        } else {
            self.interrupted
        }
    }

    /// Why it ends.
    pub fn words(&self) -> String {
        match self.give_up.filter(|_| self.time_is_up.load(Relaxed)) {
            Some(limit) => format!("gave up after {limit:?}, as -W says"),
            None => "interrupted".into(),
        }
    }
}
