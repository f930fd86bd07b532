//! Manual acknowledgement when connections begin and end, and while the application takes its time.
use crate::script::{manual::ManualDialogue, *};
use motemq::*;

/// A token belongs to its connection: on another one the broker may have used its identifier again.
#[test]
fn tokens_of_an_earlier_connection_are_invalid() {
    let mut d = ManualDialogue::<4>::open();
    let (_, old) = d.feed([publish("t").qos1(1), publish("t").qos2(2)]);
    d.resumes();
    assert_eq!(
        (d.ack(old[0]), d.ack(old[1])),
        (Err(SendError::Invalid), Err(SendError::Invalid))
    );
    // Other messages have the same identifiers.
    let (emitted, new) = d.feed([publish("t").qos1(1), publish("t").qos2(2).dup()]);
    assert_eq!(
        emitted,
        [message("t", b"").qos1(1), message("t", b"").qos2(2).dup()]
    );
    assert_eq!(
        (d.ack(old[0]), d.ack(old[1])),
        (Err(SendError::Invalid), Err(SendError::Invalid))
    );
    assert_eq!(d.drain_events(), (vec![], vec![]));
    d.sends_nothing();
    d.acknowledge(new[0]);
    d.acknowledge(new[1]);
    d.sends([puback(1), pubrec(2)]);
}

/// Messages that were not acknowledged when the connection was lost are delivered again; QoS 2
/// messages that were acknowledged are not, whether PUBREC was written or not.
#[test]
fn unacknowledged_messages_are_delivered_again_on_the_next_connection() {
    for full in [false, true] {
        let mut d = ManualDialogue::<4>::open();
        let (_, tokens) = d.feed([
            publish("t").qos2(1),
            publish("t").qos2(2),
            publish("t").qos2(3),
        ]);
        if full {
            let room = d.tx.room();
            d.tx.commit(room);
        }
        // 3 is acknowledged, but has to wait for 2.
        d.acknowledge(tokens[0]);
        d.acknowledge(tokens[2]);
        d.resumes();
        let (emitted, again) = d.feed([
            publish("t").qos2(1).dup(),
            publish("t").qos2(2).dup(),
            publish("t").qos2(3).dup(),
        ]);
        assert_eq!(
            (emitted, again.len()),
            (vec![message("t", b"").qos2(2).dup()], 1)
        );
        // The answer to 3 does not overtake 2 here either.
        d.sends(pubrec(1));
        d.acknowledge(again[0]);
        d.sends([pubrec(2), pubrec(3)]);
        assert_eq!(d.feed([pubrel(3), pubrel(1), pubrel(2)]).0, []);
        d.sends([pubcomp(3), pubcomp(1), pubcomp(2)]);
    }
}

/// The next connection begins also if all places held pending acknowledgements when the last one
/// was lost.
#[test]
fn the_next_connection_begins_with_all_places_pending() {
    let mut d = ManualDialogue::<1>::open();
    let (_, old) = d.feed(publish("t").qos2(1));
    assert_eq!(old.len(), 1);
    d.resumes();
    let (emitted, tokens) = d.feed(publish("t").qos2(1).dup());
    assert_eq!(emitted, [message("t", b"").qos2(1).dup()]);
    d.acknowledge(tokens[0]);
    d.sends(pubrec(1));
    // With the acknowledgement allowed but not written, too.
    let mut d = ManualDialogue::<1>::open();
    let (_, tokens) = d.feed(publish("t").qos2(1));
    d.tx.commit(64);
    d.acknowledge(tokens[0]);
    d.resumes();
    d.sends_nothing();
    assert_eq!(d.feed(publish("t").qos2(1).dup()).0, []);
    d.sends(pubrec(1));
}

/// While a payload is streamed, nothing is acknowledged; afterwards everything is, in order.
#[test]
fn acknowledgements_wait_for_the_end_of_a_stream() {
    let mut d = ManualDialogue::<4>::open();
    d.publish(&Publish::to("a").remaining(2)).unwrap();
    d.tx.clear();
    let (emitted, tokens) = d.feed([publish("t").qos1(1), publish("t").qos2(2)]);
    assert_eq!(emitted.len(), 2);
    d.acknowledge(tokens[1]);
    d.acknowledge(tokens[0]);
    d.sends_nothing();
    d.publish_chunk(b"!!").unwrap();
    assert_eq!(d.drain_events().0, []);
    d.sends((b"!!", [puback(1), pubrec(2)]));
}

