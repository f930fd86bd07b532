//! The commands of an open connection. They write packets to `tx`.
mod aliases;
mod v5;

use super::{Session, Slot};
use crate::{
    Filter, Out, Output, PacketId, Protocol, Publish, SendError, SendOptions, SendProperties,
    profile::{
        acknowledges, explains, has_qos_2, is_acknowledged, max_qos, receives_qos_2,
        require_sessions, require_streams_out, require_subscriptions, resumes, streams_out,
    },
    property::Place,
    wire::{self, Draft},
};
pub use aliases::SentTopicAliases;
use aliases::{AliasSet, Few};

impl<P: Protocol> Session<[Slot], P> {
    /// Publishes a message, or the beginning of a message if it announces
    /// [`remaining`](Publish::remaining) bytes. Returns the packet identifier, or `None` with QoS
    /// 0.
    ///
    /// With QoS 1 and 2, keep the message until [`Acked`](crate::Event::Acked) or
    /// [`Received`](crate::Event::Received): after a reconnection the session may [ask for
    /// it](crate::Event::Resend) again.
    ///
    /// # Errors
    /// Any [`SendError`]. [`Busy`](SendError::Busy) with QoS 1 and 2 if there is [no free
    /// slot](Self::has_free_slot), if messages are being resent, or, with MQTT 5, if there is
    /// [no send quota](Self::has_send_quota); with any QoS while the payload of another message is
    /// being streamed. A payload that is longer than the room in `tx` is
    /// [`Full`](SendError::Full) or [`TooLong`](SendError::TooLong): announce it with
    /// [`remaining`](Publish::remaining) and stream it.
    ///
    /// # Examples
    /// ```
    /// # use motemq::*;
    /// # let mut session = Session::<[Slot; 2]>::new();
    /// # let (mut rx, mut tx) = (Buffer::<[u8; 64]>::new(), Buffer::<[u8; 64]>::new());
    /// # session.connect(&Connect::new("a"), &mut rx, &mut tx)?;
    /// # rx.space()[..4].copy_from_slice(b"\x20\x02\0\0"); rx.commit(4); tx.clear();
    /// # session.next_event(&mut rx, &mut tx).unwrap();
    /// let id = session.publish(&Publish::to("a").payload(b"b").qos(QoS::AtLeastOnce), &mut tx)?;
    /// assert_eq!((id.map(|id| id.get()), tx.bytes()), (Some(1), &b"\x32\x06\0\x01a\0\x01b"[..]));
    /// # Ok::<(), SendError>(())
    /// ```
    #[inline]
    pub fn publish<'p, T: SendProperties<'p, P>>(
        &mut self,
        publish: &Publish<'p, T>,
        tx: &mut (impl Output + ?Sized),
    ) -> Result<Option<PacketId>, SendError> {
        tx.lend(|out| {
            #[cfg(feature = "fast")]
            if let Some(id) = self.publish_at_once(publish, out) {
                return Ok(id);
            }
            self.write_publish(publish, None, Few, out)
        })
    }

    /// Answers [`Resend`](crate::Event::Resend): sends the message again, with the same identifier
    /// and with DUP [MQTT-3.3.1-1] [MQTT-4.4.0-1]. The payload can be
    /// [streamed](Publish::remaining).
    ///
    /// # Errors
    /// Any [`SendError`]. [`Invalid`](SendError::Invalid) if the session does not ask for this
    /// identifier, or if it asks for it with another QoS.
    #[inline]
    pub fn republish<'p, T: SendProperties<'p, P>>(
        &mut self,
        id: PacketId,
        publish: &Publish<'p, T>,
        tx: &mut (impl Output + ?Sized),
    ) -> Result<(), SendError> {
        const { require_sessions::<P>() };
        tx.lend(|out| self.write_publish(publish, Some(id), Few, out))
            .map(|_| ())
    }

