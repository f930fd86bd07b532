//! One request: what it asks for, and how far it has come.
use crate::{RequestError, write_buf::LONGEST};
use alloc::{boxed::Box, string::String, sync::Arc, vec::Vec};
use core::{
    ops::{Deref, Range},
    time::Duration,
};
use motemq::{Publish, QoS};

/// Names a request until it is forgotten.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RequestId {
    pub(super) key: u32,
    /// Tells requests with the same key apart.
    pub(super) serial: u32,
}

impl RequestId {
    /// Returns a small number that no other request has at the same time: an index for what an
    /// adapter keeps beside.
    pub fn index(self) -> usize {
        self.key as usize
    }
}

/// A message as it is kept until the broker has it: topic and payload in one piece of memory.
#[derive(Clone, Hash, Debug)]
pub(crate) struct StoredPublish {
    text: Text,
    topic_length: u16,
    qos: QoS,
    retain: bool,
}

#[derive(Clone, Hash, Debug)]
enum Text {
    Owned(Box<[u8]>),
    /// It is written to the transport from here.
    Shared(SharedText),
}

/// Topic and payload of a message that is longer than the write buffer. The box is kept as it is,
/// since another one would be a copy.
pub(crate) type SharedText = Arc<Box<[u8]>>;

impl Deref for Text {
    type Target = [u8];
    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Text::Owned(text) => text,
            Text::Shared(text) => text,
        }
    }
}

impl StoredPublish {
    #[inline]
    pub fn new(publish: &Publish<'_>) -> Self {
        let topic = publish.topic().as_bytes();
        let text: Box<[u8]> = [topic, publish.payload].concat().into();
        StoredPublish {
            text: if text.len() <= LONGEST {
                Text::Owned(text)
            } else {
                Text::Shared(Arc::new(text))
            },
            topic_length: topic.len() as u16,
            qos: publish.qos,
            retain: publish.retain,
        }
    }

    pub fn publish(&self) -> Publish<'_> {
        let (topic, payload) = self.text.split_at(self.topic_length.into());
        let topic = str::from_utf8(topic).unwrap_or_default();
        let publish = Publish::to(topic).payload(payload).qos(self.qos);
        if self.retain {
            publish.retain()
        } else {
            publish
        }
    }

    pub fn qos(&self) -> QoS {
        self.qos
    }

    /// Returns the payload as a part of the memory that holds it, if the message is longer than the
    /// write buffer.
    pub fn shared_payload(&self) -> Option<(SharedText, Range<usize>)> {
        match &self.text {
            Text::Owned(_) => None,
            Text::Shared(text) => Some((text.clone(), self.topic_length.into()..text.len())),
        }
    }

    /// Returns the length of topic and payload.
    pub fn len(&self) -> usize {
        self.text.len()
    }
}

/// A topic filter and its QoS.
pub(crate) type OwnedFilter = (String, QoS);

/// The kind of a request to the broker.
#[derive(Clone, Hash, Debug)]
pub(crate) enum RequestKind {
    Publish(StoredPublish),
    /// A message without a copy: it is uploaded piece by piece, or the broker has received it.
    NoCopy,
    Subscribe(Vec<OwnedFilter>),
    Unsubscribe(Vec<String>),
}

impl RequestKind {
    pub fn is_message(&self) -> bool {
        matches!(self, RequestKind::Publish(_) | RequestKind::NoCopy)
    }

    /// It may be sent anew if the session ended before the broker answered: if it arrived, twice
    /// does no harm. Nobody can say of a message with QoS 2 whether it arrived, and what has no
    /// copy cannot be sent.
    pub fn may_arrive_twice(&self) -> bool {
        match self {
            RequestKind::Publish(publish) => publish.qos != QoS::ExactlyOnce,
            RequestKind::NoCopy => false,
            RequestKind::Subscribe(_) | RequestKind::Unsubscribe(_) => true,
        }
    }
}

/// An outcome as it is kept; errors are rare, and take more memory.
pub(super) type StoredOutcome = Result<Box<[u8]>, Box<RequestError>>;

/// A request, from the command to the moment when it is forgotten.
#[derive(Clone, Hash, Debug)]
pub(super) struct Request {
    pub kind: RequestKind,
    pub serial: u32,
    /// The packet identifier; 0: it is not in flight.
    pub id: u16,
    pub outcome: Option<StoredOutcome>,
    /// The application may ask for the outcome.
    pub is_owned: bool,
    /// The application has asked for the outcome, so an event is to be emitted.
    pub is_watched: bool,
    /// It is a subscription that the client makes anew by itself.
    pub is_renewal: bool,
    /// It is a message, even if its copy is gone.
    pub is_message: bool,
    /// It waits to be sent, or is in flight.
    pub is_open: bool,
    /// It was sent, in this session or an earlier one.
    pub was_sent: bool,
    /// It was sent over this connection.
    pub is_on_wire: bool,
    /// Its outcome is not awaited any more, though it may be in flight.
    pub is_given_up: bool,
    /// The offset of its end in the bytes of this connection.
    pub end: u64,
    /// The time at which it was found to have left.
    pub left_at: Option<Duration>,
    /// Its place in the order of publishing, if it is stored; else 0.
    pub number: u64,
}

impl Request {
    pub fn new(kind: RequestKind, serial: u32, is_owned: bool) -> Self {
        Request {
            is_renewal: !is_owned && matches!(kind, RequestKind::Subscribe(_)),
            is_message: kind.is_message(),
            kind,
            serial,
            id: 0,
            outcome: None,
            is_owned,
            is_watched: false,
            is_open: true,
            was_sent: false,
            is_on_wire: false,
            is_given_up: false,
            end: 0,
            left_at: None,
            number: 0,
        }
    }

    /// A message whose outcome is still awaited.
    pub fn is_awaited_message(&self) -> bool {
        self.is_open && !self.is_given_up && self.is_message
    }
}
