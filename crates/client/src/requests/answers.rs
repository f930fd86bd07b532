//! The effects on requests of the broker's answers, and of the beginning and the end of a
//! connection.
use super::*;
use crate::BrokerReason;
use motemq::SessionState;

impl Requests {
    /// The broker has a message with QoS 2, and will not need its payload again.
    pub fn on_received(&mut self, id: PacketId) {
        self.end_resend(id);
        if let Some(request) = self.flight(id).and_then(|key| self.requests.get_mut(key)) {
            request.kind = RequestKind::NoCopy;
            // PUBREL is still to be written.
            (request.end, request.left_at) = (NOT_WRITTEN, None);
            let number = request.number;
            self.on_changed(number);
        }
    }

    /// The broker has acknowledged a request.
    #[inline]
    pub fn on_acked(&mut self, id: PacketId) {
        self.end_resend(id);
        if let Some(key) = self.land(id) {
            let mut acknowledgement = Acknowledgement::default();
            match self.kind(key) {
                Some(RequestKind::Unsubscribe(_)) => self.on_unsubscribed(key),
                Some(RequestKind::Accepted(reason)) => {
                    acknowledgement = Acknowledgement::with_reason(reason.clone());
                }
                _ => {}
            }
            self.end(key, Ok(acknowledgement));
        }
    }

    /// The broker has a message with QoS 2, and will not need its payload again. It says more than
    /// that.
    #[cold]
    pub fn on_received_with(&mut self, id: PacketId, reason: BrokerReason) {
        self.on_received(id);
        if let Some(request) = self.flight(id).and_then(|key| self.requests.get_mut(key)) {
            request.kind = RequestKind::Accepted(reason);
        }
    }

    /// The broker has acknowledged a message, and says more than that. What PUBREC said comes
    /// first: it is about the message, and PUBCOMP about its identifier.
    #[cold]
    pub fn on_acked_with(&mut self, id: PacketId, reason: BrokerReason) {
        let kind = self.flight(id).and_then(|key| self.kind(key));
        if matches!(kind, Some(RequestKind::Accepted(_))) {
            self.on_acked(id);
            return;
        }
        self.end_resend(id);
        if let Some(key) = self.land(id) {
            self.end(key, Ok(Acknowledgement::with_reason(reason)));
        }
    }

    /// The broker refuses a message.
    #[cold]
    pub fn on_message_refused(&mut self, id: PacketId, reason: BrokerReason) {
        self.end_resend(id);
        if let Some(key) = self.land(id) {
            self.end(key, Err(RequestError::MessageRefused(reason)));
        }
    }

    /// The broker of MQTT 5 has answered the end of subscriptions. Those that it does not end go
    /// on.
    #[cold]
    pub fn on_unsubscribe_answered(
        &mut self,
        id: PacketId,
        codes: &[u8],
        reason: Option<BrokerReason>,
    ) {
        let Some(key) = self.land(id) else { return };
        let Some(RequestKind::Unsubscribe(filters)) = self.kind(key) else {
            return;
        };
        let answered = filters.iter().cloned().zip(codes);
        let (refused, ended): (Vec<_>, Vec<_>) =
            answered.partition(|&(_, &code)| ReasonCode::from(code).is_error());
        let names = |answered: Vec<(String, &u8)>| -> Vec<_> {
            answered.into_iter().map(|(filter, _)| filter).collect()
        };
        let (refused, ended) = (names(refused), names(ended));
        if let Some(subscriptions) = self.subscriptions.get_mut() {
            subscriptions.remove(&ended);
        }
        let outcome = match reason {
            Some(reason) if !refused.is_empty() => Err(RequestError::UnsubscribeRefused {
                filters: list(&refused),
                codes: codes.into(),
                reason,
            }),
            reason => Ok(Acknowledgement::of_filters(codes, reason)),
        };
        self.end(key, outcome);
    }

