//! Shortcuts of the feature `fast` for the most frequent cases: whole messages, acknowledgements that
//! say no more than success, and plain topic filters.
//!
//! A shortcut declines everything else with `None`. The general code then handles it, and would
//! have come to the same result in the cases of the shortcut.
mod answers;
pub(crate) mod v5;

use super::{Acks, Session, Slot, Terms};
use crate::{
    Event, Fault, Filter, Message, Out, PacketId, Protocol, Publish, QoS, SendProperties,
    event::EventOf,
    profile::{max_qos, subscribes},
    topic::{self, Kind, TopicName},
    wire,
};

impl<P: Protocol> Session<[Slot], P> {
    /// Returns the next event if it is a complete message with QoS 0 or 1, or a complete
    /// acknowledgement that says no more than success. If it returns `None`, it may have done the
    /// first steps of the general code, which then goes on.
    #[inline(always)]
    pub(super) fn event_at_once<'i>(
        &mut self,
        input: &mut &'i [u8],
        acks: &mut Acks<'_, '_>,
    ) -> Option<EventOf<'i, P>> {
        if !self.connection.is_open()
            || !self.settle(acks)
            || self.connection.is_resending()
            || !self.incoming.is_idle()
        {
            return None;
        }
        let &first_byte = input.first()?;
        if subscribes::<P>()
            && first_byte & (0xf0 | wire::QOS_2) == wire::PUBLISH << 4
            && QoS::of_first_byte(first_byte) as u8 <= max_qos::<P>()
        {
            return self.message_at_once(first_byte, input).map(Event::Message);
        }
        None
    }

    /// Reads up to the next event that is no message at once.
    // Apart, so that the frame that it needs costs nothing where a message is read.
    #[inline(never)]
    pub(super) fn answer_or_step<'i>(
        &mut self,
        input: &mut &'i [u8],
        capacity: usize,
        acks: &mut Acks<'_, '_>,
    ) -> Result<Option<EventOf<'i, P>>, Fault> {
        if self.connection.is_open()
            && self.settle(acks)
            && !self.connection.is_resending()
            && let Some(&first_byte) = input.first()
            && let Some(event) = self.answer_at_once(first_byte, input)
        {
            return Ok(Some(event));
        }
        self.step_on(input, capacity, acks)
    }

    /// Returns the message if it is complete. `first_byte` is that of a PUBLISH with QoS 0 or 1.
    #[inline(always)]
    fn message_at_once<'i>(
        &mut self,
        first_byte: u8,
        input: &mut &'i [u8],
    ) -> Option<Message<'i, P::Properties<'i>>> {
        let (length, body) = wire::variable(input.get(1..)?).ok()??;
        // DUP is not allowed with QoS 0 [MQTT-3.3.1-2].
        if first_byte & (wire::DUP | wire::QOS) == wire::DUP {
            return None;
        }
        let (body, rest) = body.split_at_checked(length)?;
        if self.is_5() {
            let length = input.len().wrapping_sub(rest.len());
            if length > self.terms().map_or(0, Terms::longest_in) as usize {
                return None;
            }
            let (topic, id, properties, payload) = v5::split_publish::<P>(first_byte, body)?;
            *input = rest;
            let properties = P::properties(properties);
            return Some(self.whole_message(first_byte, id, topic, payload, properties));
        }
        let (topic, id, payload) = wire::publish(first_byte, body)?;
        *input = rest;
        Some(self.whole_message(first_byte, id, topic, payload, Default::default()))
    }

    /// Notes a message that was received whole, and returns it.
    #[inline(always)]
    fn whole_message<'i>(
        &mut self,
        first_byte: u8,
        id: u16,
        topic: TopicName<'i>,
        payload: &'i [u8],
        properties: P::Properties<'i>,
    ) -> Message<'i, P::Properties<'i>> {
        self.incoming.set_whole(first_byte, id);
        self.ack = wire::reply(first_byte);
        Message {
            topic,
            payload,
            remaining: 0,
            properties,
            id,
            first_byte,
        }
    }

    /// Publishes a whole message on an open connection on which nothing is being streamed or
    /// resent.
    #[inline(always)]
    pub(super) fn publish_at_once<'p, T: SendProperties<'p, P>>(
        &mut self,
        publish: &Publish<'p, T>,
        out: &mut Out<'_>,
    ) -> Option<Option<PacketId>> {
        let qos = publish.qos as u8;
        let name = publish.topic.as_bytes();
        let list = publish.properties.list();
        if (self.is_older() && !list.is_empty())
            || qos > max_qos::<P>()
            || !self.connection.is_open()
            || !self.outgoing.is_idle()
            || publish.remaining != 0
            || name.len() > 0xffff
            || !(publish.is_checked.is_valid() || topic::is_valid::<P>(name, Kind::Name))
        {
            return None;
        }
        if publish.qos == QoS::AtMostOnce {
            self.append_publish(publish, None, out)?;
            return Some(None);
        }
        if self.connection.is_resending() {
            return None;
        }
        let id = Some(self.ring.next_id::<P>()?);
        self.append_publish(publish, id, out)?;
        self.ring
            .occupy_next(wire::PUBACK.wrapping_add(qos).wrapping_sub(1));
        Some(id)
    }

    /// Appends a whole message whose topic has been checked. Returns `None`, and appends nothing,
    /// if the general code has to handle it.
    // It is inlined once without an identifier and once with one, and neither copy tests for it.
    #[inline(always)]
    fn append_publish<'p, T: SendProperties<'p, P>>(
        &mut self,
        publish: &Publish<'p, T>,
        id: Option<PacketId>,
        out: &mut Out<'_>,
    ) -> Option<()> {
        let qos = publish.qos as u8;
        let first_byte = wire::PUBLISH << 4 | qos << 1 | u8::from(publish.retain);
        let name = publish.topic.as_bytes();
        if self.is_5() {
            let terms = self.terms()?;
            // A free slot is left, so the window matters only if it is smaller than the ring.
            let is_bounded = id.is_some() && terms.window() < self.ring.len();
            if !terms.allows_publish(qos, publish.retain)
                || (is_bounded && self.ring.in_flight() >= terms.window())
            {
                return None;
            }
            let limits = (v5::SPECIAL, terms.longest_out());
            let head = (first_byte, id);
            v5::publish::<P>(out, head, name, publish.properties, publish.payload, limits)?;
        } else {
            self::publish(out, first_byte, name, id, publish.payload)?;
        }
        self.connection.on_sent();
        Some(())
    }
}

