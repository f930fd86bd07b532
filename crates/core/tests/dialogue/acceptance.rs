//! A message is acknowledged only after the application has processed it (promise 6). Its
//! acceptance and the packet that acknowledges it are separate.
use crate::script::*;
use motemq::*;

const KEPT: Connect<'_> = Connect::new("c").keep_session().keep_alive(0);

/// Fills `tx`, so that it takes nothing more.
fn fill<const S: usize, const R: usize, const T: usize>(d: &mut Dialogue<S, R, T>) {
    let room = d.tx.room();
    d.tx.commit(room);
}

/// A message is accepted by the call after the one that returned it, and only then acknowledged.
#[test]
fn the_next_call_accepts_a_message() {
    let (packet, event) = (publish("t").payload(b"hi"), message("t", b"hi"));
    for (packet, event, reply) in [
        (packet.clone().qos1(5), event.clone().qos1(5), puback(5)),
        (packet.qos2(5), event.qos2(5), pubrec(5)),
    ] {
        let mut d = Dialogue::<2>::open();
        d.buffer(packet);
        assert_eq!(d.next_event(), Some(event));
        d.sends_nothing();
        assert_eq!(d.next_event(), None);
        d.sends(reply);
        assert_eq!(d.next_event(), None);
        d.sends_nothing();
    }
}

/// A message in pieces is accepted by the call after its last piece.
#[test]
fn the_call_after_the_last_piece_accepts_a_message() {
    let mut d = Dialogue::<2, 16>::open();
    d.buffer(publish("t").qos2(5).payload(b"123456789").remaining(9));
    assert_eq!(
        d.next_event(),
        Some(message("t", b"123456789").remaining(9).qos2(5))
    );
    assert_eq!(d.next_event(), None);
    d.buffer(b"abcdefgh");
    assert_eq!(
        (d.next_event(), d.next_event()),
        (Some(payload(b"abcdefgh", 1)), None)
    );
    d.sends_nothing();
    d.buffer(b"i");
    assert_eq!(d.next_event(), Some(payload(b"i", 0)));
    d.sends_nothing();
    assert_eq!(d.next_event(), None);
    d.sends(pubrec(5));
}

/// A skipped message is accepted by the call after its last byte, however late that byte arrives.
#[test]
fn a_skipped_message_is_accepted_at_its_end() {
    let mut d = Dialogue::<2, 16>::open();
    assert_eq!(
        d.feed(
            publish("abcdefghijklmnopqrst")
                .qos1(5)
                .payload(b"12")
                .remaining(1)
        ),
        [Emitted::Skipped(3)]
    );
    d.sends_nothing();
    d.buffer(b"3");
    assert_eq!(d.next_event(), None);
    d.sends(puback(5));
}

/// If the connection is lost before acceptance, the message is delivered again, with QoS 2 as well.
#[test]
fn a_message_is_delivered_again_if_the_connection_is_lost_before_acceptance() {
    let mut d = Dialogue::<2>::open_kept();
    d.buffer(publish("t").qos2(5).payload(b"hi"));
    assert_eq!(d.next_event(), Some(message("t", b"hi").qos2(5)));
    d.resumes(&[RESUMED]);
    d.sends_nothing();
    d.receives(
        publish("t").qos2(5).dup().payload(b"hi"),
        &[message("t", b"hi").qos2(5).dup()],
    );
    d.sends(pubrec(5));
    // The same holds in the middle of a long message.
    let mut d = Dialogue::<2, 16>::open_kept();
    d.buffer(publish("t").qos2(5).payload(b"123456789").remaining(9));
    d.drain_events();
    d.resumes(&[RESUMED]);
    d.receives(
        publish("t").qos2(5).dup().payload(b"hi"),
        &[message("t", b"hi").qos2(5).dup()],
    );
    d.sends(pubrec(5));
}

