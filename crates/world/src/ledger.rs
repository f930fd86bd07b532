//! The ledger: conversations that cover each exchange of packets, cut at every byte.
use super::{
    ENDINGS, Ending, STEP, World,
    message::Count,
    plan::{Plan, Taking},
    trace::Trace,
};
use motemq::{QoS, Version};
use motemq_testing::{
    broker::Config,
    link::{Direction, Faults},
};
use std::fmt;

const QOS_0: &[QoS] = &[QoS::AtMostOnce];
const QOS_1: &[QoS] = &[QoS::AtLeastOnce];
const QOS_2: &[QoS] = &[QoS::ExactlyOnce];
const MIXED: &[QoS] = &[QoS::ExactlyOnce, QoS::AtMostOnce, QoS::AtLeastOnce];

/// Payloads that take several reads.
const LONG: (usize, usize) = (90, 140);

/// A conversation: what the client whose link is cut does, and what the other, over a good link,
/// does.
struct Scenario {
    name: &'static str,
    client: Plan,
    peer: Plan,
}

/// What came of all cuts of one conversation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Line {
    /// The conversation.
    pub name: &'static str,
    /// Whether the session outlives its connections: then nothing may be lost.
    pub keep: bool,
    /// Bytes that it has, from the client and to it.
    pub bytes: (u64, u64),
    /// How many conversations were held: one for each byte, and each way to end.
    pub cuts: u64,
    /// In how many a promise was broken: something was lost, doubled or out of order, an
    /// identifier did not end, a receipt was left open.
    pub broken: u64,
    /// What came to either side, in all of them.
    pub count: Count,
}

fn scenarios() -> Vec<Scenario> {
    let long = |plan: Plan| Plan {
        length: LONG,
        ..plan
    };
    let clean = |plan: Plan| Plan {
        keep: false,
        ..plan
    };
    let stores = |stores, plan: Plan| Plan { stores, ..plan };
    let taking = |taking, plan: Plan| Plan { taking, ..plan };
    let in_flight = |in_flight, plan: Plan| Plan { in_flight, ..plan };
    let mqtt_5 = |plan: Plan| Plan {
        version: Version::Mqtt5,
        ..plan
    };
    let publishes = |qos| Plan::quiet().publishes(4, qos);
    let mixed = |messages| Plan::quiet().publishes(messages, MIXED);
    let subscriber = Plan::quiet().subscribes(QoS::ExactlyOnce);
    let sub = || subscriber.clone();
    let list = [
        ("QoS 0 out", publishes(QOS_0), sub()),
        ("QoS 1 out", publishes(QOS_1), sub()),
        ("QoS 2 out", publishes(QOS_2), sub()),
        (
            "QoS 0, 1, 2 out, three in flight",
            in_flight(3, mixed(9)),
            sub(),
        ),
        (
            "QoS 0, 1, 2 out, one in flight",
            in_flight(1, mixed(6)),
            sub(),
        ),
        ("QoS 0, 1, 2 out, long", long(mixed(6)), sub()),
        (
            "QoS 0, 1, 2 out, stored late",
            stores(Some(2), mixed(6)),
            sub(),
        ),
        (
            "QoS 0, 1, 2 out, nothing stored",
            stores(None, mixed(6)),
            sub(),
        ),
        (
            "QoS 0, 1, 2 out, one waits for a connection",
            Plan {
                queue: (1, 20),
                ..mixed(6)
            },
            sub(),
        ),
        (
            "QoS 0, 1, 2 out, some uploaded, some withdrawn",
            Plan {
                abandons: true,
                ..long(mixed(9))
            },
            sub(),
        ),
        ("QoS 0 in", sub(), publishes(QOS_0)),
        ("QoS 1 in", sub(), publishes(QOS_1)),
        ("QoS 2 in", sub(), publishes(QOS_2)),
        ("QoS 0, 1, 2 in, long", sub(), long(mixed(6))),
        (
            "QoS 0, 1, 2 in, stored late",
            stores(Some(2), sub()),
            mixed(6),
        ),
        (
            "QoS 0, 1, 2 in, nothing stored",
            stores(None, sub()),
            mixed(6),
        ),
        (
            "QoS 0, 1, 2 in, a stream of one message",
            Plan {
                stream: 1,
                ..taking(Taking::Slow(2), sub())
            },
            mixed(9),
        ),
        (
            "QoS 1 in, each processed for a long time",
            taking(Taking::Slow(4), sub()),
            publishes(QOS_1),
        ),
        (
            "QoS 2 in, each processed for a long time",
            taking(Taking::Slow(4), sub()),
            publishes(QOS_2),
        ),
        (
            "QoS 0, 1, 2 in, acknowledged manually",
            taking(Taking::Manual(0), sub()),
            mixed(6),
        ),
        (
            "QoS 0, 1, 2 in, acknowledged manually and late",
            taking(Taking::Manual(4), sub()),
            mixed(6),
        ),
        (
            "QoS 2 in, granted QoS 1",
            Plan::quiet().subscribes(QoS::AtLeastOnce),
            publishes(QOS_2),
        ),
        (
            "QoS 0, 1, 2 both ways at once",
            mixed(6).subscribes(QoS::ExactlyOnce),
            mixed(6),
        ),
        (
            "QoS 0, 1, 2 both ways, long, three in flight",
            in_flight(3, long(mixed(6))).subscribes(QoS::ExactlyOnce),
            long(mixed(6)),
        ),
        ("QoS 0, 1, 2 out, clean session", clean(mixed(6)), sub()),
        ("QoS 0, 1, 2 in, clean session", clean(sub()), mixed(6)),
        ("QoS 0, 1, 2 out with MQTT 5", mqtt_5(mixed(6)), sub()),
        ("QoS 0, 1, 2 in with MQTT 5", mqtt_5(sub()), mixed(6)),
        (
            "QoS 0, 1, 2 both ways with MQTT 5, long, three in flight",
            mqtt_5(in_flight(3, long(mixed(6))).subscribes(QoS::ExactlyOnce)),
            mqtt_5(long(mixed(6))),
        ),
        (
            "QoS 0, 1, 2 in with MQTT 5, acknowledged manually and late",
            mqtt_5(taking(Taking::Manual(4), sub())),
            mqtt_5(mixed(6)),
        ),
        (
            "QoS 0, 1, 2 out with MQTT 5, clean session",
            mqtt_5(clean(mixed(6))),
            sub(),
        ),
    ];
    list.into_iter()
        .map(|(name, client, peer)| Scenario { name, client, peer })
        .collect()
}

