//! After a resumption, packets in flight are sent again in the order of the ring, one at a time.
use crate::script::*;
use motemq::*;

const ONCE: QoS = QoS::AtLeastOnce;
const TWICE: QoS = QoS::ExactlyOnce;

const fn to(topic: &str, qos: QoS) -> Publish<'_> {
    Publish::to(topic).payload(b"!").qos(qos)
}

/// A resumed session with packets in flight: 1 PUBLISH with QoS 1, 2 QoS 2 with PUBREC, 3 QoS 2,
/// 4 QoS 1; 5 to 8 are free.
fn resumed() -> Dialogue {
    let mut d = Dialogue::<8>::open_kept();
    for (topic, qos) in [("a", ONCE), ("b", TWICE), ("c", TWICE), ("d", ONCE)] {
        d.publish(&to(topic, qos)).unwrap();
    }
    d.receives(pubrec(2), &[received(2)]);
    d.resumes(&[RESUMED, resend(1, ONCE)]);
    d.sends_nothing();
    d
}

/// PUBREL is written, and for each PUBLISH `Resend` is emitted once, in the order in which they
/// were sent first. The message has the DUP flag and the same identifier.
#[test]
fn unanswered_packets_are_sent_again_in_order() {
    let mut d = resumed();
    for _ in 0..5 {
        assert_eq!(d.next_event(), None);
        d.sends_nothing();
    }
    assert_eq!(d.republish(1, &to("a", ONCE)), Ok(()));
    d.sends(publish("a").qos1(1).dup().payload(b"!"));
    assert_eq!(d.drain_events(), [resend(3, TWICE)]);
    d.sends(pubrel(2));
    assert_eq!(d.drain_events(), []);
    assert_eq!(d.republish(3, &to("c", TWICE).retain()), Ok(()));
    d.sends(publish("c").qos2(3).dup().retain().payload(b"!"));
    assert_eq!(d.drain_events(), [resend(4, ONCE)]);
    d.sends_nothing();
    assert_eq!(d.republish(4, &to("d", ONCE)), Ok(()));
    d.sends(publish("d").qos1(4).dup().payload(b"!"));
    assert_eq!(d.drain_events(), []);
    // The next identifier follows the last one.
    assert_eq!(d.publish(&to("e", ONCE)), Ok(Some(id(5))));
    d.sends(publish("e").qos1(5).payload(b"!"));
    d.receives(
        [puback(1), pubcomp(2), pubrec(3), puback(4)],
        &[acked(1), acked(2), received(3), acked(4)],
    );
    d.sends(pubrel(3));
    d.receives([pubcomp(3), puback(5)], &[acked(3), acked(5)]);
}

/// The oldest message is sent again first, wherever the ring begins.
#[test]
fn messages_are_sent_again_round_the_ring() {
    let mut d = Dialogue::<3>::open_kept();
    for _ in 0..3 {
        d.publish(&to("a", ONCE)).unwrap();
    }
    d.receives([puback(1), puback(2)], &[acked(1), acked(2)]);
    d.publish(&to("b", ONCE)).unwrap();
    d.publish(&to("c", TWICE)).unwrap();
    d.tx.clear();
    d.resumes(&[RESUMED, resend(3, ONCE)]);
    d.republish(3, &to("a", ONCE)).unwrap();
    assert_eq!(d.drain_events(), [resend(1, ONCE)]);
    d.republish(1, &to("b", ONCE)).unwrap();
    assert_eq!(d.drain_events(), [resend(2, TWICE)]);
    d.republish(2, &to("c", TWICE)).unwrap();
    assert_eq!(d.drain_events(), []);
    d.sends([
        publish("a").qos1(3).dup().payload(b"!"),
        publish("b").qos1(1).dup().payload(b"!"),
        publish("c").qos2(2).dup().payload(b"!"),
    ]);
    assert_eq!(d.publish(&to("d", ONCE)), Err(SendError::Busy));
}