/// If the connection is lost after acceptance, a QoS 2 message is never delivered again, whether
/// PUBREC was written or not: it is only answered. A QoS 1 message may be delivered again.
#[test]
fn a_qos_2_message_is_delivered_once_if_the_connection_is_lost_after_acceptance() {
    for full in [false, true] {
        let mut d = Dialogue::<2>::open_kept();
        if full {
            fill(&mut d);
        }
        d.buffer(publish("t").qos2(5).payload(b"hi"));
        assert_eq!(
            (d.next_event(), d.next_event()),
            (Some(message("t", b"hi").qos2(5)), None)
        );
        d.resumes(&[RESUMED]);
        d.sends_nothing();
        d.receives(publish("t").qos2(5).dup().payload(b"hi"), &[]);
        d.sends(pubrec(5));
        d.receives(pubrel(5), &[]);
        d.sends(pubcomp(5));
        // The broker may use the identifier again.
        d.receives(
            publish("t").qos2(5).payload(b"ho"),
            &[message("t", b"ho").qos2(5)],
        );
    }
    let mut d = Dialogue::<2>::open_kept();
    d.receives(
        publish("t").qos1(5).payload(b"hi"),
        &[message("t", b"hi").qos1(5)],
    );
    d.resumes(&[RESUMED]);
    d.receives(
        publish("t").qos1(5).dup().payload(b"hi"),
        &[message("t", b"hi").qos1(5).dup()],
    );
}

/// The DUP flag does not decide about delivery: a message that was not accepted is delivered, and
/// an accepted one is not, whether the broker sets the flag or not.
#[test]
fn the_dup_flag_does_not_decide_about_delivery() {
    let mut d = Dialogue::<2>::open();
    d.receives(
        publish("t").qos2(5).dup(),
        &[message("t", b"").qos2(5).dup()],
    );
    d.receives(publish("t").qos2(5), &[]);
    d.receives(
        [publish("t").qos1(6).dup(), publish("t").qos1(6).dup()],
        &[
            message("t", b"").qos1(6).dup(),
            message("t", b"").qos1(6).dup(),
        ],
    );
    d.sends([pubrec(5), pubrec(5), puback(6), puback(6)]);
}

/// A repeated QoS 2 message that is longer than `rx` is not delivered.
#[test]
fn a_repeated_message_longer_than_rx_is_not_delivered() {
    let mut d = Dialogue::<2, 16>::open();
    let long = publish("t").qos2(5).payload(b"123456789abcdefghi");
    assert_eq!(
        joined(&d.feed(&long)),
        [message("t", b"123456789abcdefghi").qos2(5)]
    );
    d.receives(&long, &[]);
    d.receives(publish("abcdefghijklmnopqrst").qos2(5).payload(b"123"), &[]);
    d.sends([pubrec(5), pubrec(5), pubrec(5)]);
}

/// At most one reply is pending, and it leaves first when there is room: replies keep the order of
/// the packets that they answer.
#[test]
fn replies_leave_in_order() {
    let mut d = Dialogue::<4>::open();
    d.publish(&Publish::to("a").qos(QoS::ExactlyOnce)).unwrap();
    d.sends(publish("a").qos2(1));
    fill(&mut d);
    d.buffer([
        publish("t").qos1(5),
        publish("t").qos2(6),
        pubrel(7),
        pubrec(1),
        publish("t").qos1(8),
    ]);
    assert_eq!(d.drain_events(), [message("t", b"").qos1(5)]);
    for (reply, event) in [
        (puback(5), Some(message("t", b"").qos2(6))),
        (pubrec(6), None),
        (pubcomp(7), Some(received(1))),
        (pubrel(1), Some(message("t", b"").qos1(8))),
        (puback(8), None),
    ] {
        // Room for one more.
        d.tx.clear();
        d.tx.commit(252);
        assert_eq!(d.drain_events(), Vec::from_iter(event));
        assert_eq!(d.tx.bytes()[252..], reply.to_bytes());
        assert_eq!((d.drain_events(), d.tx.room()), (vec![], 0));
    }
}

/// A reply of four bytes is not begun in three bytes of room.
#[test]
fn half_a_reply_is_not_written() {
    for room in 0..4 {
        let mut d = Dialogue::<2>::open();
        d.tx.commit(256 - room);
        d.buffer([publish("t").qos1(5), publish("t")]);
        assert_eq!(d.drain_events(), [message("t", b"").qos1(5)]);
        assert_eq!((d.tx.room(), d.rx.bytes().len()), (room, 5));
        d.tx.consume(256);
        assert_eq!(d.drain_events(), [message("t", b"")]);
        d.sends(puback(5));
    }
}

