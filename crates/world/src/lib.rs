//! A world in memory: managed clients, the in-process broker, links between them, and everything
//! that goes wrong, in virtual time. The same seed gives the same world to the byte.
//!
//! - [`ledger`] cuts the link and ends the process at every byte of conversations that cover each
//!   exchange of packets.
//! - [`simulation`] makes worlds by chance.
//!
//! Each client is [`motemq_client::Client`] itself, driven as its documentation says.
mod application;
pub mod ledger;
mod message;
mod node;
mod plan;
mod report;
pub mod simulation;
mod site;
mod trace;
mod wills;
mod wire;

use message::{Count, QOS};
use motemq::QoS;
use motemq_testing::{
    broker::{Broker, Config, Connection},
    link::{Faults, Link, link},
};
use node::Node;
use plan::Plan;
use site::Site;
use trace::Trace;
use wills::Published;
use wire::Wire;

/// Milliseconds that a step takes.
const STEP: u64 = 10;

/// What happens to a client whose link is cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// It hears that the link is gone.
    Lost,
    /// Its process ends at once, with what was read but not dealt with.
    Killed,
    /// Its process ends after it has dealt with all that came, before it has stored anything.
    KilledUnsaved,
    /// Its process ends after it has stored, before the bytes have left.
    KilledSaved,
}

/// All ways to end.
pub const ENDINGS: [Ending; 4] = [
    Ending::Lost,
    Ending::Killed,
    Ending::KilledUnsaved,
    Ending::KilledSaved,
];

/// How a connection is: its faults, and what becomes of the client when it is cut.
type Fate = (Faults, Ending);

/// Clients, broker, links.
pub struct World {
    broker: Broker,
    /// The wills that it has published.
    wills: Published,
    /// It may forget its sessions, too, when it stops and starts.
    forgets: bool,
    sites: Vec<Site>,
    wires: Vec<(usize, Wire)>,
    /// What the broker has closed and the client has not read to its end, by client and number of
    /// its connection.
    fading: Vec<(usize, u64, Link)>,
    opened: u64,
    step: u64,
    trace: Trace,
}

impl World {
    fn new(plans: Vec<Plan>, config: Config, trace: Trace, forgets: bool) -> Self {
        let sure: Vec<_> = plans
            .iter()
            .map(|plan| plan.keep && !plan.abandons && !forgets)
            .collect();
        let nodes = (0..)
            .zip(plans)
            .map(|(me, plan)| Node::new(me, plan, sure.clone(), forgets));
        let wills = Published::default();
        let published = wills.clone();
        let config = config.on_will(move |client, connection, payload| {
            published.add(client, connection, payload);
        });
        World {
            broker: Broker::new(config),
            wills,
            forgets,
            sites: nodes.map(Site::new).collect(),
            wires: Vec::new(),
            fading: Vec::new(),
            opened: 0,
            step: 0,
            trace,
        }
    }

    /// A step of time: every client, then the broker's side of every connection. `fate` says what a
    /// connection will be, by the number of the client and of its connection, from 1 on.
    fn step(&mut self, fate: &mut dyn FnMut(usize, u64) -> Fate) -> Result<(), String> {
        self.step += 1;
        let publish = self.sites.iter().all(|site| site.node.is_ready());
        for at in 0..self.sites.len() {
            let site = &mut self.sites[at];
            if site.asleep > self.step {
                continue;
            }
            site.serve(self.step, publish, &mut self.trace)?;
            if site.take_opened() {
                self.open(at, fate);
            }
        }
        let now = self.step * STEP;
        if self.step.is_multiple_of(10) {
            self.broker.tick(now);
        }
        self.fading.retain(|&(at, connection, ref link)| {
            link.step();
            self.sites[at].connection() == Some(connection)
        });
        let (broker, trace, step) = (&mut self.broker, &mut self.trace, self.step);
        let (sites, fading) = (&self.sites, &mut self.fading);
        self.wires.retain_mut(|(at, wire)| {
            let alive = wire.asleep > step || wire.serve(broker, now, trace);
            if !alive {
                trace.add(|| {
                    format!(
                        "{now} ms: connection {} of n{at} is over",
                        wire.connection.0
                    )
                });
                broker.lost(now, wire.connection);
                fading.push((*at, sites[*at].connections, wire.link.clone()));
            }
            wire.link.step();
            alive
        });
        Ok(())
    }

