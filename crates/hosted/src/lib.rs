//! The parts that the blocking and the asynchronous client of Motemq have in common: they know both
//! the managed client and the ways to a broker, and neither threads nor futures.
//!
//! This crate is not for use by itself: `motemq-std` and `motemq-tokio` pass on what is public of
//! it.
mod brokers;
mod error;
mod log;
mod options;
mod publish;
mod slices;
#[cfg(feature = "store")]
pub mod store;
mod target;
mod trace;
mod watch;

pub use brokers::{Address, Brokers, Candidates};
pub use error::{UploadError, closed, no_credentials, unopened};
pub use log::log;
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
pub use slices::slices;
pub use target::{Attempt, Login, Target, find_addresses};
pub use trace::{Hook, Trace};
pub use watch::Watch;
