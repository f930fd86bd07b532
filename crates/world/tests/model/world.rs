//! A client, its application and store, a broker, and all that can happen next.
mod state;

use crate::{
    broker::{Broker, Sent, Terms},
    properties,
};
use motemq::{Publish, QoS, Version};
use motemq_client::{
    AckMode, AliasPolicy, Changes, Client, DisconnectReason, Event, Options, Overflow, Reconnect,
    Record, RequestError, RequestId, StreamId, Taken, Transport, WriteBuf,
};
use stateright::{Model, Property};
use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    mem,
    time::Duration,
};

/// The topic of what the client publishes. It is so long that an alias may stand for it.
const TOPIC: &str = "mine";
/// The exploration is without the clock.
const NOW: Duration = Duration::ZERO;

/// What is explored.
#[derive(Clone, Debug)]
pub struct World {
    pub out: Vec<QoS>,
    pub come: Vec<QoS>,
    pub is_clean: bool,
    mode: AckMode,
    withdraws: bool,
    bytewise: bool,
    stores: bool,
    restarts: bool,
    is_bounded: bool,
    terms: Option<Terms>,
}

/// What has become of a message of the application.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mine {
    Unsent,
    /// With its request, unless the process that asked for it has ended.
    Asked(Option<RequestId>),
    Acked,
    Unknown,
    Withdrawn,
}

/// What is stored in one transaction.
#[derive(Clone, Hash, Debug, Default)]
struct Store {
    image: Option<Vec<u8>>,
    records: BTreeMap<u64, Vec<u8>>,
    mine: Vec<Mine>,
    came: Vec<u8>,
}

#[expect(
    clippy::derived_hash_with_manual_eq,
    reason = "states are equal if their hashes are: see `PartialEq`"
)]
#[derive(Clone, Hash, Debug)]
pub struct State {
    pub client: Client,
    pub broker: Broker,
    pub mine: Vec<Mine>,
    /// Messages that were processed, in this order.
    pub came: Vec<u8>,
    /// Connections or processes that may still be lost.
    pub losses: u8,
    /// A rule that was broken on the way here.
    pub broken: Option<&'static str>,
    stream: StreamId,
    output: WriteBuf,
    rx: Vec<u8>,
    up: Vec<u8>,
    down: Vec<u8>,
    is_linked: bool,
    store: Store,
    /// Changes that are being stored, with what the application stores.
    storing: Option<(Changes, Vec<Mine>, Vec<u8>)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Action {
    Connect,
    Publish,
    Withdraw,
    /// The application takes a message, and processes it.
    Take,
    /// What was to be stored is stored.
    Store,
    /// A packet leaves.
    Write,
    /// A packet, or a byte, comes.
    Read,
    BrokerReads,
    BrokerSends,
    /// The connection is lost, and the process with it if it restarts.
    Lose,
}

impl World {
    /// Makes a world with messages each way that have these QoS.
    pub fn new(out: &[QoS], come: &[QoS]) -> Self {
        World {
            out: out.to_vec(),
            come: come.to_vec(),
            is_clean: false,
            mode: AckMode::Manual,
            withdraws: false,
            bytewise: false,
            stores: false,
            restarts: false,
            is_bounded: false,
            terms: None,
        }
    }

    /// Both speak MQTT 5. These are the receive maximum of the broker, and the number of topic
    /// aliases that it accepts, on the first connection and on others.
    pub fn mqtt_5(mut self, windows: [u16; 2], aliases: [u16; 2]) -> Self {
        let mut terms = Terms::default();
        (terms.windows, terms.aliases) = (windows, aliases);
        self.terms = Some(terms);
        self
    }

    /// How messages are taken.
    pub fn taking(mut self, mode: AckMode) -> Self {
        self.mode = mode;
        self
    }

    /// The application may withdraw what it has asked for.
    pub fn withdraws(mut self) -> Self {
        self.withdraws = true;
        self
    }

    /// Bytes come one by one.
    pub fn bytewise(mut self) -> Self {
        self.bytewise = true;
        self
    }

    /// Sessions end with their connections.
    pub fn clean(mut self) -> Self {
        self.is_clean = true;
        self
    }

    /// All that changes is stored.
    pub fn stores(mut self) -> Self {
        self.stores = true;
        self
    }

    /// The process ends where its connection is lost, and another one goes on with what is stored.
    pub fn restarts(mut self) -> Self {
        self.restarts = true;
        self.stores()
    }

    /// One message may wait. The connection ends with the next one.
    pub fn bounded(mut self) -> Self {
        self.is_bounded = true;
        self
    }

