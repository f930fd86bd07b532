//! Packet identifiers: a ring of slots for what goes out, a table in the same slots for QoS 2 that
//! comes in.
mod script;
use motemq::*;
use script::*;

const ONCE: Publish<'_> = Publish::to("a").qos(QoS::AtLeastOnce);
const TWICE: Publish<'_> = Publish::to("a").qos(QoS::ExactlyOnce);
const KEPT: Connect<'_> = Connect::new("c").keep_session().keep_alive(0);

fn puback(id: usize) -> [u8; 4] {
    [0x40, 2, (id >> 8) as u8, id as u8]
}

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
    // Another than the oldest is answered: still busy.
    if N > 2 {
        d.hears(&puback(2), &[acked(2)]);
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
                d.hears(&puback(number), &[acked(number as u16)]);
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

/// The last identifier there is.
#[test]
fn all_the_identifiers_there_are() {
    std::thread::Builder::new()
        .stack_size(64 << 20)
        .spawn(|| {
            let mut d = Dialogue::<65_535>::open();
            for number in 1..=65_535 {
                assert_eq!(d.publish(&ONCE), Ok(Some(id(number))));
                d.tx.clear();
            }
            assert_eq!(d.publish(&ONCE), Err(SendError::Busy));
            assert_eq!(d.feed(&puback(65_535)), [acked(65_535)]);
            assert_eq!(
                (d.publish(&ONCE), d.session.oldest_in_flight()),
                (Err(SendError::Busy), Some(id(1)))
            );
            assert_eq!(d.feed(&puback(1)), [acked(1)]);
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
fn one_space_for_all_that_goes_out() {
    let mut d = Dialogue::<4>::open();
    assert_eq!(d.publish(&TWICE), Ok(Some(id(1))));
    assert_eq!(d.subscribe(&[("a", 1)]), Ok(id(2)));
    assert_eq!(d.publish(&Publish::to("a")), Ok(None));
    assert_eq!(d.unsubscribe(&["a"]), Ok(id(3)));
    assert_eq!(d.publish(&ONCE), Ok(Some(id(4))));
    d.says(b"\x34\x05\0\x01a\0\x01\x82\x06\0\x02\0\x01a\x01\x30\x03\0\x01a\xa2\x05\0\x03\0\x01a\x32\x05\0\x01a\0\x04");
    assert_eq!(d.subscribe(&[("a", 1)]), Err(SendError::Busy));
    d.hears(
        b"\x40\x02\0\x04\xb0\x02\0\x03\x90\x03\0\x02\x01\x50\x02\0\x01",
        &[acked(4), acked(3), subscribed(2, &[1]), received(1)],
    );
    assert_eq!(
        (d.subscribe(&[("a", 1)]), d.session.oldest_in_flight()),
        (Err(SendError::Busy), Some(id(1)))
    );
    d.hears(b"\x70\x02\0\x01", &[acked(1)]);
    assert_eq!(
        (d.subscribe(&[("a", 1)]), d.session.oldest_in_flight()),
        (Ok(id(1)), Some(id(1)))
    );
}

/// Every identifier ends exactly once (promise 7): a second answer to the same one is nothing.
#[test]
fn an_identifier_ends_once() {
    let mut d = Dialogue::<4>::open();
    d.publish(&ONCE).unwrap();
    d.publish(&TWICE).unwrap();
    d.subscribe(&[("a", 0)]).unwrap();
    d.tx.clear();
    d.hears(b"\x40\x02\0\x01\x40\x02\0\x01", &[acked(1)]);
    d.hears(b"\x50\x02\0\x02\x50\x02\0\x02", &[received(2)]);
    d.says(b"\x62\x02\0\x02\x62\x02\0\x02");
    d.hears(b"\x70\x02\0\x02\x70\x02\0\x02", &[acked(2)]);
    d.hears(
        b"\x90\x03\0\x03\x80\x90\x03\0\x03\x80",
        &[subscribed(3, &[0x80])],
    );
    d.silent();
}

/// Identifiers of QoS 2 that come in are the broker's; they may be any, and the same as ours.
#[test]
fn incoming_identifiers_are_a_space_of_their_own() {
    let mut d = Dialogue::<2>::open();
    d.publish(&TWICE).unwrap();
    d.publish(&ONCE).unwrap();
    d.tx.clear();
    d.hears(
        b"\x34\x05\0\x01t\0\x01\x34\x05\0\x01t\xff\xff",
        &[message("t", b"").qos2(1), message("t", b"").qos2(65_535)],
    );
    d.says(b"\x50\x02\0\x01\x50\x02\xff\xff");
    assert_eq!(d.publish(&ONCE), Err(SendError::Busy));
    d.hears(
        b"\x50\x02\0\x01\x62\x02\0\x01\x70\x02\0\x01",
        &[received(1), acked(1)],
    );
    d.says(b"\x62\x02\0\x01\x70\x02\0\x01");
    d.hears(b"\x34\x05\0\x01t\xff\xff\x62\x02\xff\xff", &[]);
    d.says(b"\x50\x02\xff\xff\x70\x02\xff\xff");
    // QoS 1 with an identifier that is held for QoS 2 is a message like any other.
    d.hears(
        b"\x34\x05\0\x01t\0\x09\x32\x05\0\x01t\0\x09",
        &[message("t", b"").qos2(9), message("t", b"").qos1(9)],
    );
    d.says(b"\x50\x02\0\x09\x40\x02\0\x09");
}

/// With the table full the next QoS 2 message waits until all that was written has left; only then
/// it is too many.
#[test]
fn a_full_table_waits_until_tx_is_empty() {
    for long in [false, true] {
        let mut d = Dialogue::<2, 16>::open_kept();
        d.hears(
            b"\x34\x05\0\x01t\0\x07\x34\x05\0\x01t\0\x08",
            &[message("t", b"").qos2(7), message("t", b"").qos2(8)],
        );
        let more: &[u8] = if long {
            b"\x34\x1a\0\x14abcdefghijklmnopqrst\0\x0912"
        } else {
            b"\x34\x05\0\x01t\0\x09"
        };
        // Those that are held and QoS 1 pass.
        d.hears(
            b"\x3c\x05\0\x01t\0\x07\x32\x05\0\x01t\0\x09",
            &[message("t", b"").qos1(9)],
        );
        let mut rest = more;
        for _ in 0..5 {
            let n = rest.len().min(d.rx.space().len());
            d.gets(&rest[..n]);
            rest = &rest[n..];
            assert_eq!(
                (d.turn(), d.turn(), d.session.is_closed()),
                (vec![], vec![], false)
            );
        }
        let mut slow = d.clone();
        d.says(b"\x50\x02\0\x07\x50\x02\0\x08\x50\x02\0\x07\x40\x02\0\x09");
        assert_eq!(d.turn(), [fault(Fault::TooManyQos2)]);
        // Written in part is not written.
        slow.tx.consume(15);
        assert_eq!((slow.turn(), slow.session.is_closed()), (vec![], false));
        slow.tx.consume(1);
        assert_eq!(slow.turn(), [fault(Fault::TooManyQos2)]);
        // What was accepted is remembered.
        d.resumes(&[RESUMED]);
        d.hears(b"\x3c\x05\0\x01t\0\x07\x3c\x05\0\x01t\0\x08", &[]);
        d.says(b"\x50\x02\0\x07\x50\x02\0\x08");
    }
}

/// The PUBREL that frees a place may stand before the message that needs it.
#[test]
fn a_place_is_free_as_soon_as_it_is_released() {
    let mut d = Dialogue::<1>::open();
    for number in 1..100 {
        d.hears(
            &[0x34, 5, 0, 1, b't', 0, number],
            &[message("t", b"").qos2(number.into())],
        );
        d.says(&[0x50, 2, 0, number]);
        d.hears(&[0x62, 2, 0, number], &[]);
        d.says(&[0x70, 2, 0, number]);
    }
}

/// A broker that sends its whole window of 20 QoS 2 messages before it looks at an answer, into
/// `SLOTS` slots: every connection completes some, so all arrive, each once.
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
        let mut stream = vec![0x20, 2, u8::from(connections > 1), 0];
        for (number, state) in (1..).zip(broker) {
            match state {
                Broker::Publish => stream.extend([
                    if connections > 1 { 0x3c } else { 0x34 },
                    6,
                    0,
                    1,
                    b't',
                    0,
                    number,
                    number,
                ]),
                Broker::Release => stream.extend([0x62, 2, 0, number]),
                Broker::Done => {}
            }
        }
        let mut heard = &stream[..];
        while !d.session.is_closed() {
            let n = heard.len().min(d.rx.space().len()).min(50);
            d.gets(&heard[..n]);
            heard = &heard[n..];
            for told in d.turn() {
                match told {
                    Told::Message(m) => delivered.push(m.payload[0]),
                    Told::Fault(what) => assert_eq!(what, Fault::TooManyQos2),
                    Told::Connected(_) => {}
                    other => panic!("{other:?}"),
                }
            }
            // Only what has left before the link broke has an effect; the broker reads it all.
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
            if heard.is_empty() && answers.is_empty() && d.rx.is_empty() {
                // The broker hangs up and comes back with what is left.
                d.session.on_connection_lost();
            }
        }
    }
    delivered.sort_unstable();
    assert_eq!(delivered, (1..=20).collect::<Vec<u8>>(), "{SLOTS} slots");
    connections
}

#[test]
fn twenty_qos_2_messages_into_few_slots() {
    assert_eq!(twenty_into::<20>(), 2);
    assert_eq!(twenty_into::<8>(), 4);
    assert_eq!(twenty_into::<3>(), 8);
    assert_eq!(twenty_into::<1>(), 21);
}

/// Whether a command would find a slot can be asked before an event is taken whose answer needs
/// one, and it is exact: thirty messages are answered through eight slots, and nothing is `Busy`.
#[test]
fn a_free_slot_is_known_before_an_event_is_taken() {
    let mut d = Dialogue::<8, 2048>::open();
    assert!(d.session.has_free_slot());
    for number in 0..30 {
        d.gets(&[0x32, 5, 0, 1, b't', 0, number + 1]);
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
        match d.next() {
            Some(Told::Message(_)) => waiting += 1,
            Some(Told::Acked(_)) => answered += 1,
            None => {
                let id = unanswered.pop_front().expect("something is awaited");
                d.gets(&puback(id.get().into()));
            }
            other => panic!("{other:?}"),
        }
    }
    // Neither while messages are sent again nor without a slot that is free.
    let mut d = Dialogue::<3>::open_kept();
    d.publish(&ONCE).unwrap();
    d.publish(&TWICE).unwrap();
    d.resumes(&[RESUMED, resend(1, QoS::AtLeastOnce)]);
    assert!(!d.session.has_free_slot());
    d.republish(1, &ONCE).unwrap();
    assert_eq!(d.turn(), [resend(2, QoS::ExactlyOnce)]);
    assert!(!d.session.has_free_slot());
    d.abandon(2).unwrap();
    assert!(d.session.has_free_slot());
    // A SUBSCRIBE that follows at once is not taken for a message to be sent again.
    assert_eq!(d.subscribe(&[("a", 1), ("b", 1)]), Ok(id(3)));
    d.tx.clear();
    assert_eq!(d.turn(), []);
    assert!(!d.session.has_free_slot());
}
