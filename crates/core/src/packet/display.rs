//! Packets as text, for logs and tools. Passwords are never shown.
use super::{Filters, Packet};
use crate::{Connect, PacketId, Publish, QoS};
use core::fmt::{self, Display, Formatter};

/// The largest number of bytes of a payload that is shown.
const MAX_SHOWN: usize = 60;

/// Shows the packet in one line, as in `PUBLISH "a/b", QoS 1, id 7, retain, 5 bytes "hello"`. At
/// most 60 bytes of a payload are shown, and no password.
///
/// # Examples
/// ```
/// use motemq::packet::decode;
/// let (packet, _) = decode(b"\x32\x07\0\x01a\0\x07hi")?.unwrap();
/// assert_eq!(packet.to_string(), r#"PUBLISH "a", QoS 1, id 7, 2 bytes "hi""#);
/// # Ok::<(), motemq::packet::Malformed>(())
/// ```
impl Display for Packet<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Packet::Connect(connect) => {
                write_connect(connect, ["session kept", "clean session"], f)
            }
            Packet::ConnAck {
                session_present,
                code,
            } => write_connack(code, *session_present, f),
            Packet::Publish {
                dup,
                qos,
                retain,
                id,
                topic,
                payload,
            } => {
                let flags = Flags {
                    dup: *dup,
                    qos: *qos,
                    retain: *retain,
                    id: *id,
                };
                write!(f, "PUBLISH {topic:?}, {flags}, {}", Payload(payload))
            }
            Packet::PubAck(id) => write!(f, "PUBACK id {id}"),
            Packet::PubRec(id) => write!(f, "PUBREC id {id}"),
            Packet::PubRel(id) => write!(f, "PUBREL id {id}"),
            Packet::PubComp(id) => write!(f, "PUBCOMP id {id}"),
            Packet::Subscribe { id, filters } => {
                write!(f, "SUBSCRIBE id {id}")?;
                write_filters(*filters, true, f)
            }
            Packet::SubAck { id, codes } => {
                write!(f, "SUBACK id {id}")?;
                write_codes(codes, f)
            }
            Packet::Unsubscribe { id, filters } => {
                write!(f, "UNSUBSCRIBE id {id}")?;
                write_filters(*filters, false, f)
            }
            Packet::UnsubAck(id) => write!(f, "UNSUBACK id {id}"),
            Packet::PingReq => f.write_str("PINGREQ"),
            Packet::PingResp => f.write_str("PINGRESP"),
            Packet::Disconnect => f.write_str("DISCONNECT"),
        }
    }
}

/// Writes a CONNECT without its properties, and one of two words for its session.
pub(super) fn write_connect<T>(
    connect: &Connect<'_, T>,
    [kept, clean]: [&str; 2],
    f: &mut Formatter<'_>,
) -> fmt::Result {
    let session = if connect.clean { clean } else { kept };
    write!(
        f,
        "CONNECT id {:?}, {session}, keep alive {} s",
        connect.client_id, connect.keep_alive
    )?;
    if let Some(user) = connect.user {
        write!(
            f,
            ", user {user:?}{}",
            if connect.password.is_some() {
                " with password"
            } else {
                ""
            }
        )?;
    }
    if let Some(Publish {
        topic,
        payload,
        qos,
        retain,
        ..
    }) = &connect.will
    {
        let retain = if *retain { ", retain" } else { "" };
        write!(
            f,
            ", will {topic:?}, QoS {}{retain}, {}",
            *qos as u8,
            Payload(payload)
        )?;
    }
    Ok(())
}

fn write_codes(codes: &[u8], f: &mut Formatter<'_>) -> fmt::Result {
    codes
        .iter()
        .try_for_each(|&code| match QoS::try_from(code) {
            Ok(qos) => write!(f, ", QoS {}", qos as u8),
            Err(_) => f.write_str(", refused"),
        })
}

pub(super) fn write_connack(
    code: &impl Display,
    session_present: bool,
    f: &mut Formatter<'_>,
) -> fmt::Result {
    let session = if session_present {
        ", session present"
    } else {
        ""
    };
    write!(f, "CONNACK {code}{session}")
}

fn write_filters(filters: Filters<'_>, with_qos: bool, f: &mut Formatter<'_>) -> fmt::Result {
    for filter in filters.iter() {
        write!(f, ", {:?}", filter.filter)?;
        if with_qos {
            write!(f, " QoS {}", filter.qos as u8)?;
        }
    }
    Ok(())
}

/// The flags of a PUBLISH and its packet identifier.
pub(super) struct Flags {
    pub dup: bool,
    pub qos: QoS,
    pub retain: bool,
    pub id: Option<PacketId>,
}

impl Display for Flags {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "QoS {}", self.qos as u8)?;
        if let Some(id) = self.id {
            write!(f, ", id {id}")?;
        }
        f.write_str(if self.retain { ", retain" } else { "" })?;
        f.write_str(if self.dup { ", dup" } else { "" })
    }
}

/// A payload, shown as its length and its first bytes.
pub(super) struct Payload<'a>(pub &'a [u8]);

impl Display for Payload<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (shown, ellipsis) = match self.0.get(..MAX_SHOWN) {
            Some(beginning) if self.0.len() > MAX_SHOWN => (beginning, "..."),
            _ => (self.0, ""),
        };
        write!(
            f,
            "{} bytes \"{}{ellipsis}\"",
            self.0.len(),
            shown.escape_ascii()
        )
    }
}
