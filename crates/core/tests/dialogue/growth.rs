//! Sessions that grow, and messages that are passed over: the order of all others is kept.
use crate::script::*;
use motemq::*;

const ONCE: Publish<'static> = Publish::to("t").qos(QoS::AtLeastOnce);

/// A message that the broker never answers does not hold up the others.
#[test]
fn the_ring_goes_past_a_message_that_is_never_answered() {
    let mut d = Dialogue::<3>::open_kept();
    for n in 1..=3 {
        assert_eq!(d.publish(&ONCE), Ok(Some(id(n))));
    }
    d.receives(puback(2), &[acked(2)]);
    d.receives(puback(3), &[acked(3)]);
    assert_eq!(d.publish(&ONCE), Err(SendError::Busy));
    assert!(!d.session.has_free_slot());
    assert_eq!(d.session.pass_over(id(2)), Err(SendError::Invalid));
    assert_eq!(d.session.pass_over(id(9)), Err(SendError::Invalid));
    assert_eq!(d.session.pass_over(id(1)), Ok(()));
    assert_eq!(d.session.pass_over(id(1)), Err(SendError::Invalid));
    for round in 0..3 {
        for n in 2..=3 {
            assert_eq!(d.publish(&ONCE), Ok(Some(id(n))), "round {round}");
            d.receives(puback(n), &[acked(n)]);
        }
        // Its identifier stays taken.
        assert_eq!(d.publish(&ONCE), Err(SendError::Busy));
        d.session.pass_over(id(1)).unwrap();
    }
    // After its answer has arrived, its identifier is free again.
    d.receives(puback(1), &[acked(1)]);
    for n in [2, 3, 1] {
        assert_eq!(d.publish(&ONCE), Ok(Some(id(n))));
        d.receives(puback(n), &[acked(n)]);
    }
}

/// While messages are sent again, none can be passed over; the one that was passed over before is
/// requested last.
#[test]
fn a_message_that_was_passed_over_is_sent_again_last() {
    let mut d = Dialogue::<3>::open_kept();
    for _ in 1..=3 {
        d.publish(&ONCE).unwrap();
    }
    d.session.pass_over(id(1)).unwrap();
    d.resumes(&[RESUMED, resend(2, QoS::AtLeastOnce)]);
    assert_eq!(d.session.pass_over(id(2)), Err(SendError::Busy));
    d.republish(2, &ONCE).unwrap();
    assert_eq!(d.drain_events(), [resend(3, QoS::AtLeastOnce)]);
    d.republish(3, &ONCE).unwrap();
    assert_eq!(d.drain_events(), [resend(1, QoS::AtLeastOnce)]);
    d.abandon(1).unwrap();
    assert_eq!(d.session.oldest_in_flight(), Some(id(2)));
}

/// As soon as everything is sent again, messages can be passed over; and nothing waits to be sent
/// again after the connection has been lost.
#[test]
fn only_what_is_to_be_sent_again_bars_new_packets() {
    let mut d = Dialogue::<1>::open_kept();
    d.publish(&ONCE).unwrap();
    d.resumes(&[RESUMED, resend(1, QoS::AtLeastOnce)]);
    d.republish(1, &ONCE).unwrap();
    assert_eq!(d.session.pass_over(id(1)), Ok(()));
    let mut d = Dialogue::<2>::open_kept();
    d.publish(&ONCE).unwrap();
    d.resumes(&[RESUMED, resend(1, QoS::AtLeastOnce)]);
    assert!(!d.session.has_free_slot());
    d.session.on_connection_lost();
    assert!(d.session.has_free_slot());
}

/// Messages are sent again in the order in which they were sent first [MQTT-4.6.0-1], whatever was
/// answered, passed over and grown in between.
#[test]
fn resending_keeps_the_order_of_sending() {
    const SIZES: usize = 3;
    let mut resent = 0;
    for seed in 0..4000u64 {
        let mut chance = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut below = |n: u64| {
            chance ^= chance << 13;
            chance ^= chance >> 7;
            chance ^= chance << 17;
            chance % n
        };
        let (mut small, mut middle, mut large) = (
            Dialogue::<3>::new(),
            Session::<[Slot; 5]>::new(),
            Session::<[Slot; 12]>::new(),
        );
        // The model: messages in flight, the oldest first, and messages that were passed over.
        let mut in_flight = Vec::<u16>::new();
        let mut passed = Vec::<u16>::new();
        let connect = Connect::new("c").keep_alive(0).keep_session();
        let connect = connect.identifier_offset(below(65_536) as u16);
        let (mut rx, mut tx) = (Buffer::<[u8; 64]>::new(), Buffer::<[u8; 256]>::new());
        let mut size = 0;
        macro_rules! session {
            () => {
                match size {
                    0 => &mut *small.session,
                    1 => &mut *middle,
                    _ => &mut *large,
                }
            };
        }
        session!().connect(&connect, &mut rx, &mut tx).unwrap();
        let feed = |session: &mut Session,
                    rx: &mut Buffer<[u8; 64]>,
                    tx: &mut Buffer<[u8; 256]>,
                    packets: &[Packet]| {
            let bytes = packets.to_bytes();
            tx.clear();
            rx.space()[..bytes.len()].copy_from_slice(&bytes);
            rx.commit(bytes.len());
            let mut emitted = Vec::new();
            while let Some(event) = session.next_event(rx, tx).unwrap() {
                emitted.push(Emitted::from(event));
            }
            emitted
        };
        assert_eq!(
            feed(session!(), &mut rx, &mut tx, &[connack().session_present()]),
            [UNRECOGNIZED]
        );
        for _ in 0..below(40) {
            tx.clear();
            match below(8) {
                0..=3 => match session!().publish(&ONCE, &mut tx) {
                    Ok(id) => in_flight.push(id.unwrap().get()),
                    Err(error) => {
                        assert_eq!(error, SendError::Busy);
                        assert!(!session!().has_free_slot());
                        assert!(!in_flight.is_empty() || !passed.is_empty());
                    }
                },
                4 | 5 => {
                    let all = [&in_flight[..], &passed[..]].concat();
                    if !all.is_empty() {
                        let which = all[below(all.len() as u64) as usize];
                        assert_eq!(
                            feed(session!(), &mut rx, &mut tx, &[puback(which)]),
                            [acked(which)]
                        );
                        in_flight.retain(|&id| id != which);
                        passed.retain(|&id| id != which);
                    }
                }
                6 => {
                    if let Some(oldest) = session!().oldest_in_flight()
                        && session!().pass_over(oldest).is_ok()
                    {
                        in_flight.retain(|&id| id != oldest.get());
                        passed.retain(|&id| id != oldest.get());
                        passed.push(oldest.get());
                    }
                }
                _ if size + 1 < SIZES => {
                    match size {
                        0 => middle.adopt(&small.session).unwrap(),
                        _ => large.adopt(&middle).unwrap(),
                    }
                    size += 1;
                }
                _ => {}
            }
        }
        // The connection is lost, and every message is requested.
        let session = session!();
        session.connect(&connect, &mut rx, &mut tx).unwrap();
        let mut emitted = feed(session, &mut rx, &mut tx, &[connack().session_present()]);
        assert_eq!(emitted.remove(0), RESUMED);
        let mut order = Vec::new();
        while let Some(Emitted::Resend(number, _)) = emitted.pop() {
            order.push(number);
            if passed.contains(&number) {
                session.abandon(id(number), &mut tx).unwrap();
            } else {
                session.republish(id(number), &ONCE, &mut tx).unwrap();
            }
            emitted = feed(session, &mut rx, &mut tx, &[]);
        }
        order.retain(|number| !passed.contains(number));
        assert_eq!(order, in_flight, "seed {seed}");
        resent += order.len();
    }
    assert!(resent > 5000, "{resent}");
}

