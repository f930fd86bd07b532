//! The ring of slots: packets on their way out, and QoS 2 messages on their way in.
//!
//! Every outgoing packet identifier belongs to one slot. The slot says which packet the broker
//! has to answer with, and that is the state of the identifier:
//!
//! | awaits | PUBACK | PUBREC | PUBCOMP | SUBACK | UNSUBACK | session resumed | session not resumed |
//! | --- | --- | --- | --- | --- | --- | --- | --- |
//! | nothing | nothing | stray, PUBREL | nothing | nothing | nothing | nothing | nothing |
//! | PUBACK | free, Acked | Unexpected | Unexpected | Unexpected | Unexpected | PUBACK, Resend | free, OutcomeUnknown |
//! | PUBREC | Unexpected | PUBCOMP, PUBREL, Received | Unexpected | Unexpected | Unexpected | PUBREC, Resend | free, OutcomeUnknown |
//! | PUBCOMP | Unexpected | PUBCOMP, PUBREL | free, Acked | Unexpected | Unexpected | PUBCOMP, PUBREL | free, OutcomeUnknown |
//! | stray | Unexpected | stray, PUBREL | free | Unexpected | Unexpected | stray, PUBREL | free |
//! | SUBACK | Unexpected | Unexpected | Unexpected | free, Subscribed | Unexpected | free, OutcomeUnknown | free, OutcomeUnknown |
//! | UNSUBACK | Unexpected | Unexpected | Unexpected | Unexpected | free, Acked | free, OutcomeUnknown | free, OutcomeUnknown |
//!
//! A cell names the next state if it changes or matters, the packet that is sent, and the event or
//! fault. `stray` awaits the PUBCOMP of an exchange that this session does not remember. A test
//! (`tests/slot_states.rs`) reads this table and plays every cell.
mod image;

use crate::{
    Fault, PacketId, Protocol, QoS,
    profile::{has_qos_2, is_acknowledged, receives_qos_2, resumes, subscribes},
    wire::{self, Ticket},
};

/// Memory for one packet in flight and one QoS 2 message that is being received; four bytes.
///
/// A session needs as many slots as packets are to be in flight at once, and as many as the broker
/// sends QoS 2 messages before it reads the first answer (20 for mosquitto), whichever is more.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(C)]
pub struct Slot {
    /// Identifier of a QoS 2 message that was accepted and that PUBREL has not released; 0: none.
    received: u16,
    /// Type of the packet that answers the packet in flight, or [`STRAY`]; 0: the slot is free.
    awaits: u8,
    /// Of a SUBSCRIBE: the number of its filters. Of a PUBLISH: what is left to do on this
    /// connection, one of [`TO_RESEND`], [`ASKED_FOR`] and 0.
    count: u8,
}

/// The slot awaits the PUBCOMP of an exchange that this session does not remember. Lies between
/// PUBCOMP and SUBACK, so that what is resumed and what is not are ranges.
const STRAY: u8 = 8;

/// The packet is to be sent again over this connection.
const TO_RESEND: u8 = 1;
/// The application was asked for the message.
const ASKED_FOR: u8 = 2;

impl Slot {
    /// Nothing in flight and nothing received.
    pub const FREE: Slot = Slot {
        received: 0,
        awaits: 0,
        count: 0,
    };
}

/// The slots, and where the next packet goes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[repr(C)]
pub(crate) struct Ring<S: ?Sized = [Slot]> {
    /// Index of the slot of the next outgoing packet. The slots behind it, round the ring, hold
    /// the packets in flight from the oldest to the newest.
    next: u16,
    /// The identifier of the slot at index i is i + 1 plus this.
    offset: u16,
    slots: S,
}

/// How an acknowledgement changed its slot.
pub enum Answered {
    /// Nothing was in flight under this identifier, or the application does not know it.
    Stray,
    /// PUBREL is due, for the first time if `is_first`.
    Release { is_first: bool },
    /// The identifier is free again.
    Ended,
}

/// What is to be sent again next.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Resend {
    /// PUBREL, by the session.
    Release,
    /// A message, which the application is asked for now.
    Ask(QoS),
    /// A message, which the application was asked for.
    Asked,
}

