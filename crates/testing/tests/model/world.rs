//! A session, its application, a broker, and all that can happen next.
mod application;
mod properties;

use crate::broker::{Broker, Sent, Terms};
use motemq::{Buffer, Connect, Mqtt5, Mqtt311, PacketId, QoS, Session, Slot};
use motemq_testing::protocol::TestProtocol;
use stateright::{Model, Property};
use std::marker::PhantomData;

/// The bytes that the client can receive at once.
const RX: usize = 32;

/// The length of an image, which both versions share.
const IMAGE: usize = Session::<[Slot; 2]>::IMAGE;

/// What is explored.
#[derive(Clone, Debug)]
pub struct World<P = Mqtt311> {
    version: PhantomData<P>,
    out: Vec<QoS>,
    come: Vec<QoS>,
    abandons: bool,
    bytewise: bool,
    clean: bool,
    forgets: bool,
    refuses: bool,
    disconnects: bool,
    alias: Option<u16>,
    terms: Option<Terms>,
}

/// What has become of a message of the application.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mine {
    Unsent,
    Sent(PacketId),
    Received(PacketId),
    Acked,
    Refused,
    Unknown,
    Abandoned(PacketId),
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct State<P: TestProtocol> {
    session: Session<[Slot; 2], P>,
    rx: Buffer<[u8; RX]>,
    tx: Buffer<[u8; 48]>,
    up: Vec<u8>,
    down: Vec<u8>,
    /// The rest of a packet that is longer than the buffer, at the beginning of `down`.
    rest: usize,
    broker: Broker,
    mine: Vec<Mine>,
    abandoned: Vec<bool>,
    asked: Option<PacketId>,
    /// A message told but not yet accepted.
    hand: Option<u8>,
    /// Those that came, in order of acceptance.
    came: Vec<u8>,
    /// Connections that may still be lost.
    losses: u8,
    linked: bool,
    /// A rule that was broken on the way here.
    broken: Option<&'static str>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Action {
    Connect,
    ConnectClean,
    Publish,
    Republish,
    Abandon,
    /// The next event.
    Turn,
    /// A packet leaves.
    Write,
    /// A packet, or a byte, comes.
    Read,
    BrokerReads,
    BrokerRefuses,
    BrokerSends,
    BrokerDisconnects,
    Lose,
}

impl World {
    /// Makes a world with messages each way that have these QoS.
    pub fn new(out: &[QoS], come: &[QoS]) -> Self {
        Self::of(out, come)
    }
}

impl World<Mqtt5> {
    /// Makes a world of MQTT 5 with messages each way that have these QoS.
    pub fn mqtt5(out: &[QoS], come: &[QoS]) -> Self {
        let mut world = Self::of(out, come);
        world.terms = Some(Terms::new());
        world
    }

    /// The broker may refuse each message.
    pub fn refuses(mut self) -> Self {
        self.refuses = true;
        self
    }

    /// The broker may end the connection with DISCONNECT before it is lost.
    pub fn disconnects(mut self) -> Self {
        self.disconnects = true;
        self
    }

    /// The broker announces these receive maxima for the first connection and for the second.
    pub fn windows(mut self, windows: [u16; 2]) -> Self {
        self.terms.as_mut().expect("it is MQTT 5").windows = windows;
        self
    }

    /// The client uses a topic alias, of which the broker accepts so many.
    pub fn aliases(mut self, maxima: [u16; 2]) -> Self {
        self.alias = Some(1);
        self.terms.as_mut().expect("it is MQTT 5").aliases = maxima;
        self
    }

    /// Acknowledgements give reasons that are longer than the client's buffer.
    pub fn explains(mut self) -> Self {
        self.terms.as_mut().expect("it is MQTT 5").explains = true;
        self
    }
}

impl<P: TestProtocol> World<P> {
    fn of(out: &[QoS], come: &[QoS]) -> Self {
        World {
            version: PhantomData,
            out: out.to_vec(),
            come: come.to_vec(),
            abandons: false,
            bytewise: false,
            clean: false,
            forgets: false,
            refuses: false,
            disconnects: false,
            alias: None,
            terms: None,
        }
    }

    /// The application may abandon what it is asked for again.
    pub fn abandons(mut self) -> Self {
        self.abandons = true;
        self
    }

    /// Bytes come one by one.
    pub fn bytewise(mut self) -> Self {
        self.bytewise = true;
        self
    }

    /// The client starts again without a snapshot where its connection is lost. The broker keeps
    /// its session, and sends PUBREC again for what it still holds.
    pub fn forgets(mut self) -> Self {
        self.forgets = true;
        self
    }

    /// The second connection may be a clean one.
    pub fn clean(mut self) -> Self {
        self.clean = true;
        self
    }
}

impl<P: TestProtocol> Model for World<P> {
    type State = State<P>;
    type Action = Action;

