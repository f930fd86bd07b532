//! Streams, and what comes out of them.
use super::{Acknowledgement, QoS, SubscribeError, wait, wait_timeout};
use std::{
    io::{self, Read},
    ops::Deref,
    time::Duration,
};
use tokio::io::AsyncReadExt;

pub use motemq_tokio::Unacked;

/// The reason why there is no message. The asynchronous face says it by a time-out of tokio, or with
/// `None`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RecvTimeoutError {
    /// None has come within the time.
    Timeout,
    /// The stream has ended.
    Ended,
}

/// A stream of messages.
#[derive(Debug)]
pub struct Subscription(motemq_tokio::Subscription);

impl Subscription {
    pub(super) fn new(subscription: motemq_tokio::Subscription) -> Self {
        Subscription(subscription)
    }

    /// See [`motemq_tokio::Subscription::granted`].
    pub fn granted(&self) -> &[QoS] {
        self.0.granted()
    }

    /// See [`motemq_tokio::Subscription::acknowledgement`].
    pub fn acknowledgement(&self) -> &Acknowledgement {
        self.0.acknowledgement()
    }

    /// See [`motemq_tokio::Subscription::recv`].
    pub fn recv(&mut self) -> Option<Message> {
        wait(self.0.recv()).map(Message)
    }

    /// See [`motemq_tokio::Subscription::recv`].
    pub fn recv_timeout(&mut self, limit: Duration) -> Result<Message, RecvTimeoutError> {
        wait_timeout(limit, self.0.recv())
            .ok_or(RecvTimeoutError::Timeout)?
            .map(Message)
            .ok_or(RecvTimeoutError::Ended)
    }

    /// See [`motemq_tokio::Subscription::recv_unacked`].
    pub fn recv_unacked_timeout(
        &mut self,
        limit: Duration,
    ) -> Result<(Message, Unacked), RecvTimeoutError> {
        let (message, unacked) = wait_timeout(limit, self.0.recv_unacked())
            .ok_or(RecvTimeoutError::Timeout)?
            .ok_or(RecvTimeoutError::Ended)?;
        Ok((Message(message), unacked))
    }

    /// See [`motemq_tokio::Subscription::unsubscribe`].
    pub fn unsubscribe(self) -> Result<Acknowledgement, SubscribeError> {
        wait(self.0.unsubscribe())
    }
}

impl Iterator for Subscription {
    type Item = Message;

    fn next(&mut self) -> Option<Message> {
        self.recv()
    }
}

/// A subscription that is being made.
#[derive(Debug)]
pub struct Subscribing(motemq_tokio::Subscribing);

impl Subscribing {
    pub(super) fn new(subscribing: motemq_tokio::Subscribing) -> Self {
        Subscribing(subscribing)
    }

    /// Waits for the broker's answer.
    pub fn wait(self) -> Result<Subscription, SubscribeError> {
        wait(self.0).map(Subscription)
    }
}

/// A message that was received.
#[derive(Clone, Debug)]
pub struct Message(pub(super) motemq_tokio::Message);

impl Deref for Message {
    type Target = motemq_tokio::Message;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Message {
    /// See [`motemq_tokio::Message::into_reader`].
    pub fn into_reader(self) -> PayloadReader {
        PayloadReader(self.0.into_reader())
    }
}

/// A reader of a payload while it arrives.
#[derive(Debug)]
pub struct PayloadReader(motemq_tokio::PayloadReader);

impl Read for PayloadReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        wait(self.0.read(buffer))
    }
}
