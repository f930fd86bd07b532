//! The reading that MQTT 5 adds. Sessions of MQTT 3.1.1 link nothing of it.
use super::super::{Acks, Session, Slot, Terms, method_of, ring::Answered};
use crate::{
    Event, Fault, PacketId, Properties, PropertyError, Protocol, ReasonCode, ReturnCode,
    SessionState,
    event::EventOf,
    profile::{authenticates, checks_properties, receives_qos_2, subscribes},
    property::{self, Place, table},
    reason::is_allowed_in,
    wire,
};

impl From<PropertyError> for Fault {
    /// Returns the fault with the [reason code](PropertyError::reason_code) of the error.
    fn from(error: PropertyError) -> Self {
        match error.reason_code() {
            ReasonCode::MALFORMED_PACKET => Fault::Malformed,
            ReasonCode::TOPIC_ALIAS_INVALID => Fault::TopicAlias,
            _ => Fault::Unexpected,
        }
    }
}

/// Returns the number of bytes between the length of the topic and the properties of a PUBLISH: of
/// the topic and the identifier.
#[inline(always)]
pub(super) fn before_properties(first_byte: u8, topic_length: u16) -> usize {
    let id = if first_byte & wire::QOS != 0 { 2 } else { 0 };
    usize::from(topic_length).wrapping_add(id)
}

/// Returns whether the properties of a packet of this type can be dropped if they do not fit into
/// `rx`, because what matters stands before them.
#[inline(always)]
pub(super) fn is_droppable(kind: u8) -> bool {
    const KINDS: u16 = 1 << wire::PUBACK
        | 1 << wire::PUBREC
        | 1 << wire::PUBREL
        | 1 << wire::PUBCOMP
        | 1 << wire::DISCONNECT;
    KINDS >> kind & 1 != 0
}

/// Returns how many bytes behind the first two of a PUBLISH have to be there at once: topic,
/// identifier and properties, as far as their length is known.
#[inline(always)]
pub(super) fn header_length(
    first_byte: u8,
    first: u16,
    length: usize,
    body: &[u8],
) -> Result<usize, Fault> {
    let names = before_properties(first_byte, first);
    let rest = body.get(names..length.min(body.len()));
    let mut rest = rest.unwrap_or_default();
    let before = rest.len();
    let properties = match wire::variable(rest) {
        Ok(Some((length, after))) => {
            rest = after;
            length
        }
        // Its length is not there: it takes at least one byte more.
        Ok(None) => {
            rest = &[];
            1
        }
        Err(wire::Malformed) => return Err(Fault::Malformed),
    };
    let header = names
        .wrapping_add(before.wrapping_sub(rest.len()))
        .wrapping_add(properties);
    if header > length {
        return Err(Fault::Malformed);
    }
    Ok(header)
}

/// Reads properties that are the rest of a packet.
fn rest_of_packet<P: Protocol>(mut bytes: &[u8], place: Place) -> Result<Properties<'_>, Fault> {
    let properties = property::section::<P>(&mut bytes, place)?;
    if bytes.is_empty() {
        Ok(properties)
    } else {
        Err(Fault::Malformed)
    }
}

/// The result of a packet other than PUBLISH.
#[derive(Clone, Copy)]
pub(super) enum Outcome {
    /// Nothing to be reported.
    Nothing,
    /// An identifier has ended. CONNACK is read again.
    Ended(PacketId),
    Connected(SessionState),
    Received,
    Acked,
    Refused,
    Subscribed,
    Unsubscribed,
    Disconnected,
    Auth,
}

/// The content of a packet other than PUBLISH behind its first two bytes.
#[derive(Default)]
pub(super) struct Said<'i> {
    /// The reason code, or 0 if the packet has several.
    code: u8,
    /// The reason codes of SUBACK and UNSUBACK.
    codes: &'i [u8],
    properties: Properties<'i>,
}

