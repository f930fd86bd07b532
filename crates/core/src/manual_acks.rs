//! Manual acknowledgement, as a layer over [`Session`]. A program that does not use it does not pay
//! for it.
mod full;
#[cfg(feature = "fast")]
mod index;
#[cfg(not(feature = "fast"))]
mod queue;
#[cfg(feature = "fast")]
mod ring;
mod token;
mod v5;

use crate::{
    Event, Fault, Out, Output, PacketId, Protocol, SendError, Session, Slot,
    buffer::{Buffer, held},
    event::EventOf,
    profile::delivers_repeated,
    session::Acks,
    wire,
};
use core::ops::{Deref, DerefMut};
#[cfg(not(feature = "fast"))]
use queue::Pending;
#[cfg(feature = "fast")]
use ring::Pending;
pub use token::AckToken;

/// Memory for one pending acknowledgement of [`ManualAcks`]: four bytes, or twelve with the feature
/// `fast`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(C)]
pub struct PendingAck {
    /// The identifier of the message, or 0 if none is pending.
    id: u16,
    /// The first byte of the acknowledgement.
    first_byte: u8,
    /// [`NOT_ALLOWED`], [`ALLOWED`], or, with MQTT 5, the reason code with which the application
    /// has refused the message.
    answer: u8,
    #[cfg(feature = "fast")]
    index: index::Index,
}

/// The application has not allowed the acknowledgement.
const NOT_ALLOWED: u8 = 0;
/// The application has allowed the acknowledgement. The codes with which messages are refused are
/// 0x80 and above.
const ALLOWED: u8 = 1;

/// An event, and the token of the message that it completes.
type WithToken<'r, P> = (EventOf<'r, P>, Option<AckToken>);

impl PendingAck {
    /// A place without a pending acknowledgement.
    pub const NONE: PendingAck = PendingAck::new(0, 0, NOT_ALLOWED);

    #[inline(always)]
    const fn new(id: u16, first_byte: u8, answer: u8) -> Self {
        PendingAck {
            id,
            first_byte,
            answer,
            #[cfg(feature = "fast")]
            index: index::Index::NONE,
        }
    }

    /// Returns whether the application has allowed it, or refused the message.
    #[inline(always)]
    fn is_allowed(&self) -> bool {
        self.answer != NOT_ALLOWED
    }

    /// Returns whether the session still has to accept a QoS 2 message for it.
    fn is_unaccepted(&self) -> bool {
        // Both bytes at once take less code than one after the other.
        let unaccepted = [wire::PUBREC << 4, NOT_ALLOWED];
        u16::from_ne_bytes([self.first_byte, self.answer]) == u16::from_ne_bytes(unaccepted)
    }
}

/// Manual acknowledgement: a layer over a [`Session`] that sends the acknowledgement of a message
/// only after the application has called [`ack`](Self::ack).
///
/// The application can call `ack` in any order. The layer sends the acknowledgements in the order
/// in which the messages were received [MQTT-4.6.0-2] [MQTT-4.6.0-3].
///
/// Take events from [`next_event`](Self::next_event) of this layer instead of from the session, and
/// close the connection with [`disconnect`](Self::disconnect) of this layer. The layer reads no
/// further messages while it [is full](Self::is_full). If the session is resumed after its
/// connection was lost, the broker delivers messages again that were not acknowledged.
///
/// While the layer is full, it does not read what follows the next message either, such as the
/// acknowledgements of the program's own messages. A program that acknowledges a message only
/// when the broker has acknowledged a reply to it needs a place for each message that the broker
/// may have in flight. With fewer places it can wait forever.
///
/// Use the same layer as long as the session: it recognises tokens of earlier connections only if
/// it has received the events of these connections.
///
/// `ManualAcks<[PendingAck; N]>` takes 4 bytes, and one [`PendingAck`] for each of the `N` places;
/// with the feature `fast`, 12 bytes more.
///
/// # Examples
/// ```
/// # use motemq::*;
/// # let mut session = Session::<[Slot; 8]>::new();
/// # let (mut rx, mut tx) = (Buffer::<[u8; 64]>::new(), Buffer::<[u8; 64]>::new());
/// # session.connect(&Connect::new("a"), &mut rx, &mut tx)?;
/// # rx.space()[..13].copy_from_slice(b"\x20\x02\0\0\x32\x07\0\x01t\0\x05hi");
/// # rx.commit(13);
/// # tx.clear();
/// let mut acks = ManualAcks::<[PendingAck; 4]>::new();
/// let mut later = None;
/// while let Some((event, token)) = acks.next_event(&mut session, &mut rx, &mut tx)? {
///     later = later.or(token); // give it to the worker that deals with the message
/// }
/// assert!(tx.is_empty());
/// acks.ack(&mut session, later.unwrap())?; // the worker is done
/// acks.next_event(&mut session, &mut rx, &mut tx)?;
/// assert_eq!(tx.bytes(), b"\x40\x02\0\x05");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[repr(C)]
pub struct ManualAcks<Q: ?Sized = [PendingAck]> {
    /// The number of the connection, which wraps.
    connection: u16,
    /// True if the message that is being received was delivered on this connection before, and is
    /// not acknowledged yet.
    again: bool,
    pending: Pending<Q>,
}