impl<const N: usize> Ring<[Slot; N]> {
    pub const fn new() -> Self {
        Ring {
            next: 0,
            offset: 0,
            slots: [Slot::FREE; N],
        }
    }
}

impl Ring {
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    #[cfg(feature = "defmt")]
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The identifier of the slot at `index`, if it has one.
    #[inline(always)]
    fn id_of<P: Protocol>(&self, index: u16) -> Option<PacketId> {
        let offset = if resumes::<P>() { self.offset } else { 0 };
        PacketId::new(index.wrapping_add(1).wrapping_add(offset))
    }

    /// The slot of an identifier, if there is one.
    #[inline(always)]
    fn slot_at<P: Protocol>(&mut self, id: u16) -> Option<&mut Slot> {
        if resumes::<P>() {
            self.slot_at_offset(id)
        } else {
            self.slots.get_mut(usize::from(id).wrapping_sub(1))
        }
    }

    // Its callers are so many that copies would be larger.
    #[cfg_attr(not(feature = "fast"), inline(never))]
    fn slot_at_offset(&mut self, id: u16) -> Option<&mut Slot> {
        let index = id.wrapping_sub(1).wrapping_sub(self.offset);
        self.slots.get_mut(usize::from(index))
    }

    /// The oldest slot that awaits a packet of type `least` or above and has a count of `count` or
    /// above.
    // Its callers are so many that copies would be larger. The thresholds are words, since bytes
    // would have to be masked.
    #[inline(never)]
    fn oldest<P: Protocol>(&self, least: u32, count: u32) -> Option<PacketId> {
        let mut index = usize::from(self.next);
        for _ in 0..self.slots.len() {
            if index == self.slots.len() {
                index = 0;
            }
            let slot = self.slots.get(index);
            if slot.is_some_and(|slot| {
                u32::from(slot.awaits) >= least && u32::from(slot.count) >= count
            }) {
                return self.id_of::<P>(index as u16);
            }
            index = index.wrapping_add(1);
        }
        None
    }

    pub fn oldest_in_flight<P: Protocol>(&self) -> Option<PacketId> {
        self.oldest::<P>(1, 0)
    }

    /// Something is still to be sent again over this connection.
    pub fn has_to_resend<P: Protocol>(&self) -> bool {
        self.oldest::<P>(1, TO_RESEND.into()).is_some()
    }

    /// The identifier of the next packet; `None` if that slot is taken [MQTT-2.3.1-2].
    #[inline(always)]
    pub fn next_id<P: Protocol>(&self) -> Option<PacketId> {
        let slot = self.slots.get(usize::from(self.next))?;
        if slot.awaits != 0 {
            return None;
        }
        self.id_of::<P>(self.next)
    }

    /// A packet was sent: a new one takes the next slot, one that is sent again keeps its own.
    #[inline(always)]
    pub fn occupy<P: Protocol>(&mut self, ticket: &Ticket) {
        let slot = if resumes::<P>() {
            self.slot_at::<P>(ticket.id)
        } else if ticket.awaits != 0 {
            self.slots.get_mut(usize::from(self.next))
        } else {
            None
        };
        if let Some(slot) = slot {
            let is_new = slot.awaits == 0;
            slot.awaits = ticket.awaits;
            if resumes::<P>() || subscribes::<P>() {
                slot.count = ticket.count;
            }
            if !resumes::<P>() || is_new {
                self.step_over_next();
            }
        }
    }

    /// A new PUBLISH was sent, which took the next slot.
    #[cfg(feature = "fast")]
    #[inline(always)]
    pub fn occupy_next(&mut self, awaits: u8) {
        if let Some(slot) = self.slots.get_mut(usize::from(self.next)) {
            slot.awaits = awaits;
            slot.count = 0;
        }
        self.step_over_next();
    }

    #[inline(always)]
    fn step_over_next(&mut self) {
        self.next = self.next.wrapping_add(1);
        if usize::from(self.next) == self.slots.len() {
            self.next = 0;
        }
    }

