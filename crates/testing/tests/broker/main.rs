//! Dialogues with the broker: packets in, packets out, and a clock that stands still. Bytes are
//! written out where the form of a packet is the point.
mod connections;
mod delivery;
mod messages;
mod mqtt5;
mod sessions;

use motemq_testing::{
    broker::{Broker, Config, Connection},
    packets::*,
};

/// CONNECT of the client `a` with a clean session and a keep alive of 60 s.
fn connect_a() -> Packet {
    connect("a").keep_alive(60)
}

/// CONNECT of the client `b` with a clean session and a keep alive of 60 s.
fn connect_b() -> Packet {
    connect("b").keep_alive(60)
}

/// CONNECT of the client `a` with a session that outlives the connection.
fn keep_a() -> Packet {
    connect_a().keep_session()
}

const A: Connection = Connection(1);
const B: Connection = Connection(2);
const C: Connection = Connection(3);

struct Table {
    broker: Broker,
    now: u64,
}

impl Table {
    fn new() -> Self {
        Self::with(Config::new())
    }

    fn with(config: Config) -> Self {
        Table {
            broker: Broker::new(config),
            now: 1_000_000,
        }
    }

    /// A client opens a connection and sends its first bytes.
    fn opens(&mut self, connection: Connection, bytes: impl ToBytes) -> &mut Self {
        self.broker.opened(self.now, connection);
        self.receives(connection, bytes)
    }

    /// A client opens a connection, which the broker accepts.
    #[track_caller]
    fn joins(&mut self, connection: Connection, connect: impl ToBytes) -> &mut Self {
        self.opens(connection, connect).sends(connection, connack())
    }

    /// The broker receives bytes.
    fn receives(&mut self, connection: Connection, bytes: impl ToBytes) -> &mut Self {
        self.broker
            .received(self.now, connection, &bytes.to_bytes());
        self
    }

    /// The broker has sent exactly these bytes.
    #[track_caller]
    fn sends(&mut self, connection: Connection, bytes: impl ToBytes) -> &mut Self {
        let (sent, expected) = (self.broker.take(connection), bytes.to_bytes());
        assert!(
            sent == expected,
            "sends {}\n  not {}",
            sent.escape_ascii(),
            expected.escape_ascii()
        );
        self
    }

    fn loses(&mut self, connection: Connection) -> &mut Self {
        self.broker.lost(self.now, connection);
        self
    }

    #[track_caller]
    fn is_open(&mut self, connection: Connection) -> &mut Self {
        assert!(
            !self.broker.is_closed(connection),
            "{connection:?} is closed"
        );
        self
    }

    #[track_caller]
    fn is_closed(&mut self, connection: Connection) -> &mut Self {
        assert!(self.broker.is_closed(connection), "{connection:?} is open");
        self
    }

    fn waits(&mut self, milliseconds: u64) -> &mut Self {
        self.now += milliseconds;
        self.broker.tick(self.now);
        self
    }
}
