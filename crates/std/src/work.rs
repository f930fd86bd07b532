//! What was asked for and is not done yet: copies to send again, and who waits for which answer.
use crate::{Error, error::unsendable};
use motemq::{Known, PacketId, QoS, SendError};
use motemq_net::Subscriptions;
use std::collections::{HashMap, HashSet, VecDeque};

/// Something to be sent that the broker answers. The ticket is what its sender waits for; 0: nobody does.
#[derive(Debug)]
pub(crate) struct Request {
    pub ticket: u64,
    pub body: Body,
    /// It was sent once, in this session or another.
    sent: bool,
}

impl Request {
    pub fn new(ticket: u64, body: Body) -> Self {
        Request { ticket, body, sent: false }
    }
}

#[derive(Debug)]
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

#[derive(Debug, Default)]
pub(crate) struct Work {
    last_ticket: u64,
    /// Not sent yet, oldest first.
    pub queue: VecDeque<Request>,
    /// Sent.
    flights: HashMap<PacketId, Request>,
    /// Their identifiers ended with the session; they go in front of the queue at the next connection.
    again: Vec<Request>,
    /// Their senders wait no more.
    given_up: HashSet<u64>,
    failed: HashMap<u64, Error>,
    granted: HashMap<u64, Vec<u8>>,
    /// What the broker has granted.
    subscriptions: Subscriptions,
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

    /// The copy of what has this identifier, unless there is none or nobody wants it any more.
    pub fn copy(&self, id: PacketId) -> Option<&Body> {
        if self.is_given_up(id) { None } else { self.flight(id) }
    }

    /// What was sent with this identifier.
    pub fn flight(&self, id: PacketId) -> Option<&Body> {
        self.flights.get(&id).map(|request| &request.body)
    }

    /// This one was sent, and nobody waits for its answer any more.
    pub fn is_given_up(&self, id: PacketId) -> bool {
        self.flights.get(&id).is_none_or(|request| self.given_up.contains(&request.ticket))
    }

    /// The broker asked for this one again, and there is no copy.
    pub fn abandoned(&mut self, id: PacketId) {
        if let Some(request) = self.flights.remove(&id) {
            self.fail(request.ticket, Error::OutcomeUnknown);
        }
    }

    pub fn is_queued(&self, ticket: u64) -> bool {
        self.queue.iter().chain(&self.again).any(|request| request.ticket == ticket)
    }

    pub fn is_open(&self, ticket: u64) -> bool {
        self.is_queued(ticket) || self.flights.values().any(|request| request.ticket == ticket)
    }

    /// Number of requests that are not answered.
    pub fn len(&self) -> usize {
        self.queue.len() + self.again.len() + self.flights.len()
    }

    /// A message is not acknowledged, or not even sent.
    pub fn has_messages(&self) -> bool {
        let mut requests = self.queue.iter().chain(&self.again).chain(self.flights.values());
        requests.any(|request| matches!(request.body, Body::Publish { .. } | Body::Gone))
    }

    /// Number of requests that are sent and not answered.
    pub fn in_flight(&self) -> usize {
        self.flights.len()
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
    }

    /// Returns the filters lost, if this was to make them anew.
    pub fn subscribed(&mut self, id: PacketId, codes: &[u8]) -> Vec<String> {
        let Some(Request { ticket, body: Body::Subscribe(filters), .. }) = self.flights.remove(&id) else { return Vec::new() };
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
        let Some(request) = self.flights.remove(&id) else { return };
        match request.body {
            Body::Publish { qos: QoS::ExactlyOnce, .. } | Body::Gone => self.fail(request.ticket, Error::OutcomeUnknown),
            // Twice does no harm.
            _ if !self.given_up.remove(&request.ticket) => self.again.push(request),
            _ => {}
        }
    }

