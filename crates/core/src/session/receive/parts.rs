//! The parts of reading: what each packet comes to.
//!
//! They are inlined into the one loop that reads. As functions of their own they would be larger,
//! since what they return has to be packed and unpacked.
use super::super::{
    Session, Slot, Terms,
    ring::{Answered, Resend},
};
use crate::{
    Event, Fault, Mqtt311, PacketId, Protocol, QoS, ReturnCode, SessionState,
    event::EventOf,
    profile::{
        authenticates, delivers_repeated, has_qos_2, max_qos, receives_qos_2, resumes, subscribes,
    },
    wire,
};

/// The beginning of a packet.
pub(super) struct Start<'i> {
    pub first_byte: u8,
    /// The two bytes behind the fixed header, with which all packets but PINGRESP go on: an
    /// identifier, the length of a topic, or what CONNACK says.
    pub first: u16,
    /// The remaining length without these two bytes.
    pub length: usize,
    /// The number of bytes that have to be there at once: of PUBLISH topic and identifier, else
    /// `length`.
    pub header: usize,
    /// The bytes behind the first two, as far as they are there.
    pub body: &'i [u8],
}

/// The packets that may arrive on an open connection, a bit for each type.
const fn expected<P: Protocol>() -> u16 {
    let mut all = 1 << wire::PINGRESP;
    if subscribes::<P>() {
        all |= 1 << wire::PUBLISH | 1 << wire::SUBACK | 1 << wire::UNSUBACK;
    }
    if max_qos::<P>() > 0 {
        all |= 1 << wire::PUBACK;
    }
    if has_qos_2::<P>() {
        all |= 1 << wire::PUBREC | 1 << wire::PUBCOMP;
    }
    if receives_qos_2::<P>() {
        all |= 1 << wire::PUBREL;
    }
    if P::HAS_5 {
        all |= 1 << wire::DISCONNECT;
    }
    all | auth::<P>()
}

/// The bit of AUTH, if the profile has it.
const fn auth<P: Protocol>() -> u16 {
    if authenticates::<P>() {
        1 << wire::AUTH
    } else {
        0
    }
}

/// Returns whether this is the first byte of a PUBLISH with a higher QoS than the profile has.
#[inline(always)]
pub(super) fn is_above_qos<P: Protocol>(first_byte: u8) -> bool {
    subscribes::<P>()
        && !has_qos_2::<P>()
        && first_byte >> 4 == wire::PUBLISH
        && QoS::of_first_byte(first_byte) as u8 > max_qos::<P>()
}

