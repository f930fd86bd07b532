//! Worlds by chance: servers whose limits change from connection to connection, links that break,
//! processes that begin again, and stations of both versions.
use crate::{
    client::Client,
    ledger::refusing,
    message::{Fate, Message, Outcome},
    station::{Plan, Station},
    verdict::Way,
    world::{End, Ending, World},
};
use fastrand::Rng;
use motemq::{Either, Mqtt5, Mqtt311, QoS, Version};
use motemq_testing::{
    broker::{Broker, Config, Limits},
    link::Direction,
};

const NAMES: [&str; 3] = ["a", "b", "c"];
const QOS: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];
/// What is published to each station, before and while links break.
const MESSAGES: usize = 40;

/// What happened in a world.
#[derive(Clone, Copy, Default, Debug)]
pub struct Count {
    pub published: usize,
    pub delivered: usize,
    pub refused: usize,
    /// The messages that the limits of a server did not allow, at first or later.
    pub unsupported: usize,
    pub connections: u64,
    pub disconnections: usize,
    /// How often a message had to wait for the send quota.
    pub waits: usize,
}

/// Limits by chance, each of which is often none.
fn limits(chance: &mut Rng) -> Limits {
    let mut limits = Limits::NONE;
    if chance.bool() {
        limits.receive_maximum = chance.u16(1..=4);
    }
    if chance.bool() {
        limits.maximum_packet_size = chance.u32(30..=120);
    }
    if chance.u8(0..4) == 0 {
        limits.maximum_qos = QOS[chance.usize(0..2)];
    }
    limits.topic_alias_maximum = chance.u16(0..=2);
    limits.retain_available = chance.bool();
    limits.wildcards_available = chance.bool();
    limits.identifiers_available = chance.bool();
    limits.shared_available = chance.bool();
    limits.server_keep_alive = chance.bool().then(|| chance.u16(1..=4));
    limits
}

/// A message by chance, which may be refused if both ends keep to their versions.
fn message(number: usize, keeps_version: bool, chance: &mut Rng) -> Message {
    let fate = match chance.u8(0..8) {
        0 if keeps_version => Fate::IsRefused,
        1 if keeps_version => Fate::IsDeclined,
        _ => Fate::Arrives,
    };
    let mut message = Message::new(number, QOS[chance.usize(0..3)], fate, chance.usize(5..110));
    message.retain = chance.u8(0..4) == 0;
    message
}

fn version(chance: &mut Rng) -> Version {
    if chance.bool() {
        Version::Mqtt5
    } else {
        Version::Mqtt311
    }
}

fn station(name: &'static str, topic: &'static str, chance: &mut Rng) -> Box<dyn Station> {
    let plan = Plan {
        subscribes: Some(topic),
        alias: chance.bool(),
        alias_maximum: chance.u16(0..=1),
        keep_alive: chance.u16(0..=5),
        versions: (0..chance.usize(1..=5)).map(|_| version(chance)).collect(),
        ..Plan::quiet()
    };
    match chance.u8(0..6) {
        0 => Box::new(Client::<Mqtt311>::new(name, plan)),
        1 | 2 => Box::new(Client::<Either>::new(name, plan)),
        _ => Box::new(Client::<Mqtt5>::new(name, plan)),
    }
}

/// What may happen to a link next.
fn break_a_link(world: &mut World, chance: &mut Rng) {
    let now = world.now;
    let node = &mut world.nodes[chance.usize(0..NAMES.len())];
    node.most = chance.usize(1..=200);
    if node.end.is_none() && chance.u8(0..8) == 0 {
        let endings = [Ending::Cut, Ending::Restart, Ending::Disconnect];
        let (direction, passed) = if chance.bool() {
            (Direction::Up, node.passed.0)
        } else {
            (Direction::Down, node.passed.1)
        };
        node.end = Some(End {
            direction,
            bytes: passed + chance.u64(0..60),
            ending: endings[chance.usize(0..3)],
        });
        node.rests_until = now + chance.u64(0..4000);
    }
}

/// Plays the world of this seed.
pub fn play(seed: u64) -> Result<Count, String> {
    let chance = &mut Rng::with_seed(seed);
    let stations = (0..3).map(|at| station(NAMES[at], NAMES[(at + 1) % 3], chance));
    let stations: Vec<_> = stations.collect();
    // Only with MQTT 5 the broker knows how many messages a station can take.
    let mut both = stations
        .iter()
        .map(|station| station.speaks(Version::Mqtt311));
    let widest = if both.any(|speaks| speaks) { 4 } else { 10 };
    let explains = chance.bool();
    let delay = chance.u64(0..=60);
    let config = Config::new()
        .window(chance.u16(1..=widest))
        .answer(move |_, packet| Some(refusing(packet, explains)?.after(delay)));
    let mut world = World::new(Broker::new(config), stations);
    let ready = world.run(3000, 1);
    if !ready || !world.nodes.iter().all(|node| node.station.is_subscribed()) {
        return Err("nobody subscribes".into());
    }
    let mut published = [const { Vec::new() }; 3];
    for number in 0..MESSAGES {
        for (at, published) in published.iter_mut().enumerate() {
            let ends = [at, (at + 2) % 3].map(|at| &world.nodes[at].station);
            let keeps_version = !ends
                .iter()
                .any(|station| station.speaks(Version::Mqtt311) && station.speaks(Version::Mqtt5));
            let message = message(number, keeps_version, chance);
            published.push(message.clone());
            world.nodes[at].station.publishes(vec![message]);
        }
        for _ in 0..chance.usize(0..20) {
            world.broker.set_limits(limits(chance));
            break_a_link(&mut world, chance);
            let step = if chance.u8(0..10) == 0 { 900 } else { 20 };
            world.step(chance.u64(1..=step));
        }
        if let Some(problem) = world.problem() {
            return Err(problem);
        }
    }
    for node in &mut world.nodes {
        (node.end, node.most) = (None, usize::MAX);
    }
    let has_ended = world.run(20_000, 20);
    if let Some(problem) = world.problem() {
        return Err(problem);
    }
    if !has_ended {
        return Err("it does not end".into());
    }
    let mut count = Count::default();
    for (at, messages) in published.iter().enumerate() {
        let from = &world.nodes[at];
        let to = &world.nodes[(at + 2) % 3];
        let way = Way {
            from: &*from.station,
            to: &*to.station,
            messages,
            keep: true,
        };
        way.check()?;
        let record = from.station.record();
        let with = |wanted: &[Outcome]| {
            let outcomes = record.outcomes.values();
            outcomes.filter(|outcome| wanted.contains(outcome)).count()
        };
        count.published += messages.len();
        count.delivered += record.delivered.len();
        count.refused += with(&[Outcome::Refused]);
        count.unsupported += with(&[Outcome::Unsupported, Outcome::Abandoned]);
        count.connections += from.connections;
        count.disconnections += record.disconnections;
        count.waits += record.waits;
    }
    Ok(count)
}
