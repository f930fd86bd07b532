//! Shortcuts for hosts: what comes and goes most, as long as there is nothing special about it.
//!
//! Whatever a shortcut declines goes the general way, which would have come to the same result.
use crate::{
    Message, Out, PacketId, Profile, Publish, QoS, Session, Slot,
    session::link,
    topic::{self, Kind},
    wire,
};

impl<P: Profile> Session<[Slot], P> {
    /// The next event, if it is a message with QoS 0 or 1 that is all there. What is done when it
    /// declines is what the general way does first.
    #[inline(always)]
    pub(crate) fn message_at_once<'i>(
        &mut self,
        input: &mut &'i [u8],
        out: &mut Out<'_>,
    ) -> Option<Message<'i>> {
        if self.link & link::OPEN == 0
            || !self.settle(out)
            || self.link & link::RESUMING != 0
            || self.left != 0
            || self.gap != 0
        {
            return None;
        }
        let &head = input.first()?;
        if !P::RECEIVES
            || head & (0xf0 | wire::QOS_2) != wire::PUBLISH << 4
            || QoS::of_head(head) > P::QOS
        {
            return None;
        }
        let header = wire::fixed_header(input).ok()??;
        let (body, rest) = header.body.split_at_checked(header.length)?;
        let (topic, id, payload) = wire::publish(head, body)?;
        *input = rest;
        self.head = head;
        self.id = id;
        self.mute = false;
        self.reply = wire::reply(head);
        Some(Message {
            topic,
            payload,
            left: 0,
            id,
            head,
        })
    }

    /// Publishes a whole message, if nothing is in the way.
    #[inline(always)]
    pub(crate) fn publish_at_once(
        &mut self,
        publish: &Publish<'_>,
        out: &mut Out<'_>,
    ) -> Option<Option<PacketId>> {
        let name = publish.topic.as_bytes();
        if publish.qos > P::QOS {
            return None;
        }
        if self.link & link::OPEN == 0
            || self.unsent != 0
            || publish.more != 0
            || name.len() > 0xffff
            || !topic::is_valid::<P>(name, Kind::Name)
        {
            return None;
        }
        let qos = publish.qos as u8;
        let mut ticket = wire::Ticket {
            id: 0,
            awaits: 0,
            count: 0,
        };
        if publish.qos != QoS::AtMostOnce {
            ticket = wire::Ticket {
                id: self.next.wrapping_add(1),
                awaits: wire::PUBACK.wrapping_add(qos).wrapping_sub(1),
                count: 0,
            };
            if self.link & link::RESUMING != 0 || self.slot(ticket.id)?.awaits != 0 {
                return None;
            }
        }
        let head = wire::PUBLISH << 4 | qos << 1 | u8::from(publish.retain);
        let id = PacketId::new(ticket.id);
        self::publish(out, head, name, id, publish.payload)?;
        self.sent = true;
        self.remember(&ticket);
        Some(id)
    }
}

/// Appends a whole PUBLISH whose topic has been checked; `None`, and nothing appended, if there is
/// not the room that is always asked for, or if it is too long.
#[inline(always)]
pub(crate) fn publish(
    out: &mut Out<'_>,
    head: u8,
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
    if length >> 28 != 0 || room.len() < length.wrapping_add(wire::HEADER) {
        return None;
    }
    // Fixed header and length of the topic are written at once, with a byte or more that the topic
    // overwrites.
    let name_length = u64::from((topic.len() as u16).swap_bytes());
    let seven = |shift: u32| (length as u64) >> shift & 0x7f;
    let (lengths, at) = match length {
        0..=0x7f => (seven(0) | name_length << 8, 4usize),
        0x80..=0x3fff => (seven(0) | 0x80 | seven(7) << 8 | name_length << 16, 5),
        0x4000..=0x1f_ffff => (
            seven(0) | seven(7) << 8 | 0x8080 | seven(14) << 16 | name_length << 24,
            6,
        ),
        _ => (
            seven(0)
                | seven(7) << 8
                | seven(14) << 16
                | 0x80_8080
                | seven(21) << 24
                | name_length << 32,
            7,
        ),
    };
    *room.first_chunk_mut()? = (lengths << 8 | u64::from(head)).to_le_bytes();
    let (to, after) = room.get_mut(at..)?.split_at_mut_checked(topic.len())?;
    to.copy_from_slice(topic);
    let after = match id {
        Some(id) => {
            let (to, after) = after.split_first_chunk_mut()?;
            *to = id.get().to_be_bytes();
            after
        }
        None => after,
    };
    after.get_mut(..payload.len())?.copy_from_slice(payload);
    *out.end = out
        .end
        .wrapping_add(at)
        .wrapping_add(length)
        .wrapping_sub(2);
    Some(())
}
