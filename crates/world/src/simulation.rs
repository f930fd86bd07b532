//! Worlds by chance: a seed says who is there, what they do, and all that goes wrong.
pub use super::report::Report;

use super::{
    ENDINGS, Ending, Fate, STEP, World,
    message::{Count, HEAD},
    plan::{BACKLOG, Direct, Plan, Taking},
    site::Site,
    trace::Trace,
};
use core::time::Duration;
use fastrand::Rng;
use motemq::{
    QoS::{AtLeastOnce, AtMostOnce, ExactlyOnce},
    Version,
};
use motemq_testing::{
    broker::{Config, Limits},
    link::{Direction, Faults},
};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
};

/// The most messages that one world may have: the broker keeps no more for a client that is away.
pub const MOST: u32 = 50_000;

/// Lines that are told of a world that fails.
const LINES: usize = 300;

/// A world in which a promise was broken.
#[derive(Clone, Debug)]
pub struct Failure {
    /// It shows the same again.
    pub seed: u64,
    /// What happened last, and what was wrong.
    pub what: String,
}

/// Runs so many worlds of so many messages each, as many at once as the machine has processors.
///
/// # Errors
/// The first that failed.
pub fn run(seeds: std::ops::Range<u64>, messages: u32) -> Result<Report, Failure> {
    let next = AtomicU64::new(seeds.start);
    let outcome = Mutex::new((Report::default(), None::<Failure>));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Relaxed);
            if seed >= seeds.end {
                return;
            }
            let result = world(seed, messages);
            let mut outcome = outcome.lock().expect("a world's panic is caught");
            match result {
                Ok(report) => outcome.0 += report,
                Err(failure) => {
                    next.store(seeds.end, Relaxed);
                    outcome.1 = outcome
                        .1
                        .take()
                        .filter(|older| older.seed < seed)
                        .or(Some(failure));
                }
            }
        }
    };
    thread::scope(|scope| {
        (0..thread::available_parallelism().map_or(1, usize::from))
            .for_each(|_| drop(scope.spawn(work)))
    });
    let (report, failure) = outcome.into_inner().expect("a world's panic is caught");
    failure.map_or(Ok(report), Err)
}

/// Runs one world to its end.
///
/// # Errors
/// A promise was broken, or something panicked.
pub fn world(seed: u64, messages: u32) -> Result<Report, Failure> {
    attempt(seed, messages, 0).map_err(|_| Failure {
        seed,
        what: attempt(seed, messages, LINES).err().unwrap_or_default(),
    })
}

fn attempt(seed: u64, messages: u32, lines: usize) -> Result<Report, String> {
    let mut chance = Chance::new(seed, messages);
    let plans = chance.plans(messages.min(MOST));
    let config = Config::new()
        .window(chance.rng.u16(1..=25))
        .limits(limits(seed));
    let forgets = chance.rng.u8(0..8) == 0;
    let mut world = World::new(plans, config, Trace::of(lines), forgets);
    for site in &mut world.sites {
        site.ahead = milliseconds(chance.rng.u32(..));
    }
    match catch_unwind(AssertUnwindSafe(|| chance.run(&mut world))) {
        Ok(Ok(())) => Ok(chance.report(&world)),
        Ok(Err(what)) => Err(format!(
            "{}{what}\n{}",
            world.trace.text(),
            world.open_ends()
        )),
        Err(_) => Err(format!("{}it panicked", world.trace.text())),
    }
}

/// All that is left to chance in one world.
struct Chance {
    rng: Rng,
    seed: u64,
    /// Connections of a client from this one on are good, so that there is an end.
    faulty: u64,
    steps: u64,
    outages: u64,
    /// Outages in which the broker lost its sessions.
    losses: u64,
}

impl Chance {
    fn new(seed: u64, messages: u32) -> Self {
        Chance {
            rng: Rng::with_seed(seed),
            seed,
            faulty: 30 + u64::from(messages) / 4,
            steps: 200_000 + u64::from(messages) * 200,
            outages: 0,
            losses: 0,
        }
    }

