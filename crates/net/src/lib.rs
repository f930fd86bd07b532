//! Ways to a broker: its URL, and the layers between a socket and MQTT: proxies, TLS and WebSocket.
//!
//! Everything here works over any stream that reads and writes, whether it blocks or not: an
//! [`Opening`] does the handshakes of a [`Route`], and a [`Connection`] carries the bytes. Sockets,
//! threads and time are those of the adapters.
//!
//! The second half is shared by the hosted clients: identity, waiting between attempts to connect,
//! why connections end, what brokers allow, subscriptions, resending and tracing.

// Ways to a broker. Nothing of this knows MQTT.
mod addresses;
mod connection;
mod foreign_protocol;
mod open_error;
mod partial_read;
mod printable;
mod proxy;
mod route;
#[cfg(feature = "store")]
pub mod store;
#[cfg(feature = "_tls")]
mod tls;
mod url;
#[cfg(feature = "websocket")]
mod websocket;

pub use addresses::addresses_to_try;
pub use connection::{Connection, Opening};
pub use foreign_protocol::ForeignProtocol;
pub use open_error::OpenError;
pub use partial_read::PartialRead;
pub use proxy::{Proxy, ProxyError};
pub use route::Route;
#[cfg(feature = "_tls")]
pub use tls::{CertificateInfo, PeerInfo, Tls, TlsBackend, TlsError, TlsErrorKind, TlsStream};
pub use url::{BrokerUrl, Scheme, UrlError};
#[cfg(feature = "websocket")]
pub use websocket::{Upgrade, WebSocket, WebSocketClosed, WebSocketError};

#[cfg(any(feature = "_tls", feature = "websocket"))]
pub(crate) use connection::Progress;
pub(crate) use proxy::ProxyHandshake;

/// Returns whether a stream can go on later after an error of this kind.
pub(crate) fn is_pause(kind: std::io::ErrorKind) -> bool {
    use std::io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(kind, WouldBlock | TimedOut | Interrupted)
}

// What hosted clients share. It depends on the above, and nothing above depends on it.
mod back_off;
mod cause;
mod identity;
mod options;
pub mod profile;
mod resend;
mod topics;
mod trace;

pub use back_off::{BackOff, Reconnect};
pub use cause::{Cause, advice, is_about_login, unconnectable, unsendable};
pub use identity::{Identity, Will};
pub use resend::{Asked, Suspect};
pub use topics::{Granted, Subscriptions, check_filters, check_topic};
pub use trace::{Direction, Hook, Tracer};
