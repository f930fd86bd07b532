//! A client that publishes to itself through a broker in memory, in virtual time; whatever carries
//! its bytes.
use motemq::{
    Buffer, Connect, Event, Filter, Mqtt311, PacketId, Publish, QoS, ReasonCode, SendError,
    Session, SessionState, Slot, Version,
};
use motemq_nal::Error;
use motemq_testing::{
    broker::{Broker, Config, Connection},
    ledger::Ledger,
    link::{Direction, End, Faults, Link, link},
    packets::ToBytes,
    protocol::TestProtocol,
};
use std::{
    collections::HashMap,
    fmt::Debug,
    io::{ErrorKind, Read, Write},
};

const QOS: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];

/// An adapter under test, and the version of MQTT of the sessions that it carries.
pub trait Carrier<P: TestProtocol = Mqtt311> {
    type Error: Debug;
    /// Takes the client's end of a new connection.
    fn open(&mut self, near: End);
    /// One turn. While it waits, time passes.
    fn turn(&mut self, client: &mut Client<P>, broker: &mut Far) -> Result<(), Error<Self::Error>>;
}

/// The broker's side.
pub struct Far {
    broker: Broker,
    connection: Connection,
    wire: Option<(End, Link)>,
    outgoing: Vec<u8>,
    pub now: u64,
    /// The broker hears nothing and says nothing.
    pub silent: bool,
}

impl Far {
    pub fn new() -> Self {
        Far {
            broker: Broker::new(Config::new().window(4)),
            connection: Connection(0),
            wire: None,
            outgoing: Vec::new(),
            now: 0,
            silent: false,
        }
    }

    /// A new connection; the one there was is over.
    pub fn connect(&mut self, faults: impl Fn(u64) -> Faults) -> End {
        if self.wire.take().is_some() {
            self.broker.lost(self.now, self.connection);
            self.outgoing.clear();
        }
        self.connection.0 += 1;
        self.broker.opened(self.now, self.connection);
        let (near, far, link) = link(faults(self.connection.0));
        self.wire = Some((far, link));
        near
    }

    /// 10 ms pass. When the link breaks, the client has to find out for itself.
    pub fn step(&mut self) {
        self.now += 10;
        self.broker.tick(self.now);
        let Some((far, link)) = &mut self.wire else {
            return;
        };
        link.step();
        if self.silent {
            return;
        }
        let mut buffer = [0; 100];
        let Some(read) = moved(far.read(&mut buffer)) else {
            return;
        };
        self.broker
            .received(self.now, self.connection, &buffer[..read]);
        self.outgoing.extend(self.broker.take(self.connection));
        if !self.outgoing.is_empty() {
            let Some(written) = moved(far.write(&self.outgoing)) else {
                return;
            };
            self.outgoing.drain(..written);
        }
    }

    /// Sends these bytes in place of the broker.
    pub fn sends(&mut self, bytes: impl ToBytes) {
        let bytes = bytes.to_bytes();
        let mut bytes = &bytes[..];
        while !bytes.is_empty() {
            bytes = &bytes[moved(self.wire.as_mut().unwrap().0.write(bytes)).unwrap()..];
        }
    }

    /// Receives, in place of the broker, all bytes that the client has sent.
    pub fn receives(&mut self) -> Vec<u8> {
        let mut received = Vec::new();
        // Until there is no more: an error after the last byte.
        let _ = self.wire.as_mut().unwrap().0.read_to_end(&mut received);
        received
    }

    pub fn hang_up(&mut self) {
        self.wire = None;
    }
}

/// Bytes moved now; `None`: the link is broken.
fn moved(result: std::io::Result<usize>) -> Option<usize> {
    match result {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Some(0),
        result => result.ok(),
    }
}

/// The application: publishes numbers and hears them again.
pub struct Client<P: TestProtocol = Mqtt311> {
    pub session: Session<[Slot; 6], P>,
    pub rx: Buffer<[u8; 64]>,
    pub tx: Buffer<[u8; 64]>,
    pub ledger: Ledger,
    /// The messages that were received, in the order in which they came.
    received: Vec<u32>,
    subscribed: bool,
    next: u32,
    count: u32,
    under_way: HashMap<PacketId, u32>,
    resend: Option<(PacketId, QoS)>,
}

fn payload(number: u32) -> Vec<u8> {
    number.to_string().into_bytes()
}

fn qos(number: u32) -> QoS {
    QOS[number as usize % 3]
}

impl Client {
    pub fn new(count: u32) -> Self {
        Self::with_protocol(count)
    }
}

impl<P: TestProtocol> Client<P> {
    /// Makes a client as [`new`](Client::new) does, for another version of MQTT, and for MQTT 5 if it
    /// can choose.
    pub fn with_protocol(count: u32) -> Self {
        let mut session = Session::with_protocol();
        P::choose(&mut session, Version::Mqtt5);
        Client {
            session,
            rx: Buffer::new(),
            tx: Buffer::new(),
            ledger: Ledger::new(),
            received: Vec::new(),
            subscribed: false,
            next: 0,
            count,
            under_way: HashMap::new(),
            resend: None,
        }
    }

