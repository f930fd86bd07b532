//! Encoding the packets of MQTT 5.
use super::{Packet, check_auth, check_codes, check_connack, check_filter};
#[cfg(feature = "fast")]
use crate::session::fast::v5 as fast;
use crate::{
    Connect, FilterOptions, Mqtt311, Out, Output, PacketId, Property, PropertySource, QoS,
    ReasonCode, SendError, SubscriptionOptions,
    packet::{Filters, filters::Source, write_short},
    property::{Place, each},
    wire::{self, Draft},
};

impl<'a, T: PropertySource<'a>> Packet<'a, T> {
    /// Appends the packet to `tx`, which needs room for 3 bytes more than the packet has. A reason
    /// code or a property length that can be left out is left out.
    ///
    /// # Errors
    /// If this method fails, nothing is written:
    ///
    /// - [`Invalid`](SendError::Invalid) for a packet that [`decode`](super::decode) refuses.
    /// - [`Full`](SendError::Full) if `tx` has too little room now.
    /// - [`TooLong`](SendError::TooLong) if the packet does not fit into an empty `tx`, or into the
    ///   length fields of MQTT.
    #[cfg_attr(feature = "fast", inline(always))]
    pub fn encode(&self, tx: &mut (impl Output + ?Sized)) -> Result<(), SendError> {
        let out = &mut tx.out();
        match *self {
            Packet::Connect(ref connect) => write_connect(connect, out),
            Packet::ConnAck {
                session_present,
                code,
                properties,
            } => write_connack(session_present, code, properties, out),
            Packet::Publish {
                dup,
                qos,
                retain,
                id,
                topic,
                payload,
                properties,
            } => {
                // [MQTT-2.2.1-2] [MQTT-3.3.1-2]
                if id.is_some() != (qos != QoS::AtMostOnce) || (dup && id.is_none()) {
                    return Err(SendError::Invalid);
                }
                let topic = match topic {
                    Some(topic) => topic.as_bytes(),
                    None if has_alias(properties) => &[],
                    None => return Err(SendError::Invalid),
                };
                let flags = u8::from(dup) << 3 | (qos as u8) << 1 | u8::from(retain);
                let first_byte = wire::PUBLISH << 4 | flags;
                #[cfg(feature = "fast")]
                {
                    let (head, limits) = ((first_byte, id), (0, u32::MAX));
                    let written =
                        fast::publish::<Mqtt311>(out, head, topic, properties, payload, limits);
                    if written.is_some() {
                        return Ok(());
                    }
                }
                write_publish(first_byte, topic, id, payload, properties, out)
            }
            Packet::PubAck {
                id,
                code,
                properties,
            } => write_ack(wire::PUBACK << 4, id, code, properties, out),
            Packet::PubRec {
                id,
                code,
                properties,
            } => write_ack(wire::PUBREC << 4, id, code, properties, out),
            Packet::PubRel {
                id,
                code,
                properties,
            } => write_ack(wire::PUBREL_FIRST_BYTE, id, code, properties, out),
            Packet::PubComp {
                id,
                code,
                properties,
            } => write_ack(wire::PUBCOMP << 4, id, code, properties, out),
            Packet::Subscribe {
                id,
                filters,
                properties,
            } => write_filters(wire::SUBSCRIBE, id, filters, properties, out),
            Packet::SubAck {
                id,
                codes,
                properties,
            } => write_codes(wire::SUBACK, id, codes, properties, out),
            Packet::Unsubscribe {
                id,
                filters,
                properties,
            } => write_filters(wire::UNSUBSCRIBE, id, filters, properties, out),
            Packet::UnsubAck {
                id,
                codes,
                properties,
            } => write_codes(wire::UNSUBACK, id, codes, properties, out),
            Packet::PingReq => write_short(wire::PINGREQ << 4, 0, out),
            Packet::PingResp => write_short(wire::PINGRESP << 4, 0, out),
            Packet::Disconnect { code, properties } => {
                let mut draft = Draft::<Mqtt311>::new(out, wire::DISCONNECT << 4);
                write_code(&mut draft, code, properties, Place::DISCONNECT);
                draft.finish(0)
            }
            Packet::Auth { code, properties } => {
                let mut draft = Draft::<Mqtt311>::new(out, wire::AUTH << 4);
                write_code(&mut draft, code, properties, Place::AUTH);
                check_auth(code, each(properties))
                    .unwrap_or_else(|_| draft.refuse(SendError::Invalid));
                draft.finish(0)
            }
        }
    }
}

/// Returns whether a topic alias is among the properties.
fn has_alias<'a>(properties: impl PropertySource<'a>) -> bool {
    each(properties).any(|property| matches!(property, Property::TopicAlias(_)))
}

