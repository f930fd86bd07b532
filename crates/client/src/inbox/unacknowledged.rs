//! Messages that were received and are not acknowledged yet.
//!
//! They outlive the connection over which they arrived, as long as the session goes on. The broker
//! sends them again over the next connection, under the same identifiers. What arrives so, with the
//! same content, is the message that waits in a stream or that the application has in hand: only
//! its acknowledgement is taken over. What the broker does not send again belongs to no connection
//! any more; then only the streams that have a copy of it are counted.
use crate::{
    lazy::Lazy,
    protocol::{ProtocolState, identifier},
    slab::Slab,
};
use alloc::{collections::BTreeMap, vec::Vec};
use core::mem;
use motemq::{AckToken, PacketId, QoS};

/// Identifies the acknowledgement of a message. The application allows it with
/// [`Client::ack`](crate::Client::ack) when it has processed the message, or declines the message
/// with [`Client::decline`](crate::Client::decline).
///
/// An identifier stays valid when the connection is lost over which the message arrived: the broker
/// sends the message again over the next connection, and the client acknowledges the repetition. It
/// has no effect after the session has ended.
#[derive(PartialEq, Eq, Hash, Debug)]
#[must_use = "the message stays in hand until it is acknowledged or declined"]
pub struct AckId(pub(super) AckKey);

impl AckId {
    /// Returns the same acknowledgement of a clone of the client.
    pub(crate) fn in_clone(&self) -> Self {
        AckId(self.0)
    }
}

/// Names an acknowledgement.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct AckKey {
    key: u32,
    /// Tells acknowledgements with the same key apart.
    serial: u32,
}

#[derive(Clone, Hash, Debug)]
struct Pending {
    /// That of the last connection over which the message arrived; `None` if it belongs to no
    /// connection any more.
    token: Option<AckToken>,
    serial: u32,
    /// The number of streams that have not processed the message.
    streams: u32,
    qos: QoS,
    /// The hash of its content. It is known when it is needed: with QoS 2, when the message was
    /// taken, and when a connection has begun.
    hash: Option<u64>,
    /// A stream has processed the message.
    was_processed: bool,
    /// The application does not process the message, so it is to be delivered again.
    is_declined: bool,
    /// It has not arrived over this connection yet.
    is_awaited: bool,
}

/// The relation of a message that arrives to those that are awaited.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Arrival {
    /// None is awaited under its identifier.
    New,
    /// It is the one that is awaited.
    Awaited,
    /// The broker uses the identifier for another message.
    Other,
}

#[derive(Clone, Hash, Debug)]
pub(super) struct Unacknowledged {
    pending: Slab<Pending>,
    last_serial: u32,
    is_offline: bool,
    /// The keys of messages that have not arrived over this connection yet, by identifier and hash.
    awaited: Lazy<BTreeMap<(u16, u64), u32>>,
}

impl Unacknowledged {
    pub fn new() -> Self {
        Unacknowledged {
            pending: Slab::new(),
            last_serial: 0,
            is_offline: true,
            awaited: Lazy::new(),
        }
    }

    /// A message arrived, and goes to this number of streams.
    #[inline]
    pub fn defer(
        &mut self,
        token: Option<AckToken>,
        streams: usize,
        qos: QoS,
        hash: Option<u64>,
    ) -> Option<AckKey> {
        let token = token?;
        self.last_serial = self.last_serial.wrapping_add(1);
        let serial = self.last_serial;
        let key = self.pending.insert(Pending {
            token: Some(token),
            serial,
            streams: streams as u32,
            qos,
            hash,
            was_processed: false,
            is_declined: false,
            is_awaited: false,
        });
        Some(AckKey { key, serial })
    }

    #[inline]
    fn find(&mut self, ack: AckKey) -> Option<&mut Pending> {
        self.pending
            .get_mut(ack.key)
            .filter(|pending| pending.serial == ack.serial)
    }

    fn get(&self, ack: Option<AckKey>) -> Option<&Pending> {
        let ack = ack?;
        let pending = self.pending.get(ack.key);
        pending.filter(|pending| pending.serial == ack.serial)
    }