    /// Answers [`Resend`](crate::Event::Resend) if the application no longer has the message. This
    /// departs from [MQTT-4.4.0-1], which requires that the message is sent again.
    ///
    /// With QoS 1 the packet identifier is free after this call. With QoS 2 the broker may hold the
    /// message, so PUBREL is sent, and the identifier stays in use until
    /// [`Acked`](crate::Event::Acked).
    ///
    /// # Errors
    /// [`Invalid`](SendError::Invalid) if the session does not ask for this identifier;
    /// [`Full`](SendError::Full), [`Busy`](SendError::Busy) or [`Offline`](SendError::Offline).
    #[inline]
    pub fn abandon(
        &mut self,
        id: PacketId,
        tx: &mut (impl Output + ?Sized),
    ) -> Result<(), SendError> {
        const { require_sessions::<P>() };
        tx.lend(|out| self.write_abandon(id, out))
    }

    /// Sends the next bytes of a payload that was announced with
    /// [`remaining`](Publish::remaining()). Returns the number of bytes that were written to `tx`,
    /// which is less than the length of `data` if `tx` has too little room.
    ///
    /// # Errors
    /// [`Full`](SendError::Full) if `tx` has no room for any byte; [`Invalid`](SendError::Invalid)
    /// if `data` is longer than the [rest of the payload](Self::payload_remaining);
    /// [`Offline`](SendError::Offline) if there is no open connection.
    ///
    /// # Examples
    /// ```
    /// # use motemq::*;
    /// # let mut session = Session::<[Slot; 2]>::new();
    /// # let (mut rx, mut tx) = (Buffer::<[u8; 64]>::new(), Buffer::<[u8; 16]>::new());
    /// # session.connect(&Connect::new("a"), &mut rx, &mut Buffer::<[u8; 64]>::new())?;
    /// # rx.space()[..4].copy_from_slice(b"\x20\x02\0\0"); rx.commit(4);
    /// # session.next_event(&mut rx, &mut tx).unwrap();
    /// let mut image = &[7; 1000][..];
    /// session.publish(&Publish::to("camera").remaining(1000), &mut tx)?;
    /// while !image.is_empty() {
    ///     tx.clear(); // the transport has sent the bytes
    ///     let n = session.publish_chunk(image, &mut tx)?;
    ///     image = &image[n..];
    /// }
    /// assert_eq!(session.payload_remaining(), 0);
    /// # Ok::<(), SendError>(())
    /// ```
    #[inline]
    pub fn publish_chunk(
        &mut self,
        data: &[u8],
        tx: &mut (impl Output + ?Sized),
    ) -> Result<usize, SendError> {
        const { require_streams_out::<P>() };
        tx.lend(|out| self.write_chunk(data, out))
    }

    /// Counts the next `n` bytes of a payload as sent, which the caller writes to the transport
    /// itself. It is for vectored writes and DMA.
    ///
    /// # Errors
    /// [`Full`](SendError::Full) if `tx` is not empty, since its bytes have to be sent first;
    /// [`Invalid`](SendError::Invalid) if `n` is more than the [rest of the
    /// payload](Self::payload_remaining); [`Offline`](SendError::Offline) if there is no open
    /// connection.
    #[inline]
    pub fn publish_direct(
        &mut self,
        n: u32,
        tx: &mut (impl Output + ?Sized),
    ) -> Result<(), SendError> {
        const { require_streams_out::<P>() };
        tx.lend(|out| {
            if out.is_empty() {
                self.advance_payload(n as usize, n as usize)
            } else {
                Err(SendError::Full)
            }
        })
    }

