//! Requests that are not completed yet: the queue, copies, packets in flight, outcomes.
mod answers;
mod expiry;
mod filter;
mod journal;
mod outcomes;
mod queue;
mod request;
mod subscriptions;

use crate::{
    Acknowledgement, Ended, Outcome, RequestError, lazy::Lazy, moment::Moment, slab::Slab,
};
use alloc::{
    boxed::Box,
    collections::VecDeque,
    string::{String, ToString},
    vec::Vec,
};
use core::{mem, time::Duration};
pub(crate) use filter::{OwnedFilter, identifier_of};
use journal::Journal;
use motemq::{Fault, PacketId, QoS, ReasonCode};
use queue::Queue;
use request::Request;
pub use request::RequestId;
pub(crate) use request::{RequestKind, StoredPublish};
use subscriptions::Subscriptions;

/// The end of a packet whose last byte is not in the write buffer yet.
const NOT_WRITTEN: u64 = u64::MAX;

/// The way in which a broker ended a connection over a packet.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Offence {
    /// It broke the protocol.
    Fault(Fault),
    /// It ended the connection with this code.
    Disconnected(ReasonCode),
}

/// All requests.
#[derive(Clone, Hash, Debug, Default)]
pub(crate) struct Requests {
    requests: Slab<Request>,
    last_serial: u32,
    /// Requests that wait to be sent.
    queue: Lazy<Queue>,
    /// The keys of the requests in flight, plus 1, by packet identifier.
    flights: Vec<u32>,
    /// The identifier before that of the first of `flights`.
    offset: u16,
    in_flight: u32,
    /// Of those in flight, the ones that were given up.
    given_up: u16,
    /// Of these, the ones that are messages.
    given_up_messages: u16,
    /// Messages that are open and not given up.
    awaited_messages: u32,
    subscriptions: Lazy<Subscriptions>,
    /// The packet over which the broker last ended the connection or broke the protocol.
    suspect: Option<Box<(RequestId, Offence)>>,
    /// The identifier for which the session asks, and the QoS of its message.
    resend: Option<(PacketId, QoS)>,
    /// Messages with QoS 0 that are not written to the end of their payloads, and the offsets of
    /// their ends.
    leaving: Lazy<VecDeque<(u32, u64)>>,
    next_look: Option<Moment>,
    /// Unless nothing is stored.
    journal: Option<Box<Journal>>,
    completed: Lazy<VecDeque<RequestId>>,
}

impl Requests {
    #[inline]
    fn add(&mut self, kind: RequestKind, is_owned: bool) -> u32 {
        self.last_serial = self.last_serial.wrapping_add(1);
        self.awaited_messages += u32::from(kind.is_message());
        let is_stored = matches!(kind, RequestKind::Publish(_));
        let request = Request::new(kind, self.last_serial, is_owned);
        let key = self.requests.insert(request);
        if is_stored {
            self.number(key);
        }
        key
    }

    fn id(&self, key: u32) -> RequestId {
        let serial = self.requests.get(key).map_or(0, |request| request.serial);
        RequestId { key, serial }
    }

    fn find(&mut self, id: RequestId) -> Option<&mut Request> {
        self.requests
            .get_mut(id.key)
            .filter(|request| request.serial == id.serial)
    }

    // The queue.

    /// Puts a request at the end of the queue.
    pub fn enqueue(&mut self, kind: RequestKind) -> RequestId {
        if let RequestKind::Unsubscribe(filters) = &kind
            && let Some(subscriptions) = self.subscriptions.get_mut()
        {
            subscriptions.set_aside(filters);
        }
        let key = self.add(kind, true);
        self.put(key, Queue::push);
        self.id(key)
    }

    /// Takes note of a request that was sent without having been queued, with the offset of its
    /// end.
    #[inline]
    pub fn launch(&mut self, id: PacketId, kind: RequestKind, end: Option<u64>) -> RequestId {
        let key = self.add(kind, true);
        self.take_off(id, key, end.unwrap_or(NOT_WRITTEN));
        RequestId {
            key,
            serial: self.last_serial,
        }
    }

