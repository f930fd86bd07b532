//! What the application sends.
use crate::{
    Cause, Client, Error, Transport,
    client::BUFFER,
    engine::PAUSE,
    error::unsendable,
    work::{Body, Request},
};
use motemq::{Filter, PacketId, Publish, QoS, SendError};
use motemq_net::{Granted, check_filters, check_topic};
use std::{
    io::{self, ErrorKind, Read},
    sync::Arc,
    time::Instant,
};

/// Bytes read at a time.
const PIECE: usize = 16 << 10;

/// Names a message that was [sent](Client::send), to wait for its acknowledgement.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Receipt(pub(crate) Option<u64>);

impl<T: Transport> Client<T> {
    /// Publishes a message. Returns when the broker has acknowledged it; with QoS 0 when it is
    /// written to the transport.
    ///
    /// # Errors
    /// `Invalid` for a topic that is none; `OverLimit`; `TimedOut` if it could not be sent within
    /// [`Options::ack_timeout`](crate::Options::ack_timeout); `NotAcknowledged`, and it is
    /// not sent again; `OutcomeUnknown`; `ConnectionLost`; `Backlog`: it is under way, and
    /// [`flush`](Self::flush) waits for it.
    pub fn publish(&mut self, publish: &Publish<'_>) -> Result<(), Error> {
        let receipt = self.send(publish)?;
        if receipt.0.is_some() {
            return self.wait_for(receipt);
        }
        let connections = self.connections;
        self.is_on(connections)?;
        self.drain(connections)
    }

