//! A world in memory: clients with the real core, the in-process broker, links between them, and
//! everything that goes wrong, in virtual time. The same seed gives the same world to the byte.
//!
//! - [`ledger`] cuts the link and ends the process at every byte of conversations that cover each
//!   exchange of packets.
//! - [`simulation`] makes worlds by chance.
mod application;
pub mod ledger;
mod message;
mod node;
mod plan;
mod report;
pub mod simulation;
mod trace;
mod wills;

use crate::{
    broker::{Broker, Config, Connection},
    link::{End, Faults, Link, link},
};
use message::{Count, QOS};
use motemq::QoS;
use node::Node;
use plan::Plan;
use std::{
    io::{ErrorKind, Read, Write},
    ops::ControlFlow,
};
use trace::Trace;
use wills::Published;

/// Milliseconds that a step takes.
const STEP: u64 = 10;

/// The most links of a client that are remembered.
const LINKS: usize = 8;

/// What happens to a client whose link is cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// It hears that the link is gone.
    Lost,
    /// Its process ends at once, with what was read but not dealt with.
    Killed,
    /// Its process ends after it has dealt with all that came, before it has saved anything.
    KilledUnsaved,
    /// Its process ends after it has saved, before the bytes have left.
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

/// One transport connection, as the broker and the network see it.
struct Wire {
    connection: Connection,
    far: End,
    link: Link,
    /// Bytes that the link has not taken yet.
    outgoing: Vec<u8>,
    /// The broker does not look at it before this step.
    asleep: u64,
}

