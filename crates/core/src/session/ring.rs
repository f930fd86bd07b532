//! The ring of slots: the state of outgoing packets, and of QoS 2 messages that are being received.
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
//! The columns are the packets that arrive, and the two ways in which the next connection begins. A
//! cell names the new state (except where `nothing` stays as it is, or a fault ends the
//! connection), the packet that is sent, and the event or the fault. In the state `nothing` the
//! slot is free, and in the state `stray` it awaits the PUBCOMP of an exchange that this session
//! does not remember. A test (`tests/slot_states.rs`) reads this table and plays every cell.
mod image;
#[cfg(feature = "fast")]
mod many;
mod quota;
mod received;

use crate::{
    Fault, PacketId, Protocol, QoS,
    profile::{has_qos_2, is_acknowledged, receives_qos_2, resumes, subscribes},
    wire::{self, Ticket},
};

/// Memory for one packet in flight and one QoS 2 message that is being received; four bytes.
///
/// A session needs one slot for each packet that is to be in flight at the same time, and one for
/// each QoS 2 message that the broker sends before it reads the first answer (20 for mosquitto).
/// The same slots serve both purposes, so the larger of the two numbers is enough. A server of MQTT
/// 5 learns the number of slots from the [receive maximum](crate::Property::ReceiveMaximum).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(C)]
pub struct Slot {
    /// The identifier of a QoS 2 message that was accepted and that PUBREL has not released, or 0
    /// if there is none. In a large ring on a host, a part of a bitmap of all identifiers.
    received: u16,
    /// The type of the packet that answers the packet in flight, or [`STRAY`], or 0 if the slot is
    /// free.
    awaits: u8,
    /// For SUBSCRIBE and UNSUBSCRIBE, the number of filters. For all other packets [`TO_RESEND`],
    /// [`ASKED_FOR`], or 0 if the packet has been sent over this connection.
    count: u8,
}

/// The slot awaits the PUBCOMP of an exchange that this session does not remember. The number is
/// between those of PUBCOMP and SUBACK, so that states below SUBACK are resumed.
const STRAY: u8 = 8;

/// The packet is to be sent again over this connection.
const TO_RESEND: u8 = 1;
/// The application was asked for the message, so that it can be sent again.
const ASKED_FOR: u8 = 2;

impl Slot {
    /// A slot without a packet in flight and without a received message.
    pub const FREE: Slot = Slot {
        received: 0,
        awaits: 0,
        count: 0,
    };
}

/// The slots, and the position of the next packet.
#[derive(Clone, PartialEq, Eq, Hash)]
#[repr(C)]
pub(crate) struct Ring<S: ?Sized = [Slot]> {
    /// The index of the slot of the next outgoing packet. The slots behind it, round the ring, hold
    /// the packets in flight from the oldest to the newest.
    next: u16,
    /// The identifier of the slot at index `i` is `i + 1 + offset`.
    offset: u16,
    /// The number of slots for which [`Slot::is_in_flight`] returns `true`.
    #[cfg(feature = "fast")]
    in_flight: u16,
    slots: S,
}

/// The change that an acknowledgement made to its slot.
pub enum Answered {
    /// Nothing was in flight under this identifier, or the application does not know it.
    Stray,
    /// PUBREL is due.
    Release {
        /// True if this is the first PUBREC for the message.
        is_first: bool,
    },
    /// The identifier is free again.
    Ended,
}

/// A packet that is to be sent again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Resend {
    /// PUBREL, which the session writes by itself.
    Release,
    /// A message for which the application is asked now.
    Ask(QoS),
    /// A message for which the application was asked before.
    Asked,
}

impl<const N: usize> Ring<[Slot; N]> {
    /// Makes a ring of free slots.
    pub const fn new() -> Self {
        Ring {
            next: 0,
            offset: 0,
            #[cfg(feature = "fast")]
            in_flight: 0,
            slots: [Slot::FREE; N],
        }
    }
}

impl Ring {
    /// Returns the number of slots.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Returns the slots.
    #[cfg(feature = "defmt")]
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Returns the identifier of the slot at `index`.
    #[inline(always)]
    fn id_of<P: Protocol>(&self, index: u16) -> Option<PacketId> {
        let offset = if resumes::<P>() { self.offset } else { 0 };
        PacketId::new(index.wrapping_add(1).wrapping_add(offset))
    }