    /// The application was asked for the message with this identifier, and awaits this answer.
    #[inline(always)]
    pub fn is_asked_for<P: Protocol>(&mut self, id: PacketId, awaits: u8) -> bool {
        self.slot_at::<P>(id.get())
            .is_some_and(|slot| slot.awaits == awaits && slot.count == ASKED_FOR)
    }

    /// What the application was asked for and does not have ends: with QoS 1 at once. With QoS 2
    /// `release` sends PUBREL, and the identifier ends with PUBCOMP. `None`: it was not asked for,
    /// or has been answered meanwhile; `Some(false)`: PUBREL could not be sent.
    #[inline(always)]
    pub fn abandon<P: Protocol>(
        &mut self,
        id: PacketId,
        release: impl FnOnce() -> bool,
    ) -> Option<bool> {
        let slot = self.slot_at::<P>(id.get()).filter(|slot| {
            slot.count == ASKED_FOR && (slot.awaits == wire::PUBACK || slot.awaits == wire::PUBREC)
        })?;
        if slot.awaits == wire::PUBACK {
            slot.awaits = 0;
        } else if release() {
            slot.awaits = wire::PUBCOMP;
            slot.count = 0;
        } else {
            return Some(false);
        }
        Some(true)
    }

    /// Applies an acknowledgement to the slot of its identifier; `codes` is the number of return
    /// codes. See the table of states above.
    #[inline(always)]
    pub fn on_answer<P: Protocol>(
        &mut self,
        kind: u8,
        id: PacketId,
        codes: usize,
    ) -> Result<Answered, Fault> {
        let is_pubrec = has_qos_2::<P>() && kind == wire::PUBREC;
        let Some(slot) = self
            .slot_at::<P>(id.get())
            .filter(|slot| slot.awaits != 0 || (resumes::<P>() && is_pubrec))
        else {
            return Ok(if is_pubrec {
                Answered::Release { is_first: false }
            } else {
                Answered::Stray
            });
        };
        let awaits = slot.awaits;
        if is_pubrec {
            if awaits | 2 == wire::PUBCOMP {
                slot.awaits = wire::PUBCOMP;
            } else if resumes::<P>() && awaits & !STRAY == 0 {
                slot.awaits = STRAY;
            } else {
                return Err(Fault::Unexpected);
            }
            if resumes::<P>() {
                slot.count = 0;
            }
            return Ok(Answered::Release {
                is_first: awaits == wire::PUBREC,
            });
        }
        let is_stray = resumes::<P>() && awaits == STRAY;
        if kind != if is_stray { wire::PUBCOMP } else { awaits } {
            return Err(Fault::Unexpected);
        }
        if subscribes::<P>() && kind == wire::SUBACK && codes != usize::from(slot.count) {
            return Err(Fault::Malformed);
        }
        slot.awaits = 0;
        Ok(if is_stray {
            Answered::Stray
        } else {
            Answered::Ended
        })
    }

    /// Ends the oldest identifier that does not outlive the last connection, and returns it if the
    /// application knows it.
    #[inline(always)]
    pub fn end_oldest<P: Protocol>(&mut self, is_resumed: bool) -> Option<PacketId> {
        while let Some(id) = self.oldest::<P>(if is_resumed { wire::SUBACK.into() } else { 1 }, 0) {
            if let Some(slot) = self.slot_at::<P>(id.get())
                && core::mem::take(&mut slot.awaits) != STRAY
            {
                return Some(id);
            }
        }
        None
    }

    /// Identifiers begin at this offset, as far as there is room behind it.
    #[inline(always)]
    pub fn move_identifiers(&mut self, offset: u16) {
        self.offset = offset.min(self.largest_offset());
    }

    pub fn offset(&self) -> u16 {
        self.offset
    }

    /// With it, the identifier of the last slot is 65,535.
    #[inline(always)]
    fn largest_offset(&self) -> u16 {
        0xffff_u16.wrapping_sub(self.slots.len() as u16)
    }

