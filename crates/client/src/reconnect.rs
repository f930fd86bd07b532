//! Attempts to connect: which broker, which of its addresses, several at once, and when.
mod reference;
mod search;

use crate::{DisconnectReason, Options, back_off::BackOff, lazy::Lazy};
use alloc::{boxed::Box, collections::BTreeMap, string::String};
use core::time::Duration;
use motemq::{Fault, ReasonCode, ReturnCode, Version};
use reference::References;
use search::{Due, Search, Step};

/// The next action of the driver for the attempts.
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

/// The consequence of a failure.
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
#[derive(Clone, Hash, Debug, Default)]
pub(crate) struct Reconnect {
    search: Lazy<Search>,
    last_attempt: u32,
    broker: u32,
    back_off: BackOff,
    /// The number of connections before the last one that ended in the same way.
    repeated: u32,
    /// The reason why the last connection ended.
    last_end: Option<Box<DisconnectReason>>,
    was_connected: bool,
    learned: Lazy<Learned>,
}

/// The parts of a connection that brokers have decided, for the next ones.
#[derive(Clone, Hash, Debug, Default)]
struct Learned {
    /// The versions that brokers are known to speak, if the client falls back.
    versions: BTreeMap<u32, Version>,
    /// The client identifier that a broker has chosen.
    client_id: Option<String>,
    /// The other servers that a broker has named.
    references: Option<Box<References>>,
}

impl Reconnect {
    /// Returns the broker to which the next attempt leads.
    pub fn broker(&self) -> u32 {
        self.broker
    }

    /// Returns what is to be done next, if anything is. An attempt may take as long as `limit`.
    pub fn poll(&mut self, limit: Duration, now: Duration) -> Option<Task> {
        let search = self.search.make();
        let step = match search.poll(now)? {
            Due::Cancel(attempt) => return Some(Task::Cancel { attempt }),
            Due::Begin(step) => step,
        };
        self.last_attempt = self.last_attempt.wrapping_add(1);
        let (attempt, broker) = (self.last_attempt, self.broker);
        search.begin(attempt, step, now.saturating_add(limit));
        Some(match step {
            Step::Resolving => Task::Resolve { attempt, broker },
            Step::Dialing { address } => Task::Dial {
                attempt,
                broker,
                address,
            },
        })
    }

    /// Returns an attempt that the driver is to give up, if there is one.
    pub fn poll_cancelled(&mut self) -> Option<u32> {
        self.search.get_mut()?.poll_cancelled()
    }

    /// Returns when something is to be done although nothing happens.
    pub fn timeout(&self) -> Option<Duration> {
        self.search.get()?.timeout()
    }

    /// The broker has this number of addresses. Returns whether the attempt is known.
    pub fn on_resolved(&mut self, attempt: u32, addresses: u32, now: Duration) -> bool {
        let search = self.search.get_mut();
        search.is_some_and(|search| search.on_resolved(attempt, addresses, now))
    }

    /// Something answered an attempt.
    pub fn on_progress(&mut self, attempt: u32) {
        if let Some(search) = self.search.get_mut() {
            search.on_progress(attempt);
        }
    }

    /// An attempt has opened a connection. The others are given up, and their addresses are tried
    /// again if this one leads to nothing. Returns whether the attempt is known.
    pub fn on_opened(&mut self, attempt: u32) -> bool {
        let search = self.search.get_mut();
        search.is_some_and(|search| search.on_opened(attempt))
    }

    /// An attempt has failed. Returns whether the attempt is known.
    pub fn on_attempt_failed(&mut self, attempt: u32) -> bool {
        let search = self.search.get_mut();
        search.is_some_and(|search| search.remove(attempt))
    }

    /// Gives up an attempt that has taken too long. Returns whether there was one.
    pub fn expire(&mut self, now: Duration) -> bool {
        let search = self.search.get_mut();
        search.is_some_and(|search| search.expire(now))
    }

    /// Gives up all attempts.
    pub fn cancel(&mut self) {
        if let Some(search) = self.search.get_mut() {
            search.cancel();
        }
    }

    /// An attempt led to nothing: decides who has the next turn.
    pub fn after_failure(&mut self, reason: &DisconnectReason, options: &Options) -> Next {
        if self.server_reference().is_some() {
            let search = self.search.make();
            if search.is_under_way() {
                return Next::Attempt;
            }
            search.cancel();
            // Behind the last of them, the broker has its turn again, after a while.
            return match self.next_reference() {
                Some(true) => Next::Attempt,
                _ => Next::Over,
            };
        }
        let search = self.search.make();
        let is_final = (options.settings.is_final)(reason, self.was_connected);
        if is_final {
            search.on_refused(self.broker);
        }
        // Whatever the broker refuses at one address, it refuses at the others, unless it is only
        // not available there.
        let is_refused = match reason {
            DisconnectReason::Refused(code) => *code != ReturnCode::SERVER_UNAVAILABLE,
            DisconnectReason::RefusedWith(reason) => !matches!(
                reason.code(),
                ReasonCode::SERVER_UNAVAILABLE | ReasonCode::SERVER_BUSY
            ),
            _ => false,
        };
        if is_refused || is_final {
            search.cancel();
        }
        if search.is_under_way() {
            return Next::Attempt;
        }
        let Some((broker, waits)) = search.next_broker(self.broker, options.settings.brokers)
        else {
            return Next::Final;
        };
        self.broker = broker;
        if waits { Next::Over } else { Next::Attempt }
    }

