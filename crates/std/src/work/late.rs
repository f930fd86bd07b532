//! What is answered by silence, or wrongly.
use super::{Body, Request, Work};
use crate::Error;
use motemq::{Fault, PacketId};
use std::{
    mem,
    time::{Duration, Instant},
};

impl Work {
    /// Its last byte was given to the transport.
    pub fn is_out(&mut self, id: PacketId) {
        self.outs += 1;
        if let Some(request) = self.flights.get_mut(&id) {
            request.out = Some((self.outs, Instant::now()));
        }
    }

    /// What the broker has left unanswered for longer than this, while it answered what was sent
    /// later, or nothing at all. Told once.
    pub fn overdue(&mut self, patience: Duration) -> Option<PacketId> {
        let answered = self.answered;
        let late = |request: &Request| {
            let Some((order, sent)) = request.out else {
                return false;
            };
            // What waits behind others is not late while those are answered.
            let since = answered
                .filter(|&(latest, _)| latest < order)
                .map_or(sent, |(_, at)| at.max(sent));
            !request.overdue && since.elapsed() > patience
        };
        self.flights
            .iter()
            .find(|(_, request)| late(request))
            .map(|(&id, _)| id)
    }

    /// Nobody waits for this one's answer any more; it is not sent again.
    pub fn expire(&mut self, id: PacketId, limit: Duration) -> Vec<String> {
        let Some(request) = self.flights.get_mut(&id) else {
            return Vec::new();
        };
        request.overdue = true;
        let lost = match &request.body {
            Body::Subscribe(filters) if request.ticket == 0 => {
                filters.iter().map(|(filter, _)| filter.clone()).collect()
            }
            _ => Vec::new(),
        };
        self.subscriptions.remove(&lost);
        self.give_up(id, Error::NotAcknowledged { limit });
        lost
    }

    /// The broker made this fault while that was under way longest. A second time in a row it is to
    /// blame, and not sent again.
    pub fn blame(&mut self, id: PacketId, fault: Fault) {
        let Some(request) = self
            .flights
            .get(&id)
            .filter(|request| request.out.is_some() && request.ticket != 0)
        else {
            return;
        };
        if self.suspect.is_to_blame(request.ticket, fault) {
            self.give_up(id, Error::Abandoned { fault });
        }
    }

    /// Its sender is told this, and it goes on without one.
    fn give_up(&mut self, id: PacketId, error: Error) {
        let nobody = self.ticket();
        if let Some(request) = self.flights.get_mut(&id) {
            let ticket = mem::replace(&mut request.ticket, nobody);
            self.given_up.insert(nobody);
            self.fail(ticket, error);
        }
    }
}
