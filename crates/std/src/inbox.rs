//! What was received and not taken yet.
use crate::Error;
use motemq::{AckToken, QoS, SessionState};
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
    /// The broker may have sent it before. With QoS 1 it may have been delivered then, with QoS 2
    /// it was not.
    pub dup: bool,
}

/// A message without its payload, which goes its own way: see
/// [`recv_into`](crate::Client::recv_into).
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

/// Holds messages until the application takes them. When it is full nothing more is read, and
/// nothing is lost.
#[derive(Debug)]
pub(crate) struct Inbox {
    queue: VecDeque<(Result<Message, Error>, Option<AckToken>)>,
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
    pub remaining: u32,
    pub token: Option<AckToken>,
    /// It is not put together in memory.
    pub large: bool,
    /// Its taker has failed, and was told so: the rest is dropped in silence.
    pub broken: bool,
}

impl Inbox {
    pub fn new(max_message: usize) -> Self {
        Inbox {
            queue: VecDeque::new(),
            bytes: 0,
            owed: 0,
            max_message,
            partial: None,
            flowing: false,
            direct: false,
            leaving: false,
        }
    }

    /// Nothing will be taken any more: what comes is dropped without acknowledgement, so that the
    /// broker keeps it.
    pub fn leave(&mut self) {
        *self = Inbox {
            leaving: true,
            ..Inbox::new(self.max_message)
        };
    }

    /// Nothing more can be received now.
    pub fn is_full(&self) -> bool {
        if self.leaving {
            return false;
        }
        let waiting = self.partial.as_ref().is_some_and(|partial| {
            partial.large && !(self.flowing && partial.data.is_empty() && partial.remaining > 0)
        });
        waiting
            || self.queue.len() >= MOST
            || self.owed >= MOST_OWED
            || self.bytes > self.max_message
    }

    /// No message waits to be taken.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub fn begin(&mut self, message: &motemq::Message<'_>, token: Option<AckToken>) {
        if self.leaving {
            return;
        }
        let len = message.payload.len() as u64 + u64::from(message.remaining);
        let header = Header {
            topic: message.topic.as_str().into(),
            len,
            qos: message.qos(),
            retain: message.retain(),
            dup: message.dup(),
        };
        let large = message.remaining > 0
            && (len > self.max_message as u64 || (self.direct && self.queue.is_empty()));
        let data = message.payload.to_vec();
        let partial = Partial {
            header,
            data,
            remaining: message.remaining,
            token,
            large,
            broken: false,
        };
        if large || message.remaining > 0 {
            self.partial = Some(partial);
        } else if len > self.max_message as u64 {
            let Header { topic, len, .. } = partial.header;
            self.push(
                Err(Error::MessageTooLarge {
                    topic: Some(topic),
                    len,
                }),
                token,
            );
        } else {
            self.push(Ok(partial.into_message()), token);
        }
    }

    pub fn more(&mut self, data: &[u8], remaining: u32, token: Option<AckToken>) {
        let Some(partial) = &mut self.partial else {
            return;
        };
        // What was announced need not come: memory is taken as bytes come, twice as much each time,
        // and in the end no more than there are.
        let have = partial.data.len();
        if !partial.large && partial.data.capacity() - have < data.len() {
            partial
                .data
                .reserve_exact(have.max(data.len()).min(data.len() + remaining as usize));
        }
        partial.data.extend_from_slice(data);
        partial.remaining = remaining;
        partial.token = token;
        if remaining == 0
            && !partial.large
            && let Some(partial) = self.partial.take()
        {
            self.push(Ok(partial.into_message()), token);
        }
    }

    pub fn push(&mut self, item: Result<Message, Error>, token: Option<AckToken>) {
        if self.leaving {
            return;
        }
        self.bytes += item.as_ref().map_or(0, Message::weight);
        self.owed += usize::from(token.is_some());
        self.queue.push_back((item, token));
    }

    pub fn pop(&mut self) -> Option<(Result<Message, Error>, Option<AckToken>)> {
        let (item, token) = self.queue.pop_front()?;
        self.bytes -= item.as_ref().map_or(0, Message::weight);
        self.owed -= usize::from(token.is_some());
        Some((item, token))
    }

    /// A new connection was accepted. If the session goes on, what was not acknowledged comes
    /// again; if not, nothing comes again, and nothing is owed.
    pub fn connected(&mut self, session: SessionState) {
        if session == SessionState::Resumed {
            self.queue.retain(|(_, token)| token.is_none());
        }
        self.queue.iter_mut().for_each(|(_, token)| *token = None);
        self.owed = 0;
        self.bytes = self
            .queue
            .iter()
            .filter_map(|(item, _)| item.as_ref().ok())
            .map(Message::weight)
            .sum();
    }
}