/// Only the requested message can be sent again, with its QoS; any other is refused and changes
/// nothing.
#[test]
fn only_the_requested_message_can_be_sent_again() {
    let mut d = resumed();
    let before = d.clone();
    for (number, qos) in [
        (2, TWICE),
        (3, TWICE),
        (4, ONCE),
        (5, ONCE),
        (9, ONCE),
        (65_535, ONCE),
        (1, TWICE),
        (1, QoS::AtMostOnce),
    ] {
        assert_eq!(
            d.republish(number, &to("a", qos)),
            Err(SendError::Invalid),
            "{number}"
        );
        if number != 1 {
            assert_eq!(d.abandon(number), Err(SendError::Invalid), "{number}");
        }
    }
    assert_eq!((&d.session, &d.tx), (&before.session, &before.tx));
    d.republish(1, &to("a", ONCE)).unwrap();
    // It is sent again once.
    assert_eq!(d.republish(1, &to("a", ONCE)), Err(SendError::Invalid));
    assert_eq!(d.abandon(1), Err(SendError::Invalid));
    // The next one is not requested yet.
    assert_eq!(d.republish(3, &to("c", TWICE)), Err(SendError::Invalid));
    // Without a resumption, no message is requested.
    let mut d = Dialogue::<2>::open();
    d.publish(&to("a", ONCE)).unwrap();
    assert_eq!(
        (d.republish(1, &to("a", ONCE)), d.abandon(1)),
        (Err(SendError::Invalid), Err(SendError::Invalid))
    );
}

/// Until all messages are sent again, commands that take an identifier are `Busy`; QoS 0 is sent.
#[test]
fn commands_are_busy_until_all_messages_are_sent_again() {
    let mut d = resumed();
    let busy = |d: &mut Dialogue| {
        for publish in [to("x", ONCE), to("x", TWICE)] {
            assert_eq!(d.publish(&publish), Err(SendError::Busy));
        }
        assert_eq!(
            (d.subscribe(&[("x", 0)]), d.unsubscribe(&["x"])),
            (Err(SendError::Busy), Err(SendError::Busy))
        );
        d.sends_nothing();
        assert_eq!(d.publish(&to("x", QoS::AtMostOnce)), Ok(None));
        d.sends(publish("x").payload(b"!"));
    };
    busy(&mut d);
    d.abandon(1).unwrap();
    busy(&mut d);
    d.drain_events();
    d.sends(pubrel(2));
    d.republish(3, &to("c", TWICE)).unwrap();
    d.tx.clear();
    busy(&mut d);
    d.drain_events();
    busy(&mut d);
    d.abandon(4).unwrap();
    assert_eq!(d.drain_events(), []);
    assert_eq!(d.publish(&to("x", ONCE)), Ok(Some(id(5))));
}

/// Incoming packets are handled and answered while messages are sent again, and DISCONNECT can be
/// sent.
#[test]
fn incoming_packets_are_handled_while_messages_are_sent_again() {
    let mut d = resumed();
    d.receives(
        [
            publish("t").qos1(5),
            publish("t").qos2(6),
            pubrel(6),
            publish("t"),
            pingresp(),
        ],
        &[
            message("t", b"").qos1(5),
            message("t", b"").qos2(6),
            message("t", b""),
        ],
    );
    d.sends([puback(5), pubrec(6), pubcomp(6)]);
    d.disconnect().unwrap();
    d.sends(disconnect());
    d.resumes(&[RESUMED, resend(1, ONCE)]);
}

/// Answers to packets of the last connection may still arrive; an answered message is not requested
/// any more.
#[test]
fn answered_messages_are_not_sent_again() {
    // An answer to the requested message.
    let mut d = resumed();
    d.receives(puback(1), &[acked(1), resend(3, TWICE)]);
    d.sends(pubrel(2));
    assert_eq!(d.republish(1, &to("a", ONCE)), Err(SendError::Invalid));
    // PUBREC instead of the message: the payload is not needed, PUBREL is written once.
    d.receives(pubrec(3), &[received(3), resend(4, ONCE)]);
    d.sends(pubrel(3));
    assert_eq!(d.republish(3, &to("c", TWICE)), Err(SendError::Invalid));
    d.abandon(4).unwrap();
    d.receives([pubcomp(3), pubcomp(2)], &[acked(3), acked(2)]);
    d.sends_nothing();
    assert_eq!(d.session.oldest_in_flight(), None);
    // An answer to a message that was not requested yet.
    let mut d = resumed();
    d.receives([puback(4), pubcomp(2)], &[acked(4), acked(2)]);
    d.abandon(1).unwrap();
    assert_eq!(d.drain_events(), [resend(3, TWICE)]);
    d.sends_nothing();
    d.republish(3, &to("c", TWICE)).unwrap();
    assert_eq!(d.drain_events(), []);
    d.sends(publish("c").qos2(3).dup().payload(b"!"));
}

