//! An MQTT 3.1.1 session of [`motemq`] over embedded network stacks: no allocation, no operating
//! system.
//!
//! - [`Link`] is one TCP connection of a stack that implements [`embedded_nal::TcpClientStack`]. It
//!   never waits.
//! - With the feature `async`: `aio::Halves` and `aio::Whole` carry a session over anything that
//!   reads and writes by `embedded-io-async`: embassy-net, a UART, TLS.
//!
//! Both have one method that moves bytes, `turn`, and the application's loop around it is the same:
//! take all events, give commands, turn.
//!
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
//! // Says `WouldBlock` until the connection is open, and wants to be called again.
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
//!         Ok(Some(0)) => {} // bytes have moved: go on at once
//!         Ok(_) => std::thread::sleep(Duration::from_millis(5)), // or until the stack's interrupt
//!         Err(Error::Closed) => break, // here: since we have said DISCONNECT
//!         Err(error) => return Err(format!("{error}").into()),
//!     }
//! }
//! assert_eq!(heard, b"hello");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![no_std]

#[cfg(feature = "async")]
pub mod aio;
mod error;
mod link;

pub use error::Error;
pub use link::Link;

/// The examples of the page about porting are compiled, too.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/porting.md")]
struct Porting;

/// The example of the guide is compiled.
#[cfg(all(doctest, feature = "async"))]
#[doc = include_str!("../../../docs/guide/src/device-embassy.md")]
struct Guide;
