//! What was asked for and is not done yet: copies to send again, and who waits for which answer.
use crate::{Error, client::BUFFER, error::unsendable};
use motemq::{Fault, Known, PacketId, QoS, SendError};
use motemq_net::Subscriptions;
use std::{
    collections::{HashMap, HashSet, VecDeque},
    mem,
    time::{Duration, Instant},
};

/// Something to be sent that the broker answers. The ticket is what its sender waits for; 0: nobody does.
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
        Request { ticket, body, sent: false, out: None, overdue: false }
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
    /// What was sent over all connections, counted.
    outs: u64,
    /// The latest of them that was answered, and when one was answered last.
    answered: Option<(u64, Instant)>,
    /// What was under way longest at the last fault of the broker, and which fault that was.
    suspect: Option<(u64, Fault)>,
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

    /// Its last byte was given to the transport.
    pub fn is_out(&mut self, id: PacketId) {
        self.outs += 1;
        if let Some(request) = self.flights.get_mut(&id) {
            request.out = Some((self.outs, Instant::now()));
        }
    }

    /// What the broker has left unanswered for longer than this, while it answered what was sent later, or nothing at all. Told once.
    pub fn overdue(&mut self, patience: Duration) -> Option<PacketId> {
        let answered = self.answered;
        let late = |request: &Request| {
            let Some((order, sent)) = request.out else { return false };
            // What waits behind others is not late while those are answered.
            let since = answered.filter(|&(latest, _)| latest < order).map_or(sent, |(_, at)| at.max(sent));
            !request.overdue && since.elapsed() > patience
        };
        self.flights.iter().find(|(_, request)| late(request)).map(|(&id, _)| id)
    }

    /// Nobody waits for this one's answer any more; it is not sent again.
    pub fn expire(&mut self, id: PacketId, limit: Duration) -> Vec<String> {
        let Some(request) = self.flights.get_mut(&id) else { return Vec::new() };
        request.overdue = true;
        let lost = match &request.body {
            Body::Subscribe(filters) if request.ticket == 0 => filters.iter().map(|(filter, _)| filter.clone()).collect(),
            _ => Vec::new(),
        };
        self.subscriptions.remove(&lost);
        self.give_up(id, Error::NotAcknowledged { limit });
        lost
    }

    /// The broker made this fault while that was under way longest. A second time in a row it is to blame, and not sent again.
    pub fn blame(&mut self, id: PacketId, fault: Fault) {
        let Some(request) = self.flights.get(&id).filter(|request| request.out.is_some() && request.ticket != 0) else { return };
        let suspect = Some((request.ticket, fault));
        if self.suspect == suspect {
            self.give_up(id, Error::Abandoned { fault });
        }
        self.suspect = suspect;
    }

    /// Its sender is told this, and it goes on without one.
    fn give_up(&mut self, id: PacketId, error: Error) {
        let nobody = self.ticket();
        if let Some(request) = self.flights.get_mut(&id) {
            let ticket = mem::replace(&mut request.ticket, nobody);
            self.given_up.insert(nobody);
            self.fail(ticket, error);
        }
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

    /// Nobody will ask how this ended.
    pub fn forget(&mut self, ticket: u64) {
        if self.granted.remove(&ticket).is_none() && self.failed.remove(&ticket).is_none() && self.is_open(ticket) {
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

    /// A connection was accepted; so many filters at once are asked for anew where they were lost.
    pub fn connected(&mut self, session: Known, filters: usize) {
        for request in self.again.drain(..).rev() {
            self.queue.push_front(request);
        }
        if session == Known::Resumed {
            // What was received is released again, without anybody's doing.
            let released: Vec<_> = self.flights.iter().filter(|(_, request)| request.body == Body::Gone).map(|(&id, _)| id).collect();
            released.into_iter().for_each(|id| self.is_out(id));
        } else {
            self.queue.retain(|request| request.ticket != 0);
            for filters in self.subscriptions.chunks(filters, BUFFER).into_iter().rev() {
                self.queue.push_front(Request::new(0, Body::Subscribe(filters)));
            }
        }
    }

    pub fn lost(&mut self) {
        self.flights.values_mut().for_each(|request| request.out = None);
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
        work.connected(Known::New, 255);
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
        work.connected(Known::New, 255);
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
            work.connected(Known::New, 255);
            let [Request { ticket: 0, body: Body::Subscribe(filters), .. }] = &work.queue.make_contiguous()[..] else { panic!() };
            assert_eq!(filters, &[("a".into(), QoS::AtMostOnce), ("c".into(), QoS::AtMostOnce)]);
        }
        // Sent, and cut before the answer: the broker may know the session by now, but not the filters.
        send_all(&mut work);
        work.unknown(ONE);
        work.connected(Known::Resumed, 255);
        assert_eq!(work.queue.len(), 1);
        send_all(&mut work);
        assert_eq!(work.subscribed(ONE, &[0, 0x80]), ["c"]);
        work.connected(Known::New, 255);
        assert!(matches!(&work.queue[0].body, Body::Subscribe(filters) if filters.len() == 1));
        work.ask(Body::Unsubscribe(vec!["a".into()]));
        work.queue.clear();
        work.connected(Known::New, 255);
        assert!(work.queue.is_empty());
    }

    #[test]
    fn what_waits_behind_others_is_not_late_while_those_are_answered() {
        let id = |number| PacketId::new(number).unwrap();
        let send = |work: &mut Work, number| {
            work.ask(publish(QoS::AtLeastOnce));
            let request = work.queue.pop_front().unwrap();
            work.sent(id(number), request);
            work.began(id(number), false);
        };
        let mut work = Work::default();
        let patience = Duration::from_millis(400);
        send(&mut work, 1);
        send(&mut work, 2);
        std::thread::sleep(patience + Duration::from_millis(1));
        work.acked(id(1));
        assert_eq!(work.overdue(patience), None);
        // But when it is passed over.
        send(&mut work, 3);
        work.acked(id(3));
        assert_eq!(work.overdue(patience), Some(id(2)));
        assert!(work.expire(id(2), patience).is_empty());
        assert_eq!(work.overdue(patience), None);
        assert!(work.copy(id(2)).is_none());
        assert!(matches!(work.any_failure(), Err(Error::NotAcknowledged { .. })));
    }

    #[test]
    fn only_the_same_fault_over_the_same_message_is_its_own() {
        let mut work = Work::default();
        let ticket = work.ask(publish(QoS::AtLeastOnce));
        for (fault, abandoned) in [(Fault::Malformed, false), (Fault::Unexpected, false), (Fault::Unexpected, true)] {
            send_all(&mut work);
            // Over what was not sent again yet nobody goes wrong.
            work.blame(ONE, fault);
            work.began(ONE, false);
            work.blame(ONE, fault);
            assert_eq!(work.copy(ONE).is_none(), abandoned);
            work.lost();
            work.unknown(ONE);
            work.connected(Known::New, 255);
        }
        assert!(matches!(work.outcome(ticket), Err(Error::Abandoned { fault: Fault::Unexpected })));
        assert_eq!(work.len(), 0);
    }
}
