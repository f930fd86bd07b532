//! Reading packets: from bytes to events.
use super::{
    Session, Slot,
    ring::{Answered, Resend},
};
use crate::{
    Event, Fault, Message, Out, Output, PacketId, Protocol, QoS, ReturnCode, SessionState,
    buffer::{Buffer, held},
    event::EventOf,
    profile::{
        acknowledges, delivers_repeated, has_qos_2, is_acknowledged, max_qos, receives_qos_2,
        resumes, skips, streams_in, streams_out, subscribes, validates,
    },
    topic::{self, Kind, TopicName},
    wire,
};

/// What becomes of the acknowledgement of a received message.
pub(crate) enum Acks<'a, 'o> {
    /// The session writes it before it reads on.
    Write(&'a mut Out<'o>),
    /// The layer above takes it, and the session does not read on until it has. Whether everything
    /// written so far was sent decides what may be expected of the broker.
    Hold { is_flushed: bool },
}

/// The beginning of a packet.
struct Start<'i> {
    first_byte: u8,
    /// The two bytes with which all packets but PINGRESP go on: an identifier, the length of a
    /// topic, or what CONNACK says.
    first: u16,
    /// The remaining length without them.
    length: usize,
    /// How many of these bytes have to be there at once: of PUBLISH topic and identifier, else all.
    want: usize,
    body: &'i [u8],
}

/// The beginning of the payload of a message, or the next piece of it.
enum Piece<'i> {
    First(TopicName<'i>),
    /// The topic was too long for `rx`.
    FirstOfSkipped,
    Next,
}

/// The packets that may arrive on an open connection, a bit for each type.
const fn expected<P: Protocol>() -> u16 {
    let mut all = 1 << wire::PINGRESP;
    if subscribes::<P>() {
        all |= 1 << wire::PUBLISH | 1 << wire::SUBACK | 1 << wire::UNSUBACK;
    }
    if max_qos::<P>() > 0 {
        all |= 1 << wire::PUBACK;
    }
    if has_qos_2::<P>() {
        all |= 1 << wire::PUBREC | 1 << wire::PUBCOMP;
    }
    if receives_qos_2::<P>() {
        all |= 1 << wire::PUBREL;
    }
    all
}

