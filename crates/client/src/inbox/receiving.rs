//! From a received packet to the streams.
use super::*;
use crate::{MessageProperties, Overflow, hash::hash, payload_buf::memory};
use alloc::boxed::Box;
use bytes::Bytes;
use motemq::{AckToken, PacketId, Properties, QoS};
use partial::{Growing, Partial};
use payload::Completed;
use repetition::Header;

/// The effects of a received message besides its delivery.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Receipt {
    /// Nothing else.
    Done,
    /// It was dropped, with a payload of this length.
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
        message: &motemq::Message<'_, Properties<'_>>,
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
        let header = Header {
            id: message.id(),
            qos,
            is_dup: message.dup(),
            is_repeated: message.is_repeated(),
        };
        if let (QoS::ExactlyOnce, false, Some(id)) = (qos, header.is_repeated, header.id) {
            protocol.on_identifier_free(id);
        }
        let may_be_known = self.may_be_known(header, protocol);
        // What has a token is whole.
        if let (true, Some(token)) = (may_be_known, token) {
            let hash = hash(&[message.topic.as_str().as_bytes(), message.payload]);
            if self.is_known(header, hash, token, protocol) {
                return Ok(Receipt::Done);
            }
        }
        let need = if is_small {
            len as usize
        } else {
            message.payload.len()
        };
        // Whether a message that arrives in pieces is a repetition shows at its end.
        let is_compared_later = may_be_known && is_small && message.remaining > 0;
        if !is_compared_later && (self.skips(qos) || self.has_no_room(need)) {
            return self.overflow(qos, message.remaining == 0, token, protocol);
        }
        if let (false, Some(id)) = (is_small, header.id) {
            // Its content is not compared with that of an awaited one.
            self.unacknowledged.on_identifier_used(id);
        }
        let (topic, targets) = self.routing.make().find(message.topic);
        let new = Message {
            topic,
            payload: Bytes::new(),
            len,
            qos,
            retain: message.retain(),
            dup: message.dup(),
            packet_id: message.id(),
            properties: MessageProperties::received(message.properties),
            rest: None,
        };
        if message.remaining == 0 {
            let payload = Bytes::copy_from_slice(message.payload);
            let new = Message { payload, ..new };
            return Ok(self.deliver(new, header, token, &targets, protocol));
        }
        self.partial = Some(if is_small {
            let mut payload = memory(len as usize);
            payload.extend_from_slice(message.payload);
            Partial::Growing(Box::new(Growing {
                message: new,
                payload,
                header,
                is_lent: false,
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

    /// Returns whether a message is left to the broker because an earlier one was: it must not be
    /// delivered before that one.
    fn skips(&self, qos: QoS) -> bool {
        self.is_overrun && qos != QoS::AtMostOnce
    }

    /// Returns whether a message of `bytes` bytes is more than may wait.
    fn has_no_room(&self, bytes: usize) -> bool {
        let backlog = self.backlog();
        backlog > 0 && backlog + bytes > self.limits.backlog
    }

    /// There is no room for a message. The first one that is left to the broker is an error.
    fn overflow(
        &mut self,
        qos: QoS,
        is_whole: bool,
        token: Option<AckToken>,
        protocol: &mut ProtocolState,
    ) -> Result<Receipt, DisconnectReason> {
        if qos != QoS::AtMostOnce {
            if self.limits.overflow == Overflow::Disconnect {
                self.counters.received -= 1;
                if mem::replace(&mut self.is_overrun, true) {
                    return Ok(Receipt::Done);
                }
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

    /// More of the payload arrives, with the token if it is the last piece.
    ///
    /// # Errors
    /// [`Overrun`](DisconnectReason::Overrun) if there is no room for it.
    pub fn more(
        &mut self,
        data: &[u8],
        remaining: u32,
        token: Option<AckToken>,
        protocol: &mut ProtocolState,
    ) -> Result<Receipt, DisconnectReason> {
        match &mut self.partial {
            // There is no data if the driver has read it into memory that it was lent.
            Some(Partial::Growing(growing)) => growing.payload.extend_from_slice(data),
            Some(Partial::Streamed(id)) => {
                let id = *id;
                let payloads = self.payloads.make();
                if (self.is_leaving || self.is_overrun) && payloads.is_full(id) {
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
            return Ok(Receipt::Done);
        }
        match self.partial.take() {
            Some(Partial::Growing(growing)) => {
                let Growing {
                    message,
                    payload,
                    header,
                    ..
                } = *growing;
                let message = Message {
                    payload: payload.into(),
                    ..message
                };
                // The application may have processed the message that it repeats meanwhile.
                let is_accepted = header.id.is_some_and(|id| protocol.has_content(id));
                let header = Header {
                    is_repeated: header.is_repeated
                        || (is_accepted && header.qos == QoS::ExactlyOnce),
                    ..header
                };
                if let (true, Some(token)) = (self.may_be_known(header, protocol), token)
                    && self.is_known(header, message.hash(), token, protocol)
                {
                    return Ok(Receipt::Done);
                }
                if self.skips(message.qos) || self.has_no_room(message.payload.len()) {
                    return self.overflow(message.qos, true, token, protocol);
                }
                let targets = match TopicName::new(&message.topic) {
                    Ok(topic) => self.routing.make().find(topic).1,
                    Err(_) => routing::Targets::None,
                };
                return Ok(self.deliver(message, header, token, &targets, protocol));
            }
            Some(Partial::Streamed(id)) => self.end_streamed(id, token, protocol),
            Some(Partial::Repetition) => {
                self.counters.received -= 1;
                if let Some(token) = token {
                    protocol.ack_repetition(token);
                }
            }
            Some(Partial::Discarded) => ack(token, protocol),
            Some(Partial::Unclaimed { len }) => return Ok(self.skip(len, token, protocol)),
            // It is left to the broker.
            None => {}
        }
        Ok(Receipt::Done)
    }

    fn end_streamed(
        &mut self,
        id: PayloadId,
        token: Option<AckToken>,
        protocol: &mut ProtocolState,
    ) {
        // Its content is not known any more.
        let deferred = self.unacknowledged.defer(token, 1, QoS::AtLeastOnce, None);
        let (completed, stream) = self.payloads.make().end(id, true, deferred);
        if let Some(stream) = stream {
            self.delivered.push_back(stream);
        }
        match completed {
            Completed::Kept => {}
            Completed::Processed => {
                self.unacknowledged.on_processed(deferred, protocol);
            }
            Completed::NotTaken => self.discard_payload_not_taken(deferred, protocol),
        }
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

    /// Delivers a message that is no repetition, though it may have the identifier of another one
    /// that is not released.
    #[inline(always)]
    fn deliver(
        &mut self,
        message: Message,
        header: Header,
        token: Option<AckToken>,
        targets: &[u32],
        protocol: &mut ProtocolState,
    ) -> Receipt {
        let mut receipt = Receipt::Done;
        let mut hash = None;
        if let (Some(id), QoS::ExactlyOnce) = (header.id, header.qos) {
            let new = message.hash();
            hash = Some(new);
            protocol.on_message_received(id, new);
            if header.is_repeated {
                self.counters.identifiers_reused += 1;
                receipt = Receipt::IdentifierReused(id);
            }
        }
        let streams = if targets.is_empty() {
            self.catch_all()
        } else {
            targets
        };
        let count = streams.len();
        let Some((&first, others)) = streams.split_first() else {
            self.deliver_unclaimed(message, hash, token, protocol);
            return receipt;
        };
        // Mostly there is none, which takes no memory.
        let others = others.to_vec();
        let ack = self.unacknowledged.defer(token, count, header.qos, hash);
        if !others.is_empty() {
            self.deliver_to_others(&others, &message, ack);
        }
        self.push(first, Waiting { message, ack });
        receipt
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
        hash: Option<u64>,
        token: Option<AckToken>,
        protocol: &mut ProtocolState,
    ) {
        if message.qos == QoS::AtMostOnce || self.discards_unclaimed {
            self.counters.dropped += 1;
            self.counters.discarded += u64::from(token.is_some());
            ack(token, protocol);
        } else {
            let ack = self.unacknowledged.defer(token, 1, message.qos, hash);
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
