//! The errors of transports, uploads and faces, which `motemq-client` does not define.
use crate::{BoxError, Target};
use motemq_client::{
    Client, DisconnectReason, Ended, PublishError, State, TransportError, TransportErrorKind,
};
use motemq_net::{ForeignProtocol, OpenError};
use std::{io, sync::Arc, time::Duration};

/// The reason why `Client::publish_from` has not published a message with a payload from a reader.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UploadError {
    /// The client did not accept the message. Nothing was sent.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// The reader failed, or ended before the announced length. The client closed the connection,
    /// since a packet that was sent in part cannot be taken back.
    #[error("the payload could not be read to its end ({0}): publish it again when it can be read")]
    Source(Arc<io::Error>),
    /// The connection was lost before the payload was complete.
    #[error(
        "the connection was lost before the payload was complete{}: publish it again",
        because(.reason.as_ref())
    )]
    Lost {
        /// The reason why the connection was lost, or `None` if the client has reconnected
        /// meanwhile.
        reason: Option<DisconnectReason>,
    },
}

fn because(reason: Option<&DisconnectReason>) -> String {
    reason.map_or_else(String::new, |reason| format!(" ({reason})"))
}

/// Converts the error of an attempt to open a connection to `target`. The text of the result names
/// the host that could not be reached, and the layer that failed is its kind.
pub fn unopened(target: Option<&Target>, error: io::Error) -> TransportError {
    let place = target.map(Target::place).unwrap_or_default();
    let error = match error.downcast::<OpenError>() {
        Err(error) => error,
        #[cfg(feature = "_tls")]
        Ok(OpenError::Tls(source)) => return tls(&place, source),
        #[cfg(feature = "websocket")]
        Ok(OpenError::WebSocket(source)) => {
            let text = format!("cannot open a WebSocket to {place}: {source}");
            return TransportError::new(TransportErrorKind::WebSocket, text)
                .with_source(Arc::new(source));
        }
        Ok(OpenError::Proxy(source)) => {
            let text = format!("cannot reach {place}: {source}");
            return TransportError::new(TransportErrorKind::Proxy, text)
                .with_source(Arc::new(source));
        }
        Ok(error) => {
            let text = format!("cannot reach {place}: {error}");
            return TransportError::new(TransportErrorKind::Connect, text);
        }
    };
    let place = target.map(Target::next_place).unwrap_or_default();
    let text = format!(
        "cannot connect to {place}: check host, port and firewall, and that a broker runs there \
         ({error})"
    );
    TransportError::new(TransportErrorKind::Connect, text).with_source(Arc::new(error))
}

#[cfg(feature = "_tls")]
fn tls(place: &str, source: motemq_net::TlsError) -> TransportError {
    let text = format!("TLS with {place} failed: {source}");
    TransportError::new(TransportErrorKind::Tls, text).with_source(Arc::new(source))
}

/// Reports to the client that its connection to `target` is closed.
///
/// `lost` is `None` if the client itself has closed the connection. Otherwise it contains the error
/// of the transport, or `None` if the broker has closed the connection without an error.
pub fn on_closed(
    client: &mut Client,
    target: Option<&Target>,
    lost: Option<Option<io::Error>>,
    now: Duration,
) {
    let is_accepted = matches!(client.state(), State::Connected { .. });
    let target = target.filter(|_| !is_accepted);
    let error = lost.and_then(|error| closed(target, error));
    client.on_closed(error, now);
}

/// Returns why a connection ended, or `None` if the broker closed it without a reason. `target` is
/// its destination if the broker has not accepted the connection: TLS may be the reason then.
fn closed(target: Option<&Target>, error: Option<io::Error>) -> Option<TransportError> {
    #[cfg(feature = "_tls")]
    if let Some(target) = target
        && let Some(source) = target.route.tls_error(error.as_ref())
    {
        return Some(tls(&target.place(), source));
    }
    let error = error?;
    // A server that expects something else than MQTT may reset the connection instead of closing it.
    if target.is_some() && error.kind() == io::ErrorKind::ConnectionReset {
        return None;
    }
    let is_foreign = error
        .get_ref()
        .is_some_and(|source| source.is::<ForeignProtocol>());
    let kind = if is_foreign {
        TransportErrorKind::NotMqtt
    } else {
        TransportErrorKind::Io
    };
    let text = error.to_string();
    Some(TransportError::new(kind, text).with_source(Arc::new(error)))
}

/// Returns the error for an attempt for which the application has provided no credentials. `place`
/// is the host and port of the broker.
pub fn no_credentials(place: &str, error: BoxError) -> TransportError {
    let text = format!("there are no credentials for {place}: {error}");
    TransportError::new(TransportErrorKind::Credentials, text).with_source(error.into())
}

/// Returns whether the error is temporary: the message can be published later, when there is room
/// for it or a connection.
pub fn may_pass(error: &PublishError) -> bool {
    use PublishError::{Full, LargerThanQueue, Offline};
    matches!(error, Full | Offline | LargerThanQueue { .. })
}

/// Returns `Ok` if the client has ended because the application disconnected it, and everything was
/// completed.
///
/// # Errors
/// The reason why the client has ended, for any other reason.
pub fn completed(ended: Ended) -> Result<(), Ended> {
    match ended {
        Ended::Closed => Ok(()),
        ended => Err(ended),
    }
}

/// Defines `Error` of a face. The arguments are an example, and the variants that only this face
/// has.
#[doc(hidden)]
#[macro_export]
macro_rules! error {
    ($(#[$example:meta])* { $($variants:tt)* }) => {
        /// Any error of this crate. The errors of all operations convert into it with `?`. Each
        /// error message says what to do about the error.
        ///
        /// # Examples
        $(#[$example])*
        #[derive(Clone, Debug, thiserror::Error)]
        #[non_exhaustive]
        pub enum Error {
            /// The options cannot be used.
            #[error(transparent)]
            Options(#[from] ::motemq_client::OptionsError),
            /// The URL of a broker or of a proxy is not valid, or is not supported.
            #[error(transparent)]
            Url(#[from] $crate::UrlError),
            /// A setting of TLS cannot be used, such as a certificate that cannot be read.
            #[cfg(feature = "_tls")]
            #[error(transparent)]
            Tls(#[from] ::motemq_net::TlsError),
            /// The client did not accept a message.
            #[error(transparent)]
            Publish(#[from] ::motemq_client::PublishError),
            /// A message with a payload from a reader was not published.
            #[error(transparent)]
            Upload(#[from] $crate::UploadError),
            /// A subscription failed.
            #[error(transparent)]
            Subscribe(#[from] ::motemq_client::SubscribeError),
            /// A request that the client accepted has failed: a message may not have arrived, or
            /// the broker has refused it.
            #[error(transparent)]
            Request(#[from] ::motemq_client::RequestError),
            /// The client has ended.
            #[error(transparent)]
            Ended(#[from] ::motemq_client::Ended),
            $($variants)*
        }
    };
}
