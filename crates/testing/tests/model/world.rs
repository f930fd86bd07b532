//! A session, its application, a broker, and all that can happen next.
use crate::broker::{Broker, Sent};
use motemq::{
    Buffer, Connect, Event, PacketId, Publish, QoS, SendError, Session, SessionState, Slot,
};
use stateright::{Model, Property};

/// What is explored.
#[derive(Clone, Debug)]
pub struct World {
    out: Vec<QoS>,
    come: Vec<QoS>,
    abandons: bool,
    bytewise: bool,
    clean: bool,
    forgets: bool,
}

/// What has become of a message of the application.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mine {
    Unsent,
    Sent(PacketId),
    Received(PacketId),
    Acked,
    Unknown,
    Abandoned(PacketId),
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct State {
    session: Session<[Slot; 2]>,
    rx: Buffer<[u8; 32]>,
    tx: Buffer<[u8; 48]>,
    up: Vec<u8>,
    down: Vec<u8>,
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
    BrokerSends,
    Lose,
}

impl World {
    /// So many messages each way, with these QoS.
    pub fn new(out: &[QoS], come: &[QoS]) -> Self {
        World {
            out: out.to_vec(),
            come: come.to_vec(),
            abandons: false,
            bytewise: false,
            clean: false,
            forgets: false,
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

    /// The client starts again without a snapshot where its connection is lost. The broker keeps its
    /// session, and sends PUBREC again for what it still holds.
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

impl Model for World {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let broker = Broker {
            repeats_pubrec: self.forgets,
            sent: self.come.iter().map(|&qos| (qos, Sent::Waits)).collect(),
            ..Broker::default()
        };
        vec![State {
            session: Session::new(),
            rx: Buffer::new(),
            tx: Buffer::new(),
            up: Vec::new(),
            down: Vec::new(),
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

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        use Action::*;
        if !state.linked {
            actions.push(Connect);
            if self.clean && state.losses == 0 {
                actions.push(ConnectClean);
            }
            return;
        }
        actions.extend([Publish, Turn, Write, Read, BrokerReads, BrokerSends]);
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

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
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
                let packet = state
                    .down
                    .get(1)
                    .map_or(0, |&length| usize::from(length) + 2);
                let length = if self.bytewise {
                    state.down.len().min(1)
                } else {
                    packet
                };
                let space = state.rx.space();
                if length == 0 || space.len() < length {
                    return None;
                }
                space[..length].copy_from_slice(&state.down[..length]);
                state.rx.commit(length);
                state.down.drain(..length);
                true
            }
            Action::BrokerReads => {
                if state.up.is_empty() {
                    return None;
                }
                state.broker.reads(&mut state.up, &mut state.down);
                true
            }
            Action::BrokerSends => state.broker.sends(&mut state.down),
            Action::Lose if self.forgets => {
                (state.session, state.rx, state.tx) =
                    (Session::new(), Buffer::new(), Buffer::new());
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
                let mut image = [0; Session::<[Slot; 2]>::IMAGE];
                let mut again = Session::<[Slot; 2]>::new();
                let restored =
                    state.session.save(&mut image).is_ok() && again.restore(&image).is_ok();
                let mut image_after = [0; Session::<[Slot; 2]>::IMAGE];
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
        vec![
            Property::always("every rule is kept", |_, state: &State| {
                state.broken.is_none()
            }),
            Property::always(
                "QoS 2 out is never doubled",
                |world: &World, state: &State| once(&world.out, &state.broker.passed),
            ),
            Property::always(
                "QoS 2 in is never doubled",
                |world: &World, state: &State| once(&world.come, &state.came),
            ),
            Property::always("what is acknowledged has arrived", |_, state: &State| {
                let done = (0..).zip(&state.mine).zip(&state.abandoned);
                done.filter(|((_, mine), abandoned)| **mine == Mine::Acked && !**abandoned)
                    .all(|((at, _), _)| state.broker.passed.contains(&at))
            }),
            Property::always(
                "the broker is told only of what was accepted",
                |world: &World, state: &State| {
                    world.clean
                        || (0..).zip(&state.broker.sent).all(|(at, (_, sent))| {
                            matches!(sent, Sent::Waits | Sent::Published)
                                || state.came.contains(&at)
                        })
                },
            ),
            Property::always("order is kept", |world: &World, state: &State| {
                ordered(&world.out, &state.broker.passed) && ordered(&world.come, &state.came)
            }),
            Property::eventually("everything ends", |world: &World, state: &State| {
                let ended = |mine: &Mine| matches!(mine, Mine::Acked | Mine::Unknown);
                let came =
                    world.clean || (0..world.come.len() as u8).all(|at| state.came.contains(&at));
                state.mine.iter().all(ended)
                    && came
                    && state.broker.is_idle()
                    && state.session.oldest_in_flight().is_none()
                    && state.losses == 0
            }),
        ]
    }
}

impl State {
    /// The link is gone, with all that was under way on it.
    fn lose(&mut self) {
        (self.linked, self.hand, self.asked) = (false, None, None);
        self.losses -= 1;
        self.broker.open = false;
        self.up.clear();
        self.down.clear();
    }
}

/// QoS 2 messages are in it once at most.
fn once(qos: &[QoS], list: &[u8]) -> bool {
    (0..)
        .zip(qos)
        .filter(|(_, qos)| **qos == QoS::ExactlyOnce)
        .all(|(at, _)| list.iter().filter(|&&other| other == at).count() <= 1)
}

/// For each QoS, whatever is in it for the first time comes behind all that were published before.
fn ordered(qos: &[QoS], list: &[u8]) -> bool {
    let first = |at: u8| list.iter().position(|&other| other == at);
    (0..list.len() as u8).all(|a| {
        (0..a).all(|b| {
            match (
                qos.get(usize::from(a)),
                qos.get(usize::from(b)),
                first(a),
                first(b),
            ) {
                (Some(x), Some(y), Some(later), Some(earlier)) => x != y || earlier < later,
                _ => true,
            }
        })
    })
}

impl World {
    fn publish(&self, state: &mut State) -> bool {
        let Some(at) = state.mine.iter().position(|&mine| mine == Mine::Unsent) else {
            return false;
        };
        let before = (state.session.clone(), state.tx.clone());
        match state.session.publish(
            &Publish::to("m").payload(&[at as u8]).qos(self.out[at]),
            &mut *state.tx,
        ) {
            Ok(Some(id)) if !state.mine.iter().any(|mine| mine.id() == Some(id)) => {
                state.mine[at] = Mine::Sent(id)
            }
            Ok(_) => state.broken = Some("an identifier is shared"),
            Err(_) if before == (state.session.clone(), state.tx.clone()) => return false,
            Err(_) => state.broken = Some("a command that failed has done something"),
        }
        true
    }

    fn republish(&self, state: &mut State) -> bool {
        let Some(id) = state.asked else { return false };
        let Some(at) = state.mine.iter().position(|mine| mine.id() == Some(id)) else {
            return false;
        };
        match state.session.republish(
            id,
            &Publish::to("m").payload(&[at as u8]).qos(self.out[at]),
            &mut *state.tx,
        ) {
            Ok(()) => state.asked = None,
            Err(SendError::Full) => return false,
            Err(_) => state.broken = Some("what was asked for is not taken"),
        }
        true
    }

    fn abandon(&self, state: &mut State) -> bool {
        let Some(id) = state.asked else { return false };
        let Some(at) = state.mine.iter().position(|mine| mine.id() == Some(id)) else {
            return false;
        };
        match state.session.abandon(id, &mut *state.tx) {
            Ok(()) => state.asked = None,
            Err(SendError::Full) => return false,
            Err(_) => state.broken = Some("what was asked for cannot be abandoned"),
        }
        state.abandoned[at] = true;
        state.mine[at] = if self.out[at] == QoS::ExactlyOnce {
            Mine::Abandoned(id)
        } else {
            Mine::Acked
        };
        true
    }

    fn turn(&self, state: &mut State) -> bool {
        if let Some(at) = state.hand.take() {
            state.came.push(at);
        }
        let event = match state.session.next_event(&mut state.rx, &mut *state.tx) {
            Ok(Some(event)) => event,
            Ok(None) => return true,
            Err(_) => {
                state.broken = Some("a fault without a reason");
                return true;
            }
        };
        let mine = &mut state.mine;
        match event {
            Event::Message(message) => state.hand = message.payload.first().copied(),
            Event::Connected { session, .. } => {
                if self.forgets && state.losses == 0 && session == SessionState::Resumed {
                    state.broken = Some("resumed is what was forgotten");
                }
            }
            Event::Resend { id, qos } => {
                state.asked = Some(id);
                let asked = (0..)
                    .zip(mine.iter())
                    .any(|(at, &mine)| mine == Mine::Sent(id) && self.out[at] == qos);
                if !asked {
                    state.broken = Some("asked for what is not under way");
                }
            }
            Event::Received { id } => match mine.iter_mut().find(|mine| **mine == Mine::Sent(id)) {
                Some(mine) => *mine = Mine::Received(id),
                None => state.broken = Some("received what was not under way"),
            },
            Event::Acked { id } => {
                match (0..)
                    .zip(mine.iter_mut())
                    .find(|(_, mine)| mine.id() == Some(id))
                {
                    Some((at, mine))
                        if matches!(mine, Mine::Sent(_)) == (self.out[at] == QoS::AtLeastOnce) =>
                    {
                        *mine = Mine::Acked
                    }
                    _ => {
                        state.broken = Some("an identifier ended that had not begun, or too early")
                    }
                }
                // Nobody waits for it any more.
                state.asked = state.asked.filter(|&asked| asked != id);
            }
            Event::OutcomeUnknown { id } => {
                match mine.iter_mut().find(|mine| mine.id() == Some(id)) {
                    Some(mine) => *mine = Mine::Unknown,
                    None => state.broken = Some("unknown is what was not under way"),
                }
            }
            _ => state.broken = Some("an event without a reason"),
        }
        // A message that the broker has needs no second answer.
        if let Some(asked) = state.asked
            && !state.mine.contains(&Mine::Sent(asked))
        {
            state.asked = None;
        }
        true
    }
}

impl Mine {
    fn id(self) -> Option<PacketId> {
        match self {
            Mine::Sent(id) | Mine::Received(id) | Mine::Abandoned(id) => Some(id),
            Mine::Unsent | Mine::Acked | Mine::Unknown => None,
        }
    }
}