    /// One stream has processed the message. It is acknowledged when all of them have: now, or, if
    /// there is no connection or it has not arrived over this one, when the broker has sent it
    /// again. Returns whether the acknowledgement was pending.
    #[inline]
    pub fn on_processed(&mut self, ack: Option<AckKey>, protocol: &mut ProtocolState) -> bool {
        let Some(ack) = ack else { return false };
        let Some(pending) = self.find(ack) else {
            return false;
        };
        pending.streams = pending.streams.saturating_sub(1);
        pending.was_processed = true;
        let is_pending = pending.token.is_some();
        if pending.streams == 0 {
            if pending.is_awaited {
                self.on_awaited_processed(ack, protocol);
                return true;
            }
            let (token, hash, qos) = (pending.token, pending.hash, pending.qos);
            self.pending.remove(ack.key);
            let Some(token) = token else { return false };
            protocol.ack(token);
            if self.is_offline
                && qos == QoS::AtLeastOnce
                && let Some(hash) = hash
            {
                protocol.on_processed_offline(token, hash);
            }
        }
        is_pending
    }

    #[cold]
    fn on_awaited_processed(&mut self, ack: AckKey, protocol: &mut ProtocolState) {
        if let Some(Pending {
            token: Some(token),
            qos,
            hash: Some(hash),
            ..
        }) = self.remove_awaited(ack)
        {
            protocol.on_processed_before_repetition(token, qos, hash);
        }
    }

    /// Removes a message that has not arrived over this connection.
    fn remove_awaited(&mut self, ack: AckKey) -> Option<Pending> {
        let pending = self.pending.remove(ack.key)?;
        if let (Some(token), Some(hash), Some(awaited)) =
            (pending.token, pending.hash, self.awaited.get_mut())
        {
            awaited.remove(&(identifier(token), hash));
        }
        self.awaited.shrink(|awaited| awaited.is_empty());
        Some(pending)
    }

    /// Takes note of the content of a message, so that the message can be recognized.
    #[inline]
    pub fn set_hash(&mut self, ack: Option<AckKey>, hash: impl FnOnce() -> u64) {
        if let Some(pending) = ack.and_then(|ack| self.find(ack)) {
            pending.hash.get_or_insert_with(hash);
        }
    }

    /// The application does not process a message that it has taken. Returns whether it will arrive
    /// over this connection, so that nothing of it may stay.
    pub fn decline(&mut self, ack: AckKey) -> bool {
        let Some(pending) = self.find(ack) else {
            return false;
        };
        if pending.token.is_none() {
            // It does not arrive again.
            pending.streams = pending.streams.saturating_sub(1);
            if pending.streams == 0 {
                self.pending.remove(ack.key);
            }
            return false;
        }
        pending.is_declined = true;
        let is_awaited = pending.is_awaited;
        if is_awaited {
            self.remove_awaited(ack);
        }
        is_awaited
    }

    /// A message waits in `copies` streams. If no stream has taken it, and it arrives again if the
    /// session goes on, it is delivered then.
    pub fn decline_waiting(&mut self, ack: Option<AckKey>, copies: u32) {
        if let Some(pending) = ack.and_then(|ack| self.find(ack)) {
            let is_taken = pending.was_processed || pending.streams != copies;
            pending.is_declined |= pending.token.is_some() && !is_taken;
        }
    }

    /// A stream was closed before the message was taken from it. Returns whether that is all: other
    /// streams have had the message, or will have it.
    pub fn leave_to_others(&mut self, ack: Option<AckKey>, protocol: &mut ProtocolState) -> bool {
        let Some(pending) = ack.and_then(|ack| self.find(ack)) else {
            return false;
        };
        if pending.streams > 1 {
            pending.streams -= 1;
        } else if pending.was_processed {
            self.on_processed(ack, protocol);
        } else {
            return false;
        }
        true
    }

    /// Returns whether the acknowledgement is pending, so that the broker sends the message again
    /// if the session goes on over another connection.
    pub fn is_pending(&self, ack: Option<AckKey>) -> bool {
        self.get(ack).is_some_and(|pending| pending.token.is_some())
    }

    pub fn is_offline(&self) -> bool {
        self.is_offline
    }

    /// The connection is over.
    pub fn on_connection_lost(&mut self) {
        self.is_offline = true;
    }

