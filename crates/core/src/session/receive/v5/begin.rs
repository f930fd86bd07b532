//! The beginning of a packet of MQTT 5, up to the payload of a PUBLISH.
use super::{
    super::{
        super::{Acks, Session, Slot, Terms},
        parts::is_above_qos,
    },
    Outcome, Said,
};
use crate::{
    Fault, PacketId, Properties, Protocol,
    profile::{checks_properties, skips, streams_in, subscribes, validates},
    property::{self, Place, Walk, table},
    topic::{self, Kind},
    wire,
};

/// Returns whether the properties of a packet of this type can be dropped if they do not fit into
/// `rx`, because what matters stands before them.
#[inline(always)]
fn is_droppable(kind: u8) -> bool {
    const KINDS: u16 = 1 << wire::PUBACK
        | 1 << wire::PUBREC
        | 1 << wire::PUBREL
        | 1 << wire::PUBCOMP
        | 1 << wire::DISCONNECT;
    KINDS >> kind & 1 != 0
}

impl<P: Protocol> Session<[Slot], P> {
    /// Reads a packet, or the beginning of a PUBLISH up to its payload, and takes it off `input`.
    /// Takes nothing, and leaves no event, if more bytes are needed.
    #[cfg_attr(not(feature = "fast"), inline(never))]
    pub(super) fn begin_packet<'i>(
        &mut self,
        input: &mut &'i [u8],
        capacity: usize,
        acks: &Acks<'_, '_>,
        said: &mut Said<'i>,
    ) -> Result<(), Fault> {
        let Some((&first_byte, mut body)) = input.split_first() else {
            return Ok(());
        };
        let (id, after, payload);
        if self.incoming.is_in_topic::<P>() {
            // Nothing is kept of a topic too long for the buffer but its last two bytes, which may
            // be the identifier.
            let Some(last) = self.incoming.skip_topic_byte(first_byte) else {
                *input = body;
                return Ok(());
            };
            id = last;
            after = body;
            payload = self.incoming.remaining();
            said.outcome = Outcome::Skipped;
        } else {
            if !wire::has_valid_flags(first_byte, wire::DEFINED_5) {
                return Err(Fault::Malformed);
            }
            let length = match wire::take_variable(&mut body) {
                Ok(Some(length)) => length as usize,
                Ok(None) => return Ok(()),
                Err(wire::Malformed) => return Err(Fault::Malformed),
            };
            if self.expected() >> (first_byte >> 4) & 1 == 0 || is_above_qos::<P>(first_byte) {
                return Err(Fault::Unexpected);
            }
            let total = input.len().wrapping_sub(body.len()).wrapping_add(length);
            self.check_length(total)?;
            let kind = first_byte >> 4;
            let mut packet = body.get(..length).unwrap_or(body);
            if packet.len() != length {
                if total <= capacity {
                    return Ok(());
                }
                if !streams_in::<P>() || !(kind == wire::PUBLISH || is_droppable(kind)) {
                    return Err(Fault::PacketTooLarge);
                }
                // The identifier and the reason code are enough.
                if kind != wire::PUBLISH {
                    let names = if kind == wire::DISCONNECT { 1 } else { 3 };
                    match body.get(..names) {
                        Some(names) => packet = names,
                        None => return Ok(()),
                    }
                }
            }
            self.incoming.set_first_byte(first_byte);
            let mut walk = Walk::over(packet);
            if !subscribes::<P>() || kind != wire::PUBLISH {
                self.on_packet_5(&mut walk, said)?;
                if said.outcome != Outcome::Unknown {
                    *input = body.get(packet.len()..).unwrap_or_default();
                    if streams_in::<P>() {
                        self.drop_properties(length.wrapping_sub(packet.len()));
                    }
                }
                return Ok(());
            }
            walk.take_field();
            let mut names = walk.number as usize;
            let topic = walk.data;
            let mut number = 1;
            if first_byte & wire::QOS != 0 {
                names = names.wrapping_add(2);
                walk.take_number(2);
                number = walk.number;
            }
            walk.take_section();
            if walk.missing != 0 {
                // More is missing than the packet has.
                if walk.missing > length.wrapping_sub(packet.len()) {
                    return Err(Fault::Malformed);
                }
                if walk.missing <= capacity.saturating_sub(input.len()) {
                    return Ok(());
                }
                if !skips::<P>() {
                    return Err(Fault::PacketTooLarge);
                }
                // The properties are skipped with the payload. With an alias and QoS 0 nothing
                // stands before them, and their first byte begins the skip.
                let names = names.max(1);
                let payload = length.wrapping_sub(2).wrapping_sub(names);
                self.incoming.begin_topic(first_byte, names, payload);
                *input = body.get(2..).unwrap_or_default();
                return Ok(());
            }
            let properties = Properties(walk.data);
            if checks_properties::<P>() {
                property::check::<P>(walk.data, Place::PUBLISH)?;
            }
            // With an alias of 0 properties are not valid.
            let alias = properties.number_or(table::TOPIC_ALIAS, 0);
            if alias > self.terms().map_or(0, Terms::aliases_in).into() {
                return Err(Fault::TopicAlias);
            }
            if topic.is_empty() && alias == 0 {
                return Err(Fault::Unexpected);
            }
            // An alias can stand for the topic.
            if validates::<P>() && !topic.is_empty() && !topic::is_valid::<P>(topic, Kind::Name) {
                return Err(Fault::Malformed);
            }
            let header = packet.len().wrapping_sub(walk.rest.len());
            id = number as u16;
            after = body.get(header..).unwrap_or_default();
            payload = length.wrapping_sub(header) as u32;
            said.outcome = Outcome::Message;
            said.text = topic;
            said.properties = properties.0;
        }
        let Some(id) = PacketId::new(id) else {
            return Err(Fault::Malformed);
        };
        said.id = id;
        if self.begin_message(id, payload, acks)? {
            *input = after;
        } else {
            said.outcome = Outcome::Nothing;
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

    /// Drops the properties at the end of a packet, of which `missing` bytes do not fit into `rx`,
    /// as if they were the payload of a message that is not delivered.
    #[inline(always)]
    fn drop_properties(&mut self, missing: usize) {
        if missing != 0 {
            self.incoming.set_first_byte(0);
            let id = self.incoming.id();
            self.incoming.begin_payload::<P>(id, missing as u32, true);
        }
    }
}
