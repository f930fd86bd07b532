//! Sending of everything that waits, as far as there is room: payloads that are longer than the write
//! buffer, messages for which the session asks after a reconnection, and the queue.
use super::*;
use crate::{
    RequestError, WriteBuf,
    requests::{RequestKind, SharedText, StoredPublish, is_acknowledged, whole_or_streamed},
};
use core::ops::Range;
use motemq::{Filter, Out, PacketId, QoS, SendError};

impl Client {
    /// Hands over the bytes that are to be written, by a swap, if `output` is empty.
    ///
    /// Returns whether something that waits found no room before: call
    /// [`on_timeout`](Self::on_timeout) again before sleeping.
    #[inline]
    pub fn poll_output(&mut self, output: &mut WriteBuf) -> bool {
        let gate = self.gate();
        let mut has_passed = self.output.poll(output, gate);
        if let Some((text, payload)) = self.requests.payload_to_write()
            && self.hand_over_payload(output, text, payload)
        {
            // What waits behind the payload can be sent now.
            self.found_no_room = true;
            has_passed = true;
        }
        if !has_passed {
            return false;
        }
        self.tell_room();
        mem::take(&mut self.found_no_room)
    }

    /// The transport has taken `n` bytes.
    #[inline]
    pub fn on_written(&mut self, n: usize, now: Duration) {
        self.output.on_written(n, now);
        self.requests.on_left(self.output.written());
    }

    /// Returns whether there is room for whatever was refused. Who is told of room tries again at
    /// once.
    pub(super) fn has_room(&mut self) -> bool {
        self.accepted.is_some()
            && self.requests.in_flight() < self.options.max_in_flight()
            && self.requests.is_queue_empty()
            && self.protocol.payload_remaining() == 0
            && self.output.is_empty()
            && (self.protocol.has_free_slot() || self.pass_over())
    }

    /// Returns whether at least half as many messages as may be in flight can be sent. A driver may
    /// wait for that, for a short time, before it wakes threads that wait for room: brokers answer
    /// one message at a time.
    pub fn is_window_half_free(&self) -> bool {
        self.requests.in_flight() <= self.options.max_in_flight() / 2
    }

    /// Returns whether nothing but an answer of the broker makes room for another message with
    /// QoS 1 or 2: all that are in flight have been handed over, and there may be no more.
    pub fn is_window_full(&self) -> bool {
        self.accepted.is_some()
            && self.requests.in_flight() >= self.options.max_in_flight()
            && self.requests.is_queue_empty()
            && self.protocol.payload_remaining() == 0
            && self.output.is_empty()
    }

    /// Sends what waits, as far as there is room. Returns whether the session may ask for something
    /// else now.
    pub(super) fn send_waiting(&mut self) -> bool {
        self.found_no_room = false;
        let mut has_answered = false;
        while self.accepted.is_some() {
            let sent = if self.protocol.payload_remaining() > 0 {
                // It comes first, and is not copied to the output.
                break;
            } else if let Some(id) = self.requests.resend() {
                let sent = self.send_again(id);
                has_answered |= sent == Ok(true);
                sent
            } else if has_answered {
                // Nothing new goes before what is sent again.
                break;
            } else {
                self.send_first()
            };
            match sent {
                Ok(true) => {}
                Err(SendError::Full) => {
                    self.found_no_room = true;
                    break;
                }
                Err(SendError::Busy) if self.pass_over() => {}
                Ok(false) | Err(_) => break,
            }
        }
        has_answered
    }

    /// Lets a payload that is longer than the write buffer follow what `output` holds. It is not
    /// copied. Returns whether it could.
    #[cold]
    fn hand_over_payload(
        &mut self,
        output: &mut WriteBuf,
        text: SharedText,
        payload: Range<usize>,
    ) -> bool {
        // All that was written before has been handed over, or is to be stored first.
        let (mut none, mut taken) = ([], 0);
        let out = &mut Out::new(&mut none, &mut taken);
        let n = payload.len() as u32;
        if !self.output.is_empty() || self.protocol.publish_direct(n, out).is_err() {
            return false;
        }
        self.output.hand_over(output, text, payload);
        self.requests.on_payload_handed_over(self.output.position());
        true
    }

    /// Answers the session, which asks for a message.
    fn send_again(&mut self, id: PacketId) -> Result<bool, SendError> {
        let Some(stored) = self.requests.copy(id) else {
            self.output.reserve_reply(REPLY);
            self.protocol.abandon(id, &mut self.output.out())?;
            self.requests.on_abandoned(id);
            return Ok(true);
        };
        let (publish, is_whole) = whole_or_streamed(stored);
        if !self.output.reserve(room(stored, is_whole)) {
            return Err(SendError::Full);
        }
        self.protocol
            .republish(id, &publish, &mut self.output.out())?;
        self.tally.resent += 1;
        let end = is_whole.then(|| self.output.position());
        self.requests.on_resent(id, end);
        Ok(true)
    }

    /// Sends the first request of the queue.
    fn send_first(&mut self) -> Result<bool, SendError> {
        let Some(kind) = self.requests.first() else {
            return Ok(false);
        };
        if is_acknowledged(kind) && self.requests.in_flight() >= self.options.max_in_flight() {
            return Ok(false);
        }
        let is_message = kind.is_message();
        let (sent, is_whole) = match kind {
            RequestKind::Publish(stored) => {
                let (publish, is_whole) = whole_or_streamed(stored);
                if !self.output.reserve(room(stored, is_whole)) {
                    return Err(SendError::Full);
                }
                let sent = self.protocol.publish(&publish, &mut self.output.out());
                (sent, is_whole)
            }
            RequestKind::Subscribe(filters) => {
                let filters = filters
                    .iter()
                    .map(|(filter, qos)| Filter::new(filter, *qos));
                let filters: Vec<_> = filters.collect();
                reserve_filters(&mut self.output, &filters)?;
                let sent = self.protocol.subscribe(&filters, &mut self.output.out());
                (sent.map(Some), true)
            }
            RequestKind::Unsubscribe(filters) => {
                let filters = filters
                    .iter()
                    .map(|filter| Filter::new(filter, QoS::AtMostOnce));
                let filters: Vec<_> = filters.collect();
                reserve_filters(&mut self.output, &filters)?;
                let sent = self.protocol.unsubscribe(&filters, &mut self.output.out());
                (sent.map(Some), true)
            }
            RequestKind::NoCopy => (Ok(None), true),
        };
        match sent {
            Ok(id) => {
                self.tally.sent += u64::from(is_message);
                let end = is_whole.then(|| self.output.position());
                self.requests.on_first_sent(id, end);
                self.wants_room = true;
            }
            Err(error @ (SendError::Full | SendError::Busy | SendError::Offline)) => {
                return Err(error);
            }
            // It was checked when it was accepted; what cannot be sent must not bar the others.
            Err(_) => self.requests.on_first_refused(RequestError::Withdrawn),
        }
        Ok(true)
    }
}

fn reserve_filters(output: &mut Output, filters: &[Filter<'_>]) -> Result<(), SendError> {
    let lengths = filters.iter().map(|filter| filter.filter.len() + 3);
    if output.reserve(lengths.sum::<usize>() + HEADER) {
        Ok(())
    } else {
        Err(SendError::Full)
    }
}

/// Returns how much room a message needs in the output.
fn room(stored: &StoredPublish, is_whole: bool) -> usize {
    if is_whole {
        stored.len() + HEADER
    } else {
        stored.publish().topic().len() + HEADER
    }
}
