//! The reasons why connections end.
use super::{BrokerReason, Human};
use alloc::{
    string::{String, ToString},
    sync::Arc,
};
use core::{
    fmt,
    hash::{Hash, Hasher},
    time::Duration,
};
use motemq::{Fault, ReturnCode};

/// The stage that a connection had reached when it ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Stage {
    /// The client had sent CONNECT, and the broker had not answered.
    Connecting,
    /// The broker had accepted the connection, but had not answered a SUBSCRIBE.
    Subscribing,
    /// The broker had accepted the connection.
    Connected,
}

/// The part of a connection that failed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The name of the host could not be resolved to an address.
    Resolve,
    /// No connection to the address could be opened.
    Connect,
    /// A proxy did not open the connection.
    Proxy,
    /// The TLS handshake failed.
    Tls,
    /// The WebSocket handshake failed.
    WebSocket,
    /// The application had no login, certificate, header or URL for the attempt.
    Credentials,
    /// A read or write on an open connection failed.
    Io,
    /// The peer answered with another protocol than MQTT.
    NotMqtt,
}

/// The reason why a transport could not be opened, or failed. Its text says what to do. Its
/// [`source`](core::error::Error::source) is the error of the layer that failed, if there is one.
///
/// Errors of the same kind with the same text are equal.
#[derive(Clone, Debug)]
pub struct TransportError(Arc<Details>);

/// The content of a [`TransportError`]. It is boxed so that a result with a reason is small.
#[derive(Clone, Debug)]
struct Details {
    kind: TransportErrorKind,
    text: Arc<str>,
    source: Option<Arc<dyn core::error::Error + Send + Sync>>,
}

impl TransportError {
    /// Makes an error of this kind with this text.
    pub fn new(kind: TransportErrorKind, text: impl Into<Arc<str>>) -> Self {
        TransportError(Arc::new(Details {
            kind,
            text: text.into(),
            source: None,
        }))
    }

    /// Returns the same error with the error of the layer below as its source.
    ///
    /// # Examples
    /// ```
    /// use core::error::Error;
    /// use motemq_client::{TransportError, TransportErrorKind};
    /// use std::{io, sync::Arc};
    /// let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
    /// let error = TransportError::new(TransportErrorKind::Connect, "cannot connect")
    ///     .with_source(Arc::new(refused));
    /// let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    /// assert_eq!(source.unwrap().kind(), io::ErrorKind::ConnectionRefused);
    /// ```
    pub fn with_source(self, source: Arc<dyn core::error::Error + Send + Sync>) -> Self {
        let mut details = self.0;
        Arc::make_mut(&mut details).source = Some(source);
        TransportError(details)
    }

    /// Returns the part of the connection that failed.
    pub fn kind(&self) -> TransportErrorKind {
        self.0.kind
    }

    /// Returns the text of the error.
    pub fn text(&self) -> &str {
        &self.0.text
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}

impl core::error::Error for TransportError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        let source: &dyn core::error::Error = &**self.0.source.as_ref()?;
        Some(source)
    }
}

impl PartialEq for TransportError {
    fn eq(&self, other: &Self) -> bool {
        (self.kind(), self.text()) == (other.kind(), other.text())
    }
}

impl Eq for TransportError {}

impl Hash for TransportError {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.kind(), self.text()).hash(state);
    }
}

/// The reason why a connection, or an attempt to make one, ended.
#[derive(Clone, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DisconnectReason {
    /// The broker closed the connection without a reason, at this stage.
    #[error("{}", closed(*.0))]
    Closed(Stage),
    /// The transport failed.
    #[error(transparent)]
    Transport(TransportError),
    /// The broker violated the protocol, did not answer in time, or exceeded a limit of the client.
    #[error("{}", fault_text(.0))]
    Fault(Fault),
    /// The broker refused CONNECT with this return code of MQTT 3.1.1.
    #[error("the broker refused the connection: {}: {}", .0, advice(*.0))]
    Refused(ReturnCode),
    /// The broker of MQTT 5 refused CONNECT for this reason.
    #[error("the broker refused the connection: {0}")]
    RefusedWith(BrokerReason),
    /// The broker of MQTT 5 ended the connection with DISCONNECT for this reason.
    #[error("the broker ended the connection: {0}")]
    Disconnected(BrokerReason),
    /// The application's [authentication function](crate::Options::authentication) returned this
    /// error, so the authentication did not continue, or the broker was not accepted.
    #[error("the authentication failed: {0}")]
    Authentication(Arc<str>),
    /// The transport accepted no bytes for this time: see
    /// [`Options::ack_timeout`](crate::Options::ack_timeout).
    #[error("the broker accepted no bytes for {}: check the network", Human(*.0))]
    Stalled(Duration),
    /// A connection could not be opened within this time: see
    /// [`Options::connect_timeout`](crate::Options::connect_timeout).
    #[error("no connection within {}: check host, port and firewall", Human(*.0))]
    ConnectTimeout(Duration),
    /// The broker did not answer CONNECT within this time: see
    /// [`Options::connect_timeout`](crate::Options::connect_timeout).
    #[error(
        "connected, but no answer to CONNECT within {}: check that a broker listens on this port, \
         and whether it wants TLS or a WebSocket", Human(*.0)
    )]
    ConnackTimeout(Duration),
    /// More messages waited for the application than [`Options::backlog`](crate::Options::backlog)
    /// allows. The broker sends the unacknowledged ones again when the application has taken some.
    #[error("messages of {bytes} bytes wait to be taken: take them faster, or enlarge the backlog")]
    Overrun {
        /// The size in bytes of the messages that waited.
        bytes: usize,
    },
    /// As many messages were given up as [`Options::given_up`](crate::Options::given_up) allows,
    /// and the broker never answered them, so they still hold packet identifiers.
    #[error("{count} messages were given up without an answer: check the broker")]
    Unanswered {
        /// The number of messages that were given up.
        count: usize,
    },
    /// The application aborted an upload. A packet that was sent in part cannot be taken back, so
    /// the connection had to be closed.
    #[error("the upload of a payload was aborted")]
    UploadAborted,
}

/// Returns what a fault means for a client, the buffers of which nobody chooses.
pub(super) fn fault_text(fault: &Fault) -> String {
    if *fault == Fault::PacketTooLarge {
        return "the broker sent a packet that is longer than the maximum packet size of the \
                options, or than 72 KiB without a payload: check both"
            .into();
    }
    fault.to_string()
}

fn closed(stage: Stage) -> &'static str {
    match stage {
        Stage::Connecting => {
            "the broker closed the connection before it answered: check whether the port expects \
             TLS or a WebSocket"
        }
        Stage::Subscribing => {
            "the broker closed the connection instead of answering a subscription: check its \
             rules for the topic filters"
        }
        Stage::Connected => {
            "the broker closed the connection: check whether another client has the same client \
             identifier"
        }
    }
}

fn advice(code: ReturnCode) -> &'static str {
    match code {
        ReturnCode::UNACCEPTABLE_PROTOCOL_VERSION => "use a broker that supports it",
        ReturnCode::IDENTIFIER_REJECTED => "use another one, of 1 to 23 letters and digits",
        ReturnCode::SERVER_UNAVAILABLE => "try again later",
        ReturnCode::BAD_USER_NAME_OR_PASSWORD | ReturnCode::NOT_AUTHORIZED => {
            "check user name, password and the broker's rules for this client"
        }
        _ => "check the broker's log",
    }
}
