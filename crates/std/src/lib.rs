//! A blocking MQTT client, for MQTT 3.1.1 and 5: a [`Client`] handle that threads can share, and a
//! [`Driver`] that maintains the connection, in a thread of its own or in a thread of the caller.
//!
//! Connections use TCP, TLS, WebSocket, Unix sockets, proxies, or [anything else](Transport) that
//! reads and writes. [`motemq_client`] decides when to connect, what to send again and when to give
//! up; this crate moves the bytes.
//!
//! # Examples
//! ```
//! use motemq_std::{Client, Filter, Options, Publish, QoS};
//! # let broker = motemq_testing::server::Server::start(Default::default())?;
//! # let url = broker.url();
//!
//! let client = Client::connect(Options::from_url(&url)?.client_id("node-7"))?;
//! let mut door = client.subscribe(&[Filter::new("door", QoS::ExactlyOnce)])?;
//! client.publish(&Publish::to("door").payload(b"open").qos(QoS::ExactlyOnce))?.wait()?;
//! let message = door.recv().expect("our own message");
//! println!("{}: {:?}", message.topic, message.payload);
//! client.disconnect(std::time::Duration::from_secs(5))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # When there is no connection
//!
//! The client reconnects by itself. Meanwhile, calls wait for the connection. [`Client::states`]
//! reports why there is no connection, and when the next attempt begins. The driver also emits
//! events of the crate `tracing`. To print them, add the crate `tracing-subscriber`, and begin
//! `main` with:
//!
//! ```text
//! tracing_subscriber::fmt::init();
//! ```
//!
//! # Errors
//!
//! Each operation has an error type of its own. [`Error`] can hold any of them, so that `?`
//! converts them into it. Each error message says what to do about the error. If `main` returns an
//! error, Rust prints its `Debug` form, which does not contain the message. Therefore, handle errors
//! in `main`, and print them with `{error}`.
//!
//! # Features
//!
//! | feature | default | adds |
//! | --- | --- | --- |
//! | `native-tls` | yes | `mqtts://` and `wss://` with the platform's TLS: OpenSSL, SChannel or Secure Transport |
//! | `rustls` | no | `mqtts://` and `wss://` with rustls; with both, the platform's library is the default |
//! | `websocket` | yes | `ws://`, and `wss://` with TLS |
//! | `store` | no | a file for sessions and unacknowledged messages, so that they survive the end of the process; needs Rust 1.89 |
// The feature `_tls` has no name for users: it is what both TLS libraries have in common.
#![cfg_attr(docsrs, feature(doc_cfg), doc(auto_cfg(hide(feature = "_tls"))))]
#![warn(clippy::missing_errors_doc)]
mod attempts;
mod batch;
mod client;
mod connection;
mod driver;
mod error;
mod link;
mod message;
mod options;
mod publish;
mod publish_once;
mod receipt;
mod respond;
mod shared;
mod socket;
mod state;
#[cfg(feature = "store")]
mod store;
mod stream;
mod subscription;
mod transport;
mod upload;

pub use batch::Batch;
pub use client::Client;
pub use driver::Driver;
pub use error::{Error, RecvTimeoutError};
pub use message::{Message, PayloadReader, Unacked};
pub use motemq::{
    self, Fault, Filter, Property, Publish, QoS, ReasonCode, RetainHandling, ReturnCode,
    SessionState, SubscriptionOptions, Version, packet::Packet,
};
pub use motemq_client::{
    self, Acknowledgement, AliasPolicy, AuthenticateError, BrokerReason, Counters, Direction,
    DisconnectReason, Ended, Exchange, InvalidProperties, MessageProperties, OptionsError, Outcome,
    Overflow, PublishError, PublishProperties, Reconnect, Request, RequestError, ResponseError,
    ServerLimits, Stage, SubscribeError, SubscribeOptions, TracedPacket, TransportError,
    TransportErrorKind, WhenFull, Will, profile,
};
pub use motemq_hosted::{Address, Attempt, UploadError};
pub use motemq_net::{
    BrokerUrl, OpenError, PartialRead, Proxy, ProxyError, Route, Scheme, UrlError,
};
#[cfg(feature = "_tls")]
#[cfg_attr(docsrs, doc(cfg(any(feature = "native-tls", feature = "rustls"))))]
pub use motemq_net::{Tls, TlsBackend, TlsError, TlsErrorKind, TlsVersion};
#[cfg(feature = "websocket")]
pub use motemq_net::{Upgrade, WebSocket, WebSocketClosed, WebSocketError};
pub use options::Options;
pub use publish_once::publish_once;
pub use receipt::Receipt;
pub use state::{State, States};
pub use subscription::{Subscribing, Subscription};
pub use transport::{Dial, Transport};

/// The example of this crate's README is compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
