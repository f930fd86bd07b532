//! An MQTT 3.1.1 client as a sans-IO core: events in, bytes and actions out.
//!
//! It opens no socket, reads no clock, allocates nothing and depends on nothing, so the same code
//! runs on a Cortex-M4 and in a service. A [`Session`] holds all protocol state and no bytes; two
//! [`Buffer`]s hold bytes and no state. The caller owns all three, and moves the bytes between the
//! buffers and whatever carries them.
//!
//! There are four kinds of method, and one loop over them:
//!
//! - *Events* say what has happened: [`Session::next_event`].
//! - *Commands* ask for something: [`connect`](Session::connect), [`publish`](Session::publish),
//!   [`subscribe`](Session::subscribe), [`unsubscribe`](Session::unsubscribe),
//!   [`disconnect`](Session::disconnect) and a few more. They write into `tx` or do nothing.
//! - *The clock* says what time it is, and for how long one may sleep: [`Session::tick`].
//! - *Bytes*: [`Buffer::space`] and [`Buffer::commit`] around a read, [`Buffer::bytes`] and
//!   [`Buffer::consume`] around a write. When the transport is gone, [`Session::lost`].
//!
//! ```
//! use motemq::{Buffer, Connect, Event, Filter, Publish, QoS, Session, Slot};
//! use std::io::{ErrorKind, Read, Write};
//! use std::time::{Duration, Instant};
//!
//! # let broker = motemq_rig::server::Server::start(Default::default())?;
//! # let address = broker.addr();
//! let mut socket = std::net::TcpStream::connect(address)?;
//! let started = Instant::now();
//!
//! let mut session = Session::<[Slot; 8]>::new();
//! let mut rx = Buffer::<[u8; 256]>::new();
//! let mut tx = Buffer::<[u8; 256]>::new();
//! let mut log = Vec::new();
//!
//! session.connect(&Connect::new("node-7").keep_alive(30), &mut rx, &mut tx)?;
//! loop {
//!     // 1. What has happened? An answer needs room: without it, the message waits.
//!     while tx.room() >= 64 {
//!         let Some(event) = session.next_event(&mut rx, &mut tx)? else { break };
//!         match event {
//!             Event::Connected { .. } => {
//!                 session.subscribe(&[Filter::new("cmd/#", QoS::AtLeastOnce)], &mut tx)?;
//!             }
//!             Event::Subscribed { .. } => {
//!                 session.publish(&Publish::to("cmd/echo").payload(b"hello"), &mut tx)?;
//!             }
//!             Event::Message(m) if m.topic == "cmd/quit" => session.disconnect(&mut tx)?,
//!             Event::Message(m) if m.left == 0 => {
//!                 log.extend_from_slice(m.payload); // `m` borrows rx, not the session:
//!                 session.publish(&Publish::to("cmd/quit").payload(m.payload), &mut tx)?;
//!             }
//!             Event::Message(m) => log.extend_from_slice(m.payload), // larger than rx: the rest follows
//!             Event::Payload { data, .. } => log.extend_from_slice(data),
//!             _ => {}
//!         }
//!     }
//!     // 2. What time is it, and how long may we sleep?
//!     let nap = session.tick(started.elapsed().as_millis() as u32, &mut tx)?;
//!     // 3. Bytes out; wait for both directions at once where the transport can. Who may not sleep at all is late, and looks for
//!     // bytes first: a time limit is over, unless they say otherwise.
//!     if !tx.is_empty() && (nap != Some(0) || rx.space().is_empty()) {
//!         let n = socket.write(tx.bytes())?;
//!         tx.consume(n);
//!         continue;
//!     }
//!     if session.is_closed() {
//!         break;
//!     }
//!     // 4. Bytes in, for as long as we may sleep.
//!     socket.set_read_timeout(nap.map(|ms| Duration::from_millis(ms.max(1).into())))?;
//!     match socket.read(rx.space()) {
//!         Ok(0) => session.lost(),
//!         Ok(n) => rx.commit(n),
//!         Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
//!         Err(e) => return Err(e.into()),
//!     }
//! }
//! assert_eq!(log, b"hello");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Those whose memory is a ring or a DMA area use the slice form: [`Session::receive`] and [`Out`].
//! Those who acknowledge later and out of order put [`Manual`] between. Tools and fuzzers find the
//! whole codec in [`packet`].
//!
//! Feature `fast`, for hosts: short ways for whole messages with QoS 0 and 1, topics checked
//! sixteen bytes at a time, and bytes moved with `memcpy`, which a small target would have to link.
//! It changes nothing but speed. Feature `defmt`: the public types can be logged with defmt; as
//! with `Debug`, passwords and what buffers hold are not shown.
#![no_std]
#![forbid(unsafe_code)]
#![deny(
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable
)]

mod buffer;
mod command;
#[cfg(feature = "defmt")]
mod defmt;
mod error;
mod event;
mod manual_acks;
pub mod packet;
mod profile;
mod protocol;
mod session;
mod snapshot;
pub mod topic;
mod wire;

pub use buffer::{Buffer, Out, Output};
pub use command::{Connect, Filter, Publish, QoS};
pub use error::{Fault, ReturnCode, SendError};
pub use event::{Event, Message, SessionState};
pub use manual_acks::{AckToken, ManualAcks, PendingAck};
pub use profile::{Clean, Full, Profile, Sensor};
pub use protocol::{Mqtt311, Protocol};
pub use session::{PacketId, Session, Slot};
pub use snapshot::SnapshotError;
pub use topic::{TopicError, TopicFilter, TopicName};