impl Partial {
    fn into_message(self) -> Message {
        let Header {
            topic,
            qos,
            retain,
            dup,
            ..
        } = self.header;
        Message {
            topic,
            payload: self.data,
            qos,
            retain,
            dup,
        }
    }
}

impl Message {
    fn weight(&self) -> usize {
        self.topic.len() + self.payload.len()
    }

    pub(crate) fn header(&self) -> Header {
        let Message {
            topic,
            payload,
            qos,
            retain,
            dup,
        } = self;
        Header {
            topic: topic.clone(),
            len: payload.len() as u64,
            qos: *qos,
            retain: *retain,
            dup: *dup,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use motemq::{Buffer, Connect, Event, ManualAcks, PendingAck, Session, Slot};

    /// An inbox into which these bytes were received, behind a CONNACK.
    fn inbox(max_message: usize, bytes: &[u8]) -> Inbox {
        let mut session = Session::<[Slot; 4]>::new();
        let mut manual = ManualAcks::<[PendingAck; 4]>::new();
        let (mut rx, mut tx) = (Buffer::<[u8; 32]>::new(), Buffer::<[u8; 64]>::new());
        session
            .connect(&Connect::new("a"), &mut rx, &mut tx)
            .unwrap();
        let mut inbox = Inbox::new(max_message);
        inbox.flowing = true;
        for &byte in b"\x20\x02\0\0".iter().chain(bytes) {
            rx.space()[0] = byte;
            rx.commit(1);
            while let Some((event, token)) =
                manual.next_event(&mut session, &mut rx, &mut *tx).unwrap()
            {
                match event {
                    Event::Message(message) => inbox.begin(&message, token),
                    Event::Payload { data, remaining } => inbox.more(data, remaining, token),
                    _ => {}
                }
            }
        }
        inbox
    }

    fn payloads(inbox: &mut Inbox) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| inbox.pop())
            .map(|(item, _)| item.unwrap().payload)
            .collect()
    }

    const MAX: usize = usize::MAX;
    const THREE: &[u8] = b"\x30\x04\0\x01t0\x32\x06\0\x01t\0\x051\x34\x06\0\x01t\0\x062";

    #[test]
    fn messages_are_taken_in_their_order() {
        let mut inbox = inbox(100, THREE);
        assert_eq!((inbox.bytes, inbox.owed), (6, 2));
        assert_eq!(payloads(&mut inbox), [b"0", b"1", b"2"]);
        assert_eq!((inbox.bytes, inbox.owed), (0, 0));
    }

    #[test]
    fn what_comes_again_is_forgotten_and_what_does_not_is_kept() {
        let mut resumed = inbox(100, THREE);
        resumed.connected(SessionState::Resumed);
        assert_eq!((resumed.bytes, resumed.owed), (2, 0));
        assert_eq!(payloads(&mut resumed), [b"0"]);
        // The broker lost the session, and with it what it would have sent again; so nothing of it
        // comes again later either.
        for lost in [SessionState::New, SessionState::Unrecognized] {
            let mut new = inbox(100, THREE);
            new.connected(lost);
            new.connected(SessionState::Resumed);
            assert_eq!(payloads(&mut new), [b"0", b"1", b"2"]);
        }
    }

    #[test]
    fn pieces_are_put_together() {
        let mut long = b"\x30\x43\0\x01t".to_vec();
        long.extend([7; 64]);
        assert_eq!(payloads(&mut inbox(100, &long)), [vec![7; 64]]);
        let large = inbox(63, &long);
        let partial = large.partial.as_ref().unwrap();
        assert!(partial.large && partial.remaining == 0 && partial.header.len == 64);
        assert!(large.is_full());
    }

    #[test]
    fn memory_is_taken_as_bytes_come() {
        let announced = b"\x30\xff\xff\xff\x7f\0\x01t";
        let mut promised = inbox(MAX, announced).partial.unwrap();
        assert!(!promised.large && promised.header.len == 268_435_452);
        assert!(promised.data.capacity() < 64);
        promised = inbox(MAX, &[announced, &[7; 1000][..]].concat())
            .partial
            .unwrap();
        assert!(promised.data.capacity() < 3000);
        let mut long = b"\x30\x43\0\x01t".to_vec();
        long.extend([7; 64]);
        assert_eq!(payloads(&mut inbox(MAX, &long))[0].capacity(), 64);
    }

    #[test]
    fn it_is_full_by_bytes() {
        assert!(!inbox(6, THREE).is_full());
        assert!(inbox(5, THREE).is_full());
    }
}
