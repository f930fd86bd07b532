//! Messages that have properties, which only MQTT 5 has.
use super::{
    commands::{LONGEST_MESSAGE, check_topic, incomplete_or_too_long, too_long},
    extras::sent_aliases,
    publishing::is_direct,
    *,
};
use crate::{
    InvalidProperties, MessageProperties, PublishError, PublishProperties,
    properties::room_for,
    requests::{RequestKind, StoredPublish},
    write_buf::LONGEST,
};
use bytes::Bytes;
use motemq::{PacketId, Publish, SendError, Version};

impl Client {
    /// Publishes a message that has properties. Its payload is `shared`, if that is given.
    #[inline(never)]
    pub(super) fn publish_with_properties<'p, T: PublishProperties<'p>>(
        &mut self,
        publish: &Publish<'p, T>,
        shared: Option<&Bytes>,
    ) -> Result<Option<RequestId>, PublishError> {
        self.check_open().map_err(PublishError::Ended)?;
        let room = self.check_properties(publish)?;
        let length = publish.topic().len() + publish.payload.len() + room;
        if publish.remaining != 0 || length as u64 > LONGEST_MESSAGE {
            return Err(incomplete_or_too_long(publish));
        }
        check_topic(publish)?;
        if let Some(limits) = self.options.limits() {
            limits.check_publish(publish)?;
        }
        let properties = MessageProperties::new(publish.properties.list())?;
        if self.accepted.is_none() {
            return self.keep(publish, shared, properties);
        }
        self.check_publish(publish, properties.len())?;
        if self.must_wait(publish.qos) {
            return self.full();
        }
        if is_direct(publish, shared, room) {
            return self.publish_direct(publish, shared, properties);
        }
        if !self.output.reserve(length + HEADER) {
            return self.full();
        }
        match self.send_publish(publish) {
            Ok(id) => {
                self.tally.sent += 1;
                Ok(id.map(|id| {
                    let end = Some(self.output.position());
                    let stored = StoredPublish::new(publish, properties, self.clock.now());
                    self.requests.launch(id, RequestKind::Publish(stored), end)
                }))
            }
            Err(SendError::Busy) if self.make_room_for_message() => {
                self.publish_with_properties(publish, shared)
            }
            Err(SendError::Busy | SendError::Full) => self.full(),
            Err(SendError::Offline) => self.keep(publish, shared, properties),
            Err(_) => Err(too_long(publish)),
        }
    }

    /// Writes a PUBLISH, with MQTT 3.1.1 without the properties, and with an alias if its topic has
    /// one.
    #[inline]
    pub(super) fn send_publish<'p, T: PublishProperties<'p>>(
        &mut self,
        publish: &Publish<'p, T>,
    ) -> Result<Option<PacketId>, SendError> {
        if let Some(aliases) = sent_aliases(&mut self.extras)
            && self.protocol.version() == Version::Mqtt5
        {
            return aliases.write(publish, None, &mut self.protocol, &mut self.output);
        }
        let out = &mut self.output.out();
        match self.protocol.version() {
            Version::Mqtt5 => self.protocol.publish(publish, out),
            _ => self.protocol.publish(&without_properties(publish), out),
        }
    }

    /// Checks what can be said of properties without a connection. Returns how much room they take
    /// at most.
    pub(super) fn check_properties<'p, T: PublishProperties<'p>>(
        &self,
        publish: &Publish<'p, T>,
    ) -> Result<usize, PublishError> {
        let list = publish.properties.list();
        if list.is_empty() {
            return Ok(0);
        }
        if self.options.version != Version::Mqtt5 {
            return Err(PublishError::PropertiesUnsupported);
        }
        let room = room_for(list).ok_or(InvalidProperties)?;
        let len = publish.topic().len() + room;
        if len > LONGEST {
            let limit = LONGEST;
            return Err(PublishError::PropertiesTooLong { len, limit });
        }
        Ok(room)
    }
}

/// Returns the same message without properties.
fn without_properties<'p, T: Copy>(publish: &Publish<'p, T>) -> Publish<'p> {
    let plain = Publish::to(publish.topic()).payload(publish.payload);
    let plain = plain.qos(publish.qos).remaining(publish.remaining);
    if publish.retain {
        plain.retain()
    } else {
        plain
    }
}