impl<P: Protocol> Session<[Slot], P> {
    /// CONNACK. First the identifiers that end here are reported, one by one. Only then is the
    /// packet taken off the input.
    #[inline(always)]
    pub(super) fn on_connack<'i>(
        &mut self,
        said: u16,
        input: &mut &'i [u8],
        after: &'i [u8],
    ) -> Result<EventOf<'i, P>, Fault> {
        let Ok((present, code)) = wire::connack(said) else {
            return Err(Fault::Malformed);
        };
        if code != 0 {
            return Err(Fault::Refused(ReturnCode(code)));
        }
        let client_hash = self.incoming.connecting_client_hash();
        if present && (!resumes::<P>() || client_hash == 0) {
            return Err(Fault::Unexpected);
        }
        let is_resumed = resumes::<P>() && present && client_hash == self.client_hash;
        if resumes::<P>() && !is_resumed {
            // The session that the slots belong to is gone, even if this connection ends before
            // everything is reported.
            self.client_hash = 0;
        }
        if resumes::<P>()
            && let Some(id) = self.ring.end_oldest::<P>(is_resumed)
        {
            return Ok(Event::OutcomeUnknown { id });
        }
        *input = after;
        let offset = if resumes::<P>() {
            self.outgoing.take_connecting_offset()
        } else {
            0
        };
        self.connection.open(is_resumed);
        let mut session = SessionState::New;
        if is_resumed {
            session = SessionState::Resumed;
        } else if resumes::<P>() && present {
            session = SessionState::Unrecognized;
            self.ring.move_identifiers(offset);
        }
        if resumes::<P>() {
            self.client_hash = client_hash;
        }
        self.ring.begin::<P>(is_resumed);
        Ok(Event::Connected {
            session,
            properties: P::Properties::default(),
        })
    }

    /// The payload of a message begins. `false`: it has to wait until the broker has seen what is
    /// in `tx`.
    #[inline(always)]
    pub(super) fn begin_message(
        &mut self,
        id: PacketId,
        payload: u32,
        is_flushed: impl FnOnce() -> bool,
    ) -> Result<bool, Fault> {
        let mut discard = false;
        if receives_qos_2::<P>() && self.incoming.first_byte() & wire::QOS_2 != 0 {
            let Some(is_accepted) = self.ring.is_accepted(id) else {
                // PUBREL may come when the broker has seen what waits in `tx`.
                return if is_flushed() {
                    Err(Fault::TooManyQos2)
                } else {
                    Ok(false)
                };
            };
            if is_accepted && delivers_repeated::<P>() {
                self.incoming.mark_repeated();
            } else {
                discard = is_accepted;
            }
        }
        self.incoming.begin_payload::<P>(id.get(), payload, discard);
        Ok(true)
    }

    /// Returns the types of packets that may arrive now, a bit for each.
    #[inline(always)]
    pub(super) fn expected(&self) -> u16 {
        match (self.connection.is_open(), self.is_older()) {
            (true, false) => const { expected::<P>() },
            (false, false) => const { 1 << wire::CONNACK | auth::<P>() },
            (true, true) => const { expected::<Mqtt311<P::Profile>>() },
            (false, true) => const { 1 << wire::CONNACK },
        }
    }

    /// Reads the fixed header and the two bytes behind it, and checks what they announce.
    #[inline(always)]
    pub(super) fn read_start<'i>(&self, input: &'i [u8]) -> Result<Option<Start<'i>>, Fault> {
        let header = match wire::fixed_header(input) {
            Ok(Some(header)) => header,
            Ok(None) => return Ok(None),
            Err(wire::Malformed) => return Err(Fault::Malformed),
        };
        let (first_byte, length, body) = (header.first_byte, header.length, header.body);
        let kind = first_byte >> 4;
        if self.expected() >> kind & 1 == 0 || is_above_qos::<P>(first_byte) {
            return Err(Fault::Unexpected);
        }
        if kind == wire::PINGRESP {
            if length != 0 {
                return Err(Fault::Malformed);
            }
            return Ok(Some(Start {
                first_byte,
                first: 0,
                length,
                header: 0,
                body,
            }));
        }
        let Some(length) = length.checked_sub(2) else {
            return Err(Fault::Malformed);
        };
        let Some((&first, body)) = body.split_first_chunk() else {
            return Ok(None);
        };
        let first = u16::from_be_bytes(first);
        let mut header = length;
        if subscribes::<P>() && kind == wire::PUBLISH {
            let id = if first_byte & wire::QOS != 0 { 2 } else { 0 };
            header = usize::from(first).wrapping_add(id);
            if header > length {
                return Err(Fault::Malformed);
            }
        } else if (subscribes::<P>() && kind == wire::SUBACK) == (length == 0) {
            return Err(Fault::Malformed);
        }
        Ok(Some(Start {
            first_byte,
            first,
            length,
            header,
            body,
        }))
    }

    /// PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK or UNSUBACK.
    #[inline(always)]
    pub(super) fn on_ack(
        &mut self,
        kind: u8,
        id: PacketId,
        codes: &[u8],
    ) -> Result<Answered, Fault> {
        if receives_qos_2::<P>() && kind == wire::PUBREL {
            self.ring.release(id);
            self.incoming.set_id(id);
            self.ack = wire::PUBCOMP << 4;
            return Ok(Answered::Stray);
        }
        if subscribes::<P>() && !wire::are_codes(codes) {
            return Err(Fault::Malformed);
        }
        let answered = self
            .ring
            .on_answer::<Mqtt311<P::Profile>>(kind, id, codes.len(), false);
        if let Ok(Answered::Release { .. }) = answered {
            self.incoming.set_id(id);
            self.ack = wire::PUBREL_FIRST_BYTE;
        }
        answered
    }

    /// Goes on with what is to be sent again: PUBREL by itself, a message by asking for it.
    #[inline(always)]
    pub(super) fn resend_remaining(&mut self) -> Option<(PacketId, Resend)> {
        let window = self.terms().map_or(usize::MAX, Terms::window);
        let next = self.ring.next_to_resend::<P>(window);
        match next {
            Some((id, Resend::Release)) => {
                self.incoming.set_id(id);
                self.ack = wire::PUBREL_FIRST_BYTE;
            }
            Some(_) => {}
            None => self.connection.end_resending(),
        }
        next
    }
}
