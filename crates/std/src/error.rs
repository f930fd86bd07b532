//! The errors that only this crate has.
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
        /// The system has refused to start a thread, or has refused a resource that the driver needs
        /// to wait for sockets, such as a file descriptor.
        #[error("the system has refused a thread, or a resource to wait with: {0}")]
        System(Arc<io::Error>),
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Error::System(Arc::new(error))
    }
}

/// The reason why [`Subscription::recv_timeout`](crate::Subscription::recv_timeout) returned no
/// message.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
pub enum RecvTimeoutError {
    /// No message has arrived within the time limit.
    #[error("no message has arrived within the time limit")]
    Timeout,
    /// The stream has ended: the client has ended or is disconnecting, or the broker has refused
    /// the subscription after a reconnection.
    #[error("the stream of messages has ended: ask the state of the client why")]
    Ended,
}