    /// A client has opened a connection.
    fn open(&mut self, at: usize, fate: &mut dyn FnMut(usize, u64) -> Fate) {
        self.opened += 1;
        let site = &mut self.sites[at];
        // A client that misses this CONNACK hears of a session next time and cannot know that it is
        // another: nothing in MQTT 3.1.1 tells.
        let (faults, ending) = if site.is_untold() {
            (Faults::none(), Ending::Lost)
        } else {
            fate(at, site.connections + 1)
        };
        // A client that stores nothing does not outlive its process.
        let ending = if site.node.plan.stores.is_some() {
            ending
        } else {
            Ending::Lost
        };
        let (near, far, link) = link(faults);
        let connection = Connection(self.opened);
        self.trace.add(|| {
            format!(
                "{} ms: n{at} opens connection {}: {faults:?}, {ending:?}",
                self.step * STEP,
                self.opened
            )
        });
        self.broker.opened(self.step * STEP, connection);
        site.connect(near, link.clone(), ending);
        self.wires.push((at, Wire::new(connection, far, link)));
    }

    /// Every message is published, acknowledged and, where its QoS promises that, delivered.
    fn is_done(&self) -> bool {
        self.sites.iter().all(|site| site.node.is_done()) && self.is_delivered()
    }

    fn is_delivered(&self) -> bool {
        let sure = |from: &Site, to: &Site| to.node.is_sure_of(from.node.me);
        self.pairs()
            .filter(|(from, to)| sure(from, to))
            .all(|(from, to)| {
                [QoS::AtLeastOnce, QoS::ExactlyOnce].into_iter().all(|qos| {
                    let publisher = from.node.me;
                    let granted = to.node.plan.granted(publisher, qos);
                    granted.is_none_or(|granted| granted == QoS::AtMostOnce)
                        || to.node.next(publisher, qos) == from.node.published(qos)
                })
            })
    }

    /// What came to all, and what did not.
    fn count(&self) -> Count {
        let mut sum = Count::default();
        for (from, to) in self.pairs() {
            for qos in QOS {
                if to.node.plan.granted(from.node.me, qos).is_some() {
                    sum.missed += u64::from(from.node.published(qos));
                }
            }
        }
        for Count {
            delivered,
            repeated,
            ..
        } in self.sites.iter().map(|site| site.node.count())
        {
            sum.delivered += delivered;
            sum.repeated += repeated;
            sum.missed -= delivered - repeated;
        }
        sum
    }

    /// Subscribers have had the wills that they should.
    fn check_wills(&self) -> Result<(), String> {
        let plans: Vec<_> = self.sites.iter().map(|site| &site.node.plan).collect();
        self.sites.iter().try_for_each(|Site { node, .. }| {
            let checked = self.wills.check(
                &plans,
                &node.plan,
                &node.wills(),
                !node.plan.keep || self.forgets,
            );
            checked.map_err(|what| format!("n{}: {what}", node.me))
        })
    }

    /// The broker stops and starts. Its sessions are kept, or not.
    fn outage(&mut self, keep: bool) {
        self.broker.restart(self.step * STEP, keep);
        let wires = self.wires.drain(..);
        self.fading
            .extend(wires.map(|(at, wire)| (at, self.sites[at].connections, wire.link)));
        if !keep {
            self.sites.iter_mut().for_each(Site::lose_session);
        }
    }

    fn pairs(&self) -> impl Iterator<Item = (&Site, &Site)> {
        self.sites
            .iter()
            .flat_map(|from| self.sites.iter().map(move |to| (from, to)))
    }

    /// No identifier is taken and no receipt open, on either side of any session.
    fn is_idle(&self) -> bool {
        self.sites
            .iter()
            .all(|site| site.node.is_idle() && self.broker.is_idle(&format!("n{}", site.node.me)))
    }

    /// What is still open, in words.
    fn open_ends(&self) -> String {
        let ends = self.sites.iter().map(|site| {
            let Site { node, connections, .. } = site;
            let (done, idle, broker) = (node.is_done(), node.is_idle(), self.broker.is_idle(&format!("n{}", node.me)));
            format!("n{}: done {done}, idle {idle}, broker idle {broker}, {connections} connections, {}", node.me, node.text())
        });
        ends.collect::<Vec<_>>().join("\n")
    }
}