    /// Returns the slot of an identifier. Returns `None` if no slot has it.
    #[inline(always)]
    fn slot_at<P: Protocol>(&mut self, id: u16) -> Option<&mut Slot> {
        if resumes::<P>() {
            self.slot_at_offset(id)
        } else {
            self.slots.get_mut(usize::from(id).wrapping_sub(1))
        }
    }

    /// Returns the slot of an identifier that includes the offset.
    // Its callers are so many that copies would be larger.
    #[cfg_attr(not(feature = "fast"), inline(never))]
    fn slot_at_offset(&mut self, id: u16) -> Option<&mut Slot> {
        let index = id.wrapping_sub(1).wrapping_sub(self.offset);
        self.slots.get_mut(usize::from(index))
    }

    /// Returns the identifier of the oldest slot that awaits a packet of type `least` or above and
    /// has a count of `count` or above.
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

    /// Returns the identifier that has been in flight longest.
    pub fn oldest_in_flight<P: Protocol>(&self) -> Option<PacketId> {
        self.oldest::<P>(1, 0)
    }

    /// Returns whether a packet is still to be sent again over this connection.
    pub fn has_to_resend<P: Protocol>(&self) -> bool {
        self.oldest::<P>(1, TO_RESEND.into()).is_some()
    }

    /// Returns the identifier of the next packet. Returns `None` if the slot is in use
    /// [MQTT-2.3.1-2].
    #[inline(always)]
    pub fn next_id<P: Protocol>(&self) -> Option<PacketId> {
        let slot = self.slots.get(usize::from(self.next))?;
        if slot.awaits != 0 {
            return None;
        }
        self.id_of::<P>(self.next)
    }

