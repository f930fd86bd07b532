//! An MQTT client for tokio, for MQTT 3.1.1 and 5: a [`Client`] handle that can be cloned, and a
//! [`Driver`] future that maintains the connection.
//!
//! Connections use TCP, TLS, WebSocket, Unix sockets, proxies, or [anything else](Dial) that tokio
//! can read and write. [`motemq_client`] decides when to connect, what to send again and when to
//! give up; this crate moves the bytes. An idle connection takes at most 2 KiB of heap, excluding
//! its transport. Each message in flight takes additional memory.
//!
//! # Examples
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! use motemq_tokio::{Client, Filter, Options, Publish, QoS};
//! # let broker = motemq_testing::server::Server::start(Default::default())?;
//! # let url = broker.url();
//!
//! let (client, driver) = Client::new(Options::from_url(&url)?.client_id("node-7"))?;
//! tokio::spawn(driver);
//! let mut door = client.subscribe(&[Filter::new("door", QoS::ExactlyOnce)]).await?;
//! client.publish(&Publish::to("door").payload(b"open").qos(QoS::ExactlyOnce)).await?.await?;
//! let message = door.recv().await.expect("our own message");
//! println!("{}: {:?}", message.topic, message.payload);
//! client.disconnect(std::time::Duration::from_secs(5)).await?;
//! # Ok::<(), Box<dyn std::error::Error>>(()) })?;
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
mod client;
mod connection;
mod dial;
mod driver;
mod error;
mod message;
mod options;
mod publish;
mod publish_once;
mod receipt;
mod respond;
mod shared;
mod state;
#[cfg(feature = "store")]
mod store;
mod stream;
mod subscription;
mod timer;
mod upload;

pub use client::Client;
pub use dial::Dial;
pub use driver::Driver;
pub use error::Error;
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

pub use subscription::{Subscribing, Subscription, Unsubscribing};

/// The example of this crate's README is compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
