//! Requests of MQTT's request/response pattern that await their responses.
mod request;

use crate::{AckId, DisconnectReason, Item, RequestId, ResponseError, StreamId, slab::Slab};
use alloc::{
    boxed::Box,
    collections::{BTreeMap, BTreeSet, VecDeque},
    vec::Vec,
};
use core::{mem, time::Duration};
pub use request::Request;

/// The most response topics that are kept although no response is awaited there.
const IDLE_TOPICS: usize = 16;

/// Identifies the response to a [request](crate::Client::request), until it is returned or
/// [forgotten](crate::Client::forget_response).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ResponseId {
    key: u32,
    serial: u32,
}

impl ResponseId {
    /// Returns a small number that no other response has at the same time. An adapter can use it as
    /// an index for data of its own.
    pub fn index(self) -> usize {
        self.key as usize
    }
}

/// All requests that await a response, and the streams in which responses arrive.
#[derive(Clone, Hash, Debug, Default)]
pub(crate) struct Responses {
    awaited: Slab<Awaited>,
    /// The keys of those that have no outcome, by their serial numbers.
    open: BTreeMap<u32, u32>,
    /// The keys of those whose messages the broker has not answered, by the index of the message.
    published: BTreeMap<usize, u32>,
    last_serial: u32,
    topics: Vec<Topic>,
    /// The times at which requests are given up, with their keys.
    deadlines: BTreeSet<(Duration, u32)>,
    completed: VecDeque<ResponseId>,
    /// Something was acknowledged while events were polled, so that the driver has another turn.
    wants_turn: bool,
}

/// A response topic to which the client is subscribed.
#[derive(Clone, Hash, Debug)]
struct Topic {
    name: Box<str>,
    stream: StreamId,
    /// The subscription, until the broker has answered it.
    subscription: Option<RequestId>,
    /// The serial numbers of what awaits a response here, the oldest first.
    awaited: BTreeSet<u32>,
}

#[derive(Clone, Hash, Debug)]
struct Awaited {
    serial: u32,
    /// The stream in which the response arrives.
    stream: Option<StreamId>,
    /// The message that asks, until the broker has answered it.
    publish: Option<RequestId>,
    limit: Duration,
    deadline: Duration,
    correlation: u64,
    outcome: Option<Result<Held, ResponseError>>,
    is_watched: bool,
}

/// A response that waits to be asked for. A clone of the client has it, too.
#[derive(Hash, Debug)]
struct Held(Item);

impl Clone for Held {
    fn clone(&self) -> Self {
        let Item { message, ack } = &self.0;
        Held(Item {
            message: message.clone(),
            ack: ack.as_ref().map(AckId::in_clone),
        })
    }
}

impl Responses {
    /// Returns the topic of which this is the stream.
    fn at(&self, stream: StreamId) -> Option<usize> {
        self.topics.iter().position(|topic| topic.stream == stream)
    }

    pub fn has_stream(&self, stream: StreamId) -> bool {
        self.at(stream).is_some()
    }

    /// Returns the name of the topic of which this is the stream, and the subscription, if the
    /// broker has not answered it.
    pub fn topic(&self, stream: StreamId) -> Option<(&str, Option<RequestId>)> {
        let topic = self.topics.get(self.at(stream)?)?;
        Some((&topic.name, topic.subscription))
    }

    pub fn has_topic(&self, name: &str) -> bool {
        self.topics.iter().any(|topic| *topic.name == *name)
    }

    /// Takes note of a subscription to a response topic.
    pub fn add_topic(&mut self, name: &str, subscription: RequestId, stream: StreamId) {
        self.topics.push(Topic {
            name: name.into(),
            stream,
            subscription: Some(subscription),
            awaited: BTreeSet::new(),
        });
    }

    /// Removes a topic at which nothing is awaited, if there are many of them. Returns its stream.
    pub fn take_idle_topic(&mut self) -> Option<(Box<str>, StreamId)> {
        let idle = |topic: &&Topic| topic.awaited.is_empty() && topic.subscription.is_none();
        if self.topics.iter().filter(idle).count() < IDLE_TOPICS {
            return None;
        }
        let at = self.topics.iter().position(|topic| idle(&topic))?;
        let topic = self.topics.remove(at);
        Some((topic.name, topic.stream))
    }