    fn init_states(&self) -> Vec<State<P>> {
        let broker = Broker {
            repeats_pubrec: self.forgets,
            sent: self.come.iter().map(|&qos| (qos, Sent::Waits)).collect(),
            terms: self.terms.clone(),
            ..Broker::default()
        };
        vec![State {
            session: Session::with_protocol(),
            rx: Buffer::new(),
            tx: Buffer::new(),
            up: Vec::new(),
            down: Vec::new(),
            rest: 0,
            broker,
            mine: vec![Mine::Unsent; self.out.len()],
            abandoned: vec![false; self.out.len()],
            asked: None,
            hand: None,
            came: Vec::new(),
            losses: 1,
            linked: false,
            broken: None,
        }]
    }

    fn actions(&self, state: &State<P>, actions: &mut Vec<Action>) {
        use Action::*;
        if !state.linked {
            actions.push(Connect);
            if self.clean && state.losses == 0 {
                actions.push(ConnectClean);
            }
            return;
        }
        actions.extend([Publish, Turn, Write, Read, BrokerReads, BrokerSends]);
        if self.refuses {
            actions.push(BrokerRefuses);
        }
        if self.disconnects && state.losses > 0 {
            actions.push(BrokerDisconnects);
        }
        if state.asked.is_some() {
            actions.push(Republish);
            if self.abandons {
                actions.push(Abandon);
            }
        }
        if state.losses > 0 {
            actions.push(Lose);
        }
    }

    fn next_state(&self, last: &State<P>, action: Action) -> Option<State<P>> {
        let mut state = last.clone();
        let happened = match action {
            Action::Connect | Action::ConnectClean => {
                // Another beginning for each connection, behind the identifiers of the last one.
                let connect = Connect::new("c")
                    .keep_alive(0)
                    .identifier_offset(if state.losses == 0 { 2 } else { 0 });
                let connect = if action == Action::Connect {
                    connect.keep_session()
                } else {
                    connect
                };
                state.linked = true;
                state
                    .session
                    .connect(&connect, &mut state.rx, &mut state.tx)
                    .is_ok()
            }
            Action::Publish => self.publish(&mut state),
            Action::Republish => self.republish(&mut state),
            Action::Abandon => self.abandon(&mut state),
            Action::Turn => self.turn(&mut state),
            Action::Write => {
                let bytes = state.tx.bytes();
                let length = bytes.get(1).map_or(0, |&length| usize::from(length) + 2);
                state.up.extend_from_slice(&bytes[..length]);
                state.tx.consume(length);
                length > 0
            }
            Action::Read => {
                let whole = state
                    .down
                    .get(1)
                    .map_or(0, |&length| usize::from(length) + 2);
                let packet = if state.rest > 0 { state.rest } else { whole };
                let space = state.rx.space();
                // A packet that is longer than the buffer comes in pieces.
                let length = if self.bytewise {
                    state.down.len().min(1)
                } else if whole > RX || state.rest > 0 {
                    packet.min(space.len())
                } else {
                    packet
                };
                if length == 0 || space.len() < length {
                    return None;
                }
                space[..length].copy_from_slice(&state.down[..length]);
                state.rx.commit(length);
                state.down.drain(..length);
                if !self.bytewise {
                    state.rest = packet - length;
                }
                true
            }
            Action::BrokerReads | Action::BrokerRefuses => {
                if state.up.is_empty() || state.broker.has_ended {
                    return None;
                }
                let refuses = action == Action::BrokerRefuses;
                state.broker.reads(refuses, &mut state.up, &mut state.down)
            }
            Action::BrokerDisconnects => state.broker.disconnects(&mut state.down),
            Action::BrokerSends => state.broker.sends(&mut state.down),
            Action::Lose if self.forgets => {
                (state.session, state.rx, state.tx) =
                    (Session::with_protocol(), Buffer::new(), Buffer::new());
                state
                    .mine
                    .iter_mut()
                    .filter(|mine| mine.id().is_some())
                    .for_each(|mine| *mine = Mine::Unknown);
                state.lose();
                true
            }
            Action::Lose => {
                // A process that ends here and starts again from its snapshot is the same.
                let mut image = [0; IMAGE];
                let mut again = Session::<[Slot; 2], P>::with_protocol();
                let restored =
                    state.session.save(&mut image).is_ok() && again.restore(&image).is_ok();
                let mut image_after = [0; IMAGE];
                state.session.on_connection_lost();
                let same = again.save(&mut image_after).is_ok() && image == image_after;
                if !restored || !same {
                    state.broken = Some("a snapshot is not the session whose link was cut");
                }
                state.lose();
                true
            }
        };
        (happened || state.broken.is_some())
            .then_some(state)
            .filter(|state| state != last)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}

impl<P: TestProtocol> State<P> {
    /// The link is gone, with all that was under way on it.
    fn lose(&mut self) {
        (self.linked, self.hand, self.asked) = (false, None, None);
        self.losses -= 1;
        self.broker.open = false;
        self.broker.has_ended = false;
        if let Some(terms) = &mut self.broker.terms {
            terms.lose();
        }
        self.up.clear();
        self.down.clear();
        self.rest = 0;
    }
}