impl<P: Protocol> Session<[Slot], P> {
    /// Reads on and returns what has happened. `Ok(None)`: it needs more bytes in `rx` or room in
    /// `tx`.
    ///
    /// A message is accepted, and acknowledged as soon as `tx` has room, by the call after the one
    /// that returned (the last piece of) it: to ask for the next event is to have dealt with this
    /// one. If the connection is lost before, the message is delivered again; once accepted, a QoS
    /// 2 message never is [MQTT-4.3.3-2].
    ///
    /// # Errors
    /// A [`Fault`] ends the connection: close the transport.
    ///
    /// # Examples
    /// ```
    /// # use motemq::*;
    /// let mut session = Session::<[Slot; 8]>::new();
    /// let (mut rx, mut tx) = (Buffer::<[u8; 64]>::new(), Buffer::<[u8; 64]>::new());
    /// session.connect(&Connect::new("node-7"), &mut rx, &mut tx)?;
    /// # tx.clear();
    /// let read = b"\x20\x02\0\0\x32\x0b\0\x04ping\0\x05abc"; // CONNACK, a message with QoS 1
    /// rx.space()[..read.len()].copy_from_slice(read);
    /// rx.commit(read.len());
    /// while let Some(event) = session.next_event(&mut rx, &mut tx)? {
    ///     if let Event::Message(m) = event {
    ///         session.publish(&Publish::to("reply").payload(m.payload), &mut tx)?;
    ///     }
    /// }
    /// // The reply, and the acknowledgement of the message that it replies to.
    /// assert_eq!(tx.bytes(), b"\x30\x0a\0\x05replyabc\x40\x02\0\x05");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg_attr(feature = "fast", inline)]
    pub fn next_event<'r>(
        &mut self,
        rx: &'r mut Buffer,
        tx: &mut (impl Output + ?Sized),
    ) -> Result<Option<EventOf<'r, P>>, Fault> {
        let Buffer { start, end, mem } = rx;
        let mut input = held(mem, *start, *end);
        let event = self.receive(&mut input, mem.len(), tx);
        *start = end.wrapping_sub(input.len());
        event
    }

    /// The slice form of [`next_event`](Self::next_event): reads from `input` and takes off it what
    /// is done with. `capacity` is the largest length that `input` can have, at least 16: what is
    /// longer is streamed.
    ///
    /// # Errors
    /// As [`next_event`](Self::next_event).
    #[cfg_attr(feature = "fast", inline)]
    pub fn receive<'i>(
        &mut self,
        input: &mut &'i [u8],
        capacity: usize,
        tx: &mut (impl Output + ?Sized),
    ) -> Result<Option<EventOf<'i, P>>, Fault> {
        tx.lend(|out| self.read(input, capacity, Acks::Write(out)))
    }

    /// Reads up to the next event.
    #[cfg_attr(feature = "fast", inline(always))]
    pub(crate) fn read<'i>(
        &mut self,
        input: &mut &'i [u8],
        capacity: usize,
        mut acks: Acks<'_, '_>,
    ) -> Result<Option<EventOf<'i, P>>, Fault> {
        self.connection.on_read_begin(input.len());
        #[cfg(feature = "fast")]
        if let Some(message) = self.message_at_once(input, &mut acks) {
            self.connection.on_read_end(input.len());
            return Ok(Some(Event::Message(message)));
        }
        let event = self.step(input, capacity, &mut acks);
        // The one place where connections end.
        if event.is_err() {
            self.on_connection_lost();
        } else if !self.connection.is_closed() {
            self.connection.on_read_end(input.len());
        }
        event
    }

    #[cfg_attr(not(feature = "fast"), inline(always))]
    #[cfg_attr(feature = "fast", inline(never))]
    fn step<'i>(
        &mut self,
        input: &mut &'i [u8],
        capacity: usize,
        acks: &mut Acks<'_, '_>,
    ) -> Result<Option<EventOf<'i, P>>, Fault> {
        loop {
            if self.connection.is_closed() || !self.settle(acks) {
                return Ok(None);
            }
            if resumes::<P>() && self.connection.is_resending() && self.incoming.is_idle() {
                match self.ring.next_to_resend::<P>() {
                    Some(Resend::Release(id)) => {
                        self.incoming.set_id(id);
                        self.ack = wire::PUBREL_FIRST_BYTE;
                        continue;
                    }
                    Some(Resend::Message {
                        id,
                        first: true,
                        is_qos_1,
                    }) => {
                        let qos = if is_qos_1 {
                            QoS::AtLeastOnce
                        } else {
                            QoS::ExactlyOnce
                        };
                        return Ok(Some(Event::Resend { id, qos }));
                    }
                    Some(Resend::Message { .. }) => {}
                    None => self.connection.end_resending(),
                }
            }
            let piece;
            if self.incoming.is_in_payload::<P>() {
                if input.is_empty() {
                    return Ok(None);
                }
                piece = Piece::Next;
            } else if self.incoming.is_in_topic::<P>()
                && (!resumes::<P>() || self.connection.is_open())
            {
                let Some((&byte, after)) = input.split_first() else {
                    return Ok(None);
                };
                let Some(id) = self.incoming.skip_topic_byte(byte) else {
                    *input = after;
                    continue;
                };
                let Some(id) = PacketId::new(id) else {
                    return Err(Fault::Malformed);
                };
                if !self.begin_message(id, self.incoming.remaining(), acks)? {
                    return Ok(None);
                }
                *input = after;
                piece = Piece::FirstOfSkipped;
            } else {
                let Some(start) = self.read_start(input)? else {
                    return Ok(None);
                };
                let kind = start.first_byte >> 4;
                if kind == wire::PINGRESP {
                    self.connection.on_pingresp();
                    *input = start.body;
                    continue;
                }
                // What of the packet can be in the buffer at once: all of it, its header, or not
                // even that.
                let room = capacity.wrapping_sub(input.len().wrapping_sub(start.body.len()));
                let need = if start.length <= room || !streams_in::<P>() {
                    start.length
                } else {
                    start.want
                };
                if start.body.len() < need {
                    if need <= room {
                        return Ok(None);
                    }
                    if !skips::<P>() || kind != wire::PUBLISH {
                        return Err(Fault::PacketTooLarge);
                    }
                    let payload = start.length.wrapping_sub(start.want);
                    self.incoming
                        .begin_topic(start.first_byte, start.want, payload);
                    *input = start.body;
                    continue;
                }
                let Some((header, after)) = start.body.split_at_checked(start.want) else {
                    return Ok(None);
                };
                if !subscribes::<P>() || kind != wire::PUBLISH {
                    if !is_acknowledged::<P>() || kind == wire::CONNACK {
                        return self.on_connack(start.first, input, after);
                    }
                    *input = after;
                    if let Some(event) = self.on_ack(kind, start.first, header)? {
                        return Ok(Some(event));
                    }
                    continue;
                }
                let (name, id) = wire::split_publish(start.first_byte, header);
                let Some(id) = PacketId::new(id) else {
                    return Err(Fault::Malformed);
                };
                if validates::<P>() && !topic::is_valid::<P>(name, Kind::Name) {
                    return Err(Fault::Malformed);
                }
                self.incoming.set_first_byte(start.first_byte);
                let payload = start.length.wrapping_sub(start.want) as u32;
                if !self.begin_message(id, payload, acks)? {
                    return Ok(None);
                }
                *input = after;
                piece = Piece::First(TopicName(name));
            }
            if let Some(event) = self.take_payload(piece, input) {
                return Ok(Some(event));
            }
        }
    }

    /// Deals with the acknowledgement that is due, if one is. `false`: it is still due, and nothing
    /// may be read.
    #[inline(always)]
    fn settle(&mut self, acks: &mut Acks<'_, '_>) -> bool {
        match acks {
            Acks::Write(out) => self.flush_ack(out),
            Acks::Hold { .. } => self.ack == 0,
        }
    }

    /// Reads the fixed header and the two bytes behind it, and checks what they announce.
    #[inline(always)]
    fn read_start<'i>(&self, input: &'i [u8]) -> Result<Option<Start<'i>>, Fault> {
        let header = match wire::fixed_header(input) {
            Ok(Some(header)) => header,
            Ok(None) => return Ok(None),
            Err(wire::Malformed) => return Err(Fault::Malformed),
        };
        let wire::FixedHeader {
            first_byte,
            length,
            body,
        } = header;
        let kind = first_byte >> 4;
        let expected = if self.connection.is_open() {
            const { expected::<P>() }
        } else {
            1 << wire::CONNACK
        };
        if expected >> kind & 1 == 0
            || (subscribes::<P>()
                && !has_qos_2::<P>()
                && kind == wire::PUBLISH
                && QoS::of_first_byte(first_byte) as u8 > max_qos::<P>())
        {
            return Err(Fault::Unexpected);
        }
        if kind == wire::PINGRESP {
            if length != 0 {
                return Err(Fault::Malformed);
            }
            return Ok(Some(Start {
                first_byte,
                first: 0,
                length,
                want: 0,
                body,
            }));
        }
        let Some(length) = length.checked_sub(2) else {
            return Err(Fault::Malformed);
        };
        let Some((&first, body)) = body.split_first_chunk() else {
            return Ok(None);
        };
        let first = u16::from_be_bytes(first);
        let mut want = length;
        if subscribes::<P>() && kind == wire::PUBLISH {
            let id = if first_byte & wire::QOS != 0 { 2 } else { 0 };
            want = usize::from(first).wrapping_add(id);
            if want > length {
                return Err(Fault::Malformed);
            }
        } else if (subscribes::<P>() && kind == wire::SUBACK) == (length == 0) {
            return Err(Fault::Malformed);
        }
        Ok(Some(Start {
            first_byte,
            first,
            length,
            want,
            body,
        }))
    }

    /// CONNACK. First the identifiers that end here are reported, one by one; only then is the
    /// packet taken off the input.
    #[inline(always)]
    fn on_connack<'i>(
        &mut self,
        said: u16,
        input: &mut &'i [u8],
        after: &'i [u8],
    ) -> Result<Option<EventOf<'i, P>>, Fault> {
        let Ok((present, code)) = wire::connack(said) else {
            return Err(Fault::Malformed);
        };
        if code != 0 {
            return Err(Fault::Refused(ReturnCode(code)));
        }
        let client_hash = self.incoming.connecting_client_hash();
        if present && (!resumes::<P>() || client_hash == 0) {
            return Err(Fault::Unexpected);
        }
        let is_resumed = resumes::<P>() && present && client_hash == self.ring.client_hash();
        if resumes::<P>()
            && let Some(id) = self.ring.end_oldest::<P>(is_resumed)
        {
            return Ok(Some(Event::OutcomeUnknown { id }));
        }
        *input = after;
        let session = if is_resumed {
            let is_resending = self.ring.resume();
            self.connection.open(is_resending);
            self.incoming.take_connecting_offset();
            SessionState::Resumed
        } else {
            self.connection.open(false);
            let offset = self.incoming.take_connecting_offset();
            self.ring.begin::<P>(client_hash, present.then_some(offset));
            if resumes::<P>() && present {
                SessionState::Unrecognized
            } else {
                SessionState::New
            }
        };
        Ok(Some(Event::Connected {
            session,
            properties: Default::default(),
        }))
    }

    /// PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK or UNSUBACK.
    #[inline(always)]
    fn on_ack<'i>(
        &mut self,
        kind: u8,
        id: u16,
        codes: &'i [u8],
    ) -> Result<Option<EventOf<'i, P>>, Fault> {
        let Some(id) = PacketId::new(id) else {
            return Err(Fault::Malformed);
        };
        if receives_qos_2::<P>() && kind == wire::PUBREL {
            self.ring.release(id);
            self.incoming.set_id(id);
            self.ack = wire::PUBCOMP << 4;
            return Ok(None);
        }
        if subscribes::<P>() && !wire::are_codes(codes) {
            return Err(Fault::Malformed);
        }
        match self.ring.on_answer::<P>(kind, id, codes.len())? {
            Answered::Stray => Ok(None),
            Answered::Release { is_first } => {
                self.incoming.set_id(id);
                self.ack = wire::PUBREL_FIRST_BYTE;
                Ok(if is_first {
                    Some(Event::Received { id })
                } else {
                    None
                })
            }
            Answered::Ended if subscribes::<P>() && kind == wire::SUBACK => {
                Ok(Some(Event::Subscribed {
                    id,
                    codes,
                    properties: Default::default(),
                }))
            }
            Answered::Ended => Ok(Some(Event::Acked { id })),
        }
    }

    /// The payload of a message begins. `false`: it has to wait until the broker has seen what is
    /// in `tx`.
    #[inline(always)]
    fn begin_message(
        &mut self,
        id: PacketId,
        payload: u32,
        acks: &Acks<'_, '_>,
    ) -> Result<bool, Fault> {
        let mut discard = false;
        if receives_qos_2::<P>() && self.incoming.first_byte() & wire::QOS_2 != 0 {
            if self.ring.is_accepted(id) {
                discard = !delivers_repeated::<P>();
                if !discard {
                    self.incoming.mark_repeated();
                }
            } else if !self.ring.can_accept() {
                // PUBREL may come when the broker has seen what waits in `tx`.
                let is_flushed = match acks {
                    Acks::Write(out) => out.is_empty(),
                    Acks::Hold { is_flushed } => *is_flushed,
                };
                return if is_flushed {
                    Err(Fault::TooManyQos2)
                } else {
                    Ok(false)
                };
            }
        }
        self.incoming.begin_payload::<P>(id.get(), payload, discard);
        Ok(true)
    }

    /// Takes the payload, or as much of it as is there.
    #[inline(always)]
    fn take_payload<'i>(
        &mut self,
        piece: Piece<'i>,
        input: &mut &'i [u8],
    ) -> Option<EventOf<'i, P>> {
        let payload = self.incoming.take_payload(input);
        let remaining = self.incoming.remaining();
        let first_byte = self.incoming.first_byte();
        if acknowledges::<P>() && remaining == 0 {
            self.ack = wire::reply(first_byte);
        }
        if (skips::<P>() || has_qos_2::<P>()) && self.incoming.is_discarded() {
            return None;
        }
        Some(match piece {
            Piece::First(topic) => Event::Message(Message {
                topic,
                payload,
                remaining,
                properties: Default::default(),
                id: self.incoming.id(),
                first_byte,
            }),
            Piece::Next => Event::Payload {
                data: payload,
                remaining,
            },
            Piece::FirstOfSkipped => {
                self.incoming.discard_rest();
                Event::Skipped {
                    len: remaining.wrapping_add(payload.len() as u32),
                }
            }
        })
    }
}

