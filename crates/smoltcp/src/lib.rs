//! An MQTT client, for MQTT 3.1.1 and 5, over TCP sockets of [`smoltcp`]. It needs neither `std`
//! nor a heap. A [`Link`] moves bytes between a socket and a [`Session`] of [`motemq`].
//!
//! The application owns the session, its buffers, the socket, the interface and the loop. In the
//! loop, [`next_event`](Link::next_event) reads packets, and [`turn`](Link::turn) writes, passes
//! the time, and closes the socket when the connection has ended. Packets are read in place in the
//! receive ring of the socket. Only a packet that is incomplete, or that continues at the beginning
//! of the ring, is copied to `rx`. Packets to be sent are written to `tx`, and from there to the
//! socket.
//!
//! # Examples
//! ```
//! use motemq::{Buffer, Connect, Event, Filter, QoS, Session, Slot};
//! use motemq_smoltcp::{Link, Turn, nap};
//! use smoltcp::{iface::{Interface, SocketHandle, SocketSet}, phy::Device, socket::tcp, time::{Duration, Instant}, wire::IpAddress};
//!
//! fn run(
//!     iface: &mut Interface, device: &mut impl Device, sockets: &mut SocketSet<'_>, handle: SocketHandle,
//!     now: impl Fn() -> Instant, sleep: impl Fn(Option<Duration>), free_port: impl Fn() -> u16,
//! ) -> Result<(), Box<dyn std::error::Error>> {
//!     let mut session = Session::<[Slot; 8]>::new();
//!     let (mut rx, mut tx) = (Buffer::<[u8; 256]>::new(), Buffer::<[u8; 256]>::new());
//!     let mut link = Link::new();
//!     loop {
//!         iface.poll(now(), device, sockets);
//!         let socket = sockets.get_mut::<tcp::Socket>(handle);
//!         // 1. Process events. An answer needs room in tx; without it, the event waits.
//!         while tx.room() >= 64 && let Some(event) = link.next_event(socket, &mut session, &mut rx, &mut tx)? {
//!             match event {
//!                 Event::Connected { .. } => { session.subscribe(&[Filter::new("cmd/#", QoS::AtLeastOnce)], &mut tx)?; }
//!                 Event::Message(m) if m.topic == "cmd/quit" => session.disconnect(&mut tx)?,
//!                 _ => {}
//!             }
//!         }
//!         // 2. Move bytes, pass the current time, and sleep until bytes arrive or something is due.
//!         match link.turn(socket, &mut session, &mut rx, &mut tx, now())? {
//!             Turn::Sleep(limit) => sleep(nap(iface, sockets, now(), limit)),
//!             Turn::Over => {
//!                 session.connect(&Connect::new("node-7").keep_alive(30), &mut rx, &mut tx)?;
//!                 let broker = (IpAddress::v4(192, 0, 2, 1), 1883);
//!                 socket.connect(iface.context(), broker, free_port()).map_err(|error| error.to_string())?;
//!             }
//!         }
//!     }
//! }
//! ```
//! This program reconnects at once whenever the connection has ended, and exits at the first
//! [`Fault`]. A real program waits before each attempt, longer each time, and also reconnects after
//! a fault.
//!
//! A long payload can be written from the application's memory to the socket without a copy in
//! `tx`: announce it with [`remaining`](motemq::Publish::remaining). When `tx` is empty, pass a
//! part of it to `socket.send_slice`, and the number of bytes that the socket took to
//! [`publish_direct`](Session::publish_direct).
//!
//! # MQTT 5
//!
//! The type of the session chooses the version of MQTT, and a link works with every [`Protocol`].
//! With [`Mqtt5`](motemq::Mqtt5) the loop is the same; events have properties, and commands take
//! them:
//!
//! ```
//! use motemq::{
//!     Buffer, Connect, Event, Filter, Mqtt5, Property, Publish, QoS, ReasonCode, SendError, Session, Slot,
//!     SubscriptionOptions,
//! };
//! use motemq_smoltcp::Link;
//! use smoltcp::socket::tcp::Socket;
//!
//! type Node = Session<[Slot; 8], Mqtt5>;
//!
//! fn connect(
//!     session: &mut Node, random: u16, rx: &mut Buffer, tx: &mut Buffer,
//! ) -> Result<(), SendError> {
//!     let properties = [Property::SessionExpiryInterval(3600)];
//!     let connect = Connect::new("node-7").keep_session().identifier_offset(random | 1); // never 0
//!     session.connect(&connect.properties(&properties), rx, tx)
//! }
//!
//! fn events(
//!     link: &mut Link, socket: &mut Socket<'_>, session: &mut Node, rx: &mut Buffer, tx: &mut Buffer,
//! ) -> Result<(), Box<dyn std::error::Error>> {
//!     while tx.room() >= 64 && let Some(event) = link.next_event(socket, session, rx, tx)? {
//!         match event {
//!             // Subscribes in a resumed session, too: the connection may have been lost before the broker
//!             // received the first SUBSCRIBE.
//!             Event::Connected { .. } => {
//!                 let options = SubscriptionOptions { no_local: true, ..Default::default() };
//!                 session.subscribe(&[Filter::new("clock", QoS::AtLeastOnce).options(options)], tx)?;
//!             }
//!             Event::Message(request) => match request.properties.response_topic() {
//!                 Some(topic) => {
//!                     let properties = [Property::ContentType("text/plain".into())];
//!                     let response = Publish::to(topic.as_str()).payload(b"12:30");
//!                     session.publish(&response.properties(&properties), tx)?;
//!                 }
//!                 None if request.qos() != QoS::AtMostOnce && request.remaining == 0 => {
//!                     session.refuse(ReasonCode::IMPLEMENTATION_SPECIFIC_ERROR)?;
//!                 }
//!                 None => {} // with QoS 0 there is no answer
//!             },
//!             Event::Disconnected { .. } => {} // the reason of the broker; `turn` closes the socket
//!             _ => {}
//!         }
//!     }
//!     Ok(())
//! }
//! ```
//!
//! After a [`Fault`] the session has written DISCONNECT with a reason code to `tx`.
//! [`turn`](Link::turn) sends it before it closes the socket, so call `turn` until it returns
//! [`Turn::Over`].
#![no_std]
#![warn(clippy::missing_errors_doc)]

