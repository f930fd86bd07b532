//! The beginning of a packet of MQTT 5, up to the payload of a PUBLISH.
use super::{
    super::{
        super::{Acks, Session, Slot, Terms, hash_of},
        parts::is_above_qos,
    },
    Outcome, Said,
};
use crate::{
    Fault, PacketId, Properties, Protocol,
    buffer::held,
    profile::{
        authenticates, checks_properties, drops_reasons, explains, skips, streams_in, subscribes,
        validates,
    },
    property::{self, Place, table},
    topic::{self, Kind},
    wire,
};

/// Returns whether a packet of this type can be longer than `rx`: PUBLISH, and those whose properties
/// can be dropped.
#[inline(always)]
fn can_be_longer<P: Protocol>(kind: u8) -> bool {
    matches!(kind, wire::PUBLISH..=wire::PUBCOMP | wire::DISCONNECT)
        || (drops_reasons::<P>() && ends_with_codes(kind))
}

/// Returns whether a packet of this type is a SUBACK or UNSUBACK, whose reason codes come behind its
/// properties.
#[inline(always)]
fn ends_with_codes(kind: u8) -> bool {
    kind | 2 == wire::UNSUBACK
}

/// Takes `n` bytes off `input`.
#[cfg_attr(not(feature = "fast"), inline(never))]
fn skip(input: &mut &[u8], n: usize) {
    *input = input.get(n..).unwrap_or_default();
}

/// Returns whether properties are checked apart from the reader of packets, which takes more code
/// and less stack. With the feature `fast`, time counts more than stack.
#[inline(always)]
pub(super) const fn checks_apart<P: Protocol>() -> bool {
    explains::<P>() && !cfg!(feature = "fast")
}

/// Checks the properties of a packet, or leaves that to [`Session::read_packet`]. Returns `false` if
/// the packet is to be read again after that.
#[inline(always)]
pub(super) fn are_checked<P: Protocol>(
    said: &mut Said<'_>,
    properties: &[u8],
    place: Place,
) -> Result<bool, Fault> {
    if checks_apart::<P>() {
        if said.outcome == Outcome::Nothing && !properties.is_empty() {
            said.outcome = Outcome::Unchecked;
            return Ok(false);
        }
    } else if checks_properties::<P>() {
        property::check::<P>(properties, place)?;
    }
    Ok(true)
}

