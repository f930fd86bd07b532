//! The client: what the application calls.
use crate::{
    Cause, Error, Message, Options, Transport,
    inbox::Inbox,
    work::{Body, Work},
};
use motemq::{Buffer, Filter, Known, Manual, Owed, Publish, QoS, SendError, Session, Slot, Token, topic};
use motemq_net::{BackOff, Tracer};
use std::{
    fmt,
    net::{TcpStream, ToSocketAddrs},
    ops::ControlFlow,
    sync::Arc,
    time::{Duration, Instant},
};

/// Packets under way at once, in either direction. Brokers may have many more QoS 2 messages under way than their window says: mosquitto's
/// counts only those that were not received, not those it has yet to release.
pub(crate) const SLOTS: usize = 1024;
/// Messages that wait for the application to deal with them.
pub(crate) const OWED: usize = 64;
/// Bytes of each of the two buffers: the longest topic fits, and any CONNECT but the most absurd.
pub(crate) const BUFFER: usize = 72 << 10;
/// How long leaving may take if nothing limits it.
const LEAVE: Duration = Duration::from_secs(10);

/// How long acknowledgements may wait for others while messages are taken.
const SERVE: Duration = Duration::from_millis(10);

type Dial<T> = Box<dyn FnMut() -> Result<T, Error> + Send>;

/// A blocking client.
///
/// It has no thread of its own: everything happens inside its calls, and each of them, while it waits for whatever it waits for, keeps the
/// connection alive, receives, acknowledges, sends again and connects again. So call it more often than the
/// [keep-alive](Options::keep_alive) says; [`recv`](Self::recv) with a time-out is what an idle client does.
///
/// **Received messages** wait in an inbox until they are taken: at most 256, 32 of them with QoS 1 or 2, and about twice
/// [`Options::max_message`] bytes. When it is full nothing more is read, and nothing is lost: the broker keeps the rest. A call that waits
/// for an acknowledgement behind it then ends with [`Backlog`](Error::Backlog).
///
/// **A message is acknowledged only after the application has had it**: by the [`recv`](Self::recv) (or one of its kin) that comes after the
/// one that gave it, or by [`disconnect`](Self::disconnect), or by the loss of the connection. A client that is dropped leaves without
/// DISCONNECT: the broker publishes the will, and delivers again what was not acknowledged if the session is kept.
///
/// **What is published with QoS 1 and 2** is copied and kept until the broker has it. After a reconnection it is sent again if the broker
/// knows the session; if not, with QoS 1 as a new message, while with QoS 2 the call ends with [`OutcomeUnknown`](Error::OutcomeUnknown),
/// because sending it again might double it. Subscriptions are made again if the broker lost them.
///
/// ```
/// use motemq_std::{Client, Options, Publish, QoS, Filter};
/// use std::time::Duration;
/// # let broker = motemq_rig::server::Server::start(motemq_rig::broker::Config::new())?;
/// # let port = broker.addr().port();
///
/// let mut client = Client::connect(&Options::new("node-7").host("127.0.0.1").port(port))?;
/// client.subscribe(&[Filter::new("cellar/#", QoS::AtLeastOnce)])?;
/// client.publish(&Publish::to("cellar/temperature").payload(b"11.5").qos(QoS::AtLeastOnce))?;
/// let message = client.recv(Some(Duration::from_secs(5)))?.expect("our own message");
/// assert_eq!((message.topic.as_str(), message.payload.as_slice()), ("cellar/temperature", &b"11.5"[..]));
/// client.disconnect()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Client<T: Transport = TcpStream> {
    pub(crate) options: Options,
    pub(crate) dial: Option<Dial<T>>,
    pub(crate) waits: Option<BackOff>,
    pub(crate) link: Link<T>,
    pub(crate) session: Box<Session<[Slot; SLOTS]>>,
    pub(crate) manual: Box<Manual<[Owed; OWED]>>,
    pub(crate) rx: Box<Buffer<[u8; BUFFER]>>,
    pub(crate) tx: Box<Buffer<[u8; BUFFER]>>,
    pub(crate) work: Work,
    pub(crate) inbox: Inbox,
    /// What the application has in its hands, to be acknowledged when it asks for more.
    pub(crate) in_hand: Option<Token>,
    pub(crate) tracer: Option<Tracer>,
    pub(crate) clock: Instant,
    pub(crate) served_at: Instant,
    /// Since when the other side takes no bytes.
    pub(crate) stalled_at: Option<Instant>,
    pub(crate) connected_at: Option<Instant>,
    pub(crate) read_limit: Option<Duration>,
    /// The receive buffer is full of what cannot be taken out of it.
    pub(crate) choked: bool,
    pub(crate) known: Option<Known>,
    pub(crate) connections: u32,
    pub(crate) last_cause: Option<Cause>,
}

