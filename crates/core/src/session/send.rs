//! The commands of an open connection: from what the application asks for to packets in `tx`.
use super::{Session, Slot};
use crate::{
    Filter, Out, Output, PacketId, Protocol, Publish, SendError,
    profile::{
        acknowledges, has_qos_2, is_acknowledged, max_qos, receives_qos_2, resumes, streams_out,
        subscribes,
    },
    wire::{self, Draft},
};

impl<P: Protocol> Session<[Slot], P> {
    /// Publishes a message, or begins to if [`more`](Publish::more) of it is announced. Returns its
    /// identifier, none with QoS 0.
    ///
    /// With QoS 1 and 2 keep the message until [`Acked`](crate::Event::Acked) or
    /// [`Received`](crate::Event::Received) has come: after a reconnection it may be [asked
    /// for](crate::Event::Resend) again.
    ///
    /// # Errors
    /// All of [`SendError`]. `Busy` with QoS 1 and 2 if all slots up to the oldest are taken or
    /// messages are being resent, and while another message is streamed. A payload longer than
    /// the room in `tx` is `Full` or `TooLong`: announce it with `more`.
    ///
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
    pub fn publish(
        &mut self,
        publish: &Publish<'_>,
        tx: &mut (impl Output + ?Sized),
    ) -> Result<Option<PacketId>, SendError> {
        tx.lend(|out| {
            #[cfg(feature = "fast")]
            if let Some(id) = self.publish_at_once(publish, out) {
                return Ok(id);
            }
            self.write_publish(publish, None, out)
        })
    }

    /// Answers [`Resend`](crate::Event::Resend): gives the message again, with the same identifier
    /// and DUP [MQTT-3.3.1-1] [MQTT-4.4.0-1]. It may be [streamed](Publish::more).
    ///
    /// # Errors
    /// `Invalid` if this identifier was not asked for, or with another QoS.
    #[inline]
    pub fn republish(
        &mut self,
        id: PacketId,
        publish: &Publish<'_>,
        tx: &mut (impl Output + ?Sized),
    ) -> Result<(), SendError> {
        const { assert!(resumes::<P>(), "this profile has no sessions to resume") };
        tx.lend(|out| self.write_publish(publish, Some(id), out))
            .map(|_| ())
    }

    /// Answers [`Resend`](crate::Event::Resend): there is no such message any more.
    ///
    /// An identifier of QoS 1 has ended. With QoS 2 the broker may hold the message, so PUBREL is
    /// sent, and the identifier ends with [`Acked`](crate::Event::Acked): a departure from
    /// [MQTT-4.4.0-1], which cannot be kept without the payload.
    ///
    /// # Errors
    /// `Invalid` if this identifier was not asked for; `Full` and `Busy` as ever.
    #[inline]
    pub fn abandon(
        &mut self,
        id: PacketId,
        tx: &mut (impl Output + ?Sized),
    ) -> Result<(), SendError> {
        const { assert!(resumes::<P>(), "this profile has no sessions to resume") };
        tx.lend(|out| self.write_abandon(id, out))
    }

    /// Gives the next bytes of the payload announced; returns how many of them there was room for.
    ///
    /// # Errors
    /// `Full` if there is no room at all; `Invalid` for more bytes than were announced and are
    /// [still to be given](Self::payload_remaining); `Offline`.
    #[inline]
    pub fn publish_chunk(
        &mut self,
        data: &[u8],
        tx: &mut (impl Output + ?Sized),
    ) -> Result<usize, SendError> {
        const { assert!(streams_out::<P>(), "this profile sends no streams") };
        tx.lend(|out| self.write_chunk(data, out))
    }

