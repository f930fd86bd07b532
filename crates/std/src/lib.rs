//! A blocking MQTT 3.1.1 client over TCP, TLS, WebSocket and Unix sockets, or over anything else
//! that reads and writes.
//!
//! [`Client`] is where to begin; [`Options`] say where the broker is. All protocol is in
//! [`motemq`]; this crate moves bytes and time.
//!
//! ```
//! use motemq_std::{Client, Filter, Options, Publish, QoS};
//! use std::time::Duration;
//! # let broker = motemq_rig::server::Server::start(motemq_rig::broker::Config::new())?;
//! # let url = broker.url();
//!
//! let mut client = Client::connect(&Options::from_url(&url)?.client_id("node-7"))?;
//! client.subscribe(&[Filter::new("door", QoS::ExactlyOnce)])?;
//! client.publish(&Publish::to("door").payload(b"open").qos(QoS::ExactlyOnce))?;
//! while let Some(message) = client.recv(Some(Duration::from_millis(100)))? {
//!     println!("{}: {:?}", message.topic, message.payload);
//! }
//! client.disconnect()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
mod client;
mod engine;
mod error;
mod inbox;
mod incoming;
mod options;
mod outgoing;
mod patience;
mod reconnect;
mod socket;
mod stream;
mod transport;
mod work;

pub use client::{Client, publish_once};
pub use error::{Error, ErrorKind};
pub use inbox::{Header, Message};
pub use incoming::Messages;
pub use motemq::{self, Fault, Filter, Publish, QoS, ReturnCode, SessionState, packet::Packet};
pub use motemq_net::{
    BackOff, BrokerUrl, Cause, Direction, Granted, PartialRead, Proxy, ProxyError, Reconnect,
    Route, Scheme, UrlError, Will, profile,
};
#[cfg(feature = "_tls")]
pub use motemq_net::{Tls, TlsBackend, TlsError, TlsErrorKind};
#[cfg(feature = "websocket")]
pub use motemq_net::{Upgrade, WebSocket, WebSocketClosed, WebSocketError};
pub use options::Options;
pub use outgoing::Receipt;
pub use stream::Stream;
pub use transport::Transport;
