//! Transports to an MQTT broker: broker URLs, and the layers between a socket and MQTT, which are
//! proxies, TLS and WebSocket.
//!
//! An [`Opening`] performs the handshakes of a [`Route`] over any stream that reads and writes,
//! whether it blocks or not, and returns a [`Connection`], which reads and writes the bytes of
//! MQTT. The caller provides sockets, threads and time. The crate does not contain MQTT itself.
//!
//! # Examples
//! ```no_run
//! use motemq_net::{BrokerUrl, Opening, Route};
//! use std::{io::Write, net::TcpStream};
//!
//! let route = Route::from(&BrokerUrl::parse("mqtt://broker.example")?);
//! let mut opening = Opening::new(&route, TcpStream::connect(route.next_hop())?)?;
//! let mut connection = loop {
//!     if let Some(connection) = opening.advance()? {
//!         break connection;
//!     }
//! };
//! connection.write_all(b"packets of MQTT")?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! | feature | adds |
//! | --- | --- |
//! | `native-tls` | TLS with the platform's library: OpenSSL, SChannel or Secure Transport |
//! | `rustls` | TLS with rustls; with both, the platform's library is the default |
//! | `websocket` | WebSocket |
//! | `store` | a database file (redb), in which sessions and messages survive the end of the process; needs Rust 1.89 |
// The feature `_tls` has no name for users: it is what both TLS libraries have in common.
#![cfg_attr(docsrs, feature(doc_cfg), doc(auto_cfg(hide(feature = "_tls"))))]
#![warn(clippy::missing_errors_doc)]
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
#[cfg_attr(docsrs, doc(cfg(any(feature = "native-tls", feature = "rustls"))))]
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
