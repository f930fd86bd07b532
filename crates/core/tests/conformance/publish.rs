//! PUBLISH and its acknowledgements: 3.3 to 3.7.
use crate::{encoded, field, packet, refused, same, script::*};
use motemq::{packet::Packet, *};

#[test]
fn mqtt_3_3_1_1() {
    let mut d = Dialogue::<4>::open_kept();
    let once = Publish::to("t").payload(b"p").qos(QoS::AtLeastOnce);
    let exactly = Publish::to("u")
        .payload(b"q")
        .qos(QoS::ExactlyOnce)
        .retain();
    assert_eq!(
        (d.publish(&once), d.publish(&exactly)),
        (Ok(Some(id(1))), Ok(Some(id(2))))
    );
    d.sends(b"\x32\x06\0\x01t\0\x01p\x35\x06\0\x01u\0\x02q");
    // However often it is given again.
    for _ in 0..3 {
        d.resumes(&[RESUMED, resend(1, QoS::AtLeastOnce)]);
        assert_eq!(d.republish(1, &once), Ok(()));
        assert_eq!(d.drain_events(), [resend(2, QoS::ExactlyOnce)]);
        assert_eq!(d.republish(2, &exactly), Ok(()));
        assert_eq!(d.drain_events(), []);
        d.sends(b"\x3a\x06\0\x01t\0\x01p\x3d\x06\0\x01u\0\x02q");
    }
    // In pieces, too.
    d.resumes(&[RESUMED, resend(1, QoS::AtLeastOnce)]);
    assert_eq!(
        d.republish(1, &Publish::to("t").qos(QoS::AtLeastOnce).remaining(1)),
        Ok(())
    );
    assert_eq!(d.session.publish_chunk(b"p", &mut d.tx), Ok(1));
    d.sends(b"\x3a\x06\0\x01t\0\x01p");
    let topic = TopicName::new("t").unwrap();
    let again = |qos, retain| Packet::Publish {
        dup: true,
        qos,
        retain,
        id: Some(id(1)),
        topic,
        payload: b"p",
    };
    same(&again(QoS::AtLeastOnce, false), b"\x3a\x06\0\x01t\0\x01p");
    same(&again(QoS::AtLeastOnce, true), b"\x3b\x06\0\x01t\0\x01p");
    same(&again(QoS::ExactlyOnce, false), b"\x3c\x06\0\x01t\0\x01p");
    same(&again(QoS::ExactlyOnce, true), b"\x3d\x06\0\x01t\0\x01p");
}

#[test]
fn mqtt_3_3_1_2() {
    refused(b"\x38\x04\0\x01tp");
    refused(b"\x39\x04\0\x01tp");
    let topic = TopicName::new("t").unwrap();
    for retain in [false, true] {
        let wrong = Packet::Publish {
            dup: true,
            qos: QoS::AtMostOnce,
            retain,
            id: None,
            topic,
            payload: b"",
        };
        assert_eq!(encoded(&wrong), Err(SendError::Invalid));
    }
    let mut d = Dialogue::<4>::open_kept();
    assert_eq!(
        d.publish(&Publish::to("t").qos(QoS::AtLeastOnce)),
        Ok(Some(id(1)))
    );
    d.resumes(&[RESUMED, resend(1, QoS::AtLeastOnce)]);
    assert_eq!(d.republish(1, &Publish::to("t")), Err(SendError::Invalid));
    d.sends_nothing();
    assert_eq!(d.publish(&Publish::to("t")), Ok(None));
    d.sends(b"\x30\x03\0\x01t");
}

#[test]
fn mqtt_3_3_1_3() {
    // A message that arrived with DUP is forwarded without it.
    for (qos, bytes, emitted, reply) in [
        (
            QoS::AtMostOnce,
            &b"\x3a\x06\0\x01t\0\x05p"[..],
            message("t", b"p").qos1(5).dup(),
            &b"\x30\x04\0\x01up"[..],
        ),
        (
            QoS::AtLeastOnce,
            b"\x3a\x06\0\x01t\0\x05p",
            message("t", b"p").qos1(5).dup(),
            b"\x32\x06\0\x01u\0\x01p",
        ),
        (
            QoS::ExactlyOnce,
            b"\x3d\x06\0\x01t\0\x05p",
            message("t", b"p").qos2(5).dup().retain(),
            b"\x34\x06\0\x01u\0\x01p",
        ),
    ] {
        let mut d = Dialogue::<4>::open();
        d.buffer(bytes);
        let Ok(Some(Event::Message(m))) = d.session.next_event(&mut d.rx, &mut d.tx) else {
            panic!("no message")
        };
        assert!(m.dup());
        d.session
            .publish(&Publish::to("u").payload(m.payload).qos(qos), &mut d.tx)
            .unwrap();
        d.sends(reply);
        let mut d = Dialogue::<4>::open();
        d.receives(bytes, &[emitted]);
    }
}

