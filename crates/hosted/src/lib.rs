//! The code that `motemq-std` and `motemq-tokio` share. It combines the managed client of
//! `motemq-client` with the transports of `motemq-net`, and contains neither threads nor futures.
//!
//! Do not depend on this crate. `motemq-std` and `motemq-tokio` re-export its public items.
// The feature `_tls` has no name for users: it is what both TLS libraries have in common.
#![cfg_attr(docsrs, feature(doc_cfg), doc(auto_cfg(hide(feature = "_tls"))))]
#![warn(clippy::missing_errors_doc)]
mod attempts;
mod brokers;
mod client;
mod error;
mod log;
mod message;
mod options;
mod publish;
mod shared;
mod slices;
#[cfg(feature = "store")]
pub mod store;
mod target;
mod trace;
mod watch;

pub use attempts::{Done, Tasks, poll_tasks, report};
pub use brokers::{Address, Brokers, Candidates};
pub use error::{UploadError, closed, is_good, may_pass, no_credentials, unopened};
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
pub use shared::{PendingAck, Rest, Shared, Ticket, Upload};
pub use slices::slices;
pub use target::{Attempt, Login, Target, find_addresses};
pub use trace::{Hook, Trace};
pub use watch::Watch;
