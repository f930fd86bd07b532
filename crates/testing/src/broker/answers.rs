//! Answers that a test wants otherwise than usual.
use crate::codec::Sent;
use motemq::{Property, ReasonCode, packet::v5::Packet};
use std::sync::Arc;

/// How a request of a client of MQTT 5 is answered: the reason code of CONNACK, PUBACK, PUBREC,
/// PUBCOMP, SUBACK, UNSUBACK or DISCONNECT, and the reason string. With an error, nothing else
/// happens.
///
/// ```
/// use motemq::{ReasonCode, packet::v5::Packet};
/// use motemq_testing::broker::{Answer, Config};
/// let full = Config::new().answer(|client, packet| match packet {
///     Packet::Publish { .. } if client == "meter" => {
///         Some(Answer::new(ReasonCode::QUOTA_EXCEEDED).reason("the disk is full"))
///     }
///     _ => None,
/// });
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Answer {
    pub(super) code: ReasonCode,
    pub(super) reason: Option<String>,
    pub(super) disconnects: bool,
    /// Milliseconds.
    pub(super) delay: u64,
}

pub(super) type Hook = Arc<dyn Fn(&str, &Packet<'_>) -> Option<Answer> + Send + Sync>;

impl Answer {
    /// Answers with a reason code, which the standard has to allow in the acknowledgement.
    pub fn new(code: ReasonCode) -> Self {
        Answer {
            code,
            ..Answer::default()
        }
    }

    /// Sends DISCONNECT in place of the acknowledgement, and closes the connection.
    pub fn disconnect(code: ReasonCode) -> Self {
        Answer {
            disconnects: true,
            ..Answer::new(code)
        }
    }

    /// Holds PUBACK, PUBREC or PUBCOMP back for so many milliseconds. Those behind it wait, too, so
    /// that their order stays, and the message counts as in flight until then.
    pub fn after(mut self, milliseconds: u64) -> Self {
        self.delay = milliseconds;
        self
    }

    /// Sets the reason string. It is left out where the client does not accept it.
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Returns the properties of the acknowledgement.
    pub(super) fn properties(&self) -> Vec<Property<'_>> {
        let reason = self.reason.as_deref();
        let property = reason.map(|reason| Property::ReasonString(reason.into()));
        property.into_iter().collect()
    }
}

/// Returns the packet without properties.
pub(super) fn bare<'a>(packet: &Sent<'a>) -> Sent<'a> {
    let mut packet = *packet;
    match &mut packet {
        Sent::ConnAck { properties, .. }
        | Sent::PubAck { properties, .. }
        | Sent::PubRec { properties, .. }
        | Sent::PubRel { properties, .. }
        | Sent::PubComp { properties, .. }
        | Sent::SubAck { properties, .. }
        | Sent::UnsubAck { properties, .. }
        | Sent::Disconnect { properties, .. } => *properties = &[],
        _ => {}
    }
    packet
}