use motemq::{Buffer, Event, Fault, Protocol, Session, Slot};
use smoltcp::{
    iface::{Interface, SocketSet},
    socket::tcp::{Socket, State},
    time::{Duration, Instant},
};

/// The time that the other side has to take the last bytes and to close a connection that the
/// session has ended.
const PATIENCE: Duration = Duration::from_secs(10);

/// Moves bytes between a TCP socket and a session, for one connection after the other. It takes at
/// most 32 bytes. The [crate's documentation](crate) has an example.
#[derive(Clone, Debug, Default)]
pub struct Link {
    /// Bytes that the last event took, and perhaps still borrows ...
    taken: usize,
    /// ... from `rx`, not from the socket's ring.
    from_rx: bool,
    /// Since the last turn the session has wanted more than the ring or `rx` has in one piece.
    hungry: bool,
    /// Since when the session is closed and the socket is not.
    parting: Option<Instant>,
}

/// The next action of the caller after a [turn](Link::turn).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// Sleep until a packet arrives, but no longer than this time, if there is one: see [`nap`].
    Sleep(Option<Duration>),
    /// There is no connection, and the socket is free for a new one. Call
    /// [`connect`](Session::connect) of the session, and `connect` of the socket.
    Over,
}

impl Link {
    /// Makes a link without a connection.
    pub const fn new() -> Self {
        Link {
            taken: 0,
            from_rx: false,
            hungry: false,
            parting: None,
        }
    }