    /// A connection of another session begins. Nothing that is pending arrives again, and what is
    /// in hand counts as processed. `waiting` has the acknowledgements of all messages that wait in
    /// streams, once for each of these streams. They are renamed, so that those in hand have no
    /// effect.
    pub fn on_session_ended<'w>(&mut self, waiting: impl Iterator<Item = &'w mut Option<AckKey>>) {
        self.is_offline = false;
        self.awaited.clear();
        let ended = mem::take(&mut self.pending);
        let mut renamed = BTreeMap::new();
        for waiting in waiting {
            let Some(old) = *waiting else { continue };
            let pending = ended.get(old.key);
            let Some(pending) = pending.filter(|pending| pending.serial == old.serial) else {
                *waiting = None;
                continue;
            };
            let name = renamed.entry(old.key).or_insert_with(|| {
                self.last_serial = self.last_serial.wrapping_add(1);
                let serial = self.last_serial;
                let key = self.pending.insert(Pending {
                    token: None,
                    serial,
                    streams: 0,
                    is_declined: false,
                    is_awaited: false,
                    ..pending.clone()
                });
                AckKey { key, serial }
            });
            *waiting = Some(*name);
            if let Some(new) = self.pending.get_mut(name.key) {
                new.streams += 1;
                let is_elsewhere = new.streams < pending.streams && !pending.is_declined;
                new.was_processed = pending.was_processed || is_elsewhere;
            }
        }
    }

    /// A connection begins over which the session goes on: the broker sends again what is pending.
    /// What cannot be recognized then is forgotten. Returns what was declined, and is to be
    /// delivered again.
    pub fn on_resumed(&mut self) -> Vec<AckKey> {
        let mut all_declined = Vec::new();
        self.is_offline = false;
        self.awaited.clear();
        let keys: Vec<_> = self.pending.iter().map(|(key, _)| key).collect();
        for key in keys {
            let Some(pending) = self.pending.get_mut(key) else {
                continue;
            };
            let Some(token) = pending.token else {
                continue;
            };
            if pending.is_declined {
                let serial = pending.serial;
                all_declined.push(AckKey { key, serial });
            }
            match pending.hash {
                Some(hash) if !pending.is_declined => {
                    pending.is_awaited = true;
                    let name = (identifier(token), hash);
                    if let Some(older) = self.awaited.make().insert(name, key) {
                        self.detach(older);
                    }
                }
                _ => drop(self.pending.remove(key)),
            }
        }
        all_declined
    }

    /// A message will not arrive again. It belongs to no connection any more.
    fn detach(&mut self, key: u32) {
        if let Some(pending) = self.pending.get_mut(key) {
            (pending.token, pending.is_awaited) = (None, false);
        }
    }

    /// Returns whether a message with this identifier has not arrived over this connection yet.
    #[inline]
    pub fn is_awaited(&self, id: PacketId) -> bool {
        let awaited = self.awaited.get();
        awaited.is_some_and(|awaited| awaited.range(names(id)).next().is_some())
    }

    /// A message with this content arrives. If it is one that is awaited, it is acknowledged with
    /// this token. If the broker uses the identifier of one for another message, the awaited one
    /// will not come, and belongs to no connection any more.
    ///
    /// With QoS 1, a broker that sends a message again sets DUP [MQTT-3.3.1-1], and one without it
    /// is another message. With QoS 2, the identifier decides [MQTT-4.3.3-2].
    #[cold]
    pub fn on_arrived(
        &mut self,
        id: PacketId,
        qos: QoS,
        is_dup: bool,
        hash: u64,
        token: AckToken,
    ) -> Arrival {
        let mut arrival = Arrival::New;
        while let Some((awaited, key)) = self.take_awaited(id) {
            let pending = self.pending.get_mut(key);
            match pending.filter(|pending| pending.qos == qos && awaited == hash) {
                Some(pending) if is_dup || qos == QoS::ExactlyOnce => {
                    (pending.token, pending.is_awaited) = (Some(token), false);
                    arrival = Arrival::Awaited;
                }
                _ => {
                    self.detach(key);
                    if arrival == Arrival::New {
                        arrival = Arrival::Other;
                    }
                }
            }
        }
        arrival
    }

    /// The broker uses an identifier for a message whose content is not compared.
    pub fn on_identifier_used(&mut self, id: PacketId) {
        while let Some((_, key)) = self.take_awaited(id) {
            self.detach(key);
        }
    }

    /// Returns the hash and the key of a message with this identifier, which is awaited no longer.
    fn take_awaited(&mut self, id: PacketId) -> Option<(u64, u32)> {
        let awaited = self.awaited.get_mut()?;
        let (&name, &key) = awaited.range(names(id)).next()?;
        awaited.remove(&name);
        self.awaited.shrink(|awaited| awaited.is_empty());
        Some((name.1, key))
    }

    /// Gives memory back that nothing needs.
    pub fn shrink(&mut self) {
        self.pending.shrink();
    }
}

/// Returns the names of all messages with this identifier.
fn names(id: PacketId) -> core::ops::RangeInclusive<(u16, u64)> {
    (id.get(), 0)..=(id.get(), u64::MAX)
}
