//! What can happen to a client and its driver.
use super::*;

impl State {
    /// Opens a connection, as far as the client wants one.
    pub(super) fn connect(&mut self) -> bool {
        let random = self.random();
        if self.waits_for_room() {
            return false;
        }
        for _ in 0..10 {
            match self.client.poll_transport(NOW, random) {
                Transport::Resolve { attempt, .. } => self.client.on_resolved(attempt, 1, NOW),
                Transport::Dial { attempt, .. } => {
                    self.is_linked = self.client.on_opened(attempt, NOW);
                    return self.is_linked;
                }
                Transport::Wait => {}
                _ => break,
            }
        }
        self.broken = Some("the client does not connect");
        true
    }

    /// Identifiers of a session that is not recognized begin elsewhere on each connection.
    fn random(&self) -> u64 {
        u64::from(self.losses) << 60
    }

    /// The client does not connect before the application has taken a message.
    fn waits_for_room(&self) -> bool {
        let reason = self.client.reason();
        matches!(reason, Some(DisconnectReason::Overrun { .. }))
            && self.client.counters().backlog > 0
    }

    /// The client may want to close the connection. What it has written before arrives.
    pub(super) fn close(&mut self) {
        if self.is_linked && self.client.poll_transport(NOW, self.random()) == Transport::Close {
            while !self.up.is_empty() {
                self.broker.reads(false, &mut self.up, &mut self.down);
            }
            self.unlink();
        }
    }

    /// What a driver does in its turns.
    pub(super) fn drive(&mut self) {
        for _ in 0..100 {
            let mut again = false;
            if self.is_linked {
                let mut input = &self.rx[..];
                again |= self.client.read_limit() > 0 && self.client.on_read(&mut input, NOW);
                let rest = input.len();
                self.rx.drain(..self.rx.len() - rest);
                again |= self.client.on_timeout(NOW, || 0);
                again |= self.client.poll_output(&mut self.output);
            }
            while let Some(event) = self.client.poll_event() {
                self.on_event(event);
            }
            if !again {
                return;
            }
        }
        self.broken = Some("the driver spins");
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::Completed { request } => self.on_completed(request),
            Event::Persist { .. } if self.storing.is_none() => {
                let changes = self.client.take_changes();
                self.storing = Some((changes, self.mine.clone(), self.came.clone()));
            }
            Event::Connected { .. }
            | Event::AttemptFailed { .. }
            | Event::Disconnected { .. }
            | Event::Delivered { .. }
            | Event::Room => {}
            _ => self.broken = Some("an event without a reason"),
        }
    }

    fn on_completed(&mut self, request: RequestId) {
        let asked = Mine::Asked(Some(request));
        let mine = self.mine.iter_mut().find(|mine| **mine == asked);
        let outcome = self.client.poll_outcome(request);
        self.client.forget(request);
        match (mine, outcome) {
            (Some(mine), Some(Ok(_))) => *mine = Mine::Acked,
            (Some(mine), Some(Err(RequestError::OutcomeUnknown))) => *mine = Mine::Unknown,
            _ => self.broken = Some("an outcome that nobody awaits, or none where there is one"),
        }
    }

    pub(super) fn withdraw(&mut self) -> bool {
        let asked = self.mine.iter_mut().find_map(|mine| match *mine {
            Mine::Asked(Some(request)) => Some((mine, request)),
            _ => None,
        });
        let Some((mine, request)) = asked else {
            return false;
        };
        *mine = Mine::Withdrawn;
        self.client.withdraw(request);
        true
    }

    pub(super) fn finish_storing(&mut self) -> bool {
        let Some((changes, mine, came)) = self.storing.take() else {
            return false;
        };
        let store = &mut self.store;
        let records = changes.records.into_iter();
        store
            .records
            .extend(records.map(|record| (record.number, record.bytes)));
        for number in changes.removed {
            store.records.remove(&number);
        }
        (store.image, store.mine, store.came) = (Some(changes.image), mine, came);
        self.client.on_persisted(changes.version);
        true
    }

    pub(super) fn write(&mut self) -> bool {
        let bytes = self.output.bytes();
        let length = bytes.get(1).map_or(0, |&length| usize::from(length) + 2);
        self.up.extend_from_slice(&bytes[..length]);
        self.output.consume(length);
        self.client.on_written(length, NOW);
        length > 0
    }

    pub(super) fn read(&mut self, bytewise: bool) -> bool {
        let length = if bytewise {
            self.down.len().min(1)
        } else {
            let length = self.down.get(1);
            length.map_or(0, |&length| usize::from(length) + 2)
        };
        self.rx.extend(self.down.drain(..length));
        length > 0
    }

    /// The connection is gone, with all that was under way on it.
    pub(super) fn lose(&mut self) {
        self.losses -= 1;
        self.unlink();
    }

    fn unlink(&mut self) {
        self.client.on_closed(None, NOW);
        self.is_linked = false;
        self.broker.open = false;
        self.output = WriteBuf::new();
        mem::take(&mut self.rx);
        self.up.clear();
        self.down.clear();
    }
}
