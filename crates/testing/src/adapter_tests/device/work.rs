//! The state of an application besides its session: subscriptions, and messages until they have come
//! to their end.
use motemq::{Buffer, Filter, PacketId, Protocol, Publish, QoS, SendError, Session, Slot};
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

/// A message that is to be published.
#[derive(Clone)]
pub struct Message {
    pub topic: String,
    pub payload: Arc<[u8]>,
    pub qos: QoS,
}

/// A payload, and the number of its bytes that the session has.
type Stream = (Arc<[u8]>, usize);

/// A packet in flight.
pub enum Flight {
    Message(Message),
    /// The index of a subscription.
    Subscription(usize),
}

#[derive(Default)]
pub struct Work {
    pub queue: VecDeque<Message>,
    pub subscriptions: Vec<(String, QoS)>,
    pub to_subscribe: VecDeque<usize>,
    pub under_way: HashMap<PacketId, Flight>,
    /// Messages that are published anew, oldest first, since it is not known whether they arrived.
    pub doubtful: Vec<Message>,
    pub resend: Option<PacketId>,
    stream: Option<Stream>,
    /// The number of messages with QoS 0 that were sent.
    pub sent: usize,
}

impl Work {
    /// Forgets what belonged to a connection.
    pub fn on_connection_lost(&mut self) {
        self.stream = None;
        self.resend = None;
    }

    /// Gives the session something to send. Returns `Ok(false)` if there is nothing.
    pub fn give<P: Protocol>(
        &mut self,
        session: &mut Session<[Slot], P>,
        tx: &mut Buffer,
    ) -> Result<bool, SendError> {
        if let Some((payload, at)) = &mut self.stream {
            *at += session.publish_chunk(&payload[*at..], tx)?;
            if *at == payload.len() {
                self.stream = None;
            }
        } else if let Some(id) = self.resend {
            let Some(Flight::Message(message)) = self.under_way.get(&id) else {
                panic!("{id} is not in flight")
            };
            let (publish, stream) = whole_or_streamed(message, tx.capacity());
            session.republish(id, &publish, tx)?;
            self.stream = stream;
            self.resend = None;
        } else if let Some(&index) = self.to_subscribe.front() {
            let (filter, qos) = &self.subscriptions[index];
            let id = session.subscribe(&[Filter::new(filter, *qos)], tx)?;
            self.under_way.insert(id, Flight::Subscription(index));
            self.to_subscribe.pop_front();
        } else if let Some(message) = self.queue.front() {
            let (publish, stream) = whole_or_streamed(message, tx.capacity());
            let id = session.publish(&publish, tx)?;
            self.stream = stream;
            let message = self.queue.pop_front().unwrap();
            match id {
                Some(id) => drop(self.under_way.insert(id, Flight::Message(message))),
                None => self.sent += 1,
            }
        } else {
            return Ok(false);
        }
        Ok(true)
    }
}

fn whole_or_streamed(message: &Message, room: usize) -> (Publish<'_>, Option<Stream>) {
    let Message {
        topic,
        payload,
        qos,
    } = message;
    let publish = Publish::to(topic).qos(*qos);
    if topic.len() + payload.len() + 16 <= room {
        (publish.payload(payload), None)
    } else {
        (
            publish.remaining(payload.len() as u32),
            Some((payload.clone(), 0)),
        )
    }
}