    fn plans(&mut self, messages: u32) -> Vec<Plan> {
        let nodes = self.rng.u8(2..=6);
        let mut plans: Vec<_> = (0..nodes)
            .map(|_| self.plan(nodes, messages / u32::from(nodes)))
            .collect();
        plans[0] = plans[0].clone().subscribes(ExactlyOnce);
        if plans.iter().any(|plan| plan.large.is_some()) {
            plans.iter_mut().for_each(keep_stream);
        }
        plans[1].messages += messages.saturating_sub(plans.iter().map(|plan| plan.messages).sum());
        plans
    }

    fn plan(&mut self, nodes: u8, messages: u32) -> Plan {
        let rng = &mut self.rng;
        let qos = *pick(
            rng,
            &[
                &[ExactlyOnce, AtLeastOnce, AtMostOnce][..],
                &[ExactlyOnce],
                &[AtLeastOnce],
                &[AtMostOnce],
                &[
                    AtLeastOnce,
                    AtLeastOnce,
                    ExactlyOnce,
                    ExactlyOnce,
                    ExactlyOnce,
                    AtMostOnce,
                    AtLeastOnce,
                ],
            ],
        );
        let wants = match rng.u8(0..10) {
            0 => None,
            1 | 2 => Some((Some(rng.u8(0..nodes)), ExactlyOnce)),
            3 => Some((None, AtLeastOnce)),
            4 => Some((None, AtMostOnce)),
            _ => Some((None, ExactlyOnce)),
        };
        let will = *pick(
            rng,
            &[None, Some(AtMostOnce), Some(AtLeastOnce), Some(ExactlyOnce)],
        );
        let keep = rng.u8(0..100) < 85;
        let large = rng.u8(0..16) == 0;
        let plan = Plan {
            version: Version::Mqtt311,
            keep,
            stores: *pick(rng, &[Some(0), Some(0), Some(0), Some(1), Some(9), None]),
            wants,
            messages: if rng.u8(0..5) == 0 { 0 } else { messages },
            qos,
            length: (
                HEAD,
                if rng.u8(0..20) == 0 {
                    2000
                } else {
                    *pick(rng, &[6, 12, 12, 30, 60, 60, 300])
                },
            ),
            large: large.then(|| (rng.u32(50..300), rng.usize(17_000..100_000))),
            direct: *pick(
                rng,
                &[None, Some(Direct::Initialized), Some(Direct::Uninitialized)],
            ),
            in_flight: *pick(rng, &[1, 2, 3, 5, 8, 20, 100]),
            queue: *pick(rng, &[(0, 0), (1, 30), (5, 200), (1000, 1 << 20)]),
            stream: *pick(rng, &[1, 3, 20, 256]),
            backlog: *pick(rng, &[2000, BACKLOG, BACKLOG, BACKLOG]),
            taking: match rng.u8(0..8) {
                0 => Taking::Slow(1),
                1 => Taking::Slow(rng.u64(0..=20)),
                2 => Taking::Manual(0),
                3 => Taking::Manual(rng.u64(0..=20)),
                _ => Taking::Prompt,
            },
            keep_alive: *pick(rng, &[0, 1, 5, 60]),
            abandons: rng.u8(0..8) == 0,
            reopens: rng.u8(0..8) == 0,
            addresses: *pick(rng, &[1, 1, 1, 1, 2, 3]),
            wait: Duration::from_millis(*pick(rng, &[0, 0, 50, 300])),
            will,
            hears_wills: will.is_none(),
            seed: rng.u64(..),
        };
        let speaks_mqtt_5 = plan.seed & 1 == 1;
        Plan {
            version: if speaks_mqtt_5 {
                Version::Mqtt5
            } else {
                Version::Mqtt311
            },
            ..plan
        }
    }

    fn run(&mut self, world: &mut World) -> Result<(), String> {
        for _ in 0..self.steps {
            self.disturb(world);
            let (seed, faulty) = (self.seed, self.faulty);
            world.step(&mut |node, connection| fate(seed, node, connection, faulty))?;
            if world.is_done() && world.is_idle() {
                // What has no acknowledgement is still on its way.
                (0..50).try_for_each(|_| world.step(&mut |_, _| (Faults::none(), Ending::Lost)))?;
                // Unless a connection has ended meanwhile, and its will is under way.
                if world.is_idle() {
                    return world.check_wills();
                }
            }
        }
        Err("it does not come to its end".into())
    }

