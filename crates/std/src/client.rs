//! The client: what the application calls.
use crate::{
    Cause, Error, Options, Stream, Transport,
    inbox::Inbox,
    work::{Body, Work},
};
use motemq::{
    AckToken, Buffer, ManualAcks, PendingAck, Publish, SendError, Session, SessionState, Slot,
};
use motemq_net::{BackOff, Tracer};
use std::{
    fmt, mem,
    time::{Duration, Instant},
};

/// Packets under way at once, in either direction. Brokers may have many more QoS 2 messages under
/// way than their window says: mosquitto's counts only those that were not received, not those it
/// has yet to release.
pub(crate) const SLOTS: usize = 1024;
/// Messages that wait for the application to deal with them.
pub(crate) const OWED: usize = 64;
/// Bytes of each of the two buffers: the longest topic fits, and any CONNECT but the most absurd.
pub(crate) const BUFFER: usize = 72 << 10;
/// How long leaving may take if nothing limits it.
const LEAVE: Duration = Duration::from_secs(10);

type Dial<T> = Box<dyn FnMut() -> Result<T, Error> + Send>;

/// A blocking client.
///
/// It has no thread of its own: everything happens inside its calls, and each of them, while it
/// waits for whatever it waits for, keeps the connection alive, receives, acknowledges, sends again
/// and connects again. So call it more often than the [keep-alive](Options::keep_alive) says;
/// [`recv`](Self::recv) with a time-out is what an idle client does.
///
/// **Received messages** wait in an inbox until they are taken: at most 256, 32 of them with QoS 1
/// or 2, and about twice [`Options::max_message`] bytes. When it is full nothing more is read, and
/// nothing is lost: the broker keeps the rest, and is told that we are alive. A call that waits for
/// an acknowledgement behind it then ends with [`Backlog`](Error::Backlog).
///
/// **A message is acknowledged only after the application has had it**: by the [`recv`](Self::recv)
/// (or one of its kin) that comes after the one that gave it, or by
/// [`disconnect`](Self::disconnect), or by the loss of the connection. A client that is dropped
/// leaves without DISCONNECT: the broker publishes the will, and delivers again what was not
/// acknowledged if the session is kept.
///
/// **What is published with QoS 1 and 2** is copied and kept until the broker has it. After a
/// reconnection it is sent again if the broker knows the session; if not, with QoS 1 as a new
/// message, while with QoS 2 the call ends with [`OutcomeUnknown`](Error::OutcomeUnknown),
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
pub struct Client<T: Transport = Stream> {
    pub(crate) options: Options,
    pub(crate) dial: Option<Dial<T>>,
    pub(crate) waits: Option<BackOff>,
    pub(crate) link: Link<T>,
    pub(crate) session: Box<Session<[Slot; SLOTS]>>,
    pub(crate) manual: Box<ManualAcks<[PendingAck; OWED]>>,
    pub(crate) rx: Box<Buffer<[u8; BUFFER]>>,
    pub(crate) tx: Box<Buffer<[u8; BUFFER]>>,
    pub(crate) work: Work,
    pub(crate) inbox: Inbox,
    /// What the application has in its hands, to be acknowledged when it asks for more.
    pub(crate) in_hand: Option<AckToken>,
    pub(crate) tracer: Option<Tracer>,
    pub(crate) clock: Instant,
    pub(crate) served_at: Instant,
    /// Since when the other side takes no bytes.
    pub(crate) stalled_at: Option<Instant>,
    /// Since when an answer is late that is awaited.
    pub(crate) late_since: Option<Instant>,
    pub(crate) connected_at: Option<Instant>,
    pub(crate) read_limit: Option<Duration>,
    /// The receive buffer is full of what cannot be taken out of it.
    pub(crate) choked: bool,
    pub(crate) known: Option<SessionState>,
    pub(crate) connections: u32,
    pub(crate) last_cause: Option<Cause>,
    /// A question that was left when too many messages stood before its answer.
    pub(crate) left: Option<(u64, Body)>,
}

/// What there is of a connection.
pub(crate) enum Link<T> {
    Up(T),
    /// To be tried again at this time.
    Down(Instant),
    Over(Error),
}