/// A larger session takes over the whole state, in the middle of whatever the smaller one does.
#[test]
fn a_larger_session_continues_where_the_smaller_one_was() {
    let mut d = Dialogue::<2, 16>::open_kept();
    d.publish(&ONCE).unwrap();
    d.publish(&ONCE.remaining(5)).unwrap();
    let begun = d.feed(publish("t").qos2(7).payload(b"0123456789abcd").remaining(2));
    assert!(matches!(begun[..], [Emitted::Message(_), ..]), "{begun:?}");
    let mut large = Dialogue::<6, 16>::new();
    large.session.adopt(&d.session).unwrap();
    assert_eq!((d.session.slots(), large.session.slots()), (2, 6));
    large.rx = d.rx.clone();
    large.tx = d.tx.clone();
    assert_eq!(large.session.payload_remaining(), 5);
    large
        .session
        .publish_chunk(b"12345", &mut large.tx)
        .unwrap();
    large.tx.clear();
    assert_eq!(large.feed(b"ef"), [payload(b"ef", 0)]);
    assert_eq!(
        large.session.next_event(&mut large.rx, &mut large.tx),
        Ok(None)
    );
    large.sends(pubrec(7));
    for n in 3..=6 {
        assert_eq!(
            large.publish(&ONCE),
            Ok(Some(id(n))),
            "the new slots are used at once"
        );
    }
    assert_eq!(large.publish(&ONCE), Err(SendError::Busy));
    let before = d.session.clone();
    assert_eq!(d.session.adopt(&large.session), Err(SendError::TooLong));
    assert_eq!(d.session, before);
    // The offset leaves too few identifiers for so many slots.
    let mut late = Dialogue::<2>::new();
    late.connect(&Connect::new("c").keep_session().identifier_offset(65_533));
    late.tx.clear();
    late.feed(connack().session_present());
    assert_eq!(large.session.adopt(&late.session), Err(SendError::TooLong));
    // With as many slots there are just enough.
    Dialogue::<2>::new().session.adopt(&late.session).unwrap();
}

/// The layer of manual acknowledgement can grow as well, and its tokens stay valid.
#[test]
fn pending_acknowledgements_move_to_a_larger_layer() {
    let mut d = Dialogue::<4>::open_kept();
    let mut small = ManualAcks::<[PendingAck; 1]>::new();
    d.buffer([publish("t").qos1(5), publish("t").qos1(6)]);
    let (_, token) = small
        .next_event(&mut d.session, &mut d.rx, &mut d.tx)
        .unwrap()
        .unwrap();
    assert!(small.is_full(&d.session) && small.places() == 1);
    assert_eq!(
        small.next_event(&mut d.session, &mut d.rx, &mut d.tx),
        Ok(None)
    );
    let mut equal = ManualAcks::<[PendingAck; 1]>::new();
    equal.adopt(&small).unwrap();
    assert!(equal == small);
    let mut large = ManualAcks::<[PendingAck; 3]>::new();
    large.adopt(&small).unwrap();
    assert!(!large.is_full(&d.session) && large.places() == 3);
    let (_, second) = large
        .next_event(&mut d.session, &mut d.rx, &mut d.tx)
        .unwrap()
        .unwrap();
    large.ack(&mut d.session, second.unwrap()).unwrap();
    large.ack(&mut d.session, token.unwrap()).unwrap();
    assert_eq!(
        large.next_event(&mut d.session, &mut d.rx, &mut d.tx),
        Ok(None)
    );
    d.sends([puback(5), puback(6)]);
    assert_eq!(small.adopt(&large), Err(SendError::TooLong));
}
