//! The codec of MQTT 5 against another one: `mqtt-protocol-core`.
use motemq::{
    PropertyError, ReasonCode, TopicName,
    packet::v5::{self, DecodeError, Packet},
};
use mqtt_protocol_core::mqtt::{
    common::Cursor,
    connection::{PacketBuildResult, PacketBuilder, PacketData},
    packet::v5_0,
};

/// Takes any bytes for one packet. What one codec reads the other reads, too, and as the same, or
/// there is a reason on one of the lists below.
pub fn other5(data: &[u8]) {
    match (v5::decode(data), theirs(data)) {
        (Ok(Some((ours, _))), Ok(Some(theirs))) => {
            // What they write for what they read is the same packet for us.
            match v5::decode(&theirs) {
                Ok(Some((again, _))) => {
                    assert_eq!(again, ours, "{data:02x?}, but there {theirs:02x?}");
                }
                other => panic!("{data:02x?}, but there {theirs:02x?}, which is {other:?}"),
            }
        }
        (Ok(Some((ours, _))), Err(error)) => {
            assert!(
                only_we(&ours).is_some(),
                "only we read {ours:?}; there it is {error}: {data:02x?}"
            );
        }
        (Ok(None), Ok(Some(theirs))) => panic!("not whole, but there it is {theirs:02x?}"),
        (Ok(Some((ours, _))), Ok(None)) => panic!("{ours:?} is not whole there"),
        (Err(error), Ok(Some(theirs))) => assert!(
            only_they(error, data).is_some(),
            "only there it is read: {theirs:02x?}; here it is {error}: {data:02x?}"
        ),
        (Ok(None) | Err(_), Err(_)) | (Err(_) | Ok(None), Ok(None)) => {}
    }
}

/// What they write for the first packet that they read, or why they do not read it.
fn theirs(data: &[u8]) -> Result<Option<Vec<u8>>, String> {
    let mut cursor = Cursor::new(data);
    let raw = match PacketBuilder::new().feed(&mut cursor) {
        PacketBuildResult::Complete(raw) => raw,
        PacketBuildResult::Incomplete => return Ok(None),
        PacketBuildResult::Error(error) => return Err(error.to_string()),
    };
    macro_rules! read {
        ($($kind:literal $packet:ident)*) => {
            match raw.packet_type() {
                $($kind => raw
                    .parse_exact(v5_0::$packet::parse)
                    .map(|packet| packet.to_continuous_buffer()),)*
                3 => {
                    let flags = raw.flags();
                    let PacketData::Publish(data) = raw.data else {
                        return Err("PUBLISH without data".into());
                    };
                    v5_0::Publish::parse(flags, data).map(|(packet, _)| packet.to_continuous_buffer())
                }
                kind => return Err(format!("packet type {kind}")),
            }
        };
    }
    let written = read! {
        1 Connect
        2 Connack
        4 Puback
        5 Pubrec
        6 Pubrel
        7 Pubcomp
        8 Subscribe
        9 Suback
        10 Unsubscribe
        11 Unsuback
        12 Pingreq
        13 Pingresp
        14 Disconnect
        15 Auth
    };
    written.map(Some).map_err(|error| error.to_string())
}

/// Why we read what is refused there.
fn only_we(packet: &Packet<'_>) -> Option<&'static str> {
    match packet {
        Packet::ConnAck { code, .. } if code.is_error() => {
            Some("a refusal is a refusal, whatever its code")
        }
        Packet::Disconnect { code, .. } if *code == ReasonCode::BAD_AUTHENTICATION_METHOD => {
            Some("table 2-6 of the standard has this code for DISCONNECT, section 3.14.2.1 has not")
        }
        Packet::Connect(connect)
            if connect
                .password
                .is_some_and(|password| std::str::from_utf8(password).is_err()) =>
        {
            Some("a password is any bytes")
        }
        Packet::Connect(connect) if connect.user.is_none() && connect.password.is_some() => {
            Some("MQTT 5 allows a password without a user name, section 3.1.2.9")
        }
        Packet::Auth { code, properties }
            if *code == ReasonCode::SUCCESS && properties.is_empty() =>
        {
            Some("an AUTH without code and properties can be written in three ways")
        }
        _ => None,
    }
}

/// Why we refuse what is read there.
fn only_they(error: DecodeError, data: &[u8]) -> Option<&'static str> {
    match error {
        DecodeError::Malformed => malformed(data),
        DecodeError::Property(PropertyError::Text { .. }) => {
            Some("U+0000 is not looked at there [MQTT-1.5.4-2]")
        }
        DecodeError::Property(PropertyError::Incomplete) => {
            Some("an integer in more bytes than necessary is read there [MQTT-1.5.5-1]")
        }
        DecodeError::Property(PropertyError::Value { id: 8 }) => {
            Some("response topics are not looked at there [MQTT-3.3.2-14]")
        }
        DecodeError::Property(PropertyError::NoMethod) => {
            Some("authentication data without its method is read there in CONNACK")
        }
        DecodeError::Property(PropertyError::Repeated { id: 11 }) if data[0] == 0x82 => {
            Some("a SUBSCRIBE has one subscription identifier at most, section 3.8.2.1.2")
        }
        DecodeError::SessionPresent => Some("a refusal with a session present [MQTT-3.2.2-6]"),
        DecodeError::NoTopic => Some("the connection looks there for the alias, not the codec"),
        DecodeError::Share | DecodeError::Options => {
            Some("shared subscriptions are not looked at there [MQTT-4.8.2-1] [MQTT-3.8.3-4]")
        }
        _ => None,
    }
}

/// Why bytes are malformed for us alone.
fn malformed(data: &[u8]) -> Option<&'static str> {
    let (head, kind) = (data[0], data[0] >> 4);
    let flags = match kind {
        3 => head & 15,
        6 | 8 | 10 => 2,
        _ => 0,
    };
    if head & 15 != flags {
        return Some("reserved bits of the fixed header are not looked at there [MQTT-2.1.3-1]");
    }
    let digits = data[1..].iter().take(4).position(|&byte| byte < 0x80)?;
    if digits > 0 && data[digits + 1] == 0 {
        return Some("a remaining length in more bytes than necessary [MQTT-1.5.5-1]");
    }
    let body = &data[digits + 2..];
    match kind {
        1 => Some("neither U+0000, topics nor the reserved flag of CONNECT are looked at there"),
        2 => (body[0] > 1).then_some("reserved bits of CONNACK [MQTT-3.2.2-1]"),
        3 if head & 0x0e == 8 => Some("DUP with QoS 0 [MQTT-3.3.1-2]"),
        3 => {
            let (length, after) = body.split_first_chunk()?;
            let topic = after.get(..usize::from(u16::from_be_bytes(*length)))?;
            let topic = std::str::from_utf8(topic).ok()?;
            let id = after.get(topic.len()..topic.len() + 2);
            if TopicName::new(topic).is_err() {
                return Some("topic names are not checked there [MQTT-3.3.2-2] [MQTT-1.5.4-2]");
            }
            (head & 6 != 0 && id == Some(&[0, 0])).then_some("identifier 0 [MQTT-2.2.1-3]")
        }
        8 | 10 => Some("neither filters nor identifier 0 are checked there [MQTT-4.7.1-1]"),
        4..=7 | 9 | 11 => (body.get(..2) == Some(&[0, 0])).then_some("identifier 0 [MQTT-2.2.1-3]"),
        12 | 13 => Some("the body of a PINGREQ is not looked at there"),
        _ => None,
    }
}
