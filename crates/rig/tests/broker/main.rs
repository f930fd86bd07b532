//! Dialogues with the broker: literal bytes in, literal bytes out, and a clock that stands still.
mod connections;
mod delivery;
mod messages;
mod sessions;

use motemq_rig::broker::{Broker, Config, Connection};

/// A client with a clean session, 60 s of keep-alive, and one letter as identifier.
const CONNECT_A: &[u8] = b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01a";
const CONNECT_B: &[u8] = b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01b";
/// The same with a session that is kept.
const KEEP_A: &[u8] = b"\x10\x0d\0\x04MQTT\x04\x00\0\x3c\0\x01a";
const ACCEPTED: &[u8] = b"\x20\x02\0\0";
const RESUMED: &[u8] = b"\x20\x02\x01\0";
const DISCONNECT: &[u8] = b"\xe0\0";
const PINGREQ: &[u8] = b"\xc0\0";
const PINGRESP: &[u8] = b"\xd0\0";

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

    /// A new connection, with its first bytes.
    fn opens(&mut self, connection: Connection, bytes: &[u8]) -> &mut Self {
        self.broker.opened(self.now, connection);
        self.hears(connection, bytes)
    }

    /// A new connection that is accepted.
    fn joins(&mut self, connection: Connection, connect: &[u8]) -> &mut Self {
        self.opens(connection, connect).says(connection, ACCEPTED)
    }

    fn hears(&mut self, connection: Connection, bytes: &[u8]) -> &mut Self {
        self.broker.received(self.now, connection, bytes);
        self
    }

    #[track_caller]
    fn says(&mut self, connection: Connection, bytes: &[u8]) -> &mut Self {
        let said = self.broker.take(connection);
        assert!(
            said == bytes,
            "says {}\n not {}",
            said.escape_ascii(),
            bytes.escape_ascii()
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
