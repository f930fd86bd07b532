//! One step of an open connection, under the lock: what has come, what is to be sent, what time it
//! is.
use crate::{
    Options, State,
    shared::{Core, Shared, manual},
    tx::Tx,
};
use bytes::{Buf, BytesMut};
use motemq::{Event, Fault, SendError, SessionState};
use motemq_net::Cause;
use std::{sync::Arc, task::Waker, time::Duration};
use tokio::time::Instant;

/// The most that is read ahead; the longest topic fits.
pub(crate) const BUFFER: usize = 72 << 10;
/// Room for any reply of the session.
pub(crate) const REPLY: usize = 64;
/// Events under one hold of the lock.
const EVENTS: usize = 256;
/// So long messages that nobody takes may hold up acknowledgements that somebody waits for.
const STANDSTILL: Duration = Duration::from_secs(1);

/// What is to be done next, outside of the lock.
pub(crate) struct Turn {
    /// Come again at once.
    pub more: bool,
    /// Come again by then.
    pub until: Option<Instant>,
    /// There is a place for what is read.
    pub reading: bool,
    /// DISCONNECT is written: no more turns.
    pub closed: bool,
}

/// What is to be traced, when the lock is released: who listens may call the client.
pub(crate) enum News {
    Connected(SessionState),
    Skipped(u32),
    Refused(Vec<String>),
    GivesWay,
}

impl News {
    pub fn tell(self) {
        match self {
            News::Connected(session) => tracing::info!(?session, "connected"),
            News::Skipped(len) => {
                tracing::warn!(len, "a message whose topic is too long was dropped")
            }
            News::Refused(filters) => {
                tracing::warn!(?filters, "the broker does not grant these subscriptions")
            }
            News::GivesWay => tracing::warn!(
                "acknowledgements wait behind messages that nobody takes: those with QoS 0 are dropped"
            ),
        }
    }
}

/// Bytes between the transport and the session, which only the driver touches.
#[derive(Debug, Default)]
pub(crate) struct Hands {
    pub rx: BytesMut,
    pub tx: Tx,
    /// Since when nothing is read for want of room in a queue.
    pub stopped_at: Option<Instant>,
}

impl Core {
    pub fn turn(
        &mut self,
        shared: &Arc<Shared>,
        hands: &mut Hands,
        clock: Instant,
        now: Instant,
        waker: &Waker,
        news: &mut Vec<News>,
    ) -> Result<Turn, Cause> {
        if !self
            .driver
            .as_ref()
            .is_some_and(|driver| driver.will_wake(waker))
        {
            self.driver = Some(waker.clone());
        }
        if std::mem::take(&mut self.hang_up) {
            return Err(Cause::HungUp);
        }
        if hands.tx.is_empty() && self.tx.is_empty() {
            self.tx.clear();
        }
        let events = self.take_events(shared, &mut hands.rx, now, news)?;
        let mut until = self.leave(&shared.options, hands.tx.is_empty(), now)?;
        let blocked = self.give(&shared.options, now)?;
        if self.connected_at.is_some()
            && let Some(limit) = shared.options.ack_timeout
        {
            let (again, expired) = self.work.expire(now, limit);
            until = earlier(until, again);
            if expired {
                shared.room.notify_waiters();
            }
        }
        let full = self.inbox.is_full();
        let reading = !full && hands.rx.len() < BUFFER;
        if !reading && events < EVENTS {
            // While nothing is read the broker cannot show that it is alive.
            self.session.on_reading_paused();
        }
        self.make_way(full, hands, now, &mut until, news);
        let mut more = events == EVENTS && !full;
        if !self.session.is_closed() {
            self.tx.has_room_for_replies(REPLY);
            match self
                .session
                .tick((now - clock).as_millis() as u32, &mut self.tx.out())?
            {
                // Late: the next turn may say that the broker is silent. What it has said is read
                // before.
                Some(0) => more = true,
                Some(nap) => until = earlier(until, Some(now + Duration::from_millis(nap.into()))),
                None => {}
            }
        }
        if hands.tx.is_empty() && !self.tx.is_empty() {
            #[cfg(feature = "store")]
            self.save().map_err(crate::store::unsaved)?;
            self.tx.pass(&mut hands.tx);
            // What found no room finds it now.
            more |= blocked;
            shared.room.notify_waiters();
        } else if events > 0 {
            shared.room.notify_waiters();
        }
        Ok(Turn {
            more,
            until,
            reading,
            closed: self.session.is_closed(),
        })
    }

    /// Something is on its way that can be read only when it is whole: the broker lives.
    pub fn hears(&mut self) {
        self.session.on_reading_paused();
    }

