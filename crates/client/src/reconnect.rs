//! Attempts to connect: which broker, which of its addresses, several at once, and when.
use crate::{DisconnectReason, Ended, Options, back_off::BackOff};
use alloc::{
    collections::{BTreeSet, VecDeque},
    vec::Vec,
};
use core::{mem, time::Duration};
use motemq::ReturnCode;

/// The wait between the beginnings of two attempts that race (RFC 8305, Connection Attempt Delay).
const RACE_DELAY: Duration = Duration::from_millis(250);
/// The most addresses of one broker that are tried.
const ADDRESSES: u32 = 64;

/// What there is of a connection.
#[derive(Clone, Hash, Debug)]
pub(crate) enum Phase {
    /// The next attempt begins at this time.
    Waiting(Duration),
    /// Attempts are being made.
    Opening,
    /// A connection is open.
    Open,
    /// What was written leaves first, until then.
    Closing {
        reason: DisconnectReason,
        until: Duration,
    },
    /// All attempts failed, or the connection is over. When the next attempt begins is still to be
    /// decided.
    Over(DisconnectReason),
    /// There will be no other attempt.
    Ended(Ended),
}

/// What an attempt does now.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Step {
    Resolving,
    Dialing { address: u32 },
}

/// One attempt.
#[derive(Clone, Copy, Hash, Debug)]
struct Attempt {
    number: u32,
    step: Step,
    until: Duration,
    /// Something answered, so that no other attempt is begun beside it.
    has_answer: bool,
}

/// What the driver has to do for the attempts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Task {
    Resolve {
        attempt: u32,
        broker: u32,
    },
    Dial {
        attempt: u32,
        broker: u32,
        address: u32,
    },
    Cancel {
        attempt: u32,
    },
}

/// What follows from a failure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Next {
    /// Another attempt is made, or under way.
    Attempt,
    /// There is nothing left to try now.
    Over,
    /// All brokers refuse for good.
    Final,
}

/// Decides when and where to connect.
#[derive(Clone, Hash, Debug)]
pub(crate) struct Reconnect {
    last_attempt: u32,
    broker: u32,
    /// The number of brokers that had their turn since the last wait.
    brokers_tried: u32,
    /// Brokers that refused for good.
    refused: BTreeSet<u32>,
    attempts: Vec<Attempt>,
    /// Addresses of the broker that were not tried yet.
    addresses: VecDeque<u32>,
    /// When the next address is dialed although attempts are under way.
    race_at: Duration,
    /// Attempts that the driver is to give up.
    cancelled: VecDeque<u32>,
    back_off: BackOff,
    was_connected: bool,
    /// Why the last connection ended.
    last_end: Option<DisconnectReason>,
    /// The number of connections before that ended in the same way.
    repeated: u32,
}

impl Reconnect {
    pub fn new() -> Self {
        Reconnect {
            last_attempt: 0,
            broker: 0,
            brokers_tried: 0,
            refused: BTreeSet::new(),
            attempts: Vec::new(),
            addresses: VecDeque::new(),
            race_at: Duration::ZERO,
            cancelled: VecDeque::new(),
            back_off: BackOff::default(),
            was_connected: false,
            last_end: None,
            repeated: 0,
        }
    }

    /// Returns the broker whose turn it is.
    pub fn broker(&self) -> u32 {
        self.broker
    }

    fn begin(&mut self, step: Step, limit: Duration, now: Duration) -> u32 {
        self.last_attempt = self.last_attempt.wrapping_add(1);
        self.attempts.push(Attempt {
            number: self.last_attempt,
            step,
            until: now.saturating_add(limit),
            has_answer: false,
        });
        self.last_attempt
    }

    /// Begins with the broker whose turn it is.
    fn resolve(&mut self, limit: Duration, now: Duration) -> Task {
        Task::Resolve {
            attempt: self.begin(Step::Resolving, limit, now),
            broker: self.broker,
        }
    }

    /// Returns what is to be done next, if anything is.
    pub fn poll(&mut self, limit: Duration, now: Duration) -> Option<Task> {
        if let Some(attempt) = self.cancelled.pop_front() {
            return Some(Task::Cancel { attempt });
        }
        if self.attempts.is_empty() && self.addresses.is_empty() {
            return Some(self.resolve(limit, now));
        }
        if self.addresses.is_empty() || now < self.race_time().unwrap_or(now) {
            return None;
        }
        let address = self.addresses.pop_front()?;
        self.race_at = now.saturating_add(RACE_DELAY);
        Some(Task::Dial {
            attempt: self.begin(Step::Dialing { address }, limit, now),
            broker: self.broker,
            address,
        })
    }

    /// Returns an attempt that the driver is to give up, if there is one.
    pub fn poll_cancelled(&mut self) -> Option<u32> {
        self.cancelled.pop_front()
    }

