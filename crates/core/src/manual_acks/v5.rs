//! The reason codes that MQTT 5 adds to manual acknowledgement.
use super::{ALLOWED, ManualAcks};
use crate::{
    AckToken, HasMqtt5, Output, Property, Protocol, ReasonCode, SendError, Session, Slot,
    profile::require_reasons, reason::is_allowed_in, wire,
};

/// Returns the reason code of an acknowledgement that the application has answered in this way.
#[inline(always)]
pub(super) fn code<P: Protocol>(answer: u8) -> u8 {
    if !P::HAS_5 || answer == ALLOWED {
        0
    } else {
        answer
    }
}

impl ManualAcks {
    /// Refuses a message: its acknowledgement has this reason code, and is sent in the order of the
    /// messages, as with [`ack`](Self::ack). A QoS 2 message that is refused takes no slot of the
    /// session.
    ///
    /// # Errors
    /// [`Invalid`](SendError::Invalid) for a code that is not an error or that the acknowledgement
    /// cannot have, or if the acknowledgement is not pending: see [`ack`](Self::ack);
    /// [`Unsupported`](SendError::Unsupported) if [`Either`](crate::Either) uses MQTT 3.1.1.
    pub fn refuse<P: HasMqtt5>(
        &mut self,
        session: &mut Session<[Slot], P>,
        token: AckToken,
        code: ReasonCode,
    ) -> Result<(), SendError> {
        const { require_reasons::<P>() };
        if !session.is_5() {
            return Err(SendError::Unsupported);
        }
        let is_allowed = code.is_error() && is_allowed_in(wire::PUBACK, code.0);
        if token.connection != self.connection || !is_allowed {
            return Err(SendError::Invalid);
        }
        self.pending
            .set_allowed(token.id.get(), code.0)
            .ok_or(SendError::Invalid)?;
        Ok(())
    }

    /// Writes the acknowledgements that may be written, then ends the connection as
    /// [`Session::disconnect_with`] does.
    ///
    /// # Errors
    /// As [`Session::disconnect_with`]. Acknowledgements may have been written in that case, too.
    pub fn disconnect_with<P: HasMqtt5>(
        &mut self,
        session: &mut Session<[Slot], P>,
        code: ReasonCode,
        properties: &[Property<'_>],
        tx: &mut (impl Output + ?Sized),
    ) -> Result<(), SendError> {
        tx.lend(|out| {
            self.flush_all(session, out)?;
            session.disconnect_with(code, properties, out)
        })
    }
}
