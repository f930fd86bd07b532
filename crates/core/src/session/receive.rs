//! Reading packets: from bytes to events.
mod parts;
mod v5;

use super::{
    Acks, Session, Slot,
    ring::{Answered, Resend},
};
use crate::{
    Event, Fault, Message, Output, PacketId, Protocol,
    buffer::{Buffer, held},
    event::EventOf,
    profile::{
        acknowledges, has_qos_2, is_acknowledged, resumes, skips, streams_in, subscribes, validates,
    },
    topic::{self, Kind, TopicName},
    wire,
};
use parts::Start;

impl<P: Protocol> Session<[Slot], P> {
    /// Reads packets from `rx`, and returns the next event. Returns `Ok(None)` if it needs more
    /// bytes in `rx` or more room in `tx`, or if there is no connection.
    ///
    /// The call after the one that returned a message, or its last piece, accepts the message, and
    /// acknowledges it as soon as `tx` has room. A program should therefore have processed the
    /// message before it asks for the next event. If the connection is lost before that call, a
    /// broker that resumes the session delivers a message with QoS 1 or 2 again. An accepted QoS 2
    /// message is not delivered again [MQTT-4.3.3-2].
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

    /// The slice form of [`next_event`](Self::next_event): reads packets from `input`, and removes
    /// the bytes that it has processed from the beginning of `input`. `capacity` is the largest
    /// length in bytes that `input` can have, at least 16. Messages that are longer are delivered
    /// in pieces.
    ///
    /// # Errors
    /// As [`next_event`](Self::next_event).
    ///
    /// # Examples
    /// ```
    /// use motemq::{Connect, Event, Out, Session, Slot};
    /// let (mut memory, mut taken) = ([0; 64], 0);
    /// let mut session = Session::<[Slot; 1]>::new();
    /// session.connect_slices(&Connect::new("a"), 64, &mut Out::new(&mut memory, &mut taken))?;
    /// taken = 0; // the transport has sent CONNECT
    /// let mut input = &b"\x20\x02\0\0\x30"[..]; // CONNACK, and the first byte of a PUBLISH
    /// let event = session.receive(&mut input, 64, &mut Out::new(&mut memory, &mut taken))?;
    /// assert!(matches!(event, Some(Event::Connected { .. })) && input == b"\x30");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
        if let Some(event) = self.event_at_once(input, &mut acks) {
            self.connection.on_read_end(input.len());
            return Ok(Some(event));
        }
        #[cfg(feature = "fast")]
        let event = if self.incoming.is_idle() {
            self.answer_or_step(input, capacity, &mut acks)?
        } else {
            self.step_on(input, capacity, &mut acks)?
        };
        #[cfg(not(feature = "fast"))]
        let event = self.step_on(input, capacity, &mut acks)?;
        if !self.connection.is_closed() {
            self.connection.on_read_end(input.len());
        }
        Ok(event)
    }

    /// Reads packets of either version until one has something to report, or nothing more can be
    /// read.
    #[inline(always)]
    pub(super) fn step_on<'i>(
        &mut self,
        input: &mut &'i [u8],
        capacity: usize,
        acks: &mut Acks<'_, '_>,
    ) -> Result<Option<EventOf<'i, P>>, Fault> {
        if self.is_5() {
            self.step_5(input, capacity, acks)
        } else {
            self.step(input, capacity, acks)
        }
    }

    /// Reads packets of MQTT 3.1.1 until one has something to report, or nothing more can be read.
    #[cfg_attr(not(feature = "fast"), inline(always))]
    #[cfg_attr(feature = "fast", inline(never))]
    fn step<'i>(
        &mut self,
        input: &mut &'i [u8],
        capacity: usize,
        acks: &mut Acks<'_, '_>,
    ) -> Result<Option<EventOf<'i, P>>, Fault> {
        // Every fault leaves the loop, so that connections end in one place.
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
                let (name, id, payload);
                if self.incoming.is_in_topic::<P>() {
                    // Nothing is kept of a topic too long for the buffer but its last two bytes,
                    // which may be the identifier.
                    let Some((&byte, after)) = rest.split_first() else {
                        return Ok(None);
                    };
                    match self.incoming.skip_topic_byte(byte) {
                        None => {
                            *input = after;
                            continue;
                        }
                        Some(last) => id = last,
                    }
                    name = &[][..];
                    rest = after;
                    payload = self.incoming.remaining();
                    skipped = true;
                } else {
                    let Start {
                        first_byte,
                        first,
                        length,
                        header,
                        body,
                    } = match self.read_start(rest) {
                        Ok(Some(start)) => start,
                        Ok(None) => return Ok(None),
                        Err(fault) => break 'over fault,
                    };
                    let kind = first_byte >> 4;
                    if kind == wire::PINGRESP {
                        self.connection.on_pingresp();
                        *input = body;
                        continue;
                    }
                    // The part of the packet that can be in the buffer at once: all of it, its
                    // header, or not even that.
                    let room = capacity.wrapping_sub(rest.len().wrapping_sub(body.len()));
                    let is_enough = body.len() >= length || (streams_in::<P>() && length > room);
                    let split = body.split_at_checked(header).filter(|_| is_enough);
                    let Some((before, after)) = split else {
                        let need = if streams_in::<P>() { header } else { length };
                        if need <= room {
                            return Ok(None);
                        }
                        if !skips::<P>() || kind != wire::PUBLISH {
                            break 'over Fault::PacketTooLarge;
                        }
                        let payload = length.wrapping_sub(header);
                        self.incoming.begin_topic::<P>(first_byte, header, payload);
                        *input = body;
                        continue;
                    };
                    self.incoming.set_first_byte(first_byte);
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
                    (name, id) = wire::split_publish(first_byte, before);
                    rest = after;
                    payload = length.wrapping_sub(header) as u32;
                }
                if id == 0
                    || (validates::<P>() && !skipped && !topic::is_valid::<P>(name, Kind::Name))
                {
                    break 'over Fault::Malformed;
                }
                let Some(id) = PacketId::new(id) else {
                    break 'over Fault::Malformed;
                };
                match self.begin_message(id, payload, || acks.is_flushed()) {
                    Ok(true) => {}
                    Ok(false) => return Ok(None),
                    Err(fault) => break 'over fault,
                }
                topic = Some(TopicName(name));
            }
            // The payload, or as much of it as is there.
            *input = rest;
            let payload = self.incoming.take_payload::<P>(input);
            let remaining = self.incoming.remaining();
            if acknowledges::<P>() && remaining == 0 {
                self.ack = wire::reply(self.incoming.first_byte());
            }
            if (skips::<P>() || has_qos_2::<P>()) && self.incoming.is_discarded() {
                continue;
            }
            if skipped {
                let len = remaining.wrapping_add(payload.len() as u32);
                self.incoming.discard_rest();
                return Ok(Some(Event::Skipped { len }));
            }
            return Ok(Some(match topic {
                Some(topic) => Event::Message(Message {
                    topic,
                    payload,
                    remaining,
                    properties: P::Properties::default(),
                    id: self.incoming.id(),
                    first_byte: self.incoming.first_byte(),
                }),
                None => Event::Payload {
                    data: payload,
                    remaining,
                },
            }));
        };
        self.on_connection_lost();
        Err(fault)
    }
}
