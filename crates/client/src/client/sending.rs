//! Sending of everything that waits, as far as there is room: messages for which the session asks
//! after a reconnection, and the queue.
use super::{extras::sent_aliases, *};
use crate::{
    PublishProperties, RequestError, WriteBuf,
    aliases::SentAliases,
    profile::OverLimit,
    protocol::ProtocolState,
    requests::{RequestKind, StoredPublish, identifier_of, is_acknowledged},
};
use motemq::{Filter, Out, PacketId, Property, Publish, QoS, SendError, Version};

impl Client {
    /// Exchanges `output`, if it is empty, for a buffer with the bytes that the driver has to
    /// write.
    ///
    /// Returns whether waiting messages found no room in the output before. The driver then has to
    /// call [`on_timeout`](Self::on_timeout) again before it waits.
    #[inline]
    pub fn poll_output(&mut self, output: &mut WriteBuf) -> bool {
        let gate = self.gate();
        if !self.output.poll(output, gate) {
            return false;
        }
        self.tell_room();
        mem::take(&mut self.found_no_room)
    }

    /// Returns whether the bytes to be written can wait for the next read, since they are only
    /// acknowledgements, which can be sent together with those that follow. This is an optional
    /// optimization: a driver calls it after a read that has filled its buffer with `read` bytes,
    /// so that more bytes are likely to have arrived. If the result is true, the driver reads again
    /// before it calls [`poll_output`](Self::poll_output).
    #[inline]
    pub fn may_gather(&mut self, read: usize) -> bool {
        matches!(self.phase, Phase::Open)
            && !self.wants_room
            && self.may_read()
            && self.output.may_gather(read)
    }

    /// Reports that the transport has accepted `n` bytes.
    #[inline]
    pub fn on_written(&mut self, n: usize, now: Duration) {
        self.output.on_written(n, now);
        self.requests.on_left(self.output.written());
    }

    /// Returns whether there is room for whatever was refused. Who is told of room tries again at
    /// once.
    pub(super) fn has_room(&mut self) -> bool {
        self.accepted.is_some()
            && self.requests.in_flight() < self.window()
            && self.requests.is_queue_empty()
            && self.protocol.payload_remaining() == 0
            && self.output.is_empty()
            && self.has_send_quota()
            && (self.protocol.has_free_slot() || self.make_room_for_message())
    }

    /// Returns whether at most half of the messages that [`Options::in_flight`] allows are in
    /// flight. Brokers answer messages one by one, so a driver can wait a short time for this
    /// before it wakes threads that wait for room.
    pub fn is_window_half_free(&self) -> bool {
        self.requests.in_flight() <= self.options.max_in_flight() / 2
    }

    /// Returns whether another message with QoS 1 or 2 has to wait for an answer of the broker: as
    /// many messages are in flight as are allowed, and all of them were passed to the driver.
    pub fn is_window_full(&self) -> bool {
        self.accepted.is_some()
            && self.requests.in_flight() >= self.window()
            && self.requests.is_queue_empty()
            && self.protocol.payload_remaining() == 0
            && self.output.is_empty()
    }

    /// Sends what waits, as far as there is room. Returns whether the session may ask for something
    /// else now.
    pub(super) fn send_waiting(&mut self) -> bool {
        self.found_no_room = false;
        let mut has_answered = false;
        while self.accepted.is_some() {
            let sent = if self.protocol.payload_remaining() > 0 {
                // The upload comes first.
                break;
            } else if let Some(id) = self.requests.resend() {
                let sent = self.send_again(id);
                has_answered |= sent == Ok(true);
                sent
            } else if has_answered {
                // Nothing new goes before what is sent again.
                break;
            } else {
                self.send_first()
            };
            match sent {
                Ok(true) => {}
                Err(SendError::Full) => {
                    self.found_no_room = true;
                    break;
                }
                Err(SendError::Busy) if self.pass_over() => {}
                Ok(false) | Err(_) => break,
            }
        }
        has_answered
    }

