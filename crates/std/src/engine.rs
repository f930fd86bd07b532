//! The one place that moves bytes and time: from the transport through the session, and back.
use crate::{
    Cause, Error, Transport,
    client::{BUFFER, Client, Link},
    patience::LOOK,
    work::{Body, Request},
};
use motemq::{Event, Filter, Publish, QoS, SendError};
use motemq_net::{Direction, PartialRead};
use std::{
    io::ErrorKind,
    sync::atomic::Ordering,
    thread,
    time::{Duration, Instant},
};

/// How long to look for incoming bytes while none can be written.
pub(crate) const PAUSE: Duration = Duration::from_millis(2);
/// How long to wait at most without a look at the stop flag.
pub(crate) const GLANCE: Duration = Duration::from_millis(100);
/// The broker that takes no bytes for so long waits for us to take some.
const STANDSTILL: Duration = Duration::from_secs(1);
/// How long the broker may take to close its side after DISCONNECT.
const FAREWELL: Duration = Duration::from_secs(1);

impl<T: Transport> Client<T> {
    /// Goes on until `done`, or until the time is up: then `false`.
    pub(crate) fn wait(
        &mut self,
        until: Option<Instant>,
        mut done: impl FnMut(&mut Self) -> bool,
    ) -> Result<bool, Error> {
        loop {
            if done(self) {
                return Ok(true);
            }
            if until.is_some_and(|until| Instant::now() >= until) {
                return Ok(false);
            }
            if self.is_stuck() {
                // Whoever asks again and again without taking anything keeps the connection alive
                // all the same.
                self.serve()?;
                return if done(self) {
                    Ok(true)
                } else {
                    Err(Error::Backlog)
                };
            }
            self.turn(until)?;
        }
    }

    /// Nothing goes on until the application takes what was received.
    pub(crate) fn is_stuck(&self) -> bool {
        let idle =
            self.tx.is_empty() || self.stalled_at.is_some_and(|at| at.elapsed() > STANDSTILL);
        idle && (self.inbox.is_full() || (self.choked && !self.inbox.is_empty()))
    }

    /// One step of whatever is to be done: connect, write, or wait for bytes until then at most.
    pub(crate) fn turn(&mut self, until: Option<Instant>) -> Result<(), Error> {
        if self
            .options
            .stop
            .as_ref()
            .is_some_and(|stop| stop.load(Ordering::Relaxed))
        {
            return Err(Error::Stopped);
        }
        match &self.link {
            Link::Over(error) => Err(error.clone()),
            Link::Down(at) => {
                let at = *at;
                self.redial(at, until)
            }
            Link::Up(_) => self.step(until).or_else(|cause| self.broke(cause)),
        }
    }

    /// Does what can be done without waiting for bytes.
    pub(crate) fn serve(&mut self) -> Result<(), Error> {
        if !matches!(self.link, Link::Up(_)) {
            return Ok(());
        }
        self.act().map(|_| ()).or_else(|cause| self.broke(cause))
    }

    fn step(&mut self, until: Option<Instant>) -> Result<(), Cause> {
        let (news, nap) = self.act()?;
        if news {
            return Ok(());
        }
        let mut limit = nap.unwrap_or(Duration::MAX);
        if let Some(until) = until {
            limit = limit.min(until.saturating_duration_since(Instant::now()));
        }
        if self.options.stop.is_some() {
            limit = limit.min(GLANCE);
        }
        if !self.tx.is_empty() {
            if let Some((at, patience)) = self.stalled_at.zip(self.options.ack_timeout)
                && at.elapsed() > patience
            {
                return Err(Cause::Stalled(patience));
            }
            limit = limit.min(PAUSE);
        }
        if self.is_impatient() {
            limit = limit.min(LOOK);
        }
        let heard = self.read(limit)?;
        self.look_for_silence(heard)
    }

    /// Events, commands, clock, and bytes out. Tells whether something has happened, and how long
    /// to sleep at most.
    fn act(&mut self) -> Result<(bool, Option<Duration>), Cause> {
        let mut news = self.take_events()?;
        news |= self.give()?;
        if self.inbox.is_full() {
            // While nothing is taken in the broker cannot show that it is alive.
            self.session.on_reading_paused();
        }
        let now = self.clock.elapsed().as_millis() as u32;
        let nap = self
            .session
            .tick(now, &mut *self.tx)?
            .map(|ms| Duration::from_millis(ms.into()));
        // What was written has made room for what found none before.
        let full = !self.tx.is_empty();
        self.write()?;
        news |= full && self.tx.is_empty();
        if nap == Some(Duration::ZERO) {
            // We are late, and the next tick may say that the broker is silent: what it has said
            // lies there perhaps.
            self.read(Duration::ZERO)?;
            news = true;
        }
        if news {
            // What filled the receive buffer at the last look may go on now.
            self.choked = false;
        }
        Ok((news, nap))
    }

