//! The driver of one client: it opens connections, moves bytes and keeps time, and ends the process
//! where fate says so.
use super::{Ending, STEP, node::Node, plan::Direct, trace::Trace};
use bytes::BufMut;
use core::time::Duration;
use motemq_client::{
    PayloadBuf, READ_BUFFER, Transport, TransportError, TransportErrorKind, WriteBuf,
};
use motemq_testing::link::{End, Link};
use std::{
    io::{self, ErrorKind, IoSlice, Read, Write},
    ops::ControlFlow,
};

/// The most links of a client that are remembered.
const LINKS: usize = 8;
/// The most turns of the driver in one step.
const TURNS: usize = 2000;
/// The number of bytes that are read at once where the rest of a long payload is read into its own
/// memory: before the client sees it, little of it is to arrive.
const LITTLE: usize = 4 << 10;
/// The most steps that an attempt takes, where it takes any.
const SLOW: u64 = 50;

/// A client and its present connection.
pub struct Site {
    /// The process.
    pub node: Node,
    near: Option<Near>,
    /// Bytes that have come and that the client has not taken.
    rx: Vec<u8>,
    /// The memory of a long payload, of which the rest is read next.
    payload: PayloadBuf,
    /// Bytes that the link has not taken.
    output: WriteBuf,
    /// Attempts to connect that are under way, and when they come to an end.
    attempts: Vec<(u32, u64)>,
    /// An attempt has opened a connection, for which there has to be a link.
    opened: bool,
    /// The time by its clock at which its process began.
    begun: Duration,
    /// How many connections it has had.
    pub connections: u64,
    /// How much its clock is ahead.
    pub ahead: Duration,
    /// How many times its process has ended.
    pub restarts: u64,
    /// It does nothing before this step.
    pub asleep: u64,
    /// It is to leave in good order.
    pub leaving: bool,
    /// The broker has lost its session, and only connections behind this one can tell it so.
    untold: Option<u64>,
    /// The next connection has to tell it so.
    is_to_be_told: bool,
    /// Its first links, to know their lengths.
    pub links: Vec<Link>,
}

/// The client's side of a connection.
struct Near {
    end: End,
    link: Link,
    ending: Ending,
}

impl Site {
    /// A process that has no connection yet.
    pub fn new(node: Node) -> Self {
        Site {
            node,
            near: None,
            rx: Vec::new(),
            payload: PayloadBuf::new(),
            output: WriteBuf::new(),
            attempts: Vec::new(),
            opened: false,
            begun: Duration::ZERO,
            connections: 0,
            ahead: Duration::ZERO,
            restarts: 0,
            asleep: 0,
            leaving: false,
            untold: None,
            is_to_be_told: false,
            links: Vec::new(),
        }
    }

    /// The number of its connection, if it has one.
    pub fn connection(&self) -> Option<u64> {
        self.near.as_ref().map(|_| self.connections)
    }

    /// The time since its process began, by its clock.
    fn now(&self, step: u64) -> Duration {
        (Duration::from_millis(step * STEP) + self.ahead).saturating_sub(self.begun)
    }

    /// An attempt has opened a connection, which needs a link. It is asked once.
    pub fn take_opened(&mut self) -> bool {
        std::mem::take(&mut self.opened)
    }

    /// The connection has this link, and this is what becomes of the process when it is cut.
    pub fn connect(&mut self, end: End, link: Link, ending: Ending) {
        self.connections += 1;
        if std::mem::take(&mut self.is_to_be_told) {
            self.node.expect_new_session();
        }
        if self.links.len() < LINKS {
            self.links.push(link.clone());
        }
        self.near = Some(Near { end, link, ending });
    }

    /// The broker has lost its session.
    pub fn lose_session(&mut self) {
        (self.untold, self.is_to_be_told) = (Some(self.connections), true);
    }

    /// The broker has lost its session, and it does not know, or has not stored it.
    pub fn is_untold(&self) -> bool {
        self.untold.is_some()
    }

