//! What the model has to know of a version of MQTT.
use motemq::{
    Buffer, Mqtt5, Mqtt311, PacketId, Property, Protocol, Publish, SendError, Session, Slot,
};

/// A version of MQTT that a session of the model speaks.
pub trait Version: Protocol + Send + Sync {
    /// Publishes a message, or sends it `again`; with its topic, or with an alias for it, or both.
    fn publish(
        session: &mut Session<[Slot], Self>,
        again: Option<PacketId>,
        message: &Publish<'_>,
        alias: Option<u16>,
        tx: &mut Buffer,
    ) -> Result<Option<PacketId>, SendError>;
}

impl Version for Mqtt311 {
    fn publish(
        session: &mut Session<[Slot], Self>,
        again: Option<PacketId>,
        message: &Publish<'_>,
        _: Option<u16>,
        tx: &mut Buffer,
    ) -> Result<Option<PacketId>, SendError> {
        match again {
            Some(id) => session.republish(id, message, tx).map(|()| again),
            None => session.publish(message, tx),
        }
    }
}

impl Version for Mqtt5 {
    fn publish(
        session: &mut Session<[Slot], Self>,
        again: Option<PacketId>,
        message: &Publish<'_>,
        alias: Option<u16>,
        tx: &mut Buffer,
    ) -> Result<Option<PacketId>, SendError> {
        let alias = alias.and_then(|alias| alias.try_into().ok());
        let list: Vec<_> = alias.map(Property::TopicAlias).into_iter().collect();
        let message = Publish::to(message.topic())
            .payload(message.payload)
            .qos(message.qos)
            .properties(&list);
        match again {
            Some(id) => session.republish(id, &message, tx).map(|()| again),
            None => session.publish(&message, tx),
        }
    }
}
