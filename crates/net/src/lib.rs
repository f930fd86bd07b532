//! Ways to a broker: its URL, and the layers between a socket and MQTT: proxies, TLS and WebSocket.
//!
//! Everything here works over any stream that reads and writes, whether it blocks or not: an
//! [`Opening`] does the handshakes of a [`Route`], and a [`Connection`] carries the bytes. Sockets that
//! do not block, threads and time are those of the adapters. Nothing of it knows MQTT.
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
mod unsent;
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
pub use tls::{
    CertificateInfo, PeerInfo, Tls, TlsBackend, TlsError, TlsErrorKind, TlsStream, TlsVersion,
};
pub use unsent::limit_unsent;
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

/// The example of this crate's README is compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
