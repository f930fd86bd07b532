//! One request: what it asks for, and how far it has come.
use super::OwnedFilter;
use crate::{
    Acknowledgement, BrokerReason, MessageProperties, RequestError,
    moment::Moment,
    write_buf::{DIRECT, LONGEST},
};
use alloc::{boxed::Box, string::String, vec::Vec};
use bytes::Bytes;
use core::time::Duration;
use motemq::{Property, Publish, QoS};

/// Identifies a request, until it is [forgotten](crate::Client::forget): a message with QoS 1 or 2,
/// a message that waits to be sent, a SUBSCRIBE or an UNSUBSCRIBE.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RequestId {
    pub(super) key: u32,
    /// Tells requests with the same key apart.
    pub(super) serial: u32,
}

impl RequestId {
    /// Returns a small number that no other request has at the same time. An adapter can use it as
    /// an index for data of its own.
    pub fn index(self) -> usize {
        self.key as usize
    }
}

/// A message as it is kept until the broker has it.
#[derive(Clone, Hash, Debug)]
pub(crate) struct StoredPublish {
    text: Text,
    more: Option<Box<More>>,
    qos: QoS,
    retain: bool,
}

/// The parts of a message that few messages have.
#[derive(Clone, Hash, Debug)]
struct More {
    properties: MessageProperties,
    /// The time at which it expires.
    expires_at: Option<Duration>,
}

#[derive(Clone, Hash, Debug)]
enum Text {
    /// Topic and payload in one piece of memory.
    Joined { text: Box<[u8]>, topic_length: u16 },
    /// The payload is written to the transport from here.
    Apart(Box<(Box<str>, Bytes)>),
}

impl StoredPublish {
    /// Keeps a message, which has these properties since `now`.
    #[inline]
    pub fn new<T: Copy>(
        publish: &Publish<'_, T>,
        properties: MessageProperties,
        now: Duration,
    ) -> Self {
        if is_direct(publish, &properties) {
            let payload = Bytes::copy_from_slice(publish.payload);
            return Self::with_payload(publish, payload, properties, now);
        }
        let topic = publish.topic().as_bytes();
        StoredPublish {
            text: Text::Joined {
                text: [topic, publish.payload].concat().into(),
                topic_length: topic.len() as u16,
            },
            more: More::new(properties, now),
            qos: publish.qos,
            retain: publish.retain,
        }
    }

    /// Keeps a message with this payload, which is not copied if it is long.
    pub fn with_payload<T: Copy>(
        publish: &Publish<'_, T>,
        payload: Bytes,
        properties: MessageProperties,
        now: Duration,
    ) -> Self {
        if !is_direct(&publish.payload(&payload), &properties) {
            return Self::new(&publish.payload(&payload), properties, now);
        }
        StoredPublish {
            text: Text::Apart(Box::new((publish.topic().into(), payload))),
            more: More::new(properties, now),
            qos: publish.qos,
            retain: publish.retain,
        }
    }

    /// Returns whether it has expired at `now`.
    pub fn has_expired(&self, now: Duration) -> bool {
        let expires_at = self.more.as_deref().and_then(|more| more.expires_at);
        expires_at.is_some_and(|at| now >= at)
    }

    /// Returns whether it has properties.
    pub fn has_properties(&self) -> bool {
        self.more.is_some()
    }

    /// Returns the properties that it has at `now`. The time until it expires is what is left of
    /// it, at least 1 s.
    pub fn properties(&self, now: Duration) -> Vec<Property<'_>> {
        let Some(more) = self.more.as_deref() else {
            return Vec::new();
        };
        let left = more.expires_at.unwrap_or_default().saturating_sub(now);
        let left = left.as_millis().div_ceil(1000).max(1) as u32;
        let properties = more.properties.to_publish();
        let as_now = |property| match property {
            Property::MessageExpiryInterval(_) => Property::MessageExpiryInterval(left),
            property => property,
        };
        properties.map(as_now).collect()
    }

    /// Returns the length of the properties as they are encoded.
    pub fn properties_length(&self) -> usize {
        let more = self.more.as_deref();
        more.map_or(0, |more| more.properties.len())
    }

    pub fn publish(&self) -> Publish<'_> {
        let (topic, payload) = match &self.text {
            Text::Joined { text, topic_length } => {
                let (topic, payload) = text.split_at((*topic_length).into());
                (str::from_utf8(topic).unwrap_or_default(), payload)
            }
            Text::Apart(text) => (&*text.0, &text.1[..]),
        };
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

    /// Returns the payload if it is written to the transport from the memory that holds it.
    #[inline]
    pub fn direct_payload(&self) -> Option<&Bytes> {
        match &self.text {
            Text::Joined { .. } => None,
            Text::Apart(text) => Some(&text.1),
        }
    }

    /// Returns the length of topic, properties and payload.
    #[inline]
    pub fn len(&self) -> usize {
        let text = match &self.text {
            Text::Joined { text, .. } => text.len(),
            Text::Apart(text) => text.0.len() + text.1.len(),
        };
        text + self.properties_length()
    }
}

impl More {
    #[inline]
    fn new(properties: MessageProperties, now: Duration) -> Option<Box<Self>> {
        if properties.is_empty() {
            return None;
        }
        let expiry = properties.get().message_expiry_interval();
        let expires_at =
            expiry.map(|seconds| now.saturating_add(Duration::from_secs(seconds.into())));
        Some(Box::new(More {
            properties,
            expires_at,
        }))
    }
}

/// Returns whether the payload of a message that is kept is written from there.
#[inline]
fn is_direct<T: Copy>(publish: &Publish<'_, T>, properties: &MessageProperties) -> bool {
    let len = publish.payload.len();
    len >= DIRECT || publish.topic().len() + properties.len() + len > LONGEST
}

/// The kind of a request to the broker.
#[derive(Clone, Hash, Debug)]
pub(crate) enum RequestKind {
    Publish(StoredPublish),
    /// A message without a copy: it is uploaded piece by piece, or the broker has received it.
    NoCopy,
    /// A message with QoS 2 that the broker has received, with what it said then.
    Accepted(BrokerReason),
    Subscribe(Vec<OwnedFilter>),
    Unsubscribe(Vec<String>),
}

impl RequestKind {
    pub fn is_message(&self) -> bool {
        matches!(
            self,
            RequestKind::Publish(_) | RequestKind::NoCopy | RequestKind::Accepted(_)
        )
    }

    /// It may be sent anew if the session ended before the broker answered: if it arrived, twice
    /// does no harm. Nobody can say of a message with QoS 2 whether it arrived, and what has no
    /// copy cannot be sent.
    pub fn may_arrive_twice(&self) -> bool {
        match self {
            RequestKind::Publish(publish) => publish.qos != QoS::ExactlyOnce,
            RequestKind::NoCopy | RequestKind::Accepted(_) => false,
            RequestKind::Subscribe(_) | RequestKind::Unsubscribe(_) => true,
        }
    }
}

/// An outcome as it is kept; errors are rare, and take more memory.
pub(super) type StoredOutcome = Result<Acknowledgement, Box<RequestError>>;

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
    pub left_at: Option<Moment>,
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