impl Client<Stream> {
    /// Connects as the options say: over TCP or a Unix socket, with or without TLS and WebSocket.
    ///
    /// Tried once, for each address of the host; only a connection that was once accepted is made
    /// [again](Options::reconnect).
    ///
    /// # Errors
    /// `Resolve`, `Connect`, `Tls`, `WebSocket`, `Refused`, `NotAuthorized`, `NoAnswer`,
    /// `ConnectionLost`, `Invalid`, `OverLimit`.
    pub fn connect(options: &Options) -> Result<Self, Error> {
        let address = options.clone();
        Self::dialing(move || address.dial(), options)
    }
}

impl<T: Transport> Client<T> {
    /// Connects over a transport that is open already; host and port of the options do not matter.
    /// There is no other when it is lost: see [`dialing`](Self::dialing).
    ///
    /// # Errors
    /// As [`connect`](Client::connect).
    pub fn over(transport: T, options: &Options) -> Result<Self, Error> {
        let mut client = Self::new(options);
        client.open(transport)?;
        Ok(client)
    }

    /// Connects over transports that `dial` opens: one now, and one for each reconnection. It is to
    /// give up after [`Options::connect_timeout`], with [`Error::Connect`] for instance;
    /// [`Options::dial`] does. Host and port of the options matter to it alone.
    ///
    /// # Errors
    /// As [`connect`](Client::connect), and what `dial` says.
    pub fn dialing(
        mut dial: impl FnMut() -> Result<T, Error> + Send + 'static,
        options: &Options,
    ) -> Result<Self, Error> {
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
            late_since: None,
            connected_at: None,
            read_limit: None,
            choked: false,
            known: None,
            connections: 0,
            last_cause: None,
            left: None,
            options: options.clone(),
        }
    }

    /// What the broker knew of us when it accepted the last connection.
    pub fn session(&self) -> SessionState {
        self.known.unwrap_or(SessionState::New)
    }

    /// How many connections were begun so far.
    pub fn connections(&self) -> u32 {
        self.connections
    }

    /// How many messages, subscriptions and so on the broker has not acknowledged yet.
    pub fn pending(&self) -> usize {
        self.work.len()
    }

    /// Leaves in good order: waits for messages under way, up to [`Options::ack_timeout`] (10 s
    /// without one), acknowledges the message given last, says DISCONNECT, so that the will is
    /// not published, and closes the transport. Messages not taken are not acknowledged; the broker
    /// keeps them if it keeps the session.
    ///
    /// # Errors
    /// `NotAcknowledged` or `OutcomeUnknown` if something under way did not come to its end;
    /// `ConnectionLost`. The client has left all the same.
    pub fn disconnect(self) -> Result<(), Error> {
        let limit = self.options.ack_timeout.unwrap_or(LEAVE);
        self.disconnect_within(limit)
    }

    /// [`disconnect`](Self::disconnect) that waits no longer than this for what is under way, and a
    /// second more to close the transport.
    ///
    /// # Errors
    /// As `disconnect`.
    pub fn disconnect_within(mut self, limit: Duration) -> Result<(), Error> {
        self.options.stop = None;
        self.accept();
        self.inbox.leave();
        let until = Instant::now().checked_add(limit);
        let mut calm = false;
        let settled = self.wait(until, |client| {
            // What was accepted is acknowledged by the second time. What comes now never will be,
            // and must not bar the answers behind it.
            let open = client.connected_at.is_some()
                && client.tx.is_empty()
                && client.session.payload_remaining() == 0;
            if mem::replace(&mut calm, open) && open {
                *client.manual = ManualAcks::new();
            }
            !client.work.has_messages()
        });
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
                Err(SendError::Full) if until.is_some_and(|until| Instant::now() < until) => {
                    self.turn(until)?
                }
                // Half a message is on its way and will not be finished: hanging up is all that is
                // left.
                Err(_) => return Err(Error::ConnectionLost(Cause::HungUp)),
            }
        }
        self.finish().map_err(Error::ConnectionLost)
    }

    /// It is still the same connection.
    pub(crate) fn is_on(&self, connections: u32) -> Result<(), Error> {
        if self.connections == connections && self.connected_at.is_some() {
            Ok(())
        } else {
            Err(self.lost())
        }
    }

    pub(crate) fn lost(&self) -> Error {
        Error::ConnectionLost(self.last_cause.clone().unwrap_or(Cause::Closed))
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.options
            .ack_timeout
            .and_then(|limit| Instant::now().checked_add(limit))
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
