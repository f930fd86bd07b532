//! A managed MQTT client without I/O: a session, and everything that a program needs around it.
//!
//! The [`Client`] decides everything that the core, [`motemq`], leaves to the program: when to
//! connect and to which broker, which messages to send again, which filters to subscribe to again,
//! when to give up, which stream receives a message, when the message is acknowledged, and how many
//! messages and bytes may wait. It opens no socket, starts no thread, polls no future and reads no
//! clock, so one client serves blocking and asynchronous adapters, simulations and model checkers.
//! It can be cloned and hashed, and needs only `alloc`.
//!
//! A program owns a client, a transport and two buffers, and moves bytes, time and events between
//! them. There are six kinds of methods:
//!
//! - *Commands*: [`publish`](Client::publish), [`subscribe`](Client::subscribe),
//!   [`unsubscribe`](Client::unsubscribe), [`begin_upload`](Client::begin_upload),
//!   [`withdraw`](Client::withdraw), [`disconnect`](Client::disconnect). A command is accepted, or
//!   returns an error and changes nothing. [`poll_outcome`](Client::poll_outcome) returns the
//!   result of an accepted command.
//! - *Messages*: [`take`](Client::take) from a stream, [`ack`](Client::ack),
//!   [`read_payload`](Client::read_payload).
//! - *Transport*: [`poll_transport`](Client::poll_transport) returns the next action;
//!   [`on_resolved`](Client::on_resolved), [`on_opened`](Client::on_opened),
//!   [`on_open_failed`](Client::on_open_failed) and [`on_closed`](Client::on_closed) report its
//!   result.
//! - *Bytes*: [`read_limit`](Client::read_limit) and [`on_read`](Client::on_read) for received
//!   bytes, [`poll_output`](Client::poll_output) and [`on_written`](Client::on_written) for bytes
//!   to be sent. Both buffers belong to the driver, so that it can read and write while another
//!   thread uses the client. With [`poll_payload`](Client::poll_payload), the rest of a long
//!   message is read directly into the memory of the message.
//! - *Time*: [`poll_timeout`](Client::poll_timeout) and [`on_timeout`](Client::on_timeout). Time is
//!   a [`Duration`](core::time::Duration) since the client was made.
//! - *Events*: [`poll_event`](Client::poll_event).
//!
//! # How a driver works
//!
//! In each turn, a driver calls `on_read` with all received bytes, `on_timeout`, `poll_output`,
//! `poll_event` until it returns `None`, and `poll_transport`. If one of them asks for another
//! turn, the driver begins it at once. Otherwise it waits until bytes arrive, the transport accepts
//! bytes, the timeout has passed, the application has given a command, or it has used one of the
//! methods for messages. Taking a message requires a turn only if
//! [`wants_drive`](Client::wants_drive) returned true before. A driver may hold a lock for a turn,
//! but holds none while it reads, writes or waits.
//!
//! The events [`Completed`](Event::Completed), [`Delivered`](Event::Delivered) and
//! [`Room`](Event::Room) wake waiting tasks or threads. They are emitted only if the application
//! has asked before and found nothing, so an adapter keeps one waker for each request and stream,
//! under [`RequestId::index`] and [`StreamId::index`].
//!
//! # Examples
//!
//! A complete driver, which here talks to a broker in memory:
//!
//! ```
//! use core::time::Duration;
//! use motemq_client::{
//!     AckMode, Client, Event, Options, READ_BUFFER, Taken, Transport, WriteBuf,
//! };
//! use motemq::{Filter, Publish, QoS};
//! # use motemq::packet::{Packet, decode};
//! # /// A broker that sends back what it is sent.
//! # #[derive(Default)]
//! # struct Connection { received: Vec<u8>, answers: Vec<u8>, is_closed: bool }
//! # impl Connection {
//! #     fn write(&mut self, bytes: &[u8]) -> Result<usize, ()> {
//! #         self.received.extend(bytes);
//! #         while let Ok(Some((packet, length))) = decode(&self.received) {
//! #             match packet {
//! #                 Packet::Connect(_) => self.answers.extend(b"\x20\x02\0\0"),
//! #                 Packet::Subscribe { id, .. } => {
//! #                     self.answers.extend(b"\x90\x03");
//! #                     self.answers.extend(id.get().to_be_bytes());
//! #                     self.answers.push(1);
//! #                 }
//! #                 Packet::Publish { .. } => {
//! #                     let id = &self.received[8..10];
//! #                     self.answers.extend(b"\x40\x02");
//! #                     self.answers.extend(id);
//! #                     self.answers.extend(&self.received[..length]);
//! #                 }
//! #                 Packet::Disconnect => self.is_closed = true,
//! #                 _ => {}
//! #             }
//! #             self.received.drain(..length);
//! #         }
//! #         Ok(bytes.len())
//! #     }
//! #     /// Waits for no longer than the limit.
//! #     fn read(&mut self, buffer: &mut [u8], _limit: Option<Duration>) -> Result<usize, ()> {
//! #         let n = self.answers.len().min(buffer.len());
//! #         buffer[..n].copy_from_slice(&self.answers[..n]);
//! #         self.answers.drain(..n);
//! #         Ok(n)
//! #     }
//! # }
//! # fn random() -> u64 { 4 }
//! let started = std::time::Instant::now();
//! let mut client = Client::new(Options::new("node-7")).unwrap();
//! let mut connection: Option<Connection> = None;
//! let mut output = WriteBuf::new();
//! let mut buffer = vec![0; READ_BUFFER];
//! let mut received = 0; // bytes in the buffer that the client has not taken
//!
//! // Commands can be given at any time, before there is a connection as well.
//! let (_, stream) = client.subscribe(&[Filter::new("door", QoS::AtLeastOnce)]).unwrap();
//! let open = Publish::to("door").payload(b"open").qos(QoS::AtLeastOnce);
//! let request = client.publish(&open).unwrap().expect("it has QoS 1");
//! let mut messages = Vec::new();
//!
//! loop {
//!     // 1. One turn. A driver with several threads holds its lock here.
//!     let now = started.elapsed();
//!     let mut input = &buffer[..received];
//!     let mut again = client.read_limit() > 0 && client.on_read(&mut input, now);
//!     let rest = input.len();
//!     buffer.copy_within(received - rest..received, 0);
//!     received = rest;
//!     again |= client.on_timeout(now, || 0); // or the number of bytes in the socket's send queue
//!     again |= client.poll_output(&mut output);
//!     while let Some(event) = client.poll_event() {
//!         if let Event::Disconnected { reason, .. } = event {
//!             println!("{reason}"); // an adapter passes it on to the application
//!         }
//!     }
//!     // 2. The transport.
//!     match client.poll_transport(now, random()) {
//!         Transport::Resolve { attempt, .. } => {
//!             client.on_resolved(attempt, 1, now); // resolve the host of the broker here
//!             continue;
//!         }
//!         Transport::Dial { attempt, .. } => {
//!             connection = Some(Connection::default()); // open a connection here
//!             (received, output) = (0, WriteBuf::new());
//!             client.on_opened(attempt, started.elapsed()); // or on_open_failed
//!             continue;
//!         }
//!         Transport::Cancel { .. } => continue, // give up one of several parallel attempts
//!         Transport::Close => {
//!             connection = None;
//!             client.on_closed(None, now);
//!             continue;
//!         }
//!         Transport::Wait | Transport::Keep => {}
//!         Transport::Ended(reason) => {
//!             println!("{reason}");
//!             break;
//!         }
//!     }
//!     // 3. The application, which is usually another thread or task.
//!     while let Taken::Message(item) = client.take(stream, AckMode::OnNext) {
//!         messages.push(item.message);
//!         again = true; // an acknowledgement is due
//!     }
//!     if client.poll_outcome(request).is_some() && messages.len() == 1 {
//!         client.disconnect(now + Duration::from_secs(5));
//!     }
//!     // 4. Write and read. No lock is held here. If either fails or the connection has ended, call
//!     // on_closed with `started.elapsed()`, since time may have passed since the turn began.
//!     let Some(connection) = &mut connection else {
//!         let until = client.poll_timeout().unwrap_or(now); // sleep until then
//!         continue;
//!     };
//!     if !output.is_empty() {
//!         let n = connection.write(output.bytes()).unwrap(); // 0: it takes none now
//!         output.consume(n);
//!         client.on_written(n, started.elapsed());
//!     } else if !again && client.read_limit() > 0 {
//!         let limit = client.poll_timeout().map(|at| at.saturating_sub(now));
//!         // 0: no bytes have arrived within the limit.
//!         received += connection.read(&mut buffer[received..], limit).unwrap();
//!     }
//! }
//! assert_eq!((&*messages[0].topic, &messages[0].payload[..]), ("door", &b"open"[..]));
//! ```
//!
//! # Rules
//!
//! The [architecture
//! page](https://github.com/motemq/motemq/blob/main/ARCHITECTURE.md#the-rules-of-the-managed-client)
//! lists the rules that the client keeps, such as "A message is acknowledged only after the
//! application has processed it", with the tests of each rule.
#![no_std]
#![forbid(unsafe_code)]
#![warn(clippy::missing_errors_doc)]

