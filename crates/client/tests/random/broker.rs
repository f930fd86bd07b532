//! What the transport and the broker do.
use super::{Run, Sent, TOPICS};
use motemq_client::{PayloadBuf, READ_BUFFER, TransportError, TransportErrorKind, WriteBuf};

impl Run<'_> {
    pub(super) fn open(&mut self) {
        let at = self.bytes.below(self.attempts.len());
        if at >= self.attempts.len() {
            return;
        }
        let attempt = self.attempts.swap_remove(at);
        if self.bytes.below(4) == 0 {
            let error = TransportError::new(TransportErrorKind::Connect, "refused");
            self.client.on_open_failed(attempt, error);
        } else if self.client.on_opened(attempt, self.now) {
            assert!(!self.is_open, "one connection at a time");
            self.is_open = true;
            (self.is_dirty, self.is_accepted) = (false, false);
            self.rx.clear();
            self.arrived.clear();
            self.payload = PayloadBuf::new();
            self.written.clear();
            self.output = WriteBuf::new();
            // What is not given up is sent again.
            self.in_flight.clear();
            self.subscribing.clear();
        }
    }

    /// The broker says something, which may make sense.
    pub(super) fn receive(&mut self) {
        if !self.is_open || self.arrived.len() > READ_BUFFER {
            return;
        }
        let kind = self.bytes.below(12);
        let number = self.bytes.byte();
        let is_answer = matches!(kind, 1 | 2 | 4..=6);
        let mut awaited = self.in_flight.iter().chain(&self.subscribing).copied();
        let id = match number {
            // Most brokers answer only what they have received.
            0..192 if is_answer && self.is_accepted => {
                let count = self.in_flight.len() + self.subscribing.len();
                match awaited.nth(usize::from(number) % count.max(1)) {
                    Some(id) => id,
                    None => return,
                }
            }
            _ => 1 + u16::from(number) % 24,
        };
        self.is_dirty |= is_answer && self.is_accepted && number >= 192;
        let [high, low] = id.to_be_bytes();
        if !self.is_accepted {
            self.accept(kind);
            return;
        }
        match kind {
            0 => {
                let n = self.bytes.below(20);
                self.arrived.extend(self.bytes.take(n));
                self.is_dirty = true;
            }
            1 => self.arrived.extend([0x40, 2, high, low]),
            2 => self.arrived.extend([0x50, 2, high, low]),
            3 => {
                self.arrived.extend([0x62, 2, high, low]);
                // It is another message if it is sent again.
                let is_it = |sent: &&Sent| sent.id == id;
                let released = self.unacknowledged.iter().find(is_it);
                self.forget(released.map(|sent| sent.number));
            }
            4 => self.arrived.extend([0x70, 2, high, low]),
            5 => self
                .arrived
                .extend([0x90, 3, high, low, if id % 4 == 0 { 0x80 } else { 1 }]),
            6 => self.arrived.extend([0xb0, 2, high, low]),
            7 => self.arrived.extend([0xd0, 0]),
            _ => self.receive_message(id),
        }
        if let 1 | 4..=6 = kind {
            // What the broker answers under another identifier, or otherwise, the core refuses.
            self.in_flight.remove(&id);
            self.subscribing.remove(&id);
        }
    }

    /// The broker answers CONNECT. If the session goes on, what is not acknowledged comes again.
    fn accept(&mut self, kind: usize) {
        self.is_accepted = true;
        match kind {
            0 => self.arrived.extend([0x20, 2, 0, 5]),
            1..=4 => {
                self.arrived.extend([0x20, 2, 0, 0]);
                self.in_flight.clear();
                self.unacknowledged.clear();
            }
            _ => {
                self.arrived.extend([0x20, 2, 1, 0]);
                for sent in &mut self.unacknowledged {
                    sent.packet[0] |= 8;
                    self.arrived.extend(&sent.packet);
                }
            }
        }
    }

    /// A message may come again.
    fn forget(&mut self, number: Option<u32>) {
        self.had.retain(|&(_, had)| Some(had) != number);
    }

    pub(super) fn receive_message(&mut self, id: u16) {
        let how = self.bytes.byte();
        let qos = how % 3;
        let longest = if self.is_large { 30_000 } else { 3000 };
        let length = [0, 50, longest][usize::from(how >> 2) % 3];
        let topic = TOPICS[usize::from(how >> 4) % TOPICS.len()];
        let is_used = self.unacknowledged.iter().any(|sent| sent.id == id);
        if qos > 0 && is_used {
            return;
        }
        self.number += 1;
        let mut body = (topic.len() as u16).to_be_bytes().to_vec();
        body.extend(topic.as_bytes());
        if qos > 0 {
            body.extend(id.to_be_bytes());
        }
        body.extend(self.number.to_be_bytes());
        body.extend(vec![how; length]);
        let mut packet = vec![0x30 | qos << 1];
        let mut rest = body.len();
        while rest > 0x7f {
            packet.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        packet.push(rest as u8);
        packet.extend(body);
        self.arrived.extend(&packet);
        if qos > 0 {
            let number = self.number;
            let sent = Sent { id, number, packet };
            self.unacknowledged.push_back(sent);
        }
    }

    /// The transport takes bytes.
    pub(super) fn write(&mut self) {
        let n = match self.bytes.byte() {
            n if n < 128 => self.output.len(),
            n => self.output.len().min(usize::from(n)),
        };
        if !self.is_open || n == 0 {
            return;
        }
        self.take_output(n);
        self.check_written();
    }

    /// Takes the next `n` bytes that the client writes.
    pub(super) fn take_output(&mut self, mut n: usize) {
        while n > 0 {
            let before = n;
            for chunk in self.output.chunks() {
                let taken = chunk.len().min(n);
                self.written.extend(&chunk[..taken]);
                n -= taken;
            }
            self.output.consume(before - n);
            self.client.on_written(before - n, self.now);
        }
    }

    pub(super) fn close(&mut self) {
        if self.is_open {
            self.is_open = false;
            let error = TransportError::new(TransportErrorKind::Io, "reset");
            let error = (self.bytes.byte() & 1 == 0).then_some(error);
            self.client.on_closed(error, self.now);
        }
    }
}