    /// A step of the client: it reads, thinks, stores and writes, unless its process ends between.
    ///
    /// # Errors
    /// A promise is broken, and this is which.
    pub fn serve(&mut self, step: u64, publish: bool, trace: &mut Trace) -> Result<(), String> {
        // A process that is to end does so when the link is cut.
        let ending = match &self.near {
            Some(near) if near.link.is_cut() && self.untold.is_none() => near.ending,
            _ => Ending::Lost,
        };
        if ending != Ending::Lost {
            trace.add(|| format!("n{} is {ending:?}", self.node.me));
        }
        if ending == Ending::Killed {
            return self.restart(step);
        }
        let now = self.now(step);
        let (mut wake, is_over) = self.read(now);
        wake |= self.node.store(step);
        wake |= self.node.act((step, now), publish, trace)?;
        if self.leaving && self.node.is_open() {
            self.leaving = false;
            trace.add(|| format!("n{} leaves", self.node.me));
            let limit = self.node.random().u64(..2000);
            self.node.leave(now + Duration::from_millis(limit))?;
            wake = true;
        }
        wake |= is_over || self.has_attempts_due(step);
        for _ in 0..TURNS {
            let is_due = self.node.client.poll_timeout().is_some_and(|at| at <= now);
            if !wake && !is_due && ending == Ending::Lost {
                if self.write(now) {
                    wake = true;
                    continue;
                }
                return self.node.check_asleep();
            }
            wake = self
                .node
                .turn((&mut self.rx, &mut self.payload), (step, now), trace)?;
            let has_read_all = !wake;
            wake |= self.node.act((step, now), publish, trace)?;
            if is_over && has_read_all && self.near.take().is_some() {
                self.node.client.on_closed(Some(reset()), now);
                wake = true;
            }
            if ending == Ending::KilledUnsaved {
                return self.restart(step);
            }
            let told = self.untold.filter(|&last| self.connections > last);
            // The store is not asked to be slow where it must not lose anything.
            let at = if ending == Ending::KilledSaved || told.is_some() {
                u64::MAX
            } else {
                step
            };
            wake |= self.node.store(at);
            if told.is_some() && self.node.is_open() && self.node.is_stored() {
                self.untold = None;
            }
            if ending == Ending::KilledSaved {
                return self.restart(step);
            }
            match self.transport(step, now, trace)? {
                ControlFlow::Break(()) => return Ok(()),
                ControlFlow::Continue(has_acted) => wake |= has_acted,
            }
            wake |= self.write(now);
        }
        Err(format!("n{}: its driver spins", self.node.me))
    }

    fn has_attempts_due(&self, step: u64) -> bool {
        self.attempts.iter().any(|&(_, at)| at <= step)
    }

    fn restart(&mut self, step: u64) -> Result<(), String> {
        self.restarts += 1;
        self.node.restart()?;
        self.begin(step);
        Ok(())
    }

    fn begin(&mut self, step: u64) {
        self.near = None;
        self.opened = false;
        self.rx.clear();
        self.payload = PayloadBuf::new();
        self.output = WriteBuf::new();
        self.attempts.clear();
        self.begun = Duration::from_millis(step * STEP) + self.ahead;
    }