    /// Hands a message over, and does not wait for its acknowledgement: as many as
    /// [`Options::in_flight`](crate::Options::in_flight) says can be under way at once. It waits
    /// for a place among them, and writes what the transport takes without waiting; the rest
    /// leaves with the next calls, [`flush`](Self::flush) for one.
    ///
    /// # Errors
    /// As [`publish`](Self::publish) without `NotAcknowledged`. What becomes of the message is told
    /// by [`wait_for`](Self::wait_for) or `flush`.
    ///
    /// ```
    /// # use motemq_std::{Client, Options, Publish, QoS};
    /// # let broker = motemq_rig::server::Server::start(motemq_rig::broker::Config::new())?;
    /// # let mut client = Client::connect(&Options::new("a").host("127.0.0.1").port(broker.addr().port()))?;
    /// for line in ["one", "two", "three"] {
    ///     client.send(&Publish::to("lines").payload(line.as_bytes()).qos(QoS::ExactlyOnce))?;
    /// }
    /// client.flush()?;
    /// assert_eq!(client.pending(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn send(&mut self, publish: &Publish<'_>) -> Result<Receipt, Error> {
        let &Publish {
            payload,
            remaining,
            qos,
            retain,
            ..
        } = publish;
        let topic = publish.topic();
        check_topic(topic).map_err(Error::Invalid)?;
        if remaining != 0 {
            return Err(Error::Invalid(
                "a payload that comes in pieces is published with publish_from".into(),
            ));
        }
        self.options.profile.check_publish(publish)?;
        let until = self.deadline();
        if qos == QoS::AtMostOnce {
            if self.must_be_streamed(topic, payload.len()) {
                self.publish_from(topic, qos, retain, payload.len() as u64, payload)?;
            } else {
                self.begin(publish, until)?;
            }
            return Ok(Receipt(None));
        }
        let ticket = self.work.ask(Body::Publish {
            topic: topic.into(),
            payload: payload.into(),
            qos,
            retain,
        });
        self.serve()?;
        if !self
            .wait(until, |client| !client.work.is_queued(ticket))
            .inspect_err(|_| {
                self.work.withdraw(ticket);
            })?
        {
            return Err(self.give_up(ticket));
        }
        Ok(Receipt(Some(ticket)))
    }

    /// Waits until the broker has acknowledged this message; not at all with QoS 0.
    ///
    /// # Errors
    /// As [`publish`](Self::publish).
    pub fn wait_for(&mut self, receipt: Receipt) -> Result<(), Error> {
        let Some(ticket) = receipt.0 else {
            return Ok(());
        };
        self.settle(ticket)
    }

    /// Waits until everything is written, and the broker has acknowledged everything that was sent.
    ///
    /// # Errors
    /// As [`publish`](Self::publish); of several failures one is told. After `NotAcknowledged` it
    /// can be called again to wait longer.
    pub fn flush(&mut self) -> Result<(), Error> {
        let until = self.deadline();
        if !self.wait(until, |client| {
            client.work.len() == 0 && client.tx.is_empty()
        })? {
            return Err(Error::NotAcknowledged {
                limit: self.limit(),
            });
        }
        self.work.any_failure()
    }

    /// Asks for messages. Returns what the broker says to each filter, in their order;
    /// subscriptions are made again after a reconnection if the broker lost them.
    ///
    /// # Errors
    /// `Invalid` without a filter, for more than 255 of them, and for one that is none;
    /// `OverLimit`; `Backlog`: it is under way, and the same call waits for the answer when
    /// messages have been taken; else as [`publish`](Self::publish). That the broker grants nothing
    /// is no error: look at what it says.
    pub fn subscribe(&mut self, filters: &[Filter<'_>]) -> Result<Vec<Granted>, Error> {
        check_filters(filters.iter().map(|filter| filter.filter)).map_err(Error::Invalid)?;
        self.options.profile.check_subscribe(filters)?;
        let ticket = self.ask(Body::Subscribe(
            filters
                .iter()
                .map(|filter| (filter.filter.into(), filter.qos))
                .collect(),
        ))?;
        let codes = self.work.codes(ticket);
        Ok(codes.into_iter().map(Granted::from).collect())
    }

    /// Takes filters back, literally as they were given. Messages that were on their way may still
    /// come.
    ///
    /// # Errors
    /// As [`subscribe`](Self::subscribe).
    pub fn unsubscribe(&mut self, filters: &[&str]) -> Result<(), Error> {
        check_filters(filters.iter().copied()).map_err(Error::Invalid)?;
        self.ask(Body::Unsubscribe(
            filters.iter().map(|&filter| filter.into()).collect(),
        ))
        .map(drop)
    }

    /// Publishes `len` bytes from a reader without holding them. Returns when the broker has
    /// acknowledged them; with QoS 0 when they are written.
    ///
    /// There is no copy to send again: if the connection is lost before the last byte, nothing was
    /// published; if later, but before the acknowledgement, the call ends with
    /// [`OutcomeUnknown`](Error::OutcomeUnknown). Nothing else can be sent meanwhile, not even a
    /// ping: a broker may hang up if it takes longer than one and a half
    /// [keep-alives](crate::Options::keep_alive), and so it does if the reader blocks for long.
    ///
    /// # Errors
    /// `Source` if the reader fails or ends early, `Stopped`, `Backlog` before the last byte: the
    /// connection is closed then, since half a packet cannot be taken back, nothing is
    /// published, and the connection is made again as the options say. `Invalid` for more than
    /// MQTT's 268,435,455 bytes, header included. Else as [`publish`](Self::publish).
    pub fn publish_from(
        &mut self,
        topic: &str,
        qos: QoS,
        retain: bool,
        len: u64,
        mut from: impl Read,
    ) -> Result<(), Error> {
        check_topic(topic).map_err(Error::Invalid)?;
        let remaining = u32::try_from(len).map_err(|_| {
            Error::Invalid(format!(
                "{len} bytes are more than fit into an MQTT packet: send parts"
            ))
        })?;
        let mut publish = Publish::to(topic).qos(qos).remaining(remaining);
        publish.retain = retain;
        self.options.profile.check_publish(&publish)?;
        let until = self.deadline();
        let id = self.begin(&publish, until)?;
        let connections = self.connections;
        let mut ticket = None;
        if let Some(id) = id {
            let new = self.work.ticket();
            self.work.sent(id, Request::new(new, Body::Gone));
            ticket = Some(new);
        }
        if let Err(error) = self.give_from(&mut from, connections) {
            if let Some(ticket) = ticket {
                self.work.withdraw(ticket);
            }
            // Half a packet cannot be taken back. What the end of the connection means for later
            // calls they will tell themselves.
            if self.session.payload_remaining() > 0 {
                let _ = self.broke(Cause::HungUp);
            }
            return Err(error);
        }
        if let Some(id) = id {
            self.work.is_out(id);
        }
        match ticket {
            Some(ticket) => self.settle(ticket),
            None => {
                self.is_on(connections)?;
                self.drain(connections)
            }
        }
    }

    fn give_from(&mut self, from: &mut impl Read, connections: u32) -> Result<(), Error> {
        let mut piece = vec![0; PIECE];
        self.is_on(connections)?;
        while self.session.payload_remaining() > 0 {
            let want = piece.len().min(self.session.payload_remaining() as usize);
            let got = match from.read(&mut piece[..want]) {
                Ok(0) => Err(io::Error::from(ErrorKind::UnexpectedEof)),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                got => got,
            };
            let mut rest = &piece[..got.map_err(|error| Error::Source(Arc::new(error)))?];
            while !rest.is_empty() {
                match self.session.publish_chunk(rest, &mut *self.tx) {
                    Ok(n) => rest = &rest[n..],
                    Err(SendError::Full) => {
                        self.serve()?;
                        if self.is_stuck() {
                            return Err(Error::Backlog);
                        }
                        if !self.tx.is_empty() {
                            self.turn(Some(Instant::now() + PAUSE))?;
                        }
                        self.is_on(connections)?;
                    }
                    Err(_) => return Err(self.lost()),
                }
            }
        }
        self.serve()?;
        self.is_on(connections)
    }

    /// Sends something with QoS 0, or the beginning of something, as soon as there is room for it.
    pub(crate) fn begin(
        &mut self,
        publish: &Publish<'_>,
        until: Option<Instant>,
    ) -> Result<Option<PacketId>, Error> {
        let mut sent = Err(SendError::Busy);
        let done = self.wait(until, |client| {
            // Nothing overtakes what was handed over before.
            if client.work.queue.is_empty() {
                sent = client.session.publish(publish, &mut *client.tx);
            }
            !matches!(
                sent,
                Err(SendError::Full | SendError::Busy | SendError::Offline)
            )
        })?;
        if !done {
            return Err(Error::TimedOut {
                what: "room to send a message",
                limit: self.limit(),
            });
        }
        let id = sent.map_err(unsendable)?;
        self.serve()?;
        Ok(id)
    }

    pub(crate) fn must_be_streamed(&self, topic: &str, payload: usize) -> bool {
        topic.len() + payload + 16 > BUFFER
    }

    /// Waits until all is written. What lies in the buffer when the connection is lost is lost,
    /// too.
    pub(crate) fn drain(&mut self, connections: u32) -> Result<(), Error> {
        let until = self.deadline();
        if !self.wait(until, |client| client.tx.is_empty())? {
            return Err(Error::NotAcknowledged {
                limit: self.limit(),
            });
        }
        self.is_on(connections)
    }

    pub(crate) fn settle(&mut self, ticket: u64) -> Result<(), Error> {
        let until = self.deadline();
        if !self.wait(until, |client| !client.work.is_open(ticket))? {
            return Err(self.give_up(ticket));
        }
        self.work.outcome(ticket)
    }

    /// Asks something, or goes on waiting for the answer to the same question; its answer is kept
    /// under the ticket.
    fn ask(&mut self, body: Body) -> Result<u64, Error> {
        let ticket = match self.left.take() {
            Some((ticket, same)) if same == body => ticket,
            other => {
                if let Some((ticket, _)) = other {
                    self.work.forget(ticket);
                }
                self.work.ask(body.clone())
            }
        };
        match self.settle(ticket) {
            Ok(()) => return Ok(ticket),
            Err(Error::Backlog) => self.left = Some((ticket, body)),
            Err(error) => {
                self.work.forget(ticket);
                return Err(error);
            }
        }
        Err(Error::Backlog)
    }

    fn give_up(&mut self, ticket: u64) -> Error {
        let limit = self.limit();
        if self.work.withdraw(ticket) {
            Error::TimedOut {
                what: "connection with room for another message",
                limit,
            }
        } else {
            Error::NotAcknowledged { limit }
        }
    }
}
