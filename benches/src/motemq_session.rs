//! Motemq's `Session`: what it receives is acknowledged, what it sends is remembered.
use crate::{
    Given, Sample, Seen, Work,
    motemq_packet::{connect, filters, qos},
    samples::{PUBACKS, SUBACKS},
};
use motemq::{
    AckToken, Buffer, Connect, Event, ManualAcks, Out, PacketId, PendingAck, Publish, QoS, Session,
    Slot,
};
use std::{collections::VecDeque, hint::black_box};

/// The most that can be received at once.
pub const ROOM: usize = 70_000;

/// Room for a receive buffer of this size, in which packets are cut off.
const RX: usize = 4096;

/// A session on an open connection, and memory for what it writes.
struct Open<const SLOTS: usize> {
    session: Session<[Slot; SLOTS]>,
    memory: Vec<u8>,
    taken: usize,
}

impl<const SLOTS: usize> Open<SLOTS> {
    fn new(capacity: usize) -> Self {
        let mut open = Open {
            session: Session::new(),
            memory: vec![0; capacity],
            taken: 0,
        };
        let mut out = Out::new(&mut open.memory, &mut open.taken);
        open.session
            .connect_slices(&Connect::new("bench"), ROOM, &mut out)
            .expect("room");
        let connected = open
            .session
            .receive(&mut &b"\x20\x02\0\0"[..], ROOM, &mut out);
        assert!(matches!(connected, Ok(Some(Event::Connected { .. }))));
        open.taken = 0;
        open
    }

    /// With messages and subscriptions under way that [`samples`](crate::samples) acknowledges.
    fn waiting(mut self, given: &[Given]) -> Self {
        if SLOTS > 1
            && given
                .iter()
                .any(|packet| matches!(packet, Given::SubAck { .. }))
        {
            for _ in 0..PUBACKS {
                self.send(&Given::Publish {
                    topic: "a".into(),
                    payload: vec![],
                    qos: 1,
                    id: 0,
                    properties: None,
                });
            }
            for _ in 0..SUBACKS {
                self.send(&Given::Subscribe {
                    id: 0,
                    filters: vec![("a".into(), 0); 8],
                });
            }
        }
        self
    }

    #[inline]
    fn send(&mut self, given: &Given) {
        let mut out = Out::new(&mut self.memory, &mut self.taken);
        match given {
            Given::Publish {
                topic,
                payload,
                qos: number,
                ..
            } => {
                self.session
                    .publish(
                        &Publish::to(topic).payload(payload).qos(qos(*number)),
                        &mut out,
                    )
                    .expect("a slot");
            }
            Given::Subscribe { filters: list, .. } => {
                self.session
                    .subscribe(&filters(list), &mut out)
                    .expect("a slot");
            }
            _ => self
                .session
                .connect_slices(&connect(given).expect("CONNECT"), ROOM, &mut out)
                .expect("room"),
        }
    }
}

/// Reads all that an event says.
#[inline(always)]
fn read(event: &Event<'_>, seen: &mut Seen) {
    match *event {
        Event::Message(message) => {
            seen.bytes(message.topic.as_bytes());
            seen.bytes(message.payload);
            seen.number(message.qos() as u8);
            seen.number(message.id().map_or(0, PacketId::get));
        }
        Event::Payload { data, .. } => seen.bytes(data),
        Event::Acked { id } => seen.number(id.get()),
        Event::Subscribed { id, codes, .. } => {
            seen.number(id.get());
            codes.iter().for_each(|&code| seen.number(code));
        }
        _ => panic!("an event of no sample"),
    }
}

/// Receives all of a sample, and acknowledges it.
pub struct Receive<const SLOTS: usize> {
    fresh: Session<[Slot; SLOTS]>,
    open: Open<SLOTS>,
    bytes: Vec<u8>,
    packets: usize,
    acknowledgements: Vec<u8>,
    said: Seen,
}