    /// Answers the session, which asks for a message.
    fn send_again(&mut self, id: PacketId) -> Result<bool, SendError> {
        let Some(stored) = self.requests.copy(id) else {
            self.output.reserve_reply(REPLY);
            self.protocol.abandon(id, &mut self.output.out())?;
            self.requests.on_abandoned(id, RequestError::OutcomeUnknown);
            return Ok(true);
        };
        let (protocol, output) = (&mut self.protocol, &mut self.output);
        let aliases = sent_aliases(&mut self.extras);
        let sent = write_publish(
            stored,
            Some(id),
            self.clock.now(),
            aliases,
            protocol,
            output,
        );
        match sent {
            Ok(_) => {}
            Err(error @ (SendError::Full | SendError::Busy | SendError::Offline)) => {
                return Err(error);
            }
            // The broker has other limits than before.
            Err(_) => {
                let error = self.reason_against(stored);
                self.protocol.abandon(id, &mut self.output.out())?;
                self.requests.on_abandoned(id, error);
                return Ok(true);
            }
        }
        self.tally.resent += 1;
        self.requests.on_resent(id, self.output.position());
        Ok(true)
    }

    /// Sends the first request of the queue.
    fn send_first(&mut self) -> Result<bool, SendError> {
        let Some(kind) = self.requests.first() else {
            return Ok(false);
        };
        if is_acknowledged(kind) && self.requests.in_flight() >= self.window() {
            return Ok(false);
        }
        if self.requests.has_first_expired(self.clock.now()) {
            self.requests.on_first_refused(RequestError::Expired);
            return Ok(true);
        }
        let is_message = kind.is_message();
        let sent = match kind {
            RequestKind::Publish(stored) => publish_stored(
                stored,
                self.clock.now(),
                sent_aliases(&mut self.extras),
                &mut self.protocol,
                &mut self.output,
            ),
            RequestKind::Subscribe(filters) => {
                let version = self.protocol.version();
                let packet = PropertyPacket::Subscribe;
                let mut properties = self.options.user_properties(packet, version);
                properties.extend(identifier_of(filters, version));
                let filters: Vec<_> = filters.iter().map(|owned| owned.to_send(version)).collect();
                let length = self.options.user_properties_length(packet);
                reserve_filters(&mut self.output, &filters, length)?;
                let out = &mut self.output.out();
                self.protocol
                    .subscribe_with(&filters, &properties, out)
                    .map(Some)
            }
            RequestKind::Unsubscribe(filters) => {
                let packet = PropertyPacket::Unsubscribe;
                let properties = self
                    .options
                    .user_properties(packet, self.protocol.version());
                let filters = filters
                    .iter()
                    .map(|filter| Filter::new(filter, QoS::AtMostOnce));
                let filters: Vec<_> = filters.collect();
                let length = self.options.user_properties_length(packet);
                reserve_filters(&mut self.output, &filters, length)?;
                let out = &mut self.output.out();
                self.protocol
                    .unsubscribe_with(&filters, &properties, out)
                    .map(Some)
            }
            RequestKind::NoCopy | RequestKind::Accepted(_) => Ok(None),
        };
        match sent {
            Ok(id) => {
                self.tally.sent += u64::from(is_message);
                self.requests.on_first_sent(id, self.output.position());
                self.wants_room = true;
            }
            Err(error @ (SendError::Full | SendError::Busy | SendError::Offline)) => {
                return Err(error);
            }
            // What cannot be sent must not bar the others.
            Err(_) => self.refuse_first(),
        }
        Ok(true)
    }

    /// The first request of the queue is more than the broker of this connection accepts.
    #[cold]
    fn refuse_first(&mut self) {
        let error = match self.requests.first() {
            Some(RequestKind::Publish(stored)) => self.reason_against(stored),
            Some(RequestKind::Subscribe(filters)) => {
                let texts = filters.iter().map(|filter| filter.text.as_str());
                let identifier = filters.first().map_or(0, |filter| filter.identifier);
                over_limit(self.check_announced(PropertyPacket::Subscribe, texts, identifier))
            }
            Some(RequestKind::Unsubscribe(filters)) => {
                let texts = filters.iter().map(String::as_str);
                over_limit(self.check_announced(PropertyPacket::Unsubscribe, texts, 0))
            }
            _ => RequestError::Withdrawn,
        };
        let filters = self.requests.on_first_refused(error);
        if !filters.is_empty() {
            self.inbox.revoke(&filters);
            self.emit(Event::Refused { filters });
        }
    }

