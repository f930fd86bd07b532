//! The part of a stream of messages that both faces share.
use crate::{Face, Handle};
use motemq::QoS;
use motemq_client::{Acknowledgement, StreamId};
use std::fmt;

/// A stream of messages, which is closed when this object is dropped. It is also a handle of its
/// client: the client does not disconnect while there is a stream.
pub struct Stream<F: Face> {
    /// The handle of the client.
    pub shared: Handle<F>,
    /// The identifier of the stream in the client.
    pub id: StreamId,
    granted: Vec<QoS>,
    acknowledgement: Acknowledgement,
}

impl<F: Face> Stream<F> {
    /// Makes a stream of a subscription that the broker has not granted yet.
    pub fn new(shared: &Handle<F>, id: StreamId) -> Self {
        Stream {
            shared: shared.clone(),
            id,
            granted: Vec::new(),
            acknowledgement: Acknowledgement::default(),
        }
    }

    /// Stores the answer of the broker, which has granted the subscription.
    pub fn grant(&mut self, acknowledgement: Acknowledgement) {
        let codes = acknowledgement.codes().iter();
        let granted = codes.filter_map(|&code| QoS::try_from(code).ok());
        self.granted = granted.collect();
        self.acknowledgement = acknowledgement;
    }

    /// Returns the QoS that the broker has granted for each filter, in the order of the filters. It
    /// is empty before the broker has answered.
    pub fn granted(&self) -> &[QoS] {
        &self.granted
    }

    /// Returns the broker's answer to the subscription, which is empty before it has arrived.
    pub fn acknowledgement(&self) -> &Acknowledgement {
        &self.acknowledgement
    }

    /// Returns the topic filters of the stream.
    pub fn filters(&self) -> Vec<String> {
        self.shared
            .with(|inner| inner.client.filters(self.id).to_vec())
    }
}

impl<F: Face> Drop for Stream<F> {
    fn drop(&mut self) {
        let id = self.id;
        self.shared.command(|client| client.close_stream(id));
    }
}

impl<F: Face> fmt::Debug for Stream<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("stream", &self.id)
            .field("granted", &self.granted)
            .finish_non_exhaustive()
    }
}
