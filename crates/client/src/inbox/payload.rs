//! Payloads that are too large for memory, on their way from the connection to the application.
use super::{StreamId, unacknowledged::AckKey};
use crate::{PayloadRead, slab::Slab};
use alloc::{collections::VecDeque, vec::Vec};
use bytes::Bytes;
use core::time::Duration;

/// The number of bytes of a payload at which reading stops.
const PIPE: usize = 64 << 10;

/// Identifies a payload that is received in pieces.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PayloadId {
    key: u32,
    /// Tells payloads with the same key apart.
    serial: u32,
}

#[derive(Clone, Hash, Debug)]
struct Payload {
    serial: u32,
    pieces: VecDeque<Bytes>,
    bytes: usize,
    /// The stream of the message, which may have been closed since.
    stream: StreamId,
    /// The application found it empty, so an event is to be emitted.
    is_watched: bool,
    /// Nothing reads it any more, and it ends so.
    unread: Option<Completed>,
    /// It has ended, whole or not.
    end: Option<bool>,
    ack: Option<AckKey>,
}

/// The treatment of a message when the last piece of its payload has arrived.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Completed {
    /// The application will read it to its end.
    Kept,
    /// The application took the message and dropped the payload.
    Processed,
    /// The stream of the message was closed before the message was taken.
    NotTaken,
}

#[derive(Clone, Hash, Debug, Default)]
pub(super) struct Payloads {
    payloads: Slab<Payload>,
    /// Bytes of all payloads that wait to be read.
    bytes: usize,
    /// The time since which answers have been awaited behind payloads of which nothing was read.
    unread_since: Option<Duration>,
}

impl Payloads {
    /// A payload begins. Its `serial` is one that no other payload had.
    pub fn begin(&mut self, stream: StreamId, serial: u32) -> PayloadId {
        let key = self.payloads.insert(Payload {
            serial,
            pieces: VecDeque::new(),
            bytes: 0,
            stream,
            is_watched: false,
            unread: None,
            end: None,
            ack: None,
        });
        PayloadId { key, serial }
    }

    fn get(&self, id: PayloadId) -> Option<&Payload> {
        self.payloads
            .get(id.key)
            .filter(|payload| payload.serial == id.serial)
    }

    fn get_mut(&mut self, id: PayloadId) -> Option<&mut Payload> {
        self.payloads
            .get_mut(id.key)
            .filter(|payload| payload.serial == id.serial)
    }

    /// A piece arrived. Returns the stream that waits for it.
    pub fn push(&mut self, id: PayloadId, data: &[u8]) -> Option<StreamId> {
        let payload = self
            .get_mut(id)
            .filter(|payload| payload.unread.is_none())?;
        payload.bytes += data.len();
        payload.pieces.push_back(Bytes::copy_from_slice(data));
        let stream = core::mem::take(&mut payload.is_watched).then_some(payload.stream);
        self.bytes += data.len();
        stream
    }

    /// The payload has ended, whole or not, and its acknowledgement is deferred. Returns what
    /// becomes of the message, and the stream that waits for it.
    pub fn end(
        &mut self,
        id: PayloadId,
        is_whole: bool,
        ack: Option<AckKey>,
    ) -> (Completed, Option<StreamId>) {
        let Some(payload) = self.get_mut(id) else {
            return (Completed::Processed, None);
        };
        if let Some(completed) = payload.unread {
            self.payloads.remove(id.key);
            return (completed, None);
        }
        payload.end = Some(is_whole);
        payload.ack = ack;
        let stream = core::mem::take(&mut payload.is_watched).then_some(payload.stream);
        (Completed::Kept, stream)
    }

    /// Returns whether a payload has arrived whole that is still to be read, up to its end.
    pub fn has_unread(&self) -> bool {
        let mut payloads = self.payloads.iter();
        payloads.any(|(_, payload)| payload.end == Some(true))
    }

    /// Messages with these acknowledgements arrive again, so their payloads end here. Returns these
    /// payloads, with their streams.
    pub fn break_off(
        &mut self,
        arrives_again: impl Fn(Option<AckKey>) -> bool,
    ) -> Vec<(PayloadId, StreamId)> {
        let mut broken = Vec::new();
        for (key, payload) in self.payloads.iter_mut() {
            if arrives_again(payload.ack) {
                (payload.end, payload.ack) = (Some(false), None);
                payload.pieces = VecDeque::new();
                self.bytes -= core::mem::take(&mut payload.bytes);
                let serial = payload.serial;
                broken.push((PayloadId { key, serial }, payload.stream));
            }
        }
        broken
    }

    /// Reads on. With the end comes the acknowledgement.
    pub fn read(&mut self, id: PayloadId) -> (PayloadRead, Option<AckKey>) {
        let Some(payload) = self.get_mut(id) else {
            return (PayloadRead::Broken, None);
        };
        if let Some(piece) = payload.pieces.pop_front() {
            payload.bytes -= piece.len();
            self.bytes -= piece.len();
            self.unread_since = None;
            return (PayloadRead::Data(piece), None);
        }
        match payload.end {
            None => {
                payload.is_watched = true;
                (PayloadRead::Pending, None)
            }
            Some(is_whole) => {
                let ack = payload.ack;
                self.payloads.remove(id.key);
                let end = if is_whole {
                    PayloadRead::End
                } else {
                    PayloadRead::Broken
                };
                (end, ack)
            }
        }
    }

    /// The message goes to another stream.
    pub fn move_to(&mut self, id: PayloadId, stream: StreamId) {
        if let Some(payload) = self.get_mut(id) {
            payload.stream = stream;
        }
    }

    /// Nothing reads the payload any more. Returns the acknowledgement if it has arrived already.
    pub fn discard(&mut self, id: PayloadId, is_taken: bool) -> Option<AckKey> {
        let payload = self.get_mut(id)?;
        let bytes = core::mem::take(&mut payload.bytes);
        if payload.end.is_some() {
            self.bytes -= bytes;
            return self.payloads.remove(id.key)?.ack;
        }
        payload.unread = Some(if is_taken {
            Completed::Processed
        } else {
            Completed::NotTaken
        });
        payload.pieces = VecDeque::new();
        self.bytes -= bytes;
        None
    }

    /// Returns the bytes of all payloads that wait to be read.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns whether so much of the payload waits to be read that nothing more can be received.
    pub fn is_full(&self, id: PayloadId) -> bool {
        self.get(id).is_some_and(|payload| payload.bytes >= PIPE)
    }

    /// Notes whether answers are awaited behind payloads of which nothing is read. Returns the time
    /// since which that has been so, if it is so now.
    pub fn note_unread(&mut self, is_awaited: bool, now: Duration) -> Option<Duration> {
        self.unread_since = is_awaited.then(|| self.unread_since.unwrap_or(now));
        self.unread_since
    }

    /// Gives memory back that nothing needs. Returns whether there is no payload.
    pub fn shrink(&mut self) -> bool {
        self.payloads.shrink();
        self.payloads.is_empty()
    }
}