    /// Returns the next event, as [`Session::next_event`] does, from the bytes in the receive ring
    /// of the socket or in `rx`. The event borrows the socket and `rx`, but neither the session nor
    /// `tx`.
    ///
    /// # Errors
    /// A [`Fault`] ends the connection. The next calls of [`turn`](Self::turn) send the bytes that
    /// are still in `tx`, for example acknowledgements, and close the socket.
    pub fn next_event<'r, P: Protocol>(
        &mut self,
        socket: &'r mut Socket<'_>,
        session: &mut Session<[Slot], P>,
        rx: &'r mut Buffer,
        tx: &mut Buffer,
    ) -> Result<Option<Event<'r, P::Properties<'r>>>, Fault> {
        self.receive(socket, rx, |input, room| session.receive(input, room, tx))
    }

    /// Calls `receive` with the received bytes and the capacity of `rx`, and returns its result.
    /// `receive` calls the slice form of the session or of a layer over it, such as
    /// [`ManualAcks::receive`](motemq::ManualAcks::receive).
    ///
    /// # Errors
    /// The errors of `receive`.
    ///
    /// # Examples
    /// ```
    /// # use motemq::{Buffer, Event, Fault, ManualAcks, Session, AckToken};
    /// # use motemq_smoltcp::Link;
    /// # use smoltcp::socket::tcp::Socket;
    /// # fn next<'r>(
    /// #     link: &mut Link, manual: &mut ManualAcks, socket: &'r mut Socket<'_>, session: &mut Session, rx: &'r mut Buffer, tx: &mut Buffer,
    /// # ) -> Result<Option<(Event<'r>, Option<AckToken>)>, Fault> {
    /// link.receive(socket, rx, |input, room| manual.receive(session, input, room, tx))
    /// # }
    /// ```
    pub fn receive<'r, T>(
        &mut self,
        socket: &'r mut Socket<'_>,
        rx: &'r mut Buffer,
        receive: impl FnOnce(&mut &'r [u8], usize) -> Result<Option<T>, Fault>,
    ) -> Result<Option<T>, Fault> {
        self.drop_taken(socket, rx);
        let room = rx.capacity();
        self.from_rx = !rx.is_empty();
        let held = if self.from_rx {
            rx.bytes()
        } else {
            socket.peek(usize::MAX).unwrap_or_default()
        };
        let mut input = held;
        let told = receive(&mut input, room);
        self.taken = held.len().saturating_sub(input.len());
        self.hungry = matches!(told, Ok(None));
        told
    }

    /// Passes the time to the session, moves bytes between the session and the socket, and detects
    /// the end of the connection. Call it when there are no more events, then sleep as its result
    /// says, and poll the interface.
    ///
    /// When the session [is closed](Session::is_closed), for example after
    /// [`disconnect`](Session::disconnect), or because the broker has closed or reset the
    /// connection, this method sends the bytes that are left in `tx`, closes the socket, and then
    /// returns [`Turn::Over`]. If the socket has not closed after 10 s, for example because the
    /// broker accepts no bytes, the connection is reset.
    ///
    /// # Errors
    /// A [`Fault`], as [`Session::tick`]. The socket is reset then.
    pub fn turn<P: Protocol>(
        &mut self,
        socket: &mut Socket<'_>,
        session: &mut Session<[Slot], P>,
        rx: &mut Buffer,
        tx: &mut Buffer,
        now: Instant,
    ) -> Result<Turn, Fault> {
        self.drop_taken(socket, rx);
        let sleep = session
            .tick(now.total_millis() as u32, tx)
            .inspect_err(|_| socket.abort())?;
        if !tx.is_empty() {
            tx.consume(socket.send_slice(tx.bytes()).unwrap_or(0));
        }
        if session.is_closed() {
            return Ok(self.part(socket, tx, now));
        }
        let hungry = core::mem::take(&mut self.hungry);
        if hungry {
            // Half a packet does not stay in the ring, where it might not find room for its other
            // half.
            let read = socket.recv_slice(rx.space()).unwrap_or(0);
            rx.commit(read);
            if read > 0 {
                return Ok(Turn::Sleep(Some(Duration::ZERO)));
            }
        }
        let opening = matches!(socket.state(), State::SynSent | State::SynReceived);
        // What came before the end is read first; but who cannot answer it need not.
        if !opening && !socket.may_recv() && (hungry || !socket.may_send()) {
            session.on_connection_lost();
            return Ok(self.part(socket, tx, now));
        }
        Ok(Turn::Sleep(
            sleep.map(|ms| Duration::from_millis(ms.into())),
        ))
    }

    /// The session is closed: so shall be the socket, when all is sent.
    fn part(&mut self, socket: &mut Socket<'_>, tx: &Buffer, now: Instant) -> Turn {
        // The end comes behind what nobody wants to know any more.
        while socket
            .recv(|ring| (ring.len(), ring.len()))
            .is_ok_and(|dropped| dropped > 0)
        {}
        if tx.is_empty() || !socket.may_send() {
            socket.close();
        }
        if !socket.is_open() {
            *self = Link::new();
            return Turn::Over;
        }
        let end = *self.parting.get_or_insert(now) + PATIENCE;
        if now >= end {
            socket.abort();
            return Turn::Sleep(Some(Duration::ZERO));
        }
        Turn::Sleep(Some(end - now))
    }

    fn drop_taken(&mut self, socket: &mut Socket<'_>, rx: &mut Buffer) {
        let taken = core::mem::take(&mut self.taken);
        if self.from_rx {
            rx.consume(taken);
        } else if taken > 0 {
            // Received before, so it can be no error now.
            let _ = socket.recv(|_| (taken, ()));
        }
    }
}

/// Returns the time until the interface has to be polled again: the time that smoltcp needs, or
/// `limit` if it is shorter. `limit` is the time of [`Turn::Sleep`]. Returns `None` if there is no
/// such time, so that the caller can sleep until a packet arrives.
pub fn nap(
    iface: &mut Interface,
    sockets: &SocketSet<'_>,
    now: Instant,
    limit: Option<Duration>,
) -> Option<Duration> {
    iface
        .poll_delay(now, sockets)
        .into_iter()
        .chain(limit)
        .min()
}
