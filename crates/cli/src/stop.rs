//! Ctrl-C, being told to end by the system, and `-W`: leave in good order if there is somebody to
//! take leave of.
use crate::{
    exit::{Exit, Failure},
    notice::{self, say_last},
    prompt,
};
use motemq_std::Client;
#[cfg(unix)]
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};
#[cfg(unix)]
use std::fs;
use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

/// The time that the client has after Ctrl-C.
const FAREWELL: Duration = Duration::from_secs(2);
/// Behind the client's time the program has so long, if a write that nothing can interrupt holds it
/// up: nobody may read what it prints.
const GRACE: Duration = Duration::from_secs(2);

/// Ends the program before it has done what it was asked for.
#[derive(Clone, Debug)]
pub struct Stop {
    flag: Arc<AtomicBool>,
    /// A signal has come that no thread waits for yet.
    #[cfg(unix)]
    early: Arc<AtomicBool>,
    time_is_up: Arc<AtomicBool>,
    /// The client, from its connection on. It leaves when the program shall end.
    client: Arc<Mutex<Option<Client>>>,
    interrupted: Exit,
    give_up: Option<Duration>,
}

impl Stop {
    /// From here on the end of `give_up` ends the program with [`Exit::TimeOut`], whatever it waits
    /// for; the time in which the user is asked for a password does not count.
    pub fn after(give_up: Option<Duration>) -> Self {
        let stop = Stop {
            flag: Arc::default(),
            #[cfg(unix)]
            early: Arc::default(),
            time_is_up: Arc::default(),
            client: Arc::default(),
            interrupted: Exit::Interrupted,
            give_up,
        };
        if let Some(limit) = give_up {
            let by_time = stop.clone();
            thread::spawn(move || {
                prompt::sleep(limit);
                by_time.time_is_up.store(true, Relaxed);
                by_time.flag.store(true, Relaxed);
                if !by_time.leave(Duration::ZERO) {
                    say_last(by_time.words());
                    notice::exit(Exit::TimeOut);
                }
                by_time.end_after(GRACE);
            });
        }
        stop
    }

    /// From here on Ctrl-C ends the program with `interrupted`. Before there is a connection it
    /// does so at once, with [`Exit::Interrupted`]: nothing was done; at once so does the second
    /// Ctrl-C.
    pub fn watch(&mut self, interrupted: Exit) -> Result<(), Failure> {
        self.interrupted = interrupted;
        self.watch_signals()
    }

    /// Does the same for a program that may end within milliseconds, with [`Exit::Interrupted`]: it
    /// calls [`look`](Self::look) until then, and Ctrl-C gets a thread of its own only if it has
    /// not ended after a while.
    pub fn watch_briefly(&self) -> Result<(), Failure> {
        #[cfg(unix)]
        for signal in [SIGINT, SIGTERM] {
            signal_hook::flag::register(signal, self.early.clone())
                .map_err(|error| cannot_watch(&error))?;
        }
        #[cfg(not(unix))]
        self.watch_signals()?;
        Ok(())
    }

    /// Returns whether a signal has come that [`look`](Self::look) is to take.
    pub fn has_signal(&self) -> bool {
        #[cfg(unix)]
        return self.early.load(Relaxed);
        #[cfg(not(unix))]
        false
    }

    /// Takes a signal that has come after [`watch_briefly`](Self::watch_briefly). `late`: from now
    /// on a thread waits for others.
    pub fn look(&self, late: bool) -> Result<(), Failure> {
        #[cfg(unix)]
        {
            if late {
                self.watch_signals()?;
            }
            if self.early.swap(false, Relaxed) {
                self.on_signal();
            }
        }
        let _ = late;
        Ok(())
    }

    fn watch_signals(&self) -> Result<(), Failure> {
        let by_signal = self.clone();
        on_signals(move || by_signal.on_signal())
    }

    /// Lets the client leave, or ends the program.
    fn on_signal(&self) {
        let was_asked = self.flag.swap(true, Relaxed);
        if !self.leave(FAREWELL) {
            say_last(self.words());
            notice::exit(Exit::Interrupted);
        }
        if was_asked {
            notice::exit(self.interrupted);
        }
        let late = self.clone();
        thread::spawn(move || late.end_after(FAREWELL + GRACE));
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
            say_last(self.words());
        }
        notice::exit(exit);
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

/// Returns whether this process was started to outlive its terminal, as `nohup` does. Only Linux
/// says so.
#[cfg(unix)]
fn ignores_hangup() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut lines = status.lines();
    let ignored = lines.find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask & (1 << (SIGHUP - 1)) != 0)
}

/// Calls a function at each Ctrl-C, and when the system or the terminal wants the program to end.
#[cfg(unix)]
pub fn on_signals(mut act: impl FnMut() + Send + 'static) -> Result<(), Failure> {
    let mut watched = vec![SIGINT, SIGTERM];
    if !ignores_hangup() {
        watched.push(SIGHUP);
    }
    let mut signals = Signals::new(watched).map_err(|error| cannot_watch(&error))?;
    thread::spawn(move || signals.forever().for_each(|_| act()));
    Ok(())
}

/// Calls a function at each Ctrl-C.
#[cfg(not(unix))]
pub fn on_signals(act: impl FnMut() + Send + 'static) -> Result<(), Failure> {
    ctrlc::set_handler(act).map_err(|error| cannot_watch(&error))
}

fn cannot_watch(error: &dyn fmt::Display) -> Failure {
    Failure::new(
        Exit::Files,
        format_args!("cannot watch for Ctrl-C: {error}"),
    )
}
