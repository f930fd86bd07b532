//! Manual acknowledgement against a naive model: a broker that sends, an application that
//! acknowledges in any order, connections that are lost.
use motemq::{packet::*, topic::TopicName, *};
use proptest::prelude::*;
use std::collections::{BTreeMap, VecDeque};

/// As many messages may be in flight as the session has slots.
const SLOTS: usize = 3;

/// The next step. A number chooses a message, or is a number of bytes.
#[derive(Clone, Copy, Debug)]
enum Step {
    Send(QoS),
    Read(usize),
    NextEvent,
    Ack(usize),
    Write(usize),
    Lose,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => prop::bool::ANY.prop_map(|exactly| Step::Send(if exactly { QoS::ExactlyOnce } else { QoS::AtLeastOnce })),
        6 => (1..20usize).prop_map(Step::Read),
        8 => Just(Step::NextEvent),
        4 => (0..4usize).prop_map(Step::Ack),
        4 => (1..9usize).prop_map(Step::Write),
        1 => Just(Step::Lose),
    ];
    prop::collection::vec(step, 1..120)
}

/// The state of a message at the broker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sent {
    Published,
    Released,
}

/// A message that the application has, and whose acknowledgement has not left.
#[derive(Clone, Copy, Debug)]
struct Held {
    id: PacketId,
    token: AckToken,
    allowed: bool,
}

struct World<const TX: usize, const PENDING: usize> {
    session: Session<[Slot; SLOTS]>,
    rx: Buffer<[u8; 32]>,
    tx: Buffer<[u8; TX]>,
    manual: ManualAcks<[PendingAck; PENDING]>,
    /// To the client, and of the client's bytes the beginning of a packet.
    down: VecDeque<u8>,
    up: Vec<u8>,
    /// The broker has received CONNECT.
    connected: bool,
    /// The broker has a session for the client.
    known: bool,
    /// By the order in which they were sent first: the identifier, the QoS, how far it is. The
    /// number is the payload, too.
    sent: BTreeMap<u8, (PacketId, QoS, Sent)>,
    next: u8,
    held: Vec<Held>,
    /// Tokens of earlier connections.
    old: Vec<AckToken>,
    /// Identifiers of messages that were sent on this connection and are not answered, in order.
    arrived: VecDeque<PacketId>,
    /// How often each message was delivered.
    delivered: BTreeMap<u8, u32>,
    /// QoS 2 messages that were acknowledged before a call: they must not be delivered again.
    accepted: Vec<u8>,
}

impl<const TX: usize, const PENDING: usize> World<TX, PENDING> {
    fn new() -> Self {
        let mut world = World {
            session: Session::new(),
            rx: Buffer::new(),
            tx: Buffer::new(),
            manual: ManualAcks::new(),
            down: VecDeque::new(),
            up: Vec::new(),
            connected: false,
            known: false,
            sent: BTreeMap::new(),
            next: 0,
            held: Vec::new(),
            old: Vec::new(),
            arrived: VecDeque::new(),
            delivered: BTreeMap::new(),
            accepted: Vec::new(),
        };
        world.connect();
        world
    }

