//! What the broker says of what was asked, or does not, and what its silence or the end of a
//! session comes to.
use super::{Body, Work};
use crate::{Error, shared::HEADER, tx::LIMIT};
use motemq::{Fault, PacketId, SessionState};
use std::{mem, time::Duration};
use tokio::time::Instant;

impl Work {
    /// The broker has it: no copy is needed.
    pub fn received(&mut self, id: PacketId) {
        self.answered(id);
        if let Some(key) = self.flight(id) {
            self.entries[key].body = Body::Gone;
        }
    }

    pub fn acked(&mut self, id: PacketId) {
        self.answered(id);
        if let Some(key) = self.land(id) {
            self.end(key, Ok(Vec::new()));
        }
    }

    /// An answer may come between the broker's acceptance of a resumed session and the resending.
    fn answered(&mut self, id: PacketId) {
        self.resend = self.resend.filter(|&asked| asked != id);
    }

    /// Returns the filters that the broker refuses.
    pub fn subscribed(&mut self, id: PacketId, codes: &[u8]) -> Vec<String> {
        let Some(key) = self.land(id) else {
            return Vec::new();
        };
        let body = mem::replace(&mut self.entries[key].body, Body::Gone);
        self.end(key, Ok(codes.to_vec()));
        if let Body::Subscribe(filters) = body {
            self.subscriptions.answered(filters, codes)
        } else {
            Vec::new()
        }
    }

    /// This identifier ended with the session.
    pub fn unknown(&mut self, id: PacketId) {
        let Some(key) = self.land(id) else { return };
        let entry = &self.entries[key];
        if entry.body.asked().may_come_twice() && !entry.given_up {
            self.put(self.again, key);
            self.again += 1;
        } else {
            self.end(key, Err(Error::OutcomeUnknown));
        }
    }

    /// A connection was accepted; so many filters at once are asked for anew where they were lost.
    pub fn connected(&mut self, session: SessionState, filters: usize, now: Instant) {
        self.again = 0;
        if session != SessionState::Resumed {
            // Subscriptions that were to be made anew already.
            let (queue, entries) = (&mut self.queue, &mut self.entries);
            queue.retain(|&key| {
                let stale = !entries[key].owned && matches!(entries[key].body, Body::Subscribe(_));
                if stale {
                    entries.remove(key);
                }
                !stale
            });
            for filters in self
                .subscriptions
                .chunks(filters, LIMIT - HEADER)
                .into_iter()
                .rev()
            {
                let key = self.add(Body::Subscribe(filters), false, now);
                self.put(0, key);
            }
        }
        for &(_, key) in &self.flights {
            self.entries[key].since = now;
        }
    }

    /// The connection is gone.
    pub fn lost(&mut self) {
        self.resend = None;
        for &(_, key) in &self.flights {
            self.entries[key].out = false;
        }
        if let Some((key, _)) = self.streaming.take()
            && !self.flights.iter().any(|&(_, other)| other == key)
        {
            // With QoS 0 half a message is none, and not sent again.
            self.end(key, Err(Error::OutcomeUnknown));
        }
    }

    /// The broker asked for this one again, and there is no copy. With QoS 2 its answer is still to
    /// come.
    pub fn abandoned(&mut self, id: PacketId) {
        if let Some(key) = self.land(id) {
            self.end(key, Err(Error::OutcomeUnknown));
        }
    }

    /// The broker made this fault while that was under way longest. A second time in a row it is to
    /// blame, and not sent again.
    pub fn blame(&mut self, id: PacketId, fault: Fault) {
        let Some(key) = self.flight(id).filter(|&key| self.entries[key].out) else {
            return;
        };
        if !self.entries[key].owned && matches!(self.entries[key].body, Body::Subscribe(_)) {
            // Nobody would be told that a subscription is not made again.
            return;
        }
        if self.suspect.is_to_blame(key, fault) {
            self.entries[key].given_up = true;
            self.tell(key, Err(Error::Abandoned { fault }));
        }
    }

    /// Gives up what was sent so long ago. Returns when to look again, and whether there was
    /// something.
    pub fn expire(&mut self, now: Instant, limit: Duration) -> (Option<Instant>, bool) {
        let mut expired = false;
        for at in 0..self.flights.len() {
            let key = self.flights[at].1;
            let entry = &mut self.entries[key];
            if entry.given_up {
                continue;
            }
            let end = entry.since + limit;
            if now < end {
                return (Some(end), expired);
            }
            entry.given_up = true;
            expired = true;
            self.tell(key, Err(Error::NotAcknowledged { limit }));
        }
        (None, expired)
    }
}
