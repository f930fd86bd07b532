//! What a client has to remember besides its session: subscriptions, and messages until they have
//! come to their end.
use motemq::{Filter, PacketId, Publish, QoS, SendError, Session};
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

/// As given to the client.
#[derive(Clone)]
pub struct Message {
    pub topic: String,
    pub payload: Arc<[u8]>,
    pub qos: QoS,
}

/// A payload, and how much of it was given.
type Stream = (Arc<[u8]>, usize);

/// What an identifier stands for.
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
    /// To be published anew, oldest first, since nobody knows whether it arrived.
    pub doubtful: Vec<Message>,
    pub resend: Option<PacketId>,
    stream: Option<Stream>,
    /// Messages with QoS 0 that were sent.
    pub sent: usize,
}

impl Work {
    /// What was streamed is not streamed any more.
    pub fn lost(&mut self) {
        self.stream = None;
        self.resend = None;
    }

    /// Gives the session something to send; `Ok(false)` if there is nothing.
    pub fn give(
        &mut self,
        session: &mut Session,
        tx: &mut motemq::Buffer,
    ) -> Result<bool, SendError> {
        if let Some((payload, at)) = &mut self.stream {
            *at += session.publish_chunk(&payload[*at..], tx)?;
            if *at == payload.len() {
                self.stream = None;
            }
        } else if let Some(id) = self.resend {
            let Some(Flight::Message(message)) = self.under_way.get(&id) else {
                panic!("{id} is nobody's")
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