impl<const SLOTS: usize> Receive<SLOTS> {
    pub fn new(sample: &Sample) -> Self {
        let open = Open::<SLOTS>::new(0x1_0000).waiting(&sample.given);
        let acknowledgements = sample.given.iter().filter_map(|given| match given {
            Given::Publish { qos: 1, id, .. } => Some([0x40, 2, (id >> 8) as u8, *id as u8]),
            _ => None,
        });
        let mut said = Seen::default();
        sample.given.iter().for_each(|given| said.given(given));
        Receive {
            said,
            fresh: open.session.clone(),
            bytes: sample.bytes.clone(),
            packets: sample.given.len(),
            acknowledgements: acknowledgements.flatten().collect(),
            open,
        }
    }

    /// Everything was reported and acknowledged.
    pub fn verify(mut self) {
        self.reset();
        assert_eq!(self.run(), self.packets);
        assert_eq!(
            self.open.memory[..self.open.taken],
            self.acknowledgements[..]
        );
        self.reset();
        let mut input = &self.bytes[..];
        let mut events = 0;
        let mut seen = Seen::default();
        let mut out = Out::new(&mut self.open.memory, &mut self.open.taken);
        while let Some(event) = self
            .open
            .session
            .receive(&mut input, ROOM, &mut out)
            .expect("packets")
        {
            read(&event, &mut seen);
            events += 1;
        }
        assert_eq!((events, input.len(), seen), (self.packets, 0, self.said));
    }
}

impl<const SLOTS: usize> Work for Receive<SLOTS> {
    fn reset(&mut self) {
        self.open.session = self.fresh.clone();
        self.open.taken = 0;
    }

    fn run(&mut self) -> usize {
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
        black_box(seen);
        self.packets
    }
}

/// The same through a buffer, filled by pieces.
pub struct ReceivePieces {
    fresh: Session<[Slot; 256]>,
    open: Open<256>,
    rx: Box<Buffer<[u8; RX]>>,
    bytes: Vec<u8>,
    packets: usize,
    piece: usize,
}

impl ReceivePieces {
    pub fn new(sample: &Sample, piece: usize) -> Self {
        let open = Open::<256>::new(0x1_0000).waiting(&sample.given);
        let rx = Box::new(Buffer::new());
        ReceivePieces {
            fresh: open.session.clone(),
            open,
            rx,
            bytes: sample.bytes.clone(),
            packets: sample.given.len(),
            piece,
        }
    }

    /// Counts by 1,024 bytes instead of packets.
    pub fn per_kib(mut self) -> Self {
        self.packets = self.bytes.len() / 1024;
        self
    }
}

impl Work for ReceivePieces {
    fn reset(&mut self) {
        self.open.session = self.fresh.clone();
        self.open.taken = 0;
        self.rx.clear();
    }

    fn run(&mut self) -> usize {
        let mut seen = Seen::default();
        let mut out = Out::new(&mut self.open.memory, &mut self.open.taken);
        for piece in self.bytes.chunks(self.piece) {
            self.rx.space()[..piece.len()].copy_from_slice(piece);
            self.rx.commit(piece.len());
            while let Some(event) = self
                .open
                .session
                .next_event(&mut self.rx, &mut out)
                .expect("packets")
            {
                read(black_box(&event), &mut seen);
            }
        }
        black_box(seen);
        assert!(self.rx.is_empty());
        self.packets
    }
}

/// Sends what a sample says: it is checked, written, and remembered.
pub struct Send<const SLOTS: usize> {
    alone: bool,
    fresh: Session<[Slot; SLOTS]>,
    open: Open<SLOTS>,
    given: Vec<Given>,
}

impl<const SLOTS: usize> Send<SLOTS> {
    /// Whether it says only what clients send.
    pub fn can(sample: &Sample) -> bool {
        sample.given.iter().all(|given| {
            matches!(
                given,
                Given::Publish { .. } | Given::Connect { .. } | Given::Subscribe { .. }
            )
        })
    }

