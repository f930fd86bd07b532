//! An MQTT 3.1.1 client for tokio: a [`Client`] handle that can be cloned, and a [`Driver`] future
//! that keeps the connection up.
//!
//! All protocol is in [`motemq`]; this crate moves bytes and time, over TCP, TLS, WebSocket, Unix
//! sockets, or [anything else](Dial) that tokio can read and write. Memory grows with what is under
//! way: an idle connection with 16 [slots](Options::slots) takes less than 2 KiB beside its
//! transport.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! use motemq_tokio::{Client, Filter, Options, Publish, QoS};
//! # let broker = motemq_rig::server::Server::start(Default::default())?;
//! # let url = broker.url();
//!
//! let (client, driver) = Client::new(Options::from_url(&url)?.client_id("node-7"));
//! tokio::spawn(driver);
//! let mut door = client.subscribe(&[Filter::new("door", QoS::ExactlyOnce)]).await?;
//! client.publish(&Publish::to("door").payload(b"open").qos(QoS::ExactlyOnce)).await?.await?;
//! let message = door.recv().await.expect("our own message");
//! println!("{}: {:?}", message.topic, message.payload);
//! client.disconnect(std::time::Duration::from_secs(5)).await?;
//! # Ok::<(), Box<dyn std::error::Error>>(()) })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
mod attempts;
mod client;
mod dial;
mod driver;
mod error;
mod give;
mod inbox;
mod link;
mod message;
mod options;
mod receipt;
mod shared;
mod state;
#[cfg(feature = "store")]
mod store;
mod stream;
mod subscription;
mod turn;
mod tx;
mod upload;
mod work;

pub use client::{Client, publish_once};
pub use dial::{Dial, Tcp};
pub use driver::Driver;
pub use error::Error;
pub use message::{Message, PayloadReader};
pub use motemq::{self, Fault, Filter, Publish, QoS, ReturnCode, SessionState, packet::Packet};
pub use motemq_net::{
    BackOff, BrokerUrl, Cause, Direction, Granted, PartialRead, Proxy, ProxyError, Reconnect,
    Route, Scheme, UrlError, Will, profile,
};
#[cfg(feature = "_tls")]
pub use motemq_net::{Tls, TlsBackend, TlsError, TlsErrorKind};
#[cfg(feature = "websocket")]
pub use motemq_net::{Upgrade, WebSocket, WebSocketClosed, WebSocketError};
pub use options::{Address, Options, Overflow, WhenFull};
pub use receipt::Receipt;
pub use state::{Counters, State, States};
pub use stream::Stream;
pub use subscription::{Subscribing, Subscription, Unacked, Unsubscribing};

/// The examples of the README are compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
