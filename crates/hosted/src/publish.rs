//! Publishing, with the current time if the message can expire.
use bytes::Bytes;
use motemq::Publish;
use motemq_client::{Client, PublishError, PublishProperties, RequestId};
use std::time::Duration;

/// Publishes a message. Only a message with properties can expire, so `now` is called for the
/// current time only if the message has properties.
///
/// # Errors
/// The same as those of [`Client::publish`].
#[inline]
pub fn publish<'p, T: PublishProperties<'p>>(
    client: &mut Client,
    publish: &Publish<'p, T>,
    now: impl FnOnce() -> Duration,
) -> Result<Option<RequestId>, PublishError> {
    note_time(client, publish, now);
    client.publish(publish)
}

/// Publishes a message as [`publish`] does, with `payload` as its payload.
///
/// # Errors
/// The same as those of [`Client::publish_bytes`].
#[inline]
pub fn publish_bytes<'p, T: PublishProperties<'p>>(
    client: &mut Client,
    publish: &Publish<'p, T>,
    payload: &'p Bytes,
    now: impl FnOnce() -> Duration,
) -> Result<Option<RequestId>, PublishError> {
    note_time(client, publish, now);
    client.publish_bytes(publish, payload)
}

#[inline]
fn note_time<'p, T: PublishProperties<'p>>(
    client: &mut Client,
    publish: &Publish<'p, T>,
    now: impl FnOnce() -> Duration,
) {
    if !publish.properties.list().is_empty() {
        client.note_time(now());
    }
}