    /// Takes note of a message with QoS 0, of which the transport has not taken all up to this
    /// offset.
    pub fn launch_unacknowledged(&mut self, end: u64) -> RequestId {
        let key = self.add(RequestKind::NoCopy, true);
        if let Some(request) = self.requests.get_mut(key) {
            request.was_sent = true;
        }
        self.leaving.make().push_back((key, end));
        self.id(key)
    }

    /// Returns the request that is to be sent next.
    pub fn first(&self) -> Option<&RequestKind> {
        let key = self.queue.get()?.front()?;
        self.requests.get(key).map(|request| &request.kind)
    }

    /// The first request of the queue was sent, as a packet with its end at this offset.
    pub fn on_first_sent(&mut self, id: Option<PacketId>, end: u64) {
        let Some(key) = self.unqueue(0) else { return };
        let mut is_direct = false;
        if let Some(request) = self.requests.get_mut(key) {
            request.was_sent = true;
            match &request.kind {
                RequestKind::Unsubscribe(filters) => {
                    if let Some(subscriptions) = self.subscriptions.get_mut() {
                        subscriptions.forget_set_aside(filters);
                    }
                }
                RequestKind::Publish(stored) => is_direct = stored.direct_payload().is_some(),
                _ => {}
            }
        }
        match id {
            Some(id) => self.take_off(id, key, end),
            None if is_direct => self.leaving.make().push_back((key, end)),
            None => self.end(key, Ok(Acknowledgement::default())),
        }
    }

    /// The first request of the queue cannot be sent. Returns the filters to which nothing is
    /// subscribed therefore.
    #[cold]
    pub fn on_first_refused(&mut self, error: RequestError) -> Vec<String> {
        let Some(key) = self.unqueue(0) else {
            return Vec::new();
        };
        let filters = self.refuse_subscription(key);
        self.end(key, Err(error));
        filters
    }

    /// Puts a request into the queue, at the place that `insert` chooses.
    fn put(&mut self, key: u32, insert: impl FnOnce(&mut Queue, u32, Option<usize>)) {
        self.on_changed(self.number_of(key));
        let message = message_length(&self.requests, key);
        insert(self.queue.make(), key, message);
    }

    fn unqueue(&mut self, at: usize) -> Option<u32> {
        let requests = &self.requests;
        let queue = self.queue.get_mut()?;
        queue.remove(at, |key| message_length(requests, key))
    }

    fn number_of(&self, key: u32) -> u64 {
        self.requests.get(key).map_or(0, |request| request.number)
    }

    fn kind(&self, key: u32) -> Option<&RequestKind> {
        self.requests.get(key).map(|request| &request.kind)
    }

    /// Returns the number of messages in the queue, and their size.
    pub fn queued(&self) -> (usize, usize) {
        self.queue.get().map_or((0, 0), Queue::messages)
    }

    pub fn is_queue_empty(&self) -> bool {
        self.queue.get().is_none_or(Queue::is_empty)
    }

    // Packets in flight.

    fn place(&self, id: PacketId) -> Option<usize> {
        id.get()
            .checked_sub(1)?
            .checked_sub(self.offset)
            .map(usize::from)
    }

    fn flight(&self, id: PacketId) -> Option<u32> {
        self.flights.get(self.place(id)?)?.checked_sub(1)
    }

    /// A request is in flight from now on.
    #[inline]
    fn take_off(&mut self, id: PacketId, key: u32, end: u64) {
        let Some(place) = self.place(id) else { return };
        let Some(request) = self.requests.get_mut(key) else {
            return;
        };
        (request.was_sent, request.is_on_wire) = (true, true);
        (request.id, request.end, request.left_at) = (id.get(), end, None);
        let number = request.number;
        if place >= self.flights.len() {
            self.flights.resize(place + 1, 0);
        }
        if let Some(flight) = self.flights.get_mut(place) {
            *flight = key + 1;
        }
        self.in_flight += 1;
        self.on_changed(number);
    }

    /// A request is not in flight any more.
    #[inline]
    fn land(&mut self, id: PacketId) -> Option<u32> {
        let place = self.place(id)?;
        let key = mem::take(self.flights.get_mut(place)?).checked_sub(1)?;
        self.in_flight -= 1;
        if let Some(request) = self.requests.get_mut(key) {
            request.id = 0;
            self.given_up -= u16::from(request.is_given_up);
            let is_message = request.is_given_up && request.is_message;
            self.given_up_messages -= u16::from(is_message);
        }
        Some(key)
    }

