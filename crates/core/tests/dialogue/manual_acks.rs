//! Manual acknowledgement: the application acknowledges in any order, and the packets leave in the
//! order of arrival.
use crate::script::{manual::ManualDialogue, *};
use motemq::*;

/// In whatever order the application acknowledges messages, the packets leave in the order of
/// arrival [MQTT-4.6.0-2] [MQTT-4.6.0-3].
#[test]
fn acknowledgements_leave_in_the_order_of_arrival() {
    let messages = [
        publish("t").qos1(1),
        publish("t").qos2(2),
        publish("t").qos2(3),
        publish("t").qos1(4),
    ];
    let replies = [puback(1), pubrec(2), pubrec(3), puback(4)];
    for order in 0..256usize {
        let order = [order & 3, order >> 2 & 3, order >> 4 & 3, order >> 6];
        if (0..4).any(|at| order[..at].contains(&order[at])) {
            continue;
        }
        let mut d = ManualDialogue::<4>::open();
        let (emitted, tokens) = d.feed(&messages);
        assert_eq!((emitted.len(), tokens.len()), (4, 4));
        d.sends_nothing();
        let (mut acknowledged, mut written) = ([false; 4], 0);
        for one in order {
            d.acknowledge(tokens[one]);
            assert_eq!(d.ack(tokens[one]), Err(SendError::Invalid));
            acknowledged[one] = true;
            let ready = acknowledged.iter().take_while(|&&ready| ready).count();
            d.sends(&replies[written..ready]);
            written = ready;
        }
    }
}

/// A token comes with the last piece of a message, and only with QoS 1 and 2.
#[test]
fn tokens_come_with_the_last_piece() {
    let mut d = ManualDialogue::<4>::open();
    assert_eq!(d.feed(publish("t")).1, []);
    let long = publish("t").qos1(5).payload(&[b'x'; 123]).to_bytes();
    let (emitted, tokens) = d.feed(&long[..130]);
    assert_eq!((emitted.len(), tokens.len()), (3, 0));
    let (emitted, tokens) = d.feed(&long[130..]);
    assert_eq!((emitted, tokens.len()), (vec![payload(b"x", 0)], 1));
    d.sends_nothing();
    d.acknowledge(tokens[0]);
    d.sends(puback(5));
}

/// Reading stops while all places hold pending acknowledgements, and continues when one is free.
#[test]
fn reading_stops_while_all_places_are_pending() {
    let mut d = ManualDialogue::<2>::open();
    let stream = [
        publish("t").qos1(1),
        publish("t").qos2(2),
        publish("t").qos1(3),
        publish("t").qos1(4),
    ];
    let (emitted, tokens) = d.feed(stream);
    assert_eq!(
        emitted,
        [message("t", b"").qos1(1), message("t", b"").qos2(2)]
    );
    assert_eq!(
        (d.drain_events(), d.rx.bytes().len()),
        ((vec![], vec![]), 14)
    );
    d.acknowledge(tokens[1]);
    assert_eq!(d.rx.bytes().len(), 14);
    assert_eq!(d.ack(tokens[0]), Ok(()));
    let (emitted, tokens) = d.drain_events();
    assert_eq!(
        emitted,
        [message("t", b"").qos1(3), message("t", b"").qos1(4)]
    );
    d.sends([puback(1), pubrec(2)]);
    // Without room, acknowledgements stay pending, and their places taken.
    d.tx.commit(62);
    for token in tokens {
        d.acknowledge(token);
    }
    assert_eq!(d.feed(publish("t").qos1(5)).0, []);
    d.tx.clear();
    assert_eq!(d.drain_events().0, [message("t", b"").qos1(5)]);
    d.sends([puback(3), puback(4)]);
}

/// A message that is repeated on the same connection before it was acknowledged, however often, is
/// delivered once and acknowledged once; after that it is answered.
#[test]
fn a_message_repeated_before_its_acknowledgement_is_delivered_once() {
    for (publish, reply, is_emitted_again) in [
        (publish("t").qos1(1), puback(1), true),
        (publish("t").qos2(1), pubrec(1), false),
    ] {
        let mut d = ManualDialogue::<4>::open();
        let again = [(); 3].map(|()| publish.clone().dup());
        let (emitted, tokens) = d.feed((&publish, again));
        assert_eq!((emitted.len(), tokens.len()), (1, 1));
        d.acknowledge(tokens[0]);
        d.sends(reply);
        let (emitted, _) = d.feed(publish.dup());
        assert_eq!(emitted.len(), if is_emitted_again { 1 } else { 0 });
    }
}

