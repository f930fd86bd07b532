//! Stations, their links, and the broker in memory, in virtual time.
use crate::station::Station;
use motemq::{ReasonCode, Version};
use motemq_testing::{
    broker::{Broker, Connection, Limits},
    judge::Judge,
    link::Direction,
};
use std::collections::VecDeque;

/// How a connection of a station ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// The link is cut.
    Cut,
    /// The link is cut, and the process of the station begins again with its snapshot.
    Restart,
    /// The broker sends DISCONNECT.
    Disconnect,
}

/// A connection ends after so many bytes in one direction.
#[derive(Clone, Copy, Debug)]
pub struct End {
    pub direction: Direction,
    pub bytes: u64,
    pub ending: Ending,
}

/// A station and its link.
pub struct Node {
    pub station: Box<dyn Station>,
    connection: Option<Connection>,
    /// Bytes of the broker that the station has not read.
    down: VecDeque<u8>,
    judge: Judge,
    /// The bytes that have passed on this connection, up and down.
    pub passed: (u64, u64),
    /// How its connection ends.
    pub end: Option<End>,
    /// Connections so far.
    pub connections: u64,
    /// The most bytes that move at once.
    pub most: usize,
    /// It is not connected before this time.
    pub rests_until: u64,
    /// What exceeded a limit.
    pub findings: Vec<String>,
}

pub struct World {
    pub broker: Broker,
    pub now: u64,
    pub nodes: Vec<Node>,
    /// The limits that the broker announces from this connection of the first station on.
    pub later: Option<(u64, Limits)>,
    connections: u64,
}

impl World {
    pub fn new(broker: Broker, stations: Vec<Box<dyn Station>>) -> Self {
        let node = |station| Node {
            station,
            connection: None,
            down: VecDeque::new(),
            judge: Judge::new(),
            passed: (0, 0),
            end: None,
            connections: 0,
            most: usize::MAX,
            rests_until: 0,
            findings: Vec::new(),
        };
        World {
            broker,
            now: 0,
            nodes: stations.into_iter().map(node).collect(),
            later: None,
            connections: 0,
        }
    }

    /// One step of so many milliseconds.
    pub fn step(&mut self, milliseconds: u64) {
        self.now += milliseconds;
        self.broker.tick(self.now);
        for at in 0..self.nodes.len() {
            self.step_of(at);
        }
    }

    fn step_of(&mut self, at: usize) {
        let (now, broker) = (self.now, &mut self.broker);
        let node = &mut self.nodes[at];
        let connection = match node.connection {
            Some(connection) => connection,
            None if now < node.rests_until => return,
            None => {
                self.connections += 1;
                let connection = Connection(self.connections);
                broker.opened(now, connection);
                node.connect(connection);
                if let Some((from, limits)) = self.later.filter(|_| at == 0)
                    && node.connections >= from
                {
                    broker.set_limits(limits);
                }
                connection
            }
        };
        node.station.turn(now);
        let bytes = node.take_output();
        broker.received(now, connection, &bytes);
        node.down.extend(broker.take(connection));
        node.take_input();
        node.station.turn(now);
        match node.ending() {
            Some(Ending::Disconnect) => {
                let reason = "the broker is stopped, and this is a reason longer than the buffer";
                let code = ReasonCode::SERVER_SHUTTING_DOWN;
                broker.disconnect(now, connection, code, Some(reason));
                node.end = None;
            }
            Some(ending) => {
                broker.lost(now, connection);
                node.lose(ending);
                return;
            }
            None => {}
        }
        let is_over = broker.is_closed(connection) && node.down.is_empty();
        if is_over || (node.station.is_closed() && node.station.output().is_empty()) {
            // What the broker has still to say is read first.
            let last = broker.take(connection);
            if !node.station.is_closed() && !last.is_empty() {
                node.down.extend(last);
                return;
            }
            broker.lost(now, connection);
            node.lose(Ending::Cut);
        }
    }

    /// Cuts the link of a station.
    pub fn cut(&mut self, at: usize) {
        let node = &mut self.nodes[at];
        if let Some(connection) = node.connection {
            self.broker.lost(self.now, connection);
            node.lose(Ending::Cut);
        }
    }

    /// Nothing is to be done, on any side.
    pub fn is_idle(&self) -> bool {
        self.nodes.iter().all(|node| {
            node.station.is_done()
                && node.connection.is_some()
                && node.down.is_empty()
                && node.station.output().is_empty()
                && node.end.is_none()
                && self.broker.is_idle(node.station.name())
        })
    }

    /// Steps until nothing is to be done. Returns `false` if that does not happen.
    pub fn run(&mut self, steps: usize, milliseconds: u64) -> bool {
        for _ in 0..steps {
            self.step(milliseconds);
            if self.is_idle() || self.problem().is_some() {
                return true;
            }
        }
        false
    }

    /// What should not have happened.
    pub fn problem(&self) -> Option<String> {
        if let Some(objection) = self.broker.objections().first() {
            return Some(format!("the broker objects: {objection:?}"));
        }
        self.nodes.iter().find_map(|node| {
            let record = node.station.record();
            let finding = node.findings.iter().chain(node.judge.findings()).next();
            finding.or(record.problem.as_ref()).cloned()
        })
    }
}

impl Node {
    fn connect(&mut self, connection: Connection) {
        self.connection = Some(connection);
        self.connections += 1;
        self.passed = (0, 0);
        self.findings.extend_from_slice(self.judge.findings());
        self.judge = Judge::new();
        self.station.connect();
    }

    /// Takes bytes that the station sends, up to the end of the connection.
    fn take_output(&mut self) -> Vec<u8> {
        let count = self.allowed(Direction::Up);
        let output = self.station.output();
        let bytes = output[..output.len().min(count)].to_vec();
        self.station.written(bytes.len());
        self.passed.0 += bytes.len() as u64;
        if self.station.version() == Version::Mqtt5 {
            self.judge.client_sends(&bytes);
        }
        bytes
    }

    /// Gives the station bytes of the broker, up to the end of the connection.
    fn take_input(&mut self) {
        let count = self.allowed(Direction::Down).min(self.station.room());
        let count = count.min(self.down.len());
        let bytes: Vec<_> = self.down.drain(..count).collect();
        self.passed.1 += bytes.len() as u64;
        if self.station.version() == Version::Mqtt5 {
            self.judge.server_sends(&bytes);
        }
        self.station.read(&bytes);
    }

    /// How many bytes may move.
    fn allowed(&self, direction: Direction) -> usize {
        let passed = match direction {
            Direction::Up => self.passed.0,
            Direction::Down => self.passed.1,
        };
        let end = self.end.filter(|end| end.direction == direction);
        let left = end.map_or(u64::MAX, |end| end.bytes.saturating_sub(passed));
        self.most.min(usize::try_from(left).unwrap_or(usize::MAX))
    }

    /// How the connection ends now, if it does.
    fn ending(&self) -> Option<Ending> {
        let end = self.end?;
        (self.allowed(end.direction) == 0).then_some(end.ending)
    }

    fn lose(&mut self, ending: Ending) {
        self.connection = None;
        self.end = None;
        self.down.clear();
        if ending == Ending::Restart {
            self.station.restart();
        } else {
            self.station.lost();
        }
    }
}