    pub fn connect(&mut self) {
        self.resend = None;
        let connect = Connect::new("a").keep_session();
        P::connect(&mut self.session, &connect, 0, &mut self.rx, &mut self.tx).unwrap();
    }

    pub fn is_done(&self) -> bool {
        self.next == self.count && self.ledger.is_complete() && self.under_way.is_empty()
    }

    /// Returns whether each message was received exactly once, those of one QoS in their order. This
    /// holds as long as the link does.
    pub fn received_each_once(&self) -> bool {
        let mut received = self.received.clone();
        received.sort_unstable();
        received.into_iter().eq(0..self.count) && self.ledger.judge().is_clean()
    }

    /// Takes all events and publishes what there is room for.
    pub fn act(&mut self) {
        while let Some(event) = self
            .session
            .next_event(&mut self.rx, &mut self.tx)
            .expect("the broker keeps to the standard")
        {
            match event {
                Event::Connected { session, .. } => {
                    self.subscribed &= session == SessionState::Resumed
                }
                Event::Subscribed { .. } => self.subscribed = true,
                Event::Message(message) => {
                    self.received.push(
                        std::str::from_utf8(message.payload)
                            .unwrap()
                            .parse()
                            .unwrap(),
                    );
                    self.ledger
                        .delivered(message.topic.as_str(), message.payload);
                }
                Event::Acked { id } => {
                    self.under_way.remove(&id).expect("it was under way");
                }
                // With MQTT 5, PUBREL was sent again, and the broker has completed the message.
                Event::Refused { code, id, .. } => {
                    assert_eq!(code, ReasonCode::PACKET_IDENTIFIER_NOT_FOUND);
                    self.under_way.remove(&id).expect("it was under way");
                }
                Event::Resend { id, qos } => self.resend = Some((id, qos)),
                Event::OutcomeUnknown { id } => {
                    // A SUBSCRIBE, or a message published before there was a session.
                    if let Some(number) = self.under_way.remove(&id) {
                        self.ledger.doubtful("t", &payload(number));
                    }
                }
                _ => {}
            }
        }
        if !self.subscribed && self.session.oldest_in_flight().is_none() {
            // Offline, or no room: asked again.
            let _ = self
                .session
                .subscribe(&[Filter::new("t", QoS::ExactlyOnce)], &mut self.tx);
        }
        self.publish();
    }

    fn publish(&mut self) {
        if let Some((id, qos)) = self.resend {
            let payload = payload(self.under_way[&id]);
            match self.session.republish(
                id,
                &Publish::to("t").payload(&payload).qos(qos),
                &mut self.tx,
            ) {
                Err(SendError::Full) => return,
                answer => answer.unwrap(),
            }
            self.resend = None;
        }
        while self.subscribed && self.next < self.count && self.tx.room() > 40 {
            let payload = payload(self.next);
            let Ok(id) = self.session.publish(
                &Publish::to("t").payload(&payload).qos(qos(self.next)),
                &mut self.tx,
            ) else {
                return;
            };
            self.ledger.published("t", &payload, qos(self.next));
            if let Some(id) = id {
                self.under_way.insert(id, self.next);
            }
            self.next += 1;
        }
    }
}

/// Runs until all `count` messages are through; each connection has the faults that `faults` gives
/// for its number. Returns the client, and how many connections it took.
pub fn run<P: TestProtocol>(
    count: u32,
    carrier: &mut impl Carrier<P>,
    faults: impl Fn(u64) -> Faults,
) -> (Client<P>, u64) {
    let (mut client, mut far) = (Client::with_protocol(count), Far::new());
    for _ in 0..200_000 {
        if client.session.is_closed() {
            carrier.open(far.connect(&faults));
            client.connect();
        }
        client.act();
        match carrier.turn(&mut client, &mut far) {
            Ok(()) => {}
            Err(Error::Fault(fault)) => panic!("{fault}"),
            Err(_) => assert!(client.session.is_closed()),
        }
        if client.is_done() {
            return (client, far.connection.0);
        }
    }
    panic!("no end: {}", client.ledger.judge());
}

/// Links that are tiresome, and links that break again and again: what the ledger says of it.
pub fn endure<P: TestProtocol, C: Carrier<P>>(carrier: impl Fn() -> C) {
    for seed in 0..30 {
        let (client, connections) = run(60, &mut carrier(), |_| Faults::seeded(seed));
        assert!(
            client.received_each_once() && connections == 1,
            "seed {seed}: whole links lose nothing"
        );
        let (client, connections) = run(60, &mut carrier(), |number| {
            let seed = seed * 1000 + number;
            let direction = if seed % 2 == 0 {
                Direction::Up
            } else {
                Direction::Down
            };
            Faults::seeded(seed).cut_after(direction, 40 + seed * 7919 % 400)
        });
        let verdict = client.ledger.judge();
        assert!(
            verdict.is_clean() && connections > 1,
            "seed {seed}, {connections} connections: {verdict}"
        );
    }
}
