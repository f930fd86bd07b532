//! Acknowledgements that the client sends: the session writes them, or holds them back for the
//! layer above.
use super::{Session, Slot};
use crate::{Out, PacketId, Protocol, profile::streams_out, wire};

/// The treatment of acknowledgements while packets are read.
pub(crate) enum Acks<'a, 'o> {
    /// The session writes it before it reads on.
    Write(&'a mut Out<'o>),
    /// The layer above takes it, and the session does not read on before that.
    Hold {
        /// True if no acknowledgement is pending in the layer and `tx` is empty, so that the broker
        /// waits for nothing.
        is_flushed: bool,
    },
}

impl Acks<'_, '_> {
    /// Returns whether the broker has seen all acknowledgements, or can see them now.
    #[inline(always)]
    pub fn is_flushed(&self) -> bool {
        match self {
            Acks::Write(out) => out.is_empty(),
            Acks::Hold { is_flushed } => *is_flushed,
        }
    }
}

impl<P: Protocol> Session<[Slot], P> {
    /// Writes the acknowledgement that is due, if one is due and the session writes them. Returns
    /// `false` if it is still due: nothing may be read then.
    #[inline(always)]
    pub(super) fn settle(&mut self, acks: &mut Acks<'_, '_>) -> bool {
        match acks {
            Acks::Write(out) => self.flush_ack(out),
            Acks::Hold { .. } => self.ack == 0,
        }
    }
}

/// The methods for the layer of manual acknowledgement.
impl<P: Protocol> Session<[Slot], P> {
    /// Returns whether an acknowledgement is due.
    pub(crate) fn is_ack_due(&self) -> bool {
        self.ack != 0
    }

    /// Takes the acknowledgement that is due. Returns its first byte and its identifier.
    pub(crate) fn take_due_ack(&mut self) -> Option<(u8, u16)> {
        match core::mem::take(&mut self.ack) {
            0 => None,
            first_byte => Some((first_byte, self.incoming.id())),
        }
    }

    /// Puts back an acknowledgement that was taken but could not be written.
    pub(crate) fn put_back_ack(&mut self, first_byte: u8) {
        self.ack = first_byte;
    }

    /// Writes an acknowledgement, with MQTT 5 with a reason code. Returns `false`, and writes
    /// nothing, if there is not enough room or a payload is being streamed.
    #[cfg_attr(feature = "fast", inline(always))]
    pub(crate) fn write_ack(
        &mut self,
        out: &mut Out<'_>,
        first_byte: u8,
        id: u16,
        code: u8,
    ) -> bool {
        let is_written = (!streams_out::<P>() || self.outgoing.is_idle())
            && wire::write_reply::<P>(out, first_byte, id, code);
        if is_written {
            self.connection.on_sent();
        }
        is_written
    }

    /// Takes received bytes that cannot be read yet for a sign of life.
    pub(crate) fn note_input(&mut self, length: usize) {
        self.connection.on_read_begin(length);
        self.connection.on_read_end(length);
    }

    /// Returns the number of bytes of the message that is being received that are still to come, or
    /// 0 if none is being received.
    pub(crate) fn incoming_length(&self) -> usize {
        self.incoming.length()
    }

    /// Returns whether a PUBLISH with this first byte repeats a QoS 2 message that was accepted and
    /// is not released.
    pub(crate) fn has_accepted(&mut self, id: u16, first_byte: u8) -> bool {
        let id = PacketId::new(id).filter(|_| first_byte & wire::QOS_2 != 0);
        id.and_then(|id| self.ring.is_accepted(id)).unwrap_or(false)
    }

    /// Returns whether another QoS 2 message can be accepted.
    pub(crate) fn can_accept(&self) -> bool {
        self.ring.can_accept_more_than(0)
    }

    /// Returns whether `n + 1` more QoS 2 messages can be accepted.
    pub(crate) fn can_accept_more_than(&self, n: usize) -> bool {
        self.ring.can_accept_more_than(n)
    }
}
