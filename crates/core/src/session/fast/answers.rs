//! The shortcut for acknowledgements that say no more than success.
use super::super::{Session, Slot, ring::Answered};
use crate::{
    Event, PacketId, Protocol, ReasonCode,
    event::EventOf,
    profile::{has_qos_2, max_qos, receives_qos_2},
    wire,
};

impl<P: Protocol> Session<[Slot], P> {
    /// Handles a PUBACK, PUBREC, PUBREL or PUBCOMP that is complete, begins with `first_byte`, and
    /// has neither properties nor another reason code than 0. Returns `None` if there is no event,
    /// whether the packet has been taken off `input` or not.
    #[inline(always)]
    pub(super) fn answer_at_once<'i>(
        &mut self,
        first_byte: u8,
        input: &mut &'i [u8],
    ) -> Option<EventOf<'i, P>> {
        let kind = first_byte >> 4;
        let is_expected = match first_byte {
            wire::PUBREL_FIRST_BYTE => receives_qos_2::<P>(),
            _ if first_byte & 15 != 0 => false,
            _ if kind == wire::PUBACK => max_qos::<P>() > 0,
            _ => has_qos_2::<P>() && (kind == wire::PUBREC || kind == wire::PUBCOMP),
        };
        let ([_, length, id @ ..], rest) = input.split_first_chunk::<4>()?;
        let id = PacketId::new(u16::from_be_bytes(*id)).filter(|_| is_expected)?;
        let rest = match (length, rest) {
            (2, rest) => rest,
            // MQTT 5 can also say that there is neither.
            (3, [0, rest @ ..]) | (4, [0, 0, rest @ ..]) if self.is_5() => rest,
            _ => return None,
        };
        if let Some(terms) = self.terms()
            && input.len().wrapping_sub(rest.len()) > terms.longest_in() as usize
        {
            return None;
        }
        let mut event = None;
        if receives_qos_2::<P>() && kind == wire::PUBREL {
            if !self.ring.release(id) {
                self.set_code(ReasonCode::PACKET_IDENTIFIER_NOT_FOUND.0);
            }
            self.ack = wire::PUBCOMP << 4;
        } else {
            match self.ring.on_answer::<P>(kind, id, 0, false).ok()? {
                Answered::Stray => {}
                Answered::Release { is_first } => {
                    self.ack = wire::PUBREL_FIRST_BYTE;
                    event = is_first.then_some(Event::Received { id });
                }
                Answered::Ended => event = Some(Event::Acked { id }),
            }
        }
        *input = rest;
        self.incoming.set_first_byte(first_byte);
        if self.is_5() {
            self.incoming.end_packet::<P>(0);
        }
        if self.ack != 0 || self.is_5() {
            self.incoming.set_id(id);
        }
        event
    }
}