    /// Returns when the next address may be dialed; `None`: now.
    fn race_time(&self) -> Option<Duration> {
        if self.attempts.is_empty() {
            None
        } else if self.attempts.iter().any(|attempt| attempt.has_answer) {
            Some(Duration::MAX)
        } else {
            Some(self.race_at)
        }
    }

    /// Returns when something is to be done although nothing happens.
    pub fn timeout(&self) -> Option<Duration> {
        let race = if self.addresses.is_empty() {
            None
        } else {
            Some(self.race_time().unwrap_or(Duration::ZERO))
        };
        let attempts = self.attempts.iter().map(|attempt| attempt.until);
        attempts.chain(race).min()
    }

    /// The broker has so many addresses. Returns whether the attempt is known.
    pub fn on_resolved(&mut self, attempt: u32, addresses: u32, now: Duration) -> bool {
        if !self.remove(attempt) {
            return false;
        }
        self.addresses = (0..addresses.min(ADDRESSES)).collect();
        self.race_at = now;
        true
    }

    /// Something answered an attempt.
    pub fn on_progress(&mut self, attempt: u32) {
        let mut attempts = self.attempts.iter_mut();
        if let Some(attempt) = attempts.find(|other| other.number == attempt) {
            attempt.has_answer = true;
        }
    }

    fn remove(&mut self, number: u32) -> bool {
        let before = self.attempts.len();
        self.attempts.retain(|attempt| attempt.number != number);
        self.attempts.len() < before
    }

    /// An attempt has opened a connection. The others are given up, and their addresses are tried
    /// again if this one leads to nothing. Returns whether the attempt is known.
    pub fn on_opened(&mut self, attempt: u32) -> bool {
        if !self.remove(attempt) {
            return false;
        }
        let others = mem::take(&mut self.attempts);
        for other in others.iter().rev() {
            if let Step::Dialing { address } = other.step {
                self.addresses.push_front(address);
            }
        }
        self.cancelled
            .extend(others.iter().map(|other| other.number));
        true
    }

    /// An attempt has failed. Returns whether the attempt is known.
    pub fn on_attempt_failed(&mut self, attempt: u32) -> bool {
        self.remove(attempt)
    }

    /// Gives up an attempt that has taken too long. Returns whether there was one.
    pub fn expire(&mut self, now: Duration) -> bool {
        let late = self.attempts.iter().find(|attempt| now >= attempt.until);
        let Some(&Attempt { number, .. }) = late else {
            return false;
        };
        self.cancelled.push_back(number);
        self.remove(number)
    }

    /// Gives up all attempts.
    pub fn cancel(&mut self) {
        let attempts = mem::take(&mut self.attempts);
        let numbers = attempts.iter().map(|attempt| attempt.number);
        self.cancelled.extend(numbers);
        self.addresses.clear();
    }

    /// An attempt led to nothing: decides who has the next turn.
    pub fn after_failure(&mut self, reason: &DisconnectReason, options: &Options) -> Next {
        let is_final = (options.is_final)(reason, self.was_connected);
        if is_final {
            self.refused.insert(self.broker);
        }
        // Whatever the broker refuses at one address, it refuses at the others, unless it is only
        // not available there.
        if let DisconnectReason::Refused(code) = *reason
            && code != ReturnCode::SERVER_UNAVAILABLE
        {
            self.cancel();
        } else if is_final {
            self.cancel();
        }
        if !self.attempts.is_empty() || !self.addresses.is_empty() {
            return Next::Attempt;
        }
        let brokers = options.brokers;
        if self.refused.len() >= brokers as usize {
            return Next::Final;
        }
        loop {
            self.broker = (self.broker + 1) % brokers;
            self.brokers_tried += 1;
            if self.brokers_tried >= brokers {
                // The next one after the wait is one that did not refuse.
                while self.refused.contains(&self.broker) {
                    self.broker = (self.broker + 1) % brokers;
                }
                return Next::Over;
            }
            if !self.refused.contains(&self.broker) {
                return Next::Attempt;
            }
        }
    }

    /// The broker has accepted a connection.
    pub fn on_connected(&mut self) {
        self.was_connected = true;
        self.refused.clear();
        self.brokers_tried = 0;
        self.addresses.clear();
    }

    /// A connection that the broker had accepted is over.
    pub fn on_connection_ended(
        &mut self,
        reason: &DisconnectReason,
        lasted: Duration,
        has_gained: bool,
        options: &Options,
    ) {
        let is_same = self.last_end.as_ref() == Some(reason) && !has_gained;
        self.repeated = if is_same { self.repeated + 1 } else { 0 };
        self.last_end = Some(reason.clone());
        self.back_off
            .on_connection_ended(lasted, &options.reconnect);
    }

    /// Returns how many connections in a row ended as the last one did.
    pub fn repeated(&self) -> u32 {
        self.repeated
    }

    /// Decides how long to wait now; `None`: there is to be no other attempt.
    pub fn wait(&mut self, options: &Options, random: u64) -> Option<Duration> {
        self.brokers_tried = 0;
        self.back_off.next(&options.reconnect, random)
    }
}