/// Directly after its answer, even before the next call, a message that has ended or whose payload
/// is not needed any more can neither be sent again nor abandoned.
#[test]
fn a_requested_message_that_was_answered_cannot_be_sent_again() {
    let cases = [
        (1, ONCE, puback(1), acked(1), pubrel(2)),
        (3, TWICE, pubrec(3), received(3), pubrel(3)),
    ];
    for (number, qos, answer, event, released) in cases {
        let mut d = resumed();
        if number == 3 {
            d.abandon(1).unwrap();
            assert_eq!(d.drain_events(), [resend(3, TWICE)]);
            d.tx.clear();
        }
        d.buffer(answer);
        assert_eq!(d.next_event(), Some(event));
        let before = d.clone();
        assert_eq!(d.republish(number, &to("a", qos)), Err(SendError::Invalid));
        assert_eq!(
            d.republish(number, &to("a", QoS::AtMostOnce)),
            Err(SendError::Invalid)
        );
        assert_eq!(d.abandon(number), Err(SendError::Invalid));
        assert_eq!((&d.session, &d.tx), (&before.session, &before.tx));
        assert_eq!(
            d.drain_events(),
            [if number == 1 {
                resend(3, TWICE)
            } else {
                resend(4, ONCE)
            }]
        );
        d.sends(released);
    }
}

/// `abandon` frees an identifier of QoS 1. For QoS 2 it sends PUBREL, since the broker may hold the
/// message, and awaits PUBCOMP.
#[test]
fn an_abandoned_message_ends() {
    let mut d = resumed();
    d.abandon(1).unwrap();
    d.sends_nothing();
    assert_eq!(d.session.oldest_in_flight(), Some(id(2)));
    assert_eq!(d.drain_events(), [resend(3, TWICE)]);
    d.sends(pubrel(2));
    d.tx.commit(253);
    assert_eq!(d.abandon(3), Err(SendError::Full));
    d.tx.clear();
    d.abandon(3).unwrap();
    d.sends(pubrel(3));
    // An answer that the broker had sent before is handled.
    d.receives(pubrec(3), &[resend(4, ONCE)]);
    d.sends(pubrel(3));
    d.receives(pubcomp(3), &[acked(3)]);
    // The connection is lost again: the abandoned message is not requested.
    d.resumes(&[RESUMED, resend(4, ONCE)]);
    d.sends(pubrel(2));
    // A late PUBACK for the message that has ended is ignored.
    d.receives(puback(1), &[]);
}

/// An abandoned QoS 2 message without PUBCOMP is released again on the next connection.
#[test]
fn an_abandoned_qos_2_message_is_released_again() {
    let mut d = resumed();
    d.abandon(1).unwrap();
    assert_eq!(d.drain_events(), [resend(3, TWICE)]);
    d.abandon(3).unwrap();
    d.tx.clear();
    d.resumes(&[RESUMED, resend(4, ONCE)]);
    d.sends([pubrel(2), pubrel(3)]);
}

/// A message can be sent again in pieces; the others follow behind it.
#[test]
fn a_message_can_be_sent_again_in_pieces() {
    let mut d = resumed();
    assert_eq!(
        d.republish(1, &Publish::to("a").payload(b"!").qos(ONCE).remaining(4)),
        Ok(())
    );
    d.sends(publish("a").qos1(1).dup().payload(b"!").remaining(4));
    assert_eq!(
        (
            d.session.payload_remaining(),
            d.republish(1, &to("a", ONCE)),
            d.abandon(1)
        ),
        (4, Err(SendError::Busy), Err(SendError::Busy))
    );
    d.drain_events();
    assert_eq!(d.session.publish_chunk(b"1234", &mut d.tx), Ok(4));
    // Further packets follow its last byte.
    assert_eq!(d.drain_events(), [resend(3, TWICE)]);
    d.sends((b"1234", pubrel(2)));
    assert_eq!(d.republish(3, &to("c", TWICE)), Ok(()));
    d.sends(publish("c").qos2(3).dup().payload(b"!"));
}

/// If the connection is lost in the middle of such a message, it is requested again.
#[test]
fn a_message_lost_while_sent_again_is_requested_again() {
    let mut d = resumed();
    d.republish(1, &Publish::to("a").qos(ONCE).remaining(4))
        .unwrap();
    d.tx.clear();
    d.resumes(&[RESUMED, resend(1, ONCE)]);
    assert_eq!(d.session.payload_remaining(), 0);
    d.republish(1, &to("a", ONCE)).unwrap();
    d.sends(publish("a").qos1(1).dup().payload(b"!"));
    assert_eq!(d.drain_events(), [resend(3, TWICE)]);
}

