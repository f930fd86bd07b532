//! A stream of messages, as far as it is alike in both faces.
use crate::{Face, Handle};
use motemq::QoS;
use motemq_client::{Acknowledgement, StreamId};
use std::fmt;

/// A stream of messages, which is closed when this is dropped. It is a handle of its client, too.
pub struct Stream<F: Face> {
    /// The client.
    pub shared: Handle<F>,
    /// The stream.
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

    /// The broker has granted the subscription.
    pub fn grant(&mut self, acknowledgement: Acknowledgement) {
        let codes = acknowledgement.codes().iter();
        let granted = codes.filter_map(|&code| QoS::try_from(code).ok());
        self.granted = granted.collect();
        self.acknowledgement = acknowledgement;
    }

    /// Returns the highest QoS of the messages of each filter.
    pub fn granted(&self) -> &[QoS] {
        &self.granted
    }

    /// Returns what the broker said when it granted the subscription.
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
