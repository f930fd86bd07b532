//! Messages as they come: put together, and given to those who want them.
use super::{Hold, Inbox, Item, Stream};
use crate::{
    Message, Overflow,
    message::{Pipe, Rest},
    shared::Shared,
};
use bytes::{Bytes, BytesMut};
use motemq::{AckToken, ManualAcks, QoS, Session, TopicName};
use motemq_net::is_covered;
use std::{sync::Arc, task::Waker};

/// A message of which not all has come.
#[derive(Debug)]
pub(super) enum Partial {
    /// It is put together in memory.
    Growing { message: Message, data: BytesMut },
    /// It is read as it comes.
    Flowing(Arc<Pipe>),
    /// Nobody wants it.
    Unwanted,
}

impl Inbox {
    pub fn begin(
        &mut self,
        message: &motemq::Message<'_>,
        token: Option<AckToken>,
        session: &mut Session,
        manual: &mut ManualAcks,
        shared: &Arc<Shared>,
    ) {
        if self.leaving {
            return;
        }
        self.received += 1;
        self.look_up(message.topic);
        let len = message.payload.len() as u64 + u64::from(message.remaining);
        let mut new = Message {
            topic: self.topic.clone(),
            payload: Bytes::new(),
            len,
            qos: message.qos(),
            retain: message.retain(),
            dup: message.dup(),
            rest: None,
        };
        if self.targets.is_empty() {
            self.dropped += 1;
            if message.remaining == 0 {
                self.dismiss(token, session, manual);
            } else {
                self.partial = Some(Box::new(Partial::Unwanted));
            }
        } else if message.remaining == 0 {
            new.payload = Bytes::copy_from_slice(message.payload);
            self.deliver(new, token);
        } else if len <= shared.options.max_message as u64 {
            self.partial = Some(Box::new(Partial::Growing {
                message: new,
                data: message.payload.into(),
            }));
        } else {
            let pipe = Arc::new(Pipe::default());
            new.payload = Bytes::copy_from_slice(message.payload);
            new.rest = Some(Rest::new(pipe.clone(), shared.clone()));
            self.partial = Some(Box::new(Partial::Flowing(pipe)));
            // One reader can read it, not several.
            self.targets.truncate(1);
            self.deliver(new, None);
            self.targets.clear();
        }
    }

    pub fn more(
        &mut self,
        piece: &[u8],
        remaining: u32,
        token: Option<AckToken>,
        session: &mut Session,
        manual: &mut ManualAcks,
    ) {
        match self.partial.as_deref_mut() {
            None => return,
            Some(Partial::Unwanted) => {}
            Some(Partial::Growing { data, .. }) => {
                // What was announced need not come: memory is taken as bytes come.
                data.extend_from_slice(piece);
            }
            Some(Partial::Flowing(pipe)) => self.wakes.extend(pipe.give(piece)),
        }
        if remaining > 0 {
            return;
        }
        match self.partial.take().map(|partial| *partial) {
            Some(Partial::Growing { mut message, data }) => {
                message.payload = data.freeze();
                let topic = message.topic.clone();
                self.look_up_again(topic);
                if self.targets.is_empty() {
                    self.dropped += 1;
                    self.dismiss(token, session, manual);
                } else {
                    self.deliver(message, token);
                }
            }
            Some(Partial::Flowing(pipe)) => {
                let hold = token.map(|token| self.owe(token, 1));
                if let Some(hold) = hold {
                    // Its reader has it in its hands already.
                    self.owed[hold.key].taken = true;
                }
                let (waker, unread) = pipe.finish(hold);
                self.wakes.extend(waker);
                self.had(unread, session, manual);
            }
            _ => self.dismiss(token, session, manual),
        }
    }

    /// A message that was drained unseen.
    pub fn dismiss(
        &mut self,
        token: Option<AckToken>,
        session: &mut Session,
        manual: &mut ManualAcks,
    ) {
        if let Some(token) = token {
            // It came over this connection just now.
            let _ = manual.ack(session, token);
        }
    }

    fn look_up(&mut self, topic: TopicName<'_>) {
        if self.targets.is_empty() || topic != *self.topic {
            self.look_up_again(topic.as_str().into());
        }
    }

    /// Every stream with a matching filter gets the message; if there is none, those for the rest
    /// do.
    fn look_up_again(&mut self, topic: Arc<str>) {
        let open = |stream: &Stream| !stream.closed;
        let covers = |stream: &Stream| {
            stream
                .filters
                .iter()
                .any(|filter| is_covered(filter, &topic))
        };
        self.targets.clear();
        self.targets.extend(
            self.streams
                .iter()
                .filter(|(_, stream)| open(stream) && covers(stream))
                .map(|(key, _)| key),
        );
        if self.targets.is_empty() {
            self.targets.extend(
                self.streams
                    .iter()
                    .filter(|(_, stream)| open(stream) && stream.filters.is_empty())
                    .map(|(key, _)| key),
            );
        }
        self.topic = topic;
    }

    /// Each stream of the targets gets it, or lets it pass.
    #[inline]
    fn deliver(&mut self, message: Message, token: Option<AckToken>) {
        let hold = token.map(|token| self.owe(token, self.targets.len()));
        let Some((&last, others)) = self.targets.split_last() else {
            return self.trash.push(message);
        };
        for &other in others {
            let stream = &mut self.streams[other];
            if stream.lets_pass(&message, self.give_way) {
                self.dropped += 1;
            } else {
                self.wakes.extend(stream.push(message.clone(), hold));
            }
        }
        let stream = &mut self.streams[last];
        if stream.lets_pass(&message, self.give_way) {
            self.dropped += 1;
            self.trash.push(message);
        } else {
            self.wakes.extend(stream.push(message, hold));
        }
    }
}

impl Stream {
    /// There is no room for it, and it may be dropped.
    fn lets_pass(&self, message: &Message, give_way: bool) -> bool {
        message.qos == QoS::AtMostOnce
            && self.is_full()
            && (give_way || self.limits.overflow == Overflow::DropQos0)
    }

    /// Returns who waits for it.
    fn push(&mut self, message: Message, hold: Option<Hold>) -> Option<Waker> {
        self.bytes += message.weight();
        self.items.push_back(Item { message, hold });
        self.waker.take()
    }
}
