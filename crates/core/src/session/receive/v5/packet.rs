//! The packets of MQTT 5 other than PUBLISH.
use super::{
    super::super::{Session, Slot, Terms, hash_of, ring::Answered},
    Outcome, Said,
    begin::{are_checked, checks_apart},
};
use crate::{
    Fault, PacketId, Properties, Protocol, ReasonCode, ReturnCode, SessionState,
    buffer::held,
    profile::{
        authenticates, checks_properties, is_acknowledged, receives_qos_2, reports_success,
        resumes, subscribes,
    },
    property::{Place, table},
    reason::is_allowed_in,
    wire,
};
use core::slice::from_ref;

impl<P: Protocol> Session<[Slot], P> {
    /// Handles any packet but PUBLISH. `packet` is its body, without properties that do not fit into
    /// `rx`; only the reason codes of a SUBACK or UNSUBACK that does not fit. If it leaves
    /// [`OutcomeUnknown`](Event::OutcomeUnknown), the packet is to be read again.
    #[inline(always)]
    pub(super) fn on_packet_5<'i>(
        &mut self,
        packet: &'i [u8],
        said: &mut Said<'i>,
    ) -> Result<(), Fault> {
        let kind = self.incoming.first_byte() >> 4;
        if kind == wire::PINGRESP {
            self.connection.on_pingresp();
            return if packet.is_empty() {
                Ok(())
            } else {
                Err(Fault::Malformed)
            };
        }
        let first = 'before_codes: {
            if self.incoming.codes::<P>() != 0 {
                said.text = packet;
                break 'before_codes self.incoming.id().into();
            }
            // Packets begin with an identifier or with what CONNACK says, but for DISCONNECT and
            // AUTH, in which there may be nothing at all.
            let (mut first, mut at) = (0, 0);
            if kind < wire::DISCONNECT {
                first = wire::u16_at(packet, 0) as u32;
                at = 2;
            }
            let is_connack = kind == wire::CONNACK;
            let has_codes = subscribes::<P>() && (kind == wire::SUBACK || kind == wire::UNSUBACK);
            if is_connack {
                said.code = first as u8;
                // A server that does not speak MQTT 5 answers as one of MQTT 3.1.1.
                if packet.len() <= 2 && said.code != 0 && first < 0x100 {
                    return Err(Fault::Refused(ReturnCode(said.code)));
                }
            } else if !has_codes && let Some(code) = packet.get(at) {
                said.code = *code;
                at = at.wrapping_add(1);
                if checks_properties::<P>() {
                    said.text = from_ref(code);
                }
            }
            if is_connack || has_codes || at < packet.len() {
                let (start, end) = wire::section_at(packet, at);
                if end > packet.len() {
                    return Err(Fault::Malformed);
                }
                said.properties = held(packet, start, end);
                at = end;
                if !are_checked::<P>(said, said.properties, Place::of_server(kind))? {
                    return Ok(());
                }
            }
            // Behind the properties there is nothing but codes.
            if (at >= packet.len()) == has_codes {
                return Err(Fault::Malformed);
            }
            if has_codes {
                said.text = held(packet, at, packet.len());
            }
            if is_connack {
                return self.on_connack_5(first, said);
            }
            if authenticates::<P>() && kind == wire::AUTH {
                said.outcome = Outcome::Auth;
                return self.check_method(said.code, said);
            }
            first
        };
        let code = said.code;
        // 0x04 is sent only by clients.
        if code == 4
            || (checks_properties::<P>()
                && !said.text.iter().all(|&code| is_allowed_in(kind, code)))
        {
            return Err(Fault::Unexpected);
        }
        if !is_acknowledged::<P>() || kind == wire::DISCONNECT {
            said.outcome = Outcome::Disconnected;
            self.on_connection_lost();
            return Ok(());
        }
        let Some(id) = PacketId::new(first as u16) else {
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
        if reports_success::<P>() && (code != 0 || !said.properties.is_empty()) {
            said.outcome = match said.outcome {
                Outcome::Received => Outcome::AcceptedFirst,
                Outcome::Acked => Outcome::Accepted,
                outcome => outcome,
            };
        }
        Ok(())
    }

    /// Handles a CONNACK, which begins with `first`.
    #[inline(always)]
    fn on_connack_5(&mut self, first: u32, said: &mut Said<'_>) -> Result<(), Fault> {
        if (0x80..0x100).contains(&first) {
            said.outcome = Outcome::Disconnected;
            self.on_connection_lost();
            return Ok(());
        }
        // [MQTT-3.2.2-6] [MQTT-3.2.2-8]
        if first as u8 != 0 {
            return Err(Fault::Unexpected);
        }
        if first > 0x100 {
            return Err(Fault::Malformed);
        }
        let mut session = SessionState::New;
        let client_hash = self.incoming.connecting_client_hash();
        if first != 0 {
            if !resumes::<P>() || self.terms().is_some_and(Terms::is_clean_start) {
                return Err(Fault::Unexpected);
            }
            if client_hash == self.client_hash {
                session = SessionState::Resumed;
            } else if self.outgoing.remaining() != 0 {
                session = SessionState::Unrecognized;
            } else {
                // The client does not know the session [MQTT-3.2.2-4], and is not ready for that.
                return Err(Fault::Unexpected);
            }
        }
        let is_resumed = session == SessionState::Resumed;
        if resumes::<P>() {
            if !is_resumed {
                // The session that the slots belong to is gone, even if this connection ends before
                // everything is reported.
                self.client_hash = 0;
            }
            if let Some(id) = self.ring.end_oldest::<P>(is_resumed) {
                said.outcome = Outcome::Unknown;
                said.id = id;
                return Ok(());
            }
        }
        said.outcome = Outcome::Connected;
        said.session = session;
        if checks_apart::<P>() {
            return Ok(());
        }
        self.on_accepted(said)
    }

    /// Begins the connection that a CONNACK has accepted.
    #[inline(always)]
    pub(super) fn on_accepted(&mut self, said: &Said<'_>) -> Result<(), Fault> {
        let session = said.session;
        let is_resumed = session == SessionState::Resumed;
        let mut client_hash = 0;
        self.learn_terms(&mut client_hash, Properties(said.properties))?;
        self.connection.open(is_resumed);
        if resumes::<P>() {
            self.client_hash = client_hash;
            let offset = self.outgoing.take_connecting_offset();
            if session == SessionState::Unrecognized {
                self.ring.move_identifiers(offset);
            }
        }
        self.ring.begin::<P>(is_resumed);
        Ok(())
    }

    /// Fails if an AUTH is not expected: it has the method of CONNECT [MQTT-4.12.0-5], and a server
    /// only continues an authentication, or completes what the client began anew.
    fn check_method(&self, code: u8, said: &Said<'_>) -> Result<(), Fault> {
        let known = self.terms().map_or(0, Terms::method);
        let method = if checks_apart::<P>() {
            said.number
        } else {
            hash_of(Properties(said.properties), table::AUTHENTICATION_METHOD)
        };
        let is_expected = code == ReasonCode::CONTINUE_AUTHENTICATION.0
            || (code == 0 && self.connection.is_open());
        if is_expected && known != 0 && method == known {
            Ok(())
        } else {
            Err(Fault::Unexpected)
        }
    }
}