/// Appends a whole PUBLISH whose topic has been checked. Returns `None`, and appends nothing, if
/// the packet is too long, or if `out` has less room than [`Draft`](wire::Draft) requires.
#[inline(always)]
pub(crate) fn publish(
    out: &mut Out<'_>,
    first_byte: u8,
    topic: &[u8],
    id: Option<PacketId>,
    payload: &[u8],
) -> Option<()> {
    let id_length = if id.is_some() { 2 } else { 0 };
    let length = topic
        .len()
        .wrapping_add(payload.len())
        .wrapping_add(id_length)
        .wrapping_add(2);
    let room = out.mem.get_mut(*out.end..)?;
    let (at, after) = begin_publish(room, first_byte, length, topic)?;
    let after = put_id(after, id)?;
    after.get_mut(..payload.len())?.copy_from_slice(payload);
    *out.end = out
        .end
        .wrapping_add(at)
        .wrapping_add(length)
        .wrapping_sub(2);
    Some(())
}

/// Writes the fixed header of a PUBLISH with this remaining length, and the topic. Returns the
/// position of the topic, and the room behind it. Returns `None` if the packet is too long, or if
/// there is less room than [`Draft`](wire::Draft) requires.
#[inline(always)]
fn begin_publish<'m>(
    room: &'m mut [u8],
    first_byte: u8,
    length: usize,
    topic: &[u8],
) -> Option<(usize, &'m mut [u8])> {
    if length >> 28 != 0 || room.len() < length.wrapping_add(wire::HEADER) {
        return None;
    }
    // The fixed header and the length of the topic are written as one word of eight bytes. The
    // topic then overwrites the last bytes of the word.
    let topic_length = u64::from((topic.len() as u16).swap_bytes());
    let seven_bits = |shift: u32| (length as u64) >> shift & 0x7f;
    let (lengths, at) = match length {
        0..=0x7f => (seven_bits(0) | topic_length << 8, 4usize),
        0x80..=0x3fff => (
            seven_bits(0) | 0x80 | seven_bits(7) << 8 | topic_length << 16,
            5,
        ),
        0x4000..=0x1f_ffff => (
            seven_bits(0) | seven_bits(7) << 8 | 0x8080 | seven_bits(14) << 16 | topic_length << 24,
            6,
        ),
        _ => (
            seven_bits(0)
                | seven_bits(7) << 8
                | seven_bits(14) << 16
                | 0x80_8080
                | seven_bits(21) << 24
                | topic_length << 32,
            7,
        ),
    };
    *room.first_chunk_mut()? = (lengths << 8 | u64::from(first_byte)).to_le_bytes();
    let (to, after) = room.get_mut(at..)?.split_at_mut_checked(topic.len())?;
    to.copy_from_slice(topic);
    Some((at, after))
}

