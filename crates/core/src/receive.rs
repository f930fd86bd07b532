//! Reading packets: from bytes to events.
use crate::{
    Event, Fault, Known, Message, Out, Output, PacketId, QoS, ReturnCode, Session,
    buffer::{Buffer, held},
    session::link,
    topic::{self, Kind, Topic},
    wire,
};

/// Packets that may come on an open connection, a bit for each type; the others only clients send.
const EXPECTED: u16 = 1 << wire::PUBLISH
    | 1 << wire::PUBACK
    | 1 << wire::PUBREC
    | 1 << wire::PUBREL
    | 1 << wire::PUBCOMP
    | 1 << wire::SUBACK
    | 1 << wire::UNSUBACK
    | 1 << wire::PINGRESP;

impl Session {
    /// Reads on, and tells what has happened. `Ok(None)`: it needs more bytes in `rx`, or room in
    /// `tx`; no packet is half taken.
    ///
    /// A message is accepted, and acknowledged as soon as `tx` has room, by the call after the one
    /// that told (the last piece of) it: to ask for the next event is to have dealt with this
    /// one. If the link is lost before, it is delivered again; once accepted, a QoS 2 message
    /// never is [MQTT-4.3.3-2].
    ///
    /// # Errors
    /// A [`Fault`] ends the connection: close the transport.
    ///
    /// ```
    /// # use motemq::*;
    /// let mut session = Session::<[Slot; 8]>::new();
    /// let (mut rx, mut tx) = (Buffer::<[u8; 64]>::new(), Buffer::<[u8; 64]>::new());
    /// session.connect(&Connect::new("node-7"), &mut rx, &mut tx)?;
    /// # tx.clear();
    /// let heard = b"\x20\x02\0\0\x32\x0b\0\x04ping\0\x05abc"; // CONNACK, and a message with QoS 1
    /// rx.space()[..heard.len()].copy_from_slice(heard);
    /// rx.commit(heard.len());
    /// while let Some(event) = session.next_event(&mut rx, &mut tx)? {
    ///     if let Event::Message(m) = event {
    ///         session.publish(&Publish::to("reply").payload(m.payload), &mut tx)?;
    ///     }
    /// }
    /// // The reply, and the acknowledgement of what was replied to.
    /// assert_eq!(tx.bytes(), b"\x30\x0a\0\x05replyabc\x40\x02\0\x05");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg_attr(feature = "fast", inline)]
    pub fn next_event<'r>(
        &mut self,
        rx: &'r mut Buffer,
        tx: &mut (impl Output + ?Sized),
    ) -> Result<Option<Event<'r>>, Fault> {
        let Buffer { start, end, mem } = rx;
        let mut input = held(mem, *start, *end);
        let event = self.receive(&mut input, mem.len(), tx);
        *start = end.wrapping_sub(input.len());
        event
    }

    /// The slice form of [`next_event`](Self::next_event): reads from `input` and takes off it what
    /// is done with. `room` is the most that `input` can ever hold, at least 16: what is longer
    /// is streamed.
    #[cfg_attr(feature = "fast", inline)]
    pub fn receive<'i>(
        &mut self,
        input: &mut &'i [u8],
        room: usize,
        tx: &mut (impl Output + ?Sized),
    ) -> Result<Option<Event<'i>>, Fault> {
        tx.lend(|out| self.read(input, room, out))
    }

    #[cfg_attr(feature = "fast", inline(always))]
    fn read<'i>(
        &mut self,
        input: &mut &'i [u8],
        room: usize,
        out: &mut Out<'_>,
    ) -> Result<Option<Event<'i>>, Fault> {
        // Life is a change in what is there to be read.
        self.heard |= fold(input.len()) != self.seen;
        #[cfg(feature = "fast")]
        if let Some(message) = self.message_at_once(input, out) {
            self.seen = fold(input.len());
            return Ok(Some(Event::Message(message)));
        }
        let event = self.step(input, room, out)?;
        if self.link != link::CLOSED {
            self.seen = fold(input.len());
        }
        Ok(event)
    }

    #[cfg_attr(not(feature = "fast"), inline(always))]
    #[cfg_attr(feature = "fast", inline(never))]
    fn step<'i>(
        &mut self,
        input: &mut &'i [u8],
        room: usize,
        out: &mut Out<'_>,
    ) -> Result<Option<Event<'i>>, Fault> {
        // Whatever is wrong leaves the loop, so that there is one place where connections end.
        let fault = 'over: loop {
            if self.link == link::CLOSED || !self.settle(out) {
                return Ok(None);
            }
            // Resending goes on between packets.
            if self.visits != 0 && self.link & link::OPEN != 0 && self.left == 0 && self.gap == 0 {
                let asked = self.link & link::ASKED != 0;
                let (id, awaits) = self.visited();
                if awaits != wire::PUBACK && awaits != wire::PUBREC {
                    self.visit_next();
                    if awaits == wire::PUBCOMP && !asked {
                        self.id = id;
                        self.reply = wire::RELEASE;
                    }
                    continue;
                }
                if !asked && let Some(id) = PacketId::new(id) {
                    self.link |= link::ASKED;
                    let qos = if awaits == wire::PUBACK {
                        QoS::AtLeastOnce
                    } else {
                        QoS::ExactlyOnce
                    };
                    return Ok(Some(Event::Resend { id, qos }));
                }
            }

            let mut rest = *input;
            let mut topic = None;
            let mut skipped = false;
            if self.gap == 0 && self.left != 0 {
                // On with the payload.
                if rest.is_empty() {
                    return Ok(None);
                }
            } else {
                let (header, left);
                if self.gap != 0 {
                    // Of a topic too long for the buffer all but the last byte is dropped; that and
                    // the identifier are the header.
                    let n = rest.len().min(usize::from(self.gap).wrapping_sub(1));
                    self.gap = self.gap.wrapping_sub(n as u16);
                    rest = rest.get(n..).unwrap_or_default();
                    *input = rest;
                    let want = if self.head & wire::QOS != 0 { 3 } else { 1 };
                    let Some((last, after)) = rest.split_at_checked(want) else {
                        return Ok(None);
                    };
                    header = last;
                    rest = after;
                    left = self.left;
                    skipped = true;
                } else {
                    let (head, length, body) = match wire::fixed_header(rest) {
                        Ok(None) => return Ok(None),
                        Ok(Some(wire::FixedHeader { head, length, body })) => (head, length, body),
                        Err(wire::Malformed) => break 'over Fault::Malformed,
                    };
                    let kind = head >> 4;
                    let expected = if self.link & link::OPEN != 0 {
                        EXPECTED
                    } else {
                        1 << wire::CONNACK
                    };
                    if expected >> kind & 1 == 0 {
                        break 'over Fault::Unexpected;
                    }
                    if kind == wire::PINGRESP {
                        if length != 0 {
                            break 'over Fault::Malformed;
                        }
                        self.link &= !(link::WAITING | link::LATE);
                        *input = body;
                        continue;
                    }
                    // All others begin with two bytes: an identifier, the length of a topic, or
                    // what CONNACK says.
                    let Some(length) = length.checked_sub(2) else {
                        break 'over Fault::Malformed;
                    };
                    let Some((&first, body)) = body.split_first_chunk() else {
                        return Ok(None);
                    };
                    let first = u16::from_be_bytes(first);
                    let mut want = length;
                    if kind == wire::PUBLISH {
                        want = usize::from(first).wrapping_add(if head & wire::QOS != 0 {
                            2
                        } else {
                            0
                        });
                        if want > length {
                            break 'over Fault::Malformed;
                        }
                    } else if (kind == wire::SUBACK) == (length == 0) {
                        break 'over Fault::Malformed;
                    }
                    // What of the packet can be in the buffer at once: all of it, its header, or
                    // not even that.
                    let room = room.wrapping_sub(rest.len().wrapping_sub(body.len()));
                    if body.len() < length && length <= room {
                        return Ok(None);
                    }
                    self.head = head;
                    let Some((before, after)) = body.split_at_checked(want) else {
                        if want <= room {
                            return Ok(None);
                        }
                        if kind != wire::PUBLISH {
                            break 'over Fault::PacketTooLarge;
                        }
                        self.gap = first;
                        self.left = length.wrapping_sub(want) as u32;
                        *input = body;
                        continue;
                    };
                    if kind != wire::PUBLISH {
                        if kind == wire::CONNACK {
                            let Ok((present, code)) = wire::connack(first) else {
                                break 'over Fault::Malformed;
                            };
                            if code != 0 {
                                break 'over Fault::Refused(ReturnCode(code));
                            }
                            if present && self.claimed == 0 {
                                break 'over Fault::Unexpected;
                            }
                            // First to be told are the identifiers that end here; only then is
                            // CONNACK taken.
                            let resumed = present && self.claimed == self.client;
                            while self.visits != 0 {
                                let (id, awaits) = self.visited();
                                self.visit_next();
                                if (awaits >= wire::SUBACK || (awaits != 0 && !resumed))
                                    && let Some(slot) = self.slot(id)
                                {
                                    slot.awaits = 0;
                                    return Ok(PacketId::new(id).map(|id| Event::Unknown { id }));
                                }
                            }
                            *input = after;
                            self.link = link::OPEN;
                            self.client = self.claimed;
                            let session = if resumed {
                                // Unless there is nothing to resend, so that commands need not
                                // wait.
                                if self.oldest().is_some() {
                                    self.visits = self.slots.len() as u16;
                                }
                                Known::Resumed
                            } else {
                                self.slots.iter_mut().for_each(|slot| slot.received = 0);
                                if present { Known::Foreign } else { Known::New }
                            };
                            return Ok(Some(Event::Connected { session }));
                        }
                        *input = after;
                        let Some(id) = PacketId::new(first) else {
                            break 'over Fault::Malformed;
                        };
                        if kind == wire::PUBREL {
                            if let Some(slot) = self.received(first) {
                                slot.received = 0;
                            }
                            self.id = first;
                            self.reply = wire::PUBCOMP << 4;
                            continue;
                        }
                        if !wire::are_codes(before) {
                            break 'over Fault::Malformed;
                        }
                        // Answers to what was never asked, or long ago, are no harm.
                        let Some(slot) = self.slot(first).filter(|slot| slot.awaits != 0) else {
                            continue;
                        };
                        let awaits = slot.awaits;
                        if kind == wire::PUBREC && awaits | 2 == wire::PUBCOMP {
                            slot.awaits = wire::PUBCOMP;
                            self.id = first;
                            self.reply = wire::RELEASE;
                            if awaits == wire::PUBREC {
                                return Ok(Some(Event::Received { id }));
                            }
                            continue;
                        }
                        if awaits != kind {
                            break 'over Fault::Unexpected;
                        }
                        if kind == wire::SUBACK && before.len() != usize::from(slot.count) {
                            break 'over Fault::Malformed;
                        }
                        slot.awaits = 0;
                        if kind == wire::SUBACK {
                            return Ok(Some(Event::Subscribed { id, codes: before }));
                        }
                        return Ok(Some(Event::Acked { id }));
                    }
                    header = before;
                    rest = after;
                    left = length.wrapping_sub(want) as u32;
                }
                let (name, id) = wire::split_publish(self.head, header);
                if id == 0 || (!skipped && !topic::is_valid(name, Kind::Name)) {
                    break 'over Fault::Malformed;
                }
                self.mute = false;
                if self.head & wire::QOS_2 != 0 {
                    if self.received(id).is_some() {
                        self.mute = true;
                    } else if self.received(0).is_none() {
                        // PUBREL may come when the broker has seen what waits in `tx`.
                        if *out.end != 0 {
                            return Ok(None);
                        }
                        break 'over Fault::TooManyQos2;
                    }
                }
                self.id = id;
                self.gap = 0;
                self.left = left;
                topic = Some(Topic(name));
            }

            // The payload, or as much of it as is here.
            // Not `split_at`, which can panic, and does not always fold.
            let payload = rest.get(..self.left as usize).unwrap_or(rest);
            let after = rest.get(payload.len()..).unwrap_or_default();
            *input = after;
            self.left = self.left.wrapping_sub(payload.len() as u32);
            if self.left == 0 {
                self.reply = wire::reply(self.head);
            }
            if self.mute {
                continue;
            }
            if skipped {
                let len = self.left.wrapping_add(payload.len() as u32);
                self.mute = true;
                return Ok(Some(Event::Skipped { len }));
            }
            return Ok(Some(match topic {
                Some(topic) => Event::Message(Message {
                    topic,
                    payload,
                    left: self.left,
                    id: self.id,
                    head: self.head,
                }),
                None => Event::Payload {
                    data: payload,
                    left: self.left,
                },
            }));
        };
        self.lost();
        Err(fault)
    }
}

/// A length in 16 bits, of which it only matters whether it changes. Below 65,536 every change
/// shows; above, only a few capacities that nobody has (65,537 bytes, 131,074 ...) look empty when
/// they are full.
fn fold(length: usize) -> u16 {
    (length ^ length >> 16) as u16
}
