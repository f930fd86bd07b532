//! The packets of MQTT 5 other than PUBLISH.
use super::{
    super::super::{Session, Slot, Terms, hash_of, ring::Answered},
    Outcome, Said,
};
use crate::{
    Event, Fault, PacketId, Properties, Protocol, ReasonCode, ReturnCode,
    profile::{authenticates, checks_properties, is_acknowledged, receives_qos_2, subscribes},
    property::{self, Place, Walk, table},
    reason::is_allowed_in,
    wire,
};

impl<P: Protocol> Session<[Slot], P> {
    /// Handles any packet but PUBLISH. `packet` is its body, without properties that do not fit into
    /// `rx`. If it leaves [`OutcomeUnknown`](Event::OutcomeUnknown), the packet is to be read again.
    #[inline(always)]
    pub(super) fn on_packet_5<'i>(
        &mut self,
        packet: &mut Walk<'i>,
        said: &mut Said<'i>,
    ) -> Result<(), Fault> {
        let kind = self.incoming.first_byte() >> 4;
        if kind == wire::PINGRESP {
            self.connection.on_pingresp();
            return if packet.rest.is_empty() {
                Ok(())
            } else {
                Err(Fault::Malformed)
            };
        }
        // All others begin with an identifier or with what CONNACK says, but for DISCONNECT and
        // AUTH, in which there may be nothing at all.
        packet.take_number(if kind < wire::DISCONNECT { 2 } else { 0 });
        let first = packet.number as u16;
        let is_connack = kind == wire::CONNACK;
        let has_codes = subscribes::<P>() && (kind == wire::SUBACK || kind == wire::UNSUBACK);
        if is_connack {
            said.code = first as u8;
            // A server that does not speak MQTT 5 answers as one of MQTT 3.1.1.
            if packet.rest.is_empty() && said.code != 0 && first < 0x100 {
                return Err(Fault::Refused(ReturnCode(said.code)));
            }
        } else if !has_codes && !packet.rest.is_empty() {
            packet.take_number(1);
            said.code = packet.number as u8;
            said.text = packet.data;
        }
        if is_connack || has_codes || !packet.rest.is_empty() {
            packet.take_section();
            if packet.missing != 0 {
                return Err(Fault::Malformed);
            }
            said.properties = packet.data;
            if checks_properties::<P>() {
                let place = match kind {
                    wire::CONNACK => Place::CONNACK,
                    wire::DISCONNECT => Place::DISCONNECT_OF_SERVER,
                    wire::AUTH => Place::AUTH,
                    _ => Place::ACK,
                };
                property::check::<P>(packet.data, place)?;
            }
        }
        // Behind the properties there is nothing but codes.
        if packet.rest.is_empty() == has_codes {
            return Err(Fault::Malformed);
        }
        if has_codes {
            said.text = packet.rest;
        }
        if is_connack {
            return self.on_connack_5(first, said);
        }
        let code = said.code;
        // 0x04 is sent only by clients.
        if code == 4
            || (checks_properties::<P>()
                && !said.text.iter().all(|&code| is_allowed_in(kind, code)))
        {
            return Err(Fault::Unexpected);
        }
        if authenticates::<P>() && kind == wire::AUTH {
            said.outcome = Outcome::Auth;
            return self.check_method(code, Properties(said.properties));
        }
        if !is_acknowledged::<P>() || kind == wire::DISCONNECT {
            said.outcome = Outcome::Disconnected;
            self.on_connection_lost();
            return Ok(());
        }
        let Some(id) = PacketId::new(first) else {
            return Err(Fault::Malformed);
        };
        said.id = id;
        self.incoming.set_id(id);
        if receives_qos_2::<P>() && kind == wire::PUBREL {
            if !self.ring.release(id) {
                self.set_code(ReasonCode::PACKET_IDENTIFIER_NOT_FOUND.0);
            }
            self.ack = wire::PUBCOMP << 4;
            return Ok(());
        }
        let is_refused = code >= 0x80;
        let answered = self
            .ring
            .on_answer::<P>(kind, id, said.text.len(), is_refused)?;
        said.outcome = match answered {
            Answered::Stray => Outcome::Nothing,
            Answered::Release { is_first } => {
                self.ack = wire::PUBREL_FIRST_BYTE;
                if is_first {
                    Outcome::Received
                } else {
                    Outcome::Nothing
                }
            }
            Answered::Ended if subscribes::<P>() && kind == wire::SUBACK => Outcome::Subscribed,
            Answered::Ended if subscribes::<P>() && kind == wire::UNSUBACK => Outcome::Unsubscribed,
            Answered::Ended if is_refused => Outcome::Refused,
            Answered::Ended => Outcome::Acked,
        };
        Ok(())
    }

    /// Handles a CONNACK, which begins with `first`.
    #[inline(always)]
    fn on_connack_5(&mut self, first: u16, said: &mut Said<'_>) -> Result<(), Fault> {
        if (0x80..0x100).contains(&first) {
            said.outcome = Outcome::Disconnected;
            self.on_connection_lost();
            return Ok(());
        }
        // [MQTT-3.2.2-6] [MQTT-3.2.2-8]
        if said.code != 0 {
            return Err(Fault::Unexpected);
        }
        let (mut input, after) = (&[][..], &[][..]);
        match self.on_connack(first, Properties(said.properties), &mut input, after)? {
            Event::Connected { session, .. } => {
                said.outcome = Outcome::Connected;
                said.session = session;
            }
            Event::OutcomeUnknown { id } => {
                said.outcome = Outcome::Unknown;
                said.id = id;
            }
            _ => {}
        }
        Ok(())
    }

    /// Returns whether the server may have a session. Unless the session is resumed, the client
    /// does not know it [MQTT-3.2.2-4], and has to be ready for that.
    #[inline(always)]
    pub(in super::super) fn may_be_present(&self, is_resumed: bool) -> bool {
        let is_clean = self.terms().is_some_and(Terms::is_clean_start);
        !is_clean && (is_resumed || self.outgoing.remaining() != 0)
    }

    /// Takes over what CONNACK says. `client_hash` is the fingerprint of the client identifier, which
    /// becomes 0 if the session ends with the connection.
    #[inline(always)]
    pub(in super::super) fn learn_terms(
        &mut self,
        client_hash: &mut u16,
        properties: Properties<'_>,
    ) -> Result<(), Fault> {
        let Some(terms) = P::terms_mut(&mut self.protocol) else {
            return Ok(());
        };
        let keep_alive = self.connection.keep_alive_mut();
        if terms.learn::<P>(client_hash, keep_alive, properties) {
            Ok(())
        } else {
            Err(Fault::Unexpected)
        }
    }

    /// Fails if an AUTH is not expected: it has the method of CONNECT [MQTT-4.12.0-5], and a server
    /// only continues an authentication, or completes what the client began anew.
    fn check_method(&self, code: u8, properties: Properties<'_>) -> Result<(), Fault> {
        let known = self.terms().map_or(0, Terms::method);
        let is_expected = code == ReasonCode::CONTINUE_AUTHENTICATION.0
            || (code == 0 && self.connection.is_open());
        if is_expected && known != 0 && hash_of(properties, table::AUTHENTICATION_METHOD) == known {
            Ok(())
        } else {
            Err(Fault::Unexpected)
        }
    }
}
