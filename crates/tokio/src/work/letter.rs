//! What is asked of the broker, and the copies of messages.
use motemq::{Publish, QoS};
use motemq_net::Asked;

/// A message as it is kept until the broker has it: topic and payload in one piece of memory.
#[derive(Debug)]
pub(crate) struct Letter {
    pub(super) text: Box<[u8]>,
    pub(super) topic: u16,
    pub qos: QoS,
    pub(super) retain: bool,
}

impl Letter {
    pub fn new(publish: &Publish<'_>) -> Self {
        let text = [publish.topic().as_bytes(), publish.payload]
            .concat()
            .into();
        // Topics were checked, or accepted by the session.
        Letter {
            text,
            topic: publish.topic().len() as u16,
            qos: publish.qos,
            retain: publish.retain,
        }
    }

    pub fn publish(&self) -> Publish<'_> {
        let (topic, payload) = self.text.split_at(self.topic.into());
        let mut publish = Publish::to(str::from_utf8(topic).unwrap_or_default())
            .payload(payload)
            .qos(self.qos);
        publish.retain = self.retain;
        publish
    }

    pub fn len(&self) -> usize {
        self.text.len()
    }
}

#[derive(Debug)]
pub(crate) enum Body {
    Publish(Letter),
    /// Published from a reader, or received by the broker: there is no copy.
    Gone,
    Subscribe(Vec<(String, QoS)>),
    Unsubscribe(Vec<String>),
}

impl Body {
    /// What it is, as far as sending it again goes.
    pub fn asked(&self) -> Asked {
        match self {
            Body::Publish(letter) => Asked::Message(letter.qos),
            Body::Gone => Asked::Gone,
            Body::Subscribe(_) | Body::Unsubscribe(_) => Asked::Filters,
        }
    }
}