impl<const N: usize> ManualAcks<[PendingAck; N]> {
    /// Makes a layer without pending acknowledgements. Up to `N`, which is at least 1, can be
    /// pending at the same time.
    pub const fn new() -> Self {
        const { assert!(N > 0, "a layer has at least one place") };
        ManualAcks {
            connection: 0,
            again: false,
            pending: Pending::new(),
        }
    }
}

impl<const N: usize> Default for ManualAcks<[PendingAck; N]> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Deref for ManualAcks<[PendingAck; N]> {
    type Target = ManualAcks;
    fn deref(&self) -> &ManualAcks {
        self
    }
}

impl<const N: usize> DerefMut for ManualAcks<[PendingAck; N]> {
    fn deref_mut(&mut self) -> &mut ManualAcks {
        self
    }
}

impl ManualAcks {
    /// Allows the acknowledgement of a message. [`next_event`](Self::next_event) writes it when all
    /// earlier ones are allowed, too.
    ///
    /// A QoS 2 message counts as accepted from now on: it is not delivered again, and a
    /// [snapshot](Session::save) that is taken after this call includes it.
    ///
    /// # Errors
    /// [`Invalid`](SendError::Invalid) if the acknowledgement is not pending: it was allowed
    /// before, or it belongs to an earlier connection, whose packet identifiers may belong to other
    /// messages now. The broker delivers such a message again. Tokens of a connection become
    /// invalid when the next one is [`Connected`](Event::Connected); until then a QoS 2 message can
    /// still be accepted.
    pub fn ack<P: Protocol>(
        &mut self,
        session: &mut Session<[Slot], P>,
        token: AckToken,
    ) -> Result<(), SendError> {
        if token.connection != self.connection {
            return Err(SendError::Invalid);
        }
        let first_byte = self
            .pending
            .set_allowed(token.id.get(), ALLOWED)
            .ok_or(SendError::Invalid)?;
        if first_byte == wire::PUBREC << 4 {
            session.accept(token.id);
        }
        Ok(())
    }