/// What there is of a connection.
pub(crate) enum Link<T> {
    Up(T),
    /// To be tried again at this time.
    Down(Instant),
    Over(Error),
}

/// The broker's answer to one filter.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Granted {
    /// Messages come with this QoS at most.
    AtMost(QoS),
    /// No messages come for it: return code 0x80.
    Refused,
}

/// Names a message that was [sent](Client::send), to wait for its acknowledgement.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Receipt(pub(crate) Option<u64>);

impl Client<TcpStream> {
    /// Connects over TCP.
    ///
    /// Tried once, for each address of the host; only a connection that was once accepted is made [again](Options::reconnect).
    ///
    /// # Errors
    /// `Resolve`, `Connect`, `Refused`, `NotAuthorized`, `TimedOut`, `ConnectionLost`, `Invalid`.
    pub fn connect(options: &Options) -> Result<Self, Error> {
        let Options { host, port, connect_timeout, .. } = options.clone();
        Self::dialing(move || dial_tcp(&host, port, connect_timeout), options)
    }
}

impl<T: Transport> Client<T> {
    /// Connects over a transport that is open already; host and port of the options do not matter. There is no other when it is lost: see
    /// [`dialing`](Self::dialing).
    ///
    /// # Errors
    /// As [`connect`](Client::connect).
    pub fn over(transport: T, options: &Options) -> Result<Self, Error> {
        let mut client = Self::new(options);
        client.open(transport)?;
        Ok(client)
    }

    /// Connects over transports that `dial` opens: one now, and one for each reconnection. Whatever `dial` fails with,
    /// [`Connect`](Error::Connect) would fit; it is to give up after [`Options::connect_timeout`].
    ///
    /// # Errors
    /// As [`connect`](Client::connect), and what `dial` says.
    pub fn dialing(mut dial: impl FnMut() -> Result<T, Error> + Send + 'static, options: &Options) -> Result<Self, Error> {
        let mut client = Self::new(options);
        client.open(dial()?)?;
        client.dial = Some(Box::new(dial));
        Ok(client)
    }

    fn new(options: &Options) -> Self {
        let now = Instant::now();
        Client {
            dial: None,
            waits: options.reconnect.waits(),
            link: Link::Down(now),
            session: Box::default(),
            manual: Box::default(),
            rx: Box::default(),
            tx: Box::default(),
            work: Work::default(),
            inbox: Inbox::new(options.max_message),
            in_hand: None,
            tracer: options.hook.clone().map(Tracer::new),
            clock: now,
            served_at: now,
            stalled_at: None,
            connected_at: None,
            read_limit: None,
            choked: false,
            known: None,
            connections: 0,
            last_cause: None,
            options: options.clone(),
        }
    }

    /// What the broker knew of us when it accepted the last connection.
    pub fn session(&self) -> Known {
        self.known.unwrap_or(Known::New)
    }

    /// How many connections were begun so far.
    pub fn connections(&self) -> u32 {
        self.connections
    }

    /// How many messages, subscriptions and so on the broker has not acknowledged yet.
    pub fn pending(&self) -> usize {
        self.work.len()
    }