/// Without room for PUBREL, the session waits for room, and nothing is written twice.
#[test]
fn pubrel_waits_for_room() {
    let mut d = resumed();
    d.abandon(1).unwrap();
    d.tx.commit(253);
    assert_eq!((d.drain_events(), d.drain_events()), (vec![], vec![]));
    assert_eq!(d.tx.bytes().len(), 253);
    d.tx.clear();
    assert_eq!(d.drain_events(), [resend(3, TWICE)]);
    d.sends(pubrel(2));
    d.tx.commit(250);
    assert_eq!(d.republish(3, &to("c", TWICE)), Err(SendError::Full));
    assert_eq!(d.drain_events(), []);
    d.tx.clear();
    assert_eq!(d.republish(3, &to("c", TWICE)), Ok(()));
}

/// In the middle of an incoming message no message is requested.
#[test]
fn messages_are_requested_between_incoming_packets() {
    let mut d = Dialogue::<2, 16>::open_kept();
    d.publish(&to("a", ONCE)).unwrap();
    d.publish(&to("b", ONCE)).unwrap();
    d.resumes(&[RESUMED, resend(1, ONCE)]);
    d.buffer(publish("t").qos2(5).payload(b"123456789").remaining(9));
    assert_eq!(
        d.next_event(),
        Some(message("t", b"123456789").remaining(9).qos2(5))
    );
    d.abandon(1).unwrap();
    assert_eq!(d.drain_events(), []);
    d.buffer((b"abcdefghi", publish("t")));
    assert_eq!(
        d.drain_events(),
        [payload(b"abcdefghi", 0), resend(2, ONCE), message("t", b"")]
    );
    d.sends(pubrec(5));
}

/// With no message in flight, none is requested, and commands need not wait.
#[test]
fn commands_need_not_wait_with_nothing_in_flight() {
    let mut d = Dialogue::<8>::open_kept();
    d.publish(&to("a", ONCE)).unwrap();
    d.receives(puback(1), &[acked(1)]);
    d.subscribe(&[("a", 0)]).unwrap();
    d.session.on_connection_lost();
    d.connect(&Connect::new("c").keep_session());
    d.tx.clear();
    d.buffer(connack().session_present());
    assert_eq!(
        (d.next_event(), d.next_event()),
        (Some(outcome_unknown(2)), Some(RESUMED))
    );
    assert_eq!(d.publish(&to("b", ONCE)), Ok(Some(id(3))));
}

/// The connection is lost again and again: each resumption requests exactly the messages that
/// remain, and each ends once.
#[test]
fn each_resumption_requests_exactly_the_unanswered_messages() {
    let mut d = Dialogue::<8>::open_kept();
    for number in 1..=8 {
        d.publish(&to("a", if number % 2 == 0 { TWICE } else { ONCE }))
            .unwrap();
    }
    d.tx.clear();
    let mut ended = vec![];
    for number in 1..=8 {
        d.session.on_connection_lost();
        d.connect(&Connect::new("c").keep_session().keep_alive(0));
        d.tx.clear();
        let mut emitted = d.feed(connack().session_present());
        assert_eq!(emitted.remove(0), RESUMED);
        // Messages with PUBREC are released; the first one without an answer is requested.
        let qos = if number % 2 == 0 { TWICE } else { ONCE };
        assert_eq!(emitted, [resend(number, qos)]);
        d.sends_nothing();
        d.republish(number, &to("a", qos)).unwrap();
        let (repeated, answer) = if qos == ONCE {
            (publish("a").qos1(number), puback(number))
        } else {
            (publish("a").qos2(number), pubrec(number))
        };
        d.sends(repeated.dup().payload(b"!"));
        for event in d.feed(answer) {
            match event {
                Emitted::Acked(id) => ended.push(id),
                Emitted::Received(id) => {
                    assert_eq!(d.feed(pubcomp(id)).first(), Some(&acked(id)))
                }
                Emitted::Resend(id, _) => assert_eq!(id, number + 1),
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(
        (ended, d.session.oldest_in_flight()),
        (vec![1, 3, 5, 7], None)
    );
}
