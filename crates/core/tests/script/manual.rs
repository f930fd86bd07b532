//! Dialogues with manual acknowledgement.
use super::*;
use std::ops::{Deref, DerefMut};

/// A dialogue whose events are taken through `ManualAcks`.
pub struct ManualDialogue<const PENDING: usize, const SLOTS: usize = 8> {
    pub dialogue: Dialogue<SLOTS, 64, 64>,
    pub acks: ManualAcks<[PendingAck; PENDING]>,
}

impl<const PENDING: usize, const SLOTS: usize> Deref for ManualDialogue<PENDING, SLOTS> {
    type Target = Dialogue<SLOTS, 64, 64>;

    fn deref(&self) -> &Self::Target {
        &self.dialogue
    }
}

impl<const PENDING: usize, const SLOTS: usize> DerefMut for ManualDialogue<PENDING, SLOTS> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.dialogue
    }
}

impl<const PENDING: usize, const SLOTS: usize> ManualDialogue<PENDING, SLOTS> {
    /// Connected with a session that is kept and that is new to the broker.
    pub fn open() -> Self {
        let mut d = ManualDialogue {
            dialogue: Dialogue::new(),
            acks: ManualAcks::new(),
        };
        d.connect(&Connect::new("c").keep_session().keep_alive(0));
        d.tx.clear();
        assert_eq!(d.feed(connack()), (vec![NEW], vec![]));
        d
    }

    /// The connection is lost and opened again, and the broker continues the session.
    pub fn resumes(&mut self) {
        self.session.on_connection_lost();
        self.connect(&Connect::new("c").keep_session().keep_alive(0));
        self.tx.clear();
        assert_eq!(
            self.feed(connack().session_present()),
            (vec![RESUMED], vec![])
        );
    }

    /// Returns all events that are emitted without further bytes, and their tokens.
    pub fn drain_events(&mut self) -> (Vec<Emitted>, Vec<AckToken>) {
        let (mut emitted, mut tokens) = (vec![], vec![]);
        let Dialogue { session, rx, tx } = &mut self.dialogue;
        loop {
            match self.acks.next_event(session, rx, tx) {
                Ok(None) => return (emitted, tokens),
                Ok(Some((event, token))) => {
                    emitted.push(event.into());
                    tokens.extend(token);
                }
                Err(error) => {
                    emitted.push(fault(error));
                    return (emitted, tokens);
                }
            }
        }
    }

    /// These bytes arrive; returns the events that are emitted, and their tokens.
    pub fn feed(&mut self, bytes: impl ToBytes) -> (Vec<Emitted>, Vec<AckToken>) {
        let bytes = bytes.to_bytes();
        let mut bytes = &bytes[..];
        let (mut emitted, mut tokens) = (vec![], vec![]);
        while !bytes.is_empty() {
            let n = bytes.len().min(self.rx.space().len());
            self.buffer(&bytes[..n]);
            bytes = &bytes[n..];
            let (events, more) = self.drain_events();
            emitted.extend(events);
            tokens.extend(more);
        }
        (emitted, tokens)
    }

    pub fn ack(&mut self, token: AckToken) -> Result<(), SendError> {
        self.acks.ack(&mut self.dialogue.session, token)
    }

    /// Acknowledges a message, and calls `next_event`, which emits nothing.
    pub fn acknowledge(&mut self, token: AckToken) {
        assert_eq!(self.ack(token), Ok(()));
        assert_eq!(self.drain_events(), (vec![], vec![]));
    }

    pub fn disconnect(&mut self) -> Result<(), SendError> {
        let Dialogue { session, tx, .. } = &mut self.dialogue;
        self.acks.disconnect(session, tx)
    }
}
