//! Packets of MQTT 5 as text, for logs and tools. Neither passwords nor authentication data are
//! shown.
use super::Packet;
use crate::{
    PacketId, PropertySource, ReasonCode, RetainHandling, SubscriptionOptions,
    packet::{
        Filters,
        display::{Flags, Payload, write_connack, write_connect},
    },
    property::each,
};
use core::fmt::{self, Display, Formatter};

/// Shows the packet in one line, as in `PUBLISH "a/b", QoS 0, content type "text/plain", 2 bytes
/// "hi"`. At most 60 bytes of a payload are shown, and neither a password nor authentication data.
///
/// # Examples
/// ```
/// use motemq::packet::v5::decode;
/// let (packet, _) = decode(b"\x32\x0b\0\x01a\0\x07\x03\x23\0\x02hi")?.unwrap();
/// assert_eq!(packet.to_string(), r#"PUBLISH "a", QoS 1, id 7, topic alias 2, 2 bytes "hi""#);
/// let (packet, _) = decode(b"\x40\x03\0\x07\x97")?.unwrap();
/// assert_eq!(packet.to_string(), "PUBACK id 7, quota exceeded (reason code 0x97)");
/// # Ok::<(), motemq::packet::v5::DecodeError>(())
/// ```
impl<'a, T: PropertySource<'a>> Display for Packet<'a, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match *self {
            Packet::Connect(ref connect) => {
                write_connect(connect, ["session resumed", "clean start"], f)?;
                if let Some(will) = &connect.will {
                    write_properties(will.properties, ", of the will:", f)?;
                }
                write_properties(connect.properties, ",", f)
            }
            Packet::ConnAck {
                session_present,
                code,
                properties,
            } => {
                write_connack(&code, session_present, f)?;
                write_properties(properties, ",", f)
            }
            Packet::Publish {
                dup,
                qos,
                retain,
                id,
                topic,
                payload,
                properties,
            } => {
                f.write_str("PUBLISH ")?;
                match topic {
                    Some(topic) => write!(f, "{topic:?}, ")?,
                    None => f.write_str("by alias, ")?,
                }
                let flags = Flags {
                    dup,
                    qos,
                    retain,
                    id,
                };
                flags.fmt(f)?;
                write_properties(properties, ",", f)?;
                write!(f, ", {}", Payload(payload))
            }
            Packet::PubAck {
                id,
                code,
                properties,
            } => write_ack("PUBACK", id, code, properties, f),
            Packet::PubRec {
                id,
                code,
                properties,
            } => write_ack("PUBREC", id, code, properties, f),
            Packet::PubRel {
                id,
                code,
                properties,
            } => write_ack("PUBREL", id, code, properties, f),
            Packet::PubComp {
                id,
                code,
                properties,
            } => write_ack("PUBCOMP", id, code, properties, f),
            Packet::Subscribe {
                id,
                filters,
                properties,
            } => {
                write!(f, "SUBSCRIBE id {id}")?;
                write_properties(properties, ",", f)?;
                write_filters(filters, true, f)
            }
            Packet::SubAck {
                id,
                codes,
                properties,
            } => {
                write!(f, "SUBACK id {id}")?;
                write_properties(properties, ",", f)?;
                for &code in codes {
                    match code {
                        0..=2 => write!(f, ", QoS {code}")?,
                        _ => write!(f, ", {}", ReasonCode(code))?,
                    }
                }
                Ok(())
            }
            Packet::Unsubscribe {
                id,
                filters,
                properties,
            } => {
                write!(f, "UNSUBSCRIBE id {id}")?;
                write_properties(properties, ",", f)?;
                write_filters(filters, false, f)
            }
            Packet::UnsubAck {
                id,
                codes,
                properties,
            } => {
                write!(f, "UNSUBACK id {id}")?;
                write_properties(properties, ",", f)?;
                codes
                    .iter()
                    .try_for_each(|&code| write!(f, ", {}", ReasonCode(code)))
            }
            Packet::PingReq => f.write_str("PINGREQ"),
            Packet::PingResp => f.write_str("PINGRESP"),
            Packet::Disconnect { code, properties } => {
                write!(f, "DISCONNECT {code}")?;
                write_properties(properties, ",", f)
            }
            Packet::Auth { code, properties } => {
                write!(f, "AUTH {code}")?;
                write_properties(properties, ",", f)
            }
        }
    }
}

fn write_ack<'a>(
    name: &str,
    id: PacketId,
    code: ReasonCode,
    properties: impl PropertySource<'a>,
    f: &mut Formatter<'_>,
) -> fmt::Result {
    write!(f, "{name} id {id}")?;
    if code != ReasonCode::SUCCESS {
        write!(f, ", {code}")?;
    }
    write_properties(properties, ",", f)
}

/// Writes each property behind a separator.
fn write_properties<'a>(
    properties: impl PropertySource<'a>,
    separator: &str,
    f: &mut Formatter<'_>,
) -> fmt::Result {
    each(properties).try_for_each(|property| write!(f, "{separator} {property}"))
}

fn write_filters(
    filters: Filters<'_, SubscriptionOptions>,
    with_options: bool,
    f: &mut Formatter<'_>,
) -> fmt::Result {
    for filter in filters.iter() {
        write!(f, ", {:?}", filter.filter)?;
        if with_options {
            write!(f, " QoS {}", filter.qos as u8)?;
            let options = filter.options;
            f.write_str(if options.no_local { " no local" } else { "" })?;
            f.write_str(if options.retain_as_published {
                " retain as published"
            } else {
                ""
            })?;
            f.write_str(match options.retain_handling {
                RetainHandling::SendAtSubscribe => "",
                RetainHandling::SendIfNew => " retained if new",
                RetainHandling::DoNotSend => " none retained",
            })?;
        }
    }
    Ok(())
}