    /// Returns the number of requests in flight that are awaited.
    #[inline]
    pub fn in_flight(&self) -> usize {
        self.in_flight as usize - usize::from(self.given_up)
    }

    /// Returns whether any request is in flight, awaited or not.
    #[inline]
    pub fn has_flights(&self) -> bool {
        self.in_flight > 0
    }

    /// Returns the number of requests in flight that were given up.
    pub fn given_up(&self) -> usize {
        self.given_up.into()
    }

    /// Returns the number of messages in flight that were given up.
    pub fn given_up_messages(&self) -> usize {
        self.given_up_messages.into()
    }

    /// Returns whether nothing awaits the answer to this identifier.
    pub fn is_given_up(&self, id: PacketId) -> bool {
        let request = self.flight(id).and_then(|key| self.requests.get(key));
        request.is_none_or(|request| request.is_given_up)
    }

    /// Returns whether the packet with this identifier is a SUBSCRIBE.
    pub fn is_subscription(&self, id: PacketId) -> bool {
        let kind = self.flight(id).and_then(|key| self.kind(key));
        matches!(kind, Some(RequestKind::Subscribe(_)))
    }

    /// Returns whether messages are not acknowledged, or not even sent.
    pub fn has_messages(&self) -> bool {
        self.awaited_messages > 0
    }

    // Sending again, and what leaves.

    /// Returns the identifier for which the session asks.
    pub fn resend(&self) -> Option<PacketId> {
        self.resend.map(|(id, _)| id)
    }

    /// The session asks for this message.
    pub fn on_resend(&mut self, id: PacketId, qos: QoS) {
        self.resend = Some((id, qos));
    }

    /// Returns the copy of a message that may be sent again.
    pub fn copy(&self, id: PacketId) -> Option<&StoredPublish> {
        match self.requests.get(self.flight(id)?) {
            Some(Request {
                kind: RequestKind::Publish(publish),
                is_given_up: false,
                ..
            }) => Some(publish),
            _ => None,
        }
    }

    /// A message was sent again, with its end at this offset.
    pub fn on_resent(&mut self, id: PacketId, end: u64) {
        self.resend = None;
        let Some(key) = self.flight(id) else { return };
        if let Some(request) = self.requests.get_mut(key) {
            request.is_on_wire = true;
            (request.end, request.left_at) = (end, None);
        }
    }

    /// The session has abandoned a message. With QoS 2 its identifier is in flight up to PUBCOMP.
    pub fn on_abandoned(&mut self, id: PacketId, error: RequestError) {
        let is_released = self
            .resend
            .take()
            .is_some_and(|(_, qos)| qos == QoS::ExactlyOnce);
        if is_released && let Some(key) = self.flight(id) {
            self.give_up(key, error);
        } else if let Some(key) = self.land(id) {
            self.end(key, Err(error));
        }
    }

    /// The transport has taken the bytes up to this offset.
    #[inline]
    pub fn on_left(&mut self, written: u64) {
        if self.leaving.get().is_some() {
            self.end_left(written);
        }
    }

    #[cold]
    fn end_left(&mut self, written: u64) {
        while let Some(leaving) = self.leaving.get_mut()
            && let Some(&(key, end)) = leaving.front()
            && end <= written
        {
            leaving.pop_front();
            self.leaving.shrink(|leaving| leaving.is_empty());
            self.end(key, Ok(Acknowledgement::default()));
        }
    }

    /// The upload of a payload ended before it was complete.
    pub fn on_upload_lost(&mut self, id: RequestId) {
        if self.find(id).is_some() {
            self.give_up(id.key, RequestError::UploadLost);
        }
    }
}

/// Returns the size of a message; `None` for other requests.
fn message_length(requests: &Slab<Request>, key: u32) -> Option<usize> {
    match &requests.get(key)?.kind {
        RequestKind::Publish(publish) => Some(publish.len()),
        _ => None,
    }
}

/// Returns whether the broker acknowledges this request.
pub(crate) fn is_acknowledged(kind: &RequestKind) -> bool {
    !matches!(kind, RequestKind::Publish(publish) if publish.qos() == QoS::AtMostOnce)
}