    /// Returns a number for the correlation data of the next request.
    pub fn correlation(&self, random: u64) -> u64 {
        random & !u64::from(u32::MAX) | u64::from(self.last_serial.wrapping_add(1))
    }

    /// A message was published that awaits a response at a topic.
    pub fn add(
        &mut self,
        name: &str,
        publish: Option<RequestId>,
        correlation: u64,
        limit: Duration,
        asked: Duration,
    ) -> ResponseId {
        self.last_serial = self.last_serial.wrapping_add(1);
        let (serial, deadline) = (self.last_serial, asked.saturating_add(limit));
        let mut stream = None;
        // The topic that was used last comes last.
        if let Some(at) = self.topics.iter().position(|topic| *topic.name == *name) {
            let mut topic = self.topics.remove(at);
            topic.awaited.insert(serial);
            stream = Some(topic.stream);
            self.topics.push(topic);
        }
        let key = self.awaited.insert(Awaited {
            serial,
            stream,
            publish,
            limit,
            deadline,
            correlation,
            outcome: None,
            is_watched: false,
        });
        self.deadlines.insert((deadline, key));
        self.open.insert(serial, key);
        if let Some(publish) = publish {
            self.published.insert(publish.index(), key);
        }
        ResponseId { key, serial }
    }

    /// Returns the next time at which something is to be done.
    pub fn timeout(&self) -> Option<Duration> {
        if self.wants_turn {
            return Some(Duration::ZERO);
        }
        self.deadlines.first().map(|&(deadline, _)| deadline)
    }

    /// The driver has a turn. Gives up the requests whose time is up, with the reason why there is no
    /// connection. Returns those of their messages that the broker has not answered.
    pub fn expire(&mut self, now: Duration, reason: Option<&DisconnectReason>) -> Vec<RequestId> {
        self.wants_turn = false;
        let mut late = Vec::new();
        while let Some(&(deadline, key)) = self.deadlines.first()
            && deadline <= now
        {
            let limit = self.awaited.get(key).map_or(now, |awaited| awaited.limit);
            let reason = reason.cloned();
            late.extend(self.complete(key, Err(ResponseError::TimedOut { limit, reason })));
        }
        late
    }

    /// Something was acknowledged, so that the driver has something to write.
    pub fn want_turn(&mut self) {
        self.wants_turn = true;
    }

    /// Completes what awaits a response. Returns its message if the broker has not answered it.
    fn complete(&mut self, key: u32, outcome: Result<Item, ResponseError>) -> Option<RequestId> {
        let awaited = self.awaited.get_mut(key)?;
        self.deadlines.remove(&(awaited.deadline, key));
        self.open.remove(&awaited.serial);
        let mut topics = self.topics.iter_mut();
        if let Some(topic) = topics.find(|topic| Some(topic.stream) == awaited.stream) {
            topic.awaited.remove(&awaited.serial);
        }
        awaited.outcome = Some(outcome.map(Held));
        if mem::take(&mut awaited.is_watched) {
            let serial = awaited.serial;
            self.completed.push_back(ResponseId { key, serial });
        }
        let publish = awaited.publish.take()?;
        self.published.remove(&publish.index());
        Some(publish)
    }

    /// A message has arrived at a response topic. Without correlation data, which only MQTT 5 has,
    /// it answers the oldest request. Returns the message of the request, and gives the response
    /// back if nothing awaits it.
    pub fn on_response(
        &mut self,
        stream: StreamId,
        item: Item,
        is_correlated: bool,
    ) -> Result<Option<RequestId>, Item> {
        let Some(topic) = self.at(stream).and_then(|at| self.topics.get(at)) else {
            return Err(item);
        };
        let mut serial = topic.awaited.first().copied();
        let mut correlation = None;
        if is_correlated {
            let properties = item.message.properties.get();
            let data = properties.correlation_data();
            correlation = data.and_then(|data| data.try_into().ok());
            serial = correlation.map(|data| u64::from_be_bytes(data) as u32);
        }
        let key = serial.and_then(|serial| self.open.get(&serial)).copied();
        let is_answered = |awaited: &Awaited| {
            let expected = correlation.map(u64::from_be_bytes);
            awaited.stream == Some(stream)
                && expected.is_none_or(|expected| awaited.correlation == expected)
        };
        match key {
            Some(key) if self.awaited.get(key).is_some_and(is_answered) => {
                Ok(self.complete(key, Ok(item)))
            }
            _ => Err(item),
        }
    }

