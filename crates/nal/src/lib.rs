//! An MQTT client, for MQTT 3.1.1 and 5, over embedded network stacks. It needs neither an
//! operating system nor a heap, and moves bytes between a connection and a session of [`motemq`].
//!
//! - [`Link`] is one TCP connection of a stack that implements [`embedded_nal::TcpClientStack`]. It
//!   never blocks.
//! - With the feature `async`, `aio::Halves` and `aio::Whole` use anything that implements the traits
//!   of `embedded-io-async`, such as sockets of embassy-net, a UART, or TLS.
//!
//! All of them have a method `turn`, which moves bytes and passes the current time. The loop of the
//! application processes all events, sends commands, and calls `turn`.
//!
//! # Examples
//! ```
//! use motemq::{Buffer, Connect, Event, Filter, Publish, QoS, Session, Slot};
//! use motemq_nal::{Error, Link};
//! use std::time::{Duration, Instant};
//!
//! # let broker = motemq_testing::server::Server::start(Default::default())?;
//! # let address = broker.addr();
//! let mut stack = std_embedded_nal::Stack::default(); // on a device: its own
//! let started = Instant::now();
//!
//! let mut session = Session::<[Slot; 8]>::new();
//! let mut rx = Buffer::<[u8; 256]>::new();
//! let mut tx = Buffer::<[u8; 256]>::new();
//! let mut link = Link::new();
//! let mut heard = Vec::new();
//!
//! // Returns `WouldBlock` until the connection is open.
//! while link.open(&mut stack, address).is_err() {
//!     std::thread::sleep(Duration::from_millis(5));
//! }
//! session.connect(&Connect::new("node-7"), &mut rx, &mut tx)?;
//! loop {
//!     while tx.room() >= 64 {
//!         let Some(event) = session.next_event(&mut rx, &mut tx)? else { break };
//!         match event {
//!             Event::Connected { .. } => { session.subscribe(&[Filter::new("a", QoS::AtMostOnce)], &mut tx)?; }
//!             Event::Subscribed { .. } => { session.publish(&Publish::to("a").payload(b"hello"), &mut tx)?; }
//!             Event::Message(m) => {
//!                 heard.extend_from_slice(m.payload);
//!                 session.disconnect(&mut tx)?;
//!             }
//!             _ => {}
//!         }
//!     }
//!     let now = started.elapsed().as_millis() as u32;
//!     match link.turn(&mut stack, &mut session, &mut rx, &mut tx, now) {
//!         Ok(Some(0)) => {} // bytes have moved: continue at once
//!         Ok(_) => std::thread::sleep(Duration::from_millis(5)), // or until the stack's interrupt
//!         Err(Error::Closed) => break, // here: after our own DISCONNECT
//!         Err(error) => return Err(format!("{error}").into()),
//!     }
//! }
//! assert_eq!(heard, b"hello");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # MQTT 5
//!
//! The type of the session chooses the version of MQTT, and the adapters work with every
//! [`Protocol`](motemq::Protocol). With [`Mqtt5`](motemq::Mqtt5) the loop is the same; events have
//! properties, and commands take them.
//!
//! After a [`Fault`](motemq::Fault) the session has written DISCONNECT with a reason code to `tx`.
//! `turn` sends it before it returns [`Error::Closed`], so call `turn` until it returns an error.
//!
//! ```
//! use motemq::{
//!     Buffer, Connect, Event, Filter, Mqtt5, Property, Publish, QoS, ReasonCode, Session, Slot,
//! };
//! use motemq_nal::{Error, Link};
//! # use std::time::{Duration, Instant};
//!
//! # let broker = motemq_testing::server::Server::start(Default::default())?;
//! # let address = broker.addr();
//! # let mut stack = std_embedded_nal::Stack::default();
//! # let started = Instant::now();
//! # let mut received = None;
//! let mut session = Session::<[Slot; 8], Mqtt5>::with_protocol();
//! let mut rx = Buffer::<[u8; 256]>::new();
//! let mut tx = Buffer::<[u8; 256]>::new();
//! let mut link = Link::new();
//! # while link.open(&mut stack, address).is_err() {
//! #     std::thread::sleep(Duration::from_millis(5));
//! # }
//! let properties = [Property::SessionExpiryInterval(3600)];
//! session.connect(&Connect::new("node-7").properties(&properties), &mut rx, &mut tx)?;
//! loop {
//!     while tx.room() >= 64 {
//!         let event = match session.next_event(&mut rx, &mut tx) {
//!             Ok(Some(event)) => event,
//!             Ok(None) | Err(_) => break, // after a fault, `turn` writes the reason
//!         };
//!         match event {
//!             Event::Connected { .. } => {
//!                 session.subscribe(&[Filter::new("a", QoS::AtLeastOnce)], &mut tx)?;
//!             }
//!             Event::Subscribed { .. } => {
//!                 let properties = [Property::ContentType("text/plain".into())];
//!                 session.publish(&Publish::to("a").payload(b"hello").properties(&properties), &mut tx)?;
//!             }
//!             Event::Message(m) => {
//!                 let content_type = m.properties.content_type();
//! #               received = content_type.map(|text| text.as_str().to_owned());
//!                 session.disconnect_with(ReasonCode::DISCONNECT_WITH_WILL_MESSAGE, &[], &mut tx)?;
//!             }
//!             Event::Disconnected { code, .. } => {} // the broker ends the connection, for a reason
//!             _ => {}
//!         }
//!     }
//!     let now = started.elapsed().as_millis() as u32;
//!     match link.turn(&mut stack, &mut session, &mut rx, &mut tx, now) {
//!         Ok(_) => std::thread::sleep(Duration::from_millis(5)),
//!         Err(Error::Closed) => break,
//!         Err(error) => return Err(format!("{error}").into()),
//!     }
//! }
//! # assert_eq!(received.as_deref(), Some("text/plain"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! | feature | default | adds |
//! | --- | --- | --- |
//! | `async` | no | the module `aio`, over `embedded-io-async` |
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![warn(clippy::missing_errors_doc)]

#[cfg(feature = "async")]
pub mod aio;
mod error;
mod link;

pub use error::Error;
pub use link::Link;

/// The time in milliseconds that the other side has to take the last bytes of a session.
const FAREWELL: u32 = 1000;
