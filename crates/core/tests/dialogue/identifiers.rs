//! Packet identifiers: a ring of slots for outgoing packets, and a table in the same slots for
//! incoming QoS 2 messages.
use crate::script::*;
use motemq::*;

const ONCE: Publish<'_> = Publish::to("a").qos(QoS::AtLeastOnce);
const TWICE: Publish<'_> = Publish::to("a").qos(QoS::ExactlyOnce);
const KEPT: Connect<'_> = Connect::new("c").keep_session().keep_alive(0);

/// All of a ring is handed out, then it is `Busy`; an identifier is free again when the oldest is.
fn ring<const N: usize>() {
    let mut d = Dialogue::<N>::open();
    assert_eq!(d.session.oldest_in_flight(), None);
    for number in 1..=N {
        assert_eq!(d.publish(&ONCE).unwrap().unwrap().get() as usize, number);
        assert_eq!(d.tx.bytes()[5..], [(number >> 8) as u8, number as u8]);
        d.tx.clear();
    }
    assert_eq!(d.session.oldest_in_flight(), Some(id(1)));
    assert_eq!(d.publish(&ONCE), Err(SendError::Busy));
    // An answer to another packet than the oldest frees nothing.
    if N > 2 {
        d.receives(puback(2), &[acked(2)]);
        assert_eq!(
            (d.publish(&TWICE), d.session.oldest_in_flight()),
            (Err(SendError::Busy), Some(id(1)))
        );
        assert_eq!(d.unsubscribe(&["a"]), Err(SendError::Busy));
        assert_eq!(d.publish(&Publish::to("a")), Ok(None));
        d.tx.clear();
    }
    // Twice round the ring.
    for round in 0..2 {
        for number in 1..=N {
            if N <= 2 || number != 2 || round != 0 {
                d.receives(puback(number as u16), &[acked(number as u16)]);
            }
            assert_eq!(d.publish(&ONCE), Ok(Some(id(number as u16))));
            let oldest = if number == N { 1 } else { number + 1 };
            let oldest = if oldest == 2 && N > 2 && round == 0 {
                3
            } else {
                oldest
            };
            assert_eq!(
                d.session.oldest_in_flight(),
                Some(id(oldest as u16)),
                "{N} slots, {number}"
            );
            d.tx.clear();
        }
    }
}

/// All identifiers of a ring are handed out, then commands are `Busy`; an identifier is free again
/// when the oldest one is.
#[test]
fn identifiers_go_round_a_ring() {
    ring::<1>();
    ring::<2>();
    ring::<3>();
    ring::<8>();
    ring::<255>();
    ring::<256>();
    ring::<1000>();
}

/// A session with 65,535 slots uses all identifiers.
#[test]
fn all_65535_identifiers_are_used() {
    std::thread::Builder::new()
        .stack_size(64 << 20)
        .spawn(|| {
            let mut d = Dialogue::<65_535>::open();
            for number in 1..=65_535 {
                assert_eq!(d.publish(&ONCE), Ok(Some(id(number))));
                d.tx.clear();
            }
            assert_eq!(d.publish(&ONCE), Err(SendError::Busy));
            assert_eq!(d.feed(puback(65_535)), [acked(65_535)]);
            assert_eq!(
                (d.publish(&ONCE), d.session.oldest_in_flight()),
                (Err(SendError::Busy), Some(id(1)))
            );
            assert_eq!(d.feed(puback(1)), [acked(1)]);
            assert_eq!(
                (d.publish(&ONCE), d.session.oldest_in_flight()),
                (Ok(Some(id(1))), Some(id(2)))
            );
        })
        .unwrap()
        .join()
        .unwrap();
}

/// PUBLISH, SUBSCRIBE and UNSUBSCRIBE share the identifiers; QoS 0 takes none.
#[test]
fn outgoing_packets_share_the_identifiers() {
    let mut d = Dialogue::<4>::open();
    assert_eq!(d.publish(&TWICE), Ok(Some(id(1))));
    assert_eq!(d.subscribe(&[("a", 1)]), Ok(id(2)));
    assert_eq!(d.publish(&Publish::to("a")), Ok(None));
    assert_eq!(d.unsubscribe(&["a"]), Ok(id(3)));
    assert_eq!(d.publish(&ONCE), Ok(Some(id(4))));
    d.sends([
        publish("a").qos2(1),
        subscribe(2, &[("a", 1)]),
        publish("a"),
        unsubscribe(3, &["a"]),
        publish("a").qos1(4),
    ]);
    assert_eq!(d.subscribe(&[("a", 1)]), Err(SendError::Busy));
    d.receives(
        [puback(4), unsuback(3), suback(2, &[1]), pubrec(1)],
        &[acked(4), acked(3), subscribed(2, &[1]), received(1)],
    );
    assert_eq!(
        (d.subscribe(&[("a", 1)]), d.session.oldest_in_flight()),
        (Err(SendError::Busy), Some(id(1)))
    );
    d.receives(pubcomp(1), &[acked(1)]);
    assert_eq!(
        (d.subscribe(&[("a", 1)]), d.session.oldest_in_flight()),
        (Ok(id(1)), Some(id(1)))
    );
}

