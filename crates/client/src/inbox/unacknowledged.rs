//! Messages that were received and are not acknowledged yet.
use crate::{lazy::Lazy, protocol::ProtocolState, slab::Slab};
use alloc::collections::BTreeMap;
use motemq::AckToken;

/// The acknowledgement of a message, to be allowed with [`Client::ack`](crate::Client::ack) when
/// the message is processed. It belongs to the connection over which the message arrived; after
/// that it has no effect, and the broker sends the message again.
#[derive(PartialEq, Eq, Hash, Debug)]
pub struct AckId(pub(super) AckKey);

/// Names an acknowledgement.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct AckKey {
    key: u32,
    /// Tells acknowledgements with the same key apart.
    serial: u32,
}

#[derive(Clone, Hash, Debug)]
struct Pending {
    token: AckToken,
    serial: u32,
    /// The number of streams that have not processed the message.
    streams: u32,
    /// The application has taken the message from a stream, and did not ask to acknowledge it
    /// itself.
    is_taken: bool,
}

#[derive(Clone, Hash, Debug)]
pub(super) struct Unacknowledged {
    pending: Slab<Pending>,
    last_serial: u32,
    is_offline: bool,
    /// The hashes of messages with QoS 1 that were taken without a connection, by key.
    hashes: Lazy<BTreeMap<u32, u64>>,
}

impl Unacknowledged {
    pub fn new() -> Self {
        Unacknowledged {
            pending: Slab::new(),
            last_serial: 0,
            is_offline: true,
            hashes: Lazy::new(),
        }
    }

    /// A message arrived, and goes to so many streams.
    #[inline]
    pub fn defer(&mut self, token: Option<AckToken>, streams: usize) -> Option<AckKey> {
        let token = token?;
        self.last_serial = self.last_serial.wrapping_add(1);
        let serial = self.last_serial;
        let key = self.pending.insert(Pending {
            token,
            serial,
            streams: streams as u32,
            is_taken: false,
        });
        Some(AckKey { key, serial })
    }

    #[inline]
    fn find(&mut self, ack: AckKey) -> Option<&mut Pending> {
        self.pending
            .get_mut(ack.key)
            .filter(|pending| pending.serial == ack.serial)
    }

    /// One stream has processed the message. It is acknowledged when all of them have; without a
    /// connection at once, so that the message is not delivered again. Returns whether the
    /// acknowledgement was pending.
    #[inline]
    pub fn on_processed(&mut self, ack: Option<AckKey>, protocol: &mut ProtocolState) -> bool {
        let is_offline = self.is_offline;
        let Some(ack) = ack else { return false };
        let Some(pending) = self.find(ack) else {
            return false;
        };
        pending.streams = pending.streams.saturating_sub(1);
        pending.is_taken = true;
        if pending.streams == 0 || is_offline {
            let token = pending.token;
            self.pending.remove(ack.key);
            protocol.ack(token);
            if let Some(hash) = self
                .hashes
                .get_mut()
                .and_then(|hashes| hashes.remove(&ack.key))
            {
                protocol.on_processed_offline(token, hash);
            }
        }
        true
    }

    /// A message with QoS 1 and this content is taken without a connection, so that its
    /// acknowledgement cannot be sent. When it arrives again, it is one that was processed.
    #[cold]
    pub fn on_taken_offline(&mut self, ack: Option<AckKey>, hash: u64) {
        if let Some(ack) = ack.filter(|&ack| self.is_pending(Some(ack))) {
            self.hashes.make().insert(ack.key, hash);
        }
    }

    /// The application has taken the message from a stream, and will be done with it when it takes
    /// the next one.
    #[inline]
    pub fn on_taken(&mut self, ack: Option<AckKey>) {
        if let Some(pending) = ack.and_then(|ack| self.find(ack)) {
            pending.is_taken = true;
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
            true
        } else if pending.is_taken {
            self.on_processed(ack, protocol)
        } else {
            false
        }
    }

    /// Returns whether the acknowledgement is pending, so that the broker sends the message again
    /// if the session goes on over another connection.
    pub fn is_pending(&self, ack: Option<AckKey>) -> bool {
        ack.is_some_and(|ack| {
            let pending = self.pending.get(ack.key);
            pending.is_some_and(|pending| pending.serial == ack.serial)
        })
    }

    pub fn is_offline(&self) -> bool {
        self.is_offline
    }

    /// The connection is over: what the application has taken counts as processed.
    pub fn on_connection_lost(&mut self, protocol: &mut ProtocolState) {
        self.is_offline = true;
        let taken = self.pending.iter().filter(|(_, pending)| pending.is_taken);
        let taken: alloc::vec::Vec<_> = taken.map(|(key, pending)| (key, pending.token)).collect();
        for (key, token) in taken {
            self.pending.remove(key);
            protocol.ack(token);
        }
    }

    /// A connection begins: what is pending belongs to the last one.
    pub fn on_connected(&mut self) {
        self.pending = Slab::new();
        self.is_offline = false;
        self.hashes.clear();
    }

    /// Gives memory back that nothing needs.
    pub fn shrink(&mut self) {
        self.pending.shrink();
    }
}