    fn take_events(
        &mut self,
        shared: &Arc<Shared>,
        rx: &mut BytesMut,
        now: Instant,
        news: &mut Vec<News>,
    ) -> Result<usize, Cause> {
        let mut input = &rx[..];
        let mut count = 0;
        while count < EVENTS && !self.inbox.is_full() && self.tx.has_room_for_replies(REPLY) {
            let event =
                self.manual
                    .receive(&mut self.session, &mut input, BUFFER, &mut self.tx.out())?;
            let Some((event, token)) = event else {
                if self.tx.room() < REPLY {
                    // What is owed may have filled it.
                    continue;
                }
                break;
            };
            count += 1;
            match event {
                Event::Connected { session, .. } => {
                    self.connected_at = Some(now);
                    self.work
                        .connected(session, shared.options.rules().filters, now);
                    self.inbox.connected(session);
                    self.state = State::Connected { session };
                    self.version += 1;
                    self.connections += 1;
                    shared.changed.notify_waiters();
                    news.push(News::Connected(session));
                }
                Event::Message(message) => {
                    self.inbox
                        .begin(&message, token, &mut self.session, &mut self.manual, shared)
                }
                Event::Payload { data, remaining } => {
                    self.inbox
                        .more(data, remaining, token, &mut self.session, &mut self.manual)
                }
                Event::Skipped { len } => {
                    news.push(News::Skipped(len));
                    self.inbox.dropped += 1;
                    self.inbox
                        .dismiss(token, &mut self.session, &mut self.manual);
                }
                Event::Received { id } => self.work.received(id),
                Event::Acked { id } => self.work.acked(id),
                Event::Subscribed { id, codes, .. } => {
                    let refused = self.work.subscribed(id, codes);
                    if !refused.is_empty() {
                        self.inbox.revoke(&refused);
                        news.push(News::Refused(refused));
                    }
                }
                Event::Resend { id, .. } => self.work.resend = Some(id),
                Event::OutcomeUnknown { id } => self.work.unknown(id),
                // Events of other versions of MQTT, which this client does not speak.
                _ => {}
            }
        }
        let left = input.len();
        rx.advance(rx.len() - left);
        Ok(count)
    }

    /// A handler that waits for an acknowledgement behind messages which nobody takes must not wait
    /// for ever.
    fn make_way(
        &mut self,
        full: bool,
        hands: &mut Hands,
        now: Instant,
        until: &mut Option<Instant>,
        news: &mut Vec<News>,
    ) {
        if self.inbox.give_way {
            self.inbox.give_way = !self.inbox.has_room();
        } else if !full {
            hands.stopped_at = None;
        } else {
            let at = *hands.stopped_at.get_or_insert(now) + STANDSTILL;
            if now < at {
                *until = earlier(*until, Some(at));
            } else if self.work.is_awaited() || self.waiting > 0 {
                news.push(News::GivesWay);
                self.inbox.give_way = true;
                hands.stopped_at = None;
                *until = Some(now);
            }
        }
    }

    /// Says goodbye when all that is under way has come to its end, or time is up.
    fn leave(
        &mut self,
        options: &Options,
        written: bool,
        now: Instant,
    ) -> Result<Option<Instant>, Cause> {
        let Some(until) = self.leave_until else {
            return Ok(None);
        };
        let late = now >= until;
        if self.connected_at.is_none() {
            return if late || !self.work.has_messages() {
                Err(Cause::HungUp)
            } else {
                Ok(Some(until))
            };
        }
        if !late && (self.work.has_messages() || self.session.payload_remaining() > 0) {
            if written && self.tx.is_empty() && self.session.payload_remaining() == 0 {
                // What was dealt with is acknowledged. What comes now never will be, and must not
                // bar the answers behind it.
                self.manual = manual(options.slots);
            }
            return Ok(Some(until));
        }
        self.tx.has_room_for_replies(REPLY);
        match self
            .manual
            .disconnect(&mut self.session, &mut self.tx.out())
        {
            Ok(()) => Ok(None),
            Err(SendError::Full) if !late => Ok(Some(until)),
            // Half a message is on its way and will not be finished, or nothing is taken: hanging
            // up is all that is left.
            Err(_) => Err(Cause::HungUp),
        }
    }

    /// The connection is gone.
    pub fn lost(&mut self, cause: Cause) {
        // What comes of bad weather is nobody's fault.
        if let Cause::Fault(fault @ (Fault::Malformed | Fault::Unexpected)) = cause
            && let Some(id) = self.session.oldest_in_flight()
        {
            self.work.blame(id, fault);
        }
        self.session.on_connection_lost();
        self.tx = Tx::default();
        self.inbox.lost(&mut self.session, &mut self.manual);
        self.work.lost();
        self.upload = None;
        self.hang_up = false;
        self.connected_at = None;
        self.last_cause = Some(cause);
    }
}

pub(crate) fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    one.into_iter().chain(other).min()
}