/// A client and its present connection.
struct Site {
    node: Node,
    near: Option<(End, Ending)>,
    /// How many connections it has had.
    connections: u64,
    /// Milliseconds that its clock is ahead.
    ahead: u32,
    /// How many times its process has ended.
    restarts: u64,
    /// It does nothing before this step.
    asleep: u64,
    /// It is to leave in good order.
    leaving: bool,
    /// The broker has lost its session, and only connections behind this one can tell it so.
    untold: Option<u64>,
    /// Its first links, to know their lengths.
    links: Vec<Link>,
}

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
        let sites = nodes
            .map(|node| {
                let links = Vec::new();
                Site {
                    node,
                    near: None,
                    connections: 0,
                    ahead: 0,
                    restarts: 0,
                    asleep: 0,
                    leaving: false,
                    untold: None,
                    links,
                }
            })
            .collect();
        let wills = Published::default();
        let published = wills.clone();
        let broker =
            Broker::new(config.on_will(move |client, payload| published.add(client, payload)));
        World {
            broker,
            wills,
            forgets,
            sites,
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
            if self.sites[at].asleep > self.step {
                continue;
            }
            if self.sites[at].near.is_none() {
                self.open(at, fate);
            }
            if self.serve(at, publish)?.is_break() {
                self.sites[at].node.lost();
                self.sites[at].near = None;
            }
        }
        let now = self.step * STEP;
        if self.step.is_multiple_of(10) {
            self.broker.tick(now);
        }
        self.fading.retain(|&(at, connection, ref link)| {
            link.step();
            self.sites[at].near.is_some() && self.sites[at].connections == connection
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

    fn open(&mut self, at: usize, fate: &mut dyn FnMut(usize, u64) -> Fate) {
        self.opened += 1;
        let site = &mut self.sites[at];
        site.connections += 1;
        // A client that misses this CONNACK hears of a session next time and cannot know that it is
        // another: nothing in MQTT 3.1.1 tells.
        let (faults, ending) = if site.untold.is_some() {
            (Faults::none(), Ending::Lost)
        } else {
            fate(at, site.connections)
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
        site.near = Some((near, ending));
        site.node.connect(site.connections as u32);
        if site.links.len() < LINKS {
            site.links.push(link.clone());
        }
        self.wires.push((
            at,
            Wire {
                connection,
                far,
                link,
                outgoing: Vec::new(),
                asleep: 0,
            },
        ));
    }

    /// A client reads, thinks, saves and writes, unless its process ends between.
    fn serve(&mut self, at: usize, publish: bool) -> node::Turn {
        let site = &mut self.sites[at];
        let Some((near, ending)) = &mut site.near else {
            return Ok(ControlFlow::Break(()));
        };
        let node = &mut site.node;
        let wire = self.wires.iter().rev().find(|(whose, _)| *whose == at);
        // A process that is to end does so when the link is cut.
        let ending = if wire.is_some_and(|(_, wire)| wire.link.is_cut()) {
            *ending
        } else {
            Ending::Lost
        };
        if ending != Ending::Lost {
            site.restarts += 1;
            self.trace.add(|| format!("n{at} is {ending:?}"));
        }
        if ending == Ending::Killed {
            node.restart();
            return Ok(ControlFlow::Break(()));
        }
        let mut over = false;
        while !over {
            let space = node.space();
            if space.is_empty() {
                break;
            }
            match near.read(space) {
                Ok(0) => over = true,
                Ok(n) => node.came(n),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => over = true,
            }
        }
        let clock = ((self.step * STEP) as u32).wrapping_add(site.ahead);
        let turn = node.turn(clock, publish, &mut site.leaving, &mut self.trace)?;
        if ending == Ending::KilledUnsaved {
            node.restart();
            return Ok(ControlFlow::Break(()));
        }
        let told = site
            .untold
            .is_some_and(|connection| site.connections > connection && node.is_open());
        if ending == Ending::KilledSaved || !node.bytes().is_empty() || told {
            node.save();
        }
        if told {
            site.untold = None;
        }
        if ending == Ending::KilledSaved {
            node.restart();
            return Ok(ControlFlow::Break(()));
        }
        if turn.is_break() || over {
            return Ok(ControlFlow::Break(()));
        }
        while !node.bytes().is_empty() {
            match near.write(node.bytes()) {
                Ok(n) => node.sent(n),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return Ok(ControlFlow::Break(())),
            }
        }
        Ok(ControlFlow::Continue(()))
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
                    let (publisher, app) = (from.node.me, from.node.app());
                    let granted = to.node.plan.granted(publisher, qos);
                    granted.is_none_or(|granted| granted == QoS::AtMostOnce)
                        || to.node.app().record.next(publisher, qos) == app.numbers[qos as usize]
                })
            })
    }

    /// What came to all, and what did not.
    fn count(&self) -> Count {
        let mut sum = Count::default();
        for (from, to) in self.pairs() {
            for qos in QOS {
                if to.node.plan.granted(from.node.me, qos).is_some() {
                    sum.missed += u64::from(from.node.app().numbers[qos as usize]);
                }
            }
        }
        for Count {
            delivered,
            repeated,
            ..
        } in self.sites.iter().map(|site| site.node.app().record.count)
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
                &node.app().wills,
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
            self.sites
                .iter_mut()
                .for_each(|site| site.untold = Some(site.connections));
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
            format!("n{}: done {done}, idle {idle}, broker idle {broker}, {connections} connections, {}", node.me, node.app())
        });
        ends.collect::<Vec<_>>().join("\n")
    }
}

impl Wire {
    /// The broker's side; `false`: it is over.
    fn serve(&mut self, broker: &mut Broker, now: u64, trace: &mut Trace) -> bool {
        let mut buffer = [0; 2048];
        loop {
            match self.far.read(&mut buffer) {
                Ok(0) => return false,
                Ok(n) => {
                    let bytes = buffer.get(..n).unwrap_or_default();
                    trace.add(|| {
                        format!(
                            "connection {} to the broker {bytes:02x?}",
                            self.connection.0
                        )
                    });
                    broker.received(now, self.connection, bytes);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return false,
            }
        }
        loop {
            if self.outgoing.is_empty() {
                self.outgoing = broker.take(self.connection);
            }
            if self.outgoing.is_empty() {
                return !broker.is_closed(self.connection);
            }
            match self.far.write(&self.outgoing) {
                Ok(n) => {
                    trace.add(|| {
                        format!(
                            "connection {} to the client {:02x?}",
                            self.connection.0,
                            &self.outgoing[..n]
                        )
                    });
                    self.outgoing.drain(..n);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
                // What has come is still to be read.
                Err(_) => return !broker.is_closed(self.connection),
            }
        }
    }
}
