//! From a received packet to the streams.
use super::*;
use crate::{DisconnectReason, Overflow, hash::hash};
use alloc::boxed::Box;
use bytes::{Bytes, BytesMut};
use motemq::{AckToken, PacketId, QoS};
use payload::Completed;

/// A message of which not everything has arrived.
#[derive(Clone, Hash, Debug)]
pub(super) enum Partial {
    /// It is put together in memory.
    Growing(Box<Growing>),
    /// Its payload is read while it arrives.
    Streamed(PayloadId),
    /// It is a repetition.
    Repetition,
    /// It is acknowledged and dropped.
    Discarded,
    /// It is too large to wait for a stream.
    Unclaimed { len: u64 },
}

/// A message that is put together in memory.
#[derive(Clone, Hash, Debug)]
pub(super) struct Growing {
    message: Message,
    payload: BytesMut,
    /// Its identifier, with QoS 2.
    id: Option<PacketId>,
    /// It arrives under an identifier that is not released.
    is_repeated: bool,
}

/// The effects of a received message besides its delivery.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Receipt {
    /// Nothing else.
    Done,
    /// It was dropped, with a payload of so many bytes.
    Skipped(u64),
    /// It arrived under an identifier that stood for another message.
    IdentifierReused(PacketId),
}

impl Inbox {
    /// A message arrives, with its token if it is whole.
    ///
    /// # Errors
    /// [`Overrun`](DisconnectReason::Overrun) if there is no room for it.
    #[inline]
    pub fn begin(
        &mut self,
        message: &motemq::Message<'_>,
        token: Option<AckToken>,
        protocol: &mut ProtocolState,
    ) -> Result<Receipt, DisconnectReason> {
        if self.is_leaving {
            self.partial = None;
            return Ok(Receipt::Done);
        }
        self.counters.received += 1;
        let qos = message.qos();
        let len = message.payload.len() as u64 + u64::from(message.remaining);
        let is_small = len <= self.limits.largest_message() as u64;
        if message.is_repeated() && !is_small && message.remaining > 0 {
            // It was too large to be remembered.
            self.partial = Some(Partial::Repetition);
            return Ok(Receipt::Done);
        }
        if message.remaining == 0 && self.is_known(message, protocol) {
            return Ok(self.repetition(token, protocol));
        }
        let backlog = self.backlog();
        let need = if is_small {
            len as usize
        } else {
            message.payload.len()
        };
        if backlog > 0 && backlog + need > self.limits.backlog {
            return self.overflow(qos, message.remaining == 0, token, protocol);
        }
        let (topic, targets) = self.routing.make().find(message.topic);
        let new = Message {
            topic,
            payload: Bytes::new(),
            len,
            qos,
            retain: message.retain(),
            dup: message.dup(),
            rest: None,
        };
        if message.remaining == 0 {
            let payload = Bytes::copy_from_slice(message.payload);
            let new = Message { payload, ..new };
            let receipt = match message.id() {
                Some(id) if qos == QoS::ExactlyOnce => {
                    self.on_new(id, message.is_repeated(), &new, protocol)
                }
                _ => Receipt::Done,
            };
            self.deliver(new, token, &targets, protocol);
            return Ok(receipt);
        }
        self.partial = Some(if is_small {
            Partial::Growing(Box::new(Growing {
                message: new,
                payload: message.payload.into(),
                id: message.id(),
                is_repeated: message.is_repeated(),
            }))
        } else if let Some(&stream) = targets.first().or(self.catch_all().first()) {
            self.last_payload = self.last_payload.wrapping_add(1);
            let name = self.stream_id(stream);
            let rest = self.payloads.make().begin(name, self.last_payload);
            let payload = Bytes::copy_from_slice(message.payload);
            let message = Message {
                payload,
                rest: Some(rest),
                ..new
            };
            self.push(stream, Waiting { message, ack: None });
            Partial::Streamed(rest)
        } else {
            Partial::Unclaimed { len }
        });
        Ok(Receipt::Done)
    }