    fn connect(&mut self) {
        self.session.on_connection_lost();
        self.session
            .connect(
                &Connect::new("c").keep_session().keep_alive(0),
                &mut self.rx,
                &mut self.tx,
            )
            .unwrap();
        self.down.clear();
        self.up.clear();
        self.arrived.clear();
        self.connected = false;
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Send(qos) => self.send(qos),
            Step::Read(n) => self.read(n),
            Step::NextEvent => drop(self.next_event()),
            Step::Ack(which) => self.ack(which),
            Step::Write(n) => self.write(n),
            Step::Lose => self.connect(),
        }
    }

    fn broker_sends(&mut self, packet: &Packet<'_>) {
        let mut bytes = Buffer::<[u8; 32]>::new();
        packet.encode(&mut bytes).unwrap();
        self.down.extend(bytes.bytes());
        if let Packet::Publish { id: Some(id), .. } = packet {
            self.arrived.push_back(*id);
        }
    }

    fn publish(&mut self, number: u8, dup: bool) {
        let (id, qos, _) = self.sent[&number];
        let topic = TopicName::new("t").unwrap();
        self.broker_sends(&Packet::Publish {
            dup,
            qos,
            retain: false,
            id: Some(id),
            topic,
            payload: &[number],
        });
    }

    /// Sends another message; before CONNECT has arrived it waits.
    fn send(&mut self, qos: QoS) {
        let free = (1..=9)
            .filter_map(PacketId::new)
            .find(|id| self.sent.values().all(|(other, ..)| other != id));
        if self.sent.len() < SLOTS && self.next < u8::MAX {
            self.sent
                .insert(self.next, (free.unwrap(), qos, Sent::Published));
            if self.connected {
                self.publish(self.next, false);
            }
            self.next += 1;
        }
    }

    fn read(&mut self, n: usize) {
        let space = self.rx.space();
        let n = n.min(space.len()).min(self.down.len());
        space[..n]
            .iter_mut()
            .zip(self.down.drain(..n))
            .for_each(|(to, byte)| *to = byte);
        self.rx.commit(n);
    }

    /// Returns whether there was an event.
    fn next_event(&mut self) -> bool {
        let accepted = self
            .held
            .iter()
            .filter(|held| held.allowed)
            .filter_map(|held| self.number(held.id));
        let accepted: Vec<_> = accepted
            .filter(|number| self.sent[number].1 == QoS::ExactlyOnce)
            .collect();
        self.accepted.extend(accepted);
        let event = self
            .manual
            .next_event(&mut self.session, &mut self.rx, &mut self.tx)
            .unwrap();
        let Some((event, token)) = event else {
            return false;
        };
        match event {
            Event::Connected { .. } => self.old.extend(self.held.drain(..).map(|held| held.token)),
            Event::Message(message) => {
                let number = message.payload[0];
                assert!(
                    !self.accepted.contains(&number),
                    "{number} was accepted, and is delivered again"
                );
                *self.delivered.entry(number).or_default() += 1;
                let held = Held {
                    id: message.id().unwrap(),
                    token: token.unwrap(),
                    allowed: false,
                };
                assert!(
                    self.held.iter().all(|other| other.id != held.id),
                    "two messages of one identifier"
                );
                self.held.push(held);
            }
            other => panic!("{other:?}"),
        }
        true
    }

    fn number(&self, id: PacketId) -> Option<u8> {
        self.sent
            .iter()
            .find(|(_, sent)| sent.0 == id)
            .map(|(&number, _)| number)
    }

    fn ack(&mut self, which: usize) {
        if let Some(&old) = self.old.get(which) {
            let same = self.held.iter().any(|held| held.token == old);
            assert!(
                same || self.manual.ack(&mut self.session, old) == Err(SendError::Invalid),
                "a token of an earlier connection"
            );
        }
        let count = self.held.iter().filter(|held| !held.allowed).count();
        let mut open = self.held.iter_mut().filter(|held| !held.allowed);
        if let Some(held) = open.nth(which.checked_rem(count).unwrap_or_default()) {
            assert_eq!(self.manual.ack(&mut self.session, held.token), Ok(()));
            held.allowed = true;
            assert_eq!(
                self.manual.ack(&mut self.session, held.token),
                Err(SendError::Invalid),
                "a second time"
            );
        }
    }

    /// Up to `n` bytes leave; the broker answers complete packets.
    fn write(&mut self, n: usize) {
        let bytes = self.tx.bytes();
        let n = n.min(bytes.len());
        self.up.extend(&bytes[..n]);
        self.tx.consume(n);
        if !self.connected {
            let Ok(Some((Packet::Connect(_), length))) = decode(&self.up) else {
                return;
            };
            self.up.drain(..length);
            self.connected = true;
            self.broker_sends(&Packet::ConnAck {
                session_present: self.known,
                code: 0.into(),
            });
            self.known = true;
            for number in self.sent.keys().copied().collect::<Vec<_>>() {
                match self.sent[&number] {
                    (id, _, Sent::Released) => self.broker_sends(&Packet::PubRel(id)),
                    _ => self.publish(number, true),
                }
            }
        }
        while let Ok(Some((packet, length))) = decode(&self.up.clone()) {
            self.answered(packet);
            self.up.drain(..length);
        }
    }

    fn answered(&mut self, packet: Packet<'_>) {
        let (Packet::PubAck(id) | Packet::PubRec(id) | Packet::PubComp(id)) = packet else {
            panic!("{packet:?}")
        };
        let number = self
            .number(id)
            .unwrap_or_else(|| panic!("{packet:?} for nothing"));
        if let Packet::PubComp(_) = packet {
            assert_eq!(self.sent[&number].2, Sent::Released);
            self.sent.remove(&number);
            return;
        }
        assert_eq!(self.arrived.pop_front(), Some(id), "the order of arrival");
        match self.held.iter().position(|held| held.id == id) {
            Some(at) => assert!(self.held.remove(at).allowed, "{packet:?} was not allowed"),
            None => assert!(
                self.accepted.contains(&number),
                "{packet:?}, which was not accepted"
            ),
        }
        assert_eq!(
            matches!(packet, Packet::PubRec(_)),
            self.sent[&number].1 == QoS::ExactlyOnce
        );
        if let Packet::PubRec(_) = packet {
            self.sent
                .insert(number, (id, QoS::ExactlyOnce, Sent::Released));
            self.broker_sends(&Packet::PubRel(id));
        } else {
            self.sent.remove(&number);
        }
    }

    /// Everything ends: nothing is in flight, and no identifier is held.
    fn end(&mut self) {
        for _ in 0..200 {
            self.read(32);
            while self.next_event() {}
            self.ack(0);
            self.write(TX);
        }
        assert!(
            self.sent.is_empty() && self.held.is_empty(),
            "{:?} {:?}",
            self.sent,
            self.held
        );
        assert!(
            (0..self.next).all(|number| self.delivered.contains_key(&number)),
            "a message was never delivered"
        );
        let mut image = [0; Session::<[Slot; SLOTS]>::IMAGE];
        self.session.save(&mut image).unwrap();
        assert!(
            image[5..image.len() - 2].iter().all(|&byte| byte == 0),
            "an identifier is held: {image:02x?}"
        );
    }
}