/// A broker that sends a message again says so with DUP. Without DUP it has forgotten that the
/// identifier is taken: the message is another one, and both are acknowledged.
#[test]
fn without_dup_a_pending_identifier_stands_for_another_message() {
    let mut d = ManualDialogue::<4>::open();
    let (emitted, tokens) = d.feed([
        publish("t").qos1(7).payload(b"a"),
        publish("t").qos1(7).payload(b"b"),
        publish("t").qos1(7).payload(b"b").dup(),
    ]);
    assert_eq!(
        emitted,
        [message("t", b"a").qos1(7), message("t", b"b").qos1(7)]
    );
    d.acknowledge(tokens[0]);
    d.sends(puback(7));
    d.acknowledge(tokens[1]);
    d.sends(puback(7));
    assert_eq!(d.ack(tokens[1]), Err(SendError::Invalid));
}

/// A repetition is found among identifiers that do not ascend, and no other message is taken for
/// one.
#[test]
fn a_repetition_is_found_in_any_order_of_identifiers() {
    let mut d = ManualDialogue::<8>::open();
    let sent = [9, 8, 7, 3].map(|id| publish("t").qos1(id));
    assert_eq!(d.feed(&sent).0.len(), 4);
    for again in sent {
        assert_eq!(d.feed(again.dup()).0, []);
    }
    let (emitted, _) = d.feed(publish("t").qos1(5).dup());
    assert_eq!(emitted, [message("t", b"").qos1(5).dup()]);
    // Each of two identifiers stands for two messages that await their acknowledgements.
    let mut d = ManualDialogue::<8>::open();
    assert_eq!(
        d.feed([7, 7, 8, 8].map(|id| publish("t").qos1(id))).0.len(),
        4
    );
    assert_eq!(d.feed(publish("t").qos1(7).dup()).0, []);
}

/// Messages under one identifier are kept apart by their QoS, in whatever order they arrive: a
/// repetition is of one that is pending and has the same QoS.
#[test]
fn repetitions_are_told_apart_by_their_qos() {
    for order in 0..256 {
        let mut d = ManualDialogue::<4>::open();
        let (mut replies, mut tokens) = (vec![], vec![]);
        for kind in [order, order >> 2, order >> 4, order >> 6] {
            let (is_qos_2, is_dup) = (kind & 1 != 0, kind & 2 != 0);
            let (packet, reply) = if is_qos_2 {
                (publish("t").qos2(7), pubrec(7).to_bytes())
            } else {
                (publish("t").qos1(7), puback(7).to_bytes())
            };
            let packet = if is_dup { packet.dup() } else { packet };
            let is_repeated = (is_qos_2 || is_dup) && replies.contains(&reply);
            let (emitted, more) = d.feed(packet);
            assert_eq!(emitted.len(), usize::from(!is_repeated), "order {order:#x}");
            assert_eq!(emitted.len(), more.len(), "order {order:#x}");
            tokens.extend(more);
            replies.extend((!is_repeated).then_some(reply));
        }
        tokens.into_iter().for_each(|token| d.acknowledge(token));
        d.sends(&replies.concat()[..]);
    }
}

/// Brokers need not count: identifiers may have gaps, decrease and start again.
#[test]
fn identifiers_in_any_order() {
    for ids in [[5, 7, 8, 9], [5, 6, 8, 7], [9, 8, 7, 6], [254, 255, 1, 2]] {
        let mut d = ManualDialogue::<4>::open();
        let (emitted, tokens) = d.feed(ids.map(|id| publish("t").qos1(id)));
        assert_eq!(emitted, ids.map(|id| message("t", b"").qos1(id)));
        for token in tokens[1..].iter().rev() {
            d.acknowledge(*token);
            d.sends_nothing();
        }
        d.acknowledge(tokens[0]);
        d.sends(ids.map(puback));
    }
}

/// The acknowledgement of a skipped message keeps its place in the order, too.
#[test]
fn skipped_messages_are_acknowledged_in_order() {
    let mut d = ManualDialogue::<4>::open();
    let skipped = publish(&"x".repeat(70)).qos2(2).payload(b"!!");
    let (emitted, tokens) = d.feed([publish("t").qos1(1), skipped, publish("t").qos1(3)]);
    assert_eq!(
        emitted,
        [
            message("t", b"").qos1(1),
            Emitted::Skipped(2),
            message("t", b"").qos1(3)
        ]
    );
    assert_eq!(tokens.len(), 2);
    d.acknowledge(tokens[1]);
    d.sends_nothing();
    d.acknowledge(tokens[0]);
    d.sends([puback(1), pubrec(2), puback(3)]);
}

