//! Motemq's `Session` of MQTT 5: what it receives is acknowledged, what it sends is remembered.
use crate::{
    Given, Sample, Seen, Work,
    motemq_packet::qos,
    motemq_packet5::{filters, properties, read_properties},
    motemq_session::ROOM,
};
use motemq::{Connect, Event, Mqtt5, Out, PacketId, Properties, Publish, Session, Slot};
use std::hint::black_box;

/// As many messages as a sample has, and more.
const SLOTS: usize = 1024;

/// A session on an open connection, and memory for what it writes.
struct Open {
    session: Box<Session<[Slot; SLOTS], Mqtt5>>,
    memory: Vec<u8>,
    taken: usize,
}

impl Open {
    fn new(capacity: usize) -> Self {
        let mut open = Open {
            session: Box::new(Session::with_protocol()),
            memory: vec![0; capacity],
            taken: 0,
        };
        let mut out = Out::new(&mut open.memory, &mut open.taken);
        open.session
            .connect_slices(&Connect::new("bench"), ROOM, &mut out)
            .expect("room");
        let connack = b"\x20\x03\0\0\0";
        let connected = open.session.receive(&mut &connack[..], ROOM, &mut out);
        assert!(matches!(connected, Ok(Some(Event::Connected { .. }))));
        open.taken = 0;
        open
    }

    #[inline]
    fn send(&mut self, given: &Given) {
        let mut out = Out::new(&mut self.memory, &mut self.taken);
        match given {
            Given::Publish {
                topic,
                payload,
                qos: number,
                properties: five,
                ..
            } => {
                let publish = Publish::to(topic).payload(payload).qos(qos(*number));
                match five {
                    Some(five) => {
                        let list = properties(five);
                        self.session.publish(&publish.properties(&list), &mut out)
                    }
                    None => self.session.publish(&publish, &mut out),
                }
                .expect("a slot");
            }
            Given::Subscribe { filters: list, .. } => {
                self.session
                    .subscribe(&filters(list), &mut out)
                    .expect("a slot");
            }
            given => panic!("{given:?}"),
        }
    }
}

/// Reads all that an event says.
#[inline(always)]
fn read(event: &Event<'_, Properties<'_>>, seen: &mut Seen) {
    let Event::Message(message) = *event else {
        panic!("an event of no sample");
    };
    seen.bytes(message.topic.as_bytes());
    seen.bytes(message.payload);
    seen.number(message.qos() as u8);
    seen.number(message.id().map_or(0, PacketId::get));
    read_properties(message.properties, seen);
}

/// Receives all of a sample, and acknowledges it.
pub struct Receive5 {
    fresh: Box<Session<[Slot; SLOTS], Mqtt5>>,
    open: Open,
    bytes: Vec<u8>,
    packets: usize,
    said: Seen,
}

impl Receive5 {
    pub fn new(sample: &Sample) -> Self {
        let open = Open::new(0x1_0000);
        let mut said = Seen::default();
        sample.given.iter().for_each(|given| said.given(given));
        Receive5 {
            said,
            fresh: open.session.clone(),
            bytes: sample.bytes.clone(),
            packets: sample.given.len(),
            open,
        }
    }

    /// Everything was reported and acknowledged.
    pub fn verify(mut self, sample: &Sample) {
        let acknowledgements = sample.given.iter().filter_map(|given| match given {
            Given::Publish { qos: 1, id, .. } => Some([0x40, 2, (id >> 8) as u8, *id as u8]),
            _ => None,
        });
        let acknowledgements: Vec<u8> = acknowledgements.flatten().collect();
        self.reset();
        assert_eq!(self.receive(), self.said);
        assert_eq!(self.open.memory[..self.open.taken], acknowledgements);
    }

    #[inline(always)]
    fn receive(&mut self) -> Seen {
        let mut input = &self.bytes[..];
        let mut seen = Seen::default();
        let mut out = Out::new(&mut self.open.memory, &mut self.open.taken);
        while let Some(event) = self
            .open
            .session
            .receive(&mut input, ROOM, &mut out)
            .expect("packets")
        {
            read(black_box(&event), &mut seen);
        }
        seen
    }
}

impl Work for Receive5 {
    fn reset(&mut self) {
        self.open.session.clone_from(&self.fresh);
        self.open.taken = 0;
    }

    fn run(&mut self) -> usize {
        black_box(self.receive());
        self.packets
    }
}

/// Sends what a sample says: it is checked, written, and remembered.
pub struct Send5 {
    fresh: Box<Session<[Slot; SLOTS], Mqtt5>>,
    open: Open,
    given: Vec<Given>,
}

impl Send5 {
    pub fn new(sample: &Sample) -> Self {
        let open = Open::new(sample.bytes.len() + 64);
        Send5 {
            fresh: open.session.clone(),
            open,
            given: sample.given.clone(),
        }
    }

    /// The same bytes as everybody's.
    pub fn verify(mut self, sample: &Sample) {
        self.run();
        assert!(
            self.open.memory[..self.open.taken] == sample.bytes,
            "{} as sent by a session",
            sample.name
        );
    }
}

impl Work for Send5 {
    fn reset(&mut self) {
        self.open.session.clone_from(&self.fresh);
        self.open.taken = 0;
    }

    fn run(&mut self) -> usize {
        for given in &self.given {
            self.open.send(black_box(given));
        }
        self.given.len()
    }
}