    /// Returns whether this is the message of a request, or the subscription to a response topic.
    pub fn awaits(&self, request: RequestId) -> bool {
        self.subscribed(request).is_some() || self.published(request).is_some()
    }

    fn subscribed(&self, request: RequestId) -> Option<usize> {
        let mut topics = self.topics.iter();
        topics.position(|topic| topic.subscription == Some(request))
    }

    fn published(&self, request: RequestId) -> Option<u32> {
        let key = *self.published.get(&request.index())?;
        let awaited = self.awaited.get(key)?;
        (awaited.publish == Some(request)).then_some(key)
    }

    /// The broker has answered a message or a subscription.
    pub fn on_accepted(&mut self, request: RequestId) {
        if let Some(at) = self.subscribed(request) {
            if let Some(topic) = self.topics.get_mut(at) {
                topic.subscription = None;
            }
        } else if let Some(key) = self.published(request)
            && let Some(awaited) = self.awaited.get_mut(key)
        {
            awaited.publish = None;
            self.published.remove(&request.index());
        }
    }

    /// The message of a request has failed.
    pub fn on_failed(&mut self, request: RequestId, error: ResponseError) {
        if let Some(key) = self.published(request) {
            self.complete(key, Err(error));
        }
    }

    /// Returns the stream of the response topic to which this subscribes.
    pub fn stream_of(&self, subscription: RequestId) -> Option<StreamId> {
        let topic = self.topics.get(self.subscribed(subscription)?)?;
        Some(topic.stream)
    }

    /// Responses cannot arrive at a topic any more. Returns the messages of its requests.
    pub fn on_topic_lost(&mut self, stream: StreamId, error: &ResponseError) -> Vec<RequestId> {
        let Some(at) = self.at(stream) else {
            return Vec::new();
        };
        let topic = self.topics.remove(at);
        let mut messages = Vec::new();
        for serial in topic.awaited {
            if let Some(&key) = self.open.get(&serial) {
                messages.extend(self.complete(key, Err(error.clone())));
            }
        }
        messages
    }

    /// The client has ended.
    pub fn end(&mut self, error: &ResponseError) {
        self.topics.clear();
        let open: Vec<_> = self.open.values().copied().collect();
        for key in open {
            self.complete(key, Err(error.clone()));
        }
    }

    fn find(&mut self, id: ResponseId) -> Option<&mut Awaited> {
        let awaited = self.awaited.get_mut(id.key);
        awaited.filter(|awaited| awaited.serial == id.serial)
    }

    /// Takes an outcome. If there is none yet, it is watched from now on.
    pub fn poll(&mut self, id: ResponseId) -> Option<Result<Item, ResponseError>> {
        let awaited = self.find(id)?;
        awaited.is_watched = awaited.outcome.is_none();
        let outcome = awaited.outcome.take()?;
        self.awaited.remove(id.key);
        Some(outcome.map(|held| held.0))
    }

    /// Nothing awaits a response any more. Returns the message of its request, and the response if
    /// there is one.
    pub fn forget(&mut self, id: ResponseId) -> (Option<RequestId>, Option<Item>) {
        if self.find(id).is_none() {
            return (None, None);
        }
        let outcome = self.find(id).and_then(|awaited| awaited.outcome.take());
        let nothing = Err(ResponseError::NoReceiver);
        let publish = self.complete(id.key, nothing);
        self.awaited.remove(id.key);
        let held = outcome.and_then(Result::ok);
        (publish, held.map(|held| held.0))
    }

    /// Returns a watched response that is there, and was not forgotten since.
    pub fn poll_completed(&mut self) -> Option<ResponseId> {
        loop {
            let id = self.completed.pop_front()?;
            if self.find(id).is_some() {
                return Some(id);
            }
        }
    }
}
