//! An MQTT client for tokio: a [`Client`] handle that can be cloned, and a [`Driver`] future that
//! keeps the connection up.
//!
//! [`motemq_client`] decides what happens; this crate moves bytes and time, over TCP, TLS,
//! WebSocket, Unix sockets, proxies, or [anything else](Dial) that tokio can read and write. Memory
//! grows with what is in flight: an idle connection takes less than 2 KiB beside its transport.
//!
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
//! A client connects again and again; calls wait meanwhile. To see why there is no connection, watch
//! [`Client::states`], or listen to what the driver traces: with the crate `tracing-subscriber`,
//!
//! ```text
//! tracing_subscriber::fmt::init();
//! ```
//!
//! at the beginning of `main` prints each failure with its reason. Every error says what to do about
//! it.
//!
//! # Errors
//!
//! Each operation has a small enum of its own; [`Error`] holds any of them.
mod attempts;
mod client;
mod connection;
mod credentials;
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
mod waiters;
mod woken;

pub use client::Client;
pub use dial::Dial;
pub use driver::Driver;
pub use error::Error;
pub use message::{Message, PayloadReader};
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
pub use motemq_net::{Tls, TlsBackend, TlsError, TlsErrorKind, TlsVersion};
#[cfg(feature = "websocket")]
pub use motemq_net::{Upgrade, WebSocket, WebSocketClosed, WebSocketError};
pub use options::Options;
pub use publish_once::publish_once;
pub use receipt::Receipt;
pub use state::{State, States};
pub use stream::Stream;
pub use subscription::{Subscribing, Subscription, Unacked, Unsubscribing};

/// The examples of the README are compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

/// The example of this crate's README is compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct OwnReadme;

/// The example of the guide is compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/src/service.md")]
struct Guide;

/// The example of the page about clusters is compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/clusters.md")]
struct Clusters;
