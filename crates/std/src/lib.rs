//! A blocking MQTT client: a [`Client`] handle that threads share, and a [`Driver`] that keeps the
//! connection up, in a thread of its own or in the caller's.
//!
//! [`motemq_client`] decides what happens; this crate moves bytes and time, over TCP, TLS,
//! WebSocket, Unix sockets, proxies, or [anything else](Transport) that reads and writes.
//!
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
mod batch;
mod client;
mod connection;
mod credentials;
mod driver;
mod error;
mod link;
mod message;
mod options;
mod publish;
mod publish_once;
mod receipt;
mod received;
mod respond;
mod shared;
mod socket;
mod state;
#[cfg(feature = "store")]
mod store;
mod stream;
mod subscription;
mod tasks;
mod transport;
mod upload;
mod woken;

pub use batch::Batch;
pub use client::Client;
pub use driver::Driver;
pub use error::{Error, RecvTimeoutError};
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
pub use subscription::{Subscribing, Subscription, Unacked};
pub use transport::{Dial, Transport};

/// The example of this crate's README is compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The examples of the guide are compiled.
#[cfg(all(doctest, feature = "_tls"))]
mod guide {
    #[doc = include_str!("../../../docs/guide/src/blocking.md")]
    struct Blocking;

    #[doc = include_str!("../../../docs/guide/src/own-transport.md")]
    struct OwnTransport;

    #[doc = include_str!("../../../docs/guide/src/tls-and-clouds.md")]
    struct TlsAndClouds;

    #[doc = include_str!("../../../docs/guide/src/versions.md")]
    struct Versions;
}