    /// Notes a packet that was sent. A new packet takes the next slot; a packet that is sent again
    /// keeps its slot.
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
            #[cfg(feature = "fast")]
            let was_in_flight = slot.is_in_flight();
            slot.awaits = ticket.awaits;
            if resumes::<P>() || subscribes::<P>() {
                slot.count = ticket.count;
            }
            #[cfg(feature = "fast")]
            {
                let is_in_flight = slot.is_in_flight();
                self.note_change(was_in_flight, is_in_flight);
            }
            if !resumes::<P>() || is_new {
                self.step_over_next();
            }
        }
    }

    /// Notes a new PUBLISH that was sent, which takes the next slot.
    #[cfg(feature = "fast")]
    #[inline(always)]
    pub fn occupy_next(&mut self, awaits: u8) {
        if let Some(slot) = self.slots.get_mut(usize::from(self.next)) {
            slot.awaits = awaits;
            slot.count = 0;
            self.note_change(false, true);
        }
        self.step_over_next();
    }

    /// Moves on to the slot behind the next one.
    #[inline(always)]
    fn step_over_next(&mut self) {
        self.next = self.next.wrapping_add(1);
        if usize::from(self.next) == self.slots.len() {
            self.next = 0;
        }
    }

    /// Returns whether the application was asked for the message with this identifier, and the slot
    /// awaits a packet of type `awaits`.
    #[inline(always)]
    pub fn is_asked_for<P: Protocol>(&mut self, id: PacketId, awaits: u8) -> bool {
        self.slot_at::<P>(id.get())
            .is_some_and(|slot| slot.awaits == awaits && slot.count == ASKED_FOR)
    }

    /// Gives up a message for which the application was asked. With QoS 1 its identifier ends at
    /// once. With QoS 2 `release` writes PUBREL, and the identifier ends with PUBCOMP.
    ///
    /// Returns `None` if the application was not asked for the message, or the broker has answered
    /// it meanwhile, and `Some(false)` if `release` could not write. Nothing is changed then.
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
            #[cfg(feature = "fast")]
            self.note_change(false, true);
        } else {
            return Some(false);
        }
        Some(true)
    }

    /// Applies an acknowledgement with `codes` return codes to the slot of its identifier. See the
    /// table of states above. With MQTT 5, `is_refused` says whether its reason code is an error;
    /// then PUBREC ends the identifier [MQTT-4.3.3-4].
    ///
    /// # Errors
    /// `Unexpected` if the slot awaits a packet of another type; `Malformed` if a SUBACK has not
    /// one return code for each filter.
    #[inline(always)]
    pub fn on_answer<P: Protocol>(
        &mut self,
        kind: u8,
        id: PacketId,
        codes: usize,
        is_refused: bool,
    ) -> Result<Answered, Fault> {
        let is_pubrec = has_qos_2::<P>() && kind == wire::PUBREC && !is_refused;
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
        #[cfg(feature = "fast")]
        let was_in_flight = slot.is_in_flight();
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
            #[cfg(feature = "fast")]
            {
                let is_in_flight = slot.is_in_flight();
                self.note_change(was_in_flight, is_in_flight);
            }
            return Ok(Answered::Release {
                is_first: awaits == wire::PUBREC,
            });
        }
        let is_stray = resumes::<P>() && awaits == STRAY;
        if kind != if is_stray { wire::PUBCOMP } else { awaits } {
            return Err(Fault::Unexpected);
        }
        let has_codes = kind == wire::SUBACK || (P::HAS_5 && kind == wire::UNSUBACK);
        if subscribes::<P>() && has_codes && codes != usize::from(slot.count) {
            return Err(Fault::Malformed);
        }
        slot.awaits = 0;
        #[cfg(feature = "fast")]
        self.note_change(was_in_flight, false);
        Ok(if is_stray {
            Answered::Stray
        } else {
            Answered::Ended
        })
    }

    /// Ends identifiers that do not outlive the last connection, the oldest first, up to the first
    /// one that the application knows. Returns that one.
    #[inline(always)]
    pub fn end_oldest<P: Protocol>(&mut self, is_resumed: bool) -> Option<PacketId> {
        while let Some(id) = self.oldest::<P>(if is_resumed { wire::SUBACK.into() } else { 1 }, 0) {
            #[cfg(feature = "fast")]
            if self
                .slot_at::<P>(id.get())
                .is_some_and(|slot| slot.is_in_flight())
            {
                self.note_change(true, false);
            }
            if let Some(slot) = self.slot_at::<P>(id.get())
                && core::mem::take(&mut slot.awaits) != STRAY
            {
                return Some(id);
            }
        }
        None
    }

    /// Sets the offset of identifiers. It is lowered if it leaves too few identifiers for all
    /// slots.
    #[inline(always)]
    pub fn move_identifiers(&mut self, offset: u16) {
        self.offset = offset.min(self.largest_offset());
    }

    /// Returns the offset of identifiers.
    pub fn offset(&self) -> u16 {
        self.offset
    }

    /// Returns the offset with which the identifier of the last slot is 65,535.
    #[inline(always)]
    fn largest_offset(&self) -> u16 {
        0xffff_u16.wrapping_sub(self.slots.len() as u16)
    }

    /// Begins a connection. If the session is resumed, all packets in flight are to be sent again.
    /// If not, the identifiers of received QoS 2 messages are dropped; a profile without sessions
    /// that outlive a connection frees all slots.
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
        #[cfg(feature = "fast")]
        self.count_in_flight();
    }

    /// Returns the next packet that is to be sent again, and notes that it is dealt with. With MQTT
    /// 5, `window` messages can be in flight at once [MQTT-4.9.0-2].
    #[inline(always)]
    pub fn next_to_resend<P: Protocol>(&mut self, window: usize) -> Option<(PacketId, Resend)> {
        let id = self.oldest::<P>(1, TO_RESEND.into())?;
        let is_full = P::HAS_5 && self.in_flight() >= window;
        let slot = self.slot_at::<P>(id.get())?;
        if slot.awaits >= wire::PUBCOMP {
            slot.count = 0;
            #[cfg(feature = "fast")]
            {
                let is_in_flight = slot.is_in_flight();
                self.note_change(false, is_in_flight);
            }
            return Some((id, Resend::Release));
        }
        if slot.count == ASKED_FOR || is_full {
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

    /// Passes over the packet in the next slot. Returns `None`, and changes nothing, if `id` is not
    /// its identifier or the slot is free.
    pub fn pass_over<P: Protocol>(&mut self, id: PacketId) -> Option<()> {
        let is_taken = self.slot_at::<P>(id.get())?.awaits != 0;
        if !is_taken || self.id_of::<P>(self.next) != Some(id) {
            return None;
        }
        self.step_over_next();
        Some(())
    }

    /// Takes over the slots of a ring with as many slots or fewer. Returns `None`, and changes
    /// nothing, if it has more, or if its offset leaves too few identifiers for all slots.
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
        // The new slots lie behind the last slot of the smaller ring. If its first slot is next,
        // the next packet takes the first new slot. If not, they are reached after its last slot.
        self.next = if smaller.next == 0 && !free.is_empty() {
            old as u16
        } else {
            smaller.next
        };
        self.offset = smaller.offset;
        #[cfg(feature = "fast")]
        {
            self.in_flight = smaller.in_flight;
            self.adopt_received(smaller);
        }
        Some(())
    }
}
