//! Reading packets: from bytes to events.
use crate::{
    Event, Fault, Known, Message, Out, Output, PacketId, Profile, QoS, ReturnCode, Session, Slot,
    buffer::{Buffer, held},
    profile::{has_qos_2, is_acknowledged, replies, skips, streams_in},
    session::link,
    topic::{self, Kind, Topic},
    wire,
};

/// Packets that may come on an open connection, a bit for each type; the others only clients send.
const fn expected<P: Profile>() -> u16 {
    let mut all = 1 << wire::PINGRESP;
    if P::RECEIVES {
        all |= 1 << wire::PUBLISH | 1 << wire::SUBACK | 1 << wire::UNSUBACK;
    }
    if P::QOS as u8 > 0 {
        all |= 1 << wire::PUBACK;
    }
    if P::QOS as u8 > 1 {
        all |= 1 << wire::PUBREC | 1 << wire::PUBCOMP;
        if P::RECEIVES {
            all |= 1 << wire::PUBREL;
        }
    }
    all
}

impl<P: Profile> Session<[Slot], P> {
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
            if P::RESUMES && self.link & link::RESUMING != 0 && self.left == 0 && self.gap == 0 {
                if let Some(id) = self.first(1, 1)
                    && let Some(slot) = self.slot(id.get())
                {
                    if slot.awaits == wire::PUBCOMP {
                        slot.count = 0;
                        self.id = id.get();
                        self.reply = wire::RELEASE;
                        continue;
                    }
                    let qos = if slot.awaits == wire::PUBACK {
                        QoS::AtLeastOnce
                    } else {
                        QoS::ExactlyOnce
                    };
                    if self.asked != id.get() {
                        self.asked = id.get();
                        return Ok(Some(Event::Resend { id, qos }));
                    }
                } else {
                    self.link &= !link::RESUMING;
                }
            }