    /// Does what the client wants of the transport. Returns whether to drive it once more, or that
    /// its process has begun anew.
    fn transport(
        &mut self,
        step: u64,
        now: Duration,
        trace: &mut Trace,
    ) -> Result<ControlFlow<(), bool>, String> {
        let mut has_acted = false;
        let is_slow = self.node.plan.addresses > 1;
        while let Some(at) = self.attempts.iter().position(|&(_, at)| at <= step) {
            has_acted = true;
            let (attempt, _) = self.attempts.swap_remove(at);
            if is_slow && self.node.random().u8(..8) == 0 {
                let error = TransportError::new(TransportErrorKind::Connect, "refused");
                self.node.client.on_open_failed(attempt, error);
            } else if self.node.client.on_opened(attempt, now) {
                if self.near.is_some() || self.opened {
                    return Err(format!("n{} opens two connections", self.node.me));
                }
                self.rx.clear();
                self.payload = PayloadBuf::new();
                self.output = WriteBuf::new();
                self.opened = true;
            }
        }
        loop {
            let random = self.node.random().u64(..);
            match self.node.client.poll_transport(now, random) {
                Transport::Resolve { attempt, .. } => {
                    let addresses = self.node.plan.addresses;
                    self.node.client.on_resolved(attempt, addresses, now);
                }
                Transport::Dial { attempt, .. } => {
                    let wait = if is_slow {
                        self.node.random().u64(..SLOW)
                    } else {
                        0
                    };
                    self.attempts.push((attempt, step + wait));
                    if wait == 0 {
                        return Ok(ControlFlow::Continue(true));
                    }
                }
                Transport::Cancel { attempt } => {
                    self.attempts.retain(|&(other, _)| other != attempt);
                }
                Transport::Close => {
                    self.near = None;
                    self.opened = false;
                    self.node.client.on_closed(None, now);
                }
                Transport::Keep if self.near.is_none() && !self.opened => {
                    return Err(format!("n{} keeps what is not there", self.node.me));
                }
                Transport::Wait if self.near.is_some() => {
                    return Err(format!("n{} forgets its connection", self.node.me));
                }
                Transport::Keep | Transport::Wait => break,
                Transport::Ended(ended) => {
                    trace.add(|| format!("n{} has ended: {ended:?}", self.node.me));
                    self.node.on_ended()?;
                    self.begin(step);
                    return Ok(ControlFlow::Break(()));
                }
            }
            has_acted = true;
        }
        Ok(ControlFlow::Continue(has_acted))
    }

    /// Reads what has come: the rest of a long payload into its own memory. Returns whether anything
    /// has, and whether the connection is over.
    fn read(&mut self, now: Duration) -> (bool, bool) {
        let Some(near) = &mut self.near else {
            return (false, false);
        };
        let mut buffer = [0; 2048];
        let mut has_read = false;
        let limit = match self.node.plan.direct {
            None => READ_BUFFER,
            Some(_) => READ_BUFFER.min(self.rx.len() + LITTLE),
        };
        while self.node.client.read_limit().min(limit) > self.rx.len() && !self.payload.has_unread()
        {
            let is_direct = self.payload.wanted() > 0;
            let read = if is_direct {
                read_payload(&mut near.end, &mut self.payload, self.node.plan.direct)
            } else {
                let room = (limit - self.rx.len()).min(buffer.len());
                near.end.read(&mut buffer[..room])
            };
            match read {
                Ok(0) => return (has_read, true),
                Ok(_) if is_direct => self.node.client.poll_payload(&mut self.payload, now),
                Ok(n) => self.rx.extend_from_slice(&buffer[..n]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return (has_read, true),
            }
            has_read = true;
        }
        (has_read, false)
    }

    /// Writes as much as the link takes. Returns whether to drive the client once more.
    fn write(&mut self, now: Duration) -> bool {
        let mut again = false;
        while let Some(near) = &mut self.near {
            again |= self.node.client.poll_output(&mut self.output);
            if self.output.is_empty() {
                break;
            }
            let written = if self.output.is_contiguous() {
                near.end.write(self.output.bytes())
            } else {
                let slices: Vec<_> = self.output.chunks().map(IoSlice::new).collect();
                near.end.write_vectored(&slices)
            };
            match written {
                Ok(n) => {
                    self.output.consume(n);
                    self.node.client.on_written(n, now);
                    // Now it may close the connection.
                    again |= self.output.is_empty();
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => {
                    self.near = None;
                    self.node.client.on_closed(Some(reset()), now);
                    return true;
                }
            }
        }
        again
    }
}

/// Reads a part of a payload into its memory.
fn read_payload(end: &mut End, payload: &mut PayloadBuf, how: Option<Direct>) -> io::Result<usize> {
    if how == Some(Direct::Initialized) {
        return payload.read_with(|space| end.read(space));
    }
    payload.fill_with(|memory| {
        let mut buffer = vec![0; memory.remaining_mut().min(8192)];
        let n = end.read(&mut buffer)?;
        memory.put_slice(&buffer[..n]);
        Ok(n)
    })
}

fn reset() -> TransportError {
    TransportError::new(TransportErrorKind::Io, "reset")
}
