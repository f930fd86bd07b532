//! Acknowledgements that nobody awaits, and acknowledgements of the wrong kind.
mod script;
use motemq::*;
use script::*;

const PUBACK: u8 = 0x40;
const PUBREC: u8 = 0x50;
const PUBCOMP: u8 = 0x70;
const SUBACK: u8 = 0x90;
const UNSUBACK: u8 = 0xb0;

fn ack(head: u8, id: u16) -> Vec<u8> {
    let [high, low] = id.to_be_bytes();
    if head == SUBACK {
        vec![head, 3, high, low, 0]
    } else {
        vec![head, 2, high, low]
    }
}

/// For an identifier that is not in flight: ignored. It may be of a slot that is free, or that does
/// not exist.
#[test]
fn strays_are_ignored() {
    for head in [PUBACK, PUBCOMP, SUBACK, UNSUBACK] {
        for number in [1, 2, 3, 100, 255, 256, 257, 65_535] {
            let mut d = Dialogue::<2>::open();
            let before = d.session.oldest_in_flight();
            d.hears(&ack(head, number), &[]);
            d.silent();
            assert_eq!(d.session.oldest_in_flight(), before);
            d.publish(&Publish::to("t").qos(QoS::AtLeastOnce)).unwrap();
            d.publish(&Publish::to("t").qos(QoS::ExactlyOnce)).unwrap();
            if number > 2 {
                d.tx.clear();
                d.hears(&ack(head, number), &[]);
                d.silent();
                d.hears(&ack(PUBACK, 1), &[acked(1)]);
            }
        }
    }
}

/// PUBREC for an identifier that is not in flight is answered with PUBREL, so that a broker that
/// remembers what we forgot comes to an end. Until its PUBCOMP has arrived, the identifier is not
/// used for another packet: PUBCOMP would meet one that awaits something else.
#[test]
fn a_pubrec_that_nobody_awaits_is_answered() {
    const ONCE: Publish<'static> = Publish::to("t").qos(QoS::ExactlyOnce);
    for number in [3, 100, 65_535] {
        let mut d = Dialogue::<2>::open();
        d.hears(&ack(PUBREC, number), &[]);
        d.says(&[&b"\x62\x02"[..], &number.to_be_bytes()].concat());
        assert_eq!(
            (d.session.oldest_in_flight(), d.session.has_free_slot()),
            (None, true)
        );
    }
    let mut d = Dialogue::<2>::open();
    for _ in 0..2 {
        d.hears(&ack(PUBREC, 1), &[]);
        d.says(b"\x62\x02\0\x01");
        assert!(!d.session.has_free_slot());
        assert_eq!(d.publish(&ONCE), Err(SendError::Busy));
        assert_eq!(d.subscribe(&[("a", 0)]), Err(SendError::Busy));
    }
    d.publish(&Publish::to("t")).unwrap();
    d.tx.clear();
    d.hears(&ack(PUBCOMP, 1), &[]);
    assert_eq!(d.publish(&ONCE), Ok(Some(id(1))));
    d.tx.clear();
    d.hears(&ack(PUBREC, 1), &[received(1)]);
    d.says(b"\x62\x02\0\x01");
    d.hears(&ack(PUBCOMP, 1), &[acked(1)]);
}

/// What the broker still has of an exchange that we forgot goes on over the next connection, and the
/// application never learns of it.
#[test]
fn a_pubrec_that_nobody_awaits_outlives_the_connection() {
    let mut d = Dialogue::<2>::open_kept();
    d.hears(&ack(PUBREC, 1), &[]);
    d.says(b"\x62\x02\0\x01");
    d.resumes(&[RESUMED]);
    d.says(b"\x62\x02\0\x01");
    d.hears(&ack(PUBCOMP, 1), &[]);
    assert!(d.session.has_free_slot());
    d.hears(&ack(PUBREC, 1), &[]);
    d.tx.clear();
    // The broker lost the session: nothing of it is left, and nothing is reported.
    d.session.on_connection_lost();
    d.connect(&Connect::new("c").keep_session());
    d.tx.clear();
    d.hears(b"\x20\x02\0\0", &[NEW]);
    assert!(d.session.has_free_slot());
}