/// Writes the packet identifier, if there is one. Returns the room behind it.
#[inline(always)]
fn put_id(room: &mut [u8], id: Option<PacketId>) -> Option<&mut [u8]> {
    let Some(id) = id else {
        return Some(room);
    };
    let (to, after) = room.split_first_chunk_mut()?;
    *to = id.get().to_be_bytes();
    Some(after)
}

/// Appends a SUBSCRIBE, or an UNSUBSCRIBE, which has no QoS, and checks each filter while it copies
/// it. Returns `None`, and appends nothing, if there is no filter, a filter is invalid or not
/// ASCII, the packet is longer than 16 KiB, or `out` has less room than [`Draft`](wire::Draft)
/// requires.
#[inline(never)]
pub(crate) fn filters<const WITH_QOS: bool>(
    kind: u8,
    id: PacketId,
    list: &[Filter<'_>],
    out: &mut Out<'_>,
) -> Option<()> {
    let first_byte = kind << 4 | wire::RESERVED;
    // Each filter has the length of its text before it, and the QoS behind it.
    let overhead = if WITH_QOS { 3 } else { 2 };
    let mut length = 2usize;
    for filter in list {
        length = length
            .wrapping_add(filter.filter.len())
            .wrapping_add(overhead);
        if length > 0x3fff {
            return None;
        }
    }
    let room = out.mem.get_mut(*out.end..)?;
    if list.is_empty() || room.len() < length.wrapping_add(wire::HEADER) {
        return None;
    }
    // The identifier overwrites the third byte if the remaining length takes only one byte.
    let (header, at) = if length < 0x80 {
        ([first_byte, length as u8, 0], 2)
    } else {
        ([first_byte, length as u8 | 0x80, (length >> 7) as u8], 3)
    };
    *room.first_chunk_mut()? = header;
    let (to_id, mut rest) = room.get_mut(at..)?.split_first_chunk_mut()?;
    *to_id = id.get().to_be_bytes();
    for filter in list {
        let text = filter.filter.as_bytes();
        let (field, after) = rest.split_at_mut_checked(text.len().wrapping_add(overhead))?;
        let (to_length, to) = field.split_first_chunk_mut()?;
        *to_length = (text.len() as u16).to_be_bytes();
        let to = if WITH_QOS {
            let (to_qos, to) = to.split_last_mut()?;
            *to_qos = filter.qos as u8;
            to
        } else {
            to
        };
        topic::copy_plain_filter(text, to)?;
        rest = after;
    }
    *out.end = out.end.wrapping_add(at).wrapping_add(length);
    Some(())
}
