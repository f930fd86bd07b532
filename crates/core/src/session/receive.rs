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
    first: u16,
    length: usize,
    want: usize,
    body: &'i [u8],
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
        let event = self.step(input, capacity, &mut acks)?;
        if !self.connection.is_closed() {
            self.connection.on_read_end(input.len());
        }
        Ok(event)
    }

    #[cfg_attr(not(feature = "fast"), inline(always))]
    #[cfg_attr(feature = "fast", inline(never))]
    fn step<'i>(
        &mut self,
        input: &mut &'i [u8],
        capacity: usize,
        acks: &mut Acks<'_, '_>,
    ) -> Result<Option<EventOf<'i, P>>, Fault> {
        let fault = 'over: loop {
            if self.connection.is_closed() || !self.settle(acks) {
                return Ok(None);
            }
            if resumes::<P>() && self.connection.is_resending() && self.incoming.is_idle() {
                match self.resend_remaining() {
                    Some((_, Resend::Release)) => continue,
                    Some((id, Resend::Ask(qos))) => return Ok(Some(Event::Resend { id, qos })),
                    _ => {}
                }
            }
            let mut rest = *input;
            let mut topic = None;
            let mut skipped = false;
            if self.incoming.is_in_payload::<P>() {
                if input.is_empty() {
                    return Ok(None);
                }
            } else {
                let (name, id, left);
                if self.incoming.is_in_topic::<P>() {
                    let Some((&byte, after)) = rest.split_first() else {
                        return Ok(None);
                    };
                    match self.incoming.skip_topic_byte(byte) {
                        None => {
                            *input = after;
                            continue;
                        }
                        Some(x) => id = x,
                    };
                    name = &[][..];
                    rest = after;
                    left = self.incoming.remaining();
                    skipped = true;
                } else {
                    let Start {
                        first_byte: head,
                        first,
                        length,
                        want,
                        body,
                    } = match self.read_start(rest) {
                        Ok(Some(start)) => start,
                        Ok(None) => return Ok(None),
                        Err(fault) => break 'over fault,
                    };
                    let kind = head >> 4;
                    if kind == wire::PINGRESP {
                        self.connection.on_pingresp();
                        *input = body;
                        continue;
                    }
                    let room = capacity.wrapping_sub(rest.len().wrapping_sub(body.len()));
                    let need = if length <= room || !streams_in::<P>() {
                        length
                    } else {
                        want
                    };
                    if body.len() < need {
                        if need <= room {
                            return Ok(None);
                        }
                        if !skips::<P>() || kind != wire::PUBLISH {
                            break 'over Fault::PacketTooLarge;
                        }
                        self.incoming
                            .begin_topic(head, want, length.wrapping_sub(want));
                        *input = body;
                        continue;
                    }
                    let Some((before, after)) = body.split_at_checked(want) else {
                        return Ok(None);
                    };
                    self.incoming.set_first_byte(head);
                    if !subscribes::<P>() || kind != wire::PUBLISH {
                        if !is_acknowledged::<P>() || kind == wire::CONNACK {
                            match self.on_connack(first, input, after) {
                                Ok(event) => return Ok(Some(event)),
                                Err(fault) => break 'over fault,
                            }
                        }
                        *input = after;
                        let Some(id) = PacketId::new(first) else {
                            break 'over Fault::Malformed;
                        };
                        match self.on_ack(kind, id, before) {
                            Err(fault) => break 'over fault,
                            Ok(Answered::Stray | Answered::Release { is_first: false }) => continue,
                            Ok(Answered::Release { is_first: true }) => {
                                return Ok(Some(Event::Received { id }));
                            }
                            Ok(Answered::Ended) if subscribes::<P>() && kind == wire::SUBACK => {
                                return Ok(Some(Event::Subscribed {
                                    id,
                                    codes: before,
                                    properties: Default::default(),
                                }));
                            }
                            Ok(Answered::Ended) => return Ok(Some(Event::Acked { id })),
                        }
                    }
                    (name, id) = wire::split_publish(head, before);
                    rest = after;
                    left = length.wrapping_sub(want) as u32;
                }
                if id == 0
                    || (validates::<P>() && !skipped && !topic::is_valid::<P>(name, Kind::Name))
                {
                    break 'over Fault::Malformed;
                }
                let Some(id) = PacketId::new(id) else {
                    break 'over Fault::Malformed;
                };
                match self.begin_message(id, left, acks) {
                    Ok(true) => {}
                    Ok(false) => return Ok(None),
                    Err(fault) => break 'over fault,
                }
                topic = Some(TopicName(name));
            }
            *input = rest;
            let payload = self.incoming.take_payload(input);
            let left = self.incoming.remaining();
            if acknowledges::<P>() && left == 0 {
                self.ack = wire::reply(self.incoming.first_byte());
            }
            if (skips::<P>() || has_qos_2::<P>()) && self.incoming.is_discarded() {
                continue;
            }
            if skipped {
                let len = left.wrapping_add(payload.len() as u32);
                self.incoming.discard_rest();
                return Ok(Some(Event::Skipped { len }));
            }
            return Ok(Some(match topic {
                Some(topic) => Event::Message(Message {
                    topic,
                    payload,
                    remaining: left,
                    properties: Default::default(),
                    id: self.incoming.id(),
                    first_byte: self.incoming.first_byte(),
                }),
                None => Event::Payload {
                    data: payload,
                    remaining: left,
                },
            }));
        };
        self.on_connection_lost();
        Err(fault)
    }

    #[inline(always)]
    fn on_connack<'i>(
        &mut self,
        first: u16,
        input: &mut &'i [u8],
        after: &'i [u8],
    ) -> Result<EventOf<'i, P>, Fault> {
        let Ok((present, code)) = wire::connack(first) else {
            return Err(Fault::Malformed);
        };
        if code != 0 {
            return Err(Fault::Refused(ReturnCode(code)));
        }
        let client_hash = self.incoming.connecting_client_hash();
        if present && (!resumes::<P>() || client_hash == 0) {
            return Err(Fault::Unexpected);
        }
        let is_resumed = resumes::<P>() && present && client_hash == self.client_hash;
        if resumes::<P>()
            && let Some(id) = self.ring.end_oldest::<P>(is_resumed)
        {
            return Ok(Event::OutcomeUnknown { id });
        }
        *input = after;
        let offset = if resumes::<P>() {
            self.outgoing.take_connecting_offset()
        } else {
            0
        };
        self.connection.open(is_resumed);
        let mut session = SessionState::New;
        if is_resumed {
            self.ring.resume();
            session = SessionState::Resumed;
        } else {
            if resumes::<P>() {
                self.client_hash = client_hash;
                if present {
                    session = SessionState::Unrecognized;
                    self.ring.move_identifiers(offset);
                }
            }
            self.ring.forget_received::<P>();
        }
        Ok(Event::Connected {
            session,
            properties: Default::default(),
        })
    }

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

    #[inline(always)]
    fn read_start<'i>(&self, input: &'i [u8]) -> Result<Option<Start<'i>>, Fault> {
        let wire::FixedHeader {
            first_byte,
            length,
            body,
        } = match wire::fixed_header(input) {
            Ok(Some(header)) => header,
            Ok(None) => return Ok(None),
            Err(wire::Malformed) => return Err(Fault::Malformed),
        };
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
            return if length == 0 {
                Ok(Some(Start {
                    first_byte,
                    first: 0,
                    length,
                    want: 0,
                    body,
                }))
            } else {
                Err(Fault::Malformed)
            };
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

    #[inline(always)]
    fn on_ack(&mut self, kind: u8, id: PacketId, codes: &[u8]) -> Result<Answered, Fault> {
        if receives_qos_2::<P>() && kind == wire::PUBREL {
            self.ring.release(id);
            self.incoming.set_id(id);
            self.ack = wire::PUBCOMP << 4;
            return Ok(Answered::Stray);
        }
        if subscribes::<P>() && !wire::are_codes(codes) {
            return Err(Fault::Malformed);
        }
        let answered = self.ring.on_answer::<P>(kind, id, codes.len());
        if let Ok(Answered::Release { .. }) = answered {
            self.incoming.set_id(id);
            self.ack = wire::PUBREL_FIRST_BYTE;
        }
        answered
    }

    #[inline(always)]
    fn resend_remaining(&mut self) -> Option<(PacketId, Resend)> {
        let next = self.ring.next_to_resend::<P>();
        match next {
            Some((id, Resend::Release)) => {
                self.incoming.set_id(id);
                self.ack = wire::PUBREL_FIRST_BYTE;
            }
            Some(_) => {}
            None => self.connection.end_resending(),
        }
        next
    }

    /// Deals with the acknowledgement that is due, if one is. `false`: it is still due, and nothing
    /// may be read.
    #[inline(always)]
    pub(super) fn settle(&mut self, acks: &mut Acks<'_, '_>) -> bool {
        match acks {
            Acks::Write(out) => self.flush_ack(out),
            Acks::Hold { .. } => self.ack == 0,
        }
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