    /// Stalls, jumps of clocks, clients that leave, a broker that stops and starts.
    fn disturb(&mut self, world: &mut World) {
        let rng = &mut self.rng;
        if rng.u16(..) > 600 {
            return;
        }
        let at = rng.usize(..world.sites.len());
        if world.sites[at].connections > self.faulty || world.sites.iter().any(Site::is_untold) {
            return;
        }
        let long = *pick(rng, &[5, 20, 100, 600, 2500]);
        let until = world.step + rng.u64(1..=long);
        match rng.u8(0..10) {
            0 => world.sites[at].ahead += milliseconds(rng.u32(..)),
            1 => world.sites[at].ahead += milliseconds(rng.u32(..20_000)),
            2 | 3 => world.sites[at].asleep = until,
            4 | 5 => world.sites[at].leaving = may_leave(&world.sites[at].node.plan),
            6 | 7 => {
                if let Some((_, wire)) = world.wires.iter_mut().find(|(whose, _)| *whose == at) {
                    wire.asleep = until;
                }
            }
            8 => {
                if let Some((_, wire)) = world.wires.iter_mut().find(|(whose, _)| *whose == at) {
                    wire.link.cut();
                }
            }
            _ => {
                let keep = !world.forgets || rng.bool();
                self.outages += 1;
                self.losses += u64::from(!keep);
                world.outage(keep);
            }
        }
    }

    fn report(&self, world: &World) -> Report {
        let Chance {
            outages, losses, ..
        } = *self;
        let wills = (world.wills.len() as u64, 0);
        let mut report = Report {
            seeds: 1,
            outages,
            losses,
            wills,
            time: world.step * STEP,
            ..Report::default()
        };
        for site in &world.sites {
            let ends = site.node.ends();
            report.published += site.node.all_published();
            report.abandoned += ends.abandoned;
            report.unknown += ends.unknown;
            report.wills.1 += site.node.wills().len() as u64;
            report.connections += site.connections;
            report.restarts += site.restarts;
        }
        let Count {
            delivered,
            repeated,
            missed,
        } = world.count();
        Report {
            delivered,
            repeated,
            missed,
            ..report
        }
    }
}

/// Where there are payloads longer than memory, a stream that is closed skips them, so that the order
/// is not kept.
fn keep_stream(plan: &mut Plan) {
    plan.reopens = false;
    plan.abandons &= plan.wants.is_none();
}

/// Another client goes on for one that has left, if all that has to be known is stored, or has ended
/// with the session.
fn may_leave(plan: &Plan) -> bool {
    plan.stores.is_some() || !plan.keep
}

fn milliseconds(number: u32) -> Duration {
    Duration::from_millis(number.into())
}

/// What becomes of a connection.
fn fate(seed: u64, node: usize, connection: u64, faulty: u64) -> Fate {
    if connection > faulty {
        return (Faults::none(), Ending::Lost);
    }
    let seed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (node as u64) << 56 ^ connection;
    let mut rng = Rng::with_seed(seed);
    let faults = if rng.u8(0..3) == 0 {
        Faults::none()
    } else {
        Faults::seeded(seed)
    };
    let direction = if rng.bool() {
        Direction::Up
    } else {
        Direction::Down
    };
    let most = *pick(&mut rng, &[30, 300, 3000, 30_000, 100_000]);
    let faults = if rng.u8(0..8) == 0 {
        faults
    } else {
        faults.cut_after(direction, rng.u64(0..most))
    };
    (faults, *pick(&mut rng, &ENDINGS))
}

fn pick<'a, T>(rng: &mut Rng, from: &'a [T]) -> &'a T {
    &from[rng.usize(..from.len())]
}

/// Returns the limits that the broker announces to clients of MQTT 5.
fn limits(seed: u64) -> Limits {
    let mut rng = Rng::with_seed(!seed);
    Limits {
        receive_maximum: *pick(&mut rng, &[1, 2, 8, u16::MAX]),
        topic_alias_maximum: *pick(&mut rng, &[0, 1, 2, 16]),
        ..Limits::NONE
    }
}
