//! Properties: 2.2.2, and their values.
use crate::*;
use motemq::Property;

/// A valid value of each property, and the packets in which table 2-4 of the standard has it.
const PROPERTIES: [(u8, &[u8], &[&str]); 27] = [
    (0x01, b"\x01", &["PUBLISH", "will"]),
    (0x02, b"\0\0\0\x3c", &["PUBLISH", "will"]),
    (0x03, b"\0\x01c", &["PUBLISH", "will"]),
    (0x08, b"\0\x01r", &["PUBLISH", "will"]),
    (0x09, b"\0\x02\0\xff", &["PUBLISH", "will"]),
    (0x0b, b"\x80\x01", &["PUBLISH", "SUBSCRIBE"]),
    (
        0x11,
        b"\xff\xff\xff\xff",
        &["CONNECT", "CONNACK", "DISCONNECT"],
    ),
    (0x12, b"\0\x01a", &["CONNACK"]),
    (0x13, b"\0\x05", &["CONNACK"]),
    (0x15, b"\0\x01m", &["CONNECT", "CONNACK", "AUTH"]),
    (0x16, b"\0\x02\0\xff", &["CONNECT", "CONNACK", "AUTH"]),
    (0x17, b"\x01", &["CONNECT"]),
    (0x18, b"\0\0\0\x05", &["will"]),
    (0x19, b"\0", &["CONNECT"]),
    (0x1a, b"\0\x01i", &["CONNACK"]),
    (0x1c, b"\0\x01s", &["CONNACK", "DISCONNECT"]),
    (
        0x1f,
        b"\0\x01r",
        &[
            "CONNACK",
            "PUBACK",
            "PUBREC",
            "PUBREL",
            "PUBCOMP",
            "SUBACK",
            "UNSUBACK",
            "DISCONNECT",
            "AUTH",
        ],
    ),
    (0x21, b"\0\x01", &["CONNECT", "CONNACK"]),
    (0x22, b"\0\0", &["CONNECT", "CONNACK"]),
    (0x23, b"\0\x01", &["PUBLISH"]),
    (0x24, b"\x01", &["CONNACK"]),
    (0x25, b"\0", &["CONNACK"]),
    (
        0x26,
        b"\0\x01n\0\x01v",
        &[
            "CONNECT",
            "will",
            "CONNACK",
            "PUBLISH",
            "PUBACK",
            "PUBREC",
            "PUBREL",
            "PUBCOMP",
            "SUBSCRIBE",
            "SUBACK",
            "UNSUBSCRIBE",
            "UNSUBACK",
            "DISCONNECT",
            "AUTH",
        ],
    ),
    (0x27, b"\0\0\0\x01", &["CONNECT", "CONNACK"]),
    (0x28, b"\0", &["CONNACK"]),
    (0x29, b"\x01", &["CONNACK"]),
    (0x2a, b"\0", &["CONNACK"]),
];

/// A property as it is encoded. Authentication data has its method before it.
fn property(id: u8, value: &[u8]) -> Vec<u8> {
    let method: &[u8] = if id == 0x16 { b"\x15\0\x01m" } else { b"" };
    [method, &[id], value].concat()
}

/// The same packet is written from a list of its properties.
fn from_a_list(bytes: &[u8]) -> Result<Vec<u8>, SendError> {
    let (packet, _) = decode(bytes).unwrap().unwrap();
    macro_rules! with_list {
        ($($name:ident { $($field:ident),* })*) => {
            match packet {
                $(Packet::$name { $($field,)* properties } => {
                    let list: Vec<Property<'_>> = properties.iter().collect();
                    encoded(&Packet::$name { $($field,)* properties: &list[..] })
                })*
                Packet::Connect(connect) => {
                    let list: Vec<_> = connect.properties.iter().collect();
                    let of_will: Vec<_> =
                        connect.will.iter().flat_map(|will| will.properties.iter()).collect();
                    let mut again = motemq::Connect::new(connect.client_id)
                        .keep_alive(connect.keep_alive)
                        .properties(&list);
                    again.clean = connect.clean;
                    if let Some(will) = connect.will {
                        let will = motemq::Publish::to(will.topic()).payload(will.payload);
                        again = again.will(will.properties(&of_will));
                    }
                    encoded(&Packet::Connect(again))
                }
                Packet::PingReq | Packet::PingResp => panic!("no properties"),
            }
        };
    }
    with_list! {
        ConnAck { session_present, code }
        Publish { dup, qos, retain, id, topic, payload }
        PubAck { id, code }
        PubRec { id, code }
        PubRel { id, code }
        PubComp { id, code }
        Subscribe { id, filters }
        SubAck { id, codes }
        Unsubscribe { id, filters }
        UnsubAck { id, codes }
        Disconnect { code }
        Auth { code }
    }
}

#[test]
fn u_2_2_2_1() {
    let mut places = 0;
    for (id, value, allowed) in PROPERTIES {
        for (name, bytes) in with_properties(&property(id, value)) {
            // The method of each AUTH is there once already.
            if allowed.contains(&name) {
                same(&bytes);
                assert_eq!(from_a_list(&bytes).unwrap(), bytes, "{name} {id:02x}");
                places += 1;
            } else {
                // Of authentication data its method comes first.
                let id = if id == 0x16 { 0x15 } else { id };
                let error = PropertyError::NotAllowed { id };
                assert_eq!(decode(&bytes), Err(DecodeError::Property(error)), "{name}");
                protocol_error(&bytes);
            }
        }
    }
    assert_eq!(places, 64);
    let known = PROPERTIES.map(|(id, ..)| id);
    for id in (0..=255).filter(|id| !known.contains(id)) {
        for (name, bytes) in with_properties(&[id, 0, 0, 0, 0]) {
            let error = DecodeError::Property(PropertyError::Unknown { id });
            assert_eq!(decode(&bytes), Err(error), "{name} {id:02x}");
            malformed(&bytes);
        }
    }
}

