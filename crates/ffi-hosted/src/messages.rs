//! The thread that hands messages to the program, and which function gets which of them.
use crate::callbacks::{Callbacks, Context};
use motemq_std::{Message, Subscription, motemq::topic};
use std::{
    ffi::{CString, c_char, c_void},
    io::Read,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// `motemq_client_message_t`.
#[repr(C)]
pub struct CMessage {
    pub topic: *const c_char,
    pub topic_length: usize,
    pub payload: *const u8,
    pub payload_length: usize,
    pub payload_offset: u64,
    pub payload_total: u64,
    pub packet_id: u16,
    pub qos: u8,
    pub retain: u8,
    pub dup: u8,
}

const _: () = assert!(size_of::<CMessage>() == 4 * size_of::<usize>() + 24);

/// `motemq_client_on_message_t`.
pub type MessageFunction = unsafe extern "C" fn(*mut c_void, *const CMessage);

/// A function that gets messages.
#[derive(Clone, Copy)]
pub struct OnMessage {
    pub function: MessageFunction,
    pub context: Context,
}

/// A topic filter, and the function that gets its messages.
struct Route {
    number: u64,
    filter: String,
    on_message: OnMessage,
}

/// The routes of a client.
pub struct Routes {
    routes: Mutex<(u64, Vec<Route>)>,
    /// Gets the messages that match no route.
    otherwise: Option<OnMessage>,
}

impl Routes {
    pub fn new(otherwise: Option<OnMessage>) -> Self {
        let routes = Mutex::default();
        Routes { routes, otherwise }
    }

    fn lock(&self) -> MutexGuard<'_, (u64, Vec<Route>)> {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a route, and returns its number.
    pub fn add(&self, filter: &str, on_message: OnMessage) -> u64 {
        let mut routes = self.lock();
        routes.0 += 1;
        let number = routes.0;
        routes.1.push(Route {
            number,
            filter: filter.into(),
            on_message,
        });
        number
    }

    /// Removes the route with this number.
    pub fn remove(&self, number: u64) {
        self.lock().1.retain(|route| route.number != number);
    }

    /// Removes the routes of a topic filter.
    pub fn remove_filter(&self, filter: &str) {
        self.lock().1.retain(|route| route.filter != filter);
    }

    /// The functions that get a message with this topic.
    fn find(&self, topic: &str) -> Vec<OnMessage> {
        let routes = self.lock();
        let matching = routes
            .1
            .iter()
            .filter(|route| topic::matches(pattern(&route.filter), topic))
            .map(|route| route.on_message);
        let mut found: Vec<_> = matching.collect();
        if found.is_empty() {
            found.extend(self.otherwise);
        }
        found
    }
}

/// The part of a filter that topics are compared with: a shared subscription has a name before it.
fn pattern(filter: &str) -> &str {
    let shared = filter.strip_prefix("$share/");
    let rest = shared.and_then(|rest| rest.split_once('/'));
    rest.map_or(filter, |(_, pattern)| pattern)
}

/// The longest piece of a payload that is larger than memory.
const PIECE: usize = 64 << 10;

/// Hands over messages until the client ends. A message is acknowledged when the next one is asked
/// for: its callbacks have returned then.
pub fn run(stream: Subscription, routes: &Routes, callbacks: &Callbacks) {
    for message in stream {
        let Ok(topic) = CString::new(&*message.topic) else {
            continue;
        };
        if message.is_whole() {
            deliver(&message, &topic, 0, &message.payload, routes, callbacks);
        } else {
            deliver_pieces(message, &topic, routes, callbacks);
        }
    }
}

fn deliver_pieces(message: Message, topic: &CString, routes: &Routes, callbacks: &Callbacks) {
    let mut piece = vec![0; PIECE];
    let mut offset = 0;
    let mut reader = message.clone().into_reader();
    // If the connection is lost before the end, the message arrives again.
    while let Ok(n @ 1..) = reader.read(&mut piece) {
        deliver(&message, topic, offset, &piece[..n], routes, callbacks);
        offset += n as u64;
    }
}

fn deliver(
    message: &Message,
    topic: &CString,
    offset: u64,
    payload: &[u8],
    routes: &Routes,
    callbacks: &Callbacks,
) {
    let in_c = CMessage {
        topic: topic.as_ptr(),
        topic_length: topic.as_bytes().len(),
        payload: payload.as_ptr(),
        payload_length: payload.len(),
        payload_offset: offset,
        payload_total: message.len,
        packet_id: message.packet_id.map_or(0, |id| id.get()),
        qos: message.qos as u8,
        retain: message.retain.into(),
        dup: message.dup.into(),
    };
    // The routes are looked at while no other callback runs, so that none is called after the
    // program was told that it is unsubscribed.
    callbacks.call(|| {
        for on_message in routes.find(&message.topic) {
            // SAFETY: by the header it can be called with this context by another thread. What the
            // message points to lives until it returns.
            unsafe { (on_message.function)(on_message.context.get(), &raw const in_c) };
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_subscriptions_match_without_their_name() {
        assert_eq!(pattern("$share/group/a/#"), "a/#");
        assert_eq!(pattern("$share"), "$share");
        assert_eq!(pattern("a/+"), "a/+");
    }
}
