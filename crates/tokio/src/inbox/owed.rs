//! What is owed to the broker, until the application has had what it is owed for.
use super::{Inbox, Item};
use crate::Message;
use motemq::{AckToken, ManualAcks, Session};
use std::task::{Context, Poll};

/// What is owed for a message, on one connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Hold {
    pub(super) key: usize,
    epoch: u32,
}

#[derive(Debug)]
pub(super) struct Owed {
    pub(super) token: AckToken,
    /// Streams that have not dealt with it.
    left: usize,
    /// One of them has had it.
    pub(super) taken: bool,
}

impl Inbox {
    pub(super) fn owe(&mut self, token: AckToken, left: usize) -> Hold {
        Hold {
            key: self.owed.insert(Owed {
                token,
                left,
                taken: false,
            }),
            epoch: self.epoch,
        }
    }

    /// One stream has dealt with it.
    pub fn had(&mut self, hold: Option<Hold>, session: &mut Session, manual: &mut ManualAcks) {
        let Some(hold) = hold.filter(|hold| hold.epoch == self.epoch) else {
            return;
        };
        let Some(owed) = self.owed.get_mut(hold.key) else {
            return;
        };
        owed.left -= 1;
        owed.taken = true;
        if owed.left == 0 || self.offline {
            let owed = self.owed.remove(hold.key);
            // It is owed on this connection, and once.
            let _ = manual.ack(session, owed.token);
        }
    }

    /// Gives what waits longest into the application's hands: to be acknowledged when it asks for
    /// the next, or says so.
    pub fn poll_take(
        &mut self,
        key: usize,
        by_hand: bool,
        session: &mut Session,
        manual: &mut ManualAcks,
        cx: &Context<'_>,
    ) -> Poll<Option<(Message, Option<Hold>)>> {
        let hand = self.streams[key].in_hand.take();
        self.had(hand, session, manual);
        let stream = &mut self.streams[key];
        let Some(Item { message, hold }) = stream.items.pop_front() else {
            if stream.closed {
                return Poll::Ready(None);
            }
            if !stream
                .waker
                .as_ref()
                .is_some_and(|waker| waker.will_wake(cx.waker()))
            {
                stream.waker = Some(cx.waker().clone());
            }
            return Poll::Pending;
        };
        stream.bytes -= message.weight();
        if by_hand {
            return Poll::Ready(Some((message, hold)));
        }
        stream.in_hand = hold;
        if self.offline {
            // As if the connection were lost only now: with QoS 2 it must not come again.
            let hand = stream.in_hand.take();
            self.had(hand, session, manual);
        } else if let Some(owed) = hold.and_then(|hold| self.owed.get_mut(hold.key)) {
            owed.taken = true;
        }
        Poll::Ready(Some((message, None)))
    }

    /// Something taken from this stream is to be acknowledged.
    pub fn in_hand(&self, key: usize) -> bool {
        self.streams[key].in_hand.is_some()
    }
}