/// `disconnect` writes the acknowledgements that are due, none of those that are not, and
/// DISCONNECT.
#[test]
fn disconnect_writes_the_acknowledgements_that_are_due() {
    let mut d = ManualDialogue::<4>::open();
    let (_, tokens) = d.feed([
        publish("t").qos2(1),
        publish("t").qos2(2),
        publish("t").qos2(3),
    ]);
    d.ack(tokens[0]).unwrap();
    d.ack(tokens[2]).unwrap();
    assert_eq!(d.disconnect(), Ok(()));
    d.sends([pubrec(1), disconnect()]);
    assert!(d.session.is_closed());
    assert_eq!(d.drain_events(), (vec![], vec![]));
    d.sends_nothing();
    // 1 and 3 were accepted, 2 was not.
    d.resumes();
    assert_eq!(
        d.feed([publish("t").qos2(2).dup(), publish("t").qos2(3).dup()])
            .0,
        [message("t", b"").qos2(2).dup()]
    );
    // Without room it is `Full`, and the connection goes on.
    d.tx.commit(63);
    assert_eq!(d.disconnect(), Err(SendError::Full));
    assert!(!d.session.is_closed());
}

/// A reply that waits for room or for the end of a stream is written before DISCONNECT.
#[test]
fn disconnect_writes_a_pending_reply_first() {
    let mut d = ManualDialogue::<4>::open();
    d.tx.commit(62);
    assert_eq!(d.feed(pubrel(9)).0, []);
    assert_eq!(d.disconnect(), Err(SendError::Full));
    d.tx.clear();
    d.publish(&Publish::to("a").remaining(2)).unwrap();
    assert_eq!(d.disconnect(), Err(SendError::Busy));
    d.publish_chunk(b"!!").unwrap();
    d.tx.clear();
    assert_eq!(d.disconnect(), Ok(()));
    d.sends([pubcomp(9), disconnect()]);
}

/// A connection that is alive stays open while all places are pending: PINGRESP waits in `rx` with
/// everything else.
#[test]
fn a_slow_application_does_not_end_the_connection() {
    let mut d = ManualDialogue::<1>::open();
    d.connect(&Connect::new("c").keep_session().keep_alive(8).timeout(2));
    d.tx.clear();
    assert_eq!(d.feed(connack().session_present()).0, [RESUMED]);
    let (_, tokens) = d.feed(publish("t").qos1(1));
    let mut pings = 0;
    for ms in (0..120_000).step_by(500) {
        assert!(d.tick(ms).is_ok(), "{ms}");
        if d.tx.bytes() == pingreq().to_bytes() {
            d.tx.clear();
            d.buffer(pingresp());
            pings += 1;
        }
        assert_eq!(d.drain_events().0, []);
    }
    assert!(pings >= 15);
    d.acknowledge(tokens[0]);
    d.sends(puback(1));
    assert!(d.tick(120_000).is_ok());
}

/// A broker that sends nothing is found dead also while acknowledgements are pending, while half a
/// packet has arrived, and while all slots are taken.
#[test]
fn a_dead_broker_is_found_while_acknowledgements_are_pending() {
    for (begins, acks) in [
        (publish("t").qos1(1).to_bytes(), false),
        ((publish("t").qos1(1), b"\x32\x05\0").to_bytes(), false),
        (publish("t").qos2(1).to_bytes(), true),
    ] {
        let mut d = ManualDialogue::<4, 1>::open();
        d.connect(&Connect::new("c").keep_session().keep_alive(8).timeout(2));
        d.tx.clear();
        assert_eq!(d.feed(connack().session_present()).0, [RESUMED]);
        let (_, tokens) = d.feed(&begins);
        if acks {
            // Its slot stays taken until PUBREL arrives.
            d.acknowledge(tokens[0]);
            d.tx.clear();
        }
        let found = (0..60_000).step_by(500).find(|ms| {
            let dead = d.tick(*ms) == Err(Fault::Timeout);
            d.tx.clear();
            assert_eq!(d.drain_events().0, []);
            dead
        });
        assert!(
            found.is_some_and(|ms| ms <= 10_000),
            "{begins:?}: {found:?}"
        );
    }
}

/// Packets that are written through `ManualAcks` postpone a PINGREQ as others do.
#[test]
fn acknowledgements_postpone_a_pingreq() {
    let mut d = ManualDialogue::<4>::open();
    d.connect(&Connect::new("c").keep_session().keep_alive(8));
    d.tx.clear();
    assert_eq!(d.feed(connack().session_present()).0, [RESUMED]);
    assert_eq!(d.tick(0), Ok(Some(6000)));
    let (_, tokens) = d.feed(publish("t").qos1(1));
    assert_eq!(d.tick(1000), Ok(Some(5000)));
    d.acknowledge(tokens[0]);
    // From now on, the last bytes received are older than the last bytes sent.
    assert_eq!(d.tick(2000), Ok(Some(5000)));
    assert_eq!(d.feed(pubrel(9)).0, []);
    assert_eq!(d.tick(3000), Ok(Some(6000)));
    d.sends([puback(1), pubcomp(9)]);
}