fn run<const TX: usize, const PENDING: usize>(steps: &[Step]) {
    let mut world = World::<TX, PENDING>::new();
    steps.iter().for_each(|&step| world.step(step));
    world.end();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn manual_acks_behave_as_the_model(steps in steps()) {
        run::<32, 2>(&steps);
    }

    #[test]
    fn manual_acks_behave_as_the_model_with_little_room(steps in steps()) {
        run::<18, 1>(&steps);
        run::<18, 4>(&steps);
    }
}

/// What a broker sends under an identifier of its choice, or the application's answer to one of the
/// messages that it has.
#[derive(Clone, Copy, Debug)]
enum Move {
    Receive { id: u16, dup: bool },
    Ack(usize),
}

/// Most identifiers count up past 65,535, as most brokers count; some go anywhere, as none may.
fn moves() -> impl Strategy<Value = Vec<Move>> {
    let step = prop_oneof![
        6 => (1..4u16).prop_map(Err),
        1 => (65_528..65_545u32).prop_map(|id| Ok((id % 65_536) as u16)),
    ];
    let receive = (step, prop::bool::weighted(0.3)).prop_map(|(id, dup)| Some((id, dup)));
    let moves = prop_oneof![
        5 => receive.prop_map(|receive| (receive, 0)),
        4 => (0..8usize).prop_map(|which| (None, which)),
    ];
    prop::collection::vec(moves, 1..200).prop_map(|moves| {
        let mut last = 65_500;
        let moves = moves.into_iter().map(|(receive, which)| match receive {
            Some((id, dup)) => {
                last = id
                    .unwrap_or_else(|step| u16::wrapping_add(last, step))
                    .max(1);
                Move::Receive { id: last, dup }
            }
            None => Move::Ack(which),
        });
        moves.collect()
    })
}