/// A message that was skipped and is not acknowledged yet is not delivered when it is repeated,
/// even if it fits then.
#[test]
fn a_skipped_message_that_is_repeated_is_not_delivered() {
    let mut d = ManualDialogue::<4>::open();
    let skipped = publish(&"x".repeat(70)).qos1(2);
    let (emitted, tokens) = d.feed([
        publish("t").qos1(1),
        skipped.clone(),
        skipped,
        publish("t").qos1(2).dup(),
    ]);
    assert_eq!(
        emitted,
        [
            message("t", b"").qos1(1),
            Emitted::Skipped(0),
            Emitted::Skipped(0)
        ]
    );
    d.acknowledge(tokens[0]);
    d.sends([puback(1), puback(2), puback(2)]);
}

/// A skipped QoS 2 message is accepted: after its PUBREC it is neither skipped nor delivered again.
#[test]
fn a_skipped_qos_2_message_is_accepted() {
    let mut d = ManualDialogue::<4>::open();
    let skipped = publish(&"x".repeat(70)).qos2(2);
    assert_eq!(d.feed(skipped).0, [Emitted::Skipped(0)]);
    d.sends(pubrec(2));
    assert_eq!(d.session.unreleased().collect::<Vec<_>>(), [id(2)]);
    assert_eq!(d.feed(publish("t").qos2(2).dup()).0, []);
    d.sends(pubrec(2));
}

/// A skipped message takes a place, too: behind the last place nothing is read, and no token is
/// returned for which there is none.
#[test]
fn a_skipped_message_takes_the_last_place() {
    let mut d = ManualDialogue::<3>::open();
    let skipped = publish(&"x".repeat(70)).qos1(3);
    let (emitted, tokens) = d.feed([
        publish("t").qos2(1),
        publish("t").qos2(2),
        skipped,
        publish("t").qos2(4),
    ]);
    assert_eq!(
        emitted,
        [
            message("t", b"").qos2(1),
            message("t", b"").qos2(2),
            Emitted::Skipped(0)
        ]
    );
    assert_eq!(d.ack(tokens[0]), Ok(()));
    let (emitted, more) = d.drain_events();
    assert_eq!(emitted, [message("t", b"").qos2(4)]);
    d.sends(pubrec(1));
    d.acknowledge(more[0]);
    d.sends_nothing();
    d.acknowledge(tokens[1]);
    d.sends([pubrec(2), puback(3), pubrec(4)]);
}

/// All other packets pass pending acknowledgements: answers to messages of the client, QoS 0,
/// PUBREL, and messages sent again.
#[test]
fn other_packets_pass_pending_acknowledgements() {
    let mut d = ManualDialogue::<4>::open();
    d.publish(&Publish::to("a").qos(QoS::ExactlyOnce)).unwrap();
    d.publish(&Publish::to("a").qos(QoS::AtLeastOnce)).unwrap();
    d.tx.clear();
    let (emitted, tokens) = d.feed([
        publish("t").qos1(1),
        pubrec(1),
        pubrel(9),
        pubcomp(1),
        publish("t"),
        pingresp(),
    ]);
    assert_eq!(
        emitted,
        [
            message("t", b"").qos1(1),
            received(1),
            acked(1),
            message("t", b"")
        ]
    );
    d.sends([pubrel(1), pubcomp(9)]);
    d.acknowledge(tokens[0]);
    d.sends(puback(1));
    d.session.on_connection_lost();
    d.connect(&Connect::new("c").keep_session());
    d.tx.clear();
    assert_eq!(
        d.feed(connack().session_present()).0,
        [RESUMED, resend(2, QoS::AtLeastOnce)]
    );
    d.republish(2, &Publish::to("a").qos(QoS::AtLeastOnce))
        .unwrap();
    assert_eq!(d.feed(puback(2)).0, [acked(2)]);
}

/// No more QoS 2 messages are delivered than can be accepted: each has its slot when it is
/// acknowledged.
#[test]
fn every_qos_2_message_delivered_can_be_accepted() {
    let mut d = ManualDialogue::<8, 2>::open();
    let stream = [1, 2, 3, 4].map(|id| publish("t").qos2(id));
    let (emitted, tokens) = d.feed(&stream);
    assert!(emitted.len() <= 2, "{emitted:?}");
    let mut done = tokens.len();
    for token in tokens {
        assert_eq!(d.ack(token), Ok(()));
    }
    let (emitted, tokens) = d.drain_events();
    done += emitted.len();
    for token in tokens {
        assert_eq!(d.ack(token), Ok(()));
    }
    assert_eq!((d.drain_events().0, done), (vec![], 2));
    // Both are held; the third is too many once their PUBRECs have left.
    d.sends([pubrec(1), pubrec(2)]);
    assert_eq!(d.drain_events().0, [fault(Fault::TooManyQos2)]);
    d.resumes();
    assert_eq!(
        d.feed([publish("t").qos2(1).dup(), publish("t").qos2(2).dup()])
            .0,
        []
    );
    d.sends([pubrec(1), pubrec(2)]);
}

