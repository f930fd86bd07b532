//! Errors, one small enum for each operation: here are those that the client without I/O does not
//! have.
use std::{io, sync::Arc};

motemq_hosted::error! {
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
    {
        /// The system has refused what the driver needs to wait, or a thread.
        #[error("the system has refused a thread, or what it needs to wait: {0}")]
        System(Arc<io::Error>),
    }
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
