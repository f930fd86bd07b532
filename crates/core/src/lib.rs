//! A sans-IO core of an MQTT client: a state machine that reads received bytes and writes bytes to
//! be sent. A session uses MQTT 3.1.1, or MQTT 5 with [`Mqtt5`].
//!
//! It opens no socket, reads no clock, allocates no memory and has no dependencies, so the same
//! code runs on a Cortex-M4 and in a service. A [`Session`] holds the state of the protocol, but no
//! bytes. Two [`Buffer`]s, `rx` and `tx`, hold the received bytes and the bytes to be sent, but no
//! state. The caller owns all three, and moves the bytes between the buffers and the transport, for
//! example a TCP connection.
//!
//! There are four kinds of methods, which a program calls in a loop:
//!
//! - *Events* report what has happened: [`Session::next_event`].
//! - *Commands* send packets: [`connect`](Session::connect), [`publish`](Session::publish),
//!   [`subscribe`](Session::subscribe), [`unsubscribe`](Session::unsubscribe),
//!   [`disconnect`](Session::disconnect) and a few more. A command writes to `tx`, or returns an
//!   error and changes nothing.
//! - *Time*: [`Session::tick`] takes the time in milliseconds, and returns for how many
//!   milliseconds the program can sleep.
//! - *Transport*: [`Buffer::space`] and [`Buffer::commit`] for a read, [`Buffer::bytes`] and
//!   [`Buffer::consume`] for a write, and [`Session::on_connection_lost`] when the transport is
//!   closed.
//!
//! # Examples
//! ```
//! use motemq::{Buffer, Connect, Event, Filter, Publish, QoS, Session, Slot};
//! use std::io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
//! use std::io::{Read, Write};
//! use std::time::{Duration, Instant};
//!
//! fn run(mut socket: std::net::TcpStream) -> Result<(), Box<dyn std::error::Error>> {
//!     let started = Instant::now();
//!     let mut session = Session::<[Slot; 8]>::new();
//!     let mut rx = Buffer::<[u8; 256]>::new();
//!     let mut tx = Buffer::<[u8; 256]>::new();
//!     let mut answers = 0; // answers that wait for a free slot
//!     session.connect(&Connect::new("node-7").keep_alive(30), &mut rx, &mut tx)?;
//!     loop {
//!         // 1. Process events. A command needs room in tx, and with QoS 1 and 2 a free slot. The
//!         // acknowledgement that frees a slot may follow further messages, so answers wait while
//!         // the loop reads on.
//!         while tx.room() >= 128 {
//!             if answers > 0 && session.has_free_slot() {
//!                 let answer = Publish::to("reply").payload(b"ok").qos(QoS::AtLeastOnce);
//!                 session.publish(&answer, &mut tx)?;
//!                 answers -= 1;
//!                 continue;
//!             }
//!             let Some(event) = session.next_event(&mut rx, &mut tx)? else {
//!                 break;
//!             };
//!             match event {
//!                 Event::Connected { .. } => {
//!                     session.subscribe(&[Filter::new("cmd/#", QoS::AtLeastOnce)], &mut tx)?;
//!                 }
//!                 Event::Message(m) if m.topic == "cmd/quit" => session.disconnect(&mut tx)?,
//!                 Event::Message(m) if m.remaining == 0 => answers += 1,
//!                 Event::Payload { remaining: 0, .. } => answers += 1,
//!                 _ => {} // pieces of a message larger than rx, except the last
//!             }
//!         }
//!         // 2. Pass the current time, and get the time to sleep.
//!         let sleep = session.tick(started.elapsed().as_millis() as u32, &mut tx)?;
//!         // 3. Write. If a time limit has passed, read first, since an answer may have arrived.
//!         if !tx.is_empty() && (sleep != Some(0) || rx.space().is_empty()) {
//!             let n = socket.write(tx.bytes())?;
//!             tx.consume(n);
//!             continue;
//!         }
//!         if session.is_closed() {
//!             return Ok(());
//!         }
//!         // 4. Read, and wait no longer than the time to sleep.
//!         socket.set_read_timeout(sleep.map(|ms| Duration::from_millis(ms.max(1).into())))?;
//!         match socket.read(rx.space()) {
//!             Ok(0) => session.on_connection_lost(),
//!             Ok(n) => rx.commit(n),
//!             Err(e) if matches!(e.kind(), Interrupted | TimedOut | WouldBlock) => {}
//!             Err(e) => return Err(e.into()),
//!         }
//!     }
//! }
//! ```
//!
//! # Other uses
//!
//! - Programs whose buffers are rings or DMA areas use the slice form: [`Session::receive`] and
//!   [`Out`].
//! - Programs that acknowledge messages later, in any order, use [`ManualAcks`].
//! - Programs with MQTT 5 use `Session::<[Slot; 8], Mqtt5>::with_protocol()`. Its events have
//!   [`Properties`], and its commands take lists of [`Property`]. [`Either`] is for hosts that
//!   choose the version when they connect. [`TopicAliases`] replaces the server's aliases with their
//!   topics, and [`SentTopicAliases`] is for programs that send more than 16 aliases.
//! - Programs that do not need all of the protocol leave out parts of it with a [`Profile`].
//! - Tools and fuzzers use the complete codec in [`packet`].
//!
//! # Features
//!
//! | feature | default | adds |
//! | --- | --- | --- |
//! | `fast` | no | for hosts: shortcuts for complete messages with QoS 0 and 1 and for short acknowledgements, checks of topics sixteen bytes at a time, and copies by `memcpy`, which small targets would have to link. The behaviour stays the same; a session takes 4 bytes more, and a [`PendingAck`] takes 12 bytes instead of 4. |
//! | `defmt` | no | `defmt::Format` for the public types. As with `Debug`, passwords and the content of buffers are not shown. |
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![forbid(unsafe_code)]
#![warn(clippy::missing_errors_doc)]
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
mod property;
mod protocol;
mod reason;
mod session;
mod snapshot;
mod text;
pub mod topic;
mod topic_aliases;
mod wire;

pub use buffer::{Buffer, Out, Output};
pub use command::{
    Connect, Filter, FilterOptions, Publish, QoS, RetainHandling, SubscriptionOptions,
};
pub use error::{Fault, ReturnCode, SendError};
pub use event::{Event, Message, SessionState};
pub use manual_acks::{AckToken, ManualAcks, PendingAck};
pub use profile::{Clean, Full, Profile, Sensor};
pub use property::{Properties, Property, PropertyError, PropertySource};
pub use protocol::{
    Either, HasMqtt5, Mqtt5, Mqtt311, Protocol, SendOptions, SendProperties, Version,
};
pub use reason::ReasonCode;
pub use session::{Limits, PacketId, SentTopicAliases, Session, Slot};
pub use snapshot::SnapshotError;
pub use text::Text;
pub use topic::{TopicError, TopicFilter, TopicName};
pub use topic_aliases::TopicAliases;

/// The example of this crate's README is compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