    pub fn new(sample: &Sample) -> Self {
        let open = Open::<SLOTS>::new(sample.bytes.len() + 64);
        Send {
            alone: sample.alone,
            fresh: open.session.clone(),
            open,
            given: sample.given.clone(),
        }
    }

    /// The same bytes as everybody's.
    pub fn verify(mut self, sample: &Sample) {
        self.run();
        let bytes = &self.open.memory[..self.open.taken];
        // The last one is there, if each is alone.
        assert!(
            sample.bytes.ends_with(bytes) && bytes.len() * sample.given.len() >= sample.bytes.len(),
            "{} as sent by a session",
            sample.name
        );
    }
}

impl<const SLOTS: usize> Work for Send<SLOTS> {
    fn reset(&mut self) {
        self.open.session = self.fresh.clone();
        self.open.taken = 0;
    }

    fn run(&mut self) -> usize {
        for given in &self.given {
            if self.alone {
                self.open.taken = 0;
            }
            self.open.send(black_box(given));
        }
        self.given.len()
    }
}

/// One message after the other with QoS 1, each acknowledged before the next: a window of one,
/// however many slots there are.
pub struct RoundTrips<const SLOTS: usize> {
    open: Open<SLOTS>,
}

impl<const SLOTS: usize> RoundTrips<SLOTS> {
    pub fn new() -> Self {
        RoundTrips {
            open: Open::new(256),
        }
    }
}

impl<const SLOTS: usize> Work for RoundTrips<SLOTS> {
    fn reset(&mut self) {}

    fn run(&mut self) -> usize {
        const TRIPS: usize = 500;
        let publish = Publish::to("plant/7/line/2/temperature")
            .payload(&[7; 16])
            .qos(QoS::AtLeastOnce);
        for _ in 0..TRIPS {
            self.open.taken = 0;
            let mut out = Out::new(&mut self.open.memory, &mut self.open.taken);
            let id = self
                .open
                .session
                .publish(black_box(&publish), &mut out)
                .expect("a slot")
                .map_or(0, |id| id.get());
            let answer = [0x40, 2, (id >> 8) as u8, id as u8];
            let acked = self.open.session.receive(&mut &answer[..], ROOM, &mut out);
            assert!(matches!(acked, Ok(Some(Event::Acked { .. }))));
        }
        TRIPS
    }
}

/// Receives messages of QoS 1 and acknowledges them by hand, while all but two places are taken. Of
/// each two identifiers the broker leaves one out.
pub struct ManualReceive<const PLACES: usize> {
    open: Open<1>,
    acks: Box<ManualAcks<[PendingAck; PLACES]>>,
    pending: VecDeque<AckToken>,
    last_id: u16,
}

impl<const PLACES: usize> ManualReceive<PLACES> {
    pub fn new() -> Self {
        let mut receive = ManualReceive {
            open: Open::new(256),
            acks: Box::new(ManualAcks::new()),
            pending: VecDeque::new(),
            last_id: 1,
        };
        while receive.pending.len() < PLACES - 2 {
            receive.next_message();
        }
        receive
    }

    fn next_message(&mut self) {
        self.last_id = self.last_id.wrapping_add(2);
        let [high, low] = self.last_id.to_be_bytes();
        let publish = [0x32, 7, 0, 3, b'a', b'/', b'b', high, low];
        self.open.taken = 0;
        let mut out = Out::new(&mut self.open.memory, &mut self.open.taken);
        let event = self
            .acks
            .receive(
                &mut self.open.session,
                &mut black_box(&publish[..]),
                ROOM,
                &mut out,
            )
            .expect("a message");
        self.pending.extend(event.expect("a free place").1);
    }
}

impl<const PLACES: usize> Work for ManualReceive<PLACES> {
    fn reset(&mut self) {}

    fn run(&mut self) -> usize {
        const MESSAGES: usize = 500;
        for _ in 0..MESSAGES {
            self.next_message();
            let oldest = self.pending.pop_front().expect("a token");
            self.acks
                .ack(&mut self.open.session, oldest)
                .expect("a pending message");
        }
        MESSAGES
    }
}
