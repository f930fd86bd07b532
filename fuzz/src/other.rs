//! The codec against another one: `mqttbytes`.
use bytes::BytesMut;
use motemq::{
    TopicFilter, TopicName,
    packet::{self, Packet},
};
use mqttbytes::v4;

/// Takes any bytes for one packet. What one codec reads the other reads, too, and as the same, or
/// there is a reason on one of the lists below.
pub fn other(data: &[u8]) {
    let mut theirs = BytesMut::from(data);
    let theirs = v4::read(&mut theirs, 1 << 20);
    match (packet::decode(data), theirs) {
        (Ok(Some((ours, length))), Ok(theirs)) => compare(&ours, &theirs, &data[..length]),
        (Ok(Some((ours, length))), Err(error)) => {
            assert!(
                only_we(&ours, length).is_some(),
                "only we read {ours:?}; there it is {error:?}"
            );
        }
        (Ok(None), Ok(theirs)) => panic!("not whole, but there it is {theirs:?}"),
        (Err(_), Ok(theirs)) => assert!(
            only_they(data, &theirs).is_some(),
            "only there it is read: {theirs:?}"
        ),
        (Ok(None) | Err(_), Err(_)) => {}
    }
}

/// Why we read what is refused there.
fn only_we(packet: &Packet<'_>, length: usize) -> Option<&'static str> {
    match packet {
        Packet::ConnAck { code, .. } if code.get() > 5 => {
            Some("brokers send undefined return codes; they refuse the connection all the same")
        }
        Packet::Connect(connect) if connect.client_id.is_empty() => {
            Some("an empty client identifier is the broker's to judge")
        }
        Packet::Connect(connect)
            if connect
                .password
                .is_some_and(|password| std::str::from_utf8(password).is_err()) =>
        {
            Some("a password is any bytes, but text there")
        }
        _ if length > 1 << 20 => Some("larger than it was told to read"),
        _ => None,
    }
}

/// Why we refuse what is read there.
fn only_they(data: &[u8], theirs: &v4::Packet) -> Option<&'static str> {
    let (head, kind) = (data[0], data[0] >> 4);
    let flags = match kind {
        3 => head & 15,
        6 | 8 | 10 => 2,
        _ => 0,
    };
    if head & 15 != flags {
        return Some("reserved bits of the fixed header are not looked at there [MQTT-2.2.2-2]");
    }
    let digits = data[1..].iter().take(4).position(|&byte| byte < 0x80)?;
    if digits > 0 && data[digits + 1] == 0 {
        return Some("a remaining length longer than need be");
    }
    let body = &data[digits + 2..];
    let length = data[1..=digits + 1]
        .iter()
        .rev()
        .fold(0, |sum, &byte| sum << 7 | usize::from(byte & 127));
    let body = &body[..length];
    match theirs {
        v4::Packet::Publish(publish) => {
            if head & 0x0e == 8 {
                return Some("DUP with QoS 0 [MQTT-3.3.1-2]");
            }
            TopicName::new(&publish.topic)
                .is_err()
                .then_some("topic names are not checked there [MQTT-3.3.2-2] [MQTT-1.5.3-2]")
        }
        v4::Packet::Subscribe(subscribe) => {
            if subscribe.filters.is_empty() {
                return Some("no filter [MQTT-3.8.3-3]");
            }
            if has_reserved_qos(body) {
                return Some("reserved bits of the QoS are not looked at there [MQTT-3.8.3-4]");
            }
            if subscribe.pkid == 0 {
                return Some("identifier 0 [MQTT-2.3.1-1]");
            }
            let bad = subscribe
                .filters
                .iter()
                .any(|filter| TopicFilter::new(&filter.path).is_err());
            bad.then_some("filters are not checked there [MQTT-4.7.1-2] [MQTT-4.7.1-3]")
        }
        v4::Packet::Unsubscribe(unsubscribe) => {
            if unsubscribe.topics.is_empty() {
                return Some("no filter [MQTT-3.10.3-2]");
            }
            if unsubscribe.pkid == 0 {
                return Some("identifier 0 [MQTT-2.3.1-1]");
            }
            let bad = unsubscribe
                .topics
                .iter()
                .any(|filter| TopicFilter::new(filter).is_err());
            bad.then_some("filters are not checked there [MQTT-4.7.1-2] [MQTT-4.7.1-3]")
        }
        v4::Packet::Connect(connect) => {
            if !body.starts_with(b"\0\x04MQTT\x04") {
                return Some("another version of the protocol [MQTT-3.1.2-2]");
            }
            let flags = body.get(7)?;
            if flags & 1 != 0 {
                return Some("the reserved flag of CONNECT is not looked at there [MQTT-3.1.2-3]");
            }
            if flags & 4 == 0 && flags & 0x38 != 0 {
                return Some(
                    "a will's QoS and retain without a will [MQTT-3.1.2-11] [MQTT-3.1.2-15]",
                );
            }
            if flags & 0xc0 == 0x40 {
                return Some("a password without a user name [MQTT-3.1.2-22]");
            }
            let texts = [
                Some(&connect.client_id),
                connect.login.as_ref().map(|login| &login.username),
            ];
            if texts.into_iter().flatten().any(|text| text.contains('\0')) {
                return Some("U+0000 [MQTT-1.5.3-2]");
            }
            if connect
                .last_will
                .as_ref()
                .is_some_and(|will| TopicName::new(&will.topic).is_err())
            {
                return Some("topic names are not checked there");
            }
            let fields = connect
                .last_will
                .as_ref()
                .map_or(0, |will| 4 + will.topic.len() + will.message.len());
            let login = connect
                .login
                .as_ref()
                .map_or(0, |login| login.username.len() + login.password.len());
            let fields = fields + login + 2 * (flags >> 7) as usize + 2 * (flags >> 6 & 1) as usize;
            (12 + connect.client_id.len() + fields < length)
                .then_some("bytes behind the last field are not looked at there")
                .or((!connect
                    .login
                    .as_ref()
                    .is_none_or(|login| login.password.is_ascii()))
                .then_some("a password is text there"))
        }
        v4::Packet::ConnAck(_) => {
            if length != 2 || body[0] > 1 {
                return Some("reserved bits and further bytes of CONNACK are not looked at there");
            }
            (body[0] == 1 && body[1] != 0)
                .then_some("a refusal with session present [MQTT-3.2.2-4]")
        }
        v4::Packet::SubAck(suback) => (suback.pkid == 0
            || suback.return_codes.is_empty()
            || body[2..].iter().any(|&code| code > 2 && code != 0x80))
        .then_some("codes and identifier 0 [MQTT-3.9.3-2]"),
        v4::Packet::PubAck(_)
        | v4::Packet::PubRec(_)
        | v4::Packet::PubRel(_)
        | v4::Packet::PubComp(_)
        | v4::Packet::UnsubAck(_) => (length != 2 || body[..2] == [0, 0])
            .then_some("identifier 0, and further bytes, are not looked at there [MQTT-2.3.1-1]"),
        v4::Packet::PingReq | v4::Packet::PingResp | v4::Packet::Disconnect => {
            (length != 0).then_some("has no body")
        }
    }
}