impl<P: Protocol> Session<[Slot], P> {
    /// Reads a packet as [`begin_packet`](Self::begin_packet) does.
    ///
    /// If properties are checked apart, `begin_packet` returns when it has found some, and reads the
    /// packet again when they are checked. So the functions that walk over properties are called
    /// after the frame of the reader has been released, and the stack is as deep as the deeper of
    /// both, not as their sum.
    #[inline(always)]
    pub(super) fn read_packet<'i>(
        &mut self,
        input: &mut &'i [u8],
        capacity: usize,
        acks: &Acks<'_, '_>,
        said: &mut Said<'i>,
    ) -> Result<(), Fault> {
        loop {
            self.begin_packet(input, capacity, acks.is_flushed(), said)?;
            if !checks_apart::<P>() {
                return Ok(());
            }
            if said.outcome != Outcome::Unchecked {
                break;
            }
            said.outcome = Outcome::Checked;
            let kind = self.incoming.first_byte() >> 4;
            let properties = Properties(said.properties);
            if checks_properties::<P>() {
                property::check::<P>(properties.0, Place::of_server(kind))?;
            }
            said.number = if authenticates::<P>() && kind == wire::AUTH {
                hash_of(properties, table::AUTHENTICATION_METHOD)
            } else {
                properties.number_or(table::TOPIC_ALIAS, 0) as u16
            };
        }
        if said.outcome == Outcome::Connected {
            self.on_accepted(said)?;
        }
        Ok(())
    }

    /// Reads a packet, or the beginning of a PUBLISH up to its payload, and takes it off `input`.
    /// Takes nothing, and leaves no event, if more bytes are needed.
    #[cfg_attr(not(feature = "fast"), inline(never))]
    pub(super) fn begin_packet<'i>(
        &mut self,
        input: &mut &'i [u8],
        capacity: usize,
        is_flushed: bool,
        said: &mut Said<'i>,
    ) -> Result<(), Fault> {
        let bytes = *input;
        let Some(&first_byte) = bytes.first() else {
            return Ok(());
        };
        let (id, taken, payload);
        // Where the body of a packet other than PUBLISH begins, where the part of it ends that is
        // read at once, and where it ends itself.
        let (at, end, total) = 'packet: {
            let codes = self.incoming.codes::<P>();
            if codes != 0 {
                if codes > capacity {
                    return Err(Fault::PacketTooLarge);
                }
                if bytes.len() < codes {
                    return Ok(());
                }
                break 'packet (0, codes, codes);
            }
            if self.incoming.is_in_topic::<P>() {
                // Nothing is kept of a topic too long for the buffer but its last two bytes, which
                // may be the identifier.
                let Some(last) = self.incoming.skip_topic_byte(first_byte) else {
                    skip(input, 1);
                    return Ok(());
                };
                id = last;
                taken = 1;
                payload = self.incoming.remaining();
                said.outcome = Outcome::Skipped;
            } else {
                if !wire::has_valid_flags_5::<P>(first_byte) {
                    return Err(Fault::Malformed);
                }
                let kind = first_byte >> 4;
                if self.expected() >> kind & 1 == 0 || is_above_qos::<P>(first_byte) {
                    return Err(Fault::Unexpected);
                }
                self.incoming.set_first_byte(first_byte);
                // The position of the next byte to be read, and the end of the packet.
                let (mut at, total) = wire::section_at(bytes, 1);
                if at == wire::MALFORMED {
                    return Err(Fault::Malformed);
                }
                if at > bytes.len() {
                    return Ok(());
                }
                self.check_length(total)?;
                // The end of the part that is read at once: of the packet, if it fits.
                let mut end = total;
                if bytes.len() < total {
                    if total <= capacity {
                        return Ok(());
                    }
                    if !streams_in::<P>() || !can_be_longer::<P>(kind) {
                        return Err(Fault::PacketTooLarge);
                    }
                    if drops_reasons::<P>() && ends_with_codes(kind) {
                        return self.begin_codes(input, at, total);
                    }
                    if kind != wire::PUBLISH {
                        // The identifier and the reason code are enough.
                        end = at.wrapping_add(if kind == wire::DISCONNECT { 1 } else { 3 });
                        if bytes.len() < end {
                            return Ok(());
                        }
                    }
                }
                if !subscribes::<P>() || kind != wire::PUBLISH {
                    break 'packet (at, end, total);
                }
                let topic_at = at.wrapping_add(2);
                at = topic_at.wrapping_add(wire::u16_at(bytes, at));
                let topic = held(bytes, topic_at, at);
                let mut number = 1;
                if first_byte & wire::QOS != 0 {
                    number = wire::u16_at(bytes, at);
                    at = at.wrapping_add(2);
                }
                // Numbers behind the last byte are 0, so these positions are the first ones that the
                // packet can have if it is incomplete.
                let properties_at;
                (properties_at, taken) = wire::section_at(bytes, at);
                if taken > total {
                    return Err(Fault::Malformed);
                }
                if taken > bytes.len() {
                    if taken <= capacity {
                        return Ok(());
                    }
                    if !skips::<P>() {
                        return Err(Fault::PacketTooLarge);
                    }
                    // The bytes before the properties are skipped one by one, this one first, and the
                    // properties with the payload.
                    self.incoming.begin_topic::<P>(
                        first_byte,
                        at.wrapping_sub(1),
                        total.wrapping_sub(at),
                    );
                    skip(input, 1);
                    return Ok(());
                }
                let properties = Properties(held(bytes, properties_at, taken));
                said.properties = properties.0;
                if !are_checked::<P>(said, properties.0, Place::PUBLISH)? {
                    return Ok(());
                }
                // With an alias of 0 properties are not valid.
                let alias = if checks_apart::<P>() {
                    said.number.into()
                } else {
                    properties.number_or(table::TOPIC_ALIAS, 0)
                };
                if alias > self.terms().map_or(0, Terms::aliases_in).into() {
                    return Err(Fault::TopicAlias);
                }
                if topic.is_empty() && alias == 0 {
                    return Err(Fault::Unexpected);
                }
                // An alias can stand for the topic.
                if validates::<P>() && !topic.is_empty() && !topic::is_valid::<P>(topic, Kind::Name)
                {
                    return Err(Fault::Malformed);
                }
                id = number as u16;
                payload = total.wrapping_sub(taken) as u32;
                said.outcome = Outcome::Message;
                said.text = topic;
            }
            let Some(id) = PacketId::new(id) else {
                return Err(Fault::Malformed);
            };
            said.id = id;
            if self.begin_message(id, payload, || is_flushed)? {
                skip(input, taken);
            } else {
                said.outcome = Outcome::Nothing;
            }
            return Ok(());
        };
        self.on_packet_5(held(bytes, at, end), said)?;
        if said.outcome == Outcome::Unknown
            || (checks_apart::<P>() && said.outcome == Outcome::Unchecked)
        {
            return Ok(());
        }
        self.incoming.end_packet::<P>(total.wrapping_sub(end));
        skip(input, end);
        Ok(())
    }

    /// Begins a SUBACK or UNSUBACK that does not fit into `rx`, and drops its properties. Its body
    /// begins at `at`, and ends at `total`.
    #[inline(always)]
    fn begin_codes(&mut self, input: &mut &[u8], at: usize, total: usize) -> Result<(), Fault> {
        let (properties_at, codes_at) = wire::section_at(input, at.wrapping_add(2));
        if codes_at >= total {
            return Err(Fault::Malformed);
        }
        if properties_at <= input.len() {
            let id = wire::u16_at(input, at) as u16;
            let properties = codes_at.wrapping_sub(properties_at);
            let codes = total.wrapping_sub(codes_at);
            self.incoming.begin_codes::<P>(id, properties, codes);
            skip(input, properties_at);
        }
        Ok(())
    }

    /// Fails if a packet is longer than the client has announced to accept.
    #[inline(always)]
    fn check_length(&self, length: usize) -> Result<(), Fault> {
        match self.terms() {
            Some(terms) if length > terms.longest_in() as usize => Err(Fault::PacketTooLarge),
            _ => Ok(()),
        }
    }
}
