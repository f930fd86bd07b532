//! Unexpected acknowledgements, and acknowledgements of the wrong kind.
use crate::script::*;
use motemq::*;

/// SUBACK for one topic filter.
fn suback_for_one(id: u16) -> Packet {
    suback(id, &[0])
}

/// An acknowledgement for an identifier that is not in flight is ignored, whether its slot is free
/// or does not exist.
#[test]
fn unexpected_acknowledgements_are_ignored() {
    for ack in [puback, pubcomp, suback_for_one, unsuback] {
        for number in [1, 2, 3, 100, 255, 256, 257, 65_535] {
            let mut d = Dialogue::<2>::open();
            let before = d.session.oldest_in_flight();
            d.receives(ack(number), &[]);
            d.sends_nothing();
            assert_eq!(d.session.oldest_in_flight(), before);
            d.publish(&Publish::to("t").qos(QoS::AtLeastOnce)).unwrap();
            d.publish(&Publish::to("t").qos(QoS::ExactlyOnce)).unwrap();
            if number > 2 {
                d.tx.clear();
                d.receives(ack(number), &[]);
                d.sends_nothing();
                d.receives(puback(1), &[acked(1)]);
            }
        }
    }
}

/// PUBREC for an identifier that is not in flight is answered with PUBREL, so that a broker that
/// remembers an exchange which the client forgot can end it. Until PUBCOMP arrives, the identifier
/// is not used for another packet, which PUBCOMP would not fit.
#[test]
fn an_unexpected_pubrec_is_answered() {
    const ONCE: Publish<'static> = Publish::to("t").qos(QoS::ExactlyOnce);
    for number in [3, 100, 65_535] {
        let mut d = Dialogue::<2>::open();
        d.receives(pubrec(number), &[]);
        d.sends(pubrel(number));
        assert_eq!(
            (d.session.oldest_in_flight(), d.session.has_free_slot()),
            (None, true)
        );
    }
    let mut d = Dialogue::<2>::open();
    for _ in 0..2 {
        d.receives(pubrec(1), &[]);
        d.sends(pubrel(1));
        assert!(!d.session.has_free_slot());
        assert_eq!(d.publish(&ONCE), Err(SendError::Busy));
        assert_eq!(d.subscribe(&[("a", 0)]), Err(SendError::Busy));
    }
    d.publish(&Publish::to("t")).unwrap();
    d.tx.clear();
    d.receives(pubcomp(1), &[]);
    assert_eq!(d.publish(&ONCE), Ok(Some(id(1))));
    d.tx.clear();
    d.receives(pubrec(1), &[received(1)]);
    d.sends(pubrel(1));
    d.receives(pubcomp(1), &[acked(1)]);
}

/// An exchange that only the broker remembers continues on the next connection, and the application
/// receives no event of it.
#[test]
fn an_unexpected_pubrec_outlives_the_connection() {
    let mut d = Dialogue::<2>::open_kept();
    d.receives(pubrec(1), &[]);
    d.sends(pubrel(1));
    d.resumes(&[RESUMED]);
    d.sends(pubrel(1));
    d.receives(pubcomp(1), &[]);
    assert!(d.session.has_free_slot());
    d.receives(pubrec(1), &[]);
    d.tx.clear();
    // The broker lost the session: nothing of it is left, and nothing is reported.
    d.session.on_connection_lost();
    d.connect(&Connect::new("c").keep_session());
    d.tx.clear();
    d.receives(connack(), &[NEW]);
    assert!(d.session.has_free_slot());
}

/// An unexpected acknowledgement must be as well-formed as any other.
#[test]
fn unexpected_acknowledgements_must_be_well_formed() {
    for bytes in [
        &b"\x40\x02\0\0"[..],
        b"\x50\x03\0\x09\0",
        b"\x90\x03\0\x09\x03",
        b"\x90\x02\0\x09",
        b"\xb1\x02\0\x09",
        b"\x62\x02\0\0",
    ] {
        let mut d = Dialogue::<2>::open();
        assert_eq!(d.feed(bytes), [fault(Fault::Malformed)], "{bytes:02x?}");
    }
}

/// PUBREL for an identifier that is not known is answered, so that the broker can end the exchange.
#[test]
fn an_unexpected_pubrel_is_answered() {
    for number in [1, 2, 77, 65_535] {
        let mut d = Dialogue::<2>::open();
        d.receives([pubrel(number), pubrel(number)], &[]);
        d.sends([pubcomp(number), pubcomp(number)]);
    }
}