    /// Tells that the caller sends the next `n` bytes of the payload announced to the transport
    /// itself, for vectored writes and DMA.
    ///
    /// # Errors
    /// `Full` unless `tx` is empty, since what is in it has to leave first; `Invalid` for more
    /// bytes than were announced; `Offline`.
    #[inline]
    pub fn publish_direct(
        &mut self,
        n: u32,
        tx: &mut (impl Output + ?Sized),
    ) -> Result<(), SendError> {
        const { assert!(streams_out::<P>(), "this profile sends no streams") };
        tx.lend(|out| {
            if out.is_empty() {
                self.give(n as usize, n as usize)
            } else {
                Err(SendError::Full)
            }
        })
    }

    /// Asks for messages; the answer is [`Subscribed`](crate::Event::Subscribed). Messages may come
    /// before it.
    ///
    /// # Errors
    /// All of [`SendError`]. `Invalid` without a filter [MQTT-3.8.3-3] or with one that [is
    /// none](crate::topic::is_filter); `TooLong` for more than 255 filters, and for more than
    /// `rx` can hold the answer to: its capacity less 5.
    #[inline]
    pub fn subscribe(
        &mut self,
        filters: &[Filter<'_>],
        tx: &mut (impl Output + ?Sized),
    ) -> Result<PacketId, SendError> {
        const { assert!(subscribes::<P>(), "this profile receives nothing") };
        tx.lend(|out| self.write_filters(filters, wire::SUBSCRIBE, out))
    }

    /// Takes filters back, literally as they were given [MQTT-3.10.4-1]; their QoS does not matter.
    /// The answer is [`Acked`](crate::Event::Acked). Messages may come until then, and later
    /// those that were on their way.
    ///
    /// # Errors
    /// As [`subscribe`](Self::subscribe).
    #[inline]
    pub fn unsubscribe(
        &mut self,
        filters: &[Filter<'_>],
        tx: &mut (impl Output + ?Sized),
    ) -> Result<PacketId, SendError> {
        const { assert!(subscribes::<P>(), "this profile receives nothing") };
        tx.lend(|out| self.write_filters(filters, wire::UNSUBSCRIBE, out))
    }

    /// Ends the connection in good order: acknowledges the message in hand, which counts as
    /// accepted, then says DISCONNECT, so that the will is not published [MQTT-3.14.4-3]. Write
    /// `tx` out and close the transport [MQTT-3.14.4-1].
    ///
    /// # Errors
    /// `Full` unless there is room for both; `Busy` while a payload is streamed; `Offline`.
    #[inline]
    pub fn disconnect(&mut self, tx: &mut (impl Output + ?Sized)) -> Result<(), SendError> {
        tx.lend(|out| self.write_disconnect(out))
    }

    fn write_publish(
        &mut self,
        publish: &Publish<'_>,
        again: Option<PacketId>,
        out: &mut Out<'_>,
    ) -> Result<Option<PacketId>, SendError> {
        let qos = publish.qos as u8;
        let first_byte = wire::PUBLISH << 4 | qos << 1 | publish.retain as u8;
        let mut draft = Draft::<P>::new(out, first_byte);
        if qos > max_qos::<P>() || (!streams_out::<P>() && publish.remaining != 0) {
            draft.refuse(SendError::Invalid);
        }
        draft.topic(publish.topic);
        if max_qos::<P>() != 0 && qos != 0 {
            draft.ticket.awaits = wire::PUBACK.wrapping_add(qos).wrapping_sub(1);
            if let Some(id) = again
                && resumes::<P>()
            {
                draft.ticket.id = id.get();
            } else {
                self.take_id(&mut draft);
            }
            draft.u16(draft.ticket.id);
        }
        if let Some(id) = again
            && resumes::<P>()
        {
            draft.first_byte |= wire::DUP;
            if qos == 0 || !self.ring.is_asked_for::<P>(id, draft.ticket.awaits) {
                draft.refuse(SendError::Invalid);
            }
        }
        draft.bytes(publish.payload);
        self.send(&mut draft, publish.remaining)?;
        Ok(PacketId::new(draft.ticket.id))
    }

    fn write_abandon(&mut self, id: PacketId, out: &mut Out<'_>) -> Result<(), SendError> {
        self.check_idle()?;
        let release = || wire::write_short(out, wire::PUBREL_FIRST_BYTE, id.get());
        match self.ring.abandon::<P>(id, release) {
            None => Err(SendError::Invalid),
            Some(false) => Err(SendError::Full),
            Some(true) => {
                self.connection.on_sent();
                Ok(())
            }
        }
    }

    /// The connection is open, and no payload is being streamed.
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
        let some = data.get(..room).unwrap_or(data);
        self.give(some.len(), data.len())?;
        writer.bytes(some);
        *out.end = writer.at;
        Ok(some.len())
    }

    /// Of `n` bytes of the payload announced, which all have to have been, the first `some` are
    /// given.
    fn give(&mut self, some: usize, n: usize) -> Result<(), SendError> {
        if !self.connection.is_open() {
            return Err(SendError::Offline);
        }
        self.outgoing.give(some, n)?;
        if some != 0 {
            self.connection.on_sent();
            self.connection.on_received();
        }
        Ok(())
    }

    fn write_filters(
        &mut self,
        filters: &[Filter<'_>],
        kind: u8,
        out: &mut Out<'_>,
    ) -> Result<PacketId, SendError> {
        let mut draft = Draft::<P>::new(out, kind << 4 | wire::RESERVED);
        draft.ticket.awaits = kind.wrapping_add(1);
        draft.ticket.count = filters.len() as u8;
        self.take_id(&mut draft);
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
        draft.filters(draft.ticket.id, filters.iter().copied());
        self.send(&mut draft, 0)?;
        Ok(PacketId::new(draft.ticket.id).unwrap_or(PacketId::MIN))
    }

    fn write_disconnect(&mut self, out: &mut Out<'_>) -> Result<(), SendError> {
        self.check_idle()?;
        let with_ack = acknowledges::<P>() && self.ack != 0;
        if out.room() < if with_ack { 6 } else { 2 } {
            return Err(SendError::Full);
        }
        self.flush_ack(out);
        wire::write_short(out, wire::DISCONNECT << 4, 0);
        self.on_connection_lost();
        Ok(())
    }

    /// Accepts the message that was delivered last and writes the acknowledgement that is due, if
    /// one is. `false`: there is no room for it, or a payload is being streamed; nothing may be
    /// read then.
    #[cfg_attr(not(feature = "fast"), inline(never))]
    #[cfg_attr(feature = "fast", inline(always))]
    pub(super) fn flush_ack(&mut self, out: &mut Out<'_>) -> bool {
        if acknowledges::<P>() && self.ack != 0 {
            let id = self.incoming.id();
            if receives_qos_2::<P>() && self.ack == wire::PUBREC << 4 {
                self.ring.accept(id);
            }
            if (streams_out::<P>() && !self.outgoing.is_idle())
                || !wire::write_short(out, self.ack, id)
            {
                return false;
            }
            self.ack = 0;
            self.connection.on_sent();
        }
        true
    }

    /// Gives the draft the next identifier, or refuses it if that is not free [MQTT-2.3.1-2].
    #[cfg_attr(feature = "fast", inline(always))]
    #[cfg_attr(not(feature = "fast"), inline(never))]
    fn take_id(&mut self, draft: &mut Draft<'_, P>) {
        if resumes::<P>() && self.connection.is_resending() {
            if self.ring.has_to_resend::<P>() {
                draft.refuse(SendError::Busy);
            } else {
                self.connection.end_resending();
            }
        }
        match self.ring.next_id::<P>() {
            Some(id) => draft.ticket.id = id.get(),
            None => draft.refuse(SendError::Busy),
        }
    }

    /// Sends the draft and takes its slot, or does nothing.
    #[cfg_attr(feature = "fast", inline(always))]
    fn send(&mut self, draft: &mut Draft<'_, P>, remaining: u32) -> Result<(), SendError> {
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
        Ok(())
    }
}
