//! Actions of handles on the client that a face shares with its driver.
use motemq_client::{AckId, Client, PayloadId, RequestId, UploadId};
use std::{fmt, sync::Arc, time::Duration};

/// A client behind the lock of a face.
pub trait Shared {
    /// Returns the time as the client counts it.
    fn now(&self) -> Duration;

    /// Does something with the client.
    fn with_client<R>(&self, work: impl FnOnce(&mut Client) -> R) -> R;

    /// Does something with the client of which something follows that the driver does.
    fn drive_client<R>(&self, work: impl FnOnce(&mut Client) -> R) -> R;
}

/// A claim to the outcome of a request.
pub struct Ticket<S: Shared> {
    /// The client.
    pub shared: Arc<S>,
    /// The request.
    pub request: RequestId,
    /// True if the request is withdrawn when this is dropped.
    pub withdraws: bool,
}

impl<S: Shared> Ticket<S> {
    /// Makes a claim. If it is dropped, the request is carried out.
    pub fn new(shared: &Arc<S>, request: RequestId) -> Self {
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

impl<S: Shared> Drop for Ticket<S> {
    fn drop(&mut self) {
        let request = self.request;
        if self.withdraws {
            self.shared.drive_client(|client| client.withdraw(request));
        } else {
            self.shared.with_client(|client| client.forget(request));
        }
    }
}

/// The acknowledgement of a message, which is declined if it is not given.
pub struct PendingAck<S: Shared> {
    shared: Arc<S>,
    ack: Option<AckId>,
}

impl<S: Shared> PendingAck<S> {
    /// Makes an acknowledgement; none for a message with QoS 0.
    pub fn new(shared: &Arc<S>, ack: Option<AckId>) -> Self {
        let shared = shared.clone();
        PendingAck { shared, ack }
    }

    /// Acknowledges the message.
    pub fn ack(mut self) {
        if let Some(ack) = self.ack.take() {
            self.shared.drive_client(|client| client.ack(ack));
        }
    }
}

impl<S: Shared> Drop for PendingAck<S> {
    fn drop(&mut self) {
        if let Some(ack) = self.ack.take() {
            // There may be room for more.
            self.shared.drive_client(|client| client.decline(ack));
        }
    }
}

/// The rest of a payload, for all clones of its message. It is discarded when nothing reads it any
/// more.
pub struct Rest<S: Shared>(Arc<Unread<S>>);

struct Unread<S: Shared> {
    shared: Arc<S>,
    payload: PayloadId,
}

impl<S: Shared> Rest<S> {
    /// Makes the rest of a payload.
    #[cold]
    pub fn new(shared: &Arc<S>, payload: PayloadId) -> Self {
        let shared = shared.clone();
        Rest(Arc::new(Unread { shared, payload }))
    }

    /// Returns the client, and the payload that it has.
    pub fn parts(&self) -> (&S, PayloadId) {
        (&self.0.shared, self.0.payload)
    }
}

impl<S: Shared> Clone for Rest<S> {
    fn clone(&self) -> Self {
        Rest(self.0.clone())
    }
}

impl<S: Shared> fmt::Debug for Rest<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rest")
    }
}

impl<S: Shared> Drop for Unread<S> {
    fn drop(&mut self) {
        let payload = self.payload;
        self.shared
            .drive_client(|client| client.discard_payload(payload));
    }
}

/// An upload, which is aborted if it is not complete when this is dropped.
pub struct Upload<'s, S: Shared> {
    /// The client.
    pub shared: &'s S,
    /// The upload.
    pub id: UploadId,
}

impl<S: Shared> Drop for Upload<'_, S> {
    fn drop(&mut self) {
        let (id, now) = (self.id, self.shared.now());
        self.shared
            .drive_client(|client| client.abort_upload(id, now));
    }
}
