//! Statements about messages and their acknowledgements.
use crate::dialogue::{ACCEPTED, CLIENT, Dialogue, NEW};
use motemq::*;

const KEPT: Connect<'_> = CLIENT.keep_session();
const PRESENT: &[u8] = b"\x20\x03\x01\0\0";
const RESUMED: &str = "Connected { session: Resumed, properties: [] }";

fn open() -> Dialogue {
    Dialogue::open(ACCEPTED)
}

/// Returns a dialogue with a kept session.
fn kept() -> Dialogue {
    let mut d = Dialogue::<Full>::new();
    d.connect(&KEPT, ACCEPTED, &[NEW]);
    d
}

/// The event of an empty message to `t`.
fn message(id: u16) -> String {
    format!(r#"Message "t" "" Some({id}) []"#)
}

/// A PUBLISH of the server to `t`, and an acknowledgement.
fn of_server(first_byte: u8, id: u8) -> [u8; 8] {
    [first_byte, 6, 0, 1, b't', 0, id, 0]
}

#[test]
fn mqtt_2_2_1_3() {
    let mut d = Dialogue::<Full, 2>::open(ACCEPTED);
    assert_eq!(d.publish_to_t(QoS::ExactlyOnce), Ok(1));
    assert_eq!(d.publish_to_t(QoS::AtLeastOnce), Ok(2));
    d.refuses(SendError::Busy, |s, tx| {
        s.subscribe(&[Filter::new("t", QoS::AtMostOnce)], tx)
    });
    // An error frees the identifier at once.
    let refused = "Refused { code: ReasonCode(128), id: 1, properties: [] }";
    d.receives(b"\x50\x03\0\x01\x80", &[refused]);
    assert_eq!(d.publish_to_t(QoS::AtLeastOnce), Ok(1));
}

#[test]
fn mqtt_2_2_1_5() {
    let mut d = open();
    d.receives(b"\x32\x06\0\x01t\x12\x34\0", &[&message(0x1234)]);
    d.receives(b"\x34\x06\0\x01t\x12\x35\0", &[&message(0x1235)]);
    d.receives(b"\x62\x02\x12\x35", &[]);
    d.sends(b"\x40\x02\x12\x34\x50\x02\x12\x35\x70\x02\x12\x35");
}

#[test]
fn mqtt_3_3_1_1() {
    let mut d = kept();
    d.publish_to_t(QoS::ExactlyOnce).unwrap();
    d.connect(
        &KEPT,
        PRESENT,
        &[RESUMED, "Resend { qos: ExactlyOnce, id: 1 }"],
    );
    let (id, message) = (PacketId::MIN, Publish::to("t").qos(QoS::ExactlyOnce));
    d.session.republish(id, &message, &mut d.tx).unwrap();
    d.sends(b"\x3c\x06\0\x01t\0\x01\0");
}

#[test]
fn mqtt_3_3_1_3() {
    let mut d = open();
    d.receives(&of_server(0x3a, 5), &[&message(5)]);
    d.tx.clear();
    d.publish_to_t(QoS::AtLeastOnce).unwrap();
    d.sends(b"\x32\x06\0\x01t\0\x01\0");
}

#[test]
fn mqtt_3_3_4_1() {
    let mut d = open();
    d.receives(b"\x30\x04\0\x01t\0", &[r#"Message "t" "" None []"#]);
    d.receives(&of_server(0x32, 1), &[&message(1)]);
    d.receives(&of_server(0x34, 2), &[&message(2)]);
    d.sends(b"\x40\x02\0\x01\x50\x02\0\x02");
}

#[test]
fn mqtt_4_3_1_1() {
    let mut d = open();
    d.publish(&Publish::to("t").retain()).unwrap();
    d.sends(b"\x31\x04\0\x01t\0");
}

#[test]
fn mqtt_4_3_2_1() {
    let mut d = open();
    assert_eq!(d.publish_to_t(QoS::AtLeastOnce), Ok(1));
    assert_eq!(d.publish_to_t(QoS::AtLeastOnce), Ok(2));
}

#[test]
fn mqtt_4_3_2_2() {
    let mut d = open();
    d.publish_to_t(QoS::AtLeastOnce).unwrap();
    d.sends(b"\x32\x06\0\x01t\0\x01\0");
}

#[test]
fn mqtt_4_3_2_3() {
    let mut d = open();
    d.publish_to_t(QoS::AtLeastOnce).unwrap();
    assert_eq!(d.session.oldest_in_flight(), Some(PacketId::MIN));
    d.receives(b"\x40\x02\0\x01", &["Acked { id: 1 }"]);
    assert_eq!(d.session.oldest_in_flight(), None);
    d.publish_to_t(QoS::AtLeastOnce).unwrap();
    let refused = "Refused { code: ReasonCode(151), id: 2, properties: [] }";
    d.receives(b"\x40\x03\0\x02\x97", &[refused]);
    assert_eq!(d.session.oldest_in_flight(), None);
}

#[test]
fn mqtt_4_3_2_4() {
    let mut d = open();
    d.rx.space()[..8].copy_from_slice(&of_server(0x32, 5));
    d.rx.commit(8);
    assert!(matches!(
        d.session.next_event(&mut d.rx, &mut d.tx),
        Ok(Some(Event::Message(_)))
    ));
    // Not before the application asks for the next event, and with the code that it has chosen.
    d.sends(b"");
    d.session.refuse(ReasonCode::NOT_AUTHORIZED).unwrap();
    assert_eq!(d.session.next_event(&mut d.rx, &mut d.tx), Ok(None));
    d.sends(b"\x40\x03\0\x05\x87");
}

#[test]
fn mqtt_4_3_2_5() {
    let mut d = open();
    d.receives(&of_server(0x32, 5), &[&message(5)]);
    d.receives(&of_server(0x3a, 5), &[&message(5)]);
}

#[test]
fn mqtt_4_3_3_1() {
    let mut d = open();
    assert_eq!(d.publish_to_t(QoS::ExactlyOnce), Ok(1));
    assert_eq!(d.publish_to_t(QoS::ExactlyOnce), Ok(2));
}

#[test]
fn mqtt_4_3_3_2() {
    let mut d = open();
    d.publish_to_t(QoS::ExactlyOnce).unwrap();
    d.sends(b"\x34\x06\0\x01t\0\x01\0");
}

#[test]
fn mqtt_4_3_3_3() {
    let mut d = kept();
    d.publish_to_t(QoS::ExactlyOnce).unwrap();
    d.connect(
        &KEPT,
        PRESENT,
        &[RESUMED, "Resend { qos: ExactlyOnce, id: 1 }"],
    );
}

#[test]
fn mqtt_4_3_3_4() {
    for (code, is_released) in [(0x10, true), (0x80, false), (0x97, false)] {
        let mut d = open();
        d.publish_to_t(QoS::ExactlyOnce).unwrap();
        d.tx.clear();
        let (events, _) = d.feed(&[0x50, 3, 0, 1, code], 5);
        assert_eq!(events.len(), 1);
        let pubrel: &[u8] = if is_released { b"\x62\x02\0\x01" } else { b"" };
        d.sends(pubrel);
        assert_eq!(d.session.oldest_in_flight().is_some(), is_released);
    }
}

#[test]
fn mqtt_4_3_3_5() {
    let mut d = open();
    for (answer, event) in [
        (&b"\x70\x02\0\x01"[..], "Acked { id: 1 }"),
        (
            b"\x70\x03\0\x02\x92",
            "Refused { code: ReasonCode(146), id: 2, properties: [] }",
        ),
    ] {
        d.publish_to_t(QoS::ExactlyOnce).unwrap();
        let id = answer[3];
        let received = format!("Received {{ id: {id} }}");
        d.receives(&[0x50, 2, 0, id], &[&received]);
        assert_eq!(
            d.session.oldest_in_flight().map(PacketId::get),
            Some(id.into())
        );
        d.receives(answer, &[event]);
        assert_eq!(d.session.oldest_in_flight(), None);
    }
}

#[test]
fn mqtt_4_3_3_6() {
    let mut d = kept();
    d.publish_to_t(QoS::ExactlyOnce).unwrap();
    d.receives(b"\x50\x02\0\x01", &["Received { id: 1 }"]);
    d.connect(&KEPT, PRESENT, &[RESUMED]);
    d.sends(b"\x62\x02\0\x01");
}

#[test]
fn mqtt_4_3_3_7() {
    let list = [Property::MessageExpiryInterval(1)];
    let mut d = kept();
    let message = Publish::to("t").qos(QoS::ExactlyOnce).properties(&list);
    d.publish(&message).unwrap();
    d.session.tick(0, &mut d.tx).unwrap();
    d.session.tick(10_000, &mut d.tx).unwrap();
    d.connect(
        &KEPT,
        PRESENT,
        &[RESUMED, "Resend { qos: ExactlyOnce, id: 1 }"],
    );
    d.session
        .republish(PacketId::MIN, &message, &mut d.tx)
        .unwrap();
    d.sends(b"\x3c\x0b\0\x01t\0\x01\x05\x02\0\0\0\x01");
}

#[test]
fn mqtt_4_3_3_8() {
    let mut d = open();
    d.receives(&of_server(0x34, 5), &[&message(5)]);
    d.sends(b"\x50\x02\0\x05");
}

#[test]
fn mqtt_4_3_3_9() {
    let mut d = open();
    // 0x80 is the least of those that refuse.
    for (code, byte) in [
        (ReasonCode::NOT_AUTHORIZED, 0x87),
        (ReasonCode::UNSPECIFIED_ERROR, 0x80),
    ] {
        d.rx.space()[..8].copy_from_slice(&of_server(0x34, 5));
        d.rx.commit(8);
        assert!(matches!(
            d.session.next_event(&mut d.rx, &mut d.tx),
            Ok(Some(Event::Message(_)))
        ));
        d.session.refuse(code).unwrap();
        assert_eq!(d.session.next_event(&mut d.rx, &mut d.tx), Ok(None));
        d.sends(&[0x50, 3, 0, 5, byte]);
        assert_eq!(d.session.unreleased().count(), 0);
    }
}

#[test]
fn mqtt_4_3_3_10() {
    let mut d = open();
    d.receives(&of_server(0x34, 5), &[&message(5)]);
    d.receives(&of_server(0x3c, 5), &[]);
    d.sends(b"\x50\x02\0\x05\x50\x02\0\x05");
}

#[test]
fn mqtt_4_3_3_11() {
    let mut d = open();
    d.receives(&of_server(0x34, 5), &[&message(5)]);
    d.receives(b"\x62\x02\0\x05", &[]);
    d.sends(b"\x50\x02\0\x05\x70\x02\0\x05");
}

#[test]
fn mqtt_4_3_3_12() {
    let mut d = open();
    for _ in 0..2 {
        d.receives(&of_server(0x34, 5), &[&message(5)]);
        d.receives(b"\x62\x02\0\x05", &[]);
    }
}

#[test]
fn mqtt_4_3_3_13() {
    let mut d = open();
    let event = r#"Message "t" "" Some(5) [message expiry interval 1]"#;
    d.receives(b"\x34\x0b\0\x01t\0\x05\x05\x02\0\0\0\x01", &[event]);
    d.session.tick(0, &mut d.tx).unwrap();
    d.session.tick(10_000, &mut d.tx).unwrap();
    d.receives(b"\x62\x02\0\x05", &[]);
    d.sends(b"\x50\x02\0\x05\x70\x02\0\x05");
}

#[test]
fn mqtt_4_5_0_2() {
    // Messages that nobody asked for, and those that do not fit, are acknowledged.
    let mut d = Dialogue::<Full, 4, 24>::open(ACCEPTED);
    d.receives(&of_server(0x32, 5), &[&message(5)]);
    let mut packet = b"\x32\x2a\0\x26".to_vec();
    packet.extend([b't'; 38]);
    packet[1] = 43;
    packet.extend(b"\0\x06\0");
    d.receives(&packet, &["Skipped { len: 1 }"]);
    d.sends(b"\x40\x02\0\x05\x40\x02\0\x06");
}

#[test]
fn mqtt_4_6_0_1() {
    let mut d = kept();
    let qos = [QoS::AtLeastOnce, QoS::ExactlyOnce, QoS::AtLeastOnce];
    for qos in qos {
        d.publish_to_t(qos).unwrap();
    }
    let ask = |id: usize| format!("Resend {{ qos: {:?}, id: {id} }}", qos[id - 1]);
    d.connect(&KEPT, PRESENT, &[RESUMED, &ask(1)]);
    for id in 1..=3u16 {
        let message = Publish::to("t").qos(qos[usize::from(id) - 1]);
        let id = PacketId::new(id).unwrap();
        d.session.republish(id, &message, &mut d.tx).unwrap();
        let next = usize::from(id.get()) + 1;
        let events: &[String] = if next <= 3 { &[ask(next)] } else { &[] };
        let events: Vec<_> = events.iter().map(String::as_str).collect();
        d.receives(b"", &events);
    }
}

/// Three messages whose acknowledgements are decided out of order.
fn by_hand(first_byte: u8, kind: u8) {
    let mut d = open();
    let mut acks = ManualAcks::<[PendingAck; 4]>::new();
    let mut tokens = Vec::new();
    for id in 1..=3 {
        d.rx.space()[..8].copy_from_slice(&of_server(first_byte, id));
        d.rx.commit(8);
        while let Some((_, token)) = acks
            .next_event(&mut d.session, &mut d.rx, &mut d.tx)
            .unwrap()
        {
            tokens.extend(token);
        }
    }
    acks.ack(&mut d.session, tokens[2]).unwrap();
    acks.refuse(&mut d.session, tokens[1], ReasonCode::QUOTA_EXCEEDED)
        .unwrap();
    d.sends(b"");
    acks.ack(&mut d.session, tokens[0]).unwrap();
    let event = acks.next_event(&mut d.session, &mut d.rx, &mut d.tx);
    assert_eq!(event, Ok(None));
    d.sends(&[kind, 2, 0, 1, kind, 3, 0, 2, 0x97, kind, 2, 0, 3]);
}

#[test]
fn mqtt_4_6_0_2() {
    by_hand(0x32, 0x40);
}

#[test]
fn mqtt_4_6_0_3() {
    by_hand(0x34, 0x50);
}

#[test]
fn mqtt_4_6_0_4() {
    let mut d = open();
    for _ in 0..2 {
        d.publish_to_t(QoS::ExactlyOnce).unwrap();
    }
    d.tx.clear();
    d.receives(
        b"\x50\x02\0\x02\x50\x02\0\x01",
        &["Received { id: 2 }", "Received { id: 1 }"],
    );
    d.sends(b"\x62\x02\0\x02\x62\x02\0\x01");
}
