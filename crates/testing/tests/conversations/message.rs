//! The messages: no two are alike, and each says how it is to be treated.
use motemq::QoS;

/// How a message is to be treated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It arrives.
    Arrives,
    /// The broker refuses it.
    IsRefused,
    /// The subscriber refuses it.
    IsDeclined,
}

/// A message of a client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    pub number: usize,
    pub qos: QoS,
    pub retain: bool,
    pub payload: Vec<u8>,
}

/// What became of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It was sent with QoS 0, or acknowledged.
    Done,
    /// The server refused it.
    Refused,
    /// The session ended.
    Unknown,
    /// The limits of the server do not allow it.
    Unsupported,
    /// It was in flight, and the limits of another connection do not allow it.
    Abandoned,
}

impl Message {
    pub fn new(number: usize, qos: QoS, fate: Fate, length: usize) -> Self {
        let letter = match fate {
            Fate::Arrives => 'a',
            Fate::IsRefused => 'r',
            Fate::IsDeclined => 'd',
        };
        let mut payload = format!("{letter}{number:04}").into_bytes();
        payload.resize(payload.len().max(length), b'.');
        Message {
            number,
            qos,
            retain: false,
            payload,
        }
    }
}

/// Returns how a message with this payload is to be treated.
pub fn fate(payload: &[u8]) -> Fate {
    match payload.first() {
        Some(b'r') => Fate::IsRefused,
        Some(b'd') => Fate::IsDeclined,
        _ => Fate::Arrives,
    }
}