impl<'i> Said<'i> {
    /// Reads the rest of a packet: a reason code, which stands in the first two bytes of CONNACK,
    /// the properties, and several reason codes. Except in CONNACK, SUBACK and UNSUBACK, the code
    /// and the properties can be missing.
    #[inline(always)]
    fn read<P: Protocol>(&mut self, kind: u8, first: u16, mut said: &'i [u8]) -> Result<(), Fault> {
        let has_codes = subscribes::<P>() && (kind == wire::SUBACK || kind == wire::UNSUBACK);
        let mut code = 0;
        let mut place = Place::ACK;
        if kind == wire::CONNACK {
            place = Place::CONNACK;
            code = first as u8;
            // A server that does not speak MQTT 5 answers as one of MQTT 3.1.1.
            if said.is_empty() && code != 0 && first < 0x100 {
                return Err(Fault::Refused(ReturnCode(code)));
            }
        } else if !has_codes {
            if kind == wire::DISCONNECT {
                place = Place::DISCONNECT_OF_SERVER;
            } else if authenticates::<P>() && kind == wire::AUTH {
                place = Place::AUTH;
            }
            if let Some((&number, after)) = said.split_first() {
                code = number;
                said = after;
            }
        }
        if !said.is_empty() || has_codes || kind == wire::CONNACK {
            self.properties = property::section::<P>(&mut said, place)?;
        }
        // Behind the properties there is nothing but codes.
        if said.is_empty() == has_codes {
            return Err(Fault::Malformed);
        }
        let is_allowed = if kind == wire::CONNACK {
            // [MQTT-3.2.2-6] [MQTT-3.2.2-8]
            code == 0 || (0x80..0x100).contains(&first)
        } else {
            let one = [code];
            let codes = if has_codes { said } else { &one };
            // 0x04 is sent only by clients.
            code != 4
                && (!checks_properties::<P>()
                    || codes.iter().all(|&code| is_allowed_in(kind, code)))
        };
        if !is_allowed {
            return Err(Fault::Unexpected);
        }
        self.code = code;
        self.codes = said;
        Ok(())
    }
}

impl<P: Protocol> Session<[Slot], P> {
    /// Fails if a packet is longer than the client has announced to accept.
    #[inline(always)]
    pub(super) fn check_length(&self, length: usize) -> Result<(), Fault> {
        match self.terms() {
            Some(terms) if length > terms.longest_in() as usize => Err(Fault::PacketTooLarge),
            _ => Ok(()),
        }
    }

    /// Returns whether the server may have a session. Unless the session is resumed, the client
    /// does not know it [MQTT-3.2.2-4], and has to be ready for that.
    #[inline(always)]
    pub(super) fn may_be_present(&self, is_resumed: bool) -> bool {
        let is_clean = self.terms().is_some_and(Terms::is_clean_start);
        !is_clean && (is_resumed || self.outgoing.remaining() != 0)
    }

    /// Takes over what CONNACK says. Returns the fingerprint of the client identifier, or 0 if the
    /// session ends with the connection.
    #[inline(always)]
    pub(super) fn learn_terms(
        &mut self,
        client_hash: u16,
        properties: Properties<'_>,
    ) -> Result<u16, Fault> {
        let Some(terms) = self.terms_mut() else {
            return Ok(0);
        };
        let kept = terms.learn(client_hash, properties)?;
        if let Some(keep_alive) = kept.keep_alive {
            self.connection.set_keep_alive(keep_alive);
        }
        Ok(kept.client_hash)
    }

