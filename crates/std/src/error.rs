//! Errors, one small enum for each operation: here are those that the client without I/O does not
//! have.
use crate::{Ended, OptionsError, PublishError, RequestError, SubscribeError, UploadError};
use motemq_net::UrlError;
use std::{io, sync::Arc};

/// Any error of this crate, for functions that return several of them. Each text says what to do
/// next.
///
/// ```
/// use motemq_std::{Client, Error, Filter, Publish, QoS};
/// fn serve(client: &Client) -> Result<(), Error> {
///     let mut questions = client.subscribe(&[Filter::new("ask", QoS::AtLeastOnce)])?;
///     while let Some(question) = questions.recv() {
///         client.publish(&Publish::to("answer").payload(&question.payload))?.wait()?;
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The options cannot be used.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// The URL of a broker cannot be used.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// A setting of TLS cannot be used.
    #[cfg(feature = "_tls")]
    #[error(transparent)]
    Tls(#[from] motemq_net::TlsError),
    /// A message was not accepted.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// A message with a payload from a reader was not published.
    #[error(transparent)]
    Upload(#[from] UploadError),
    /// A subscription failed.
    #[error(transparent)]
    Subscribe(#[from] SubscribeError),
    /// A message that was accepted did not succeed.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The client has ended.
    #[error(transparent)]
    Ended(#[from] Ended),
    /// The system has refused what the driver needs to wait, or a thread.
    #[error("the system has refused a thread, or what it needs to wait: {0}")]
    System(Arc<io::Error>),
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Error::System(Arc::new(error))
    }
}

/// The reason why there is no message: see
/// [`Subscription::recv_timeout`](crate::Subscription::recv_timeout).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
pub enum RecvTimeoutError {
    /// None has come within the time.
    #[error("no message has come within the time")]
    Timeout,
    /// The stream has ended: the client has ended or leaves, or the broker does not grant the
    /// subscription any more.
    #[error("the stream of messages has ended: ask the state of the client why")]
    Ended,
}
