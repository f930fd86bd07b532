//! Packets as text, for logs and tools. Passwords are never shown.
use super::{Filters, Packet};
use crate::{Connect, Publish, QoS};
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
            Packet::Connect(connect) => write_connect(connect, f),
            Packet::ConnAck {
                session_present,
                code,
            } => {
                let session = if *session_present {
                    ", session present"
                } else {
                    ""
                };
                write!(f, "CONNACK {code}{session}")
            }
            Packet::Publish {
                dup,
                qos,
                retain,
                id,
                topic,
                payload,
            } => {
                write!(f, "PUBLISH {topic:?}, QoS {}", *qos as u8)?;
                if let Some(id) = id {
                    write!(f, ", id {id}")?;
                }
                write!(
                    f,
                    "{}{}, {}",
                    if *retain { ", retain" } else { "" },
                    if *dup { ", dup" } else { "" },
                    Payload(payload)
                )
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

fn write_connect(connect: &Connect<'_>, f: &mut Formatter<'_>) -> fmt::Result {
    let session = if connect.clean {
        "clean session"
    } else {
        "session kept"
    };
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
    }) = connect.will
    {
        let retain = if retain { ", retain" } else { "" };
        write!(
            f,
            ", will {topic:?}, QoS {}{retain}, {}",
            qos as u8,
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

fn write_filters(filters: Filters<'_>, with_qos: bool, f: &mut Formatter<'_>) -> fmt::Result {
    for filter in filters.iter() {
        write!(f, ", {:?}", filter.filter)?;
        if with_qos {
            write!(f, " QoS {}", filter.qos as u8)?;
        }
    }
    Ok(())
}

/// A payload, shown as its length and its first bytes.
struct Payload<'a>(&'a [u8]);

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