    /// Returns why the broker of this connection does not accept a message.
    fn reason_against(&self, stored: &StoredPublish) -> RequestError {
        let properties = stored.properties_length();
        over_limit(self.check_publish(&stored.publish(), properties))
    }
}

/// Returns the properties with which a message is sent now.
#[inline]
fn properties(stored: &StoredPublish, version: Version, now: Duration) -> Vec<Property<'_>> {
    match version {
        Version::Mqtt5 => stored.properties(now),
        _ => Vec::new(),
    }
}

/// Returns the error for what the broker does not accept.
fn over_limit(checked: Result<(), OverLimit>) -> RequestError {
    checked.map_or_else(RequestError::OverLimit, |()| RequestError::Withdrawn)
}

/// Makes room for these filters, and properties of this length.
fn reserve_filters<O>(
    output: &mut Output,
    filters: &[Filter<'_, O>],
    properties: usize,
) -> Result<(), SendError> {
    let lengths = filters.iter().map(|filter| filter.filter.len() + 3);
    if output.reserve(lengths.sum::<usize>() + properties + HEADER) {
        Ok(())
    } else {
        Err(SendError::Full)
    }
}

/// Publishes a message. A payload that is written from the memory that holds it is not copied.
pub(super) fn publish_stored(
    stored: &StoredPublish,
    now: Duration,
    aliases: Option<&mut SentAliases>,
    protocol: &mut ProtocolState,
    output: &mut Output,
) -> Result<Option<PacketId>, SendError> {
    write_publish(stored, None, now, aliases, protocol, output)
}

/// Writes a message as it is at `now`, again if it has the identifier `resent`.
fn write_publish(
    stored: &StoredPublish,
    resent: Option<PacketId>,
    now: Duration,
    aliases: Option<&mut SentAliases>,
    protocol: &mut ProtocolState,
    output: &mut Output,
) -> Result<Option<PacketId>, SendError> {
    let mut publish = stored.publish();
    let payload = stored.direct_payload();
    let has_room = match payload {
        None => output.reserve(stored.len() + HEADER),
        Some(payload) => {
            let room = publish.topic().len() + stored.properties_length() + HEADER;
            publish = publish.payload(&[]).remaining(payload.len() as u32);
            output.reserve_before(room, payload.len())
        }
    };
    if !has_room {
        return Err(SendError::Full);
    }
    let list = properties(stored, protocol.version(), now);
    let written = if list.is_empty() {
        write(&publish, resent, aliases, protocol, output)?
    } else {
        write(
            &publish.properties(&list),
            resent,
            aliases,
            protocol,
            output,
        )?
    };
    if let Some(payload) = payload {
        output.append(payload.clone());
        // The payload stands behind what was written before, and not in memory of the session's.
        let (mut none, mut taken) = ([], 0);
        protocol.publish_direct(payload.len() as u32, &mut Out::new(&mut none, &mut taken))?;
    }
    Ok(written)
}

/// Writes a PUBLISH, again if it has the identifier `resent`.
fn write<'p, T: PublishProperties<'p>>(
    publish: &Publish<'p, T>,
    resent: Option<PacketId>,
    aliases: Option<&mut SentAliases>,
    protocol: &mut ProtocolState,
    output: &mut Output,
) -> Result<Option<PacketId>, SendError> {
    if let Some(aliases) = aliases {
        return aliases.write(publish, resent, protocol, output);
    }
    let out = &mut output.out();
    match resent {
        Some(id) => protocol.republish(id, publish, out).map(|()| Some(id)),
        None => protocol.publish(publish, out),
    }
}