    /// Splits the header of a PUBLISH into the topic, the identifier and the properties.
    #[inline(always)]
    pub(super) fn split_publish_5<'i>(
        &self,
        topic_length: u16,
        header: &'i [u8],
    ) -> Result<(&'i [u8], u16, P::Properties<'i>), Fault> {
        let first_byte = self.incoming.first_byte();
        let (header, section) = header
            .split_at_checked(before_properties(first_byte, topic_length))
            .ok_or(Fault::Malformed)?;
        let (name, id) = wire::split_publish(first_byte, header);
        let properties = rest_of_packet::<P>(section, Place::PUBLISH)?;
        // With an alias of 0 properties are not valid.
        let alias = properties.number_of(table::TOPIC_ALIAS);
        if alias > self.terms().map_or(0, Terms::aliases_in).into() {
            return Err(Fault::TopicAlias);
        }
        if name.is_empty() && alias == 0 {
            return Err(Fault::Unexpected);
        }
        Ok((name, id, P::properties(properties)))
    }

    /// Handles any packet but PUBLISH and PINGRESP. `bytes` is its body without the first two bytes,
    /// and without properties that do not fit into `rx`.
    #[cfg_attr(not(feature = "fast"), inline(never))]
    pub(super) fn on_packet_5<'i>(
        &mut self,
        first: u16,
        bytes: &'i [u8],
        said: &mut Said<'i>,
    ) -> Result<Outcome, Fault> {
        let kind = self.incoming.first_byte() >> 4;
        said.read::<P>(kind, first, bytes)?;
        let code = said.code;
        let is_refused = code >= 0x80;
        if kind == wire::CONNACK && !is_refused {
            let (mut input, after) = (&[][..], &[][..]);
            return match self.on_connack(first, said.properties, &mut input, after)? {
                Event::Connected { session, .. } => Ok(Outcome::Connected(session)),
                Event::OutcomeUnknown { id } => Ok(Outcome::Ended(id)),
                _ => Ok(Outcome::Nothing),
            };
        }
        if authenticates::<P>() && kind == wire::AUTH {
            self.check_method(code, said.properties)?;
            return Ok(Outcome::Auth);
        }
        if kind >= wire::DISCONNECT || kind == wire::CONNACK {
            self.on_connection_lost();
            return Ok(Outcome::Disconnected);
        }
        let id = PacketId::new(first).ok_or(Fault::Malformed)?;
        self.incoming.set_id(id);
        if receives_qos_2::<P>() && kind == wire::PUBREL {
            if !self.ring.release(id) {
                self.set_code(ReasonCode::PACKET_IDENTIFIER_NOT_FOUND.0);
            }
            self.ack = wire::PUBCOMP << 4;
            return Ok(Outcome::Nothing);
        }
        let answered = self
            .ring
            .on_answer::<P>(kind, id, said.codes.len(), is_refused)?;
        Ok(match answered {
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
        })
    }

    /// Returns the event of a packet, or `None` if there is none.
    #[inline(always)]
    pub(super) fn event_of<'i>(
        outcome: Outcome,
        id: u16,
        said: &Said<'i>,
    ) -> Option<EventOf<'i, P>> {
        let properties = P::properties(said.properties);
        let code = ReasonCode(said.code);
        let codes = said.codes;
        let id = PacketId::new(id).unwrap_or(PacketId::MIN);
        Some(match outcome {
            Outcome::Nothing => return None,
            Outcome::Ended(id) => Event::OutcomeUnknown { id },
            Outcome::Connected(session) => Event::Connected {
                session,
                properties,
            },
            Outcome::Received => Event::Received { id },
            Outcome::Acked => Event::Acked { id },
            Outcome::Refused => Event::Refused {
                code,
                id,
                properties,
            },
            Outcome::Subscribed => Event::Subscribed {
                id,
                codes,
                properties,
            },
            Outcome::Unsubscribed => Event::Unsubscribed {
                id,
                codes,
                properties,
            },
            Outcome::Disconnected => Event::Disconnected { code, properties },
            Outcome::Auth => Event::Auth { code, properties },
        })
    }

    /// Drops the properties at the end of a packet, of which `missing` bytes do not fit into `rx`,
    /// as if they were the payload of a message that is not delivered.
    #[inline(always)]
    pub(super) fn drop_properties(&mut self, missing: usize) {
        if missing != 0 {
            self.incoming.set_first_byte(0);
            let id = self.incoming.id();
            self.incoming.begin_payload::<P>(id, missing as u32, true);
        }
    }

    /// Fails if an AUTH is not expected: it has the method of CONNECT [MQTT-4.12.0-5], and a server
    /// only continues an authentication, or completes what the client began anew.
    fn check_method(&self, code: u8, properties: Properties<'_>) -> Result<(), Fault> {
        let known = self.terms().map_or(0, Terms::method);
        let is_expected = code == ReasonCode::CONTINUE_AUTHENTICATION.0
            || (code == 0 && self.connection.is_open());
        if known == 0 || method_of(properties) != known || !is_expected {
            return Err(Fault::Unexpected);
        }
        Ok(())
    }

    /// Writes DISCONNECT with the reason code of a fault.
    #[inline(always)]
    pub(super) fn explain(&mut self, fault: Fault, acks: &mut Acks<'_, '_>) {
        let code = self.reason_of(fault);
        match acks {
            Acks::Write(out) => self.write_reason(code, out),
            // The layer above writes it.
            Acks::Hold { .. } => self.set_code(code),
        }
    }
}