    /// Subscribes to topic filters. The broker answers with
    /// [`Subscribed`](crate::Event::Subscribed). Messages may arrive before that answer.
    ///
    /// # Errors
    /// Any [`SendError`]. [`Invalid`](SendError::Invalid) if there is no filter [MQTT-3.8.3-3], or
    /// one is not a [topic filter](crate::TopicFilter); [`TooLong`](SendError::TooLong) if there
    /// are more than 255 filters, or more than the capacity of `rx` minus 5 (minus 6 with MQTT 5),
    /// because the SUBACK has to fit into `rx`.
    ///
    /// # Examples
    /// ```
    /// # use motemq::*;
    /// # let mut session = Session::<[Slot; 2]>::new();
    /// # let (mut rx, mut tx) = (Buffer::<[u8; 64]>::new(), Buffer::<[u8; 64]>::new());
    /// # session.connect(&Connect::new("a"), &mut rx, &mut tx)?;
    /// # rx.space()[..4].copy_from_slice(b"\x20\x02\0\0"); rx.commit(4); tx.clear();
    /// # session.next_event(&mut rx, &mut tx).unwrap();
    /// let filters = [Filter::new("a/#", QoS::AtLeastOnce), Filter::new("b", QoS::AtMostOnce)];
    /// let id = session.subscribe(&filters, &mut tx)?;
    /// assert_eq!((id.get(), tx.bytes()), (1, &b"\x82\x0c\0\x01\0\x03a/#\x01\0\x01b\0"[..]));
    /// # Ok::<(), SendError>(())
    /// ```
    #[inline]
    pub fn subscribe<O: SendOptions<P>>(
        &mut self,
        filters: &[Filter<'_, O>],
        tx: &mut (impl Output + ?Sized),
    ) -> Result<PacketId, SendError> {
        const { require_subscriptions::<P>() };
        tx.lend(|out| self.write_filters(filters, (), wire::SUBSCRIBE, out))
    }

    /// Unsubscribes from topic filters, which have to be identical to those of the subscription
    /// [MQTT-3.10.4-1]. Their QoS and options are ignored. The answer of the broker is reported as
    /// [`Acked`](crate::Event::Acked), with MQTT 5 as
    /// [`Unsubscribed`](crate::Event::Unsubscribed). Messages may arrive until then, and messages
    /// in flight even later.
    ///
    /// # Errors
    /// As [`subscribe`](Self::subscribe).
    #[inline]
    pub fn unsubscribe<O: SendOptions<P>>(
        &mut self,
        filters: &[Filter<'_, O>],
        tx: &mut (impl Output + ?Sized),
    ) -> Result<PacketId, SendError> {
        const { require_subscriptions::<P>() };
        tx.lend(|out| self.write_filters(filters, (), wire::UNSUBSCRIBE, out))
    }

    /// Ends the connection with DISCONNECT, so that the broker does not publish the will
    /// [MQTT-3.14.4-3]. The message that was delivered last counts as accepted, and is acknowledged
    /// before. Write the bytes of `tx` to the transport, then close it [MQTT-3.14.4-1].
    ///
    /// # Errors
    /// [`Full`](SendError::Full) if `tx` has no room for DISCONNECT, 2 bytes, and the
    /// acknowledgement, 4 bytes (5 with MQTT 5); [`Busy`](SendError::Busy) while a payload is being
    /// streamed; [`Offline`](SendError::Offline) if there is no open connection.
    #[inline]
    pub fn disconnect(&mut self, tx: &mut (impl Output + ?Sized)) -> Result<(), SendError> {
        tx.lend(|out| self.write_disconnect(out))
    }

    fn write_publish<'p, T: SendProperties<'p, P>>(
        &mut self,
        publish: &Publish<'p, T>,
        resent: Option<PacketId>,
        aliases: impl AliasSet,
        out: &mut Out<'_>,
    ) -> Result<Option<PacketId>, SendError> {
        let qos = publish.qos as u8;
        let first_byte = wire::PUBLISH << 4 | qos << 1 | publish.retain as u8;
        let mut draft = Draft::<P>::new(out, first_byte);
        if qos > max_qos::<P>() || (!streams_out::<P>() && publish.remaining != 0) {
            draft.refuse(SendError::Invalid);
        }
        draft.topic(publish.topic, self.is_5() && !T::IS_EMPTY);
        if max_qos::<P>() != 0 && qos != 0 {
            draft.ticket.awaits = wire::PUBACK.wrapping_add(qos).wrapping_sub(1);
            if let Some(id) = resent
                && resumes::<P>()
            {
                draft.ticket.id = id.get();
            } else {
                self.take_id(&mut draft);
            }
            draft.u16(draft.ticket.id);
        }
        if let Some(id) = resent
            && resumes::<P>()
        {
            draft.first_byte |= wire::DUP;
            if qos == 0 || !self.ring.is_asked_for::<P>(id, draft.ticket.awaits) {
                draft.refuse(SendError::Invalid);
            }
        }
        if self.is_5() {
            return self.send_publish_5(publish, resent.is_some(), aliases, &mut draft);
        }
        if self.is_older() && !publish.properties.list().is_empty() {
            draft.refuse(SendError::Unsupported);
        }
        draft.bytes(publish.payload);
        self.send(&mut draft, publish.remaining)
    }

    fn write_abandon(&mut self, id: PacketId, out: &mut Out<'_>) -> Result<(), SendError> {
        self.check_idle()?;
        let write_pubrel = || wire::write_reply::<P>(out, wire::PUBREL_FIRST_BYTE, id.get(), 0);
        match self.ring.abandon::<P>(id, write_pubrel) {
            None => Err(SendError::Invalid),
            Some(false) => Err(SendError::Full),
            Some(true) => {
                self.connection.on_sent();
                Ok(())
            }
        }
    }

    /// Fails with `Offline` if the connection is not open, and with `Busy` if a payload is being
    /// streamed.
    #[inline(always)]
    fn check_idle(&self) -> Result<(), SendError> {
        if !self.connection.is_open() {
            Err(SendError::Offline)
        } else if streams_out::<P>() && !self.outgoing.is_idle() {
            Err(SendError::Busy)
        } else {
            Ok(())
        }
    }

    fn write_chunk(&mut self, data: &[u8], out: &mut Out<'_>) -> Result<usize, SendError> {
        let mut writer = out.writer();
        let room = writer.mem.len().saturating_sub(writer.at);
        let chunk = data.get(..room).unwrap_or(data);
        self.advance_payload(chunk.len(), data.len())?;
        writer.bytes(chunk);
        *out.end = writer.at;
        Ok(chunk.len())
    }

    /// Counts `sent` of the `offered` bytes of a payload as sent. All of the offered bytes have to
    /// be part of the payload that was announced.
    fn advance_payload(&mut self, sent: usize, offered: usize) -> Result<(), SendError> {
        if !self.connection.is_open() {
            return Err(SendError::Offline);
        }
        self.outgoing.advance(sent, offered)?;
        if sent != 0 {
            self.connection.on_sent();
            // That the transport takes more bytes is a sign of life.
            self.connection.on_received();
        }
        Ok(())
    }

    /// Writes a SUBSCRIBE or UNSUBSCRIBE. With reasons the draft is made where the command is
    /// called, in place of an `Out` in memory, which takes more code and less stack.
    #[inline(always)]
    fn write_filters<'p, O: SendOptions<P>, T: SendProperties<'p, P>>(
        &mut self,
        filters: &[Filter<'_, O>],
        properties: T,
        kind: u8,
        out: &mut Out<'_>,
    ) -> Result<PacketId, SendError> {
        if explains::<P>() {
            let mut draft = Draft::<P>::over(out, kind << 4 | wire::RESERVED);
            self.fill_filters(filters, properties, &mut draft)
        } else {
            self.make_filters(filters, properties, kind, out)
        }
    }

    /// Makes and sends a SUBSCRIBE or UNSUBSCRIBE.
    fn make_filters<'p, O: SendOptions<P>, T: SendProperties<'p, P>>(
        &mut self,
        filters: &[Filter<'_, O>],
        properties: T,
        kind: u8,
        out: &mut Out<'_>,
    ) -> Result<PacketId, SendError> {
        let mut draft = Draft::<P>::new(out, kind << 4 | wire::RESERVED);
        self.send_filters(filters, properties, kind, &mut draft)
    }

    /// Completes the draft of a SUBSCRIBE or UNSUBSCRIBE, and sends it.
    fn fill_filters<'p, O: SendOptions<P>, T: SendProperties<'p, P>>(
        &mut self,
        filters: &[Filter<'_, O>],
        properties: T,
        draft: &mut Draft<'_, P>,
    ) -> Result<PacketId, SendError> {
        let kind = draft.first_byte >> 4;
        self.send_filters(filters, properties, kind, draft)
    }

    #[inline(always)]
    fn send_filters<'p, O: SendOptions<P>, T: SendProperties<'p, P>>(
        &mut self,
        filters: &[Filter<'_, O>],
        properties: T,
        kind: u8,
        draft: &mut Draft<'_, P>,
    ) -> Result<PacketId, SendError> {
        draft.ticket.awaits = kind.wrapping_add(1);
        draft.ticket.count = filters.len() as u8;
        self.take_id(draft);
        if filters.is_empty() {
            draft.refuse(SendError::Invalid);
        }
        if filters.len() > self.max_filters.into() {
            draft.refuse(SendError::TooLong);
        }
        if !has_qos_2::<P>()
            && filters
                .iter()
                .any(|filter| filter.qos as u8 > max_qos::<P>())
        {
            draft.refuse(SendError::Invalid);
        }
        draft.u16(draft.ticket.id);
        if self.is_5() {
            let from = draft.properties(properties, Place::of(kind));
            self.write_filters_5(filters, from, draft);
        } else {
            if self.is_older() {
                let has_options = filters.iter().any(|filter| filter.options.bits() != 0);
                if has_options || !properties.list().is_empty() {
                    draft.refuse(SendError::Unsupported);
                }
            }
            draft.filters_of(filters.iter().copied());
        }
        let id = self.send(draft, 0)?;
        if resumes::<P>() {
            // Nothing is left to send again, and the number of filters must not be taken for
            // TO_RESEND or ASKED_FOR.
            self.connection.end_resending();
        }
        Ok(id.unwrap_or(PacketId::MIN))
    }

    fn write_disconnect(&mut self, out: &mut Out<'_>) -> Result<(), SendError> {
        self.check_idle()?;
        let with_ack = acknowledges::<P>() && self.ack != 0;
        // With MQTT 5 an acknowledgement can have a reason code.
        let with_both = if self.is_5() { 7 } else { 6 };
        if out.room() < if with_ack { with_both } else { 2 } {
            return Err(SendError::Full);
        }
        self.flush_ack(out);
        // Closing before the write takes less code. The room for it was checked above.
        self.on_connection_lost();
        wire::write_reply::<P>(out, wire::DISCONNECT << 4, 0, 0);
        Ok(())
    }

    /// Accepts the message that was delivered last, and writes its acknowledgement if one is due.
    /// Returns `false` if the acknowledgement cannot be written, for want of room or because a
    /// payload is being streamed. Nothing may be read then.
    #[cfg_attr(not(feature = "fast"), inline(never))]
    #[cfg_attr(feature = "fast", inline(always))]
    pub(super) fn flush_ack(&mut self, out: &mut Out<'_>) -> bool {
        if acknowledges::<P>() && self.ack != 0 {
            let id = self.incoming.id();
            let code = self.code();
            if receives_qos_2::<P>() && self.ack == wire::PUBREC << 4 && code < 0x80 {
                self.ring.accept(id);
            }
            if (streams_out::<P>() && !self.outgoing.is_idle())
                || !wire::write_reply::<P>(out, self.ack, id, code)
            {
                return false;
            }
            self.ack = 0;
            self.set_code(0);
            self.connection.on_sent();
        }
        true
    }

    /// Assigns the next packet identifier to the draft, or makes the draft fail with `Busy` if that
    /// identifier is in use [MQTT-2.3.1-2].
    #[cfg_attr(feature = "fast", inline(always))]
    #[cfg_attr(not(feature = "fast"), inline(never))]
    fn take_id(&mut self, draft: &mut Draft<'_, P>) {
        let is_resending = resumes::<P>() && self.connection.is_resending();
        if let Some(id) = self.ring.next_id::<P>()
            && !(is_resending && self.ring.has_to_resend::<P>())
        {
            draft.ticket.id = id.get();
        } else {
            draft.refuse(SendError::Busy);
        }
    }

    /// Appends the packet to `tx` and occupies its slot. Changes nothing if it fails.
    #[cfg_attr(feature = "fast", inline(always))]
    fn send(
        &mut self,
        draft: &mut Draft<'_, P>,
        remaining: u32,
    ) -> Result<Option<PacketId>, SendError> {
        if let Some(terms) = self.terms() {
            draft.limit(terms.longest_out(), remaining);
        }
        if streams_out::<P>() && !self.outgoing.is_idle() {
            draft.refuse(SendError::Busy);
        }
        if !self.connection.is_open() {
            draft.refuse(SendError::Offline);
        }
        draft.finish(remaining)?;
        if streams_out::<P>() {
            self.outgoing.begin(remaining);
        }
        self.connection.on_sent();
        if is_acknowledged::<P>() {
            self.ring.occupy::<P>(&draft.ticket);
        }
        Ok(PacketId::new(draft.ticket.id))
    }
}