/// Holds every conversation, and again for each byte in each direction and each [`Ending`], cut
/// there and continued over a new connection to its end. Then each message has come as its QoS
/// promises, in order, every identifier has ended and no receipt is open, on both sides.
///
/// Of each conversation where it is not so, `tell` is told what happened.
pub fn keep(tell: &mut dyn FnMut(String)) -> Vec<Line> {
    scenarios()
        .iter()
        .map(|scenario| scenario.keep(tell))
        .collect()
}

/// A connection of the client is cut after so many bytes.
#[derive(Clone, Copy, Debug)]
struct Cut {
    connection: u64,
    direction: Direction,
    bytes: u64,
    ending: Ending,
}

impl Scenario {
    fn keep(&self, tell: &mut dyn FnMut(String)) -> Line {
        let mut line = Line {
            name: self.name,
            keep: self.client.keep,
            bytes: (0, 0),
            cuts: 0,
            broken: 0,
            count: Count::default(),
        };
        let whole = match self.hold(None) {
            Ok(world) => world,
            Err(what) => {
                tell(what);
                return Line { broken: 1, ..line };
            }
        };
        for (connection, link) in (1..).zip(&whole.sites[0].links) {
            let (up, down) = (link.passed(Direction::Up), link.passed(Direction::Down));
            line.bytes = (line.bytes.0 + up, line.bytes.1 + down);
            for (direction, bytes) in [(Direction::Up, up), (Direction::Down, down)] {
                // A client that stores nothing ends with its process.
                let endings = match self.client.stores {
                    Some(_) => &ENDINGS[..],
                    None => &ENDINGS[..1],
                };
                let cuts = (0..bytes).flat_map(|at| endings.iter().map(move |&end| (at, end)));
                for (bytes, ending) in cuts {
                    line.cuts += 1;
                    match self.hold(Some(Cut {
                        connection,
                        direction,
                        bytes,
                        ending,
                    })) {
                        Ok(world) => line.count += world.count(),
                        Err(what) => {
                            line.broken += 1;
                            tell(what);
                        }
                    }
                }
            }
        }
        line
    }

    /// One conversation to its end, cut or not.
    fn hold(&self, cut: Option<Cut>) -> Result<World, String> {
        let plans = vec![self.client.clone(), self.peer.clone()];
        let mut world = World::new(plans, Config::new(), Trace::of(0), false);
        self.run(&mut world, cut).map_err(|what| {
            // Once more, to tell what happened.
            let mut world = World::new(
                vec![self.client.clone(), self.peer.clone()],
                Config::new(),
                Trace::of(400),
                false,
            );
            let _ = self.run(&mut world, cut);
            format!(
                "{}\n{}: cut {cut:?}: {what}\n{}",
                world.trace.text(),
                self.name,
                world.open_ends()
            )
        })?;
        Ok(world)
    }

    fn run(&self, world: &mut World, cut: Option<Cut>) -> Result<(), String> {
        let mut fate = |node, connection| match cut {
            Some(cut) if (node, connection) == (0, cut.connection) => (
                Faults::none().cut_after(cut.direction, cut.bytes),
                cut.ending,
            ),
            _ => (Faults::none(), Ending::Lost),
        };
        for _ in 0..60_000 / STEP {
            world.step(&mut fate)?;
            if world.is_done() && world.is_idle() {
                // What has no acknowledgement is still on its way.
                return (0..5).try_for_each(|_| world.step(&mut fate));
            }
        }
        Err("it does not come to its end".into())
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Line {
            name,
            keep: _,
            bytes: (up, down),
            cuts,
            broken,
            count,
        } = self;
        let Count {
            delivered,
            repeated,
            missed,
        } = count;
        write!(
            f,
            "| {name} | {up} | {down} | {cuts} | {delivered} | {repeated} | {missed} | {broken} |"
        )
    }
}