    /// A connection begins. In a session that goes on, everything in flight is to be sent again; in
    /// a new one, nothing was received.
    #[inline(always)]
    pub fn begin<P: Protocol>(&mut self, is_resumed: bool) {
        for slot in &mut self.slots {
            if is_resumed {
                slot.count = TO_RESEND;
            } else if !resumes::<P>() && is_acknowledged::<P>() {
                *slot = Slot::FREE;
            } else if receives_qos_2::<P>() {
                slot.received = 0;
            }
        }
    }

    /// What is to be sent again next.
    #[inline(always)]
    pub fn next_to_resend<P: Protocol>(&mut self) -> Option<(PacketId, Resend)> {
        let id = self.oldest::<P>(1, TO_RESEND.into())?;
        let slot = self.slot_at::<P>(id.get())?;
        if slot.awaits >= wire::PUBCOMP {
            slot.count = 0;
            return Some((id, Resend::Release));
        }
        if slot.count == ASKED_FOR {
            return Some((id, Resend::Asked));
        }
        slot.count = ASKED_FOR;
        let qos = if slot.awaits == wire::PUBACK {
            QoS::AtLeastOnce
        } else {
            QoS::ExactlyOnce
        };
        Some((id, Resend::Ask(qos)))
    }

    /// The slot of the received QoS 2 message with this identifier, or one that is free for it.
    fn place_of(&mut self, id: u16) -> Option<&mut Slot> {
        let mut free = None;
        for slot in self.slots.iter_mut().rev() {
            if slot.received == id {
                return Some(slot);
            }
            if slot.received == 0 {
                free = Some(slot);
            }
        }
        free
    }

    /// Whether a QoS 2 message with this identifier was accepted and is not released yet. `None`:
    /// it was not, and no other can be accepted.
    #[inline(always)]
    pub fn is_accepted(&mut self, id: PacketId) -> Option<bool> {
        self.place_of(id.get()).map(|slot| slot.received != 0)
    }

    /// Another `n + 1` QoS 2 messages can be accepted.
    pub fn can_accept_more_than(&self, n: usize) -> bool {
        self.slots
            .iter()
            .filter(|slot| slot.received == 0)
            .nth(n)
            .is_some()
    }

    /// Identifiers of the QoS 2 messages that were accepted and not released.
    pub fn unreleased(&self) -> impl Iterator<Item = PacketId> + '_ {
        self.slots
            .iter()
            .filter_map(|slot| PacketId::new(slot.received))
    }

    /// Accepts a QoS 2 message: from here on it is not delivered again [MQTT-4.3.3-2].
    #[inline(always)]
    pub fn accept(&mut self, id: u16) {
        if let Some(slot) = self.place_of(id) {
            slot.received = id;
        }
    }

    /// The broker released a QoS 2 message, so that its identifier can stand for another one.
    #[inline(always)]
    pub fn release(&mut self, id: PacketId) {
        if let Some(slot) = self.place_of(id.get()) {
            slot.received = 0;
        }
    }

    /// Goes past the packet whose slot is next; `None` if that is another one.
    pub fn pass_over<P: Protocol>(&mut self, id: PacketId) -> Option<()> {
        let is_taken = self.slot_at::<P>(id.get())?.awaits != 0;
        if !is_taken || self.id_of::<P>(self.next) != Some(id) {
            return None;
        }
        self.step_over_next();
        Some(())
    }

    /// Takes over the slots of a smaller ring; `None`, and nothing done, if it is larger, or if its
    /// identifiers begin so late that there are not enough behind them.
    pub fn adopt(&mut self, smaller: &Ring) -> Option<()> {
        if smaller.offset > self.largest_offset() {
            return None;
        }
        let old = smaller.slots.len();
        let (taken, free) = self.slots.split_at_mut_checked(old)?;
        for (to, from) in taken.iter_mut().zip(&smaller.slots) {
            *to = *from;
        }
        free.fill(Slot::FREE);
        // Behind the last slot of the old ring are free ones now: a ring that stands at its
        // beginning goes there first, any other after what is older there.
        self.next = if smaller.next == 0 && !free.is_empty() {
            old as u16
        } else {
            smaller.next
        };
        self.offset = smaller.offset;
        Some(())
    }
}
