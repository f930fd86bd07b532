//! The payload of CONNECT: 3.1.3.
use super::connect::{cannot, combinations, connect, packet_with, sent, waiting};
use crate::{encoded, malformed, packet, script::*};
use motemq::{
    packet::{Packet, decode},
    *,
};

#[test]
fn mqtt_3_1_3_1() {
    for (connect, flags, fields) in combinations() {
        assert_eq!(sent(&connect), packet_with(flags, &fields));
    }
    let everything = Connect::new("mote")
        .keep_alive(258)
        .keep_session()
        .login("user", b"pass");
    let everything = everything.will(
        Publish::to("topic")
            .payload(b"message")
            .qos(QoS::ExactlyOnce)
            .retain(),
    );
    assert_eq!(
        sent(&everything),
        b"\x10\x2c\0\x04MQTT\x04\xf4\x01\x02\0\x04mote\0\x05topic\0\x07message\0\x04user\0\x04pass"
    );
}

#[test]
fn mqtt_3_1_3_2() {
    let mut d = Dialogue::<4>::open_kept();
    assert_eq!(
        d.publish(&Publish::to("a").qos(QoS::AtLeastOnce)),
        Ok(Some(id(1)))
    );
    d.receives(b"\x34\x05\0\x01t\0\x09", &[message("t", b"").qos2(9)]);
    d.tx.clear();
    d.session.on_connection_lost();
    // Another client's session is another session, also if the names differ a little only.
    for name in ["d", "C", "cc", "c ", "ab"] {
        let mut d = d.clone();
        d.connect(&connect(name).keep_session());
        d.tx.clear();
        d.receives(b"\x20\x02\x01\0", &[outcome_unknown(1), UNRECOGNIZED]);
        d.sends_nothing();
        d.receives(b"\x3c\x05\0\x01t\0\x09", &[message("t", b"").qos2(9).dup()]);
    }
    d.resumes(&[RESUMED, resend(1, QoS::AtLeastOnce)]);
    d.receives(b"\x3c\x05\0\x01t\0\x09", &[]);
}

#[test]
fn mqtt_3_1_3_3() {
    assert_eq!(sent(&connect("")), b"\x10\x0c\0\x04MQTT\x04\x02\0\0\0\0");
    assert_eq!(
        sent(&connect("").login("u", b"p")),
        packet_with(0xc2, &[b"", b"u", b"p"])
    );
    for (connect, ..) in combinations() {
        assert_eq!(sent(&connect)[12..16], *b"\0\x02id");
    }
    malformed(&packet_with(0x02, &[]));
    malformed(&packet(0x10, &[b"\0\x04MQTT\x04\x02\0\0\0\x02c"]));
}

#[test]
fn mqtt_3_1_3_4() {
    assert_eq!(
        sent(&connect("\u{167}\u{e9}")),
        packet_with(0x02, &[b"\xc5\xa7\xc3\xa9"])
    );
    assert_eq!(
        sent(&connect("\u{10ffff}#+/")),
        packet_with(0x02, &[b"\xf4\x8f\xbf\xbf#+/"])
    );
    malformed(&packet_with(0x02, &[b"\xc5"]));
    cannot(&connect("a\0"), SendError::Invalid);
    let longest = "a".repeat(65_535);
    assert_eq!(
        encoded(&Packet::Connect(connect(&longest))),
        Ok(packet_with(0x02, &[longest.as_bytes()]))
    );
    cannot(&connect(&(longest + "a")), SendError::TooLong);
}

#[test]
fn mqtt_3_1_3_7() {
    cannot(&connect("").keep_session(), SendError::Invalid);
    cannot(
        &connect("").keep_session().login("u", b"p"),
        SendError::Invalid,
    );
    assert_eq!(sent(&connect("")), packet_with(0x02, &[b""]));
    assert_eq!(sent(&connect("a").keep_session()), packet_with(0, &[b"a"]));
}

#[test]
fn mqtt_3_1_3_8() {
    let mut d = waiting(&connect("c").keep_session());
    d.receives(
        b"\x20\x02\0\x02",
        &[fault(Fault::Refused(ReturnCode::IDENTIFIER_REJECTED))],
    );
    d.sends_nothing();
    assert_eq!(d.publish(&Publish::to("t")), Err(SendError::Offline));
    // A broker reads the request that it is to refuse so.
    assert!(matches!(
        decode(&packet_with(0, &[b""])),
        Ok(Some((
            Packet::Connect(Connect {
                client_id: "",
                clean: false,
                ..
            }),
            _
        )))
    ));
}

#[test]
fn mqtt_3_1_3_10() {
    assert_eq!(
        sent(&connect("c").will(Publish::to("\u{e9}/$"))),
        packet_with(0x06, &[b"c", b"\xc3\xa9/$", b""])
    );
    for wrong in ["", "a/+", "#", "a\0"] {
        cannot(&connect("c").will(Publish::to(wrong)), SendError::Invalid);
        malformed(&packet_with(0x06, &[b"c", wrong.as_bytes(), b""]));
    }
    malformed(&packet_with(0x06, &[b"c", b"\xc3", b""]));
    let longest = "a".repeat(65_535);
    let bytes = packet_with(0x06, &[b"c", longest.as_bytes(), b""]);
    assert_eq!(
        encoded(&Packet::Connect(connect("c").will(Publish::to(&longest)))),
        Ok(bytes)
    );
    cannot(
        &connect("c").will(Publish::to(&(longest + "a"))),
        SendError::TooLong,
    );
}

#[test]
fn mqtt_3_1_3_11() {
    assert_eq!(
        sent(&connect("c").user("\u{e9}#+")),
        packet_with(0x82, &[b"c", b"\xc3\xa9#+"])
    );
    cannot(&connect("c").user("a\0b"), SendError::Invalid);
    malformed(&packet_with(0x82, &[b"c", b"a\0b"]));
    malformed(&packet_with(0x82, &[b"c", b"\xed\xa0\x80"]));
    let longest = "a".repeat(65_535);
    assert_eq!(
        encoded(&Packet::Connect(connect("c").user(&longest))),
        Ok(packet_with(0x82, &[b"c", longest.as_bytes()]))
    );
    cannot(&connect("c").user(&(longest + "a")), SendError::TooLong);
}