/// What the layer of manual acknowledgement needs.
impl<P: Protocol> Session<[Slot], P> {
    /// An acknowledgement is due.
    pub(crate) fn is_ack_due(&self) -> bool {
        self.ack != 0
    }

    /// Takes the acknowledgement that is due: its first byte and its identifier.
    pub(crate) fn take_due_ack(&mut self) -> Option<(u8, u16)> {
        match core::mem::take(&mut self.ack) {
            0 => None,
            first_byte => Some((first_byte, self.incoming.id())),
        }
    }

    /// An acknowledgement that was taken could not be written, and is due again.
    pub(crate) fn put_back_ack(&mut self, first_byte: u8) {
        self.ack = first_byte;
    }

    /// Writes an acknowledgement, if there is room and no payload is being streamed.
    pub(crate) fn write_ack(&mut self, out: &mut Out<'_>, first_byte: u8, id: u16) -> bool {
        let is_written = (!streams_out::<P>() || self.outgoing.is_idle())
            && wire::write_short(out, first_byte, id);
        if is_written {
            self.connection.on_sent();
        }
        is_written
    }

    /// Accepts a QoS 2 message.
    pub(crate) fn accept(&mut self, id: PacketId) {
        self.ring.accept(id.get());
    }

    /// Another QoS 2 message can be accepted.
    pub(crate) fn can_accept(&self) -> bool {
        self.ring.can_accept_more_than(0)
    }

    /// Another `n + 1` QoS 2 messages can be accepted.
    pub(crate) fn can_accept_more_than(&self, n: usize) -> bool {
        self.ring.can_accept_more_than(n)
    }
}