/// A message that was acknowledged is in a snapshot that is taken directly afterwards, before the
/// next event: on the next connection it is not delivered again.
#[test]
fn an_acknowledged_message_is_in_the_snapshot() {
    let mut d = ManualDialogue::<4>::open();
    let (_, tokens) = d.feed(publish("t").qos2(5));
    let mut image = [0; Session::<[Slot; 8]>::IMAGE];
    d.session.save(&mut image).unwrap();
    let before = image;
    assert_eq!(d.ack(tokens[0]), Ok(()));
    d.session.save(&mut image).unwrap();
    for (image, is_delivered_again) in [(before, true), (image, false)] {
        let mut d = ManualDialogue::<4>::open();
        d.session.restore(&image).unwrap();
        d.resumes();
        let (emitted, tokens) = d.feed(publish("t").qos2(5).dup());
        assert_eq!(
            (emitted.len(), tokens.len()),
            if is_delivered_again { (1, 1) } else { (0, 0) }
        );
        if !is_delivered_again {
            d.sends(pubrec(5));
        }
    }
}

/// `Connected` is emitted also if the connection was lost behind a message that had arrived twice
/// on it.
#[test]
fn connected_is_reported_after_a_repeated_message() {
    let mut d = ManualDialogue::<4>::open();
    let (emitted, tokens) = d.feed([
        publish("t").qos1(5).payload(b"hi"),
        publish("t").qos1(5).dup().payload(b"hi"),
    ]);
    assert_eq!(
        (emitted, tokens.len()),
        (vec![message("t", b"hi").qos1(5)], 1)
    );
    d.resumes();
}

/// `disconnect` waits for room for the acknowledgements that are allowed.
#[test]
fn disconnect_does_not_leave_allowed_acknowledgements_behind() {
    let mut session = Session::<[Slot; 4]>::new();
    let mut acks = ManualAcks::<[PendingAck; 4]>::new();
    let (mut rx, mut tx) = (Buffer::<[u8; 64]>::new(), Buffer::<[u8; 32]>::new());
    session
        .connect(&Connect::new("c"), &mut rx, &mut tx)
        .unwrap();
    tx.clear();
    let bytes = b"\x20\x02\0\0\x32\x05\0\x01t\0\x05";
    rx.space()[..bytes.len()].copy_from_slice(bytes);
    rx.commit(bytes.len());
    let mut token = None;
    while let Some((_, with)) = acks.next_event(&mut session, &mut rx, &mut tx).unwrap() {
        token = token.or(with);
    }
    session
        .publish(&Publish::to("t").payload(&[b'.'; 21]), &mut tx)
        .unwrap();
    tx.space();
    acks.ack(&mut session, token.unwrap()).unwrap();
    while tx.room() >= 4 {
        tx.commit(1);
    }
    assert_eq!(acks.disconnect(&mut session, &mut tx), Err(SendError::Full));
    tx.clear();
    assert_eq!(acks.disconnect(&mut session, &mut tx), Ok(()));
    assert_eq!(tx.bytes(), b"\x40\x02\0\x05\xe0\0");
}

/// While a payload is streamed nothing can be acknowledged, and nothing is read. What arrives
/// meanwhile is a sign of life all the same.
#[test]
fn what_arrives_during_a_stream_is_a_sign_of_life() {
    let mut session = Session::<[Slot; 4]>::new();
    let mut acks = ManualAcks::<[PendingAck; 4]>::new();
    let (mut rx, mut tx) = (Buffer::<[u8; 64]>::new(), Buffer::<[u8; 64]>::new());
    let connect = Connect::new("c").keep_alive(10).timeout(5);
    session.connect(&connect, &mut rx, &mut tx).unwrap();
    tx.clear();
    let arrive = |rx: &mut Buffer, bytes: &[u8]| {
        rx.space()[..bytes.len()].copy_from_slice(bytes);
        rx.commit(bytes.len());
    };
    arrive(&mut rx, b"\x20\x02\0\0");
    assert!(
        acks.next_event(&mut session, &mut rx, &mut tx)
            .unwrap()
            .is_some()
    );
    session.tick(0, &mut tx).unwrap();
    session.tick(7500, &mut tx).unwrap();
    session
        .publish(&Publish::to("t").remaining(5), &mut tx)
        .unwrap();
    tx.clear();
    arrive(&mut rx, b"\x62\x02\0\x01");
    for second in 8..40 {
        assert_eq!(acks.next_event(&mut session, &mut rx, &mut tx), Ok(None));
        assert!(session.tick(second * 1000, &mut tx).is_ok(), "{second}");
        arrive(&mut rx, b"\x30");
    }
}