extern crate alloc;

mod acknowledgement;
mod aliases;
mod authentication;
mod back_off;
mod client;
mod error;
mod event;
mod face;
mod hash;
mod inbox;
mod lazy;
mod moment;
mod options;
mod output;
mod payload_buf;
pub mod profile;
mod properties;
mod protocol;
mod received;
mod reconnect;
mod requests;
mod responses;
mod slab;
mod store;
mod trace;
mod write_buf;

pub use acknowledgement::Acknowledgement;
pub use aliases::AliasPolicy;
pub use authentication::Exchange;
pub use back_off::Reconnect;
pub use client::{Client, READ_BUFFER, Transport, UploadId};
pub use error::{
    AuthenticateError, BrokerReason, DisconnectReason, Ended, OptionsError, Outcome, PublishError,
    RequestError, ResponseError, Stage, SubscribeError, TransportError, TransportErrorKind,
    UploadError,
};
pub use event::{Counters, Event, ServerLimits, State};
pub use inbox::{AckId, AckMode, Item, Message, PayloadId, PayloadRead, StreamId, Taken};
pub use motemq::Version;
pub use options::{Options, Overflow, WhenFull, Will};
pub use payload_buf::PayloadBuf;
pub use properties::{InvalidProperties, MessageProperties, PublishProperties, SubscribeOptions};
pub use requests::RequestId;
pub use responses::{Request, ResponseId};
pub use store::{Changes, Record, RestoreError};
pub use trace::{Direction, TracedPacket, Tracer};
pub use write_buf::WriteBuf;

/// The example of this crate's README is compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
