//! The end of streams and connections.
use super::*;
use alloc::collections::BTreeMap;
use motemq::SessionState;

impl Inbox {
    /// Nothing takes messages from a stream any more. What was not taken is not acknowledged: it
    /// goes to a stream of all other messages, or waits for a stream that matches.
    pub fn close(&mut self, id: StreamId, protocol: &mut ProtocolState) {
        if self.find(id).is_none() {
            return;
        }
        let Some(mut stream) = self.streams.remove(id.key) else {
            return;
        };
        if let Some(routing) = self.routing.get_mut() {
            for filter in &stream.filters {
                routing.remove(filter, id.key);
            }
            routing.remove_catch_all(id.key);
        }
        self.full_streams -= u32::from(stream.is_full);
        self.bytes -= stream.queue.bytes();
        self.unacknowledged
            .on_processed(stream.in_hand.take(), protocol);
        while let Some(item) = stream.queue.pop() {
            self.return_item(item, protocol);
        }
    }

    /// A message was not taken from a stream that is closed.
    fn return_item(&mut self, item: Waiting, protocol: &mut ProtocolState) {
        if self.is_leaving {
            // It is left to the broker.
            return;
        }
        if item.message.rest.is_none() && self.unacknowledged.leave_to_others(item.ack, protocol) {
            return;
        }
        match (self.catch_all().first().copied(), item.message.rest) {
            (Some(key), None) => self.push(key, item),
            (Some(key), Some(payload)) => {
                let stream = self.stream_id(key);
                if let Some(payloads) = self.payloads.get_mut() {
                    payloads.move_to(payload, stream);
                }
                self.push(key, item);
            }
            (None, Some(payload)) => self.drop_payload(payload, protocol),
            (None, None) if self.discards_unclaimed || item.message.qos == QoS::AtMostOnce => {
                self.counters.dropped += 1;
                let is_acknowledged = self.unacknowledged.on_processed(item.ack, protocol);
                self.counters.discarded += u64::from(is_acknowledged);
            }
            (None, None) => self.unclaimed.make().push(item),
        }
    }

    /// A payload was not taken, and is too large to wait.
    fn drop_payload(&mut self, payload: PayloadId, protocol: &mut ProtocolState) {
        self.counters.dropped += 1;
        let payloads = self.payloads.get_mut();
        let ack = payloads.and_then(|payloads| payloads.discard(payload, false));
        self.discard_payload_not_taken(ack, protocol);
    }

    /// A payload has arrived whose message was dropped before it was taken.
    pub(super) fn discard_payload_not_taken(
        &mut self,
        ack: Option<AckKey>,
        protocol: &mut ProtocolState,
    ) {
        if self.discards_unclaimed {
            let is_acknowledged = self.unacknowledged.on_processed(ack, protocol);
            self.counters.discarded += u64::from(is_acknowledged);
        }
    }

    /// The broker refuses these filters. A stream without any other filter ends.
    pub fn revoke(&mut self, filters: &[String]) {
        let mut ended = Vec::new();
        for (key, stream) in self.streams.iter_mut() {
            let routing = self.routing.make();
            let before = stream.filters.len();
            stream.filters.retain(|filter| {
                let is_refused = filters.contains(filter);
                if is_refused {
                    routing.remove(filter, key);
                }
                !is_refused
            });
            if before > 0 && stream.filters.is_empty() {
                stream.is_closed = true;
                ended.push(key);
            }
        }
        ended.into_iter().for_each(|key| self.tell(key));
    }

    /// The connection is over: what the application has in hand counts as processed.
    pub fn on_connection_lost(&mut self, protocol: &mut ProtocolState) {
        if let Some(Partial::Streamed(id)) = self.partial.take() {
            self.break_off(id);
        }
        self.is_overrun = false;
        self.unacknowledged.on_connection_lost();
        for (_, stream) in self.streams.iter_mut() {
            let in_hand = stream.in_hand.take();
            self.unacknowledged.on_processed(in_hand, protocol);
        }
    }

    /// The rest of a payload does not arrive, or is not kept.
    pub(super) fn break_off(&mut self, id: PayloadId) {
        if let (_, Some(stream)) = self.payloads.make().end(id, false, None) {
            self.delivered.push_back(stream);
        }
    }

    /// The broker has accepted a connection. If the session goes on, what is not acknowledged
    /// arrives again. What waits in a stream, or is in hand, is recognized then; a payload that was
    /// too large for memory is not, so it ends here.
    pub fn on_connected(&mut self, session: SessionState) {
        let is_resumed = session == SessionState::Resumed;
        if is_resumed && let Some(payloads) = self.payloads.get_mut() {
            let unacknowledged = &self.unacknowledged;
            let broken = payloads.break_off(|ack| unacknowledged.is_pending(ack));
            for (payload, stream) in broken {
                self.decline_behind(payload, stream);
            }
        }
        let unacknowledged = &mut self.unacknowledged;
        let unclaimed = self.unclaimed.get_mut().into_iter();
        let streams = self.streams.iter_mut().map(|(_, stream)| &mut stream.queue);
        let waiting = unclaimed.chain(streams).flat_map(Queue::items_mut);
        if !is_resumed {
            unacknowledged.on_session_ended(waiting.map(|item| &mut item.ack));
            return;
        }
        for item in waiting {
            unacknowledged.set_hash(item.ack, || item.message.hash());
        }
        for declined in self.unacknowledged.on_resumed() {
            self.retain(|item| item.ack != Some(declined));
        }
    }

    /// The payload arrives again, behind what waits in its stream. The messages that waited behind it
    /// arrive again, too: they are declined, so that all are delivered in their order.
    fn decline_behind(&mut self, payload: PayloadId, stream: StreamId) {
        let mut copies = BTreeMap::<_, u32>::new();
        let queues = self.streams.iter().map(|(_, stream)| &stream.queue);
        for ack in queues.flat_map(Queue::items).filter_map(|item| item.ack) {
            *copies.entry(ack).or_default() += 1;
        }
        let Some(stream) = self.streams.get(stream.key) else {
            return;
        };
        let is_payload = |item: &Waiting| item.message.rest == Some(payload);
        // If it was taken, all that waits is behind it.
        let place = stream.queue.items().position(is_payload).unwrap_or(0);
        let waiting = stream.queue.items().skip(place);
        for item in waiting.filter(|item| item.message.rest.is_none()) {
            let copies = item.ack.and_then(|ack| copies.get(&ack));
            self.unacknowledged
                .decline_waiting(item.ack, copies.copied().unwrap_or(0));
        }
    }

    /// The application leaves: streams end, and what was not taken is left to the broker.
    pub fn leave(&mut self, protocol: &mut ProtocolState) {
        if mem::replace(&mut self.is_leaving, true) {
            return;
        }
        let keys: Vec<_> = self.streams.iter().map(|(key, _)| key).collect();
        for key in keys {
            let Some(stream) = self.streams.get_mut(key) else {
                continue;
            };
            let processed = stream.in_hand.take();
            let mut queue = mem::take(&mut stream.queue);
            (stream.is_closed, stream.is_full) = (true, false);
            self.unacknowledged.on_processed(processed, protocol);
            while let Some(item) = queue.pop() {
                if let Some(payload) = item.message.rest
                    && let Some(payloads) = self.payloads.get_mut()
                {
                    payloads.discard(payload, false);
                }
            }
            self.tell(key);
        }
        (self.full_streams, self.bytes) = (0, 0);
        self.unclaimed.clear();
        if !matches!(self.partial, Some(Partial::Streamed(_))) {
            self.partial = None;
        }
    }
}
