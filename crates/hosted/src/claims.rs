//! Objects that stand for something that the client does for the application, such as a request or
//! an upload. Dropping one tells the client that the application no longer wants it.
use crate::{Face, Inner, Shared, UploadError};
use motemq_client::{AckId, Message, PayloadId, RequestId, ResponseError, ResponseId, UploadId};
use std::{
    fmt,
    io::{self, ErrorKind},
    sync::Arc,
};

/// A request whose outcome the client keeps until this object is dropped.
pub struct Ticket<F: Face> {
    /// The client.
    pub shared: Arc<Shared<F>>,
    /// The identifier of the request.
    pub request: RequestId,
    /// True if the request is withdrawn when this object is dropped, unless it was sent.
    pub withdraws: bool,
}

impl<F: Face> Ticket<F> {
    /// Makes a ticket for a request. If it is dropped, the client still carries out the request.
    pub fn new(shared: &Arc<Shared<F>>, request: RequestId) -> Self {
        Ticket {
            shared: shared.clone(),
            request,
            withdraws: false,
        }
    }

    /// Returns the ticket with [`withdraws`](Self::withdraws) set.
    pub fn withdrawing(mut self) -> Self {
        self.withdraws = true;
        self
    }
}

impl<F: Face> Drop for Ticket<F> {
    fn drop(&mut self) {
        let request = self.request;
        if self.withdraws {
            self.shared.command(|client| client.withdraw(request));
        } else {
            self.shared.with(|inner| inner.client.forget(request));
        }
    }
}

/// The pending acknowledgement of a message. If it is dropped without a call of
/// [`ack`](Self::ack), the client leaves the message unacknowledged.
pub struct PendingAck<F: Face> {
    shared: Arc<Shared<F>>,
    ack: Option<AckId>,
}

impl<F: Face> PendingAck<F> {
    /// Makes the pending acknowledgement of a message. `ack` is `None` for a message with QoS 0.
    pub fn new(shared: &Arc<Shared<F>>, ack: Option<AckId>) -> Self {
        let shared = shared.clone();
        PendingAck { shared, ack }
    }

    /// Acknowledges the message.
    pub fn ack(mut self) {
        if let Some(ack) = self.ack.take() {
            self.shared.command(|client| client.ack(ack));
        }
    }
}

impl<F: Face> Drop for PendingAck<F> {
    fn drop(&mut self) {
        if let Some(ack) = self.ack.take() {
            // There may be room for more.
            self.shared.command(|client| client.decline(ack));
        }
    }
}

/// The rest of a payload that is still arriving. The clones of a message share it. When the last
/// one is dropped, the client discards the bytes that were not read.
pub struct Rest<F: Face>(Arc<Unread<F>>);

struct Unread<F: Face> {
    shared: Arc<Shared<F>>,
    payload: PayloadId,
}

impl<F: Face> Rest<F> {
    /// Makes the rest of a payload.
    #[cold]
    pub fn new(shared: &Arc<Shared<F>>, payload: PayloadId) -> Self {
        let shared = shared.clone();
        Rest(Arc::new(Unread { shared, payload }))
    }

    /// Returns the client, and the identifier of the payload.
    pub fn parts(&self) -> (&Shared<F>, PayloadId) {
        (&self.0.shared, self.0.payload)
    }
}

impl<F: Face> Clone for Rest<F> {
    fn clone(&self) -> Self {
        Rest(self.0.clone())
    }
}

impl<F: Face> fmt::Debug for Rest<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rest")
    }
}

impl<F: Face> Drop for Unread<F> {
    fn drop(&mut self) {
        let payload = self.payload;
        self.shared
            .command(|client| client.discard_payload(payload));
    }
}

/// A message whose payload is being sent from a reader. If this object is dropped before the
/// payload is complete, the client aborts the upload, which closes the connection.
pub struct Upload<'s, F: Face> {
    shared: &'s Shared<F>,
    id: UploadId,
}

impl<'s, F: Face> Upload<'s, F> {
    /// Makes the object for an upload that the client has begun.
    pub fn new(shared: &'s Shared<F>, id: UploadId) -> Self {
        Upload { shared, id }
    }

    /// Checks the result of a read from the reader of the payload. Returns the number of bytes,
    /// which is 0 if the read was interrupted.
    ///
    /// # Errors
    /// [`UploadError::Source`] if the reader has failed, or has ended early.
    pub fn on_read(&self, read: io::Result<usize>) -> Result<usize, UploadError> {
        let read = match read {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(0),
            read => read,
        };
        read.map_err(|error| UploadError::Source(Arc::new(error)))
    }

    /// Returns the [`UploadError::Lost`] of this upload, with the reason that the client knows.
    pub fn lost(&self) -> UploadError {
        let reason = self.shared.with(|inner| inner.client.reason().cloned());
        UploadError::Lost { reason }
    }
}

impl<F: Face> Drop for Upload<'_, F> {
    fn drop(&mut self) {
        let (id, now) = (self.id, self.shared.now());
        self.shared.command(|client| client.abort_upload(id, now));
    }
}

/// A response for which the application waits. If this object is dropped before the response has
/// arrived, the client forgets the request.
pub struct Awaited<'s, F: Face> {
    shared: &'s Shared<F>,
    response: ResponseId,
    has_answer: bool,
}

impl<'s, F: Face> Awaited<'s, F> {
    /// Makes the object for a response to a request that the client has accepted.
    pub fn new(shared: &'s Shared<F>, response: ResponseId) -> Self {
        Awaited {
            shared,
            response,
            has_answer: false,
        }
    }

    /// Returns the response or an error, or `None` if the response has not arrived. In this case
    /// the waiter is woken when it arrives.
    pub fn poll(
        &mut self,
        inner: &mut Inner<F>,
        waiter: &F::Waiter,
    ) -> Option<Result<Message, ResponseError>> {
        let response = self.response;
        let outcome = inner.client.poll_response(response);
        match &outcome {
            // It is acknowledged now.
            Some(Ok(_)) => inner.wake_driver(),
            Some(Err(_)) => {}
            None => inner
                .waiters
                .lists()
                .responses
                .put(response.index(), waiter),
        }
        self.has_answer = outcome.is_some();
        outcome
    }
}

impl<F: Face> Drop for Awaited<'_, F> {
    fn drop(&mut self) {
        if !self.has_answer {
            let response = self.response;
            self.shared
                .command(|client| client.forget_response(response));
        }
    }
}
