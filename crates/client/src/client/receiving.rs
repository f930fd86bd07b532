//! Received bytes.
use super::{answers::reason_for, *};
use crate::{
    BrokerReason, PayloadBuf, RequestError, error::PacketKind, inbox::Receipt, protocol::CoreEvent,
    requests::Offence,
};
use motemq::{AckToken, Fault, Properties, ReasonCode, ReturnCode, Version};

/// The smallest capacity of a buffer that the session knows.
const LEAST: usize = 16;
/// The most events that are dealt with in one call.
const EVENTS: usize = 256;

impl Client {
    /// Returns [`READ_BUFFER`] if the driver should read, and 0 if it should not: if there is no
    /// connection, or if too many messages wait to be taken and the client waits for no answer.
    pub fn read_limit(&self) -> usize {
        match self.phase {
            Phase::Open if self.may_read() => READ_BUFFER,
            _ => 0,
        }
    }

    /// Returns whether reading should go on. What the broker owes us is never behind what the
    /// application does not take; before it accepts the connection, it sends no messages.
    #[inline]
    pub(super) fn may_read(&self) -> bool {
        !self.inbox.is_full()
            || (!self.inbox.is_blocked() && (self.requests.has_flights() || !self.has_send_quota()))
            || self.accepted.is_none()
    }

    /// Processes received bytes, and removes them from the beginning of `input`. The driver keeps
    /// the rest, and passes it again together with the bytes that arrive later, up to
    /// [`READ_BUFFER`] bytes.
    ///
    /// Returns whether the driver has to call it again at once, even without more bytes.
    pub fn on_read(&mut self, input: &mut &[u8], now: Duration) -> bool {
        if !matches!(self.phase, Phase::Open) {
            *input = &[];
            return false;
        }
        if self.inbox.has_lent() {
            // Acknowledgements may have become due; what follows the payload comes later.
            return self.read_events(&mut &[][..], now);
        }
        let before = input.len();
        let again = self.read_events(input, now);
        self.tally.bytes_in += (before - input.len()) as u64;
        self.note_arriving(!input.is_empty());
        again
    }

    /// Bytes have arrived. If the rest of their packet is still to come, the answer that frees the
    /// broker's quota may be behind it.
    #[inline]
    fn note_arriving(&mut self, is_incomplete: bool) {
        if (is_incomplete || self.protocol.is_within_packet())
            && let Some(extras) = self.extras.get_mut()
        {
            extras.quota_looks = None;
        }
    }

    /// Processes the bytes that were read into `payload`, and puts the memory of a message into it
    /// if much of the payload has not arrived yet. The driver then reads into this memory instead
    /// of its read buffer, as long as [`wanted`](PayloadBuf::wanted) is not 0. The driver calls
    /// this method after [`on_read`](Self::on_read) if that has left nothing in the read buffer. It
    /// is optional: `on_read` processes payloads of any length, too.
    pub fn poll_payload(&mut self, payload: &mut PayloadBuf, now: Duration) {
        if !matches!(self.phase, Phase::Open) {
            payload.end();
            return;
        }
        if payload.has_unread() {
            self.on_payload_read(payload, now);
        }
        if payload.wanted() == 0
            && !payload.has_unread()
            && let Some((memory, len)) = self.inbox.lend_payload()
        {
            payload.begin(memory, len);
        }
    }

    /// All of what was read is one piece of the payload: nothing behind it was wanted.
    fn on_payload_read(&mut self, payload: &mut PayloadBuf, now: Duration) {
        let mut input = payload.unread();
        let n = input.len();
        let (remaining, token) = match self.receive(&mut input, READ_BUFFER) {
            Ok(Some((CoreEvent::Payload { remaining, .. }, token))) => (remaining, token),
            Ok(_) => return,
            Err(fault) => {
                self.on_fault(fault, now);
                return;
            }
        };
        self.tally.bytes_in += n as u64;
        self.note_arriving(true);
        payload.take(n);
        if remaining == 0 {
            self.inbox.return_payload(payload.end());
        }
        let protocol = &mut self.protocol;
        match self.inbox.more(&[], remaining, token, protocol) {
            Ok(receipt) => self.on_receipt(receipt),
            Err(reason) => self.on_overrun(reason, true, now),
        }
    }

    fn read_events(&mut self, input: &mut &[u8], now: Duration) -> bool {
        let mut count = 0;
        let mut capacity = READ_BUFFER;
        let mut is_limited = self.inbox.is_full();
        while count < EVENTS
            && matches!(self.phase, Phase::Open)
            && (!is_limited || self.may_read())
        {
            let received = match self.receive(input, capacity) {
                Ok(received) => received,
                Err(fault) => {
                    if fault == Fault::PacketTooLarge && is_answer(input) {
                        let error = RequestError::Abandoned(fault);
                        self.suspect(PacketKind::Subscription, Offence::Fault(fault), error);
                    }
                    self.on_fault(fault, now);
                    return false;
                }
            };
            let Some((event, token)) = received else {
                if capacity == READ_BUFFER && self.is_beginning(input) {
                    // Its rest need not go through the read buffer.
                    capacity = input.len().max(LEAST);
                    continue;
                }
                break;
            };
            capacity = READ_BUFFER;
            count += 1;
            if let Err(reason) = self.on_event(event, token, now) {
                self.on_overrun(reason, true, now);
            }
            is_limited = self.inbox.is_full();
        }
        count == EVENTS
    }

