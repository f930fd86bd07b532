//! The commands that only MQTT 5 has, and what it adds to the others. Sessions of MQTT 3.1.1 link
//! nothing of it.
use super::{
    super::{Limits, Session, Slot, Terms, hash_of, terms::IDENTIFIERS},
    aliases::AliasSet,
};
use crate::{
    Connect, Fault, Filter, HasMqtt5, Out, Output, PacketId, Property, Protocol, Publish,
    ReasonCode, SendError, SendOptions, SendProperties,
    profile::{
        acknowledges, explains, max_qos, receives_qos_2, require_auth, require_reasons,
        require_subscriptions, resumes, streams_out,
    },
    property::{Place, table},
    reason::{is_allowed_in, is_sent_by_clients},
    topic, wire,
    wire::Draft,
};

/// The bit of No Local in the options of a subscription.
const NO_LOCAL: u8 = 4;

impl<P: HasMqtt5> Session<[Slot], P> {
    /// Returns the limits that the server announced for this connection in CONNACK. Before CONNACK,
    /// and while [`Either`](crate::Either) uses MQTT 3.1.1, these are the limits of a server that
    /// announces none.
    pub fn limits(&self) -> Limits {
        self.terms().map_or(Terms::NEW.limits(), Terms::limits)
    }

    /// Returns whether the server's receive maximum allows another message with QoS 1 or 2 now. If
    /// not, [`publish`](Self::publish) returns [`Busy`](SendError::Busy) for it, although other
    /// commands find [a free slot](Self::has_free_slot).
    pub fn has_send_quota(&self) -> bool {
        self.terms()
            .is_none_or(|terms| self.ring.in_flight() < terms.window())
    }