    /// Publishes a message. Returns when the broker has acknowledged it; with QoS 0 when it is written to the transport.
    ///
    /// # Errors
    /// `Invalid` for a topic that is none; `TimedOut` if it could not be sent within [`Options::ack_timeout`]; `NotAcknowledged`, and it is
    /// not sent again; `OutcomeUnknown`; `ConnectionLost`; `Backlog`: it is under way, and [`flush`](Self::flush) waits for it.
    pub fn publish(&mut self, publish: &Publish<'_>) -> Result<(), Error> {
        let receipt = self.send(publish)?;
        if receipt.0.is_some() {
            return self.wait_for(receipt);
        }
        let connections = self.connections;
        self.is_on(connections)?;
        self.drain(connections)
    }

    /// Hands a message over, and does not wait for its acknowledgement: as many as [`Options::in_flight`] says can be under way
    /// at once. It waits for a place among them, and writes what the transport takes without waiting; the rest leaves with the next calls, [`flush`](Self::flush) for one.
    ///
    /// # Errors
    /// As [`publish`](Self::publish) without `NotAcknowledged`. What becomes of the message is told by [`wait_for`](Self::wait_for) or
    /// `flush`.
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
        let &Publish { topic, payload, more, qos, retain } = publish;
        if !topic::is_name(topic) {
            return Err(Error::Invalid(format!("{topic:?} is no topic: use 1 to 65,535 bytes without wildcards (+ and #) and U+0000")));
        }
        if more != 0 {
            return Err(Error::Invalid("a payload that comes in pieces is published with publish_from".into()));
        }
        let until = self.deadline();
        if qos == QoS::AtMostOnce {
            if self.must_be_streamed(topic, payload.len()) {
                self.publish_from(topic, qos, retain, payload.len() as u64, payload)?;
            } else {
                self.begin(publish, until)?;
            }
            return Ok(Receipt(None));
        }
        let ticket = self.work.ask(Body::Publish { topic: topic.into(), payload: payload.into(), qos, retain });
        self.serve()?;
        if !self.wait(until, |client| !client.work.is_queued(ticket)).inspect_err(|_| {
            self.work.withdraw(ticket);
        })? {
            return Err(self.give_up(ticket));
        }
        Ok(Receipt(Some(ticket)))
    }

    /// Waits until the broker has acknowledged this message; not at all with QoS 0.
    ///
    /// # Errors
    /// As [`publish`](Self::publish).
    pub fn wait_for(&mut self, receipt: Receipt) -> Result<(), Error> {
        let Some(ticket) = receipt.0 else { return Ok(()) };
        self.settle(ticket)
    }

    /// Waits until everything is written, and the broker has acknowledged everything that was sent.
    ///
    /// # Errors
    /// As [`publish`](Self::publish); of several failures one is told. After `NotAcknowledged` it can be called again to wait longer.
    pub fn flush(&mut self) -> Result<(), Error> {
        let until = self.deadline();
        if !self.wait(until, |client| client.work.len() == 0 && client.tx.is_empty())? {
            return Err(Error::NotAcknowledged { limit: self.limit() });
        }
        self.work.any_failure()
    }

    /// Asks for messages. Returns what the broker says to each filter, in their order; subscriptions are made again after a reconnection if
    /// the broker lost them.
    ///
    /// # Errors
    /// `Invalid` without a filter, for more than 255 of them, and for one that is none; else as [`publish`](Self::publish). That the broker
    /// grants nothing is no error: look at what it says.
    pub fn subscribe(&mut self, filters: &[Filter<'_>]) -> Result<Vec<Granted>, Error> {
        check_filters(filters.iter().map(|filter| filter.filter))?;
        let ticket = self.work.ask(Body::Subscribe(filters.iter().map(|filter| (filter.filter.into(), filter.qos)).collect()));
        self.settle(ticket)?;
        let codes = self.work.codes(ticket);
        Ok(codes.into_iter().map(|code| QoS::try_from(code).map_or(Granted::Refused, Granted::AtMost)).collect())
    }

    /// Takes filters back, literally as they were given. Messages that were on their way may still come.
    ///
    /// # Errors
    /// As [`subscribe`](Self::subscribe).
    pub fn unsubscribe(&mut self, filters: &[&str]) -> Result<(), Error> {
        check_filters(filters.iter().copied())?;
        let ticket = self.work.ask(Body::Unsubscribe(filters.iter().map(|&filter| filter.into()).collect()));
        self.settle(ticket)
    }

    /// Waits for a message; `Ok(None)` when `timeout` has passed without one, `None`: as long as it takes. With a time-out of zero it takes
    /// what is there.
    ///
    /// The message given before counts as dealt with, and is acknowledged. While an attempt to connect again is being made it may take
    /// [`Options::connect_timeout`] longer.
    ///
    /// # Errors
    /// `ConnectionLost`; `MessageTooLarge` and `SubscriptionLost`, after which it can be called again.
    pub fn recv(&mut self, timeout: Option<Duration>) -> Result<Option<Message>, Error> {
        self.accept();
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut looked = false;
        loop {
            if let Some((item, token)) = self.inbox.pop() {
                self.serve_between();
                self.in_hand = token;
                return item.map(Some);
            }
            if let Some(dropped) = self.drop_large() {
                return Err(dropped);
            }
            if looked && until.is_some_and(|until| Instant::now() >= until) {
                return Ok(None);
            }
            self.turn(until)?;
            looked = true;
        }
    }

    /// Messages as they come, until `timeout` has passed without one. When the connection is over the error that says so is the last item.
    ///
    /// ```
    /// # use motemq_std::{Client, Options, Publish, QoS, Filter};
    /// # use std::time::Duration;
    /// # let broker = motemq_rig::server::Server::start(motemq_rig::broker::Config::new())?;
    /// # let mut client = Client::connect(&Options::new("a").host("127.0.0.1").port(broker.addr().port()))?;
    /// # client.subscribe(&[Filter::new("lines", QoS::AtMostOnce)])?;
    /// # client.publish(&Publish::to("lines").payload(b"one"))?;
    /// for message in client.messages(Some(Duration::from_millis(200))) {
    ///     assert_eq!(message?.payload, b"one");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn messages(&mut self, timeout: Option<Duration>) -> Messages<'_, T> {
        Messages { client: self, timeout, over: false }
    }

    /// Gives each message to `handler`, until it says `Break`; returns what it breaks with.
    ///
    /// The handler may use the client: publish an answer, subscribe, take the next message itself. The message is acknowledged when the
    /// handler has returned. To leave, break and [`disconnect`](Self::disconnect).
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    ///
    /// ```
    /// # use motemq_std::{Client, Options, Publish, QoS, Filter};
    /// # let broker = motemq_rig::server::Server::start(motemq_rig::broker::Config::new())?;
    /// # let mut client = Client::connect(&Options::new("a").host("127.0.0.1").port(broker.addr().port()))?;
    /// use std::ops::ControlFlow;
    /// client.subscribe(&[Filter::new("ask", QoS::AtLeastOnce), Filter::new("answer", QoS::AtLeastOnce)])?;
    /// client.publish(&Publish::to("ask").payload(b"6*7").qos(QoS::AtLeastOnce))?;
    /// let answer = client.run(|client, message| match message.topic.as_str() {
    ///     "ask" => match client.publish(&Publish::to("answer").payload(b"42").qos(QoS::AtLeastOnce)) {
    ///         Ok(()) => ControlFlow::Continue(()),
    ///         Err(error) => ControlFlow::Break(Err(error)),
    ///     },
    ///     _ => ControlFlow::Break(Ok(message.payload)),
    /// })??;
    /// assert_eq!(answer, b"42");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn run<B>(&mut self, mut handler: impl FnMut(&mut Self, Message) -> ControlFlow<B>) -> Result<B, Error> {
        loop {
            if let Some(message) = self.recv(None)?
                && let ControlFlow::Break(value) = handler(self, message)
            {
                return Ok(value);
            }
        }
    }

    /// Leaves in good order: waits for what is under way, up to [`Options::ack_timeout`] (10 s without one), acknowledges the message given
    /// last, says DISCONNECT, so that the will is not published, and closes the transport. Messages not taken are not acknowledged; the broker
    /// keeps them if it keeps the session.
    ///
    /// # Errors
    /// `NotAcknowledged` or `OutcomeUnknown` if something under way did not come to its end; `ConnectionLost`. The client has left all the
    /// same.
    pub fn disconnect(mut self) -> Result<(), Error> {
        self.options.stop = None;
        self.accept();
        self.inbox.leave();
        let limit = self.options.ack_timeout.unwrap_or(LEAVE);
        let until = Instant::now().checked_add(limit);
        let settled = self.wait(until, |client| client.work.len() == 0);
        let left = self.say_goodbye(until);
        if !settled? {
            return Err(Error::NotAcknowledged { limit });
        }
        self.work.any_failure()?;
        left
    }

    fn say_goodbye(&mut self, until: Option<Instant>) -> Result<(), Error> {
        loop {
            if self.connected_at.is_none() {
                return Err(self.lost());
            }
            match self.manual.disconnect(&mut self.session, &mut *self.tx) {
                Ok(()) => break,
                Err(SendError::Full) if until.is_some_and(|until| Instant::now() < until) => self.turn(until)?,
                // Half a message is on its way and will not be finished: hanging up is all that is left.
                Err(_) => return Err(Error::ConnectionLost(Cause::HungUp)),
            }
        }
        self.finish().map_err(Error::ConnectionLost)
    }

    /// The message in the application's hands counts as dealt with.
    pub(crate) fn accept(&mut self) {
        if let Some(token) = self.in_hand.take() {
            // It may be of an earlier connection: then the broker will deliver it again, and nothing is owed.
            let _ = self.manual.ack(token);
        }
    }

    /// Does what can be done without waiting while messages are taken, but not for each of them.
    pub(crate) fn serve_between(&mut self) {
        if self.inbox.is_empty() || self.served_at.elapsed() > SERVE {
            self.served_at = Instant::now();
            // What goes wrong here is told by the next call; the message is here.
            let _ = self.serve();
        }
    }

    /// Sends something with QoS 0, or the beginning of something, as soon as there is room for it.
    pub(crate) fn begin(&mut self, publish: &Publish<'_>, until: Option<Instant>) -> Result<Option<motemq::PacketId>, Error> {
        let mut sent = Err(SendError::Busy);
        let done = self.wait(until, |client| {
            // Nothing overtakes what was handed over before.
            if client.work.queue.is_empty() {
                sent = client.session.publish(publish, &mut *client.tx);
            }
            !matches!(sent, Err(SendError::Full | SendError::Busy | SendError::Offline))
        })?;
        if !done {
            return Err(Error::TimedOut { what: "room to send a message", limit: self.limit() });
        }
        let id = sent.map_err(|error| Error::Invalid(format!("it cannot be sent: {error}")))?;
        self.serve()?;
        Ok(id)
    }

    pub(crate) fn must_be_streamed(&self, topic: &str, payload: usize) -> bool {
        topic.len() + payload + 16 > BUFFER
    }

    /// Waits until all is written. What lies in the buffer when the connection is lost is lost, too.
    pub(crate) fn drain(&mut self, connections: u32) -> Result<(), Error> {
        let until = self.deadline();
        if !self.wait(until, |client| client.tx.is_empty())? {
            return Err(Error::TimedOut { what: "progress in writing", limit: self.limit() });
        }
        self.is_on(connections)
    }

    /// It is still the same connection.
    pub(crate) fn is_on(&self, connections: u32) -> Result<(), Error> {
        if self.connections == connections && self.connected_at.is_some() { Ok(()) } else { Err(self.lost()) }
    }

    pub(crate) fn settle(&mut self, ticket: u64) -> Result<(), Error> {
        let until = self.deadline();
        if !self.wait(until, |client| !client.work.is_open(ticket))? {
            return Err(self.give_up(ticket));
        }
        self.work.outcome(ticket)
    }

    fn give_up(&mut self, ticket: u64) -> Error {
        let limit = self.limit();
        if self.work.withdraw(ticket) {
            Error::TimedOut { what: "connection with room for another message", limit }
        } else {
            Error::NotAcknowledged { limit }
        }
    }

    pub(crate) fn lost(&self) -> Error {
        Error::ConnectionLost(self.last_cause.clone().unwrap_or(Cause::Closed))
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.options.ack_timeout.and_then(|limit| Instant::now().checked_add(limit))
    }

    pub(crate) fn limit(&self) -> Duration {
        self.options.ack_timeout.unwrap_or(Duration::MAX)
    }
}

