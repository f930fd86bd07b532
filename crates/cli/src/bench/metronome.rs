//! Sleep with the precision of the system's clock. The timers of tokio are precise to a millisecond,
//! which would be most of the latency of a broker nearby.
use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
    future::Future,
    pin::Pin,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// A thread that wakes tasks. It ends when this is dropped.
pub struct Metronome {
    beats: Beats,
    thread: Option<JoinHandle<()>>,
}

/// A handle to it.
#[derive(Clone)]
pub struct Beats(Arc<Shared>);

struct Shared {
    begun: Instant,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    sleepers: BinaryHeap<Reverse<Sleeper>>,
    has_ended: bool,
}

struct Sleeper {
    until: Duration,
    waker: Waker,
}

impl Metronome {
    /// Begins a clock at this time.
    pub fn start(begun: Instant) -> Self {
        let beats = Beats(Arc::new(Shared {
            begun,
            state: Mutex::default(),
            changed: Condvar::new(),
        }));
        let own = beats.clone();
        let thread = Some(thread::spawn(move || own.0.run()));
        Metronome { beats, thread }
    }

    pub fn beats(&self) -> Beats {
        self.beats.clone()
    }
}

impl Drop for Metronome {
    fn drop(&mut self) {
        self.beats.0.lock().has_ended = true;
        self.beats.0.changed.notify_one();
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl Beats {
    /// Returns the time since the clock began.
    pub fn now(&self) -> Duration {
        self.0.begun.elapsed()
    }

    /// Sleeps until then.
    pub fn sleep_until(&self, until: Duration) -> impl Future<Output = ()> + use<> {
        Sleep {
            beats: self.clone(),
            until,
            is_known: false,
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut state = self.lock();
        while !state.has_ended {
            let now = self.begun.elapsed();
            let next = state.sleepers.peek().map(|Reverse(sleeper)| sleeper.until);
            state = match next {
                Some(until) if until <= now => {
                    let sleeper = state.sleepers.pop();
                    drop(state);
                    if let Some(Reverse(sleeper)) = sleeper {
                        sleeper.waker.wake();
                    }
                    self.lock()
                }
                Some(until) => {
                    let waited = self.changed.wait_timeout(state, until - now);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => {
                    let waited = self.changed.wait(state);
                    waited.unwrap_or_else(PoisonError::into_inner)
                }
            };
        }
    }
}

struct Sleep {
    beats: Beats,
    until: Duration,
    /// The thread knows of it. The task stays the same.
    is_known: bool,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.beats.now() >= self.until {
            return Poll::Ready(());
        }
        if !self.is_known {
            self.is_known = true;
            let shared = &self.beats.0;
            let mut state = shared.lock();
            let first = state.sleepers.peek().map(|Reverse(first)| first.until);
            state.sleepers.push(Reverse(Sleeper {
                until: self.until,
                waker: cx.waker().clone(),
            }));
            if first.is_none_or(|first| self.until < first) {
                shared.changed.notify_one();
            }
        }
        Poll::Pending
    }
}

impl PartialEq for Sleeper {
    fn eq(&self, other: &Self) -> bool {
        self.until == other.until
    }
}

impl Eq for Sleeper {}

impl PartialOrd for Sleeper {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Sleeper {
    fn cmp(&self, other: &Self) -> Ordering {
        self.until.cmp(&other.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::runtime::Builder;

    #[test]
    fn sleepers_wake_in_their_order_and_not_early() {
        let metronome = Metronome::start(Instant::now());
        let beats = metronome.beats();
        let woken = Arc::new(Mutex::new(Vec::new()));
        let runtime = Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let tasks = [30, 10, 20, 0].map(|ms| {
                let (beats, woken) = (beats.clone(), woken.clone());
                tokio::spawn(async move {
                    let until = Duration::from_millis(ms);
                    beats.sleep_until(until).await;
                    assert!(beats.now() >= until);
                    woken.lock().unwrap().push(ms);
                })
            });
            for task in tasks {
                task.await.unwrap();
            }
        });
        assert_eq!(*woken.lock().unwrap(), [0, 10, 20, 30]);
        drop(metronome);
    }
}
