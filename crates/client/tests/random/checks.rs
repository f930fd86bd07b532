//! What must always hold.
use super::{BACKLOG, Run};
use motemq::{
    Publish,
    packet::{Packet, decode},
};
use motemq_client::{AckMode, DisconnectReason, PublishError, State, Taken};
use std::time::Duration;

impl Run<'_> {
    /// Looks at the packets that were written.
    pub(super) fn check_written(&mut self) {
        loop {
            let (packet, length) = match decode(&self.written) {
                Ok(Some(decoded)) => decoded,
                Ok(None) => return,
                Err(error) => panic!("the client wrote {error:?}"),
            };
            match packet {
                Packet::Publish {
                    id, dup, payload, ..
                } => {
                    if let Some(id) = id {
                        let is_new = self.in_flight.insert(id.get());
                        assert!(is_new || dup || self.is_dirty, "{id} is in use");
                    }
                    if self.is_durable && id.is_some() && payload.first() != Some(&b'.') {
                        let number = payload
                            .first_chunk()
                            .map(|bytes| u32::from_be_bytes(*bytes));
                        let is_stored = number.is_some_and(|n| self.stored.contains(&n));
                        assert!(is_stored || self.is_dirty, "{number:?} is not stored");
                    }
                }
                Packet::PubAck(id) | Packet::PubRec(id) => {
                    let mut unacknowledged = self.unacknowledged.iter();
                    let at = unacknowledged.position(|sent| sent.id == id.get());
                    if let Some(sent) = at.and_then(|at| self.unacknowledged.remove(at))
                        && !self.is_dirty
                    {
                        let is_taken = self.taken.contains(&sent.number);
                        assert!(is_taken, "{} was not taken", sent.number);
                    }
                }
                Packet::PubRel(id) => {
                    self.in_flight.insert(id.get());
                }
                Packet::Subscribe { id, .. } | Packet::Unsubscribe { id, .. } => {
                    let is_new = self.subscribing.insert(id.get());
                    let is_free = is_new && !self.in_flight.contains(&id.get());
                    assert!(is_free || self.is_dirty, "{id} is in use");
                }
                _ => {}
            }
            self.written.drain(..length);
        }
    }

    pub(super) fn check(&mut self) {
        let counters = self.client.counters();
        assert!(counters.backlog < BACKLOG + 200_000, "{counters:?}");
        let is_connected = matches!(self.client.state(), State::Connected { .. });
        assert!(!is_connected || !self.is_ended);
        // Something wakes the client, or it waits for the application, or the store.
        if let State::Waiting { reason, .. } = self.client.state()
            && !matches!(reason, DisconnectReason::Overrun { .. })
            && !self.is_open
        {
            assert!(self.client.poll_timeout().is_some());
        }
    }

    /// The client ends, and everything has an outcome.
    pub(super) fn finish(&mut self) {
        self.client.disconnect(self.now);
        for _ in 0..20 {
            self.store();
            if self.is_open {
                self.take_output(self.output.len());
            }
            self.now += Duration::from_secs(4);
            self.turn();
        }
        assert!(self.is_ended, "{:?}", self.client.state());
        for &(request, _) in &self.requests {
            assert!(self.client.poll_outcome(request).is_some());
        }
        for &stream in &self.streams {
            assert_eq!(self.client.take(stream, AckMode::OnNext), Taken::End);
        }
        let publish = self.client.publish(&Publish::to("t"));
        assert!(matches!(publish, Err(PublishError::Ended(_))));
    }
}
