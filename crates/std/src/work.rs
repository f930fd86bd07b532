//! What was asked for and is not done yet: copies to send again, and who waits for which answer.
mod late;
#[cfg(test)]
mod tests;

use crate::{Error, client::BUFFER, error::unsendable};
use motemq::{PacketId, QoS, SendError, SessionState};
use motemq_net::{Asked, Subscriptions, Suspect};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    time::Instant,
};

/// Something to be sent that the broker answers. The ticket is what its sender waits for; 0: nobody
/// does.
#[derive(Debug)]
pub(crate) struct Request {
    pub ticket: u64,
    pub body: Body,
    /// It was sent once, in this session or another.
    sent: bool,
    /// It was sent over this connection: as the how many-th, and when.
    out: Option<(u64, Instant)>,
    /// The connection was closed once because its answer did not come.
    overdue: bool,
}

impl Request {
    pub fn new(ticket: u64, body: Body) -> Self {
        Request {
            ticket,
            body,
            sent: false,
            out: None,
            overdue: false,
        }
    }
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Body {
    Publish {
        topic: String,
        payload: Vec<u8>,
        qos: QoS,
        retain: bool,
    },
    /// Published from a reader, or received by the broker: there is no copy.
    Gone,
    Subscribe(Vec<(String, QoS)>),
    Unsubscribe(Vec<String>),
}

impl Body {
    /// What it is, as far as sending it again goes.
    fn asked(&self) -> Asked {
        match self {
            Body::Publish { qos, .. } => Asked::Message(*qos),
            Body::Gone => Asked::Gone,
            Body::Subscribe(_) | Body::Unsubscribe(_) => Asked::Filters,
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Work {
    last_ticket: u64,
    /// Not sent yet, oldest first.
    pub queue: VecDeque<Request>,
    /// Sent.
    flights: HashMap<PacketId, Request>,
    /// Their identifiers ended with the session; they go in front of the queue at the next
    /// connection.
    again: Vec<Request>,
    /// Their senders wait no more.
    given_up: HashSet<u64>,
    failed: HashMap<u64, Error>,
    granted: HashMap<u64, Vec<u8>>,
    /// What the broker has granted.
    subscriptions: Subscriptions,
    /// What was sent over all connections, counted.
    outs: u64,
    /// The latest of them that was answered, and when one was answered last.
    answered: Option<(u64, Instant)>,
    suspect: Suspect<u64>,
    /// The broker asks for this one again.
    pub resend: Option<PacketId>,
    /// The payload of this one is being sent, so far up to here.
    pub streaming: Option<(PacketId, usize)>,
}

impl Work {
    pub fn ticket(&mut self) -> u64 {
        self.last_ticket += 1;
        self.last_ticket
    }

    pub fn ask(&mut self, body: Body) -> u64 {
        let ticket = self.ticket();
        if let Body::Unsubscribe(filters) = &body {
            self.subscriptions.remove(filters);
        }
        self.queue.push_back(Request::new(ticket, body));
        ticket
    }

    pub fn sent(&mut self, id: PacketId, mut request: Request) {
        request.sent = true;
        self.flights.insert(id, request);
    }

    /// It was given to the transport, or the beginning of it.
    pub fn began(&mut self, id: PacketId, streamed: bool) {
        self.streaming = streamed.then_some((id, 0));
        if !streamed {
            self.is_out(id);
        }
    }

    /// The copy of what has this identifier, unless there is none or nobody wants it any more.
    pub fn copy(&self, id: PacketId) -> Option<&Body> {
        if self.is_given_up(id) {
            None
        } else {
            self.flight(id)
        }
    }

    /// What was sent with this identifier.
    pub fn flight(&self, id: PacketId) -> Option<&Body> {
        self.flights.get(&id).map(|request| &request.body)
    }

    /// This one was sent, and nobody waits for its answer any more.
    pub fn is_given_up(&self, id: PacketId) -> bool {
        self.flights
            .get(&id)
            .is_none_or(|request| self.given_up.contains(&request.ticket))
    }

    /// The broker asked for this one again, and there is no copy.
    pub fn abandoned(&mut self, id: PacketId) {
        if let Some(request) = self.flights.remove(&id) {
            self.fail(request.ticket, Error::OutcomeUnknown);
        }
    }

    pub fn is_queued(&self, ticket: u64) -> bool {
        self.queue
            .iter()
            .chain(&self.again)
            .any(|request| request.ticket == ticket)
    }

    pub fn is_open(&self, ticket: u64) -> bool {
        self.is_queued(ticket)
            || self
                .flights
                .values()
                .any(|request| request.ticket == ticket)
    }

    /// Number of requests that are not answered.
    pub fn len(&self) -> usize {
        self.queue.len() + self.again.len() + self.flights.len()
    }

    /// A message is not acknowledged, or not even sent.
    pub fn has_messages(&self) -> bool {
        let mut requests = self
            .queue
            .iter()
            .chain(&self.again)
            .chain(self.flights.values());
        requests.any(|request| request.body.asked().is_message())
    }

    /// Number of requests that are sent and not answered.
    pub fn in_flight(&self) -> usize {
        self.flights.len()
    }

    /// Nobody will ask how this ended.
    pub fn forget(&mut self, ticket: u64) {
        if self.granted.remove(&ticket).is_none()
            && self.failed.remove(&ticket).is_none()
            && self.is_open(ticket)
        {
            self.withdraw(ticket);
        }
    }

    /// The sender waits no more. Whether it was not sent, and never will be.
    pub fn withdraw(&mut self, ticket: u64) -> bool {
        let mine = |request: &Request| request.ticket == ticket;
        let request = if let Some(at) = self.queue.iter().position(mine) {
            self.queue.remove(at)
        } else if let Some(at) = self.again.iter().position(mine) {
            Some(self.again.remove(at))
        } else {
            self.given_up.insert(ticket);
            None
        };
        request.is_some_and(|request| !request.sent)
    }

    /// The request at the head of the queue cannot be sent at all.
    pub fn refuse(&mut self, error: SendError) {
        if let Some(request) = self.queue.pop_front() {
            self.fail(request.ticket, unsendable(error));
        }
    }

    fn fail(&mut self, ticket: u64, error: Error) {
        if !self.given_up.remove(&ticket) && ticket != 0 {
            self.failed.insert(ticket, error);
        }
    }

    /// How what has ended has ended.
    pub fn outcome(&mut self, ticket: u64) -> Result<(), Error> {
        self.failed.remove(&ticket).map_or(Ok(()), Err)
    }

    /// The oldest failure of which nobody was told.
    pub fn any_failure(&mut self) -> Result<(), Error> {
        let oldest = self.failed.keys().min().copied();
        let failure = oldest.map_or(Ok(()), |ticket| self.outcome(ticket));
        self.failed.clear();
        failure
    }

    pub fn codes(&mut self, ticket: u64) -> Vec<u8> {
        self.granted.remove(&ticket).unwrap_or_default()
    }

    /// The broker has it: no copy is needed.
    pub fn received(&mut self, id: PacketId) {
        self.answered(id);
        if let Some(request) = self.flights.get_mut(&id) {
            request.body = Body::Gone;
        }
        // The next thing to be answered is on its way.
        self.is_out(id);
    }

    pub fn acked(&mut self, id: PacketId) {
        self.answered(id);
        if let Some(request) = self.flights.remove(&id) {
            self.given_up.remove(&request.ticket);
        }
    }

    /// An answer may come between the broker's acceptance of a resumed session and the resending.
    fn answered(&mut self, id: PacketId) {
        self.resend = self.resend.filter(|&asked| asked != id);
        if let Some((order, _)) = self.flights.get(&id).and_then(|request| request.out) {
            let latest = self.answered.map_or(0, |(latest, _)| latest);
            self.answered = Some((order.max(latest), Instant::now()));
        }
    }

    /// Returns the filters lost, if this was to make them anew.
    pub fn subscribed(&mut self, id: PacketId, codes: &[u8]) -> Vec<String> {
        self.answered(id);
        let Some(Request {
            ticket,
            body: Body::Subscribe(filters),
            ..
        }) = self.flights.remove(&id)
        else {
            return Vec::new();
        };
        let refused = self.subscriptions.answered(filters, codes);
        if ticket == 0 {
            return refused;
        }
        if !self.given_up.remove(&ticket) {
            self.granted.insert(ticket, codes.to_vec());
        }
        Vec::new()
    }

    /// This identifier ended with the session.
    pub fn unknown(&mut self, id: PacketId) {
        let Some(request) = self.flights.remove(&id) else {
            return;
        };
        if !request.body.asked().may_come_twice() {
            self.fail(request.ticket, Error::OutcomeUnknown);
        } else if !self.given_up.remove(&request.ticket) {
            self.again.push(request);
        }
    }

    /// A connection was accepted; so many filters at once are asked for anew where they were lost.
    pub fn connected(&mut self, session: SessionState, filters: usize) {
        for request in self.again.drain(..).rev() {
            self.queue.push_front(request);
        }
        if session == SessionState::Resumed {
            // What was received is released again, without anybody's doing.
            let released: Vec<_> = self
                .flights
                .iter()
                .filter(|(_, request)| request.body == Body::Gone)
                .map(|(&id, _)| id)
                .collect();
            released.into_iter().for_each(|id| self.is_out(id));
        } else {
            self.queue.retain(|request| request.ticket != 0);
            for filters in self.subscriptions.chunks(filters, BUFFER).into_iter().rev() {
                self.queue
                    .push_front(Request::new(0, Body::Subscribe(filters)));
            }
        }
    }

    pub fn lost(&mut self) {
        self.flights
            .values_mut()
            .for_each(|request| request.out = None);
        self.resend = None;
        self.streaming = None;
    }
}