/// They are as well-formed as others, though.
#[test]
fn strays_are_checked() {
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

/// PUBREL of an identifier that is not known is answered: the broker must come to an end.
#[test]
fn an_unknown_pubrel_is_answered() {
    for number in [1, 2, 77, 65_535] {
        let mut d = Dialogue::<2>::open();
        let [high, low] = u16::to_be_bytes(number);
        d.hears(&[0x62, 2, high, low, 0x62, 2, high, low], &[]);
        d.says(&[0x70, 2, high, low, 0x70, 2, high, low]);
    }
}

/// Every kind of acknowledgement for everything that can be in flight: taken, answered, or
/// `Unexpected`.
#[test]
fn the_wrong_kind_is_unexpected() {
    type Begin = fn(&mut Dialogue<2>);
    let under_way: [(Begin, &[(u8, Told)]); 5] = [
        (
            |d| assert!(d.publish(&Publish::to("t").qos(QoS::AtLeastOnce)).is_ok()),
            &[(PUBACK, acked(1))],
        ),
        (
            |d| assert!(d.publish(&Publish::to("t").qos(QoS::ExactlyOnce)).is_ok()),
            &[(PUBREC, received(1))],
        ),
        (
            |d| {
                d.publish(&Publish::to("t").qos(QoS::ExactlyOnce)).unwrap();
                d.hears(b"\x50\x02\0\x01", &[received(1)]);
            },
            &[(PUBCOMP, acked(1)), (PUBREC, unknown(9))],
        ),
        (
            |d| assert!(d.subscribe(&[("t", 1)]).is_ok()),
            &[(SUBACK, subscribed(1, &[0]))],
        ),
        (
            |d| assert!(d.unsubscribe(&["t"]).is_ok()),
            &[(UNSUBACK, acked(1))],
        ),
    ];
    for (begin, right) in under_way {
        for head in [PUBACK, PUBREC, PUBCOMP, SUBACK, UNSUBACK] {
            let mut d = Dialogue::<2>::open();
            begin(&mut d);
            d.tx.clear();
            let told = d.feed(&ack(head, 1));
            match right.iter().find(|(kind, _)| *kind == head) {
                // A second PUBREC is answered, and not told.
                Some((_, Told::Unknown(_))) => {
                    assert_eq!(told, []);
                    d.says(b"\x62\x02\0\x01");
                }
                Some((_, right)) => assert_eq!(told, std::slice::from_ref(right)),
                None => assert_eq!(told, [fault(Fault::Unexpected)], "{head:02x}"),
            }
        }
    }
}

/// What was in flight when a wrong acknowledgement came is still known.
#[test]
fn the_wrong_kind_ends_nothing_but_the_connection() {
    let mut d = Dialogue::<2>::open_kept();
    d.publish(&Publish::to("t").qos(QoS::ExactlyOnce)).unwrap();
    assert_eq!(d.feed(b"\x40\x02\0\x01"), [fault(Fault::Unexpected)]);
    d.resumes(&[RESUMED, resend(1, QoS::ExactlyOnce)]);
}

/// SUBACK has one code for each filter, and only those that there are.
#[test]
fn suback_fits_subscribe() {
    let filters = [("a", 0), ("b", 1), ("c", 2)];
    for count in 1..=5usize {
        let mut d = Dialogue::<2>::open();
        assert_eq!(d.subscribe(&filters), Ok(id(1)));
        d.says(b"\x82\x0e\0\x01\0\x01a\0\0\x01b\x01\0\x01c\x02");
        let codes = [0x80, 1, 2, 0, 0x80];
        let mut bytes = vec![0x90, count as u8 + 2, 0, 1];
        bytes.extend(&codes[..count]);
        let told = d.feed(&bytes);
        assert_eq!(
            told,
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
            d.feed(&[0x90, 5, 0, 1, 0, code, 0]),
            [fault(Fault::Malformed)]
        );
    }
}

/// As many filters as the answer to them fits into `rx`, 255 at most; one more is `TooLong`, for
/// UNSUBSCRIBE, too.
#[test]
fn as_many_filters_as_the_answer_fits() {
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
        d.silent();
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
        d.hears(&suback, &[subscribed(1, &vec![0x80; most])]);
    }
    check::<16>(11);
    check::<64>(59);
    check::<256>(251);
    check::<260>(255);
    check::<4096>(255);
}
