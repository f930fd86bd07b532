//! What was received and not taken yet.
use crate::Error;
use motemq::{QoS, Token};
use std::collections::VecDeque;

/// A message that came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// Where it was published.
    pub topic: String,
    /// What it says; any bytes.
    pub payload: Vec<u8>,
    /// The QoS with which it was delivered.
    pub qos: QoS,
    /// The broker had stored it before this subscription was made [MQTT-3.3.1-8].
    pub retain: bool,
    /// The broker may have sent it before. With QoS 1 it may have been delivered then, with QoS 2 it was not.
    pub dup: bool,
}

/// A message without its payload, which goes its own way: see [`recv_into`](crate::Client::recv_into).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    /// Where it was published.
    pub topic: String,
    /// Length of the payload in bytes.
    pub len: u64,
    /// As [`Message::qos`].
    pub qos: QoS,
    /// As [`Message::retain`].
    pub retain: bool,
    /// As [`Message::dup`].
    pub dup: bool,
}

/// Messages that wait at most, besides the limit on their bytes.
const MOST: usize = 256;
/// Acknowledgements owed at most: half of the places, so that the session can go on receiving.
const MOST_OWED: usize = crate::client::OWED / 2;

/// Holds messages until the application takes them. When it is full nothing more is read, and nothing is lost.
#[derive(Debug)]
pub(crate) struct Inbox {
    queue: VecDeque<(Result<Message, Error>, Option<Token>)>,
    bytes: usize,
    owed: usize,
    max_message: usize,
    /// What is being received.
    pub partial: Option<Partial>,
    /// Somebody takes the payload of the large message piece by piece.
    pub flowing: bool,
    /// Somebody waits who takes any message piece by piece.
    pub direct: bool,
    /// Nobody will take anything any more.
    leaving: bool,
}

/// A message of which not all has come, or not all was taken.
#[derive(Debug)]
pub(crate) struct Partial {
    pub header: Header,
    /// What has come and was not taken.
    pub data: Vec<u8>,
    /// What is still to come.
    pub left: u32,
    pub token: Option<Token>,
    /// It is not put together in memory.
    pub large: bool,
    /// Its taker has failed, and was told so: the rest is dropped in silence.
    pub broken: bool,
}

impl Inbox {
    pub fn new(max_message: usize) -> Self {
        Inbox { queue: VecDeque::new(), bytes: 0, owed: 0, max_message, partial: None, flowing: false, direct: false, leaving: false }
    }

    /// Nothing will be taken any more: what comes is dropped without acknowledgement, so that the broker keeps it.
    pub fn leave(&mut self) {
        *self = Inbox { leaving: true, ..Inbox::new(self.max_message) };
    }

    /// Nothing more can be received now.
    pub fn is_full(&self) -> bool {
        if self.leaving {
            return false;
        }
        let waiting =
            self.partial.as_ref().is_some_and(|partial| partial.large && !(self.flowing && partial.data.is_empty() && partial.left > 0));
        waiting || self.queue.len() >= MOST || self.owed >= MOST_OWED || self.bytes > self.max_message
    }

    /// No message waits to be taken.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub fn begin(&mut self, message: &motemq::Message<'_>, token: Option<Token>) {
        if self.leaving {
            return;
        }
        let len = message.payload.len() as u64 + u64::from(message.left);
        let header = Header { topic: message.topic.as_str().into(), len, qos: message.qos(), retain: message.retain(), dup: message.dup() };
        let large = message.left > 0 && (len > self.max_message as u64 || (self.direct && self.queue.is_empty()));
        let mut data = Vec::new();
        if !large {
            data.reserve_exact(len as usize);
        }
        data.extend_from_slice(message.payload);
        let partial = Partial { header, data, left: message.left, token, large, broken: false };
        if large || message.left > 0 {
            self.partial = Some(partial);
        } else if len > self.max_message as u64 {
            let Header { topic, len, .. } = partial.header;
            self.push(Err(Error::MessageTooLarge { topic: Some(topic), len }), token);
        } else {
            self.push(Ok(partial.into_message()), token);
        }
    }

    pub fn more(&mut self, data: &[u8], left: u32, token: Option<Token>) {
        let Some(partial) = &mut self.partial else { return };
        partial.data.extend_from_slice(data);
        partial.left = left;
        partial.token = token;
        if left == 0
            && !partial.large
            && let Some(partial) = self.partial.take()
        {
            self.push(Ok(partial.into_message()), token);
        }
    }

    pub fn push(&mut self, item: Result<Message, Error>, token: Option<Token>) {
        if self.leaving {
            return;
        }
        self.bytes += item.as_ref().map_or(0, Message::weight);
        self.owed += usize::from(token.is_some());
        self.queue.push_back((item, token));
    }

    pub fn pop(&mut self) -> Option<(Result<Message, Error>, Option<Token>)> {
        let (item, token) = self.queue.pop_front()?;
        self.bytes -= item.as_ref().map_or(0, Message::weight);
        self.owed -= usize::from(token.is_some());
        Some((item, token))
    }

    /// The session goes on over a new connection: what was not acknowledged comes again.
    pub fn forget_owed(&mut self) {
        self.queue.retain(|(_, token)| token.is_none());
        self.owed = 0;
        self.bytes = self.queue.iter().filter_map(|(item, _)| item.as_ref().ok()).map(Message::weight).sum();
    }
}

impl Partial {
    fn into_message(self) -> Message {
        let Header { topic, qos, retain, dup, .. } = self.header;
        Message { topic, payload: self.data, qos, retain, dup }
    }
}

impl Message {
    fn weight(&self) -> usize {
        self.topic.len() + self.payload.len()
    }

    pub(crate) fn header(&self) -> Header {
        let Message { topic, payload, qos, retain, dup } = self;
        Header { topic: topic.clone(), len: payload.len() as u64, qos: *qos, retain: *retain, dup: *dup }
    }
}