#[test]
fn mqtt_3_3_1_4() {
    for head in [0x36, 0x37, 0x3e, 0x3f] {
        refused(&packet(head, &[b"\0\x01t\0\x01p"]));
        refused(&packet(head, &[b"\0\x01t"]));
    }
    for (number, qos) in [
        (0, Ok(QoS::AtMostOnce)),
        (1, Ok(QoS::AtLeastOnce)),
        (2, Ok(QoS::ExactlyOnce)),
        (3, Err(3)),
        (4, Err(4)),
        (255, Err(255)),
    ] {
        assert_eq!(QoS::try_from(number), qos);
    }
}

#[test]
fn mqtt_3_3_1_5() {
    for (qos, number, head) in [
        (QoS::AtMostOnce, None, 0x31),
        (QoS::AtLeastOnce, Some(id(1)), 0x33),
        (QoS::ExactlyOnce, Some(id(1)), 0x35),
    ] {
        let bytes = packet(
            head,
            &[
                b"\0\x01t",
                if number.is_some() { b"\0\x01" } else { b"" },
                b"p",
            ],
        );
        let mut d = Dialogue::<4>::open();
        assert_eq!(
            d.publish(&Publish::to("t").payload(b"p").qos(qos).retain()),
            Ok(number)
        );
        d.sends(&bytes);
        let topic = TopicName::new("t").unwrap();
        same(
            &Packet::Publish {
                dup: false,
                qos,
                retain: true,
                id: number,
                topic,
                payload: b"p",
            },
            &bytes,
        );
    }
}

#[test]
fn mqtt_3_3_1_6() {
    // Retained messages may come before the SUBACK.
    let mut d = Dialogue::<4>::open();
    assert_eq!(d.subscribe(&[("t", 1)]), Ok(id(1)));
    d.sends(b"\x82\x06\0\x01\0\x01t\x01");
    d.receives(
        b"\x31\x04\0\x01tp\x33\x06\0\x01t\0\x01q\x90\x03\0\x01\x01",
        &[
            message("t", b"p").retain(),
            message("t", b"q").qos1(1).retain(),
            subscribed(1, b"\x01"),
        ],
    );
    d.sends(b"\x40\x02\0\x01");
}

#[test]
fn mqtt_3_3_1_8() {
    let mut d = Dialogue::<4>::open();
    d.receives(b"\x31\x03\0\x01t", &[message("t", b"").retain()]);
    d.receives(
        b"\x33\x05\0\x01t\0\x01",
        &[message("t", b"").qos1(1).retain()],
    );
    d.receives(
        b"\x35\x05\0\x01t\0\x01",
        &[message("t", b"").qos2(1).retain()],
    );
}

#[test]
fn mqtt_3_3_1_9() {
    let mut d = Dialogue::<4>::open();
    d.receives(b"\x30\x03\0\x01t", &[message("t", b"")]);
    d.receives(b"\x32\x05\0\x01t\0\x01", &[message("t", b"").qos1(1)]);
    d.receives(b"\x34\x05\0\x01t\0\x01", &[message("t", b"").qos2(1)]);
}

#[test]
fn mqtt_3_3_1_10() {
    let mut d = Dialogue::<4>::open();
    assert_eq!(d.publish(&Publish::to("t").retain()), Ok(None));
    d.sends(b"\x31\x03\0\x01t");
    assert_eq!(
        d.publish(&Publish::to("t").retain().qos(QoS::AtLeastOnce)),
        Ok(Some(id(1)))
    );
    d.sends(b"\x33\x05\0\x01t\0\x01");
}