/// `disconnect` writes the pending reply and DISCONNECT, or nothing and returns `Full`. The message
/// that was returned last counts as accepted.
#[test]
fn disconnect_accepts_the_message_returned_last() {
    let message = publish("t").payload(b"hi");
    for (message, is_qos2, reply) in [
        (
            message.clone().qos1(5),
            false,
            vec![puback(5), disconnect()],
        ),
        (message.clone().qos2(5), true, vec![pubrec(5), disconnect()]),
        (message, false, vec![disconnect()]),
    ] {
        let reply = reply.to_bytes();
        for room in 0..10 {
            let mut d = Dialogue::<2>::open_kept();
            d.buffer(&message);
            assert!(d.next_event().is_some());
            d.tx.commit(256 - room);
            if room < reply.len() {
                let before = (d.session.clone(), d.tx.clone());
                assert_eq!(d.disconnect(), Err(SendError::Full), "{room}");
                assert_eq!((&d.session, &d.tx), (&before.0, &before.1));
                d.tx.clear();
                assert_eq!(d.next_event(), None);
            } else {
                assert_eq!(
                    (d.disconnect(), &d.tx.bytes()[256 - room..]),
                    (Ok(()), &reply[..]),
                    "{room}"
                );
            }
            d.resumes(&[RESUMED]);
            if is_qos2 {
                d.receives(publish("t").qos2(5).dup().payload(b"hi"), &[]);
                d.sends(pubrec(5));
            }
        }
    }
}

/// PUBREL and PUBCOMP, too, are written before DISCONNECT.
#[test]
fn disconnect_writes_a_pending_pubrel() {
    let mut d = Dialogue::<2>::open();
    d.publish(&Publish::to("a").qos(QoS::ExactlyOnce)).unwrap();
    d.sends(publish("a").qos2(1));
    d.buffer(pubrec(1));
    assert_eq!(d.next_event(), Some(received(1)));
    d.disconnect().unwrap();
    d.sends([pubrel(1), disconnect()]);
}

/// In the middle of a message there is nothing to accept yet.
#[test]
fn disconnect_does_not_accept_an_incomplete_message() {
    let mut d = Dialogue::<2, 16>::open_kept();
    d.buffer(publish("t").qos2(5).payload(b"123456789").remaining(9));
    assert!(d.next_event().is_some());
    d.disconnect().unwrap();
    d.sends(disconnect());
    d.resumes(&[RESUMED]);
    d.receives(
        publish("t").qos2(5).dup().payload(b"hi"),
        &[message("t", b"hi").qos2(5).dup()],
    );
}

/// After DISCONNECT nothing is sent [MQTT-3.14.4-2], neither a reply nor PINGREQ nor a command, and
/// no event is emitted.
#[test]
fn nothing_is_sent_after_disconnect() {
    let mut d = Dialogue::<2>::new();
    d.connect(&Connect::new("c").keep_alive(10));
    d.tx.clear();
    d.receives(connack(), &[NEW]);
    assert!(d.tick(0).is_ok());
    d.buffer([publish("t").qos1(5), publish("t").qos1(6), pubrel(7)]);
    assert_eq!(d.next_event(), Some(message("t", b"").qos1(5)));
    d.disconnect().unwrap();
    d.sends([puback(5), disconnect()]);
    assert!(d.session.is_closed());
    d.buffer((publish("t").qos1(8), b"\xff\xff"));
    assert_eq!(
        (d.next_event(), d.tick(100_000), d.tick(200_000)),
        (None, Ok(None), Ok(None))
    );
    assert_eq!(d.publish(&Publish::to("t")), Err(SendError::Offline));
    assert_eq!(d.disconnect(), Err(SendError::Offline));
    d.sends_nothing();
}

/// Before CONNACK, `disconnect` sends nothing.
#[test]
fn disconnect_needs_a_connection() {
    let mut d = Dialogue::<2>::new();
    assert_eq!(d.disconnect(), Err(SendError::Offline));
    d.connect(&KEPT);
    d.tx.clear();
    assert_eq!(d.disconnect(), Err(SendError::Offline));
    assert!(!d.session.is_closed());
    d.receives(connack(), &[NEW]);
    assert_eq!(d.disconnect(), Ok(()));
}
