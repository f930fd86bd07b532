//! CONNECT and CONNACK: 3.1 and 3.2.
use crate::*;
use motemq::{Connect, Property, Publish, QoS};

/// CONNECT with these flags, and what stands behind the client identifier `c`.
fn connect(flags: u8, behind: &[u8]) -> Vec<u8> {
    packet(
        0x10,
        &[b"\0\x04MQTT\x05", &[flags], b"\0\x3c\0\0\x01c", behind],
    )
}

/// The codec writes these bytes for the CONNECT, and reads them.
#[track_caller]
fn writes(given: Connect<'_>, bytes: &[u8]) {
    assert_eq!(hex(&encoded(&Packet::Connect(given)).unwrap()), hex(bytes));
    same(bytes);
}

#[track_caller]
fn invalid(given: Connect<'_>) {
    assert_eq!(encoded(&Packet::Connect(given)), Err(SendError::Invalid));
}

#[test]
fn mqtt_2_2_2_1() {
    // Each packet with properties says that it has none.
    writes(Connect::new("c"), &connect(0x02, b""));
    let will = Connect::new("c").will(Publish::to("w"));
    writes(will, &connect(0x06, b"\0\0\x01w\0\0"));
    for bytes in of_each_type() {
        same(&bytes);
    }
    // A CONNACK without the length, as of MQTT 3.1.1.
    malformed(b"\x20\x02\0\0");
    malformed(b"\x90\x02\0\x01");
    malformed(b"\x30\x03\0\x01t");
}

#[test]
fn mqtt_3_1_2_9() {
    let list = [Property::WillDelayInterval(5)];
    let will = Publish::to("w")
        .payload(b"gone")
        .qos(QoS::ExactlyOnce)
        .retain();
    let given = Connect::new("c")
        .properties(&[])
        .will(will.properties(&list));
    let bytes = connect(0x36, b"\x05\x18\0\0\0\x05\0\x01w\0\x04gone");
    assert_eq!(hex(&encoded(&Packet::Connect(given)).unwrap()), hex(&bytes));
    same(&bytes);
    // The flag without the fields.
    malformed(&connect(0x06, b""));
    malformed(&connect(0x06, b"\0"));
    malformed(&connect(0x06, b"\0\0\x01w"));
}

#[test]
fn mqtt_3_1_2_11() {
    for qos in 1..4 {
        malformed(&connect(0x02 | qos << 3, b""));
    }
}

#[test]
fn mqtt_3_1_2_12() {
    for qos in 0..3 {
        same(&connect(0x06 | qos << 3, b"\0\0\x01w\0\0"));
    }
    malformed(&connect(0x06 | 3 << 3, b"\0\0\x01w\0\0"));
}

#[test]
fn mqtt_3_1_2_13() {
    malformed(&connect(0x22, b""));
    same(&connect(0x26, b"\0\0\x01w\0\0"));
}

#[test]
fn mqtt_3_1_2_16() {
    malformed(&connect(0x02, b"\0\x01u"));
    writes(Connect::new("c"), &connect(0x02, b""));
}

#[test]
fn mqtt_3_1_2_17() {
    writes(Connect::new("c").user("u"), &connect(0x82, b"\0\x01u"));
    malformed(&connect(0x82, b""));
}

#[test]
fn mqtt_3_1_2_18() {
    malformed(&connect(0x82, b"\0\x01u\0\x01p"));
}

#[test]
fn mqtt_3_1_2_19() {
    writes(
        Connect::new("c").login("u", b"p\0\xff"),
        &connect(0xc2, b"\0\x01u\0\x03p\0\xff"),
    );
    // A password without a user name, which MQTT 3.1.1 does not allow.
    let mut given = Connect::new("c");
    given.password = Some(b"p");
    writes(given, &connect(0x42, b"\0\x01p"));
    malformed(&connect(0x42, b""));
    let mut tx = Buffer::<[u8; 64]>::new();
    let old = motemq::packet::Packet::Connect(given).encode(&mut tx);
    assert_eq!(old, Err(SendError::Invalid));
}