/// Connects, publishes one message, waits until the broker has acknowledged it, and disconnects.
///
/// # Errors
/// As [`Client::connect`], [`Client::publish`] and [`Client::disconnect`].
///
/// ```
/// # use motemq_std::{Options, Publish, QoS, publish_once};
/// # let broker = motemq_rig::server::Server::start(motemq_rig::broker::Config::new())?;
/// # let url = format!("mqtt://127.0.0.1:{}", broker.addr().port());
/// publish_once(&Options::from_url(&url)?, &Publish::to("cellar/door").payload(b"open").qos(QoS::AtLeastOnce))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn publish_once(options: &Options, publish: &Publish<'_>) -> Result<(), Error> {
    let mut client = Client::connect(options)?;
    client.publish(publish)?;
    client.disconnect()
}

/// Messages as they come: see [`Client::messages`].
#[derive(Debug)]
pub struct Messages<'c, T: Transport> {
    client: &'c mut Client<T>,
    timeout: Option<Duration>,
    over: bool,
}

impl<T: Transport> Iterator for Messages<'_, T> {
    type Item = Result<Message, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let next = self.client.recv(self.timeout).transpose();
        self.over = matches!(self.client.link, Link::Over(_)) && !matches!(next, Some(Ok(_)));
        next
    }
}

