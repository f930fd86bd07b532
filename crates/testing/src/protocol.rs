//! Sessions of both versions, for tests that are written once.
use motemq::{
    Buffer, Connect, Mqtt5, Mqtt311, PacketId, Property, Protocol, Publish, ReasonCode, SendError,
    Session, Slot, Version,
};

/// What tests have to know of a session that speaks `Self`.
pub trait TestProtocol: Protocol + Send + Sync {
    /// Returns the version that the session speaks.
    fn version(session: &Session<[Slot], Self>) -> Version;

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

impl TestProtocol for Mqtt311 {
    fn version(_: &Session<[Slot], Self>) -> Version {
        Version::Mqtt311
    }

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

impl TestProtocol for Mqtt5 {
    fn version(_: &Session<[Slot], Self>) -> Version {
        Version::Mqtt5
    }

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