    /// Returns the version of MQTT for the next connection.
    pub fn version(&self, options: &Options) -> Version {
        if self.server_reference().is_some() {
            return options.version;
        }
        let learned = self.learned.get();
        let known = learned.and_then(|learned| learned.versions.get(&self.broker));
        known.copied().unwrap_or(options.version)
    }

    /// A broker has chosen the client identifier.
    pub fn on_client_id_assigned(&mut self, client_id: &str) {
        self.learned.make().client_id = Some(client_id.into());
    }

    /// Returns the client identifier that a broker has chosen.
    pub fn assigned_client_id(&self) -> Option<&str> {
        self.learned.get()?.client_id.as_deref()
    }

    /// A broker did not accept a connection of this version. Returns whether it is to be tried at
    /// once with MQTT 3.1.1.
    pub fn falls_back(
        &mut self,
        reason: &DisconnectReason,
        version: Version,
        options: &Options,
    ) -> bool {
        let is_referred = self.server_reference().is_some();
        if !options.falls_back || options.version != Version::Mqtt5 || is_referred {
            return false;
        }
        let is_unsupported = match reason {
            DisconnectReason::RefusedWith(reason)
                if reason.code() == ReasonCode::UNSUPPORTED_PROTOCOL_VERSION =>
            {
                true
            }
            DisconnectReason::Refused(_) | DisconnectReason::RefusedWith(_) => return false,
            _ => false,
        };
        let versions = &mut self.learned.make().versions;
        if version == Version::Mqtt311 {
            versions.remove(&self.broker);
            return false;
        }
        // Some brokers answer any CONNECT with the CONNACK of MQTT 3.1.1, and Moquette refuses the
        // version with a CONNACK of MQTT 5 whose code is the one of MQTT 3.1.1.
        let may_be_older = matches!(
            reason,
            DisconnectReason::Fault(Fault::Malformed | Fault::Unexpected)
                | DisconnectReason::Transport(_)
                | DisconnectReason::Closed(_)
        );
        if !is_unsupported && !may_be_older {
            return false;
        }
        if !is_unsupported && versions.get(&self.broker) == Some(&Version::Mqtt5) {
            return false;
        }
        versions.insert(self.broker, Version::Mqtt311);
        self.search.make().cancel();
        true
    }

    /// The broker has accepted a connection of this version.
    pub fn on_connected(&mut self, version: Version, options: &Options) {
        self.was_connected = true;
        if options.falls_back && self.server_reference().is_none() {
            let versions = &mut self.learned.make().versions;
            versions.insert(self.broker, version);
        }
        if let Some(search) = self.search.get_mut() {
            search.on_connected();
        }
    }

    /// A connection that the broker had accepted is over.
    pub fn on_connection_ended(
        &mut self,
        reason: &DisconnectReason,
        lasted: Duration,
        has_gained: bool,
        options: &Options,
    ) {
        self.on_referred_connection_ended(has_gained);
        let is_same = self.last_end.as_deref() == Some(reason) && !has_gained;
        self.repeated = if is_same { self.repeated + 1 } else { 0 };
        self.last_end = Some(Box::new(reason.clone()));
        self.back_off
            .on_connection_ended(lasted, &options.settings.reconnect);
    }

    /// Returns how many connections in a row ended as the last one did.
    pub fn repeated(&self) -> u32 {
        self.repeated
    }

    /// Decides how long to wait now; `None`: there is to be no other attempt.
    pub fn wait(&mut self, options: &Options, random: u64) -> Option<Duration> {
        if let Some(search) = self.search.get_mut() {
            search.on_wait();
        }
        self.back_off.next(&options.settings.reconnect, random)
    }

    /// Gives memory back that nothing needs.
    pub fn shrink(&mut self) {
        self.search.shrink(|search| search.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_that_is_over_takes_no_memory() {
        let mut reconnect = Reconnect::default();
        let begun = reconnect.poll(Duration::MAX, Duration::ZERO);
        assert!(matches!(begun, Some(Task::Resolve { attempt: 1, .. })));
        reconnect.shrink();
        assert!(reconnect.on_attempt_failed(1));
        reconnect.shrink();
        assert!(reconnect.search.get().is_none());
    }
}