    /// Returns the next event, as [`Session::next_event`] does, but does not acknowledge messages
    /// by itself. With a message of QoS 1 or 2, or with its last piece, it also returns the token
    /// for [`ack`](Self::ack). While the layer [is full](Self::is_full), it returns `Ok(None)`.
    ///
    /// # Errors
    /// As [`Session::next_event`].
    pub fn next_event<'r, P: Protocol>(
        &mut self,
        session: &mut Session<[Slot], P>,
        rx: &'r mut Buffer,
        tx: &mut (impl Output + ?Sized),
    ) -> Result<Option<WithToken<'r, P>>, Fault> {
        let Buffer { start, end, mem } = rx;
        let mut input = held(mem, *start, *end);
        let event = self.receive(session, &mut input, mem.len(), tx);
        *start = end.wrapping_sub(input.len());
        event
    }

    /// The slice form of [`next_event`](Self::next_event): see [`Session::receive`].
    ///
    /// # Errors
    /// As [`Session::next_event`].
    pub fn receive<'i, P: Protocol>(
        &mut self,
        session: &mut Session<[Slot], P>,
        input: &mut &'i [u8],
        capacity: usize,
        tx: &mut (impl Output + ?Sized),
    ) -> Result<Option<WithToken<'i, P>>, Fault> {
        tx.lend(|out| {
            loop {
                self.flush(session, out);
                // What was read comes first: it may take the last place, which was free when
                // reading began.
                if !self.take_ack(session, out) {
                    session.note_input(input.len());
                    return Ok(None);
                }
                if session.is_open() && !self.has_place(session) {
                    // A PINGRESP that waits behind cannot be read, either: as long as there is
                    // something to read, the broker is not silent.
                    self.pause(session, input);
                    return Ok(None);
                }
                // What is pending still has to be sent, and may free a slot.
                let is_pending = !self.pending.is_empty();
                let is_flushed = !is_pending && out.is_empty();
                let event = if session.is_5() {
                    let event = session.read(input, capacity, Acks::Hold { is_flushed });
                    event.inspect_err(|_| session.write_held_reason(out))?
                } else {
                    session.read(input, capacity, Acks::Hold { is_flushed })?
                };
                let Some(event) = event else {
                    if session.is_ack_due() {
                        continue;
                    }
                    // Nothing is read while all slots are taken, either.
                    if is_pending && !session.can_accept() {
                        self.pause(session, input);
                    }
                    return Ok(None);
                };
                if let Some(delivered) = self.deliver(session, event) {
                    return Ok(Some(delivered));
                }
            }
        })
    }

    /// Returns the event with the token of the message that it completes. Returns `None` if it is a
    /// repetition that is not delivered.
    #[inline(always)]
    fn deliver<'i, P: Protocol>(
        &mut self,
        session: &mut Session<[Slot], P>,
        mut event: EventOf<'i, P>,
    ) -> Option<WithToken<'i, P>> {
        let Some(is_last) = self.examine::<P>(&mut event) else {
            return Some((event, None));
        };
        let mut token = None;
        if is_last
            && let Some((first_byte, id)) = session.take_due_ack()
            && !self.again
        {
            self.pending
                .push(PendingAck::new(id, first_byte, NOT_ALLOWED));
            let connection = self.connection;
            token = PacketId::new(id).map(|id| AckToken { id, connection });
        }
        (!self.again).then_some((event, token))
    }

    /// Updates the state after an event, and marks a repeated message that is to be delivered.
    /// Returns whether the event is the last piece of a message, or `None` if it is not about
    /// messages.
    #[inline(always)]
    fn examine<P: Protocol>(&mut self, event: &mut EventOf<'_, P>) -> Option<bool> {
        match event {
            Event::Connected { .. } => {
                // The broker sends the messages again whose acknowledgements were pending.
                self.pending.clear();
                self.connection = self.connection.wrapping_add(1);
                self.again = false;
                Some(false)
            }
            Event::Message(message) => {
                self.again = self.is_repeated(message.id, message.first_byte);
                let is_qos_2 = message.first_byte & wire::QOS_2 != 0;
                if delivers_repeated::<P>() && self.again && is_qos_2 && !self.pending.is_full() {
                    message.first_byte |= wire::REPEATED;
                    self.again = false;
                }
                Some(message.remaining == 0)
            }
            Event::Payload { remaining, .. } => Some(*remaining == 0),
            _ => None,
        }
    }

    /// Writes the acknowledgements that may be written, then ends the connection as
    /// [`Session::disconnect`] does.
    ///
    /// # Errors
    /// As [`Session::disconnect`]. Acknowledgements may have been written in that case, too.
    pub fn disconnect<P: Protocol>(
        &mut self,
        session: &mut Session<[Slot], P>,
        tx: &mut (impl Output + ?Sized),
    ) -> Result<(), SendError> {
        tx.lend(|out| {
            self.flush_all(session, out)?;
            session.disconnect(out)
        })
    }

    /// Writes the acknowledgements that may be written before DISCONNECT.
    #[inline(always)]
    fn flush_all<P: Protocol>(
        &mut self,
        session: &mut Session<[Slot], P>,
        out: &mut Out<'_>,
    ) -> Result<(), SendError> {
        if !self.take_ack(session, out) {
            return Err(if session.payload_remaining() == 0 {
                SendError::Full
            } else {
                SendError::Busy
            });
        }
        self.flush(session, out);
        if self.pending.allowed().is_some() {
            return Err(SendError::Full);
        }
        Ok(())
    }

    /// Takes over the state of a layer with as many places or fewer. A layer grows in this way, and
    /// its tokens stay valid.
    ///
    /// # Errors
    /// [`TooLong`](SendError::TooLong) if `smaller` has more places. Nothing is changed then.
    pub fn adopt(&mut self, smaller: &Self) -> Result<(), SendError> {
        self.pending
            .adopt(&smaller.pending)
            .ok_or(SendError::TooLong)?;
        self.connection = smaller.connection;
        self.again = smaller.again;
        Ok(())
    }

    /// Returns the number of acknowledgements that can be pending at the same time.
    pub fn places(&self) -> usize {
        self.pending.places()
    }

    /// Returns whether the layer can read no further message: either no place is free, or the
    /// session has too few free slots to accept another QoS 2 message besides the pending ones. A
    /// layer with more places, or a session with more slots, can then [adopt](Self::adopt) the
    /// state. If they have one for each packet identifier already,
    /// [`receive_when_full`](Self::receive_when_full) still reads other packets.
    pub fn is_full<P: Protocol>(&self, session: &Session<[Slot], P>) -> bool {
        !self.has_place(session)
    }

    #[cfg(feature = "defmt")]
    pub(crate) fn pending(&self) -> [&[PendingAck]; 2] {
        self.pending.parts()
    }

    /// Reports to the session that received bytes have to wait.
    fn pause<P: Protocol>(&self, session: &mut Session<[Slot], P>, input: &[u8]) {
        if !input.is_empty() {
            session.on_reading_paused();
        }
    }

    /// Writes the oldest acknowledgements that are allowed, up to the first one that is not.
    fn flush<P: Protocol>(&mut self, session: &mut Session<[Slot], P>, out: &mut Out<'_>) {
        while let Some(&ack) = self.pending.allowed() {
            let code = v5::code::<P>(ack.answer);
            if !session.is_open() || !session.write_ack(out, ack.first_byte, ack.id, code) {
                break;
            }
            self.pending.remove_first();
        }
    }

    /// Takes the acknowledgement that is due in the session and does not wait for the application.
    /// If it is for a message that was skipped or is repeated, it is queued behind the pending
    /// ones. If it is PUBREL or PUBCOMP, it is written. Returns `false` if there is no room for it.
    fn take_ack<P: Protocol>(
        &mut self,
        session: &mut Session<[Slot], P>,
        out: &mut Out<'_>,
    ) -> bool {
        let Some((first_byte, id)) = session.take_due_ack() else {
            return true;
        };
        if first_byte == wire::PUBACK << 4 || first_byte == wire::PUBREC << 4 {
            // A message that is pending is accepted when the application allows it.
            if first_byte == wire::PUBREC << 4
                && !self.is_repeated(id, wire::QOS_2)
                && let Some(id) = PacketId::new(id)
            {
                session.accept(id);
            }
            self.pending.push(PendingAck::new(id, first_byte, ALLOWED));
            self.flush(session, out);
        } else if !session.write_ack(out, first_byte, id, session.code()) {
            session.put_back_ack(first_byte);
            return false;
        } else if session.is_5() {
            session.set_code(0);
        }
        true
    }

    /// Returns whether a PUBLISH with this first byte repeats a message whose acknowledgement is
    /// pending. With QoS 1, a broker that sends a message again sets DUP [MQTT-3.3.1-1]. With QoS
    /// 2, the identifier decides [MQTT-4.3.3-2].
    #[cfg_attr(not(feature = "fast"), inline(never))]
    fn is_repeated(&self, id: u16, first_byte: u8) -> bool {
        first_byte & (wire::DUP | wire::QOS_2) != 0
            && self.pending.contains(id, wire::reply(first_byte))
    }

    /// Returns whether another acknowledgement can be pending, and its message be accepted with all
    /// the others.
    fn has_place<P: Protocol>(&self, session: &Session<[Slot], P>) -> bool {
        if self.pending.is_full() {
            return false;
        }
        // The session's slots, of which there may be many, are only searched if a message needs
        // one.
        let unaccepted = self.pending.unaccepted();
        unaccepted == 0 || session.can_accept_more_than(unaccepted)
    }
}