/// Every kind of acknowledgement arrives for every kind of packet in flight: it ends the packet, is
/// answered, or is `Unexpected`.
#[test]
fn an_acknowledgement_of_the_wrong_kind_is_unexpected() {
    type Begin = fn(&mut Dialogue<2>);
    type Answers<'a> = &'a [(Packet, &'a [Emitted])];
    let in_flight: [(Begin, Answers<'_>); 5] = [
        (
            |d| assert!(d.publish(&Publish::to("t").qos(QoS::AtLeastOnce)).is_ok()),
            &[(puback(1), &[acked(1)])],
        ),
        (
            |d| assert!(d.publish(&Publish::to("t").qos(QoS::ExactlyOnce)).is_ok()),
            &[(pubrec(1), &[received(1)])],
        ),
        (
            |d| {
                d.publish(&Publish::to("t").qos(QoS::ExactlyOnce)).unwrap();
                d.receives(pubrec(1), &[received(1)]);
            },
            // A second PUBREC is answered, and nothing is emitted.
            &[(pubcomp(1), &[acked(1)]), (pubrec(1), &[])],
        ),
        (
            |d| assert!(d.subscribe(&[("t", 1)]).is_ok()),
            &[(suback(1, &[0]), &[subscribed(1, &[0])])],
        ),
        (
            |d| assert!(d.unsubscribe(&["t"]).is_ok()),
            &[(unsuback(1), &[acked(1)])],
        ),
    ];
    for (begin, expected) in in_flight {
        for ack in [
            puback(1),
            pubrec(1),
            pubcomp(1),
            suback(1, &[0]),
            unsuback(1),
        ] {
            let mut d = Dialogue::<2>::open();
            begin(&mut d);
            d.tx.clear();
            let emitted = d.feed(&ack);
            match expected.iter().find(|(packet, _)| *packet == ack) {
                Some((_, [])) => {
                    assert_eq!(emitted, []);
                    d.sends(pubrel(1));
                }
                Some((_, events)) => assert_eq!(emitted, *events),
                None => assert_eq!(emitted, [fault(Fault::Unexpected)], "{ack:?}"),
            }
        }
    }
}

/// A packet in flight stays in flight when an acknowledgement of the wrong kind arrives.
#[test]
fn an_acknowledgement_of_the_wrong_kind_ends_only_the_connection() {
    let mut d = Dialogue::<2>::open_kept();
    d.publish(&Publish::to("t").qos(QoS::ExactlyOnce)).unwrap();
    assert_eq!(d.feed(puback(1)), [fault(Fault::Unexpected)]);
    d.resumes(&[RESUMED, resend(1, QoS::ExactlyOnce)]);
}

/// SUBACK has one code for each filter, and only codes that are defined.
#[test]
fn suback_has_one_code_for_each_filter() {
    let filters = [("a", 0), ("b", 1), ("c", 2)];
    for count in 1..=5usize {
        let mut d = Dialogue::<2>::open();
        assert_eq!(d.subscribe(&filters), Ok(id(1)));
        d.sends(subscribe(1, &[("a", 0), ("b", 1), ("c", 2)]));
        let codes = [0x80, 1, 2, 0, 0x80];
        let mut bytes = vec![0x90, count as u8 + 2, 0, 1];
        bytes.extend(&codes[..count]);
        let emitted = d.feed(&bytes);
        assert_eq!(
            emitted,
            [if count == 3 {
                subscribed(1, &codes[..3])
            } else {
                fault(Fault::Malformed)
            }],
            "{count} codes"
        );
    }
    for code in [3, 4, 0x7f, 0x81, 0xff] {
        let mut d = Dialogue::<2>::open();
        d.subscribe(&filters).unwrap();
        assert_eq!(
            d.feed([0x90, 5, 0, 1, 0, code, 0]),
            [fault(Fault::Malformed)]
        );
    }
}

/// A SUBSCRIBE has at most as many filters as its SUBACK fits into `rx`, and at most 255; one more
/// is `TooLong`, also in UNSUBSCRIBE.
#[test]
fn the_number_of_filters_is_limited_by_their_answer() {
    fn check<const RX: usize>(most: usize) {
        let mut d = Dialogue::<2, RX, 2048>::open();
        let filter = Filter::new("f", QoS::AtMostOnce);
        assert_eq!(
            d.session.subscribe(&vec![filter; most + 1], &mut d.tx),
            Err(SendError::TooLong),
            "{RX}"
        );
        assert_eq!(
            d.session.unsubscribe(&vec![filter; most + 1], &mut d.tx),
            Err(SendError::TooLong),
            "{RX}"
        );
        d.sends_nothing();
        assert_eq!(
            d.session.subscribe(&vec![filter; most], &mut d.tx),
            Ok(id(1)),
            "{RX}"
        );
        let mut suback = vec![0x90];
        if most + 2 > 127 {
            suback.push((most + 2) as u8 | 0x80);
        }
        suback.push(if most + 2 > 127 {
            ((most + 2) >> 7) as u8
        } else {
            most as u8 + 2
        });
        suback.extend([0, 1]);
        suback.extend(vec![0x80; most]);
        assert!(suback.len() <= RX);
        d.receives(&suback, &[subscribed(1, &vec![0x80; most])]);
    }
    check::<16>(11);
    check::<64>(59);
    check::<256>(251);
    check::<260>(255);
    check::<4096>(255);
}