    fn take_events(&mut self) -> Result<bool, Cause> {
        let mut news = false;
        while !self.inbox.is_full() {
            let Some((event, token)) =
                self.manual
                    .next_event(&mut self.session, &mut self.rx, &mut *self.tx)?
            else {
                break;
            };
            news = true;
            match event {
                Event::Connected { session, .. } => {
                    self.known = Some(session);
                    self.connected_at = Some(Instant::now());
                    self.work.connected(session, self.options.profile.filters);
                    self.inbox.connected(session);
                }
                Event::Message(message) => self.inbox.begin(&message, token),
                Event::Payload { data, remaining } => self.inbox.more(data, remaining, token),
                Event::Skipped { len } => self.inbox.push(
                    Err(Error::MessageTooLarge {
                        topic: None,
                        len: len.into(),
                    }),
                    None,
                ),
                Event::Received { id } => self.work.received(id),
                Event::Acked { id } => self.work.acked(id),
                Event::Subscribed { id, codes, .. } => {
                    for filter in self.work.subscribed(id, codes) {
                        self.inbox
                            .push(Err(Error::SubscriptionLost { filter }), None);
                    }
                }
                Event::Resend { id, .. } => self.work.resend = Some(id),
                Event::OutcomeUnknown { id } => self.work.unknown(id),
                // Events of other versions of MQTT, which this client does not speak.
                _ => {}
            }
        }
        Ok(news)
    }

    /// Sends what waits to be sent, as far as there is room. Tells whether something was.
    fn give(&mut self) -> Result<bool, Cause> {
        let mut any = false;
        loop {
            let sent = if self.session.payload_remaining() > 0 {
                self.give_chunk()
            } else if self.work.resend.is_some() {
                self.give_again()
            } else {
                match self.give_request() {
                    sent
                    @ (Ok(_) | Err(SendError::Full | SendError::Busy | SendError::Offline)) => sent,
                    // It will not be taken when it is asked again, either.
                    Err(error) => {
                        self.work.refuse(error);
                        Ok(true)
                    }
                }
            };
            match sent {
                Ok(true) => any = true,
                Ok(false) | Err(SendError::Full | SendError::Offline) => return Ok(any),
                Err(SendError::Busy) => {
                    // What nobody waits for any more must not stand in everybody's way for ever.
                    let blocked = self
                        .session
                        .oldest_in_flight()
                        .is_some_and(|id| self.work.is_given_up(id));
                    let long = self
                        .connected_at
                        .zip(self.options.ack_timeout)
                        .is_some_and(|(at, patience)| at.elapsed() > patience);
                    return if blocked && long {
                        Err(Cause::HungUp)
                    } else {
                        Ok(any)
                    };
                }
                // What cannot be sent at all was taken off the queue: the broker has confused us.
                Err(_) => return Err(Cause::HungUp),
            }
        }
    }

    fn give_chunk(&mut self) -> Result<bool, SendError> {
        let Some((id, at)) = self.work.streaming else {
            return Ok(false);
        };
        // What was given up half-way has to be sent all the same: half a packet cannot be taken
        // back. Only a copy that was acknowledged half-way is gone: then the connection is.
        let Some(Body::Publish { payload, .. }) = self.work.flight(id) else {
            return Err(SendError::Invalid);
        };
        let n = self
            .session
            .publish_chunk(payload.get(at..).unwrap_or_default(), &mut *self.tx)?;
        self.work.streaming = Some((id, at + n)).filter(|_| self.session.payload_remaining() > 0);
        if self.work.streaming.is_none() {
            self.work.is_out(id);
        }
        Ok(true)
    }

    fn give_again(&mut self) -> Result<bool, SendError> {
        let Some(id) = self.work.resend else {
            return Ok(false);
        };
        if let Some(Body::Publish {
            topic,
            payload,
            qos,
            retain,
        }) = self.work.copy(id)
        {
            let (publish, streamed) = whole_or_streamed(topic, payload, *qos, *retain);
            self.session.republish(id, &publish, &mut *self.tx)?;
            self.work.began(id, streamed);
        } else {
            self.session.abandon(id, &mut *self.tx)?;
            self.work.abandoned(id);
        }
        self.work.resend = None;
        Ok(true)
    }

