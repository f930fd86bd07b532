//! The beginning of a packet of MQTT 5, up to the payload of a PUBLISH.
use super::{
    super::{
        super::{Session, Slot, Terms},
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

/// Returns whether a packet of this type can be longer than `rx`: PUBLISH, and those whose properties
/// can be dropped, because what matters stands before them.
#[inline(always)]
fn can_be_longer(kind: u8) -> bool {
    matches!(kind, wire::PUBLISH..=wire::PUBCOMP | wire::DISCONNECT)
}

/// Takes `n` bytes off `input`.
#[cfg_attr(not(feature = "fast"), inline(never))]
fn skip(input: &mut &[u8], n: usize) {
    *input = input.get(n..).unwrap_or_default();
}

impl<P: Protocol> Session<[Slot], P> {
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
        let Some(&first_byte) = input.first() else {
            return Ok(());
        };
        let mut walk = Walk::over(input);
        walk.take(1);
        let (id, taken, payload);
        if self.incoming.is_in_topic::<P>() {
            // Nothing is kept of a topic too long for the buffer but its last two bytes, which may
            // be the identifier.
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
            walk.take_variable();
            if walk.missing != 0 {
                return if walk.missing == Walk::MALFORMED {
                    Err(Fault::Malformed)
                } else {
                    Ok(())
                };
            }
            let length = walk.number as usize;
            let before = input.len().wrapping_sub(walk.rest.len());
            let total = before.wrapping_add(length);
            self.check_length(total)?;
            // The part of the packet that is read at once: all of it, if it fits.
            let mut part = length;
            if walk.rest.len() < length {
                if total <= capacity {
                    return Ok(());
                }
                if !streams_in::<P>() || !can_be_longer(kind) {
                    return Err(Fault::PacketTooLarge);
                }
                part = walk.rest.len();
                if kind != wire::PUBLISH {
                    // The identifier and the reason code are enough.
                    part = if kind == wire::DISCONNECT { 1 } else { 3 };
                    if walk.rest.len() < part {
                        return Ok(());
                    }
                }
            }
            walk.take(part);
            walk.rest = walk.data;
            self.incoming.set_first_byte(first_byte);
            let absent = length.wrapping_sub(part);
            if !subscribes::<P>() || kind != wire::PUBLISH {
                self.on_packet_5(&mut walk, said)?;
                if said.outcome != Outcome::Unknown {
                    skip(input, before.wrapping_add(part));
                    if streams_in::<P>() {
                        self.drop_properties(absent);
                    }
                }
                return Ok(());
            }
            walk.take(2);
            let mut names = walk.number;
            walk.take(names as usize);
            let topic = walk.data;
            let mut number = 1;
            if first_byte & wire::QOS != 0 {
                names = names.wrapping_add(2);
                walk.take(2);
                number = walk.number;
            }
            walk.take_section();
            if walk.missing != 0 {
                // More is missing than the packet has.
                if walk.missing > absent {
                    return Err(Fault::Malformed);
                }
                if input.len().wrapping_add(walk.missing) <= capacity {
                    return Ok(());
                }
                if !skips::<P>() {
                    return Err(Fault::PacketTooLarge);
                }
                // The properties are skipped with the payload. With an alias and QoS 0 nothing
                // stands before them, and their first byte begins the skip.
                let names = names.max(1) as usize;
                let payload = length.wrapping_sub(2).wrapping_sub(names);
                self.incoming.begin_topic(first_byte, names, payload);
                skip(input, before.wrapping_add(2));
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
            id = number as u16;
            let left = walk.rest.len().wrapping_add(absent);
            taken = total.wrapping_sub(left);
            payload = left as u32;
            said.outcome = Outcome::Message;
            said.text = topic;
            said.properties = properties.0;
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