/// Every identifier ends exactly once (promise 7): a second answer to it is ignored.
#[test]
fn an_identifier_ends_once() {
    let mut d = Dialogue::<4>::open();
    d.publish(&ONCE).unwrap();
    d.publish(&TWICE).unwrap();
    d.subscribe(&[("a", 0)]).unwrap();
    d.tx.clear();
    d.receives([puback(1), puback(1)], &[acked(1)]);
    d.receives([pubrec(2), pubrec(2)], &[received(2)]);
    d.sends([pubrel(2), pubrel(2)]);
    d.receives([pubcomp(2), pubcomp(2)], &[acked(2)]);
    d.receives(
        [suback(3, &[0x80]), suback(3, &[0x80])],
        &[subscribed(3, &[0x80])],
    );
    d.sends_nothing();
}

/// The identifiers of incoming QoS 2 messages are chosen by the broker; they may have any value,
/// also one that the client uses.
#[test]
fn incoming_identifiers_are_independent_of_outgoing_ones() {
    let mut d = Dialogue::<2>::open();
    d.publish(&TWICE).unwrap();
    d.publish(&ONCE).unwrap();
    d.tx.clear();
    d.receives(
        [publish("t").qos2(1), publish("t").qos2(65535)],
        &[message("t", b"").qos2(1), message("t", b"").qos2(65_535)],
    );
    d.sends([pubrec(1), pubrec(65535)]);
    assert_eq!(d.publish(&ONCE), Err(SendError::Busy));
    d.receives([pubrec(1), pubrel(1), pubcomp(1)], &[received(1), acked(1)]);
    d.sends([pubrel(1), pubcomp(1)]);
    d.receives([publish("t").qos2(65535), pubrel(65535)], &[]);
    d.sends([pubrec(65535), pubcomp(65535)]);
    // QoS 1 with an identifier that is held for QoS 2 is a message like any other.
    d.receives(
        [publish("t").qos2(9), publish("t").qos1(9)],
        &[message("t", b"").qos2(9), message("t", b"").qos1(9)],
    );
    d.sends([pubrec(9), puback(9)]);
}

/// With all slots taken, the next QoS 2 message waits until all replies have left; only then the
/// connection ends with `TooManyQos2`.
#[test]
fn a_full_table_waits_until_tx_is_empty() {
    for long in [false, true] {
        let mut d = Dialogue::<2, 16>::open_kept();
        d.receives(
            [publish("t").qos2(7), publish("t").qos2(8)],
            &[message("t", b"").qos2(7), message("t", b"").qos2(8)],
        );
        let more = if long {
            publish("abcdefghijklmnopqrst").qos2(9).payload(b"12")
        } else {
            publish("t").qos2(9)
        };
        // Messages whose identifiers are held, and QoS 1, are handled.
        d.receives(
            [publish("t").qos2(7).dup(), publish("t").qos1(9)],
            &[message("t", b"").qos1(9)],
        );
        let more = more.to_bytes();
        let mut rest = &more[..];
        for _ in 0..5 {
            let n = rest.len().min(d.rx.space().len());
            d.buffer(&rest[..n]);
            rest = &rest[n..];
            assert_eq!(
                (d.drain_events(), d.drain_events(), d.session.is_closed()),
                (vec![], vec![], false)
            );
        }
        let mut slow = d.clone();
        d.sends([pubrec(7), pubrec(8), pubrec(7), puback(9)]);
        assert_eq!(d.drain_events(), [fault(Fault::TooManyQos2)]);
        // A reply that left only in part has not left.
        slow.tx.consume(15);
        assert_eq!(
            (slow.drain_events(), slow.session.is_closed()),
            (vec![], false)
        );
        slow.tx.consume(1);
        assert_eq!(slow.drain_events(), [fault(Fault::TooManyQos2)]);
        // Accepted messages are remembered.
        d.resumes(&[RESUMED]);
        d.receives(
            [publish("t").qos2(7).dup(), publish("t").qos2(8).dup()],
            &[],
        );
        d.sends([pubrec(7), pubrec(8)]);
    }
}

/// PUBREL frees a slot for the message directly behind it.
#[test]
fn a_slot_is_free_as_soon_as_its_message_is_released() {
    let mut d = Dialogue::<1>::open();
    for number in 1..100 {
        d.receives(publish("t").qos2(number), &[message("t", b"").qos2(number)]);
        d.sends(pubrec(number));
        d.receives(pubrel(number), &[]);
        d.sends(pubcomp(number));
    }
}