/// Plays the moves with QoS 1 and `PENDING` places. The model is a list.
fn play<const PENDING: usize>(moves: &[Move]) {
    let mut session = Session::<[Slot; 1]>::new();
    let (mut rx, mut tx) = (Buffer::<[u8; 64]>::new(), Buffer::<[u8; 64]>::new());
    let mut acks = ManualAcks::<[PendingAck; PENDING]>::new();
    session
        .connect(&Connect::new("c"), &mut rx, &mut tx)
        .unwrap();
    tx.clear();
    let mut input = &b"\x20\x02\0\0"[..];
    acks.receive(&mut session, &mut input, 64, &mut tx)
        .unwrap()
        .unwrap();
    // The identifier of each message, its token, and whether it was acknowledged.
    let mut model = VecDeque::<(u16, AckToken, bool)>::new();
    for &step in moves {
        match step {
            Move::Receive { id, dup } => {
                let bytes = [
                    0x32 | u8::from(dup) << 3,
                    5,
                    0,
                    1,
                    b't',
                    (id >> 8) as u8,
                    id as u8,
                ];
                let mut input = &bytes[..];
                let event = acks.receive(&mut session, &mut input, 64, &mut tx).unwrap();
                if model.len() == PENDING {
                    assert!(
                        event.is_none() && input.len() == bytes.len() && acks.is_full(&session)
                    );
                    continue;
                }
                assert!(input.is_empty());
                let is_repeated = dup && model.iter().any(|&(other, ..)| other == id);
                assert_eq!(event.is_none(), is_repeated, "{id} {dup} {model:?}");
                if let Some((_, token)) = event {
                    model.push_back((id, token.unwrap(), false));
                }
            }
            Move::Ack(which) => {
                let which = which.checked_rem(model.len()).unwrap_or_default();
                let Some(&(id, token, _)) = model.get(which) else {
                    continue;
                };
                let open = model.iter_mut().find(|held| held.0 == id && !held.2);
                let expected = if open.is_some() {
                    Ok(())
                } else {
                    Err(SendError::Invalid)
                };
                assert_eq!(acks.ack(&mut session, token), expected);
                if let Some(held) = open {
                    held.2 = true;
                }
            }
        }
        assert!(
            acks.receive(&mut session, &mut &[][..], 64, &mut tx)
                .unwrap()
                .is_none()
        );
        let mut sent = Vec::new();
        while let Some(&(id, _, true)) = model.front() {
            sent.extend([0x40, 2, (id >> 8) as u8, id as u8]);
            model.pop_front();
        }
        assert_eq!(tx.bytes(), sent);
        tx.clear();
        assert_eq!(acks.is_full(&session), model.len() == PENDING);
    }
    let mut larger = ManualAcks::<[PendingAck; 20]>::new();
    larger.adopt(&acks).unwrap();
    for (_, token, is_acknowledged) in &model {
        assert!(*is_acknowledged || larger.ack(&mut session, *token).is_ok());
    }
    assert!(
        larger
            .receive(&mut session, &mut &[][..], 64, &mut tx)
            .unwrap()
            .is_none()
    );
    let sent: Vec<_> = model
        .iter()
        .flat_map(|held| [0x40, 2, (held.0 >> 8) as u8, held.0 as u8])
        .collect();
    assert_eq!(tx.bytes(), sent);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn identifiers_are_found_in_any_order(moves in moves()) {
        play::<1>(&moves);
        play::<5>(&moves);
        play::<13>(&moves);
    }
}
