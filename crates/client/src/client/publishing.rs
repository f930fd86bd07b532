//! Publishing: a message is written at once, or waits for a connection.
use super::{
    commands::{LONGEST_MESSAGE, check_topic, incomplete_or_too_long, too_long},
    extras::sent_aliases,
    sending::publish_stored,
    *,
};
use crate::{
    MessageProperties, PublishError, PublishProperties, WhenFull,
    requests::{RequestKind, StoredPublish},
    write_buf::{DIRECT, LONGEST},
};
use bytes::Bytes;
use motemq::{Publish, QoS, SendError};

impl Client {
    /// Publishes a message. With a connection, the client writes it to the output at once; without
    /// one, the message waits in the [queue](Options::queue).
    ///
    /// Returns `None` for a message with QoS 0 that was written, since the broker does not answer
    /// it. For other messages, and for one with QoS 0 whose payload was not copied since it is
    /// long, it returns a request, whose outcome [`poll_outcome`](Self::poll_outcome) returns until
    /// [`forget`](Self::forget) is called.
    ///
    /// # Errors
    /// A [`PublishError`]. With [`Full`](PublishError::Full), if too many messages are in flight or
    /// wait, and [`Offline`](PublishError::Offline), for QoS 0 without a connection, try again
    /// after [`Event::Room`].
    #[inline]
    pub fn publish<'p, T: PublishProperties<'p>>(
        &mut self,
        publish: &Publish<'p, T>,
    ) -> Result<Option<RequestId>, PublishError> {
        self.publish_with(publish, None)
    }

    /// Publishes a message as [`publish`](Self::publish) does, with this payload instead of its
    /// own. A payload of 16 KiB or more is not copied, but written to the transport from its own
    /// memory.
    ///
    /// # Errors
    /// As [`publish`](Self::publish).
    pub fn publish_bytes<'p, T: PublishProperties<'p>>(
        &mut self,
        publish: &Publish<'p, T>,
        payload: &'p Bytes,
    ) -> Result<Option<RequestId>, PublishError> {
        let publish = publish.payload(payload);
        self.publish_with(
            &publish,
            Some(payload).filter(|payload| payload.len() >= DIRECT),
        )
    }

    /// Publishes a message. Its payload is `shared`, if that is given.
    #[inline]
    fn publish_with<'p, T: PublishProperties<'p>>(
        &mut self,
        publish: &Publish<'p, T>,
        shared: Option<&Bytes>,
    ) -> Result<Option<RequestId>, PublishError> {
        if !publish.properties.list().is_empty() {
            return self.publish_with_properties(publish, shared);
        }
        self.check_open().map_err(PublishError::Ended)?;
        let length = publish.topic().len() + publish.payload.len();
        if publish.remaining != 0 || length as u64 > LONGEST_MESSAGE {
            return Err(incomplete_or_too_long(publish));
        }
        if let Some(limits) = self.options.limits() {
            limits.check_publish(publish)?;
        }
        if self.accepted.is_none() {
            return self.keep(publish, shared, MessageProperties::default());
        }
        if self.must_wait(publish.qos) {
            check_topic(publish)?;
            return self.full();
        }
        if length >= DIRECT && is_direct(publish, shared, 0) {
            return self.publish_direct(publish, shared, MessageProperties::default());
        }
        if !self.output.reserve(length + HEADER) {
            check_topic(publish)?;
            return self.full();
        }
        let sent = match self.extras.get() {
            None => self.protocol.publish(publish, &mut self.output.out()),
            Some(_) => self.send_publish(publish),
        };
        match sent {
            Ok(id) => {
                self.tally.sent += 1;
                Ok(id.map(|id| {
                    let end = Some(self.output.position());
                    let none = MessageProperties::default();
                    // Without properties it does not expire.
                    let stored = StoredPublish::new(publish, none, Duration::ZERO);
                    self.requests.launch(id, RequestKind::Publish(stored), end)
                }))
            }
            // Once for all packets that were given up.
            Err(SendError::Busy) if self.make_room_for_message() => {
                self.publish_with(publish, shared)
            }
            Err(SendError::Busy | SendError::Full) => self.full(),
            Err(SendError::Offline) => self.keep(publish, shared, MessageProperties::default()),
            Err(_) => {
                check_topic(publish)?;
                self.check_publish(publish, 0)?;
                Err(too_long(publish))
            }
        }
    }