    /// Subscribes with properties: see [`subscribe`](Self::subscribe). A
    /// [subscription identifier](Property::SubscriptionIdentifier) applies to all filters of the
    /// packet.
    ///
    /// # Errors
    /// As [`subscribe`](Self::subscribe).
    #[inline]
    pub fn subscribe_with<O: SendOptions<P>>(
        &mut self,
        filters: &[Filter<'_, O>],
        properties: &[Property<'_>],
        tx: &mut (impl Output + ?Sized),
    ) -> Result<PacketId, SendError> {
        const { require_subscriptions::<P>() };
        tx.lend(|out| self.write_filters(filters, properties, wire::SUBSCRIBE, out))
    }

    /// Unsubscribes with properties: see [`unsubscribe`](Self::unsubscribe).
    ///
    /// # Errors
    /// As [`unsubscribe`](Self::unsubscribe).
    #[inline]
    pub fn unsubscribe_with<O: SendOptions<P>>(
        &mut self,
        filters: &[Filter<'_, O>],
        properties: &[Property<'_>],
        tx: &mut (impl Output + ?Sized),
    ) -> Result<PacketId, SendError> {
        const { require_subscriptions::<P>() };
        tx.lend(|out| self.write_filters(filters, properties, wire::UNSUBSCRIBE, out))
    }

    /// Ends the connection as [`disconnect`](Self::disconnect) does, with a reason and properties.
    ///
    /// The server publishes the will unless the code is
    /// [`NORMAL_DISCONNECTION`](ReasonCode::NORMAL_DISCONNECTION). A
    /// [session expiry interval](Property::SessionExpiryInterval) replaces that of CONNECT.
    ///
    /// # Errors
    /// As [`disconnect`](Self::disconnect). [`Invalid`](SendError::Invalid) for a code that clients
    /// cannot send, and for a session expiry interval above 0 if that of CONNECT was 0.
    #[inline]
    pub fn disconnect_with(
        &mut self,
        code: ReasonCode,
        properties: &[Property<'_>],
        tx: &mut (impl Output + ?Sized),
    ) -> Result<(), SendError> {
        tx.lend(|out| self.write_disconnect_5(code.0, properties, out))
    }

    /// Sends AUTH, which continues an authentication or begins a re-authentication.
    ///
    /// Answer [`Event::Auth`](crate::Event::Auth) with
    /// [`CONTINUE_AUTHENTICATION`](ReasonCode::CONTINUE_AUTHENTICATION). On an open connection
    /// [`RE_AUTHENTICATE`](ReasonCode::RE_AUTHENTICATE) begins a re-authentication
    /// [MQTT-4.12.1-1]. The properties have to contain the
    /// [authentication method](Property::AuthenticationMethod) of CONNECT.
    ///
    /// # Errors
    /// [`Invalid`](SendError::Invalid) for another code, for another method, or if CONNECT had none
    /// [MQTT-4.12.0-7]; [`Offline`](SendError::Offline) if there is no connection, or, for a
    /// re-authentication, if the server has not accepted the connection; [`Full`](SendError::Full),
    /// [`Busy`](SendError::Busy), [`TooLong`](SendError::TooLong) or
    /// [`Unsupported`](SendError::Unsupported).
    #[inline]
    pub fn authenticate(
        &mut self,
        code: ReasonCode,
        properties: &[Property<'_>],
        tx: &mut (impl Output + ?Sized),
    ) -> Result<(), SendError> {
        const { require_auth::<P>() };
        tx.lend(|out| self.write_auth(code.0, properties, out))
    }

    /// Refuses the message that was delivered last: its acknowledgement, which the next call of
    /// [`next_event`](Self::next_event) writes, has this reason code. A QoS 2 message that is
    /// refused takes no slot, and its packet identifier is free [MQTT-4.3.3-9].
    ///
    /// A message that arrives in pieces can be refused after its last piece, the
    /// [`Payload`](crate::Event::Payload) whose `remaining` is 0.
    ///
    /// # Errors
    /// [`Invalid`](SendError::Invalid) if no whole message with QoS 1 or 2 was delivered last, or
    /// for a code that its acknowledgement cannot have [MQTT-3.4.2-1] [MQTT-3.5.2-1];
    /// [`Unsupported`](SendError::Unsupported) if [`Either`](crate::Either) uses MQTT 3.1.1.
    pub fn refuse(&mut self, code: ReasonCode) -> Result<(), SendError> {
        const {
            require_reasons::<P>();
            require_subscriptions::<P>();
        }
        if !self.is_5() {
            return Err(SendError::Unsupported);
        }
        let kind = self.ack >> 4;
        if (kind != wire::PUBACK && kind != wire::PUBREC) || !is_allowed_in(kind, code.0) {
            return Err(SendError::Invalid);
        }
        self.set_code(code.0);
        Ok(())
    }
}

impl<P: Protocol> Session<[Slot], P> {
    /// Returns the terms of the connection. With MQTT 3.1.1 not even their address is computed,
    /// which would change its code.
    #[inline(always)]
    pub(in super::super) fn terms(&self) -> Option<&Terms> {
        if P::HAS_5 {
            P::terms(&self.protocol)
        } else {
            None
        }
    }

    /// Returns the terms of the connection, to be changed.
    #[inline(always)]
    pub(in super::super) fn terms_mut(&mut self) -> Option<&mut Terms> {
        if P::HAS_5 {
            P::terms_mut(&mut self.protocol)
        } else {
            None
        }
    }

    /// Returns the reason code of the acknowledgement that is due.
    #[inline(always)]
    pub(crate) fn code(&self) -> u8 {
        match self.terms() {
            Some(terms) if explains::<P>() => terms.code(),
            _ => 0,
        }
    }

    /// Sets the reason code of the acknowledgement that is due.
    #[inline(always)]
    pub(crate) fn set_code(&mut self, code: u8) {
        if explains::<P>()
            && let Some(terms) = self.terms_mut()
        {
            terms.set_code(code);
        }
    }

    /// Writes the body of CONNECT, and begins the terms of the connection. Unless the application
    /// names them, it announces how many messages can be received at once, and asks for a session
    /// that does not expire if it is to be kept.
    #[inline(always)]
    pub(in super::super) fn write_connect_5<'c, T: SendProperties<'c, P>>(
        &mut self,
        connect: &Connect<'c, T>,
        draft: &mut Draft<'_, P>,
    ) {
        let mut window = 0;
        if receives_qos_2::<P>() {
            window = self.ring.receive_maximum(connect.clean || !resumes::<P>());
        }
        let mut has_expiry = resumes::<P>() && !connect.clean;
        for property in connect.properties.list() {
            match property {
                Property::ReceiveMaximum(_) => window = 0,
                Property::SessionExpiryInterval(_) => has_expiry = false,
                _ => {}
            }
        }
        let place = Place::CONNECT.behind(window, has_expiry);
        draft.connect_5(connect, |draft| {
            let from = draft.properties(connect.properties, place);
            // Nothing is read where there is nothing.
            if T::IS_EMPTY && !place.has_more() {
                self.begin_terms(connect.clean, None);
            } else {
                self.begin_terms(connect.clean, Some(draft.properties_since(from)));
            }
        });
    }

    /// Sends the draft of a PUBLISH, to which the properties and the payload are still to be
    /// written.
    #[inline(always)]
    pub(super) fn send_publish_5<'p, T: SendProperties<'p, P>, A: AliasSet>(
        &mut self,
        publish: &Publish<'p, T>,
        is_resent: bool,
        mut aliases: A,
        draft: &mut Draft<'_, P>,
    ) -> Result<Option<PacketId>, SendError> {
        let alias = self.write_publish_properties(publish, is_resent, &aliases, draft);
        draft.bytes(publish.payload);
        let sent = self.send(draft, publish.remaining);
        if sent.is_ok()
            && let Some(terms) = self.terms_mut()
        {
            aliases.insert(terms, alias);
        }
        sent
    }

    /// Writes the properties of a PUBLISH, and makes the draft fail if it is more than the server
    /// accepts. Returns the topic alias that it sets.
    #[inline(always)]
    fn write_publish_properties<'p, T: SendProperties<'p, P>, A: AliasSet>(
        &self,
        publish: &Publish<'p, T>,
        is_resent: bool,
        aliases: &A,
        draft: &mut Draft<'_, P>,
    ) -> A::Mark {
        let Some(terms) = self.terms() else {
            return A::NONE;
        };
        let from = draft.properties(publish.properties, Place::PUBLISH_OF_CLIENT);
        let is_bounded = max_qos::<P>() != 0 && publish.qos as u8 != 0 && !is_resent;
        if is_bounded && self.ring.in_flight() >= terms.window() {
            draft.refuse(SendError::Busy);
        }
        let mut alias = 0;
        if !T::IS_EMPTY {
            alias = draft.number_or(from, table::TOPIC_ALIAS, 0);
        }
        if !terms.allows_publish(publish.qos as u8, publish.retain) || !terms.allows_alias(alias) {
            draft.refuse_unsupported();
        }
        let alias = A::mark(alias);
        if !T::IS_EMPTY && publish.topic.is_empty() && !aliases.contains(terms, alias) {
            draft.refuse(SendError::Invalid);
        }
        alias
    }

    /// Writes the filters of a SUBSCRIBE or UNSUBSCRIBE, whose properties begin at `from`, and makes
    /// the draft fail if they are more than MQTT or the server allows.
    #[inline(always)]
    pub(super) fn write_filters_5<O: SendOptions<P>>(
        &self,
        filters: &[Filter<'_, O>],
        from: usize,
        draft: &mut Draft<'_, P>,
    ) {
        let Some(terms) = self.terms() else {
            return;
        };
        let mut needs = 0;
        if draft.number_or(from, table::SUBSCRIPTION_IDENTIFIER, 0) != 0 {
            needs = IDENTIFIERS;
        }
        for filter in filters {
            let is_no_local = filter.options.bits() & NO_LOCAL != 0;
            needs |= topic::needs(filter.filter.as_bytes(), is_no_local);
            draft.filter(filter.filter, || filter.qos as u8 | filter.options.bits());
        }
        if terms.lacks(needs) {
            draft.refuse_unsupported();
        }
        // [MQTT-3.8.3-4] [MQTT-4.8.2-1] [MQTT-4.8.2-2]
        if needs & topic::NO_SHARE != 0 {
            draft.refuse(SendError::Invalid);
        }
    }

    /// Returns the reason code of a fault, or 0 if the server is not told about it, since the
    /// connection is not open or a payload is being streamed.
    #[inline(always)]
    pub(in super::super) fn reason_of(&self, fault: Fault) -> u8 {
        if !explains::<P>()
            || !self.connection.is_open()
            || (streams_out::<P>() && !self.outgoing.is_idle())
        {
            return 0;
        }
        fault.reason_code()
    }

    /// Writes DISCONNECT with a reason code, unless the code is 0 or there is no room.
    #[inline(always)]
    pub(in super::super) fn write_reason(&self, code: u8, out: &mut Out<'_>) {
        if explains::<P>() && code != 0 {
            wire::write_reply::<P>(out, wire::DISCONNECT << 4, 0, code);
        }
    }

    /// Ends the connection because a layer above the session has found a fault. Writes DISCONNECT
    /// with its reason code.
    pub(crate) fn fail(&mut self, fault: Fault, out: &mut Out<'_>) {
        self.write_reason(self.reason_of(fault), out);
        self.on_connection_lost();
    }

    /// Writes DISCONNECT with the reason code of a fault that was found while acknowledgements were
    /// held.
    pub(crate) fn write_held_reason(&mut self, out: &mut Out<'_>) {
        self.write_reason(self.code(), out);
        self.set_code(0);
    }

    fn write_disconnect_5(
        &mut self,
        code: u8,
        properties: &[Property<'_>],
        out: &mut Out<'_>,
    ) -> Result<(), SendError> {
        if self.is_older() {
            if code != 0 || !properties.is_empty() {
                return Err(SendError::Unsupported);
            }
            return self.write_disconnect(out);
        }
        let start = *out.end;
        // The acknowledgement that is due is written before, when nothing can fail any more.
        if acknowledges::<P>() && self.ack != 0 {
            let ack_length = if self.code() == 0 { 4 } else { 5 };
            *out.end = start.wrapping_add(ack_length);
        }
        let mut draft = Draft::<P>::new(out, wire::DISCONNECT << 4);
        draft.byte(code);
        let from = draft.properties(properties, Place::DISCONNECT_OF_CLIENT);
        // What need not be there is taken back.
        if properties.is_empty() {
            let unsaid = if code == 0 { 2 } else { 1 };
            draft.go_back(from.wrapping_sub(unsaid));
        }
        let expiry = properties.iter().find_map(|property| match property {
            Property::SessionExpiryInterval(seconds) => Some(*seconds),
            _ => None,
        });
        if expiry.is_some_and(|expiry| expiry != 0) && !self.terms().is_some_and(Terms::is_kept) {
            draft.refuse(SendError::Invalid);
        }
        if !is_sent_by_clients::<P>(code) {
            draft.refuse(SendError::Invalid);
        }
        let sent = self.send(&mut draft, 0);
        let end = core::mem::replace(out.end, start);
        sent?;
        if expiry == Some(0) {
            self.client_hash = 0;
        }
        self.flush_ack(out);
        *out.end = end;
        self.on_connection_lost();
        Ok(())
    }

    fn write_auth(
        &mut self,
        code: u8,
        properties: &[Property<'_>],
        out: &mut Out<'_>,
    ) -> Result<(), SendError> {
        if !self.is_5() {
            return Err(SendError::Unsupported);
        }
        let mut draft = Draft::<P>::new(out, wire::AUTH << 4);
        draft.byte(code);
        let from = draft.properties(properties, Place::AUTH);
        let method = hash_of(draft.properties_since(from), table::AUTHENTICATION_METHOD);
        let known = self.terms().map_or(0, Terms::method);
        // 0x18 goes on with an authentication, also before CONNACK, and 0x19 begins one anew.
        if method == 0 || method != known || code & !1 != ReasonCode::CONTINUE_AUTHENTICATION.0 {
            draft.refuse(SendError::Invalid);
        }
        if self.connection.is_open() || code == ReasonCode::RE_AUTHENTICATE.0 {
            return self.send(&mut draft, 0).map(drop);
        }
        if self.connection.is_closed() {
            draft.refuse(SendError::Offline);
        }
        draft.finish(0)?;
        self.connection.on_sent();
        Ok(())
    }
}