impl<T: Transport> fmt::Debug for Client<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let link = match &self.link {
            Link::Up(_) if self.connected_at.is_some() => "connected",
            Link::Up(_) => "connecting",
            Link::Down(_) => "waiting to connect again",
            Link::Over(_) => "over",
        };
        f.debug_struct("Client")
            .field("options", &self.options)
            .field("link", &link)
            .field("pending", &self.pending())
            .finish_non_exhaustive()
    }
}

fn check_filters<'a>(filters: impl ExactSizeIterator<Item = &'a str>) -> Result<(), Error> {
    if !(1..=255).contains(&filters.len()) {
        return Err(Error::Invalid(format!("{} filters: give 1 to 255 at a time", filters.len())));
    }
    for filter in filters {
        if !topic::is_filter(filter) {
            return Err(Error::Invalid(format!("{filter:?} is no topic filter: + stands alone in its level, # alone in the last one")));
        }
    }
    Ok(())
}

fn dial_tcp(host: &str, port: u16, limit: Duration) -> Result<TcpStream, Error> {
    let addresses = (host, port).to_socket_addrs().map_err(|source| Error::Resolve { host: host.into(), source: Arc::new(source) })?;
    let mut last = std::io::Error::from(std::io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match TcpStream::connect_timeout(&address, limit.max(Duration::from_millis(1))) {
            // Packets are small and go out whole: waiting for more to send would only make them late.
            Ok(stream) => match stream.set_nodelay(true) {
                Ok(()) => return Ok(stream),
                Err(error) => last = error,
            },
            Err(error) => last = error,
        }
    }
    Err(Error::Connect { address: format!("{host}:{port}"), source: Arc::new(last) })
}