            let mut rest = *input;
            let mut topic = None;
            let mut skipped = false;
            if streams_in::<P>() && self.left != 0 && !(skips::<P>() && self.gap != 0) {
                // On with the payload.
                if rest.is_empty() {
                    return Ok(None);
                }
            } else {
                let (name, id, left);
                if skips::<P>() && self.gap != 0 {
                    // Of a topic too long for the buffer nothing is kept, but of the last two bytes
                    // what may be the identifier.
                    let Some((&byte, after)) = rest.split_first() else {
                        return Ok(None);
                    };
                    let last = self.id << 8 | u16::from(byte);
                    if self.gap != 1 {
                        self.gap = self.gap.wrapping_sub(1);
                        self.id = last;
                        *input = after;
                        continue;
                    }
                    name = &[][..];
                    id = if self.head & wire::QOS != 0 { last } else { 1 };
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
                        const { expected::<P>() }
                    } else {
                        1 << wire::CONNACK
                    };
                    if expected >> kind & 1 == 0
                        || (P::RECEIVES
                            && P::QOS != QoS::ExactlyOnce
                            && kind == wire::PUBLISH
                            && QoS::of_head(head) > P::QOS)
                    {
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
                    if P::RECEIVES && kind == wire::PUBLISH {
                        want = usize::from(first).wrapping_add(if head & wire::QOS != 0 {
                            2
                        } else {
                            0
                        });
                        if want > length {
                            break 'over Fault::Malformed;
                        }
                    } else if P::RECEIVES && kind == wire::SUBACK {
                        if length == 0 {
                            break 'over Fault::Malformed;
                        }
                    } else if length != 0 {
                        break 'over Fault::Malformed;
                    }
                    // What of the packet can be in the buffer at once: all of it, its header, or
                    // not even that.
                    let room = room.wrapping_sub(rest.len().wrapping_sub(body.len()));
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
                        self.head = head;
                        self.gap = want as u32;
                        self.left = length.wrapping_sub(want) as u32;
                        *input = body;
                        continue;
                    }
                    // It is all there.
                    let Some((before, after)) = body.split_at_checked(want) else {
                        return Ok(None);
                    };
                    self.head = head;
                    if !P::RECEIVES || kind != wire::PUBLISH {
                        if !is_acknowledged::<P>() || kind == wire::CONNACK {
                            let Ok((present, code)) = wire::connack(first) else {
                                break 'over Fault::Malformed;
                            };
                            if code != 0 {
                                break 'over Fault::Refused(ReturnCode(code));
                            }
                            if present && (!P::RESUMES || self.id == 0) {
                                break 'over Fault::Unexpected;
                            }
                            // First to be told are the identifiers that end here; only then is
                            // CONNACK taken.
                            let resumed = P::RESUMES && present && self.id == self.client;
                            if P::RESUMES
                                && let Some(id) =
                                    self.first(if resumed { wire::SUBACK } else { 1 }, 0)
                                && let Some(slot) = self.slot(id.get())
                            {
                                slot.awaits = 0;
                                return Ok(Some(Event::Unknown { id }));
                            }
                            *input = after;
                            self.link = link::OPEN;
                            if P::RESUMES {
                                self.client = self.id;
                            }
                            let session = if resumed {
                                // Unless there is nothing to resend, so that commands need not
                                // wait.
                                if self.oldest().is_some() {
                                    self.link = link::OPEN | link::RESUMING;
                                }
                                self.slots.iter_mut().for_each(|slot| slot.count = 1);
                                Known::Resumed
                            } else {
                                if !P::RESUMES && is_acknowledged::<P>() {
                                    self.slots.iter_mut().for_each(|slot| *slot = Slot::FREE);
                                } else if P::RECEIVES && has_qos_2::<P>() {
                                    self.slots.iter_mut().for_each(|slot| slot.received = 0);
                                }
                                if P::RESUMES && present {
                                    Known::Foreign
                                } else {
                                    Known::New
                                }
                            };
                            return Ok(Some(Event::Connected { session }));
                        }
                        *input = after;
                        let Some(id) = PacketId::new(first) else {
                            break 'over Fault::Malformed;
                        };
                        if P::RECEIVES && has_qos_2::<P>() && kind == wire::PUBREL {
                            if let Some(slot) = self.received(first) {
                                slot.received = 0;
                            }
                            self.id = first;
                            self.reply = wire::PUBCOMP << 4;
                            continue;
                        }
                        if P::RECEIVES && !wire::are_codes(before) {
                            break 'over Fault::Malformed;
                        }
                        // Answers to what was never asked, or long ago, are no harm.
                        let Some(slot) = self.slot(first).filter(|slot| slot.awaits != 0) else {
                            continue;
                        };
                        let awaits = slot.awaits;
                        if has_qos_2::<P>() && kind == wire::PUBREC && awaits | 2 == wire::PUBCOMP {
                            slot.awaits = wire::PUBCOMP;
                            slot.count = 0;
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
                        if P::RECEIVES
                            && kind == wire::SUBACK
                            && before.len() != usize::from(slot.count)
                        {
                            break 'over Fault::Malformed;
                        }
                        slot.awaits = 0;
                        if P::RECEIVES && kind == wire::SUBACK {
                            return Ok(Some(Event::Subscribed { id, codes: before }));
                        }
                        return Ok(Some(Event::Acked { id }));
                    }
                    (name, id) = wire::split_publish(head, before);
                    rest = after;
                    left = length.wrapping_sub(want) as u32;
                }
                if id == 0 || (P::VALIDATES && !skipped && !topic::is_valid::<P>(name, Kind::Name))
                {
                    break 'over Fault::Malformed;
                }
                self.mute = false;
                if has_qos_2::<P>() && self.head & wire::QOS_2 != 0 {
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
                if skips::<P>() {
                    self.gap = 0;
                }
                self.left = left;
                topic = Some(Topic(name));
            }

            // The payload, or as much of it as is here.
            // Not `split_at`, which can panic, and does not always fold.
            let payload = rest.get(..self.left as usize).unwrap_or(rest);
            let after = rest.get(payload.len()..).unwrap_or_default();
            *input = after;
            self.left = self.left.wrapping_sub(payload.len() as u32);
            if replies::<P>() && self.left == 0 {
                self.reply = wire::reply(self.head);
            }
            if (skips::<P>() || has_qos_2::<P>()) && self.mute {
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
