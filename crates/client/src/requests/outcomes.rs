//! The outcomes of requests, and the events for them.
use super::*;

impl Requests {
    /// Ends a request.
    pub(super) fn end(&mut self, key: u32, outcome: Outcome) {
        self.on_changed(self.number_of(key));
        self.complete(key, outcome);
        let id = self.id(key);
        self.suspect.take_if(|suspect| suspect.0 == id);
        let Some(request) = self.requests.get_mut(key) else {
            return;
        };
        self.awaited_messages -= u32::from(request.is_awaited_message());
        request.is_open = false;
        request.kind = RequestKind::NoCopy;
        if !request.is_owned {
            self.requests.remove(key);
        }
    }

    fn complete(&mut self, key: u32, outcome: Outcome) {
        if let Some(request) = self.requests.get_mut(key)
            && request.outcome.is_none()
        {
            request.outcome = Some(outcome.map_err(Box::new));
            if mem::take(&mut request.is_watched) {
                let serial = request.serial;
                self.completed.push_back(RequestId { key, serial });
            }
        }
    }

    /// Completes a request, which stays in flight.
    pub(super) fn give_up(&mut self, key: u32, error: RequestError) {
        self.on_changed(self.number_of(key));
        if let Some(request) = self.requests.get_mut(key) {
            self.awaited_messages -= u32::from(request.is_awaited_message());
            if !mem::replace(&mut request.is_given_up, true) && request.id != 0 {
                self.given_up += 1;
                self.given_up_messages += u16::from(request.is_message);
            }
        }
        self.complete(key, Err(error));
    }

    /// Returns the outcome of a request. If there is none yet, the request is watched from now on.
    pub fn poll_outcome(&mut self, id: RequestId) -> Option<Outcome> {
        let request = self.find(id).filter(|request| request.is_owned)?;
        request.is_watched = request.outcome.is_none();
        let outcome = request.outcome.clone()?;
        Some(outcome.map_err(|error| *error))
    }

    /// Returns a watched request that was completed, and not forgotten since.
    #[inline]
    pub fn poll_completed(&mut self) -> Option<RequestId> {
        loop {
            let id = self.completed.pop_front()?;
            if self.find(id).is_some_and(|request| request.is_owned) {
                return Some(id);
            }
        }
    }

    /// Nothing asks for the outcome of this request any more.
    pub fn forget(&mut self, id: RequestId) {
        let Some(request) = self.find(id) else { return };
        (request.is_owned, request.is_watched) = (false, false);
        if !request.is_open {
            self.requests.remove(id.key);
        }
    }

    /// Takes a request back if it is not in flight, and gives it up else. Nothing asks for its
    /// outcome any more.
    pub fn withdraw(&mut self, id: RequestId) {
        self.forget(id);
        if self.find(id).is_none() {
            // It was completed.
            return;
        }
        let queue = self.queue.get();
        match queue.and_then(|queue| queue.position(|key| key == id.key)) {
            Some(at) => {
                self.unqueue(at);
                if let Some(RequestKind::Unsubscribe(filters)) =
                    self.requests.get(id.key).map(|request| &request.kind)
                    && let Some(subscriptions) = self.subscriptions.get_mut()
                {
                    subscriptions.take_back(filters);
                }
                self.end(id.key, Err(RequestError::Withdrawn));
            }
            None => self.give_up(id.key, RequestError::Withdrawn),
        }
    }

    /// Takes a request back if it was not sent. Nothing asks for its outcome any more.
    pub fn withdraw_unsent(&mut self, id: RequestId) {
        match self.find(id) {
            Some(request) if !request.was_sent => self.withdraw(id),
            _ => self.forget(id),
        }
    }

    /// The client has ended, and with it every request. What is stored stays so, for the next
    /// client.
    pub fn close(&mut self, ended: &Ended) {
        self.on_connection_lost();
        let open = self.requests.iter().filter(|(_, request)| request.is_open);
        let open: Vec<_> = open
            .map(|(key, request)| (key, request.was_sent, request.number))
            .collect();
        for (key, was_sent, number) in open {
            let ended = ended.clone();
            let outcome = Err(if was_sent {
                RequestError::OutcomeUnknownAtEnd(ended)
            } else {
                RequestError::Ended(ended)
            });
            if number == 0 {
                self.end(key, outcome);
            } else {
                self.complete(key, outcome);
            }
        }
        self.queue.clear();
        self.flights = Vec::new();
        (self.in_flight, self.given_up, self.given_up_messages) = (0, 0, 0);
    }

    /// Gives memory back that nothing needs.
    pub fn shrink(&mut self) {
        self.requests.shrink();
        self.queue.shrink(Queue::shrink);
        self.subscriptions
            .shrink(|subscriptions| subscriptions.is_empty());
        if self.in_flight == 0 {
            self.flights = Vec::new();
        }
        self.completed.shrink_queue();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_that_are_over_take_no_memory() {
        let mut requests = Requests::default();
        let queued = requests.enqueue(RequestKind::NoCopy);
        let id = PacketId::new(9).expect("it is not 0");
        let sent = requests.launch(id, RequestKind::NoCopy, None);
        requests.on_acked(id);
        requests.withdraw(queued);
        requests.forget(sent);
        requests.shrink();
        assert!(requests.queue.get().is_none());
        assert_eq!(requests.flights.capacity(), 0);
    }
}
