//! What a driver does.
use super::{Run, TURNS};
use motemq_client::{Event, State, Transport};

impl Run<'_> {
    /// Does everything that is due.
    pub(super) fn turn(&mut self) {
        for turn in 0.. {
            assert!(turn < TURNS, "the driver spins");
            let mut again = false;
            if self.is_open && self.client.read_limit() > 0 {
                again |= self.read();
            }
            again |= self.client.on_timeout(self.now, || 0);
            if self.is_open {
                again |= self.client.poll_output(&mut self.output);
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

    /// Reads what has arrived: the rest of a long payload into its own memory.
    fn read(&mut self) -> bool {
        let read = self.payload.read_with(|space| {
            let n = space.len().min(self.rx.len());
            space[..n].copy_from_slice(&self.rx[..n]);
            self.rx.drain(..n);
            Ok::<_, ()>(n)
        });
        let is_direct = read != Ok(0);
        let mut input = if is_direct { &[][..] } else { &self.rx };
        let again = self.client.on_read(&mut input, self.now);
        let rest = input.len();
        if !is_direct {
            self.rx.drain(..self.rx.len() - rest);
        }
        if rest == 0 {
            self.client.poll_payload(&mut self.payload, self.now);
        }
        again || is_direct
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