#[test]
fn mqtt_3_3_2_1() {
    // The topic does not end within the packet, or not with the identifier.
    for wrong in [
        &b"\x30\x03\0\x05a"[..],
        b"\x30\x03\0\x02a",
        b"\x30\x04\x01\0aa",
        b"\x30\x03\xff\xffa",
        b"\x30\x02\0\x01",
        b"\x32\x04\0\x01a\0",
        b"\x32\x05\0\x02a\0\x01",
        b"\x34\x05\0\x03a\0\x01",
        b"\x30\0",
        b"\x30\x01\0",
        b"\x32\x01\0",
        b"\x34\0",
    ] {
        refused(wrong);
    }
    fn publish<'a>(
        topic: &'a str,
        qos: QoS,
        id: Option<PacketId>,
        payload: &'a [u8],
    ) -> Packet<'a> {
        Packet::Publish {
            dup: false,
            qos,
            retain: false,
            id,
            topic: TopicName::new(topic).unwrap(),
            payload,
        }
    }
    same(
        &publish("a/\u{e9}", QoS::AtMostOnce, None, b"p"),
        b"\x30\x07\0\x04a/\xc3\xa9p",
    );
    same(
        &publish("a/\u{e9}", QoS::ExactlyOnce, Some(id(0x6162)), b""),
        b"\x34\x08\0\x04a/\xc3\xa9ab",
    );
    // On both sides of each change in the length of the length.
    for (length, header) in [
        (127, &b"\x30\x7f\0\x01t"[..]),
        (128, b"\x30\x80\x01\0\x01t"),
        (16_383, b"\x30\xff\x7f\0\x01t"),
        (16_384, b"\x30\x80\x80\x01\0\x01t"),
    ] {
        let payload = vec![b'p'; length - 3];
        let bytes = [header, &payload].concat();
        same(&publish("t", QoS::AtMostOnce, None, &payload), &bytes);
        let mut d = Box::new(Dialogue::<4, 17_000, 17_000>::open());
        assert_eq!(d.publish(&Publish::to("t").payload(&payload)), Ok(None));
        d.sends(&bytes);
        d.receives(&bytes, &[message("t", &payload)]);
    }
    for (more, header) in [
        (127 - 3, &b"\x30\x7f\0\x01t"[..]),
        (128 - 3, b"\x30\x80\x01\0\x01t"),
        (2_097_151 - 3, b"\x30\xff\xff\x7f\0\x01t"),
        (2_097_152 - 3, b"\x30\x80\x80\x80\x01\0\x01t"),
        (268_435_455 - 3, b"\x30\xff\xff\xff\x7f\0\x01t"),
    ] {
        let mut d = Dialogue::<4>::open();
        assert_eq!(d.publish(&Publish::to("t").remaining(more)), Ok(None));
        d.sends(header);
        let mut d = Dialogue::<4, 16>::open();
        d.receives(header, &[message("t", b"").remaining(more)]);
    }
    let mut d = Dialogue::<4>::open();
    assert_eq!(
        d.publish(&Publish::to("t").remaining(268_435_456 - 3)),
        Err(SendError::TooLong)
    );
    assert_eq!(
        d.publish(&Publish::to("t").remaining(u32::MAX)),
        Err(SendError::TooLong)
    );
    d.sends_nothing();
    // A length of five bytes, and lengths longer than need be.
    for wrong in [
        &b"\x30\x80\x80\x80\x80\x01\0\x01t"[..],
        b"\x30\xff\xff\xff\xff",
        b"\x30\x83\0\0\x01t",
        b"\x30\x83\x80\0\0\x01t",
        b"\x30\x83\x80\x80\0\0\x01t",
        b"\xd0\x80\0",
        b"\x40\x82\0\0\x01",
    ] {
        refused(wrong);
    }
}

#[test]
fn mqtt_3_3_2_2() {
    for name in [
        "a/+",
        "a/#",
        "+",
        "#",
        "a+",
        "#a",
        "abcdefg+",
        "abcdefgh#ijklmno",
    ] {
        let mut d = Dialogue::<4>::open();
        assert_eq!(
            d.publish(&Publish::to(name).payload(b"p")),
            Err(SendError::Invalid)
        );
        assert_eq!(
            d.publish(&Publish::to(name).qos(QoS::ExactlyOnce).remaining(5)),
            Err(SendError::Invalid)
        );
        d.sends_nothing();
        assert_eq!(
            (d.session.payload_remaining(), d.session.oldest_in_flight()),
            (0, None)
        );
        refused(&packet(0x30, &[&field(name.as_bytes())]));
        refused(&packet(0x32, &[&field(name.as_bytes()), b"\0\x01p"]));
        assert!(TopicName::new(name).is_err());
    }
}