    pub fn connected(&mut self, session: Known) {
        for request in self.again.drain(..).rev() {
            self.queue.push_front(request);
        }
        if session != Known::Resumed {
            self.queue.retain(|request| request.ticket != 0);
            for filters in self.subscriptions.chunks().rev() {
                self.queue.push_front(Request::new(0, Body::Subscribe(filters)));
            }
        }
    }

    pub fn lost(&mut self) {
        self.resend = None;
        self.streaming = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publish(qos: QoS) -> Body {
        Body::Publish { topic: "t".into(), payload: vec![1], qos, retain: false }
    }

    fn send_all(work: &mut Work) {
        for number in 1.. {
            let Some(request) = work.queue.pop_front() else { break };
            work.sent(PacketId::new(number).unwrap(), request);
        }
    }

    const ONE: PacketId = PacketId::MIN;

    #[test]
    fn what_was_never_sent_is_told_from_what_may_have_been() {
        let mut work = Work::default();
        let ticket = work.ask(publish(QoS::AtLeastOnce));
        assert!(work.withdraw(ticket));
        assert_eq!(work.len(), 0);

        let ticket = work.ask(publish(QoS::AtLeastOnce));
        send_all(&mut work);
        work.unknown(ONE);
        work.connected(Known::New);
        assert!(work.is_queued(ticket));
        assert!(!work.withdraw(ticket));
        assert_eq!(work.len(), 0);

        let ticket = work.ask(publish(QoS::AtLeastOnce));
        send_all(&mut work);
        assert!(!work.withdraw(ticket));
        assert!(work.copy(ONE).is_none() && work.is_given_up(ONE));
        // The answer comes after all.
        work.acked(ONE);
        assert_eq!((work.len(), work.given_up.len()), (0, 0));
    }

    #[test]
    fn a_lost_session_ends_qos_2_and_begins_the_rest_anew() {
        let mut work = Work::default();
        let exactly = work.ask(publish(QoS::ExactlyOnce));
        let least = work.ask(publish(QoS::AtLeastOnce));
        let filters = work.ask(Body::Subscribe(vec![("a".into(), QoS::AtMostOnce)]));
        send_all(&mut work);
        let later = work.ask(publish(QoS::AtLeastOnce));
        (1..=3).for_each(|number| work.unknown(PacketId::new(number).unwrap()));
        work.connected(Known::New);
        assert!(matches!(work.outcome(exactly), Err(Error::OutcomeUnknown)));
        assert_eq!(work.queue.iter().map(|request| request.ticket).collect::<Vec<_>>(), [least, filters, later]);
    }

    #[test]
    fn subscriptions_are_made_again_once() {
        let mut work = Work::default();
        work.ask(Body::Subscribe(vec![("a".into(), QoS::AtMostOnce), ("b".into(), QoS::AtMostOnce), ("c".into(), QoS::AtMostOnce)]));
        send_all(&mut work);
        assert!(work.subscribed(ONE, &[0, 0x80, 1]).is_empty());
        for _ in 0..2 {
            work.lost();
            work.connected(Known::New);
            let [Request { ticket: 0, body: Body::Subscribe(filters), .. }] = &work.queue.make_contiguous()[..] else { panic!() };
            assert_eq!(filters, &[("a".into(), QoS::AtMostOnce), ("c".into(), QoS::AtMostOnce)]);
        }
        // Sent, and cut before the answer: the broker may know the session by now, but not the filters.
        send_all(&mut work);
        work.unknown(ONE);
        work.connected(Known::Resumed);
        assert_eq!(work.queue.len(), 1);
        send_all(&mut work);
        assert_eq!(work.subscribed(ONE, &[0, 0x80]), ["c"]);
        work.connected(Known::New);
        assert!(matches!(&work.queue[0].body, Body::Subscribe(filters) if filters.len() == 1));
        work.ask(Body::Unsubscribe(vec!["a".into()]));
        work.queue.clear();
        work.connected(Known::New);
        assert!(work.queue.is_empty());
    }
}