    /// The broker has ended subscriptions, among which may be some that it granted while the
    /// request was on its way.
    #[cold]
    fn on_unsubscribed(&mut self, key: u32) {
        let request = self.requests.get(key);
        if let Some(RequestKind::Unsubscribe(filters)) = request.map(|request| &request.kind)
            && let Some(subscriptions) = self.subscriptions.get_mut()
        {
            subscriptions.remove(filters);
        }
    }

    fn end_resend(&mut self, id: PacketId) {
        self.resend = self.resend.filter(|&(asked, _)| asked != id);
    }

    /// The broker has answered a subscription. Returns the filters that it refuses. If it refuses
    /// some of a new subscription only, the client unsubscribes from the others: a subscription
    /// that fails leaves nothing behind.
    pub fn on_subscribed(
        &mut self,
        id: PacketId,
        codes: &[u8],
        reason: Option<BrokerReason>,
    ) -> Vec<String> {
        let Some(key) = self.land(id) else {
            return Vec::new();
        };
        let request = self.requests.get_mut(key);
        let Some(request) = request else {
            return Vec::new();
        };
        let is_renewal = request.is_renewal;
        let kind = mem::replace(&mut request.kind, RequestKind::NoCopy);
        let RequestKind::Subscribe(filters) = kind else {
            return Vec::new();
        };
        let subscriptions = self.subscriptions.make();
        let is_new = |filter: &&OwnedFilter| {
            !is_renewal && subscriptions.filters().all(|known| known != filter.text)
        };
        let new: Vec<_> = filters.iter().filter(is_new).cloned().collect();
        let refused = subscriptions.on_answer(filters, codes);
        if !refused.is_empty() {
            self.withdraw_granted(new, &refused);
        }
        let outcome = if refused.is_empty() {
            Ok(Acknowledgement::of_filters(codes, reason))
        } else {
            Err(RequestError::Refused {
                filters: list(&refused),
                codes: codes.into(),
                reason,
            })
        };
        self.end(key, outcome);
        refused
    }

    /// A subscription cannot be sent. Returns its filters, unless they are tried one by one: of
    /// several subscriptions that are made anew, only some may be the reason.
    pub(super) fn refuse_subscription(&mut self, key: u32) -> Vec<String> {
        let Some(request) = self.requests.get_mut(key) else {
            return Vec::new();
        };
        let is_renewal = request.is_renewal;
        let RequestKind::Subscribe(filters) = &mut request.kind else {
            return Vec::new();
        };
        let filters = mem::take(filters);
        if is_renewal && filters.len() > 1 {
            for filter in filters.into_iter().rev() {
                let key = self.add(RequestKind::Subscribe(Vec::from([filter])), false);
                self.put(key, |queue, key, message| queue.insert(0, key, message));
            }
            return Vec::new();
        }
        let mut filters: Vec<_> = filters.into_iter().map(|filter| filter.text).collect();
        if let Some(subscriptions) = self.subscriptions.get_mut() {
            if is_renewal {
                subscriptions.remove(&filters);
            } else {
                // The broker has granted some of them before.
                filters.retain(|filter| subscriptions.filters().all(|known| known != filter));
            }
        }
        filters
    }

    /// Unsubscribes from those of these filters that are not refused, and that no other
    /// subscription asks for.
    #[cold]
    fn withdraw_granted(&mut self, mut filters: Vec<OwnedFilter>, refused: &[String]) {
        filters.retain(|filter| !refused.contains(&filter.text));
        for (_, request) in self.requests.iter() {
            if let RequestKind::Subscribe(wanted) = &request.kind {
                filters.retain(|filter| wanted.iter().all(|other| other.text != filter.text));
            }
        }
        if !filters.is_empty() {
            let filters = filters.into_iter().map(|filter| filter.text).collect();
            let request = self.enqueue(RequestKind::Unsubscribe(filters));
            self.forget(request);
        }
    }

    /// Returns the filters that the broker has granted.
    pub fn subscriptions(&self) -> impl Iterator<Item = &str> {
        let subscriptions = self.subscriptions.get();
        subscriptions.into_iter().flat_map(Subscriptions::filters)
    }

