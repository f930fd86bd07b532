//! Messages under way, kept until the broker has them, to be given again after a reconnection.
use heapless::{String, Vec};
use motemq::{PacketId, Publish, QoS};

/// One that was published.
pub struct Copy {
    id: PacketId,
    topic: String<48>,
    payload: Vec<u8, 96>,
    qos: QoS,
}

/// As many as the session has slots.
pub struct Copies(Vec<Copy, { super::client::SLOTS }>);

impl Copies {
    pub const fn new() -> Self {
        Copies(Vec::new())
    }

    /// Keeps one. What is too long for a copy is not kept, and will be abandoned.
    pub fn keep(&mut self, id: PacketId, message: &Publish<'_>) {
        if let (Ok(topic), Ok(payload)) =
            (message.topic().try_into(), Vec::from_slice(message.payload))
        {
            // There is a place for each identifier.
            let _ = self.0.push(Copy {
                id,
                topic,
                payload,
                qos: message.qos,
            });
        }
    }

    pub fn get(&self, id: PacketId) -> Option<Publish<'_>> {
        let copy = self.0.iter().find(|copy| copy.id == id)?;
        Some(
            Publish::to(&copy.topic)
                .payload(&copy.payload)
                .qos(copy.qos),
        )
    }

    /// Its identifier has ended, or only its payload is not needed any more.
    pub fn forget(&mut self, id: PacketId) {
        self.0.retain(|copy| copy.id != id);
    }
}
