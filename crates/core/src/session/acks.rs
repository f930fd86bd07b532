//! Acknowledgements of received messages: written by the session, or held back for the layer above.
use super::{Session, Slot};
use crate::{Out, PacketId, Protocol, profile::streams_out, wire};

/// What becomes of the acknowledgement of a received message.
pub(crate) enum Acks<'a, 'o> {
    /// The session writes it before it reads on.
    Write(&'a mut Out<'o>),
    /// The layer above takes it, and the session does not read on until it has. Whether everything
    /// written so far was sent decides what may be expected of the broker.
    Hold { is_flushed: bool },
}

impl<P: Protocol> Session<[Slot], P> {
    /// Deals with the acknowledgement that is due, if one is. `false`: it is still due, and nothing
    /// may be read.
    #[inline(always)]
    pub(super) fn settle(&mut self, acks: &mut Acks<'_, '_>) -> bool {
        match acks {
            Acks::Write(out) => self.flush_ack(out),
            Acks::Hold { .. } => self.ack == 0,
        }
    }
}

/// What the layer of manual acknowledgement needs.
impl<P: Protocol> Session<[Slot], P> {
    /// An acknowledgement is due.
    pub(crate) fn is_ack_due(&self) -> bool {
        self.ack != 0
    }

    /// Takes the acknowledgement that is due: its first byte and its identifier.
    pub(crate) fn take_due_ack(&mut self) -> Option<(u8, u16)> {
        match core::mem::take(&mut self.ack) {
            0 => None,
            first_byte => Some((first_byte, self.incoming.id())),
        }
    }

    /// An acknowledgement that was taken could not be written, and is due again.
    pub(crate) fn put_back_ack(&mut self, first_byte: u8) {
        self.ack = first_byte;
    }

    /// Writes an acknowledgement, if there is room and no payload is being streamed.
    pub(crate) fn write_ack(&mut self, out: &mut Out<'_>, first_byte: u8, id: u16) -> bool {
        let is_written = (!streams_out::<P>() || self.outgoing.is_idle())
            && wire::write_short(out, first_byte, id);
        if is_written {
            self.connection.on_sent();
        }
        is_written
    }

    /// Nothing can be read yet; but what has arrived is a sign of life.
    pub(crate) fn note_input(&mut self, length: usize) {
        self.connection.on_read_begin(length);
        self.connection.on_read_end(length);
    }

    /// Accepts a QoS 2 message.
    pub(crate) fn accept(&mut self, id: PacketId) {
        self.ring.accept(id.get());
    }

    /// Another QoS 2 message can be accepted.
    pub(crate) fn can_accept(&self) -> bool {
        self.ring.can_accept_more_than(0)
    }

    /// Another `n + 1` QoS 2 messages can be accepted.
    pub(crate) fn can_accept_more_than(&self, n: usize) -> bool {
        self.ring.can_accept_more_than(n)
    }
}
