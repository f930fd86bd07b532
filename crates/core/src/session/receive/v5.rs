//! What MQTT 5 adds to reading. Sessions of MQTT 3.1.1 link nothing of it.
use super::{
    super::{Acks, Session, Slot, ring::Answered, terms::Terms},
    parts::Start,
};
use crate::{
    Event, Fault, PacketId, Properties, PropertyError, Protocol, ReasonCode, ReturnCode,
    event::EventOf,
    profile::{authenticates, checks_properties, receives_qos_2, streams_in, subscribes},
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

/// Returns the start of a DISCONNECT or AUTH, in which even the reason code can be missing.
#[inline(always)]
pub(super) fn start_without_id(first_byte: u8, length: usize, body: &[u8]) -> Start<'_> {
    Start {
        first_byte,
        first: 0,
        length,
        header: needed(first_byte >> 4, length, body),
        body,
    }
}

/// Returns how many of the `length` bytes of a packet have to be in the buffer at once: all of it
/// if it fits, else the reason code, behind which properties can be dropped.
#[inline(always)]
fn needed(kind: u8, length: usize, body: &[u8]) -> usize {
    let is_droppable = matches!(kind, wire::PUBACK..=wire::PUBCOMP | wire::DISCONNECT);
    if is_droppable && body.len() < length {
        length.min(1)
    } else {
        length
    }
}