/// With all slots taken, pending acknowledgements go first, since the broker may wait for them.
/// Otherwise the next connection would end in the same way.
#[test]
fn with_all_slots_taken_pending_acknowledgements_go_first() {
    let mut d = ManualDialogue::<4, 1>::open();
    let (emitted, tokens) = d.feed(publish("t").qos2(1));
    assert_eq!(emitted, [message("t", b"").qos2(1)]);
    d.acknowledge(tokens[0]);
    d.sends(pubrec(1));
    d.connect(&Connect::new("c").keep_session().keep_alive(8).timeout(2));
    d.tx.clear();
    assert_eq!(d.feed(connack().session_present()).0, [RESUMED]);
    // The broker has not seen PUBREC: it repeats message 1 behind one of QoS 1, and sends another.
    let (emitted, tokens) = d.feed([
        publish("t").qos1(2),
        publish("t").qos2(1).dup(),
        publish("t").qos2(3),
    ]);
    assert_eq!(emitted, [message("t", b"").qos1(2)]);
    // The application takes its time. PINGRESP waits behind message 3.
    for ms in (0..60_000).step_by(500) {
        assert!(d.tick(ms).is_ok(), "{ms}");
        d.tx.clear();
        assert_eq!(d.drain_events().0, []);
    }
    d.acknowledge(tokens[0]);
    d.sends([puback(2), pubrec(1)]);
    let (emitted, tokens) = d.feed(pubrel(1));
    assert_eq!(
        (emitted, tokens.len()),
        (vec![fault(Fault::TooManyQos2)], 0)
    );
}

/// With a profile that delivers them, messages under an identifier that PUBREL has not released are
/// delivered and marked, through `ManualAcks` as well, and each is acknowledged.
#[test]
fn repeated_messages_are_delivered_if_the_profile_wishes() {
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
    struct Careful;
    impl Profile for Careful {
        const DELIVERS_REPEATED: bool = true;
    }
    let mut session = Session::<[Slot; 4], Mqtt311<Careful>>::with_protocol();
    let mut acks = ManualAcks::<[PendingAck; 4]>::new();
    let (mut rx, mut tx) = (Buffer::<[u8; 64]>::new(), Buffer::<[u8; 64]>::new());
    session
        .connect(&Connect::new("c").keep_session(), &mut rx, &mut tx)
        .unwrap();
    tx.clear();
    // Twice before it is acknowledged, once after, and once after PUBREL.
    let mut marks = vec![];
    let message = |payload| publish("t").qos2(5).payload(payload);
    let steps = [
        (vec![connack()], false),
        (vec![message(b"a"), message(b"b")], true),
        (vec![message(b"c").dup()], true),
        (vec![pubrel(5)], false),
        (vec![message(b"d")], true),
        // With QoS 1 a repetition is no other message.
        (
            vec![
                publish("t").qos1(9).payload(b"e"),
                publish("t").qos1(9).payload(b"e").dup(),
            ],
            false,
        ),
    ];
    for (packets, acknowledges) in steps {
        let bytes = packets.to_bytes();
        rx.space()[..bytes.len()].copy_from_slice(&bytes);
        rx.commit(bytes.len());
        let mut tokens = vec![];
        while let Some((event, token)) = acks.next_event(&mut session, &mut rx, &mut tx).unwrap() {
            if let Event::Message(m) = event {
                marks.push((m.payload[0], m.is_repeated(), m.dup()));
            }
            tokens.extend(token);
        }
        for &token in &tokens {
            acks.ack(&mut session, token).unwrap();
        }
        assert_eq!(acks.next_event(&mut session, &mut rx, &mut tx), Ok(None));
        if acknowledges {
            assert_eq!(tx.bytes(), vec![pubrec(5); tokens.len()].to_bytes());
        }
        tx.clear();
    }
    assert_eq!(
        marks,
        [
            (b'a', false, false),
            (b'b', true, false),
            (b'c', true, true),
            (b'd', false, false),
            (b'e', false, false)
        ]
    );
}

/// A token converts to a number and back.
#[test]
fn tokens_convert_to_numbers_and_back() {
    let mut d = ManualDialogue::<4>::open();
    let (_, tokens) = d.feed(publish("t").qos1(7));
    let number = u32::from(tokens[0]);
    assert_ne!(number, 0);
    assert_eq!(AckToken::try_from(number), Ok(tokens[0]));
    for none in [0, 0x1_0000, 0xffff_0000] {
        assert_eq!(AckToken::try_from(none), Err(none));
    }
    d.acknowledge(AckToken::try_from(number).unwrap());
}
