//! What tests that are written once for sessions of both versions have to know of a version.
use crate::codec;
use motemq::{
    Buffer, Connect, Mqtt5, Mqtt311, PacketId, Property, Protocol, Publish, ReasonCode, SendError,
    Session, Slot,
};

/// A version of MQTT that a session under test speaks.
pub trait Version: Protocol + Send + Sync {
    /// The version of the packets.
    const CODEC: codec::Version;

    /// Connects, and offers the server topic aliases up to this number.
    ///
    /// # Errors
    /// As [`Session::connect`].
    fn connect(
        session: &mut Session<[Slot], Self>,
        connect: &Connect<'_>,
        alias_maximum: u16,
        rx: &mut Buffer,
        tx: &mut Buffer,
    ) -> Result<(), SendError>;

    /// Publishes a message, or sends it `again`; with its topic, or with an alias for it, or both.
    ///
    /// # Errors
    /// As [`Session::publish`] and [`Session::republish`].
    fn publish(
        session: &mut Session<[Slot], Self>,
        again: Option<PacketId>,
        message: &Publish<'_>,
        alias: Option<u16>,
        tx: &mut Buffer,
    ) -> Result<Option<PacketId>, SendError>;

    /// Refuses the message that was delivered last. Returns `false` if the version cannot.
    fn refuse(session: &mut Session<[Slot], Self>, code: ReasonCode) -> bool;

    /// Returns the topic alias of a message.
    fn alias(properties: Self::Properties<'_>) -> Option<u16>;
}

impl Version for Mqtt311 {
    const CODEC: codec::Version = codec::Version::Mqtt311;

    fn connect(
        session: &mut Session<[Slot], Self>,
        connect: &Connect<'_>,
        _: u16,
        rx: &mut Buffer,
        tx: &mut Buffer,
    ) -> Result<(), SendError> {
        session.connect(connect, rx, tx)
    }

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

    fn refuse(_: &mut Session<[Slot], Self>, _: ReasonCode) -> bool {
        false
    }

    fn alias((): ()) -> Option<u16> {
        None
    }
}

impl Version for Mqtt5 {
    const CODEC: codec::Version = codec::Version::Mqtt5;

    fn connect(
        session: &mut Session<[Slot], Self>,
        connect: &Connect<'_>,
        alias_maximum: u16,
        rx: &mut Buffer,
        tx: &mut Buffer,
    ) -> Result<(), SendError> {
        let list = [Property::TopicAliasMaximum(alias_maximum)];
        let list = if alias_maximum > 0 { &list[..] } else { &[] };
        session.connect(&connect.properties(list), rx, tx)
    }

    fn publish(
        session: &mut Session<[Slot], Self>,
        again: Option<PacketId>,
        message: &Publish<'_>,
        alias: Option<u16>,
        tx: &mut Buffer,
    ) -> Result<Option<PacketId>, SendError> {
        let alias = alias.and_then(|alias| alias.try_into().ok());
        let list: Vec<_> = alias.map(Property::TopicAlias).into_iter().collect();
        let message = message.properties(&list);
        match again {
            Some(id) => session.republish(id, &message, tx).map(|()| again),
            None => session.publish(&message, tx),
        }
    }

    fn refuse(session: &mut Session<[Slot], Self>, code: ReasonCode) -> bool {
        session.refuse(code).is_ok()
    }

    fn alias(properties: Self::Properties<'_>) -> Option<u16> {
        properties.topic_alias()
    }
}