    /// Publishes a message whose payload is written from the memory that holds it.
    #[cold]
    pub(super) fn publish_direct<T: Copy>(
        &mut self,
        publish: &Publish<'_, T>,
        shared: Option<&Bytes>,
        properties: MessageProperties,
    ) -> Result<Option<RequestId>, PublishError> {
        check_topic(publish)?;
        let properties_length = properties.len();
        self.check_publish(publish, properties_length)?;
        let room = publish.topic().len() + properties_length + HEADER;
        if !self.output.reserve_before(room, publish.payload.len()) {
            return self.full();
        }
        let now = self.clock.now();
        let stored = stored(publish, shared, properties.clone(), now);
        let aliases = sent_aliases(&mut self.extras);
        match publish_stored(&stored, now, aliases, &mut self.protocol, &mut self.output) {
            Ok(id) => {
                self.tally.sent += 1;
                let end = self.output.position();
                let Some(id) = id else {
                    return Ok(Some(self.requests.launch_unacknowledged(end)));
                };
                let kind = RequestKind::Publish(stored);
                Ok(Some(self.requests.launch(id, kind, Some(end))))
            }
            Err(SendError::Busy) if self.make_room_for_message() => {
                self.publish_direct(publish, shared, properties)
            }
            Err(SendError::Busy | SendError::Full) => self.full(),
            Err(_) => self.keep(publish, shared, properties),
        }
    }

    /// Lets a message wait for a connection.
    pub(super) fn keep<T: Copy>(
        &mut self,
        publish: &Publish<'_, T>,
        shared: Option<&Bytes>,
        properties: MessageProperties,
    ) -> Result<Option<RequestId>, PublishError> {
        check_topic(publish)?;
        let settings = &self.options.settings;
        let (queue_messages, queue_bytes) = (settings.queue_messages, settings.queue_bytes);
        let when_full = settings.when_full;
        if publish.qos == QoS::AtMostOnce && !settings.queue_qos0 {
            self.wants_room = true;
            return Err(PublishError::Offline);
        }
        let len = publish.topic().len() + publish.payload.len() + properties.len();
        if len > queue_bytes || queue_messages == 0 {
            self.wants_room = true;
            return Err(PublishError::LargerThanQueue {
                len,
                limit: if queue_messages == 0 { 0 } else { queue_bytes },
            });
        }
        let fits = |messages, bytes| messages < queue_messages && bytes + len <= queue_bytes;
        let (messages, bytes) = self.requests.queued();
        if !fits(messages, bytes)
            && (when_full == WhenFull::Wait || !self.requests.drop_oldest(fits))
        {
            return self.full();
        }
        let kind = RequestKind::Publish(stored(publish, shared, properties, self.clock.now()));
        Ok(Some(self.requests.enqueue(kind)))
    }
}

/// Returns whether a message of some length, with properties of some length, is written from the
/// memory that holds its payload: it is not copied for that, or is copied in any case, or is longer
/// than the write buffer.
#[cold]
pub(super) fn is_direct<T: Copy>(
    publish: &Publish<'_, T>,
    shared: Option<&Bytes>,
    properties: usize,
) -> bool {
    let is_kept = shared.is_some() || publish.qos != QoS::AtMostOnce;
    (is_kept && publish.payload.len() >= DIRECT)
        || publish.topic().len() + properties + publish.payload.len() > LONGEST
}

/// Returns a copy of a message, of which the payload is not copied if it is `shared`.
fn stored<T: Copy>(
    publish: &Publish<'_, T>,
    shared: Option<&Bytes>,
    properties: MessageProperties,
    now: Duration,
) -> StoredPublish {
    match shared {
        Some(payload) => StoredPublish::with_payload(publish, payload.clone(), properties, now),
        None => StoredPublish::new(publish, properties, now),
    }
}