#[test]
fn u_2_2_2_2() {
    for (id, value, allowed) in PROPERTIES {
        let twice = [property(id, value), [&[id], value].concat()].concat();
        for (name, bytes) in with_properties(&twice) {
            if !allowed.contains(&name) {
                assert!(decode(&bytes).is_err(), "{name} {id:02x}");
            } else if id == 0x26 || (id == 0x0b && name == "PUBLISH") {
                same(&bytes);
                assert_eq!(from_a_list(&bytes).unwrap(), bytes, "{name} {id:02x}");
            } else {
                let error = PropertyError::Repeated { id };
                assert_eq!(decode(&bytes), Err(DecodeError::Property(error)), "{name}");
                protocol_error(&bytes);
            }
        }
    }
    // A list that repeats a property, or has one in the wrong place, is not written.
    for list in [
        &[
            Property::ReasonString("a".into()),
            Property::ReasonString("a".into()),
        ][..],
        &[Property::ServerKeepAlive(5)],
    ] {
        let code = ReasonCode::SUCCESS;
        let packet = Packet::Disconnect {
            code,
            properties: list,
        };
        assert_eq!(encoded(&packet), Err(SendError::Invalid), "{packet:?}");
    }
    // Properties of one packet are not written into another one.
    let Ok(Some((
        Packet::ConnAck {
            code, properties, ..
        },
        _,
    ))) = decode(b"\x20\x06\0\0\x03\x13\0\x05")
    else {
        panic!("no CONNACK");
    };
    let packet = Packet::Disconnect { code, properties };
    assert_eq!(encoded(&packet), Err(SendError::Invalid));
}

#[test]
fn u_2_2_2_3() {
    for (id, value, allowed) in PROPERTIES {
        let whole = [&[id], value].concat();
        for (name, place) in with_properties(&property(id, value)) {
            if !allowed.contains(&name) {
                continue;
            }
            // The property is cut, and the length with it.
            for length in 1..whole.len() {
                let method = property(id, value).len() - whole.len();
                let cut = &property(id, value)[..method + length];
                let (_, bytes) = with_properties(cut)
                    .into_iter()
                    .find(|(other, _)| *other == name)
                    .unwrap();
                let error = DecodeError::Property(PropertyError::Incomplete);
                assert_eq!(decode(&bytes), Err(error), "{name} {id:02x} {length}");
                malformed(&bytes);
            }
            same(&place);
        }
    }
    // A length that is one too large, or too small.
    malformed(b"\x20\x06\0\0\x04\x13\0\x05");
    malformed(b"\x20\x06\0\0\x02\x13\0\x05");
    malformed(b"\x20\x07\0\0\x03\x13\0\x05\0");
    malformed(b"\x20\x03\0\0\x80");
    malformed(b"\x20\x04\0\0\x80\x80");
}

/// These values of a property make the CONNACK or CONNECT a protocol error.
#[track_caller]
fn not_allowed(id: u8, value: &[u8]) {
    let mut found = 0;
    for (name, bytes) in with_properties(&[&[id], value].concat()) {
        let (_, _, allowed) = PROPERTIES.iter().find(|(known, ..)| *known == id).unwrap();
        if allowed.contains(&name) {
            let error = DecodeError::Property(PropertyError::Value { id });
            assert_eq!(decode(&bytes), Err(error), "{name}");
            protocol_error(&bytes);
            found += 1;
        }
    }
    assert!(found > 0);
}

#[test]
fn u_3_1_2_1() {
    not_allowed(0x21, b"\0\0");
}

#[test]
fn u_3_1_2_2() {
    not_allowed(0x27, b"\0\0\0\0");
}

#[test]
fn u_3_1_2_3() {
    for id in [0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2a] {
        for value in [2, 3, 0x80, 0xff] {
            not_allowed(id, &[value]);
        }
    }
    let list = [Property::MaximumQoS(motemq::QoS::ExactlyOnce)];
    let packet = Packet::ConnAck {
        session_present: false,
        code: ReasonCode::SUCCESS,
        properties: &list[..],
    };
    assert_eq!(encoded(&packet), Err(SendError::Invalid));
}

#[test]
fn u_3_1_2_4() {
    for (name, bytes) in with_properties(b"\x16\0\x01d") {
        if ["CONNECT", "CONNACK"].contains(&name) {
            let error = DecodeError::Property(PropertyError::NoMethod);
            assert_eq!(decode(&bytes), Err(error), "{name}");
            protocol_error(&bytes);
        }
    }
    // In any order.
    same(b"\x20\x0b\0\0\x08\x16\0\x01d\x15\0\x01m");
    let list = [Property::AuthenticationData(b"d")];
    let packet = Packet::Connect(motemq::Connect::new("c").properties(&list));
    assert_eq!(encoded(&packet), Err(SendError::Invalid));
}

#[test]
fn user_properties_keep_their_order() {
    let pairs = [("b", "1"), ("a", "2"), ("b", "1"), ("", "")];
    let list = pairs.map(|(name, value)| Property::UserProperty {
        name: name.into(),
        value: value.into(),
    });
    let packet = Packet::Disconnect {
        code: ReasonCode::SUCCESS,
        properties: &list[..],
    };
    let bytes = encoded(&packet).unwrap();
    let Ok(Some((Packet::Disconnect { properties, .. }, _))) = decode(&bytes) else {
        panic!("{}", hex(&bytes));
    };
    assert!(properties.iter().eq(list));
    let read = properties.user_properties();
    assert!(
        read.map(|(name, value)| (name.as_str(), value.as_str()))
            .eq(pairs)
    );
}
