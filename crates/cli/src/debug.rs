//! The packets that come and go, in words.
use motemq::{Publish, packet::Packet};
use motemq_std::Direction;
use std::{fmt::Write, time::SystemTime};

/// How much of a payload is shown.
const SHOWN: usize = 60;

/// One line about a packet: when, which way, what.
pub fn describe(direction: Direction, packet: &Packet<'_>) -> String {
    let now = humantime::format_rfc3339_millis(SystemTime::now());
    let way = match direction {
        Direction::In => "<-",
        Direction::Out => "->",
    };
    format!("{now} {way} {}", in_words(packet))
}

fn in_words(packet: &Packet<'_>) -> String {
    let mut line = String::new();
    // Writing to a String cannot fail.
    let _ = match packet {
        Packet::Connect(connect) => {
            let _ = write!(line, "CONNECT id {:?}, {}", connect.client_id, if connect.clean { "clean session" } else { "session kept" });
            let _ = write!(line, ", keep alive {} s", connect.keep_alive);
            if let Some(user) = connect.user {
                let _ = write!(line, ", user {user:?}{}", if connect.password.is_some() { " with password" } else { "" });
            }
            match &connect.will {
                Some(will) => write!(line, ", will {}", will_in_words(will)),
                None => Ok(()),
            }
        }
        Packet::ConnAck { session_present, code } => {
            write!(line, "CONNACK {code}{}", if *session_present { ", session present" } else { "" })
        }
        Packet::Publish { dup, qos, retain, id, topic, payload } => {
            let _ = write!(line, "PUBLISH {:?}, QoS {}", topic.as_str(), *qos as u8);
            if let Some(id) = id {
                let _ = write!(line, ", id {id}");
            }
            write!(line, "{}{}, {}", if *retain { ", retain" } else { "" }, if *dup { ", dup" } else { "" }, payload_in_words(payload))
        }
        Packet::PubAck(id) => write!(line, "PUBACK id {id}"),
        Packet::PubRec(id) => write!(line, "PUBREC id {id}"),
        Packet::PubRel(id) => write!(line, "PUBREL id {id}"),
        Packet::PubComp(id) => write!(line, "PUBCOMP id {id}"),
        Packet::Subscribe { id, filters } => {
            let list: Vec<_> = filters.iter().map(|filter| format!("{:?} QoS {}", filter.filter, filter.qos as u8)).collect();
            write!(line, "SUBSCRIBE id {id}: {}", list.join(", "))
        }
        Packet::SubAck { id, codes } => {
            let list: Vec<_> = codes.iter().map(|&code| if code < 3 { format!("QoS {code}") } else { "refused".into() }).collect();
            write!(line, "SUBACK id {id}: {}", list.join(", "))
        }
        Packet::Unsubscribe { id, filters } => {
            let list: Vec<_> = filters.iter().map(|filter| format!("{:?}", filter.filter)).collect();
            write!(line, "UNSUBSCRIBE id {id}: {}", list.join(", "))
        }
        Packet::UnsubAck(id) => write!(line, "UNSUBACK id {id}"),
        Packet::PingReq => write!(line, "PINGREQ"),
        Packet::PingResp => write!(line, "PINGRESP"),
        Packet::Disconnect => write!(line, "DISCONNECT"),
    };
    line
}

fn will_in_words(will: &Publish<'_>) -> String {
    let retain = if will.retain { ", retain" } else { "" };
    format!("{:?}, QoS {}{retain}, {}", will.topic, will.qos as u8, payload_in_words(will.payload))
}

fn payload_in_words(payload: &[u8]) -> String {
    let more = if payload.len() > SHOWN { "..." } else { "" };
    format!("{} bytes \"{}{more}\"", payload.len(), payload[..payload.len().min(SHOWN)].escape_ascii())
}