/// A broker sends its whole window of 20 QoS 2 messages before it reads an answer, to a client with
/// `SLOTS` slots: every connection completes some, so that all arrive, each once.
fn twenty_into<const SLOTS: usize>() -> usize {
    #[derive(Clone, Copy, PartialEq)]
    enum Broker {
        Publish,
        Release,
        Done,
    }
    let mut broker = [Broker::Publish; 20];
    let mut delivered = vec![];
    let mut d = Dialogue::<SLOTS>::new();
    let mut connections = 0;
    while broker.iter().any(|&state| state != Broker::Done) {
        connections += 1;
        assert!(connections < 30, "no progress");
        d.connect(&KEPT);
        d.tx.clear();
        let repeats = connections > 1;
        let mut stream = if repeats {
            vec![connack().session_present()]
        } else {
            vec![connack()]
        };
        for (number, state) in (1..).zip(broker) {
            let message = publish("t").qos2(number).payload(&[number as u8]);
            match state {
                Broker::Publish if repeats => stream.push(message.dup()),
                Broker::Publish => stream.push(message),
                Broker::Release => stream.push(pubrel(number)),
                Broker::Done => {}
            }
        }
        let stream = stream.to_bytes();
        let mut unread = &stream[..];
        while !d.session.is_closed() {
            let n = unread.len().min(d.rx.space().len()).min(50);
            d.buffer(&unread[..n]);
            unread = &unread[n..];
            for emitted in d.drain_events() {
                match emitted {
                    Emitted::Message(m) => delivered.push(m.payload[0]),
                    Emitted::Fault(what) => assert_eq!(what, Fault::TooManyQos2),
                    Emitted::Connected(_) => {}
                    other => panic!("{other:?}"),
                }
            }
            // Only bytes that left before the connection was lost have an effect; the broker reads
            // all of them.
            let answers = d.tx.bytes().to_vec();
            d.tx.clear();
            for answer in answers.chunks(4) {
                let &[head, 2, 0, number] = answer else {
                    panic!("{answer:02x?}")
                };
                let state = &mut broker[usize::from(number) - 1];
                match (head, *state) {
                    (0x50, Broker::Publish) => *state = Broker::Release,
                    (0x70, Broker::Release) => *state = Broker::Done,
                    other => panic!("{:02x} {}", other.0, number),
                }
            }
            if unread.is_empty() && answers.is_empty() && d.rx.is_empty() {
                // The broker closes the connection and continues with the remaining messages.
                d.session.on_connection_lost();
            }
        }
    }
    delivered.sort_unstable();
    assert_eq!(delivered, (1..=20).collect::<Vec<u8>>(), "{SLOTS} slots");
    connections
}

#[test]
fn twenty_qos_2_messages_are_received_through_few_slots() {
    assert_eq!(twenty_into::<20>(), 2);
    assert_eq!(twenty_into::<8>(), 4);
    assert_eq!(twenty_into::<3>(), 8);
    assert_eq!(twenty_into::<1>(), 21);
}

/// `has_free_slot` returns exactly whether a command finds a slot, before an event is taken that
/// needs one for its answer: thirty messages are answered through eight slots, and no command is
/// `Busy`.
#[test]
fn a_free_slot_is_known_before_an_event_is_taken() {
    let mut d = Dialogue::<8, 2048>::open();
    assert!(d.session.has_free_slot());
    for number in 0..30 {
        d.buffer(publish("t").qos1(number + 1));
    }
    // Answers that find no slot wait. The acknowledgements that free slots stand behind messages.
    let (mut waiting, mut answered, mut unanswered) = (0, 0, std::collections::VecDeque::new());
    while answered < 30 {
        while waiting > 0 && d.session.has_free_slot() {
            let id = d.publish(&ONCE).expect("there is a slot").unwrap();
            waiting -= 1;
            unanswered.push_back(id);
        }
        assert!(
            waiting == 0 || d.publish(&ONCE) == Err(SendError::Busy),
            "no slot means `Busy`"
        );
        d.tx.clear();
        match d.next_event() {
            Some(Emitted::Message(_)) => waiting += 1,
            Some(Emitted::Acked(_)) => answered += 1,
            None => {
                let id = unanswered.pop_front().expect("an answer is awaited");
                d.buffer(puback(id.get()));
            }
            other => panic!("{other:?}"),
        }
    }
    // There is no free slot while messages are sent again, nor while all slots are taken.
    let mut d = Dialogue::<3>::open_kept();
    d.publish(&ONCE).unwrap();
    d.publish(&TWICE).unwrap();
    d.resumes(&[RESUMED, resend(1, QoS::AtLeastOnce)]);
    assert!(!d.session.has_free_slot());
    d.republish(1, &ONCE).unwrap();
    assert_eq!(d.drain_events(), [resend(2, QoS::ExactlyOnce)]);
    assert!(!d.session.has_free_slot());
    d.abandon(2).unwrap();
    assert!(d.session.has_free_slot());
    // A SUBSCRIBE that follows at once is not taken for a message to be sent again.
    assert_eq!(d.subscribe(&[("a", 1), ("b", 1)]), Ok(id(3)));
    d.tx.clear();
    assert_eq!(d.drain_events(), []);
    assert!(!d.session.has_free_slot());
}
