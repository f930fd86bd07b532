//! The ledger: conversations that cover the exchanges of packets, ended at every byte.
use crate::{
    client::Client,
    message::{Fate, Message, fate},
    station::{Plan, Station},
    verdict::Way,
    world::{End, Ending, World},
};
use motemq::{QoS, Version, packet::v5::Packet};
use motemq_testing::{
    broker::{Answer, Broker, Config, Limits},
    link::Direction,
    protocol::TestProtocol,
};

const QOS: [QoS; 3] = [QoS::ExactlyOnce, QoS::AtMostOnce, QoS::AtLeastOnce];
const STEPS: usize = 3000;

/// A conversation of a client, whose connection ends once, with a peer.
#[derive(Clone, Debug)]
pub struct Conversation {
    client: Plan,
    /// What the peer publishes.
    peer: Vec<Message>,
    config: Config,
    /// The limits for the first connection and for those after it.
    limits: [Limits; 2],
    endings: &'static [Ending],
}

/// Refuses the messages that are to be refused.
pub fn refusing(packet: &Packet<'_>, explains: bool) -> Option<Answer> {
    let reason = "a reason that is longer than the sixty-four bytes that the client can receive";
    let answer = match packet {
        Packet::Publish { payload, .. } if fate(payload) == Fate::IsRefused => {
            Answer::new(motemq::ReasonCode::QUOTA_EXCEEDED)
        }
        Packet::Publish { .. } | Packet::PubRel { .. } => Answer::default(),
        _ => return None,
    };
    Some(if explains {
        answer.reason(reason)
    } else {
        answer
    })
}

/// Returns `count` messages with the QoS in turn; every third has another fate.
pub fn messages(count: usize, third: Fate, length: usize) -> Vec<Message> {
    (0..count)
        .map(|number| {
            let qos = QOS[number % 3];
            let is_third = number % 3 != 1 && number % 4 == 2;
            let fate = if is_third { third } else { Fate::Arrives };
            Message::new(number, qos, fate, length)
        })
        .collect()
}

impl Conversation {
    /// Both sides do nothing, and each has all that is possible.
    pub fn new() -> Self {
        Conversation {
            client: Plan::quiet(),
            peer: Vec::new(),
            config: Config::new().window(2),
            limits: [Limits::NONE; 2],
            endings: &[Ending::Cut, Ending::Restart],
        }
    }

    /// The client publishes.
    pub fn out(mut self, messages: Vec<Message>) -> Self {
        self.client.messages = messages.into();
        self
    }

    /// The client subscribes to what the peer publishes.
    pub fn come(mut self, messages: Vec<Message>) -> Self {
        self.client.subscribes = Some("peer");
        self.peer = messages;
        self
    }

    /// The session ends with its connection.
    pub fn clean(mut self) -> Self {
        self.client.keep = false;
        self.endings = &[Ending::Cut];
        self
    }

    /// The broker refuses messages, or gives long reasons besides.
    pub fn refusals(mut self, explains: bool) -> Self {
        self.config = self
            .config
            .answer(move |_, packet| refusing(packet, explains));
        self
    }

    /// The limits of the first connection, and of those after it.
    pub fn limits(mut self, limits: [Limits; 2]) -> Self {
        self.limits = limits;
        self
    }

    /// The connection ends with DISCONNECT.
    pub fn disconnects(mut self) -> Self {
        self.endings = &[Ending::Disconnect];
        self
    }

    /// Topic aliases, both ways.
    pub fn aliases(mut self) -> Self {
        self.client.alias = true;
        self.client.alias_maximum = 1;
        self
    }

    /// The versions of the client's connections, round and round.
    pub fn versions(mut self, versions: &[Version]) -> Self {
        self.client.versions = versions.to_vec();
        self
    }

    /// Holds the conversation with its connection ended at each byte in each direction, in each
    /// way. Returns how many were held.
    pub fn keep<P: TestProtocol + 'static>(&self) -> usize {
        let whole = self.hold::<P>(None);
        let passed = whole.nodes[0].passed;
        let mut count = 1;
        for (direction, bytes) in [(Direction::Up, passed.0), (Direction::Down, passed.1)] {
            for bytes in 0..bytes {
                for &ending in self.endings {
                    self.hold::<P>(Some(End {
                        direction,
                        bytes,
                        ending,
                    }));
                    count += 1;
                }
            }
        }
        count
    }

    /// Holds it once, and judges it.
    fn hold<P: TestProtocol + 'static>(&self, end: Option<End>) -> World {
        let plan = Plan {
            messages: Default::default(),
            ..self.client.clone()
        };
        let subscriber = Plan {
            subscribes: Some("client"),
            ..Plan::quiet()
        };
        let client: Box<dyn Station> = Box::new(Client::<P>::new("client", plan));
        let peer: Box<dyn Station> = Box::new(Client::<P>::new("peer", subscriber));
        let config = self.config.clone().limits(self.limits[0]);
        let mut world = World::new(Broker::new(config), vec![client, peer]);
        // Both subscribe before anything is published.
        world.run(STEPS, 1);
        let is_ready = |world: &World| world.nodes.iter().all(|node| node.station.is_subscribed());
        assert!(is_ready(&world), "{:?}", world.problem());
        // The conversation begins with a connection.
        world.cut(0);
        world.later = Some((3, self.limits[1]));
        world.nodes[0].end = end;
        world.nodes[0]
            .station
            .publishes(self.client.messages.clone().into());
        world.nodes[1].station.publishes(self.peer.clone());
        let has_ended = world.run(STEPS, 1);
        let problem = world.problem();
        assert!(problem.is_none(), "{end:?}: {problem:?}");
        assert!(has_ended, "{end:?}: it does not end");
        self.judge(&world, end);
        world
    }

    fn judge(&self, world: &World, end: Option<End>) {
        let [client, peer] = &world.nodes[..] else {
            panic!("there are two")
        };
        let messages = Vec::from(self.client.messages.clone());
        for (from, to, messages) in [(client, peer, &messages), (peer, client, &self.peer)] {
            let way = Way {
                from: &*from.station,
                to: &*to.station,
                messages,
                keep: self.client.keep,
            };
            let checked = way.check();
            assert!(checked.is_ok(), "{end:?}: {checked:?}");
        }
        assert_eq!(client.connections, 2 + u64::from(end.is_some()), "{end:?}");
        // DISCONNECT is read once CONNACK is.
        let told = client.station.record().disconnections;
        let is_told = |end: End| end.ending == Ending::Disconnect;
        assert!(told <= usize::from(end.is_some_and(is_told)), "{end:?}");
        let is_connected = |end: &End| end.direction == Direction::Down && end.bytes > 0;
        let is_told = end.filter(is_connected).is_some_and(is_told);
        assert!(told >= usize::from(is_told), "{end:?}");
    }
}