#[test]
fn mqtt_3_1_3_1() {
    let list = [Property::ContentType("t".into())];
    let connection = [Property::SessionExpiryInterval(7)];
    let given = Connect::new("c")
        .keep_alive(300)
        .properties(&connection)
        .will(Publish::to("w").payload(b"gone").properties(&list))
        .login("u", b"p");
    let bytes = packet(
        0x10,
        &[
            b"\0\x04MQTT\x05\xc6\x01\x2c",
            b"\x05\x11\0\0\0\x07",
            b"\0\x01c",
            b"\x04\x03\0\x01t\0\x01w\0\x04gone",
            b"\0\x01u\0\x01p",
        ],
    );
    assert_eq!(hex(&encoded(&Packet::Connect(given)).unwrap()), hex(&bytes));
    same(&bytes);
    // A byte behind the last field.
    malformed(&connect(0x02, b"\0"));
}

#[test]
fn mqtt_3_1_3_3() {
    malformed(&packet(0x10, &[b"\0\x04MQTT\x05\x02\0\0\0"]));
    // It can be empty, with and without Clean Start.
    for clean in [0, 2] {
        let mut given = Connect::new("").keep_alive(0);
        given.clean = clean != 0;
        writes(
            given,
            &packet(0x10, &[b"\0\x04MQTT\x05", &[clean], b"\0\0\0\0\0"]),
        );
    }
}

#[test]
fn mqtt_3_1_3_4() {
    invalid(Connect::new("\0"));
    malformed(&packet(0x10, &[b"\0\x04MQTT\x05\x02\0\0\0", b"\0\x01\xff"]));
}

#[test]
fn mqtt_3_1_3_11() {
    for topic in ["", "\0", "+", "a/#"] {
        invalid(Connect::new("c").will(Publish::to(topic)));
        malformed(&connect(
            0x06,
            &[b"\0", &field(topic.as_bytes())[..], b"\0\0"].concat(),
        ));
    }
    malformed(&connect(0x06, b"\0\0\x01\xff\0\0"));
    invalid(Connect::new("c").will(Publish::to("w").remaining(1)));
}

#[test]
fn mqtt_3_1_3_12() {
    invalid(Connect::new("c").user("u\0"));
    malformed(&connect(0x82, b"\0\x01\xff"));
}

#[test]
fn a_connect_of_another_version_is_malformed() {
    for level in [0, 3, 4, 6, 0x85] {
        malformed(&packet(
            0x10,
            &[b"\0\x04MQTT", &[level], b"\x02\0\0\0\0\x01c"],
        ));
    }
    malformed(&packet(0x10, &[b"\0\x06MQIsdp\x05\x02\0\0\0\0\x01c"]));
    malformed(&connect(0x03, b""));
}

#[test]
fn mqtt_3_2_2_1() {
    same(b"\x20\x03\0\0\0");
    same(b"\x20\x03\x01\0\0");
    for flags in 2..=255 {
        malformed(&[0x20, 3, flags, 0, 0]);
    }
}

#[test]
fn mqtt_3_2_2_8() {
    let codes = [
        0, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x90, 0x95,
        0x97, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9f,
    ];
    for code in 0..=255 {
        let bytes = [0x20, 3, 0, code, 0];
        // A refusal is a refusal, whatever its code.
        if codes.contains(&code) || code >= 0x80 {
            same(&bytes);
        } else {
            protocol_error(&bytes);
            let packet = Packet::ConnAck {
                session_present: false,
                code: code.into(),
                properties: (),
            };
            assert_eq!(encoded(&packet), Err(SendError::Invalid));
        }
        // A refusal has no session [MQTT-3.2.2-6].
        if code >= 0x80 {
            assert_eq!(
                decode(&[0x20, 3, 1, code, 0]),
                Err(DecodeError::SessionPresent)
            );
            let packet = Packet::ConnAck {
                session_present: true,
                code: code.into(),
                properties: (),
            };
            assert_eq!(encoded(&packet), Err(SendError::Invalid));
        }
    }
}
