//! The code that `motemq-std` and `motemq-tokio` share. It combines the managed client of
//! `motemq-client` with the transports of `motemq-net`. It starts no threads, and has neither
//! futures nor a clock.
//!
//! In this crate, a *face* is one of these two crates, and its *driver* is the thread or task that
//! moves the bytes of the connection. A *waiter* is a thread or task that waits for the client.
//!
//! Do not depend on this crate: its interface can change with each version. `motemq-std` and
//! `motemq-tokio` re-export the types that programs use: [`Address`], [`Attempt`] and
//! [`UploadError`].
// The feature `_tls` has no name for users: it is what both TLS libraries have in common.
#![cfg_attr(docsrs, feature(doc_cfg), doc(auto_cfg(hide(feature = "_tls"))))]
#![warn(clippy::missing_errors_doc)]
mod attempts;
mod brokers;
mod buffers;
mod claims;
mod client;
mod credentials;
mod error;
mod inner;
mod log;
mod message;
mod options;
mod publish;
mod received;
mod shared;
mod slices;
#[cfg(feature = "store")]
pub mod store;
mod stream;
mod target;
mod trace;
mod waiters;
mod watch;
mod woken;

pub use attempts::{Attempts, Done, Tasks, carry_out, poll_tasks, report};
pub use brokers::{Address, Brokers, Candidates};
pub use buffers::{Buffers, Pipe, Read, Turn};
pub use claims::{Awaited, PendingAck, Rest, Ticket, Upload};
pub use credentials::{BoxError, Credentials};
pub use error::{UploadError, completed, may_pass, no_credentials, on_closed, unopened};
pub use inner::Inner;
pub use log::log;
pub use message::broken_payload;
#[doc(hidden)]
pub use motemq_client::{Direction, TracedPacket};
#[cfg(feature = "_tls")]
#[doc(hidden)]
pub use motemq_net::Tls;
#[cfg(feature = "websocket")]
#[doc(hidden)]
pub use motemq_net::WebSocket;
#[doc(hidden)]
pub use motemq_net::{Proxy, Route, UrlError};
pub use publish::{publish, publish_bytes};
pub use shared::{Face, Handle, Shared};
pub use stream::Stream;
pub use target::{Attempt, Login, Target, find_addresses};
pub use trace::{Hook, Trace};
pub use waiters::Waiter;
pub use watch::Watch;
pub use woken::Woken;