#[test]
fn mqtt_3_3_4_1() {
    let mut d = Dialogue::<4>::open();
    d.receives(b"\x30\x04\0\x01tp", &[message("t", b"p")]);
    d.sends_nothing();
    d.receives(
        b"\x32\x06\0\x01t\x12\x34p",
        &[message("t", b"p").qos1(0x1234)],
    );
    d.sends(b"\x40\x02\x12\x34");
    d.receives(
        b"\x34\x06\0\x01t\x12\x34p",
        &[message("t", b"p").qos2(0x1234)],
    );
    d.sends(b"\x50\x02\x12\x34");
    // Also if it does not fit into rx, or its topic does not even.
    let mut d = Dialogue::<4, 16>::open();
    d.receives(
        b"\x32\x12\0\x01t\x12\x340123456789abc",
        &[
            message("t", b"012345678").qos1(0x1234).remaining(4),
            payload(b"9abc", 0),
        ],
    );
    d.sends(b"\x40\x02\x12\x34");
    d.receives(
        b"\x34\x16\0\x10topic/too/longer\0\x07pp",
        &[Emitted::Skipped(2)],
    );
    d.sends(b"\x50\x02\0\x07");
    d.receives(
        b"\x32\x16\0\x10topic/too/longer\0\x08pp",
        &[Emitted::Skipped(2)],
    );
    d.sends(b"\x40\x02\0\x08");
    d.receives(b"\x30\x14\0\x10topic/too/longerpp", &[Emitted::Skipped(2)]);
    d.sends_nothing();
    // It, or what stands before its payload, just fits; or just does not.
    d.receives(
        b"\x32\x0e\0\x04name\0\x05123456",
        &[message("name", b"123456").qos1(5)],
    );
    d.receives(
        b"\x32\x0f\0\x04name\0\x061234567",
        &[
            message("name", b"123456").qos1(6).remaining(1),
            payload(b"7", 0),
        ],
    );
    d.receives(
        b"\x32\x10\0\x0a0123456789\0\x07pq",
        &[
            message("0123456789", b"").qos1(7).remaining(2),
            payload(b"pq", 0),
        ],
    );
    d.receives(b"\x32\x11\0\x0b0123456789a\0\x08pq", &[Emitted::Skipped(2)]);
    d.sends(b"\x40\x02\0\x05\x40\x02\0\x06\x40\x02\0\x07\x40\x02\0\x08");
    d.receives(
        b"\x30\x0e\0\x0c0123456789ab",
        &[message("0123456789ab", b"")],
    );
    d.receives(b"\x30\x0f\0\x0d0123456789abc", &[Emitted::Skipped(0)]);
    d.receives(
        b"\x32\x11\0\x0b0123456789a\0\0pq",
        &[fault(Fault::Malformed)],
    );
    d.sends_nothing();
}

#[test]
fn mqtt_3_3_5_1() {
    // Each copy is a message and has its own acknowledgement.
    let mut d = Dialogue::<4>::open();
    d.receives(
        b"\x34\x05\0\x01t\0\x01\x32\x05\0\x01t\0\x02\x30\x03\0\x01t\x34\x05\0\x01t\0\x03",
        &[
            message("t", b"").qos2(1),
            message("t", b"").qos1(2),
            message("t", b""),
            message("t", b"").qos2(3),
        ],
    );
    d.sends(b"\x50\x02\0\x01\x40\x02\0\x02\x50\x02\0\x03");
}

#[test]
fn mqtt_3_6_1_1() {
    for head in (0x60..0x70).filter(|&head| head != 0x62) {
        refused(&[head, 2, 0, 1]);
    }
    let mut d = Dialogue::<4>::open();
    assert_eq!(
        d.publish(&Publish::to("t").qos(QoS::ExactlyOnce)),
        Ok(Some(id(1)))
    );
    d.tx.clear();
    d.receives(b"\x50\x02\0\x01", &[received(1)]);
    d.sends(b"\x62\x02\0\x01");
    same(&Packet::PubRel(id(0x1234)), b"\x62\x02\x12\x34");
    // None of the acknowledgements is longer or shorter than two bytes.
    for head in [0x40, 0x50, 0x62, 0x70, 0xb0] {
        refused(&[head, 0]);
        refused(&[head, 1, 0]);
        refused(&[head, 3, 0, 1, 0]);
        refused(&[head, 4, 0, 1, 0, 1]);
    }
}