    /// The identifier of a request ended without an answer.
    pub fn on_outcome_unknown(&mut self, id: PacketId) {
        let Some(key) = self.land(id) else { return };
        let request = self.requests.get(key);
        if request.is_some_and(|request| request.kind.may_arrive_twice() && !request.is_given_up) {
            self.put(key, Queue::insert_sent);
        } else {
            self.end(key, Err(RequestError::OutcomeUnknown));
        }
    }

    /// The broker has accepted a connection, on which identifiers have this offset, and one
    /// SUBSCRIBE has at most this number of filters.
    pub fn on_connected(&mut self, session: SessionState, offset: u16, filters: usize) {
        if let Some(queue) = self.queue.get_mut() {
            queue.on_connected();
        }
        if self.in_flight == 0 {
            self.offset = offset;
            self.flights.clear();
        }
        if session != SessionState::Resumed {
            self.renew_subscriptions(filters);
        }
        self.next_look = None;
    }

    /// Subscribes again to everything that the broker had granted.
    fn renew_subscriptions(&mut self, filters: usize) {
        if let Some(queue) = self.queue.get_mut() {
            let is_renewal = |&key: &u32| {
                let request = self.requests.get(key);
                request.is_some_and(|request| request.is_renewal)
            };
            let stale: Vec<_> = queue.iter().filter(is_renewal).collect();
            queue.remove_all(&stale);
            for key in stale {
                self.requests.remove(key);
            }
        }
        let subscriptions = self.subscriptions.get();
        let chunks = subscriptions.map(|subscriptions| subscriptions.chunks(filters));
        for filters in chunks.into_iter().flatten().rev() {
            let key = self.add(RequestKind::Subscribe(filters), false);
            self.put(key, |queue, key, message| queue.insert(0, key, message));
        }
    }

    /// The connection is over.
    pub fn on_connection_lost(&mut self) {
        self.resend = None;
        for &flight in self.flights.iter().filter(|&&flight| flight != 0) {
            if let Some(request) = self.requests.get_mut(flight - 1) {
                request.is_on_wire = false;
                (request.end, request.left_at) = (NOT_WRITTEN, None);
            }
        }
        for (key, _) in mem::take(self.leaving.make()) {
            self.end(key, Err(RequestError::OutcomeUnknown));
        }
        self.leaving.clear();
    }

    /// Returns the identifier that belongs to the oldest message that was sent over this connection
    /// and is awaited, or to the oldest other request.
    pub fn oldest_on_wire(&self, is_message: bool) -> Option<PacketId> {
        let flights = self
            .flights
            .iter()
            .filter_map(|flight| flight.checked_sub(1));
        let requests = flights.filter_map(|key| self.requests.get(key));
        let oldest = requests
            .filter(|request| request.is_on_wire && !request.is_given_up)
            .filter(|request| request.is_message == is_message)
            .min_by_key(|request| request.serial)?;
        PacketId::new(oldest.id)
    }

    /// The broker broke the protocol, or ended the connection, because of the packet with this
    /// identifier, as far as can be known. One over which it does so twice in a row is given up
    /// with the error: it would do so over every connection, and nothing behind it would ever
    /// arrive.
    pub fn record_offence(&mut self, id: PacketId, offence: Offence, error: RequestError) {
        let Some(key) = self.flight(id) else { return };
        let request = self.requests.get(key);
        if request.is_none_or(|request| !request.is_on_wire || request.is_renewal) {
            return;
        }
        let suspect = Some(Box::new((self.id(key), offence)));
        if mem::replace(&mut self.suspect, suspect.clone()) == suspect {
            self.give_up(key, error);
        }
    }
}

/// Returns the filters as errors show them.
fn list(filters: &[String]) -> String {
    let shown: Vec<_> = filters
        .iter()
        .map(|filter| crate::error::shortened(filter))
        .collect();
    match shown.split_first() {
        Some((first, rest)) if rest.len() > 3 => {
            [first, " and ", &rest.len().to_string(), " others"].concat()
        }
        _ => shown.join(", "),
    }
}
