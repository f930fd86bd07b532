//! Sessions of both versions, for tests that are written once.
use motemq::{
    Buffer, Connect, Either, Mqtt5, Mqtt311, PacketId, Property, Protocol, Publish, ReasonCode,
    SendError, SendProperties, Session, Slot, Version,
};

/// What tests have to know of a session that speaks `Self`.
pub trait TestProtocol: Protocol + Send + Sync {
    /// Returns the version that the session speaks.
    fn version(session: &Session<[Slot], Self>) -> Version;

    /// Chooses the version of the next connection, where there is a choice.
    fn choose(session: &mut Session<[Slot], Self>, version: Version);

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

    fn choose(_: &mut Session<[Slot], Self>, _: Version) {}

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

    fn choose(_: &mut Session<[Slot], Self>, _: Version) {}

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
        publish_5(session, again, message, alias, tx)
    }

    fn refuse(session: &mut Session<[Slot], Self>, code: ReasonCode) -> bool {
        session.refuse(code).is_ok()
    }

    fn alias(properties: Self::Properties<'_>) -> Option<u16> {
        properties.topic_alias()
    }
}

impl TestProtocol for Either {
    fn version(session: &Session<[Slot], Self>) -> Version {
        session.version()
    }

    /// # Panics
    /// If there is a connection.
    fn choose(session: &mut Session<[Slot], Self>, version: Version) {
        session
            .set_version(version)
            .expect("there is no connection");
    }

    fn connect(
        session: &mut Session<[Slot], Self>,
        connect: &Connect<'_>,
        alias_maximum: u16,
        rx: &mut Buffer,
        tx: &mut Buffer,
    ) -> Result<(), SendError> {
        let list = [Property::TopicAliasMaximum(alias_maximum)];
        if alias_maximum > 0 && session.version() == Version::Mqtt5 {
            session.connect(&connect.properties(&list), rx, tx)
        } else {
            session.connect(connect, rx, tx)
        }
    }

    fn publish(
        session: &mut Session<[Slot], Self>,
        again: Option<PacketId>,
        message: &Publish<'_>,
        alias: Option<u16>,
        tx: &mut Buffer,
    ) -> Result<Option<PacketId>, SendError> {
        publish_5(session, again, message, alias, tx)
    }

    fn refuse(session: &mut Session<[Slot], Self>, code: ReasonCode) -> bool {
        session.refuse(code).is_ok()
    }

    fn alias(properties: Self::Properties<'_>) -> Option<u16> {
        properties.topic_alias()
    }
}

/// Publishes a message, or sends it `again`, with an alias if there is one.
fn publish_5<P>(
    session: &mut Session<[Slot], P>,
    again: Option<PacketId>,
    message: &Publish<'_>,
    alias: Option<u16>,
    tx: &mut Buffer,
) -> Result<Option<PacketId>, SendError>
where
    P: Protocol,
    for<'p> &'p [Property<'p>]: SendProperties<'p, P>,
{
    let alias = alias.and_then(|alias| alias.try_into().ok());
    let list: Vec<_> = alias.map(Property::TopicAlias).into_iter().collect();
    let message = message.properties(&list);
    match again {
        Some(id) => session.republish(id, &message, tx).map(|()| again),
        None => session.publish(&message, tx),
    }
}