#[cfg_attr(feature = "fast", inline(never))]
fn write_connect<'a, T: PropertySource<'a>>(
    connect: &Connect<'a, T>,
    out: &mut Out<'_>,
) -> Result<(), SendError> {
    let mut draft = Draft::<Mqtt311>::new(out, wire::CONNECT << 4);
    draft.connect_5(connect, |draft| {
        draft.properties(connect.properties, Place::CONNECT);
    });
    draft.finish(0)
}

fn write_connack<'a>(
    session_present: bool,
    code: ReasonCode,
    properties: impl PropertySource<'a>,
    out: &mut Out<'_>,
) -> Result<(), SendError> {
    let mut draft = Draft::<Mqtt311>::new(out, wire::CONNACK << 4);
    check_connack(session_present, code).unwrap_or_else(|_| draft.refuse(SendError::Invalid));
    draft.byte(session_present.into());
    draft.byte(code.get());
    draft.properties(properties, Place::CONNACK);
    draft.finish(0)
}

#[cfg_attr(feature = "fast", inline(never))]
fn write_publish<'a>(
    first_byte: u8,
    topic: &[u8],
    id: Option<PacketId>,
    payload: &[u8],
    properties: impl PropertySource<'a>,
    out: &mut Out<'_>,
) -> Result<(), SendError> {
    let mut draft = Draft::<Mqtt311>::new(out, first_byte);
    draft.u16(topic.len() as u16);
    draft.bytes(topic);
    if let Some(id) = id {
        draft.u16(id.get());
    }
    draft.properties(properties, Place::PUBLISH);
    draft.bytes(payload);
    draft.finish(0)
}

fn write_ack<'a>(
    first_byte: u8,
    id: PacketId,
    code: ReasonCode,
    properties: impl PropertySource<'a>,
    out: &mut Out<'_>,
) -> Result<(), SendError> {
    let mut draft = Draft::<Mqtt311>::new(out, first_byte);
    draft.u16(id.get());
    write_code(&mut draft, code, properties, Place::ACK);
    draft.finish(0)
}

/// Writes the reason code and the properties at the end of a packet, and leaves out what can be
/// left out.
fn write_code<'a>(
    draft: &mut Draft<'_>,
    code: ReasonCode,
    properties: impl PropertySource<'a>,
    place: Place,
) {
    check_codes(draft.first_byte >> 4, &[code.get()])
        .unwrap_or_else(|_| draft.refuse(SendError::Invalid));
    let has_properties = each(properties).next().is_some();
    if has_properties || code != ReasonCode::SUCCESS {
        draft.byte(code.get());
    }
    if has_properties {
        draft.properties(properties, place);
    }
}

#[cfg_attr(feature = "fast", inline(never))]
fn write_filters<'a>(
    kind: u8,
    id: PacketId,
    filters: Filters<'_, SubscriptionOptions>,
    properties: impl PropertySource<'a>,
    out: &mut Out<'_>,
) -> Result<(), SendError> {
    let mut draft = Draft::<Mqtt311>::new(out, kind << 4 | wire::RESERVED);
    draft.u16(id.get());
    if kind == wire::SUBSCRIBE {
        draft.properties(properties, Place::SUBSCRIBE);
    } else {
        draft.properties(properties, Place::UNSUBSCRIBE);
    }
    match filters.0 {
        // [MQTT-3.8.3-2] [MQTT-3.10.3-2]
        Source::List([]) => draft.refuse(SendError::Invalid),
        Source::Encoded(encoded) if encoded.with_qos == (kind == wire::SUBSCRIBE) => {
            draft.bytes(encoded.bytes);
        }
        _ => {
            for filter in filters.iter() {
                let options = if kind == wire::SUBSCRIBE {
                    filter.options.bits()
                } else {
                    0
                };
                check_filter(filter.filter.as_bytes(), options)
                    .unwrap_or_else(|_| draft.refuse(SendError::Invalid));
            }
            draft.filters_of(filters.iter());
        }
    }
    draft.finish(0)
}

fn write_codes<'a>(
    kind: u8,
    id: PacketId,
    codes: &[u8],
    properties: impl PropertySource<'a>,
    out: &mut Out<'_>,
) -> Result<(), SendError> {
    let mut draft = Draft::<Mqtt311>::new(out, kind << 4);
    check_codes(kind, codes).unwrap_or_else(|_| draft.refuse(SendError::Invalid));
    draft.u16(id.get());
    draft.properties(properties, Place::ACK);
    draft.bytes(codes);
    draft.finish(0)
}
