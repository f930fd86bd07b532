//! Errors, one small enum for each operation: here are those that the client without I/O does not
//! have.
use crate::{Ended, OptionsError, PublishError, RequestError, SubscribeError, UploadError};
use motemq_net::UrlError;

/// Any error of this crate, for functions that return several of them. Each text says what to do
/// next.
///
/// ```
/// use motemq_tokio::{Client, Error, Filter, Publish, QoS};
/// async fn serve(client: Client) -> Result<(), Error> {
///     let mut questions = client.subscribe(&[Filter::new("ask", QoS::AtLeastOnce)]).await?;
///     while let Some(question) = questions.recv().await {
///         client.publish(&Publish::to("answer").payload(&question.payload)).await?.await?;
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
}