    fn options(&self) -> Options {
        let mut options = Options::new("c")
            .keep_alive(0)
            .in_flight(2)
            .ack_timeout(None)
            .reconnect(Reconnect::BackOff {
                first: NOW,
                cap: NOW,
                max_tries: None,
            });
        if self.terms.is_some() {
            let policy = AliasPolicy::Recent(1);
            options = options.version(Version::Mqtt5).alias_policy(policy);
        }
        if !self.is_clean {
            options = options.keep_session();
        }
        if self.stores {
            options = options.durable();
        }
        if self.is_bounded {
            options = options.backlog(1, Overflow::Disconnect);
        }
        options
    }
}

impl Model for World {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let mut client = Client::new(self.options()).expect("the options are good");
        let stream = client.messages();
        let mine = vec![Mine::Unsent; self.out.len()];
        vec![State {
            client,
            broker: Broker {
                sent: self.come.iter().map(|&qos| (qos, Sent::Waits)).collect(),
                terms: self.terms.clone(),
                ..Broker::default()
            },
            store: Store {
                mine: mine.clone(),
                ..Store::default()
            },
            mine,
            came: Vec::new(),
            losses: 1,
            broken: None,
            stream,
            output: WriteBuf::new(),
            rx: Vec::new(),
            up: Vec::new(),
            down: Vec::new(),
            is_linked: false,
            storing: None,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        use Action::*;
        actions.extend([Publish, Take]);
        if self.withdraws {
            actions.push(Withdraw);
        }
        if state.storing.is_some() {
            actions.push(Store);
        }
        if !state.is_linked {
            actions.push(Connect);
            return;
        }
        actions.extend([Write, Read, BrokerReads, BrokerSends]);
        if state.losses > 0 {
            actions.push(Lose);
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        // A driver is woken for a message that is taken if the client asks for it.
        let is_driven = action != Action::Take
            || self.mode == AckMode::Manual
            || state.client.wants_drive(state.stream);
        let happens = match action {
            Action::Connect => state.connect(),
            Action::Publish => self.publish(&mut state),
            Action::Withdraw => state.withdraw(),
            Action::Take => self.take(&mut state),
            Action::Store => state.finish_storing(),
            Action::Write => state.write(),
            Action::Read => state.read(self.bytewise),
            Action::BrokerReads => {
                let happens = !state.up.is_empty();
                if happens {
                    state.broker.reads(false, &mut state.up, &mut state.down);
                }
                happens
            }
            Action::BrokerSends => state.broker.sends(&mut state.down),
            Action::Lose => {
                state.lose();
                if self.restarts {
                    self.restart(&mut state);
                }
                true
            }
        };
        if !happens {
            return None;
        }
        if is_driven {
            state.drive();
            state.close();
            state.drive();
        }
        self.check(&mut state);
        // To look into an empty stream again changes nothing.
        Some(state).filter(|state| action != Action::Take || state != last)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}

/// Clients can be hashed, not compared.
impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        hash(self) == hash(other)
    }
}

fn hash(state: &State) -> u64 {
    let mut hasher = DefaultHasher::new();
    state.hash(&mut hasher);
    hasher.finish()
}

impl World {
    fn publish(&self, state: &mut State) -> bool {
        let Some(at) = state.mine.iter().position(|&mine| mine == Mine::Unsent) else {
            return false;
        };
        let payload = [at as u8];
        let message = Publish::to(TOPIC).payload(&payload).qos(self.out[at]);
        match state.client.publish(&message) {
            Ok(Some(request)) => {
                state.mine[at] = Mine::Asked(Some(request));
                // It is watched from now on.
                if state.client.poll_outcome(request).is_some() {
                    state.broken = Some("a message has ended that was just accepted");
                }
            }
            Ok(None) => state.broken = Some("a message with QoS 1 or 2 has no request"),
            // Two are in flight.
            Err(_) => return false,
        }
        true
    }

    fn take(&self, state: &mut State) -> bool {
        match state.client.take(state.stream, self.mode) {
            Taken::Message(item) => {
                state.came.extend(item.message.payload.first());
                if let Some(ack) = item.ack {
                    state.client.ack(ack);
                }
            }
            Taken::Pending => {}
            Taken::End => state.broken = Some("the stream has ended"),
        }
        true
    }

    /// Another process begins with what is stored. What was received with QoS 1 was stored at once,
    /// before its acknowledgement.
    fn restart(&self, state: &mut State) {
        state.storing = None;
        let records = state.store.records.iter().map(|(&number, bytes)| Record {
            number,
            bytes: bytes.clone(),
        });
        let client = match &state.store.image {
            Some(image) => Client::restore(self.options(), image, records).ok(),
            None => Client::new(self.options()).ok(),
        };
        let Some(client) = client else {
            state.broken = Some("what is stored cannot be restored");
            return;
        };
        state.client = client;
        state.stream = state.client.messages();
        state.mine = state.store.mine.clone();
        for mine in &mut state.mine {
            if let Mine::Asked(request) = mine {
                *request = None;
            }
        }
        let stored = &state.store.came;
        let is_kept =
            |at: &u8| self.come[usize::from(*at)] == QoS::AtLeastOnce || stored.contains(at);
        state.came.retain(is_kept);
    }

    /// Outcomes that the client must not have, and changes that it does not have stored.
    fn check(&self, state: &mut State) {
        if state.storing.is_none() && state.client.version() != state.client.persisted() {
            state.broken = Some("a change waits to be stored, and the driver sleeps");
        }
        let terms = state.broker.terms.as_ref();
        if terms.is_some_and(|terms| terms.is_exceeded) {
            state.broken = Some("more than the broker allows was sent");
        }
        let may_be_unknown = |at: usize| self.is_clean && self.out[at] == QoS::ExactlyOnce;
        let mut mine = state.mine.iter().enumerate();
        if mine.any(|(at, &mine)| mine == Mine::Unknown && !may_be_unknown(at)) {
            state.broken = Some("the broker has kept the session, and an outcome is unknown");
        }
    }
}
