//! What an application remembers of its messages.
use super::{
    message::{Message, Record},
    plan::Plan,
    wills::Will,
};
use motemq::QoS;
use motemq_client::{AckId, Outcome, PayloadId, RequestError, RequestId, StreamId, UploadId};
use std::fmt;

/// A message that was taken from a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Came {
    /// One of a node, with the QoS with which it was delivered.
    Message(Message, QoS),
    /// A will, with the QoS with which it was delivered.
    Will(Will, QoS),
}

/// What was received and is processed.
#[derive(Clone, Debug, Default)]
pub struct Received {
    /// The messages.
    pub record: Record,
    /// The wills.
    pub wills: Vec<Will>,
}

/// What is stored together with the client, in one transaction: so it is true of the same moment.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// How many messages were published.
    pub published: u32,
    /// How many of them with QoS 1 and 2.
    pub numbers: [u32; 3],
    /// What was received with QoS 0 and 2.
    pub received: Received,
    /// A message with QoS 2 that was in hand when this was stored.
    pub in_hand: Option<Came>,
    /// A message that was in hand when an earlier process ended. It was had, and may come again.
    pub doubtful: Option<Came>,
}

/// What is stored at once. The client stores nothing of a message with QoS 0 that it publishes or
/// with QoS 1 that it receives, so this is stored before the message leaves or its acknowledgement.
#[derive(Clone, Debug, Default)]
pub struct StoredAtOnce {
    /// How many messages with QoS 0 were published.
    pub number: u32,
    /// What was received with QoS 1.
    pub received: Received,
    /// The broker knows what the application wants.
    pub subscribed: bool,
}

/// What ends with the process.
#[derive(Debug, Default)]
pub struct Volatile {
    /// The stream from which messages are taken.
    pub stream: Option<StreamId>,
    /// There may be something in it.
    pub has_messages: bool,
    /// The subscription, until the broker has answered.
    pub subscribing: Option<RequestId>,
    /// The step before which nothing is taken.
    pub busy_until: u64,
    /// Messages that were taken, and have to be acknowledged.
    pub unacknowledged: Vec<(AckId, Came)>,
    /// A payload that is being read, with what has been read of it.
    pub reading: Option<(PayloadId, QoS, Vec<u8>)>,
    /// The client has no room for another message.
    pub is_full: bool,
    /// A payload of which the rest is to be given.
    pub upload: Option<(UploadId, Vec<u8>)>,
    /// Messages whose outcome is awaited, by the index of the request.
    requests: Vec<Option<(RequestId, Message)>>,
    /// How many of them there are.
    pub awaited: usize,
}

/// What has become of messages, for the report.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ends {
    /// They were withdrawn, dropped or given up.
    pub abandoned: u64,
    /// Nobody can say what became of them.
    pub unknown: u64,
}

impl Came {
    /// The QoS with which it was delivered.
    pub fn qos(&self) -> QoS {
        match *self {
            Came::Message(_, qos) | Came::Will(_, qos) => qos,
        }
    }
}

impl Volatile {
    /// A message was accepted.
    ///
    /// # Errors
    /// Its request has the index of another one.
    pub fn accepted(&mut self, request: RequestId, message: Message) -> Result<(), String> {
        let at = request.index();
        if self.requests.len() <= at {
            self.requests.resize(at + 1, None);
        }
        if let Some(older) = self.requests[at].replace((request, message)) {
            return Err(format!("{request:?} of {message:?} is that of {older:?}"));
        }
        self.awaited += 1;
        Ok(())
    }

    /// The message of a request; it is not awaited any more.
    pub fn ended(&mut self, request: RequestId) -> Option<Message> {
        let place = self.requests.get_mut(request.index())?;
        let (_, message) = place.take_if(|(known, _)| *known == request)?;
        self.awaited -= 1;
        Some(message)
    }

    /// One of the requests that are awaited, chosen by a number.
    pub fn choose(&self, number: usize) -> Option<RequestId> {
        let mut awaited = self.requests.iter().flatten();
        Some(awaited.nth(number % self.awaited.max(1))?.0)
    }
}

impl Ends {
    /// The outcome of a message is known.
    ///
    /// # Errors
    /// It is not one that the plan explains.
    pub fn on_outcome(
        &mut self,
        message: Message,
        outcome: &Outcome,
        plan: &Plan,
        (loses_sessions, is_leaving): (bool, bool),
    ) -> Result<(), String> {
        let is_explained = match outcome {
            Ok(acknowledgement) => acknowledgement.codes().is_empty(),
            Err(RequestError::OutcomeUnknown) => {
                self.unknown += 1;
                // What has QoS 1 is sent anew, unless there is no copy of it.
                plan.abandons
                    || (message.qos != QoS::AtLeastOnce && loses_sessions)
                    || message.qos == QoS::AtMostOnce
            }
            Err(RequestError::OutcomeUnknownAtEnd(_) | RequestError::Ended(_)) => {
                self.unknown += 1;
                is_leaving
            }
            Err(
                RequestError::Dropped | RequestError::NotAcknowledged(_) | RequestError::UploadLost,
            ) => {
                self.abandoned += 1;
                plan.abandons
            }
            Err(_) => false,
        };
        if is_explained {
            Ok(())
        } else {
            Err(format!("{message:?} ended with {outcome:?}"))
        }
    }
}

impl fmt::Display for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Received { record, wills } = &self.received;
        write!(
            f,
            "{} published, {} wills heard, {record:?}",
            self.published,
            wills.len()
        )
    }
}