    fn give_request(&mut self) -> Result<bool, SendError> {
        let Some(Request { body, .. }) = self.work.queue.front() else {
            return Ok(false);
        };
        if self.work.in_flight() >= self.options.places() {
            return Err(SendError::Busy);
        }
        let mut streamed = false;
        let id = match body {
            Body::Publish {
                topic,
                payload,
                qos,
                retain,
            } => {
                let publish;
                (publish, streamed) = whole_or_streamed(topic, payload, *qos, *retain);
                self.session.publish(&publish, &mut *self.tx)?
            }
            Body::Subscribe(filters) => {
                let filters: Vec<_> = filters
                    .iter()
                    .map(|(filter, qos)| Filter::new(filter, *qos))
                    .collect();
                Some(self.session.subscribe(&filters, &mut *self.tx)?)
            }
            Body::Unsubscribe(filters) => {
                let filters: Vec<_> = filters
                    .iter()
                    .map(|filter| Filter::new(filter, QoS::AtMostOnce))
                    .collect();
                Some(self.session.unsubscribe(&filters, &mut *self.tx)?)
            }
            Body::Gone => None,
        };
        if let Some((request, id)) = self.work.queue.pop_front().zip(id) {
            self.work.sent(id, request);
            self.work.began(id, streamed);
        }
        Ok(true)
    }

    /// Writes as much as the other side takes.
    pub(crate) fn write(&mut self) -> Result<(), Cause> {
        let Link::Up(transport) = &mut self.link else {
            return Ok(());
        };
        while !self.tx.is_empty() {
            match transport.write_some(self.tx.bytes()) {
                Ok(0) => return Err(Cause::Closed),
                Ok(n) => {
                    if let Some(tracer) = &mut self.tracer {
                        tracer.pass(Direction::Out, &self.tx.bytes()[..n]);
                    }
                    self.tx.consume(n);
                    self.stalled_at = None;
                }
                Err(error) if is_pause(error.kind()) => {
                    self.stalled_at.get_or_insert_with(Instant::now);
                    break;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Waits for bytes. Tells whether any came.
    fn read(&mut self, limit: Duration) -> Result<bool, Cause> {
        let Link::Up(transport) = &mut self.link else {
            return Ok(false);
        };
        let space = self.rx.space();
        self.choked = space.is_empty();
        if self.choked {
            thread::sleep(limit.min(PAUSE));
            return Ok(false);
        }
        // Rounded down to a power of two, so that the limit need not be set again for each wait;
        // who wakes early waits again. Zero is left: who only looks does not wait.
        let wait = Duration::from_millis(1 << limit.as_millis().clamp(1, 1 << 20).ilog2());
        let limit = if limit.is_zero() { limit } else { wait };
        if self.read_limit != Some(limit) {
            transport.set_read_timeout(limit)?;
            self.read_limit = Some(limit);
        }
        match transport.read(space) {
            Ok(0) => Err(Cause::Closed),
            Ok(n) => {
                if let Some(tracer) = &mut self.tracer {
                    tracer.pass(Direction::In, &space[..n]);
                }
                self.rx.commit(n);
                Ok(true)
            }
            Err(error) if PartialRead::is(&error) => {
                self.session.on_reading_paused();
                Ok(true)
            }
            Err(error) if is_pause(error.kind()) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes what is left after DISCONNECT, and waits until the other side has seen that nothing
    /// follows: to close at once might destroy what it has not read yet.
    pub(crate) fn finish(&mut self) -> Result<(), Cause> {
        // No more turns: the session is closed, and only bytes are left.
        let until = Instant::now() + FAREWELL;
        loop {
            self.write()?;
            let now = Instant::now();
            if self.tx.is_empty() {
                break;
            } else if now >= until {
                return Err(Cause::Stalled(FAREWELL));
            }
            thread::sleep(PAUSE);
        }
        let Link::Up(transport) = &mut self.link else {
            return Ok(());
        };
        // The broker may have gone by now.
        if transport.finish().is_err() {
            return Ok(());
        }
        let mut rest = [0; 1024];
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            match transport
                .set_read_timeout(left.max(PAUSE))
                .and_then(|()| transport.read(&mut rest))
            {
                Ok(1..) => {}
                Err(error) if PartialRead::is(&error) => {}
                // However it ends, it has ended: nothing of ours can be lost any more.
                _ => break,
            }
        }
        Ok(())
    }
}

/// A message as it is sent: at once if it fits, or its payload piece by piece.
pub(crate) fn whole_or_streamed<'a>(
    topic: &'a str,
    payload: &'a [u8],
    qos: QoS,
    retain: bool,
) -> (Publish<'a>, bool) {
    let fits = topic.len() + payload.len() + 16 <= BUFFER;
    let mut publish = Publish::to(topic)
        .payload(if fits { payload } else { &[] })
        .qos(qos);
    publish.retain = retain;
    // What does not fit into 32 bits MQTT does not allow either.
    (
        if fits {
            publish
        } else {
            publish.remaining(payload.len().try_into().unwrap_or(u32::MAX))
        },
        !fits,
    )
}

pub(crate) fn is_pause(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}
