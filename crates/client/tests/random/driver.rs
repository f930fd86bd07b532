//! What a driver does.
use super::{Run, TURNS};
use bytes::BufMut;
use motemq_client::{Event, READ_BUFFER, State, Transport};

impl Run<'_> {
    /// Does everything that is due.
    pub(super) fn turn(&mut self) {
        for turn in 0.. {
            assert!(turn < TURNS, "the driver spins");
            let mut again = false;
            let before = self.arrived.len();
            if self.is_open && self.client.read_limit() > 0 {
                again |= self.read();
            }
            again |= self.client.on_timeout(self.now, || 0);
            if self.is_open {
                let read = before - self.arrived.len();
                let is_filled = read > 0 && !self.arrived.is_empty();
                let is_gathering = is_filled && self.client.may_gather(read);
                again |= is_gathering || self.client.poll_output(&mut self.output);
            }
            while let Some(event) = self.client.poll_event() {
                match event {
                    Event::Persist { .. } => {
                        assert!(self.is_durable && self.storing.is_none());
                        self.storing = Some(self.client.take_changes());
                    }
                    Event::Ended(_) => assert!(!std::mem::replace(&mut self.is_ended, true)),
                    _ => {}
                }
            }
            again |= self.poll_transport();
            if !again {
                break;
            }
        }
    }

    /// Reads a part of what has arrived: the rest of a long payload into its own memory.
    fn read(&mut self) -> bool {
        let is_direct = self.payload.wanted() > 0;
        let mut n = self.piece.min(self.arrived.len());
        if self.payload.has_unread() {
            n = 0;
        } else if !is_direct {
            n = n.min(READ_BUFFER - self.rx.len());
            self.rx.extend(self.arrived.drain(..n));
        } else if self.is_shared {
            let arrived = &self.arrived[..n];
            n = self.payload.fill_with(|memory| {
                let n = arrived.len().min(memory.remaining_mut());
                memory.put_slice(&arrived[..n]);
                n
            });
            self.arrived.drain(..n);
        } else {
            let arrived = &self.arrived[..n];
            let read = self.payload.read_with(|space| {
                let n = arrived.len().min(space.len());
                space[..n].copy_from_slice(&arrived[..n]);
                Ok::<_, ()>(n)
            });
            n = read.unwrap_or(0);
            self.arrived.drain(..n);
        }
        let mut input = &self.rx[..];
        let again = self.client.on_read(&mut input, self.now);
        let rest = input.len();
        self.rx.drain(..self.rx.len() - rest);
        if rest == 0 {
            self.client.poll_payload(&mut self.payload, self.now);
        }
        again || n > 0
    }

    pub(super) fn poll_transport(&mut self) -> bool {
        let random = u64::from(self.number) << 48;
        match self.client.poll_transport(self.now, random) {
            Transport::Resolve { attempt, .. } => {
                self.client.on_resolved(attempt, 3, self.now);
                return true;
            }
            Transport::Dial { attempt, .. } => {
                assert!(!self.attempts.contains(&attempt));
                self.attempts.push(attempt);
                return true;
            }
            Transport::Cancel { attempt } => {
                self.attempts.retain(|&other| other != attempt);
                return true;
            }
            Transport::Close => {
                assert!(self.is_open);
                self.is_open = false;
                self.client.on_closed(None, self.now);
                return true;
            }
            Transport::Keep => assert!(self.is_open),
            Transport::Wait => assert!(!self.is_open),
            Transport::Ended(ended) => {
                assert_eq!(self.client.state(), &State::Ended(ended));
                self.is_open = false;
            }
        }
        false
    }
}
