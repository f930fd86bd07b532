//! Messages that arrive again.
use super::{Inbox, unacknowledged::Arrival};
use crate::protocol::ProtocolState;
use motemq::{AckToken, PacketId, QoS};

/// The parts of a packet by which a repetition is recognized.
#[derive(Clone, Copy, Hash, Debug)]
pub(super) struct Header {
    /// With QoS 1 and 2.
    pub id: Option<PacketId>,
    pub qos: QoS,
    pub is_dup: bool,
    /// It arrives under an identifier that is not released.
    pub is_repeated: bool,
}

impl Inbox {
    /// Returns whether a message may be one that the application has processed, or will.
    #[inline]
    pub(super) fn may_be_known(&self, header: Header, protocol: &ProtocolState) -> bool {
        let has_identifier =
            |id| self.unacknowledged.is_awaited(id) || protocol.was_processed_offline(id);
        header.is_repeated || header.id.is_some_and(has_identifier)
    }

    /// Returns whether a message with this content is one that the application has processed, or
    /// will. Such a message is acknowledged together with the one that it repeats. It is not
    /// delivered, and needs no room.
    #[cold]
    pub(super) fn is_known(
        &mut self,
        header: Header,
        hash: u64,
        token: AckToken,
        protocol: &mut ProtocolState,
    ) -> bool {
        let (qos, is_dup) = (header.qos, header.is_dup);
        let Some(id) = header.id else { return false };
        let arrival = self.unacknowledged.on_arrived(id, qos, is_dup, hash, token);
        let was_processed = match qos {
            QoS::ExactlyOnce => header.is_repeated && protocol.is_repetition(id, Some(hash)),
            _ => protocol.take_processed_offline(id, is_dup, hash),
        };
        let is_known = match arrival {
            Arrival::Awaited => true,
            Arrival::Other => false,
            Arrival::New => was_processed,
        };
        if is_known {
            self.counters.received -= 1;
        }
        match arrival {
            Arrival::Awaited if qos == QoS::ExactlyOnce => protocol.on_message_received(id, hash),
            Arrival::New if is_known => protocol.ack_repetition(token),
            _ => {}
        }
        is_known
    }
}
