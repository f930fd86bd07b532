//! The client's core and the broker over links that misbehave and break, in virtual time: what the ledger says of it.
use motemq::{Buffer, Connect, Event, Filter, Known, PacketId, Publish, QoS, SendError, Session, Slot};
use motemq_rig::{
    broker::{Broker, Config, Connection},
    ledger::Ledger,
    link::{Direction, End, Faults, Link, link},
};
use std::{
    collections::HashMap,
    io::{ErrorKind, Read, Write},
};

const SLOTS: usize = 6;
const QOS: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];

/// One client that publishes to itself.
struct World {
    broker: Broker,
    connection: Connection,
    /// Bytes that the link has not taken yet.
    outgoing: Vec<u8>,
    wire: Option<(End, End, Link)>,
    session: Session<[Slot; SLOTS]>,
    rx: Buffer<[u8; 64]>,
    tx: Buffer<[u8; 64]>,
    now: u64,
    subscribed: bool,
    /// Messages still to be published, and those under way by identifier.
    next: u32,
    count: u32,
    under_way: HashMap<PacketId, u32>,
    /// Asked for, and not given yet.
    resend: Option<(PacketId, QoS)>,
    ledger: Ledger,
}

fn payload(number: u32) -> Vec<u8> {
    number.to_string().into_bytes()
}

fn qos(number: u32) -> QoS {
    QOS[number as usize % 3]
}

impl World {
    fn new(count: u32) -> Self {
        World {
            broker: Broker::new(Config::new().window(4)),
            connection: Connection(0),
            outgoing: Vec::new(),
            wire: None,
            session: Session::new(),
            rx: Buffer::new(),
            tx: Buffer::new(),
            now: 0,
            subscribed: false,
            next: 0,
            count,
            under_way: HashMap::new(),
            resend: None,
            ledger: Ledger::new(),
        }
    }

    /// Runs until all is done; each connection has the faults that `faults` gives for its number.
    fn run(&mut self, mut faults: impl FnMut(u64) -> Faults) -> u64 {
        for _ in 0..200_000 {
            if self.wire.is_none() {
                self.connection.0 += 1;
                self.broker.opened(self.now, self.connection);
                self.wire = Some(link(faults(self.connection.0)));
                self.session.connect(&Connect::new("a").keep_session(), &mut self.rx, &mut self.tx).unwrap();
            }
            if self.step().is_none() {
                self.wire = None;
                self.outgoing.clear();
                self.resend = None;
                self.session.lost();
                self.broker.lost(self.now, self.connection);
            }
            if self.next == self.count && self.ledger.is_complete() && self.under_way.is_empty() {
                return self.connection.0;
            }
        }
        panic!("no end: {}", self.ledger.judge());
    }

    /// A step of time; `None`: the connection is over.
    fn step(&mut self) -> Option<()> {
        self.now += 10;
        self.handle_events();
        self.publish();
        self.session.tick(self.now as u32, &mut self.tx).ok()?;
        self.broker.tick(self.now);
        let (near, far, link) = self.wire.as_mut()?;
        if !self.tx.is_empty() {
            let written = moved(near.write(self.tx.bytes()))?;
            self.tx.consume(written);
        }
        let mut buffer = [0; 100];
        let read = moved(far.read(&mut buffer))?;
        self.broker.received(self.now, self.connection, &buffer[..read]);
        self.outgoing.extend(self.broker.take(self.connection));
        let written = if self.outgoing.is_empty() { 0 } else { moved(far.write(&self.outgoing))? };
        self.outgoing.drain(..written);
        let space = self.rx.space();
        if !space.is_empty() {
            let read = moved(near.read(space))?;
            self.rx.commit(read);
        }
        assert!(!self.broker.is_closed(self.connection), "the broker is angry");
        link.step();
        Some(())
    }

    fn handle_events(&mut self) {
        // To the end: a message is accepted by the call after the one that returned it.
        while let Some(event) = self.session.next_event(&mut self.rx, &mut self.tx).expect("the broker keeps to the standard") {
            match event {
                Event::Connected { session } => self.subscribed &= session == Known::Resumed,
                Event::Subscribed { .. } => self.subscribed = true,
                Event::Message(message) => {
                    assert_eq!((message.left, message.qos()), (0, qos(str_of(message.payload).parse().unwrap())));
                    self.ledger.delivered(message.topic.as_str(), message.payload);
                }
                Event::Acked { id } => {
                    self.under_way.remove(&id).expect("it was under way");
                }
                Event::Resend { id, qos } => self.resend = Some((id, qos)),
                Event::Unknown { id } => {
                    // A SUBSCRIBE, or a message published before there was a session.
                    if let Some(number) = self.under_way.remove(&id) {
                        self.ledger.doubtful("t", &payload(number));
                    }
                }
                _ => {}
            }
        }
        if !self.subscribed && self.session.oldest().is_none() {
            // Offline, or no room: asked again.
            let _ = self.session.subscribe(&[Filter::new("t", QoS::ExactlyOnce)], &mut self.tx);
        }
    }

    fn publish(&mut self) {
        if let Some((id, qos)) = self.resend {
            let payload = payload(self.under_way[&id]);
            match self.session.republish(id, &Publish::to("t").payload(&payload).qos(qos), &mut self.tx) {
                Err(SendError::Full) => return,
                answer => answer.unwrap(),
            }
            self.resend = None;
        }
        while self.subscribed && self.next < self.count && self.tx.room() > 40 {
            let payload = payload(self.next);
            let qos = qos(self.next);
            let Ok(id) = self.session.publish(&Publish::to("t").payload(&payload).qos(qos), &mut self.tx) else { return };
            self.ledger.published("t", &payload, qos);
            if let Some(id) = id {
                self.under_way.insert(id, self.next);
            }
            self.next += 1;
        }
    }
}

/// Bytes moved now; `None`: the link is broken.
fn moved(result: std::io::Result<usize>) -> Option<usize> {
    match result {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Some(0),
        result => result.ok(),
    }
}

fn str_of(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn a_cut_after_every_byte_in_both_directions() {
    let mut whole = World::new(9);
    let mut links = Vec::new();
    whole.run(|_| Faults::none());
    let (.., link) = whole.wire.as_ref().unwrap();
    for direction in [Direction::Up, Direction::Down] {
        links.extend((0..link.passed(direction)).map(|cut| (direction, cut)));
    }
    assert!(links.len() > 250, "{}", links.len());
    let mut broken = 0;
    for (direction, cut) in links {
        let mut world = World::new(9);
        let connections = world.run(|number| if number == 1 { Faults::none().cut_after(direction, cut) } else { Faults::none() });
        broken += connections - 1;
        let verdict = world.ledger.judge();
        assert!(verdict.is_clean() && connections <= 2, "cut {direction:?} {cut}: {connections} connections, {verdict}");
    }
    // All but those in the very last packets, after which nobody waits for anything.
    assert!(broken > 250, "{broken}");
}

#[test]
fn links_that_break_again_and_again() {
    for seed in 0..60 {
        let mut world = World::new(60);
        let connections = world.run(|number| {
            let seed = seed * 1000 + number;
            let direction = if seed % 2 == 0 { Direction::Up } else { Direction::Down };
            Faults::seeded(seed).cut_after(direction, 40 + seed * 7919 % 400)
        });
        let verdict = world.ledger.judge();
        assert!(verdict.is_clean() && connections > 1, "seed {seed}, {connections} connections: {verdict}");
    }
}
