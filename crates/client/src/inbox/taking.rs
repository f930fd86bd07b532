//! Taking messages, allowing their acknowledgement, and reading their payloads.
use super::*;

impl Inbox {
    /// Takes the oldest message of a stream. The one that was taken before counts as processed,
    /// unless its acknowledgement was handed out.
    #[inline]
    pub fn take(&mut self, id: StreamId, mode: AckMode, protocol: &mut ProtocolState) -> Taken {
        let Some(stream) = self.streams.get_mut(id.key) else {
            return Taken::End;
        };
        if stream.serial != id.serial {
            return Taken::End;
        }
        let processed = stream.in_hand.take();
        let item = stream.queue.pop();
        if item.is_none() && !stream.is_closed {
            stream.is_watched = true;
        }
        if mode == AckMode::OnNext {
            stream.in_hand = item.as_ref().and_then(|item| item.ack);
        }
        if stream.is_full && !stream.queue.is_full(self.limits.stream()) {
            stream.is_full = false;
            self.full_streams -= 1;
        }
        if processed.is_some() {
            self.unacknowledged.on_processed(processed, protocol);
        }
        let Some(item) = item else {
            let is_closed = self.find(id).is_none_or(|stream| stream.is_closed);
            return if is_closed {
                Taken::End
            } else {
                Taken::Pending
            };
        };
        self.bytes -= item.message.weight();
        if self.is_session_kept {
            // It may have to be recognized when it is in the stream no longer.
            self.unacknowledged
                .set_hash(item.ack, || item.message.hash());
        }
        if mode == AckMode::OnNext && self.unacknowledged.is_offline() {
            self.on_taken_offline(id, item.ack, protocol);
        }
        Taken::Message(Item {
            message: item.message,
            ack: item.ack.filter(|_| mode == AckMode::Manual).map(AckId),
        })
    }

    /// A message is taken as if the connection were lost only now: with QoS 2 it must not arrive
    /// again.
    #[cold]
    fn on_taken_offline(
        &mut self,
        id: StreamId,
        ack: Option<AckKey>,
        protocol: &mut ProtocolState,
    ) {
        self.unacknowledged.on_processed(ack, protocol);
        if let Some(stream) = self.find(id) {
            stream.in_hand = None;
        }
    }

    /// The application has processed a message.
    pub fn ack(&mut self, ack: AckId, protocol: &mut ProtocolState) {
        self.unacknowledged.on_processed(Some(ack.0), protocol);
    }

    /// The application does not process a message that it has taken.
    pub fn decline(&mut self, ack: AckId) {
        if self.unacknowledged.decline(ack.0) {
            self.retain(|item| item.ack != Some(ack.0));
        }
    }

    /// Removes messages that were declined from all streams. What waits unclaimed was in no stream,
    /// or was not taken from it, so it was not declined.
    pub(super) fn retain(&mut self, is_kept: impl Fn(&Waiting) -> bool) {
        (self.full_streams, self.bytes) = (0, 0);
        for (_, stream) in self.streams.iter_mut() {
            stream.queue.retain(&is_kept);
            stream.is_full = stream.queue.is_full(self.limits.stream());
            self.full_streams += u32::from(stream.is_full);
            self.bytes += stream.queue.bytes();
        }
    }

    /// Returns whether taking the next message from this stream acknowledges one.
    pub fn has_in_hand(&self, id: StreamId) -> bool {
        let stream = self.streams.get(id.key);
        stream.is_some_and(|stream| stream.serial == id.serial && stream.in_hand.is_some())
    }

    /// Returns whether the next message of this stream counts as processed as soon as it is taken,
    /// and does not arrive again: it has QoS 2, and there is no connection.
    pub fn is_accepted_when_taken(&self, id: StreamId) -> bool {
        let stream = self.streams.get(id.key);
        let stream = stream.filter(|stream| stream.serial == id.serial);
        let is_accepted = |item: &Waiting| {
            item.message.qos == QoS::ExactlyOnce && self.unacknowledged.is_pending(item.ack)
        };
        self.unacknowledged.is_offline()
            && stream
                .and_then(|stream| stream.queue.first())
                .is_some_and(is_accepted)
    }

    /// Reads on in a payload.
    pub fn read_payload(&mut self, id: PayloadId, protocol: &mut ProtocolState) -> PayloadRead {
        let Some(payloads) = self.payloads.get_mut() else {
            return PayloadRead::Broken;
        };
        let (read, ack) = payloads.read(id);
        self.unacknowledged.on_processed(ack, protocol);
        read
    }

    /// Nothing reads the rest of a payload. Its message counts as processed when it has arrived.
    pub fn discard_payload(&mut self, id: PayloadId, protocol: &mut ProtocolState) {
        let payloads = self.payloads.get_mut();
        let ack = payloads.and_then(|payloads| payloads.discard(id, true));
        self.unacknowledged.on_processed(ack, protocol);
    }
}