    /// Reads up to the next event. Acknowledgements that are allowed are written first, as far as
    /// there is room for them.
    #[inline(always)]
    fn receive<'i>(
        &mut self,
        input: &mut &'i [u8],
        capacity: usize,
    ) -> Result<Option<(CoreEvent<'i>, Option<AckToken>)>, Fault> {
        while self.output.reserve_reply(REPLY) {
            let out = &mut self.output.out();
            let received = self.protocol.receive(input, capacity, out)?;
            // Acknowledgements may have filled the output.
            if received.is_some() || self.output.room() >= REPLY {
                return Ok(received);
            }
        }
        Ok(None)
    }

    /// Returns whether this is the beginning of a message up to a part of its payload, and the rest
    /// is so long that it is read straight into the memory of the message.
    fn is_beginning(&self, input: &[u8]) -> bool {
        if self.protocol.is_within_packet() {
            return false;
        }
        let remaining = remaining_payload(input, self.protocol.version());
        remaining.is_some_and(|(payload, remaining)| self.inbox.reads_directly(payload, remaining))
    }

    /// A message found no room. It and all behind it are left to the broker, and the connection
    /// ends as soon as what is awaited now has been answered, and, if so wanted, as a payload that
    /// has arrived was read.
    #[cold]
    pub(super) fn on_overrun(
        &mut self,
        reason: DisconnectReason,
        waits_for_payload: bool,
        now: Duration,
    ) {
        let limit = self.options.answer_limit();
        let acknowledged = self.tally.acknowledged + self.owed();
        self.extras.make().overrun = Some(Overrun {
            reason,
            acknowledged,
            until: now.saturating_add(limit),
            waits_for_payload,
        });
        self.check_overrun(now);
    }

    /// Writes the acknowledgements that are allowed. If they were lost with the connection, the
    /// broker would send the same messages over each connection, and nothing would be gained.
    #[cold]
    pub(super) fn write_acks(&mut self) {
        // Without input, nothing but acknowledgements is in question.
        let _ = self.receive(&mut &[][..], READ_BUFFER);
    }

    pub(super) fn on_fault(&mut self, fault: Fault, now: Duration) {
        let reason = match fault {
            // A broker of MQTT 3.1.1 that answers a CONNECT of MQTT 5.
            Fault::Refused(ReturnCode::UNACCEPTABLE_PROTOCOL_VERSION)
                if self.protocol.version() == Version::Mqtt5 =>
            {
                let code = ReasonCode::UNSUPPORTED_PROTOCOL_VERSION;
                DisconnectReason::RefusedWith(BrokerReason::new(code, Properties::default()))
            }
            Fault::Refused(code) => DisconnectReason::Refused(code),
            fault => DisconnectReason::Fault(fault),
        };
        // The session is closed already; what it wrote before still leaves.
        self.close_connection(reason, now.saturating_add(FLUSH), now);
    }

    /// An alias of the broker stands for no topic that is known.
    #[cold]
    fn on_unknown_alias(&mut self, fault: Fault, now: Duration) {
        let code = match fault {
            Fault::PacketTooLarge => ReasonCode::PACKET_TOO_LARGE,
            _ => ReasonCode::PROTOCOL_ERROR,
        };
        self.output.reserve_reply(REPLY);
        // If DISCONNECT cannot be written, closing the connection has to do.
        let _ = self
            .protocol
            .disconnect_with(code, &[], &mut self.output.out());
        self.on_fault(fault, now);
    }

    // The one caller is the loop over all that was received.
    #[inline(always)]
    fn on_event(
        &mut self,
        event: CoreEvent<'_>,
        token: Option<AckToken>,
        now: Duration,
    ) -> Result<(), DisconnectReason> {
        match event {
            CoreEvent::Message(mut message) => {
                if let Some(extras) = self.extras.get_mut()
                    && !extras.received_aliases.is_empty()
                    && let Some(alias) = message.properties.topic_alias()
                {
                    match extras.received_aliases.resolve(alias, message.topic) {
                        Ok(topic) => message.topic = topic,
                        Err(fault) => {
                            self.on_unknown_alias(fault, now);
                            return Ok(());
                        }
                    }
                }
                let receipt = self.inbox.begin(&message, token, &mut self.protocol)?;
                self.on_receipt(receipt);
            }
            CoreEvent::Payload { data, remaining } => {
                let protocol = &mut self.protocol;
                let receipt = self.inbox.more(data, remaining, token, protocol)?;
                self.on_receipt(receipt);
            }
            CoreEvent::Acked { id } => {
                self.tally.acknowledged += 1;
                if let Some(extras) = self.extras.get_mut() {
                    extras.quota_looks = None;
                }
                self.requests.on_acked(id);
            }
            CoreEvent::Received { id } => self.requests.on_received(id),
            CoreEvent::Connected {
                session,
                properties,
            } => self.on_connected(session, properties, now),
            CoreEvent::Subscribed {
                id,
                codes,
                properties,
            } => {
                self.tally.acknowledged += 1;
                let reason = match self.protocol.version() {
                    Version::Mqtt5 => reason_for(codes, properties),
                    _ => None,
                };
                let filters = self.requests.on_subscribed(id, codes, reason);
                if !filters.is_empty() {
                    self.inbox.revoke(&filters);
                    self.emit(Event::Refused { filters });
                }
            }
            CoreEvent::Resend { id, qos } => self.requests.on_resend(id, qos),
            CoreEvent::OutcomeUnknown { id } => self.requests.on_outcome_unknown(id),
            // What only MQTT 5 has. The event is taken apart here, so that it need not be in memory.
            CoreEvent::Refused {
                code,
                id,
                properties,
            } => self.on_refused(id, code, properties),
            CoreEvent::Accepted {
                code,
                id,
                is_pubrec,
                properties,
            } => self.on_accepted(id, code, is_pubrec, properties),
            CoreEvent::Unsubscribed {
                id,
                codes,
                properties,
            } => self.on_unsubscribed(id, codes, properties),
            CoreEvent::Disconnected { code, properties } => {
                self.on_disconnected(code, properties, now);
            }
            CoreEvent::Auth { code, properties } => self.on_auth(code, properties, now),
            CoreEvent::Skipped { len } => self.on_skipped(len),
            _ => {}
        }
        Ok(())
    }

    #[inline(always)]
    fn on_receipt(&mut self, receipt: Receipt) {
        if receipt != Receipt::Done {
            self.emit_receipt(receipt);
        }
        if self.inbox.poll_unclaimed() {
            self.emit(Event::Unclaimed);
        }
    }

    #[cold]
    fn emit_receipt(&mut self, receipt: Receipt) {
        match receipt {
            Receipt::Done => {}
            Receipt::Skipped(len) => self.emit(Event::Skipped { len }),
            Receipt::IdentifierReused(id) => {
                if !core::mem::replace(&mut self.was_reuse_told, true) {
                    self.emit(Event::IdentifierReused { id });
                }
            }
        }
    }

    /// Reports that bytes have arrived that the driver cannot pass on yet, for example a part of a
    /// large WebSocket frame, so that the client does not take the broker for dead.
    pub fn on_read_progress(&mut self) {
        self.protocol.on_reading_paused();
    }
}