    /// Returns whether a message that arrives whole is one that the application has processed, or
    /// will. Such a message needs no room.
    #[inline]
    fn is_known(&self, message: &motemq::Message<'_>, protocol: &mut ProtocolState) -> bool {
        let is_known = message.is_repeated()
            || (message.qos() == QoS::AtLeastOnce && protocol.has_processed_offline());
        is_known && Self::is_repetition(message, protocol)
    }

    #[cold]
    fn is_repetition(message: &motemq::Message<'_>, protocol: &mut ProtocolState) -> bool {
        let hash = hash(&[message.topic.as_str().as_bytes(), message.payload]);
        message.id().is_some_and(|id| match message.qos() {
            QoS::ExactlyOnce => protocol.is_repetition(id, Some(hash)),
            _ => protocol.take_processed_offline(id, message.dup(), hash),
        })
    }

    /// There is no room for a message.
    fn overflow(
        &mut self,
        qos: QoS,
        is_whole: bool,
        token: Option<AckToken>,
        protocol: &mut ProtocolState,
    ) -> Result<Receipt, DisconnectReason> {
        if qos != QoS::AtMostOnce {
            if self.limits.overflow == Overflow::Disconnect {
                let bytes = self.backlog();
                return Err(DisconnectReason::Overrun { bytes });
            }
            self.counters.discarded += 1;
        }
        self.counters.dropped += 1;
        if is_whole {
            ack(token, protocol);
        } else {
            self.partial = Some(Partial::Discarded);
        }
        Ok(Receipt::Done)
    }

    /// A message with QoS 2 arrived that is no repetition, though it may have the identifier of
    /// another one that is not released.
    fn on_new(
        &mut self,
        id: PacketId,
        is_repeated: bool,
        message: &Message,
        protocol: &mut ProtocolState,
    ) -> Receipt {
        protocol.on_message_received(id, message.hash());
        if is_repeated {
            self.counters.identifiers_reused += 1;
            return Receipt::IdentifierReused(id);
        }
        Receipt::Done
    }

    fn repetition(&mut self, token: Option<AckToken>, protocol: &mut ProtocolState) -> Receipt {
        self.counters.received -= 1;
        if let Some(token) = token {
            protocol.ack_repetition(token);
        }
        Receipt::Done
    }

    /// More of the payload arrives, with the token if it is the last piece.
    pub fn more(
        &mut self,
        data: &[u8],
        remaining: u32,
        token: Option<AckToken>,
        protocol: &mut ProtocolState,
    ) -> Receipt {
        match &mut self.partial {
            Some(Partial::Growing(growing)) => growing.payload.extend_from_slice(data),
            Some(Partial::Streamed(id)) => {
                let id = *id;
                let payloads = self.payloads.make();
                if self.is_leaving && payloads.is_full(id) {
                    // Answers are awaited behind it. It is left to the broker.
                    self.partial = None;
                    self.break_off(id);
                } else if let Some(stream) = payloads.push(id, data) {
                    self.delivered.push_back(stream);
                }
            }
            _ => {}
        }
        if remaining > 0 {
            return Receipt::Done;
        }
        match self.partial.take() {
            Some(Partial::Growing(growing)) => {
                let Growing {
                    message,
                    payload,
                    id,
                    is_repeated,
                } = *growing;
                let message = Message {
                    payload: payload.freeze(),
                    ..message
                };
                let mut receipt = Receipt::Done;
                if let Some(id) = id
                    && (message.qos == QoS::ExactlyOnce || protocol.has_processed_offline())
                {
                    let hash = message.hash();
                    let is_repetition = if message.qos == QoS::ExactlyOnce {
                        is_repeated && protocol.is_repetition(id, Some(hash))
                    } else {
                        protocol.take_processed_offline(id, message.dup, hash)
                    };
                    if is_repetition {
                        return self.repetition(token, protocol);
                    }
                    if message.qos == QoS::ExactlyOnce {
                        receipt = self.on_new(id, is_repeated, &message, protocol);
                    }
                }
                let targets = match TopicName::new(&message.topic) {
                    Ok(topic) => self.routing.make().find(topic).1,
                    Err(_) => routing::Targets::None,
                };
                self.deliver(message, token, &targets, protocol);
                return receipt;
            }
            Some(Partial::Streamed(id)) => return self.end_streamed(id, token, protocol),
            Some(Partial::Repetition) => return self.repetition(token, protocol),
            Some(Partial::Discarded) => ack(token, protocol),
            Some(Partial::Unclaimed { len }) => return self.skip(len, token, protocol),
            None => {}
        }
        Receipt::Done
    }