/// Returns how many bytes behind the first two have to be there at once: of PUBLISH topic,
/// identifier and properties, as far as their length is known.
#[inline(always)]
pub(super) fn header_length<P: Protocol>(
    first_byte: u8,
    first: u16,
    length: usize,
    body: &[u8],
) -> Result<usize, Fault> {
    let kind = first_byte >> 4;
    if !subscribes::<P>() || kind != wire::PUBLISH {
        return Ok(needed(kind, length, body));
    }
    let mut header = before_properties(first_byte, first);
    let mut rest = body.get(header..length.min(body.len())).unwrap_or_default();
    let before = rest.len();
    // One byte more if the length of the properties is not there.
    let mut properties = 1;
    match wire::variable(rest) {
        Ok(Some((number, after))) => {
            rest = after;
            properties = number;
        }
        Ok(None) => rest = &[],
        Err(wire::Malformed) => return Err(Fault::Malformed),
    }
    header = header
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

/// Reads a reason code and the properties behind it. Either can be missing.
#[inline(always)]
fn code_and_properties<P: Protocol>(
    bytes: &[u8],
    place: Place,
) -> Result<(u8, Properties<'_>), Fault> {
    match bytes {
        [] => Ok((0, Properties::default())),
        [code] => Ok((*code, Properties::default())),
        [code, rest @ ..] => Ok((*code, rest_of_packet::<P>(rest, place)?)),
    }
}

/// Fails if a packet of this type cannot have one of these codes.
#[inline(always)]
fn check_codes<P: Protocol>(kind: u8, codes: &[u8]) -> Result<(), Fault> {
    if !checks_properties::<P>() || codes.iter().all(|&code| is_allowed_in(kind, code)) {
        Ok(())
    } else {
        Err(Fault::Unexpected)
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
        match properties.find(table::TOPIC_ALIAS) {
            None if name.is_empty() => return Err(Fault::Unexpected),
            None => {}
            Some(alias) => {
                let most = self.terms().map_or(0, Terms::aliases_in);
                if alias.number == 0 || alias.number > most.into() {
                    return Err(Fault::TopicAlias);
                }
            }
        }
        Ok((name, id, P::properties(properties)))
    }

    /// Handles any packet but PUBLISH and PINGRESP: `said` is its body without the first two bytes
    /// and without the last `missing` ones, which do not fit into `rx`.
    #[cfg_attr(not(feature = "fast"), inline(always))]
    pub(super) fn on_packet_5<'i>(
        &mut self,
        first: u16,
        said: &'i [u8],
        missing: u32,
        input: &mut &'i [u8],
        after: &'i [u8],
    ) -> Result<Option<EventOf<'i, P>>, Fault> {
        let kind = self.incoming.first_byte() >> 4;
        if kind == wire::CONNACK {
            return self.on_connack_5(first, said, input, after).map(Some);
        }
        *input = after;
        if kind >= wire::DISCONNECT {
            return self.on_parting(kind, said).map(Some);
        }
        let id = PacketId::new(first).ok_or(Fault::Malformed)?;
        let event = self.on_ack_5(kind, id, said)?;
        if streams_in::<P>() && missing != 0 {
            // The rest of the packet is dropped like that of a message without an acknowledgement.
            self.incoming.set_first_byte(0);
            self.incoming.begin_payload::<P>(first, missing, true);
        }
        Ok(event)
    }

    #[inline(always)]
    fn on_connack_5<'i>(
        &mut self,
        said: u16,
        rest: &'i [u8],
        input: &mut &'i [u8],
        after: &'i [u8],
    ) -> Result<EventOf<'i, P>, Fault> {
        let (present, code) = wire::connack(said).map_err(|wire::Malformed| Fault::Malformed)?;
        // A server that does not speak MQTT 5 answers as one of MQTT 3.1.1.
        if code != 0 && rest.is_empty() {
            return Err(Fault::Refused(ReturnCode(code)));
        }
        let properties = rest_of_packet::<P>(rest, Place::CONNACK)?;
        if code == 0 {
            return self.on_connack(said, properties, input, after);
        }
        // [MQTT-3.2.2-6] [MQTT-3.2.2-8]
        if present || code < 0x80 {
            return Err(Fault::Unexpected);
        }
        *input = after;
        self.on_connection_lost();
        Ok(Event::Disconnected {
            code: ReasonCode(code),
            properties: P::properties(properties),
        })
    }

    /// DISCONNECT or AUTH.
    #[inline(always)]
    fn on_parting<'i>(&mut self, kind: u8, said: &'i [u8]) -> Result<EventOf<'i, P>, Fault> {
        let is_auth = authenticates::<P>() && kind == wire::AUTH;
        let place = if is_auth {
            Place::AUTH
        } else {
            Place::DISCONNECT_OF_SERVER
        };
        let (number, properties) = code_and_properties::<P>(said, place)?;
        let code = ReasonCode(number);
        if is_auth {
            let method = properties
                .find(table::AUTHENTICATION_METHOD)
                .map_or(0, |raw| super::super::hash(raw.data));
            let known = self.terms().map_or(0, Terms::method);
            // [MQTT-4.12.0-5]; a server only continues, or completes what the client began anew.
            let is_expected = match code {
                ReasonCode::CONTINUE_AUTHENTICATION => true,
                _ => number == 0 && self.connection.is_open(),
            };
            if method == 0 || method != known || !is_expected {
                return Err(Fault::Unexpected);
            }
            return Ok(Event::Auth {
                code,
                properties: P::properties(properties),
            });
        }
        check_codes::<P>(kind, &[number])?;
        // Only clients send it.
        if checks_properties::<P>() && code == ReasonCode::DISCONNECT_WITH_WILL_MESSAGE {
            return Err(Fault::Unexpected);
        }
        self.on_connection_lost();
        Ok(Event::Disconnected {
            code,
            properties: P::properties(properties),
        })
    }

    /// PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK or UNSUBACK.
    #[inline(always)]
    fn on_ack_5<'i>(
        &mut self,
        kind: u8,
        id: PacketId,
        said: &'i [u8],
    ) -> Result<Option<EventOf<'i, P>>, Fault> {
        let (mut codes, mut code) = (&[][..], 0);
        let properties;
        if subscribes::<P>() && kind >= wire::SUBACK {
            codes = said;
            properties = property::section::<P>(&mut codes, Place::ACK)?;
            if codes.is_empty() {
                return Err(Fault::Malformed);
            }
            check_codes::<P>(kind, codes)?;
        } else {
            (code, properties) = code_and_properties::<P>(said, Place::ACK)?;
            check_codes::<P>(kind, &[code])?;
        }
        let properties = P::properties(properties);
        if receives_qos_2::<P>() && kind == wire::PUBREL {
            if !self.ring.release(id) {
                self.set_code(ReasonCode::PACKET_IDENTIFIER_NOT_FOUND.0);
            }
            self.incoming.set_id(id);
            self.ack = wire::PUBCOMP << 4;
            return Ok(None);
        }
        let is_refused = code >= 0x80;
        let answered = self
            .ring
            .on_answer::<P>(kind, id, codes.len(), is_refused)?;
        Ok(Some(match answered {
            Answered::Stray => return Ok(None),
            Answered::Release { is_first } => {
                self.incoming.set_id(id);
                self.ack = wire::PUBREL_FIRST_BYTE;
                if !is_first {
                    return Ok(None);
                }
                Event::Received { id }
            }
            Answered::Ended if subscribes::<P>() && kind == wire::SUBACK => Event::Subscribed {
                id,
                codes,
                properties,
            },
            Answered::Ended if subscribes::<P>() && kind == wire::UNSUBACK => Event::Unsubscribed {
                id,
                codes,
                properties,
            },
            Answered::Ended if is_refused => Event::Refused {
                code: ReasonCode(code),
                id,
                properties,
            },
            Answered::Ended => Event::Acked { id },
        }))
    }

    /// Writes DISCONNECT with the reason code of a fault, if the connection is open and `tx` has
    /// room.
    #[inline(always)]
    pub(super) fn explain(&mut self, fault: Fault, acks: &mut Acks<'_, '_>) {
        if let Acks::Write(out) = acks {
            self.write_reason(fault, out);
        }
    }
}
