//! Claims of handles on what the client does, which end when they are dropped.
use crate::{Face, Inner, Shared, UploadError};
use motemq_client::{AckId, Message, PayloadId, RequestId, ResponseError, ResponseId, UploadId};
use std::{
    fmt,
    io::{self, ErrorKind},
    sync::Arc,
};

/// A claim to the outcome of a request.
pub struct Ticket<F: Face> {
    /// The client.
    pub shared: Arc<Shared<F>>,
    /// The request.
    pub request: RequestId,
    /// True if the request is withdrawn when this is dropped.
    pub withdraws: bool,
}

impl<F: Face> Ticket<F> {
    /// Makes a claim. If it is dropped, the request is carried out.
    pub fn new(shared: &Arc<Shared<F>>, request: RequestId) -> Self {
        Ticket {
            shared: shared.clone(),
            request,
            withdraws: false,
        }
    }

    /// Lets the request be withdrawn when nothing awaits it any more.
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

/// The acknowledgement of a message, which is declined if it is not given.
pub struct PendingAck<F: Face> {
    shared: Arc<Shared<F>>,
    ack: Option<AckId>,
}

impl<F: Face> PendingAck<F> {
    /// Makes an acknowledgement; none for a message with QoS 0.
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

/// The rest of a payload, for all clones of its message. It is discarded when nothing reads it any
/// more.
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

    /// Returns the client, and the payload that it has.
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

/// An upload, which is aborted if it is not complete when this is dropped.
pub struct Upload<'s, F: Face> {
    shared: &'s Shared<F>,
    id: UploadId,
}

impl<'s, F: Face> Upload<'s, F> {
    /// Continues an upload that the client has begun.
    pub fn new(shared: &'s Shared<F>, id: UploadId) -> Self {
        Upload { shared, id }
    }

    /// Returns the number of bytes that the reader of the payload has returned.
    ///
    /// # Errors
    /// The reader has failed, or ended early.
    pub fn on_read(&self, read: io::Result<usize>) -> Result<usize, UploadError> {
        let read = match read {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(0),
            read => read,
        };
        read.map_err(|error| UploadError::Source(Arc::new(error)))
    }

    /// Returns that the connection was lost.
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

/// A response that is awaited, until this is dropped.
pub struct Awaited<'s, F: Face> {
    shared: &'s Shared<F>,
    response: ResponseId,
    has_answer: bool,
}

impl<'s, F: Face> Awaited<'s, F> {
    /// Awaits a response.
    pub fn new(shared: &'s Shared<F>, response: ResponseId) -> Self {
        Awaited {
            shared,
            response,
            has_answer: false,
        }
    }

    /// Returns the response, or lets it wake the waiter.
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