    fn end_streamed(
        &mut self,
        id: PayloadId,
        token: Option<AckToken>,
        protocol: &mut ProtocolState,
    ) -> Receipt {
        let deferred = self.unacknowledged.defer(token, 1);
        let (completed, stream) = self.payloads.make().end(id, true, deferred);
        if let Some(stream) = stream {
            self.delivered.push_back(stream);
        }
        if completed == Completed::Processed
            || (completed == Completed::NotTaken && self.discards_unclaimed)
        {
            self.unacknowledged.on_processed(deferred, protocol);
        }
        Receipt::Done
    }

    /// A message was too large to wait for a stream. It stays unacknowledged, unless it is not to
    /// wait at all.
    fn skip(&mut self, len: u64, token: Option<AckToken>, protocol: &mut ProtocolState) -> Receipt {
        self.counters.dropped += 1;
        if self.discards_unclaimed {
            self.counters.discarded += u64::from(token.is_some());
            ack(token, protocol);
        }
        Receipt::Skipped(len)
    }

    #[inline(always)]
    fn deliver(
        &mut self,
        message: Message,
        token: Option<AckToken>,
        targets: &[u32],
        protocol: &mut ProtocolState,
    ) {
        let is_routed = !targets.is_empty();
        let count = if is_routed {
            targets.len()
        } else {
            self.catch_all().len()
        };
        let ack = match count {
            0 => return self.deliver_unclaimed(message, token, protocol),
            count => self.unacknowledged.defer(token, count),
        };
        let streams = if is_routed { targets } else { self.catch_all() };
        let first = streams.first().copied();
        if count > 1 {
            let others = streams.get(1..).unwrap_or_default().to_vec();
            self.deliver_to_others(&others, &message, ack);
        }
        if let Some(stream) = first {
            self.push(stream, Waiting { message, ack });
        }
    }

    /// Returns the streams of what no other stream gets.
    #[inline]
    pub(super) fn catch_all(&self) -> &[u32] {
        self.routing.get().map_or(&[], Routing::catch_all)
    }

    #[cold]
    fn deliver_to_others(&mut self, streams: &[u32], message: &Message, ack: Option<AckKey>) {
        for &stream in streams {
            let message = message.clone();
            self.push(stream, Waiting { message, ack });
        }
    }

    #[cold]
    fn deliver_unclaimed(
        &mut self,
        message: Message,
        token: Option<AckToken>,
        protocol: &mut ProtocolState,
    ) {
        if message.qos == QoS::AtMostOnce || self.discards_unclaimed {
            self.counters.dropped += 1;
            self.counters.discarded += u64::from(token.is_some());
            ack(token, protocol);
        } else {
            let ack = self.unacknowledged.defer(token, 1);
            self.unclaimed.make().push(Waiting { message, ack });
        }
    }
}

/// Allows the acknowledgement of a message that is not delivered.
fn ack(token: Option<AckToken>, protocol: &mut ProtocolState) {
    if let Some(token) = token {
        protocol.ack(token);
    }
}