/// Returns whether the packet that is too large answers a subscription, or the end of one: it begins
/// here, or its reason codes do, which the session reads last if it drops the properties before them.
fn is_answer(input: &[u8]) -> bool {
    const SUBACK: u8 = 9;
    const UNSUBACK: u8 = 11;
    let first = input.first().map(|first| first >> 4);
    // Reason codes are 0x00 to 0x1f and 0x80 to 0xaf. No other packet of a broker begins so.
    matches!(first, Some(0 | 1 | 8 | SUBACK | 10 | UNSUBACK))
}

/// Returns the length of the payload of the PUBLISH that begins so, and how much of it is missing.
/// `None`: it is another packet, or its payload has not begun.
fn remaining_payload(input: &[u8], version: Version) -> Option<(usize, usize)> {
    const PUBLISH: u8 = 3;
    const QOS: u8 = 0b0110;
    let (&first, rest) = input
        .split_first()
        .filter(|(first, _)| *first >> 4 == PUBLISH)?;
    let (length, body) = variable(rest)?;
    let topic = u16::from_be_bytes(*body.first_chunk()?);
    let mut header = 2 + usize::from(topic) + if first & QOS == 0 { 0 } else { 2 };
    if version == Version::Mqtt5 {
        let section = body.get(header..)?;
        let (properties, rest) = variable(section)?;
        header += section.len() - rest.len() + properties;
    }
    let payload = length.checked_sub(header)?;
    (body.len() >= header).then(|| (payload, length.saturating_sub(body.len())))
}

/// Splits a variable byte integer off.
fn variable(input: &[u8]) -> Option<(usize, &[u8])> {
    let digits = 1 + input.iter().take(4).position(|byte| byte & 0x80 == 0)?;
    let (digits, rest) = input.split_at_checked(digits)?;
    let number = digits
        .iter()
        .rev()
        .fold(0, |number, digit| number << 7 | usize::from(digit & 0x7f));
    Some((number, rest))
}