/// In the body of a SUBSCRIBE something else than 0, 1, 2 stands behind a filter.
fn has_reserved_qos(body: &[u8]) -> bool {
    let mut rest = body.get(2..).unwrap_or_default();
    while let Some((length, after)) = rest.split_first_chunk() {
        let Some((&qos, after)) = after
            .get(usize::from(u16::from_be_bytes(*length))..)
            .and_then(<[u8]>::split_first)
        else {
            return false;
        };
        if qos > 2 {
            return true;
        }
        rest = after;
    }
    false
}

/// Both read it; as the same.
fn compare(ours: &Packet<'_>, theirs: &v4::Packet, bytes: &[u8]) {
    let same = match (ours, theirs) {
        (
            Packet::Publish {
                dup,
                qos,
                retain,
                id,
                topic,
                payload,
            },
            v4::Packet::Publish(other),
        ) => {
            (*dup, *qos as u8, *retain) == (other.dup, other.qos as u8, other.retain)
                && (id.map_or(0, |id| id.get()), topic.as_str(), *payload)
                    == (other.pkid, other.topic.as_str(), &other.payload[..])
        }
        (Packet::Connect(connect), v4::Packet::Connect(other)) => {
            (connect.client_id, connect.clean, connect.keep_alive)
                == (
                    other.client_id.as_str(),
                    other.clean_session,
                    other.keep_alive,
                )
                && connect.will.is_some() == other.last_will.is_some()
                && connect.user.is_none_or(|user| {
                    user.is_empty()
                        || other
                            .login
                            .as_ref()
                            .is_some_and(|login| login.username == user)
                })
        }
        (
            Packet::ConnAck {
                session_present,
                code,
            },
            v4::Packet::ConnAck(other),
        ) => (*session_present, code.get()) == (other.session_present, other.code as u8),
        (Packet::Subscribe { id, filters }, v4::Packet::Subscribe(other)) => {
            id.get() == other.pkid
                && filters
                    .iter()
                    .map(|filter| (filter.filter, filter.qos as u8))
                    .eq(other
                        .filters
                        .iter()
                        .map(|filter| (filter.path.as_str(), filter.qos as u8)))
        }
        (Packet::Unsubscribe { id, filters }, v4::Packet::Unsubscribe(other)) => {
            id.get() == other.pkid
                && filters
                    .iter()
                    .map(|filter| filter.filter)
                    .eq(other.topics.iter().map(String::as_str))
        }
        (Packet::SubAck { id, codes }, v4::Packet::SubAck(other)) => {
            id.get() == other.pkid && codes.len() == other.return_codes.len()
        }
        (Packet::PubAck(id), v4::Packet::PubAck(other)) => id.get() == other.pkid,
        (Packet::PubRec(id), v4::Packet::PubRec(other)) => id.get() == other.pkid,
        (Packet::PubRel(id), v4::Packet::PubRel(other)) => id.get() == other.pkid,
        (Packet::PubComp(id), v4::Packet::PubComp(other)) => id.get() == other.pkid,
        (Packet::UnsubAck(id), v4::Packet::UnsubAck(other)) => id.get() == other.pkid,
        (Packet::PingReq, v4::Packet::PingReq)
        | (Packet::PingResp, v4::Packet::PingResp)
        | (Packet::Disconnect, v4::Packet::Disconnect) => true,
        _ => false,
    };
    assert!(same, "{bytes:02x?} is {ours:?}, but there {theirs:?}");
}
